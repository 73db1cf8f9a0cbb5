"""Layer versions in the measuring CRS, cut into parts: made once, then read by every run."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import geopandas as gpd
import pyproj
import shapely

from geo.conflicts import LayerFrame
from geo.measure import to_measuring_crs
from geo.validity import repair
from layers import parted
from layers.parted import PartFile, write_parts
from layers.store import Store

COLUMNS = (
    "feature_id",
    "name",
    "feature_class",
    "holder",
    "radius_m",
    "position_sd_m",
    "width_m",
    "valid_to",
)
EXTRA = ("name", "valid_to", "width_m")
ROOT = Path(__file__).resolve().parents[2]


@cache
def code_of(*paths: Path) -> str:
    """A hash of files of code and of the libraries that measure."""
    digest = hashlib.sha256(f"{shapely.__version__} {shapely.geos_version}".encode())
    digest.update(f"{pyproj.__version__} {pyproj.proj_version_str}".encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def layer_frame(
    store: Store,
    layer_id: str,
    kind: str,
    version_id: str,
    *,
    measuring_crs: str,
    feature_ids: Sequence[str] | None = None,
) -> LayerFrame:
    """A layer version for the engine, in the measuring CRS.

    Moving the corners of a valid outline to another projection can make it cross itself by a hair;
    such an outline is repaired again, so that every feature takes part.
    """
    frame = store.read_features(version_id, columns=COLUMNS, feature_ids=feature_ids)
    frame = to_measuring_crs(frame, measuring_crs=measuring_crs)
    shapes = frame.geometry.to_numpy()
    bent = ~shapely.is_valid(shapes)
    if bent.any():
        shapes = shapes.copy()
        shapes[bent] = repair(shapes[bent]).geometries
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))
    return LayerFrame(layer_id=layer_id, kind=kind, features=frame, checked=True)


def measured_parts(
    store: Store, layer_id: str, kind: str, version_id: str, *, measuring_crs: str
) -> PartFile:
    """The layer version as a file of parts; made where it is not kept."""
    code = code_of(Path(__file__), Path(parted.__file__), ROOT / "geo" / "measure.py")
    told = f"{version_id}\x1f{measuring_crs}\x1f{code}"
    name = f"measured/{version_id}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.parquet"
    url = store.derived_url(name)
    if url is None:
        frame = layer_frame(store, layer_id, kind, version_id, measuring_crs=measuring_crs)
        store.write_derived(name, write_parts(frame, measuring_crs=measuring_crs, extra=EXTRA))
        url = store.derived_url(name)
        assert url is not None, "a derived file that was just written is there"
    return PartFile(url)
