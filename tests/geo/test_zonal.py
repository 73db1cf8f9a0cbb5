"""Hectares by class and zone: what can be worked out in the head, properties, other ways to it."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from geo.cells import Cells, Codes, covered
from geo.crs import points_from_wgs84
from geo.errors import CrsError, GeoError
from geo.grid import Grid, metres_per_unit
from geo.zonal import land_cover
from tests.geo.rasters import CRS, NORTH, PIXEL, WEST, raster, zones

TABLE = {1: "cropland", 2: "water"}
THREE = [[1, 1, 2], [1, 0, 2], [2, 2, 9]]
PARTS = ["cropland_ha", "water_ha", "no_data_ha", "unclassified_ha", "outside_ha"]
GEOD = Geod(ellps="WGS84")


def box(x0: float, y0: float, x1: float, y1: float) -> Any:
    """A box in metres from the raster's north-west corner, y running south."""
    return shapely.box(WEST + x0, NORTH - y1, WEST + x1, NORTH - y0)


def pixels(frame: pd.DataFrame) -> pd.DataFrame:
    """Hectares as pixels of the small rasters; true hectares differ from grid ones by 0.04 %."""
    return frame / 0.01


def cover(values: Any, shapes: list[Any], table: Any = None, **known: Any) -> pd.DataFrame:
    columns = {name: known.pop(name) for name in ("radius_m",) if name in known}
    with raster(values, **known) as dataset:
        return land_cover(zones(shapes, **columns), dataset, table or TABLE)


def close(value: float, wanted: float) -> bool:
    return bool(value == pytest.approx(wanted, rel=1e-3))


# --- worked out in the head -------------------------------------------------------------------


def test_a_zone_over_the_whole_raster_holds_every_pixel_once() -> None:
    found = pixels(cover(THREE, [box(0, 0, 30, 30)])).iloc[0]
    assert [round(found[name], 1) for name in PARTS] == [3, 4, 1, 1, 0]
    assert close(found["zone_ha"], 9)


def test_half_pixels_count_half() -> None:
    found = pixels(cover(THREE, [box(5, 0, 15, 10), box(15, 5, 25, 10)]))
    assert close(found["cropland_ha"][0], 1)
    assert close(found["cropland_ha"][1], 0.25)
    assert close(found["water_ha"][1], 0.25)


def test_a_triangle_over_one_pixel_counts_half_of_it() -> None:
    corner = shapely.Polygon([(WEST, NORTH), (WEST + 10, NORTH), (WEST, NORTH - 10)])
    assert close(pixels(cover(THREE, [corner]))["cropland_ha"][0], 0.5)


def test_the_edge_of_a_neighbour_pixel_that_is_only_touched_counts_nothing() -> None:
    found = cover(THREE, [box(0, 0, 20, 10)]).iloc[0]
    assert found["water_ha"] == 0
    assert found["no_data_ha"] == 0


def test_pixels_need_not_be_square() -> None:
    shapes = [box(10, 5, 40, 15), box(-20, 20, 60, 35)]
    found = cover([[1, 2], [2, 1], [0, 1]], shapes, pixel=(20.0, 10.0)) / 0.01
    assert close(found["cropland_ha"][0], 1.5)
    assert close(found["water_ha"][0], 1.5)
    assert close(found["cropland_ha"][1], 2)
    assert close(found["outside_ha"][1], 8)


def test_a_hole_counts_nothing() -> None:
    ring = box(0, 0, 30, 30) - box(10, 10, 20, 20)
    found = pixels(cover(THREE, [ring])).iloc[0]
    assert found["no_data_ha"] == 0
    assert close(found["zone_ha"], 8)


def test_ground_beyond_the_edge_is_told_apart_from_no_data() -> None:
    found = pixels(cover(THREE, [box(-10, 10, 20, 20)])).iloc[0]
    assert close(found["outside_ha"], 1)
    assert close(found["no_data_ha"], 1)
    assert close(found["cropland_ha"], 1)


