"""What is too small to draw at a zoom, counted in cells of a fixed grid: nothing is dropped."""

from dataclasses import dataclass

import numpy as np

from geo.tiles.choose import POINT_CELL_PIXELS, Choice
from geo.tiles.grid import DEEPEST, EXTENT, PIXEL
from geo.tiles.ragged import Array, offsets_of
from geo.tiles.shapes import AREA, LINE, POINT, Shapes

NO_SHARE = 255
"""The share of a cell that holds no areas."""
WHOLE = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Cells of all zooms, those of a zoom together, in the order of their tiles.

    `begins` (DEEPEST + 2,) says where the cells of each zoom begin. `tile` is row << 32 | column of
    the tile a cell lies in, `xy` (c, 2) its north-west corner there in tile units, of points the
    mean of their places. `count` is the number of features, `share` the covered ground in
    hundredths, NO_SHARE for points and lines. `side` (DEEPEST + 1,) is the side of the squares of
    each zoom in tile units; `is_point` tells points from squares.
    """

    begins: Array
    tile: Array
    xy: Array
    count: Array
    share: Array
    is_point: Array
    side: Array

    def of_tile(self, zoom: int, column: int, row: int) -> Array:
        """The positions of the cells of a tile."""
        low, high = self.begins[zoom], self.begins[zoom + 1]
        key = row << 32 | column
        first = low + np.searchsorted(self.tile[low:high], key, side="left")
        last = low + np.searchsorted(self.tile[low:high], key, side="right")
        return np.arange(first, last)


@dataclass(frozen=True, kw_only=True, eq=False)
class Members:
    """Which feature counts in which cell: (m,) each, those of a zoom together. `begins`
    (DEEPEST + 2,) says where those of each zoom begin. `ground` is the part of the cell's area that
    the feature covers, 0 of points and lines."""

    begins: Array
    cell: Array
    feature: Array
    ground: Array


def count_cells(shapes: Shapes, choice: Choice) -> tuple[Cells, Members]:
    """The cells of every zoom. A feature counts in the cell its middle lies in."""
    middle = middles(shapes)
    ground = shapes.areas
    made = []
    sides = np.zeros(DEEPEST + 1, dtype="int64")
    for zoom in range(DEEPEST + 1):
        sides[zoom] = choice.cell_pixels(zoom) * PIXEL
        rows = np.flatnonzero((choice.drawn_from > zoom) & (shapes.form > 0))
        wide = np.isin(shapes.form[rows], (LINE, AREA))
        squares = _squares(shapes, rows[wide], middle, ground, zoom, side=int(sides[zoom]))
        spots = _spots(rows[~wide], middle, zoom)
        made.append(_in_order(squares, spots))
    columns = {
        name: np.concatenate([one[name] for one in made])
        for name in ("tile", "xy", "count", "share", "is_point")
    }
    begins = offsets_of(np.array([len(one["tile"]) for one in made]))
    members = Members(
        begins=offsets_of(np.array([len(one["member"]) for one in made])),
        cell=np.concatenate([one["member"] + begins[zoom] for zoom, one in enumerate(made)]),
        feature=np.concatenate([one["feature"] for one in made]),
        ground=np.concatenate([one["ground"] for one in made]),
    )
    return Cells(begins=begins, side=sides, **columns), members


def middles(shapes: Shapes) -> Array:
    """A place for each feature, grid units (n, 2; int64): the middle of its box, of points the
    first."""
    boxes = shapes.boxes
    middle = (boxes[:, :2] + boxes[:, 2:]) // 2
    points = np.flatnonzero(shapes.form == POINT)
    middle[points] = shapes.xy[shapes.corner_offsets[:-1][points]]
    # the far edges of the world belong to its last tile
    on: Array = np.minimum(middle, (EXTENT << DEEPEST) - 1)
    return on


def _squares(
    shapes: Shapes, rows: Array, middle: Array, ground: Array, zoom: int, *, side: int
) -> dict[str, Array]:
    shift = DEEPEST - zoom
    at = (middle[rows] >> shift) // side
    _, lead, inverse, count = np.unique(
        at[:, 1] << 32 | at[:, 0], return_index=True, return_inverse=True, return_counts=True
    )
    cell = at[lead]
    part = ground[rows] / float(side << shift) ** 2
    covered = np.bincount(inverse, part, minlength=len(cell))
    areas = np.bincount(inverse, shapes.form[rows] == AREA, minlength=len(cell)) > 0
    hundredths = np.clip(np.rint(covered * WHOLE), 1, WHOLE)
    per_tile = EXTENT // side
    return {
        "tile": cell[:, 1] // per_tile << 32 | cell[:, 0] // per_tile,
        "xy": (cell % per_tile * side).astype("int16"),
        "count": count.astype("uint32"),
        "share": np.where(areas, hundredths, NO_SHARE).astype("uint8"),
        "is_point": np.zeros(len(cell), dtype=bool),
        "member": inverse,
        "feature": rows.astype("uint32"),
        "ground": part.astype("float32"),
    }


def _spots(rows: Array, middle: Array, zoom: int) -> dict[str, Array]:
    at = middle[rows] >> (DEEPEST - zoom)
    side = POINT_CELL_PIXELS * PIXEL
    cell = at // side
    _, lead, inverse, count = np.unique(
        cell[:, 1] << 32 | cell[:, 0], return_index=True, return_inverse=True, return_counts=True
    )
    mean = np.column_stack(
        [np.bincount(inverse, at[:, axis], minlength=len(lead)) / count for axis in (0, 1)]
    )
    tile = cell[lead] * side // EXTENT
    return {
        "tile": tile[:, 1] << 32 | tile[:, 0],
        "xy": (mean.astype("int64") - tile * EXTENT).astype("int16"),
        "count": count.astype("uint32"),
        "share": np.full(len(lead), NO_SHARE, dtype="uint8"),
        "is_point": np.ones(len(lead), dtype=bool),
        "member": inverse,
        "feature": rows.astype("uint32"),
        "ground": np.zeros(len(rows), dtype="float32"),
    }


def _in_order(squares: dict[str, Array], spots: dict[str, Array]) -> dict[str, Array]:
    """The cells of a zoom in the order of their tiles; `member` says the cell of each `feature`."""
    spots["member"] = spots["member"] + len(squares["tile"])
    whole = {name: np.concatenate([squares[name], spots[name]]) for name in squares}
    order = np.argsort(whole["tile"], kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    of_feature = ("feature", "ground")
    found = {
        name: values if name in of_feature else values[order]
        for name, values in whole.items()
        if name != "member"
    }
    return {**found, "member": place[whole["member"]].astype("int32")}
