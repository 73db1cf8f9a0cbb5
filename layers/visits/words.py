"""What tables of visits call things: data/visits.toml, folded and ready to be looked up."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from layers.facts import DATA
from layers.read.suggestion import folded


@dataclass(frozen=True, kw_only=True)
class VisitField:
    """A field of a visit that a column may be mapped to; `aliases` are folded column names."""

    name: str
    title: str
    is_number: bool
    aliases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VisitWords:
    """Names of fields and practices, and what answers mean; every word is folded.

    `practices` is code -> column names; `states` word -> state, to be proposed only; `review`
    word -> whether a submission is accepted; `answers` word -> yes or no.
    """

    fields: Mapping[str, VisitField]
    practices: Mapping[str, tuple[str, ...]]
    states: Mapping[str, str]
    review: Mapping[str, bool]
    answers: Mapping[str, bool]
    sort_of_place: frozenset[str]
    compass: frozenset[str]


@cache
def visit_words() -> VisitWords:
    """The words of this installation."""
    with (DATA / "visits.toml").open("rb") as file:
        return read_words(tomllib.load(file))


def read_words(content: Mapping[str, Any]) -> VisitWords:
    """The words of a parsed file."""
    return VisitWords(
        fields={
            name: VisitField(
                name=name,
                title=record["title"],
                is_number=record.get("type") == "number",
                aliases=_folded(name, *record["aliases"]),
            )
            for name, record in content["fields"].items()
        },
        practices={code: _folded(*names) for code, names in content["practices"].items()},
        states={word: state for state, words in content["states"].items() for word in words},
        review=_means(content["review"]["accepted"], content["review"]["not_accepted"]),
        answers=_means(content["answers"]["yes"], content["answers"]["no"]),
        sort_of_place=frozenset(_folded(*content["places"]["sort"])),
        compass=frozenset(_folded(*content["places"]["compass"])),
    )


def answered(text: str) -> str:
    """An answer as people say it: a whole number without the zeros a table puts behind it."""
    return re.sub(r"^([+-]?\d+)\.0+$", r"\1", text.strip())


def _folded(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(folded(name) for name in names))


def _means(yes: list[str], no: list[str]) -> dict[str, bool]:
    return {folded(word): True for word in yes} | {folded(word): False for word in no}
