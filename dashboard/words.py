"""Wording in one place: verdicts, rule status, units, dates, and text made safe to show."""

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from dashboard.workflows import types
from geo.rules import Rule
from layers.facts import Kind

NO_DATA = "no data"
NOT_STATED = "not stated"
THIN = "\u202f"
"""Narrow no-break space between thousands and before units."""

INVENTED = types.INVENTED
MIXED = types.MIXED
NOT_ILLEGAL = (
    "An overlap is not illegality: mining inside a licence is often by agreement. "
    "What you see here are possible conflicts to talk about."
)
ABSENCE = "Absence of data is not absence of mining, or of farming."
ORDER = (
    "Order: how far a rule is crossed, then what is touched, then the verdict and the size "
    "of the overlap. These stay separate columns; there is no hidden score."
)

VERDICTS = {"inside": "Inside", "too_close": "Too close to call", "outside": "Outside"}
VERDICT_HELP = {
    "inside": "Inside the line, even allowing for the error of position.",
    "too_close": "The error of position is larger than the gap to the line: check it in the field.",
}
LINES = {"inner": "inside the inner line", "outer": "inside the outer line"}
KINDS_SHORT = {
    "observation": "Observation",
    "policy": "Policy",
    "ministerial directive": "Directive",
    "proposal": "Proposal",
    "regulation": "Regulation",
    "law": "Law",
    "manual": "Manual",
}
LICENCE_STATES = {"in force": "In force", "ended": "Ended", NO_DATA: "No data"}
"""The state of a licence by its own dates, as the conflict table names it, and as we say it."""
RULE_KINDS = {
    "observation": "An observation of ours, not a rule of law",
    "policy": "Policy, not law",
    "ministerial directive": "Ministerial directive; no legal instrument was found",
    "proposal": "A proposal, not in force",
    "regulation": "Regulation",
    "law": "Law",
    "manual": "Manual",
}
EFFECTS = {
    "none": "Breaches nothing by itself",
    "prohibited": "Prohibited",
    "consent needed": "Consent needed",
    "discouraged": "Discouraged",
}
STATUSES = {
    "secondary": "Secondary: read in press or a summary; not read in the gazetted text.",
    "unverified": "Unverified: recalled, not read anywhere. Check it before you use it.",
    "ours": "Our own observation; it stands in no legal text.",
}
STATUS_SHORT = {"secondary": "Secondary", "unverified": "Unverified", "ours": "Observation"}
CRS_HOW = {
    "declared": "as the file declares",
    "recognised": "recognised, then confirmed",
    "stated": "as stated by the importer",
}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=/\"'@])")
# These are found in the text after markdown has been read, so a backslash does not stop them: an
# invisible word joiner does.
_AFTER_PARSING = re.compile(
    r"(?<=://)(?=\w)|(?<=\bwww)(?=\.)|(?<=@)(?=\w)|(?<=:)(?=(?:[a-z_+-][\w+/-]*|100|1234):)",
    re.IGNORECASE,
)


def md(text: object) -> str:
    """Any text as markdown that shows exactly that text: no link, no emoji, no HTML, one line."""
    plain = " ".join(str(text).split())
    return _MARKDOWN.sub(r"\\\1", _AFTER_PARSING.sub("\u2060", plain))


