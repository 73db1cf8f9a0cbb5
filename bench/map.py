"""The map with many features: `python -m bench.map --size L --runs 3`.

A store with one layer of fields, a server with a page that is only a map, headless Chromium on the
same machine. In turns: the empty map, the map with the layer, and plain folium.GeoJson with 10,000
of its features. Before that every tile figure over the wire: bytes of a first view at each zoom,
tiles asked for the first and the second time, and the server's memory.
"""

import argparse
import datetime as dt
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import map_browser, map_switch, report, weight
from bench.landscape import SIZES
from bench.map_browser import Visit
from bench.map_server import OVERVIEW, Server, Tile, Tiles, serving
from bench.map_store import home_with_fields
from layers.catalogue import LayerVersion
from layers.store import opened

ZOOMS = range(5, 15)
SAMPLED = 40
SEED = 20_261_125
PLAIN_FEATURES = 10_000
PAGE_ZOOM = 12
PAGES = ("empty", "layer", "folium")
GOALS = """Goals: painted at most 1.3 times as late as the empty map; at most 300 kB a first view; \
cold p95 at most 100 ms from zoom 12 on and 250 ms before, warm 10 ms; at most 500 MB."""


@dataclass
class TileFigures:
    """What the tiles cost: milliseconds of each, bytes and tiles of the first view by zoom."""

    ready_s: float
    cold: dict[int, list[float]] = field(default_factory=dict)
    warm: dict[int, list[float]] = field(default_factory=dict)
    view_bytes: dict[int, list[int]] = field(default_factory=dict)
    view_tiles: dict[int, int] = field(default_factory=dict)
    memory_mb: float = 0.0
    high_water_mb: float = 0.0


def measured_tiles(server: Server, version: LayerVersion, *, views: int) -> TileFigures:
    """Ask for tiles as browsers would: of a few views at each zoom, and strewn over the layer."""
    tiles = Tiles(server, version.layer_id, version.version_id)
    found = TileFigures(ready_s=tiles.until_ready())
    for zoom in range(15):
        asked: list[Tile] = tiles.sample(zoom, count=SAMPLED, seed=SEED)
        found.cold[zoom] = [tiles.get(tile).ms for tile in asked]
        found.warm[zoom] = [tiles.get(tile).ms for tile in asked]
    for zoom in ZOOMS:
        for place in places(tiles.bounds, views):
            view = tiles.view(zoom, place)
            got = [tiles.get(tile) for tile in view]
            assert {one.status for one in got} <= {200, 204}, [one.status for one in got]
            found.view_bytes.setdefault(zoom, []).append(sum(len(one.body) for one in got))
            found.view_tiles[zoom] = max(found.view_tiles.get(zoom, 0), len(view))
    found.memory_mb, found.high_water_mb = server.memory_mb, server.high_water_mb
    return found


def places(bounds: tuple[float, float, float, float], count: int) -> list[tuple[float, float]]:
    """The middle of the layer and some places around it; views look there."""
    west, south, east, north = bounds
    rng = np.random.default_rng(SEED)
    around = rng.uniform(0.25, 0.75, (count - 1, 2)) * (east - west, north - south)
    middle = ((west + east) / 2, (south + north) / 2)
    return [middle, *((west + x, south + y) for x, y in around.tolist())]


@dataclass
class PageFigures:
    """Visits by what was on the page."""

    visits: dict[str, list[Visit]] = field(default_factory=dict)

    def add(self, name: str, one: Visit) -> None:
        """Note a visit."""
        self.visits.setdefault(name, []).append(one)

    def median(self, name: str, figure: str) -> float:
        """The median of a figure over the visits of a page."""
        return statistics.median(float(getattr(one, figure)) for one in self.visits[name])


def measured_pages(
    server: Server,
    place: tuple[float, float],
    *,
    names: Sequence[str],
    runs: int,
    slow: bool,
    timeout_s: float,
) -> PageFigures:
    """Open the pages in turns, each in a profile of its own; the first turn warms and is left."""
    view = f"view={place[0]:.5f},{place[1]:.5f},{PAGE_ZOOM}"
    pages = {
        "empty": f"{server.url}/?what=empty&{view}",
        "layer": f"{server.url}/?what=layer&{view}",
        "folium": f"{server.url}/?what=folium&many={PLAIN_FEATURES}&{view}",
    }
    pages = {name: pages[name] for name in names}
    found = PageFigures()
    with map_browser.chromium() as browser:
        for turn in range(runs + 1):
            for name, url in pages.items():
                context = map_browser.fresh(browser)
                one = map_browser.visit(context, url, timeout_s=timeout_s)
                context.close()
                if turn:
                    found.add(name, one)
        for name in [one for one in ("empty", "layer") if one in pages and slow]:
            context = map_browser.fresh(browser, size=(390, 844))
            for part in ("cold", "again"):
                one = map_browser.visit(context, pages[name], slow=True, timeout_s=timeout_s)
                found.add(f"{name}, slow, {part}", one)
            context.close()
    return found


