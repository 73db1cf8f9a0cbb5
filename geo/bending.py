"""Edges that are straight in one CRS and bend in another."""

from typing import Any

import numpy as np
import shapely

from geo.outline import Array

BOW_M = 0.0005
"""How far an edge may stray from its true course when a shape is moved to another CRS."""


def longest_straight(shapes: Array, move: Any, *, short: float, bow: float) -> Array:
    """For each shape the longest edge, in units of its CRS, that stays true to `bow` when moved.

    `move` takes x and y and gives those of the other CRS, in whose units `bow` is. Infinite where
    all edges stay true already. Edges up to `short` are not looked at.
    """
    longest = np.full(len(shapes), np.inf)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    area = shapely.get_type_id(parts) == 3
    rings, of_ring = shapely.get_rings(parts[area], return_index=True)
    line = shapely.get_dimensions(parts) == 1
    lines = np.concatenate([rings, parts[line]])
    owner = np.concatenate([owner[area][of_ring], owner[line]])
    xy, of_line = shapely.get_coordinates(lines, return_index=True)
    start, end = xy[:-1], xy[1:]
    length = np.hypot(*(end - start).T)
    edge = np.flatnonzero((of_line[:-1] == of_line[1:]) & (length > short))
    if not len(edge):
        return longest
    (x0, y0), (x1, y1) = move(*start[edge].T), move(*end[edge].T)
    x, y = move(*((start[edge] + end[edge]) / 2).T)
    with np.errstate(invalid="ignore"):
        bows = np.hypot(x - (x0 + x1) / 2, y - (y0 + y1) / 2)
    # cutting an edge into n pieces makes its bow n² times smaller
    pieces = np.where(np.isfinite(bows), np.ceil(np.sqrt(bows / bow)), 1)
    cut = pieces > 1
    np.minimum.at(longest, owner[of_line[edge[cut]]], length[edge[cut]] / pieces[cut])
    return longest
