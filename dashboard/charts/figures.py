"""What a row of the adoption table says in words: rate or counts, how sure, of when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard import words
from dashboard.brief.model import PracticeFacts, Target

RATE, SMALL, COUNTS = "rate", "rate, small sample", "counts"
SUPPRESSED, NO_DATA = "suppressed", "no data"
WITH_RATE = (RATE, SMALL)
THIN = words.THIN

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A row as it may be shown.

    `rate`, `low` and `high` are shares of one, None where no rate is shown. `headline` is what
    stands first, `detail` the counts, `when` the days. `of` sites are counted; `unknown` of
    `looked_at` sites have an unknown state. None where that is not shown.
    """

    rate: float | None
    low: float | None
    high: float | None
    is_flagged: bool
    headline: str
    detail: str
    when: str
    unknown: int | None
    looked_at: int | None
    of: int | None = None

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return ", ".join(part for part in (self.headline, self.detail, self.when) if part)


def shown(row: Row) -> Shown:
    """How one row of the adoption table is shown; never a number where none may stand."""
    way = row["shown_as"]
    when = span(row.get("first_day"), row.get("last_day"))
    used, of = _whole(row["used"]), _whole(row["applicable"])
    if way == SUPPRESSED:
        return _without(headline="not shown, to protect people", when=when)
    if way not in (*WITH_RATE, COUNTS) or used is None or not of:
        unknown, known = _whole(row["unknown"]), of or 0
        looked_at = None if unknown is None else unknown + known
        unknown_of = (unknown, looked_at) if looked_at else (None, None)
        return _without(headline=NO_DATA, when=when if looked_at else "", unknown=unknown_of)
    unknown = _whole(row["unknown"])
    unknown_of = (unknown, None if unknown is None else unknown + of)
    counts = f"{used} of {words.count(of, 'site')}"
    if way == COUNTS or words.is_missing(row["rate"]):
        partly = _partly(row)
        return _without(
            headline=f"counts only: {counts}",
            detail=partly,
            when=when,
            unknown=unknown_of,
            of=of,
        )
    rate, low, high = (float(row[name]) for name in ("rate", "low", "high"))
    notes = [counts, _partly(row), "census" if _is_true(row.get("census")) else ""]
    notes += ["small sample"] if way == SMALL else []
    return Shown(
        rate=rate,
        low=low,
        high=high,
        is_flagged=way == SMALL,
        headline=f"{words.percent(rate)} ({interval(low, high)})",
        detail=", ".join(note for note in notes if note),
        when=when,
        unknown=unknown_of[0],
        looked_at=unknown_of[1],
        of=of,
    )


def _without(
    *,
    headline: str,
    when: str,
    detail: str = "",
    unknown: tuple[int | None, int | None] = (None, None),
    of: int | None = None,
) -> Shown:
    return Shown(
        rate=None,
        low=None,
        high=None,
        is_flagged=True,
        headline=headline,
        detail=detail,
        when=when,
        unknown=unknown[0],
        looked_at=unknown[1],
        of=of,
    )


def _partly(row: Row) -> str:
    partly = _whole(row.get("partly"))
    return f"{partly} partly" if partly else ""


def _whole(value: Any) -> int | None:
    return None if words.is_missing(value) else int(value)


def _is_true(value: Any) -> bool:
    return not words.is_missing(value) and bool(value)


def interval(low: float, high: float) -> str:
    """Two shares of one as `40–70 %`."""
    return f"{low * 100:.0f}–{high * 100:.0f}{THIN}%"


def points(change: float) -> str:
    """A difference of shares as percentage points with its sign: `+17`, `−5`, `0`."""
    whole = round(change * 100)
    return f"{'+' if whole > 0 else '−' if whole < 0 else ''}{abs(whole)}"


def span(first: Any, last: Any) -> str:
    """The days between two, as short as can be: `3–14 Mar 2023`; "date not known" without any."""
    days = [pd.Timestamp(day) for day in (first, last) if not words.is_missing(day)]
    if not days:
        return "date not known"
    start, end = min(days), max(days)
    if start == end:
        return words.day(end)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{words.day(end)}"
    if start.year == end.year:
        return f"{start.day} {start:%b} – {words.day(end)}"
    return f"{words.day(start)} – {words.day(end)}"


def target_words(target: Target, direction: str) -> str:
    """A target in words: `target: at least 60 % by 31 Dec 2027`."""
    by = f" by {words.day(target.due)}" if target.due else ""
    limit = "at most" if direction == "stop" else "at least"
    return f"target: {limit} {words.percent(target.share)}{by}"


def better(direction: str) -> str:
    """Which way is better, in words with an arrow."""
    return "↓ lower is better" if direction == "stop" else "↑ higher is better"


ALL_ROUNDS = "all"
"""The round of rows that take the latest known state of each site, whatever round it is of."""


def round_words(label: str) -> str:
    """A round in words: "3" alone says nothing in a sentence, "2023" does."""
    if label == ALL_ROUNDS:
        return "all rounds"
    return f"round {label}" if re.fullmatch(r"\d{1,2}", label) else label


def in_order_of_rounds(rates: pd.DataFrame) -> list[str]:
    """The rounds of a table by their first day, those without a day last.

    "all" is no round: it is left out, unless there is nothing else.
    """
    is_round = rates["round"].astype(str) != ALL_ROUNDS
    rates = rates[is_round] if is_round.any() else rates
    if not len(rates):
        return []
    frame = pd.DataFrame(
        {
            "round": rates["round"].astype(str),
            "day": pd.to_datetime(rates["first_day"]),
            "at": range(len(rates)),
        }
    )
    first = frame.groupby("round", sort=False).agg(day=("day", "min"), at=("at", "min"))
    return list(first.sort_values(["day", "at"], na_position="last").index)


def rows_of(
    table: pd.DataFrame, *, practice: str, round: str | None = None
) -> list[dict[str, Any]]:
    """The rows of one practice, and round, in their order."""
    chosen = table["practice"].astype(str) == practice
    if round is not None:
        chosen &= table["round"].astype(str) == round
    return table[chosen].to_dict("records")


def one_practice(practices: Sequence[PracticeFacts], code: str) -> PracticeFacts:
    """The practice of a code; a code that is not there is refused."""
    for practice in practices:
        if practice.code == code:
            return practice
    raise ValueError(
        f"Practice '{code}' is not in the list. Choose one of: "
        f"{', '.join(practice.code for practice in practices)}."
    )
