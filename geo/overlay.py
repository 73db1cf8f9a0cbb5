"""Geometry of the conflict engine: who is near whom, and how much ground two areas share.

Everything works on arrays of shapely geometries in one metric CRS. A prepared geometry belongs to
one thread, so prepared copies are made inside each call and never leave it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from geo.crossings import Meetings, shared_by_crossing
from geo.ground import Ground
from geo.measure import AREA, Array, Side
from geo.outline import HEAVY_VERTICES, Outline, steps_of

SLIVER_WIDTH_M = 0.001
"""A shared strip narrower than this on average is rounding of coordinates, hence touching."""

_CLIP_FROM = 24
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


class Right:
    """The right side of a rule with its search trees; built once, then only read by threads."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.ground = Ground.of(side.geometry)
        heavy = self.ground.vertices > HEAVY_VERTICES
        self.light = np.flatnonzero(~heavy)
        self.heavy = self.ground.heavy
        self.light_tree = shapely.STRtree(side.geometry[self.light])
        self.heavy_tree = shapely.STRtree(side.geometry[self.heavy])

    @property
    def outline(self) -> Outline:
        """Edges of the heavy features; owners are positions in `heavy`."""
        return self.ground.outline

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
        edge_key, edge_m = self._edges_within(geometry, reach_m)
        inside_key = np.union1d(self._held(geometry), edge_key[edge_m == 0])
        width = max(len(self.side), 1)
        inside_key = inside_key[self.side.form[inside_key % width] == AREA]
        key = np.union1d(edge_key, inside_key)
        all_edge = np.full(len(key), np.inf)
        all_edge[np.searchsorted(key, edge_key)] = edge_m
        return Pairs(
            left=key // width,
            right=key % width,
            edge_m=all_edge,
            inside=np.isin(key, inside_key),
        )

    def _edges_within(self, geometry: Array, reach_m: Array) -> tuple[Array, Array]:
        """Keys left * features + right of heavy edges within reach, in order, and how far."""
        box = shapely.bounds(geometry)
        box[:, :2] -= reach_m[:, None]
        box[:, 2:] += reach_m[:, None]
        at, chunk = self.outline.near_boxes(box)
        far = distance_to_chunks(geometry, self.outline, at, chunk)
        close = far <= reach_m[at]
        at, chunk, far = at[close], chunk[close], far[close]
        key = at * len(self.side) + self.heavy[self.outline.owner[chunk]]
        unique, start = np.unique(key, return_inverse=True)
        edge_m = np.full(len(unique), np.inf)
        np.minimum.at(edge_m, start, far)
        return unique, edge_m

    def _held(self, geometry: Array) -> Array:
        """Keys left * features + right of heavy areas that hold a vertex of the left geometry."""
        xy, owner = part_vertices(geometry)
        at, found = self.heavy_tree.query(geometry[owner])
        heavy = self.heavy[found]
        area = self.side.form[heavy] == AREA
        at, heavy = at[area], heavy[area]
        held = self.ground.holds(xy[at], heavy)
        keys: Array = np.unique(owner[at[held]] * len(self.side) + heavy[held])
        return keys

    def nearest(self, geometry: Array) -> tuple[Array, Array]:
        """Distance in metres from each geometry to the nearest right edge, and whose it is.

        For geometries outside every area; infinite and -1 where the right side is empty.
        """
        best_m = np.full(len(geometry), np.inf)
        best = np.full(len(geometry), -1, dtype="int64")
        if not len(geometry):
            return best_m, best
        if len(self.light):
            (left, found), far = self.light_tree.query_nearest(
                geometry, return_distance=True, all_matches=False
            )
            best_m[left], best[left] = far, self.light[found]
        if len(self.outline):
            self._nearest_heavy(geometry, best_m, best)
        return best_m, best

    def _nearest_heavy(self, geometry: Array, best_m: Array, best: Array) -> None:
        """Better `best_m` and `best` where a heavy feature is nearer."""
        outline = self.outline
        centre = shapely.get_coordinates(shapely.centroid(geometry))
        some = outline.somewhere_near(centre)
        # nothing further away than the end of some near chunk can be the nearest
        bound = shapely.distance(geometry, shapely.points(outline.xy[outline.first[some]]))
        bound = np.minimum(bound, best_m)
        own = shapely.bounds(geometry)
        box = own + np.array([-1, -1, 1, 1]) * bound[:, None]
        at, chunk = outline.near_boxes(box)
        least = box_distance(own[at], outline.box[chunk])
        first = np.lexsort((chunk, least, at))
        first = first[np.flatnonzero(np.diff(at[first], prepend=-1))]
        bound[at[first]] = np.minimum(
            bound[at[first]], distance_to_chunks(geometry, outline, at[first], chunk[first])
        )
        # rounding: a box is never further than what it holds, but both are computed
        able = least <= bound[at] * (1 + 1e-12)
        at, chunk = at[able], chunk[able]
        far = distance_to_chunks(geometry, outline, at, chunk)
        order = np.lexsort((outline.owner[chunk], far, at))
        order = order[np.flatnonzero(np.diff(at[order], prepend=-1))]
        order = order[far[order] < best_m[at[order]]]
        best_m[at[order]] = far[order]
        best[at[order]] = self.heavy[outline.owner[chunk[order]]]


