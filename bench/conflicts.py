"""The conflict engine against plain geopandas: `python -m bench.conflicts --size M --runs 3`.

Both do the same rules on the same invented country, in turns, each run in a process of its own.
Prints a Markdown table; exits 1 where counts differ or areas differ by more than one in a million.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import psutil

from bench import plain
from bench.landscape import CRS, SIZES, landscape
from geo.conflicts import LayerFrame, find_conflicts, summarise
from geo.rules import Rule
from layers.facts import rule_pack

RULES = (
    "site-in-licence",
    "site-outside-licences",
    "site-in-other-holders-licence",
    "site-in-artisanal-zone",
    "site-on-farmland",
    "licence-on-farmland",
    "licence-on-licence",
    "site-in-protected-area",
    "licence-in-protected-area",
    "GH-RBZ-2",
    "GH-DIR-100",
)
AREA_TOLERANCE = 1e-6
ENGINES = ("common ground", "geopandas")


def rules() -> list[Rule]:
    """The rules both sides run."""
    return [rule for rule in rule_pack("gh") if rule.rule_id in RULES]


def layers(country: dict[str, gpd.GeoDataFrame]) -> list[LayerFrame]:
    """The country as the engine takes it."""
    return [
        LayerFrame(layer_id=f"bench.{kind}", kind=kind, features=features, checked=True)
        for kind, features in country.items()
    ]


def run_engine(country: dict[str, gpd.GeoDataFrame], threads: int | None) -> dict[str, Any]:
    """Our engine: results by rule, with seconds; the sums with unions are timed apart."""
    start = time.perf_counter(), time.process_time()
    conflicts = find_conflicts(layers(country), rules(), measuring_crs=CRS, threads=threads)
    spent = _spent(start)
    began = time.perf_counter()
    records = summarise(conflicts, layers(country), rules())
    results = {
        record["rule"]: {"pairs": record["pairs"], **record["verdicts"]}
        | {name: record[name] for name in ("area_ha", "union_ha") if record[name] is not None}
        for record in records
    }
    return {"results": results, **spent, "union_s": time.perf_counter() - began}


def run_plain(country: dict[str, gpd.GeoDataFrame]) -> dict[str, Any]:
    """Plain geopandas: results by rule, with seconds."""
    start = time.perf_counter(), time.process_time()
    results = plain.run(country)
    return {"results": results, **_spent(start)}


def _spent(start: tuple[float, float]) -> dict[str, float]:
    return {
        "wall_s": time.perf_counter() - start[0],
        "cpu_s": time.process_time() - start[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def worker(engine: str, folder: Path, threads: int | None) -> None:
    """One run in this process; the result as JSON on standard output."""
    country = {path.stem: gpd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    run = run_engine(country, threads) if engine == ENGINES[0] else run_plain(country)
    print(json.dumps(run))


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What the two sides disagree on, as sentences."""
    found = []
    for rule_id in RULES:
        for name, expected in theirs[rule_id].items():
            got = ours[rule_id].get(name)
            if name == "area_ha":
                if got is None or abs(got - expected) > AREA_TOLERANCE * max(expected, 1e-9):
                    found.append(f"{rule_id}: {got} ha here, {expected} ha in geopandas.")
            elif got != expected:
                found.append(f"{rule_id}: {name} {got} here, {expected} in geopandas.")
    return found


def table(size: str, runs: dict[str, list[dict[str, Any]]]) -> str:
    """The medians and the results as Markdown."""
    machine = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
    mines, fields = SIZES[size].mines, SIZES[size].fields
    lines = [
        f"Size {size}: {mines:,} mines, {fields:,} fields; {machine}; "
        f"median of {len(runs[ENGINES[0]])} runs in turns.",
        "",
        "| | wall s | CPU s | peak MB | unions s |",
        "|---|---|---|---|---|",
    ]
    for engine, every in runs.items():
        if not every:
            continue
        wall, cpu, peak = (
            statistics.median(run[name] for run in every) for name in ("wall_s", "cpu_s", "peak_mb")
        )
        union = [run["union_s"] for run in every if "union_s" in run]
        unions = f"{statistics.median(union):.2f}" if union else "not done"
        lines.append(f"| {engine} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {unions} |")
    if runs[ENGINES[1]]:
        ours, theirs = (
            statistics.median(run["wall_s"] for run in runs[engine]) for engine in ENGINES
        )
        lines += ["", f"geopandas takes **{theirs / ours:.1f} times** as long."]
    lines += [
        "",
        "| rule | pairs | inside | too close | ha, pairs | ha, union |",
        "|---|" + "---|" * 5,
    ]
    for rule_id, result in runs[ENGINES[0]][0]["results"].items():
        areas = " | ".join(
            f"{result[name]:,.2f}" if name in result else "-" for name in ("area_ha", "union_ha")
        )
        lines.append(
            f"| {rule_id} | {result['pairs']:,} | {result['inside']:,} | "
            f"{result['too_close']:,} | {areas} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 0 where both sides agree, 1 where they do not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="M")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None, help="of our engine; default: cores")
    parser.add_argument("--only-ours", action="store_true", help="time our engine alone")
    parser.add_argument("--worker", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.worker:
        worker(chosen.worker[0], Path(chosen.worker[1]), chosen.threads)
        return 0
    engines = ENGINES[:1] if chosen.only_ours else ENGINES
    runs: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        for kind, features in landscape(SIZES[chosen.size]).items():
            features.to_parquet(Path(folder) / f"{kind}.parquet")
        for _ in range(chosen.runs):
            for engine in engines:
                runs[engine].append(_in_own_process(engine, folder, chosen.threads))
    print(table(chosen.size, runs))
    if chosen.only_ours:
        return 0
    wrong = differences(runs[ENGINES[0]][0]["results"], runs[ENGINES[1]][0]["results"])
    print("\n" + ("\n".join(wrong) or "Counts are equal, areas agree to one in a million."))
    return 1 if wrong else 0


def _in_own_process(engine: str, folder: str, threads: int | None) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.conflicts", "--worker", engine, folder]
    if threads is not None:
        command += ["--threads", str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    sys.exit(main())
