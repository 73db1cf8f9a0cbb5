"""How much ground two areas share.

The outlines decide it (`geo.crossings`) where they cross, one vertex where they do not, and GEOS
where a corner of one lies on the other's outline.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from geo.crossings import Meetings, shared_by_crossing
from geo.ground import Ground
from geo.intersections import ON_ITSELF, shared_by_geos
from geo.measure import Array
from geo.nearby import Right
from geo.outline import HEAVY_VERTICES, Outline, steps_of

SLIVER_WIDTH_M = 0.001
"""A shared strip narrower than this on average is rounding of coordinates, hence touching."""


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


def shared_ground(left: Ground, right: Right, *, pairs: tuple[Array, Array]) -> Shared:
    """Area and outline that pairs of areas share; zeros where they only touch or miss.

    Where no chunk of the heavier outline meets the lighter one's box, one vertex tells whether the
    lighter lies wholly within. Of the others the crossings of the outlines tell, or, where a vertex
    of one lies on the other's outline, the intersection by GEOS. The answer does not depend on how
    pairs are grouped.
    """
    at, on = pairs
    ground = right.ground
    area_m2, outline_m = np.zeros(len(at)), np.zeros(len(at))
    apart = np.ones(len(at), dtype=bool)
    undecided = np.zeros(len(at), dtype=bool)
    for group in _groups_that_meet(left, right, at, on):
        which = group.pair
        apart[which] = False
        area_m2[which], outline_m[which], decided = shared_by_crossing(
            group.one, group.other, group.owners, group.meetings
        )
        undecided[which] = ~decided
    within_right = apart & _inside(ground, left, on, at)
    within_left = apart & ~within_right & _inside(left, ground, at, on)
    for within, inner, which in ((within_right, left, at), (within_left, ground, on)):
        area_m2[within] = inner.area_m2[which[within]]
        outline_m[within] = shapely.length(inner.shape[which[within]])
    area_m2[undecided], outline_m[undecided] = shared_by_geos(
        left.shape[at[undecided]], ground.shape[on[undecided]]
    )
    some = area_m2 > 0
    return Shared(
        area_m2=area_m2,
        outline_m=outline_m,
        left_within=some & (area_m2 >= left.area_m2[at] * (1 - ON_ITSELF)),
        right_within=some & (area_m2 >= ground.area_m2[on] * (1 - ON_ITSELF)),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    """Pairs of which chunks meet: their positions, both outlines, and who they are in these."""

    pair: Array
    one: Outline
    other: Outline
    owners: tuple[Array, Array]
    meetings: Meetings


def _groups_that_meet(left: Ground, right: Right, at: Array, on: Array) -> Iterator[_Group]:
    """The pairs whose outlines may meet, heavy and light ones apart.

    Of pairs that are left out one lies within the other, or both apart: no chunk of the heavy one's
    outline meets the other's box, or, for two heavy areas of a single ring, no chunk of the other.
    Two light areas are never left out.
    """
    ground = right.ground
    heavy_at, heavy_on = left.vertices[at] > HEAVY_VERTICES, ground.vertices[on] > HEAVY_VERTICES
    key = at * max(len(right.side), 1) + on
    both = np.flatnonzero(heavy_at & heavy_on)
    if len(both):
        one, other = right.outline.near_chunks(left.outline)
        found = _key(right, left.heavy[left.outline.owner[one]], _owners(right, other))
        pair, found = _pairs_of(found, key[both])
        kept = np.flatnonzero(~(_single_ring(left, at[both]) & _single_ring(ground, on[both])))
        met = _Met(pair=pair, one=one[found], other=other[found])
        yield _group((left, at[both]), (ground, on[both]), both, met, kept=kept)
    one_heavy = np.flatnonzero(heavy_at & ~heavy_on)
    if len(one_heavy):
        chunk, light = right.light_tree.query(left.outline.diagonals)
        found = _key(right, left.heavy[left.outline.owner[chunk]], right.light[light])
        pair, found = _pairs_of(found, key[one_heavy])
        met = _Met(pair=pair, one=chunk[found])
        yield _group((left, at[one_heavy]), (ground, on[one_heavy]), one_heavy, met)
    other_heavy = np.flatnonzero(~heavy_at & heavy_on)
    if len(other_heavy):
        who = np.unique(at[other_heavy])
        asked, chunk = right.outline.near_boxes(left.bounds[who])
        pair, found = _pairs_of(_key(right, who[asked], _owners(right, chunk)), key[other_heavy])
        met = _Met(pair=pair, other=chunk[found])
        yield _group((left, at[other_heavy]), (ground, on[other_heavy]), other_heavy, met)
    neither = np.flatnonzero(~heavy_at & ~heavy_on)
    if len(neither):
        met = _Met(pair=np.arange(len(neither)))
        yield _group((left, at[neither]), (ground, on[neither]), neither, met)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Met:
    """Chunks that meet, by the position of their pair; None stands for every chunk of the area."""

    pair: Array
    one: Array | None = None
    other: Array | None = None


def _key(right: Right, left: Array, on: Array) -> Array:
    key: Array = left * max(len(right.side), 1) + on
    return key


def _owners(right: Right, chunk: Array) -> Array:
    owners: Array = right.heavy[right.outline.owner[chunk]]
    return owners


def _single_ring(ground: Ground, which: Array) -> Array:
    single: Array = ground.outline.rings[np.searchsorted(ground.heavy, which)] == 1
    return single


def _pairs_of(found: Array, asked: Array) -> tuple[Array, Array]:
    """Of keys that were found, those asked for: position in `asked` (no doubles) and in `found`."""
    order = np.argsort(asked)
    place = np.minimum(np.searchsorted(asked[order], found), len(asked) - 1)
    pair = order[place]
    wanted = np.flatnonzero(asked[pair] == found)
    return pair[wanted], wanted


def _group(
    left: tuple[Ground, Array],
    right: tuple[Ground, Array],
    which: Array,
    met: _Met,
    *,
    kept: Array | None = None,
) -> _Group:
    """The pairs at `which` that meet, and those of them at `kept` though they do not."""
    taken = met.pair if kept is None else np.concatenate([met.pair, kept])
    used, pair = np.unique(taken, return_inverse=True)
    pair = pair[: len(met.pair)]
    one, mine = left[0].outline_of(left[1][used], heavy=met.one is not None)
    other, theirs = right[0].outline_of(right[1][used], heavy=met.other is not None)
    chunk, opposite = met.one, met.other
    pair, chunk, opposite = _every_chunk(one, mine, pair, chunk, opposite)
    pair, opposite, chunk = _every_chunk(other, theirs, pair, opposite, chunk)
    assert chunk is not None
    a, b = one.box[chunk], other.box[opposite]
    meet = np.flatnonzero(np.all((a[:, :2] <= b[:, 2:]) & (b[:, :2] <= a[:, 2:]), axis=1))
    return _Group(
        pair=which[used],
        one=one,
        other=other,
        owners=(mine, theirs),
        meetings=Meetings(pair=pair[meet], one=chunk[meet], other=opposite[meet]),
    )


def _every_chunk(
    outline: Outline, owner: Array, pair: Array, chunk: Array | None, beside: Array | None
) -> tuple[Array, Array, Array | None]:
    """Meetings with each chunk of a pair's area where `chunk` is None, as they are where not."""
    if chunk is not None:
        return pair, chunk, beside
    first, last = outline.chunks_from[owner[pair]], outline.chunks_to[owner[pair]]
    repeated = np.repeat(np.arange(len(pair)), last - first)
    chunk = first[repeated] + steps_of(last - first)
    return pair[repeated], chunk, None if beside is None else beside[repeated]


def _inside(outer: Ground, inner: Ground, out: Array, into: Array) -> Array:
    """Whether the outer area of each pair is heavy and holds the inner one's first vertex."""
    inside = _boxes_within(inner.bounds[into], outer.bounds[out])
    inside &= outer.vertices[out] > HEAVY_VERTICES
    used, of = np.unique(into[inside], return_inverse=True)
    xy, owner = shapely.get_coordinates(inner.shape[used], return_index=True)
    xy = xy[np.flatnonzero(np.diff(owner, prepend=-1))]
    inside[inside] = outer.holds(xy[of], out[inside])
    return inside


def _boxes_within(inner: Array, outer: Array) -> Array:
    lower = np.all(inner[:, :2] >= outer[:, :2], axis=1)
    upper = np.all(inner[:, 2:] <= outer[:, 2:], axis=1)
    both: Array = np.logical_and(lower, upper)
    return both
