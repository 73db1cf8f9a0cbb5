"""The conflicts after some features changed, from those before: the same table, for less.

A row of a pair depends on these two features alone. So rows of changed features are dropped, and
found again between the changed features and all others. Only "outside every object" depends on
more: it is asked again for subjects that a changed object lies near enough to matter to.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from geo.comparisons import Comparison
from geo.measure import Array, Side, class_matches
from geo.nearby import Right
from geo.parts import FewFeatures, PartedLayer, Run, find_in_parts
from geo.relations import Z
from geo.results import COLUMNS, joined


class Selectable(PartedLayer, Protocol):
    """A parted layer of which some features can be taken."""

    def only(self, places: Array) -> FewFeatures:
        """The features at these places of its order of ids."""

    def meeting(self, boxes: Array) -> FewFeatures:
        """The features whose boxes meet one of these (n, 4), and perhaps some more."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of a layer. `new` is the layer now, `old` as it was.

    `gone` are places in `old` of features that were removed or are otherwise now; `come` places in
    `new` of features that were added or were otherwise before.
    """

    old: Selectable
    new: Selectable
    gone: Array
    come: Array

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed at all."""
        return not len(self.gone) and not len(self.come)

    @cached_property
    def went(self) -> FewFeatures:
        """The features that were removed or are otherwise now, as they were."""
        return self.old.only(self.gone)

    @cached_property
    def came(self) -> FewFeatures:
        """The features that were added or were otherwise before, as they are."""
        return self.new.only(self.come)


def update_conflicts(
    before: pd.DataFrame,
    layers: Mapping[str, Selectable],
    work: Sequence[Comparison],
    changes: Mapping[str, Change],
    *,
    run: Run,
) -> pd.DataFrame:
    """The table that `find_in_parts(layers, work)` gives, bit for bit, from the one before.

    `before` is the table under the same rules of the same layers as they were, in the order of a
    full run (see `in_order`); `changes` tells what became of each layer that is not the same now.
    Columns of `geo.results.COLUMNS` are read.
    """
    changes = {layer_id: change for layer_id, change in changes.items() if not change.is_empty}
    kept = _untouched(before[list(COLUMNS)], changes)
    # a rule that compares nothing any more has no rows
    kept = kept[_numbers(kept, work) >= 0]
    found = []
    for change in changes.values():
        found.append(_of_subjects(layers, work, change, run))
        found.append(_against(layers, work, change, run))
    for one in work:
        if one.rule.relation == "outside_all" and set(one.object_layers) & set(changes):
            places, ids = _disturbed(one, layers, changes, kept)
            drop = (kept["rule_id"] == one.rule.rule_id) & kept["subject_id"].isin(ids)
            kept = kept[~(drop & (kept["subject_layer"] == one.subject_layer))]
            subjects = {one.subject_layer: layers[one.subject_layer].only(places)}
            found.append(find_in_parts(layers, [one], run=run, subjects=subjects))
    return _merged(kept, joined(found).drop_duplicates("conflict_id"), work)


def _untouched(before: pd.DataFrame, changes: Mapping[str, Change]) -> pd.DataFrame:
    """Rows between features that are as they were."""
    keep = np.ones(len(before), dtype=bool)
    for layer_id, change in changes.items():
        gone = change.old.ids_at(change.gone)
        for side in ("subject", "object"):
            of_layer = (before[f"{side}_layer"] == layer_id).to_numpy(dtype=bool, na_value=False)
            keep &= ~(of_layer & before[f"{side}_id"].isin(gone).to_numpy(dtype=bool))
    return before[keep]


def _of_subjects(
    layers: Mapping[str, Selectable], work: Sequence[Comparison], change: Change, run: Run
) -> pd.DataFrame:
    """Rows of subjects that are new or otherwise now, with all objects."""
    own = [one for one in work if one.subject_layer == change.came.layer_id]
    return find_in_parts(layers, own, run=run, subjects={change.came.layer_id: change.came})


def _against(
    layers: Mapping[str, Selectable], work: Sequence[Comparison], change: Change, run: Run
) -> pd.DataFrame:
    """Rows of all subjects with the objects of a layer that are new or otherwise now."""
    come = change.came
    pairs = [
        one
        for one in work
        if come.layer_id in one.object_layers and one.rule.relation != "outside_all"
    ]
    subjects = {}
    for name in {one.subject_layer for one in pairs}:
        reach_m = _reach_m(layers[name], come, pairs)
        subjects[name] = layers[name].meeting(come.boxes + np.array([-1, -1, 1, 1]) * reach_m)
    return find_in_parts(dict(layers) | {come.layer_id: come}, pairs, run=run, subjects=subjects)


def _reach_m(one: PartedLayer, other: PartedLayer, members: Sequence[Comparison]) -> float:
    """How far apart features of two layers may lie and still make a row."""
    widest_m = max((member.rule.outer_m or 0.0 for member in members), default=0.0)
    sd_m = float(np.hypot(one.largest_sd_m, other.largest_sd_m))
    extent_m = one.largest_extent_m + other.largest_extent_m
    return 1.01 * (Z * sd_m + extent_m + widest_m) + 1.0


