"""A running dashboard and a Chromium that writes down every request it makes."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1280, 800)
PHONE = (390, 844)


@dataclass
class Server:
    """A dashboard that is serving."""

    url: str
    home: Path
    log: Path


@dataclass
class Tab:
    """A page, and what its browser asked for and complained about."""

    page: Page
    host: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def left_the_host(self) -> list[str]:
        """Addresses of other hosts that were asked for; must stay empty."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in ("http", "https", "ws", "wss")
            and urlsplit(url).netloc != self.host
        ]


def find_chromium() -> str:
    """The path of a Chromium, from $CHROMIUM or the PATH."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name) if name else None
        if path:
            return path
    raise RuntimeError("The browser tests need Chromium. Install it, or name it in $CHROMIUM.")


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(app: str, *, home: Path, log: Path, cwd: Path = ROOT) -> tuple[Any, str]:
    """Start an ASGI app with uvicorn; returns the process and its address once it is healthy."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "COMMONGROUND_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(cwd)]),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning"],
            cwd=cwd,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the dashboard did not start:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return process, url
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise RuntimeError(f"the dashboard was not healthy within 60 s:\n{log.read_text()}")


def stop_server(process: Any) -> None:
    """End a server that `start_server` started."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard as it ships, on an empty store of its own."""
    folder = tmp_path_factory.mktemp("live")
    home = folder / "home"
    process, url = start_server("dashboard.app:app", home=home, log=folder / "server.log")
    yield Server(url=url, home=home, log=folder / "server.log")
    stop_server(process)


@pytest.fixture(scope="module")
def map_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A page that is only a map of an invented, hostile world, with a tile server beside it."""
    folder = tmp_path_factory.mktemp("map")
    log = folder / "server.log"
    process, url = start_server("tests.browser.map_app:app", home=folder / "home", log=log)
    yield Server(url=url, home=folder / "home", log=log)
    stop_server(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), headless=True, args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Open an address in a browser profile of its own: `open_tab(url, size=PHONE)`."""
    contexts = []

    def open_(url: str, *, size: tuple[int, int] = DESKTOP, touch: bool | None = None) -> Tab:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            has_touch=size[0] < 600 if touch is None else touch,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        tab = Tab(page=page, host=urlsplit(url).netloc)
        page.on("request", lambda request: tab.requests.append(request.url))
        page.on("websocket", lambda socket: tab.requests.append(socket.url))
        page.on(
            "console",
            lambda message: message.type == "error" and tab.complaints.append(message.text),
        )
        page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        page.goto(url, wait_until="domcontentloaded")
        return tab

    yield open_
    for context in contexts:
        context.close()
