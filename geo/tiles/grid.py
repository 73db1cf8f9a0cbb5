"""The grid of web maps: whole numbers on the square of Web Mercator (EPSG:3857).

A unit is that of a tile of the deepest zoom, 0.6 m at the equator. x grows to the east, y to the
south, both from 0 to WORLD. A tile's own corner numbers are these, shifted and less its origin.
"""

import numpy as np

from geo.tiles.ragged import Array

DEEPEST = 14
"""Zooms 0 to 14 are cut; a map looks closer by enlarging those of 14."""
EXTENT = 4096
"""Units along the side of a tile, whatever its zoom; 16 to a pixel of a tile 256 pixels wide."""
BUFFER = 64
"""Units that a tile reaches over its edges, so that no outline shows where tiles meet."""
PIXEL = EXTENT // 256
WORLD = EXTENT << DEEPEST
NORTHMOST = 85.0511287798066
"""Latitude where the square ends; what lies beyond is drawn on its edge."""

_EQUATOR_M = 40_075_016.68557849


def to_grid(degrees: Array) -> Array:
    """Longitudes and latitudes (n, 2; EPSG:4326) as grid units (n, 2; int32), rounded."""
    latitude = np.radians(np.clip(degrees[:, 1], -NORTHMOST, NORTHMOST))
    x = (degrees[:, 0] + 180.0) / 360.0
    y = 0.5 - np.arcsinh(np.tan(latitude)) / (2 * np.pi)
    units = np.rint(np.column_stack([x, y]) * WORLD)
    on: Array = np.clip(units, 0, WORLD).astype("int32")
    return on


def to_degrees(units: Array) -> Array:
    """Grid units (n, 2) as longitudes and latitudes (n, 2; EPSG:4326)."""
    x, y = (units / WORLD).T
    latitude = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y))))
    degrees: Array = np.column_stack([360 * x - 180, latitude])
    return degrees


def units_of_metres(metres: Array, y: Array) -> Array:
    """Lengths on the ground, in metres, as grid units at the latitude of `y` (grid units)."""
    stretch = np.cosh(np.pi * (1 - 2 * y / WORLD))
    units: Array = metres * stretch * (WORLD / _EQUATOR_M)
    return units


def tile_box(zoom: int, column: int, row: int, *, buffer: int = BUFFER) -> Array:
    """West, north, east and south edge of a tile with its buffer, in grid units (int64)."""
    unit = 1 << (DEEPEST - zoom)
    side = EXTENT * unit
    west, north = column * side, row * side
    reach = buffer * unit
    return np.array([west - reach, north - reach, west + side + reach, north + side + reach])