def test_a_zone_the_raster_does_not_reach_has_no_class_not_zero() -> None:
    found = cover(THREE, [box(50, 50, 60, 60)]).iloc[0]
    assert found[["cropland_ha", "water_ha"]].isna().all()
    assert found["outside_ha"] == found["zone_ha"] > 0


def test_a_zone_of_nothing_but_nodata_has_no_class_not_zero() -> None:
    found = cover(THREE, [box(11, 11, 19, 19)]).iloc[0]
    assert found[["cropland_ha", "water_ha"]].isna().all()
    assert close(found["no_data_ha"], 0.0064)


def test_values_that_are_not_in_the_table_are_not_classified() -> None:
    found = pixels(cover(THREE, [box(20, 20, 30, 30)], table={1: "cropland"})).iloc[0]
    assert close(found["unclassified_ha"], 1)
    assert np.isnan(found["cropland_ha"])


def test_nodata_stays_nodata_though_the_table_names_its_value() -> None:
    found = cover([[0, 1]], [box(0, 0, 20, 10)], table={0: "water", 1: "cropland"}).iloc[0]
    assert close(found["no_data_ha"], 0.01)
    assert found["water_ha"] == 0


def test_a_raster_without_nodata_takes_every_value_by_its_table() -> None:
    table = {0: "water", 1: "cropland"}
    found = cover([[0, 1]], [box(0, 0, 20, 10)], table=table, nodata=None).iloc[0]
    assert close(found["water_ha"], 0.01)
    assert found["no_data_ha"] == 0


def test_several_values_of_one_class_are_added() -> None:
    found = cover([[1, 2, 3]], [box(0, 0, 30, 10)], table={1: "water", 2: "forest", 3: "water"})
    assert list(found.columns[1:3]) == ["water_ha", "forest_ha"]
    assert close(found["water_ha"][0], 0.02)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "float32"])
def test_every_type_of_whole_numbers_is_read_by_its_value(dtype: str) -> None:
    values = [[1, 7, 100]] if dtype.startswith("u") else [[-1, 7, 100]]
    table = {int(values[0][0]): "cropland", 100: "water"}
    found = cover(values, [box(0, 0, 30, 10)], table=table, dtype=dtype, nodata=None).iloc[0]
    for name in ("cropland_ha", "water_ha", "unclassified_ha"):
        assert close(found[name], 0.01)


def test_a_nodata_of_not_a_number_is_nodata() -> None:
    values = [[1, np.nan, 2]]
    found = cover(values, [box(0, 0, 30, 10)], dtype="float32", nodata=float("nan")).iloc[0]
    assert close(found["no_data_ha"], 0.01)


def test_a_point_with_a_radius_is_a_disc_and_one_without_has_no_ground() -> None:
    middle = shapely.Point(WEST + 15, NORTH - 15)
    found = cover([[1] * 3] * 3, [middle, middle, middle], radius_m=[10.0, None, 0.0])
    assert found["cropland_ha"][0] == pytest.approx(np.pi * 100 / 10_000, rel=1e-6)
    assert found.iloc[1:].isna().all(axis=None)


def test_shapes_without_ground_have_no_data_throughout() -> None:
    line = shapely.LineString([(WEST, NORTH), (WEST + 30, NORTH - 30)])
    found = cover(THREE, [line, None, shapely.Polygon()])
    assert found.isna().all(axis=None)


def test_a_collection_counts_its_areas_and_parts_of_an_area_are_added() -> None:
    both = shapely.MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    mixed = shapely.GeometryCollection([box(0, 0, 10, 10), shapely.Point(WEST + 25, NORTH - 5)])
    found = pixels(cover(THREE, [both, mixed]))
    assert close(found["cropland_ha"][0], 1)
    assert close(found["water_ha"][0], 1)
    assert close(found["zone_ha"][1], 1)


def test_no_zones_give_no_rows_with_all_columns() -> None:
    found = cover(THREE, [])
    assert found.empty
    assert list(found.columns) == ["zone_ha", *PARTS]


