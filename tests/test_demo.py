"""The demonstration landscape: the same each time, plainly invented, credible, and importable."""

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import shapely

from data.demo.build import DemoFile, demonstration_files
from data.demo.visits import ROUNDS
from geo.conflicts import LayerFrame, find_conflicts
from geo.rules import rules_in_force
from layers.facts import kind, region, rule_pack
from layers.read import ReadReport, ReadRequest, inspect, read

ROOT = Path(__file__).resolve().parent.parent
GEOD = pyproj.Geod(ellps="WGS84")
TARKWA = region("tarkwa")
LARGEST_SMALL_SCALE_HA = 10.198
COVER = "land_cover.tif"
PICTURES = ("from_the_air_2023.tif", "from_the_air_2025.tif")
RASTERS = {COVER, *PICTURES}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DemoFile]:
    written = demonstration_files(tmp_path_factory.mktemp("demonstration"))
    return {file.path.name: file for file in written}


@pytest.fixture(scope="module")
def frames(files: dict[str, DemoFile]) -> dict[str, gpd.GeoDataFrame]:
    return {name: opened(file.path) for name, file in files.items() if name not in RASTERS}


@pytest.fixture(scope="module")
def reports(
    files: dict[str, DemoFile], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ReadReport]:
    """Every file through the reading that anybody's file goes through, suggestions accepted."""
    folder = tmp_path_factory.mktemp("read")
    return {
        name: read(
            file.path,
            ReadRequest(
                region_id="tarkwa",
                kind=file.kind,
                crs=file.crs,
                class_values=file.class_values,
                accept_suggestions=True,
            ),
            filename=name,
            out=folder / name,
        )
        for name, file in files.items()
    }


@pytest.fixture(scope="module")
def conflicts(files: dict[str, DemoFile], reports: dict[str, ReadReport]) -> pd.DataFrame:
    layers = [
        LayerFrame(
            layer_id=name,
            kind=files[name].kind,
            features=gpd.read_parquet(report.features).to_crs(TARKWA.measuring_crs),
        )
        for name, report in reports.items()
        if name not in RASTERS
    ]
    rules = rules_in_force(rule_pack("gh"), on=dt.date(2026, 1, 1))
    return find_conflicts(layers, rules, measuring_crs=TARKWA.measuring_crs)


def opened(path: Path) -> gpd.GeoDataFrame:
    """A demonstration file, read plainly and not by our own reader."""
    if path.suffix == ".csv":
        table = pd.read_csv(path)
        points = gpd.points_from_xy(table["longitude"], table["latitude"])
        points[table["longitude"].isna().to_numpy()] = None
        return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")
    return gpd.read_file(path)


def area_ha(shape: shapely.Geometry) -> float:
    return abs(GEOD.geometry_area_perimeter(shape)[0]) / 10_000


# --- the same each time ------------------------------------------------------------------------


def test_two_builds_in_two_processes_are_the_same_bytes(
    files: dict[str, DemoFile], tmp_path: Path
) -> None:
    code = "import sys; from pathlib import Path; from data.demo.build import demonstration_files;"
    code += "demonstration_files(Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        check=True,
        timeout=60,
    )
    for name, file in files.items():
        again = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert again == hashlib.sha256(file.path.read_bytes()).hexdigest(), name


def test_building_again_over_older_files_replaces_them(
    files: dict[str, DemoFile], tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"something else")
    for file in demonstration_files(tmp_path):
        assert file.path.read_bytes() == files[file.path.name].path.read_bytes()


def test_building_takes_less_than_three_seconds_of_a_core(tmp_path: Path) -> None:
    started = time.process_time()
    demonstration_files(tmp_path)
    assert time.process_time() - started < 3


def test_coordinates_have_at_most_six_decimals(frames: dict[str, gpd.GeoDataFrame]) -> None:
    for name, frame in frames.items():
        xy = shapely.get_coordinates(frame.geometry.dropna().to_numpy())
        assert np.abs(xy - xy.round(6)).max() < 1e-12, name


