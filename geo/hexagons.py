"""Hexagons of the H3 grid: which one a place lies in, their outlines, middles and true areas.

Resolution 8 is about 1 km across (0.74 km² on average over the globe), resolution 7 about 2.5 km
(5.16 km²). H3 projects onto an icosahedron, so cells differ in size by place: near Tarkwa
(5.3 N, 2 W) one of resolution 8 has 0.53 km² and is 0.78 km between its sides, near Bunia (2 N,
29.4 E) 0.80 km² and 0.96 km. Wherever an area is shown or divided by, it is the cell's own, on the
ellipsoid. Cells are named by H3's 15 hex digits.
"""

from collections.abc import Sequence

import h3
import numpy as np
import shapely

from geo.errors import GeoError
from geo.measure import Array
from geo.validity import geodesic_area_ha

RESOLUTIONS = (8, 7)
"""The finest first. Resolution 9 would be some 0.3 km across: it would show where a site is."""


def across_km(area_km2: float) -> float:
    """Kilometres between two opposite sides of a regular hexagon of that area."""
    return float(np.sqrt(area_km2 * 2 / np.sqrt(3)))


def cells_of(longitude: Array, latitude: Array, *, resolution: int) -> Array:
    """The cell each place (degrees, WGS 84) lies in, as text; None where a coordinate is not known.

    Raises GeoError for a resolution we do not use.
    """
    _known(resolution)
    found = np.full(len(longitude), None, dtype=object)
    for at in np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude)):
        found[at] = h3.latlng_to_cell(float(latitude[at]), float(longitude[at]), resolution)
    return found


def cell_outlines(cells: Sequence[str]) -> Array:
    """The polygons of cells in degrees (WGS 84, longitude first), in their order.

    A cell across the antimeridian is drawn whole, its eastern half beyond 180 degrees.
    """
    shapes = np.full(len(cells), None, dtype=object)
    for place, cell in enumerate(cells):
        ring = np.array([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])
        if np.ptp(ring[:, 0]) > 180:
            ring[ring[:, 0] < 0, 0] += 360
        shapes[place] = shapely.Polygon(ring)
    return shapes


def cell_middles(cells: Sequence[str]) -> Array:
    """(n, 2) longitudes and latitudes of the middles of cells, degrees (WGS 84)."""
    middles = np.array([h3.cell_to_latlng(cell) for cell in cells], dtype="float64").reshape(-1, 2)
    return middles[:, ::-1]


def cell_area_km2(cells: Sequence[str]) -> Array:
    """Square kilometres of each cell on the WGS 84 ellipsoid."""
    area_km2: Array = geodesic_area_ha(cell_outlines(cells)) / 100
    return area_km2


def cells_in_areas(areas: Array, *, resolution: int) -> list[str]:
    """The cells whose middle lies in one of the areas (degrees, WGS 84), in order of their ids."""
    _known(resolution)
    found: set[str] = set()
    parts = shapely.get_parts(shapely.get_parts(areas))
    for part in parts[shapely.get_type_id(parts) == 3]:
        rings = [
            [(lat, lon) for lon, lat in shapely.get_coordinates(ring)]
            for ring in (part.exterior, *part.interiors)
        ]
        found |= set(h3.h3shape_to_cells(h3.LatLngPoly(*rings), resolution))
    return sorted(found)


def cells_within(bounds: tuple[float, float, float, float], *, resolution: int) -> int:
    """How many cells have their middle within bounds (west, south, east, north), degrees."""
    _known(resolution)
    west, south, east, north = bounds
    box = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    return len(h3.h3shape_to_cells(box, resolution))


def _known(resolution: int) -> None:
    if resolution not in RESOLUTIONS:
        offered = " or ".join(str(one) for one in RESOLUTIONS)
        raise GeoError(f"There are no hexagons of resolution {resolution} here. Use {offered}.")
