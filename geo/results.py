"""What tasks found, as a table with stable ids."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np
import pandas as pd

from geo.comparisons import Comparison
from geo.measure import Array
from geo.relations import Rows

COLUMNS = {
    "conflict_id": "str",
    "rule_id": "str",
    "relation": "str",
    "subject_kind": "str",
    "subject_layer": "str",
    "subject_id": "str",
    "object_kind": "str",
    "object_layer": "str",
    "object_id": "str",
    "verdict": "str",
    "line": "str",
    "distance_m": "float64",
    "sd_m": "float64",
    "area_ha": "float64",
    "share": "float64",
}

_SEPARATOR = "\x1f"
_LINES = np.array([None, "inner", "outer"], dtype=object)


class NamedFeatures(Protocol):
    """A layer that knows the ids at places of its order of ids."""

    @property
    def kind(self) -> str:
        """The kind of the layer."""

    def ids_at(self, place: Array) -> Array:
        """Ids of the features at these places."""


def family(comparison: Comparison) -> tuple[Any, ...]:
    """Comparisons with the same key can share their measurements."""
    rule = comparison.rule
    common = (comparison.subject_layer, rule.subject_classes, rule.object_classes)
    if rule.relation in ("overlap", "other_holder", "outside_all"):
        return ("ground", *common, rule.object_kind)
    if rule.relation == "within_distance":
        return ("distance", *common, *comparison.object_layers)
    return (rule.relation, rule.rule_id, *common)


def frame_of(
    comparison: Comparison, rows: Rows, *, layers: Mapping[str, NamedFeatures]
) -> pd.DataFrame:
    """The rows of a comparison as a table with the columns of `COLUMNS`, by subject and object."""
    rule = comparison.rule
    subject = layers[comparison.subject_layer]
    order = np.lexsort((rows.right, rows.left))
    subject_ids = subject.ids_at(rows.left[order])
    alone = rule.relation in ("outside_all", "area_limit")
    layer = None if alone else comparison.object_layers[0]
    object_ids = np.full(len(order), None, dtype=object)
    if layer is not None:
        object_ids = layers[layer].ids_at(rows.right[order])
    columns: dict[str, Any] = {
        "conflict_id": [
            conflict_id(rule.rule_id, comparison.subject_layer, left, layer or "", right or "")
            for left, right in zip(subject_ids, object_ids, strict=True)
        ],
        "rule_id": rule.rule_id,
        "relation": rule.relation,
        "subject_kind": subject.kind,
        "subject_layer": comparison.subject_layer,
        "subject_id": subject_ids,
        "object_kind": None if layer is None else layers[layer].kind,
        "object_layer": layer,
        "object_id": object_ids,
        "verdict": np.where(rows.sure[order], "inside", "too_close").astype(object),
        "line": _LINES[rows.line[order]],
        "distance_m": rows.distance_m[order],
        "sd_m": rows.sd_m[order],
        "area_ha": rows.area_m2[order] / 10_000,
        "share": rows.share[order],
    }
    return pd.DataFrame(
        {
            name: pd.Series(columns[name], index=range(len(order)), dtype=dtype)
            for name, dtype in COLUMNS.items()
        }
    )


def conflict_id(
    rule_id: str, subject_layer: str, subject_id: str, object_layer: str, object_id: str
) -> str:
    """The id of a conflict: 16 hex digits, stable across runs and versions; "" is no object."""
    told = _SEPARATOR.join((rule_id, subject_layer, subject_id, object_layer, object_id))
    return blake2b(told.encode(), digest_size=8).hexdigest()


def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables of comparisons under one another; all columns where there is no row."""
    some = [frame for frame in frames if len(frame)]
    if not some:
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in COLUMNS.items()})
    return pd.concat(some, ignore_index=True)
