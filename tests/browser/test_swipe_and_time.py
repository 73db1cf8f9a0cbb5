"""Before and after on both sides of a divider, and a slider over the days there are."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from layers.facts import kind
from tests.browser import share_world
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.browser.test_share import AFTER, BEFORE, SLOW, TITLES, VISITS, map_of, open_row, tool

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
OPEN = Callable[..., Tab]
EAST = (share_world.WEST + 0.12, share_world.SOUTH + 0.02)
"""A place in the title that only the later version has."""
ON_RASTERS = (-2.04, 5.28)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the landscape that has a past."""
    folder = tmp_path_factory.mktemp("past")
    share_world.fill(folder / "home", folder)
    process, url = start_server(
        "dashboard.app:app", home=folder / "home", log=folder / "server.log"
    )
    yield Server(url=url, home=folder / "home", log=folder / "server.log")
    stop_server(process)


def only(frame: Frame, *shown: str) -> None:
    """Switch on these layers and no others, at full strength."""
    frame.evaluate(
        """(shown) => { for (const id of CommonGround.session.layers.keys()) {
            CommonGround.session.setVisible(id, shown.includes(id));
            CommonGround.session.setOpacity(id, 1);
        } }""",
        list(shown),
    )


def mean_color(frame: Frame, lon: float, lat: float) -> list[float]:
    """The mean colour of 24 pixels square on the map's canvas, once it was painted again."""
    return frame.evaluate(
        """([lon, lat]) => new Promise((done) => {
            const { session } = CommonGround;
            session.painter.redraw();
            requestAnimationFrame(() => requestAnimationFrame(() => {
                const painter = session.painter;
                const point = session.map.latLngToLayerPoint([lat, lon]);
                const at = point.subtract(painter._bounds.min).multiplyBy(painter._dense);
                const { data } = painter._pen.getImageData(at.x - 12, at.y - 12, 24, 24);
                const sum = (k) => data.filter((_, i) => i % 4 === k).reduce((a, b) => a + b);
                done([0, 1, 2].map((k) => sum(k) / 576));
            }));
        })""",
        [lon, lat],
    )


def is_near(color: list[float], other: list[float], *, within: float = 3.0) -> bool:
    return max(abs(a - b) for a, b in zip(color, other, strict=True)) <= within


def rgb(text: str) -> list[float]:
    return [int(text[i : i + 2], 16) for i in (1, 3, 5)]


def compare_titles(tab: Tab, frame: Frame) -> None:
    open_row(frame, "Titles")
    frame.get_by_label("Compare Titles with").select_option(label="version 1, 30 Jun 2016")
    frame.wait_for_function(
        "CommonGround.session.swipe.sides()?.every((l) => l.state === 'ready')", timeout=SLOW
    )
    hide = frame.get_by_role("button", name="Hide legend")
    if hide.is_visible():
        hide.click()


@SIZES
def test_the_divider_shows_the_older_version_left_and_the_newer_right(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-1.93,5.32,11.5", size=size)
    frame = map_of(tab.page)
    only(frame, TITLES)
    bare = mean_color(frame, share_world.WEST + 0.07, share_world.SOUTH + 0.02)
    full = mean_color(frame, *EAST)
    assert not is_near(bare, full)
    compare_titles(tab, frame)
    divider = frame.get_by_role("slider", name="Divider between Titles")
    expect(frame.locator(".cg-side-left")).to_have_text("Titles, version 1, 30 Jun 2016")
    expect(frame.locator(".cg-side-right")).to_contain_text("Titles, version 2, 30 Jun 2020")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size[0]

    divider.focus()
    tab.page.keyboard.press("End")
    assert is_near(mean_color(frame, *EAST), bare)
    tab.page.keyboard.press("Home")
    assert is_near(mean_color(frame, *EAST), full)
    for _ in range(5):
        tab.page.keyboard.press("PageUp")
    assert divider.get_attribute("aria-valuenow") == "50"
    tab.page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "48"
    tab.page.keyboard.press("Escape")
    expect(divider).to_be_hidden()
    assert is_near(mean_color(frame, *EAST), full)


def drag_by_mouse(page: Page, start: tuple[float, float], x: float) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(x, start[1], steps=5)
    page.mouse.up()


def drag_by_touch(page: Page, start: tuple[float, float], x: float) -> None:
    session = page.context.new_cdp_session(page)
    touch = {"x": start[0], "y": start[1]}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]})
    for step in range(1, 6):
        moved = {"x": start[0] + (x - start[0]) * step / 5, "y": start[1]}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [moved]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@SIZES