def clip(text: object, *, length: int = 60) -> str:
    """Text in one line of at most `length` characters, the cut marked with an ellipsis."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"


def is_missing(value: object) -> bool:
    """Whether a value says nothing: None, NaN, NaT or empty text."""
    if isinstance(value, str):
        return value == ""
    answer = pd.isna(value)  # type: ignore[call-overload]
    return answer is True or (isinstance(answer, np.bool_) and bool(answer))


def count(number: float | None, one: str | None = None, many: str | None = None) -> str:
    """A whole number with thousands apart, with its noun: `1,204 fields`."""
    if is_missing(number):
        return NO_DATA
    text = f"{round(number):,}"  # type: ignore[arg-type]
    if one is None:
        return text
    return f"{text} {one if round(number) == 1 else many or one + 's'}"  # type: ignore[arg-type]


def hectares(area_ha: float | None) -> str:
    """An area in hectares, rounded to what matters; `no data` if unknown."""
    return NO_DATA if is_missing(area_ha) else f"{_figures(area_ha)}{THIN}ha"  # type: ignore[arg-type]


def metres(distance_m: float | None) -> str:
    """A distance in metres, or kilometres from ten thousand metres on."""
    if is_missing(distance_m):
        return NO_DATA
    if distance_m >= 10_000:  # type: ignore[operator]
        return f"{_figures(distance_m / 1000)}{THIN}km"  # type: ignore[operator]
    return f"{_figures(distance_m)}{THIN}m"  # type: ignore[arg-type]


def percent(share: float | None) -> str:
    """A share of one as a percentage; `under 1 %` rather than a zero that is not one."""
    if is_missing(share):
        return NO_DATA
    if 0 < share < 0.01:  # type: ignore[operator]
        return f"under 1{THIN}%"
    return f"{share * 100:.0f}{THIN}%"  # type: ignore[operator]


def number(value: float) -> str:
    """A bare number as short as it can be without losing what matters."""
    return _figures(value)


def _figures(value: float) -> str:
    size = abs(value)
    if not math.isfinite(size):
        return NO_DATA
    if size == 0:
        return "0"
    if size >= 1000:
        return f"{value:,.0f}"
    digits = 1 if size >= 100 else 2 if size >= 1 else 3
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return text if text.strip("-0.") else f"under {10**-digits:g}"


def day(when: dt.date | dt.datetime | None, *, missing: str = NOT_STATED) -> str:
    """A day as `3 Nov 2026`: no order of numbers to confuse."""
    return missing if is_missing(when) else f"{when.day} {when:%b %Y}"  # type: ignore[union-attr]


def moment(when: dt.datetime | None) -> str:
    """A day and time in UTC."""
    return NOT_STATED if is_missing(when) else f"{day(when)}, {when:%H:%M} UTC"  # type: ignore[union-attr]


def data_date(when: dt.date | None) -> str:
    """The date data speak for, or that nobody stated it."""
    return "data date not stated" if when is None else f"data of {day(when)}"


def value(thing: object) -> str:
    """An attribute as text: `no data` where it says nothing, a unit only if its label has one."""
    if is_missing(thing):
        return NO_DATA
    if isinstance(thing, bool):
        return "yes" if thing else "no"
    if isinstance(thing, dt.date):
        return day(thing)
    if isinstance(thing, float):
        return _figures(thing)
    return str(thing)


def plural(kind: Kind) -> str:
    """The plural of one feature of a kind: `mine sites`, `fields`, `water bodies`."""
    one = kind.one
    return one[:-1] + "ies" if one.endswith("y") else one + "s"


def listing(parts: Iterable[str]) -> str:
    """Parts in a sentence: `a, b and c`."""
    items = list(parts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def rule_lines(rule: Rule) -> str | None:
    """The lines of a rule on the ground, with units; None where it has none."""
    if rule.max_area_ha is not None:
        return f"at most {hectares(rule.max_area_ha)}"
    if rule.outer_m is None:
        return None
    where = f" from the {rule.measure_from.replace('_', ' ')}" if rule.measure_from else ""
    if rule.inner_m is not None and rule.inner_m != rule.outer_m:
        return f"{_figures(rule.inner_m)} to {metres(rule.outer_m)}{where} (two lines, both kept)"
    return f"{metres(rule.outer_m)}{where}"


def rule_validity(rule: Rule) -> str:
    """When a rule holds, in words; a scenario never holds by itself."""
    if rule.scenario:
        return "A scenario: not in force"
    if rule.valid_from is None and rule.valid_to is None:
        return "Holds at any date" if rule.kind == "observation" else "Dates not known"
    start = f"from {day(rule.valid_from)}" if rule.valid_from else "start not known"
    return f"{start} until {day(rule.valid_to)}" if rule.valid_to else f"{start}, no end known"


def rule_source(rule: Rule) -> str:
    """Where a rule was read, and when that was checked."""
    if rule.source is None:
        return "no source" if rule.kind != "observation" else "our own"
    parts = [rule.source.title]
    if rule.source.locator:
        parts.append(rule.source.locator)
    if rule.source.checked_on:
        parts.append(f"checked on {day(rule.source.checked_on)}")
    return "; ".join(parts)


def status(name: str) -> str:
    """What the status of a rule means."""
    return STATUSES.get(name, name)


def kind_of_rule(rule: Rule) -> str:
    """What kind of thing a rule is; only a law is called a law."""
    return RULE_KINDS.get(rule.kind, rule.kind)


def counts_sum(counts: Mapping[str, int], *, earlier: int = 0, unit: str = "row") -> str:
    """How the rows of an import add up; `earlier` of the rejected are earlier visits of a site."""
    rejected = f"{count(counts['rejected'])} rejected"
    if earlier:
        rejected = (
            f"{count(counts['rejected'])} set aside or rejected "
            f"({count(earlier)} of them earlier visits of the same site)"
        )
    return (
        f"{count(counts['read'], unit)} read = {count(counts['imported'])} imported + "
        f"{count(counts['repaired'])} repaired + {rejected}"
    )


def counts_open(counts: Mapping[str, int], *, questions: int, unit: str = "row") -> str:
    """What is known of the rows while something still stops the import."""
    what = "the question" if questions == 1 else "the questions"
    todo = f"answer {what} first" if questions else "mend what is marked red first"
    return f"{count(counts['read'], unit)} read; {todo}"


def dialogue_status(name: str) -> str:
    """How well the facts about a dialogue are known."""
    known = {
        "secondary": "Read in a summary, not in the programme's own report.",
        "unverified": "Not read anywhere; our working choice.",
    }
    return known.get(name, name)


def class_name(name: object) -> str:
    """A class of a kind's vocabulary as a person writes it; `no class` where there is none."""
    return "no class" if is_missing(name) else str(name).replace("_", " ")


def file_name(name: str) -> str:
    """A name fit for a file on any system: no path, no control characters, not too long."""
    last = re.split(r"[\\/]", name)[-1]
    plain = re.sub(r"[\x00-\x1f<>:\"|?*]", "_", last).strip(" .")
    return plain[-120:] or "file"
