"""Geometry of the conflict engine: who is near whom, and how much ground two areas share.

Everything works on arrays of shapely geometries in one metric CRS. A prepared geometry belongs to
one thread, so prepared copies are made inside each call and never leave it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from geo.measure import AREA, HEAVY_VERTICES, Array, Side

SLIVER_WIDTH_M = 0.001
"""A shared strip narrower than this on average is rounding of coordinates, hence touching."""

_CLIP_FROM = 24
_PIECE_SEGMENTS = 32
_ON_ITSELF = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Pairs of positions (left, right) with arrays of the same length beside them.

    `edge_m` is the distance to the boundary of the right area (or to the right line or point),
    infinite where it is beyond the reach; `inside` says that the left geometry touches the area.
    """

    left: Array
    right: Array
    edge_m: Array
    inside: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Shared:
    """What pairs of areas share: square metres, metres of outline, and who lies within whom."""

    area_m2: Array
    outline_m: Array
    left_within: Array
    right_within: Array

    @property
    def width_m(self) -> Array:
        """Mean width of the shared ground: twice its area over its outline; 0 for none."""
        width = np.zeros(len(self.area_m2))
        np.divide(2 * self.area_m2, self.outline_m, out=width, where=self.outline_m > 0)
        return width


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """Areas with what is asked of each again and again."""

    shape: Array
    vertices: Array
    bounds: Array
    area_m2: Array

    @classmethod
    def of(cls, shape: Array) -> "Ground":
        """Areas as they are; what is no area has none."""
        return cls(
            shape=shape,
            vertices=shapely.get_num_coordinates(shape),
            bounds=shapely.bounds(shape),
            area_m2=shapely.area(shape),
        )


class Right:
    """The right side of a rule with its search trees; built once, then only read by threads."""

    def __init__(self, side: Side) -> None:
        self.side = side
        heavy = side.vertices > HEAVY_VERTICES
        self.light = np.flatnonzero(~heavy)
        self.heavy = np.flatnonzero(heavy)
        self.heavy_areas = np.flatnonzero(heavy & (side.form == AREA))
        self.light_tree = shapely.STRtree(side.geometry[self.light])
        self.heavy_tree = shapely.STRtree(side.geometry[self.heavy])
        pieces, owner = edge_pieces(side.geometry[self.heavy])
        self.piece_owner = self.heavy[owner]
        self.piece_tree = shapely.STRtree(pieces)

    @cached_property
    def ground(self) -> Ground:
        """The right features as areas; lines and points have an area of 0."""
        return Ground.of(self.side.geometry)

    def boxes_meet(self, geometry: Array) -> tuple[Array, Array]:
        """Pairs (left, right) whose bounding boxes meet."""
        light_left, light = self.light_tree.query(geometry)
        heavy_left, heavy = self.heavy_tree.query(geometry)
        return (
            np.concatenate([light_left, heavy_left]),
            np.concatenate([self.light[light], self.heavy[heavy]]),
        )

    def near(self, geometry: Array, *, reach_m: Array) -> Pairs:
        """Pairs that touch, or whose right edge lies within `reach_m` of the left geometry."""
        light = self._near_light(geometry, reach_m)
        heavy = self._near_heavy(geometry, reach_m)
        return Pairs(
            left=np.concatenate([light.left, heavy.left]),
            right=np.concatenate([light.right, heavy.right]),
            edge_m=np.concatenate([light.edge_m, heavy.edge_m]),
            inside=np.concatenate([light.inside, heavy.inside]),
        )

    def _near_light(self, geometry: Array, reach_m: Array) -> Pairs:
        left, found = self.light_tree.query(geometry, predicate="dwithin", distance=reach_m)
        right = self.light[found]
        area = self.side.form[right] == AREA
        edge_m = shapely.distance(geometry[left], self.side.geometry[right])
        inside = area & (edge_m == 0)
        edge_m[inside] = shapely.distance(
            geometry[left[inside]], shapely.boundary(self.side.geometry[right[inside]])
        )
        return Pairs(left=left, right=right, edge_m=edge_m, inside=inside)

    def _near_heavy(self, geometry: Array, reach_m: Array) -> Pairs:
        width = len(self.side)
        left, piece = self.piece_tree.query(geometry, predicate="dwithin", distance=reach_m)
        far = shapely.distance(geometry[left], self.piece_tree.geometries[piece])
        edge_key, start = np.unique(left * width + self.piece_owner[piece], return_inverse=True)
        edge_m = np.full(len(edge_key), np.inf)
        np.minimum.at(edge_m, start, far)
        # the tree stands on the block, so that each many-vertex area is prepared just once
        found, inside_left = shapely.STRtree(geometry).query(
            self.side.geometry[self.heavy_areas], predicate="intersects"
        )
        inside_key = inside_left * width + self.heavy_areas[found]
        key = np.union1d(edge_key, inside_key)
        all_edge = np.full(len(key), np.inf)
        all_edge[np.searchsorted(key, edge_key)] = edge_m
        return Pairs(
            left=key // width if width else key,
            right=key % width if width else key,
            edge_m=all_edge,
            inside=np.isin(key, inside_key),
        )

    def nearest(self, geometry: Array) -> tuple[Array, Array]:
        """Distance in metres from each geometry to the nearest right edge, and whose it is.

        For geometries outside every area; infinite and -1 where the right side is empty.
        """
        best_m = np.full(len(geometry), np.inf)
        best = np.full(len(geometry), -1, dtype="int64")
        tree, owner = self.edges
        if len(tree) and len(geometry):
            (left, found), far = tree.query_nearest(
                geometry, return_distance=True, all_matches=False
            )
            best_m[left], best[left] = far, owner[found]
        return best_m, best

    @cached_property
    def edges(self) -> tuple[Any, Array]:
        """One tree of light features and pieces of heavy ones, with whose each is."""
        shapes = np.concatenate([self.light_tree.geometries, self.piece_tree.geometries])
        return shapely.STRtree(shapes), np.concatenate([self.light, self.piece_owner])


