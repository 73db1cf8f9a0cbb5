"""How large pixels of a grid are on the ground."""

import numpy as np

from geo.crs import Bounds, Floats, points_to_wgs84

# WGS 84
A_M = 6_378_137.0
E2 = 0.006_694_379_990_14


def pixel_areas_m2(
    xy: Floats, *, width: float, height: float, crs: str, area_of_interest: Bounds
) -> Floats:
    """The area on the WGS 84 ellipsoid, in square metres, of the pixel around each place.

    `xy` are (n, 2) middles of pixels and `width`, `height` their sides, all in units of `crs`.
    The area is that of the parallelogram the two sides span at the middle, so it is exact up to
    the square of a pixel's size over the Earth's radius. NaN where a place is not on the globe.
    `area_of_interest` picks the datum shift, as everywhere.
    """
    sides = ground_vectors(
        xy, width=width, height=height, crs=crs, area_of_interest=area_of_interest
    )
    (east_x, north_x), (east_y, north_y) = sides
    return np.asarray(np.abs(east_x * north_y - east_y * north_x))


def pixel_size_m(
    xy: Floats, *, width: float, height: float, crs: str, area_of_interest: Bounds
) -> tuple[float, float]:
    """Width and height in metres on the ground of the pixel around one place, (1, 2)."""
    (east_x, north_x), (east_y, north_y) = ground_vectors(
        xy, width=width, height=height, crs=crs, area_of_interest=area_of_interest
    )
    return float(np.hypot(east_x, north_x)[0]), float(np.hypot(east_y, north_y)[0])


def ground_vectors(
    xy: Floats, *, width: float, height: float, crs: str, area_of_interest: Bounds
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """East and north, in metres, of the two sides of the pixel around each place."""
    half = np.array([[width / 2, 0.0], [0.0, height / 2]])
    middle = points_to_wgs84(xy, crs, area_of_interest=area_of_interest)
    latitude = np.radians(np.where(np.isfinite(middle[:, 1]), middle[:, 1], np.nan))
    w = np.sqrt(1 - E2 * np.sin(latitude) ** 2)
    # radii of curvature along the parallel and along the meridian
    east_m = np.radians(A_M / w * np.cos(latitude))
    north_m = np.radians(A_M * (1 - E2) / w**3)
    vectors = []
    for side in half:
        after = points_to_wgs84(xy + side, crs, area_of_interest=area_of_interest)
        before = points_to_wgs84(xy - side, crs, area_of_interest=area_of_interest)
        with np.errstate(invalid="ignore"):
            turn = after - before
        vectors.append((turn[:, 0] * east_m, turn[:, 1] * north_m))
    return vectors[0], vectors[1]
