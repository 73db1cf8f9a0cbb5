"""Change on the same sites beside that of all sites, counted by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.adoption.frames import empty_ledger
from geo.adoption.panel import PANEL_COLUMNS, empty_panel, panel
from geo.errors import AdoptionError
from tests.geo.adoption_visits import MERCURY, PPE, ledger_of, visit

FIRST, SECOND = "2020", "2022"


def both(site: str, before: str, after: str, **more: object) -> list[dict]:
    """A site visited in both rounds."""
    return [
        visit(site, before, round=FIRST, visited_on="2020-03-01", **more),
        visit(site, after, round=SECOND, visited_on="2022-03-01", **more),
    ]


def only(label: str, name: str, number: int, used: int, **more: object) -> list[dict]:
    """Sites visited in one round alone."""
    return [
        visit(
            f"{name}{n}",
            "used" if n < used else "not used",
            round=label,
            visited_on=f"{label}-03-01",
            **more,
        )
        for n in range(number)
    ]


def same_sites(stay: int, start: int, stop: int, never: int, **more: object) -> list[dict]:
    """Sites of both rounds by what they did."""
    told = [("used", "used")] * stay + [("not used", "used")] * start
    told += [("used", "not used")] * stop + [("not used", "not used")] * never
    return [one for n, pair in enumerate(told) for one in both(f"p{n}", *pair, **more)]


def change_of(rows: list[dict], **more: object) -> pd.Series:
    table = panel(ledger_of(rows), practice=PPE, earlier=FIRST, later=SECOND, **more)
    assert len(table) == 1
    return table.iloc[0]


def test_a_panel_counts_the_sites_of_both_rounds_and_who_started_and_stopped() -> None:
    row = change_of([*same_sites(10, 8, 2, 20), *only(SECOND, "new", 5, 5)])
    assert [row[n] for n in ("n", "used_before", "used_after", "started", "stopped")] == [
        *(40, 12, 18, 8, 2),
    ]
    assert row["change"] == pytest.approx(6 / 40)
    # two-sided: 2 of 10 or rarer, both ways: 2 * (1 + 10 + 45) / 1024
    assert row["p"] == pytest.approx(112 / 1024)
    assert row["low"] < row["change"] < row["high"]


def test_the_cross_section_stands_beside_it_with_its_own_numbers() -> None:
    row = change_of(
        [*same_sites(5, 0, 0, 15), *only(FIRST, "old", 20, 3), *only(SECOND, "new", 10, 9)]
    )
    crossed = ("cross_before_used", "cross_before", "cross_after_used", "cross_after")
    assert [row[name] for name in crossed] == [8, 40, 14, 30]
    assert row["cross_change"] == pytest.approx(14 / 30 - 8 / 40)
    assert row["same_sites"] + row["other_sites"] == pytest.approx(row["cross_change"])
    assert row["same_sites"] == 0


def test_a_rise_that_comes_from_other_sites_is_no_trend_and_is_said() -> None:
    row = change_of(
        [*same_sites(2, 0, 0, 18), *only(FIRST, "old", 30, 3), *only(SECOND, "new", 30, 28)]
    )
    assert row["change"] == 0
    assert row["cross_low"] > 0.3
    assert row["warning"] == (
        "All visited sites went from 5 of 50 to 30 of 50, but the 20 sites visited in both went "
        "from 2 of 20 to 2 of 20, which is no clear change: the difference comes mostly from "
        "visiting other sites."
    )


def test_a_change_of_the_same_sites_needs_no_warning() -> None:
    row = change_of(same_sites(5, 25, 0, 10))
    assert pd.isna(row["warning"])
    assert row["change"] == row["cross_change"] == row["same_sites"]
    assert row["low"] > 0
    assert row["p"] < 0.001


def test_sites_that_go_the_other_way_than_all_of_them_are_said() -> None:
    rows = [*same_sites(2, 0, 15, 13), *only(FIRST, "old", 60, 2), *only(SECOND, "new", 60, 55)]
    assert "the other way" in change_of(rows)["warning"]


def test_a_change_that_only_the_same_sites_show_is_said() -> None:
    rows = [*same_sites(5, 15, 0, 10), *only(FIRST, "old", 30, 25), *only(SECOND, "new", 30, 10)]
    assert change_of(rows)["warning"].endswith("all visited sites together do not show it.")


def test_most_of_a_change_from_other_sites_is_said_even_where_the_same_sites_changed() -> None:
    rows = [*same_sites(5, 10, 0, 25), *only(SECOND, "new", 80, 76)]
    assert "more than half of the difference" in change_of(rows)["warning"]


@pytest.mark.parametrize(("number", "warned"), [(9, True), (10, False)])
def test_a_panel_of_fewer_than_ten_sites_is_too_few(number: int, warned: bool) -> None:
    row = change_of(same_sites(0, number, 0, 0))
    assert row["n"] == number
    assert pd.notna(row["warning"]) == warned


def test_without_a_site_in_both_rounds_there_is_no_change_to_tell() -> None:
    row = change_of([*only(FIRST, "old", 30, 3), *only(SECOND, "new", 30, 20)])
    assert row["n"] == 0
    assert row[["change", "low", "high", "p"]].isna().all()
    assert "no site was visited in both rounds" in row["warning"]


def test_a_state_nobody_knew_puts_no_site_into_the_panel() -> None:
    row = change_of(
        [
            *both("a", "unknown", "used"),
            *both("b", "not applicable", "used"),
            *both("c", "used", "used"),
        ]
    )
    assert (row["n"], row["cross_before"], row["cross_after"]) == (1, 1, 3)


def test_visits_of_which_only_the_area_is_known_are_in_no_panel() -> None:
    rows = [visit(None, "used", round=one, visited_on=f"{one}-01-01") for one in (FIRST, SECOND)]
    row = change_of(rows)
    assert (row["n"], row["cross_before"], row["cross_after"]) == (0, 1, 1)


def test_the_rounds_in_the_other_order_turn_the_change_round() -> None:
    rows = [*same_sites(3, 8, 1, 10), *only(FIRST, "old", 9, 2)]
    one = change_of(rows)
    other = panel(ledger_of(rows), practice=PPE, earlier=SECOND, later=FIRST).iloc[0]
    for name in ("change", "cross_change", "composition", "within", "same_sites", "other_sites"):
        assert other[name] == pytest.approx(-one[name])
    assert (other["low"], other["high"]) == pytest.approx((-one["high"], -one["low"]))
    assert (other["started"], other["stopped"]) == (1, 8)


# --- by district ----------------------------------------------------------------------------------


def test_other_districts_visited_are_composition_and_shares_in_them_are_within() -> None:
    high = {"district_id": "high"}
    low = {"district_id": "low"}
    rows = [
        *only(FIRST, "a", 10, 8, **high),
        *only(FIRST, "b", 40, 4, **low),
        *only(SECOND, "c", 40, 32, **high),
        *only(SECOND, "d", 10, 1, **low),
    ]
    row = change_of(rows)
    # 80 % in the one and 10 % in the other in both rounds; only the weights moved: 0.6 * 0.7
    assert row["composition"] == pytest.approx(0.42)
    assert row["within"] == pytest.approx(0)


def test_shares_that_move_everywhere_alike_are_within() -> None:
    rows = [
        *only(FIRST, "a", 10, 2, district_id="1"),
        *only(FIRST, "b", 30, 6, district_id="2"),
        *only(SECOND, "c", 10, 5, district_id="1"),
        *only(SECOND, "d", 30, 15, district_id="2"),
    ]
    row = change_of(rows)
    assert (row["composition"], row["within"]) == pytest.approx((0, 0.3))


def test_a_district_of_one_round_alone_is_all_composition() -> None:
    rows = [
        *only(FIRST, "a", 20, 2, district_id="1"),
        *only(SECOND, "b", 20, 2, district_id="1"),
        *only(SECOND, "c", 20, 20, district_id="2"),
    ]
    row = change_of(rows)
    assert row["within"] == pytest.approx(0)
    assert row["composition"] == pytest.approx(row["cross_change"]) == pytest.approx(0.45)


def test_each_district_has_its_panel_and_no_parts_of_districts() -> None:
    rows = [*same_sites(2, 1, 0, 7, district_id="1"), *only(FIRST, "x", 3, 1, district_id="2")]
    table = panel(ledger_of(rows), practice=PPE, earlier=FIRST, later=SECOND, by="district")
    assert table["area"].tolist() == ["District 1", "District 2"]
    assert table["n"].tolist() == [10, 0]
    assert table["composition"].isna().all()
    assert table["warning"].iloc[1].startswith("In round 2022 the state is known at no site")


def test_a_panel_of_few_people_is_kept_back() -> None:
    row = change_of(both("a", "not used", "used", women=1, men=2))
    numbers = [name for name, kind in PANEL_COLUMNS.items() if kind in ("Int64", "float64")]
    assert row[numbers].isna().all()
    assert "could be recognised" in row["warning"]
    assert change_of(both("a", "not used", "used", women=1, men=4))["n"] == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([FIRST, SECOND]),
            st.integers(0, 9),
            st.booleans(),
            st.sampled_from("123"),
        ),
        max_size=30,
    )
)
def test_parts_add_up_to_the_change_of_all_sites(seen: list) -> None:
    rows = [
        visit(
            f"s{site}",
            "used" if used else "not used",
            round=label,
            visited_on=f"{label}-01-01",
            district_id=where,
        )
        for label, site, used, where in seen
    ]
    rows += [*only(FIRST, "x", 1, 1), *only(SECOND, "y", 1, 0)]
    row = change_of(rows)
    assert row["composition"] + row["within"] == pytest.approx(row["cross_change"])
    assert row["same_sites"] + row["other_sites"] == pytest.approx(row["cross_change"])
    assert row["started"] - row["stopped"] == row["used_after"] - row["used_before"]
    if row["n"]:
        assert row["low"] - 1e-12 <= row["change"] <= row["high"] + 1e-12
        assert 0 <= row["p"] <= 1


def test_a_round_that_is_not_there_is_refused_and_so_is_one_with_itself() -> None:
    ledger = ledger_of(only(FIRST, "a", 3, 1))
    with pytest.raises(AdoptionError, match=r"no round '1999'.*2020"):
        panel(ledger, practice=PPE, earlier="1999", later=FIRST)
    with pytest.raises(AdoptionError, match="compared with itself"):
        panel(ledger, practice=PPE, earlier=FIRST, later=FIRST)
    with pytest.raises(AdoptionError, match="no round"):
        panel(empty_ledger(), practice=PPE, earlier=FIRST, later=SECOND)


def test_the_columns_are_always_the_same() -> None:
    table = panel(ledger_of(same_sites(1, 1, 1, 1)), practice=PPE, earlier=FIRST, later=SECOND)
    assert dict(table.dtypes) == dict(empty_panel().dtypes)
    none = panel(
        ledger_of(same_sites(1, 1, 1, 1)),
        practice=MERCURY,
        earlier=FIRST,
        later=SECOND,
        by="district",
    )
    assert none.empty
    assert dict(none.dtypes) == dict(empty_panel().dtypes)
    assert np.isnan(
        panel(ledger_of(same_sites(1, 1, 1, 1)), practice=MERCURY, earlier=FIRST, later=SECOND)[
            "change"
        ].iloc[0]
    )
