"""Pictures on pages and map: tiles where they lie, clicks that invent nothing, no rule."""

import datetime as dt
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject
from starlette.applications import Starlette

from dashboard import maps, workflows
from dashboard.routes import routes
from dashboard.tile_cache import TileCache
from dashboard.workflows.tile_grid import tile_bounds
from geo.crs import points_to_wgs84
from layers.embedded import EmbeddedStore
from layers.facts import region
from layers.store import StoreError
from tests.dashboard.test_rasters import tile_at
from tests.dashboard.test_routes import Client
from tests.layers.picture_samples import BLUE, GREEN, RED, SAND, bring, photo, quarters, turned
from tests.layers.raster_samples import add_raster, grid
from tests.layers.samples import add, square

LOSS = 12
"""Steps of 255 by which JPEG and WebP together may change flat ground."""
BACK = pyproj.Transformer.from_crs(32630, 4326, always_xy=True)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return EmbeddedStore(tmp_path / "home")


def at_pixel(column: float, row: float, place: Affine | None = None) -> tuple[float, float]:
    """Longitude and latitude of a place in a picture of 20 m pixels near Tarkwa."""
    own = place or grid(pixel_m=20)
    return BACK.transform(
        own.c + own.a * column + own.b * row, own.f + own.d * column + own.e * row
    )


def color_at(
    store: EmbeddedStore,
    version_id: str,
    lon: float,
    lat: float,
    *,
    zoom: int,
    ending: str = "webp",
) -> list[int]:
    """Red, green, blue and alpha of the tile's pixel at a place."""
    column, row = tile_at(lon, lat, zoom)
    content = workflows.raster_tile(
        store, version_id, zoom=zoom, column=column, row=row, ending=ending
    )
    west, south, east, north = tile_bounds(zoom, column, row)
    x = int((lon - west) / (east - west) * 256)
    y = int((north - lat) / (north - south) * 256)
    assert south < lat < north
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))[y, x].tolist()


def near(seen: list[int], color: tuple[int, ...]) -> bool:
    return seen[3] == 255 and max(abs(a - b) for a, b in zip(seen, color, strict=False)) <= LOSS


# --- tiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["webp", "png"])
@pytest.mark.parametrize("turn", [0, 30])
def test_each_quarter_lies_where_the_file_puts_it_at_every_zoom(
    store: EmbeddedStore, tmp_path: Path, ending: str, turn: int
) -> None:
    place = turned(turn)
    version_id = bring(store, photo(tmp_path / "a.tif", transform=place)).version_id
    for zoom in (12, 14, 17):
        for color, column, row in ((RED, 32, 32), (GREEN, 96, 32), (BLUE, 32, 96), (SAND, 96, 96)):
            seen = color_at(
                store, version_id, *at_pixel(column, row, place), zoom=zoom, ending=ending
            )
            assert near(seen, color), (zoom, color, seen)
    outside = color_at(store, version_id, *at_pixel(-3, 60, place), zoom=14, ending=ending)
    assert outside[3] == 0


def test_a_tile_is_that_of_gdal_where_no_datum_is_shifted(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    coarse = rng.integers(40, 220, (3, 20, 20))
    values = np.kron(coarse, np.ones((1, 16, 16))).astype("uint8")
    version_id = bring(store, photo(tmp_path / "a.tif", values)).version_id
    zoom = 14
    column, row = tile_at(*at_pixel(160, 160), zoom)
    tile = workflows.raster_tile(store, version_id, zoom=zoom, column=column, row=row, ending="png")
    ours = np.asarray(Image.open(io.BytesIO(tile)).convert("RGBA"))
    west, south, east, north = tile_bounds(zoom, column, row)
    to_mercator = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)
    (left, right), (_, top) = to_mercator.transform((west, east), (south, north))
    side = (right - left) / 256
    theirs = np.zeros((3, 256, 256), dtype="uint8")
    with store.open_raster(version_id) as dataset:
        kept = dataset.read()
    reproject(
        kept, theirs, src_transform=grid(pixel_m=20), src_crs="EPSG:32630",
        dst_transform=Affine(side, 0, left, 0, -side, top), dst_crs="EPSG:3857",
        resampling=Resampling.bilinear,
    )  # fmt: skip
    there = ours[..., 3] == 255
    apart = np.abs(ours[..., :3].transpose(2, 0, 1).astype(int) - theirs)[:, there]
    assert there.mean() > 0.4
    assert np.median(apart) <= 1
    assert np.percentile(apart, 99) <= 12


