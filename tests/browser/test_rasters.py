"""Rasters in a real browser: painted from tiles, told in the legend, answered under a click."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Frame, Page, expect

from dashboard import workflows
from layers.facts import kind
from layers.importing import ImportRequest
from layers.read import ReadRequest
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.layers.raster_samples import grid, write_tif

pytestmark = pytest.mark.browser

SLOW = 60_000
COLORS = kind("landcover").colors
TABLE = {"1": "forest", "2": "water", "7": "leave-out", "9": "cropland"}


def cover() -> np.ndarray:
    """Quarters: cropland, forest, water, left out; a frame without data."""
    values = np.zeros((200, 200), dtype="uint8")
    values[20:100, 20:100], values[20:100, 100:180] = 9, 1
    values[100:180, 20:100], values[100:180, 100:180] = 2, 7
    return values


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with one raster in it."""
    folder = tmp_path_factory.mktemp("rasters")
    home = folder / "home"
    path = write_tif(folder / "cover.tif", cover(), nodata=0, transform=grid(pixel_m=50))
    store = workflows.open_home(home)
    request = ImportRequest(
        read=ReadRequest(region_id="tarkwa", kind="landcover", class_values=TABLE),
        layer_name="Land cover",
        data_date=dt.date(2024, 1, 15),
        source_note="A test",
    )
    report = workflows.run_import(store, path, request, filename="cover.tif")
    assert report.status == "imported", report.findings
    store.close()
    process, url = start_server("dashboard.app:app", home=home, log=folder / "server.log")
    yield Server(url=url, home=home, log=folder / "server.log")
    stop_server(process)


def map_of(tab: Tab) -> Frame:
    tab.page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=SLOW)
    frame = next(frame for frame in tab.page.frames if "/component/" in frame.url)
    frame.wait_for_function(
        "[...CommonGround.session.layers.values()].some((l) => l.tiles && l.state === 'ready')",
        timeout=SLOW,
    )
    # colours are compared at full strength; pages begin paler
    frame.evaluate(
        "for (const [id, one] of CommonGround.session.layers)"
        " if (one.tiles) CommonGround.session.setOpacity(id, 1)"
    )
    return frame


def color_at(frame: Frame, lon: float, lat: float) -> list[int]:
    """What the map's canvas shows at a place, once it was painted again."""
    return frame.evaluate(
        """([lon, lat]) => new Promise((done) => {
            const { session } = CommonGround;
            session.painter.redraw();
            requestAnimationFrame(() => requestAnimationFrame(() => {
                const point = session.map.latLngToLayerPoint([lat, lon]);
                const painter = session.painter;
                const at = point.subtract(painter._bounds.min).multiplyBy(painter._dense);
                done([...painter._pen.getImageData(at.x, at.y, 1, 1).data]);
            }));
        })""",
        [lon, lat],
    )


def place(column: int, row: int) -> tuple[float, float]:
    """Longitude and latitude of the middle of a pixel."""
    import pyproj

    back = pyproj.Transformer.from_crs(32630, 4326, always_xy=True)
    return back.transform(600_000 + (column + 0.5) * 50, 590_000 - (row + 0.5) * 50)


def rgb(name: str) -> list[int]:
    return [int(COLORS[name][at : at + 2], 16) for at in (1, 3, 5)]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_tiles_are_painted_in_the_colours_of_the_legend(
    open_tab: Callable[..., Tab], server: Server, size: tuple[int, int]
) -> None:
    lon, lat = place(100, 100)
    tab = open_tab(f"{server.url}/map?region=tarkwa&view={lon:.5f},{lat:.5f},12", size=size)
    frame = map_of(tab)
    empty = color_at(frame, *place(5, 100))[:3]
    for name, column, row in (("cropland", 90, 90), ("forest", 110, 90), ("water", 90, 110)):
        assert color_at(frame, *place(column, row))[:3] == rgb(name), name
    assert color_at(frame, *place(110, 110))[:3] == empty
    assert empty not in [rgb(name) for name in COLORS]
    if size == PHONE:
        frame.locator(".cg-legend-toggle").click()
    shown = frame.locator(".cg-classes li")
    assert [one.strip() for one in shown.all_inner_texts()] == ["cropland", "water", "forest"]
    expect(frame.locator(".cg-legend")).to_contain_text("pixels with a class")
    assert tab.left_the_host == []
    assert not [url for url in tab.requests if "/cg/raster/" in url and ".png?c=" not in url]
    _picture(tab.page, f"rasters-map-{size[0]}")


def test_opacity_and_the_switch_of_the_legend_reach_the_raster(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    lon, lat = place(100, 100)
    tab = open_tab(f"{server.url}/map?region=tarkwa&view={lon:.5f},{lat:.5f},13")
    frame = map_of(tab)
    layer_id = frame.evaluate("[...CommonGround.session.layers.keys()][0]")
    frame.evaluate("(id) => CommonGround.session.setOpacity(id, 0.4)", layer_id)
    faint = color_at(frame, *place(90, 90))[:3]
    assert faint != rgb("cropland")
    frame.locator(".cg-row input[type=checkbox]").first.uncheck()
    gone = color_at(frame, *place(90, 90))[:3]
    assert gone == color_at(frame, *place(5, 100))[:3]
    expect(frame.locator(".cg-classes")).to_have_count(0)


def test_a_click_says_the_class_of_the_pixel_and_outlines_it(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    lon, lat = place(90, 90)
    tab = open_tab(f"{server.url}/map?region=tarkwa&view={lon:.5f},{lat:.5f},14")
    frame = map_of(tab)
    box = frame.locator(".leaflet-container").bounding_box()
    frame.locator(".leaflet-container").click(
        position={"x": box["width"] / 2, "y": box["height"] / 2}
    )
    popup = frame.locator(".cg-popup")
    expect(popup).to_contain_text("cropland", timeout=SLOW)
    expect(popup).to_contain_text("50.0 x 50.0")
    frame.wait_for_function("CommonGround.session.chosen.shapes.length === 1")
    expect(tab.page.locator("[class*=st-key-card-landcover]")).to_contain_text(
        "cropland", timeout=SLOW
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_wizard_fits_the_screen_and_shows_a_picture(
    open_tab: Callable[..., Tab], server: Server, tmp_path: Path, size: tuple[int, int]
) -> None:
    tif = write_tif(tmp_path / "w.tif", cover(), nodata=0, transform=grid(pixel_m=50))
    tab = open_tab(f"{server.url}/data?region=tarkwa", size=size)
    page = tab.page
    page.wait_for_selector(".st-key-footer", timeout=SLOW)
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(
        {"name": "w.tif", "mimeType": "image/tiff", "buffer": tif.read_bytes()}
    )
    expect(page.get_by_text("3. Say what its numbers mean")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile(r"Value 9:"))).to_be_visible()
    expect(page.locator("[data-testid=stImage] img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    _picture(page, f"rasters-wizard-{size[0]}")
    assert tab.left_the_host == []


def _picture(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for pictures, in CG_PICTURES."""
    import os

    folder = os.environ.get("CG_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page="wizard" in name)
