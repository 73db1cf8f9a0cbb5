"""Small GeoTIFFs made in code, and rasters put straight into a store."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

from layers.catalogue import BAND_KEY, CLASS_KEY, NODATA_KEY, LayerVersion, NewVersion
from layers.store import Store

NEAR_TARKWA = (600_000.0, 590_000.0)
"""West and north edge in EPSG:32630 of a raster that lies in the region `tarkwa`."""


def grid(*, pixel_m: float = 100.0, at: tuple[float, float] = NEAR_TARKWA) -> Affine:
    """Where a raster lies: pixels of this size, north up."""
    return Affine(pixel_m, 0.0, at[0], 0.0, -pixel_m, at[1])


def write_tif(path: Path, values: Any, **more: Any) -> Path:
    """A GeoTIFF of a (rows, columns) or (bands, rows, columns) array, on EPSG:32630 by default.

    `more` are options of rasterio.open; None as `crs` or `transform` leaves it out.
    """
    bands = np.asarray(values)
    bands = bands if bands.ndim == 3 else bands[np.newaxis]
    known: dict[str, Any] = {"crs": "EPSG:32630", "transform": grid()}
    options = {key: value for key, value in (known | more).items() if value is not None}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=bands.shape[1],
        width=bands.shape[2],
        count=bands.shape[0],
        dtype=bands.dtype,
        **options,
    ) as dataset:
        dataset.write(bands)
    return path


def add_raster(
    store: Store,
    folder: Path,
    values: Any,
    *,
    classes: Mapping[int, str],
    name: str = "Land cover",
    region_id: str = "tarkwa",
    nodata: int | None = 0,
    crs: str = "EPSG:32630",
    transform: Affine | None = None,
    **more: Any,
) -> LayerVersion:
    """Put an array into a store as a raster version; `classes` is pixel value -> class id."""
    grid_of_it = transform or grid()
    path = write_tif(folder / "sample.tif", values, nodata=nodata, crs=crs, transform=grid_of_it)
    content = path.read_bytes()
    known = np.isin(np.asarray(values), list(classes))
    mapping = {BAND_KEY: "1", NODATA_KEY: "none" if nodata is None else str(nodata)}
    mapping |= {f"{CLASS_KEY}{value}": name for value, name in classes.items()}
    told: dict[str, Any] = {
        "imported_by": "a test",
        "filename": "sample.tif",
        "source_layer": None,
        "data_date": None,
        "source_note": None,
        "crs": crs,
        "crs_how": "declared",
        "read": int(np.size(values)),
        "imported": int(known.sum()),
        "repaired": 0,
        "rejected": int((~known).sum()),
        "bounds": _bounds(np.shape(values), grid_of_it, crs),
        "mapping": mapping,
        "request": {},
        "request_fingerprint": f"{name} {len(content)}",
        "findings": (),
    } | more
    sha256 = store.put_original(io.BytesIO(content))
    new = NewVersion(sha256=sha256, region_id=region_id, kind="landcover", layer_name=name, **told)
    version, _ = store.add_version(new, io.BytesIO(content))
    return version


def _bounds(
    shape: tuple[int, ...], transform: Affine, crs: str
) -> tuple[float, float, float, float]:
    west, north = transform.c, transform.f
    west, north = transform @ (0, 0) if hasattr(Affine, "__matmul__") else transform * (0, 0)
    rows, columns = shape
    east, south = west + columns * transform.a, north + rows * transform.e
    return tuple(transform_bounds(crs, "EPSG:4326", west, south, east, north))
