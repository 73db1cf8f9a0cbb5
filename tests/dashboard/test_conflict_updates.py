"""A conflict run after a layer changed starts from the run before, and says the same."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from dashboard import workflows
from dashboard.workflows import conflict_job
from layers.import_model import ImportRequest
from layers.read import ReadRequest
from layers.store import Store, open_store

DAY = dt.date(2026, 3, 1)


def bring(store: Store, folder: Path, kind: str, frame: gpd.GeoDataFrame) -> None:
    """Import a frame as the next version of the region's layer of a kind."""
    path = folder / f"{kind}.geojson"
    frame.to_file(path, driver="GeoJSON")
    request = ImportRequest(
        read=ReadRequest(region_id="tarkwa", kind=kind, accept_suggestions=True), layer_name=kind
    )
    report = workflows.run_import(store, path, request, filename=path.name, actor="test")
    assert report.ok, report.message


def sites(shift: float = 0.0) -> gpd.GeoDataFrame:
    xy = [(-2.0 + 0.004 * n, 5.3 + (shift if n == 3 else 0.0)) for n in range(30)]
    return gpd.GeoDataFrame(
        {"site_id": [f"S{n:02d}" for n in range(30)]}, geometry=shapely.points(xy), crs=4326
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = open_store(tmp_path / "home")
    licences = gpd.GeoDataFrame(
        {"code": ["L1", "L2"], "parties": ["A", "B"], "type": ["mining lease", "mining lease"]},
        geometry=[shapely.box(-2.01, 5.29, -1.95, 5.31), shapely.box(-1.96, 5.25, -1.9, 5.35)],
        crs=4326,
    )
    bring(made, tmp_path, "licences", licences)
    bring(made, tmp_path, "mine_sites", sites())
    return made


def run(store: Store) -> workflows.ConflictRun:
    return workflows.conflicts(store, "tarkwa", on=DAY, in_process=True)


def test_a_run_after_a_small_change_is_updated_and_equals_a_full_run(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(store)
    bring(store, tmp_path, "mine_sites", sites(shift=0.2))
    updates, find = [], conflict_job.find_in_parts
    real = conflict_job.update_conflicts

    def watched(*args: object, **options: object) -> pd.DataFrame:
        updates.append(args)
        return real(*args, **options)  # type: ignore[arg-type]

    def forbidden(*_: object, **__: object) -> pd.DataFrame:
        raise AssertionError("A full run was made.")

    monkeypatch.setattr(conflict_job, "update_conflicts", watched)
    monkeypatch.setattr(conflict_job, "find_in_parts", forbidden)
    updated = run(store)
    assert len(updates) == 1
    assert updated.fingerprint != before.fingerprint
    monkeypatch.setattr(conflict_job, "find_in_parts", find)
    monkeypatch.setattr(conflict_job, "_updated", lambda *_: None)
    job = conflict_job.Job(
        region_id="tarkwa", on=DAY, scenarios=(), versions=updated.layer_versions
    )
    content = conflict_job.compute(store, job, progress=lambda share, sentence: None)
    full, _ = conflict_job.read_result(content)
    pd.testing.assert_frame_equal(
        updated.table.drop(columns="licence_state"), full, check_exact=True
    )


def test_a_layer_that_changed_much_is_compared_anew(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store)
    moved = sites()
    moved["geometry"] = moved.geometry.translate(0.0, 0.001)
    bring(store, tmp_path, "mine_sites", moved)
    calls = []
    monkeypatch.setattr(conflict_job, "update_conflicts", lambda *a, **k: calls.append(a))
    assert len(run(store).table)
    assert not calls