def test_rows_keep_the_index_of_the_zones() -> None:
    frame = zones([box(0, 0, 10, 10), box(20, 0, 30, 10)]).set_index(pd.Index(["b", "a"]))
    with raster(THREE) as dataset:
        found = land_cover(frame, dataset, TABLE)
    assert list(found.index) == ["b", "a"]
    assert found["cropland_ha"]["b"] > 0


# --- refused ----------------------------------------------------------------------------------


def test_a_bow_tie_is_refused_by_name() -> None:
    tie = shapely.Polygon(
        [(WEST, NORTH), (WEST + 9, NORTH - 9), (WEST + 9, NORTH), (WEST, NORTH - 9)]
    )
    with pytest.raises(GeoError, match="1 zones have an invalid outline, the first of them '0'"):
        cover(THREE, [tie])


def test_zones_and_rasters_without_a_crs_are_refused() -> None:
    with raster(THREE) as dataset, pytest.raises(CrsError, match="zones have no CRS"):
        land_cover(gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1)]), dataset, TABLE)
    with pytest.raises(CrsError, match="raster has no CRS"):
        cover(THREE, [box(0, 0, 1, 1)], crs=None)


@pytest.mark.parametrize(
    "transform",
    [Affine(10, 1, WEST, 1, -10, NORTH), Affine(10, 0, WEST, 0, 10, NORTH)],
    ids=["rotated", "south up"],
)
def test_a_rotated_grid_and_one_with_south_up_are_refused(transform: Affine) -> None:
    with pytest.raises(GeoError, match="rotated or does not run north up"):
        cover(THREE, [box(0, 0, 1, 1)], transform=transform)


def test_an_empty_class_table_is_refused() -> None:
    with raster(THREE) as dataset, pytest.raises(GeoError, match="no class table"):
        land_cover(zones([box(0, 0, 1, 1)]), dataset, {})


# --- true hectares ----------------------------------------------------------------------------


def geodesic_ha(lon_lat: Any) -> float:
    ring = shapely.segmentize(lon_lat, 0.001)
    area, _ = GEOD.polygon_area_perimeter(*shapely.get_coordinates(ring).T)
    return abs(area) / 10_000


@pytest.mark.parametrize(
    ("crs", "pixel_m", "lon", "lat"),
    [
        ("EPSG:32630", 10, -3.0, 5.3),
        ("EPSG:32630", 10, 1.5, 5.3),
        ("EPSG:32635", 100, 31.2, 3.6),
        ("EPSG:3857", 10, -2.0, 5.3),
        ("EPSG:3857", 30, 20.0, 50.0),
        ("EPSG:4326", 10, -2.0, 5.3),
        ("EPSG:4326", 1000, 47.0, -17.0),
        ("EPSG:2136", 30, -1.99, 5.3),
        ("EPSG:4210", 10, 32.0, -3.0),
    ],
)
def test_hectares_are_those_on_the_ellipsoid_whatever_the_raster_is_in(
    crs: str, pixel_m: float, lon: float, lat: float
) -> None:
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    degrees = crs in ("EPSG:4326", "EPSG:4210")
    side = pixel_m / 111_320 if degrees else pixel_m / (0.3047997 if crs == "EPSG:2136" else 1)
    half = 0.4 * 200 * pixel_m / 111_320
    zone = shapely.box(lon - half / 2, lat - half / 2, lon + half / 2, lat + half / 2)
    corner = {"west": x - 150 * side, "north": y + 150 * side, "pixel": side}
    with raster(np.ones((300, 300)), crs=crs, **corner) as dataset:
        found = land_cover(zones([zone], crs=4326), dataset, TABLE).iloc[0]
    assert found["outside_ha"] == 0
    # the edges of a box in degrees are straight in degrees, not on the ellipsoid: cut short first
    assert found["zone_ha"] == pytest.approx(geodesic_ha(zone), rel=1e-6)
    assert found["cropland_ha"] == pytest.approx(geodesic_ha(zone), rel=1e-5)


