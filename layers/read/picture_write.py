"""The store's own picture: tiled, compressed, with overviews, in the grid the file came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layers.read import pixels
from layers.read.picture import NoData, read_window, windows

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

TILE = 512
QUALITY = 90
"""Of JPEG: some 2 to 5 bits a pixel; docs/decisions/0023-imagery.md has the weighing."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Colours:
    """How values become colours of 8 bits; as they are where both are empty.

    `palette` is the colour of each value of the one band; `stretch` the values that become darkest
    and brightest, of each band.
    """

    palette: Mapping[int, tuple[int, int, int, int]] = field(default_factory=dict)
    stretch: tuple[tuple[int, int], ...] = ()

    def of(self, data: npt.NDArray[Any], tables: Sequence[Bytes]) -> Bytes:
        """Colours (bands, rows, columns) of values; `tables` are those of `tables()`."""
        if self.palette:
            return np.stack([table[data[0]] for table in tables])
        if self.stretch:
            lowest = int(np.iinfo(data.dtype).min)
            shifted = data if lowest == 0 else data.astype(np.int32) - lowest
            return np.stack([table[values] for table, values in zip(tables, shifted, strict=True)])
        return data.astype(np.uint8, copy=False)

    def tables(self, dtypes: Sequence[str]) -> list[Bytes]:
        """What each value of the type becomes, the lowest first: one table for each colour."""
        if self.palette:
            table = np.zeros((3, 2**16), dtype=np.uint8)
            for value, color in self.palette.items():
                table[:, value] = color[:3]
            return list(table)
        return [
            stretched(low, high, dtype=dtype)
            for (low, high), dtype in zip(self.stretch, dtypes, strict=False)
        ]


def stretched(low: int, high: int, *, dtype: str) -> Bytes:
    """The 8 bits of each value of a type: 0 up to `low`, 255 from `high`, even between."""
    limits = np.iinfo(dtype)
    values = np.arange(int(limits.min), int(limits.max) + 1, dtype=np.float64)
    share = (values - low) / max(high - low, 1)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def write_picture(
    dataset: "DatasetReader",
    bands: Sequence[int],
    *,
    colours: Colours,
    nodata: NoData,
    has_gaps: bool,
    crs: str,
    tags: Mapping[str, str],
    out: Path,
    say: pixels.Say,
) -> None:
    """Write the bands as a cloud-optimised GeoTIFF of 8 bits, with a mask where data are missing.

    The grid is that of the file, turned or not. Overviews are averages of the pixels with data that
    they stand for.
    """
    import rasterio  # noqa: PLC0415 - loads GDAL
    import rasterio.shutil  # noqa: PLC0415

    plain = out.with_name("plain.tif")
    count = 3 if colours.palette or len(bands) == 3 else 1
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": dataset.width, "height": dataset.height, "count": count,
        "dtype": "uint8", "crs": rasterio.crs.CRS.from_string(crs), "transform": dataset.transform,
        "tiled": True, "blockxsize": TILE, "blockysize": TILE, "compress": "zstd", "zstd_level": 1,
        "predictor": 2, "BIGTIFF": "IF_SAFER",
        "photometric": "RGB" if count == 3 else "MINISBLACK", "interleave": "pixel",
    }  # fmt: skip
    tables = colours.tables([str(dataset.dtypes[band - 1]) for band in bands])
    every = list(windows(dataset, bands))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(plain, "w", **profile) as target:
        for number, window in enumerate(every):
            say(0.5 * number / len(every))
            data, there, _ = read_window(dataset, bands, window, nodata=nodata)
            shown = colours.of(data, tables)
            if has_gaps:
                shown = np.where(there, shown, 0).astype(np.uint8, copy=False)
                target.write_mask(there.astype(np.uint8) * 255, window=window)
            target.write(shown, window=window)
        target.update_tags(**tags)
    say(0.5)
    packing = (
        {"COMPRESS": "DEFLATE", "PREDICTOR": "YES"}
        if colours.palette
        else {"COMPRESS": "JPEG", "QUALITY": QUALITY, "OVERVIEW_QUALITY": QUALITY}
    )
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        rasterio.shutil.copy(
            plain, out, driver="COG", BLOCKSIZE=TILE, BIGTIFF="IF_SAFER",
            OVERVIEWS="IGNORE_EXISTING", OVERVIEW_RESAMPLING="AVERAGE", NUM_THREADS=1, **packing,
        )  # fmt: skip
    plain.unlink()
