"""Hotspots in a real browser, at both widths: units on the map, a click, the way to conflicts."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Frame, expect

from dashboard import workflows
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.browser.test_pages import SLOW, fits, press, settled
from tests.dashboard.hotspot_world import SITES, WEST, filled, sites

pytestmark = pytest.mark.browser
OPEN = Callable[..., Tab]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the small landscape in it."""
    folder = tmp_path_factory.mktemp("hotspots")
    home = folder / "home"
    store = workflows.open_home(home)
    sites(store, SITES[2:], data_date=dt.date(2024, 6, 30))
    filled(store)
    store.close()
    process, url = start_server("dashboard.app:app", home=home, log=folder / "server.log")
    yield Server(url=url, home=home, log=folder / "server.log")
    stop_server(process)


def map_of(tab: Tab, *, units: int) -> Frame:
    """The map's frame, once it has fetched its units."""
    settled(tab.page)
    element = tab.page.locator("iframe").first.element_handle(timeout=SLOW)
    assert element is not None
    frame = element.content_frame()
    assert frame is not None
    ready = "window.CommonGround && CommonGround.session && CommonGround.session.hotspots"
    frame.wait_for_function(
        f"() => {ready} && CommonGround.session.hotspots.data &&"
        f" CommonGround.session.hotspots.data.list.length === {units}",
        timeout=SLOW,
    )
    return frame


