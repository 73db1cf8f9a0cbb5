"""From file to canonical frame: ids, visits, shapes, the gate, and what is told of them."""

import datetime as dt
import json
import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from layers.facts import kind, region
from layers.read import (
    Column,
    Inspection,
    ReadReport,
    ReadRequest,
    SourceLayer,
    inspect,
    suggest,
)
from tests.corpus import Bring, geopackage, points, shape_zip, table

ROOT = Path(__file__).resolve().parents[3]
GHANA = table("name,lon,lat", "A,-1.9934,5.3010", "B,-1.98,5.31")


def codes(report: ReadReport) -> set[str]:
    return {each.code for each in report.findings}


def blocking(report: ReadReport) -> set[str]:
    return {each.code for each in report.findings if each.blocking}


def geojson(*shapes: object, **columns: list[object]) -> bytes:
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:4326")
    return str(frame.to_json()).encode()


def test_degrees_in_ghana_are_asked_even_with_every_suggestion_accepted(bring: Bring) -> None:
    report, _ = bring(GHANA, "a.csv", region_id="tarkwa")
    assert blocking(report) == {"crs_ambiguous"}
    assert [each.crs for each in report.crs_choices] == ["EPSG:4326", "EPSG:4168", "EPSG:4250"]
    assert "move by 31" in report.crs_choices[1].means
    assert report.counts == {"read": 2, "imported": 0, "repaired": 0, "rejected": 2}


def test_the_answer_accra_moves_the_points_by_311_m_and_adds_its_accuracy(bring: Bring) -> None:
    report, features = bring(GHANA, "a.csv", region_id="tarkwa", crs="EPSG:4168")
    assert report.crs_how == "stated"
    assert report.shift_m == pytest.approx(311, abs=1)
    assert "Accra to WGS 84" in report.shift
    assert features["position_sd_m"].tolist() == pytest.approx([(10**2 + 25**2) ** 0.5] * 2)


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [
        ("EPSG:2136", 538703, 229347),
        ("EPSG:25000", 164200, 69900),
        ("EPSG:32630", 611539, 586027),
        ("EPSG:3857", -221904, 590948),
    ],
)
def test_unlabelled_grid_numbers_of_tarkwa_are_recognised_and_others_are_named(
    bring: Bring, crs: str, x: int, y: int
) -> None:
    content = table("name,x,y", f"A,{x},{y}", f"B,{x + 90},{y + 90}")
    report, _ = bring(content, "a.csv", region_id="tarkwa", accept_suggestions=False)
    assert "crs_to_confirm" in blocking(report)
    assert report.crs_choices[0].crs == crs
    report, features = bring(content, "a.csv", region_id="tarkwa")
    assert (report.crs, report.crs_how) == (crs, "recognised")
    place = features.geometry[0]
    assert (place.x, place.y) == pytest.approx((-1.9934, 5.3010), abs=2e-5)
    (told,) = [each.message for each in report.findings if each.code == "crs_recognised"]
    if crs == "EPSG:32630":
        assert "EPSG:2136" in told
        assert "outside Tarkwa-Nsuaem" in told


def test_a_recognised_system_must_be_confirmed(bring: Bring) -> None:
    content = table("name,lon,lat", "A,29.7,0.9")
    report, _ = bring(content, "a.csv", accept_suggestions=False)
    assert blocking(report) == {"crs_to_confirm"}
    report, _ = bring(content, "a.csv", accept_suggestions=False, crs="EPSG:4326")
    assert report.ok
    report, _ = bring(content, "a.csv")
    assert report.crs_how == "recognised"


def test_swapped_coordinates_are_asked_and_never_taken_for_granted(bring: Bring) -> None:
    content = table("name,lon,lat", "A,0.9,29.7", "B,1.1,29.9")
    report, _ = bring(content, "a.csv")
    assert blocking(report) == {"crs_to_confirm"}
    assert report.crs_choices[0].swapped
    report, _ = bring(content, "a.csv", crs="EPSG:4326")
    assert blocking(report) == {"axes_swapped"}
    _, features = bring(content, "a.csv", crs="EPSG:4326", swap_axes=True)
    assert features.geometry[0].x > 29
    report, features = bring(
        content, "a.csv", crs="EPSG:4326", mapping={"longitude": "lat", "latitude": "lon"}
    )
    assert features.geometry[0].x > 29


