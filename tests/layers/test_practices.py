"""Practices and adoption settings as data: what the files say, and what is refused."""

import copy
import tomllib
from typing import Any

import pytest

from geo.adoption.frames import EVIDENCE, STATES
from geo.adoption.practice import Settings, applies, one_practice
from geo.errors import AdoptionError
from layers.facts import FactsError
from layers.practices import (
    PRACTICES,
    SETTINGS,
    adoption_settings,
    operations,
    practice,
    practice_list,
    practices,
    read_practices,
    read_settings,
)


def content(path: Any) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_list_holds_what_the_file_says_in_its_order() -> None:
    told = content(PRACTICES)
    assert [one.code for one in practices()] == [one["code"] for one in told["practice"]]
    assert [one.group for one in operations()] == [one["group"] for one in told["operation"]]
    assert (practice_list().states, practice_list().evidence) == (STATES, EVIDENCE)
    assert practice_list().flags == tuple(told["flags"])


def test_only_practices_that_follow_from_operations_exclude_any() -> None:
    assert practice("LA-FILL").excluded_by == ("mill-house",)
    assert practice("HG-WOA").excluded_by == ("underground", "selection")
    assert practice("WA-POND").excluded_by == ("underground", "mill-house", "selection")
    assert practice("HG-RET").excluded_by == ()
    assert practice("SO-PPE").excluded_by == ()


@pytest.mark.parametrize(
    ("code", "groups", "flags", "answer"),
    [
        ("SO-PPE", [], [], True),
        ("LA-FILL", ["mill-house"], [], False),
        ("LA-FILL", ["mill-house", "alluvial"], [], True),
        ("LA-FILL", [], [], None),
        ("LA-FILL", ["mill-house"], ["digs"], True),
        ("HG-RET", ["alluvial"], [], None),
        ("HG-RET", [], ["burns_amalgam"], True),
        ("HG-WOA", ["underground", "selection"], [], False),
    ],
)
def test_a_practice_applies_by_operations_and_by_what_was_seen(
    code: str, groups: list[str], flags: list[str], answer: bool | None
) -> None:
    assert applies(practice(code), groups, flags) is answer


def test_directions_tell_which_way_is_better() -> None:
    assert practice("HG-WOA").is_better_low
    assert not practice("HG-RET").is_better_low


def test_an_unknown_code_is_refused_with_the_codes_there_are() -> None:
    with pytest.raises(FactsError, match=r"no practice 'GOLD'.*HG-RET"):
        practice("GOLD")
    with pytest.raises(AdoptionError, match=r"no practice 'GOLD'.*HG-RET"):
        one_practice("GOLD", practices())
    assert one_practice("HG-RET", practices()) == practice("HG-RET")


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    told = copy.deepcopy(content(PRACTICES))
    place = told
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return told


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("practice", 0, "direction"), "up", r"has the direction 'up'.*stop, adopt"),
        (("practice", 0, "applies"), "sings", r"applies where 'sings', which is none of the flags"),
        (("practice", 0, "tells"), "sings", r"tells 'sings', which is none of the flags"),
        (("practice", 0, "title"), None, r"has no title"),
        (("practice", 1, "code"), "HG-USE", r"practice codes stand there twice: HG-USE"),
        (("operation", 0, "does"), ["flies"], r"'alluvial' does 'flies'"),
        (("operation", 0, "group"), "a|b", r"the operation group 'a\|b'"),
        (("operation", 0, "group"), "surface", r"operation groups stand there twice: surface"),
        (("states",), ["used", "unknown"], r"'states' must be used, partly"),
        (("evidence",), ["seen"], r"'evidence' must be claimed, seen, verified"),
        (("flags",), ["digs", "digs"], r"flags stand there twice: digs"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_the_file_and_why(
    path: tuple[Any, ...], value: Any, words: str
) -> None:
    with pytest.raises(FactsError, match=rf"data/practices.toml: .*{words}"):
        read_practices(changed(path, value))


def test_the_settings_are_those_of_the_conventions() -> None:
    assert adoption_settings() == Settings()
    one = adoption_settings()
    assert (one.level, one.census_share) == (0.95, 0.8)
    assert (one.least_rate, one.least_sure, one.least_people) == (25, 50, 5)


@pytest.mark.parametrize(
    ("table", "key", "value", "words"),
    [
        ("census", "share", 80, r"\[census\] share is 80, but must be a share"),
        ("census", "least_share", 0, r"\[census\] least_share is 0"),
        ("interval", "level", 1, r"an interval of 100 % holds anything"),
        ("small", "least_rate", 2.5, r"\[small\] least_rate is 2.5, but must be a whole number"),
        ("small", "least_rate", 60, r"least_rate is above least_sure"),
        ("suppress", "least_people", -1, r"least_people is -1"),
        ("progress", "on_track_days", None, r"does not say \[progress\] on_track_days"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    table: str, key: str, value: Any, words: str
) -> None:
    told = content(SETTINGS)
    if value is None:
        del told[table][key]
    else:
        told[table][key] = value
    with pytest.raises(FactsError, match=words):
        read_settings(told)
