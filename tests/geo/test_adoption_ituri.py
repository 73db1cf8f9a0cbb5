"""Mercury in Ituri, 2009-2023: who was visited changed more than who uses it.

The visits of IPIS: 1,161, of which 869 say whether mercury was used, at 352 sites, 167 of them more
than once. Campaigns went to Mambasa and Irumu first and to Djugu from 2018 on.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.adoption.coverage import visits_by_area, visits_by_site
from geo.adoption.frames import (
    Ledger,
    checked,
    shaped_known_sites,
    shaped_observations,
    shaped_visits,
)
from geo.adoption.panel import panel
from geo.adoption.practice import Practice, Settings
from geo.adoption.rates import adoption_table

MERCURY = Practice(
    code="HG-USE", title="Mercury used at the site", direction="stop", applies="processes"
)

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def visits(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "ituri" / "ipis_visits.csv")


@pytest.fixture(scope="module")
def ledger(visits: pd.DataFrame) -> Ledger:
    """Each year of visits a round; nobody stated how sites were chosen."""
    told = pd.DataFrame(
        {
            "visit_id": visits["vid"].astype(str),
            "site_id": visits["pcode"],
            "district_id": visits["territoire"],
            "district": visits["territoire"],
            "visited_on": visits["visit_date"],
            "round": visits["visit_date"].str[:4],
        }
    )
    known = np.flatnonzero(visits["mercury"].notna())
    seen = pd.DataFrame(
        {
            "visit": known,
            "practice": "HG-USE",
            "state": np.where(visits["mercury"].iloc[known] == 1, "used", "not used"),
        }
    )
    return checked(Ledger(shaped_visits(told), shaped_observations(seen)))


@pytest.fixture(scope="module")
def known(visits: pd.DataFrame) -> pd.DataFrame:
    """All sites that were ever visited, which is what the layer of mine sites holds."""
    latest = visits.sort_values(["visit_date", "vid"]).drop_duplicates("pcode", keep="last")
    return shaped_known_sites(
        pd.DataFrame(
            {
                "site_id": latest["pcode"],
                "district_id": latest["territoire"],
                "district": latest["territoire"],
            }
        )
    )


def table(ledger: Ledger, known: pd.DataFrame, by: str) -> pd.DataFrame:
    return adoption_table(
        ledger,
        known,
        by=by,
        practices=[MERCURY],
        settings=Settings(),
        region_name="Ituri",
    )


def test_869_observations_are_of_352_sites(ledger: Ledger, known: pd.DataFrame) -> None:
    row = table(ledger, known, "region").iloc[-1]
    assert (row["round"], row["observations"], row["applicable"], row["used"]) == (
        *("all", 869, 352, 118),
    )
    assert (row["visited"], row["unknown"], row["known_sites"]) == (496, 144, 496)


@pytest.mark.parametrize(
    ("district", "of_visits", "of_sites"),
    [
        # 0.73, 0.27 and 0.17 count every visit, so that a site visited ten times counts ten times
        ("Djugu", (127, 174, 0.73), (40, 56, 0.71)),
        ("Mambasa", (160, 589, 0.27), (53, 194, 0.27)),
        ("Irumu", (11, 65, 0.17), (8, 61, 0.13)),
    ],
)
def test_published_shares_count_visits_and_ours_sites_both_are_there(
    ledger: Ledger,
    known: pd.DataFrame,
    district: str,
    of_visits: tuple[int, int, float],
    of_sites: tuple[int, int, float],
) -> None:
    rows = table(ledger, known, "district")
    row = rows[(rows["area"] == district) & (rows["round"] == "all")].iloc[0]
    assert (row["used_observations"], row["applicable_observations"]) == of_visits[:2]
    assert round(of_visits[0] / of_visits[1], 2) == of_visits[2]
    assert (row["used"], row["applicable"]) == of_sites[:2]
    assert round(of_sites[0] / of_sites[1], 2) == of_sites[2]


def test_a_rate_is_shown_only_where_most_known_sites_have_a_known_state(
    ledger: Ledger, known: pd.DataFrame
) -> None:
    rows = table(ledger, known, "district")
    shown = rows[rows["round"] == "all"].set_index("area")["shown_as"].to_dict()
    # 194 of 238 and 21 of 25; in Djugu 56 of 96, and nobody says how they were chosen
    assert {name for name, one in shown.items() if one != "counts"} == {"Mambasa", "Mahagi"}
    assert shown["Mahagi"] == "rate, small sample"


def test_the_share_rises_from_2015_to_2023_because_other_sites_were_visited(
    ledger: Ledger, known: pd.DataFrame
) -> None:
    row = panel(ledger, practice=MERCURY, earlier="2015", later="2023", known=known).iloc[0]
    crossed = ("cross_before_used", "cross_before", "cross_after_used", "cross_after")
    assert [row[name] for name in crossed] == [11, 112, 43, 89]
    assert row["cross_low"] > 0.25
    # of the 19 sites of both years 2 used it, then 4: no clear change
    assert [row[name] for name in ("n", "used_before", "used_after")] == [19, 2, 4]
    assert row["low"] < 0 < row["high"]
    assert row["p"] == 0.5
    # the larger part comes from visiting other districts, nearly all from visiting other sites
    assert row["composition"] > row["within"] > 0
    assert row["other_sites"] > 0.9 * row["cross_change"]
    assert (
        "no clear change: the difference comes mostly from visiting other sites" in row["warning"]
    )


def test_where_the_same_sites_did_change_the_panel_says_so_and_how_little_of_it_that_is(
    ledger: Ledger,
) -> None:
    row = panel(ledger, practice=MERCURY, earlier="2017", later="2022").iloc[0]
    assert [row[name] for name in ("n", "started", "stopped")] == [42, 8, 0]
    assert row["low"] > 0
    assert "more than half of the difference" in row["warning"]


def test_two_years_of_the_same_sites_need_no_warning(ledger: Ledger) -> None:
    row = panel(ledger, practice=MERCURY, earlier="2020", later="2021").iloc[0]
    assert row["n"] == 76
    assert pd.isna(row["warning"])


def test_every_site_was_visited_at_some_time_and_few_in_any_year(
    ledger: Ledger, known: pd.DataFrame
) -> None:
    sites = visits_by_site(ledger, known)
    assert (len(sites), int(sites["visits"].sum()), int(sites["never"].sum())) == (496, 1161, 0)
    areas = visits_by_area(ledger, known, by="region", region_name="Ituri").set_index("round")
    assert areas.loc["all", "visited_share"] == 1
    assert areas["visited_share"].drop("all").max() < 0.32
