"""Lines and areas cut to a box, whatever their shape: nothing here can fail or refuse an outline.

Areas by Sutherland and Hodgman (1974, Communications of the ACM 17/1), one edge of the box after
another: where an area leaves the box and comes back, its parts stay joined along the edge, which
lies outside what a tile shows. Lines by Liang and Barsky (1984, ACM Transactions on Graphics 3/1).
"""

from dataclasses import replace

import numpy as np

from geo.tiles.ragged import Array, after, offsets_of, rows_of
from geo.tiles.shapes import AREA, LINE, Shapes, distinct, ring_areas


def clip(shapes: Shapes, *, low: float, high: float) -> Shapes:
    """What of the shapes lies between `low` and `high` on both axes, rounded to whole units.

    Features stay in their order; one of which nothing is left has no rings. Points are left as they
    are.
    """
    form = shapes.form[shapes.feature_of_ring]
    outside = (shapes.xy < low) | (shapes.xy > high)
    touched = np.zeros(len(form), dtype=bool)
    touched[shapes.ring_of_corner[outside.any(axis=1)]] = True
    areas, lines = touched & (form == AREA), touched & (form == LINE)
    if not (areas.any() or lines.any()):
        return shapes
    feature = shapes.feature_of_ring
    parts = [_part(shapes, ~(areas | lines), feature)]
    if areas.any():
        parts.append(_clipped_areas(_part(shapes, areas, feature), low, high))
    if lines.any():
        parts.append(_clipped_lines(_part(shapes, lines, feature), low, high))
    return _joined(shapes, parts)


# a part: the corners, their offsets by ring, and of each ring its feature, its place and its sort
_Part = tuple[Array, Array, Array, Array, Array]


def _part(shapes: Shapes, keep: Array, feature: Array) -> _Part:
    some = shapes.only_rings(keep)
    place = np.flatnonzero(keep)
    return some.xy.astype("float64"), some.corners, feature[keep], place, some.is_hole


def _clipped_areas(part: _Part, low: float, high: float) -> _Part:
    xy, corners, feature, place, is_hole = part
    for axis in (0, 1):
        for limit, sign in ((low, 1.0), (high, -1.0)):
            xy, corners = _one_side(xy, corners, axis=axis, limit=limit, sign=sign)
    return xy, corners, feature, place, is_hole


def _one_side(
    xy: Array, corners: Array, *, axis: int, limit: float, sign: float
) -> tuple[Array, Array]:
    """Rings cut at a line: the greater side stays where `sign` is 1, the lesser where it is -1."""
    if not len(xy):
        return xy, corners
    inside = sign * (xy[:, axis] - limit) >= 0
    follow = after(corners)
    crosses = inside != inside[follow]
    emitted = inside.astype("int64") + crosses
    begins = offsets_of(emitted)
    cut = np.empty((int(begins[-1]), 2))
    cut[begins[:-1][inside]] = xy[inside]
    edge = np.flatnonzero(crosses)
    start, end = xy[edge], xy[follow[edge]]
    share = (limit - start[:, axis]) / (end[:, axis] - start[:, axis])
    met = start + share[:, None] * (end - start)
    met[:, axis] = limit
    cut[begins[:-1][edge] + inside[edge]] = met
    return cut, begins[corners]


def _clipped_lines(part: _Part, low: float, high: float) -> _Part:
    xy, corners, feature, place, is_hole = part
    ring = rows_of(corners)
    start = np.flatnonzero(ring[1:] == ring[:-1])
    a, b = xy[start], xy[start + 1]
    enters, leaves = _visible(a, b - a, low, high)
    seen = enters < leaves
    start, ring = start[seen], ring[start[seen]]
    a, way = a[seen], (b - a)[seen]
    enters, leaves = enters[seen, None], leaves[seen, None]
    first, last = a + enters * way, a + leaves * way
    joins = np.zeros(len(start), dtype=bool)
    joins[1:] = (
        (ring[1:] == ring[:-1])
        & (start[1:] == start[:-1] + 1)
        & (enters[1:, 0] == 0)
        & (leaves[:-1, 0] == 1)
    )
    # a piece begins with the start of its first segment; every segment then gives its end
    emitted = np.where(joins, 1, 2)
    begins = offsets_of(emitted)
    cut = np.empty((int(begins[-1]), 2))
    cut[begins[1:] - 1] = last
    cut[begins[:-1][~joins]] = first[~joins]
    piece = np.flatnonzero(~joins)
    offsets = np.append(begins[:-1][piece], begins[-1])
    whose = ring[piece]
    return cut, offsets, feature[whose], place[whose], is_hole[whose]


def _visible(a: Array, way: Array, low: float, high: float) -> tuple[Array, Array]:
    """Where along each segment, 0 to 1, it enters the box and leaves it; enters >= leaves = not."""
    enters, leaves = np.zeros(len(a)), np.ones(len(a))
    for axis in (0, 1):
        step, at = way[:, axis], a[:, axis]
        still = step == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            to_low, to_high = (low - at) / step, (high - at) / step
        near, far = np.minimum(to_low, to_high), np.maximum(to_low, to_high)
        beside = still & ((at < low) | (at > high))
        enters = np.where(still, enters, np.maximum(enters, near))
        leaves = np.where(still, np.where(beside, -1.0, leaves), np.minimum(leaves, far))
    return enters, leaves


def _joined(shapes: Shapes, parts: list[_Part]) -> Shapes:
    """The parts as shapes again, rings in their old order, without those of which nothing stays."""
    xy = np.concatenate([one[0] for one in parts])
    counts = np.concatenate([np.diff(one[1]) for one in parts])
    feature, place, is_hole = (np.concatenate([one[n] for one in parts]) for n in (2, 3, 4))
    cut = Shapes(
        form=np.zeros(len(counts), dtype="uint8"),
        rings=np.arange(len(counts) + 1),
        corners=offsets_of(counts),
        xy=np.rint(xy).astype("int32"),
        is_hole=is_hole,
    )
    order = np.argsort(place, kind="stable")
    order = order[counts[order] > 0]
    ordered = cut.take(order)
    rings = offsets_of(np.bincount(feature[order], minlength=len(shapes)))
    return replace(ordered, form=shapes.form, rings=rings)


def tidy(shapes: Shapes) -> Shapes:
    """The same without corners that fell together and rings that are no line or outline any more.

    An outline needs three corners and some area, a line two corners; holes go with their outline.
    """
    form = shapes.form[shapes.feature_of_ring]
    keep = distinct(shapes.xy, shapes.corners, closed=form == AREA)
    thin = shapes.only_corners(keep) if not keep.all() else shapes
    return _drawable(thin, form)


def _drawable(shapes: Shapes, form: Array) -> Shapes:
    counts = np.diff(shapes.corners)
    doubled = ring_areas(shapes.xy, shapes.corners)
    outline = (form == AREA) & ~shapes.is_hole
    hole = (form == AREA) & shapes.is_hole
    stays = counts > 0
    stays &= ~(form == LINE) | (counts > 1)
    stays &= ~outline | ((counts > 2) & (doubled > 0))
    stays &= ~hole | ((counts > 2) & (doubled < 0))
    # a hole follows its outline and goes where that goes
    leader = np.maximum.accumulate(np.where(~hole, np.arange(len(form)), 0)) if len(form) else form
    stays &= ~hole | stays[leader]
    return shapes if stays.all() else shapes.only_rings(stays)
