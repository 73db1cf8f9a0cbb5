"""The whole way in a real browser, at both widths: upload, findings, map, conflict, download.

Then links that restore what was seen, and the hostile corpus through the real file uploader.
"""

import json
import math
import re
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard import workflows
from layers.importing import ImportRequest
from layers.read import ReadRequest
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.corpus import CASES, Case

pytestmark = pytest.mark.browser

SLOW = 60_000
"""Milliseconds; two busy cores may take long for what one idle core does at once."""
OPEN = Callable[..., Tab]


def square(west: float, south: float, size: float) -> list[list[list[float]]]:
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def licences() -> bytes:
    boxes = [(-2.00, 5.30, "L-1", "One Ltd"), (-1.95, 5.30, "L-2", "Two <i>Ltd</i>")]
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": code, "holder": holder},
                    "geometry": {"type": "Polygon", "coordinates": square(west, south, 0.02)},
                }
                for west, south, code, holder in boxes
            ],
        }
    ).encode()


SITES = b"site_id,name,lon,lat\nP-1,First pit,-1.9890,5.3090\nP-2,Pit outside,-1.9000,5.4000\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with two licences and two sites in it."""
    folder = tmp_path_factory.mktemp("pages")
    home = folder / "home"
    store = workflows.open_home(home)
    for kind, name, content in (
        ("licences", "licences.geojson", licences()),
        ("mine_sites", "pits.csv", SITES),
    ):
        path = folder / name
        path.write_bytes(content)
        request = ImportRequest(
            read=ReadRequest(
                region_id="tarkwa", kind=kind, crs="EPSG:4326", accept_suggestions=True
            )
        )
        report = workflows.run_import(store, path, request, filename=name)
        assert report.status == "imported", report.findings
    store.close()
    process, url = start_server("dashboard.app:app", home=home, log=folder / "server.log")
    yield Server(url=url, home=home, log=folder / "server.log")
    stop_server(process)


def settled(page: Page) -> None:
    """Wait until the page's script has run and nothing is left to draw."""
    page.wait_for_selector(".st-key-footer", timeout=SLOW)
    page.wait_for_selector(
        "[data-testid=stApp][data-test-script-state=notRunning]", timeout=SLOW, state="attached"
    )


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def press(page: Page, label: str) -> None:
    button = page.get_by_role("button", name=label)
    expect(button).to_be_enabled(timeout=SLOW)
    button.scroll_into_view_if_needed()
    button.click()


