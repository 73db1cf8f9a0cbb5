"""What lies under and around each subject on a raster: areas by class, and the way to each class.

Lengths are metres of the measuring CRS, areas true square metres. Everything is measured subject by
subject: an answer does not depend on which other subjects are given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyproj
import shapely

from geo.cells import Cells, covered
from geo.grid import Grid
from geo.measure import AREA, LINE, POINT, Array, Side
from geo.overlay import SLIVER_WIDTH_M
from geo.zonal import cover_m2

_GROW = 1.005
"""A grown outline of 16 segments a quarter lies up to 0.12 % inside the true one: search wider."""

_DISTANCES = 1 << 18
"""Pixels whose distance is taken at a time."""

_SLACK = (0.1, 1e-3, 1e-6)
"""Metres, share and share a metre by which a plane may be wrong about a way on the ground; over a
kilometre it is so by some 0.2 m, and 2.1 m are allowed."""

Window = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A raster as classes: codes 0 … for `classes`, then one for the rest, then one for no data.

    `read` gives the codes of a window; pixels of no class the table knows count as no data.
    """

    grid: Grid
    classes: tuple[str, ...]
    read: Callable[[Window], Array]
    measuring_crs: Any

    @property
    def rest(self) -> int:
        """The code of classes that are known but not asked for."""
        return len(self.classes)

    @property
    def unseen(self) -> int:
        """The code of pixels that say nothing."""
        return len(self.classes) + 1

    @property
    def sliver_m2(self) -> float:
        """Shared ground up to this is rounding: a strip of a millimetre along one pixel."""
        return SLIVER_WIDTH_M * self.grid.pixel_m

    @cached_property
    def to_metres(self) -> Callable[[Array], Array]:
        """Grid units to the measuring CRS; coordinates of shape (n, 2)."""
        move = pyproj.Transformer.from_crs(self.grid.crs, self.measuring_crs, always_xy=True)

        def moved(units: Array) -> Array:
            return np.column_stack(move.transform(*self.grid.from_units(units).T))

        return moved

    def cover_m2(self, shapes: Array) -> Array:
        """True square metres of each code in shapes of the measuring CRS; (shape, code)."""
        placed = self.grid.place(shapes, crs=self.measuring_crs)
        return cover_m2(placed, self.grid, self.read, count=len(self.classes) + 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Subjects on one raster, a row each; `side` says who they are.

    `own_m2` (subject, code) is the ground under the subject, NaN for bare points. `gap_m` (subject,
    code) is the way from an area's outline, or from a point itself, to the nearest ground of a
    code: 0 where it lies on it, infinite beyond `reach_m`. The last column is ground beyond the
    raster's edge.
    """

    side: Side
    ground: Ground
    own_m2: Array
    outside_m2: Array
    gap_m: Array

    @cached_property
    def touches(self) -> Array:
        """Whether a subject's own ground holds ground of each class, more than rounding."""
        return np.nan_to_num(self.own_m2[:, : self.ground.rest]) > self.ground.sliver_m2

    @cached_property
    def wholly(self) -> Array:
        """Whether a subject lies on nothing but each class."""
        sliver = self.ground.sliver_m2
        total = self.own_m2.sum(axis=1, keepdims=True) + self.outside_m2[:, None]
        own = self.own_m2[:, : self.ground.rest]
        with np.errstate(invalid="ignore"):
            whole: Array = (own > sliver) & (total - own <= sliver)
        return whole

    @cached_property
    def radius_m(self) -> Array:
        """Radius of points, 0 of areas."""
        return np.where(self.side.form == POINT, self.side.radius_m, 0.0)

    @cached_property
    def class_gap_m(self) -> Array:
        """The way from a subject's edge to each class; a point's radius is taken off, down to 0."""
        gap: Array = np.maximum(self.gap_m[:, : self.ground.rest] - self.radius_m[:, None], 0.0)
        gap[self.touches] = 0.0
        return gap

    @cached_property
    def unseen_gap_m(self) -> Array:
        """The way from a subject's edge to ground the raster says nothing of; 0 where it holds it.

        Beyond the raster's edge it says nothing either.
        """
        gap = np.minimum(self.gap_m[:, self.ground.unseen], self.gap_m[:, -1])
        unseen_m2 = np.nan_to_num(self.own_m2[:, self.ground.unseen] + self.outside_m2)
        gap[unseen_m2 > self.ground.sliver_m2] = 0.0
        nearest: Array = np.maximum(gap - self.radius_m, 0.0)
        return nearest

    @cached_property
    def depth_m(self) -> Array:
        """How deep a subject stands in each class, (subject, class); 0 where it does not.

        Of a point: the way to the nearest other ground. Of an area wholly on a class: its mean
        width and the way to the nearest other ground, as between two areas.
        """
        side, count = self.side, self.ground.rest
        depth = np.zeros((len(side), count))
        point, area = side.form == POINT, side.form == AREA
        width = np.zeros(len(side))
        width[area] = 2 * side.area_m2[area] / shapely.length(side.geometry[area])
        for code in range(count):
            other = np.delete(self.gap_m, code, axis=1).min(axis=1)
            here = point & (self.gap_m[:, code] == 0)
            depth[here, code] = other[here]
            within = area & self.wholly[:, code]
            depth[within, code] = width[within] + other[within]
        return depth

    def holds_deeper(self, than_m: Array) -> Array:
        """Whether ground of each class lies deeper than so many metres within a subject.

        Deeper than a negative depth lies everything that the subject touches.
        """
        deep = self.touches.copy()
        ask = np.flatnonzero(deep.any(axis=1) & (than_m > 0))
        if len(ask):
            shrunk = shapely.buffer(self.side.shape[ask], -than_m[ask], quad_segs=16)
            held = self.ground.cover_m2(shrunk)[:, : self.ground.rest]
            deep[ask] &= held > self.ground.sliver_m2
        return deep


def measured(side: Side, ground: Ground, *, reach_m: Array) -> Measured:
    """The points and areas of a side on a raster, searched up to `reach_m` around their edges."""
    which = side.form != LINE
    side, reach_m = side.take(which), reach_m[which]
    own = np.full((len(side), ground.unseen + 1), np.nan)
    outside = np.full(len(side), np.nan)
    shaped = np.flatnonzero(side.has_shape)
    own[shaped] = ground.cover_m2(side.shape[shaped])
    outside[shaped] = _outside_m2(side.shape[shaped], ground)
    gap = np.full((len(side), ground.unseen + 2), np.inf)
    gap[:, :-1] = _gaps(side, ground, own, reach_m=reach_m)
    gap[:, -1] = _way_out(side, ground, reach_m=reach_m)
    return Measured(side=side, ground=ground, own_m2=own, outside_m2=outside, gap_m=gap)


def _outside_m2(shapes: Array, ground: Ground) -> Array:
    placed = ground.grid.place(shapes, crs=ground.measuring_crs)
    whole = shapely.area(shapes)
    area = np.where(shapely.is_missing(placed), whole, 0.0)
    bounds = shapely.bounds(placed)
    out = (bounds[:, :2] < 0).any(axis=1) | (bounds[:, 2] > ground.grid.width)
    out |= bounds[:, 3] > ground.grid.height
    beyond = shapely.difference(placed[out], ground.grid.outline)
    area[out] = shapely.area(ground.grid.on_ground(beyond, crs=ground.measuring_crs))
    return area


def _gaps(side: Side, ground: Ground, own: Array, *, reach_m: Array) -> Array:
    """The way to the nearest ground of each code, by the pixels around each subject."""
    gap = np.full(own.shape, np.inf)
    area = side.form == AREA
    gap[(np.nan_to_num(own) > ground.sliver_m2) & area[:, None]] = 0.0
    around = shapely.buffer(side.geometry, (reach_m + side.radius_m * ~area) * _GROW + 0.01)
    # what lies under an area is known already
    around[area] = shapely.difference(around[area], side.geometry[area])
    placed = ground.grid.place(around, crs=ground.measuring_crs)
    wanted = gap > 0
    # classes nobody asks for matter only as the end of a class that a subject stands in
    known = np.nan_to_num(own)
    ends = known[:, : ground.rest].any(axis=1) & (known[:, ground.rest] <= ground.sliver_m2)
    wanted[:, ground.rest] &= ends | (side.form == POINT)
    flat = _Flat.around(side, ground)
    for part in covered(placed, ground.grid, ground.read, whole_tiles=False):
        assert isinstance(part, Cells)
        for start in range(0, len(part.zone), _DISTANCES):
            cells = part.take(slice(start, start + _DISTANCES))
            cells = cells.take(wanted[cells.zone, cells.code])
            cells = cells.take(flat.may_be_nearest(cells, codes=own.shape[1]))
            _nearer(gap, side, ground, cells)
    return gap


@dataclass(frozen=True, kw_only=True, eq=False)
class _Flat:
    """The plane around each point subject: the way to a pixel, near enough to leave most out.

    To move every pixel around ten thousand sites exactly takes ten times as long as all the rest.
    `at` are grid units, (subject, 2), NaN for areas; `off_m` the metres from the subject to there,
    and `step_m`, (subject, 2, 2), the metres east and north of a unit along columns, then upwards.
    """

    at: Array
    off_m: Array
    step_m: Array
    height: int

    @classmethod
    def around(cls, side: Side, ground: Ground) -> "_Flat":
        """Of all points of a side; areas are left as they are."""
        count = len(side)
        at, off = np.full((count, 2), np.nan), np.full((count, 2), np.nan)
        step = np.full((count, 2, 2), np.nan)
        points = np.flatnonzero(side.form == POINT)
        placed = ground.grid.place(side.geometry[points], crs=ground.measuring_crs)
        points = points[~shapely.is_missing(placed)]
        if len(points):
            units = shapely.get_coordinates(placed[~shapely.is_missing(placed)])
            own = shapely.get_coordinates(side.geometry[points])
            metres = ground.to_metres(units)
            at[points], off[points] = units, metres - own
            for axis, unit in enumerate(np.eye(2)):
                step[points, axis] = ground.to_metres(units + unit) - metres
        return cls(at=at, off_m=off, step_m=step, height=ground.grid.height)

    def may_be_nearest(self, cells: Cells, *, codes: int) -> Array:
        """Which pixels may be the nearest of their code to their point; all of those of areas.

        Far enough out to be surely not: the bend of the ground is left out, and _SLACK allows for
        several times as much.
        """
        zone = cells.zone
        away = np.column_stack([cells.column + 0.5, self.height - cells.row - 0.5]) - self.at[zone]
        step = self.step_m[zone]
        metres = self.off_m[zone] + away[:, :1] * step[:, 0] + away[:, 1:] * step[:, 1]
        far = np.hypot(metres[:, 0], metres[:, 1])
        pair = zone.astype("int64") * codes + cells.code
        best = np.full(len(self.at) * codes, np.inf)
        known = np.isfinite(far)
        np.minimum.at(best, pair[known], far[known])
        rising, falling = step[:, 0] + step[:, 1], step[:, 0] - step[:, 1]
        half = np.maximum(np.hypot(*rising.T), np.hypot(*falling.T)) / 2
        slack = _SLACK[0] + _SLACK[1] * far + _SLACK[2] * far**2
        with np.errstate(invalid="ignore"):
            kept: Array = ~known | (far <= best[pair] + 1.2 * half + slack)
        return kept


def _nearer(gap: Array, side: Side, ground: Ground, cells: Cells) -> None:
    """Lower the gaps to those of these pixels, where they are nearer."""
    if not len(cells.zone):
        return
    zone, code, row, column = cells.zone, cells.code, cells.row, cells.column
    up = ground.grid.height - row
    middle = ground.to_metres(np.column_stack([column + 0.5, up - 0.5]))
    shape = side.geometry[zone]
    far = shapely.distance(shape, shapely.points(middle))
    pair = zone.astype("int64") * gap.shape[1] + code
    order = np.lexsort((far, pair))
    first = np.flatnonzero(np.diff(pair[order], prepend=-1))
    nearest = np.repeat(far[order][first], np.diff(np.append(first, len(order))))
    # the pixel whose edge is nearest has its middle at most half a diagonal further than any other
    corner = ground.to_metres(np.column_stack([column, up]))[order]
    half = np.hypot(*(corner - middle[order]).T)
    kept = order[far[order] <= nearest + 1.1 * half]
    offset = np.array([[0, 0], [1, 0], [1, -1], [0, -1]])
    corners = np.column_stack([column[kept], up[kept]])[:, None, :] + offset
    ring = ground.to_metres(corners.reshape(-1, 2).astype("float64")).reshape(-1, 4, 2)
    edge = shapely.distance(side.geometry[zone[kept]], shapely.polygons(ring))
    np.minimum.at(gap, (zone[kept], code[kept]), edge)


def _way_out(side: Side, ground: Ground, *, reach_m: Array) -> Array:
    """The way from each subject to ground beyond the raster's edge, infinite beyond the reach."""
    grid = ground.grid
    around = shapely.buffer(side.geometry, (reach_m + side.radius_m) * _GROW + 0.01)
    placed = grid.place(around, crs=ground.measuring_crs)
    bounds = shapely.bounds(placed)
    with np.errstate(invalid="ignore"):
        inside = (bounds[:, :2] >= 0).all(axis=1) & (bounds[:, 2] <= grid.width)
        inside &= bounds[:, 3] <= grid.height
    way = np.where(inside, np.inf, 0.0)
    ask = np.flatnonzero(~inside & ~shapely.is_missing(placed))
    if len(ask):
        outline = grid.on_ground(np.array([grid.outline]), crs=ground.measuring_crs)[0]
        within = shapely.covers(outline, side.geometry[ask])
        edge = shapely.distance(side.geometry[ask], shapely.boundary(outline))
        way[ask] = np.where(within, edge, 0.0)
    return way
