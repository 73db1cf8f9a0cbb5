"""Conflicts with land cover: rules about farmland and water against the classes of rasters.

One row a (subject, raster class, rule), in the columns of `geo.conflicts`. Why the verdicts are
drawn as they are: docs/decisions/0010-land-cover-conflicts.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely

from geo.cells import Codes
from geo.cover_measure import Ground, Measured, measured
from geo.crs import Bounds
from geo.errors import GeoError
from geo.grid import Grid
from geo.measure import AREA, POINT, Array, LayerFrame, Side, class_matches, prepare_side
from geo.relations import Z
from geo.results import COLUMNS, conflict_id, joined
from geo.rules import Rule

KIND = "landcover"
RELATIONS = ("overlap", "within_distance")
UNION_COLUMNS = {
    "rule_id": "str",
    "subject_layer": "str",
    "object_layer": "str",
    "object_id": "str",
    "union_ha": "float64",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterLayer:
    """One land-cover raster for the engine.

    `dataset` is an open rasterio dataset in its own grid, used by one thread at a time. `classes`
    is pixel value -> class, `counts_as` class -> "kind" or "kind/class" of the layers whose rules
    apply to it, e.g. "farmland/cropland"; a class that is not named counts as nothing.
    `position_sd_m` is the standard error of a pixel's edge, metres; None: the pixel's side divided
    by the square root of 12, which is that of an edge that may lie anywhere within a pixel.
    `around`: see `geo.grid.Grid`.
    """

    layer_id: str
    dataset: Any
    classes: Mapping[int, str]
    counts_as: Mapping[str, str]
    position_sd_m: float | None = None
    band: int = 1
    around: Bounds | None = None

    @cached_property
    def grid(self) -> Grid:
        """Where its pixels lie."""
        return Grid.of(self.dataset, around=self.around)

    @property
    def sd_m(self) -> float:
        """The standard error of a pixel's edge, metres."""
        if self.position_sd_m is not None:
            return self.position_sd_m
        return self.grid.pixel_m / float(np.sqrt(12))

    def classes_of(self, rule: Rule) -> tuple[str, ...]:
        """The classes of the table that a rule speaks of, in order of their names.

        A class that counts as a kind without saying which of its classes is of unknown class: a
        rule that names classes means it only where it names "" too.
        """
        if rule.relation not in RELATIONS:
            return ()
        return tuple(name for name in sorted(set(self.classes.values())) if self._means(rule, name))

    def _means(self, rule: Rule, name: str) -> bool:
        kind, _, part = self.counts_as.get(name, "").partition("/")
        if not kind or kind != rule.object_kind:
            return False
        return not rule.object_classes or part in rule.object_classes

    def caveats(self) -> list[str]:
        """What this raster cannot tell, as sentences."""
        told = {self.counts_as.get(name) for name in self.classes.values()}
        if "farmland/tree_crops" in told:
            return []
        return ["This raster tells no tree crops: they may hide in forest."]


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverResult:
    """Conflicts in the columns of `geo.conflicts`, records as of `summarise`, and caveats.

    `caveats` holds the sentences of each raster by its layer id.
    """

    conflicts: pd.DataFrame
    summary: list[dict[str, Any]]
    caveats: dict[str, list[str]]


def find_cover_conflicts(
    subjects: Sequence[LayerFrame],
    rasters: Sequence[RasterLayer],
    rules: Sequence[Rule],
    *,
    measuring_crs: Any,
) -> pd.DataFrame:
    """Every subject that a rule finds on or near a raster class, `inside` or `too_close`.

    Columns as in docs/architecture.md: `object_kind` is "landcover", `object_layer` the raster,
    `object_id` the class. Rules of the relations `overlap` and `within_distance` take part. Rows
    stand in the order of the rules, then of layer ids, then of feature ids, then of classes; a row
    does not depend on which other subjects are given. `subjects` are layers in the measuring CRS
    as for `geo.conflicts.find_conflicts`; the same errors are raised.
    """
    return assess_cover(subjects, rasters, rules, measuring_crs=measuring_crs).conflicts