def go(page: Page, name: str) -> None:
    page.locator(".st-key-nav").get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(rf"/{name.lower()}(\?|$)"), timeout=SLOW)
    settled(page)


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def choose_first_row(page: Page) -> None:
    table = page.locator("[data-testid=stDataFrame] canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 + 17)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_whole_way_from_a_file_to_a_download(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    layer = f"Sites seen on {size[0]}"
    table = (
        "site_id;site name;lon;lat\n"
        f"S-1;Pit <b>one</b> {size[0]};-1,9900;5,3100\n"
        f"S-2;Pit two;-1,9401;5,3101\nS-3;Pit nowhere;;\n"
    ).encode()
    tab = open_tab(f"{server.url}/data?region=tarkwa", size=size)
    page = tab.page
    settled(page)

    upload(page, f"sites_{size[0]}.csv", table)
    expect(page.get_by_text("Guessed from the name")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("3. Check how it will be read")).to_be_visible(timeout=SLOW)
    assert fits(page)
    name = page.get_by_role("textbox", name="Name of the layer")
    name.fill(layer)
    name.press("Tab")
    settled(page)
    answer_and_check(page)
    expect(page.get_by_text("3 rows read = 2 imported")).to_be_visible(timeout=SLOW)
    assert fits(page)
    press(page, f"Import 2 features as “{layer}”")
    expect(page.get_by_text("is now version 1 of layer")).to_be_visible(timeout=SLOW)

    go(page, "Map")
    legend = page.frame_locator("iframe").get_by_text(layer).first
    expect(legend).to_be_attached(timeout=SLOW)
    assert fits(page)

    go(page, "Conflicts")
    expect(page.get_by_text("Choose a row, or a sign on the map")).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(1500)
    choose_first_row(page)
    expect(page.get_by_text("What was measured")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("it stands in no legal text").first).to_be_visible()
    page.wait_for_url(re.compile(r"conflict=[0-9a-f]{16}"), timeout=SLOW)
    assert page.locator(".st-key-panel-sheet b, .st-key-panel-sheet i").count() == 0
    assert fits(page)

    press(page, "Download these")
    with page.expect_download(timeout=SLOW) as waiting:
        press(page, "Download GeoPackage with style")
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(b"SQLite format 3")
    assert waiting.value.suggested_filename.startswith("possible-conflicts-tarkwa-")

    assert tab.left_the_host == []


def answer_and_check(page: Page) -> None:
    """Check the file; where the reader asks where coordinates come from, take what it proposes."""
    press(page, "Check the file")
    expect(page.get_by_text("4. What we found")).to_be_visible(timeout=SLOW)
    choice = page.locator(".st-key-panel-crs [data-testid=stRadio] label")
    if page.locator(".st-key-panel-crs").count():
        expect(page.get_by_text("Stops the import").first).to_be_visible(timeout=SLOW)
        choice.filter(has_text="EPSG:4326").first.click()
        press(page, "Check again")


def test_a_link_restores_the_filter_the_conflict_and_the_date(
    server: Server, open_tab: OPEN
) -> None:
    seen = open_tab(f"{server.url}/conflicts?region=tarkwa&on=2021-05-01&verdict=inside").page
    settled(seen)
    seen.wait_for_timeout(1500)
    choose_first_row(seen)
    seen.wait_for_url(re.compile(r"conflict=[0-9a-f]{16}"), timeout=SLOW)
    headline = seen.locator(".st-key-panel-sheet h3").first.inner_text()

    tab = open_tab(seen.url)
    settled(tab.page)
    expect(tab.page.locator(".st-key-panel-sheet h3").first).to_have_text(headline, timeout=SLOW)
    expect(tab.page.get_by_text("under the rules of 1 May 2021")).to_be_visible()
    pressed = tab.page.locator(".st-key-filters [aria-pressed=true]")
    expect(pressed).to_contain_text(["Inside"])
    assert tab.left_the_host == []


def on_screen(page: Page, longitude: float, latitude: float) -> tuple[float, float]:
    """Where a place stands on the screen, by the view that the map keeps in the address."""
    view = re.search(r"view=([-0-9.]+),([-0-9.]+),([0-9.]+)", page.url)
    frame = page.locator("iframe").first.bounding_box()
    assert view is not None
    assert frame is not None
    west, south, zoom = (float(part) for part in view.groups())
    pixels = 256 * 2**zoom / 360
    right = (longitude - west) * pixels
    # Mercator stretches latitude by 1 / cos, which hardly changes within a screen
    up = (latitude - south) * pixels / math.cos(math.radians(latitude))
    return frame["x"] + frame["width"] / 2 + right, frame["y"] + frame["height"] / 2 - up


def test_table_and_map_choose_the_same_conflict(server: Server, open_tab: OPEN) -> None:
    tab = open_tab(f"{server.url}/conflicts?region=tarkwa&rule=site-in-licence")
    page = tab.page
    settled(page)
    page.wait_for_timeout(1500)
    choose_first_row(page)
    chosen = re.compile(r"conflict=([0-9a-f]{16})")
    page.wait_for_url(chosen, timeout=SLOW)
    first = chosen.search(page.url)
    # the map flies to the licence and the site in it
    page.wait_for_timeout(4000)
    choose_first_row(page)
    page.wait_for_url(lambda url: "conflict=" not in url, timeout=SLOW)
    expect(page.get_by_text("Choose a row, or a sign on the map")).to_be_visible(timeout=SLOW)
    page.wait_for_url(re.compile("view="), timeout=SLOW)
    page.mouse.click(*on_screen(page, -1.9890, 5.3090))
    page.wait_for_url(chosen, timeout=SLOW)
    again = chosen.search(page.url)
    assert first is not None
    assert again is not None
    assert again.group(1) == first.group(1)
    expect(page.locator(".st-key-panel-sheet")).to_be_visible(timeout=SLOW)


def test_an_empty_region_shows_its_first_step_at_both_widths(
    server: Server, open_tab: OPEN
) -> None:
    for size in (DESKTOP, PHONE):
        tab = open_tab(f"{server.url}/?region=geita", size=size)
        settled(tab.page)
        expect(tab.page.get_by_text("Bring your own files")).to_be_visible(timeout=SLOW)
        assert fits(tab.page)
        assert tab.left_the_host == []


def test_every_broken_or_hostile_upload_ends_in_a_sentence_and_the_server_lives(
    server: Server, open_tab: OPEN
) -> None:
    tab = open_tab(f"{server.url}/data?region=ituri")
    page = tab.page
    settled(page)
    wrong = []
    for number, case in enumerate(CASES):
        told = outcome(page, case, name=f"{number:02d}-{case.filename}")
        if not is_a_sentence(told):
            wrong.append((case.name, told))
        clear(page)
    assert wrong == []
    with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=10) as answer:
        assert answer.status == 200
    upload(page, "good.geojson", licences())
    expect(page.get_by_text("2. Say what it shows")).to_be_visible(timeout=SLOW)
    assert tab.left_the_host == []


def outcome(page: Page, case: Case, *, name: str) -> str:
    """What the page says of an upload: the refusal, or that it asks what the file shows."""
    from tests.corpus import BAIT

    upload(page, name, case.content(BAIT))
    refusal = page.locator("[data-testid=stAlertContentError]")
    asked = page.get_by_text("2. Say what it shows")
    expect(refusal.or_(asked).first).to_be_visible(timeout=SLOW)
    if refusal.first.is_visible():
        return refusal.first.inner_text()
    if case.expect == "refused":
        return f"not refused: {name}"
    return "It is asked what the file shows."


def clear(page: Page) -> None:
    """Take the file away again, once the page has come to rest with it and then without it."""
    settled(page)
    page.locator("[data-testid=stFileChipDeleteBtn] button").first.click()
    expect(page.locator("[data-testid=stFileChip]")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_text("Zipped shapefile, GeoPackage, GeoJSON")).to_be_visible(timeout=SLOW)
    settled(page)


def is_a_sentence(text: str) -> bool:
    """One or two plain sentences, and no trace of code."""
    plain = " ".join(text.split())
    return (
        20 <= len(plain) <= 600
        and plain.endswith((".", "?"))
        and not re.search(r"Traceback|File \"|0x[0-9a-f]{6}|went wrong on our side", plain)
    )
