"""The map by keyboard, for screen readers and on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import DESKTOP, PHONE, Server, Tab

pytestmark = pytest.mark.browser


OpenMap = Callable[..., tuple[Tab, Frame]]


@pytest.fixture
def open_map(open_tab: Callable[..., Tab], map_server: Server) -> OpenMap:
    """Open the page at a view and wait for its map to be drawn."""

    def open_(*, size: tuple[int, int] = DESKTOP) -> tuple[Tab, Frame]:
        tab = open_tab(f"{map_server.url}/?view=-1.95,5.33,11", size=size)
        tab.page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=30_000)
        frame = next(frame for frame in tab.page.frames if "/component/" in frame.url)
        frame.wait_for_function("CommonGround.session.isSettled && CommonGround.session.base")
        return tab, frame

    return open_


def test_arrow_keys_move_the_map_and_enter_tells_what_is_in_the_middle(open_map: OpenMap) -> None:
    tab, frame = open_map()
    expect(frame.locator(".cg-cross")).to_be_hidden()
    frame.evaluate("document.querySelector('.leaflet-container').focus()")
    tab.page.keyboard.press("ArrowRight")
    expect(frame.locator(".cg-cross")).to_be_visible()
    frame.wait_for_function("CommonGround.session.map.getCenter().lng > -1.93")
    tab.page.keyboard.press("Enter")
    popup = frame.locator(".cg-popup")
    expect(popup.locator(".cg-hit")).to_have_count(1)
    expect(popup).to_be_focused()
    said = frame.locator("[aria-live=polite].cg-said")
    expect(said).to_contain_text("1 here: <img src=x")
    tab.page.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    told = tab.page.get_by_text(re.compile("^event=MapEvent"))
    expect(told).to_contain_text("('tarkwa.mine_sites.sites', 'f1')", timeout=10_000)


def test_a_line_can_be_measured_with_keys_alone(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.get_by_role("button", name="Measure a distance").focus()
    tab.page.keyboard.press("Enter")
    frame.evaluate("document.querySelector('.leaflet-container').focus()")
    tab.page.keyboard.press("Space")
    frame.evaluate("CommonGround.session.map.panBy([200, 0], { animate: false })")
    tab.page.keyboard.press("Space")
    tab.page.keyboard.press("Enter")
    expect(frame.locator(".cg-figure")).to_contain_text("km")


def test_a_table_lists_what_is_in_view_and_opens_its_card(open_map: OpenMap) -> None:
    tab, frame = open_map()
    frame.get_by_role("button", name="List what is in view").focus()
    tab.page.keyboard.press("Enter")
    dialog = frame.get_by_role("dialog", name="List what is in view")
    expect(dialog.get_by_role("row")).to_have_count(4)
    expect(dialog).to_contain_text("Too many of <img src=x")
    expect(dialog.get_by_role("row", name="Third site")).to_contain_text("km east")
    assert frame.locator(".cg-list img, .cg-list script").count() == 0
    dialog.get_by_role("button", name="Third site").focus()
    tab.page.keyboard.press("Enter")
    expect(frame.locator(".cg-popup")).to_contain_text("Third site")
    told = tab.page.get_by_text(re.compile("^event=MapEvent"))
    expect(told).to_contain_text("('tarkwa.mine_sites.sites', 'f3')", timeout=10_000)
    frame.evaluate("CommonGround.session.map.setView([5.30, -1.85], 14, { animate: false })")
    expect(dialog.get_by_role("row")).to_have_count(2)
    expect(frame.locator(".cg-said")).to_have_text(re.compile("^1 in view; the nearest"))
    frame.get_by_label("Show Sites").uncheck()
    expect(dialog.get_by_role("row")).to_have_count(0)
    dialog.get_by_role("button", name="Close").focus()
    tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert frame.evaluate("document.activeElement.dataset.cg") == "list"


def test_a_switch_of_the_legend_is_no_click_on_the_map(open_map: OpenMap) -> None:
    _, frame = open_map()
    frame.get_by_role("button", name="Opacity, source and date").last.click()
    frame.wait_for_timeout(500)
    assert frame.locator(".leaflet-popup").count() == 0


def test_on_a_phone_the_tools_are_a_drawer_and_the_map_is_in_sight(open_map: OpenMap) -> None:
    tab, frame = open_map(size=PHONE)
    distance = frame.get_by_role("button", name="Measure a distance")
    expect(distance).to_be_hidden()
    more = frame.get_by_role("button", name="More tools")
    expect(more).to_have_attribute("aria-expanded", "false")
    more.click()
    expect(distance).to_be_visible()
    box = distance.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 40
    more.click()
    expect(distance).to_be_hidden()
    frame.get_by_role("button", name="List what is in view").click()
    expect(frame.get_by_role("dialog")).to_be_in_viewport(ratio=0.9)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
