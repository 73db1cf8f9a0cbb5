"""Where the pixels of a map tile lie in a raster: moved by the region's own shift, point by point.

The same operation as everything else here uses, so that a raster on an old datum lies where the
features do; GDAL would choose a shift of its own.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.workflows.types import WorkflowError
from geo.crs import Bounds, points_from_wgs84

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

SIZE = 256
DEEPEST = 22
CONTROL = 17
"""Points along the edge of a tile that are moved exactly; those between are interpolated."""
SPARSE = 15
"""One pixel in so many tells how large they are; 15 steps from 0 end at the last pixel."""

Floats = npt.NDArray[np.float64]
Tile = tuple[int, int, int]
"""Zoom, column and row, as all web maps count them."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The pixels of a raster that a tile needs: from `left`, `top` on, thinned by `step`.

    `shape` is rows and columns of what is read; `there` says which pixels of the tile lie on the
    raster.
    """

    left: int
    top: int
    width: int
    height: int
    step: int
    there: npt.NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that are read."""
        return math.ceil(self.height / self.step), math.ceil(self.width / self.step)

    def window(self) -> "Window":
        """What is read, in pixels of the raster."""
        from rasterio.windows import Window  # noqa: PLC0415 - loads GDAL

        return Window(self.left, self.top, self.width, self.height)


def refuse_no_tile(zoom: int, column: int, row: int) -> None:
    """WorkflowError where there is no tile of these numbers."""
    if not (0 <= zoom <= DEEPEST and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise WorkflowError(
            f"There is no tile {zoom}/{column}/{row}: zoom goes from 0 to {DEEPEST}, column and "
            "row from 0 to 2 to the power of the zoom, less 1."
        )


def tile_bounds(zoom: int, column: int, row: int) -> Bounds:
    """West, south, east and north of a tile, degrees."""
    many = 2**zoom
    west, east = (360 * at / many - 180 for at in (column, column + 1))
    north, south = (
        math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * at / many)))) for at in (row, row + 1)
    )
    return west, south, east, north


def meets(one: Bounds, other: Bounds) -> bool:
    """Whether two boxes touch."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def places(
    dataset: "DatasetReader", tile: Tile, *, crs: str, area: Bounds
) -> tuple[Floats, Floats]:
    """Column and row in the raster, with fractions, of the middle of each pixel of a tile."""
    zoom, column, row = tile
    many = 2**zoom
    steps = np.linspace(0.0, 1.0, CONTROL)
    lon = 360 * (column + steps) / many - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (row + steps) / many))))
    grid = np.column_stack([np.tile(lon, CONTROL), np.repeat(lat, CONTROL)])
    xy = points_from_wgs84(grid, crs, area_of_interest=area)
    own = ~dataset.transform  # from places to pixels, whichever way the grid is turned
    columns = own.a * xy[:, 0] + own.b * xy[:, 1] + own.c
    rows = own.d * xy[:, 0] + own.e * xy[:, 1] + own.f
    return (
        _between(columns.reshape(CONTROL, CONTROL)),
        _between(rows.reshape(CONTROL, CONTROL)),
    )


def _between(points: Floats) -> Floats:
    """A grid of CONTROL x CONTROL points, bilinear at the middles of SIZE x SIZE pixels."""
    at = (np.arange(SIZE) + 0.5) / SIZE * (CONTROL - 1)
    low = np.minimum(at.astype(int), CONTROL - 2)
    share = at - low
    with np.errstate(invalid="ignore"):
        across = points[:, low] * (1 - share) + points[:, low + 1] * share
        return np.asarray(
            across[low] * (1 - share)[:, np.newaxis] + across[low + 1] * share[:, np.newaxis]
        )


def part_of(dataset: "DatasetReader", columns: Floats, rows: Floats) -> Part | None:
    """What a tile needs of a raster, never more than is drawn; None where it lies beside it."""
    with np.errstate(invalid="ignore"):
        there = (columns >= 0) & (columns < dataset.width) & (rows >= 0) & (rows < dataset.height)
    if not there.any():
        return None
    step = step_of(columns, rows)
    left = int(columns[there].min()) // step * step
    top = int(rows[there].min()) // step * step
    right = min(int(dataset.width), (int(columns[there].max()) // step + 1) * step)
    bottom = min(int(dataset.height), (int(rows[there].max()) // step + 1) * step)
    return Part(left=left, top=top, width=right - left, height=bottom - top, step=step, there=there)


def step_of(columns: Floats, rows: Floats) -> int:
    """How many pixels of the raster one pixel of the tile covers, as a power of two."""
    some_columns, some_rows = columns[::SPARSE, ::SPARSE], rows[::SPARSE, ::SPARSE]
    most = 1.0
    for axis in (0, 1):
        with np.errstate(invalid="ignore"):
            sides = np.hypot(np.diff(some_columns, axis=axis), np.diff(some_rows, axis=axis))
        most = max(most, float(sides[np.isfinite(sides)].max(initial=0.0)) / SPARSE)
    return int(2 ** min(math.floor(math.log2(most)), 20))