# --- plainly invented --------------------------------------------------------------------------


def test_every_row_of_every_file_says_that_it_is_invented(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    for name, frame in frames.items():
        assert frame["demonstration"].str.startswith("invented").all(), name


def test_only_places_that_exist_are_called_by_a_real_name(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    named = {name for name, frame in frames.items() if "real name" in frame["demonstration"][0]}
    assert named == {"districts.geojson", "roads.geojson", "settlements.csv", "water.geojson"}


def test_holders_operators_and_invented_areas_carry_the_word_demonstration(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    said = [
        frames["licences.geojson"]["holder"],
        frames["licences.geojson"]["licence_name"],
        frames["mine_sites.csv"]["operator"].dropna(),
        frames["mine_sites.csv"]["site_name"],
        frames["visits.csv"]["site_name"],
        frames["forest_reserves.geojson"]["name"],
        frames["community_mining_zones.geojson"]["name"],
    ]
    for names in said:
        assert names.str.startswith("Demonstration ").all()


def test_every_file_has_a_plain_layer_name_a_date_and_a_note(files: dict[str, DemoFile]) -> None:
    # a layer each, but for the picture of two days
    named = [file.layer_name for name, file in files.items() if name != PICTURES[0]]
    assert len(set(named)) == len(named)
    assert len({files[name].layer_name for name in PICTURES}) == 1
    assert files[PICTURES[0]].data_date < files[PICTURES[1]].data_date
    for file in files.values():
        kind(file.kind)
        assert file.crs == "EPSG:4326"
        assert file.note.endswith(".")
        assert file.data_date is not None
        assert dt.date(2020, 1, 1) < file.data_date < dt.date(2026, 1, 1)
        assert "_" not in file.layer_name


def test_districts_say_that_their_boundaries_are_not_the_official_ones(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    districts = frames["districts.geojson"]
    assert set(districts["boundary"]) == {"schematic, not the official boundary"}


def test_nobody_was_counted_so_no_settlement_has_a_population(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    assert frames["settlements.csv"]["population"].isna().all()


# --- a landscape -------------------------------------------------------------------------------


def test_the_landscape_has_the_size_it_promises(frames: dict[str, gpd.GeoDataFrame]) -> None:
    sites = frames["mine_sites.csv"]["site_id"].nunique() - 1  # one has no position
    assert sites + len(frames["mine_site_outlines.geojson"]) == 240
    assert len(frames["farmland.gpkg"]) == 4_000
    assert 55 <= len(frames["licences.geojson"]) <= 70
    assert 150 <= len(frames["detections.geojson"]) <= 181
    assert len(frames["community_mining_zones.geojson"]) == 2
    assert len(frames["forest_reserves.geojson"]) == 2


def test_everything_lies_in_the_region(frames: dict[str, gpd.GeoDataFrame]) -> None:
    box = shapely.box(*TARKWA.bounds).buffer(1e-6)
    for name, frame in frames.items():
        assert shapely.contains(box, frame.geometry.dropna().to_numpy()).all(), name


def test_ids_are_unique_but_for_the_site_that_was_visited_twice(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    for name, frame in frames.items():
        if name == "detections.geojson":  # detections come without ids
            continue
        ids = frame.iloc[:, 0]
        twice = set(ids[ids.duplicated()])
        assert twice == ({"DS-001"} if name == "mine_sites.csv" else set()), name


def test_districts_tile_the_region_without_gaps_or_overlaps(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    shapes = frames["districts.geojson"].geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.box(*TARKWA.bounds)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(shapes), whole)) < 1e-9


@pytest.mark.parametrize(
    ("settlement", "district"),
    [
        ("Tarkwa", "Tarkwa-Nsuaem Municipal"),
        ("Nsuaem", "Tarkwa-Nsuaem Municipal"),
        ("Bogoso", "Prestea-Huni Valley Municipal"),
        ("Prestea", "Prestea-Huni Valley Municipal"),
        ("Aboso", "Prestea-Huni Valley Municipal"),
        ("Mpohor", "Mpohor"),
    ],
)
def test_towns_lie_in_their_districts(
    frames: dict[str, gpd.GeoDataFrame], settlement: str, district: str
) -> None:
    towns, districts = frames["settlements.csv"], frames["districts.geojson"]
    town = towns.geometry[towns["name"] == settlement].iloc[0]
    assert list(districts["district_name"][districts.contains(town)]) == [district]


def test_water_has_rivers_with_a_width_streams_a_reservoir_and_a_wetland(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    water = frames["water.geojson"]
    classes = set(water["water_class"])
    assert classes == {
        *("major perennial river", "minor perennial stream", "seasonal stream"),
        *("stream in forest reserve", "reservoir", "wetland"),
    }
    rivers = water[water["water_class"] == "major perennial river"]
    assert set(rivers["name"]) == {"Ankobra", "Bonsa"}
    assert (rivers["width_m"] > 0).all()
    still = water["water_class"].isin(["reservoir", "wetland"])
    assert (water.geom_type[still] == "Polygon").all()
    assert (water.geom_type[~still] == "LineString").all()


def test_a_stream_is_a_forest_reserve_stream_exactly_where_it_runs_inside_one(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    water, woods = frames["water.geojson"], frames["forest_reserves.geojson"].union_all()
    streams = water[water["water_class"].str.contains("stream")]
    inside = streams["water_class"] == "stream in forest reserve"
    near, core = woods.buffer(1e-5), woods.buffer(-1e-5)
    assert shapely.contains(near, streams.geometry[inside].to_numpy()).all()
    assert not streams.geometry[~inside].intersects(core).any()


def test_fields_are_of_a_smallholder_s_size_and_mostly_clear_of_water(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    fields = frames["farmland.gpkg"]
    valid = fields[fields.is_valid].to_crs(TARKWA.measuring_crs)
    sizes = valid.area / 10_000
    assert sizes.between(0.2, 5).all()
    assert 1 < sizes.median() < 3
    water = frames["water.geojson"].to_crs(TARKWA.measuring_crs).union_all()
    assert valid.intersects(water).mean() < 0.03
    assert set(fields["land_class"]) == {"cropland", "tree crops", "fallow"}


def test_a_site_is_ten_to_a_hundred_metres_across_and_says_how_well_it_is_placed(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    sites = frames["mine_sites.csv"]
    assert sites["radius_m"].between(5, 50).all()
    assert sites["position_sd_m"].between(3, 60).all()
    assert sites["workers"].isna().any()  # not counted is not zero
    assert (sites["workers"].dropna() > 0).all()


def test_one_small_scale_block_alone_is_larger_than_the_rule_allows(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    licences = frames["licences.geojson"]
    small = licences[licences["licence_type"] == "Small-scale"]
    sizes = small.geometry.map(area_ha)
    assert len(small) == 46
    assert (sizes > LARGEST_SMALL_SCALE_HA).sum() == 1
    assert sizes.max() == pytest.approx(10.9, abs=0.05)


def test_mining_leases_have_many_vertices_and_reach_into_each_other(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    licences = frames["licences.geojson"]
    leases = licences.geometry[licences["licence_type"] == "Mining lease"].to_numpy()
    assert shapely.get_num_coordinates(leases).min() > 400
    shared = [area_ha(shapely.intersection(a, b)) for a in leases for b in leases if a is not b]
    assert 0 < max(shared) < 0.1 * min(map(area_ha, leases))


# --- three rounds of visits --------------------------------------------------------------------


def test_each_round_visits_other_sites_and_some_again(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    visits = frames["visits.csv"]
    sites = {number: set(rows["site_id"]) for number, rows in visits.groupby("round")}
    assert {number: len(seen) for number, seen in sites.items()} == {
        plan["round"]: plan["sites"] for plan in ROUNDS
    }
    for early, late in ((1, 2), (2, 3), (1, 3)):
        assert len(sites[early] & sites[late]) >= 25
        assert len(sites[late] - sites[early]) >= 25
    years = visits.groupby("round")["visit_date"].agg(lambda days: set(days.str[:4]))
    assert years.to_dict() == {1: {"2021"}, 2: {"2023"}, 3: {"2025"}}


def test_visits_are_of_sites_that_exist(frames: dict[str, gpd.GeoDataFrame]) -> None:
    known = set(frames["mine_sites.csv"]["site_id"])
    known |= set(frames["mine_site_outlines.geojson"]["site_id"])
    assert set(frames["visits.csv"]["site_id"]) <= known


def test_practices_have_known_states_and_apply_only_where_they_can(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    visits = frames["visits.csv"]
    practices = [name for name in visits.columns if name.isupper() and "-" in name]
    assert len(practices) == 24
    states = {"used", "partly", "tried-and-stopped", "not used", "not applicable", "unknown"}
    assert set(np.unique(visits[practices].to_numpy().astype(str))) == states
    for code, flag in {"HG-RET": "burns_amalgam", "WA-POND": "washes", "LA-FILL": "digs"}.items():
        assert ((visits[code] == "not applicable") == (visits[flag] == "no")).all()
    assert (visits["SO-PPE"] != "not applicable").all()
    assert ((visits["HG-USE"] == "used") == (visits["uses_mercury"] == "yes")).all()


def test_underground_and_selection_only_dig_and_mill_houses_only_process(
    frames: dict[str, gpd.GeoDataFrame],
) -> None:
    visits = frames["visits.csv"]
    group = visits["operation_type"].str.split(" ").str[0]
    assert (visits["processes"][group.isin(["underground", "selection"])] == "no").all()
    assert (visits["digs"][group == "mill-house"] == "no").all()
    assert (visits["processes"][group.isin(["alluvial", "surface"])] == "yes").all()


# --- through the same import as anybody's file --------------------------------------------------


def test_every_file_is_read_without_a_blocking_finding(reports: dict[str, ReadReport]) -> None:
    for name, report in reports.items():
        assert report.ok, (name, [each.message for each in report.findings if each.blocking])
        assert not [each for each in report.findings if each.blocking], name


def test_rows_add_up_and_only_the_planted_flaws_are_lost_or_repaired(
    reports: dict[str, ReadReport],
) -> None:
    odd = {}
    for name, report in reports.items():
        counts = report.counts
        assert counts["read"] == counts["imported"] + counts["repaired"] + counts["rejected"], name
        if name not in RASTERS and (counts["repaired"] or counts["rejected"]):
            odd[name] = (counts["repaired"], counts["rejected"])
    # mine_sites: the row without a position and the older visit; farmland: the bow-tie
    assert odd.keys() == {"mine_sites.csv", "farmland.gpkg"}
    assert odd["mine_sites.csv"] == (0, 2)
    assert odd["farmland.gpkg"][0] == 1


def test_flaws_are_told_with_their_rows(
    files: dict[str, DemoFile], reports: dict[str, ReadReport]
) -> None:
    sites = opened(files["mine_sites.csv"].path)
    lost = len(sites) + 1  # sheet rows: the header is row 1
    assert any(lost in each.rows for each in reports["mine_sites.csv"].findings)
    assert any(2 in each.rows for each in reports["mine_sites.csv"].findings)
    fields = opened(files["farmland.gpkg"].path)
    bow_tie = int(np.flatnonzero(~fields.is_valid)[0]) + 1
    assert any(bow_tie in each.rows for each in reports["farmland.gpkg"].findings)
    told = {each.code: each for each in reports["detections.geojson"].findings}
    assert told["rows_repeated"].rows == (len(opened(files["detections.geojson"].path)),)


def test_columns_are_recognised_so_that_nothing_has_to_be_mapped_by_hand(
    reports: dict[str, ReadReport],
) -> None:
    wanted = {
        "mine_sites.csv": {"feature_id", "name", "holder", "observed_on", "mineral", "workers"}
        | {"radius_m", "position_sd_m", "longitude", "latitude"},
        "licences.geojson": {"feature_id", "name", "holder", "status", "valid_to", "feature_class"},
        "farmland.gpkg": {"feature_id", "crop", "feature_class"},
        "water.geojson": {"feature_id", "name", "width_m", "feature_class"},
        "visits.csv": {"feature_id", "name", "site_id", "observed_on", "round", "position_sd_m"},
        "detections.geojson": {"observed_on", "detected_area_ha"},
        "forest_reserves.geojson": {"feature_id", "name", "feature_class"},
        "districts.geojson": {"feature_id", "name"},
    }
    for name, fields in wanted.items():
        assert fields <= set(reports[name].mapping), name


def test_every_class_in_the_files_is_one_the_rules_know(reports: dict[str, ReadReport]) -> None:
    for name, report in reports.items():
        assert "unknown" not in report.classes, name
    assert reports["water.geojson"].classes["major_perennial_river"] == 2
    assert reports["licences.geojson"].classes["small_scale"] == 46
    assert reports["forest_reserves.geojson"].classes == {"forest_reserve": 2}


def test_the_geopackage_holds_one_layer_so_nothing_has_to_be_chosen(
    files: dict[str, DemoFile],
) -> None:
    path = files["farmland.gpkg"].path
    assert [each.name for each in inspect(path, filename=path.name).layers] == ["farmland"]


# --- and there is something to talk about -------------------------------------------------------


@pytest.mark.parametrize(
    "rule_id",
    [
        *("site-in-licence", "site-outside-licences", "site-in-other-holders-licence"),
        *("site-in-artisanal-zone", "site-on-farmland", "licence-on-farmland"),
        *("licence-on-licence", "site-in-protected-area", "licence-in-protected-area"),
        *("GH-RBZ-1", "GH-RBZ-2", "GH-RBZ-3", "GH-RBZ-5a", "GH-RBZ-5b", "GH-RBZ-5c"),
        *("GH-DIR-100", "GH-FOR-3", "GH-SSM-1"),
    ],
)
def test_a_rule_finds_something_in_the_landscape(conflicts: pd.DataFrame, rule_id: str) -> None:
    assert (conflicts["rule_id"] == rule_id).any()


def test_some_sites_by_the_water_are_too_close_to_call(conflicts: pd.DataFrame) -> None:
    by_water = conflicts[conflicts["rule_id"] == "GH-DIR-100"]
    verdicts = by_water["verdict"].value_counts()
    assert verdicts["inside"] >= 30
    assert verdicts["too_close"] >= 10


def test_one_licence_is_over_the_size_of_a_small_scale_licence(conflicts: pd.DataFrame) -> None:
    assert (conflicts["rule_id"] == "GH-SSM-1").sum() == 1


def test_geojson_files_are_plain_json_without_a_crs_member(files: dict[str, DemoFile]) -> None:
    for name, file in files.items():
        if name.endswith(".geojson"):
            content = json.loads(file.path.read_text(encoding="utf-8"))
            assert set(content) == {"type", "features"}, name


# --- the land cover, as a raster ---------------------------------------------------------------


@pytest.fixture(scope="module")
def cover(files: dict[str, DemoFile]) -> tuple[np.ndarray, rasterio.Affine]:
    with rasterio.open(files[COVER].path) as dataset:
        assert dataset.tags()["demonstration"] == "invented"
        return dataset.read(1), dataset.transform


def under(
    cover: tuple[np.ndarray, rasterio.Affine], points: gpd.GeoSeries, files: dict[str, DemoFile]
) -> pd.Series:
    """The class of the pixel under each point; None where the raster has no data."""
    values, place = cover
    column = ((points.x - place.c) / place.a).astype(int)
    row = ((points.y - place.f) / place.e).astype(int)
    table = files[COVER].class_values
    return pd.Series([table.get(str(value)) for value in values[row, column]], index=points.index)


def test_the_land_cover_is_small_and_has_every_class_it_names(
    files: dict[str, DemoFile], reports: dict[str, ReadReport]
) -> None:
    assert files[COVER].path.stat().st_size < 60_000
    assert set(reports[COVER].classes) == set(files[COVER].class_values.values())
    counts = reports[COVER].counts
    assert 0 < counts["rejected"] < 0.05 * counts["read"]


def test_the_land_cover_agrees_with_fields_rivers_and_reserves(
    files: dict[str, DemoFile],
    frames: dict[str, gpd.GeoDataFrame],
    cover: tuple[np.ndarray, rasterio.Affine],
) -> None:
    fields = frames["farmland.gpkg"]
    seen = under(cover, fields.geometry.representative_point(), files)
    for name, expected in {"cropland": "cropland", "tree crops": "tree_crops"}.items():
        assert (seen[fields["land_class"] == name] == expected).mean() > 0.75
    water = frames["water.geojson"]
    rivers = water[water["water_class"] == "major perennial river"]
    along = gpd.GeoSeries(rivers.geometry.interpolate(0.5, normalized=True))
    assert (under(cover, along, files) == "water").all()
    woods = frames["forest_reserves.geojson"].geometry.representative_point()
    assert (under(cover, woods, files) == "forest").all()


def test_the_land_cover_shows_cropland_that_no_field_does(
    reports: dict[str, ReadReport], frames: dict[str, gpd.GeoDataFrame], files: dict[str, DemoFile],
    cover: tuple[np.ndarray, rasterio.Affine],
) -> None:  # fmt: skip
    values, place = cover
    code = next(int(key) for key, name in files[COVER].class_values.items() if name == "cropland")
    row, column = np.nonzero(values == code)
    points = shapely.points(place.c + (column + 0.5) * place.a, place.f + (row + 0.5) * place.e)
    fields = shapely.union_all(frames["farmland.gpkg"].geometry.make_valid().to_numpy())
    shapely.prepare(fields)
    outside = ~shapely.intersects(fields, points)
    pixel_ha = reports[COVER].class_areas_ha["cropland"] / len(points)
    assert 500 < outside.sum() * pixel_ha < 5_000


# --- the pictures from the air -----------------------------------------------------------------


def test_pictures_are_of_one_place_small_and_marked_as_invented(
    files: dict[str, DemoFile], reports: dict[str, ReadReport]
) -> None:
    seen = []
    for name in PICTURES:
        assert files[name].path.stat().st_size < 200_000
        assert reports[name].mapping["picture:bands"] == "1,2,3"
        with rasterio.open(files[name].path) as dataset:
            assert dataset.tags()["demonstration"] == "invented"
            seen.append((dataset.transform, dataset.shape, dataset.read().astype(int)))
    (place, shape, before), (other, other_shape, after) = seen
    assert (place, shape) == (other, other_shape)
    # the upper left bar of the I of INVENTED is bright on both, the forest around it dark
    for values in (before, after):
        assert values[:, 17:20, 17:27].mean() > 140
        assert values[:, 3:12, 3:12].mean() < 90


def test_a_pit_of_the_later_picture_lies_on_each_site_and_half_are_not_there_before(
    files: dict[str, DemoFile], frames: dict[str, gpd.GeoDataFrame]
) -> None:
    sites = frames["mine_sites.csv"].dropna(subset=["geometry"]).drop_duplicates("site_id")
    bare = {}
    for name in PICTURES:
        with rasterio.open(files[name].path) as dataset:
            west, south, east, north = dataset.bounds
            inside = sites.cx[west:east, south:north].sort_values("site_id")
            blue = dataset.read(3).astype(int)
            at = [dataset.index(point.x, point.y) for point in inside.geometry]
        # sand and ponds of pits are bright in blue, forest and fields are not
        around = [blue[row - 1 : row + 2, column - 1 : column + 2].mean() for row, column in at]
        bare[name] = np.array(around) > 100
    assert len(bare[PICTURES[1]]) >= 10
    assert bare[PICTURES[1]].mean() > 0.9
    assert 0.3 <= bare[PICTURES[0]].mean() <= 0.7
