"""A server of the timed page, and its tiles as they come over the wire."""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from bench import meter
from dashboard.workflows.tiles import tiles_fingerprint
from geo.tiles.grid import DEEPEST, EXTENT, to_grid

ROOT = Path(__file__).resolve().parents[1]
VIEW = (1280, 620)
READY_S = 600
OVERVIEW = 12
"""Zooms below this one are the overview."""

Tile = tuple[int, int, int]


@dataclass(frozen=True)
class Server:
    """A server that runs: where, and its process."""

    url: str
    pid: int

    @property
    def memory_mb(self) -> float:
        """What the server has for itself and of files now, its children too."""
        return meter.memory_kb(self.pid) / 1024

    @property
    def high_water_mb(self) -> float:
        """The most the server itself ever had, without children."""
        return meter.high_water_kb(self.pid) / 1024


@contextlib.contextmanager
def serving(home: Path, log: Path) -> Iterator[Server]:
    """The timed page on a store; ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "bench.map_app:app", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--log-level", "warning"],
            cwd=ROOT,
            env=os.environ | {"COMMONGROUND_HOME": str(home), "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _until_healthy(process, url, log)
        yield Server(url=url, pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _until_healthy(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server did not start:\n{log.read_text()}")
        with contextlib.suppress(OSError):
            line = Line(url)
            if line.get("/_stcore/health").status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"The server was not healthy within 90 s:\n{log.read_text()}")


@dataclass(frozen=True)
class Got:
    """An answer: its status, its bytes as sent and how long it took."""

    status: int
    body: bytes
    ms: float


class Line:
    """One kept connection that takes compressed answers, as a browser does."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def get(self, path: str) -> Got:
        """Ask, and wait for the whole answer."""
        start = time.perf_counter()
        self.connection.request("GET", path, headers={"accept-encoding": "br"})
        answer = self.connection.getresponse()
        body = answer.read()
        return Got(answer.status, body, 1_000 * (time.perf_counter() - start))


class Tiles:
    """The tiles of a layer version on a server."""

    def __init__(self, server: Server, layer_id: str, version_id: str) -> None:
        self.line = Line(server.url)
        self.base = f"/tiles/{layer_id}/{version_id}"
        self.bounds: tuple[float, float, float, float] = (0, 0, 0, 0)

    def until_ready(self) -> float:
        """Wait until the version is made ready for tiles; seconds it took."""
        start = time.monotonic()
        while True:
            got = self.line.get(f"{self.base}/about.json")
            if got.status == 200:
                self.bounds = tuple(json.loads(_plain(got.body))["bounds"])
                return time.monotonic() - start
            if got.status != 503 or time.monotonic() - start > READY_S:
                raise RuntimeError(f"No tiles: {got.status} {got.body[:300]!r}")
            time.sleep(0.25)

    def get(self, tile: Tile) -> Got:
        """One tile."""
        zoom, column, row = tile
        return self.line.get(f"{self.base}/{zoom}/{column}/{row}.pbf?s={tiles_fingerprint()}")

    def sample(self, zoom: int, *, count: int, seed: int) -> list[Tile]:
        """Some tiles of a zoom that lie in the layer's bounds, each once."""
        rng = np.random.default_rng([seed, zoom])
        west, south, east, north = self.bounds
        degrees = np.column_stack(
            [rng.uniform(west, east, 4 * count), rng.uniform(south, north, 4 * count)]
        )
        places = to_grid(degrees) >> (DEEPEST - zoom + EXTENT.bit_length() - 1)
        once = dict.fromkeys(map(tuple, places.tolist()))
        return [(zoom, column, row) for column, row in once][:count]

    def view(self, zoom: int, place: tuple[float, float]) -> list[Tile]:
        """The tiles of a first view of 1280 by 620 pixels around a place."""
        middle = to_grid(np.array([place]))[0] / 2.0 ** (DEEPEST - zoom) / EXTENT * 256
        half = np.array(VIEW) / 2
        low, high = ((middle + sign * half) // 256 for sign in (-1, 1))
        columns = range(max(0, int(low[0])), min(2**zoom - 1, int(high[0])) + 1)
        rows = range(max(0, int(low[1])), min(2**zoom - 1, int(high[1])) + 1)
        return [(zoom, column, row) for column in columns for row in rows]


def _plain(body: bytes) -> bytes:
    """about.json is sent as it is; a copy packed on the way would not start like this."""
    assert body[:1] == b"{", body[:40]
    return body
