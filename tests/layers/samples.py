"""Small layers made in code and put straight into a store, for tests that need no file reading."""

import io
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from layers.catalogue import LayerVersion, NewVersion
from layers.store import Store


def canonical(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Rows as a canonical frame (docs/architecture.md); `geometry` and `feature_id` are needed."""
    empty = {
        "source_row": None,
        "name": None,
        "feature_class": None,
        "holder": None,
        "observed_on": None,
        "radius_m": float("nan"),
        "position_sd_m": 0.0,
        "repaired": False,
    }
    filled = [{**empty, "source_row": number, **row} for number, row in enumerate(rows, start=1)]
    frame = pd.DataFrame(filled)
    for column in ("feature_id", "name", "feature_class", "holder"):
        frame[column] = frame[column].astype("str").where(frame[column].notna(), None)
    order = [column for column in frame.columns if column != "geometry"]
    return gpd.GeoDataFrame(frame[order], geometry=list(frame["geometry"]), crs=4326)


def parquet(frame: gpd.GeoDataFrame) -> io.BytesIO:
    """A frame as the reader would leave it."""
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False, write_covering_bbox=True, schema_version="1.1.0")
    stream.seek(0)
    return stream


def new_version(
    frame: gpd.GeoDataFrame, *, sha256: str, region_id: str, kind: str, name: str, **more: Any
) -> NewVersion:
    """What an import of the frame would hand to the store."""
    known: dict[str, Any] = {
        "imported_by": "a test",
        "filename": f"{name}.geojson",
        "source_layer": None,
        "data_date": None,
        "source_note": None,
        "crs": "EPSG:4326",
        "crs_how": "declared",
        "read": len(frame),
        "imported": len(frame),
        "repaired": 0,
        "rejected": 0,
        "bounds": tuple(float(edge) for edge in frame.total_bounds),
        "mapping": {},
        "request": {},
        "request_fingerprint": f"{name} {sha256}",
        "findings": (),
    }
    known |= more
    return NewVersion(sha256=sha256, region_id=region_id, kind=kind, layer_name=name, **known)


def add(
    store: Store, rows: list[dict[str, Any]], *, region_id: str, kind: str, name: str, **more: Any
) -> LayerVersion:
    """Put rows into a store as a new version of a layer."""
    frame = canonical(rows)
    stream = parquet(frame)
    sha256 = store.put_original(io.BytesIO(b"original of " + stream.getvalue()))
    new = new_version(frame, sha256=sha256, region_id=region_id, kind=kind, name=name, **more)
    version, _ = store.add_version(new, stream)
    return version


def square(west: float, south: float, *, size: float) -> Any:
    """A square of `size` degrees."""
    return shapely.box(west, south, west + size, south + size)
