"""Outlines of areas and courses of lines, cut into short chunks that have boxes.

Most questions about a licence of thousands of vertices are decided by boxes alone: where no chunk's
box meets the box of a field, the field is wholly inside or wholly outside, and counting how many
chunks pass beside one of its points tells which. Only what lies near an outline is asked exactly.
All of it is arithmetic on arrays; no answer depends on how the questions are grouped.
"""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import KDTree

Array = npt.NDArray[Any]

HEAVY_VERTICES = 64
"""From here on a geometry is searched chunk by chunk, not vertex by vertex."""

CHUNK_SEGMENTS = 32
_BATCH = 1 << 18
"""Edges looked at in one go; bounds the memory of a question."""

_MARGIN_M = 1e-6
"""Boxes are drawn this much too wide, so that what all but touches is looked at exactly."""


class Outline:
    """The rings and lines of geometries, as chunks of at most 32 segments in the order of owners.

    `owner` is the position of the geometry a chunk is of, `ring` its ring or line among all of the
    outline, `first` and `last` its end vertices in `xy`, `box` its bounds (minx, miny, maxx, maxy).
    A geometry of points has chunks of no length. Missing and empty geometries have none.

    Of each ring `ring_first` is its first vertex and `shell` says that it is no hole; an owner's
    rings begin at `rings_from` and number `rings`.
    """

    def __init__(self, geometry: Array) -> None:
        lines, owner, self.shell = _lines(geometry)
        self.xy: Array = shapely.get_coordinates(lines)
        count = shapely.get_num_coordinates(lines)
        start = np.cumsum(count) - count
        segments = np.maximum(count - 1, 0)
        chunks = np.maximum(-(-segments // CHUNK_SEGMENTS), 1) * (count > 0)
        line = np.repeat(np.arange(len(lines)), chunks)
        nth = steps_of(chunks)
        self.owner: Array = owner[line]
        self.ring: Array = line
        self.ring_first: Array = start
        self._ring_chunks: Array = chunks
        self.first: Array = start[line] + nth * CHUNK_SEGMENTS
        self.last: Array = np.minimum(self.first + CHUNK_SEGMENTS, start[line] + segments[line])
        self.box: Array = np.zeros((len(line), 4))
        if len(line):
            ends = self.xy[self.last]
            self.box[:, :2] = np.minimum(np.minimum.reduceat(self.xy, self.first), ends)
            self.box[:, 2:] = np.maximum(np.maximum.reduceat(self.xy, self.first), ends)
            self.box += np.array([-_MARGIN_M, -_MARGIN_M, _MARGIN_M, _MARGIN_M])
        edges = np.searchsorted(self.owner, np.arange(len(geometry) + 1))
        self.chunks_from, self.chunks_to = edges[:-1], edges[1:]
        self.rings = np.bincount(owner, minlength=len(geometry))
        self.rings_from: Array = np.cumsum(self.rings) - self.rings

    def __len__(self) -> int:
        return len(self.owner)

    @cached_property
    def diagonals(self) -> Array:
        """A line across each chunk's box; made once, as trees want geometries to ask with."""
        return diagonals(self.box)

    @cached_property
    def tree(self) -> Any:
        """A search tree of the chunks' boxes."""
        return shapely.STRtree(self.diagonals)

    @cached_property
    def _beginnings(self) -> Any:
        """A search tree of the chunks' first vertices."""
        return KDTree(self.xy[self.first])

    def somewhere_near(self, xy: Array) -> Array:
        """For each point (n, 2) the chunk that begins nearest; a nearer one may pass by."""
        chunk: Array = self._beginnings.query(xy)[1]
        return chunk

    def near_boxes(self, box: Array) -> tuple[Array, Array]:
        """Pairs (position in `box`, chunk) of which the boxes meet."""
        at, chunk = self.tree.query(diagonals(box))
        return at, chunk

    def near_chunks(self, other: "Outline") -> tuple[Array, Array]:
        """Pairs (chunk of the other outline, own chunk) of which the boxes meet."""
        at, chunk = self.tree.query(other.diagonals)
        return at, chunk

    @cached_property
    def _swept(self) -> tuple[Array, Array, Array, Array]:
        """Green's integral and metres before each chunk, then of each ring.

        The integral is half the sum of x dy - y dx in the order of vertices, about the ring's first
        one; each ring's sums depend on that ring alone, to the bit.
        """
        area, length = np.zeros(len(self)), np.zeros(len(self))
        step = max(1, _BATCH // CHUNK_SEGMENTS)
        for low in range(0, len(self), step):
            high = min(low + step, len(self))
            area[low:high], length[low:high] = self._chunk_sums(low, high)
        begin, end = self.xy[self.first], self.xy[self.last]
        area += 0.5 * _cross(begin - self.xy[self.ring_first[self.ring]], end - begin)
        until = [running_sums(values, self._ring_chunks) for values in (area, length)]
        some = np.flatnonzero(self._ring_chunks)
        last = np.cumsum(self._ring_chunks)[some] - 1
        whole = [np.zeros(len(self.ring_first)), np.zeros(len(self.ring_first))]
        for total, sums in zip(whole, until, strict=True):
            total[some] = sums[last]
        return until[0] - area, until[1] - length, whole[0], whole[1]

    def _chunk_sums(self, low: int, high: int) -> tuple[Array, Array]:
        """Green's integral about each chunk's own first vertex, and metres along it."""
        first, last = self.first[low:high], self.last[low:high]
        begins = first - first[0]
        x, y = self.xy[first[0] : last[-1] + 1].T.copy()
        dx, dy = np.diff(x, append=x[-1:]), np.diff(y, append=y[-1:])
        # from the end of a ring to the start of the next runs no edge
        ends = last[np.append(first[1:] != last[:-1], True)] - first[0]
        dx[ends] = dy[ends] = 0.0
        length = np.add.reduceat(np.sqrt(dx * dx + dy * dy), begins)
        edges = np.diff(begins, append=len(x))
        x -= np.repeat(x[begins], edges)
        y -= np.repeat(y[begins], edges)
        return 0.5 * np.add.reduceat(x * dy - y * dx, begins), length

    @property
    def ring_area_m2(self) -> Array:
        """What each ring encloses, negative where it runs clockwise; 0 for lines."""
        return self._swept[2]

    @property
    def ring_length_m(self) -> Array:
        """Metres along each ring."""
        return self._swept[3]

    @cached_property
    def interior_left(self) -> Array:
        """Whether the area lies to the left of each ring as it runs."""
        left: Array = (self.ring_area_m2 > 0) == self.shell
        return left

    @cached_property
    def turn(self) -> Array:
        """1 where the area lies to the left of a ring as it runs, -1 where it lies to the right."""
        return np.where(self.interior_left, 1.0, -1.0)

    def upto(self, chunk: Array, vertex: Array, xy: Array) -> tuple[Array, Array]:
        """Green's integral and metres from a ring's first vertex to a point after `vertex`.

        The points (n, 2) lie on the edges that begin at `vertex` in `chunk`.
        """
        before, gone, _, _ = self._swept
        first = self.first[chunk]
        edges = vertex - first
        which = np.repeat(np.arange(len(chunk)), edges)
        start = np.repeat(first, edges) + steps_of(edges)
        centre = self.xy[first]
        from_, to = self.xy[start] - centre[which], self.xy[start + 1] - centre[which]
        area = sums_of(which, _cross(from_, to), len(chunk))
        length = sums_of(which, np.sqrt(((to - from_) ** 2).sum(axis=1)), len(chunk))
        last, here = self.xy[vertex] - centre, xy - centre
        area += _cross(last, here)
        area += _cross(centre - self.xy[self.ring_first[self.ring[chunk]]], here)
        length += np.sqrt(((here - last) ** 2).sum(axis=1))
        return before[chunk] + 0.5 * area, gone[chunk] + length

    def lines(self, chunk: Array) -> Array:
        """The chunks as line strings."""
        length = np.maximum(self.last[chunk] - self.first[chunk] + 1, 2)
        which = np.repeat(np.arange(len(chunk)), length)
        vertex = np.minimum(self.first[chunk][which] + steps_of(length), self.last[chunk][which])
        made: Array = np.atleast_1d(shapely.linestrings(self.xy[vertex], indices=which))
        return made

    def distance(self, xy: Array, chunk: Array) -> Array:
        """Distance from each point, shape (n, 2), to its chunk, shape (n,)."""
        far = np.empty(len(chunk))
        step = max(1, _BATCH // CHUNK_SEGMENTS)
        for low in range(0, len(chunk), step):
            part = slice(low, low + step)
            far[part] = self._distance(xy[part], chunk[part])
        return far

    def _distance(self, xy: Array, chunk: Array) -> Array:
        which, start, end, begins = self.edges(chunk)
        px, py = xy[which, 0], xy[which, 1]
        ax, ay = self.xy[start, 0], self.xy[start, 1]
        dx, dy = self.xy[end, 0] - ax, self.xy[end, 1] - ay
        px -= ax
        py -= ay
        squared = dx * dx + dy * dy
        along = np.zeros(len(which))
        np.divide(px * dx + py * dy, squared, out=along, where=squared > 0)
        np.clip(along, 0.0, 1.0, out=along)
        px -= along * dx
        py -= along * dy
        nearest: Array = np.sqrt(np.minimum.reduceat(px * px + py * py, begins))
        return nearest

    def holds(self, xy: Array, owner: Array) -> Array:
        """Whether areas hold points: the area at `owner` (n,) and the point at `xy` (n, 2).

        By the number of times the outline passes to the right of the point. On the outline itself
        the answer is either; ask `distance` where that matters.
        """
        odd = np.zeros(len(owner), dtype=bool)
        step = 1 << 17
        for low in range(0, len(owner), step):
            part = slice(low, low + step)
            odd[part] = self._holds(xy[part], owner[part])
        return odd

    def _holds(self, xy: Array, owner: Array) -> Array:
        at, chunk = self._same_height(xy, owner)
        x, y = xy[at, 0], xy[at, 1]
        box = self.box[chunk]
        reached = (y >= box[:, 1]) & (y <= box[:, 3]) & (x <= box[:, 2])
        at, chunk, x, y = at[reached], chunk[reached], x[reached], y[reached]
        beside = x < self.box[chunk, 0]
        # a chunk wholly to the right passes an odd number of times where its ends differ
        above = self.xy[self.first[chunk], 1] > y
        passes = beside & (above != (self.xy[self.last[chunk], 1] > y))
        passes[~beside] = self._passes(xy[at[~beside]], chunk[~beside])
        odd: Array = np.bincount(at[passes], minlength=len(owner)) % 2 == 1
        return odd

    def _same_height(self, xy: Array, owner: Array) -> tuple[Array, Array]:
        """Pairs (point, chunk of its owner) that may reach the point's height, and some more."""
        if not len(owner) or not len(self):
            nothing = np.zeros(0, dtype="int64")
            return nothing, nothing
        asked, rank = np.unique(owner, return_inverse=True)
        low, high = float(xy[:, 1].min()), float(xy[:, 1].max())
        width = (high - low) * 2 + 2
        key = rank * width + (xy[:, 1] - low)
        order = np.argsort(key, kind="stable")
        key = key[order]
        count = self.chunks_to[asked] - self.chunks_from[asked]
        of = np.repeat(np.arange(len(asked)), count)
        chunk = steps_of(count) + self.chunks_from[asked][of]
        # keys are rounded: the margin lets in a few too many, whose boxes are asked afterwards
        slack = 4 * np.spacing(float(key[-1]) + width)
        bottom = np.clip(self.box[chunk, 1] - low, -0.5, width - 1) + of * width
        top = np.clip(self.box[chunk, 3] - low, -0.5, width - 1) + of * width
        begin = np.searchsorted(key, bottom - slack, side="left")
        end = np.searchsorted(key, top + slack, side="right")
        times = np.maximum(end - begin, 0)
        which = np.repeat(np.arange(len(chunk)), times)
        place = steps_of(times) + begin[which]
        return order[place], chunk[which]

    def _passes(self, xy: Array, chunk: Array) -> Array:
        """Whether a chunk passes an odd number of times to the right of a point."""
        if not len(chunk):
            return np.zeros(0, dtype=bool)
        which, start, end, begins = self.edges(chunk)
        x, y = xy[which, 0], xy[which, 1]
        ax, ay, bx, by = *self.xy[start].T, *self.xy[end].T
        crosses = (ay > y) != (by > y)
        run = np.zeros(len(which))
        np.divide((y - ay) * (bx - ax), by - ay, out=run, where=crosses)
        crosses &= x < ax + run
        odd: Array = np.add.reduceat(crosses.astype("int64"), begins) % 2 == 1
        return odd

    def edges(self, chunk: Array) -> tuple[Array, Array, Array, Array]:
        """Edges of chunks: position in `chunk`, start and end vertex; where each chunk begins."""
        first, last = self.first[chunk], self.last[chunk]
        count = np.maximum(last - first, 1)
        begins = np.cumsum(count) - count
        which = np.repeat(np.arange(len(chunk)), count)
        start = np.arange(len(which)) - begins[which] + first[which]
        return which, start, np.minimum(start + 1, last[which]), begins


def diagonals(box: Array) -> Array:
    """A line across each box (n, 4): the smallest shape that has these bounds."""
    made: Array = shapely.linestrings(np.ascontiguousarray(box).reshape(-1, 2, 2))
    return np.atleast_1d(made)


def steps_of(counts: Array) -> Array:
    """0, 1, 2, ... anew for each count."""
    ends = np.cumsum(counts)
    steps: Array = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return steps


def sums_of(group: Array, values: Array, count: int) -> Array:
    """The sum of the values of each of `count` groups, added one by one in their order."""
    # of no values numpy makes integers
    sums: Array = np.bincount(group, values, minlength=count).astype("float64", copy=False)
    return sums


def running_sums(values: Array, counts: Array) -> Array:
    """Sums from the start of each group to each value, added one by one in that order.

    Groups follow one another and hold `counts` values. Those of like size are summed together, so
    a few long ones do not make room for all.
    """
    sums = np.empty(len(values))
    start = np.cumsum(counts) - counts
    size = np.ceil(np.log2(np.maximum(counts, 1))).astype("int64")
    for one in np.unique(size[counts > 0]):
        group = np.flatnonzero((size == one) & (counts > 0))
        row = np.repeat(np.arange(len(group)), counts[group])
        column = steps_of(counts[group])
        table = np.zeros((len(group), int(counts[group].max())))
        place = start[group][row] + column
        table[row, column] = values[place]
        sums[place] = np.cumsum(table, axis=1)[row, column]
    return sums


def _cross(one: Array, other: Array) -> Array:
    """Cross products of vectors (n, 2)."""
    product: Array = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return product


def _lines(geometry: Array) -> tuple[Array, Array, Array]:
    """Rings of areas, lines and points as lines, the position of each one's geometry; shells."""
    kind = shapely.get_type_id(geometry)
    plain = (kind == 3) & (shapely.get_num_interior_rings(geometry) == 0)
    plain &= ~shapely.is_empty(geometry)
    if plain.all():
        everyone = np.arange(len(geometry))
        return shapely.get_exterior_ring(geometry), everyone, np.ones(len(geometry), dtype=bool)
    parts, owner = shapely.get_parts(geometry, return_index=True)
    area = shapely.get_type_id(parts) == 3
    rings, of_ring = shapely.get_rings(parts[area], return_index=True)
    lines = np.concatenate([rings, parts[~area]])
    owner = np.concatenate([owner[area][of_ring], owner[~area]])
    # the first ring of each polygon is its shell
    shell = np.ones(len(lines), dtype=bool)
    shell[: len(rings)] = np.diff(of_ring, prepend=-1) != 0
    order = np.argsort(owner, kind="stable")
    return lines[order], owner[order], shell[order]
