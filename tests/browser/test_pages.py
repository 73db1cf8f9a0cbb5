"""The whole way in a real browser, at both widths: upload, findings, map, conflict, download.

Then links that restore what was seen, and the hostile corpus through the real file uploader.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from dashboard import workflows
from layers.importing import ImportRequest
from layers.read import ReadRequest
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server

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


def press(page: Page, label: str | re.Pattern[str]) -> None:
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


def unfold_tools(frame: FrameLocator) -> None:
    """A narrow map keeps most of its tools in a drawer."""
    more = frame.get_by_role("button", name="More tools")
    if more.is_visible():
        more.click()


@pytest.mark.parametrize(
    "size",
    [pytest.param(DESKTOP, id="desktop", marks=pytest.mark.slow), pytest.param(PHONE, id="phone")],
)
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


@pytest.mark.slow
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


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_drawn_area_gets_its_figures_in_hectares(
    server: Server, open_tab: OPEN, size: tuple[int, int]
) -> None:
    tab = open_tab(f"{server.url}/map?region=tarkwa&view=-1.99,5.31,13", size=size)
    page = tab.page
    settled(page)
    frame = page.frame_locator("iframe")
    expect(frame.locator(".cg-strip", has_text="licences")).to_be_attached(timeout=SLOW)
    page.wait_for_timeout(1500)
    # a box around the first licence (0.02 x 0.02 degrees, 491 ha) and its site
    unfold_tools(frame)
    frame.get_by_role("button", name="Draw a rectangle").first.click()
    page.mouse.click(*on_screen(page, -2.003, 5.297))
    page.mouse.click(*on_screen(page, -1.977, 5.323))
    panel = page.locator(".st-key-panel-area")
    expect(panel).to_contain_text("Drawn area", timeout=SLOW)
    told = panel.inner_text()
    assert re.search(r"8[0-9]{2}(\.[0-9])?\s?ha", told), told
    line = panel.get_by_text(re.compile(r"49[0-9](\.[0-9])?\s?ha inside, 1 feature"))
    expect(line).to_be_visible(timeout=SLOW)
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    assert tab.left_the_host == []


VIEW = "-1.97,5.32,12"
# whole pixels: the middle of the map moves by less than one of them
LOOKS_AT_13 = re.compile(r"view=-1\.9(7|69)\d*,5\.3(2|19)\d*,13(&|$)")


@pytest.mark.parametrize("what", ["feature", pytest.param("conflict", marks=pytest.mark.slow)])
def test_a_link_with_a_selection_opens_the_map_where_it_looked(
    server: Server, open_tab: OPEN, what: str
) -> None:
    if what == "feature":
        address = f"{server.url}/map?region=tarkwa&feature=tarkwa.mine_sites.pits/P-1&view={VIEW}"
        card = ".st-key-card-mine_sites-map-card, [class*=st-key-card-mine_sites]"
    else:
        store = workflows.open_home(server.home)
        run = workflows.conflicts(store, "tarkwa", on=dt.date(2026, 11, 23), scenarios=())
        store.close()
        chosen = run.table["conflict_id"].iloc[0]
        address = f"{server.url}/conflicts?region=tarkwa&conflict={chosen}&view={VIEW}"
        card = ".st-key-panel-sheet"
    page = open_tab(address).page
    settled(page)
    expect(page.locator(card).first).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(3000)
    looks = LOOKS_AT_13.pattern.replace(",13", ",12")
    assert re.search(looks, page.url.replace("%2C", ",")), page.url
    assert f"{what}=" in page.url
    # the map moves; the link that its button then gives says where it looks at that moment
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Zoom in").click()
    unfold_tools(frame)
    frame.get_by_role("button", name="Copy a link to this view").click()
    field = frame.get_by_role("textbox", name="Copy a link to this view")
    expect(field).to_have_value(LOOKS_AT_13, timeout=SLOW)
    again = open_tab(field.input_value()).page
    settled(again)
    again.wait_for_timeout(3000)
    assert LOOKS_AT_13.search(again.url.replace("%2C", ",")), again.url
    assert f"{what}=" in again.url


def test_a_phone_shows_legend_and_scale_of_the_map_on_its_first_screen(
    server: Server, open_tab: OPEN
) -> None:
    page = open_tab(f"{server.url}/map?region=tarkwa", size=PHONE).page
    settled(page)
    frame = page.frame_locator("iframe")
    for part in (".cg-legend-toggle", ".cg-scale"):
        found = frame.locator(part)
        expect(found).to_be_visible(timeout=SLOW)
        page.wait_for_timeout(500)
        box = found.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE[1], part
    assert fits(page)


def test_a_phone_shows_the_sheet_before_the_map_and_results_fold_to_one_line(
    server: Server, open_tab: OPEN
) -> None:
    page = open_tab(f"{server.url}/conflicts?region=tarkwa", size=PHONE).page
    settled(page)
    page.wait_for_timeout(1500)
    choose_first_row(page)
    sheet = page.locator(".st-key-panel-sheet")
    expect(sheet).to_be_visible(timeout=SLOW)
    page.wait_for_timeout(500)
    above, below = sheet.bounding_box(), page.locator("iframe").first.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] < below["y"]

    go(page, "Map")
    find = page.get_by_role("textbox", name="Find by name or id")
    find.fill("pit")
    find.press("Enter")
    page.get_by_role("button", name="First pit").click(timeout=SLOW)
    # other tests bring pits of their own
    press(page, re.compile(r"^[1-9][0-9]* other results?$"))
    expect(page.get_by_role("button", name="Pit outside")).to_be_visible(timeout=SLOW)
    assert fits(page)


def test_going_back_and_deleting_take_a_yes(server: Server, open_tab: OPEN, tmp_path: Path) -> None:
    store = workflows.open_home(server.home)
    for number, name in ((1, "One dam"), (2, "Another dam")):
        path = tmp_path / f"dams{number}.geojson"
        path.write_bytes(licences().replace(b"One Ltd", name.encode()))
        read = ReadRequest(region_id="betsiboka", kind="licences", crs="EPSG:4326")
        moved = path.read_bytes().replace(b"-2.0", b"46.5").replace(b"-1.9", b"46.6")
        path.write_bytes(moved.replace(b"5.3", b"-17.3"))
        request = ImportRequest(read=replace(read, accept_suggestions=True), layer_name="Blocks")
        report = workflows.run_import(store, path, request, filename=path.name)
        assert report.status == "imported", report.findings
    layer = store.layers("betsiboka")[0]
    tab = open_tab(f"{server.url}/data?region=betsiboka")
    page = tab.page
    settled(page)
    page.get_by_role("combobox", name="Version").click()
    page.get_by_role("option", name="1", exact=True).click()
    settled(page)
    press(page, "Show this version")
    press(page, "Show version 1")
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=SLOW)
    settled(page)
    now = store.layer(layer.layer_id).current
    assert now is not None
    assert now.number == 1

    press(page, "Delete the layer")
    yes = page.get_by_role("button", name="Delete it")
    expect(yes).to_be_disabled(timeout=SLOW)
    typed = page.get_by_role("textbox", name="Type the name of the layer")
    typed.fill("Blocks")
    typed.press("Tab")
    press(page, "Delete it")
    expect(page.get_by_text("No layer yet")).to_be_visible(timeout=SLOW)
    assert store.layers("betsiboka") == ()
    page.get_by_text("Deleted: 1 layer").click()
    press(page, "Bring it back")
    expect(page.get_by_text("Deleted: 1 layer")).to_be_hidden(timeout=SLOW)
    back = store.layers("betsiboka")[0].current
    assert back is not None
    assert back.number == 1
    workflows.delete_layer(store, layer.layer_id)
    store.close()


def test_an_empty_region_shows_its_first_step_at_both_widths(
    server: Server, open_tab: OPEN
) -> None:
    for size in (DESKTOP, PHONE):
        tab = open_tab(f"{server.url}/?region=geita", size=size)
        settled(tab.page)
        expect(tab.page.get_by_text("Bring your own files")).to_be_visible(timeout=SLOW)
        assert fits(tab.page)
        assert tab.left_the_host == []