def distance_to_chunks(geometry: Array, outline: Outline, at: Array, chunk: Array) -> Array:
    """Distance in metres from the geometries at `at` to chunks of an outline, pair by pair."""
    far = np.empty(len(at))
    point = shapely.get_type_id(geometry)[at] == 0
    xy = shapely.get_coordinates(geometry[at[point]])
    far[point] = outline.distance(xy, chunk[point])
    used, of = np.unique(chunk[~point], return_inverse=True)
    far[~point] = shapely.distance(geometry[at[~point]], outline.lines(used)[of])
    return far


def box_distance(one: Array, other: Array) -> Array:
    """Distance between boxes (n, 4), pair by pair; 0 where they meet."""
    gap = np.maximum(one[:, :2] - other[:, 2:], other[:, :2] - one[:, 2:])
    apart = np.maximum(gap, 0.0)
    distance: Array = np.sqrt((apart * apart).sum(axis=1))
    return distance


def part_vertices(geometry: Array) -> tuple[Array, Array]:
    """One vertex (x, y) of each part of each geometry, with the position of the geometry."""
    if np.all(shapely.get_type_id(geometry) == 0):
        return shapely.get_coordinates(geometry), np.arange(len(geometry))
    parts, owner = shapely.get_parts(geometry, return_index=True)
    xy, of = shapely.get_coordinates(parts, return_index=True)
    first = np.flatnonzero(np.diff(of, prepend=-1))
    return xy[first], owner[of[first]]


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
    area_m2[undecided], outline_m[undecided] = _intersected(
        left.shape[at[undecided]], ground.shape[on[undecided]]
    )
    some = area_m2 > 0
    return Shared(
        area_m2=area_m2,
        outline_m=outline_m,
        left_within=some & (area_m2 >= left.area_m2[at] * (1 - _ON_ITSELF)),
        right_within=some & (area_m2 >= ground.area_m2[on] * (1 - _ON_ITSELF)),
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
    # in one order, whatever that of the search trees, so that sums come out the same to the bit
    meet = meet[np.lexsort((opposite[meet], chunk[meet], pair[meet]))]
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


def _intersected(one: Array, other: Array) -> tuple[Array, Array]:
    """Area and outline of exact intersections."""
    swap = shapely.get_num_coordinates(one) < shapely.get_num_coordinates(other)
    common = intersections(np.where(swap, other, one), np.where(swap, one, other))
    # length of a collection counts stray lines, where the areas touch: they are not outline
    return shapely.area(common), shapely.length(areal(common))


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