def edge_pieces(geometry: Array) -> tuple[Array, Array]:
    """Boundaries of areas and courses of lines cut into short pieces, with each one's owner.

    A piece has at most 32 segments. Searching pieces instead of whole outlines keeps boxes small:
    one river's box may cover half the country.
    """
    area = shapely.get_dimensions(geometry) == 2
    lines = geometry.copy()
    lines[area] = shapely.boundary(geometry[area])
    parts, owner = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    count = np.bincount(part, minlength=len(parts))
    first = np.cumsum(count) - count
    pieces_of = np.maximum(-(-(count - 1) // _PIECE_SEGMENTS), 1)
    of_part = np.repeat(np.arange(len(parts)), pieces_of)
    nth = np.arange(len(of_part)) - np.repeat(np.cumsum(pieces_of) - pieces_of, pieces_of)
    start = nth * _PIECE_SEGMENTS
    # the points of a multipoint become lines of no length
    length = np.maximum(np.minimum(_PIECE_SEGMENTS, count[of_part] - 1 - start) + 1, 2)
    piece = np.repeat(np.arange(len(of_part)), length)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(length) - length, length)
    vertex = np.minimum(start[piece] + step, count[of_part][piece] - 1) + first[of_part][piece]
    pieces = shapely.linestrings(xy[vertex], indices=piece)
    return np.atleast_1d(pieces), owner[of_part]


def shared_ground(left: Ground, right: Ground, *, pairs: tuple[Array, Array]) -> Shared:
    """Area and outline that pairs of areas share; zeros where they only touch or miss.

    A prepared test finds the pairs in which one area lies wholly within the other; only pairs
    that cross a boundary are intersected. The answer does not depend on how pairs are grouped.
    """
    at, on = pairs
    area_m2, outline_m = np.zeros(len(at)), np.zeros(len(at))
    right_heavier = right.vertices[on] >= left.vertices[at]
    for which, heavy, light, h, k in (
        (np.flatnonzero(right_heavier), right, left, on, at),
        (np.flatnonzero(~right_heavier), left, right, at, on),
    ):
        area_m2[which], outline_m[which] = _shared(heavy, light, h[which], k[which])
    some = area_m2 > 0
    return Shared(
        area_m2=area_m2,
        outline_m=outline_m,
        left_within=some & (area_m2 >= left.area_m2[at] * (1 - _ON_ITSELF)),
        right_within=some & (area_m2 >= right.area_m2[on] * (1 - _ON_ITSELF)),
    )


def _shared(heavy: Ground, light: Ground, h: Array, k: Array) -> tuple[Array, Array]:
    area_m2, outline_m = np.zeros(len(h)), np.zeros(len(h))
    if not len(h):
        return area_m2, outline_m
    prepared, of = prepared_copies(heavy.shape, h)
    within = _boxes_within(light.bounds[k], heavy.bounds[h])
    within[within] = shapely.contains_properly(prepared[of[within]], light.shape[k[within]])
    area_m2[within] = light.area_m2[k[within]]
    outline_m[within] = shapely.length(light.shape[k[within]])
    rest = np.flatnonzero(~within)
    rest = rest[shapely.intersects(prepared[of[rest]], light.shape[k[rest]])]
    common = intersections(heavy.shape[h[rest]], light.shape[k[rest]])
    area_m2[rest] = shapely.area(common)
    # length of a collection counts stray lines, where the areas touch: they are not outline
    outline_m[rest] = shapely.length(areal(common))
    return area_m2, outline_m


def _boxes_within(inner: Array, outer: Array) -> Array:
    lower = np.all(inner[:, :2] >= outer[:, :2], axis=1)
    upper = np.all(inner[:, 2:] <= outer[:, 2:], axis=1)
    both: Array = np.logical_and(lower, upper)
    return both


def prepared_copies(geometry: Array, which: Array) -> tuple[Array, Array]:
    """Prepared copies of the geometries at `which`, and where in them each one stands."""
    uniques, of = np.unique(which, return_inverse=True)
    copies = shapely.force_2d(geometry[uniques])
    shapely.prepare(copies)
    return copies, of


def intersections(heavy: Array, light: Array) -> Array:
    """Exact intersections of pairs; the many-vertex side is cut down to the other's box first."""
    if not len(heavy):
        return np.empty(0, dtype=object)
    a, b = shapely.bounds(heavy), shapely.bounds(light)
    box = np.concatenate([np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])], axis=1)
    # a margin keeps the cut away from the ground that counts
    margin = 1.0 + 0.01 * np.maximum(box[:, 2:] - box[:, :2], 0).max(axis=1, keepdims=True)
    box = np.concatenate([box[:, :2] - margin, box[:, 2:] + margin], axis=1)
    common: Array = shapely.intersection(_clipped(heavy, box), _clipped(light, box))
    return common


