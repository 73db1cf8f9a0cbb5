"""Which features are drawn at which zoom, and which are too small there and counted in cells."""

from dataclasses import dataclass

import numpy as np

from geo.tiles.grid import DEEPEST, EXTENT, PIXEL
from geo.tiles.ragged import Array
from geo.tiles.shapes import LINE, POINT, Shapes
from geo.tiles.simplify import drawn_corners, first_zooms

LEAST_PIXELS = 2
"""Lines and areas that reach less far than this are counted in cells."""
POINT_CELL_PIXELS = 16
"""Points that share a cell of this side are counted together."""
CELL_PIXELS = 8
"""Side of the cells that lines and areas are counted in; a power of two, more where they are
larger."""
VIEW_BYTES = 170_000
"""What the features of one view may weigh, compressed; the cells below them come on top."""
VIEW_TILES = (6, 4)
"""The tiles that a map of 1280 by 620 pixels may touch."""
FEATURE_BYTES, CORNER_BYTES = 9, 2.2
"""What a feature and each of its corners weigh in a compressed tile; measured on fields."""
NEVER = DEEPEST + 1
"""The first zoom of a feature that has no extent at any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice:
    """Where each feature is drawn: `drawn_from` (n,) is its first zoom, `corner_from` (k,) that of
    each corner; `least` (DEEPEST + 1,) is the reach in grid units below which lines and areas are
    counted in cells at a zoom."""

    drawn_from: Array
    corner_from: Array
    least: Array

    def cell_pixels(self, zoom: int) -> int:
        """Side of the cells at a zoom: no feature counted in them is wider."""
        side = CELL_PIXELS
        while side < 256 and side * PIXEL << (DEEPEST - zoom) < self.least[zoom]:
            side *= 2
        return side


def choose(shapes: Shapes, *, everything: bool = False) -> Choice:
    """Where each feature is drawn, the smallest at the deepest zoom only.

    At DEEPEST everything is drawn that has any extent, because a map that looks closer has no other
    tiles. Farther out it is what reaches two pixels, or more where a view would weigh too much.
    With `everything` all is drawn at every zoom.
    """
    boxes = shapes.boxes
    reach = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0)
    least = (LEAST_PIXELS * PIXEL) << np.arange(DEEPEST, -1, -1)
    least[DEEPEST] = 1
    if everything:
        drawn_from = np.zeros(len(shapes), dtype="uint8")
        return Choice(
            drawn_from=drawn_from, corner_from=first_zooms(shapes, drawn_from), least=least * 0
        )
    wide = shapes.form >= LINE
    drawn_from = _first_at_least(reach, least)
    drawn_from[shapes.form == POINT] = _first_alone(shapes)[shapes.form == POINT]
    corner_from = first_zooms(shapes, drawn_from)
    middle = (boxes[:, :2] + boxes[:, 2:]) // 2
    for zoom in range(DEEPEST - 1, -1, -1):
        weighs = FEATURE_BYTES + CORNER_BYTES * drawn_corners(shapes, corner_from, zoom)
        chosen = wide & (reach >= least[zoom])
        light = _least_reach(middle[chosen], reach[chosen], weighs[chosen], zoom)
        # never smaller than at the next zoom in: what is drawn far out is drawn near
        least[zoom] = max(least[zoom], light, least[zoom + 1])
    drawn_from[wide] = _first_at_least(reach, least)[wide]
    return Choice(
        drawn_from=drawn_from, corner_from=_kept(shapes, corner_from, drawn_from), least=least
    )


def _kept(shapes: Shapes, corner_from: Array, drawn_from: Array) -> Array:
    """No corner is asked for before its feature is drawn."""
    feature = np.repeat(np.arange(len(shapes)), np.diff(shapes.corner_offsets))
    from_zoom = np.minimum(drawn_from, DEEPEST)[feature]
    kept: Array = np.maximum(corner_from, from_zoom).astype("uint8")
    return kept


def _first_at_least(reach: Array, least: Array) -> Array:
    """The first zoom at which each feature reaches far enough, NEVER where it has no extent."""
    # `least` falls from zoom to zoom: count those that are larger
    first: Array = (len(least) - np.searchsorted(least[::-1], reach, side="right")).astype("uint8")
    return first


def _first_alone(shapes: Shapes) -> Array:
    """The first zoom at which a point has its cell for itself, at most DEEPEST."""
    first = np.full(len(shapes), DEEPEST, dtype="uint8")
    rows = np.flatnonzero(shapes.form == POINT)
    spot = shapes.xy[shapes.corner_offsets[:-1][rows]].astype("int64")
    for zoom in range(DEEPEST - 1, -1, -1):
        _, inverse, counts = np.unique(
            point_cells(spot, zoom), return_inverse=True, return_counts=True
        )
        alone = counts[inverse] == 1
        # a point that is alone in a cell is alone in each part of it
        rows, spot = rows[alone], spot[alone]
        first[rows] = zoom
    return first


def point_cells(spot: Array, zoom: int) -> Array:
    """A number for the cell each point (grid units) lies in."""
    shift = DEEPEST - zoom + (POINT_CELL_PIXELS * PIXEL).bit_length() - 1
    cell: Array = (spot[:, 1] >> shift << 32) | (spot[:, 0] >> shift)
    return cell


def _least_reach(middle: Array, reach: Array, weighs: Array, zoom: int) -> int:
    """The smallest reach (grid units) from which on no view weighs over VIEW_BYTES."""
    if not len(reach):
        return 0
    views = _views(middle >> (DEEPEST - zoom + EXTENT.bit_length() - 1))
    steps = np.unique(np.quantile(reach, np.linspace(0, 1, 65), method="nearest"))
    low, high = 0, len(steps)
    while low < high:
        half = (low + high) // 2
        take = reach >= steps[half]
        heaviest = max(np.bincount(view[take], weighs[take]).max() for view in views)
        low, high = (low, half) if heaviest <= VIEW_BYTES else (half + 1, high)
    if low == 0:
        return 0
    return int(steps[low]) if low < len(steps) else int(steps[-1]) + 1


def _views(tile: Array) -> list[Array]:
    """For each way to lay views side by side over the map, the view each tile (n, 2) falls into."""
    columns, rows = VIEW_TILES
    laid = []
    for right, down in ((0, 0), (columns // 2, 0), (0, rows // 2), (columns // 2, rows // 2)):
        key = ((tile[:, 1] + down) // rows << 32) | ((tile[:, 0] + right) // columns)
        laid.append(np.unique(key, return_inverse=True)[1])
    return laid