def test_the_divider_follows_mouse_and_finger_while_the_map_stays(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-1.93,5.32,11.5", size=size)
    frame = map_of(tab.page)
    only(frame, TITLES)
    compare_titles(tab, frame)
    tab.page.locator("iframe").scroll_into_view_if_needed()
    frame.locator(".cg-swipe-grip").scroll_into_view_if_needed()
    grip = frame.locator(".cg-swipe-grip").bounding_box()
    map_box = frame.locator(".leaflet-container").bounding_box()
    assert grip is not None
    assert map_box is not None
    start = (grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    centre = frame.evaluate("CommonGround.session.map.getCenter().lng")
    drag = drag_by_touch if size == PHONE else drag_by_mouse
    drag(tab.page, start, map_box["x"] + map_box["width"] * 0.25)
    frame.wait_for_function("Math.abs(CommonGround.session.swipe.part - 0.25) < 0.02")
    assert frame.evaluate("CommonGround.session.map.getCenter().lng") == centre


def test_two_rasters_stand_beside_each_other(server: Server, open_tab: OPEN) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-2.04,5.28,12")
    frame = map_of(tab.page)
    only(frame, BEFORE, AFTER)
    open_row(frame, "Cover after")
    frame.get_by_label("Compare Cover after with").select_option(label="Cover before, 1 Jan 2015")
    expect(frame.locator(".cg-side-left")).to_have_text("Cover before, 1 Jan 2015")
    expect(frame.locator(".cg-side-right")).to_contain_text("Cover after, 1 Jan 2024")
    frame.wait_for_function(
        "[...CommonGround.session.layers.values()].every((l) => !l.tiles || !l.tiles.waiting)",
        timeout=SLOW,
    )
    colors = kind("landcover").colors
    frame.evaluate("CommonGround.session.swipe.move(1)")
    assert is_near(mean_color(frame, *ON_RASTERS), rgb(colors["forest"]))
    frame.evaluate("CommonGround.session.swipe.move(0)")
    assert is_near(mean_color(frame, *ON_RASTERS), rgb(colors["cropland"]))


def test_a_click_on_the_older_side_says_that_it_has_no_answer(
    server: Server, open_tab: OPEN
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-1.93,5.32,11.5")
    frame = map_of(tab.page)
    only(frame, TITLES)
    compare_titles(tab, frame)
    for part, wanted in ((1, "only for the version shown"), (0, "L-2")):
        frame.evaluate(f"CommonGround.session.swipe.move({part})")
        x, y = frame.evaluate(
            """([lon, lat]) => {
                const { map } = CommonGround.session;
                map.closePopup();
                map.setView([5.32, -1.93], 11.5, { animate: false });
                const point = map.latLngToContainerPoint([lat, lon]);
                return [point.x, point.y];
            }""",
            list(EAST),
        )
        frame.locator(".leaflet-container").click(position={"x": x, "y": y})
        popup = frame.locator(".cg-popup").last
        expect(popup).to_contain_text(wanted, timeout=SLOW)
        assert ("L-2" in popup.inner_text()) == (part == 0)


@SIZES
def test_the_slider_shows_what_was_observed_until_a_day_and_says_how_many(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-1.93,5.34,12", size=size)
    frame = map_of(tab.page)
    only(frame, VISITS)
    tool(frame, "Show the map of a day").click()
    told = frame.locator(".cg-time-words")
    expect(told).to_contain_text("Until 20 Aug 2021 · 3 of 3 dated features shown")
    expect(told).to_contain_text("1 without a date, shown")
    slider = frame.get_by_role("slider", name="Show the map of a day")
    slider.focus()
    tab.page.keyboard.press("Home")
    expect(told).to_contain_text("Until 1 Mar 2019 · 1 of 3 dated features shown")
    assert slider.get_attribute("aria-valuetext") == "1 Mar 2019"
    bare = mean_color(frame, -1.97, 5.36)
    assert is_near(mean_color(frame, -1.925, 5.35), bare, within=1.0)
    assert not is_near(mean_color(frame, -1.985, 5.35), bare, within=1.0)
    assert not is_near(mean_color(frame, -1.895, 5.35), bare, within=1.0)
    frame.get_by_label("no date: always shown").uncheck()
    expect(told).to_contain_text("1 without a date, hidden")
    assert is_near(mean_color(frame, -1.895, 5.35), bare, within=1.0)
    frame.get_by_role("button", name="Later date").click()
    frame.get_by_label("only this date").check()
    expect(told).to_contain_text("On 10 May 2020 alone · 1 of 3 dated features shown")
    assert is_near(mean_color(frame, -1.985, 5.35), bare, within=1.0)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    frame.get_by_role("button", name="Close the time slider").click()
    expect(frame.locator(".cg-time")).to_be_hidden()
    assert not is_near(mean_color(frame, -1.985, 5.35), bare, within=1.0)


def test_a_layer_shows_the_version_that_speaks_for_the_day(server: Server, open_tab: OPEN) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-1.93,5.32,11.5")
    frame = map_of(tab.page)
    only(frame, TITLES, VISITS)
    bare = mean_color(frame, share_world.WEST + 0.07, share_world.SOUTH + 0.02)
    frame.evaluate("CommonGround.session.timeline.choose('2019-03-01')")
    told = frame.locator(".cg-time-words")
    expect(told).to_contain_text("Titles: version 1, 30 Jun 2016")
    frame.wait_for_function(
        "CommonGround.session.drawn().every(({layer}) => layer.state === 'ready')", timeout=SLOW
    )
    assert is_near(mean_color(frame, *EAST), bare)
    frame.evaluate("CommonGround.session.timeline.choose('2021-08-20')")
    expect(told).to_contain_text("Titles: version 2, 30 Jun 2020")
    assert not is_near(mean_color(frame, *EAST), bare)
    frame.evaluate("CommonGround.session.timeline.choose('2010-01-01')")
    expect(told).to_contain_text("Titles: no version that old")


def test_the_slider_is_offered_only_where_there_are_two_dates(
    server: Server, open_tab: OPEN
) -> None:
    frame = map_of(open_tab(f"{server.url}/map?region=tarkwa").page)
    button = frame.get_by_role("button", name="Show the map of a day")
    expect(button).to_be_visible()
    only(frame, BEFORE)
    expect(button).to_be_hidden()


def test_a_run_through_the_dates_ends_at_the_last_and_stands_still_for_who_asks(
    server: Server, open_tab: OPEN, chromium: Browser
) -> None:
    frame = map_of(open_tab(f"{server.url}/map?region=tarkwa").page)
    only(frame, VISITS)
    tool(frame, "Show the map of a day").click()
    frame.get_by_role("button", name="Go through the dates").click()
    expect(frame.locator(".cg-time-words")).to_contain_text("Until 1 Mar 2019")
    expect(frame.locator(".cg-time-words")).to_contain_text("Until 20 Aug 2021", timeout=15_000)
    expect(frame.get_by_role("button", name="Go through the dates")).to_be_visible(timeout=5_000)

    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{server.url}/map?region=tarkwa&day=2020-05-10")
    frame = map_of(page)
    expect(frame.locator(".cg-time-words")).to_contain_text("Until 10 May 2020")
    expect(frame.get_by_role("button", name="Go through the dates")).to_be_hidden()
    expect(frame.get_by_role("button", name="Later date")).to_be_visible()
    context.close()


def test_names_of_layers_are_never_run_and_every_control_has_a_name(
    server: Server, open_tab: OPEN
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&day=2020-05-10")
    frame = map_of(tab.page)
    compare_titles(tab, frame)
    frame.get_by_role("button", name="Picture of the map for printing").click()
    nameless = frame.evaluate(
        "[...document.querySelectorAll('button, input, select, textarea, [role=slider]')]"
        ".filter((e) => !e.getAttribute('aria-label') && !e.textContent.trim()"
        " && !e.closest('label')).length"
    )
    assert nameless == 0
    frame.wait_for_timeout(300)
    assert [tab.page.evaluate("window.pwned"), frame.evaluate("window.pwned")] == [None, None]
    assert tab.left_the_host == []
