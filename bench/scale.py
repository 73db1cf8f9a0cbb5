"""Runs in parts, updates and clusters: `python -m bench.scale --size M --runs 3`.

One invented country, written as files of parts. In turns: a run in memory, a run in parts, a run on
1, 2, … Dask workers, and for each layer an update after 1 % of it changed against a full run. Every
table must equal the others bit for bit; exits 1 where one does not.
"""

import argparse
import os
import pickle
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import shapely

from bench.landscape import CRS, SIZES, landscape
from geo.comparisons import comparisons
from geo.conflicts import LayerFrame, find_conflicts
from geo.parts import Run, find_in_parts, on_threads, run_task, tasks_of
from geo.rules import Rule
from geo.updates import update_conflicts
from layers import parted
from layers.cluster import on_cluster
from layers.facts import rule_pack
from layers.parted import PartFile, change_of, write_parts

CHANGED = ("mine_sites", "licences", "farmland", "water")
SHARE = 0.01
WORKER_BYTES = 2_000_000_000


def rules() -> list[Rule]:
    """Every rule of Ghana's pack that place decides."""
    return [rule for rule in rule_pack("gh") if rule.relation != "checklist"]


def frames(country: dict[str, gpd.GeoDataFrame]) -> list[LayerFrame]:
    """The country as the engine takes it."""
    return [
        LayerFrame(layer_id=f"bench.{kind}", kind=kind, features=frame, checked=True)
        for kind, frame in country.items()
    ]


def written(country: dict[str, gpd.GeoDataFrame], folder: Path) -> dict[str, PartFile]:
    """The country as files of parts."""
    files = {}
    for layer in frames(country):
        path = folder / f"{layer.layer_id}.parquet"
        path.write_bytes(write_parts(layer, measuring_crs=CRS))
        files[layer.layer_id] = PartFile(str(path))
    return files


def changed(frame: gpd.GeoDataFrame, *, seed: int) -> gpd.GeoDataFrame:
    """The layer after 1 % of it changed: a third each moved, removed and added."""
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(frame))[: max(3, int(len(frame) * SHARE))]
    moved, gone, doubled = np.array_split(some, 3)
    shapes = frame.geometry.to_numpy().copy()
    shapes[moved] = shapely.transform(shapes[moved], lambda xy: xy + 37.0)
    kept = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    new = kept.iloc[doubled].copy()
    new["feature_id"] = ["N" + one for one in new["feature_id"]]
    new = new.set_geometry(new.geometry.translate(500, 300))
    kept = kept.drop(index=kept.index[gone])
    return gpd.GeoDataFrame(pd.concat([kept, new], ignore_index=True), crs=frame.crs)


class Timings:
    """Wall and CPU seconds by what was done; CPU of this process only."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    def take(self, name: str, work: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """What `work` gives, from files nobody has read yet in this process."""
        parted.forget()
        start = time.perf_counter(), time.process_time()
        found = work()
        self.wall.setdefault(name, []).append(time.perf_counter() - start[0])
        self.cpu.setdefault(name, []).append(time.process_time() - start[1])
        return found

    def row(self, name: str) -> tuple[float, float]:
        """Medians: wall and CPU seconds."""
        return statistics.median(self.wall[name]), statistics.median(self.cpu[name])


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 0 where all tables are equal, 1 where one is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="M")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    chosen = parser.parse_args(arguments)
    country = landscape(SIZES[chosen.size])
    times, wrong = Timings(), []
    run = on_threads(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        files = written(country, Path(folder))
        work = comparisons(frames(country), rules())
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        tasks = tasks_of(work, files)
        for _ in range(chosen.runs):
            memory = times.take(
                "in memory",
                lambda: find_conflicts(frames(country), rules(), measuring_crs=CRS),
            )
            parts = times.take("in parts", lambda: find_in_parts(files, work, run=run))
            wrong += [] if parts.equals(memory) else ["The run in parts differs."]
            for count in chosen.workers:
                with on_cluster(f"local:{count}", worker_bytes=WORKER_BYTES) as far:
                    find_in_parts(files, work[:1], run=far)  # workers import once
                    name = f"{count} workers"
                    found = times.take(name, lambda far=far: find_in_parts(files, work, run=far))
                wrong += [] if found.equals(memory) else [f"The run on {name} differs."]
            for kind in CHANGED:
                wrong += _update(
                    times,
                    kind,
                    country=country,
                    files=files,
                    before=memory,
                    folder=Path(folder),
                    run=run,
                )
        sent = sum(len(pickle.dumps(run_task(task, files))) for task in tasks)
    told = f"{len(tasks)} tasks, {size / 1e6:.1f} MB of files, {sent / 1e6:.1f} MB of results"
    _print(f"Size {chosen.size}; {told}, {len(memory)} rows", times, chosen.workers)
    print("\n" + ("\n".join(wrong) or "All tables are equal, bit for bit."))
    return 1 if wrong else 0


def _update(
    times: Timings,
    kind: str,
    *,
    country: dict[str, gpd.GeoDataFrame],
    files: dict[str, PartFile],
    before: pd.DataFrame,
    folder: Path,
    run: Run,
) -> list[str]:
    """Time an update after a layer changed, and the full run it replaces."""
    layer_id, later = f"bench.{kind}", country | {kind: changed(country[kind], seed=5)}
    (folder / "later").mkdir(exist_ok=True)
    now = files | written({kind: later[kind]}, folder / "later")
    work = comparisons(frames(later), rules())

    def update() -> pd.DataFrame:
        change = change_of(files[layer_id], now[layer_id])
        return update_conflicts(before, now, work, {layer_id: change}, run=run)

    full = times.take(f"{kind}, full", lambda: find_in_parts(now, work, run=run))
    updated = times.take(f"{kind}, update", update)
    return [] if updated.equals(full) else [f"The update of {kind} differs."]


def _print(told: str, times: Timings, workers: list[int]) -> None:
    machine = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
    print(f"{told}; {machine}; medians of {len(times.wall['in memory'])} runs in turns.")
    print("\n| | wall s | CPU s of this process |\n|---|---|---|")
    for name in ("in memory", "in parts", *(f"{count} workers" for count in workers)):
        wall, cpu = times.row(name)
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    print("\n| 1 % changed of | full, wall s | update, wall s | wall ratio | CPU ratio |")
    print("|---|---|---|---|---|")
    for kind in CHANGED:
        full, update = times.row(f"{kind}, full"), times.row(f"{kind}, update")
        ratios = f"{full[0] / update[0]:.1f} | {full[1] / update[1]:.1f}"
        print(f"| {kind} | {full[0]:.2f} | {update[0]:.2f} | {ratios} |")


if __name__ == "__main__":
    sys.exit(main())
