"""On track, behind, or can't tell: the latest rate and its interval against a straight line.

The line runs from the baseline on its day to the target on its day. A rate is on track where its
whole interval lies on the good side of the line, behind where it lies wholly on the other, and
between the two nobody can tell.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geo.adoption.practice import Direction, Settings
from geo.adoption.showing import COUNTS, NO_DATA, SUPPRESSED

Verdict = Literal["on track", "behind", "can't tell"]
ON_TRACK: Verdict = "on track"
BEHIND: Verdict = "behind"
CANNOT_TELL: Verdict = "can't tell"

_NO_RATE = {
    NO_DATA: "Nobody visited, or no visit could tell.",
    COUNTS: "The sites visited do not speak for the others, so there is no rate to judge by.",
    SUPPRESSED: "The number is kept back because few people work at these sites.",
}


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Where a practice is meant to be by when, and where it was; shares 0 to 1.

    `baseline` and `baseline_on` are None where nobody stated them: then there is no line, and only
    the target itself is held against a rate.
    """

    target: float
    due: dt.date
    baseline: float | None = None
    baseline_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The verdict and why, in one sentence; `expected`: where the line is on that day, or None."""

    verdict: Verdict
    reason: str
    expected: float | None = None


def progress(
    goal: Goal,
    row: Mapping[str, Any] | None,
    *,
    direction: Direction,
    as_of: dt.date,
    settings: Settings | None = None,
) -> Progress:
    """How a goal stands on the day `as_of` by the latest `row` of an adoption table.

    The row is judged by the line on its own last day, for that is when it was true. Nothing is told
    of counts, of what is kept back, of a row older than `settings.on_track_days`, of one from
    before the baseline, or of a goal that contradicts itself.
    """
    settings = settings or Settings()
    why_not = _contradiction(goal, direction) or _unfit(goal, row, as_of, settings)
    seen = None if row is None else _day(row["last_day"])
    if why_not or row is None or seen is None:
        return Progress(verdict=CANNOT_TELL, reason=why_not)
    low, high = float(row["low"]), float(row["high"])
    told = (
        f"{_percent(row['rate'])} of {int(row['applicable']):,} sites, visited up to "
        f"{seen.isoformat()} (between {_percent(low)} and {_percent(high)}),"
    )
    better_low = direction == "stop"
    if high <= goal.target if better_low else low >= goal.target:
        reason = f"{told} is at the target of {_percent(goal.target)} or better."
        return Progress(verdict=ON_TRACK, reason=reason, expected=goal.target)
    expected = _line(goal, seen)
    if expected is None:
        return Progress(
            verdict=CANNOT_TELL,
            reason=f"{told} but without a baseline and its day nobody can say what to expect by "
            "then.",
        )
    line = (
        f"the target of {_percent(goal.target)}, due on {goal.due.isoformat()}"
        if seen >= goal.due
        else f"the {_percent(expected)} to be expected on the way to {_percent(goal.target)} by "
        f"{goal.due.isoformat()}"
    )
    if high <= expected if better_low else low >= expected:
        return Progress(
            verdict=ON_TRACK, reason=f"{told} is as good as {line}, or better.", expected=expected
        )
    if low > expected if better_low else high < expected:
        side = "above" if better_low else "below"
        return Progress(verdict=BEHIND, reason=f"{told} is {side} {line}.", expected=expected)
    return Progress(
        verdict=CANNOT_TELL,
        reason=f"{told} is too uncertain to hold against {line}.",
        expected=expected,
    )


def _contradiction(goal: Goal, direction: Direction) -> str:
    """Why a goal cannot be judged at all; "" where it can."""
    was = goal.target if goal.baseline is None else goal.baseline
    reasons = (
        (not 0 <= goal.target <= 1, f"The target of {goal.target:g} is no share between 0 and 1."),
        (not 0 <= was <= 1, f"The baseline of {was:g} is no share between 0 and 1."),
        (
            goal.baseline_on is not None and goal.baseline_on >= goal.due,
            "The baseline is not earlier than the day the target is due.",
        ),
        (
            direction == "stop" and goal.target > was,
            "The target is above the baseline, though fewer sites using it would be better.",
        ),
        (
            direction == "adopt" and goal.target < was,
            "The target is below the baseline, though more sites using it would be better.",
        ),
    )
    return next((reason for is_so, reason in reasons if is_so), "")


def _unfit(goal: Goal, row: Mapping[str, Any] | None, as_of: dt.date, settings: Settings) -> str:
    """Why a row of a table says nothing about a goal; "" where it does."""
    if row is None:
        return _NO_RATE[NO_DATA]
    if row["shown_as"] in _NO_RATE:
        return _NO_RATE[row["shown_as"]]
    seen = _day(row["last_day"])
    if seen is None:
        return "The visits have no day."
    reasons = (
        (
            any(_is_missing(row[name]) for name in ("rate", "low", "high")),
            "There is no rate to judge by.",
        ),
        (
            seen > as_of,
            f"The latest visit, on {seen.isoformat()}, lies after the day of judging.",
        ),
        (
            (as_of - seen).days > settings.on_track_days,
            f"The latest visit was on {seen.isoformat()}, more than {settings.on_track_days:,} "
            "days ago.",
        ),
        (
            goal.baseline_on is not None and seen < goal.baseline_on,
            f"Nobody visited after the day of the baseline, {goal.baseline_on}.",
        ),
    )
    return next((reason for is_so, reason in reasons if is_so), "")


def _line(goal: Goal, day: dt.date) -> float | None:
    """Where the straight line from baseline to target is on a day; the target from `due` on."""
    if day >= goal.due:
        return goal.target
    if goal.baseline is None or goal.baseline_on is None:
        return None
    done = (day - goal.baseline_on).days / (goal.due - goal.baseline_on).days
    return goal.baseline + done * (goal.target - goal.baseline)


def _day(value: Any) -> dt.date | None:
    if _is_missing(value):
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])


def _is_missing(value: Any) -> bool:
    # pandas' NaT and NaN are the only values that differ from themselves; NA answers neither way
    return (
        value is None
        or str(value) in ("NaT", "<NA>", "nan")
        or (isinstance(value, float) and math.isnan(value))
    )


def _percent(share: Any) -> str:
    return f"{100 * float(share):.0f} %"
