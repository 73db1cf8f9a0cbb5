"""Base map, names, scale, graticule, signs and legend as people see them, in a real browser."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, expect
from pyproj import Geod

from layers.facts import kinds, symbols
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server

pytestmark = pytest.mark.browser
GEOD = Geod(ellps="WGS84")
ZOOMS = range(5, 17)
TILES = "https://tiles.example.org/{z}/{x}/{y}.png"


def serve(folder: Path) -> Iterator[Server]:
    """A page that is only a map of the invented region."""
    log = folder / "server.log"
    process, url = start_server("tests.browser.carto_app:app", home=folder / "home", log=log)
    yield Server(url=url, home=folder / "home", log=log)
    stop_server(process)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server as it ships: no online tiles."""
    yield from serve(tmp_path_factory.mktemp("carto"))


OpenMap = Callable[..., tuple[Tab, Frame]]


def frame_of(tab: Tab) -> Frame:
    """The map's frame, once everything it shows is there."""
    tab.page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=30_000)
    frame = next(frame for frame in tab.page.frames if "/component/" in frame.url)
    frame.wait_for_function(
        "CommonGround.session.base && CommonGround.session.conflicts?.state === 'ready' &&"
        "[...CommonGround.session.layers.values()].every((l) => !l.visible || l.data)"
    )
    return frame


@pytest.fixture
def open_map(open_tab: Callable[..., Tab], server: Server) -> OpenMap:
    """Open the page and wait for its map."""

    def open_(*, size: tuple[int, int] = DESKTOP) -> tuple[Tab, Frame]:
        tab = open_tab(server.url, size=size)
        return tab, frame_of(tab)

    return open_


def look(frame: Frame, longitude: float, latitude: float, zoom: float) -> None:
    """Look somewhere and wait until it is drawn."""
    frame.evaluate(
        f"CommonGround.session.map.setView([{latitude}, {longitude}], {zoom}, {{animate: false}})"
    )
    frame.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def labels(frame: Frame) -> list[dict[str, Any]]:
    """The names on the map, each with its box in pixels."""
    return frame.evaluate("CommonGround.session.labels")


def pixel(frame: Frame, longitude: float, latitude: float) -> list[int]:
    """Red, green and blue that the canvas has at a place."""
    return frame.evaluate(
        f"""(() => {{
          const {{ map, painter }} = CommonGround.session;
          const p = map.latLngToLayerPoint([{latitude}, {longitude}]).subtract(painter._bounds.min);
          const at = [Math.round(p.x * painter._dense), Math.round(p.y * painter._dense)];
          return [...painter._pen.getImageData(...at, 1, 1).data].slice(0, 3);
        }})()"""
    )