def assess_cover(
    subjects: Sequence[LayerFrame],
    rasters: Sequence[RasterLayer],
    rules: Sequence[Rule],
    *,
    measuring_crs: Any,
) -> CoverResult:
    """Conflicts with land cover, what they add up to, and what could not be assessed.

    A record stands for one (rule, subject layer, raster), in the keys of `geo.summary.summarise`.
    `union_ha` counts ground under several subjects once. `not_assessed` counts subjects that no
    class is surely inside of and around which the raster has no data, by reason: their being free
    of farmland or water is not known.
    """
    _refuse_doubles(rasters)
    ordered = sorted(subjects, key=lambda layer: layer.layer_id)
    asked = {kind for rule in rules for kind in rule.subject_kinds}
    sides = [
        prepare_side(layer, measuring_crs=measuring_crs) for layer in ordered if layer.kind in asked
    ]
    seen: dict[tuple[str, str], Measured] = {}
    for raster in rasters:
        for side in sides:
            ground = _ground(
                raster, [r for r in rules if side.kind in r.subject_kinds], measuring_crs
            )
            if ground.classes:
                reach_m = _reach_m(side, raster, rules)
                seen[side.layer_id, raster.layer_id] = measured(side, ground, reach_m=reach_m)
    frames, summary = [], []
    for rule in rules:
        for side in sides:
            if side.kind not in rule.subject_kinds:
                continue
            for raster in sorted(rasters, key=lambda one: one.layer_id):
                if raster.classes_of(rule):
                    found = _Found(rule, raster, seen[side.layer_id, raster.layer_id])
                    frames.append(found.frame)
                    summary.append(found.record())
    return CoverResult(
        conflicts=joined(frames),
        summary=summary,
        caveats={raster.layer_id: raster.caveats() for raster in rasters},
    )


def union_hectares(
    conflicts: pd.DataFrame,
    subjects: Sequence[LayerFrame],
    rasters: Sequence[RasterLayer],
    *,
    measuring_crs: Any,
) -> pd.DataFrame:
    """Hectares of each class under all subjects of a rule together, each spot counted once.

    One row a (rule, subject layer, raster, class) that shares ground in `conflicts`, in that order;
    the exact cover of the union of the subjects. Columns: UNION_COLUMNS.
    """
    sides = {layer.layer_id: prepare_side(layer, measuring_crs=measuring_crs) for layer in subjects}
    by_id = {raster.layer_id: raster for raster in rasters}
    rows: list[tuple[Any, ...]] = []
    shared = conflicts[conflicts["object_kind"].eq(KIND) & (conflicts["area_ha"] > 0)]
    keys = ["rule_id", "subject_layer", "object_layer", "object_id"]
    for key, part in shared.groupby(keys, sort=True):
        rule_id, subject_layer, object_layer, name = cast(tuple[str, str, str, str], key)
        side, raster = sides[subject_layer], by_id[object_layer]
        ground = _ground_of((name,), raster, measuring_crs)
        chosen = np.isin(side.ids, part["subject_id"].to_numpy(dtype=object))
        area_ha = _union_m2(side.shape[chosen], ground)[0] / 10_000
        rows.append((rule_id, subject_layer, object_layer, name, area_ha))
    frame = pd.DataFrame(rows, columns=list(UNION_COLUMNS))
    return frame.astype(UNION_COLUMNS)


def _union_m2(shapes: Array, ground: Ground) -> Array:
    """True square metres of each class under the shapes together."""
    shapes = shapes[~shapely.is_missing(shapes)]
    parts = shapely.get_parts(shapely.union_all(shapes)) if len(shapes) else shapes
    total: Array = ground.cover_m2(np.asarray(parts, dtype=object))[:, : ground.rest].sum(axis=0)
    return total


