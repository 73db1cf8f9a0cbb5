"""A small landscape with a past: two versions of the titles, dated visits, two rasters."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np

from dashboard import workflows
from layers.importing import ImportRequest
from layers.read import ReadRequest
from tests.layers.raster_samples import grid, write_tif

WEST, SOUTH = -2.0, 5.30
OLD, NEW = dt.date(2016, 6, 30), dt.date(2020, 6, 30)
HOSTILE = "Visits <img src=x onerror='window.pwned=1;parent.pwned=1'>"


def square(west: float, south: float, side: float) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def titles(*places: tuple[str, float, float]) -> bytes:
    """Titles of 0.04 degrees, as GeoJSON."""
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": code},
                    "geometry": square(west, south, 0.04),
                }
                for code, west, south in places
            ],
        }
    ).encode()


BEFORE = titles(("L-1", WEST, SOUTH))
"""One title in the west."""
AFTER = titles(("L-1", WEST, SOUTH), ("L-2", WEST + 0.1, SOUTH))
"""The same, and one more in the east."""
VISITS = (
    b"visit_id,name,lon,lat,visit_date\n"
    b"V-1,First,-1.9850,5.3500,2019-03-01\nV-2,Second,-1.9550,5.3500,2020-05-10\n"
    b"V-3,Third,-1.9250,5.3500,2021-08-20\nV-4,No date,-1.8950,5.3500,\n"
)
TABLE = {"1": "forest", "9": "cropland"}


def bring(
    store: Any, path: Path, content: bytes, *, kind: str, name: str, day: dt.date | None
) -> None:
    """Import bytes as the next version of a layer."""
    path.write_bytes(content)
    read = ReadRequest(region_id="tarkwa", kind=kind, crs="EPSG:4326", accept_suggestions=True)
    request = ImportRequest(
        read=read, layer_name=name, data_date=day, source_note=f"{name}, a test"
    )
    report = workflows.run_import(store, path, request, filename=path.name)
    assert report.status == "imported", report.findings


def bring_raster(store: Any, folder: Path, value: int, name: str, day: dt.date) -> None:
    """Import a raster that is one class all over."""
    values = np.full((120, 120), value, dtype="uint8")
    path = write_tif(folder / f"{value}.tif", values, nodata=0, transform=grid(pixel_m=100))
    read = ReadRequest(region_id="tarkwa", kind="landcover", class_values=TABLE)
    request = ImportRequest(read=read, layer_name=name, data_date=day, source_note="A test")
    report = workflows.run_import(store, path, request, filename=path.name)
    assert report.status == "imported", report.findings


def fill(home: Path, folder: Path) -> None:
    """Put the landscape into a new store."""
    store = workflows.open_home(home)
    bring(store, folder / "titles.geojson", BEFORE, kind="licences", name="Titles", day=OLD)
    bring(store, folder / "titles.geojson", AFTER, kind="licences", name="Titles", day=NEW)
    bring(store, folder / "visits.csv", VISITS, kind="visits", name=HOSTILE, day=None)
    bring_raster(store, folder, 1, "Cover before", dt.date(2015, 1, 1))
    bring_raster(store, folder, 9, "Cover after", dt.date(2024, 1, 1))
    store.close()
