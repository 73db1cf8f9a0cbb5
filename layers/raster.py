"""Rasters of the store: tiled GeoTIFFs made by our own worker, opened with nothing beside them.

The files people bring are never opened here; see layers/read/raster.py.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

CLASS_BANDS, PICTURE_BANDS = (1,), (1, 3)
"""How many bands our rasters have: one of classes; a picture is grey, or red, green and blue."""

GDAL_OPTIONS: dict[str, Any] = {
    # nothing that lies beside a file is looked at: no .aux.xml, .ovr, .msk
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": False,
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GTIFF_IGNORE_READ_ERRORS": False,
}
"""How GDAL opens a GeoTIFF wherever we open one."""


@contextlib.contextmanager
def opened_raster(path: Path) -> Iterator["DatasetReader"]:
    """A GeoTIFF, open for reading; rasterio's own errors where it is damaged.

    The dataset belongs to the thread that opened it.
    """
    import rasterio  # noqa: PLC0415 - loads GDAL, which most commands do without

    with rasterio.Env(**GDAL_OPTIONS), rasterio.open(path, driver="GTiff") as dataset:
        yield dataset


def pixel_count(path: Path, *, bands: tuple[int, ...] = CLASS_BANDS) -> int:
    """How many pixels a band of a GeoTIFF has; -1 where it cannot be read or has other `bands`.

    `bands` are the numbers of bands there may be: a raster of classes has one.
    """
    from rasterio.errors import RasterioError  # noqa: PLC0415

    try:
        with opened_raster(path) as dataset:
            return int(dataset.width) * int(dataset.height) if dataset.count in bands else -1
    except RasterioError:
        return -1
