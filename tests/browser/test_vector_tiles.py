"""Large layers in a real browser: tiles come once, stay through every switch, and are true."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Frame, expect

from dashboard.frame import VectorTiles
from tests.browser import map_world, tile_world
from tests.browser.conftest import DESKTOP, Server, Tab

pytestmark = pytest.mark.browser

FIELDS = "tarkwa.farmland.many"


OpenMap = Callable[..., tuple[Tab, Frame]]


@pytest.fixture
def open_map(open_tab: Callable[..., Tab], map_server: Server) -> OpenMap:
    """Open the page, wait for its map, press buttons of the page one after the other."""

    def open_(*buttons: str, view: str = "-1.95,5.33,12") -> tuple[Tab, Frame]:
        tab = open_tab(f"{map_server.url}/?view={view}", size=DESKTOP)
        tab.page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=30_000)
        frame = next(frame for frame in tab.page.frames if "/component/" in frame.url)
        frame.wait_for_function("CommonGround.session.base !== null")
        for name in buttons:
            press(tab, name)
        settle(frame)
        return tab, frame

    return open_


def press(tab: Tab, name: str) -> None:
    """Press a button of the page and wait until the page has run again."""
    before = runs(tab)
    tab.page.get_by_role("button", name=name, exact=True).click()
    expect(tab.page.get_by_text(before, exact=True)).to_have_count(0, timeout=20_000)


def runs(tab: Tab) -> str:
    return tab.page.get_by_text(re.compile(r"^runs=\d+$")).inner_text()


def settle(frame: Frame) -> None:
    """Wait until everything in view has come and is drawn."""
    frame.wait_for_function(
        "CommonGround.session.isSettled && new Promise((done) => setTimeout("
        "() => done(CommonGround.session.isSettled), 120))",
        timeout=20_000,
    )


def tiles_of(tab: Tab, name: str = "v-many") -> list[str]:
    """The places of the tiles that were asked for, "z/x/y"."""
    paths = [urlsplit(url).path for url in tab.requests if f"/{name}/" in url and ".pbf" in url]
    return ["/".join(path.removesuffix(".pbf").split("/")[-3:]) for path in paths]


def ink(frame: Frame, layer_id: str = FIELDS) -> int:
    """How many pixels of the map are not as the same map without the fields would have them."""
    return frame.evaluate(
        """(id) => {
            const { session } = CommonGround;
            const { painter } = session;
            const canvas = painter._container;
            const read = () => {
                painter._paint();
                return painter._pen.getImageData(0, 0, canvas.width, canvas.height).data;
            };
            const layer = session.layers.get(id);
            const before = read();
            const was = layer.visible;
            layer.visible = false;
            const without = read();
            layer.visible = was;
            painter._paint();
            let many = 0;
            for (let i = 0; i < before.length; i += 4) {
                if ([0, 1, 2].some((k) => before[i + k] !== without[i + k])) many += 1;
            }
            return many;
        }""",
        layer_id,
    )


def test_a_tile_is_read_as_it_was_written(open_map: OpenMap) -> None:
    _, frame = open_map()
    rings = tile_world.random_rings(3)
    shapes: list[tile_world.Shape] = [
        (2**40 + number, 3, next(rings), {"c": "maïs", "r": 1.5, "count": number, "v": False})
        for number in range(30)
    ]
    shapes.append((7, 2, [[(0, 0), (4000, 4000), (10, 4095)]], {}))
    shapes.append((9, 1, [[(-300, 5)]], {"r": 500.0}))
    shapes.append((8, 1, [[(-3, 5)], [(4095, 0)]], {"n": map_world.HOSTILE}))
    body = list(tile_world.encode({"features": shapes}))
    read = frame.evaluate(
        "([bytes, place]) => CommonGround.readTile(new Uint8Array(bytes), place).features.map("
        "(s) => ({...s, areas: s.areas.map((rings) => rings.map((r) => [...r])),"
        " lines: s.lines.map((l) => [...l]), points: s.points.map((p) => [...p])}))",
        [body, [3, 2, 5]],
    )
    assert len(read) == len(shapes)
    unit = 1 / 4096 / 8
    for (row, kind, parts, attributes), shape in zip(shapes, read, strict=True):
        assert shape["row"] == row
        assert shape["properties"] == attributes
        flat = [
            [n for x, y in part for n in ((2 + x / 4096) / 8, (5 + y / 4096) / 8)] for part in parts
        ]
        if kind == 3:
            assert len(shape["areas"]) == 1
            written = [ring[:-2] for ring in flat]
            for ring, wanted in zip(shape["areas"][0], written, strict=True):
                assert ring == pytest.approx(wanted, abs=unit / 100)
        if kind == 2:
            assert shape["lines"][0] == pytest.approx(flat[0], abs=unit / 100)
    # a point in the margin is the next tile's to draw
    assert len(read[-1]["points"]) == 1
    # unless it has a radius, which may reach in
    assert [len(read[-2]["points"]), read[-2]["isBeyond"]] == [1, True]
    assert read[-3]["box"] == pytest.approx(
        [2 / 8, 5 / 8, 2 / 8 + 4000 * unit, 5 / 8 + 4095 * unit]
    )


@pytest.mark.parametrize("cut", [1, 7, 40, 111])
def test_a_tile_that_breaks_off_is_refused_and_never_hangs(open_map: OpenMap, cut: int) -> None:
    _, frame = open_map()
    shapes: list[tile_world.Shape] = [(1, 3, next(tile_world.random_rings(1)), {"c": "x" * 80})]
    body = list(tile_world.encode({"features": shapes}))[:-cut]
    refused = frame.evaluate(
        "(bytes) => { try { CommonGround.readTile(new Uint8Array(bytes), [0, 0, 0]); return ''; }"
        " catch (error) { return error.message; } }",
        body,
    )
    assert "broken" in refused


def test_a_large_layer_comes_as_tiles_and_never_whole(open_map: OpenMap) -> None:
    tab, frame = open_map("many")
    assert not any("/cg/features/v-many" in url for url in tab.requests)
    asked = tiles_of(tab)
    assert 1 <= len(asked) == len(set(asked)) <= 24
    assert {place.split("/")[0] for place in asked} == {"12"}
    assert ink(frame) > 20_000
    assert tab.left_the_host == []
    expect(frame.locator(".cg-legend")).to_contain_text("30,000")


def test_far_out_the_legend_says_what_a_square_stands_for(open_map: OpenMap) -> None:
    _, frame = open_map("many", view="-1.95,5.33,9")
    expect(frame.locator(".cg-merged")).to_contain_text("several together")
    told = frame.evaluate(f"CommonGround.session.layers.get('{FIELDS}').vector.merged")
    assert told == map_world.MANY
    frame.evaluate("CommonGround.session.map.setView([5.33, -1.95], 13, { animate: false })")
    settle(frame)
    expect(frame.locator(".cg-merged")).to_have_count(0)


def drawn_count(frame: Frame, layer_id: str) -> int:
    """How many features the squares and shapes of a layer stand for, as they are drawn."""
    return frame.evaluate(
        """(id) => {
            const { session } = CommonGround;
            const { layer, filter } = session.drawn().find((one) => one.layer.spec.id === id);
            const view = { box: [0.494, 0.4845, 0.4952, 0.4856], zoom: session.map.getZoom() };
            const cells = layer.vector.shapesIn(view, "cells", filter);
            const rows = layer.vector.shapesIn(view, "features").filter(filter.accepts);
            const shapes = new Set(rows.map((shape) => shape.row)).size;
            return cells.reduce((sum, cell) => sum + cell.properties.count, shapes);
        }""",
        layer_id,
    )


def test_a_class_that_is_switched_off_leaves_the_squares_too(open_map: OpenMap) -> None:
    tab, frame = open_map("many", view="-1.95,5.33,9")
    before, whole = len(tiles_of(tab)), ink(frame)
    assert drawn_count(frame, FIELDS) == map_world.MANY
    frame.evaluate(f"CommonGround.session.setClass('{FIELDS}', 'maize', false)")
    settle(frame)
    assert drawn_count(frame, FIELDS) == map_world.MANY / 2
    expect(frame.locator(".cg-merged")).to_contain_text("together, of the classes that are on")
    frame.evaluate(f"CommonGround.session.setClass('{FIELDS}', 'cocoa', false)")
    settle(frame)
    assert drawn_count(frame, FIELDS) == 0
    assert ink(frame) == 0
    for name in ("maize", "cocoa"):
        frame.evaluate(f"CommonGround.session.setClass('{FIELDS}', '{name}', true)")
    settle(frame)
    assert ink(frame) == whole
    press(tab, "only")  # the page's own filter
    settle(frame)
    assert drawn_count(frame, FIELDS) == map_world.MANY / 2
    assert len(tiles_of(tab)) == before, "numbers were sent, no geometry"


def test_the_time_slider_reaches_the_squares_of_a_large_layer(open_map: OpenMap) -> None:
    tab, frame = open_map("dated", view="-1.95,5.355,9")
    dated = "tarkwa.mine_sites.dated"
    days = [tile_world.day_of(row) for row in range(map_world.MANY)]
    first = sum(day is None or day.year <= 2016 for day in days)
    frame.get_by_role("button", name="Show the map of a day").click()
    settle(frame)
    whole = drawn_count(frame, dated)
    assert whole == map_world.MANY
    told = frame.locator(".cg-time-words")
    expect(told).to_contain_text("27,000 of 27,000 dated features shown · 3,000 without a date")
    frame.evaluate("CommonGround.session.timeline.choose('2016-06-01')")
    settle(frame)
    assert drawn_count(frame, dated) == first
    expect(told).to_contain_text("3,000 of 27,000 dated features shown")
    expect(frame.locator(".cg-merged")).to_contain_text("together, until 1 Jun 2016")
    frame.get_by_label("no date: always shown").uncheck()
    frame.get_by_role("button", name="Later date").click()
    frame.get_by_label("only this date").check()
    settle(frame)
    assert drawn_count(frame, dated) == sum(day is not None and day.year == 2017 for day in days)
    asked = len(tab.requests)
    frame.get_by_role("button", name="Earlier date").click()
    frame.get_by_role("button", name="Later date").click()
    settle(frame)
    known = [url for url in tab.requests[asked:] if "until=2017" in url or ".pbf" in url]
    assert known == [], "what was told of a day is kept"
    frame.get_by_role("button", name="Close the time slider").click()
    settle(frame)
    assert drawn_count(frame, dated) == whole


def test_the_time_slider_reaches_the_shapes_of_a_large_layer_and_asks_for_them_once(
    open_map: OpenMap,
) -> None:
    tab, frame = open_map("dated", view="-1.95,5.355,14")
    assert not any("days=1" in url for url in tab.requests)
    rows = """() => {
        const { session } = CommonGround;
        const { layer, filter } = session.drawn().find((one) => one.layer.spec.title === "Dated");
        const seen = layer.vector.shapesIn({ box: [0.49455, 0.4850, 0.49462, 0.4851], zoom: 14 },
            "features");
        return [seen.length, seen.filter(filter.accepts).map((shape) => shape.row)];
    }"""
    frame.get_by_role("button", name="Show the map of a day").click()
    settle(frame)
    total, every = frame.evaluate(rows)
    assert total == len(every) > 100
    asked = len(tab.requests)
    frame.evaluate("CommonGround.session.timeline.choose('2017-06-01')")
    settle(frame)
    _, seen = frame.evaluate(rows)
    days = {row: tile_world.day_of(row) for row in every}
    assert sorted(set(seen)) == sorted(
        row for row, day in days.items() if day is None or day.year <= 2017
    )
    frame.get_by_label("no date: always shown").uncheck()
    settle(frame)
    assert 0 < len(frame.evaluate(rows)[1]) < len(seen)
    assert [url for url in tab.requests[asked:] if "/tiles/" in url] == []


def test_switches_opacity_classes_and_language_ask_for_nothing_and_keep_the_view(
    open_map: OpenMap,
) -> None:
    tab, frame = open_map("many")
    frame.evaluate("window.mark = 1")
    view = frame.evaluate("CommonGround.session.map.getCenter().toString()")
    before, whole = len(tiles_of(tab)), ink(frame)
    row = frame.locator(".cg-row", has_text="Fields")
    row.get_by_label("Show Fields").uncheck()
    row.get_by_label("Show Fields").check()
    row.get_by_label("Opacity, source and date").click()
    row.get_by_label("Opacity of Fields").fill("0.5")
    row.get_by_label("cocoa").uncheck()
    settle(frame)
    assert 0.4 * whole < ink(frame) < 0.8 * whole
    row.get_by_label("cocoa").check()
    settle(frame)
    assert ink(frame) > 0.9 * whole
    for name in ("only", "dim", "french", "nothing"):
        press(tab, name)
    frame.wait_for_function("document.querySelector('.cg-legend-title').textContent === 'Légende'")
    settle(frame)
    assert 0.4 * whole < ink(frame) < 0.8 * whole
    assert frame.evaluate(f"CommonGround.session.layers.get('{FIELDS}').opacity") == 0.3
    assert len(tiles_of(tab)) == before
    assert frame.evaluate("window.mark") == 1
    assert frame.evaluate("CommonGround.session.map.getCenter().toString()") == view


def test_the_base_map_switches_without_a_new_map_a_blank_frame_or_a_run(
    open_map: OpenMap,
) -> None:
    tab, frame = open_map("many", view="-1.95,5.33,12")
    ran = runs(tab)
    frame.evaluate("""() => {
        const { session } = CommonGround;
        session.map.mark = "this very map";
        session.painter._container.mark = "this very canvas";
        window.blank = [];
        // every drawing is looked at as the browser is about to show it
        const look = () => {
            const canvas = session.painter._container;
            const { data } = session.painter._pen.getImageData(0, 0, canvas.width, canvas.height);
            const shades = new Set();
            for (let i = 0; i < data.length; i += 404) {
                shades.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
            }
            window.blank.push(shades.size < 5);
            window.looking = requestAnimationFrame(look);
        };
        look();
    }""")
    view = frame.evaluate("CommonGround.session.map.getCenter().toString()")
    asked = len(tab.requests)
    frame.get_by_role("button", name="Base map", exact=True).click()
    shots = []
    for name in ("Pale", "None", "Full"):
        frame.get_by_role("radio", name=name).check()
        shots.append(tab.page.locator("iframe").screenshot())
    frame.get_by_role("button", name="Close", exact=True).click()
    frame.get_by_role("button", name="Lines of longitude").click()
    frame.get_by_label("Show Sites").uncheck()
    settle(frame)
    assert len(set(shots)) == 3
    looked = frame.evaluate("cancelAnimationFrame(window.looking) || window.blank")
    assert len(looked) > 3
    assert not any(looked)
    assert frame.evaluate("CommonGround.session.map.mark") == "this very map"
    assert frame.evaluate("CommonGround.session.painter._container.mark") == "this very canvas"
    assert frame.evaluate("document.querySelectorAll('.leaflet-container').length") == 1
    assert frame.evaluate("CommonGround.session.map.getCenter().toString()") == view
    tab.page.wait_for_timeout(700)
    assert runs(tab) == ran
    of_the_map = re.compile(r"/cg/|/tiles/|/component/")
    assert [url for url in tab.requests[asked:] if of_the_map.search(url)] == []


def test_a_pan_asks_for_the_new_tiles_only_and_runs_nothing(open_map: OpenMap) -> None:
    tab, frame = open_map("many")
    before, ran = tiles_of(tab), runs(tab)
    frame.evaluate("CommonGround.session.map.panBy([400, 0], { animate: false })")
    settle(frame)
    after = tiles_of(tab)
    assert len(before) < len(after) == len(set(after))
    tab.page.wait_for_timeout(600)
    assert runs(tab) == ran


def test_closer_than_the_deepest_tiles_nothing_deeper_is_asked_for(open_map: OpenMap) -> None:
    tab, frame = open_map("many", view="-1.95,5.33,16.5")
    assert {place.split("/")[0] for place in tiles_of(tab)} == {"14"}
    assert ink(frame) > 20_000
    # a field is 0.0008 degrees wide, 0.0002 degrees are left to the next
    width = frame.evaluate(
        """(() => {
            const map = CommonGround.session.map;
            const a = map.latLngToContainerPoint([5.33, -1.95]);
            return map.latLngToContainerPoint([5.33, -1.9492]).x - a.x;
        })()"""
    )
    assert width == pytest.approx(0.0008 / 360 * 256 * 2**16.5, rel=0.01)


@pytest.mark.slow
def test_until_tiles_arrive_those_of_the_zoom_before_stand_in(open_map: OpenMap) -> None:
    _, frame = open_map("many", "slow", view="-1.95,5.33,12")
    frame.evaluate("CommonGround.session.setVisible('tarkwa.farmland.many', false)")
    settle(frame)
    frame.evaluate("CommonGround.session.map.setView([5.33, -1.95], 13, { animate: false })")
    waiting = "CommonGround.session.layers.get('tarkwa.farmland.slow').vector.waiting"
    frame.wait_for_function(f"{waiting} > 0")
    drawn = ink(frame, "tarkwa.farmland.slow")
    assert frame.evaluate(waiting) > 0
    assert drawn > 20_000


@pytest.mark.slow
def test_tiles_that_went_out_of_view_are_given_up(open_map: OpenMap) -> None:
    _, frame = open_map("slow", view="-1.95,5.33,12")
    frame.evaluate("CommonGround.session.map.setView([5.33, -1.95], 14, { animate: false })")
    source = "CommonGround.session.layers.get('tarkwa.farmland.slow').vector"
    frame.wait_for_function(f"{source}.waiting > 0")
    frame.evaluate("CommonGround.session.map.setView([5.9, -1.2], 14, { animate: false })")
    frame.wait_for_function(
        f"[...{source}.kept.values()].filter((t) => t.state === 'loading')"
        ".every((t) => t.place[2] < 7930)"
    )
    frame.evaluate("CommonGround.session.map.setView([5.33, -1.95], 12, { animate: false })")
    frame.wait_for_function(f"{source}.waiting === 0", timeout=5000)
    expect(frame.locator(".cg-legend")).not_to_contain_text("could not be loaded")


def test_while_the_server_prepares_a_layer_the_map_says_so_and_asks_again(
    open_map: OpenMap,
) -> None:
    tab, frame = open_map()
    press(tab, "building")
    expect(frame.locator(".cg-legend")).to_contain_text("being prepared on the server")
    settle(frame)
    expect(frame.locator(".cg-legend")).not_to_contain_text("being prepared", timeout=15_000)
    first = tiles_of(tab, "v-building")
    assert len(first) > len(set(first))
    # one question at a time while it lasts, then each tile once
    assert len(first) <= 14 + 2 * len(set(first))


@pytest.mark.parametrize(
    ("name", "words"), [("broken", "came broken"), ("gone", "There is no version 'v-gone'.")]
)
def test_tiles_that_cannot_be_used_are_told_in_one_sentence(
    open_map: OpenMap, name: str, words: str
) -> None:
    tab, frame = open_map()
    press(tab, name)
    expect(frame.locator(".cg-row", has_text=name.title())).to_contain_text(words)
    if name == "gone":
        asked = len(tiles_of(tab, "v-gone"))
        tab.page.wait_for_timeout(2500)
        assert len(tiles_of(tab, "v-gone")) == asked


def signs(frame: Frame) -> list[dict[str, Any]]:
    return frame.evaluate(
        "CommonGround.session.painter.signs.map((s) => ({count: s.shapes.reduce("
        "(n, o) => n + (o.count || 1), 0), verdicts: s.shapes.map((o) => o.properties.verdict)}))"
    )


def test_a_large_run_of_conflicts_comes_as_tiles_and_counts_every_one(open_map: OpenMap) -> None:
    tab, frame = open_map("crowd", view="-1.9,5.38,9")
    assert sum(sign["count"] for sign in signs(frame)) == len(tile_world.CROWD)
    before = len(tab.requests)
    press(tab, "certain")
    settle(frame)
    certain = sum(verdict == "inside" for _, verdict, _ in tile_world.CROWD)
    frame.wait_for_function("CommonGround.session.conflicts.verdicts !== null")
    settle(frame)
    assert sum(sign["count"] for sign in signs(frame)) == certain
    assert {v for sign in signs(frame) for v in sign["verdicts"]} == {"inside"}
    assert [url for url in tab.requests[before:] if ".pbf" in url] == []


def test_names_and_lists_of_a_layer_in_tiles_are_those_of_the_server(open_map: OpenMap) -> None:
    _, frame = open_map("many", view="-1.95,5.33,13")
    named = frame.evaluate(
        """(bytes) => {
            const layers = CommonGround.readTile(new Uint8Array(bytes), [0, 0, 0]);
            const vector = { shapesIn: () => [...layers.features, ...layers.features] };
            return CommonGround.namedShapes({ vector }, {}).map((s) => s.properties.name);
        }""",
        list(
            tile_world.encode(
                {"features": [(5, 1, [[(9, 9)]], {"n": "Tarkwa"}), (6, 1, [[(9, 9)]], {})]}
            )
        ),
    )
    assert named == ["Tarkwa"]


def test_a_folium_layer_of_tiles_is_drawn_and_taken_off_again(open_map: OpenMap) -> None:
    tab, frame = open_map()
    url = "/tiles/x/v-many/{z}/{x}/{y}.pbf?s=1"
    layer = VectorTiles(url, kind="farmland", color="#7a5c00", symbol="area")
    frame.evaluate(
        f"() => {{ window.layer = CommonGround.vectorTiles({layer.literal})"
        ".addTo(CommonGround.session.map); }"
    )
    settle(frame)
    assert len(tiles_of(tab)) > 0
    frame.evaluate("window.layer.setOpacity(0.4).remove()")
    assert frame.evaluate("CommonGround.session.shownLayers().length") == 2


@pytest.mark.slow
def test_panning_a_hundred_thousand_corners_costs_less_than_a_frame(open_map: OpenMap) -> None:
    _, frame = open_map("many", view="-1.95,5.355,12")
    corners = frame.evaluate(
        f"[...CommonGround.session.layers.get('{FIELDS}').vector.kept.values()].reduce("
        "(n, t) => (t.layers.features || []).reduce((m, s) => m + s.areas[0][0].length / 2, n), 0)"
    )
    assert corners > 100_000
    spent = frame.evaluate(
        """() => {
            const { painter } = CommonGround.session;
            const spent = [];
            for (let i = 0; i < 15; i++) {
                painter._paint();
                spent.push(CommonGround.session.lastPaintMs);
            }
            return spent.sort((a, b) => a - b)[7];
        }"""
    )
    assert spent < 16
