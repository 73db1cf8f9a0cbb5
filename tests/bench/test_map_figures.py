"""The harness of the map: what it asks for, and the table it writes."""

from pathlib import Path

import pytest

from bench.landscape import Size, landscape
from bench.map import PageFigures, TileFigures, places, table
from bench.map_browser import Visit, _part
from bench.map_server import Server, Tiles
from bench.map_store import add_fields
from bench.map_switch import Cost, lines
from layers.store import opened
from layers.tiled import TiledLayer, write_tiled


@pytest.fixture
def tiles() -> Tiles:
    found = Tiles(Server(url="http://127.0.0.1:9", pid=1), "tarkwa.farmland.fields", "v")
    found.bounds = (-3.0, 5.4, 2.5, 10.9)
    return found


@pytest.mark.parametrize("zoom", [5, 9, 14])
def test_a_first_view_is_the_tiles_that_1280_by_620_pixels_touch(tiles: Tiles, zoom: int) -> None:
    view = tiles.view(zoom, (-0.25, 8.15))
    columns, rows = {tile[1] for tile in view}, {tile[2] for tile in view}
    assert len(view) == len(set(view)) == len(columns) * len(rows)
    assert {tile[0] for tile in view} == {zoom}
    assert len(columns) in (5, 6)
    assert len(rows) in (3, 4)


def test_tiles_are_sampled_once_each_and_the_same_every_time(tiles: Tiles) -> None:
    chosen = tiles.sample(12, count=40, seed=1)
    assert len(chosen) == len(set(chosen)) == 40
    assert chosen == tiles.sample(12, count=40, seed=1)
    assert len(tiles.sample(2, count=40, seed=1)) <= 4


def test_views_lie_within_the_layer() -> None:
    west, south, east, north = bounds = (-3.0, 5.4, 2.5, 10.9)
    for lon, lat in places(bounds, 5):
        assert west < lon < east
        assert south < lat < north


def test_fields_of_the_invented_country_are_a_layer_of_a_store(tmp_path: Path) -> None:
    fields = landscape(Size(mines=100, fields=500))["farmland"]
    version = add_fields(tmp_path / "home", fields)
    with opened(tmp_path / "home") as store:
        features = store.read_features(version.version_id)
    assert len(features) == version.features == 500
    assert TiledLayer(write_tiled(features, named=False)).about["features"] == 500


def test_the_table_says_how_the_pages_compare() -> None:
    tiles = TileFigures(ready_s=12.3, cold={5: [200.0], 12: [9.0]}, warm={5: [1.0], 12: [0.5]})
    tiles.view_bytes, tiles.view_tiles = {5: [1_000, 3_000]}, {5: 18}
    pages = PageFigures()
    for name, painted, data in (("empty", 2.0, 10), ("layer", 2.4, 200), ("folium", 12.0, 5_000)):
        pages.add(name, Visit(painted_s=painted, calls=3, bytes_by={"tiles": data, "static": 9}))
    text = table("L", tiles, pages)
    assert "| 0 to 11 | 1 | 200.0 | 200.0 | 1.0 | 1.0 |" in text
    assert "| 5 | 18 | 2 | 3 |" in text
    assert "Layer : empty map 1.20 : 1." in text
    assert "painted 5.0 times as late and sends 25.0 times the data" in text


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/cg/static/abc/map.js", "scripts"),
        ("/cg/basemap/tarkwa.json", "cg"),
        ("/tiles/a/b/1/0/0.pbf", "tiles"),
        ("/", ""),
    ],
)
def test_bytes_are_told_apart_by_what_they_are_for(path: str, part: str) -> None:
    assert _part(path) == part


def test_the_table_of_switches_tells_the_most_that_was_sent() -> None:
    cost = Cost("a layer", bytes_=[900, 31_000], requests=[1, 3], longest_ms=[4.0, 6.0], cpu_ms=12)
    assert "| layer | a layer | 31.0 | 3 | 12 | 5 |" in lines({"layer": [cost]})
