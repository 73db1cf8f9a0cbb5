"""Small rasters made in code for the tests of land cover; EPSG:32630, 10 m pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from rasterio.io import MemoryFile

CRS = "EPSG:32630"
WEST, NORTH, PIXEL = 600_000.0, 580_000.0, 10.0


@contextmanager
def raster(
    values: Any,
    *,
    nodata: float | None = 0,
    crs: Any = CRS,
    west: float = WEST,
    north: float = NORTH,
    pixel: float | tuple[float, float] = PIXEL,
    dtype: str = "uint8",
    transform: Affine | None = None,
    **profile: Any,
) -> Iterator[Any]:
    """An open dataset with these values, rows from north to south."""
    data = np.asarray(values, dtype=dtype)
    width, height = pixel if isinstance(pixel, tuple) else (pixel, pixel)
    known = {
        "driver": "GTiff",
        "count": 1,
        "dtype": dtype,
        "height": data.shape[0],
        "width": data.shape[1],
        "crs": crs,
        "transform": transform or Affine(width, 0, west, 0, -height, north),
        "nodata": nodata,
    } | profile
    with MemoryFile() as file:
        with rasterio.open(file.name, "w", **known) as dataset:
            dataset.write(data, 1)
        with file.open() as dataset:
            yield dataset


def zones(shapes: Any, *, crs: Any = CRS, **columns: Any) -> gpd.GeoDataFrame:
    """Zones in grid metres: (0, 0) is the raster's north-west corner, y runs north."""
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(list(shapes), crs=crs), crs=crs)