def rgb(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


# --- names -----------------------------------------------------------------------------------


def boxes_of(label: dict[str, Any]) -> list[list[float]]:
    """The boxes a name takes: one, or one for each letter along a line."""
    return label.get("boxes") or [label["box"]]


@pytest.mark.parametrize("size", [pytest.param(DESKTOP, marks=pytest.mark.slow), PHONE])
def test_no_name_lies_over_another(open_map: OpenMap, size: tuple[int, int]) -> None:
    _, frame = open_map(size=size)
    for zoom in ZOOMS:
        look(frame, -2.0, 5.3, zoom)
        found = labels(frame)
        assert found
        for one, other in itertools.combinations(found, 2):
            for a, b in itertools.product(boxes_of(one), boxes_of(other)):
                apart = a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
                assert apart, (zoom, one["text"], other["text"])


def test_from_afar_countries_and_large_towns_are_named_and_from_near_villages(
    open_map: OpenMap,
) -> None:
    _, frame = open_map()
    look(frame, -2.0, 6.0, 5)
    afar = {label["text"] for label in labels(frame)}
    assert {"GHANA", "Accra", "Gulf of Guinea"} <= afar
    assert not {"Tarkwa", "Village 1"} & afar
    look(frame, -2.0, 5.3, 11)
    near = {label["text"] for label in labels(frame)}
    assert "GHANA" not in near
    assert {"Tarkwa", "Village 40", "East district", "Long River"} <= near


def test_a_town_that_a_layer_shows_is_named_once(open_map: OpenMap) -> None:
    _, frame = open_map()
    look(frame, -2.0, 5.3, 11)
    assert [label["text"] for label in labels(frame)].count("Tarkwa") == 1
    frame.evaluate("CommonGround.session.setVisible('tarkwa.settlements.s', false)")
    look(frame, -2.0, 5.3, 11)
    again = [label["text"] for label in labels(frame)]
    assert again.count("Tarkwa") == 1, "now the base map names it"
    assert "Village 40" not in again


def test_a_district_keeps_its_name_in_the_part_that_is_in_view(open_map: OpenMap) -> None:
    _, frame = open_map()
    look(frame, -2.25, 5.28, 13)  # the middle of the district is far out of view
    assert "West district" in {label["text"] for label in labels(frame)}


def test_a_border_that_two_districts_share_is_stroked_once(open_map: OpenMap) -> None:
    _, frame = open_map()
    lines = frame.evaluate(
        """() => {
            const ring = (w) => [[w, 5], [w + 1, 5], [w + 1, 6], [w, 6], [w, 5]];
            const area = (w) => CommonGround.shape({type: "Polygon", coordinates: [ring(w)]});
            return CommonGround.edgesOnce([area(0), area(1)]).map((s) => s.lines[0].length / 2);
        }"""
    )
    # eight sides, one of them shared: four in one go, then three
    assert sum(corners - 1 for corners in lines) == 7


# --- base map --------------------------------------------------------------------------------


@pytest.mark.slow
def test_land_sea_and_lakes_have_their_colours_near_and_far(open_map: OpenMap) -> None:
    _, frame = open_map()
    style = symbols()["base"]["full"]
    for place, what in {
        (-2.9, 4.2): "sea",
        (-2.72, 5.9): "land",
        (0.1, 7.0): "lake",
        (21.0, 15.0): "land",  # the coarse part: Chad is no sea
    }.items():
        look(frame, *place, 9.5)
        frame.evaluate("CommonGround.session.base.waters = []")
        look(frame, *place, 9)
        assert pixel(frame, *place) == pytest.approx(rgb(style[what]), abs=5), (place, what)


def test_the_base_map_is_switched_by_keyboard_and_stays_so(open_map: OpenMap) -> None:
    tab, frame = open_map()
    look(frame, -2.9, 4.2, 9)
    frame.get_by_role("button", name="Base map", exact=True).focus()
    frame.page.keyboard.press("Enter")
    expect(frame.get_by_role("radio", name="Full")).to_be_checked()
    frame.page.keyboard.press("ArrowDown")
    expect(frame.get_by_role("radio", name="Pale")).to_be_checked()
    look(frame, -2.9, 4.2, 9)
    assert pixel(frame, -2.9, 4.2) == rgb(symbols()["base"]["pale"]["sea"])
    frame.get_by_label("None").check()
    look(frame, -2.9, 4.2, 9)
    assert pixel(frame, -2.9, 4.2) == [255, 255, 255]
    assert frame.locator(".cg-credit").inner_text() == ""
    tab.page.reload()
    assert frame_of(tab).evaluate("CommonGround.session.baseStyle") == "none"


def test_a_water_layer_takes_the_place_of_the_base_maps_rivers(open_map: OpenMap) -> None:
    _, frame = open_map()
    look(frame, -2.0, 5.3, 10)
    assert "river" not in frame.evaluate("CommonGround.session.baseSigns")
    frame.evaluate("CommonGround.session.setVisible('tarkwa.water.w', false)")
    look(frame, -2.0, 5.3, 10)
    assert "river" in frame.evaluate("CommonGround.session.baseSigns")
    look(frame, -2.0, 5.3, 14)
    assert "river" not in frame.evaluate("CommonGround.session.baseSigns"), "too coarse this near"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_sources_of_the_base_map_are_always_in_sight(
    open_map: OpenMap, size: tuple[int, int]
) -> None:
    _, frame = open_map(size=size)
    expect(frame.locator(".cg-credit")).to_be_in_viewport(ratio=1)
    expect(frame.locator(".cg-credit")).to_contain_text("Natural Earth · GSHHG · GeoNames (CC BY")


def test_a_base_map_that_does_not_come_is_told_in_words(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    tab = open_tab("about:blank")
    tab.page.route(
        "**/cg/basemap/**", lambda route: route.fulfill(status=500, json={"error": "Out."})
    )
    tab.page.goto(server.url)
    legend = tab.page.frame_locator("iframe").locator(".cg-legend")
    expect(legend).to_contain_text("Base map: could not be loaded: Out.", timeout=30_000)


# --- scale and graticule ---------------------------------------------------------------------


@pytest.mark.slow
def test_the_scale_bar_is_as_long_as_the_ground_it_stands_for(open_map: OpenMap) -> None:
    _, frame = open_map()
    for latitude, zoom in itertools.product((0.0, 5.3, -18.0, 45.0, 70.0), (4, 8, 11.5, 17)):
        look(frame, -2.0, latitude, zoom)
        bar = frame.locator(".cg-scale")
        wide = bar.evaluate("(e) => e.getBoundingClientRect().width")
        words = bar.inner_text().replace(",", "").split()
        metres = float(words[0]) * {"m": 1, "km": 1000}[words[1]]
        ends = frame.evaluate(
            f"""(() => {{
              const {{ map }} = CommonGround.session;
              const middle = map.project([{latitude}, -2.0]);
              return [-1, 1].map((side) => map.unproject(middle.add([side * {wide} / 2, 0])).lng);
            }})()"""
        )
        # Along the parallel, a thousand short geodesics.
        steps = [ends[0] + (ends[1] - ends[0]) * i / 1000 for i in range(1001)]
        length = GEOD.line_length(steps, [latitude] * 1001)
        assert length == pytest.approx(metres, rel=0.01), (latitude, zoom)
        assert 40 < wide <= 120


def test_the_graticule_has_a_few_round_lines_where_they_belong(open_map: OpenMap) -> None:
    _, frame = open_map()
    for zoom in ZOOMS:
        look(frame, -2.0, 5.3, zoom)
        west, south, east, north, drawn = frame.evaluate(
            """(() => {
              const { map, painter } = CommonGround.session;
              const { min, max } = painter._bounds;
              const [a, b] = [min, max].map((p) => map.layerPointToLatLng(p));
              const { unitX, unitY, graticule } = CommonGround;
              const box = [a, b].flatMap(({ lng, lat }) => [unitX(lng), unitY(lat)]);
              return [a.lng, b.lat, b.lng, a.lat, graticule(box)];
            })()"""
        )
        assert 5 <= len(drawn["meridians"]) <= 13
        assert all(west - 1e-6 <= degrees <= east + 1e-6 for degrees in drawn["meridians"])
        assert all(south - 1e-6 <= degrees <= north + 1e-6 for degrees in drawn["parallels"])
        for degrees in drawn["meridians"] + drawn["parallels"]:
            assert degrees / drawn["step"] == pytest.approx(round(degrees / drawn["step"]))


# --- signs and legend ------------------------------------------------------------------------


def test_layers_of_all_kinds_and_the_second_and_third_of_each_have_signs_of_their_own(
    open_map: OpenMap,
) -> None:
    _, frame = open_map()
    with_areas = [name for name, looks in symbols()["kinds"].items() if "area" in looks]
    signs = {}
    for name in with_areas:
        for variant in range(3):
            sign = frame.evaluate(
                f"""(() => {{
                  const s = CommonGround.areaStyle({{ kind: "{name}", variant: {variant} }});
                  const c = CommonGround.shade("{kinds()[name].color}", {variant});
                  return JSON.stringify([s.hatch, s.dash || [], s.fill ? c : ""]);
                }})()"""
            )
            assert sign not in signs, (name, variant, signs.get(sign))
            signs[sign] = (name, variant)


def test_the_legend_marks_what_is_switched_on_but_not_in_view(open_map: OpenMap) -> None:
    _, frame = open_map()
    licence = frame.locator("[data-cg-layer='tarkwa.licences.l']")
    inside = frame.locator("[data-cg-verdict='inside']")
    look(frame, -2.0, 5.35, 9)
    expect(licence).not_to_contain_text("none in view")
    expect(inside).to_contain_text("beyond doubt")
    look(frame, -1.75, 5.0, 13)
    expect(licence).to_contain_text("none in view")
    expect(inside).to_contain_text("none in view")
    frame.evaluate("CommonGround.session.setVisible('tarkwa.licences.l', false)")
    expect(licence).not_to_contain_text("none in view")


def test_the_narrow_legend_lists_what_is_in_view_and_nothing_else(open_map: OpenMap) -> None:
    _, frame = open_map(size=PHONE)
    strip = frame.locator(".cg-strip")
    look(frame, -2.0, 5.35, 9)
    expect(strip).to_contain_text("licences")
    look(frame, -1.75, 5.0, 14)
    expect(strip).not_to_contain_text("licences")


def test_ground_nobody_surveyed_is_hatched_and_surveyed_ground_is_not(open_map: OpenMap) -> None:
    _, frame = open_map()
    for name in ("districts.d", "settlements.s", "water.w", "roads.r", "licences.l"):
        frame.evaluate(f"CommonGround.session.setVisible('tarkwa.{name}', false)")

    def colours(longitude: float, latitude: float) -> int:
        look(frame, longitude, latitude, 13)
        return frame.evaluate(
            """(() => {
              const { painter, map } = CommonGround.session;
              const p = map.latLngToLayerPoint(map.getCenter()).subtract(painter._bounds.min);
              const d = painter._dense;
              const [x, y, wide] = [(p.x - 30) * d, (p.y - 30) * d, 60 * d];
              const { data } = painter._pen.getImageData(x, y, wide, wide);
              const found = new Set();
              for (let i = 0; i < data.length; i += 4) found.add(data.slice(i, i + 3).join(" "));
              return found.size;
            })()"""
        )

    assert colours(-2.02, 5.22) == 1, "surveyed: plain land"
    assert colours(-1.85, 5.45) > 5, "not surveyed: hatched"
    row = frame.locator("[data-cg-sign='not_surveyed']")
    expect(row).to_contain_text("Not surveyed")
    frame.evaluate("CommonGround.session.setVisible('tarkwa.survey_coverage.c', false)")
    expect(row).to_have_count(0)
    assert colours(-1.85, 5.45) == 1


# --- online tiles ----------------------------------------------------------------------------


def test_nothing_is_asked_of_another_host_and_none_is_offered(open_map: OpenMap) -> None:
    tab, frame = open_map()
    for zoom in ZOOMS:
        look(frame, -2.0, 5.3, zoom)
    frame.evaluate("CommonGround.session.setBase('online')")
    look(frame, -2.0, 5.3, 9)
    assert frame.evaluate("CommonGround.session.baseStyle") == "full"
    assert tab.left_the_host == []


def test_online_tiles_are_asked_for_only_once_somebody_chooses_them(
    open_tab: Callable[..., Tab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "COMMONGROUND_TILES_URL", TILES)
    monkeypatch.setitem(os.environ, "COMMONGROUND_TILES_CREDIT", "© <b>Example</b> people")
    serving = serve(tmp_path)
    server = next(serving)
    try:
        tab = open_tab(server.url)
        tab.page.route("https://tiles.example.org/**", lambda route: route.abort())
        frame = frame_of(tab)
        frame.wait_for_timeout(500)
        assert tab.left_the_host == []
        frame.get_by_role("button", name="Base map", exact=True).click()
        frame.get_by_label("Online").check()
        expect(frame.locator(".cg-credit")).to_have_text("© <b>Example</b> people")
        expect(frame.locator(".cg-legend")).to_contain_text("sees where you look")
        frame.wait_for_timeout(500)
        asked = tab.left_the_host
        assert asked
        assert all(url.startswith("https://tiles.example.org/") for url in asked)
        assert [text for text in tab.complaints if "Content Security Policy" in text] == []
        before = len(asked)
        frame.get_by_role("radio", name="Full").check()
        look(frame, -1.0, 6.3, 9)
        assert len(tab.left_the_host) == before
    finally:
        next(serving, None)
