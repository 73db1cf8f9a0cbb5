"""What changed between two sets of conflicts: new, gone, another verdict, another line, and why.

A conflict's id is made of its rule, its subject and its object, so it is the same in every version
of the layers. A layer that appears, or a site that one version does not list, makes conflicts new
although nothing may have changed on the ground: each change therefore says what it comes from.
"""

from collections.abc import Mapping, Set

import numpy as np
import pandas as pd
import shapely

from geo.measure import Array

NEW, GONE, VERDICT, LINE = "new", "gone", "verdict", "line"
CHANGES = (NEW, GONE, VERDICT, LINE)

LAYER, SUBJECT, OBJECT, MEASURED = "layer", "subject", "object", "measured"
CAUSES = (LAYER, SUBJECT, OBJECT, MEASURED)
"""A layer that one side has not; a subject or an object that one version does not list; else both
versions list both, and their place, shape, class or accuracy differ."""

_KEPT = (
    "rule_id",
    "subject_kind",
    "subject_layer",
    "subject_id",
    "object_layer",
    "object_id",
    "verdict",
    "line",
)

Listed = Mapping[str, Set[str]]
"""The feature ids of each layer that took part, by layer id."""


def compare(
    before: pd.DataFrame, after: pd.DataFrame, *, listed_before: Listed, listed_after: Listed
) -> pd.DataFrame:
    """One row a conflict that differs, ordered by its id; what is the same is not a row.

    Both tables are those of `find_conflicts`. Columns: conflict_id, change (one of CHANGES; a
    change of verdict goes before one of line), cause (one of CAUSES; MEASURED for what is in both),
    rule_id, subject_kind, subject_layer, subject_id, object_layer, object_id, and verdict_before,
    verdict_after, line_before, line_after, None where that side has no such conflict.
    """
    old, new = (one.set_index("conflict_id")[list(_KEPT)] for one in (before, after))
    every = old.index.union(new.index).sort_values()
    left, right = old.reindex(every), new.reindex(every)
    in_old, in_new = every.isin(old.index), every.isin(new.index)
    told = {}
    for name in ("verdict", "line"):
        told[f"{name}_before"] = _objects(left[name])
        told[f"{name}_after"] = _objects(right[name])
    change = np.select(
        [
            ~in_old,
            ~in_new,
            told["verdict_before"] != told["verdict_after"],
            told["line_before"] != told["line_after"],
        ],
        list(CHANGES),
        default="",
    )
    facts = {
        name: np.where(in_new, _objects(right[name]), _objects(left[name])) for name in _KEPT[:6]
    }
    table = pd.DataFrame({"conflict_id": every, "change": change, **facts, **told})
    table = table[table["change"] != ""].reset_index(drop=True)
    other = {NEW: listed_before, GONE: listed_after}
    names = ["change", "subject_layer", "subject_id", "object_layer", "object_id"]
    cause = [
        _cause(*ids, other=other.get(change))
        for change, *ids in table[names].itertuples(index=False, name=None)
    ]
    table.insert(2, "cause", np.array(cause, dtype=object))
    return table


def _cause(
    subject_layer: str,
    subject_id: str,
    object_layer: str | None,
    object_id: str | None,
    *,
    other: Listed | None,
) -> str:
    """Why the other side has no such conflict: what of it is not listed there."""
    if other is None:
        return MEASURED
    # a conflict with no object lies outside every area, or is too large
    layers = [subject_layer, *([object_layer] if object_layer else [])]
    if any(layer_id not in other for layer_id in layers):
        return LAYER
    if subject_id not in other[subject_layer]:
        return SUBJECT
    if object_layer and object_id not in other[object_layer]:
        return OBJECT
    return MEASURED


def _objects(values: pd.Series) -> Array:
    objects = values.astype(object)
    found: Array = objects.where(objects.notna(), None).to_numpy(dtype=object)
    return found


def on_known_ground(shapes: Array, known: Array, *, reach_m: Array) -> Array:
    """Which shapes touch a known one, or come within their own `reach_m` of it; one metric CRS.

    A site that a version lists under another id still lies where it lay.
    """
    found = np.zeros(len(shapes), dtype=bool)
    if len(shapes) and len(known):
        rows = shapely.STRtree(known).query(shapes, predicate="dwithin", distance=reach_m)[0]
        found[rows] = True
    return found
