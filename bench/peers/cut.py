"""Areas and outlines cut into small pieces, for engines without an `ST_Subdivide` of their own.

What PostGIS users do with `ST_Subdivide`, users of DuckDB and SedonaDB do in Python before they
load: a point then meets 64 vertices instead of 6,000.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

MOST_VERTICES = 64
MOST_SEGMENTS = 32

Array = npt.NDArray[np.object_]


def tiles(ids: Array, areas: Array, *, most_vertices: int = MOST_VERTICES) -> pd.DataFrame:
    """Areas halved across their longer side until each piece is small: `feature_id`, `wkb`."""
    done_ids, done = [], []
    while len(areas):
        areas, of = shapely.get_parts(areas, return_index=True)
        ids = ids[of]
        flat = shapely.get_dimensions(areas) == 2
        small = shapely.get_num_coordinates(areas) <= most_vertices
        done_ids.append(ids[flat & small])
        done.append(areas[flat & small])
        rest = flat & ~small
        areas, ids = _halved(areas[rest]), np.repeat(ids[rest], 2)
    return _frame(np.concatenate(done_ids), np.concatenate(done))


def _halved(areas: Array) -> Array:
    x0, y0, x1, y1 = shapely.bounds(areas).T
    wide = x1 - x0 > y1 - y0
    x, y = np.where(wide, (x0 + x1) / 2, x1), np.where(wide, y1, (y0 + y1) / 2)
    first = shapely.intersection(areas, shapely.box(x0, y0, x, y))
    u, v = np.where(wide, x, x0), np.where(wide, y0, y)
    second = shapely.intersection(areas, shapely.box(u, v, x1, y1))
    halves: Array = np.stack([first, second], axis=1).ravel()
    return halves


def outlines(ids: Array, shapes: Array, *, most_segments: int = MOST_SEGMENTS) -> pd.DataFrame:
    """Outlines of areas, and lines, in short pieces that share their ends: `feature_id`, `wkb`."""
    area = shapely.get_dimensions(shapes) == 2
    lines = shapes.copy()
    lines[area] = shapely.boundary(shapes[area])
    lines, of = shapely.get_parts(lines, return_index=True)
    pieces: list[Array] = []
    owners: list[Array] = []
    for line, owner in zip(lines, ids[of], strict=True):
        xy = shapely.get_coordinates(line)
        starts = range(0, len(xy) - 1, most_segments)
        pieces.append(
            np.array([shapely.LineString(xy[n : n + most_segments + 1]) for n in starts], object)
        )
        owners.append(np.full(len(starts), owner, dtype=object))
    return _frame(np.concatenate(owners), np.concatenate(pieces))


def _frame(ids: Array, shapes: Array) -> pd.DataFrame:
    return pd.DataFrame({"feature_id": ids, "wkb": shapely.to_wkb(shapes)})
