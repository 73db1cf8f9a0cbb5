"""What pages, routes and the command line do, without Streamlit.

Every function takes the store first (`open_home()` gives one) and hands out frozen records, data
frames that nobody may change, or bytes. Published first, filled in at once.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.workflows.types import (
    AreaFigures,
    ConflictRun,
    ConflictSheet,
    FeatureCard,
    Hit,
    Overview,
    Progress,
)
from layers.catalogue import Layer, LayerVersion

if TYPE_CHECKING:
    from layers.importing import ImportReport, ImportRequest
    from layers.read import Inspection, Suggestion
    from layers.store import Store


def open_home(home: str | Path | None = None) -> "Store":
    """The store in `home`, else in COMMONGROUND_HOME, else in ./var; made where there is none."""
    raise NotImplementedError


def overview(store: "Store", region_id: str) -> Overview:
    """What is loaded for a region, how old, from where, and what that cannot tell."""
    raise NotImplementedError


def inspect_upload(path: str | Path, *, filename: str) -> "Inspection":
    """What is in a file: its layers, columns, samples and declared CRS (layers.read.inspect)."""
    raise NotImplementedError


def suggest_import(
    inspection: "Inspection", *, source_layer: str | None, kind: str, region_id: str
) -> "Suggestion":
    """A mapping of columns, classes and a CRS to be confirmed by a person (layers.read.suggest)."""
    raise NotImplementedError


def check_import(
    store: "Store",
    path: str | Path,
    request: "ImportRequest",
    *,
    filename: str,
    progress: Progress | None = None,
) -> "ImportReport":
    """The findings of an import, without importing anything."""
    raise NotImplementedError


def run_import(
    store: "Store",
    path: str | Path,
    request: "ImportRequest",
    *,
    filename: str,
    actor: str = "local",
    progress: Progress | None = None,
) -> "ImportReport":
    """Import a file as a new version of its layer; `report.status` says what became of it."""
    raise NotImplementedError


def layer(store: "Store", layer_id: str) -> Layer:
    """One layer that is shown; StoreError with a sentence when there is none."""
    raise NotImplementedError


def layer_versions(store: "Store", layer_id: str) -> tuple[LayerVersion, ...]:
    """Every version of a layer, newest first."""
    raise NotImplementedError


def roll_back(
    store: "Store", layer_id: str, *, version: str | int | None = None, actor: str = "local"
) -> LayerVersion:
    """Make a version current, by number or id; None = the one before the current one."""
    raise NotImplementedError


def delete_layer(store: "Store", layer_id: str, *, actor: str = "local") -> Layer:
    """Take a layer off every page. Its versions stay and `roll_back` brings it back."""
    raise NotImplementedError


def region_versions_fingerprint(store: "Store", region_id: str) -> str:
    """16 hex digits that change when any current layer version of the region changes."""
    raise NotImplementedError


def conflicts(
    store: "Store",
    region_id: str,
    *,
    on: dt.date,
    scenarios: Sequence[str] = (),
    layers: Sequence[str] | None = None,
    progress: Progress | None = None,
    in_process: bool = False,
) -> ConflictRun:
    """The conflicts of a region on a day, ranked; kept on disk until layers or rules change.

    `layers` limits the run to these layer ids. Computed in a worker process unless `in_process`.
    """
    raise NotImplementedError


def conflict_sheet(store: "Store", run: ConflictRun, conflict_id: str) -> ConflictSheet:
    """Everything for the page of one conflict; StoreError when the run has no such conflict."""
    raise NotImplementedError


def conflicts_geojson(run: ConflictRun, *, conflict_ids: Sequence[str] | None = None) -> bytes:
    """The conflicts as points for the map: id, rule, verdict, line, rank, name (compact GeoJSON)."""
    raise NotImplementedError


def features_geojson(store: "Store", version_id: str, *, tolerance: float = 0.0) -> bytes:
    """A layer version for the map: properties id, name, class, r (radius in metres).

    `tolerance` is the simplification in degrees; coordinates are rounded to 6 decimals.
    """
    raise NotImplementedError


def feature_card(store: "Store", layer_id: str, feature_id: str) -> FeatureCard:
    """One feature of the layer's current version, with our fields and the file's own columns."""
    raise NotImplementedError


def identify(
    store: "Store",
    region_id: str,
    lon: float,
    lat: float,
    *,
    tolerance_m: float,
    layer_ids: Sequence[str] | None = None,
    limit: int = 20,
) -> tuple[Hit, ...]:
    """The features within `tolerance_m` metres of a click: points first, then nearest, then small."""
    raise NotImplementedError


def search(store: "Store", region_id: str, text: str, *, limit: int = 20) -> tuple[Hit, ...]:
    """Features whose name or id holds the text; case and accents make no difference."""
    raise NotImplementedError


def area_figures(store: "Store", region_id: str, polygon: Mapping[str, Any]) -> AreaFigures:
    """Counts and hectares of every layer inside a drawn polygon (GeoJSON geometry, EPSG:4326)."""
    raise NotImplementedError


def export_conflicts(
    store: "Store", run: ConflictRun, *, format: str, conflict_ids: Sequence[str] | None = None
) -> bytes:
    """The conflicts as a file: format gpkg, geojson, csv or parquet; `conflict_ids` = a filter."""
    raise NotImplementedError


def export_layer(store: "Store", version_id: str, *, format: str) -> bytes:
    """A layer version as a file: format gpkg, geojson, csv or parquet."""
    raise NotImplementedError


def load_demonstration(store: "Store", *, progress: Progress | None = None) -> int:
    """Import the demonstration landscape into a store that never held a layer of it.

    Returns the number of layers imported; 0 when there was nothing to do.
    """
    raise NotImplementedError
