"""Practices, operations and settings of adoption, read from data/ and refused where wrong."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from geo.adoption.frames import EVIDENCE, OPERATION_SEPARATOR, STATES
from geo.adoption.practice import DIRECTIONS, Operation, Practice, PracticeList, Settings
from layers.facts import DATA, FactsError

PRACTICES = DATA / "practices.toml"
SETTINGS = DATA / "adoption.toml"


def practices() -> tuple[Practice, ...]:
    """Every practice, in the order of data/practices.toml."""
    return practice_list().practices


def operations() -> tuple[Operation, ...]:
    """Every group of operations, in the order of data/practices.toml."""
    return practice_list().operations


def practice(code: str) -> Practice:
    """One practice; an unknown code is refused with the codes there are."""
    for one in practices():
        if one.code == code:
            return one
    codes = ", ".join(one.code for one in practices())
    raise FactsError(f"There is no practice '{code}'. Choose one of: {codes}.")


@cache
def practice_list() -> PracticeList:
    """All of data/practices.toml."""
    return read_practices(_toml(PRACTICES))


@cache
def adoption_settings() -> Settings:
    """When rates are shown, and how, as data/adoption.toml states it."""
    return read_settings(_toml(SETTINGS))


def read_practices(content: Mapping[str, Any]) -> PracticeList:
    """What a parsed practices file says; FactsError with a sentence where it cannot be used."""
    for name, fixed in (("states", STATES), ("evidence", EVIDENCE)):
        given = tuple(content.get(name, ()))
        _need(
            given == fixed,
            f"'{name}' must be {', '.join(fixed)}, in this order, but is {', '.join(given)}.",
        )
    flags = tuple(content.get("flags", ()))
    _unique(flags, "flags")
    groups = tuple(_operation(record, flags) for record in content.get("operation", ()))
    _unique([one.group for one in groups], "operation groups")
    _unique([name for one in groups for name in one.types], "operation types")
    found = tuple(_practice(record, flags, groups, content) for record in content["practice"])
    _unique([one.code for one in found], "practice codes")
    return PracticeList(
        practices=found,
        operations=groups,
        states=STATES,
        evidence=EVIDENCE,
        flags=flags,
        status=content.get("status", "ours"),
    )


def _operation(record: Mapping[str, Any], flags: Sequence[str]) -> Operation:
    group = record["group"]
    _need(
        bool(group) and OPERATION_SEPARATOR not in group,
        f"the operation group '{group}' is empty or holds '{OPERATION_SEPARATOR}'.",
    )
    for flag in record["does"]:
        _need(flag in flags, f"operation '{group}' does '{flag}', which is none of the flags.")
    return Operation(group=group, types=tuple(record["types"]), does=tuple(record["does"]))


def _practice(
    record: Mapping[str, Any],
    flags: Sequence[str],
    groups: Sequence[Operation],
    content: Mapping[str, Any],
) -> Practice:
    missing = [name for name in ("code", "title", "direction", "applies") if name not in record]
    code = record.get("code", "without a code")
    _need(not missing, f"practice '{code}' has no {', '.join(missing)}.")
    _need(
        record["direction"] in DIRECTIONS,
        f"practice '{code}' has the direction '{record['direction']}'. "
        f"Write one of: {', '.join(DIRECTIONS)}.",
    )
    flag = record["applies"]
    _need(
        not flag or flag in flags,
        f"practice '{code}' applies where '{flag}', which is none of the flags.",
    )
    tells = record.get("tells")
    _need(
        tells is None or tells in flags,
        f"practice '{code}' tells '{tells}', which is none of the flags.",
    )
    # a flag that no operation is said to do can only be seen at the site: it excludes none
    follows = any(flag in one.does for one in groups)
    return Practice(
        code=code,
        title=record["title"],
        direction=record["direction"],
        applies=flag,
        maps_to=record.get("maps_to"),
        note=record.get("note"),
        status=record.get("status", content.get("status", "ours")),
        title_fr=record.get("title_fr"),
        intensity=record.get("intensity"),
        intensity_fr=record.get("intensity_fr"),
        tells=record.get("tells"),
        excluded_by=tuple(one.group for one in groups if follows and flag not in one.does),
    )


_PLACES = {
    "level": ("interval", "level"),
    "census_share": ("census", "share"),
    "least_census": ("census", "least_share"),
    "least_rate": ("small", "least_rate"),
    "least_sure": ("small", "least_sure"),
    "least_people": ("suppress", "least_people"),
    "least_panel": ("change", "least_panel"),
    "on_track_days": ("progress", "on_track_days"),
}
_SHARES = ("level", "census_share", "least_census")


def read_settings(content: Mapping[str, Any]) -> Settings:
    """What a parsed settings file says; FactsError with a sentence where it cannot be used."""
    given: dict[str, Any] = {}
    for name, (table, key) in _PLACES.items():
        try:
            given[name] = content[table][key]
        except KeyError:
            raise FactsError(
                f"data/adoption.toml does not say [{table}] {key}. Write it there."
            ) from None
        number = given[name]
        if name in _SHARES:
            fits, what = 0 < number <= 1, "a share above 0 and up to 1"
        else:
            fits, what = isinstance(number, int) and number >= 0, "a whole number from 0"
        _need(fits, f"[{table}] {key} is {number}, but must be {what}.", SETTINGS)
    _need(
        given["level"] < 1, "[interval] level is 1; an interval of 100 % holds anything.", SETTINGS
    )
    _need(
        given["least_rate"] <= given["least_sure"],
        "[small] least_rate is above least_sure. Lower it.",
        SETTINGS,
    )
    return Settings(**given)


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def _unique(names: Sequence[str], what: str) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    _need(not twice, f"{what} stand there twice: {', '.join(twice)}.")


def _need(is_met: bool, sentence: str, path: Path = PRACTICES) -> None:
    if not is_met:
        raise FactsError(f"data/{path.name}: {sentence}")
