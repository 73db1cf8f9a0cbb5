"""Intersections and unions by GEOS: where a polygon is wanted, and where crossings do not decide.

A prepared geometry belongs to one thread, so prepared copies are made inside each call and never
leave it.
"""

import numpy as np
import shapely

from geo.outline import HEAVY_VERTICES, Array

_CLIP_FROM = 24
ON_ITSELF = 1e-9
"""Share of an area that rounding may leave out of it."""


def shared_by_geos(one: Array, other: Array) -> tuple[Array, Array]:
    """Square metres and metres of outline that pairs of areas share."""
    swap = shapely.get_num_coordinates(one) < shapely.get_num_coordinates(other)
    common = intersections(np.where(swap, other, one), np.where(swap, one, other))
    # length of a collection counts stray lines, where the areas touch: they are not outline
    return shapely.area(common), shapely.length(areal(common))


def prepared_copies(geometry: Array, which: Array) -> tuple[Array, Array]:
    """Prepared copies of the geometries at `which`, and where in them each one stands."""
    uniques, of = np.unique(which, return_inverse=True)
    copies = shapely.force_2d(geometry[uniques])
    shapely.prepare(copies)
    return copies, of


def intersections(heavy: Array, light: Array) -> Array:
    """Exact intersections of pairs; before meeting a light area a heavy one is cut to its box.

    Two heavy areas are intersected whole: GEOS cuts them itself, and a cut of ours would have to be
    checked for validity first.
    """
    if not len(heavy):
        return np.empty(0, dtype=object)
    few = shapely.get_num_coordinates(light) <= HEAVY_VERTICES
    many = shapely.get_num_coordinates(heavy) > _CLIP_FROM
    cut = np.flatnonzero(few & many)
    if len(cut):
        heavy = heavy.copy()
        heavy[cut] = _clipped(heavy[cut], shapely.bounds(light[cut]))
    common: Array = shapely.intersection(heavy, light)
    return common


def _clipped(geometry: Array, box: Array) -> Array:
    """Geometries cut to boxes, with a margin that keeps the cut away from what counts."""
    side = np.maximum(box[:, 2:] - box[:, :2], 0).max(axis=1, keepdims=True)
    margin = 1.0 + 0.01 * side
    box = np.concatenate([box[:, :2] - margin, box[:, 2:] + margin], axis=1)
    # clip_by_rect takes one box a call; still several times faster than intersecting whole
    cut = np.array(
        [
            shapely.clip_by_rect(shape, *bounds)
            for shape, bounds in zip(geometry, box.tolist(), strict=True)
        ],
        dtype=object,
    )
    # it may leave a dirty outline; those pairs are intersected whole
    clean = shapely.is_valid(cut)
    return np.where(clean, cut, geometry)


def areal(geometry: Array) -> Array:
    """The polygons of each geometry; lines and points of a collection are left out."""
    areal = geometry.copy()
    areal[shapely.get_dimensions(geometry) < 2] = shapely.Polygon()
    mixed = np.flatnonzero(shapely.get_type_id(geometry) == 7)
    if len(mixed):
        parts, of = shapely.get_parts(geometry[mixed], return_index=True)
        parts, again = shapely.get_parts(parts, return_index=True)
        kept = shapely.get_dimensions(parts) == 2
        made = np.full(len(mixed), shapely.Polygon(), dtype=object)
        shapely.multipolygons(parts[kept], indices=of[again][kept], out=made)
        areal[mixed] = made
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
    linked = common > ON_ITSELF * np.minimum(area[left], area[right])
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
