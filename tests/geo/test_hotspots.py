"""Rates, intervals, the Gi* test and classes of units: by hand, by another way, by simulation."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import GeoError
from geo.hotspots import (
    ALL_EQUAL,
    FEW_UNITS,
    HOT_95,
    HOT_99,
    NOT_SURVEYED,
    NOT_TESTED,
    PER_KM2,
    PER_SITE,
    TOO_FEW,
    Assessment,
    TestRules,
    assess,
    band_for,
    false_discovery,
    first_area,
    gi_star,
    wilson,
    within_band,
)

SEED = 20160119


def grid(side: int, *, step_m: float = 1_000.0) -> np.ndarray:
    """(side², 2) places in metres, row by row."""
    return np.array([(x, y) for y in range(side) for x in range(side)]) * step_m


def units(xy: np.ndarray, sites: object, hits: object, **more: object) -> pd.DataFrame:
    """Units u000, u001, … surveyed over 1 km² each unless told otherwise."""
    frame = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1]})
    frame["unit_id"] = [f"u{n:03d}" for n in range(len(frame))]
    return frame.assign(**({"surveyed": True, "surveyed_km2": 1.0} | more), sites=sites, hits=hits)


def judged(table: pd.DataFrame, *, support: str = "own", band_m: float = 1_000.0, **rules: object):
    more = {name: rules.pop(name) for name in ("measure",) if name in rules}
    return assess(
        table,
        measure=str(more.get("measure", PER_SITE)),
        band_m=band_m,
        rules=TestRules(**rules),  # type: ignore[arg-type]
        support=support,
    )


def classes(found: Assessment) -> list[str]:
    return found.table["unit_class"].tolist()


# --- by hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(2, 5, 12, 77), (7, 12, 32, 81), (0, 8, 0, 32), (25, 50, 37, 63), (120, 294, 35, 46.5)],
)
def test_wilson_intervals_are_those_of_the_books(
    hits: int, of: int, low: float, high: float
) -> None:
    found = wilson(np.array([hits]), np.array([of]))
    assert [100 * float(edge[0]) for edge in found] == pytest.approx([low, high], abs=0.5)


def test_no_site_has_no_interval() -> None:
    assert np.isnan(wilson(np.array([0]), np.array([0]))).all()


def test_false_discovery_correction_by_hand() -> None:
    # sorted 0.005, 0.01, 0.03, 0.04 times 4/1, 4/2, 4/3, 4/4 = 0.02, 0.02, 0.04, 0.04
    found = false_discovery(np.array([0.01, 0.04, np.nan, 0.03, 0.005]))
    np.testing.assert_allclose(found, [0.02, 0.04, np.nan, 0.04, 0.02])
    # a large p among small ones pulls nothing down, and none goes above 1
    np.testing.assert_allclose(false_discovery(np.array([0.9, 0.95])), [0.95, 0.95])


def test_the_score_of_a_line_of_five_can_be_done_by_hand() -> None:
    # 0 0 0 0 10, neighbours 1 m apart: mean 2, variance 20 - 4 = 16, s = 4. The last has itself
    # and one more: sum 10, expected 2 · 2 = 4, spread 4 · sqrt((5·2 - 4) / 4) = 4 · sqrt(1.5)
    z, _, neighbours = gi_star(
        np.array([0.0, 0, 0, 0, 10]),
        np.column_stack([np.arange(5.0), np.zeros(5)]),
        band_m=1.0,
        permutations=99,
        seed=SEED,
    )
    assert neighbours.tolist() == [1, 2, 2, 2, 1]
    assert z[4] == pytest.approx(6 / (4 * math.sqrt(1.5)))
    # one from the end: three in the band, sum 10, expected 6, spread 4 · sqrt((15 - 9) / 4)
    assert z[3] == pytest.approx(4 / (4 * math.sqrt(1.5)))
    assert z[0] == pytest.approx(-4 / (4 * math.sqrt(1.5)))


def test_p_is_that_of_all_permutations_written_out() -> None:
    """Conditional on the unit itself: every way to draw its neighbours from the others."""
    values = np.array([0.5, 0.0, 1.0, 0.25, 0.75, 1.0, 0.0, 0.5, 0.25])
    xy = np.column_stack([np.arange(9.0), np.zeros(9)])
    _, p, _ = gi_star(values, xy, band_m=2.0, permutations=9_999, seed=SEED)
    for at in range(9):
        near = [n for n in range(9) if 0 < abs(n - at) <= 2]
        others = [n for n in range(9) if n != at]
        seen = values[near].sum()
        drawn = [values[list(ids)].sum() for ids in combinations(others, len(near))]
        exact = np.mean([one >= seen - 1e-12 for one in drawn])
        assert p[at] == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 9_999) + 1e-3)


def test_scores_are_those_of_the_formula_on_random_places() -> None:
    """Ord & Getis 1995, equation 14.3, with plain numpy and a full matrix of distances."""
    chance = np.random.default_rng(7)
    xy = chance.uniform(0, 20_000, (60, 2))
    values = chance.uniform(0, 1, 60)
    z, _, neighbours = gi_star(values, xy, band_m=4_000, permutations=99, seed=SEED)
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    weight = (apart <= 4_000).astype(float)
    many = weight.sum(axis=1)
    spread = values.std() * np.sqrt((60 * many - many**2) / 59)
    expected = (weight @ values - values.mean() * many) / spread
    alone = many == 1
    np.testing.assert_allclose(z[~alone], expected[~alone], rtol=1e-4)
    assert np.isnan(z[alone]).all()
    np.testing.assert_array_equal(neighbours, many - 1)


def test_the_end_of_the_band_belongs_to_it() -> None:
    xy = np.array([[0.0, 0.0], [1_000.0, 0.0], [2_001.0, 0.0]])
    _, p, neighbours = gi_star(
        np.array([0.0, 1.0, 0.5]), xy, band_m=1_000.0, permutations=9, seed=SEED
    )
    assert neighbours.tolist() == [1, 1, 0]
    assert np.isnan(p).tolist() == [False, False, True]


def test_permutations_that_tie_count_as_at_least_as_high() -> None:
    """Thirds do not add up exactly in binary; a tie that is missed would halve p."""
    values = np.array([1 / 3, 2 / 3] * 8)
    xy = grid(4)
    _, p, neighbours = gi_star(values, xy, band_m=99_000, permutations=99, seed=SEED)
    assert set(neighbours) == {15}
    assert p.tolist() == [1.0] * 16  # every unit's band holds all units: all permutations tie


def test_the_test_leaves_the_chance_of_others_alone() -> None:
    np.random.seed(3)
    expected = np.random.random(2)
    np.random.seed(3)
    first = np.random.random()
    gi_star(np.arange(9.0), grid(3), band_m=1_000, permutations=9, seed=SEED)
    assert [first, np.random.random()] == expected.tolist()


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [0.0, math.nan, 1.0]])
def test_equal_or_unknown_rates_are_refused(values: list[float]) -> None:
    with pytest.raises(GeoError, match="rate"):
        gi_star(np.array(values), grid(2)[:3], band_m=1_000, permutations=9, seed=SEED)


# --- classes ----------------------------------------------------------------------------------


def test_not_surveyed_too_few_and_none_in_conflict_are_three_things() -> None:
    table = units(grid(2), [0, 4, 9, 0], [0, 4, 0, 0], surveyed=[False, True, True, True])
    found = judged(table)
    assert classes(found) == [NOT_SURVEYED, TOO_FEW, NOT_TESTED, TOO_FEW]
    assert found.table["value"].isna().tolist() == [True, False, False, True]
    assert found.table["value"].iloc[2] == 0
    assert found.units_with_data == 1


def test_sites_where_nobody_is_said_to_have_been_are_no_data() -> None:
    sites, hits = np.full(36, 10), (np.arange(36) * 7) % 11
    surveyed = np.arange(36) != 20
    found = judged(units(grid(6), sites, hits, surveyed=surveyed))
    assert found.units_with_data == 35
    assert [name == NOT_SURVEYED for name in classes(found)] == (~surveyed).tolist()
    assert np.isnan(found.table["z"].iloc[20])


def test_below_thirty_units_there_is_no_test() -> None:
    sites, hits = np.full(29, 10), np.arange(29) % 11
    found = judged(units(grid(6)[:29], sites, hits))
    assert found.why_not == FEW_UNITS
    assert set(classes(found)) == {NOT_TESTED}
    assert found.table[["z", "p", "p_fdr"]].isna().all(axis=None)
    again = judged(units(grid(6)[:30], np.full(30, 10), np.arange(30) % 11))
    assert again.why_not is None
    assert NOT_TESTED not in classes(again)


def test_where_all_rates_are_equal_there_is_no_test() -> None:
    assert judged(units(grid(6), np.full(36, 10), np.full(36, 4))).why_not == ALL_EQUAL


def test_units_with_too_few_sites_take_no_part() -> None:
    sites, hits = np.full(36, 10), (np.arange(36) * 7) % 11
    plain = judged(units(grid(6), sites, hits)).table
    sites[35], hits[35] = 4, 4
    without = judged(units(grid(6)[:35], sites[:35], hits[:35])).table
    found = judged(units(grid(6), sites, hits)).table
    assert found["unit_class"].iloc[35] == TOO_FEW
    pd.testing.assert_frame_equal(
        found.iloc[:35][["z", "p", "p_fdr"]], without[["z", "p", "p_fdr"]]
    )
    assert not plain["z"].iloc[:35].equals(found["z"].iloc[:35])


def test_sites_of_a_whole_band_can_speak_for_a_hexagon() -> None:
    table = units(grid(3), np.ones(9, dtype=int), np.zeros(9, dtype=int))
    found = judged(table, support="band", min_units=99).table
    # corner, edge and middle of a 3 x 3 grid have 3, 4 and 5 units in their band
    assert found["support"].tolist() == [3, 4, 3, 4, 5, 4, 3, 4, 3]
    assert found["unit_class"].tolist() == [TOO_FEW] * 4 + [NOT_TESTED] + [TOO_FEW] * 4


def test_per_square_kilometre_a_surveyed_unit_without_a_site_is_zero() -> None:
    table = units(grid(2), [0, 4, 9, 2], [0, 4, 3, 1], surveyed_km2=[0.8, 2.0, 0.39, 0.0])
    found = judged(table, measure=PER_KM2)
    assert classes(found) == [NOT_TESTED, NOT_TESTED, TOO_FEW, TOO_FEW]
    assert found.table["value"].tolist()[:2] == [0.0, 2.0]
    assert found.table["low"].isna().all()


def test_twice_the_same_unit_is_refused() -> None:
    table = units(grid(2), 5, 1).assign(unit_id="same")
    with pytest.raises(GeoError, match="same id"):
        judged(table)
    with pytest.raises(GeoError, match="no measure 'counts'"):
        judged(units(grid(2), 5, 1), measure="counts")


def test_a_region_without_units_has_an_empty_answer() -> None:
    found = judged(units(np.zeros((0, 2)), [], []))
    assert found.table.empty
    assert "unit_class" in found.table


# --- a planted cluster, and no pattern at all -------------------------------------------------


def planted(side: int, *, seed: int, background: float, inside: float) -> pd.DataFrame:
    """Ten sites a unit; a block of 5 x 5 in the corner where more of them are in conflict."""
    chance = np.random.default_rng(seed)
    xy = grid(side)
    block = (xy < 5_000).all(axis=1)
    hits = chance.binomial(10, np.where(block, inside, background))
    return units(xy, 10, hits).assign(block=block)


def test_a_planted_cluster_is_found_where_it_was_planted() -> None:
    table = planted(15, seed=1, background=0.2, inside=0.8)
    found = judged(table, band_m=1_500).table
    hot = found["unit_class"].isin([HOT_99, HOT_95])
    assert hot[table["block"]].mean() > 0.9
    # nothing hot beyond the band around the block
    far = (table[["x", "y"]] >= 7_000).any(axis=1)
    assert not hot[far].any()


def test_with_few_permutations_the_class_of_99_percent_needs_many_units_at_once() -> None:
    """The smallest p of 999 permutations is 0.001: of 225 units 23 must have it (0.1 of them)."""
    table = planted(15, seed=1, background=0.2, inside=0.8)
    few = judged(table, band_m=1_500).table
    many = judged(table, band_m=1_500, permutations=9_999).table
    assert few["p"].min() == 0.001
    assert (few["p"] == 0.001).sum() < 23
    assert HOT_99 not in set(few["unit_class"])
    assert (many["unit_class"] == HOT_99).sum() > 10


def test_a_cold_place_is_never_a_hotspot() -> None:
    table = planted(15, seed=2, background=0.8, inside=0.1)
    found = judged(table, band_m=1_500).table
    assert not found["unit_class"][table["block"]].isin([HOT_99, HOT_95]).any()
    assert (found["z"][table["block"]] < 0).mean() > 0.9


def test_without_any_pattern_false_hotspots_stay_within_the_level() -> None:
    """200 landscapes of pure chance: where nothing is true, each that has any hotspot is wrong."""
    chance = np.random.default_rng(11)
    xy, runs, wrong, raw = grid(7), 200, 0, 0
    for _ in range(runs):
        sites = chance.integers(5, 25, len(xy))
        hits = chance.binomial(sites, 0.3)
        found = judged(units(xy, sites, hits), band_m=1_500, permutations=499).table
        wrong += found["unit_class"].isin([HOT_99, HOT_95]).any()
        raw += (found["p"] <= 0.05).any()
    assert wrong / runs <= 0.05 + 1.64 * math.sqrt(0.05 * 0.95 / runs)
    # without the correction most landscapes would show one
    assert raw / runs > 0.5


# --- properties -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(36)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    table = units(grid(6), np.arange(36) % 9 + 5, (np.arange(36) * 5) % 6)
    expected = judged(table, permutations=99).table
    found = judged(table.iloc[order], permutations=99).table
    assert found.index.tolist() == order
    pd.testing.assert_frame_equal(found.sort_index(), expected)


@settings(max_examples=15, deadline=None)
@given(east=st.integers(-4, 4), north=st.integers(-4, 4), factor=st.sampled_from([1, 2, 4]))
def test_moving_all_units_or_multiplying_all_counts_changes_no_test(
    east: int, north: int, factor: int
) -> None:
    sites, hits = np.arange(36) % 9 + 5, (np.arange(36) * 5) % 6
    one = judged(units(grid(6), sites, hits), permutations=99).table
    moved = grid(6) + np.array([east, north]) * 4_096.0
    two = judged(units(moved, sites * factor, hits * factor), permutations=99).table
    pd.testing.assert_frame_equal(
        one[["value", "z", "p", "p_fdr"]], two[["value", "z", "p", "p_fdr"]]
    )


@given(p=st.lists(st.floats(0.001, 1), min_size=1, max_size=40))
def test_corrected_p_is_never_smaller_and_keeps_the_order(p: list[float]) -> None:
    raw = np.array(p)
    found = false_discovery(raw)
    assert (found >= raw - 1e-15).all()
    assert (found <= 1).all()
    assert (np.diff(found[np.argsort(raw, kind="stable")]) >= 0).all()


# --- places -----------------------------------------------------------------------------------


def test_a_point_on_a_common_border_counts_once_in_the_first_area() -> None:
    areas = np.array([shapely.box(1, 0, 2, 1), shapely.box(0, 0, 1, 1), shapely.box(0, 0, 2, 2)])
    points = shapely.points([[1, 0.5], [0.5, 0.5], [0.5, 1.5], [9, 9]])
    assert first_area(points, areas).tolist() == [0, 1, 2, -1]
    assert first_area(points, areas[:0]).tolist() == [-1] * 4
    assert first_area(points[:0], areas).tolist() == []


def test_the_band_of_districts_reaches_every_neighbour_and_is_whole_kilometres() -> None:
    xy = np.array([[0.0, 0.0], [900.0, 0.0], [3_800.0, 0.0]])
    assert band_for(xy) == 3_000  # the last is 2.9 km from its nearest
    assert band_for(xy[:1]) == 0


def test_counts_within_a_band_hold_the_units_own() -> None:
    found = within_band(np.array([1, 2, 4]), np.array([[0, 0], [10, 0], [21, 0]]), band_m=10)
    assert found.tolist() == [3, 3, 4]
