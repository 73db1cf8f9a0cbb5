"""What the conflicts add up to, and the ground they lie on."""

from collections.abc import Sequence
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.comparisons import Comparison, comparisons
from geo.errors import GeoError
from geo.holders import holders_known
from geo.intersections import areal, intersections, union_area_m2
from geo.measure import (
    Array,
    LayerFrame,
    class_unknown,
    discs,
)
from geo.rules import Rule


def summarise(
    conflicts: pd.DataFrame,
    layers: Sequence[LayerFrame],
    rules: Sequence[Rule],
    *,
    ground: Array | None = None,
) -> list[dict[str, Any]]:
    """One JSON-ready record a comparison that was made, those without any pair too.

    `pairs` counts rows; `subjects` and `objects` distinct features among them. `area_ha` adds up
    pairs; `union_ha` counts ground that lies in several of them once. Both are None where no pair
    has an area. `not_assessed` counts features the rule could not decide, by reason. Same order
    as `find_conflicts`; `layers` are those it was given. `ground` is what `overlap_geometries`
    made of both; left out, it is made here.
    """
    if ground is None:
        ground = overlap_geometries(conflicts, layers)
    by_id = {layer.layer_id: layer for layer in layers}
    keys = conflicts[["rule_id", "subject_layer", "object_layer"]]
    rows_of = keys.fillna("").groupby(list(keys.columns), sort=False).indices
    records = []
    for comparison in comparisons(layers, rules):
        alone = comparison.rule.relation in ("outside_all", "area_limit")
        object_layer = None if alone else comparison.object_layers[0]
        key = (comparison.rule.rule_id, comparison.subject_layer, object_layer or "")
        rows = rows_of.get(key, np.zeros(0, dtype="int64"))
        records.append(_record(comparison, conflicts.iloc[rows], ground[rows], by_id, object_layer))
    return records


def _record(
    comparison: Comparison,
    rows: pd.DataFrame,
    ground: Array,
    by_id: dict[str, LayerFrame],
    object_layer: str | None,
) -> dict[str, Any]:
    known = rows["area_ha"].notna()
    rule = comparison.rule
    object_kind = None if rule.relation == "area_limit" else rule.object_kind
    if rule.relation == "self_overlap":
        object_kind = by_id[comparison.subject_layer].kind
    features = rows["subject_id"]
    if rule.relation == "self_overlap":
        # a pair has no first and second: every licence of a pair is an overlapping licence
        features = pd.concat([rows["subject_id"], rows["object_id"]])
    return {
        "rule": rule.rule_id,
        "subject": by_id[comparison.subject_layer].kind,
        "object": object_kind,
        "subject_layer": comparison.subject_layer,
        "object_layer": object_layer,
        "pairs": len(rows),
        "subjects": int(features.nunique()),
        "objects": int(
            features.nunique() if rule.relation == "self_overlap" else rows["object_id"].nunique()
        ),
        "area_ha": float(rows["area_ha"][known].sum()) if known.any() else None,
        "union_ha": union_area_m2(ground[known.to_numpy()]) / 10_000 if known.any() else None,
        "verdicts": {
            verdict: int((rows["verdict"] == verdict).sum()) for verdict in ("inside", "too_close")
        },
        "not_assessed": _undecided(comparison, by_id),
    }


def _undecided(comparison: Comparison, by_id: dict[str, LayerFrame]) -> dict[str, int]:
    rule = comparison.rule
    subject = by_id[comparison.subject_layer]
    objects = [by_id[layer_id] for layer_id in comparison.object_layers]
    counts: dict[str, int] = {}

    def count(reason: str, mask: Array) -> None:
        number = int(mask.sum())
        if number:
            counts[reason] = counts.get(reason, 0) + number

    groups = [(subject, rule.subject_classes)]
    if rule.relation != "self_overlap":
        groups += [(layer, rule.object_classes) for layer in objects]
    for layer, classes in groups:
        frame = layer.features
        words = layer.kind.replace("_", " ")
        count(f"{words} class unknown", class_unknown(_column(frame, "feature_class"), classes))
        empty = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy(dtype=bool)
        count(f"{words} without a geometry", empty)
        if rule.relation == "other_holder":
            count(f"{words} holder not stated", ~holders_known(_column(frame, "holder")))
    lines = shapely.get_dimensions(np.asarray(subject.features.geometry.array)) == 1
    count(f"{subject.kind.replace('_', ' ')} drawn as lines", lines)
    return counts


