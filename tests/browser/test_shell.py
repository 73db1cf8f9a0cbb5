"""In a browser: the page names what it asks for, its socket opens at once, nothing is in vain."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.browser.conftest import Server


def test_a_map_page_names_its_scripts_asks_for_nothing_that_is_not_there_and_keeps_its_frame(
    live_server: Server, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    told: list[str] = []
    failed: list[tuple[int, str]] = []
    page.on("websocket", lambda socket: told.append("socket"))
    page.on("request", lambda request: told.append(urlsplit(request.url).path))
    page.on(
        "response",
        lambda answer: answer.status >= 400 and failed.append((answer.status, answer.url)),
    )

    def open_map() -> list[str]:
        told.clear()
        answer = page.goto(f"{live_server.url}/map", wait_until="domcontentloaded")
        assert answer is not None
        page.frame_locator("iframe").locator(".cg-legend").wait_for(timeout=60_000)
        page.wait_for_timeout(1_000)
        return re.findall(r'href="\./([^"?]+)', answer.text())

    named = {f"/{name}" for name in open_map()}
    asked = [path for path in told if path.endswith((".js", ".css"))]
    # the script that starts it all, and what Streamlit asks for with a part of its own accord
    unnamed = {path for path in asked if path not in named and "/index." not in path}
    assert unnamed == set()
    assert failed == []
    assert told.count("socket") == 1
    assert not any(path.endswith("/map/_stcore/health") for path in told)
    frames = [path for path in told if path.endswith("/index.html")]
    assert all(re.search(r"/[0-9a-f]{12}/index\.html$", path) for path in frames)

    # once more: the frame and all scripts are kept, the page is asked for and is the same
    sizes = []
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    open_map()
    assert failed == []
    assert sum(sizes) < 40_000
    context.close()
