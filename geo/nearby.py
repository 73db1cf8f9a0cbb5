"""The right side of a rule, and who is near it.

Everything works on arrays of shapely geometries in one metric CRS. Features of many vertices are
asked chunk by chunk (`geo.outline`), the others whole.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.ground import Ground
from geo.measure import AREA, Array, Side
from geo.outline import HEAVY_VERTICES, Outline


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
