"""The store's own raster: tiled, compressed, with overviews, in the grid the file came in."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.read import pixels
from layers.read.model import ReadError

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

TILE = 512
TYPES = ("uint8", "int16", "uint16", "int32")
"""From small to large; what GDAL, QGIS and exactextract all read."""


def write_cog(
    dataset: "DatasetReader",
    band: int,
    *,
    out: Path,
    has_mask: bool,
    values: Mapping[int, int],
    nodata: int | None,
    crs: str,
    tags: Mapping[str, str],
    say: pixels.Say,
) -> int | None:
    """Write a band as a cloud-optimised GeoTIFF; returns the value that means "no data" in it.

    Pixel values stay as they are. Pixels without a value become `nodata`, or where no value means
    that, the highest that no pixel has. Overviews hold real pixels (the most frequent of four, or
    the nearest), never averages: an average of two classes is a third one.
    """
    import rasterio  # noqa: PLC0415 - loads GDAL
    import rasterio.shutil  # noqa: PLC0415

    kept = _free_value(values) if nodata is None and _has_gaps(dataset, values) else nodata
    dtype = _type_for([*values, *([] if kept is None else [kept])])
    plain = out.with_name("plain.tif")
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": dataset.width, "height": dataset.height, "count": 1,
        "dtype": dtype, "crs": rasterio.crs.CRS.from_string(crs), "transform": dataset.transform,
        "nodata": kept, "tiled": True, "blockxsize": TILE, "blockysize": TILE,
        "compress": "zstd", "zstd_level": 1, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    every = list(pixels.windows(dataset, band))
    with rasterio.open(plain, "w", **profile) as target:
        for number, window in enumerate(every):
            say(0.6 * number / len(every))
            data, there = pixels.read_window(dataset, band, window, has_mask=has_mask)
            if there is not None:
                data = np.where(there, data, 0 if kept is None else kept)
            target.write(data.astype(dtype, copy=False), 1, window=window)
        target.update_tags(**tags)
    say(0.6)
    rasterio.shutil.copy(
        plain, out, driver="COG", COMPRESS="DEFLATE", BLOCKSIZE=TILE, BIGTIFF="IF_SAFER",
        OVERVIEWS="IGNORE_EXISTING", OVERVIEW_RESAMPLING="MODE", RESAMPLING="NEAREST",
        NUM_THREADS=1,
    )  # fmt: skip
    plain.unlink()
    return kept


def _has_gaps(dataset: "DatasetReader", values: Mapping[int, int]) -> bool:
    return sum(values.values()) < int(dataset.width) * int(dataset.height)


def _free_value(values: Mapping[int, int]) -> int:
    """A value no pixel has, the highest of a byte if it can be."""
    for dtype in TYPES:
        limits = np.iinfo(dtype)
        for value in (int(limits.max), int(limits.min)):
            if value not in values and _fits(values, dtype):
                return value
        if _fits(values, dtype):
            return next(value for value in range(int(limits.max), -1, -1) if value not in values)
    raise ReadError("The raster has no value left for pixels without data.")


def _fits(values: Any, dtype: str) -> bool:
    limits = np.iinfo(dtype)
    return not values or (min(values) >= limits.min and max(values) <= limits.max)


def _type_for(values: list[int]) -> str:
    for dtype in TYPES:
        if _fits(values, dtype):
            return dtype
    raise ReadError("The raster holds values beyond those of a whole number of 32 bits.")