def _column(frame: gpd.GeoDataFrame, name: str) -> Array:
    if name not in frame:
        return np.full(len(frame), None, dtype=object)
    values: Array = frame[name].to_numpy(dtype=object)
    return values


def overlap_geometry(subject: Any, object_: Any) -> Any:
    """The ground two areas share, as polygons; None where they share none."""
    common = areal(
        intersections(np.array([subject], dtype=object), np.array([object_], dtype=object))
    )[0]
    return None if common.is_empty else common


def overlap_geometries(conflicts: pd.DataFrame, layers: Sequence[LayerFrame]) -> Array:
    """The shared ground of every conflict, in its order; None where a conflict has no area.

    In the CRS of `layers`, which are those `find_conflicts` was given. A conflict over an area
    limit lies on the whole subject. Raises GeoError where a layer or a feature of a conflict is
    missing.
    """
    ground = np.full(len(conflicts), None, dtype=object)
    by_id = {layer.layer_id: layer.features for layer in layers}
    wanted = np.flatnonzero(conflicts["area_ha"].to_numpy(dtype="float64") > 0)
    chosen = conflicts.iloc[wanted]
    keys = [chosen[name].fillna("") for name in ("subject_layer", "object_layer")]
    for key, place in chosen.groupby(keys, sort=False).indices.items():
        left, right = cast(tuple[str, str], key)
        rows = chosen.iloc[place]
        subjects = _shapes(by_id, left, rows["subject_id"])
        if not right:
            ground[wanted[place]] = subjects
            continue
        objects = _shapes(by_id, right, rows["object_id"])
        ground[wanted[place]] = _common(subjects, objects, rows["area_ha"].to_numpy() * 10_000)
    return ground


def _common(subjects: Array, objects: Array, area_m2: Array) -> Array:
    # a share of exactly the whole area means: within; no need to intersect again
    common = np.full(len(subjects), None, dtype=object)
    rest = np.ones(len(subjects), dtype=bool)
    for side, other in ((subjects, objects), (objects, subjects)):
        whole = rest & (np.abs(shapely.area(side) - area_m2) <= 1e-12 * area_m2)
        whole &= shapely.area(other) > area_m2
        common[whole] = side[whole]
        rest &= ~whole
    many = shapely.get_num_coordinates(subjects) > shapely.get_num_coordinates(objects)
    heavy, light = np.where(many, subjects, objects), np.where(many, objects, subjects)
    common[rest] = areal(intersections(heavy[rest], light[rest]))
    return common


def _shapes(by_id: dict[str, gpd.GeoDataFrame], layer_id: str, ids: pd.Series) -> Array:
    """Polygons of the named features, discs for points with a radius."""
    if layer_id not in by_id:
        raise GeoError(f"Layer '{layer_id}' of a conflict is not among the layers given.")
    frame = by_id[layer_id]
    at = pd.Index(frame["feature_id"].astype("str")).get_indexer(pd.Index(ids))
    if (at < 0).any():
        missing = ids.to_numpy(dtype=object)[at < 0][0]
        raise GeoError(
            f"Layer '{layer_id}' has no feature '{missing}', which a conflict names. "
            "Find the conflicts again with the layers as they are now."
        )
    once, of = np.unique(at, return_inverse=True)
    shapes: Array = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object)[once])
    point = shapely.get_dimensions(shapes) == 0
    if point.any():
        radius_m = frame["radius_m"].to_numpy(dtype="float64", na_value=0.0)[once[point]]
        shapes[point] = discs(shapes[point], radius_m=radius_m)
    found: Array = shapes[of]
    return found
