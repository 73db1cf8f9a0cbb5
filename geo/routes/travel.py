"""How far and how long from each place to each other one: over roads, or straight where none lead.

Roads are lines in a metric CRS. Lines that share a corner meet there, as in OpenStreetMap; two that
only cross on paper do not, for one may be a bridge. The loose end of a line is joined to a road
within `snap_m`, for drawings that stop short. From a place one walks or drives straight to the
nearest road within `reach_m`; two places nearer to each other than to their roads are reached
straight. Where two places hang on pieces of road that are not joined, or lie
too far from any, the way between them is a straight line and says so.

Shortest paths are Dijkstra's, by `scipy.sparse.csgraph`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from geo.errors import GeoError
from geo.measure import Array

_SAME_M = 0.01
"""Corners closer than a centimetre are one: drawings round differently."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What is assumed of travelling. Speeds in km/h, lengths in metres.

    `straight_detour` is how much longer the true way is taken to be than a straight line.
    """

    road_kmh: float = 30.0
    off_road_kmh: float = 8.0
    straight_kmh: float = 15.0
    straight_detour: float = 1.4
    reach_m: float = 5_000.0
    snap_m: float = 10.0

    def __post_init__(self) -> None:
        for name in ("road_kmh", "off_road_kmh", "straight_kmh", "straight_detour"):
            if not getattr(self, name) > 0:
                raise GeoError(f"'{name}' of a pace must be above 0, not {getattr(self, name)}.")
        for name in ("reach_m", "snap_m"):
            if not getattr(self, name) >= 0:
                raise GeoError(f"'{name}' of a pace cannot be {getattr(self, name)} m.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Travel:
    """Every way between n places, in their order. All tables are (n, n).

    `seconds` and `metres` of the way there; metres of a straight line are those of the line, its
    seconds those of the longer way taken for true. `on_road` tells which ways lead over roads,
    ways off the road at both ends included in their metres; `off_road_m` (n,) is how far each
    place lies from its road, NaN where no road is within reach.
    """

    seconds: Array
    metres: Array
    on_road: Array
    off_road_m: Array
    _places: Array
    _nodes: Array = field(repr=False)
    _before: Array = field(repr=False)

    def path(self, start: int, end: int) -> shapely.LineString:
        """The way from one place to another, in the CRS of the places."""
        here, there = self._places[start], self._places[end]
        if not self.on_road[start, end]:
            return shapely.LineString([here, there])
        trail = [there]
        n = len(self._places)
        node = end
        while node != start:
            node = int(self._before[start, node])
            trail.append(self._places[node] if node < n else self._nodes[node - n])
        return shapely.LineString(trail[::-1])


def travel_between(
    places: Array,
    roads: Sequence[shapely.Geometry] | Array = (),
    *,
    pace: Pace | None = None,
    kmh: Array | None = None,
) -> Travel:
    """Ways between `places`, (n, 2) metres, over `roads` in the same metric CRS.

    `kmh` is the speed on each road; where it is NaN or not given `pace.road_kmh` is assumed. Roads
    that are missing or empty are passed over; anything but lines is refused with GeoError.
    """
    pace = pace or Pace()
    places = np.asarray(places, dtype="float64").reshape(-1, 2)
    if not np.isfinite(places).all():
        raise GeoError("A place to travel to has no coordinates. Leave it out or place it first.")
    ends, nodes, speeds = _segments(np.asarray(roads, dtype=object), kmh, pace)
    access = _access(places, nodes, ends, pace)
    graph_nodes, edges, metres, seconds = _graph(nodes, ends, speeds, access, pace)
    n, size = len(places), len(places) + len(graph_nodes)
    both = np.concatenate([edges, edges[:, ::-1]])
    weights = _quickest(both, np.tile(seconds, 2), size)
    took, before = dijkstra(weights, indices=np.arange(n), return_predecessors=True)
    took, before = took.reshape(n, size), before.reshape(n, size)
    order = np.lexsort((np.tile(seconds, 2), both[:, 1], both[:, 0]))
    along = _lengths(both[order], np.tile(metres, 2)[order], took, before)
    straight = np.linalg.norm(places[:, None, :] - places[None, :, :], axis=2)
    # two places nearer to each other than to their roads are reached across the ground
    off_m = np.nan_to_num(access[:, 1])
    worth = off_m[:, None] + off_m[None, :] < straight
    on_road = np.isfinite(took[:, :n]) & worth
    slow = straight * pace.straight_detour / (pace.straight_kmh / 3.6)
    return Travel(
        seconds=np.where(on_road, took[:, :n], slow),
        metres=np.where(on_road, along, straight),
        on_road=on_road,
        off_road_m=access[:, 1],
        _places=places,
        _nodes=graph_nodes,
        _before=before,
    )


def _segments(roads: Array, kmh: Array | None, pace: Pace) -> tuple[Array, Array, Array]:
    """Straight pieces of road: (m, 2) numbers of their end nodes, (k, 2) nodes, (m,) km/h."""
    lines = roads[~(shapely.is_missing(roads) | shapely.is_empty(roads))] if len(roads) else roads
    speed = np.full(len(roads), pace.road_kmh)
    if kmh is not None:
        given = np.asarray(kmh, dtype="float64")
        speed = np.where(np.isfinite(given) & (given > 0), given, pace.road_kmh)
    if not len(lines):
        return np.zeros((0, 2), dtype="int64"), np.zeros((0, 2)), np.zeros(0)
    if (shapely.get_dimensions(lines) != 1).any():
        raise GeoError("Roads must be lines. Leave areas and points out before asking for ways.")
    speed = speed[~(shapely.is_missing(roads) | shapely.is_empty(roads))]
    parts, of = shapely.get_parts(shapely.force_2d(lines), return_index=True)
    corners, line = shapely.get_coordinates(parts, return_index=True)
    _, first, node = np.unique(
        np.round(corners / _SAME_M).astype("int64"), axis=0, return_index=True, return_inverse=True
    )
    node = node.reshape(-1)
    joined = line[1:] == line[:-1]
    ends = np.column_stack([node[:-1], node[1:]])[joined]
    speeds = speed[of][line[:-1]][joined]
    real = ends[:, 0] != ends[:, 1]
    return ends[real], corners[first], speeds[real]


def _access(places: Array, nodes: Array, ends: Array, pace: Pace) -> Array:
    """(n, 3): the nearest piece of road of each place, how far it is, where on it (0 to 1).

    The piece is -1 and the distance NaN where none is within reach.
    """
    found = np.column_stack(
        [np.full(len(places), -1.0), np.full(len(places), np.nan), np.zeros(len(places))]
    )
    if not len(ends) or not len(places):
        return found
    pieces = shapely.linestrings(nodes[ends])
    tree = shapely.STRtree(pieces)
    points = shapely.points(places)
    (which, piece), away = tree.query_nearest(
        points, max_distance=pace.reach_m or None, return_distance=True, all_matches=False
    )
    near = away <= pace.reach_m
    which, piece, away = which[near], piece[near], away[near]
    along = shapely.line_locate_point(pieces[piece], points[which], normalized=True)
    found[which] = np.column_stack([piece, away, along])
    return found


def _graph(
    nodes: Array, ends: Array, speeds: Array, access: Array, pace: Pace
) -> tuple[Array, Array, Array, Array]:
    """Nodes, edges, metres and seconds: places first, then corners, then where places join a road.

    Edges name places 0 to n-1 and nodes n on.
    """
    n, corners = len(access), len(nodes)
    hung = np.flatnonzero(access[:, 0] >= 0)
    piece = access[hung, 0].astype("int64")
    along = access[hung, 2]
    start, end = nodes[ends[piece, 0]], nodes[ends[piece, 1]]
    feet = start + (end - start) * along[:, None]
    foot = corners + np.arange(len(hung))
    every = np.concatenate([nodes, feet])
    chains, chained = _chains(ends, piece, along, foot)
    whole = np.ones(len(ends), dtype=bool)
    whole[piece] = False
    road = np.concatenate([ends[whole], chains])
    speed = np.concatenate([speeds[whole], speeds[chained]])
    gaps = _gaps(ends, nodes, pace.snap_m)
    road = np.concatenate([road, gaps])
    speed = np.concatenate([speed, np.full(len(gaps), pace.road_kmh)])
    metres = np.linalg.norm(every[road[:, 0]] - every[road[:, 1]], axis=1)
    edges = np.concatenate([road + n, np.column_stack([hung, foot + n])])
    off_m = access[hung, 1]
    seconds = np.concatenate([metres / (speed / 3.6), off_m / (pace.off_road_kmh / 3.6)])
    return every, edges, np.concatenate([metres, off_m]), seconds


def _chains(ends: Array, piece: Array, along: Array, foot: Array) -> tuple[Array, Array]:
    """Pieces of road cut where places join them: edges, and the piece each was part of."""
    edges: list[tuple[int, int]] = []
    of: list[int] = []
    for one in np.unique(piece):
        here = np.flatnonzero(piece == one)
        stops = foot[here[np.argsort(along[here], kind="stable")]]
        chain = [ends[one, 0], *stops, ends[one, 1]]
        edges += [(int(left), int(right)) for left, right in pairwise(chain)]
        of += [int(one)] * (len(chain) - 1)
    return np.array(edges, dtype="int64").reshape(-1, 2), np.array(of, dtype="int64")


def _gaps(ends: Array, nodes: Array, snap_m: float) -> Array:
    """Edges from the loose end of a line to corners of other roads within `snap_m`."""
    if not len(ends) or snap_m <= 0:
        return np.zeros((0, 2), dtype="int64")
    times = np.bincount(ends.ravel(), minlength=len(nodes))
    loose = np.flatnonzero(times == 1)
    near = KDTree(nodes).query_ball_point(nodes[loose], snap_m)
    pairs = [(one, other) for one, some in zip(loose, near, strict=True) for other in some]
    found = np.array(pairs, dtype="int64").reshape(-1, 2)
    apart: Array = found[found[:, 0] != found[:, 1]]
    return apart


def _quickest(edges: Array, seconds: Array, size: int) -> coo_array:
    """The graph as a sparse table; of several edges between two nodes the quickest."""
    order = np.lexsort((seconds, edges[:, 1], edges[:, 0]))
    edges, seconds = edges[order], seconds[order]
    first = np.ones(len(edges), dtype=bool)
    first[1:] = (edges[1:] != edges[:-1]).any(axis=1)
    # an edge of no length would read as no edge
    weight = np.maximum(seconds[first], 1e-9)
    return coo_array((weight, (edges[first, 0], edges[first, 1])), shape=(size, size)).tocsr()


def _lengths(edges: Array, metres: Array, took: Array, before: Array) -> Array:
    """(n, n) metres along the quickest ways, NaN where there is none.

    Edges stand in the order of their nodes, of several between two the quickest first.
    """
    n, size = took.shape
    keys = edges[:, 0] * size + edges[:, 1]
    along = np.full((n, n), np.nan)
    for start in range(n):
        for end in range(n):
            if start == end or not np.isfinite(took[start, end]):
                continue
            trail = [end]
            while trail[-1] != start:
                trail.append(int(before[start, trail[-1]]))
            path = np.array(trail[::-1])
            at = np.searchsorted(keys, path[:-1] * size + path[1:])
            along[start, end] = metres[at].sum()
    np.fill_diagonal(along, 0.0)
    return along