def test_the_true_area_of_a_pixel_is_that_of_its_four_corners() -> None:
    with raster(np.ones((400, 300)), crs=4326, west=-2, north=6, pixel=0.01) as dataset:
        grid = Grid.of(dataset)
    for row, column in ((0, 0), (399, 299), (123, 45), (200, 0)):
        west, north = -2 + column * 0.01, 6 - row * 0.01
        wanted = geodesic_ha(shapely.box(west, north - 0.01, west + 0.01, north)) * 10_000
        area = grid.pixel_area_m2(np.array([row]), np.array([column]))[0]
        assert area == pytest.approx(wanted, rel=2e-6)
        down, across = grid.block_area_m2(row, column, 1, 1)
        assert down[0] * across[0] == pytest.approx(area, rel=1e-4)


def test_a_long_edge_is_bent_as_the_change_of_crs_bends_it() -> None:
    # two zones that share a border 1 degree long: together they are the ground of both
    west, east = shapely.box(-2.5, 5, -2, 6), shapely.box(-2, 5, -1.5, 6)
    known = {"crs": "EPSG:32630", "west": 540_000, "north": 670_000, "pixel": 100.0}
    with raster(np.ones((1300, 1400)), **known) as dataset:
        found = land_cover(zones([west, east, west | east], crs=4326), dataset, TABLE)
    parts = found["cropland_ha"]
    assert parts[0] + parts[1] == pytest.approx(parts[2], rel=1e-8)
    assert parts[2] == pytest.approx(geodesic_ha(west | east), rel=1e-6)


# --- properties -------------------------------------------------------------------------------

SIDE = 24
shapes_of = st.integers(0, 2**32 - 1)


