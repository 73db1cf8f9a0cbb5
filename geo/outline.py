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

Array = npt.NDArray[Any]

HEAVY_VERTICES = 64
"""From here on a geometry is searched chunk by chunk, not vertex by vertex."""

CHUNK_SEGMENTS = 32
_BATCH = 1 << 21
"""Edges looked at in one go; bounds the memory of a question."""


class Outline:
    """The rings and lines of geometries, as chunks of at most 32 segments in the order of owners.

    `owner` is the position of the geometry a chunk is of, `first` and `last` its end vertices in
    `xy`, `box` its bounds (minx, miny, maxx, maxy). A geometry of points has chunks of no length.
    Missing and empty geometries have none.
    """

    def __init__(self, geometry: Array) -> None:
        lines, owner = _lines(geometry)
        self.xy: Array = shapely.get_coordinates(lines)
        count = shapely.get_num_coordinates(lines)
        start = np.cumsum(count) - count
        segments = np.maximum(count - 1, 0)
        chunks = np.maximum(-(-segments // CHUNK_SEGMENTS), 1) * (count > 0)
        line = np.repeat(np.arange(len(lines)), chunks)
        nth = np.arange(len(line)) - np.repeat(np.cumsum(chunks) - chunks, chunks)
        self.owner: Array = owner[line]
        self.first: Array = start[line] + nth * CHUNK_SEGMENTS
        self.last: Array = np.minimum(self.first + CHUNK_SEGMENTS, start[line] + segments[line])
        self.box: Array = np.zeros((len(line), 4))
        if len(line):
            ends = self.xy[self.last]
            self.box[:, :2] = np.minimum(np.minimum.reduceat(self.xy, self.first), ends)
            self.box[:, 2:] = np.maximum(np.maximum.reduceat(self.xy, self.first), ends)
        edges = np.searchsorted(self.owner, np.arange(len(geometry) + 1))
        self.chunks_from, self.chunks_to = edges[:-1], edges[1:]
        self.rings = np.bincount(owner, minlength=len(geometry))

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

    def near_boxes(self, box: Array) -> tuple[Array, Array]:
        """Pairs (position in `box`, chunk) of which the boxes meet."""
        at, chunk = self.tree.query(diagonals(box))
        return at, chunk

    def near_chunks(self, other: "Outline") -> tuple[Array, Array]:
        """Pairs (chunk of the other outline, own chunk) of which the boxes meet."""
        at, chunk = self.tree.query(other.diagonals)
        return at, chunk

    def lines(self, chunk: Array) -> Array:
        """The chunks as line strings."""
        length = np.maximum(self.last[chunk] - self.first[chunk] + 1, 2)
        which = np.repeat(np.arange(len(chunk)), length)
        step = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
        vertex = np.minimum(self.first[chunk][which] + step, self.last[chunk][which])
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
        which, start, end, begins = self._edges(chunk)
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
        chunk = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        chunk += self.chunks_from[asked][of]
        # keys are rounded: the margin lets in a few too many, whose boxes are asked afterwards
        slack = 4 * np.spacing(float(key[-1]) + width)
        bottom = np.clip(self.box[chunk, 1] - low, -0.5, width - 1) + of * width
        top = np.clip(self.box[chunk, 3] - low, -0.5, width - 1) + of * width
        begin = np.searchsorted(key, bottom - slack, side="left")
        end = np.searchsorted(key, top + slack, side="right")
        times = np.maximum(end - begin, 0)
        which = np.repeat(np.arange(len(chunk)), times)
        place = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times) + begin[which]
        return order[place], chunk[which]

    def _passes(self, xy: Array, chunk: Array) -> Array:
        """Whether a chunk passes an odd number of times to the right of a point."""
        if not len(chunk):
            return np.zeros(0, dtype=bool)
        which, start, end, begins = self._edges(chunk)
        x, y = xy[which, 0], xy[which, 1]
        ax, ay, bx, by = *self.xy[start].T, *self.xy[end].T
        crosses = (ay > y) != (by > y)
        run = np.zeros(len(which))
        np.divide((y - ay) * (bx - ax), by - ay, out=run, where=crosses)
        crosses &= x < ax + run
        odd: Array = np.add.reduceat(crosses.astype("int64"), begins) % 2 == 1
        return odd

    def _edges(self, chunk: Array) -> tuple[Array, Array, Array, Array]:
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


def _lines(geometry: Array) -> tuple[Array, Array]:
    """Rings of areas, lines and points as lines, each with the position of its geometry."""
    kind = shapely.get_type_id(geometry)
    plain = (kind == 3) & (shapely.get_num_interior_rings(geometry) == 0)
    plain &= ~shapely.is_empty(geometry)
    if plain.all():
        return shapely.get_exterior_ring(geometry), np.arange(len(geometry))
    parts, owner = shapely.get_parts(geometry, return_index=True)
    area = shapely.get_type_id(parts) == 3
    rings, of_ring = shapely.get_rings(parts[area], return_index=True)
    lines = np.concatenate([rings, parts[~area]])
    owner = np.concatenate([owner[area][of_ring], owner[~area]])
    order = np.argsort(owner, kind="stable")
    return lines[order], owner[order]
