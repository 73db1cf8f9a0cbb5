"""Rasters on pages and map: tiles, the pixel under a click, figures, a file to take away."""

import datetime as dt
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from dashboard import workflows
from dashboard.maps import map_layer
from dashboard.workflows.png import indexed_png
from dashboard.workflows.raster_tiles import CLEAR
from dashboard.workflows.tile_grid import tile_bounds
from layers.embedded import EmbeddedStore
from layers.facts import kind
from layers.importing import ImportRequest, run_import
from layers.read import ReadRequest
from layers.store import StoreError
from tests.layers.raster_samples import add_raster, grid, write_tif
from tests.layers.samples import add, square

COLORS = kind("landcover").colors
CLASSES = {1: "forest", 2: "water", 3: "mining", 9: "cropland"}


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "home")


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    many = 2**zoom
    y = np.log(np.tan(np.pi / 4 + np.radians(lat) / 2))
    return int((lon + 180) / 360 * many), int((1 - y / np.pi) / 2 * many)


def rgba(name: str) -> list[int]:
    return [int(COLORS[name][at : at + 2], 16) for at in (1, 3, 5)] + [255]


# --- tiles -----------------------------------------------------------------------------------


def test_a_picture_is_read_by_another_program_as_it_was_written() -> None:
    places = np.random.default_rng(1).integers(0, 3, (7, 11)).astype("uint8")
    palette = [(0, 0, 0, 0), (10, 20, 30, 255), (200, 100, 0, 128)]
    assert (picture(indexed_png(places, palette)) == np.array(palette)[places]).all()