def test_a_declared_system_that_does_not_land_is_blocked_with_what_would(bring: Bring) -> None:
    report, _ = bring(points((800_517.0, 99_588.0)), "a.geojson")
    assert blocking(report) == {"crs_does_not_land"}
    assert "EPSG:32635" in [each.crs for each in report.crs_choices]


def test_one_row_in_the_ocean_stays_in_and_is_told(bring: Bring) -> None:
    places = [(29.7 + number / 100, 0.9) for number in range(30)]
    report, features = bring(points(*places, (6.67, -21.1)), "a.geojson")
    (away,) = [each for each in report.findings if each.code == "outside_country"]
    assert away.rows == (31,)
    assert len(features) == 31


def test_a_crs_named_in_the_file_that_nobody_knows_is_asked(bring: Bring) -> None:
    named = {"type": "name", "properties": {"name": "EPSG:999999"}}
    report, _ = bring(points((29.7, 0.9), crs=named), "a.geojson")
    assert codes(report) >= {"crs_unknown", "crs_to_confirm"}
    assert not report.ok


def test_an_older_geojson_that_names_its_metres_is_read_in_them(bring: Bring) -> None:
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32635"}}
    report, features = bring(points((800_517.52, 99_588.41), crs=named), "a.geojson")
    assert report.crs == "EPSG:32635"
    assert shapely.get_coordinates(features.geometry)[0] == pytest.approx([29.7, 0.9], abs=1e-6)


def test_a_geopackage_that_says_undefined_is_undeclared(bring: Bring) -> None:
    report, _ = bring(geopackage("UPDATE gpkg_geometry_columns SET srs_id = 0;"
                                 "UPDATE gpkg_contents SET srs_id = 0"), "a.gpkg",
                      accept_suggestions=False)  # fmt: skip
    assert blocking(report) == {"crs_to_confirm"}


def test_a_shapefile_without_prj_is_recognised_or_asked(bring: Bring) -> None:
    report, _ = bring(shape_zip(".prj"), "a.zip", accept_suggestions=False)
    assert blocking(report) == {"crs_to_confirm"}


VISITS = table(
    "pcode,name,visit_date,lon,lat",
    "p1,Old,2019-05-01,29.7,0.9",
    "p1,New,2021-05-01,29.7,0.9",
    "p2,Only,2020-01-01,29.71,0.9",
    "p1,Older,2018-05-01,29.7,0.9",
)


def test_only_the_latest_visit_of_each_site_is_kept_and_the_rest_is_told(bring: Bring) -> None:
    report, features = bring(VISITS, "a.csv")
    assert report.keep_latest
    assert report.counts == {"read": 4, "imported": 2, "repaired": 0, "rejected": 2}
    assert sorted(features["name"]) == ["New", "Only"]
    (told,) = [each for each in report.findings if each.code == "superseded"]
    assert told.rows == (2, 5)
    assert set(features["observed_on"]) == {dt.date(2021, 5, 1), dt.date(2020, 1, 1)}


def test_repeated_visits_are_asked_when_nobody_accepted_the_suggestion(bring: Bring) -> None:
    report, _ = bring(VISITS, "a.csv", accept_suggestions=False, crs="EPSG:4326")
    assert blocking(report) == {"visits_repeat"}
    report, features = bring(VISITS, "a.csv", crs="EPSG:4326", keep_latest=False)
    assert len(features) == 4
    assert "ids_not_unique" in codes(report)


def test_keeping_the_latest_needs_ids_and_dates(bring: Bring) -> None:
    content = table("name,lon,lat", "A,29.7,0.9")
    report, _ = bring(content, "a.csv", keep_latest=True)
    assert blocking(report) == {"keep_latest_impossible"}


def test_without_an_id_column_the_same_row_gets_the_same_id_again(bring: Bring) -> None:
    content = table("name,lon,lat", "A,29.7,0.9", "B,29.71,0.9", "A,29.7,0.9")
    report, first = bring(content, "a.csv")
    _, again = bring(content + b"C,29.72,0.9\n", "b.csv")
    assert first["feature_id"].is_unique
    assert set(first["feature_id"]) < set(again["feature_id"])
    (told,) = [each for each in report.findings if each.code == "rows_repeated"]
    assert told.rows == (4,)


