"""The one sentence of reason: singular and plural, verdicts, places in words, no jargon."""

from typing import Any

import pytest

from dashboard.workflows.hotspot_settings import settings
from dashboard.workflows.hotspot_words import reason, where
from geo.rules import Rule
from layers import facts

RULES = {rule.rule_id: rule for rule in (*facts.rule_pack("gh"), *facts.rule_pack("cd"))}
PLACES = settings()["places"]


def told(since: str | None = None, **counts: Any) -> str:
    row = {
        "known_sites": 0,
        "in_conflict": 0,
        "surveyed": True,
        "unit_class": "not_tested",
        "support": None,
        "by_rule": {},
        "detections": 0,
        "detections_in_conflict": 0,
        "detections_by_rule": {},
        "near_sites": 0,
        "near_in_conflict": 0,
        "change": None,
    } | counts
    return reason(row, RULES, PLACES, min_sites=5, band_m=5_000.0, since=since)


def under(rule_id: str, inside: int, too_close: int = 0) -> dict[str, dict[str, int]]:
    return {rule_id: {"inside": inside, "too_close": too_close}}


WATER = "GH-DIR-100"


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            {"known_sites": 14, "in_conflict": 9, "by_rule": under(WATER, 7, 2)},
            "9 of 14 known sites lie within 100 m of water (7 surely, 2 too close to call).",
        ),
        (
            {"known_sites": 14, "in_conflict": 1, "by_rule": under(WATER, 0, 1)},
            "1 of 14 known sites lies within 100 m of water (too close to call).",
        ),
        (
            {"known_sites": 3, "in_conflict": 3, "by_rule": under(WATER, 0, 3)},
            "3 of 3 known sites lie within 100 m of water (all too close to call).",
        ),
        (
            {"known_sites": 1, "in_conflict": 1, "by_rule": under(WATER, 1)},
            "The one known site lies within 100 m of water.",
        ),
        (
            {
                "known_sites": 1,
                "in_conflict": 1,
                "by_rule": under(WATER, 1) | under("GH-FOR-3", 1),
            },
            "The one known site is in a possible conflict: within 100 m of water, "
            "in a forest reserve.",
        ),
        ({"known_sites": 1}, "The one known site is in no possible conflict that counts."),
        (
            {
                "known_sites": 2,
                "unit_class": "hot_95",
                "near_sites": 15,
                "near_in_conflict": 6,
            },
            "None of the 2 known sites is in a possible conflict that counts; with its neighbours "
            "within 5 km: 6 of 15.",
        ),
        (
            {"known_sites": 1, "unit_class": "too_few", "support": 4.0},
            "Too few for a rate (4 known sites within 5 km): the one known site is in no possible "
            "conflict that counts.",
        ),
        (
            {"surveyed": False, "detections": 1},
            "Not surveyed: no known site and no visit. 1 detection from satellite images, seen "
            "from space, nobody was there; none in a possible conflict that counts.",
        ),
    ],
)
def test_a_reason_is_a_plain_sentence(counts: dict[str, Any], sentence: str) -> None:
    assert told(**counts) == sentence


def test_of_rules_on_one_kind_of_place_the_one_with_most_sites_speaks() -> None:
    by_rule = under("GH-RBZ-2", 4) | under(WATER, 9) | under("site-in-protected-area", 3)
    by_rule |= under("GH-FOR-3", 3)
    assert told(known_sites=14, in_conflict=11, by_rule=by_rule) == (
        "11 of 14 known sites are in a possible conflict: 9 within 100 m of water, "
        "3 in a forest reserve."
    )


@pytest.mark.parametrize(
    ("rule_id", "words"),
    [
        ("GH-DIR-100", "within 100 m of water"),
        ("GH-RBZ-2", "within 60 m of a major perennial river"),
        ("GH-FOR-3", "in a forest reserve"),
        ("site-on-farmland", "on farmland"),
        ("site-in-protected-area", "in a protected area"),
        ("CD-ZEA", "in an artisanal zone"),
        ("CD-279-FIELD", "within 45 m of"),
        ("site-outside-licences", "outside every licence"),
        ("site-in-other-holders-licence", "in somebody else's licence"),
    ],
)
def test_a_rule_is_named_by_its_place_and_not_by_its_number(rule_id: str, words: str) -> None:
    assert where(RULES[rule_id], PLACES).startswith(words)


def test_every_rule_about_sites_has_words_without_underscores() -> None:
    for region in facts.regions().values():
        for rule in facts.rule_pack(region.rule_pack):
            if rule.object_kind and rule.relation != "checklist":
                said = where(rule, PLACES)
                assert "_" not in said
                assert "'" not in said.replace("else's", ""), (rule.rule_id, said)


def test_a_rule_of_a_kind_without_words_is_named_by_its_title() -> None:
    rule = Rule(
        rule_id="X",
        title="Near a shrine",
        text="",
        country=None,
        relation="within_distance",
        subject_kinds=("mine_sites",),
        object_kind="shrines",
        outer_m=30.0,
    )
    assert where(rule, PLACES) == "within 30 m of 'Near a shrine'"
