"""On track, behind or can't tell, on lines that can be drawn by hand."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geo.adoption.practice import Settings
from geo.adoption.progress import BEHIND, CANNOT_TELL, ON_TRACK, Goal, Progress, progress
from tests.geo.adoption_visits import sites, table_of

START, DUE = dt.date(2024, 1, 1), dt.date(2028, 1, 1)
HALF_WAY = dt.date(2025, 12, 31)
TODAY = dt.date(2026, 3, 1)
RISING = Goal(target=0.6, due=DUE, baseline=0.2, baseline_on=START)
FALLING = Goal(target=0.1, due=DUE, baseline=0.5, baseline_on=START)


def row(low: float, rate: float, high: float, **more: Any) -> dict[str, Any]:
    told = {"low": low, "rate": rate, "high": high, "applicable": 80, "shown_as": "rate"}
    return told | {"last_day": pd.Timestamp(HALF_WAY)} | more


def judged(
    goal: Goal, seen: dict[str, Any] | None, direction: str = "adopt", **more: Any
) -> Progress:
    return progress(goal, seen, direction=direction, as_of=more.get("as_of", TODAY))


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((0.42, 0.50, 0.58), ON_TRACK),
        ((0.30, 0.42, 0.55), CANNOT_TELL),
        ((0.20, 0.28, 0.38), BEHIND),
    ],
)
def test_the_whole_interval_decides_against_the_line_half_way(ends: tuple, verdict: str) -> None:
    found = judged(RISING, row(*ends))
    assert found.verdict == verdict
    assert found.expected == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((0.10, 0.20, 0.29), ON_TRACK),
        ((0.20, 0.28, 0.38), CANNOT_TELL),
        ((0.32, 0.42, 0.55), BEHIND),
    ],
)
def test_of_a_practice_to_stop_lower_is_better(ends: tuple, verdict: str) -> None:
    assert judged(FALLING, row(*ends), "stop").verdict == verdict


def test_an_end_on_the_line_is_on_track() -> None:
    flat = Goal(target=0.4, due=DUE, baseline=0.4, baseline_on=START)
    assert judged(flat, row(0.4, 0.5, 0.6)).verdict == ON_TRACK
    assert judged(flat, row(0.1, 0.2, 0.4)).verdict == CANNOT_TELL
    assert judged(flat, row(0.4, 0.5, 0.6), "stop").verdict == CANNOT_TELL
    assert judged(flat, row(0.1, 0.2, 0.4), "stop").verdict == ON_TRACK


def test_a_target_that_is_reached_needs_no_line() -> None:
    goal = Goal(target=0.6, due=DUE)
    assert judged(goal, row(0.61, 0.7, 0.8)).verdict == ON_TRACK
    found = judged(goal, row(0.3, 0.4, 0.5))
    assert found.verdict == CANNOT_TELL
    assert "without a baseline" in found.reason


def test_after_the_day_the_target_was_due_the_target_is_the_line() -> None:
    goal = Goal(target=0.6, due=dt.date(2025, 6, 1))
    found = judged(goal, row(0.3, 0.4, 0.5))
    assert (found.verdict, found.expected) == (BEHIND, 0.6)
    assert "the target of 60 %, due on 2025-06-01" in found.reason


def test_the_row_is_judged_by_the_line_of_its_own_day_not_of_today() -> None:
    early = row(0.3, 0.35, 0.4, last_day=dt.date(2024, 7, 1))
    assert judged(RISING, early).verdict == ON_TRACK
    late = row(0.3, 0.35, 0.4, last_day=dt.date(2026, 2, 28))
    assert judged(RISING, late).verdict == BEHIND


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (None, "Nobody visited"),
        (row(0, 0, 0, shown_as="no data"), "Nobody visited"),
        (row(0, 0, 0, shown_as="counts"), "do not speak for the others"),
        (row(0, 0, 0, shown_as="suppressed"), "kept back"),
        (row(0.5, 0.6, 0.7, last_day=pd.NaT), "no day"),
        (row(0.5, 0.6, 0.7, last_day=None), "no day"),
        (row(0.5, 0.6, 0.7, last_day=dt.date(2024, 2, 29)), "more than 730 days ago"),
        (row(0.5, 0.6, 0.7, last_day=dt.date(2026, 3, 2)), "after the day of judging"),
        (row(np.nan, np.nan, np.nan), "no rate to judge by"),
    ],
)
def test_nothing_is_told_of_what_is_no_rate_or_too_old(seen: dict | None, words: str) -> None:
    found = judged(RISING, seen)
    assert found.verdict == CANNOT_TELL
    assert words in found.reason
    assert found.expected is None


def test_a_visit_from_before_the_baseline_tells_nothing() -> None:
    goal = Goal(target=0.6, due=DUE, baseline=0.2, baseline_on=dt.date(2026, 1, 1))
    assert "Nobody visited after the day of the baseline" in judged(goal, row(0.5, 0.6, 0.7)).reason


@pytest.mark.parametrize(
    ("goal", "direction", "words"),
    [
        (Goal(target=60, due=DUE), "adopt", "The target of 60 is no share"),
        (Goal(target=0.6, due=DUE, baseline=20, baseline_on=START), "adopt", "baseline of 20"),
        (RISING, "stop", "above the baseline"),
        (FALLING, "adopt", "below the baseline"),
        (Goal(target=0.6, due=START, baseline=0.2, baseline_on=DUE), "adopt", "not earlier"),
    ],
)
def test_a_goal_that_contradicts_itself_cannot_be_judged(
    goal: Goal, direction: str, words: str
) -> None:
    found = judged(goal, row(0.5, 0.6, 0.7), direction)
    assert found.verdict == CANNOT_TELL
    assert words in found.reason


def test_how_old_news_may_be_is_a_setting() -> None:
    seen = row(0.5, 0.6, 0.7, last_day=dt.date(2024, 2, 29))
    found = progress(
        RISING, seen, direction="adopt", as_of=TODAY, settings=Settings(on_track_days=731)
    )
    assert found.verdict == ON_TRACK


def test_a_row_of_a_table_can_be_judged_as_it_is() -> None:
    visits = [*sites(50, "used", visited_on="2025-12-31"), *sites(10, "not used", start=50)]
    table = table_of(visits)
    found = judged(RISING, table.iloc[0].to_dict())
    assert found.verdict == ON_TRACK
    assert found.reason == (
        "83 % of 60 sites, visited up to 2025-12-31 (between 72 % and 91 %), is at the target of "
        "60 % or better."
    )
    assert judged(RISING, table_of(sites(9, "used")).iloc[0].to_dict()).verdict == CANNOT_TELL
