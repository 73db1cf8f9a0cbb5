"""What is loaded, what lies under a click, searches, areas, and the versions of a layer."""

import datetime as dt
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import shapely

from dashboard import workflows
from dashboard.workflows import kept, layer_figures
from dashboard.workflows.features import plain
from layers import facts
from layers.store import Store, StoreError
from tests.layers.samples import add, square

TODAY = dt.date(2026, 1, 1)
ITURI = {"region_id": "ituri"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return workflows.open_home(tmp_path)


@pytest.fixture
def loaded(store: Store) -> Store:
    """A site in the west licence of two that overlap, a river along their south edge."""
    add(
        store,
        [
            {"feature_id": "s1", "name": "Été", "geometry": shapely.Point(29.05, 2.05)},
            {"feature_id": "s2", "geometry": shapely.Point(29.5, 2.5), "radius_m": 30.0},
        ],
        kind="mine_sites",
        name="Sites",
        data_date=dt.date(2023, 6, 30),
        mapping={"feature_id": "pcode"},
        **ITURI,
    )
    licences = [
        {"feature_id": "L1", "name": "West", "geometry": square(29.0, 2.0, size=0.1)},
        {"feature_id": "L2", "name": "East", "geometry": square(29.05, 2.0, size=0.1)},
    ]
    add(store, licences, kind="licences", name="Titles", **ITURI)
    river = {
        "feature_id": "w1",
        "name": "Shari",
        "feature_class": "unknown",
        "geometry": shapely.LineString([(29.0, 2.0), (29.2, 2.0)]),
        "source:Remark": "<b>low</b>",
    }
    add(store, [river], kind="water", name="Rivers", **ITURI)
    return store


def test_a_region_without_layers_has_an_empty_overview_without_warnings(store: Store) -> None:
    overview = workflows.overview(store, "ituri")
    assert overview.is_empty
    assert overview.warnings == ()
    assert overview.bounds == workflows.overview(store, "ituri").bounds


def test_an_unknown_region_is_refused_with_the_ids_there_are(store: Store) -> None:
    with pytest.raises(workflows.FactsError, match="tarkwa"):
        workflows.overview(store, "atlantis")


def test_the_overview_tells_counts_ages_and_ground_covered_once(loaded: Store) -> None:
    rows = {row.layer.name: row for row in workflows.overview(loaded, "ituri", today=TODAY).layers}
    assert {name: row.features for name, row in rows.items()} == {
        "Sites": 2,
        "Titles": 2,
        "Rivers": 1,
    }
    assert rows["Sites"].age == "data of 2023-06-30, 2 years old"
    assert rows["Titles"].age == "date not stated"
    assert rows["Sites"].area_ha is None
    # 0.15 by 0.1 degrees, some 16.70 by 11.06 km; the two squares share a third of their ground
    assert rows["Titles"].area_ha == pytest.approx(18_450, rel=0.005)
    assert rows["Rivers"].classes == {"unknown": 1}


def test_the_figures_of_a_large_layer_come_from_a_process_of_its_own(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (titles,) = (one for one in loaded.layers("ituri") if one.name == "Titles")
    assert titles.current is not None
    region = facts.region("ituri")
    monkeypatch.setattr(layer_figures, "IN_WORKER_FROM", 1)
    monkeypatch.setattr(layer_figures, "_keep", None)  # not here
    found = layer_figures.layer_figures(loaded, titles.current, region)
    assert found["area_ha"] == pytest.approx(18_450, rel=0.005)
    assert found["corners"] == 10
    assert found == layer_figures.layer_figures(loaded, titles.current, region)


def test_figures_that_could_not_be_computed_are_told(
    loaded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_figures, "IN_WORKER_FROM", 1)
    failed = SimpleNamespace(returncode=1)
    monkeypatch.setattr(kept.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(workflows.WorkflowError, match=r"The figures of '.*' could not be computed"):
        workflows.overview(loaded, "ituri")


def test_the_overview_warns_of_what_is_missing(loaded: Store) -> None:
    told = " ".join(workflows.overview(loaded, "ituri", today=TODAY).warnings)
    assert "No layer of kind 'Protected areas' is loaded" in told
    assert "site-in-protected-area" in told
    assert "No districts are loaded" in told
    assert "1 of 1 features of 'Rivers' have no known class" in told
    assert "absence of data is not absence of mining" in told
    assert "Titles, Rivers" in told
    assert "nvented" not in told


def test_the_overview_of_invented_layers_says_so_first(store: Store) -> None:
    fields = [{"feature_id": "f", "geometry": square(29, 2, size=0.01)}]
    add(store, fields, kind="farmland", name="Fields", demonstration=True, **ITURI)
    overview = workflows.overview(store, "ituri", today=TODAY)
    assert overview.demonstration
    assert overview.warnings[0] == workflows.INVENTED
    assert any("absence of data is not absence of farming" in line for line in overview.warnings)


def test_the_fingerprint_of_a_region_changes_with_every_pointer(loaded: Store) -> None:
    fingerprint = workflows.region_versions_fingerprint
    first = fingerprint(loaded, "ituri")
    assert fingerprint(loaded, "ituri") == first
    version = add(
        loaded,
        [{"feature_id": "w2", "geometry": shapely.Point(29.1, 2.1)}],
        kind="water",
        name="Rivers",
        **ITURI,
    )
    second = fingerprint(loaded, "ituri")
    assert second != first
    workflows.roll_back(loaded, version.layer_id)
    assert fingerprint(loaded, "ituri") == first
    workflows.delete_layer(loaded, version.layer_id)
    assert fingerprint(loaded, "ituri") not in (first, second)


def test_rolling_back_goes_to_the_version_before_or_the_one_named(store: Store) -> None:
    places = [shapely.Point(29 + number / 10, 2) for number in range(3)]
    ids = [
        add(store, [{"feature_id": "s", "geometry": place}], kind="water", name="W", **ITURI)
        for place in places
    ]
    layer_id = ids[0].layer_id
    assert workflows.roll_back(store, layer_id).number == 2
    assert workflows.roll_back(store, layer_id).number == 1
    with pytest.raises(StoreError, match="there is none before it"):
        workflows.roll_back(store, layer_id)
    assert workflows.roll_back(store, layer_id, version=3).number == 3
    assert workflows.roll_back(store, layer_id, version="v2").number == 2
    assert workflows.roll_back(store, layer_id, version=ids[2].version_id).number == 3
    with pytest.raises(StoreError, match="It has: 1, 2, 3"):
        workflows.roll_back(store, layer_id, version=9)
    assert [one.number for one in workflows.layer_versions(store, layer_id)] == [3, 2, 1]


def test_a_deleted_layer_comes_back_as_it_was_shown_last(store: Store) -> None:
    for number in range(2):
        place = shapely.Point(29 + number / 10, 2)
        version = add(
            store, [{"feature_id": "s", "geometry": place}], kind="water", name="W", **ITURI
        )
    workflows.roll_back(store, version.layer_id)
    workflows.delete_layer(store, version.layer_id)
    with pytest.raises(StoreError, match="was deleted"):
        workflows.layer(store, version.layer_id)
    assert workflows.roll_back(store, version.layer_id).number == 1


def test_map_features_are_compact_and_leave_out_what_is_not_known(loaded: Store) -> None:
    sites = workflows.layer(loaded, "ituri.mine_sites.sites").current
    assert sites is not None
    told = json.loads(workflows.features_geojson(loaded, sites.version_id))
    assert [feature["properties"] for feature in told["features"]] == [
        {"id": "s1", "name": "Été"},
        {"id": "s2", "r": 30.0},
    ]


def test_map_features_say_the_day_they_were_observed_where_that_is_known(store: Store) -> None:
    place = shapely.Point(29.1, 2.0)
    fields = [
        {"feature_id": "v1", "geometry": place, "observed_on": dt.date(2020, 5, 10)},
        {"feature_id": "v2", "geometry": place, "observed_on": None},
    ]
    version = add(store, fields, kind="visits", name="Visits", **ITURI)
    told = json.loads(workflows.features_geojson(store, version.version_id))
    days = {f["properties"]["id"]: f["properties"].get("d") for f in told["features"]}
    assert days == {"v1": "2020-05-10", "v2": None}
    assert "d" not in told["features"][1]["properties"]


def test_map_features_have_six_decimals_and_never_vanish(store: Store) -> None:
    shape = shapely.box(29.12345678, 2.0, 29.1235, 2.0001)
    fields = [{"feature_id": "f", "geometry": shape}]
    version = add(store, fields, kind="farmland", name="F", **ITURI)
    for tolerance in (0.0, 1.0):
        content = workflows.features_geojson(store, version.version_id, tolerance=tolerance)
        geometry = json.loads(content)["features"][0]["geometry"]
        corners = geometry["coordinates"][0]
        assert {round(x, 6) for x, _ in corners} == {29.123457, 29.1235}
        assert all(len(str(x).split(".")[1]) <= 6 for x, _ in corners)


def test_a_card_has_our_fields_the_files_own_columns_and_what_not_to_take_for_certain(
    loaded: Store,
) -> None:
    card = workflows.feature_card(loaded, "ituri.water.rivers", "w1")
    assert card.title == "Shari"
    assert card.source == {"Remark": "<b>low</b>"}
    assert card.fields["Length (km)"] == pytest.approx(22.26, rel=0.002)
    told = " ".join(card.caveats)
    assert "centre-line, not from the bank" in told
    assert "is not one we know" in told
    assert "which date" in told
    site = workflows.feature_card(loaded, "ituri.mine_sites.sites", "s2")
    assert site.title == "mine site s2"
    assert site.fields["Radius (m)"] == 30.0
    assert not any("extends" in caveat for caveat in site.caveats)
    licence = workflows.feature_card(loaded, "ituri.licences.titles", "L1")
    assert licence.fields["Area (ha)"] == pytest.approx(12_300, rel=0.01)


def test_a_card_of_a_feature_that_is_not_there_is_refused(loaded: Store) -> None:
    with pytest.raises(StoreError, match="no feature 'x'"):
        workflows.feature_card(loaded, "ituri.water.rivers", "x")


def test_a_click_finds_points_first_then_lines_then_the_smaller_area(loaded: Store) -> None:
    hits = workflows.identify(loaded, "ituri", 29.05, 2.05, tolerance_m=50)
    assert hits[0].title == "Été"
    assert {hit.title for hit in hits[1:]} == {"West", "East"}
    assert hits[0].distance_m == pytest.approx(0, abs=0.01)
    near = workflows.identify(loaded, "ituri", 29.02, 2.0002, tolerance_m=50)
    assert [hit.title for hit in near] == ["Shari", "West"]
    # 0.0002 degrees of latitude are 22.1 m
    assert near[0].distance_m == pytest.approx(22.1, abs=0.3)


def test_a_click_finds_nothing_beyond_its_tolerance_or_in_layers_not_asked_for(
    loaded: Store,
) -> None:
    identify = workflows.identify
    assert identify(loaded, "ituri", 29.02, 1.9999, tolerance_m=10) == ()
    assert len(identify(loaded, "ituri", 29.02, 1.9999, tolerance_m=12)) == 2
    # 44 m east and 44 m north: within a box of 50 m, 63 m away
    assert identify(loaded, "ituri", 29.5004, 2.5004, tolerance_m=50) == ()
    only = identify(loaded, "ituri", 29.05, 2.05, tolerance_m=50, layer_ids=["ituri.water.rivers"])
    assert only == ()


def test_a_search_ignores_case_and_accents_and_puts_whole_names_first(loaded: Store) -> None:
    assert [hit.title for hit in workflows.search(loaded, "ituri", " ete ")] == ["Été"]
    assert [hit.feature_id for hit in workflows.search(loaded, "ituri", "l1")] == ["L1"]
    assert [hit.title for hit in workflows.search(loaded, "ituri", "st")] == ["East", "West"]
    assert [hit.title for hit in workflows.search(loaded, "ituri", "s")][-1] == "West"
    assert workflows.search(loaded, "ituri", "  ") == ()
    assert workflows.search(loaded, "ituri", "(.*)[") == ()
    assert workflows.search(loaded, "tarkwa", "ete") == ()


def test_an_area_tells_counts_and_hectares_with_shared_ground_once(loaded: Store) -> None:
    drawn = json.loads(shapely.to_geojson(square(29.05, 1.99, size=0.05)))
    figures = workflows.area_figures(loaded, "ituri", drawn)
    rows = {row["layer_name"]: row for row in figures.rows}
    assert figures.area_ha == pytest.approx(3_075, rel=0.005)
    assert rows["Sites"]["features"] == 0
    assert rows["Sites"]["area_ha"] is None
    # both licences cover the upper four fifths of the drawing
    assert rows["Titles"]["features"] == 2
    assert rows["Titles"]["area_ha"] == pytest.approx(figures.area_ha * 0.8, rel=0.001)
    assert rows["Rivers"]["feature_class"] == "unknown"
    feature = {"type": "Feature", "properties": {}, "geometry": drawn}
    assert workflows.area_figures(loaded, "ituri", feature).area_ha == figures.area_ha


@pytest.mark.parametrize(
    "drawn",
    [
        {"type": "Point", "coordinates": [29, 2]},
        {"type": "Polygon", "coordinates": [[[29, 2], [29.1, 2], [29, 2]]]},
        {"type": "Nonsense"},
        {},
    ],
)
def test_a_drawing_that_is_no_area_is_refused_in_a_sentence(
    loaded: Store, drawn: dict[str, object]
) -> None:
    with pytest.raises(StoreError, match="Draw"):
        workflows.area_figures(loaded, "ituri", drawn)


@pytest.mark.parametrize("ending", workflows.EXPORT_FORMATS)
def test_a_layer_is_exported_with_its_own_columns_and_what_it_is(
    loaded: Store, ending: str, tmp_path: Path
) -> None:
    version = workflows.layer(loaded, "ituri.water.rivers").current
    assert version is not None
    content = workflows.export_layer(loaded, version.version_id, format=ending)
    for word in (b"Remark", b"not stated", b"demonstration"):
        if ending != "parquet":
            assert word in content


def test_cells_become_plain_json() -> None:
    import numpy as np
    import pandas as pd

    cells = [np.float64("nan"), pd.NaT, None, np.int64(3), dt.date(2020, 1, 2), [np.bool_(True)]]
    assert [plain(cell) for cell in cells] == [None, None, None, 3, "2020-01-02", [True]]


def test_the_demonstration_is_loaded_once_and_taken_up_where_it_stopped(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data.demo import build

    few = {name: build.LAYERS[name] for name in ("districts", "settlements")}

    def files(folder: Path) -> list[build.DemoFile]:
        made = []
        for about in few.values():
            path = folder / f"{about['kind']}.geojson"
            shape = (
                square(-2, 5, size=0.1) if about["kind"] == "districts" else shapely.Point(-2, 5)
            )
            feature = {
                "type": "Feature",
                "properties": {"name": "Invented"},
                "geometry": json.loads(shapely.to_geojson(shape)),
            }
            path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
            rest = {key: about[key] for key in ("kind", "layer_name", "data_date", "note")}
            made.append(build.DemoFile(path=path, **rest))
        return made

    monkeypatch.setattr(build, "LAYERS", few)
    monkeypatch.setattr(build, "demonstration_files", files)
    assert workflows.load_demonstration(store) == 2
    assert workflows.load_demonstration(store) == 0
    shown = store.layers("tarkwa")
    assert [layer.demonstration for layer in shown] == [True, True]
    workflows.delete_layer(store, shown[0].layer_id)
    assert workflows.load_demonstration(store) == 0

    assert not workflows.overview(store, "tarkwa").mixed
    wells = [{"feature_id": "w", "geometry": shapely.Point(-2, 5.3)}]
    add(store, wells, region_id="tarkwa", kind="water", name="Our wells")
    mixed = workflows.overview(store, "tarkwa")
    assert mixed.mixed
    assert workflows.MIXED in mixed.warnings
    assert workflows.take_demonstration_off(store, "tarkwa") == 1
    assert [layer.name for layer in store.layers("tarkwa")] == ["Our wells"]
    assert not workflows.overview(store, "tarkwa").mixed


def test_the_demonstration_stays_away_from_a_region_with_real_layers(store: Store) -> None:
    wells = [{"feature_id": "w", "geometry": shapely.Point(-2, 5.3)}]
    add(store, wells, region_id="tarkwa", kind="water", name="Our wells")
    assert workflows.load_demonstration(store) == 0


def test_the_overview_counts_licences_that_ended_by_their_own_date(store: Store) -> None:
    rows = [
        {
            "feature_id": "old",
            "geometry": square(-2, 5, size=0.1),
            "valid_to": dt.date(2014, 5, 11),
        },
        {"feature_id": "new", "geometry": square(-1, 5, size=0.1), "valid_to": dt.date(2039, 1, 1)},
    ]
    add(store, rows, region_id="tarkwa", kind="licences", name="Titles")
    told = workflows.overview(store, "tarkwa", today=dt.date(2026, 11, 23))
    assert told.layers[0].ended == 1
    assert any("1 of 2 licences ended before today" in one for one in told.warnings)
    run = workflows.conflicts(store, "tarkwa", on=dt.date(2026, 11, 23), in_process=True)
    assert "licence_state" in run.table


def test_a_row_of_an_export_says_rule_limits_dates_and_caution_by_itself(loaded: Store) -> None:
    run = workflows.conflicts(loaded, "ituri", on=dt.date(2026, 11, 23), in_process=True)
    content = workflows.export_conflicts(loaded, run, format="csv")
    rows = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
    assert len(rows) == len(run.table) > 0
    assert (rows["caution"].str.contains("not illegality")).all()
    assert (rows["as_of"] == "2026-11-23").all()
    assert rows["subject_data_date"].notna().all()
    areas = rows["share_pct"].dropna()
    assert areas.between(0, 100).all()
    shared = run.table["share"].dropna()
    assert len(shared) > 0
    assert areas.sum() == pytest.approx(100 * shared.sum(), rel=1e-6)


def test_an_exported_distance_names_its_lines_and_its_source(store: Store) -> None:
    site = {"feature_id": "s", "geometry": shapely.Point(-2, 5.3)}
    pond = {"feature_id": "w", "geometry": square(-2.0, 5.3002, size=0.01)}
    add(store, [site], region_id="tarkwa", kind="mine_sites", name="Sites")
    add(store, [pond], region_id="tarkwa", kind="water", name="Ponds")
    run = workflows.conflicts(store, "tarkwa", on=dt.date(2021, 6, 30), in_process=True)
    content = workflows.export_conflicts(store, run, format="geojson")
    (row,) = (
        one["properties"]
        for one in json.loads(content)["features"]
        if one["properties"]["rule_id"] == "GH-DIR-100"
    )
    assert row["limit_outer_m"] == 100
    assert row["limit_inner_m"] is None
    assert "directive" in row["rule_source"]
    assert row["object_data_date"] == "not stated"