def click_unit(tab: Tab, frame: Frame, place: tuple[float, float]) -> None:
    x, y = frame.evaluate(
        "([lon, lat]) => { const p = CommonGround.session.map.latLngToContainerPoint([lat, lon]);"
        " return [p.x, p.y]; }",
        list(place),
    )
    element = tab.page.locator("iframe").first
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + x, box["y"] + y)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_list_the_map_and_the_way_to_the_conflicts(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/hotspots?region=tarkwa&on=2026-01-01", size=size)
    frame = map_of(tab, units=3)
    page = tab.page
    expect(page.get_by_text("3 of 6 known sites lie within 100 m of water").first).to_be_visible()
    assert fits(page)
    # the legend shows the classes that are there, each with its sign
    legend: Any = frame.evaluate(
        "[...document.querySelectorAll('.cg-verdicts .cg-name')].map(e => e.firstChild.textContent)"
    )
    assert legend == ["Not tested", "Not surveyed"]

    frame.evaluate("CommonGround.session.map.setView([5.3, -2.1], 9, {animate: false})")
    click_unit(tab, frame, (-2.12, 5.25))
    page.wait_for_url(re.compile(r"unit=tarkwa\.districts\.districts%2Fd1"), timeout=SLOW)
    settled(page)
    chosen = page.locator(".st-key-unit-not_tested-on-map")
    expect(chosen.get_by_text("3 of 6 known sites")).to_be_visible(timeout=SLOW)
    assert frame.evaluate("CommonGround.session.hotspots.spec.selected").endswith("/d1")
    popup = frame.evaluate("document.querySelector('.cg-popup').textContent")
    assert f"1. {WEST}" in popup

    press(page, re.compile(rf"^1\. {WEST}$"))
    page.wait_for_url(re.compile(rf"/conflicts\?.*district={WEST}"), timeout=SLOW)
    settled(page)
    expect(page.get_by_text("More filters (1 in use)")).to_be_visible(timeout=SLOW)
    assert tab.left_the_host == []


def test_a_link_restores_hexagons_options_and_the_chosen_one(
    server: Server, open_tab: OPEN
) -> None:
    url = f"{server.url}/hotspots?region=tarkwa&on=2026-01-01&by=h3&size=7"
    tab = open_tab(url)
    settled(tab.page)
    element = tab.page.locator("iframe").first.element_handle(timeout=SLOW)
    assert element is not None
    frame = element.content_frame()
    assert frame is not None
    frame.wait_for_function("() => window.CommonGround?.session?.hotspots?.data", timeout=SLOW)
    ids = frame.evaluate("CommonGround.session.hotspots.data.list.map(s => s.properties.id)")
    assert all(one.startswith("87") for one in ids)

    again = open_tab(f"{url}&unit={ids[0]}")
    frame = map_of(again, units=len(ids))
    assert frame.evaluate("CommonGround.session.hotspots.spec.selected") == ids[0]
    expect(again.page.get_by_text("known site").first).to_be_visible(timeout=SLOW)
    pressed = again.page.get_by_role("radio", name="Hexagons")
    expect(pressed.first).to_be_checked(timeout=SLOW)


def test_the_slider_steps_through_the_states_of_the_data_without_a_run(
    server: Server, open_tab: OPEN
) -> None:
    tab = open_tab(f"{server.url}/hotspots?region=tarkwa&on=2026-01-01&view=-2.1,5.3,8.5")
    frame = map_of(tab, units=3)
    classes = "Object.fromEntries(CommonGround.session.hotspots.data.list.map("
    classes += "(s) => [s.properties.name, s.properties.class]))"
    now = frame.evaluate(classes)
    assert now[WEST] == "not_tested"
    frame.evaluate("window.mark = CommonGround.session.map")
    view = frame.evaluate("CommonGround.session.map.getCenter().toString()")
    frame.get_by_role("button", name="Show the map of a day").click()
    told = frame.locator(".cg-time-words")
    expect(told).to_contain_text("Until 30 Jun 2025")
    expect(told).to_contain_text("hotspots of the data shown now")
    frame.get_by_role("button", name="Earlier date").click()
    expect(told).to_contain_text("hotspots of the data of 30 Jun 2024; units in", timeout=SLOW)
    expect(told).to_contain_text("than with the data shown now: 1. That is what the lists say")
    expect(told).to_contain_text("it need not be a change on the ground")
    assert frame.evaluate(classes)[WEST] == "too_few"
    expect(frame.locator(".cg-verdicts")).to_contain_text("the list on the page stays that of")
    asked = [url for url in tab.requests if "/cg/hotspots/" in url]
    frame.get_by_role("button", name="Later date").click()
    expect(told).to_contain_text("hotspots of the data shown now")
    assert frame.evaluate(classes) == now
    frame.get_by_role("button", name="Earlier date").click()
    expect(told).to_contain_text("hotspots of the data of 30 Jun 2024")
    assert [url for url in tab.requests if "/cg/hotspots/" in url] == asked, "each is kept"
    assert len(asked) == 2
    frame.get_by_role("button", name="Close the time slider").click()
    frame.wait_for_function("CommonGround.session.isSettled")
    assert frame.evaluate(classes) == now
    assert frame.evaluate("window.mark === CommonGround.session.map")
    assert frame.evaluate("CommonGround.session.map.getCenter().toString()") == view
    expect(
        tab.page.get_by_text("3 of 6 known sites lie within 100 m of water").first
    ).to_be_visible()


def test_every_class_has_a_sign_that_differs_in_grey(server: Server, open_tab: OPEN) -> None:
    """Mean darkness and evenness of each sign: no two alike without any colour."""
    tab = open_tab(f"{server.url}/hotspots?region=tarkwa&on=2026-01-01")
    frame = map_of(tab, units=3)
    signs = json.loads(
        frame.evaluate(
            """() => JSON.stringify(Object.fromEntries(CommonGround.HOTSPOT_CLASSES.map(name => {
              const canvas = CommonGround.hotspotSwatch(name);
              const paper = document.createElement('canvas');
              [paper.width, paper.height] = [canvas.width, canvas.height];
              const pen = paper.getContext('2d');
              pen.fillStyle = '#ffffff'; pen.fillRect(0, 0, paper.width, paper.height);
              pen.drawImage(canvas, 0, 0);
              const grey = (x, y, w, h) => {
                const d = pen.getImageData(x, y, w, h).data, list = [];
                for (let i = 0; i < d.length; i += 4)
                  list.push(0.299 * d[i] + 0.587 * d[i + 1] + 0.114 * d[i + 2]);
                const mean = list.reduce((a, b) => a + b) / list.length;
                const off = list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length;
                return [mean, Math.sqrt(off)];
              };
              return [name, grey(18, 10, 20, 20)];
            })))"""
        )
    )
    inside = {name: tuple(round(part) for part in parts) for name, parts in signs.items()}
    names = list(inside)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            apart = max(abs(a - b) for a, b in zip(inside[one], inside[other], strict=True))
            assert apart >= 8, (one, other, inside)
    assert inside["hot_99"][0] < inside["hot_95"][0] < inside["not_significant"][0]
