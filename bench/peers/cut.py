"""Outlines in short pieces, for engines that measure distances to whole shapes vertex by vertex.

What our own engine does, given to DuckDB and SedonaDB before they load: a point then meets 32
segments instead of 6,000. Neither has a function for it, as PostGIS has with `ST_Subdivide`.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

MOST_SEGMENTS = 32

Array = npt.NDArray[np.object_]


def outlines(file: Path, *, most_segments: int = MOST_SEGMENTS) -> pa.Table:
    """Outlines of a file's areas, and its lines, in pieces that share their ends: `id`, `wkb`."""
    table = pq.read_table(file, columns=["feature_id", "geometry"])
    shapes = shapely.from_wkb(table["geometry"].to_numpy())
    area = shapely.get_dimensions(shapes) == 2
    shapes[area] = shapely.boundary(shapes[area])
    pieces, owner = _cut(shapes, most_segments)
    return pa.table(
        {"id": table["feature_id"].take(pa.array(owner)), "wkb": shapely.to_wkb(pieces)}
    )


def _cut(lines: Array, most: int) -> tuple[Array, npt.NDArray[np.intp]]:
    """Lines in pieces of at most `most` segments, and the place of each one's owner."""
    parts, of = shapely.get_parts(lines, return_index=True)
    xy = shapely.get_coordinates(parts)
    count = shapely.get_num_coordinates(parts)
    many = (count - 2) // most + 1
    part = np.repeat(np.arange(len(parts)), many)
    start = _steps(many) * most
    length = np.minimum(most + 1, count[part] - start)
    first = (np.cumsum(count) - count)[part] + start
    vertex = np.repeat(first, length) + _steps(length)
    pieces = shapely.linestrings(xy[vertex], indices=np.repeat(np.arange(len(part)), length))
    return np.atleast_1d(pieces), of[part]


def _steps(lengths: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """0, 1, 2, ... anew for each length."""
    ends = np.cumsum(lengths)
    steps: npt.NDArray[np.int_] = np.arange(ends[-1] if len(ends) else 0)
    return steps - np.repeat(ends - lengths, lengths)
