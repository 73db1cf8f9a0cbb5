"""The demonstration landscape: its layers, its visits and its road map, all invented."""

import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.workflows.demonstration_visit import demonstrate_visit, take_visit_off
from dashboard.workflows.types import Progress, WorkflowError
from layers import facts
from layers.catalogue import Layer, layer_id_of
from layers.importing import ImportRequest, run_import
from layers.ledger.records import Action
from layers.read import ReadRequest
from layers.store import Store
from layers.visits.importing import import_visits
from layers.visits.model import VisitRequest

if TYPE_CHECKING:
    from data.demo.build import DemoFile

ACTOR = "demonstration"
VISITS = "visits"
CRS = "EPSG:4326"
"""Of the demonstration's tables: longitude and latitude in columns."""


def load_demonstration(store: Store, *, progress: Progress | None = None) -> int:
    """Import the demonstration landscape into a store that never held another layer of its region.

    Returns the number of layers imported; 0 when there was nothing to do. A start that was cut off
    is taken up where it stopped; layers that somebody deleted stay deleted. Its visits and its road
    map come into the ledger once, also of a store that had the layers before.
    """
    region_id = next(one.region_id for one in facts.regions().values() if one.demonstration)
    from data.demo.build import LAYERS, demonstration_files  # noqa: PLC0415 - for a new store only

    ours = {
        layer_id_of(region_id, one["kind"], one["layer_name"]): one["kind"]
        for one in LAYERS.values()
    }
    there = {one.layer_id for one in store.layers(region_id, deleted=True)}
    loaded = 0
    if there <= set(ours) and not there >= set(ours):
        with tempfile.TemporaryDirectory(prefix="demonstration-") as folder:
            wanted: dict[str, list[DemoFile]] = {}
            for file in demonstration_files(Path(folder)):
                layer_id = layer_id_of(region_id, file.kind, file.layer_name)
                if layer_id not in there:
                    wanted.setdefault(layer_id, []).append(file)
            with ThreadPoolExecutor(max_workers=2) as pool:
                work = [pool.submit(_demonstrate, store, region_id, one) for one in wanted.values()]
                for done, name in enumerate(job.result() for job in as_completed(work)):
                    if progress:
                        share = (done + 1) / len(wanted)
                        progress(share, f"Loaded the demonstration layer '{name}'")
        loaded = len(wanted)
    visits = [one for one, kind in ours.items() if kind == VISITS]
    for layer in store.layers(region_id):
        if layer.layer_id in visits and layer.demonstration:
            _into_ledger(store, layer)
    demonstrate_visit(store, region_id, actor=ACTOR)
    return loaded


def take_demonstration_off(store: Store, region_id: str, *, actor: str = "local") -> int:
    """Take everything invented in a region off pages, map and analysis; returns how many layers.

    Like `delete_layer`: nothing is erased. `roll_back` brings a layer back and `put_batch_back` the
    visits of the ledger.
    """
    invented = [layer for layer in store.layers(region_id) if layer.demonstration]
    for layer in invented:
        store.delete_layer(layer.layer_id, actor=actor)
    for batch in store.batches(region_id):
        if batch.demonstration:
            store.take_batch_off(batch.batch_id, why="The demonstration was taken off", actor=actor)
    for action in store.actions(region_id):
        if action.demonstration:
            store.put_action(replace(action, shown=False), actor=actor)
    take_visit_off(store, region_id, actor=actor)
    return len(invented)


def _demonstrate(store: Store, region_id: str, files: Sequence["DemoFile"]) -> str:
    """Import the files of one layer, each as a version, in their order; the layer's name."""
    for file in files:
        request = ImportRequest(
            read=ReadRequest(
                region_id=region_id,
                kind=file.kind,
                crs=file.crs,
                class_values=file.class_values,
                accept_suggestions=True,
            ),
            layer_name=file.layer_name,
            data_date=file.data_date,
            source_note=file.note,
            demonstration=True,
        )
        report = run_import(store, file.path, request, filename=file.path.name, actor=ACTOR)
        if not report.ok:
            told = " ".join(finding.message for finding in report.blocking)
            raise WorkflowError(f"The demonstration landscape was refused: {told}")
    return files[0].layer_name


def _into_ledger(store: Store, layer: Layer) -> None:
    """The visits of a demonstration layer, from its own original, and the road map; each once."""
    if not any(one.demonstration for one in store.batches(layer.region_id, taken_off=True)):
        _visits_into_ledger(store, layer)
    if not any(one.demonstration for one in store.actions(layer.region_id, taken_off=True)):
        for action in _road_map(layer.region_id):
            store.put_action(action, actor=ACTOR)


def _visits_into_ledger(store: Store, layer: Layer) -> None:
    version = layer.current
    if version is None:
        return
    request = VisitRequest(
        region_id=layer.region_id,
        crs=CRS,
        source_note=version.source_note,
        accept_suggestions=True,
        demonstration=True,
    )
    with tempfile.TemporaryDirectory(prefix="demonstration-") as folder:
        path = Path(folder) / "visits.csv"
        with store.open_original(version.sha256) as original, path.open("wb") as copy:
            shutil.copyfileobj(original, copy)
        report = import_visits(store, path, request, filename=version.filename, actor=ACTOR)
    if report.batch is None:
        told = " ".join(one.message for one in report.findings if one.blocking)
        raise WorkflowError(f"The visits of the demonstration were refused: {told}")


def _road_map(region_id: str) -> list[Action]:
    from data import demo  # noqa: PLC0415 - for a new store only

    path = Path(demo.__file__).with_name("road_map.toml")
    actions: list[Mapping[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["action"]
    return [
        Action(
            region_id=region_id,
            area_level="district" if "district" in action else "region",
            area_id=action.get("district"),
            area=action.get("district_name"),
            demonstration=True,
            **{k: v for k, v in action.items() if k not in ("district", "district_name")},
        )
        for action in actions
    ]