def landscape(seed: int) -> tuple[Any, list[Any]]:
    """A raster of 24 by 24 pixels and some stars over and beside it."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (SIDE, SIDE))
    stars = []
    for x, y in rng.uniform(-20, SIDE * PIXEL + 20, (6, 2)):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
        radius = rng.uniform(3, 90, 9)
        corner = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
        star = shapely.Polygon(corner * (1, -1) + (WEST, NORTH))
        stars.append(star if star.is_valid else star.convex_hull)
    return values, stars


@given(shapes_of)
@settings(max_examples=12, deadline=None)
def test_the_parts_add_up_to_the_zone(seed: int) -> None:
    found = cover(*landscape(seed))
    assert found[PARTS].sum(axis=1).to_numpy() == pytest.approx(found["zone_ha"], rel=1e-5)


@given(shapes_of)
@settings(max_examples=12, deadline=None)
def test_two_halves_of_a_zone_add_up_to_it(seed: int) -> None:
    values, stars = landscape(seed)
    rng = np.random.default_rng(seed)
    cut = WEST + rng.uniform(0, SIDE * PIXEL)
    left = shapely.box(WEST - 999, NORTH - 999, cut, NORTH + 999)
    halves = [star & left for star in stars], [star - left for star in stars]
    whole, west, east = (cover(values, list(part)).fillna(0) for part in (stars, *halves))
    assert (west + east)[PARTS].to_numpy() == pytest.approx(whole[PARTS].to_numpy(), abs=1e-6)


@given(shapes_of)
@settings(max_examples=12, deadline=None)
def test_a_zone_has_the_same_hectares_to_the_bit_whatever_other_zones_are_given(seed: int) -> None:
    values, stars = landscape(seed)
    order = np.random.default_rng(seed).permutation(len(stars))
    together = cover(values, stars)
    shuffled = cover(values, [stars[n] for n in order])
    alone = pd.concat([cover(values, [star]) for star in stars], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, check_exact=True)
    pd.testing.assert_frame_equal(
        together.iloc[order].reset_index(drop=True), shuffled, check_exact=True
    )


@given(shapes_of, st.sampled_from([1, 3, 8, 24]), st.sampled_from([1, 50, 10_000]))
@settings(max_examples=12, deadline=None)
def test_tiles_and_batches_change_only_the_last_digits(seed: int, tile: int, batch: int) -> None:
    values, stars = landscape(seed)
    stars.append(shapely.box(WEST - 5, NORTH - 230, WEST + 200, NORTH + 5))
    with raster(values) as dataset:
        found = land_cover(zones(stars), dataset, TABLE, tile=tile, batch_cells=batch)
        wanted = land_cover(zones(stars), dataset, TABLE)
        same = land_cover(zones(stars), dataset, TABLE, batch_cells=batch)
    pd.testing.assert_frame_equal(same, wanted, check_exact=True)
    assert found.fillna(-1).to_numpy() == pytest.approx(wanted.fillna(-1).to_numpy(), abs=2e-8)


# --- another way to the same numbers ------------------------------------------------------------


@given(shapes_of)
@settings(max_examples=15, deadline=None)
def test_intersecting_every_pixel_as_a_square_gives_the_same(seed: int) -> None:
    values, stars = landscape(seed)
    found = cover(values, stars).fillna(0)
    row, column = (part.ravel() for part in np.indices(values.shape))
    x, y = WEST + column * PIXEL, NORTH - row * PIXEL
    squares = shapely.box(x, y - PIXEL, x + PIXEL, y)
    for n, star in enumerate(stars):
        common = shapely.area(shapely.intersection(squares, star)) / 10_000
        for value, name in ((1, "cropland_ha"), (2, "water_ha"), (0, "no_data_ha")):
            wanted = common[values.ravel() == value].sum()
            # true hectares are up to 0.09 % more than those of the UTM plane here
            assert found[name][n] == pytest.approx(wanted, rel=1.5e-3, abs=1e-7)


def test_counting_pixels_of_a_fifty_times_finer_raster_gives_nearly_the_same() -> None:
    from rasterio.features import rasterize

    values, stars = landscape(7)
    found = cover(values, stars).fillna(0)
    fine = np.kron(values, np.ones((50, 50), dtype="uint8"))
    transform = Affine(PIXEL / 50, 0, WEST, 0, -PIXEL / 50, NORTH)
    for n, star in enumerate(stars):
        mask = rasterize([star], out_shape=fine.shape, transform=transform)
        wanted = ((mask == 1) & (fine == 1)).sum() * (PIXEL / 50) ** 2 / 10_000
        assert found["cropland_ha"][n] == pytest.approx(wanted, rel=5e-3, abs=2e-4)


# --- large zones ------------------------------------------------------------------------------


def large_zones() -> tuple[Any, list[Any]]:
    """A raster of 700 by 600 pixels (four tiles) and stars as large as it, one with a hole."""
    rng = np.random.default_rng(11)
    values = rng.integers(0, 4, (700, 600))
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    stars = []
    for x, y in ((3000, 3500), (2500, 4500), (500, 500)):
        radius = rng.uniform(1500, 3900, len(angle))
        corner = np.column_stack([x + radius * np.cos(angle), -y + radius * np.sin(angle)])
        stars.append(shapely.Polygon(corner + np.array([WEST, NORTH])))
    return values, [stars[0] - box(2000, 2000, 3500, 3000), *stars[1:], box(-9, -9, 6009, 7009)]


def test_large_zones_are_exact_where_their_blocks_are_only_counted() -> None:
    values, shapes = large_zones()
    with raster(values) as dataset:
        found = land_cover(zones(shapes), dataset, TABLE)
        grid = Grid.of(dataset)
        row, column = (part.ravel() for part in np.indices(values.shape))
        true_m2 = grid.pixel_area_m2(row, column)
    squares = shapely.box(column, 700 - row - 1, column + 1, 700 - row)
    placed = grid.place(np.array(shapes), crs=CRS)
    for n, shape in enumerate(placed):
        shapely.prepare(shape)
        share = np.where(shapely.covers(shape, squares), 1.0, 0.0)
        rim = np.flatnonzero((share == 0) & shapely.intersects(shape, squares))
        share[rim] = shapely.area(shapely.intersection(shape, squares[rim]))
        for value, name in ((1, "cropland_ha"), (2, "water_ha"), (0, "no_data_ha")):
            wanted = (share * true_m2)[values.ravel() == value].sum() / 10_000
            assert found[name][n] == pytest.approx(wanted, rel=1e-7)


def test_large_zones_have_the_same_hectares_to_the_bit_whatever_others_are_given() -> None:
    values, shapes = large_zones()
    small = [box(x, x, x + 40, x + 55) for x in range(0, 6000, 70)]
    together = cover(values, [*small, *shapes])[len(small) :].reset_index(drop=True)
    alone = pd.concat([cover(values, [shape]) for shape in shapes], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone, check_exact=True)


def test_batches_change_no_bit_of_a_large_zone() -> None:
    values, shapes = large_zones()
    with raster(values) as dataset:
        wanted = land_cover(zones(shapes), dataset, TABLE)
        found = land_cover(zones(shapes), dataset, TABLE, batch_cells=5_000)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_memory_holds_one_batch_however_many_large_zones_overlap() -> None:
    with raster(np.ones((600, 600))) as dataset:
        grid, codes = Grid.of(dataset), Codes.of(dataset, TABLE, band=1)
        star = shapely.Point(300, 300).buffer(295, quad_segs=32)
        found = covered(
            np.array([star] * 60),
            grid,
            lambda window: codes.read(dataset, band=1, window=window),
            batch_cells=50_000,
        )
        sizes = [len(part.zone) if isinstance(part, Cells) else part.codes.size for part in found]
    # a batch ends with the zone that fills it, and no zone has more cells than its tile
    assert max(sizes) <= 50_000 + 512 * 512
    assert sum(sizes) > 60 * 250_000


# --- tiles are read once and only where a zone lies ----------------------------------------------


class Watched:
    """A dataset that writes down what is read of it."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self.windows: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dataset, name)

    def read(self, band: int, *, window: Any) -> Any:
        self.windows.append(window)
        return self.dataset.read(band, window=window)