def test_a_bow_tie_is_repaired_told_with_areas_and_counted_once(bring: Bring) -> None:
    bow_tie = shapely.Polygon([(29.7, 0.9), (29.71, 0.91), (29.71, 0.9), (29.7, 0.91)])
    square = shapely.box(29.8, 0.9, 29.81, 0.91)
    report, features = bring(
        geojson(bow_tie, square, code=["x", "y"]), "a.geojson", kind="licences"
    )
    assert report.counts == {"read": 2, "imported": 1, "repaired": 1, "rejected": 0}
    assert report.area_before_ha == pytest.approx(0, abs=0.1)
    assert report.area_after_ha == pytest.approx(61.5, abs=0.3)
    assert features.set_index("feature_id")["repaired"].to_dict() == {"x": True, "y": False}
    assert features.is_valid.all()


def test_points_among_licences_are_rejected_and_points_alone_block(bring: Bring) -> None:
    square, point = shapely.box(29.8, 0.9, 29.81, 0.91), shapely.Point(29.7, 0.9)
    report, _ = bring(geojson(square, point), "a.geojson", kind="licences")
    assert report.counts["rejected"] == 1
    assert "geometry_unfit" in codes(report)
    report, _ = bring(geojson(point), "a.geojson", kind="licences")
    assert blocking(report) == {"geometry_unfit"}


def test_of_a_collection_the_fitting_parts_are_kept(bring: Bring) -> None:
    mixed = shapely.GeometryCollection([shapely.box(29.8, 0.9, 29.81, 0.91), shapely.Point(29, 1)])
    report, features = bring(geojson(mixed), "a.geojson", kind="licences")
    assert features.geom_type.tolist() == ["Polygon"]
    assert "collection_parts" in codes(report)


def test_heights_are_left_out_and_told(bring: Bring, tmp_path: Path) -> None:
    path = tmp_path / "z.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(29.7, 0.9, 1200)], crs=4326).to_file(path)
    report, features = bring(path, "z.gpkg")
    assert "heights_dropped" in codes(report)
    assert not features.has_z.any()


def test_latitude_95_is_rejected_and_the_other_rows_come_in(bring: Bring) -> None:
    content = table("name,lon,lat", "A,29.7,0.9", "B,29.7,95", "C,29.7,0.91")
    report, features = bring(content, "a.csv")
    assert "coordinates_impossible" in codes(report)
    assert sorted(features["name"]) == ["A", "C"]


def test_comma_decimals_between_commas_are_blocked_not_shifted(bring: Bring) -> None:
    report, _ = bring(table("name,lon,lat", "A,29,7001,0,9001"), "a.csv")
    assert "cells_shifted" in blocking(report)


def test_statements_for_the_layer_fill_only_what_rows_do_not_say(bring: Bring) -> None:
    content = table("name,lon,lat,radius,accuracy_m", "A,29.7,0.9,50,3", "B,29.71,0.9,,")
    _, features = bring(content, "a.csv", radius_m=20, position_sd_m=7)
    by_name = features.set_index("name")
    assert by_name["radius_m"].to_dict() == {"A": 50, "B": 20}
    assert by_name["position_sd_m"].to_dict() == {"A": 3, "B": 7}


def test_an_unknown_class_is_kept_as_unknown_until_it_is_answered(bring: Bring) -> None:
    shapes = [shapely.box(29.8 + x / 10, 0.9, 29.81 + x / 10, 0.91) for x in range(2)]
    content = geojson(*shapes, Class=["1", "0"])
    report, _ = bring(content, "a.geojson", kind="farmland")
    assert report.classes == {"unknown": 2}
    assert "class_unknown" in codes(report)
    report, _ = bring(content, "a.geojson", kind="farmland",
                      class_values={"1": "cropland", "0": "not_cropland"})  # fmt: skip
    assert report.classes == {"cropland": 1, "not_cropland": 1}
    report, _ = bring(content, "a.geojson", kind="farmland", class_values={"1": "maize"})
    assert blocking(report) == {"class_not_in_vocabulary"}


