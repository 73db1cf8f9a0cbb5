"""Pictures in a real browser: drawn, compared, taken back in time, clicked and printed."""

import datetime as dt
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Frame, expect

from dashboard import workflows
from tests.browser.conftest import PHONE, Server, Tab, start_server, stop_server
from tests.browser.test_rasters import _picture, color_at
from tests.dashboard.test_pictures import at_pixel
from tests.layers.picture_samples import BLUE, GREEN, RED, bring, photo, quarters
from tests.layers.raster_samples import NEAR_TARKWA, grid

pytestmark = pytest.mark.browser

SLOW = 60_000
LOSS = 14


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with a picture of two dates, whose halves have changed places, and one beside."""
    folder = tmp_path_factory.mktemp("pictures")
    home = folder / "home"
    store = workflows.open_home(home)
    bring(store, photo(folder / "a.tif", quarters()[:, ::-1]), day=dt.date(2023, 2, 1))
    bring(store, photo(folder / "b.tif"), day=dt.date(2025, 2, 1))
    beside = grid(pixel_m=20, at=(NEAR_TARKWA[0] + 5_000, NEAR_TARKWA[1]))
    path = photo(folder / "c.tif", transform=beside)
    bring(store, path, name="Beside", day=dt.date(2024, 6, 1))
    store.close()
    process, url = start_server("dashboard.app:app", home=home, log=folder / "server.log")
    yield Server(url=url, home=home, log=folder / "server.log")
    stop_server(process)


def map_of(tab: Tab) -> Frame:
    tab.page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=SLOW)
    frame = next(frame for frame in tab.page.frames if "/component/" in frame.url)
    ready(frame)
    return frame


def ready(frame: Frame) -> None:
    """All tiles that are asked for have come, of the layer and of its older version."""
    frame.wait_for_function(
        "[...CommonGround.session.layers.values(), ...CommonGround.session.layers.older.values()]"
        ".every((one) => !one.tiles || !one.tiles.waiting) && "
        "[...CommonGround.session.layers.values()].some((one) => one.tiles.kept.size)",
        timeout=SLOW,
    )


def shows(frame: Frame, color: tuple[int, ...], column: float, row: float) -> bool:
    seen = color_at(frame, *at_pixel(column, row))
    return bool(np.abs(np.array(seen[:3]) - color).max() <= LOSS)


def test_a_picture_is_drawn_compared_dated_clicked_and_printed(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    lon, lat = at_pixel(64, 64)
    view = f"view={lon:.5f},{lat:.5f},14"
    tab = open_tab(f"{server.url}/map?region=tarkwa&{view}")
    frame = map_of(tab)
    assert shows(frame, RED, 60, 56)
    assert shows(frame, GREEN, 70, 56)
    assert shows(frame, BLUE, 60, 72)
    row = frame.locator("[data-cg-layer='tarkwa.imagery.drone']")
    expect(row).to_contain_text("picture · 1 Feb 2025")
    assert all(".webp?c=" in url for url in tab.requests if "/cg/raster/" in url)

    # before and after, chosen in the legend and kept by the link
    row.locator(".cg-more").click()
    assert row.locator(".cg-compare option").all_inner_texts() == [
        "nothing", "version 1, 1 Feb 2023", "Beside, 1 Jun 2024",
    ]  # fmt: skip
    row.locator(".cg-compare select").select_option("v1")
    ready(frame)
    frame.evaluate("CommonGround.session.swipe.move(0.5)")
    frame.evaluate("([lon, lat]) => CommonGround.session.map.setView([lat, lon], 14, "
                   "{ animate: false })", [lon, lat])  # fmt: skip
    ready(frame)
    assert shows(frame, BLUE, 60, 56)
    assert shows(frame, GREEN, 70, 56)
    link = frame.evaluate("CommonGround.session.keeper.address()")
    assert "swipe=imagery.drone%2Cv1%2C50" in link or "swipe=imagery.drone,v1,50" in link
    _picture(tab.page, "pictures-swipe")

    # the day of the older one, then the newest again
    frame.evaluate("CommonGround.session.swipe.stop()")
    frame.evaluate("CommonGround.session.timeline.choose('2024-01-01')")
    ready(frame)
    assert shows(frame, BLUE, 60, 56)
    titles = "CommonGround.session.drawn().map(({ layer }) => layer.spec.title)"
    assert frame.evaluate(titles) == ["Drone"]
    stops = frame.evaluate("CommonGround.session.timeline.stops")
    assert stops == ["2023-02-01", "2024-06-01", "2025-02-01"]
    expect(frame.locator(".cg-time-words")).to_contain_text("Drone: version 1, 1 Feb 2023")
    frame.evaluate("CommonGround.session.timeline.choose('2024-06-01')")
    assert frame.evaluate(titles) == ["Beside", "Drone"]
    expect(frame.locator(".cg-time-words")).to_contain_text("Beside: 1 Jun 2024")
    frame.evaluate("CommonGround.session.timeline.close()")
    assert shows(frame, RED, 60, 56)

    frame.evaluate("CommonGround.session.map.panBy([40, 40], { animate: false })")
    ready(frame)
    box = frame.locator(".leaflet-container").bounding_box()
    frame.locator(".leaflet-container").click(
        position={"x": box["width"] / 2, "y": box["height"] / 2}
    )
    popup = frame.locator(".cg-popup")
    expect(popup).to_contain_text("Picture of 2025-02-01, no values", timeout=SLOW)
    expect(tab.page.locator("[class*=st-key-card-imagery]")).to_contain_text("raids", timeout=SLOW)

    seen = frame.evaluate(
        """async () => {
            const { session } = CommonGround;
            const made = await CommonGround.printed(session, { paper: "A4", title: "Print" });
            const image = await createImageBitmap(made.blob);
            const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
            pen.drawImage(image, 0, 0);
            const { frame, dense } = made;
            const at = [frame.x, frame.y, frame.width, frame.height].map((one) => one * dense);
            const part = pen.getImageData(...at).data;
            const near = (i) => [200, 40, 30].every((one, k) => Math.abs(part[i + k] - one) < 14);
            let red = 0;
            for (let i = 0; i < part.length; i += 4) red += near(i);
            return [made.missing, red / (part.length / 4)];
        }"""
    )
    assert seen[0] == 0
    assert seen[1] > 0.02
    assert tab.left_the_host == []


def test_a_link_opens_the_comparison_on_a_phone(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    lon, lat = at_pixel(64, 64)
    view = f"view={lon:.5f},{lat:.5f},14"
    tab = open_tab(f"{server.url}/map?region=tarkwa&{view}&swipe=imagery.drone,v1,50", size=PHONE)
    frame = map_of(tab)
    assert shows(frame, BLUE, 58, 50)
    assert shows(frame, GREEN, 70, 50)
    assert tab.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    frame.locator(".cg-legend-toggle").click()
    expect(frame.locator(".cg-legend")).to_contain_text("picture · 1 Feb 2025")
    _picture(tab.page, "pictures-phone")