def _sides(layer: PartedLayer) -> list[Side]:
    return [layer.part(part.number) for part in layer.parts]


def _disturbed(
    one: Comparison,
    layers: Mapping[str, Selectable],
    changes: Mapping[str, Change],
    kept: pd.DataFrame,
) -> tuple[Array, Array]:
    """Places and ids of subjects whose nearest object, or what covers them, may have changed."""
    rule = one.rule
    rights = []
    for name in set(one.object_layers) & set(changes):
        change = changes[name]
        for layer in (change.went, change.came):
            for side in _sides(layer):
                chosen = side.take(class_matches(side.feature_class, rule.object_classes))
                rights.append(Right(chosen.areas_only()))
    rows = kept[(kept["rule_id"] == rule.rule_id) & (kept["subject_layer"] == one.subject_layer)]
    subject, places = layers[one.subject_layer], [np.zeros(0, dtype="int64")]
    if rows.empty:
        # perhaps there was nothing to be outside of before: then nobody has been asked yet
        every = np.arange(sum(part.features for part in subject.parts))
        return every, subject.ids_at(every)
    far_m = _far_by_place(subject, rows)
    largest_m = max(layers[name].largest_sd_m for name in one.object_layers)
    for right in rights:
        largest_m = max(largest_m, float(right.side.sd_m.max(initial=0.0)))
    for side in _sides(subject):
        told_m = far_m[side.place]
        least_m = 1.01 * Z * np.hypot(side.sd_m, largest_m) + 1.0
        reach_m = np.fmax(told_m, least_m) * (1 + 1e-9) + 1e-6
        lost = np.zeros(len(side), dtype=bool)
        shape = np.where(side.has_shape, side.shape, side.geometry)
        for right in rights:
            lost[right.near(shape, reach_m=reach_m).left] = True
        places.append(side.place[lost])
    which: Array = np.unique(np.concatenate(places))
    return which, subject.ids_at(which)


def _far_by_place(layer: PartedLayer, rows: pd.DataFrame) -> Array:
    """By place in a layer: `distance_m` of the row with that subject; NaN where there is none."""
    count = sum(part.features for part in layer.parts)
    ids = pd.Index(layer.ids_at(np.arange(count)), dtype="str")
    place = ids.get_indexer(pd.Index(rows["subject_id"], dtype="str"))
    # a subject that is gone has no place
    here = place >= 0
    far_m = np.full(count, np.nan)
    far_m[place[here]] = rows["distance_m"].to_numpy()[here]
    return far_m


def in_order(table: pd.DataFrame, work: Sequence[Comparison]) -> pd.DataFrame:
    """A table's rows as a full run gives them: by comparison, subject and object."""
    place = pd.DataFrame(
        {
            "number": _numbers(table, work),
            "subject": table["subject_id"].to_numpy(),
            "object": table["object_id"].fillna("").to_numpy(),
        }
    ).astype({"subject": "str", "object": "str"})
    by = place.sort_values(["number", "subject", "object"]).index
    return table.iloc[by].reset_index(drop=True)


def _merged(kept: pd.DataFrame, found: pd.DataFrame, work: Sequence[Comparison]) -> pd.DataFrame:
    """Rows by comparison, subject and object, as a full run gives them.

    Those that were kept stand in order already: each new one is put in its place among them.
    """
    table = joined([kept, found])
    if not len(found):
        return table
    number = _numbers(table, work)
    subject = table["subject_id"].to_numpy(dtype=object)
    other = table["object_id"].fillna("").to_numpy(dtype=object)
    old, new = np.arange(len(kept)), np.arange(len(kept), len(table))
    new = new[np.lexsort((other[new], subject[new], number[new]))]
    place = np.empty(len(new), dtype="int64")
    starts = np.searchsorted(number[old], np.arange(len(work) + 1))
    for at, row in enumerate(new):
        low, high = starts[number[row]], starts[number[row] + 1]
        wanted = (subject[row], other[row])
        place[at] = bisect_left(old, wanted, low, high, key=lambda n: (subject[n], other[n]))
    return table.iloc[np.insert(old, place, new)].reset_index(drop=True)


def _numbers(table: pd.DataFrame, work: Sequence[Comparison]) -> Array:
    """Which comparison of `work` each row is of."""
    alone = ("outside_all", "area_limit")
    asked = pd.MultiIndex.from_tuples(
        [
            (
                one.rule.rule_id,
                one.subject_layer,
                "" if one.rule.relation in alone else one.object_layers[0],
            )
            for one in work
        ]
    )
    told = [table["rule_id"], table["subject_layer"], table["object_layer"].fillna("")]
    number: Array = asked.get_indexer(pd.MultiIndex.from_arrays(told))
    return number
