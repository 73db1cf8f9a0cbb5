"""The map in a real browser: it stays, it asks this host only, and it runs nobody's words."""

import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, expect
from pyproj import Geod

from tests.browser.conftest import DESKTOP, PHONE, Server, Tab

pytestmark = pytest.mark.browser


OpenMap = Callable[..., tuple[Tab, Frame]]


@pytest.fixture
def open_map(open_tab: Callable[..., Tab], map_server: Server) -> OpenMap:
    """Open the page and wait for its map to be drawn."""

    def open_(path: str = "/", *, size: tuple[int, int] = DESKTOP) -> tuple[Tab, Frame]:
        tab = open_tab(map_server.url + path, size=size)
        tab.page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=30_000)
        frame = next(frame for frame in tab.page.frames if "/component/" in frame.url)
        frame.wait_for_function(
            "CommonGround.session.base && CommonGround.session.conflicts?.state === 'ready' &&"
            "[...CommonGround.session.layers.values()]"
            ".every((l) => !l.visible || l.data || l.vector)"
        )
        return tab, frame

    return open_


def _press(tab: Tab, name: str) -> None:
    """Press a button of the page and wait until the page has run again."""
    before = tab.page.get_by_text(re.compile(r"^runs=\d+$")).inner_text()
    tab.page.get_by_role("button", name=name, exact=True).click()
    expect(tab.page.get_by_text(before, exact=True)).to_have_count(0)


def _runs(tab: Tab) -> str:
    return tab.page.get_by_text(re.compile(r"^runs=\d+$")).inner_text()


def _click_at(tab: Tab, frame: Frame, lon: float, lat: float) -> None:
    """Click the map at a place."""
    x, y = frame.evaluate(
        f"(() => {{const p = CommonGround.session.map.latLngToContainerPoint([{lat}, {lon}]);"
        "return [p.x, p.y]})()"
    )
    box = tab.page.locator("iframe").bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + x, box["y"] + y)


def _view(frame: Frame) -> list[float]:
    return frame.evaluate(
        "[CommonGround.session.map.getCenter().lng, CommonGround.session.map.getCenter().lat,"
        " CommonGround.session.map.getZoom()]"
    )


def _pwned(tab: Tab, frame: Frame) -> object:
    return [tab.page.evaluate("window.pwned"), frame.evaluate("window.pwned")]


def test_no_request_leaves_the_host_and_nothing_complains(open_map: OpenMap) -> None:
    tab, frame = open_map()
    _click_at(tab, frame, -2.01, 5.32)
    frame.locator(".cg-hit").first.wait_for()
    assert tab.left_the_host == []
    assert [text for text in tab.complaints if "Unrecognized feature" not in text] == []
    fonts_and_tiles = [url for url in tab.requests if "unpkg" in url or "cdn" in url]
    assert fonts_and_tiles == []


@pytest.mark.parametrize("path", ["/", "/map", "/conflicts", "/data"])
def test_the_pages_as_they_ship_ask_this_host_only(
    open_tab: Callable[..., Tab], live_server: Server, path: str
) -> None:
    tab = open_tab(live_server.url + path)
    tab.page.get_by_text("Common Ground").first.wait_for(timeout=30_000)
    tab.page.wait_for_timeout(1500)
    assert len(tab.requests) > 20
    assert tab.left_the_host == []
    assert [text for text in tab.complaints if "Content Security Policy" in text] == []


