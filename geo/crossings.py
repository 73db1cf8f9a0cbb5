"""Ground two areas share where their outlines cross, by Green's theorem; no new polygon is made.

Along each outline, what lies within the other area runs from a crossing where it enters to the next
where it leaves. Those pieces of both outlines together go once around the shared ground: they give
its area and the length of its edge. Sides are decided by signs of which rounding cannot change the
outcome; a pair with a vertex on, or within a tenth of a micrometre of, the other's outline is given
back undecided, for the caller to intersect by other means.

Green's theorem: Riley, Hobson and Bence, Mathematical Methods for Physics and Engineering, 3rd
edition, 11.3. The error of an orientation: Shewchuk, Discrete & Computational Geometry 18 (1997).
"""

from dataclasses import dataclass

import numpy as np

from geo.outline import Array, Outline, steps_of, sums_of

NEAR_M = 1e-7
"""A vertex this near to the other outline's edge leaves the pair undecided."""

_ORIENTATION_ERROR = 4e-16
_BATCH = 1 << 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Meetings:
    """Chunks of two outlines whose boxes meet, each with the position of its pair."""

    pair: Array
    one: Array
    other: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Crossing:
    """Where edges cross: the pair, on either outline the chunk and the edge's first vertex; where.

    `leftward`: the edge of `one` passes from the right to the left of the other's.
    """

    pair: Array
    chunk: tuple[Array, Array]
    vertex: tuple[Array, Array]
    along: tuple[Array, Array]
    xy: Array
    leftward: Array


def shared_by_crossing(
    one: Outline, other: Outline, pairs: tuple[Array, Array], meetings: Meetings
) -> tuple[Array, Array, Array]:
    """Square metres and metres of edge that pairs of areas share, and whether they are decided.

    `pairs` are positions of the areas among the owners of the outlines; `meetings` must name all
    chunks of theirs whose boxes meet. The answer of a pair depends on that pair alone, to the bit.
    """
    count = len(pairs[0])
    crossing, decided = _crossings(one, other, meetings, count)
    origin = one.xy[one.ring_first[one.rings_from[pairs[0]]]] if count else np.zeros((0, 2))
    area_m2, edge_m = np.zeros(count), np.zeros(count)
    sides = ((one, other, 0, crossing.leftward), (other, one, 1, ~crossing.leftward))
    for own, opposite, side, leftward in sides:
        chunk = crossing.chunk[1 - side]
        enters = leftward == opposite.interior_left[opposite.ring[chunk]]
        area, length, orderly = _within(own, crossing, side, enters, origin)
        ring, of = _whole_rings(own, opposite, pairs, side, crossing)
        area += sums_of(of, own.turn[ring] * own.ring_area_m2[ring], count)
        length += sums_of(of, own.ring_length_m[ring], count)
        area_m2 += area
        edge_m += length
        decided &= orderly
    return np.maximum(area_m2, 0.0), np.maximum(edge_m, 0.0), decided


def _crossings(
    one: Outline, other: Outline, meetings: Meetings, count: int
) -> tuple[Crossing, Array]:
    """Every crossing, in an order that depends on its pair alone; which pairs are decided."""
    decided = np.ones(count, dtype=bool)
    found = []
    for low in range(0, max(len(meetings.pair), 1), _BATCH):
        part = slice(low, low + _BATCH)
        met = Meetings(pair=meetings.pair[part], one=meetings.one[part], other=meetings.other[part])
        crossing, unsure = _edges_crossing(one, other, met)
        decided[unsure] = False
        found.append(crossing)
    return Crossing(
        pair=np.concatenate([part.pair for part in found]),
        chunk=_both("chunk", found),
        vertex=_both("vertex", found),
        along=_both("along", found),
        xy=np.concatenate([part.xy for part in found]),
        leftward=np.concatenate([part.leftward for part in found]),
    ), decided


def _both(name: str, found: list[Crossing]) -> tuple[Array, Array]:
    first, second = (
        np.concatenate([getattr(part, name)[side] for part in found]) for side in (0, 1)
    )
    return first, second


def _edges_crossing(one: Outline, other: Outline, met: Meetings) -> tuple[Crossing, Array]:
    """The crossings of chunks, and the pairs that some edge of theirs leaves undecided."""
    at, start = _edges_in_box(one, met.one, other.box[met.other])
    on, begin = _edges_in_box(other, met.other, one.box[met.one])
    meeting, first, second = _combined(at, on, len(met.pair))
    a, b = start[first], begin[second]
    a0, a1, b0, b1 = one.xy[a], one.xy[a + 1], other.xy[b], other.xy[b + 1]
    near = np.all(np.minimum(a0, a1) <= np.maximum(b0, b1) + NEAR_M, axis=1)
    near &= np.all(np.minimum(b0, b1) <= np.maximum(a0, a1) + NEAR_M, axis=1)
    meeting, a, b = meeting[near], a[near], b[near]
    a0, a1, b0, b1 = a0[near], a1[near], b0[near], b1[near]
    sides = [_side(b0, b1, a0), _side(b0, b1, a1), _side(a0, a1, b0), _side(a0, a1, b1)]
    (d1, s1), (d2, s2), (d3, s3), (d4, s4) = sides
    # both ends surely on one side of the other edge: they do not meet, whatever else is unsure
    apart = (s1 * s2 > 0) | (s3 * s4 > 0)
    unsure = ~apart & ((s1 * s2 == 0) | (s3 * s4 == 0))
    crosses = ~apart & ~unsure
    d1, d2, d3, d4 = d1[crosses], d2[crosses], d3[crosses], d4[crosses]
    along, across = d1 / (d1 - d2), d3 / (d3 - d4)
    xy = a0[crosses] + along[:, None] * (a1[crosses] - a0[crosses])
    which = meeting[crosses]
    return Crossing(
        pair=met.pair[which],
        chunk=(met.one[which], met.other[which]),
        vertex=(a[crosses], b[crosses]),
        along=(along, across),
        xy=xy,
        leftward=d2 > 0,
    ), met.pair[meeting[unsure]]


