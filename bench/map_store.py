"""A store with one large layer of fields, put there without reading a file: what the map is timed
on."""

import hashlib
import io
import shutil
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np

from bench.country import OUT, country_files
from layers.catalogue import LayerVersion, NewVersion
from layers.store import opened

REGION, KIND, NAME = "tarkwa", "farmland", "Fields"


def home_with_fields(size: str) -> Path:
    """A store with the fields of a size as one layer, made where it is missing."""
    country = country_files(size)
    told = country.name + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    home = OUT / f"map-{told}"
    if not home.exists():
        made = Path(tempfile.mkdtemp(dir=OUT, prefix=".making-"))
        try:
            add_fields(made, gpd.read_parquet(country / f"{KIND}.parquet"))
            made.rename(home)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return home


def add_fields(home: Path, fields: gpd.GeoDataFrame) -> LayerVersion:
    """Put fields into the store as a layer version, in the order a reader would write them."""
    frame = canonical(fields)
    stream = io.BytesIO()
    frame.to_parquet(
        stream,
        index=False,
        write_covering_bbox=True,
        schema_version="1.1.0",
        row_group_size=8192,
    )
    with opened(home) as store:
        stream.seek(0)
        original = store.put_original(stream)
        stream.seek(0)
        version, _ = store.add_version(_new(frame, original), stream)
        return version


def canonical(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The canonical frame of docs/architecture.md in EPSG:4326, in Hilbert order."""
    count = len(fields)
    frame = gpd.GeoDataFrame(
        {
            "feature_id": fields["feature_id"].astype("str").to_numpy(),
            "source_row": np.arange(1, count + 1),
            "name": np.full(count, None, dtype=object),
            "feature_class": fields["feature_class"].to_numpy(dtype=object),
            "holder": np.full(count, None, dtype=object),
            "observed_on": np.full(count, None, dtype=object),
            "radius_m": np.full(count, np.nan),
            "position_sd_m": np.zeros(count),
            "repaired": np.zeros(count, dtype=bool),
        },
        geometry=fields.geometry.to_crs(4326).to_numpy(),
        crs=4326,
    )
    for column in ("name", "feature_class", "holder"):
        frame[column] = frame[column].astype("str").where(frame[column].notna(), None)
    return frame.iloc[np.argsort(frame.hilbert_distance().to_numpy(), kind="stable")]


def _new(frame: gpd.GeoDataFrame, original: str) -> NewVersion:
    west, south, east, north = (float(edge) for edge in frame.total_bounds)
    return NewVersion(
        region_id=REGION,
        kind=KIND,
        layer_name=NAME,
        imported_by="bench",
        filename="fields.parquet",
        sha256=original,
        source_layer=None,
        data_date=None,
        source_note=None,
        crs="EPSG:4326",
        crs_how="declared",
        read=len(frame),
        imported=len(frame),
        repaired=0,
        rejected=0,
        bounds=(west, south, east, north),
        mapping={},
        request={},
        request_fingerprint=original,
        findings=(),
        demonstration=True,
    )