def _refuse_doubles(rasters: Sequence[RasterLayer]) -> None:
    names = [raster.layer_id for raster in rasters]
    for name in names:
        if names.count(name) > 1:
            raise GeoError(f"Raster '{name}' is given twice. Give each raster once.")


def _ground(raster: RasterLayer, rules: Sequence[Rule], measuring_crs: Any) -> Ground:
    """A raster with codes for the classes that any of the rules speaks of."""
    wanted = sorted({name for rule in rules for name in raster.classes_of(rule)})
    return _ground_of(tuple(wanted), raster, measuring_crs)


def _ground_of(wanted: tuple[str, ...], raster: RasterLayer, measuring_crs: Any) -> Ground:
    codes = Codes.of(raster.dataset, raster.classes, band=raster.band)
    table = np.full(codes.count, len(wanted) + 1, dtype="int16")
    table[: len(codes.classes)] = [
        wanted.index(name) if name in wanted else len(wanted) for name in codes.classes
    ]

    def read(window: tuple[int, int, int, int]) -> Array:
        found: Array = table[codes.read(raster.dataset, band=raster.band, window=window)]
        return found

    return Ground(grid=raster.grid, classes=wanted, read=read, measuring_crs=measuring_crs)


def _reach_m(side: Side, raster: RasterLayer, rules: Sequence[Rule]) -> Array:
    """How far around each subject any rule looks."""
    outer = [
        rule.outer_m or 0.0
        for rule in rules
        if side.kind in rule.subject_kinds and raster.classes_of(rule)
    ]
    reach: Array = Z * np.hypot(side.sd_m, raster.sd_m) + max(outer, default=0.0)
    return reach


