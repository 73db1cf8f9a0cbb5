"""The real layers of Ituri, south-west Ghana and Tanzania: all of them, with counts that add up."""

import math
import zipfile
from pathlib import Path

import pytest
from pyproj import Geod

from tests.corpus import Bring

pytestmark = pytest.mark.real

ITURI = {
    "mine_sites": ("mine_sites", 496),
    "titles_2016": ("licences", 123),
    "titles_2020": ("licences", 146),
    "artisanal_zones_2020": ("artisanal_zones", 43),
    "protected_areas": ("protected_areas", 2),
    "farmland": ("farmland", 144),
    "lakes": ("water", 1),
    "rivers_naturalearth": ("water", 4),
    "rivers_gshhg": ("water", 20),
    "water_osm": ("water", 51),
    "settlements": ("settlements", 3),
    "admin2": ("districts", 5),
    "amw_detections": ("detections", 387),
}
GHANA = {
    "amw_detections": ("detections", 3419),
    "mines_earthrise_2024": ("detections", 685),
    "mines_earthrise_2017_2020": ("detections", 407),
    "admin2_geoboundaries": ("districts", 113),
    "roads_osm_primary_secondary": ("roads", 1087),
    "health_sites_osm": ("health_sites", 297),
    "water_osm250m": ("water", 70),
    "rivers_gshhg": ("water", 42),
    "hydro_thld": ("water", 2183),
    "settlements_geonames": ("settlements", 65),
    "farmland_deafrica_training": ("farmland", 59),
}


@pytest.mark.parametrize("layer", ITURI)
def test_every_layer_of_ituri_comes_in_whole(layer: str, real_data: Path, bring: Bring) -> None:
    kind, rows = ITURI[layer]
    path = real_data / "ituri" / "ituri.gpkg"
    report, frame = bring(path, "ituri.gpkg", kind=kind, source_layer=layer)
    assert report.counts == {"read": rows, "imported": rows, "repaired": 0, "rejected": 0}
    assert frame["feature_id"].is_unique


@pytest.mark.parametrize("layer", GHANA)
def test_every_layer_of_ghana_comes_in_whole(layer: str, real_data: Path, bring: Bring) -> None:
    kind, rows = GHANA[layer]
    path = real_data / "ghana_sw" / "ghana_sw.gpkg"
    report, frame = bring(path, "ghana_sw.gpkg", kind=kind, source_layer=layer, region_id="tarkwa")
    repaired = 3 if layer == "mines_earthrise_2024" else 0
    assert report.counts == {
        "read": rows, "imported": rows - repaired, "repaired": repaired, "rejected": 0,
    }  # fmt: skip
    assert frame.is_valid.all()
    assert frame["repaired"].sum() == repaired
    if repaired:
        (told,) = [each for each in report.findings if each.code == "shapes_repaired"]
        assert told.row_count == 3
        assert "ha as drawn" in told.message


def test_the_ids_of_the_titles_are_found_in_both_vintages(real_data: Path, bring: Bring) -> None:
    path = real_data / "ituri" / "ituri.gpkg"
    old, _ = bring(path, "ituri.gpkg", kind="licences", source_layer="titles_2016")
    new, _ = bring(path, "ituri.gpkg", kind="licences", source_layer="titles_2020")
    assert (old.mapping["feature_id"], new.mapping["feature_id"]) == ("name", "Code")
    assert "ids_not_unique" not in {each.code for each in (*old.findings, *new.findings)}


def test_the_zipped_titles_hold_the_same_123(real_data: Path, bring: Bring) -> None:
    report, _ = bring(real_data / "ituri" / "titres_2016.zip", "titres_2016.zip", kind="licences")
    assert report.counts["imported"] == 123


def test_1161_visits_are_496_sites(real_data: Path, bring: Bring) -> None:
    report, frame = bring(real_data / "ituri" / "ipis_visits.csv", "ipis_visits.csv")
    assert report.counts == {"read": 1161, "imported": 496, "repaired": 0, "rejected": 665}
    assert report.mapping["feature_id"] == "pcode"
    assert frame["feature_id"].is_unique


def molodensky_m(lon: float, lat: float) -> float:
    """How far Arc 1960 and WGS 84 lie apart, by the abridged Molodensky formulas.

    EPSG:1122: dx, dy, dz = -160, -6, -302 m; Clarke 1880 (RGS) to WGS 84.
    """
    x, y = math.radians(lon), math.radians(lat)
    dx, dy, dz = -160, -6, -302
    flattening = 1 / 293.465
    stretch = 6378249.145 * (1 / 298.257223563 - flattening) + flattening * (6378137 - 6378249.145)
    north = (
        -math.sin(y) * math.cos(x) * dx
        - math.sin(y) * math.sin(x) * dy
        + math.cos(y) * dz
        + stretch * math.sin(2 * y)
    )
    return math.hypot(north, -math.sin(x) * dx + math.cos(x) * dy)


def test_the_lakes_of_tanzania_move_300_m_to_where_they_are(
    real_data: Path, bring: Bring, tmp_path: Path
) -> None:
    import pyogrio

    packed = tmp_path / "water.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (real_data / "tanzania").iterdir():
            archive.write(path, path.name)
    report, frame = bring(packed, "water.zip", kind="water", region_id="geita")
    assert (report.crs, report.crs_how) == ("EPSG:4210", "declared")
    assert report.shift_accuracy_m == 35
    naive = pyogrio.read_dataframe(real_data / "tanzania" / "water_bodies.shp")
    by_row = frame.set_index("source_row").sort_index()
    before, after = (
        each.set_crs(None, allow_override=True).centroid
        for each in (naive.geometry, by_row.geometry)
    )
    _, _, metres = Geod(ellps="WGS84").inv(before.x, before.y, after.x, after.y)
    assert metres == pytest.approx(
        [molodensky_m(point.x, point.y) for point in after.to_list()], abs=3
    )
    assert max(metres) == pytest.approx(300, abs=10)
    assert (frame["position_sd_m"] == 35).all()


def test_a_register_of_district_names_cannot_be_put_on_a_map(real_data: Path, bring: Bring) -> None:
    path = real_data / "ghana_sw" / "minerals_commission_licence_register.csv"
    report, _ = bring(path, "register.csv", kind="licences", region_id="tarkwa")
    assert "coordinates_missing" in {each.code for each in report.findings if each.blocking}
