"""Hotspot runs: what is counted where, the reasons given, what changed, what keeps an answer."""

import csv
import datetime as dt
import importlib
import io
import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely

from dashboard import workflows
from dashboard.workflows.hotspot_settings import settings
from dashboard.workflows.hotspot_types import OUTSIDE, HotspotRow, HotspotRun
from geo.hotspots import NOT_SURVEYED, NOT_TESTED, TOO_FEW
from layers.catalogue import LayerVersion
from layers.store import Store
from tests.dashboard.hotspot_world import (
    EAST,
    EMPTY,
    GHANA,
    RIVER,
    SITES,
    WEST,
    filled,
    site,
    sites,
)
from tests.layers.samples import add, square

# the package's function of this name hides the module
module = importlib.import_module("dashboard.workflows.hotspots")

DAY = dt.date(2026, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return workflows.open_home(tmp_path)


@pytest.fixture
def loaded(store: Store) -> Store:
    return filled(store)


def run(store: Store, **more: Any) -> HotspotRun:
    more = {"on": DAY, "in_process": True} | more
    return workflows.hotspots(store, "tarkwa", **more)


def row(found: HotspotRun, name: str) -> HotspotRow:
    (one,) = (row for row in found.rows if row.name == name)
    return one


# --- what is counted where --------------------------------------------------------------------


def test_a_district_counts_its_sites_by_verdict_and_says_why(loaded: Store) -> None:
    west = row(run(loaded), WEST)
    assert (west.known_sites, west.in_conflict, west.inside, west.too_close) == (6, 3, 2, 1)
    assert west.by_rule == {"GH-DIR-100": {"inside": 2, "too_close": 1}}
    assert west.by_breach == {"0": 0, "1": 1, "2": 2, "3": 0}
    assert west.by_receptor == {"0": 0, "1": 0, "2": 3, "3": 0}
    assert (west.breach_level, west.receptor_level) == (2, 2)
    assert west.value == 0.5
    assert west.low == pytest.approx(0.188, abs=0.001)
    assert west.high == pytest.approx(0.812, abs=0.001)
    assert west.unit_class == NOT_TESTED
    assert west.unit_id == "tarkwa.districts.districts/d1"
    assert west.reason == (
        "3 of 6 known sites lie within 100 m of water (2 surely, 1 too close to call)."
    )


def test_none_in_conflict_is_told_apart_from_nobody_looked(loaded: Store) -> None:
    found = run(loaded)
    east, empty = row(found, EAST), row(found, EMPTY)
    assert (east.known_sites, east.in_conflict, east.value) == (5, 0, 0.0)
    assert east.unit_class == NOT_TESTED
    assert east.reason == "None of the 5 known sites is in a possible conflict that counts."
    assert (empty.unit_class, empty.value, empty.surveyed) == (NOT_SURVEYED, None, False)
    assert empty.surveyed_km2 == 0
    assert empty.reason == (
        "Not surveyed: no known site and no visit. Absence of data is not absence of mining."
    )


def test_what_lies_outside_every_district_is_a_row_of_its_own_and_the_last(loaded: Store) -> None:
    last = run(loaded).rows[-1]
    assert (last.unit_id, last.name) == (OUTSIDE, "Outside every district loaded")
    assert (last.known_sites, last.in_conflict, last.unit_class) == (1, 1, TOO_FEW)
    assert last.reason == (
        "Too few for a rate (fewer than 5): the one known site lies within 100 m of water."
    )
    assert last.district is None
    assert last.surveyed_km2 == pytest.approx(0.52, abs=0.02)
    sites(loaded, SITES[:-1])
    assert run(loaded).rows[-1].unit_id != OUTSIDE


def test_every_site_is_counted_once_by_districts_and_by_hexagons(loaded: Store) -> None:
    for by in ("districts", "h3"):
        found = run(loaded, by=by)
        assert sum(row.known_sites for row in found.rows) == len(SITES)
        assert sum(row.in_conflict for row in found.rows) == 4
    assert {row.district for row in found.rows} == {WEST, EAST, None}


def test_without_districts_that_is_said_and_hexagons_remain(loaded: Store) -> None:
    workflows.delete_layer(loaded, "tarkwa.districts.districts")
    with pytest.raises(workflows.WorkflowError, match="No districts are loaded for Tarkwa-Nsuaem"):
        run(loaded)
    assert len(run(loaded, by="h3").rows) == 12


def test_a_detection_is_not_a_site_and_seen_from_space_is_not_surveyed(loaded: Store) -> None:
    seen = [site("a", -2.3, 30, position_sd_m=3.0), site("b", -2.31, 3_000)]
    add(loaded, seen, kind="detections", name="Seen", **GHANA)
    found = run(loaded)
    empty = row(found, EMPTY)
    assert (empty.known_sites, empty.detections, empty.detections_in_conflict) == (0, 2, 0)
    river = {"feature_id": "r2", "geometry": shapely.LineString([(-2.4, RIVER), (-2.2, RIVER)])}
    add(loaded, [river], kind="water", name="More rivers", **GHANA)
    empty = row(run(loaded), EMPTY)
    assert (empty.detections_in_conflict, empty.in_conflict, empty.value) == (1, 0, None)
    assert (empty.unit_class, empty.seen_from_space) == (NOT_SURVEYED, True)
    assert empty.reason == (
        "Not surveyed: no known site and no visit. 2 detections from satellite images, seen from "
        "space, nobody was there: 1 within 100 m of water."
    )


def test_a_visit_makes_a_unit_surveyed_though_no_site_is_known(loaded: Store) -> None:
    add(loaded, [site("v", -2.3, 900)], kind="visits", name="Visits", **GHANA)
    empty = row(run(loaded), EMPTY)
    assert (empty.visits, empty.surveyed, empty.unit_class) == (1, True, TOO_FEW)
    assert empty.value is None
    assert empty.reason == "Surveyed, but no site is known here."
    assert empty.surveyed_km2 == pytest.approx(0.52, abs=0.02)


def test_a_layer_of_surveyed_ground_makes_hexagons_surveyed(loaded: Store) -> None:
    before = {row.unit_id for row in run(loaded, by="h3").rows}
    ground = {"feature_id": "g", "geometry": square(-2.35, 5.4, size=0.05)}
    add(loaded, [ground, ground | {"feature_id": "h"}], kind="survey_coverage", name="G", **GHANA)
    more = [row for row in run(loaded, by="h3").rows if row.unit_id not in before]
    # 0.05 degrees are 5.53 km: 30.6 km², hexagons of 0.52
    assert len(more) == pytest.approx(30.6 / 0.52, rel=0.05)
    assert {row.unit_class for row in more} == {NOT_SURVEYED, TOO_FEW} - {NOT_SURVEYED}
    empty = row(run(loaded), EMPTY)
    assert empty.surveyed
    # declared twice, counted once
    assert empty.surveyed_km2 == pytest.approx(30.6, rel=0.01)
    assert row(run(loaded, measure="per_km2"), EMPTY).value == 0


def test_being_in_a_licence_counts_only_where_that_rule_is_chosen(loaded: Store) -> None:
    licence = {"feature_id": "L", "geometry": shapely.box(-2.2, 5, -2.0, 6)}
    add(loaded, [licence], kind="licences", name="Titles", **GHANA)
    found = run(loaded)
    assert "site-in-licence" not in found.rules
    assert row(found, WEST).in_conflict == 3
    chosen = run(loaded, rules=["site-in-licence"])
    assert chosen.rules == ("site-in-licence",)
    assert row(chosen, WEST).reason == "6 of 6 known sites lie in a licence."
    outside = run(loaded, rules=["site-outside-licences"])
    assert row(outside, EAST).reason == "5 of 5 known sites lie outside every licence."
    with pytest.raises(workflows.WorkflowError, match="No rule 'GH-DIR-900' about sites holds"):
        run(loaded, rules=["GH-DIR-900"])


def test_a_site_under_several_rules_is_one_site_and_the_surest_verdict_counts(
    loaded: Store,
) -> None:
    forest = {
        "feature_id": "f",
        "feature_class": "forest_reserve",
        "geometry": shapely.box(-2.075, 5.29, -2.045, 5.31),
    }
    add(loaded, [forest], kind="protected_areas", name="Reserves", **GHANA)
    west = row(run(loaded), WEST)
    assert (west.in_conflict, west.inside, west.too_close) == (3, 3, 0)
    assert west.by_breach == {"0": 0, "1": 0, "2": 0, "3": 3}
    assert west.reason == (
        "3 of 6 known sites are in a possible conflict: 3 in a forest reserve, "
        "3 within 100 m of water (2 surely, 1 too close to call)."
    )


def test_a_scenario_and_a_day_decide_which_rules_count(loaded: Store) -> None:
    assert "GH-DIR-100" not in run(loaded, on=dt.date(2015, 1, 1)).rules
    found = run(loaded, scenarios=["200m"])
    assert "within 200 m of water" not in row(run(loaded), WEST).reason
    assert found.scenarios == ("200m",)
    assert "GH-DIR-200" in row(found, WEST).by_rule


def test_severity_and_confidence_stay_apart_and_unknown_is_no_data(loaded: Store) -> None:
    west = row(run(loaded), WEST)
    assert (west.social_intensity, west.social_sites) == (None, 0)
    assert west.confidence == {
        "position_sd_m": 3.0,
        "extent_known": 0,
        "oldest": "2025-06-30",
        "newest": "2025-06-30",
        "undated": 0,
        "too_close": 1,
    }
    told = [one | {"source:social_intensity": value} for one, value in zip(
        SITES, ["2", "0", "7", None, "low", "", *[None] * 6], strict=True
    )]  # fmt: skip
    told[0] |= {"observed_on": dt.date(2019, 1, 1), "radius_m": 40.0}
    sites(loaded, told)
    west = row(run(loaded), WEST)
    assert (west.social_intensity, west.social_sites) == (2, 2)
    assert (west.confidence["oldest"], west.confidence["undated"]) == ("2019-01-01", 5)
    assert west.confidence["extent_known"] == 1
    assert row(run(loaded), EAST).social_intensity is None


def test_the_list_is_ordered_by_what_the_numbers_speak_for(loaded: Store) -> None:
    names = [row.name for row in run(loaded).rows]
    assert names == [WEST, EAST, EMPTY, "Outside every district loaded"]
    assert [row.rank for row in run(loaded).rows] == [1, 2, 3, 4]
    assert settings()["ranking"]["classes"][-2:] == ["too_few", "not_surveyed"]


def test_the_method_says_that_there_was_no_test_and_why(loaded: Store) -> None:
    found = run(loaded)
    assert not found.tested
    assert (
        "No test was made: 2 units have data and a test needs 30. Only the ranked list is given."
    ) in found.method
    assert all(row.z is row.p is row.p_fdr is None for row in found.rows)
    told = json.dumps(found.as_json(), allow_nan=False)
    assert "An overlap is not illegality" in told


def test_the_districts_of_several_layers_are_never_mixed(loaded: Store) -> None:
    whole = {"feature_id": "all", "name": "Whole", "geometry": shapely.box(-2.5, 5, -1.7, 6)}
    add(loaded, [whole], kind="districts", name="Zones", **GHANA)
    assert len(run(loaded).rows) == 4
    assert any("these are those of 'Districts'" in note for note in run(loaded).notes)
    (one,) = run(loaded, district_layer="tarkwa.districts.zones").rows
    assert one.known_sites == len(SITES)
    with pytest.raises(workflows.WorkflowError, match="is no layer of districts here"):
        run(loaded, district_layer="tarkwa.water.rivers")


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"by": "villages"}, "no units 'villages'"),
        ({"measure": "counts"}, "no measure 'counts'"),
        ({"by": "h3", "resolution": 9}, "no hexagons of resolution 9"),
        ({"since": "yesterday"}, "neither a day"),
        ({"since": "2030-01-01"}, "Nothing to compare with"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(
    loaded: Store, option: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(workflows.WorkflowError, match=sentence):
        run(loaded, **option)


# --- what changed -----------------------------------------------------------------------------


@pytest.fixture
def grown(loaded: Store) -> tuple[Store, LayerVersion]:
    """A newer version: w1 left the list, w2 was surveyed anew, n1 to n3 are listed now."""
    old = loaded.layer("tarkwa.mine_sites.sites").current
    assert old is not None
    newer = [
        *SITES[2:],
        site("w2", -2.06, 3_000),
        site("n1", -2.05, 31),
        site("n2", -2.12, 20),
        site("n3", -2.13, 20),
        site("n4", -1.9, 20),
    ]
    newer[0] = newer[0] | {"position_sd_m": 60.0, "geometry": SITES[1]["geometry"]}
    sites(loaded, newer, data_date=dt.date(2025, 12, 31))
    return loaded, old


def test_new_conflicts_at_sites_that_were_not_listed_are_told_as_such(
    grown: tuple[Store, LayerVersion],
) -> None:
    store, old = grown
    found = run(store, since=old.version_id)
    assert found.changes is not None
    assert found.changes.label == "the version of 2025-06-30 of 'Sites'"
    west = row(found, WEST)
    assert west.change is not None
    counts = west.change["mine_sites"]
    assert (counts["listed_before"], counts["listed"]) == (6, 8)
    assert (counts["in_conflict_before"], counts["in_conflict"]) == (3, 4)
    assert (counts["new"], counts["new_unlisted"]) == (3, 3)
    # w1 is not listed any more, w2 is and lies elsewhere now
    assert (counts["gone"], counts["gone_unlisted"]) == (2, 1)
    assert west.reason == (
        "4 of 8 known sites lie within 100 m of water (3 surely, 1 too close to call); 1 more site "
        "in conflict than in the version of 2025-06-30 of 'Sites' (all 3 new conflicts are at "
        "sites the older data do not list)."
    )
    assert found.changes.sentences == (
        "6 of 15 sites in a possible conflict; 4 of 12 sites in the version of 2025-06-30 of "
        "'Sites', under the same rules.",
        "4 conflicts are new: 4 at sites the older data do not list.",
        "2 conflicts are gone: 1 at sites not listed any more, 1 where both list the site, drawn "
        "or described otherwise.",
        "1 of the 4 sites with a new conflict that the older data do not list lies where they "
        "list another site: probably the same place under another id.",
    )


def test_a_day_takes_the_versions_of_that_day_and_says_what_has_no_date(
    grown: tuple[Store, LayerVersion],
) -> None:
    store, old = grown
    found = run(store, since="2025-07-01")
    assert found.changes is not None
    assert found.changes.versions["tarkwa.mine_sites.sites"] == old.version_id
    assert found.changes.label == "the data of 2025-07-01"
    assert found.changes.sentences[-1] == (
        "Nobody stated which date these layers speak for, so both sides use them as they are: "
        "Districts, Rivers."
    )


def test_a_step_is_the_run_of_the_versions_of_its_day(
    grown: tuple[Store, LayerVersion],
) -> None:
    store, old = grown
    first, last = workflows.hotspot_steps(store, "tarkwa")
    assert (first.day, last.day) == (dt.date(2025, 6, 30), dt.date(2025, 12, 31))
    assert (first.is_current, last.is_current) == (False, True)
    assert first.versions["tarkwa.mine_sites.sites"] == old.version_id
    # what has one version stays as it is
    assert {name: one for name, one in first.versions.items() if "sites" not in name} == {
        name: one for name, one in last.versions.items() if "sites" not in name
    }
    assert row(run(store, step=first.name), WEST).known_sites == 6
    assert row(run(store), WEST).known_sites == 8
    assert run(store, step=last.name).rows == run(store).rows
    with pytest.raises(workflows.WorkflowError, match="layers have changed since"):
        run(store, step=f"{first.day}~000000000000")


def test_where_no_layer_has_two_dated_versions_there_is_no_step(loaded: Store) -> None:
    assert workflows.hotspot_steps(loaded, "tarkwa") == ()
    sites(loaded, SITES[3:])  # nobody stated its day
    assert workflows.hotspot_steps(loaded, "tarkwa") == ()


def test_before_its_first_version_a_layer_is_not_there(
    grown: tuple[Store, LayerVersion],
) -> None:
    store, _ = grown
    forest = {"feature_id": "f", "geometry": shapely.box(-2.2, 5.28, -1.9, 5.32)}
    for year in (2025, 2026):
        day = dt.date(year, 11, 1)
        more = GHANA | {"data_date": day}
        add(store, [forest | {"name": str(year)}], kind="protected_areas", name="Parks", **more)
    steps = workflows.hotspot_steps(store, "tarkwa")
    parks = "tarkwa.protected_areas.parks"
    assert [(one.day.year, one.day.month, parks in one.versions) for one in steps] == [
        (2025, 6, False),
        (2025, 11, True),
        (2025, 12, True),
        (2026, 11, True),
    ]
    assert [one.is_current for one in steps] == [False, False, False, True]


def test_a_layer_that_was_not_there_yet_is_told_as_the_cause(
    grown: tuple[Store, LayerVersion],
) -> None:
    store, _ = grown
    forest = {"feature_id": "f", "geometry": shapely.box(-2.2, 5.28, -1.9, 5.32)}
    more = {"data_date": dt.date(2025, 11, 1)}
    add(store, [forest], kind="protected_areas", name="Parks", **GHANA, **more)
    found = run(store, since="2025-07-01")
    assert found.changes is not None
    told = "\n".join(found.changes.sentences)
    assert "with a layer the older data do not have" in told
    assert "Not there yet on 2025-07-01: Parks." in told


def test_a_verdict_that_changed_is_neither_new_nor_gone(loaded: Store) -> None:
    old = loaded.layer("tarkwa.mine_sites.sites").current
    assert old is not None
    sites(loaded, [SITES[0] | {"position_sd_m": 80.0}, *SITES[1:]])
    found = run(loaded, since=old.version_id)
    assert found.changes is not None
    counts = found.changes.totals["mine_sites"]
    assert (counts["verdict"], counts["new"], counts["gone"]) == (1, 0, 0)
    assert "1 conflict changed verdict." in found.changes.sentences
    assert "more" not in row(found, WEST).reason


def test_hexagons_of_sites_that_are_gone_still_have_a_row(
    grown: tuple[Store, LayerVersion],
) -> None:
    store, old = grown
    found = run(store, by="h3", since=old.version_id)
    assert sum(row.change["mine_sites"]["gone"] for row in found.rows if row.change) == 2
    assert sum(row.change["mine_sites"]["listed_before"] for row in found.rows if row.change) == 12


def test_rows_in_another_order_give_the_same_answer(loaded: Store, tmp_path: Path) -> None:
    other = workflows.open_home(tmp_path / "other")
    sites(other, SITES[::-1], data_date=dt.date(2025, 6, 30))
    for layer_id in ("tarkwa.water.rivers", "tarkwa.districts.districts"):
        layer = loaded.layer(layer_id)
        assert layer.current is not None
        frame = loaded.read_features(layer.current.version_id)
        rows = frame.drop(columns=["source_row"]).to_dict("records")
        add(other, rows[::-1], kind=layer.kind, name=layer.name, **GHANA)
    for by in ("districts", "h3"):
        assert run(other, by=by).rows == run(loaded, by=by).rows


# --- kept -------------------------------------------------------------------------------------


def test_an_answer_is_computed_once_until_something_that_decides_it_changes(
    grown: tuple[Store, LayerVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, old = grown
    first = run(store)
    computed: list[object] = []
    plain = module.compute

    def noted(*args: Any) -> dict[str, Any]:
        computed.append(args)
        return plain(*args)

    monkeypatch.setattr(module, "compute", noted)
    module._runs.clear()
    again = run(store)
    assert again.rows == first.rows
    assert again == first
    assert not computed
    differ: list[dict[str, Any]] = [
        {"by": "h3"},
        {"by": "h3", "resolution": 7},
        {"measure": "per_km2"},
        {"scenarios": ["200m"]},
        {"on": dt.date(2015, 1, 1)},
        {"since": old.version_id},
        {"rules": ["GH-DIR-100"]},
    ]
    prints = {first.fingerprint}
    for number, option in enumerate(differ, start=1):
        prints.add(run(store, **option).fingerprint)
        assert len(computed) == number, option
    assert len(prints) == 1 + len(differ)
    workflows.roll_back(store, "tarkwa.mine_sites.sites", version=old.version_id)
    assert run(store).rows != first.rows
    assert len(computed) == 1 + len(differ)
    monkeypatch.setattr(module, "_code", lambda: "other code")
    run(store)
    assert len(computed) == 2 + len(differ)


def test_an_older_side_that_became_another_one_makes_another_answer(
    grown: tuple[Store, LayerVersion],
) -> None:
    """The same question, the same current versions, but a version of that day came to light."""
    store, _ = grown
    current = store.layer("tarkwa.mine_sites.sites").current
    assert current is not None
    first = run(store, since="2025-07-01")
    sites(store, SITES[3:], data_date=dt.date(2025, 7, 1))
    workflows.roll_back(store, "tarkwa.mine_sites.sites", version=current.version_id)
    again = run(store, since="2025-07-01")
    assert again.layer_versions == first.layer_versions
    assert again.changes is not None
    assert first.changes is not None
    assert again.changes.totals["mine_sites"]["listed_before"] == len(SITES) - 3
    assert again.fingerprint != first.fingerprint


def test_many_places_are_computed_in_a_process_of_their_own_with_the_same_answer(
    loaded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = run(loaded, by="h3")
    other = filled(workflows.open_home(tmp_path / "other"))

    def refuse(*args: object) -> dict[str, Any]:
        raise AssertionError("the server computed what a worker should")

    monkeypatch.setattr(module, "IN_WORKER_FROM", 0)
    monkeypatch.setattr(module, "compute", refuse)
    assert run(other, by="h3", in_process=False).rows == here.rows


# --- as files and for the map -----------------------------------------------------------------


@pytest.mark.parametrize("by", ["districts", "h3"])
def test_no_file_holds_the_place_or_the_id_of_a_site(
    grown: tuple[Store, LayerVersion], by: str
) -> None:
    store, old = grown
    found = run(store, by=by, since=old.version_id)
    places = shapely.MultiPoint([one["geometry"] for one in SITES])
    table = workflows.export_hotspots(store, found, format="csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    drawn = [
        shapely.Point(float(one["longitude"]), float(one["latitude"]))
        for one in rows
        if one["longitude"]
    ]
    for document in (
        workflows.hotspots_geojson(store, found),
        workflows.export_hotspots(store, found, format="geojson"),
    ):
        features = json.loads(document)["features"]
        shapes = [one["geometry"] for one in features if one["geometry"]]
        drawn += [shapely.from_geojson(json.dumps(one)) for one in shapes]
        values = [value for one in features for value in one["properties"].values()]
        assert not {"w1", "n1", "e1", "far"} & {str(value) for value in values}
    corners = shapely.get_coordinates(drawn)
    assert shapely.distance(shapely.points(corners), places).min() > 1e-5
    assert {"rank", "name", "unit_class", "reason", "value", "p_fdr", "sites_new"} <= set(rows[0])
    assert not [name for name in rows[0] if "feature_id" in name or "subject" in name]


def test_the_geopackage_has_style_and_notes_and_a_row_for_each_unit(
    loaded: Store, tmp_path: Path
) -> None:
    found = run(loaded)
    path = tmp_path / "hotspots.gpkg"
    path.write_bytes(workflows.export_hotspots(loaded, found, format="gpkg"))
    areas = pyogrio.read_dataframe(path, layer="hotspots_areas")
    assert areas["name"].tolist() == [WEST, EAST, EMPTY]
    assert areas["value"].isna().tolist() == [False, False, True]
    notes = pyogrio.read_dataframe(path, layer="notes", read_geometry=False)
    assert {"Method", "Caution", "Order", "Classes"} <= set(notes["topic"])
    layers = [name for name, _ in pyogrio.list_layers(path)]
    assert "layer_styles" in layers
    assert workflows.export_hotspots(loaded, found, format="gpkg") == path.read_bytes()


def test_the_map_gets_outlines_classes_and_reasons(loaded: Store) -> None:
    document = json.loads(workflows.hotspots_geojson(loaded, run(loaded, by="h3")))
    first = document["features"][0]
    # no detections here, so none is said to be seen
    assert set(first["properties"]) == {"id", "name", "class", "rank", "reason"}
    assert len(first["geometry"]["coordinates"][0]) == 7
    assert len(document["features"]) == 12


def test_a_region_with_nothing_in_it_has_no_hexagons(store: Store) -> None:
    found = run(store, by="h3")
    assert found.rows == ()
    assert found.cells_without_data == pytest.approx(12_150, rel=0.05)
    assert json.loads(workflows.hotspots_geojson(store, found))["features"] == []
    for ending in workflows.HOTSPOT_FORMATS:
        assert workflows.export_hotspots(store, found, format=ending)
