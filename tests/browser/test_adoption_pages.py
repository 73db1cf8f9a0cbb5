"""The pages of adoption in a real browser, at both widths: charts, drill, links, a correction."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from dashboard import workflows
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.browser.test_pages import SLOW, fits, press, settled
from tests.dashboard.adoption_world import POND, SECOND, filled

pytestmark = pytest.mark.browser
OPEN = Callable[..., Tab]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with the small landscape and its visits in it."""
    folder = tmp_path_factory.mktemp("adoption")
    home = folder / "home"
    filled(workflows.open_home(home)).close()
    process, url = start_server("dashboard.app:app", home=home, log=folder / "server.log")
    yield Server(url=url, home=home, log=folder / "server.log")
    stop_server(process)


def go(page: Page, name: str, path: str) -> None:
    """Follow a link of the second row."""
    page.locator(".st-key-subnav").get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(rf"/{path}(\?|$)"), timeout=SLOW)
    settled(page)


def charts(page: Page) -> list[str]:
    """What the charts that are seen say to those who do not see them; each of them was drawn."""
    found = page.locator("[class*=st-key-chart-] img:visible")
    expect(found.first).to_be_visible(timeout=SLOW)
    drawn = found.evaluate_all(
        "all => all.map(one => one.complete && one.naturalWidth > 100 && one.clientWidth > 200)"
    )
    assert all(drawn)
    return [one.get_attribute("alt") or "" for one in found.all()]


def quiet(tab: Tab) -> bool:
    """No other host was asked, and nothing went wrong but Streamlit looking for its own root.

    A page below the root asks for `<page>/_stcore/…` first, is told 404, and asks again above.
    """
    own = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    looked = [url for url in tab.requests if re.search(r"/\w+/_stcore/", urlsplit(url).path)]
    odd = [text for text in tab.complaints if text != own]
    return tab.left_the_host == [] and odd == [] and len(tab.complaints) <= len(looked)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_four_pages_are_walked_and_a_link_restores_what_was_seen(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/adoption?region=tarkwa", size=size)
    page = tab.page
    settled(page)
    told = charts(page)
    # practices, map, districts, the same sites: one of each pair, for the width there is
    assert len(told) == 4
    assert "33 of 58 sites" in told[0]
    assert fits(page)
    expect(page.get_by_text("Absence of data is not absence of mining").first).to_be_visible()

    go(page, "Coverage", "coverage")
    expect(page.get_by_text("Never visited").first).to_be_visible()
    assert fits(page)
    go(page, "Road map", "roadmap")
    expect(page.get_by_text("has no action yet")).to_be_visible()
    assert fits(page)
    go(page, "Compare", "compare")
    expect(page.get_by_text("Before you compare")).to_be_visible()
    assert len(charts(page)) == 1
    assert fits(page)
    assert quiet(tab), (tab.left_the_host, tab.complaints)

    # a link carries practice, round, district and site; the header's entry stays marked below it
    link = f"/adoption?region=tarkwa&practice={POND}&round={SECOND}&area=d1&site=w0"
    other = open_tab(server.url + link, size=size)
    settled(other.page)
    expect(other.page.get_by_role("heading", name="Practices in West")).to_be_visible()
    expect(other.page.get_by_role("heading", name="West 0")).to_be_visible(timeout=SLOW)
    assert {"practice", "round", "area", "site"} <= {
        part.split("=")[0] for part in urlsplit(other.page.url).query.split("&")
    }
    assert quiet(other), (other.left_the_host, other.complaints)


def choose(page: Page, label: str, name: str) -> None:
    """Choose from a list; a run of the page that comes in between closes it, then once more."""
    for _ in range(10):
        page.get_by_label(label, exact=True).press("ArrowDown")
        try:
            page.get_by_role("option", name=name).last.click(timeout=2_500)
        except PlaywrightTimeout:
            page.keyboard.press("Escape")
        else:
            return
    raise AssertionError(f"'{name}' could not be chosen")


def test_a_value_is_put_right_and_a_brief_is_taken_away(server: Server, open_tab: OPEN) -> None:
    tab = open_tab(f"{server.url}/adoption?region=tarkwa&practice={POND}&site=w1", size=DESKTOP)
    page = tab.page
    settled(page)
    page.get_by_text("Put a value right").click()
    # by keyboard: choose what is to be changed, the new number, who and why
    choose(page, "What", "Women at work")
    number = page.get_by_label("Women at work (empty = no data)")
    number.fill("9")
    number.press("Tab")
    settled(page)
    page.get_by_label("Your name").fill("Ama")
    page.get_by_label("Your name").press("Tab")
    settled(page)
    page.get_by_label("Why", exact=True).fill("Three were at the river")
    page.get_by_label("Why", exact=True).press("Tab")
    settled(page)
    press(page, "Save the correction")
    expect(page.get_by_text("was “6”, now “9”")).to_be_visible(timeout=SLOW)
    settled(page)
    with page.expect_download(timeout=SLOW) as download:
        press(page, "Brief of two pages (PDF)")
    assert download.value.path().read_bytes().startswith(b"%PDF")
    assert quiet(tab), (tab.left_the_host, tab.complaints)