def test_a_picture_on_an_old_datum_lies_where_its_features_do(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    """Arc 1960 read as WGS 84 is some 300 m off: 15 pixels of this picture."""
    place = Affine(0.0002, 0, 32.2, 0, -0.0002, -2.8)
    path = photo(tmp_path / "a.tif", crs="EPSG:4210", transform=place)
    version_id = bring(store, path, region_id="geita").version_id
    area = region("geita").country_bounds
    # just inside the upper left corner: a shift forgotten puts it outside
    inside = np.array([[32.2 + 0.0006, -2.8 - 0.0006]])
    lon, lat = points_to_wgs84(inside, "EPSG:4210", area_of_interest=area)[0]
    assert near(color_at(store, version_id, lon, lat, zoom=17), RED)
    outside = points_to_wgs84(inside - [0.0012, 0], "EPSG:4210", area_of_interest=area)[0]
    assert color_at(store, version_id, *outside, zoom=17)[3] == 0


def test_no_data_is_clear_and_its_black_does_not_bleed(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = np.zeros((3, 900, 900), dtype="uint8")
    values[:, :, 450:] = np.array(SAND, dtype="uint8")[:, np.newaxis, np.newaxis]
    path = photo(tmp_path / "a.tif", values, nodata=0, transform=grid(pixel_m=5))
    version_id = bring(store, path).version_id
    column, row = tile_at(*at_pixel(112, 112), 12)
    tile = workflows.raster_tile(store, version_id, zoom=12, column=column, row=row, ending="png")
    seen = np.asarray(Image.open(io.BytesIO(tile)).convert("RGBA"))
    full = seen[seen[..., 3] == 255][:, :3].astype(int)
    assert len(full) > 500
    assert set(np.unique(seen[..., 3])) == {0, 255}
    assert np.abs(full - SAND).max() <= 30


def test_land_cover_has_no_webp_and_a_tile_beside_a_picture_is_clear(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    cover = add_raster(store, tmp_path, np.full((9, 9), 9, dtype="uint8"), classes={9: "forest"})
    with pytest.raises(workflows.WorkflowError, match="Ask for png"):
        workflows.raster_tile(store, cover.version_id, zoom=3, column=0, row=0, ending="webp")
    version_id = bring(store, photo(tmp_path / "a.tif")).version_id
    tile = workflows.raster_tile(store, version_id, zoom=5, column=0, row=0, ending="webp")
    assert not np.asarray(Image.open(io.BytesIO(tile)).convert("RGBA")).any()


def test_tiles_come_from_the_memory_that_all_tiles_share(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    version_id = bring(store, photo(tmp_path / "a.tif")).version_id
    calls: list[Any] = []

    def tile(*args: Any, **more: Any) -> bytes:
        calls.append(more)
        return workflows.raster_tile(*args, **more)

    told = {name: getattr(workflows, name) for name in workflows.__all__}
    work = SimpleNamespace(**(told | {"open_home": lambda: store, "raster_tile": tile}))
    cache = TileCache()
    client = Client(Starlette(routes=routes(base="", work=work, cache=cache)))
    column, row = tile_at(*at_pixel(64, 64), 14)
    address = f"/cg/raster/{version_id}/14/{column}/{row}.webp?c=1"
    first, second = client.get(address), client.get(address)
    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
    assert first.content == second.content
    assert first.content[8:12] == b"WEBP"
    assert len(calls) == 1
    assert cache.bytes > len(first.content)
    assert "immutable" in first.headers["cache-control"]
    again = client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = bring(store, photo(tmp_path / "b.tif", quarters()[::-1]), name="Other").version_id
    assert client.get(address.replace(version_id, other)).content != first.content
    wrong = client.get(address.replace(".webp", ".gif"))
    assert (wrong.status_code, wrong.json()["error"]) == (
        400,
        "Tiles of a raster end in png or webp.",
    )


# --- what is said of it ----------------------------------------------------------------------


def test_a_click_says_the_day_and_no_value_and_nothing_where_there_is_no_data(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    values = quarters()
    values[:, :30] = 0
    report = bring(store, photo(tmp_path / "a.tif", values, nodata=0))
    (hit,) = workflows.identify(store, "tarkwa", *at_pixel(64, 64), tolerance_m=50)
    assert (hit.title, hit.feature_id) == ("Picture of 2024-03-01, no values", "picture")
    card = workflows.feature_card(store, report.layer_id, "picture")
    assert card.fields["Picture of"] == "2024-03-01"
    assert card.fields["Pixel (m)"] == "20 x 20"
    assert not any(str(part) in str(card.fields) for part in (*RED, *SAND))
    assert any("raids" in caveat for caveat in card.caveats)
    assert any("nothing is counted or measured" in caveat for caveat in card.caveats)
    shape = shapely.geometry.shape(card.geometry)
    assert shape.contains(shapely.Point(at_pixel(64, 64)))
    assert workflows.identify(store, "tarkwa", *at_pixel(64, 15), tolerance_m=50) == ()
    assert workflows.identify(store, "tarkwa", *at_pixel(-5, 64), tolerance_m=50) == ()
    with pytest.raises(StoreError, match="it is one picture"):
        workflows.feature_card(store, report.layer_id, "pixel-3-3")


def test_a_picture_without_a_date_says_so(store: EmbeddedStore, tmp_path: Path) -> None:
    bring(store, photo(tmp_path / "a.tif"), day=None)
    (hit,) = workflows.identify(store, "tarkwa", *at_pixel(64, 64), tolerance_m=50)
    assert hit.title == "Picture without a date, no values"
    told = workflows.overview(store, "tarkwa")
    assert any("Drone" in one and "Nobody stated" in one for one in told.warnings)


def test_conflicts_hotspots_land_cover_lists_and_figures_leave_pictures_alone(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    on = dt.date(2026, 1, 1)
    lon, lat = at_pixel(64, 64)
    site = [{"feature_id": "s1", "name": "Pit", "geometry": square(lon, lat, size=0.001)}]
    field = [{"feature_id": "f1", "name": "Field", "geometry": square(lon, lat, size=0.01)}]
    county = [{"feature_id": "d1", "name": "County", "geometry": square(lon, lat, size=0.5)}]
    for kind, rows in (("mine_sites", site), ("farmland", field), ("districts", county)):
        add(store, rows, region_id="tarkwa", kind=kind, name=kind)
    before = workflows.conflicts(store, "tarkwa", on=on, in_process=True)
    spots = workflows.hotspots(store, "tarkwa", on=on, by="districts", in_process=True)
    drawn = shapely.geometry.mapping(square(lon, lat, size=0.02))
    figures = workflows.area_figures(store, "tarkwa", drawn)
    report = bring(store, photo(tmp_path / "a.tif"))
    after = workflows.conflicts(store, "tarkwa", on=on, in_process=True)
    assert after.fingerprint == before.fingerprint
    assert report.layer_id not in after.layer_versions
    assert len(after.table) == len(before.table) > 0
    again = workflows.hotspots(store, "tarkwa", on=on, by="districts", in_process=True)
    assert again.rows == spots.rows
    assert workflows.area_figures(store, "tarkwa", drawn).rows == figures.rows
    assert workflows.search(store, "tarkwa", "Drone") == ()
    box = (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)
    assert workflows.in_view(store, "tarkwa", box).total == 3
    with pytest.raises(workflows.WorkflowError, match="is a picture"):
        workflows.conflicts(store, "tarkwa", on=on, layers=[report.layer_id], in_process=True)
    with pytest.raises(workflows.WorkflowError, match="land cover"):
        workflows.land_cover(store, "tarkwa", by="districts", raster=report.layer_id)
    (row,) = [one for one in workflows.overview(store, "tarkwa").layers if one.is_picture]
    assert (row.features, row.area_ha, dict(row.classes)) == (16384, None, {})
    assert row.pixel_m == pytest.approx((20, 20), rel=2e-3)
    warnings = workflows.overview(store, "tarkwa").warnings
    assert not any("classes are read from images" in one for one in warnings)


def test_a_picture_is_taken_away_as_the_file_of_the_store_itself(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    report = bring(store, photo(tmp_path / "a.tif"))
    content = workflows.export_layer(store, report.version_id, format="tif")
    with store.open_raster(report.version_id) as dataset:
        assert content == Path(dataset.name).read_bytes()
        assert dataset.tags()["picture_bands"] == "1,2,3"
    with pytest.raises(workflows.ExportError, match="is a raster"):
        workflows.export_layer(store, report.version_id, format="gpkg")


def test_the_map_is_told_where_tiles_of_a_picture_and_of_its_older_version_are(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    first = bring(store, photo(tmp_path / "a.tif"), day=dt.date(2023, 1, 1))
    second = bring(store, photo(tmp_path / "b.tif", quarters()[::-1]), day=dt.date(2024, 1, 1))
    layer = maps.map_layer(store.layer(second.layer_id))
    layer = maps.replace(layer, versions=maps.map_versions(store.versions(second.layer_id)))
    spec = maps.MapSpec(region_id="tarkwa", region_name="T", bounds=(0, 0, 1, 1), layers=(layer,))
    (told,) = maps._message(spec, base="/app")["layers"]
    assert told["picture"] is True
    assert told["tiles"].startswith(f"/app/cg/raster/{second.version_id}/?c=")
    assert told["vector"] is None
    assert told["box"] == list(store.version(second.version_id).bounds)
    # 20 m are a pixel of zoom 12.93; finer tiles than 14 would hold no more
    assert told["deepest"] == 14
    assert told["day"] == "2024-01-01"
    older = told["versions"][0]
    assert older["tiles"].startswith(f"/app/cg/raster/{first.version_id}/?c=")
    assert older["deepest"] == 14


# --- the store -------------------------------------------------------------------------------


def test_a_picture_is_examined_deleted_brought_back_and_not_stored_twice(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    path = photo(tmp_path / "a.tif")
    report = bring(store, path)
    assert all(check.ok for check in store.examine())
    assert store.version(report.version_id).is_picture
    workflows.delete_layer(store, report.layer_id, actor="a test")
    assert workflows.overview(store, "tarkwa").layers == ()
    workflows.roll_back(store, report.layer_id, version=report.version_id, actor="a test")
    assert len(workflows.overview(store, "tarkwa").layers) == 1
    with store.open_raster(report.version_id) as dataset:
        kept = Path(dataset.name)
    kept.write_bytes(kept.read_bytes()[:-200])
    told = [one for check in store.examine() if not check.ok for one in check.sentences]
    assert any("has changed" in one for one in told)