def test_a_raster_of_one_class_fills_a_tile_in_its_middle_with_the_colour_of_that_class(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = np.full((300, 300), 9, dtype="uint8")
    version = add_raster(store, tmp_path, values, classes=CLASSES)
    west, south, east, north = version.bounds
    column, row = tile_at((west + east) / 2, (south + north) / 2, 14)
    tile = workflows.raster_tile(store, version.version_id, zoom=14, column=column, row=row)
    assert (picture(tile) == rgba("cropland")).all()


def test_no_data_and_what_was_left_out_are_clear(store: EmbeddedStore, tmp_path: Path) -> None:
    for number, (classes, nodata) in enumerate([({1: "forest"}, 0), ({0: "forest"}, 0)]):
        values = np.zeros((300, 300), dtype="uint8")
        version = add_raster(
            store, tmp_path, values, classes=classes, nodata=nodata, name=f"Cover {number}"
        )
        west, south, east, north = version.bounds
        column, row = tile_at((west + east) / 2, (south + north) / 2, 14)
        tile = workflows.raster_tile(store, version.version_id, zoom=14, column=column, row=row)
        assert tile == CLEAR
        assert (picture(tile)[..., 3] == 0).all()


@pytest.mark.parametrize(
    ("crs", "size"), [("EPSG:32630", 30.0), ("EPSG:4326", 0.0003), ("EPSG:3857", 30.0)]
)
@pytest.mark.parametrize("zoom", [11, 13, 16])
def test_tiles_are_those_of_gdal_where_no_datum_is_shifted(
    store: EmbeddedStore, tmp_path: Path, crs: str, size: float, zoom: int
) -> None:
    """GDAL's own warper, nearest neighbour; at the edges of pixels it may fall otherwise."""
    rng = np.random.default_rng(7)
    coarse = rng.choice([0, 1, 2, 3, 9], (60, 60)).astype("uint8")
    values = np.kron(coarse, np.ones((20, 20), dtype="uint8"))
    x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(-2.1, 5.5)
    place = Affine(size, 0, x, 0, -size, y)
    version = add_raster(store, tmp_path, values, classes=CLASSES, crs=crs, transform=place)
    column, row = tile_at(-2.1 + 0.1, 5.5 - 0.1, zoom)
    tile = workflows.raster_tile(store, version.version_id, zoom=zoom, column=column, row=row)
    west, south, east, north = tile_bounds(zoom, column, row)
    to_mercator = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    (left, right), (_, top) = to_mercator.transform((west, east), (south, north))
    side = (right - left) / 256
    expected = np.zeros((256, 256), dtype="uint8")
    reproject(
        values,
        expected,
        src_transform=place,
        src_crs=crs,
        src_nodata=0,
        dst_transform=Affine(side, 0, left, 0, -side, top),
        dst_crs="EPSG:3857",
        dst_nodata=0,
        resampling=Resampling.nearest,
    )
    ours = picture(tile)
    theirs = np.zeros((256, 256, 4), dtype="uint8")
    for value, name in CLASSES.items():
        theirs[expected == value] = rgba(name)
    assert theirs.any()
    same = (ours == theirs).all(axis=-1).mean()
    assert same > (0.93 if zoom == 11 else 0.998)


def test_a_raster_on_an_old_datum_lies_where_its_features_do(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    """Accra read as WGS 84 is some 311 m off: more than ten pixels of zoom 13."""
    place = Affine(0.002, 0, -2.0, 0, -0.002, 5.4)
    values = np.full((100, 100), 9, dtype="uint8")
    version = add_raster(store, tmp_path, values, classes=CLASSES, crs="EPSG:4168", transform=place)
    from geo.crs import points_to_wgs84
    from layers.facts import region

    corner = points_to_wgs84(
        np.array([[-2.0, 5.4]]), "EPSG:4168", area_of_interest=region("tarkwa").country_bounds
    )[0]
    column, row = tile_at(*corner, 13)
    tile = picture(
        workflows.raster_tile(store, version.version_id, zoom=13, column=column, row=row)
    )
    filled = np.argwhere(tile[..., 3] > 0)
    west, south, east, north = tile_bounds(13, column, row)
    seen = (
        west + filled[:, 1].min() / 256 * (east - west),
        north - filled[:, 0].min() / 256 * (north - south),
    )
    _, _, off = pyproj.Geod(ellps="WGS84").inv(*corner, *seen)
    assert off < 40
    _, _, shift = pyproj.Geod(ellps="WGS84").inv(*corner, -2.0, 5.4)
    assert shift > 250


def test_a_tile_beside_the_raster_and_one_that_cannot_be(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    version = add_raster(store, tmp_path, np.full((9, 9), 9, dtype="uint8"), classes=CLASSES)
    assert workflows.raster_tile(store, version.version_id, zoom=5, column=0, row=0) == CLEAR
    with pytest.raises(workflows.WorkflowError, match="There is no tile 2/4/0"):
        workflows.raster_tile(store, version.version_id, zoom=2, column=4, row=0)
    with pytest.raises(StoreError, match="no layer version"):
        workflows.raster_tile(store, "nothing", zoom=2, column=0, row=0)


# --- identify, card, figures -----------------------------------------------------------------


def test_a_click_names_the_class_and_the_size_of_the_pixel_under_it(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = np.array([[1, 9], [0, 5]], dtype="uint8")
    version = add_raster(store, tmp_path, values, classes=CLASSES)
    back = pyproj.Transformer.from_crs(32630, 4326, always_xy=True)
    expected = [
        ("forest", 50, 50),
        ("cropland", 150, 50),
        ("no data", 50, 150),
        ("left out on import", 150, 150),
    ]
    for name, east_m, south_m in expected:
        lon, lat = back.transform(600_000 + east_m, 590_000 - south_m)
        (hit,) = workflows.identify(store, "tarkwa", lon, lat, tolerance_m=500)
        assert hit.title == name
        card = workflows.feature_card(store, version.layer_id, hit.feature_id)
        assert card.fields["Land-cover class"] == name
        assert card.fields["Pixel (m)"] == "100.0 x 100.0"
        assert card.fields["Area of the pixel (ha)"] == pytest.approx(1.0, abs=2e-3)
        assert (card.fields["Value of the pixel"] is None) == (name == "no data")
        assert shapely.geometry.shape(card.geometry).contains(shapely.Point(lon, lat))
    off = back.transform(600_000 - 50, 590_000)
    assert workflows.identify(store, "tarkwa", *off, tolerance_m=500) == ()


@pytest.mark.parametrize(
    "pixel", ["pixel-9-0", "pixel--1-0", "w1", "pixel-0", "pixel-0-0-0", "pixel-a-b"]
)
def test_a_pixel_there_is_not_is_refused(store: EmbeddedStore, tmp_path: Path, pixel: str) -> None:
    version = add_raster(store, tmp_path, np.ones((2, 2), dtype="uint8"), classes=CLASSES)
    with pytest.raises(StoreError, match="has no pixel"):
        workflows.feature_card(store, version.layer_id, pixel)


def imported(store: EmbeddedStore, tmp_path: Path) -> Any:
    values = np.array([[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]], dtype="uint8")
    path = write_tif(tmp_path / "cover.tif", values, nodata=0)
    table = {"1": "forest", "2": "water", "7": "leave-out", "9": "cropland"}
    request = ImportRequest(
        read=ReadRequest(region_id="tarkwa", kind="landcover", class_values=table),
        layer_name="Land cover",
        data_date=dt.date(2020, 1, 1),
    )
    return run_import(store, path, request, filename="cover.tif")


def test_the_overview_lists_pixels_and_hectares_by_class_and_tells_no_data_apart(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    report = imported(store, tmp_path)
    assert report.status == "imported", report.message
    assert "12 pixels read" in report.message
    (row,) = workflows.overview(store, "tarkwa").layers
    assert row.classes == {"forest": 2, "water": 1, "cropland": 3}
    assert row.class_areas_ha == pytest.approx({"forest": 2, "water": 1, "cropland": 3}, rel=1e-3)
    assert (row.without_data, row.left_out, row.features) == (3, 3, 6)
    assert row.pixel_m == pytest.approx((100, 100), rel=1e-3)
    again = imported(store, tmp_path)
    assert again.status == "already imported"


def test_figures_that_the_import_did_not_keep_are_counted_anew(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = np.array([[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]], dtype="uint8")
    kept = imported(store, tmp_path)
    bare = add_raster(
        store, tmp_path, values, classes={1: "forest", 2: "water", 9: "cropland"}, name="Bare"
    )
    one = workflows.raster_figures(store, store.version(kept.version_id))
    two = workflows.raster_figures(store, bare)
    assert one.classes == two.classes
    assert one.areas_ha == pytest.approx(two.areas_ha, rel=1e-6)
    assert (one.without_data, one.left_out) == (two.without_data, two.left_out)


def test_every_place_that_reads_features_copes_with_a_raster(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    imported(store, tmp_path)
    field = [{"feature_id": "f1", "name": "Field", "geometry": square(-2.1, 5.3, size=0.01)}]
    add(store, field, region_id="tarkwa", kind="farmland", name="Fields")
    site = [{"feature_id": "s1", "name": "Pit", "geometry": square(-2.1, 5.3, size=0.001)}]
    add(store, site, region_id="tarkwa", kind="mine_sites", name="Sites")
    assert len(workflows.overview(store, "tarkwa").layers) == 3
    assert [hit.title for hit in workflows.search(store, "tarkwa", "Pit")] == ["Pit"]
    drawn = shapely.geometry.mapping(square(-2.2, 5.2, size=0.3))
    figures = workflows.area_figures(store, "tarkwa", drawn)
    assert {row["kind"] for row in figures.rows} == {"farmland", "mine_sites"}
    assert any("Land cover" in note for note in figures.notes)
    run = workflows.conflicts(store, "tarkwa", on=dt.date(2026, 1, 1), in_process=True)
    assert set(run.table["subject_kind"]) == {"mine_sites"}
    assert workflows.export_conflicts(store, run, format="csv")
    assert all(check.ok for check in store.examine())


def test_a_raster_is_taken_away_as_a_tif_with_its_colours_and_as_nothing_else(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    report = imported(store, tmp_path)
    with pytest.raises(workflows.ExportError, match="is a raster"):
        workflows.export_layer(store, report.version_id, format="gpkg")
    content = workflows.export_layer(store, report.version_id, format="tif")
    with rasterio.MemoryFile(content) as file, file.open() as dataset:
        assert (dataset.read(1) == [[0, 1, 1, 9], [0, 9, 9, 2], [0, 7, 7, 7]]).all()
        assert dataset.transform == grid()
        assert list(dataset.colormap(1)[9]) == rgba("cropland")
        assert dataset.tags()["class_9"] == "cropland"
        assert dataset.tags()["data_date"] == "2020-01-01"


def test_the_map_is_told_the_classes_a_raster_has_and_where_its_tiles_are(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    report = imported(store, tmp_path)
    layer = map_layer(store.layer(report.layer_id))
    assert layer.classes == tuple((name, COLORS[name]) for name in ("cropland", "water", "forest"))
    from dashboard.maps import MapSpec, _message

    spec = MapSpec(region_id="tarkwa", region_name="T", bounds=(0, 0, 1, 1), layers=(layer,))
    (told,) = _message(spec, base="/app")["layers"]
    assert told["tiles"].startswith(f"/app/cg/raster/{report.version_id}/?c=")
    assert told["classes"][0] == ["cropland", COLORS["cropland"]]


@pytest.mark.real
def test_tiles_of_a_real_raster_are_fast(
    store: EmbeddedStore, real_data: Path, tmp_path: Path
) -> None:
    path = real_data / "rasters" / "ghana_landcover_thld_100m.tif"
    # classes of this test only: what the numbers of this raster mean is not known
    table = {str(value): "other" for value in range(1, 10)}
    request = ImportRequest(
        read=ReadRequest(region_id="tarkwa", kind="landcover", class_values=table)
    )
    report = run_import(store, path, request, filename=path.name)
    west, south, east, north = store.version(report.version_id).bounds
    column, row = tile_at((west + east) / 2, (south + north) / 2, 12)
    cold = []
    for step in range(4):
        started = time.process_time()
        tile = workflows.raster_tile(
            store, report.version_id, zoom=12, column=column + step % 2, row=row + step // 2
        )
        cold.append(time.process_time() - started)
        assert tile.startswith(b"\x89PNG")
    print(f"cold {np.median(cold) * 1e3:.1f} ms")
    assert np.median(cold) < 0.25
