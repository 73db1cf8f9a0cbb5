"""What the overview says of a layer version: ground covered, features by class, ends of licences.

Computed once a version and kept on disk; of a large version by a process of its own, so that the
server neither holds its outlines nor waits with everybody else.
"""

import hashlib
import json
import sys
from typing import Any

import numpy as np
import shapely

from dashboard.workflows.kept import run_apart
from dashboard.workflows.types import WorkflowError
from geo.intersections import union_area_m2
from geo.measure import to_measuring_crs
from layers import facts
from layers.catalogue import LayerVersion
from layers.facts import Region
from layers.store import Store, open_store

IN_WORKER_FROM = 50_000
"""Features from which on a process of its own computes; below, starting one would take longer."""


def layer_figures(store: Store, version: LayerVersion, region: Region) -> dict[str, Any]:
    """Ground covered (`area_ha`, once; None for points and lines), `classes` with their features
    ("" = no class), `ends` of licences by day, `corners` of all outlines."""
    name = _name(version.version_id, region)
    kept = store.read_derived(name)
    if kept is None and version.features >= IN_WORKER_FROM:
        kept = _in_worker(store, version, region)
    elif kept is None:
        kept = _keep(store, version.version_id, region)
    return dict(json.loads(kept))


def _name(version_id: str, region: Region) -> str:
    mark = hashlib.sha256(region.measuring_crs.encode()).hexdigest()[:8]
    return f"figures/{version_id}-{mark}-corners.json"


def _keep(store: Store, version_id: str, region: Region) -> bytes:
    frame = store.read_features(version_id, columns=["feature_class", "valid_to"])
    polygons = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    area_ha = None
    if len(polygons):
        flat = to_measuring_crs(polygons, measuring_crs=region.measuring_crs)
        shapes = flat.geometry.to_numpy()
        bent = ~shapely.is_valid(shapes)
        shapes = np.where(bent, shapely.make_valid(np.where(bent, shapes, None)), shapes)
        area_ha = union_area_m2(shapes) / 10_000
    classes = frame["feature_class"].fillna("").value_counts().sort_index()
    ends = frame["valid_to"].dropna().astype(str).value_counts() if "valid_to" in frame else {}
    figures: dict[str, Any] = {
        "area_ha": area_ha,
        "ends": {str(day)[:10]: int(count) for day, count in ends.items()},
        "classes": {str(name): int(count) for name, count in classes.items()},
        "corners": int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum()),
    }
    content = json.dumps(figures).encode()
    store.write_derived(_name(version_id, region), content)
    return content


def _in_worker(store: Store, version: LayerVersion, region: Region) -> bytes:
    order = {
        "store": store.location,
        "version_id": version.version_id,
        "region_id": region.region_id,
    }
    code = run_apart(__name__, order)
    content = store.read_derived(_name(version.version_id, region))
    if code or content is None:
        raise WorkflowError(
            f"The figures of '{store.layer(version.layer_id).name}' could not be computed; the "
            "server's log says why. The layer is unchanged. Reload the page to try again."
        )
    return content


def main() -> None:
    """Compute what standard input asks for, and keep it; one process at a time does."""
    order = json.load(sys.stdin)
    store, region = open_store(order["store"]), facts.region(order["region_id"])
    with store.deriving():
        if store.read_derived(_name(order["version_id"], region)) is None:
            _keep(store, order["version_id"], region)