def test_a_mapping_to_nothing_unmaps_and_a_wrong_one_blocks(bring: Bring) -> None:
    content = table("name,code,lon,lat", "A,c1,29.7,0.9")
    report, features = bring(content, "a.csv", mapping={"name": ""})
    assert features["name"].isna().all()
    assert "name" not in report.mapping
    report, _ = bring(content, "a.csv", mapping={"name": "nope", "colour": "code"})
    assert blocking(report) == {"mapping_column_missing", "mapping_field_unknown"}


def test_columns_stand_in_the_order_of_the_contract(bring: Bring) -> None:
    _, features = bring(table("name,lon,lat", "A,29.7,0.9"), "a.csv")
    assert list(features.columns[:9]) == [
        "feature_id", "source_row", "name", "feature_class", "holder", "observed_on", "radius_m",
        "position_sd_m", "repaired",
    ]  # fmt: skip
    assert list(features.columns[-4:]) == ["source:name", "source:lon", "source:lat", "geometry"]
    assert features["source:lon"].tolist() == ["29.7"]


def test_records_survive_json() -> None:
    column = Column(name="a", type="text", samples=("x",), values=("x",), distinct=1)
    layer = SourceLayer(
        name="l", geometry_type=None, rows=1, declared_crs=None, columns=(column,), sampled=1
    )
    shown = Inspection(filename="f", format="CSV", layers=(layer,))
    assert Inspection.from_json(json.loads(json.dumps(shown.as_json()))) == shown
    request = ReadRequest(region_id="ituri", kind="water", mapping={"name": "x"})
    assert ReadRequest.from_json(json.loads(json.dumps(request.as_json()))) == request


def test_every_finding_code_is_documented_and_every_documented_code_exists() -> None:
    text = (ROOT / "docs" / "findings.md").read_text()
    documented = set(re.findall(r"^\| `([a-z0-9_]+)` \|", text, re.MULTILINE))
    used: set[str] = set()
    folders = (ROOT / "layers" / "read", ROOT / "layers" / "visits")
    for path in (path for folder in folders for path in folder.glob("*.py")):
        source = path.read_text()
        used |= set(re.findall(r'code="([a-z0-9_]+)"', source))
        used |= set(re.findall(r'(?:tell|on_rows)\(\s*"([a-z0-9_]+)"', source))
        used |= set(re.findall(r'reject\(\s*[^"]*?"([a-z0-9_]+)"', source))
        used |= set(re.findall(r'"(crs_declared|crs_stated)"', source))
        used |= set(re.findall(r'"((?:states|places|sites)_to_confirm)"', source))
    # told of under "From the import itself"
    assert used - {"mapping_to_confirm", "file_refused"} == documented


def column(name: str, *samples: str, distinct: int = 5, empty: int = 0) -> Column:
    return Column(name=name, type="text", samples=samples or ("a",), distinct=distinct, empty=empty)


def suggested(*columns: Column, kind_id: str = "mine_sites") -> dict[str, str]:
    layer = SourceLayer(
        name="l", geometry_type=None, rows=5, declared_crs=None, columns=columns, sampled=5
    )
    return dict(suggest(layer, kind(kind_id), region("ituri")).mapping)


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [
        ("lon", "lat"), ("Longitude", "Latitude"), ("X", "Y"), ("Easting", "Northing"),
        ("GPS Longitude", "GPS Latitude"), ("x_coord", "y_coord"),
        ("Longitude (E)", "Latitude (N)"),
        ("Site Long (dd)", "Site Lat (dd)"), ("Coord X", "Coord Y"), ("UTM_E", "UTM_N"),
    ],
)  # fmt: skip
def test_coordinate_columns_are_found_whatever_their_name(longitude: str, latitude: str) -> None:
    found = suggested(column("nom"), column(latitude, "1"), column(longitude, "2"))
    assert (found["longitude"], found["latitude"]) == (longitude, latitude)


def test_french_names_are_mapped() -> None:
    found = suggested(column("Code Site"), column("Nom du Site"), column("Date visite", "2020"))
    assert found == {
        "feature_id": "Code Site", "name": "Nom du Site", "observed_on": "Date visite",
    }  # fmt: skip


def test_a_complete_id_is_preferred_to_one_with_gaps() -> None:
    found = suggested(column("code", empty=2, distinct=3), column("id"), kind_id="artisanal_zones")
    assert found["feature_id"] == "id"