def test_words_of_layers_features_and_attributes_are_never_run(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.get_by_role("button", name="Opacity, source and date").last.click()
    assert "<img src=x onerror" in frame.locator(".cg-legend").inner_text()
    _click_at(tab, frame, -2.01, 5.32)
    frame.locator(".cg-hit summary").first.click()
    frame.locator(".cg-hit table").first.wait_for()
    assert "<script>window.pwned=1</script>" in frame.locator(".cg-popup").inner_text()
    assert frame.locator(".cg-popup img, .cg-legend img, .cg-popup script").count() == 0
    frame.wait_for_timeout(300)
    assert _pwned(tab, frame) == [None, None]


def test_a_rerun_keeps_the_frame_the_view_and_the_switches(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.evaluate("window.mark = 1; CommonGround.session.map.setView([5.4, -2.0], 12)")
    frame.get_by_label("Show <img").uncheck()
    view = _view(frame)
    _press(tab, "nothing")
    _press(tab, "hide")
    frame.wait_for_function(
        "!CommonGround.session.layers.get('tarkwa.mine_sites.sites').visible", timeout=10_000
    )
    assert frame.evaluate("window.mark") == 1
    assert _view(frame) == view
    assert not frame.get_by_label("Show <img").is_checked()
    assert sum("/cg/features/v-sites" in url for url in tab.requests) == 1
    assert sum(url.endswith("/map.js") for url in tab.requests) == 1


def test_choosing_a_conflict_in_the_page_marks_it_without_a_new_frame(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.evaluate("window.mark = 1")
    _press(tab, "select")
    frame.wait_for_function("CommonGround.session.chosen.shapes.length === 2")
    longitude, latitude, zoom = _view(frame)
    assert abs(longitude - -1.95) < 0.1
    assert abs(latitude - 5.38) < 0.1
    assert zoom > 10
    assert frame.evaluate("window.mark") == 1
    assert frame.evaluate("CommonGround.session.chosen.conflict") == "bbbbbbbbbbbbbbbb"


def test_panning_runs_nothing_and_a_link_restores_the_view(
    open_map: OpenMap, map_server: Server
) -> None:
    tab, frame = open_map()
    before = _runs(tab)
    frame.evaluate("CommonGround.session.map.setView([5.5, -2.1], 11)")
    expect(tab.page).to_have_url(re.compile(r"view=-2\.1,5\.5,11"))
    tab.page.wait_for_timeout(800)
    assert _runs(tab) == before
    link = tab.page.url.removeprefix(map_server.url)
    _, again = open_map(link)
    assert _view(again) == pytest.approx([-2.1, 5.5, 11], abs=0.01)


def test_a_click_reaches_python_with_what_was_found(open_map: OpenMap) -> None:
    tab, frame = open_map()
    _click_at(tab, frame, -1.95, 5.38)
    told = tab.page.get_by_text(re.compile("^event=MapEvent"))
    expect(told).to_contain_text("conflict_id='bbbbbbbbbbbbbbbb'", timeout=10_000)
    expect(told).to_contain_text("('tarkwa.mine_sites.sites', 'f1')")


def test_a_drawn_rectangle_reaches_python_as_a_polygon(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.get_by_role("button", name="Draw a rectangle").click()
    _click_at(tab, frame, -2.05, 5.15)
    _click_at(tab, frame, -1.9, 5.25)
    told = tab.page.get_by_text(re.compile("^event=MapEvent"))
    expect(told).to_contain_text("'type': 'Polygon'", timeout=10_000)
    expect(frame.locator(".cg-figure")).to_contain_text("ha")
    frame.get_by_role("button", name="Remove what was drawn").first.click()
    expect(told).to_contain_text("polygon=None", timeout=10_000)


def test_an_area_whose_edges_cross_is_refused_in_words(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.get_by_role("button", name="Measure an area").click()
    for place in [(-2.05, 5.15), (-1.9, 5.25), (-2.05, 5.25), (-1.9, 5.15)]:
        _click_at(tab, frame, *place)
    frame.get_by_role("button", name="Finish").click()
    expect(frame.locator(".cg-panel")).to_contain_text("may not cross")


def test_measured_distances_and_areas_are_those_of_the_ellipsoid(open_map: OpenMap) -> None:
    _, frame = open_map()
    geod = Geod(ellps="WGS84")
    line = [[-2.3, 5.0], [-1.7, 5.7], [29.0, 1.5]]
    length = geod.line_length(*zip(*line, strict=True))
    assert frame.evaluate(f"CommonGround.lengthOf({line})") == pytest.approx(length, rel=1e-9)
    for ring in (
        [[-2.01, 5.3], [-2.0, 5.3], [-2.0, 5.31], [-2.01, 5.31]],
        [[29.0, 1.0], [30.0, 1.2], [29.6, 2.1]],
        [[46.3, -18.0], [47.9, -17.6], [47.0, -16.1]],
    ):
        area = abs(geod.polygon_area_perimeter(*zip(*ring, strict=True))[0])
        assert frame.evaluate(f"CommonGround.areaOf({ring})") == pytest.approx(area, rel=1e-5)


def test_a_radius_is_drawn_in_metres_of_the_ground_not_of_the_projection(open_map: OpenMap) -> None:
    _, frame = open_map()
    for latitude in (0, 5.3, -18, 60):
        pixels = frame.evaluate(
            f"1000 * CommonGround.pixelsOfMetre(CommonGround.unitY({latitude}), 256 * 2 ** 12)"
        )
        metres_a_pixel = 156_543.034 * math.cos(math.radians(latitude)) / 2**12
        assert pixels == pytest.approx(1000 / metres_a_pixel, rel=1e-6)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_legend_is_always_in_sight(open_map: OpenMap, size: tuple[int, int]) -> None:
    tab, frame = open_map(size=size)
    expect(frame.locator(".cg-legend")).to_be_in_viewport(ratio=0.9)
    if size == PHONE:
        expect(frame.locator(".cg-legend-list")).to_be_hidden()
        expect(frame.locator(".cg-strip")).to_contain_text("Too close to call")
        frame.get_by_role("button", name="Show legend").click()
    expect(frame.locator(".cg-legend-list")).to_contain_text("needs a field check")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_every_control_has_a_name_and_takes_the_keyboard(open_map: OpenMap) -> None:
    _, frame = open_map()
    nameless = frame.evaluate(
        "[...document.querySelectorAll('button, input')].filter("
        "(e) => !e.getAttribute('aria-label') && !e.textContent.trim()).length"
    )
    assert nameless == 0
    frame.get_by_role("button", name="Lines of longitude").focus()
    frame.page.keyboard.press("Enter")
    assert frame.evaluate("CommonGround.session.graticule") is True
    frame.get_by_role("button", name="Measure a distance").focus()
    frame.page.keyboard.press("Enter")
    expect(frame.locator(".cg-panel")).to_be_visible()
    frame.page.keyboard.press("Escape")
    expect(frame.locator(".cg-panel")).to_be_hidden()