def _clipped(geometry: Array, box: Array) -> Array:
    many = np.flatnonzero(shapely.get_num_coordinates(geometry) > _CLIP_FROM)
    if not len(many):
        return geometry
    # clip_by_rect takes one box a call; still several times faster than intersecting whole
    cut = np.array(
        [
            shapely.clip_by_rect(shape, *bounds)
            for shape, bounds in zip(geometry[many], box[many].tolist(), strict=True)
        ],
        dtype=object,
    )
    # it may leave a dirty outline; those pairs are intersected whole
    clean = shapely.is_valid(cut)
    clipped = geometry.copy()
    clipped[many[clean]] = cut[clean]
    return clipped


def areal(geometry: Array) -> Array:
    """The polygons of each geometry; lines and points of a collection are left out."""
    mixed = np.flatnonzero(shapely.get_type_id(geometry) == 7)
    other = shapely.get_dimensions(geometry) < 2
    areal = geometry.copy()
    areal[other] = shapely.Polygon()
    for place in mixed:
        parts = shapely.get_parts(geometry[place])
        areal[place] = shapely.multipolygons(
            shapely.get_parts(parts[shapely.get_dimensions(parts) == 2])
        )
    return areal


def union_area_m2(pieces: Array) -> float:
    """Square metres the pieces cover together, each spot counted once.

    Most pieces overlap no other one: their areas are added. Only groups of pieces that share
    ground are united.
    """
    area = shapely.area(pieces)
    pieces, area = pieces[area > 0], area[area > 0]
    if not len(pieces):
        return 0.0
    left, right = shapely.STRtree(pieces).query(pieces)
    once = left < right
    left, right = left[once], right[once]
    meet = shapely.intersects(pieces[left], pieces[right])
    left, right = left[meet], right[meet]
    common = np.zeros(len(left))
    same = shapely.equals_identical(pieces[left], pieces[right])
    common[same] = area[left[same]]
    common[~same] = shapely.area(intersections(pieces[left[~same]], pieces[right[~same]]))
    linked = common > _ON_ITSELF * np.minimum(area[left], area[right])
    left, right, common = left[linked], right[linked], common[linked]
    group = _groups(len(pieces), left, right)
    size = np.bincount(group, minlength=len(pieces))
    total = float(area[size[group] <= 2].sum() - common[size[group[left]] == 2].sum())
    crowded = np.flatnonzero(size[group] > 2)
    crowded = crowded[np.argsort(group[crowded], kind="stable")]
    starts = np.flatnonzero(np.diff(group[crowded])) + 1
    for members in np.split(crowded, starts) if len(crowded) else ():
        total += float(shapely.area(shapely.union_all(pieces[members])))
    return total


def _groups(count: int, left: Array, right: Array) -> Array:
    """Smallest member of each one's connected component."""
    group = np.arange(count)
    while len(left):
        low = np.minimum(group[left], group[right])
        before = group.copy()
        for end in (left, right):
            np.minimum.at(group, group[end], low)
            np.minimum.at(group, end, low)
        group = group[group]
        if np.array_equal(group, before):
            break
    return group