def test_an_empty_column_is_not_suggested() -> None:
    assert suggested(Column(name="name", type="text")) == {}


def test_suggesting_needs_no_worker_and_says_when_places_are_missing() -> None:
    layer = SourceLayer(
        name="l", geometry_type=None, rows=5, declared_crs=None, columns=(column("name"),)
    )
    (note,) = suggest(layer, kind("licences"), region("tarkwa")).notes
    assert note.startswith("No columns with coordinates")


def test_inspecting_twice_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(VISITS)
    assert inspect(path, filename="a.csv") == inspect(path, filename="a.csv")


def test_our_own_name_for_an_id_is_understood_as_exports_have_it(bring: Bring) -> None:
    report, frame = bring("feature_id,lon,lat\n007,29.7,0.9\n008,29.8,0.9\n")
    assert report.mapping["feature_id"] == "feature_id"
    assert sorted(frame["feature_id"]) == ["007", "008"]


def test_our_own_name_with_repeats_gives_way_to_a_column_without(bring: Bring) -> None:
    report, _ = bring("Feature ID,code,lon,lat\n7,a,29.7,0.9\n7,b,29.8,0.9\n")
    assert report.mapping["feature_id"] == "code"


ESRI_PLAIN = (
    'GEOGCS["{name}",DATUM["{datum}",SPHEROID["{ball}",{axis},{flat}]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


@pytest.mark.parametrize(
    ("wkt", "region_id", "place", "crs"),
    [
        (ESRI_PLAIN.format(name="GCS_Accra", datum="D_Accra", ball="War_Office", axis=6378300.0,
                           flat=296.0), "tarkwa", (-1.9934, 5.3010), "EPSG:4168"),
        (ESRI_PLAIN.format(name="GCS_Leigon", datum="D_Leigon", ball="Clarke_1880_RGS",
                           axis=6378249.145, flat=293.465), "tarkwa", (-1.9934, 5.3010),
         "EPSG:4250"),
        (ESRI_PLAIN.format(name="GCS_Arc_1960", datum="D_Arc_1960", ball="Clarke_1880_RGS",
                           axis=6378249.145, flat=293.465), "geita", (32.1, -2.9), "EPSG:4210"),
    ],
)  # fmt: skip
def test_a_prj_without_numbers_is_known_by_its_datum(
    bring: Bring, wkt: str, region_id: str, place: tuple[float, float], crs: str
) -> None:
    content = shape_zip(prj=wkt.encode(), at=place)
    report, _ = bring(content, "sites.zip", region_id=region_id)
    assert (report.crs, report.crs_how) == (crs, "declared")
    assert 250 < report.shift_m < 350


def test_a_datum_nobody_knows_is_asked_and_not_taken_for_wgs_84(bring: Bring) -> None:
    wkt = ESRI_PLAIN.format(name="GCS_Unknown", datum="D_Unknown", ball="Clarke_1880_RGS",
                            axis=6378249.145, flat=293.465)  # fmt: skip
    content = shape_zip(prj=wkt.encode(), at=(-1.9934, 5.3010))
    report, _ = bring(content, "sites.zip", region_id="tarkwa")
    assert blocking(report) == {"crs_datum_unknown"}
    assert {"EPSG:4168", "EPSG:4250"} <= {each.crs for each in report.crs_choices}
    report, _ = bring(content, "sites.zip", region_id="tarkwa", crs="EPSG:4250")
    assert report.ok
    assert report.shift_m == pytest.approx(311, abs=2)


def test_letters_turn_only_the_rows_they_stand_in(bring: Bring) -> None:
    rows = "A,1.9934 W,5.3010 N\nB,5.3011 N,1.9935 W\nC,1.9936 W,5.3012 N\nD,5.3013 N,1.9937\n"
    report, frame = bring(f"name,lon,lat\n{rows}", region_id="tarkwa", crs="EPSG:4326")
    assert dict(report.counts)["rejected"] == 1
    assert {"columns_swapped_by_letters", "coordinates_unreadable"} <= codes(report)
    frame = frame.sort_values("source_row")
    assert frame["name"].tolist() == ["A", "B", "C"]
    assert frame.geometry.x.tolist() == pytest.approx([-1.9934, -1.9935, -1.9936])
