"""How many hectares of each land-cover class lie in each zone, by exact cover fractions."""

from collections.abc import Callable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod, Transformer

from geo.cells import BATCH_CELLS, TILE, Cells, Codes, Tile, covered
from geo.crs import Bounds
from geo.errors import CrsError, GeoError
from geo.grid import TRUE_AREA, Grid, moved_shapes
from geo.intersections import areal
from geo.measure import Array

ZONE, NO_DATA, UNCLASSIFIED, OUTSIDE = "zone_ha", "no_data_ha", "unclassified_ha", "outside_ha"
WGS84 = "EPSG:4326"
GEOD = Geod(ellps="WGS84")

_CORNERS = 64
_EQUAL_AREA = float(np.sqrt(2 * np.pi / _CORNERS / np.sin(2 * np.pi / _CORNERS)))


def land_cover(
    zones: gpd.GeoDataFrame,
    dataset: Any,
    classes: Mapping[int, str],
    *,
    band: int = 1,
    around: Bounds | None = None,
    tile: int = TILE,
    batch_cells: int = BATCH_CELLS,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """Hectares of each class in each zone; one row a zone, index and order of `zones`.

    Columns: `zone_ha` (the zone itself), `<class>_ha` for every class of the table in its order,
    `no_data_ha` (nodata pixels), `unclassified_ha` (values the table does not name) and
    `outside_ha` (ground the raster does not reach); all but the first add up to it. Where nothing
    of a zone is classified its classes are NaN, not 0. A zone without ground (a line, a point
    without `radius_m`, an empty or missing shape) is NaN throughout. Points with `radius_m` count
    as discs. Zones may overlap: each is measured by itself.

    Hectares are those on the WGS 84 ellipsoid: the covered fraction of each pixel times the true
    ground of that pixel, whatever the raster's CRS. Zones may be in any CRS; their edges are bent
    as the change to the raster's CRS bends them. A pixel belongs wholly to its class.

    `dataset` is an open rasterio dataset that nobody else uses meanwhile; `classes` is pixel value
    -> class; `around`: see `geo.grid.Grid`. Memory does not grow with the raster, nor with the size
    of zones: `geo.cells`. `progress` is called with the share of the raster that is done.

    Raises CrsError for zones or rasters without a CRS, GeoError for invalid zones, a rotated grid
    and an empty class table.
    """
    if zones.crs is None:
        raise CrsError("The zones have no CRS. Say which CRS they are in before measuring.")
    grid, codes = Grid.of(dataset, around=around), Codes.of(dataset, classes, band=band)
    areas, discs = _areas(zones), _discs(zones)
    round_ = ~shapely.is_missing(discs)
    placed = grid.place(areas, crs=zones.crs)
    placed[round_] = grid.place(discs[round_], crs=WGS84)
    zone_m2 = true_area_m2(areas, crs=zones.crs)
    zone_m2[round_] = true_area_m2(discs[round_], crs=WGS84)
    sums_m2 = cover_m2(
        placed,
        grid,
        lambda window: codes.read(dataset, band=band, window=window),
        count=codes.count,
        tile=tile,
        batch_cells=batch_cells,
        progress=progress,
    )
    outside_m2 = outside_area_m2(placed, grid)
    outside_m2 = np.where(shapely.is_missing(placed), zone_m2, np.minimum(outside_m2, zone_m2))
    return _frame(zones.index, codes, sums_m2, zone_m2, outside_m2)


def cover_m2(
    shapes: Array,
    grid: Grid,
    read: Callable[[tuple[int, int, int, int]], Array],
    *,
    count: int,
    tile: int = TILE,
    batch_cells: int = BATCH_CELLS,
    progress: Callable[[float], None] | None = None,
) -> Array:
    """True square metres of each of `count` codes in each shape, as an array (shape, code).

    `shapes` are areas in grid units, None for none; `read` as in `geo.cells.covered`.
    """
    sums = np.zeros((len(shapes), count))
    of, down, across = (-1, -1), np.zeros(0), np.zeros(0)
    for part in covered(shapes, grid, read, tile=tile, batch_cells=batch_cells):
        row, column, height, width = _tile_of(part, grid, tile)
        if (row, column) != of:
            of = row, column
            down, across = grid.block_area_m2(row, column, height, width)
        if isinstance(part, Tile):
            sums[part.whole] += _counted_m2(part, down[part.row - row :], across, column, count)
            continue
        area = part.fraction * down[part.row - row] * across[part.column - column]
        # cells stand in the order of their zones
        first = np.diff(part.zone, prepend=-1) != 0
        local, zone = np.cumsum(first) - 1, part.zone[first]
        flat = np.bincount(local * count + part.code, weights=area, minlength=len(zone) * count)
        sums[zone] += flat.reshape(len(zone), count)
        if progress is not None:
            progress(float(part.row[-1] + 1) / grid.height)
    return sums


def _counted_m2(part: Tile, down: Array, across: Array, column: int, count: int) -> Array:
    """True square metres of each code in a tile or block of one, all of it."""
    height, width = part.codes.shape
    start = part.column - column
    area = down[:height, None] * across[start : start + width]
    total: Array = np.bincount(part.codes.ravel(), weights=area.ravel(), minlength=count)
    return total


def _tile_of(part: Cells | Tile, grid: Grid, tile: int) -> tuple[int, int, int, int]:
    """The tile a part lies in: row, column, height, width. It alone decides true pixel areas, so
    they are the same whichever zones are there."""
    at = (part.row, part.column) if isinstance(part, Tile) else (part.row[0], part.column[0])
    row, column = int(at[0]) // tile * tile, int(at[1]) // tile * tile
    return row, column, min(tile, grid.height - row), min(tile, grid.width - column)


def true_area_m2(shapes: Array, *, crs: Any) -> Array:
    """Square metres of areas on the WGS 84 ellipsoid; edges are straight in `crs`. NaN for none."""
    area: Array = shapely.area(moved_shapes(shapes, source=crs, target=TRUE_AREA))
    return area


def outside_area_m2(placed: Array, grid: Grid) -> Array:
    """True square metres of areas in grid units that lie beyond the raster's edges; 0 for none."""
    area = np.zeros(len(placed))
    left, bottom, right, top = shapely.bounds(placed).T
    out = (left < 0) | (bottom < 0) | (right > grid.width) | (top > grid.height)
    beyond = shapely.difference(placed[out], grid.outline)
    ground = grid.on_ground(beyond, crs=TRUE_AREA)
    area[out] = np.nan_to_num(shapely.area(ground))
    return area


def _frame(
    index: Any, codes: Codes, sums_m2: Array, zone_m2: Array, outside_m2: Array
) -> pd.DataFrame:
    known = np.isfinite(zone_m2)
    classes = len(codes.classes)
    seen = sums_m2[:, :classes].sum(axis=1) > 0
    columns = {ZONE: zone_m2}
    for code, name in enumerate(codes.classes):
        columns[f"{name}_ha"] = np.where(known & seen, sums_m2[:, code], np.nan)
    columns[NO_DATA] = np.where(known, sums_m2[:, codes.no_data], np.nan)
    columns[UNCLASSIFIED] = np.where(known, sums_m2[:, codes.unclassified], np.nan)
    columns[OUTSIDE] = np.where(known, outside_m2, np.nan)
    return pd.DataFrame({name: m2 / 10_000 for name, m2 in columns.items()}, index=index)


def _areas(zones: gpd.GeoDataFrame) -> Array:
    """The areas of the zones, None for what is none; refuses invalid ones."""
    shapes: Array = shapely.force_2d(np.asarray(zones.geometry.array, dtype=object))
    shapes[(shapely.get_dimensions(shapes) != 2) | shapely.is_empty(shapes)] = None
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == 7)
    shapes[mixed] = areal(shapes[mixed])
    bad = ~(shapely.is_valid(shapes) | shapely.is_missing(shapes))
    if bad.any():
        raise GeoError(
            f"{int(bad.sum())} zones have an invalid outline, the first of them "
            f"'{zones.index[bad][0]}' ({shapely.is_valid_reason(shapes[bad][0])}). "
            "Import the layer again, or repair them before measuring."
        )
    return shapes


