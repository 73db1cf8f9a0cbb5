"""A flat local plane in metres around Tarkwa, in which the landscape is drawn.

Plain arithmetic instead of a map projection: the same numbers on every machine, and true to 0.1 %
over the region, which is all a drawing needs. Nothing is measured for users in this plane.
"""

from collections.abc import Sequence

import numpy as np
import shapely

ORIGIN = np.array([-2.0, 5.3])
"""Longitude, latitude of the plane's origin, degrees."""

METRES_PER_DEGREE = np.array([110_847.0, 110_584.0])
"""East and north, on the WGS 84 ellipsoid at 5.3 degrees north."""

DECIMALS = 6
"""Of the degrees written to the files: 0.1 m, and coarse enough to hide the last bit of a sine."""


def metres(degrees: Sequence[Sequence[float]] | Sequence[float] | np.ndarray) -> np.ndarray:
    """Plane coordinates (east, north) of longitude and latitude, same shape."""
    return (np.asarray(degrees, dtype=float) - ORIGIN) * METRES_PER_DEGREE


def degrees(xy: np.ndarray) -> np.ndarray:
    """Longitude and latitude of plane coordinates, rounded to DECIMALS, same shape."""
    return np.round(xy / METRES_PER_DEGREE + ORIGIN, DECIMALS)


def to_degrees(geometries: np.ndarray) -> np.ndarray:
    """Shapes drawn in the plane, as longitude and latitude rounded to DECIMALS."""
    return shapely.transform(np.asarray(geometries, dtype=object), degrees)
