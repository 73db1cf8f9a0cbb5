"""Conflict runs: what decides them, their order, their sheets, their places and their exports."""

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from dashboard import workflows
from dashboard.workflows import runs as module
from dashboard.workflows.conflict_job import Job
from dashboard.workflows.ranking import ranked, scales
from layers import facts
from layers.store import Store
from tests.layers.samples import add, square

DAY = dt.date(2026, 1, 1)
GHANA = {"region_id": "tarkwa"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return workflows.open_home(tmp_path)


@pytest.fixture
def loaded(store: Store) -> Store:
    """A site 30 m from a river, in a licence that overlaps a field at its far end."""
    site = {"feature_id": "s1", "name": "=Site", "geometry": shapely.Point(-2.0, 5.30027)}
    add(store, [{**site, "position_sd_m": 3.0}], kind="mine_sites", name="Sites", **GHANA)
    river = {
        "feature_id": "w1",
        "feature_class": "major_perennial_river",
        "geometry": shapely.LineString([(-2.01, 5.3), (-1.99, 5.3)]),
    }
    add(store, [river], kind="water", name="Rivers", **GHANA)
    licence = {"feature_id": "L1", "name": "Licence", "geometry": square(-2.05, 5.25, size=0.1)}
    add(store, [licence], kind="licences", name="Titles", **GHANA)
    field = {
        "feature_id": "f1",
        "feature_class": "cropland",
        "geometry": square(-1.955, 5.345, size=0.01),
    }
    add(store, [field], kind="farmland", name="Fields", demonstration=True, **GHANA)
    districts = [
        {"feature_id": "d1", "name": "West", "geometry": shapely.box(-2.2, 5, -1.99, 6)},
        {"feature_id": "d2", "name": "East", "geometry": shapely.box(-1.99, 5, -1.8, 6)},
    ]
    add(store, districts, kind="districts", name="Districts", **GHANA)
    return store


def run(store: Store, *, on: dt.date = DAY, **more: Any) -> workflows.ConflictRun:
    return workflows.conflicts(store, "tarkwa", on=on, in_process=True, **more)


def row(found: workflows.ConflictRun, rule: str) -> pd.Series:
    (one,) = (line for _, line in found.table[found.table["rule_id"] == rule].iterrows())
    return one


def test_a_region_without_layers_has_no_conflicts_but_all_columns(store: Store) -> None:
    found = run(store)
    assert found.table.empty
    assert {"conflict_id", "rank", "district", "longitude", "breach"} <= set(found.table.columns)
    assert found.summary == ()
    assert all("was not assessed" in sentence for sentence in found.not_assessed)
    assert json.loads(workflows.conflicts_geojson(found))["features"] == []
    for ending in workflows.EXPORT_FORMATS:
        assert workflows.export_conflicts(store, found, format=ending)


def test_conflicts_carry_names_rules_districts_and_places(loaded: Store) -> None:
    found = run(loaded)
    river = row(found, "GH-RBZ-2")
    assert (river["subject_name"], river["subject_layer_name"]) == ("=Site", "Sites")
    assert (river["object_layer_name"], river["object_class"]) == (
        "Rivers",
        "major_perennial_river",
    )
    assert (river["rule_status"], river["rule_effect"]) == ("secondary", "discouraged")
    assert river["line"] == "outer"
    assert river["distance_m"] == pytest.approx(29.9, abs=0.3)
    assert (river["longitude"], river["latitude"]) == (-2.0, 5.30027)
    assert river["district"] == "West"
    assert not river["demonstration"]


def test_shared_ground_is_marked_where_it_lies_and_its_district_is_the_subjects(
    loaded: Store,
) -> None:
    field = row(run(loaded), "licence-on-farmland")
    assert -1.955 < field["longitude"] < -1.95
    assert 5.345 < field["latitude"] < 5.35
    assert field["district"] == "West"
    assert field["demonstration"]


def test_without_districts_the_district_is_no_data(loaded: Store) -> None:
    workflows.delete_layer(loaded, "tarkwa.districts.districts")
    assert run(loaded).table["district"].isna().all()


def test_a_rule_is_applied_on_its_days_and_a_scenario_when_asked_for(loaded: Store) -> None:
    assert "GH-DIR-100" not in set(run(loaded, on=dt.date(2015, 1, 1)).table["rule_id"])
    assert "GH-DIR-100" in set(run(loaded).table["rule_id"])
    assert "GH-DIR-200" not in set(run(loaded).table["rule_id"])
    assert "GH-DIR-200" in set(run(loaded, scenarios=["200m"]).table["rule_id"])
    with pytest.raises(workflows.WorkflowError, match="200m"):
        run(loaded, scenarios=["300m"])


def test_a_run_can_be_limited_to_some_layers(loaded: Store) -> None:
    some = ["tarkwa.mine_sites.sites", "tarkwa.licences.titles"]
    found = run(loaded, layers=some)
    assert set(found.layer_versions) == set(some)
    assert set(found.table["rule_id"]) == {"site-in-licence"}
    with pytest.raises(workflows.WorkflowError, match=r"shows no layer 'tarkwa\.water\.no'"):
        run(loaded, layers=["tarkwa.water.no"])


def test_a_run_is_computed_once_until_a_layer_changes(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(loaded)

    def refuse(*args: object, **kwargs: object) -> bytes:
        raise AssertionError("a run that is on disk was computed again")

    monkeypatch.setattr(module, "compute", refuse)
    module._runs.clear()
    again = run(loaded)
    pd.testing.assert_frame_equal(again.table, first.table)
    assert again.fingerprint == first.fingerprint
    tomorrow = run(loaded, on=DAY + dt.timedelta(days=1))
    assert tomorrow.as_of == DAY + dt.timedelta(days=1)
    assert tomorrow.fingerprint != first.fingerprint
    for change in ({"on": dt.date(2015, 1, 1)}, {"scenarios": ["200m"]}):
        with pytest.raises(AssertionError):
            run(loaded, **change)
    workflows.delete_layer(loaded, "tarkwa.water.rivers")
    with pytest.raises(AssertionError):
        run(loaded)


def test_everything_that_decides_a_result_is_in_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(region_id="tarkwa", on=DAY, scenarios=(), versions={"a": "a.1"})
    keys = {
        job.key,
        replace(job, versions={"a": "a.2"}).key,
        replace(job, versions={"b": "a.1"}).key,
        replace(job, scenarios=("200m",)).key,
        replace(job, on=dt.date(2015, 1, 1)).key,
        replace(job, region_id="geita").key,
    }
    pack = facts.rule_pack("gh")
    changed = (replace(pack[0], text="Another text."), *pack[1:])
    monkeypatch.setattr(facts, "rule_pack", lambda name: changed)
    keys.add(job.key)
    assert len(keys) == 7


def test_the_worker_process_gives_the_same_run_and_tells_its_progress(loaded: Store) -> None:
    here = run(loaded)
    module._runs.clear()
    Path(loaded.location, "derived", "conflicts", f"{_job(here).key}.parquet").unlink()
    told: list[float] = []
    there = workflows.conflicts(
        loaded, "tarkwa", on=DAY, progress=lambda share, sentence: told.append(share)
    )
    pd.testing.assert_frame_equal(there.table, here.table)
    assert there.summary == here.summary
    assert told == sorted(told)
    assert told


def _job(found: workflows.ConflictRun) -> Job:
    return Job(
        region_id=found.region_id, on=found.as_of, scenarios=(), versions=found.layer_versions
    )


def test_a_worker_that_dies_is_told_in_a_sentence(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys, "executable", "/bin/false")
    with pytest.raises(workflows.WorkflowError, match="could not be computed"):
        workflows.conflicts(loaded, "tarkwa", on=DAY)


def test_breach_receptor_and_size_put_conflicts_in_order() -> None:
    def line(conflict_id: str, rule: str, **more: Any) -> dict[str, Any]:
        plain = {
            "verdict": "inside",
            "line": None,
            "object_kind": "water",
            "object_class": None,
            "area_ha": float("nan"),
            "distance_m": 5.0,
        }
        return {"conflict_id": conflict_id, "rule_id": rule, **plain, **more}

    table = pd.DataFrame(
        [
            line("observed", "site-on-farmland", object_kind="farmland", area_ha=900.0),
            line("small", "GH-RBZ-2", line="outer", distance_m=30.0),
            line("near", "GH-RBZ-2", line="outer", distance_m=20.0),
            line("unsure", "GH-RBZ-2", line="outer", verdict="too_close"),
            line("inner", "GH-RBZ-2", line="inner"),
            line("seasonal", "GH-RBZ-2", line="outer", object_class="seasonal_stream"),
            line("banned", "GH-FOR-3", object_kind="protected_areas", area_ha=1.0),
            line("banned more", "GH-FOR-3", object_kind="protected_areas", area_ha=2.0),
        ]
    )
    found = ranked(table, facts.rule_pack("gh"))
    assert list(found["conflict_id"]) == [
        "banned more",
        "banned",
        "inner",
        "near",
        "small",
        "seasonal",
        "unsure",
        "observed",
    ]
    assert list(found["rank"]) == list(range(1, 9))
    assert list(found["breach_level"]) == [3, 3, 3, 2, 2, 2, 1, 0]
    assert found["receptor"].iloc[0] == "high"


def test_every_effect_in_the_rule_packs_is_either_a_breach_or_known_not_to_be() -> None:
    known = {*scales()["breach"]["effects"], "none", "checklist", "allowed on conditions"}
    packs = {region.rule_pack for region in facts.regions().values()} | {"ci"}
    assert {rule.effect for pack in packs for rule in facts.rule_pack(pack)} <= known
    assert set(scales()["breach"]["bans"]) <= set(scales()["breach"]["effects"])


def test_the_receptor_scale_names_only_kinds_and_classes_there_are() -> None:
    for name in scales()["receptor"]["levels"]:
        kind_id, _, feature_class = name.partition("/")
        kind = facts.kind(kind_id)
        if feature_class:
            assert feature_class in kind.fields["feature_class"].classes


def test_the_sheet_of_a_distance_has_lines_units_and_doubts(loaded: Store) -> None:
    found = run(loaded)
    conflict_id = row(found, "GH-RBZ-2")["conflict_id"]
    sheet = workflows.conflict_sheet(loaded, found, conflict_id)
    assert sheet.rule.rule_id == "GH-RBZ-2"
    assert sheet.measures["Outer line (m)"] == 60
    assert sheet.measures["Overlap (ha)"] is None
    assert sheet.overlap is None
    assert sheet.district == "West"
    told = " ".join(sheet.caveats)
    assert "not in the gazetted text" in told
    assert "centre-line" in told
    assert "standard error of 3 m is assumed" in told
    assert "llegal" not in told.replace("not illegality", "") + sheet.headline


def test_the_sheet_of_an_overlap_has_its_ground_and_says_what_is_invented(loaded: Store) -> None:
    found = run(loaded)
    line = row(found, "licence-on-farmland")
    sheet = workflows.conflict_sheet(loaded, found, line["conflict_id"])
    assert sheet.overlap is not None
    drawn = shapely.from_geojson(json.dumps(sheet.overlap))
    assert drawn.bounds == pytest.approx((-1.955, 5.345, -1.95, 5.35), abs=1e-6)
    assert sheet.measures["Overlap (ha)"] == pytest.approx(30.7, abs=0.2)
    assert sheet.demonstration
    assert workflows.INVENTED in sheet.caveats
    assert sheet.headline == "Licence over farmland: Licence and field f1 (overlap)"


def test_a_sheet_shows_the_versions_of_its_run_even_after_a_later_import(loaded: Store) -> None:
    found = run(loaded)
    moved = [{"feature_id": "s1", "name": "Moved", "geometry": shapely.Point(-1.9, 5.1)}]
    add(loaded, moved, kind="mine_sites", name="Sites", **GHANA)
    conflict_id = row(found, "GH-RBZ-2")["conflict_id"]
    assert workflows.conflict_sheet(loaded, found, conflict_id).subject.title == "=Site"


def test_a_conflict_that_is_not_in_the_run_is_refused(loaded: Store) -> None:
    with pytest.raises(workflows.WorkflowError, match="no conflict 'feedbeef'"):
        workflows.conflict_sheet(loaded, run(loaded), "feedbeef")


def test_conflicts_for_the_map_are_points_with_their_verdicts(loaded: Store) -> None:
    found = run(loaded)
    told = json.loads(workflows.conflicts_geojson(found))["features"]
    assert len(told) == len(found.table)
    assert [feature["properties"]["rank"] for feature in told] == list(found.table["rank"])
    river = next(one for one in told if one["properties"]["rule"] == "GH-RBZ-2")
    assert river["geometry"]["coordinates"] == [-2.0, 5.30027]
    assert river["properties"]["verdict"] == "inside"
    one = [told[0]["properties"]["id"]]
    assert len(json.loads(workflows.conflicts_geojson(found, conflict_ids=one))["features"]) == 1


def test_every_export_holds_every_conflict_with_day_status_and_invention(
    loaded: Store, tmp_path: Path
) -> None:
    found = run(loaded)
    path = tmp_path / "conflicts.gpkg"
    path.write_bytes(workflows.export_conflicts(loaded, found, format="gpkg"))
    areas = gpd.read_file(path, layer="conflicts_areas")
    points = gpd.read_file(path, layer="conflicts_points")
    exports = {
        "gpkg": pd.concat([areas, points]),
        "csv": pd.read_csv(
            io.BytesIO(workflows.export_conflicts(loaded, found, format="csv")),
            encoding="utf-8-sig",
        ),
        "parquet": gpd.read_parquet(
            io.BytesIO(workflows.export_conflicts(loaded, found, format="parquet"))
        ),
        "geojson": pd.DataFrame(
            feature["properties"]
            for feature in json.loads(workflows.export_conflicts(loaded, found, format="geojson"))[
                "features"
            ]
        ),
    }
    for ending, frame in exports.items():
        assert set(frame["conflict_id"]) == set(found.table["conflict_id"]), ending
        assert len(frame) == len(found.table), ending
        assert set(frame["as_of"].astype(str).str[:10]) == {"2026-01-01"}, ending
        assert "secondary" in set(frame["rule_status"]), ending
        invented = frame.set_index("rule_id")["demonstration"]
        assert invented["licence-on-farmland"] == "invented for demonstration", ending
    assert list(areas["rule_id"]) == ["licence-on-farmland"]
    notes = pyogrio.read_dataframe(path, layer="notes").set_index("topic")["text"]
    assert "not illegality" in notes["Read this first"]
    assert "nvented" in notes["Demonstration"]
    assert "status: secondary" in notes["Rule GH-RBZ-2"]
    assert "date not stated" in notes["Layer Sites"]


def test_an_export_of_a_filter_holds_only_what_it_shows(loaded: Store) -> None:
    found = run(loaded)
    some = list(found.table["conflict_id"].iloc[:2])
    content = workflows.export_conflicts(loaded, found, format="csv", conflict_ids=some)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [line["conflict_id"] for line in rows] == some
    assert {line["subject_name"] for line in rows} <= {"'=Site", "Licence"}


def found(store: Store, on: dt.date, *scenarios: str) -> set[str]:
    run = workflows.conflicts(store, "tarkwa", on=on, scenarios=scenarios, in_process=True)
    return set(run.table["rule_id"])


def test_a_kept_run_is_never_shown_for_other_rules_or_other_layers(store: Store) -> None:
    site = {"feature_id": "s", "geometry": shapely.Point(-2, 5.3)}
    pond = {"feature_id": "w", "geometry": square(-2.0, 5.3014, size=0.01)}
    add(store, [site], region_id="tarkwa", kind="mine_sites", name="Sites")
    add(store, [pond], region_id="tarkwa", kind="water", name="Ponds")
    before, after = dt.date(2020, 6, 30), dt.date(2021, 6, 30)
    assert found(store, before) == set()
    assert found(store, after) == set()  # 155 m off
    assert found(store, after, "200m") == {"GH-DIR-200"}
    assert found(store, after) == set()

    nearer = {"feature_id": "w", "geometry": square(-2.0, 5.3002, size=0.01)}
    second = add(store, [nearer], region_id="tarkwa", kind="water", name="Ponds")
    assert found(store, before) == set()
    assert found(store, after) == {"GH-DIR-100"}
    workflows.roll_back(store, second.layer_id, version=1)
    assert found(store, after) == set()
    workflows.roll_back(store, second.layer_id, version=2)
    assert found(store, after) == {"GH-DIR-100"}
