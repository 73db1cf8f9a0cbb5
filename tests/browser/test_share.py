"""Links that restore the map as it was left, and the map alone in another page."""

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect

from tests.browser import share_world
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server

pytestmark = pytest.mark.browser

SLOW = 60_000
TITLES = "tarkwa.licences.titles"
BEFORE, AFTER = "tarkwa.landcover.cover-before", "tarkwa.landcover.cover-after"
VISITS = "tarkwa.visits.visits-img-src-x-onerror-window-pwned-1-parent-pwned-1"
STATE = """() => {
    const { session } = CommonGround;
    return {
        layers: Object.fromEntries(
            [...session.layers].map(([id, layer]) => [id, [layer.visible, layer.opacity]])),
        swipe: session.swipe.text(), day: session.timeline.text(), language: session.language,
        view: [session.map.getCenter().lng, session.map.getCenter().lat, session.map.getZoom()],
    };
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the landscape that has a past."""
    folder = tmp_path_factory.mktemp("share")
    share_world.fill(folder / "home", folder)
    process, url = start_server(
        "dashboard.app:app", home=folder / "home", log=folder / "server.log"
    )
    yield Server(url=url, home=folder / "home", log=folder / "server.log")
    stop_server(process)


def map_of(page: Page) -> Frame:
    """The map's frame, once all that is shown is drawn."""
    frames = (frame for frame in page.frames if "/component/" in frame.url)
    for _ in range(600):
        frame = next(frames, None)
        if frame is not None:
            break
        page.wait_for_timeout(100)
        frames = (frame for frame in page.frames if "/component/" in frame.url)
    assert frame is not None
    frame.wait_for_function(
        "window.CommonGround?.session?.base && CommonGround.session.layers.size > 0 &&"
        "[...CommonGround.session.layers.values()].every((l) => !l.visible || l.state === 'ready')",
        timeout=SLOW,
    )
    return frame


def address_has(page: Page, pattern: str) -> None:
    """Wait until the page's address, decoded, matches."""
    page.wait_for_function(
        "(pattern) => new RegExp(pattern).test(decodeURIComponent(location.href))",
        arg=pattern,
        timeout=SLOW,
    )


def tool(frame: Frame, name: str) -> Locator:
    """A button of the map's tools; a phone shows the rest of them when it is asked to."""
    button = frame.get_by_role("button", name=name)
    more = frame.locator('[data-cg="moreTools"]')
    if more.is_visible() and not button.is_visible():
        more.click()
    return button


def open_row(frame: Frame, title: str) -> None:
    """Open the details of a layer in the legend, on a phone the legend itself before that."""
    toggle = frame.get_by_role("button", name="Show legend")
    if toggle.is_visible() and frame.locator(".cg-legend-list").is_hidden():
        toggle.click()
    frame.get_by_role("button", name=f"Opacity, source and date of {title}").click()


