"""What a switch at the map costs: bytes over the wire, the server's time, its socket included.

A person switches a layer, one of its classes, its opacity or the base map, each there and back, and
what the page around the map offers. Counted is what the browser sends and gets until a second has
passed in which nothing came, and the processor time of the server and its children in that while.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playwright.sync_api import BrowserContext, Frame, Page

from bench import meter
from bench.map_browser import Traffic
from bench.map_server import Server

GOAL = "Goal of a switch: at most 30 kB and 100 ms of the server's time."
QUIET_MS = 1_000
LONGEST_S = 12
TIMES = 6
"""Of each switch, an even number: all are back where they were. CPU is told in steps of 10 ms, so
the mean of several is taken."""
SETTLED = "window.CommonGround?.session?.base && CommonGround.session.isSettled"
LARGEST = """[...CommonGround.session.layers.values()].filter((layer) => layer.vector)
  .sort((one, other) => other.spec.features - one.spec.features)[0].spec.id"""


def _control(kind: str) -> str:
    start = f"`{kind} ${{{LARGEST}}}`"
    return (
        "[...document.querySelectorAll('[data-cg-focus]')]"
        f".find((one) => one.getAttribute('data-cg-focus').startsWith({start}))"
    )


SWITCHES = {
    "a layer": f"{_control('show')}.click()",
    "a class of a layer": f"""(() => {{
      const {{ session }} = CommonGround;
      const layer = session.layers.get({LARGEST});
      const [name = null] = CommonGround.classesSeen(layer);
      session.setClass(layer.spec.id, name, layer.hidden.has(name));
    }})()""",
    "opacity": f"""(() => {{
      const slider = {_control("opacity")};
      slider.value = slider.value === "0.5" ? "1" : "0.5";
      slider.dispatchEvent(new Event("input"));
    }})()""",
    "the base map": """(() => {
      const { session, BASE_STYLES } = CommonGround;
      session.setBase(session.baseStyle === BASE_STYLES[0] ? BASE_STYLES[1] : BASE_STYLES[0]);
    })()""",
}


@dataclass
class Cost:
    """What one switch took each time: bytes as sent, requests, and the longest answer; and the
    server's processor time in ms, over all."""

    name: str
    bytes_: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    longest_ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0


def costs(
    context: BrowserContext,
    server: Server,
    path: str,
    *,
    timeout_s: float,
    labels: Sequence[str] = (),
) -> list[Cost]:
    """The costs of all switches at a page with a map.

    `labels` name switches of the page around it, which make Streamlit run the page again. Each is
    used once before, so that what it shows has been computed.
    """
    page = context.new_page()
    traffic = Traffic(page)
    page.goto(f"{server.url}{path}", wait_until="commit")
    frame = _map_frame(page, timeout_s)
    frame.wait_for_function(SETTLED, timeout=1_000 * timeout_s)
    frame.evaluate(f"{_control('more')}.click()")
    _until_quiet(page, traffic)
    at_map = {name: partial(frame.evaluate, script) for name, script in SWITCHES.items()}
    around = {f"“{label}”": page.get_by_text(label, exact=True).click for label in labels}
    for switch in around.values():
        switch()
        _until_quiet(page, traffic)
    told = list(_each(page, at_map | around, traffic, server))
    page.close()
    return told


def _each(
    page: Page, switches: Mapping[str, Callable[[], Any]], traffic: Traffic, server: Server
) -> Iterator[Cost]:
    for name, switch in switches.items():
        cost = Cost(name)
        cpu = meter.cpu_s(server.pid)
        for _ in range(TIMES):
            was = sum(traffic.bytes_by.values()), traffic.requests
            traffic.longest_ms = 0.0
            switch()
            _until_quiet(page, traffic)
            cost.bytes_.append(sum(traffic.bytes_by.values()) - was[0])
            cost.requests.append(traffic.requests - was[1])
            cost.longest_ms.append(traffic.longest_ms)
        cost.cpu_ms = 1_000 * (meter.cpu_s(server.pid) - cpu) / TIMES
        yield cost


def _map_frame(page: Page, timeout_s: float) -> Frame:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = [one for one in page.frames if "/component/" in one.url]
        if found:
            return found[0]
        page.wait_for_timeout(100)
    raise RuntimeError(f"There was no map within {timeout_s:.0f} s.")


def _until_quiet(page: Page, traffic: Traffic) -> None:
    """Wait until nothing is on its way; a request whose end the browser never tells is given up."""
    end = time.monotonic() + LONGEST_S
    page.wait_for_timeout(QUIET_MS)
    while time.monotonic() < end and (
        traffic.open or 1_000 * time.time() - traffic.last_ms < QUIET_MS
    ):
        page.wait_for_timeout(100)


def lines(pages: dict[str, list[Cost]]) -> list[str]:
    """The costs as a table: of bytes, requests and answers the most, of the server the mean."""
    told = [
        "| page | switched | kB, most | requests, most | server ms | longest answer ms |",
        "|---|---|---|---|---|---|",
    ]
    for page, found in pages.items():
        told += [
            f"| {page} | {cost.name} | {max(cost.bytes_) / 1e3:.1f} | {max(cost.requests)} | "
            f"{cost.cpu_ms:.0f} | {statistics.median(cost.longest_ms):.0f} |"
            for cost in found
        ]
    return [*told, "", GOAL]
