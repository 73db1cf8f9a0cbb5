"""One plain sentence for each row of an adoption table: why it is shown as it is."""

import math
from typing import Any

import numpy as np

from geo.adoption.counts import By
from geo.adoption.frames import CENSUS, CONVENIENCE, NOT_STATED
from geo.adoption.practice import Settings
from geo.adoption.showing import COUNTS, NO_DATA, SMALL_SAMPLE, SUPPRESSED
from geo.measure import Array


def reasons(*, settings: Settings, by: By, **columns: Array) -> Array:
    """The sentences of all rows; `columns` are arrays of one value a row.

    Rows that say the same in all columns share one sentence, so that it is made once.
    """
    names = list(columns)
    rows = list(zip(*(columns[name].tolist() for name in names), strict=True))
    made: dict[tuple[Any, ...], str] = {}
    sentences = []
    for row in rows:
        key = tuple(None if _is_nan(value) else value for value in row)
        if key not in made:
            made[key] = _sentence(dict(zip(names, key, strict=True)), settings, by)
        sentences.append(made[key])
    return np.array(sentences, dtype=object)


def _sentence(row: dict[str, Any], settings: Settings, by: By) -> str:
    if row["shown_as"] == SUPPRESSED:
        return _suppressed(row, settings)
    parts = [_nothing(row) if row["shown_as"] == NO_DATA else _chosen(row, settings)]
    if row["shown_as"] == SMALL_SAMPLE:
        parts.append("so few that the interval says more than the rate")
    if row["unknown"] and row["applicable"]:
        parts.append(f"the state is unknown at {_sites(row['unknown'], 'more visited')}")
    if row["contradicted"]:
        parts.append(
            f"records of {_sites(row['contradicted'])} whose operations cannot have it do not count"
        )
    if row["applicable"] and row["area_only"]:
        parts.append(
            f"{_many(row['area_only'], 'visit')} without a site, of which only the area is known, "
            f"{'counts' if row['area_only'] == 1 else 'count'} one each"
        )
    if row["applicable"] and by == "operation":
        parts.append("a site with several operations counts in each")
    if row["applicable"] and row["is_better_low"]:
        parts.append("lower is better")
    return "; ".join(parts) + "."


def _suppressed(row: dict[str, Any], settings: Settings) -> str:
    if row["is_secondary"]:
        return (
            f"Not shown, because a number of fewer than {settings.least_people} people could be "
            "worked out from it and the others of its line."
        )
    return (
        f"Not shown, because fewer than {settings.least_people} people work at these sites and "
        "could be recognised."
    )


def _nothing(row: dict[str, Any]) -> str:
    visited, unknown = row["visited"], row["unknown"]
    if not visited:
        return "Nobody visited"
    if not unknown:
        return (
            f"{_sites(visited, 'visited').capitalize()}, but the practice applies at none of them"
        )
    if unknown == visited:
        return (
            f"{_sites(visited, 'visited').capitalize()}, but the state is not known at any of them"
        )
    return (
        f"{_sites(visited, 'visited').capitalize()}: the state is unknown at {unknown}, and the "
        f"practice does not apply at {visited - unknown}"
    )


def _chosen(row: dict[str, Any], settings: Settings) -> str:
    n, population = row["applicable"], row["population"]
    whole = None if population is None else int(population)
    if row["is_census"]:
        if n == whole:
            return f"A census: the state is known at all {_sites(n, 'known')} where it may apply"
        return (
            f"A census: the state is known at {n} of the {_sites(whole or 0, 'known')} where it "
            "may apply"
        )
    if row["selection"] == CENSUS and whole is not None:
        return (
            f"These sites only: called a census, but the state is known at {n} of "
            f"{_sites(whole, 'known')} where it may apply"
        )
    called = (
        "called a census, but there is no list of known sites to compare it with"
        if row["selection"] == CENSUS
        else "drawn at random"
    )
    if row["selection"] in (CONVENIENCE, NOT_STATED):
        some = "" if row["weakest"] == n else f"{row['weakest']} of the "
        how = (
            "chosen for convenience"
            if row["selection"] == CONVENIENCE
            else "chosen in a way that nobody stated"
        )
        return (
            f"These sites only: {some}{_sites(n)} {'was' if row['weakest'] == 1 else 'were'} {how}"
        )
    if row["shown_as"] == COUNTS:
        return (
            f"These sites only: {_sites(n)} {called}, and a rate needs at least "
            f"{settings.least_rate}"
        )
    return f"{_sites(n).capitalize()} {called}"


def _is_nan(value: Any) -> bool:
    """NaN differs from itself, so that a sentence with it would never be found again."""
    return isinstance(value, float) and math.isnan(value)


def _sites(number: int, what: str = "") -> str:
    return _many(number, f"{what} site".strip())


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
