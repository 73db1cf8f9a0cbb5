"""What the map page weighs in a browser: requests and bytes, cold and warm, fast and slow line.

    python -m bench.weight [--slow] [--rows 12]

A server of its own with the demonstration data, Chromium without a window, one profile: its first
visit is cold, its second warm. Bytes are as sent, headers too; what a socket carries is counted.
The slow line is 400 ms and 400 kbit/s with the processor slowed four times.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.map_server import Server
from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium

ROOT = Path(__file__).resolve().parents[1]
SLOW = {"latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SLOWED = 4
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
SETTLED = "window.CommonGround?.session?.base && CommonGround.session.isSettled"


@dataclass
class Visit:
    """One opening of the page: seconds to the settled map, and what was fetched for it."""

    seconds: float = 0.0
    requests: Counter[str] = field(default_factory=Counter)
    bytes_by: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sizes: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@contextmanager
def server(home: Path) -> Iterator[Server]:
    """The dashboard with the demonstration data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"COMMONGROUND_HOME": str(home)}
    command = [sys.executable, "-m", "dashboard", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/cg/health")
        yield Server(url=url, pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str, *, most_s: float = 180) -> None:
    end = time.monotonic() + most_s
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"{url} did not answer within {most_s:.0f} s.")


def visit(context: BrowserContext, url: str, *, slow: bool) -> Visit:
    """Open the map page in a profile and wait until all in view is drawn."""
    page = context.new_page()
    wire = context.new_cdp_session(page)
    told = Visit()
    names: dict[str, str] = {}
    wire.on(
        "Network.responseReceived", lambda e: names.update({e["requestId"]: e["response"]["url"]})
    )

    def finished(event: dict) -> None:
        address = names.get(event["requestId"], "")
        size = int(event["encodedDataLength"])
        if size and address.startswith("http"):
            told.requests[_part(address)] += 1
            told.bytes_by[_part(address)] += size
            told.sizes[urlsplit(address).path] += size

    def frame(event: dict) -> None:
        told.bytes_by["socket"] += len(event["response"]["payloadData"]) * 3 // 4

    wire.on("Network.loadingFinished", finished)
    wire.on("Network.webSocketFrameReceived", frame)
    wire.send("Network.enable")
    if slow:
        wire.send("Network.emulateNetworkConditions", {"offline": False, **SLOW})
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    began = time.monotonic()
    page.goto(url, timeout=180_000)
    page.locator("iframe").wait_for(timeout=180_000, state="attached")
    while not (inner := [one for one in page.frames if "/component/" in one.url]):
        page.wait_for_timeout(50)
    inner[0].wait_for_function(SETTLED, timeout=180_000)
    told.seconds = time.monotonic() - began
    page.wait_for_timeout(1_000)
    page.close()
    return told


def _part(address: str) -> str:
    path = urlsplit(address).path
    if "/cg/static/" in path:
        return "map script"
    if path.startswith(("/cg/", "/tiles/")):
        return "map data"
    return "component" if "/component/" in path else "Streamlit"


def line(name: str, told: Visit) -> str:
    """One row of the table."""
    parts = ("Streamlit", "component", "map script", "map data", "socket")
    kilobytes = " | ".join(f"{told.bytes_by[part] / 1000:,.0f}" for part in parts)
    whole = sum(told.bytes_by.values()) / 1000
    return (
        f"| {name} | {told.seconds:.1f} | {sum(told.requests.values())} | {whole:,.0f} "
        f"| {kilobytes} |"
    )


def measure(browser: Browser, url: str, *, slow: bool, rows: int) -> None:
    """Print cold and warm visits for both sizes of screen, and the heaviest files."""
    for size, (width, height) in SIZES.items():
        context = browser.new_context(viewport={"width": width, "height": height})
        cold = visit(context, url, slow=slow)
        warm = visit(context, url, slow=slow)
        context.close()
        how = f"{size}, {'slow' if slow else 'fast'} line"
        print(line(f"{how}, cold", cold))
        print(line(f"{how}, warm", warm), flush=True)
        if rows and size == "desktop":
            for path, many in sorted(cold.sizes.items(), key=lambda one: -one[1])[:rows]:
                print(f"    {many:>9,} B  {path}", file=sys.stderr)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--slow", action="store_true", help="the slow line as well")
    options.add_argument("--rows", type=int, default=0, help="list so many of the heaviest files")
    given = options.parse_args()
    print("| | s | requests | kB | Streamlit | component | map script | map data | socket |")
    print("|---|---|---|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as home,
        server(Path(home)) as served,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), headless=True, args=CHROMIUM_FLAGS
        )
        for slow in (False, True) if given.slow else (False,):
            measure(browser, f"{served.url}/map", slow=slow, rows=0 if slow else given.rows)
        browser.close()


if __name__ == "__main__":
    main()
