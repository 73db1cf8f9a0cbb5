"""Plain sentences about a region's practices: what is known, how sure, what changed, what is not.

Each says its n and its days. Nothing is said that the table does not hold.
"""

from collections.abc import Sequence
from typing import Any

from dashboard import words
from dashboard.brief.model import BriefInput, PracticeFacts, RoadMapLine
from dashboard.charts import figures
from dashboard.charts.figures import Shown, interval
from dashboard.charts.overview import Line, latest_of
from dashboard.charts.panel import change_words, in_order, is_clear

NAMED = 3
"""Names in a sentence before the rest is counted."""
LONGEST = 60
"""Letters of a name in a sentence."""


def known(brief: BriefInput) -> list[str]:
    """What is known: who was visited, the leading practice, the best and the worst."""
    lines = latest_of(brief.rates, brief.practices)
    said = [_visited(brief)]
    said += [_leading(line[0], line[2]) for line in lines if line[0].code == brief.leading]
    rated = _rated(lines)
    adopted = sorted(
        (one for one in rated if one[0].direction == "adopt"), key=lambda one: -_rate(one)
    )
    if len(adopted) > 1:
        said.append(
            f"Used most among those to adopt: {_named(adopted[:2])}. "
            f"Used least: {_named(adopted[-1:])}."
        )
    stopped = sorted(
        (one for one in rated if one[0].direction == "stop"), key=lambda one: -_rate(one)
    )
    if stopped:
        said.append(f"Still used most among those to stop: {_named(stopped[:2])}.")
    return said


def sure(brief: BriefInput) -> list[str]:
    """How sure the figures are, and what is not known."""
    lines = latest_of(brief.rates, brief.practices)
    ways: dict[str, list[str]] = {}
    for practice, _, shown, _ in lines:
        ways.setdefault(_way(shown), []).append(practice.title)
    counts = [
        f"{len(ways[way])} {told}"
        for way, told in (
            ("rate", "with a rate"),
            ("small", "with a rate from a small sample"),
            ("counts", "with counts only, because too few sites were visited or they were not "
             "chosen so that they speak for others"),
            ("suppressed", "not shown, to protect people"),
            ("no data", "without data"),
        )
        if way in ways
    ]  # fmt: skip
    said = [f"Of {words.count(len(brief.practices), 'practice')}: {'; '.join(counts)}."]
    if "no data" in ways:
        said.append(f"Nothing is known of {_listing(ways['no data'])}. That is not the same as no.")
    said += _least_known(lines)
    said += _never(brief)
    return said


def changed(brief: BriefInput) -> list[str]:
    """What changed on the same sites, the leading practice first."""
    rows = in_order(brief.panels, leading=brief.leading).to_dict("records")
    if not rows:
        return ["No site was visited in two rounds, so no change can be told."]
    said = []
    for row in rows[:NAMED]:
        title = figures.one_practice(brief.practices, str(row["practice"])).title
        said.append(_change(title, row))
    if len(rows) > NAMED:
        told = [row for row in rows if is_clear(row)]
        said.append(
            f"In all, {words.count(len(told), 'practice')} of {len(rows)} changed by more than "
            "chance would on the same sites."
        )
    return said


def road_map(actions: Sequence[RoadMapLine]) -> str:
    """Where the road map stands, in one sentence."""
    if not actions:
        return "No action of a road map is recorded for this region."
    judged = [line.progress for line in actions if line.progress]
    told = [
        f"{judged.count(progress)} {progress}"
        for progress in ("on track", "behind", "can't tell")
        if progress in judged
    ]
    without = len(actions) - len(judged)
    if without:
        told.append(f"{without} without a target to judge by")
    return f"Of {words.count(len(actions), 'action')}: {words.listing(told)}."


