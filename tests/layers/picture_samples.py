"""Small pictures made in code, and pictures put into a store by a real import."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.transform import Affine

from layers.importing import ImportReport, ImportRequest, run_import
from layers.read import ReadRequest
from layers.store import Store
from tests.layers.raster_samples import grid, write_tif

RED, GREEN, BLUE, SAND = (200, 40, 30), (30, 140, 60), (30, 70, 180), (210, 190, 140)


def quarters(size: int = 128) -> np.ndarray:
    """(3, size, size) of 8 bits: red and green above, blue and sand below."""
    half = size // 2
    values = np.zeros((3, size, size), dtype="uint8")
    for colour, rows, columns in (
        (RED, slice(0, half), slice(0, half)),
        (GREEN, slice(0, half), slice(half, size)),
        (BLUE, slice(half, size), slice(0, half)),
        (SAND, slice(half, size), slice(half, size)),
    ):
        values[:, rows, columns] = np.array(colour, dtype="uint8")[:, np.newaxis, np.newaxis]
    return values


def photo(path: Path, values: Any = None, **more: Any) -> Path:
    """A GeoTIFF in red, green and blue, of 20 m pixels near Tarkwa by default."""
    known: dict[str, Any] = {"photometric": "RGB", "transform": grid(pixel_m=20)}
    return write_tif(path, quarters() if values is None else values, **(known | more))


def bring(
    store: Store,
    path: Path,
    *,
    name: str = "Drone",
    day: dt.date | None = dt.date(2024, 3, 1),
    region_id: str = "tarkwa",
    **asked: Any,
) -> ImportReport:
    """Import a picture; it must be accepted."""
    request = ImportRequest(
        read=ReadRequest(region_id=region_id, kind="imagery", **asked),
        layer_name=name,
        data_date=day,
        source_note="A test",
    )
    report = run_import(store, path, request, filename=path.name)
    assert report.status == "imported", report.findings
    return report


def turned(degrees: float = 30, *, pixel_m: float = 20) -> Affine:
    """A grid whose rows do not run from west to east."""
    return grid(pixel_m=pixel_m) @ Affine.rotation(degrees)