@pytest.mark.parametrize(
    "size",
    [pytest.param(DESKTOP, id="desktop", marks=pytest.mark.slow), pytest.param(PHONE, id="phone")],
)
def test_a_link_restores_switches_strength_language_comparison_and_day(
    server: Server, open_tab: Callable[..., Tab], size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa", size=size)
    frame = map_of(tab.page)
    tab.page.evaluate(
        """() => {
            window.runs = 0;
            const app = document.querySelector('[data-test-script-state]');
            new MutationObserver(() => { window.runs += 1; }).observe(app, { attributes: true,
                attributeFilter: ['data-test-script-state'] });
        }"""
    )
    frame.evaluate(f"CommonGround.session.setVisible('{AFTER}', false)")
    frame.evaluate(f"CommonGround.session.setOpacity('{BEFORE}', 0.4)")
    tool(frame, "Show the map of a day").click()
    frame.get_by_role("button", name="Earlier date").click()
    open_row(frame, "Titles")
    frame.get_by_label("Compare Titles with").select_option(label="version 1, 30 Jun 2016")
    frame.get_by_label("Language").select_option("fr")
    frame.evaluate("CommonGround.session.map.setView([5.33, -1.95], 12.5)")
    address_has(tab.page, r"view=-1\.95,5\.33,12\.5")
    address_has(tab.page, r"layers=landcover\.cover-before~40,licences\.titles,visits\.")
    address_has(tab.page, r"lang=fr")
    left = frame.evaluate(STATE)
    assert left["day"] == "2020-06-30"
    assert left["swipe"].startswith("licences.titles,v1,")
    assert tab.page.evaluate("window.runs") == 0

    again = map_of(open_tab(tab.page.url, size=size).page)
    found = again.evaluate(STATE)
    assert found["view"] == pytest.approx(left["view"], abs=1e-4)
    assert {**found, "view": 0} == {**left, "view": 0}
    expect(again.get_by_label("Langue")).to_have_value("fr")


def test_a_link_beats_what_the_tab_remembers_and_later_choices_beat_the_link(
    server: Server, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa")
    frame = map_of(tab.page)
    frame.evaluate(f"CommonGround.session.setVisible('{TITLES}', false)")
    address_has(tab.page, "layers=")
    tab.page.goto(f"{server.url}/map?region=tarkwa&layers=licences.titles~70")
    frame = map_of(tab.page)
    shown = "[...CommonGround.session.layers].filter(([, l]) => l.visible).map(([id]) => id)"
    assert frame.evaluate(shown) == [TITLES]
    assert frame.evaluate(f"CommonGround.session.layers.get('{TITLES}').opacity") == 0.7

    frame.evaluate(f"CommonGround.session.setVisible('{VISITS}', true)")
    tab.page.locator(".st-key-nav").get_by_role("link", name="Data").click()
    tab.page.wait_for_url(re.compile("/data"), timeout=SLOW)
    tab.page.locator(".st-key-nav").get_by_role("link", name="Map").click()
    tab.page.wait_for_url(re.compile("/map"), timeout=SLOW)
    frame = map_of(tab.page)
    assert sorted(frame.evaluate(shown)) == sorted([TITLES, VISITS])
    address_has(tab.page, r"layers=licences\.titles~70,visits\.")


@pytest.mark.parametrize(
    "query",
    [
        "layers=<script>window.pwned=1</script>",
        "swipe=licences.titles,../../etc,50&day=2020-99-99",
        "base=%22%3E&lang=xx&layers=a.b~9999",
        "layers=licences.gone&swipe=licences.gone,licences.titles,5&day=1999-01-01,only",
    ],
)
def test_a_mistyped_link_opens_the_map_all_the_same(
    server: Server, open_tab: Callable[..., Tab], query: str
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&{query}")
    frame = map_of(tab.page)
    assert frame.evaluate("CommonGround.session.language") == "en"
    assert frame.evaluate("window.pwned") is None
    assert tab.page.evaluate("window.pwned") is None
    assert frame.evaluate("CommonGround.session.swipe.sides()") is None


def test_the_panel_gives_the_link_and_the_lines_for_another_page(
    server: Server, open_tab: Callable[..., Tab]
) -> None:
    tab = open_tab(f"{server.url}/?region=tarkwa")
    tab.page.goto(f"{server.url}/map?region=tarkwa")
    frame = map_of(tab.page)
    frame.get_by_role("button", name="Copy a link to this view").focus()
    tab.page.keyboard.press("Enter")
    link = frame.get_by_label("Copy a link to this view").and_(frame.locator("input"))
    expect(link).to_have_value(re.compile(r"/map\?region=tarkwa.*view="))
    frame.get_by_text("Put this map into another page").click()
    lines = frame.get_by_label("Lines that put this map into another page")
    expect(lines).to_have_value(re.compile(r'^<iframe src="http.*&amp;embed=1".*</iframe>$'))
    tab.page.keyboard.press("Escape")
    expect(frame.locator(".cg-panel")).to_be_hidden()
    expect(frame.get_by_role("button", name="Copy a link to this view")).to_be_focused()


FRAME = '<h1>Host</h1><iframe src="{}" style="width:100%;height:520px;border:0"></iframe>'


@pytest.fixture
def other_host() -> Iterator[str]:
    """Another origin, whose page shows the address after its `?` in a frame.

    A server of its own on this machine: from a page that a test only makes up, a browser lets no
    frame reach this machine, whatever our headers say.
    """

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(FRAME.format(self.path.partition("?")[2]).encode())

        def log_message(self, *_args: Any) -> None:
            pass

    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield f"http://localhost:{host.server_port}"
    host.shutdown()
    host.server_close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_embedded_map_stands_alone_and_takes_the_keyboard(
    server: Server, chromium: Browser, size: tuple[int, int]
) -> None:
    page = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    host = f"{server.url}/host.html"
    body = FRAME.format(f"{server.url}/map?region=tarkwa&embed=1")
    page.route(host, lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(host)
    frame = map_of(page)
    outer = next(f for f in page.frames if "/map" in f.url)
    for gone in (".st-key-top", ".st-key-choices", ".st-key-footer", ".st-key-search"):
        assert outer.locator(gone).count() == 0
    assert outer.locator("[data-testid=stSidebar]").count() == 0
    box = frame.locator(".leaflet-container").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(520, abs=2)
    assert box["width"] == pytest.approx(outer.evaluate("innerWidth"), abs=2)
    full = frame.get_by_role("link", name="Open the full page")
    expect(full).to_be_visible()
    assert full.get_attribute("target") == "_blank"
    assert re.search(r"/map\?region=tarkwa", full.get_attribute("href") or "")
    assert "embed" not in (full.get_attribute("href") or "")

    frame.locator(".leaflet-container").focus()
    before = frame.evaluate("CommonGround.session.map.getCenter().lng")
    page.keyboard.press("ArrowRight")
    frame.wait_for_function(f"CommonGround.session.map.getCenter().lng > {before}", timeout=SLOW)
    page.keyboard.press("Tab")
    assert frame.evaluate("document.activeElement.closest('.leaflet-container') !== null")
    page.context.close()


def test_another_host_may_frame_the_map_only_where_the_setting_names_it(
    server: Server,
    chromium: Browser,
    other_host: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = chromium.new_context().new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(f"{other_host}/?{server.url}/map?region=tarkwa&embed=1")
    page.wait_for_timeout(1500)
    assert any("frame-ancestors" in text for text in told)
    assert not any("/component/" in frame.url for frame in page.frames)

    monkeypatch.setenv("COMMONGROUND_EMBED_ORIGINS", other_host)
    process, url = start_server("dashboard.app:app", home=server.home, log=tmp_path / "log")
    try:
        page.goto(f"{other_host}/?{url}/map?region=tarkwa&embed=1")
        frame = map_of(page)
        expect(frame.get_by_role("link", name="Open the full page")).to_be_visible()
    finally:
        page.context.close()
        stop_server(process)
