"""Vector tiles read by a program that is not ours: GDAL's MVT driver."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from geo.tiles.grid import DEEPEST, to_grid

Tile = tuple[int, int, int]
WEB_MERCATOR = 3857


def decoded(body: bytes, tile: Tile) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a tile by name, EPSG:3857, what reaches over its edges included.

    A decoder that cannot read the tile raises.
    """
    if not body:
        return {}
    zoom, column, row = tile
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "tile.pbf"
        path.write_bytes(body)
        found = {}
        for name, _ in pyogrio.list_layers(path):
            frame = pyogrio.read_dataframe(
                path, layer=name, X=str(column), Y=str(row), Z=str(zoom), CLIP="NO"
            )
            found[str(name)] = frame
        return found


def filled(shape: shapely.Geometry) -> shapely.Geometry:
    """What a canvas fills of an area by the even-odd rule, whatever its rings run back upon."""
    if shapely.get_dimensions(shape) < 2:
        return shape
    rings = shapely.get_rings(shape)
    whole = [shapely.get_coordinates(ring) for ring in rings]
    lines = shapely.union_all([shapely.LineString(ring) for ring in whole])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inside = shapely.point_on_surface(faces)
    odd = [sum(_crossings(ring, point.x, point.y) for ring in whole) % 2 == 1 for point in inside]
    return shapely.union_all(faces[np.array(odd, dtype=bool)])


def _crossings(ring: np.ndarray, x: float, y: float) -> int:
    """How often a ray to the east from a point crosses a closed ring."""
    a, b = ring[:-1], ring[1:]
    spans = (a[:, 1] > y) != (b[:, 1] > y)
    a, b = a[spans], b[spans]
    at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    return int((at > x).sum())


def pixel_m(zoom: int) -> float:
    """The side of a pixel of a tile of 256 by 256, in metres of EPSG:3857."""
    return 40_075_016.68557849 / 2**zoom / 256


def tiles_over(bounds: tuple[float, ...], zoom: int) -> Iterator[Tile]:
    """Every tile that meets bounds (degrees)."""
    west, south, east, north = bounds
    corners = to_grid(np.array([[west, north], [east, south]])) >> (DEEPEST - zoom + 12)
    (left, top), (right, bottom) = np.minimum(corners, 2**zoom - 1).tolist()
    for column in range(left, right + 1):
        for row in range(top, bottom + 1):
            yield zoom, column, row