def test_no_pixel_is_read_twice_and_none_far_from_a_zone() -> None:
    many = [box(x, y, x + 300, y + 300) for x in range(0, 2000, 150) for y in range(0, 2000, 150)]
    with raster(np.ones((700, 700))) as dataset:
        watched = Watched(dataset)
        land_cover(zones(many), watched, TABLE, tile=64)
    seen = np.zeros((700, 700), dtype=int)
    for (top, bottom), (left, right) in watched.windows:
        assert bottom - top <= 64
        assert right - left <= 64
        seen[top:bottom, left:right] += 1
    assert seen.max() == 1
    assert not seen[260:].any()


def test_crs_of_the_small_rasters_is_the_one_of_the_zones() -> None:
    with raster(THREE) as dataset:
        assert Grid.of(dataset).crs.equals(CRS) or Grid.of(dataset).crs.to_epsg() == 32630


@pytest.mark.parametrize(
    ("crs", "around"),
    [
        ("EPSG:21036", (33.0, -6.0, 36.0, -2.0)),  # Arc 1960 in Tanzania
        ("EPSG:21037", (36.1, -1.5, 38.0, 1.5)),  # Arc 1960 in Kenya
        ("EPSG:2136", (-3.0, 4.8, -1.0, 6.5)),  # Accra, Gold Coast feet
    ],
)
def test_a_raster_on_an_old_datum_is_met_where_the_import_puts_its_layers(crs, around):
    west, south, east, north = around
    degrees = np.array([[0.6 * west + 0.4 * east, 0.3 * south + 0.7 * north]])
    here = points_from_wgs84(degrees, crs, area_of_interest=around)
    corners = points_from_wgs84(
        np.array([[west, south], [east, north]]), crs, area_of_interest=around
    )
    (x0, y0), (x1, y1) = corners
    grid = Grid(
        crs=pyproj.CRS(crs),
        west=x0,
        south=y0,
        pixel=((x1 - x0) / 1_000, (y1 - y0) / 1_000),
        width=1_000,
        height=1_000,
    )
    placed = grid.place(np.array([shapely.Point(degrees[0])]), crs="EPSG:4326")
    unit_m = metres_per_unit(grid.crs)
    apart = (grid.from_units(shapely.get_coordinates(placed)) - here) * unit_m
    assert np.abs(apart).max() < 0.01