def _edges_in_box(outline: Outline, chunk: Array, box: Array) -> tuple[Array, Array]:
    """Edges of chunks whose boxes meet a box each: position in `chunk`, first vertex."""
    which, start, end, _ = outline.edges(chunk)
    from_, to = outline.xy[start], outline.xy[end]
    meets = np.all(np.minimum(from_, to) <= box[which, 2:], axis=1)
    meets &= np.all(np.maximum(from_, to) >= box[which, :2], axis=1)
    # a chunk of a lone vertex has an edge of no length
    meets &= end > start
    return which[meets], start[meets]


def _combined(at: Array, on: Array, count: int) -> tuple[Array, Array, Array]:
    """Every pairing of what stands in `at` and in `on` (sorted) for the same of `count` groups."""
    times = np.bincount(on, minlength=count)
    from_ = (np.cumsum(times) - times)[at]
    repeated = times[at]
    first = np.repeat(np.arange(len(at)), repeated)
    second = np.repeat(from_, repeated) + steps_of(repeated)
    return at[first], first, second


def _side(a: Array, b: Array, p: Array) -> tuple[Array, Array]:
    """Twice the area of the triangle a b p, and its sign; 0 where p is too near the line a b."""
    edge, way = b - a, p - a
    left, right = edge[:, 0] * way[:, 1], edge[:, 1] * way[:, 0]
    twice = left - right
    slack = NEAR_M * np.sqrt((edge * edge).sum(axis=1))
    slack += _ORIENTATION_ERROR * (np.abs(left) + np.abs(right))
    return twice, np.where(np.abs(twice) <= slack, 0.0, np.sign(twice))


def _within(
    own: Outline, crossing: Crossing, side: int, enters: Array, origin: Array
) -> tuple[Array, Array, Array]:
    """Green's integral and length of an outline's pieces within the other area, pair by pair.

    Also whether entering and leaving take turns along every ring, as they must.
    """
    count = len(origin)
    chunk, vertex, along = (getattr(crossing, name)[side] for name in ("chunk", "vertex", "along"))
    ring = own.ring[chunk]
    order = np.lexsort((along, vertex, ring, crossing.pair))
    pair, ring, enters = crossing.pair[order], ring[order], enters[order]
    swept, gone = own.upto(chunk[order], vertex[order], crossing.xy[order])
    # about the pair's origin instead of the ring's
    shift = own.xy[own.ring_first[ring]] - origin[pair]
    here = crossing.xy[order] - origin[pair]
    swept += 0.5 * (shift[:, 0] * here[:, 1] - shift[:, 1] * here[:, 0])
    sign = np.where(enters, -1.0, 1.0)
    first = np.ones(len(pair), dtype=bool)
    first[1:] = (pair[1:] != pair[:-1]) | (ring[1:] != ring[:-1])
    last = np.roll(first, -1)
    orderly = np.ones(count, dtype=bool)
    same = ~first
    same[1:] &= enters[1:] == enters[:-1]
    orderly[pair[same]] = False
    starts = np.flatnonzero(first)
    ends = np.flatnonzero(last)
    orderly[pair[starts[enters[starts] == enters[ends]]]] = False
    # where a ring begins within, the piece before its first crossing began after its last
    inside = starts[~enters[starts]]
    turn = own.turn[ring]
    area = sums_of(pair, sign * turn * swept, count)
    area += sums_of(pair[inside], turn[inside] * own.ring_area_m2[ring[inside]], count)
    length = sums_of(pair, sign * gone, count)
    length += sums_of(pair[inside], own.ring_length_m[ring[inside]], count)
    return area, length, orderly


def _whole_rings(
    own: Outline, opposite: Outline, pairs: tuple[Array, Array], side: int, crossing: Crossing
) -> tuple[Array, Array]:
    """Rings that nothing crosses and that lie in the other area: ring, position of the pair."""
    mine, other = pairs[side], pairs[1 - side]
    rings = own.rings[mine]
    of = np.repeat(np.arange(len(mine)), rings)
    ring = np.repeat(own.rings_from[mine], rings) + steps_of(rings)
    width = len(own.ring_first) + 1
    crossed = np.isin(of * width + ring, crossing.pair * width + own.ring[crossing.chunk[side]])
    ring, of = ring[~crossed], of[~crossed]
    held = opposite.holds(own.xy[own.ring_first[ring]], other[of])
    return ring[held], of[held]
