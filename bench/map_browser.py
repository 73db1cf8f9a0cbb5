"""How soon a map is painted in headless Chromium, and what came over the wire for it.

Nothing of the page's own is asked: every drawing call of every canvas is noted, and a map counts
as painted when the frame of its last drawing was on the screen and the page free again, before a
second in which nothing was asked, came in or was drawn. So it measures whatever client there is,
folium's own paths too.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium

QUIET_MS = 1_000
SLOW_LINE = {"latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""Some 3G: 400 ms and 400 kbit/s."""
SLOW_CPU = 4

WATCH = """
(() => {
  const seen = (window.__painted = { last: 0, calls: 0, busy: false });
  // The frame that a drawing is in is on the screen, and the page free again, when a timer set at
  // that frame runs.
  const note = () => {
    seen.calls += 1;
    if (seen.busy) return;
    seen.busy = true;
    requestAnimationFrame(() => setTimeout(() => {
      seen.last = performance.timeOrigin + performance.now();
      seen.busy = false;
    }));
  };
  const wrap = (type, names) => {
    if (!type) return;
    for (const name of names) {
      const plain = type.prototype[name];
      type.prototype[name] = function (...given) { note(); return plain.apply(this, given); };
    }
  };
  wrap(window.CanvasRenderingContext2D, ["fill", "stroke", "fillRect", "drawImage"]);
  wrap(window.WebGLRenderingContext, ["drawArrays", "drawElements"]);
  wrap(window.WebGL2RenderingContext, ["drawArrays", "drawElements"]);
  // Paths of SVG, as folium draws them, are counted at each frame. A frame of a component keeps
  // its window when its page arrives, but not its document: this is begun anew for each.
  window.__look = () => {
    if (seen.document === document) return;
    seen.document = document;
    const paths = document.getElementsByTagName("path");
    let before = 0;
    const look = () => {
      if (paths.length !== before) note();
      before = paths.length;
      requestAnimationFrame(look);
    };
    look();
  };
})();
"""


@dataclass
class Visit:
    """One opening of a page. Seconds from the start of its navigation; bytes as sent."""

    painted_s: float
    calls: int
    bytes_by: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    waited: bool = True

    @property
    def data_bytes(self) -> int:
        """What the map's data took: tiles, features, base map, and what came through the socket."""
        return sum(self.bytes_by.get(part, 0) for part in ("tiles", "cg", "socket"))


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), headless=True, args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


def fresh(browser: Browser, *, size: tuple[int, int] = (1280, 800)) -> BrowserContext:
    """A profile that knows nothing yet."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_init_script(WATCH)
    return context


def visit(
    context: BrowserContext, url: str, *, slow: bool = False, timeout_s: float = 120
) -> Visit:
    """Open a page and wait until its map is painted; `waited` is False at the timeout."""
    page = context.new_page()
    traffic = Traffic(page)
    if slow:
        traffic.session.send("Network.emulateNetworkConditions", {"offline": False, **SLOW_LINE})
        traffic.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
    page.goto(url, wait_until="commit")
    started = page.evaluate("performance.timeOrigin")
    deadline = time.monotonic() + timeout_s
    last, calls, waited = 0.0, 0, False
    while time.monotonic() < deadline:
        page.wait_for_timeout(150)
        seen, at = _drawn(page)
        if seen is None:
            continue
        last, calls = seen
        quiet = at - max(last, traffic.last_ms)
        if last and calls and not traffic.open and quiet > QUIET_MS * (3 if slow else 1):
            waited = True
            break
    told = Visit(
        painted_s=(last - started) / 1_000,
        calls=calls,
        bytes_by=dict(traffic.bytes_by),
        requests=traffic.requests,
        waited=waited,
    )
    page.close()
    return told


def _drawn(page: Page) -> tuple[tuple[float, int] | None, float]:
    """When the map's frame last drew and how often, and the time; None before there is a frame."""
    for frame in page.frames:
        if "/component/" in urlsplit(frame.url).path:
            look = "(__look(), [__painted.busy ? 0 : __painted.last, __painted.calls, Date.now()])"
            with contextlib.suppress(PlaywrightError):  # the frame is just being replaced
                told = frame.evaluate(look)
                return (float(told[0]), int(told[1])), float(told[2])
    return None, 0.0


class Traffic:
    """What a page asks for and gets, by its part of the server."""

    def __init__(self, page: Page) -> None:
        self.session: Any = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.open: dict[str, str] = {}
        self.bytes_by: dict[str, int] = {}
        self.requests = 0
        self.last_ms = 0.0
        self.longest_ms = 0.0
        self._begun: dict[str, float] = {}
        self.session.on("Network.requestWillBeSent", self._asked)
        self.session.on("Network.loadingFinished", self._came)
        self.session.on("Network.loadingFailed", self._failed)
        self.session.on("Network.webSocketFrameReceived", self._framed)
        self.session.on("Network.webSocketFrameSent", self._told)

    def _asked(self, event: Any) -> None:
        parts = urlsplit(event["request"]["url"])
        if parts.scheme in ("http", "https"):
            self.open[event["requestId"]] = _part(parts.path)
            self._begun[event["requestId"]] = event["timestamp"]
            self.requests += 1
            self.last_ms = 1_000 * time.time()

    def _came(self, event: Any) -> None:
        part = self.open.pop(event["requestId"], None)
        begun = self._begun.pop(event["requestId"], event["timestamp"])
        self.longest_ms = max(self.longest_ms, 1_000 * (event["timestamp"] - begun))
        if part is not None:
            self._add(part, int(event["encodedDataLength"]))

    def _failed(self, event: Any) -> None:
        self.open.pop(event["requestId"], None)

    def _framed(self, event: Any) -> None:
        frame = event["response"]
        size = len(frame["payloadData"])
        self._add("socket", size * 3 // 4 if frame["opcode"] == 2 else size)

    def _told(self, event: Any) -> None:
        self._add("sent", len(event["response"]["payloadData"]) * 3 // 4)

    def _add(self, part: str, size: int) -> None:
        self.bytes_by[part] = self.bytes_by.get(part, 0) + size
        self.last_ms = 1_000 * time.time()


def _part(path: str) -> str:
    """What an address is for: our scripts and styles, or the first word of its path."""
    return "scripts" if path.startswith("/cg/static/") else path.split("/")[1]
