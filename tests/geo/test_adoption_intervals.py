"""Intervals against published figures, statsmodels' own, and what must always hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.adoption.intervals import (
    effective_size,
    exact_mcnemar,
    independent_change,
    paired_change,
    wilson,
)

LEVEL = 0.95


def percent(used: int, of: int, population: float | None = None) -> tuple[int, int]:
    """Low and high end in whole per cent, as they are published."""
    whole = None if population is None else np.array([population])
    low, high = wilson(np.array([used]), np.array([of]), level=LEVEL, population=whole)
    return round(100 * float(low[0])), round(100 * float(high[0]))


@pytest.mark.parametrize(
    ("used", "of", "ends"),
    [
        (2, 5, (12, 77)),
        (7, 12, (32, 81)),
        (0, 8, (0, 32)),
        (25, 50, (37, 63)),
        (8, 20, (22, 61)),
    ],
)
def test_the_wilson_interval_is_that_of_the_published_figures(
    used: int, of: int, ends: tuple[int, int]
) -> None:
    assert percent(used, of) == ends


def test_the_interval_of_120_of_294_is_the_published_35_to_46_but_for_rounding() -> None:
    # 35.35 to 46.52 %: the published upper end is cut off, not rounded (that of Wald is 46.4)
    low, high = wilson(np.array([120]), np.array([294]), level=LEVEL)
    assert (math.floor(100 * low[0]), math.floor(100 * high[0])) == (35, 46)
    assert (low[0], high[0]) == pytest.approx((0.35352, 0.46518), abs=5e-6)


def test_a_census_of_20_of_24_sites_of_which_8_adopt_is_31_to_49_per_cent() -> None:
    assert percent(8, 20, 24) == (31, 49)
    assert effective_size(np.array([20]), np.array([24]))[0] == pytest.approx(114)


def test_nothing_is_uncertain_of_sites_that_were_all_seen() -> None:
    low, high = wilson(
        np.array([8, 0, 1]), np.array([24, 5, 1]), level=LEVEL, population=np.array([24, 5, 1])
    )
    assert low == pytest.approx([8 / 24, 0, 1])
    assert high == pytest.approx([8 / 24, 0, 1])


def test_a_population_below_the_sites_seen_is_taken_as_them() -> None:
    low, high = wilson(np.array([3]), np.array([10]), level=LEVEL, population=np.array([7]))
    assert low[0] == high[0] == pytest.approx(0.3)


def test_a_population_nobody_knows_is_without_end() -> None:
    known = wilson(np.array([3]), np.array([10]), level=LEVEL)
    unknown = wilson(np.array([3]), np.array([10]), level=LEVEL, population=np.array([np.nan]))
    assert unknown == known


def test_of_no_site_there_is_no_interval() -> None:
    low, high = wilson(np.array([0, 1]), np.array([0, 2]), level=LEVEL)
    assert np.isnan([low[0], high[0]]).all()
    assert not np.isnan([low[1], high[1]]).any()


def test_a_lower_level_is_a_narrower_interval() -> None:
    wide = wilson(np.array([7]), np.array([20]), level=0.95)
    narrow = wilson(np.array([7]), np.array([20]), level=0.8)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@given(st.integers(1, 400), st.data())
def test_the_share_lies_in_its_interval_and_a_census_is_never_wider(
    of: int, data: st.DataObject
) -> None:
    used = data.draw(st.integers(0, of))
    population = data.draw(st.integers(of, 4 * of))
    low, high = wilson(np.array([used]), np.array([of]), level=LEVEL)
    low_of_all, high_of_all = wilson(
        np.array([used]), np.array([of]), level=LEVEL, population=np.array([population])
    )
    assert 0 <= low[0] <= low_of_all[0] <= used / of <= high_of_all[0] <= high[0] <= 1


# --- changes ------------------------------------------------------------------------------------


def test_the_paired_interval_is_that_of_fagerland_lydersen_and_laake() -> None:
    # Airway hyper-responsiveness before and after (Bentur et al. 2009), as computed in Fagerland,
    # Lydersen & Laake (2014), Statistics in Medicine 33: before minus after -0.507 to -0.026
    low, high = paired_change(1, 1, 7, 12, level=LEVEL)
    assert (round(low, 3), round(high, 3)) == (0.026, 0.507)
    assert exact_mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)


def test_the_paired_interval_is_that_of_statistics_with_confidence() -> None:
    # Altman et al. (2000), table 6.2: 14 both, 5 only before, none only after, 22 neither
    low, high = paired_change(14, 5, 0, 22, level=LEVEL)
    assert (round(-high, 3), round(-low, 3)) == (0.011, 0.226)


def test_the_independent_interval_is_that_of_newcombe() -> None:
    # Newcombe (1998a), table II, example (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339
    low, high = independent_change((48, 80), (56, 70), level=LEVEL)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_mcnemar_counts_only_sites_that_changed() -> None:
    assert exact_mcnemar(0, 0) == 1
    assert exact_mcnemar(3, 3) == 1
    # all 6 of 6 one way: two tails of 1/64
    assert exact_mcnemar(0, 6) == pytest.approx(2 / 64)
    assert exact_mcnemar(6, 0) == pytest.approx(2 / 64)


def test_of_no_site_there_is_no_change() -> None:
    assert all(math.isnan(end) for end in paired_change(0, 0, 0, 0, level=LEVEL))
    assert all(math.isnan(end) for end in independent_change((0, 0), (3, 5), level=LEVEL))


@given(*[st.integers(0, 60)] * 4)
def test_the_change_lies_in_its_interval_and_turns_round_with_the_rounds(
    both: int, stopped: int, started: int, neither: int
) -> None:
    n = both + stopped + started + neither
    if not n:
        return
    low, high = paired_change(both, stopped, started, neither, level=LEVEL)
    change = (started - stopped) / n
    assert -1 <= low <= change + 1e-12
    assert change - 1e-12 <= high <= 1
    back = paired_change(both, started, stopped, neither, level=LEVEL)
    assert back == pytest.approx((-high, -low))