def measured_switches(
    server: Server, place: tuple[float, float], *, timeout_s: float
) -> dict[str, list[map_switch.Cost]]:
    """What switches cost at the timed page and at the dashboard's own with its demonstration."""
    view = f"view={place[0]:.5f},{place[1]:.5f},{PAGE_ZOOM}"
    found = {}
    with map_browser.chromium() as browser:
        context = map_browser.fresh(browser)
        path = f"/?what=layer&{view}"
        found["layer"] = map_switch.costs(context, server, path, timeout_s=timeout_s)
        context.close()
        with tempfile.TemporaryDirectory() as home, weight.server(Path(home)) as own:
            context = map_browser.fresh(browser)
            found["dashboard"] = map_switch.costs(
                context, own, "/map", timeout_s=timeout_s, labels=["Possible conflicts"]
            )
            context.close()
    return found


def table(
    size: str,
    tiles: TileFigures,
    pages: PageFigures | None,
    switches: dict[str, list[map_switch.Cost]] | None = None,
) -> str:
    """All figures as Markdown."""
    lines = [
        f"Size {size}: {SIZES[size].fields:,} fields; {report.machine()}; "
        f"{dt.datetime.now(dt.UTC).date()}. {GOALS}",
        "",
        f"Made ready once in {tiles.ready_s:.1f} s, by a process of its own. Server after all "
        f"tiles below: {tiles.memory_mb:.0f} MB with the file's mapped pages, the most it ever "
        f"had {tiles.high_water_mb:.0f} MB.",
        "",
        *_tile_lines(tiles),
    ]
    if pages is not None:
        lines += ["", *_page_lines(pages)]
    if switches:
        lines += ["", *map_switch.lines(switches)]
    return "\n".join(lines)


def _tile_lines(tiles: TileFigures) -> list[str]:
    lines = [
        "| zooms | tiles | cold p50 ms | p95 | warm p50 ms | p95 |",
        "|---|---|---|---|---|---|",
    ]
    deepest = max(tiles.cold)
    for low, high in ((0, OVERVIEW - 1), (OVERVIEW, deepest)):
        cold = _over(tiles.cold, low, high)
        warm = _over(tiles.warm, low, high)
        row = [f"{np.percentile(ms, share):.1f}" for ms in (cold, warm) for share in (50, 95)]
        lines.append(f"| {low} to {high} | {len(cold)} | {' | '.join(row)} |")
    lines += ["", "| zoom | tiles of a view | kB, median | kB, most |", "|---|---|---|---|"]
    for zoom, sizes in tiles.view_bytes.items():
        lines.append(
            f"| {zoom} | {tiles.view_tiles[zoom]} | {statistics.median(sizes) / 1e3:.0f} | "
            f"{max(sizes) / 1e3:.0f} |"
        )
    return lines


def _over(by_zoom: dict[int, list[float]], low: int, high: int) -> Sequence[float]:
    return [ms for zoom, every in by_zoom.items() if low <= zoom <= high for ms in every]


def _page_lines(pages: PageFigures) -> list[str]:
    lines = [
        "| page | painted s | data kB | requests | drawing calls | |",
        "|---|---|---|---|---|---|",
    ]
    for name, visits in pages.visits.items():
        seconds, data, requests, calls = (
            pages.median(name, figure)
            for figure in ("painted_s", "data_bytes", "requests", "calls")
        )
        late = "" if all(one.waited for one in visits) else "not quiet in time"
        lines.append(
            f"| {name} | {seconds:.2f} | {data / 1e3:.0f} | {requests:.0f} | {calls:.0f} | {late} |"
        )
    if not {"empty", "layer", "folium"} <= set(pages.visits):
        return lines
    painted = {name: pages.median(name, "painted_s") for name in ("empty", "layer", "folium")}
    sent = {name: pages.median(name, "data_bytes") for name in ("layer", "folium")}
    lines += [
        "",
        f"Layer : empty map {painted['layer'] / painted['empty']:.2f} : 1. Plain folium with "
        f"{PLAIN_FEATURES:,} fields is painted {painted['folium'] / painted['layer']:.1f} times as "
        f"late and sends {sent['folium'] / max(sent['layer'], 1):.1f} times the data.",
    ]
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; with --write put the table into a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="L")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--views", type=int, default=3)
    parser.add_argument("--pages", nargs="*", choices=PAGES, default=PAGES, help="none: tiles only")
    parser.add_argument("--slow", action="store_true", help="also on a slow line and processor")
    parser.add_argument("--timeout", type=float, default=120, help="seconds a page may take")
    parser.add_argument("--write", type=Path, help="document with places for the tables")
    chosen = parser.parse_args(arguments)
    home = home_with_fields(chosen.size)
    with opened(home) as store:
        (layer,) = store.layers()
    assert layer.current is not None
    shutil.rmtree(home / "derived" / "tiles", ignore_errors=True)  # what an earlier run made ready
    with tempfile.TemporaryDirectory() as folder:
        with serving(home, Path(folder) / "tiles.log") as server:
            tiles = measured_tiles(server, layer.current, views=chosen.views)
        pages = switches = None
        if chosen.pages:
            (place, *_) = places(layer.current.bounds or (0, 0, 0, 0), 1)
            with serving(home, Path(folder) / "pages.log") as server:
                pages = measured_pages(
                    server,
                    place,
                    names=chosen.pages,
                    runs=chosen.runs,
                    slow=chosen.slow,
                    timeout_s=chosen.timeout,
                )
                switches = measured_switches(server, place, timeout_s=chosen.timeout)
    text = table(chosen.size, tiles, pages, switches)
    print(text)
    if chosen.write:
        report.put(chosen.write, chosen.size, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
