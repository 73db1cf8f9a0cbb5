"""What must hold for any ledger, and the same tables made the slow way, row by row."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from geo.adoption.frames import STATES, Ledger
from geo.adoption.rates import adoption_table
from tests.geo.adoption_visits import (
    MERCURY,
    POND,
    PPE,
    SETTINGS,
    known_of,
    ledger_of,
    table_of,
    visit,
)

THREE = (POND, MERCURY, PPE)
KNOWN = ("known", "applicable")
SHARES = ["rate", "low", "high"]
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

site_ids = st.sampled_from(["a", "b", "c", "d", "e", "f", None])
states = st.sampled_from(STATES)
operations = st.sampled_from(["", "alluvial", "mill-house", "alluvial|mill-house", "underground"])
people = st.sampled_from([None, 0.0, 1.0, 3.0, 12.0])


@st.composite
def visits(draw: st.DrawFn, *, least: int = 0) -> list[dict[str, Any]]:
    """Visits of a few sites, several rounds and all there is to tell; few people are seldom."""
    return draw(
        st.lists(
            st.builds(
                lambda site, told, day, **more: visit(
                    site, told, visited_on=day, round=None if day is None else day[:4], **more
                ),
                site_ids,
                st.dictionaries(st.sampled_from([one.code for one in THREE]), states),
                st.sampled_from(["2020-01-01", "2020-07-01", "2021-05-05", "2023-01-01", None]),
                district_id=st.sampled_from(["1", "2", "3", None]),
                operations=operations,
                selection=st.sampled_from(["census", "random sample", "convenience"]),
                led_by=st.sampled_from(["woman", "man", None]),
                women=people,
                men=people,
            ),
            min_size=least,
            max_size=25,
        )
    )


known_sites = st.lists(
    st.builds(
        lambda site, district, groups: {
            "site_id": site,
            "district_id": district,
            "operations": groups,
        },
        st.sampled_from(["a", "b", "c", "x", "y", "z"]),
        st.sampled_from(["1", "2", "4", None]),
        operations,
    ),
    max_size=8,
    unique_by=lambda row: row["site_id"],
)


def tables(ledger: Ledger, known: Iterable[Any], by: str) -> pd.DataFrame:
    return table_of(ledger, known, by=by, practices=THREE, rounds=None)


# --- made another way -----------------------------------------------------------------------------


def slow_state(ledger: Ledger, rows: pd.DataFrame, code: str, known: dict) -> str | None:
    """The state that counts of the visits of one unit, one after the other."""
    rows = rows.sort_values(["visited_on", "visit_id"], na_position="first")
    groups = next((one for one in rows["operations"][::-1].astype(str) if one), "")
    site = rows["site_id"].iloc[0]
    if not groups and site in known:
        groups = known[site]
    practice = next(one for one in THREE if one.code == code)
    if groups and set(groups.split("|")) <= set(practice.excluded_by):
        return "not applicable"
    told = None
    for at in rows.index:
        seen = ledger.observations
        match = seen[(seen["visit"] == at) & (seen["practice"].astype(str) == code)]
        if len(match) and match["state"].iloc[0] != "unknown":
            told = str(match["state"].iloc[0])
    return told


def slow_counts(ledger: Ledger, known: pd.DataFrame, code: str, label: str) -> dict[str, int]:
    """Sites by state in a round, all areas together."""
    rows = ledger.visits if label == "all" else ledger.visits[ledger.visits["round"] == label]
    latest = ledger.visits.sort_values(["visited_on", "visit_id"], na_position="first")
    latest = latest[(latest["operations"].astype(str) != "") & latest["site_id"].notna()]
    last = latest.drop_duplicates("site_id", keep="last").set_index("site_id")["operations"]
    of_list = {
        one.site_id: one.operations or str(last.get(one.site_id, "")) for one in known.itertuples()
    }
    unit = rows["site_id"].astype(object).where(rows["site_id"].notna(), rows["visit_id"])
    found = [slow_state(ledger, part, code, of_list) for _, part in rows.groupby(unit)]
    counts = {state: found.count(state) for state in STATES[:-1]}
    return counts | {"unknown": found.count(None), "visited": len(found)}


@QUICK
@given(visits(), known_sites)
def test_the_table_is_that_made_row_by_row(rows: list, listed: list) -> None:
    ledger, known = ledger_of(rows), known_of(listed)
    # with nobody to recognise, nothing is kept back
    ledger = Ledger(ledger.visits.assign(women=np.nan), ledger.observations)
    table = tables(ledger, listed, "region")
    for row in table.itertuples():
        counts = slow_counts(ledger, known, row.practice, row.round)
        applicable = sum(counts[state] for state in STATES[:4])
        assert (row.applicable, row.unknown, row.visited) == (
            applicable,
            counts["unknown"],
            counts["visited"],
        )
        assert row.not_applicable == counts["not applicable"]
        if applicable:
            used = (row.used, row.partly, row.tried, row.not_used)
            assert used == tuple(counts[state] for state in STATES[:4])
        if row.shown_as.startswith("rate") and not row.census:
            ends = proportion_confint(row.used, applicable, method="wilson")
            assert (row.low, row.high) == pytest.approx(ends)


# --- what never moves -----------------------------------------------------------------------------


@QUICK
@given(
    visits(),
    known_sites,
    st.randoms(use_true_random=False),
    st.sampled_from(["region", "district", "operation", "sex"]),
)
def test_the_order_of_rows_changes_nothing(rows: list, listed: list, chance: Any, by: str) -> None:
    named = [row | {"visit_id": f"v{at}"} for at, row in enumerate(rows)]
    mixed, mixed_known = named.copy(), listed.copy()
    chance.shuffle(mixed)
    chance.shuffle(mixed_known)
    one = tables(ledger_of(named), listed, by)
    other = tables(ledger_of(mixed), mixed_known, by)
    pd.testing.assert_frame_equal(one, other)


@QUICK
@given(visits(), known_sites, st.data())
def test_unknown_never_moves_a_rate(rows: list, listed: list, data: st.DataObject) -> None:
    """Nor its interval, nor as what it is shown; whether the site is known, visited or new."""
    told = {one.code: "unknown" for one in THREE}
    site = data.draw(st.sampled_from(["a", "b", "x", "new", None]))
    more = visit(site, told, visited_on="2023-01-01", round="2023", district_id="1")
    before = tables(ledger_of(rows), listed, "region")
    after = tables(ledger_of([*rows, more]), listed, "region")
    both = before.merge(after, on=["practice", "round"], suffixes=("", "_after"))
    assert len(both) == len(before)
    for name in (*SHARES, "used", "applicable", "shown_as", "census"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_after"], check_names=False)


@QUICK
@given(visits(), known_sites)
def test_a_site_where_nothing_applies_moves_no_rate(rows: list, listed: list) -> None:
    told = {one.code: "not applicable" for one in THREE}
    more = visit("new", told, visited_on="2023-01-01", round="2023", district_id="1")
    before = tables(ledger_of(rows), listed, "region")
    after = tables(ledger_of([*rows, more]), listed, "region")
    both = before.merge(after, on=["practice", "round"], suffixes=("", "_after"))
    for name in (*SHARES, "used", "applicable", "shown_as", "unknown"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_after"], check_names=False)
    assert (both["not_applicable_after"].sum() or 0) >= (both["not_applicable"].sum() or 0)


@QUICK
@given(visits(), known_sites)
def test_the_region_is_the_sum_of_its_districts(rows: list, listed: list) -> None:
    ledger = ledger_of(rows)
    ledger = Ledger(ledger.visits.assign(women=np.nan), ledger.observations)
    adding = ["observations", "used", "applicable", "unknown", "visited", "known_sites"]
    adding += ["partly", "tried", "not_used", "not_applicable", "applicable_observations"]
    parts = tables(ledger, listed, "district").groupby(["practice", "round"])[adding].sum()
    whole = tables(ledger, listed, "region").set_index(["practice", "round"])[adding].fillna(0)
    parts = parts.reindex(whole.index, fill_value=0)
    pd.testing.assert_frame_equal(parts.astype("int64"), whole.astype("int64"))


@QUICK
@given(visits(), known_sites)
def test_two_districts_made_one_have_the_sum_of_their_counts(rows: list, listed: list) -> None:
    def renamed(records: list) -> list:
        return [
            row | ({"district_id": "12"} if row.get("district_id") in ("1", "2") else {})
            for row in records
        ]

    bare = [row | {"women": None} for row in rows]
    adding = ["used", "applicable", "unknown", "visited", "known_sites", "not_applicable"]
    before = tables(ledger_of(bare), listed, "district")
    after = tables(ledger_of(renamed(bare)), renamed(listed), "district")
    one = before[before["area_id"].isin(["1", "2"])].groupby(["practice", "round"])[adding].sum()
    two = after[after["area_id"] == "12"].set_index(["practice", "round"])[adding].fillna(0)
    one, two = one.astype("int64").sort_index(), two.astype("int64").sort_index()
    pd.testing.assert_frame_equal(one, two)


@QUICK
@given(visits(), known_sites, st.sampled_from(["region", "district", "operation", "sex"]))
def test_numbers_of_a_row_agree_with_each_other(rows: list, listed: list, by: str) -> None:
    table = tables(ledger_of(rows), listed, by)
    rated = table[table["shown_as"].isin(["rate", "rate, small sample"])]
    assert (rated["low"] <= rated["rate"]).all()
    assert (rated["rate"] <= rated["high"]).all()
    assert rated[SHARES].notna().all(axis=None)
    assert table.drop(rated.index)[SHARES].isna().all(axis=None)
    shown = table[~table["shown_as"].isin(["suppressed", "no data"])]
    states_of = shown[["used", "partly", "tried", "not_used"]].sum(axis=1)
    assert (states_of == shown["applicable"]).all()
    open_rows = table[table["shown_as"] != "suppressed"]
    counted = open_rows[["applicable", "not_applicable", "unknown"]].sum(axis=1)
    assert (counted == open_rows["visited"]).all()
    assert (open_rows["unknown"] >= 0).all()
    known = open_rows[open_rows["population"].notna()]
    assert (known["population"] >= known["applicable"]).all()
    full = rated[rated["census"] & (rated["population"] == rated["applicable"])]
    assert (full["low"] == full["high"]).all()
    assert (table["reason"].str.endswith(".") & ~table["reason"].str.contains("nan|None")).all()


def line_gives_away(line: pd.DataFrame) -> bool:
    """Whether what a line keeps back belongs to fewer people than may be recognised."""
    return bool((line["shown_as"] == "suppressed").sum() == 1 and len(line) > 1)


@QUICK
@given(visits(least=3))
def test_no_number_kept_back_can_be_worked_out_from_the_others_of_its_line(rows: list) -> None:
    table = tables(ledger_of(rows), [], "district")
    for _, line in table.groupby(["practice", "round"]):
        with_data = line[line["shown_as"] != "no data"]
        assert not line_gives_away(with_data)
    for _, line in table.groupby(["practice", "area"]):
        with_data = line[line["shown_as"] != "no data"]
        assert not line_gives_away(with_data)


@pytest.mark.parametrize("by", ["region", "district", "operation", "sex"])
def test_asking_one_round_gives_the_rows_of_that_round(by: str) -> None:
    rows = [
        visit("a", "used", visited_on="2020-01-01", round="2020", district_id="1"),
        visit("a", "not used", visited_on="2021-01-01", round="2021", district_id="1"),
        visit("b", "used", visited_on="2021-01-01", round="2021", district_id="2"),
    ]
    whole = adoption_table(
        ledger_of(rows),
        known_of(["a"]),
        by=by,
        practices=THREE,
        settings=SETTINGS,
        region_name="Tarkwa",
    )
    for label in ("2020", "2021", "all"):
        part = table_of(rows, ["a"], by=by, practices=THREE, rounds=label)
        expected = whole[whole["round"] == label].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, expected)
