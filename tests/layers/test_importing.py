"""From a file to a version of a layer: what is stored, what is not, and what is said."""

import datetime as dt
import json
import multiprocessing
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from layers import importing
from layers.embedded import EmbeddedStore
from layers.findings import Finding
from layers.importing import ImportReport, ImportRequest, check_import, run_import
from layers.read import ReadError, ReadReport, ReadRequest
from layers.store import Store

ASKED = ImportRequest(
    read=ReadRequest(region_id="tarkwa", kind="settlements", accept_suggestions=True)
)
TOWNS = [("Tarkwa", -1.9934, 5.3010), ("Prestea", -2.1430, 5.4330)]


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "home")


def towns(path: Path, rows: list[tuple[str, float, float]] = TOWNS) -> Path:
    """A small GeoJSON file of places."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for name, lon, lat in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def run(store: Store, path: Path, request: ImportRequest = ASKED, **more: Any) -> ImportReport:
    return run_import(store, path, request, filename=path.name, **more)


def nothing_is_stored(store: EmbeddedStore) -> bool:
    files = [*store.files.names("layers"), *store.files.names("originals")]
    return not files and not store.layers(deleted=True) and not store.audit()


def test_an_import_is_stored_with_its_counts_its_findings_and_its_original(
    store: Store, tmp_path: Path
) -> None:
    path = towns(tmp_path / "towns.geojson")
    request = replace(ASKED, data_date=dt.date(2021, 6, 30), source_note="Census")
    report = run(store, path, request, actor="ama")
    assert report.status == "imported"
    assert report.ok
    assert report.counts == {"read": 2, "imported": 2, "repaired": 0, "rejected": 0}
    version = store.version(str(report.version_id))
    assert version.layer_id == "tarkwa.settlements.towns"
    assert version.data_date == dt.date(2021, 6, 30)
    assert (version.source_note, version.imported_by) == ("Census", "ama")
    assert version.findings == report.findings
    with store.open_original(version.sha256) as original:
        assert original.read() == path.read_bytes()
    assert sorted(store.read_features(version.version_id)["name"]) == ["Prestea", "Tarkwa"]


def test_a_date_that_nobody_stated_is_not_guessed(store: Store, tmp_path: Path) -> None:
    report = run(store, towns(tmp_path / "towns_2019.geojson"))
    assert store.version(str(report.version_id)).data_date is None


def test_the_same_bytes_and_request_are_already_imported(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = towns(tmp_path / "towns.geojson")
    first = run(store, path)

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a file that is in the store was read again")

    monkeypatch.setattr(importing, "read", refuse)
    again = run(store, path)
    assert again.status == "already imported"
    assert again.is_current
    assert again.version_id == first.version_id
    assert again.findings == first.findings
    assert len(list(store.files.names("layers"))) == 1
    assert len(store.audit()) == 1


def test_a_differently_worded_request_for_the_same_features_is_already_imported(
    store: Store, tmp_path: Path
) -> None:
    path = towns(tmp_path / "towns.geojson")
    first = run(store, path)
    explicit = replace(
        ASKED, read=ReadRequest(region_id="tarkwa", kind="settlements", mapping={"name": "name"})
    )
    again = run(store, path, explicit)
    assert again.status == "already imported"
    assert again.version_id == first.version_id


def test_already_imported_but_rolled_back_says_how_to_show_it(store: Store, tmp_path: Path) -> None:
    path = towns(tmp_path / "towns.geojson")
    first = run(store, path)
    second = run(store, towns(tmp_path / "towns.geojson", TOWNS[:1]))
    store.set_current(first.layer_id, str(first.version_id), actor="ama")
    again = run(store, path)
    assert second.number == 2
    assert again.status == "already imported"
    assert not again.is_current
    assert "version 1 is shown now" in again.message
    assert "rollback tarkwa.settlements.towns --version 2" in again.message


def test_importing_the_file_of_a_deleted_layer_shows_it_again(store: Store, tmp_path: Path) -> None:
    path = towns(tmp_path / "towns.geojson")
    first = run(store, path)
    store.delete_layer(first.layer_id, actor="ama")
    checked = check_import(store, path, ASKED, filename=path.name)
    assert store.layers() == ()
    assert "importing shows it again" in checked.message
    again = run(store, path)
    assert again.status == "already imported"
    assert "shown again" in again.message
    assert store.layers()[0].version_count == 1


def test_a_check_stores_nothing(store: EmbeddedStore, tmp_path: Path) -> None:
    path = towns(tmp_path / "towns.geojson")
    report = check_import(store, path, ASKED, filename=path.name)
    assert report.status == "ready"
    assert report.counts == {"read": 2, "imported": 2, "repaired": 0, "rejected": 0}
    assert nothing_is_stored(store)


def test_a_suggested_column_is_asked_about_before_it_is_used(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    path = towns(tmp_path / "towns.geojson")
    unseen = ImportRequest(read=ReadRequest(region_id="tarkwa", kind="settlements"))
    report = run(store, path, unseen)
    assert report.status == "needs answers"
    assert [finding.code for finding in report.blocking] == ["mapping_to_confirm"]
    assert "name from column 'name'" in report.blocking[0].message
    assert nothing_is_stored(store)
    seen = replace(unseen, read=replace(unseen.read, mapping={"name": "name"}))
    assert run(store, path, seen).status == "imported"


def test_a_file_that_is_no_map_file_is_refused_and_nothing_is_stored(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    path = tmp_path / "broken.geojson"
    path.write_bytes(b"\x00\x01 not a map")
    report = run(store, path)
    assert report.status == "refused"
    assert not report.ok
    assert report.blocking
    assert "Traceback" not in report.message
    assert nothing_is_stored(store)


def test_a_path_that_is_not_a_file_is_told_in_a_sentence(store: Store, tmp_path: Path) -> None:
    assert "does not exist" in run(store, tmp_path / "no.csv").message
    assert "is a folder" in run(store, tmp_path).message


def test_blocking_findings_of_the_reader_refuse_the_import(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = Finding(code="nothing_left", message="No row can be used.", blocking=True)
    asked = Finding(code="crs_ambiguous", message="Which?", blocking=True)
    nothing = {"read": 2, "imported": 0, "repaired": 0, "rejected": 2}
    path = towns(tmp_path / "towns.geojson")

    def stopped(*findings: Finding) -> ImportReport:
        report = ReadReport(
            ok=False, format="GeoJSON", source_layer="towns", counts=nothing, findings=findings
        )
        monkeypatch.setattr(importing, "read", lambda *args, **kwargs: report)
        return run(store, path)

    assert stopped(wall).status == "refused"
    assert stopped(asked).status == "needs answers"
    assert stopped(asked, wall).status == "refused"
    assert nothing_is_stored(store)


def test_a_reader_that_gives_up_is_a_refusal_with_its_sentence(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(*args: object, **kwargs: object) -> None:
        raise ReadError("'towns.geojson' took longer than 30 seconds.")

    monkeypatch.setattr(importing, "read", give_up)
    report = run(store, towns(tmp_path / "towns.geojson"))
    assert (report.status, report.message) == (
        "refused",
        "'towns.geojson' took longer than 30 seconds.",
    )
    assert nothing_is_stored(store)


def test_progress_rises_from_nothing_to_all(store: Store, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    path = towns(tmp_path / "towns.geojson")
    run(store, path, progress=lambda share, sentence: told.append((share, sentence)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(sentence for _, sentence in told)


def test_the_layer_is_named_by_the_importer_then_the_source_layer_then_the_file() -> None:
    named = replace(ASKED, layer_name="Villes de l'Ouest")
    layered = replace(ASKED, read=replace(ASKED.read, source_layer="places"))
    assert named.layer_id_for("a.gpkg") == "tarkwa.settlements.villes-de-l-ouest"
    assert layered.name_for("a.gpkg") == "places"
    assert ASKED.name_for("titres_2016.zip") == "titres_2016"
    assert ASKED.name_for("C:\\data\\towns.shp.zip") == "towns"
    assert ASKED.name_for(".zip") == "zip"


def test_every_answer_changes_the_fingerprint_of_a_request() -> None:
    read = ASKED.read
    others = [
        replace(ASKED, layer_name="Other"),
        replace(ASKED, data_date=dt.date(2020, 1, 1)),
        replace(ASKED, source_note="Census"),
        replace(ASKED, demonstration=True),
        replace(ASKED, read=replace(read, crs="EPSG:4168")),
        replace(ASKED, read=replace(read, mapping={"name": "other"})),
        replace(ASKED, read=replace(read, class_values={"a": "b"})),
        replace(ASKED, read=replace(read, radius_m=5.0)),
        replace(ASKED, read=replace(read, position_sd_m=5.0)),
        replace(ASKED, read=replace(read, keep_latest=True)),
        replace(ASKED, read=replace(read, swap_axes=True)),
    ]
    prints = {importing.fingerprint(one, "towns.geojson") for one in [ASKED, *others]}
    assert len(prints) == 1 + len(others)


def test_a_report_is_plain_json(store: Store, tmp_path: Path) -> None:
    report = run(store, towns(tmp_path / "towns.geojson"))
    told = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert told["counts"]["read"] == 2
    assert told["version_id"] == report.version_id
    assert told["findings"] == [finding.as_json() for finding in report.findings]


def _import_towns(home: Path, path: Path, barrier: Any, answers: Any) -> None:
    store = EmbeddedStore(home)
    barrier.wait()
    answers.put(run(store, path).status)


def test_two_processes_that_bring_one_file_at_once_make_one_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a page that ran in this process may have left its script as the main module
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(2), context.Queue()
    path = towns(tmp_path / "towns.geojson")
    asked = (tmp_path / "home", path, barrier, answers)
    workers = [context.Process(target=_import_towns, args=asked) for _ in range(2)]
    for worker in workers:
        worker.start()
    statuses = sorted(answers.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert statuses == ["already imported", "imported"]
    store = EmbeddedStore(tmp_path / "home")
    (layer,) = store.layers()
    assert len(store.versions(layer.layer_id)) == 1
    assert all(check.ok for check in store.examine())


def test_the_same_file_again_has_the_same_ids_and_another_mapping_is_another_version(
    store: Store, tmp_path: Path
) -> None:
    path = towns(tmp_path / "towns.geojson")
    first = run(store, path)
    unnamed = replace(ASKED, read=replace(ASKED.read, mapping={"name": ""}))
    second = run(store, path, unnamed)
    assert (first.number, second.number) == (1, 2)
    ids = [
        store.read_features(str(each.version_id))["feature_id"].tolist() for each in (first, second)
    ]
    assert ids[0] == ids[1]
    other = EmbeddedStore(tmp_path / "other")
    again = run(other, path)
    assert other.read_features(str(again.version_id))["feature_id"].tolist() == ids[0]


@pytest.mark.parametrize("damage", [None, b"PAR1"], ids=["gone", "damaged"])
def test_importing_a_file_again_heals_a_version_whose_features_were_lost(
    store: EmbeddedStore, tmp_path: Path, damage: bytes | None
) -> None:
    path = towns(tmp_path / "towns.geojson")
    version_id = str(run(store, path).version_id)
    (name,) = store.files.names("layers")
    if damage is None:
        (store.home / name).unlink()
    else:
        (store.home / name).write_bytes(damage)
    again = run(store, path)
    assert (again.status, again.version_id) == ("already imported", version_id)
    assert len(store.read_features(version_id)) == 2
    assert all(check.ok for check in store.examine())