class _Found:
    """One rule on one subject layer and one raster."""

    def __init__(self, rule: Rule, raster: RasterLayer, on: Measured) -> None:
        self.rule, self.raster, self.on = rule, raster, on
        self.side = on.side
        self.sd_m = np.hypot(self.side.sd_m, raster.sd_m)
        self.reach_m = Z * self.sd_m
        self.codes = np.array([on.ground.classes.index(name) for name in raster.classes_of(rule)])
        chosen = class_matches(self.side.feature_class, rule.subject_classes)
        area = self.side.form == AREA
        takes_part = chosen & (area | (self.side.form == POINT))
        found, sure, line = self._overlap() if rule.relation == "overlap" else self._within()
        found &= takes_part[:, None]
        self.takes_part = takes_part
        self.sure_any = (found & sure).any(axis=1)
        self.row, self.column = np.nonzero(found)
        self.sure, self.line = sure[found], line[found]

    def _overlap(self) -> tuple[Array, Array, Array]:
        on, reach = self.on, self.reach_m[:, None]
        gap = on.class_gap_m[:, self.codes]
        touches = on.touches[:, self.codes]
        bare = ~self.side.has_shape
        touches[bare] = gap[bare] == 0
        found = touches | ((gap <= reach) & (reach > 0))
        deeper = on.holds_deeper(self.reach_m)[:, self.codes]
        sure = deeper | (on.depth_m[:, self.codes] > reach)
        return found, sure & touches, np.full(found.shape, None, dtype=object)

    def _within(self) -> tuple[Array, Array, Array]:
        outer = self.rule.outer_m or 0.0
        found = self._sure_within(-outer)
        sure = self._sure_within(outer)
        line = np.full(sure.shape, None, dtype=object)
        if self.rule.inner_m is not None:
            line[sure] = "outer"
            line[self._sure_within(self.rule.inner_m)] = "inner"
        return found, sure, line

    def _sure_within(self, line_m: float) -> Array:
        """Whether d + 1.64 s < line; for a line of -b: whether d - 1.64 s <= b."""
        on, reach = self.on, self.reach_m[:, None]
        point = self.side.form == POINT
        gap = np.where(
            point[:, None],
            on.gap_m[:, : on.ground.rest] - on.radius_m[:, None],
            on.class_gap_m,
        )[:, self.codes]
        if line_m < 0:
            found: Array = gap - reach <= -line_m
            return found
        here = np.where(point[:, None], on.gap_m[:, : on.ground.rest] == 0, on.touches)
        depth = on.depth_m[:, self.codes] + on.radius_m[:, None]
        deep = depth > reach - line_m
        deep |= on.holds_deeper(self.reach_m - line_m)[:, self.codes] & ~point[:, None]
        sure: Array = (gap + reach < line_m) | (here[:, self.codes] & deep)
        return sure

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows, in the columns of `geo.conflicts`."""
        side, row = self.side, self.row
        ids, names = side.ids[row], np.array(self.on.ground.classes, dtype=object)
        names = names[self.codes[self.column]]
        area_m2 = np.full(len(row), np.nan)
        if self.rule.relation == "overlap":
            area_m2 = self.on.own_m2[row, self.codes[self.column]].copy()
            area_m2[~self.on.touches[row, self.codes[self.column]] & side.has_shape[row]] = 0.0
        layer = self.raster.layer_id
        columns: dict[str, Any] = {
            "conflict_id": [
                conflict_id(self.rule.rule_id, side.layer_id, left, layer, right)
                for left, right in zip(ids, names, strict=True)
            ],
            "rule_id": self.rule.rule_id,
            "relation": self.rule.relation,
            "subject_kind": side.kind,
            "subject_layer": side.layer_id,
            "subject_id": ids,
            "object_kind": KIND,
            "object_layer": layer,
            "object_id": names,
            "verdict": np.where(self.sure, "inside", "too_close").astype(object),
            "line": self.line,
            "distance_m": self.on.class_gap_m[row, self.codes[self.column]],
            "sd_m": self.sd_m[row],
            "area_ha": area_m2 / 10_000,
            "share": np.minimum(area_m2 / side.area_m2[row], 1.0),
        }
        return pd.DataFrame(
            {
                name: pd.Series(columns[name], index=range(len(row)), dtype=dtype)
                for name, dtype in COLUMNS.items()
            }
        )

    def record(self) -> dict[str, Any]:
        """The rows added up."""
        frame, known = self.frame, self.frame["area_ha"].notna()
        return {
            "rule": self.rule.rule_id,
            "subject": self.side.kind,
            "object": KIND,
            "subject_layer": self.side.layer_id,
            "object_layer": self.raster.layer_id,
            "pairs": len(frame),
            "subjects": int(frame["subject_id"].nunique()),
            "objects": int(frame["object_id"].nunique()),
            "area_ha": float(frame["area_ha"][known].sum()) if known.any() else None,
            "union_ha": self._union_ha() if known.any() else None,
            "verdicts": {
                verdict: int((frame["verdict"] == verdict).sum())
                for verdict in ("inside", "too_close")
            },
            "not_assessed": self._not_assessed(),
        }

    def _union_ha(self) -> float:
        shared = self.frame["area_ha"].to_numpy() > 0
        subjects = np.unique(self.row[shared])
        return (
            float(_union_m2(self.side.shape[subjects], self.on.ground)[self.codes].sum()) / 10_000
        )

    def _not_assessed(self) -> dict[str, int]:
        words = self.side.kind.replace("_", " ")
        reach = self.reach_m + (self.rule.outer_m or 0.0)
        unknown = self.takes_part & ~self.sure_any & (self.on.unseen_gap_m <= reach)
        nowhere = unknown & ~np.isfinite(self.on.gap_m[:, : self.on.ground.unseen]).any(axis=1)
        nowhere &= ~(self.on.own_m2[:, : self.on.ground.unseen] > 0).any(axis=1)
        counts = {
            f"{words} where the land cover has no data": int(nowhere.sum()),
            f"{words} beside ground without land-cover data": int((unknown & ~nowhere).sum()),
        }
        return {reason: number for reason, number in counts.items() if number}
