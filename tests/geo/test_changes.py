"""What changed between two sets of conflicts, and what of it comes from the lists alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.changes import compare, on_known_ground

SITES, WATER = "r.mine_sites.s", "r.water.w"


def conflicts(*rows: dict[str, Any]) -> pd.DataFrame:
    """Rows about site a and water w, inside, unless told otherwise; the id says which pair."""
    plain = {
        "rule_id": "near",
        "subject_kind": "mine_sites",
        "subject_layer": SITES,
        "subject_id": "a",
        "object_layer": WATER,
        "object_id": "w",
        "verdict": "inside",
        "line": None,
    }
    filled = [plain | row for row in rows]
    for row in filled:
        row["conflict_id"] = f"{row['subject_id']}-{row['object_id']}-{row['object_layer']}"
    return pd.DataFrame(filled, columns=[*plain, "conflict_id"])


def listed(sites: str = "abc", water: str = "wv") -> dict[str, set[str]]:
    return {SITES: set(sites), WATER: set(water)}


def changed(
    before: pd.DataFrame, after: pd.DataFrame, old: Any = None, new: Any = None
) -> list[tuple[str, str, str]]:
    table = compare(
        before,
        after,
        listed_before=listed() if old is None else old,
        listed_after=listed() if new is None else new,
    )
    return list(table[["subject_id", "change", "cause"]].itertuples(index=False, name=None))


A, B = {"subject_id": "a"}, {"subject_id": "b"}


def test_what_is_the_same_is_no_change() -> None:
    assert changed(conflicts(A, B), conflicts(B, A)) == []
    empty = compare(conflicts(), conflicts(), listed_before={}, listed_after={})
    assert list(empty.columns[:3]) == ["conflict_id", "change", "cause"]


def test_new_gone_verdict_and_line_are_told_apart() -> None:
    before = conflicts(A, B, {"subject_id": "c", "line": "outer"})
    after = conflicts(
        {"subject_id": "b", "verdict": "too_close"},
        {"subject_id": "c", "line": "inner"},
        {"subject_id": "a", "object_id": "v"},
    )
    assert changed(before, after) == [
        ("a", "new", "measured"),
        ("a", "gone", "measured"),
        ("b", "verdict", "measured"),
        ("c", "line", "measured"),
    ]


def test_another_verdict_goes_before_another_line() -> None:
    before = conflicts({"verdict": "inside", "line": "outer"})
    assert changed(before, conflicts({"verdict": "too_close", "line": None})) == [
        ("a", "verdict", "measured")
    ]


def test_a_conflict_of_a_site_that_was_not_listed_says_so() -> None:
    assert changed(conflicts(A), conflicts(A, B), old=listed(sites="a")) == [
        ("b", "new", "subject")
    ]
    assert changed(conflicts(A, B), conflicts(A), new=listed(sites="a")) == [
        ("b", "gone", "subject")
    ]


def test_a_conflict_with_water_that_was_not_listed_says_so() -> None:
    assert changed(conflicts(), conflicts(A), old=listed(water="v")) == [("a", "new", "object")]
    # the site comes first: without it there would be no conflict with any water
    assert changed(conflicts(), conflicts(A), old=listed(sites="b", water="v")) == [
        ("a", "new", "subject")
    ]


@pytest.mark.parametrize("missing", [SITES, WATER])
def test_a_layer_that_one_side_has_not_is_the_cause(missing: str) -> None:
    other = {name: ids for name, ids in listed().items() if name != missing}
    assert changed(conflicts(), conflicts(A), old=other) == [("a", "new", "layer")]
    assert changed(conflicts(A), conflicts(), new=other) == [("a", "gone", "layer")]


def test_a_conflict_without_an_object_has_only_a_subject_to_miss() -> None:
    row = {"object_layer": None, "object_id": None}
    assert changed(conflicts(), conflicts(row), old=listed(sites="b")) == [("a", "new", "subject")]
    assert changed(conflicts(), conflicts(row)) == [("a", "new", "measured")]


def test_a_site_under_another_id_still_lies_on_its_ground() -> None:
    known = np.array([shapely.box(0, 0, 10, 10)])
    shapes = shapely.points([[5, 5], [14, 5], [16, 5]])
    found = on_known_ground(shapes, known, reach_m=np.array([0.0, 4.0, 5.0]))
    assert found.tolist() == [True, True, False]
    assert not on_known_ground(shapes, known[:0], reach_m=np.zeros(3)).any()
