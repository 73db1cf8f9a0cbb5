"""How near the engine is to a lower bound: `python -m bench.floor --size L --runs 3`.

The bound is the least that the questions take with GEOS as it is, on one thread: the files read,
one search tree for each layer, and each pair whose boxes meet asked once, by a prepared geometry,
whether it meets or lies within reach. No area, no verdict, no nearest licence, no table. The engine
runs on one thread beside it, in turns, each in a process of its own, and finds all that.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from bench.country import country_files
from bench.landscape import SIZES
from bench.peers import ours
from bench.questions import Z, questions

ROOT = Path(__file__).resolve().parent.parent


def bound(folder: Path) -> tuple[float, float, int]:
    """CPU seconds of reading and of asking, and how many pairs were found."""
    start = time.process_time()
    country = {path.stem: gpd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    ready = time.process_time()
    found = _pairs(country)
    return ready - start, time.process_time() - ready, found


def _pairs(country: dict[str, gpd.GeoDataFrame]) -> int:
    asked = questions()
    sites, water = country["mine_sites"], country["water"]
    points = sites.geometry.to_numpy()
    tree = shapely.STRtree(points)
    error_m = Z * float(sites["position_sd_m"].max())
    areas = {
        kind: country[kind].geometry.to_numpy()
        for kind in ("licences", "artisanal_zones", "protected_areas")
    }
    farmland = country["farmland"]
    named = farmland["feature_class"].fillna("").isin(asked.farmland_classes)
    fields = farmland.geometry.to_numpy()[named]
    found = 0
    for shapes in areas.values():
        found += tree.query(shapes, predicate="dwithin", distance=error_m).shape[1]
    field_tree = shapely.STRtree(fields)
    found += field_tree.query(points, predicate="dwithin", distance=error_m).shape[1]
    found += field_tree.query(areas["licences"], predicate="intersects").shape[1]
    for other in ("licences", "protected_areas"):
        on = shapely.STRtree(areas[other])
        found += on.query(areas["licences"], predicate="intersects").shape[1]
    reach_m = asked.widest_m + error_m + water["width_m"].fillna(0).to_numpy() / 2
    found += tree.query(
        water.geometry.to_numpy(), predicate="dwithin", distance=np.asarray(reach_m)
    ).shape[1]
    return int(found)


def engine(folder: Path) -> tuple[float, float, int]:
    """CPU seconds of reading and of answering, and how many rows there are."""
    start = time.process_time()
    loaded = ours.load(1, folder)
    ready = time.process_time()
    rows = len(ours.answer(loaded))
    return ready - start, time.process_time() - ready, rows


WHO = {"bound": bound, "common ground": engine}


def main(arguments: list[str] | None = None) -> int:
    """Print both in CPU seconds, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="M")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--once", nargs=2, metavar=("WHO", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.once:
        print(json.dumps(WHO[chosen.once[0]](Path(chosen.once[1]))))
        return 0
    folder = country_files(chosen.size)
    figures: dict[str, list[list[float]]] = {who: [] for who in WHO}
    for _ in range(chosen.runs):
        for who, taken in figures.items():
            command = [sys.executable, "-m", "bench.floor", "--once", who, str(folder)]
            said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            taken.append(json.loads(said.stdout))
    print(f"Size {chosen.size}, {os.cpu_count()} cores, one thread, medians of {chosen.runs} runs.")
    print("\n| CPU s | read | ask or answer | both | pairs |\n|---|---|---|---|---|")
    both = {}
    for who, taken in figures.items():
        read, asked, pairs = (statistics.median(column) for column in zip(*taken, strict=True))
        both[who] = read + asked
        print(f"| {who} | {read:.2f} | {asked:.2f} | {both[who]:.2f} | {pairs:,.0f} |")
    print(f"\ncommon ground takes {both['common ground'] / both['bound']:.2f} times the bound.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
