"""Land cover by zone against its peers: `python -m bench.zonal --runs 3`.

The same 10,000 zones on the same raster of 10^9 pixels of 10 m, in turns, each run in a process of
its own: ours (exact cover, true hectares), `rasterstats` (pixel centres, categorical) and plain
`rasterio.mask` with numpy. Prints a Markdown table; exits 1 where rasterstats is not slower, or
where ours is further from exact intersections than 0.01 %.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import psutil
import rasterio
import shapely
from affine import Affine

from geo.zonal import land_cover

OUT = Path(__file__).parent / "out"
CRS = "EPSG:32630"
WEST, NORTH, PIXEL = 500_000.0, 760_000.0, 10.0
BLOCK = 512
SEED = 20_261_125
CLASSES = {1: "cropland", 2: "tree_crops", 3: "water", 4: "forest", 5: "bare"}
ENGINES = ("common ground", "rasterstats", "rasterio.mask")
CACHE_MB = 64
"""GDAL's cache of blocks, the same for all; its default is a twentieth of the machine's memory."""
CHECKED = 300
TOLERANCE = 1e-4


def make_raster(path: Path, *, blocks: int) -> None:
    """A land-cover raster of `blocks` by `blocks` tiles of 512 pixels, the same on every machine.

    Patches of 80 m with single pixels strewn in; one in fifty pixels holds no data.
    """
    side = blocks * BLOCK
    profile = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 1,
        "dtype": "uint8",
        "crs": CRS,
        "transform": Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH),
        "nodata": 0,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": "deflate",
        "zlevel": 1,
    }
    part = path.with_suffix(".part")
    with rasterio.open(part, "w", **profile) as dataset:
        for row in range(blocks):
            for column in range(blocks):
                rng = np.random.default_rng([SEED, row, column])
                patch = rng.integers(1, len(CLASSES) + 1, (BLOCK // 8, BLOCK // 8), dtype="uint8")
                values = np.kron(patch, np.ones((8, 8), dtype="uint8"))
                strewn = rng.integers(0, 50, values.shape, dtype="uint8")
                values[strewn == 0] = 0
                values[strewn == 1] = 3
                window = ((row * BLOCK, (row + 1) * BLOCK), (column * BLOCK, (column + 1) * BLOCK))
                dataset.write(values, 1, window=window)
    part.rename(path)


def make_zones(path: Path, *, count: int, blocks: int) -> None:
    """Stars with 12 to 60 corners anywhere on the raster: one in a hundred a licence of some
    20 km², the others fields and sites of 0.1 to 30 ha."""
    rng = np.random.default_rng(SEED)
    extent = blocks * BLOCK * PIXEL
    shapes = []
    for n in range(count):
        far = rng.uniform(2_000, 3_500) if n % 100 == 0 else rng.uniform(20, 320)
        x, y = rng.uniform(far * 1.3, extent - far * 1.3, 2)
        angle = np.linspace(0, 2 * np.pi, int(rng.integers(12, 61)), endpoint=False)
        radius = far * rng.uniform(0.7, 1.3, len(angle))
        corners = np.column_stack([x + radius * np.cos(angle), -y + radius * np.sin(angle)])
        shapes.append(shapely.Polygon(corners + np.array([WEST, NORTH])))
    gpd.GeoDataFrame(geometry=shapes, crs=CRS).to_parquet(path)


def run_ours(raster: Path, zones: gpd.GeoDataFrame) -> list[dict[str, float]]:
    """Hectares of each class by zone."""
    with rasterio.open(raster) as dataset:
        found = land_cover(zones, dataset, CLASSES)
    names = [f"{name}_ha" for name in CLASSES.values()]
    return found[names].fillna(0.0).set_axis(list(CLASSES.values()), axis=1).to_dict("records")


def run_rasterstats(raster: Path, zones: gpd.GeoDataFrame) -> list[dict[str, float]]:
    """Hectares by pixels whose middle lies in the zone, all pixels taken for 100 m²."""
    from rasterstats import gen_zonal_stats

    names = {float(value): name for value, name in CLASSES.items()}
    return [
        {names[float(value)]: count * PIXEL**2 / 10_000 for value, count in one.items()}
        for one in gen_zonal_stats(
            zones, str(raster), categorical=True, stats=[], all_touched=False
        )
    ]


def run_mask(raster: Path, zones: gpd.GeoDataFrame) -> list[dict[str, float]]:
    """The same by rasterio.mask and a count of values."""
    from rasterio.mask import mask

    found = []
    with rasterio.open(raster) as dataset:
        for shape in zones.geometry:
            cut, _ = mask(dataset, [shape], crop=True)
            count = np.bincount(cut.ravel(), minlength=max(CLASSES) + 1)
            found.append(
                {name: count[value] * PIXEL**2 / 10_000 for value, name in CLASSES.items()}
            )
    return found


RUNS: dict[str, Callable[[Path, gpd.GeoDataFrame], list[dict[str, float]]]] = dict(
    zip(ENGINES, (run_ours, run_rasterstats, run_mask), strict=True)
)


def worker(engine: str, raster: Path, zones: Path, result: Path) -> None:
    """One run in this process; times on standard output, hectares in a file."""
    frame = gpd.read_parquet(zones)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter(), time.process_time()
    found = RUNS[engine](raster, frame)
    spent = {
        "wall_s": time.perf_counter() - start[0],
        "cpu_s": time.process_time() - start[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "started_mb": before,
    }
    result.write_text(json.dumps(found))
    print(json.dumps(spent))


def exact(raster: Path, zones: gpd.GeoDataFrame) -> Iterator[dict[str, float]]:
    """Hectares of the plane by intersecting every pixel, as a square, with the zone (GEOS)."""
    with rasterio.open(raster) as dataset:
        for shape in zones.geometry:
            x0, y0, x1, y1 = shape.bounds
            column, row = int((x0 - WEST) // PIXEL), int((NORTH - y1) // PIXEL)
            width = int((x1 - WEST) // PIXEL) + 1 - column
            height = int((NORTH - y0) // PIXEL) + 1 - row
            values = dataset.read(1, window=((row, row + height), (column, column + width)))
            r, c = (part.ravel() for part in np.indices(values.shape))
            x, y = WEST + (column + c) * PIXEL, NORTH - (row + r) * PIXEL
            area = shapely.area(
                shapely.intersection(shapely.box(x, y - PIXEL, x + PIXEL, y), shape)
            )
            yield {
                name: float(area[values.ravel() == value].sum()) / 10_000
                for value, name in CLASSES.items()
            }


def errors(
    found: dict[str, list[dict[str, float]]], raster: Path, zones: gpd.GeoDataFrame
) -> dict[str, dict[str, float]]:
    """Error of one class in one zone as a share of the zone: median and largest, by engine.

    On CHECKED small zones. Ours are true hectares, so the plane's are made true first: by the true
    area of each zone over that in the plane.
    """
    small = np.flatnonzero(np.arange(len(zones)) % 100 != 0)[:CHECKED]
    chosen = zones.iloc[small]
    with rasterio.open(raster) as dataset:
        true_ha = land_cover(chosen, dataset, CLASSES)["zone_ha"].to_numpy()
    plane_ha = chosen.area.to_numpy() / 10_000
    wanted = list(exact(raster, chosen))
    told = {}
    for engine, rows in found.items():
        factor = true_ha / plane_ha if engine == ENGINES[0] else np.ones(len(small))
        off = np.array(
            [
                [
                    abs(rows[n].get(name, 0.0) - wanted[k][name] * factor[k]) / plane_ha[k]
                    for name in CLASSES.values()
                ]
                for k, n in enumerate(small)
            ]
        )
        told[engine] = {"median": float(np.median(off)), "largest": float(off.max())}
    return told


def table(
    runs: dict[str, list[dict[str, float]]],
    off: dict[str, dict[str, float]],
    *,
    side: int,
    count: int,
    bytes_: int,
) -> str:
    """Medians and errors as Markdown."""
    machine = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
    lines = [
        f"{count:,} zones on a raster of {side:,} by {side:,} pixels ({side**2:.3g}; "
        f"{bytes_ / 1e6:.0f} MB on disk); {machine}; GDAL cache {CACHE_MB} MB; median of "
        f"{len(runs[ENGINES[0]])} runs in turns.",
        "",
        "| | wall s | CPU s | peak MB | of which before | error of a class, median | largest |",
        "|---|---|---|---|---|---|---|",
    ]
    for engine, every in runs.items():
        middle = {
            name: statistics.median(run[name] for run in every)
            for name in ("wall_s", "cpu_s", "peak_mb", "started_mb")
        }
        lines.append(
            f"| {engine} | {middle['wall_s']:.1f} | {middle['cpu_s']:.1f} | "
            f"{middle['peak_mb']:.0f} | {middle['started_mb']:.0f} | "
            f"{off[engine]['median']:.2g} | {off[engine]['largest']:.2g} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Make what is missing, run all in turns, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=62, help="62 by 62 tiles: 1.008e9 pixels")
    parser.add_argument("--zones", type=int, default=10_000)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    raster = OUT / f"landcover-{chosen.blocks}.tif"
    zones = OUT / f"zones-{chosen.blocks}-{chosen.zones}.parquet"
    results = {engine: OUT / f"zonal-{engine.replace(' ', '-')}.json" for engine in ENGINES}
    if chosen.engine:
        worker(chosen.engine, raster, zones, results[chosen.engine])
        return 0
    if not raster.exists():
        make_raster(raster, blocks=chosen.blocks)
    make_zones(zones, count=chosen.zones, blocks=chosen.blocks)
    runs: dict[str, list[dict[str, float]]] = {engine: [] for engine in ENGINES}
    for turn in range(chosen.runs):
        for engine in ENGINES:
            call = [sys.executable, "-m", "bench.zonal", *sys.argv[1:], "--engine", engine]
            known = os.environ | {"GDAL_CACHEMAX": str(CACHE_MB)}
            done = subprocess.run(call, check=True, capture_output=True, text=True, env=known)
            runs[engine].append(json.loads(done.stdout.splitlines()[-1]))
            print(f"turn {turn + 1}, {engine}: {runs[engine][-1]}", file=sys.stderr, flush=True)
    found = {engine: json.loads(path.read_text()) for engine, path in results.items()}
    off = errors(found, raster, gpd.read_parquet(zones))
    side = chosen.blocks * BLOCK
    print(table(runs, off, side=side, count=chosen.zones, bytes_=raster.stat().st_size))
    wall = {engine: statistics.median(run["wall_s"] for run in runs[engine]) for engine in ENGINES}
    return int(wall["rasterstats"] <= wall[ENGINES[0]] or off[ENGINES[0]]["largest"] > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