def _discs(zones: gpd.GeoDataFrame) -> Array:
    """Points with a radius as 64-gons of exactly the circle's area, in degrees on WGS 84."""
    discs = np.full(len(zones), None, dtype=object)
    if "radius_m" not in zones:
        return discs
    points: Array = np.asarray(zones.geometry.array, dtype=object)
    radius_m = pd.to_numeric(zones["radius_m"], errors="coerce").to_numpy("float64", na_value=0.0)
    which = np.flatnonzero((shapely.get_type_id(points) == 0) & (radius_m > 0))
    which = which[np.isfinite(radius_m[which]) & ~shapely.is_empty(points[which])]
    move = Transformer.from_crs(zones.crs, WGS84, always_xy=True).transform
    lon, lat = move(shapely.get_x(points[which]), shapely.get_y(points[which]))
    angle = np.tile(np.arange(_CORNERS) * (360 / _CORNERS), len(which))
    x, y, _ = GEOD.fwd(
        np.repeat(lon, _CORNERS),
        np.repeat(lat, _CORNERS),
        angle,
        np.repeat(radius_m[which] * _EQUAL_AREA, _CORNERS),
    )
    discs[which] = shapely.polygons(np.column_stack([x, y]).reshape(len(which), _CORNERS, 2))
    return discs
