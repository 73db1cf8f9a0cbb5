"""Who was visited, when, and who never."""

import datetime as dt

import pandas as pd

from geo.adoption.coverage import AREA_COLUMNS, SITE_COLUMNS, visits_by_area, visits_by_site
from geo.adoption.frames import empty_known_sites, empty_ledger
from tests.geo.adoption_visits import known_of, ledger_of, visit

LEDGER = ledger_of(
    [
        visit("a", "used", round="first", visited_on="2020-01-01", district_id="1"),
        visit("a", "used", round="first", visited_on="2020-05-01", district_id="1"),
        visit("a", "unknown", round="second", visited_on="2022-01-01", district_id="1"),
        visit("b", "used", round="second", visited_on=None, district_id="2"),
        visit("new", "used", round="second", visited_on="2022-02-02", district_id="2"),
        visit(None, "used", round="second", visited_on="2022-03-03", district_id="2"),
    ]
)
KNOWN = known_of(
    [
        {"site_id": "a", "district_id": "1"},
        {"site_id": "b", "district_id": "2"},
        {"site_id": "c", "district_id": "2"},
        {"site_id": "z", "district_id": "3"},
    ]
)


def by_area(label: str) -> pd.DataFrame:
    table = visits_by_area(LEDGER, KNOWN)
    return table[table["round"] == label].set_index("area_id")


def test_every_known_or_visited_site_has_its_visits_and_days() -> None:
    table = visits_by_site(LEDGER, KNOWN).set_index("site_id")
    assert table["visits"].to_dict() == {"a": 3, "b": 1, "c": 0, "new": 1, "z": 0}
    assert table["rounds"].to_dict() == {"a": 2, "b": 1, "c": 0, "new": 1, "z": 0}
    assert table.index[table["never"]].tolist() == ["c", "z"]
    assert table.index[~table["listed"]].tolist() == ["new"]
    assert (table.loc["a", "first_day"], table.loc["a", "last_day"]) == (
        dt.datetime(2020, 1, 1),
        dt.datetime(2022, 1, 1),
    )
    assert table.loc[["b", "c"], ["first_day", "last_day"]].isna().all(axis=None)
    assert table.loc["new", "district"] == "District 2"


def test_an_area_tells_visited_never_visited_and_visits_without_a_site() -> None:
    table = by_area("all")
    assert table["known_sites"].to_dict() == {"1": 1, "2": 2, "3": 1}
    assert table["visited"].to_dict() == {"1": 1, "2": 2, "3": 0}
    assert table["never_visited"].to_dict() == {"1": 0, "2": 1, "3": 1}
    assert table["visits"].to_dict() == {"1": 3, "2": 3, "3": 0}
    assert table["area_only"].to_dict() == {"1": 0, "2": 1, "3": 0}
    assert table["visited_share"].to_dict() == {"1": 1, "2": 0.5, "3": 0}
    assert pd.isna(table.loc["3", "first_day"])


def test_a_round_counts_its_own_visits_and_an_area_it_left_out_has_a_row() -> None:
    assert by_area("first")["visited"].to_dict() == {"1": 1, "2": 0, "3": 0}
    assert by_area("second")["visits"].to_dict() == {"1": 1, "2": 3, "3": 0}


def test_the_region_is_the_sum_of_its_areas() -> None:
    parts = visits_by_area(LEDGER, KNOWN)
    whole = visits_by_area(LEDGER, KNOWN, by="region", region_name="Tarkwa").set_index("round")
    for name in ("known_sites", "visited", "never_visited", "visits", "area_only"):
        assert parts.groupby("round")[name].sum().to_dict() == whole[name].to_dict()
    assert set(whole["area"]) == {"Tarkwa"}


def test_without_known_sites_a_share_is_no_data() -> None:
    table = visits_by_area(LEDGER, empty_known_sites(), by="region").set_index("round")
    assert table.loc["all", "visited"] == 3
    assert table[["known_sites", "never_visited", "visited_share"]].isna().all(axis=None)


def test_nothing_at_all_is_tables_without_rows() -> None:
    nothing = empty_ledger(), empty_known_sites()
    for table, columns in (
        (visits_by_site(*nothing), SITE_COLUMNS),
        (visits_by_area(*nothing), AREA_COLUMNS),
    ):
        assert table.empty
        assert {name: str(kind) for name, kind in table.dtypes.items()} == columns
    assert visits_by_area(empty_ledger(), KNOWN)["visited"].tolist() == [0, 0, 0]
