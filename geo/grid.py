"""The grid of a raster: where its pixels lie, how much ground each covers, and zones moved onto it.

Zones are measured in *grid units*: one pixel is 1 by 1, columns count from the west edge, and `up`
counts from the south edge. Whole numbers are pixel edges, so no rounding moves a pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyproj
import shapely

from geo.bending import BOW_M, longest_straight
from geo.crs import Bounds, Move, mover
from geo.errors import CrsError, GeoError
from geo.outline import Array

TRUE_AREA = "+proj=cea +lat_ts=0 +lon_0=0 +datum=WGS84 +units=m +type=crs"
"""Equal-area the world over: hectares in it are those on the WGS 84 ellipsoid."""

NODE_M = 10_000.0
"""Ground between two nodes at which the true area of a pixel is computed; linear in between."""

MOST_NODES = 512
_EARTH_M = 6_378_137.0
_SHORT_M = 100.0
_STEP = 1e-3


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Where the pixels of a raster lie: north up, `pixel` = (width, height) in units of `crs`."""

    crs: pyproj.CRS
    west: float
    south: float
    pixel: tuple[float, float]
    width: int
    height: int
    around: Bounds | None = None
    """Where in the world to take a datum's published shift from, degrees; None: where it lies."""

    @classmethod
    def of(cls, dataset: Any, *, around: Bounds | None = None) -> "Grid":
        """The grid of an open rasterio dataset.

        Raises CrsError where the raster has no CRS, GeoError where it is not placed on the ground
        or is rotated or upside down.
        """
        if dataset.crs is None:
            raise CrsError("The raster has no CRS. Say which CRS it is in, then import it again.")
        t = dataset.transform
        if t.is_identity:
            raise GeoError("The raster does not say where its pixels lie. Georeference it first.")
        if t.b or t.d or t.a <= 0 or t.e >= 0:
            raise GeoError(
                "The raster's grid is rotated or does not run north up. Warp it to a plain grid "
                "(nearest neighbour), then import it again."
            )
        return cls(
            crs=pyproj.CRS.from_user_input(dataset.crs.to_wkt()),
            west=t.c,
            south=t.f + t.e * dataset.height,
            pixel=(t.a, -t.e),
            width=dataset.width,
            height=dataset.height,
            around=around,
        )

    @property
    def outline(self) -> Any:
        """The ground the raster covers, in grid units."""
        return shapely.box(0, 0, self.width, self.height)

    @cached_property
    def pixel_m(self) -> float:
        """Side of a square as large as the pixel in the middle of the raster, true metres."""
        middle = np.array([self.height // 2]), np.array([self.width // 2])
        return float(np.sqrt(self.pixel_area_m2(*middle)[0]))

    def to_units(self, xy: Array) -> Array:
        """Coordinates of the raster's CRS in grid units; shape (n, 2)."""
        return np.column_stack(
            [(xy[:, 0] - self.west) / self.pixel[0], (xy[:, 1] - self.south) / self.pixel[1]]
        )

    def from_units(self, xy: Array) -> Array:
        """Grid units in coordinates of the raster's CRS; shape (n, 2)."""
        return np.column_stack(
            [self.west + xy[:, 0] * self.pixel[0], self.south + xy[:, 1] * self.pixel[1]]
        )

    def place(self, shapes: Array, *, crs: Any) -> Array:
        """Shapes of a CRS in grid units, edges bent as the change of CRS bends them.

        Areas that the bending makes cross themselves by a hair are made valid. A shape that the
        raster's CRS cannot hold becomes None: no pixel lies there.
        """
        moved = moved_shapes(shapes, source=crs, target=self.crs, around=self._around)
        lost = ~np.isfinite(shapely.bounds(moved)).all(axis=1)
        moved[lost] = None
        placed: Array = shapely.transform(moved, self.to_units)
        return placed

    def on_ground(self, shapes: Array, *, crs: Any) -> Array:
        """Shapes in grid units in another CRS, edges bent as the change of CRS bends them."""
        own = shapely.transform(shapes, self.from_units)
        return moved_shapes(own, source=self.crs, target=crs, around=self._around)

    def pixel_area_m2(self, row: Array, column: Array) -> Array:
        """True square metres of single pixels, on the WGS 84 ellipsoid; rows count from the north.

        Computed at nodes of a lattice at most some 10 km apart, linear in between: off by less
        than one in a million (a world-wide raster: less than four in 100,000).
        """
        nodes, (at_row, at_column) = self._nodes
        low_r, part_r = _between(at_row, row)
        low_c, part_c = _between(at_column, column)
        above = nodes[low_r, low_c] * (1 - part_c) + nodes[low_r, low_c + 1] * part_c
        below = nodes[low_r + 1, low_c] * (1 - part_c) + nodes[low_r + 1, low_c + 1] * part_c
        area: Array = above * (1 - part_r) + below * part_r
        return area

    def block_area_m2(self, row: int, column: int, height: int, width: int) -> tuple[Array, Array]:
        """True square metres of the pixels of a block, as a column and a row to be multiplied.

        The block should be no larger than a tile: over a tile of pixels of a kilometre the product
        is off by less than two in 100,000, over one of 10 m by less than one in a billion.
        """
        rows, columns = np.arange(row, row + height), np.arange(column, column + width)
        middle_row, middle_column = row + height / 2, column + width / 2
        down = self.pixel_area_m2(rows, np.full(height, middle_column))
        across = self.pixel_area_m2(np.full(width, middle_row), columns)
        middle = self.pixel_area_m2(np.array([middle_row]), np.array([middle_column]))
        return down, across / middle

    @cached_property
    def _around(self) -> Bounds | None:
        """Of the shifts published for the raster's datum, those of which part of the world."""
        if self.around is not None:
            return self.around
        east, north = self.from_units(np.array([[self.width, self.height]]))[0]
        to_degrees = pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        bounds = to_degrees.transform_bounds(self.west, self.south, east, north)
        return bounds if np.isfinite(bounds).all() else None

    @cached_property
    def _nodes(self) -> tuple[Array, tuple[Array, Array]]:
        """True pixel areas at lattice nodes, with the pixels' rows and columns they stand at."""
        unit_m = metres_per_unit(self.crs)
        at = [
            np.linspace(0.0, pixels - 1.0, _node_count(pixels, side * unit_m))
            for pixels, side in ((self.height, self.pixel[1]), (self.width, self.pixel[0]))
        ]
        row, column = (part.ravel() for part in np.meshgrid(*at, indexing="ij"))
        middle = np.column_stack([column + 0.5, self.height - row - 0.5])
        area = self._true_scale(middle).reshape(len(at[0]), len(at[1]))
        if not (np.isfinite(area) & (area > 0)).all():
            raise CrsError(
                "The raster reaches beyond what its CRS can hold, so its pixels have no true area. "
                "Cut it to the ground it is about."
            )
        return area, (at[0], at[1])

    def _true_scale(self, middle: Array) -> Array:
        """True area of one grid unit squared around each place, by the plane of equal areas."""
        move = pyproj.Transformer.from_crs(self.crs, TRUE_AREA, always_xy=True).transform
        ends = []
        for step in ((_STEP, 0.0), (0.0, _STEP)):
            far = [move(*self.from_units(middle + sign * np.array(step)).T) for sign in (1, -1)]
            ends.append((np.asarray(far[0]) - np.asarray(far[1])) / (2 * _STEP))
        (ax, ay), (bx, by) = ends
        area: Array = np.abs(ax * by - ay * bx)
        return area


def _node_count(pixels: int, side_m: float) -> int:
    wanted = int(np.ceil(pixels * side_m / NODE_M)) + 1
    return max(2, min(wanted, MOST_NODES))


def _between(nodes: Array, at: Array) -> tuple[Array, Array]:
    """The node before each place, and how far on the way to the next one it stands, 0 to 1."""
    low = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
    span = np.maximum(nodes[low + 1] - nodes[low], 1e-9)
    return low, (at - nodes[low]) / span


def metres_per_unit(crs: pyproj.CRS) -> float:
    """Rough metres of one unit of a CRS's coordinates: exact in metres and feet, 111 km a degree.

    For choosing steps and tolerances, never for measuring.
    """
    factor = float(crs.axis_info[0].unit_conversion_factor)
    return factor * _EARTH_M if crs.is_geographic else factor


def moved_shapes(shapes: Array, *, source: Any, target: Any, around: Bounds | None = None) -> Array:
    """Shapes in another CRS, with vertices put on long edges until each is true to 0.5 mm.

    Why: geo.measure.to_measuring_crs. `around` picks among the datum shifts published for a CRS,
    as the import of a layer does. Areas that come out crossing themselves by a hair are made
    valid; what cannot be moved keeps infinite coordinates; missing shapes stay missing.
    """
    source, target = pyproj.CRS.from_user_input(source), pyproj.CRS.from_user_input(target)
    flat: Array = shapely.force_2d(np.asarray(shapes, dtype=object))
    if source.equals(target, ignore_axis_order=True):
        return flat
    straight = pyproj.Transformer.from_crs(source, target, always_xy=True).transform
    move: Move = straight if around is None else mover(source, target, around=around)
    short = _SHORT_M / metres_per_unit(source)
    longest = longest_straight(flat, move, short=short, bow=BOW_M / metres_per_unit(target))
    bend = np.isfinite(longest)
    flat[bend] = shapely.segmentize(flat[bend], longest[bend])
    moved: Array = shapely.transform(flat, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1])))
    return _whole(moved)


def _whole(moved: Array) -> Array:
    finite = np.isfinite(shapely.bounds(moved)).all(axis=1)
    bent = np.flatnonzero(finite & (shapely.get_dimensions(moved) == 2))
    bent = bent[~shapely.is_valid(moved[bent])]
    moved[bent] = [_areas(shape) for shape in shapely.make_valid(moved[bent], method="structure")]
    return moved


def _areas(shape: Any) -> Any:
    parts: Sequence[Any] = shapely.get_parts(shape)
    areas = [part for part in parts if shapely.get_dimensions(part) == 2]
    return shapely.union_all(areas)