def _visited(brief: BriefInput) -> str:
    coverage = brief.coverage
    visited = int(coverage["visited"].fillna(0).sum())
    first, last = coverage["first_day"].min(), coverage["last_day"].max()
    if not visited:
        return "No visit to a mine site is recorded: nothing is known of any practice."
    sites = coverage["known_sites"]
    of = "" if sites.isna().any() or not sites.sum() else f" of {int(sites.sum()):,} known"
    return f"{words.count(visited, 'site')}{of} visited, {figures.span(first, last)}."


def _leading(practice: PracticeFacts, shown: Shown | None) -> str:
    name = words.clip(practice.title, length=LONGEST)
    if shown is None:
        return f"{name}: {figures.NO_DATA}."
    if shown.rate is None or shown.low is None or shown.high is None:
        return f"{name}: {shown.sentence}."
    verb = "still use it" if practice.direction == "stop" else "use it"
    flag = " This is a small sample." if shown.is_flagged else ""
    counts = shown.detail.split(",")[0]
    return (
        f"{name}: {words.percent(shown.rate)} of the sites where it applies {verb} "
        f"({counts}, {shown.when}); the true share lies most likely between "
        f"{interval(shown.low, shown.high).replace('–', ' and ')}.{flag}"
    )


Rated = tuple[PracticeFacts, Shown]


def _rated(lines: Sequence[Line]) -> list[Rated]:
    return [
        (practice, shown)
        for practice, _, shown, _ in lines
        if shown is not None and shown.rate is not None
    ]


def _rate(one: Rated) -> float:
    return one[1].rate or 0.0


def _named(rated: Sequence[Rated]) -> str:
    told = [
        f"{words.clip(practice.title, length=LONGEST)} ({words.percent(shown.rate)}, "
        f"{shown.detail.split(',')[0]}, {shown.when})"
        for practice, shown in rated
    ]
    return words.listing(told)


def _way(shown: Shown | None) -> str:
    if shown is None or shown.headline == figures.NO_DATA:
        return "no data"
    if shown.rate is not None:
        return "small" if shown.is_flagged else "rate"
    return "counts" if shown.of is not None else "suppressed"


def _least_known(lines: Sequence[Line]) -> list[str]:
    """The practice with the largest share of sites whose state is unknown."""
    found = [
        (shown.unknown / shown.looked_at, practice, shown)
        for practice, _, shown, _ in lines
        if shown is not None and shown.unknown and shown.looked_at
    ]
    if not found:
        return []
    _, practice, shown = max(found, key=lambda one: one[0])
    title = words.clip(practice.title, length=LONGEST)
    return [
        f"Least is known of {title}: its state is unknown at {shown.unknown} of "
        f"{words.count(shown.looked_at, 'site')}, {shown.when}."
    ]


def _never(brief: BriefInput) -> list[str]:
    coverage = brief.coverage
    nobody = coverage[coverage["visited"].fillna(0) == 0]
    said = []
    if len(nobody):
        said.append(f"Never visited: {_listing(list(nobody['area'].astype(str)))}.")
    return said


def _listing(names: Sequence[str]) -> str:
    told = [words.clip(name, length=LONGEST) for name in names[:NAMED]]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return words.listing([*told, *more])


def _change(title: str, row: dict[str, Any]) -> str:
    count = 0 if words.is_missing(row["n"]) else int(row["n"])
    name = words.clip(title, length=LONGEST)
    earlier, later = (figures.round_words(str(row[at])) for at in ("earlier", "later"))
    if not words.is_missing(row["warning"]):
        warning = words.clip(row["warning"], length=260)
        return f"{name}, {earlier} to {later}: {warning}"
    if not count or words.is_missing(row["change"]) or words.is_missing(row["used_before"]):
        return f"{name}: no change can be told between {earlier} and {later}."
    said = (
        f"{name}, on the {words.count(count, 'site')} visited in both {earlier} and "
        f"{later}: used at {int(row['used_before'])} before and {int(row['used_after'])} "
        f"after, {change_words(row['change'], row['low'], row['high'])}."
    )
    return said if is_clear(row) else f"{said} That can be chance."
