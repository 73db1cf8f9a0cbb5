"""All adoption tables of 10^6 observations against peers: `python -m bench.adoption --runs 3`.

The same invented ledger, in turns, each run in a process of its own: ours (everything the tables
hold), pandas with statsmodels row by row, and DuckDB. The peers make less: used, applicable and a
plain Wilson interval, no census, no suppression, no unknown, no people, no days, no sentence. Their
counts must be ours. Prints a Markdown table, with --write into a document; exits 1 where a count
differs or ours misses its goal: 2 s, and 500 MB where visits fill in whole forms.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pandas as pd
import statsmodels.stats.proportion  # noqa: F401 - loaded before the clock starts, for all

from bench import report
from bench.adoption_ledger import SHAPES, Shape, followed, read_ledger, write_ledger
from bench.peers import adoption_duck, adoption_pandas
from geo.adoption.rates import adoption_tables
from layers.practices import adoption_settings

OURS = "common ground"
ENGINES = (OURS, "pandas", "duckdb")
KEYS = ["by", "area", "practice", "round"]
Figures = dict[str, float]
GOAL_S, GOAL_MB = 2.0, 500.0
FIGURES = ("run_s", "run_cpu_s", "peak_mb", "before_mb")
ROOT = Path(__file__).resolve().parents[1]


def _now() -> Figures:
    """Wall and CPU seconds, and the most memory this process had until now."""
    return {
        "run_s": time.perf_counter(),
        "run_cpu_s": time.process_time(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run_ours(folder: Path, shape: Shape) -> tuple[dict[str, pd.DataFrame], Figures]:
    """All four tables; and the figures of when the frames were there."""
    ledger, known = read_ledger(folder)
    started = _now()
    tables = adoption_tables(
        ledger,
        known,
        practices=followed(shape),
        settings=adoption_settings(),
        region_name="region",
    )
    return tables, started


def run_pandas(folder: Path, shape: Shape) -> tuple[dict[str, pd.DataFrame], Figures]:
    """The same counts by groupby."""
    ledger, _ = read_ledger(folder)
    started = _now()
    return adoption_pandas.adoption(ledger, followed(shape)), started


def run_duckdb(folder: Path, shape: Shape) -> tuple[dict[str, pd.DataFrame], Figures]:
    """The same counts in SQL; it reads the files itself, within its time."""
    started = _now()
    return adoption_duck.adoption(folder, followed(shape)), started


RUNS = dict(zip(ENGINES, (run_ours, run_pandas, run_duckdb), strict=True))


def worker(engine: str, folder: Path, shape: Shape) -> None:
    """One run in this process: figures on standard output, counts in a file."""
    tables, before = RUNS[engine](folder, shape)
    after = _now()
    spent = {name: after[name] - before[name] for name in ("run_s", "run_cpu_s")}
    spent |= {"peak_mb": after["peak_mb"], "before_mb": before["peak_mb"]}
    every = pd.concat([table.assign(by=by) for by, table in tables.items()], ignore_index=True)
    every["rows"] = len(every)
    every.to_parquet(folder / f"{engine}.parquet")
    print(json.dumps(spent))


def counts_of(engine: str, folder: Path) -> pd.DataFrame:
    """Used and applicable by row, areas named alike, without rows that no site is in."""
    table = pd.read_parquet(folder / f"{engine}.parquet")
    if engine == OURS:
        # what our table keeps back or has no site for, no peer knows of
        named = table["by"] == "sex"
        table["area"] = table["area"].where(~named, table["area_id"])
    table = table[table["applicable"].fillna(0) > 0]
    return table.set_index(KEYS)[["used", "applicable"]].astype("int64").sort_index()


def differences(folder: Path) -> list[str]:
    """Sentences on counts of a peer that are not ours."""
    ours, found = counts_of(OURS, folder), []
    for engine in ENGINES[1:]:
        theirs = counts_of(engine, folder)
        both = ours.join(theirs.add_suffix("_peer"), how="inner")
        wrong = both[
            (both["used"] != both["used_peer"]) | (both["applicable"] != both["applicable_peer"])
        ]
        if len(wrong):
            found.append(
                f"{engine}: {len(wrong):,} rows count otherwise, such as {wrong.index[0]}."
            )
        # a row we keep back is missing in ours; one that only we have is wrong
        if len(both) < len(ours):
            found.append(f"{engine}: {len(ours) - len(both):,} rows are only in ours.")
    return found


def measure(name: str, runs: int) -> tuple[str, bool]:
    """The table of one shape as Markdown, and whether all is as it must be."""
    shape = SHAPES[name]
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        write_ledger(shape, folder)
        where = report.machine()
        spent: dict[str, list[report.Run]] = {engine: [] for engine in ENGINES}
        for turn in range(runs):
            for engine in ENGINES:
                call = [sys.executable, "-m", "bench.adoption", "--shape", name]
                call += ["--engine", engine, "--folder", home]
                done = subprocess.run(call, check=True, capture_output=True, text=True, cwd=ROOT)
                spent[engine].append(json.loads(done.stdout.splitlines()[-1]))
                print(f"turn {turn + 1}, {engine}: {spent[engine][-1]}", file=sys.stderr)
        wrong = differences(folder)
        rows = {engine: len(pd.read_parquet(folder / f"{engine}.parquet")) for engine in ENGINES}
    lines = [
        f"{shape.observations:,} observations, {shape.practices} on a visit, {shape.sites:,} "
        f"sites; {where}; {date.today()}; "
        + (f"medians of {runs} runs in turns." if runs > 1 else "one run each."),
        "",
        "| | wall s | CPU s | peak MB | of which before | rows |",
        "|---|---|---|---|---|---|",
    ]
    for engine, every in spent.items():
        wall, cpu, peak, before = (report.median(every, one) for one in FIGURES)
        lines.append(
            f"| {engine} | {wall:.2f} | {cpu:.2f} | {peak:,.0f} | {before:,.0f} "
            f"| {rows[engine]:,} |"
        )
    lines += ["", *(wrong or ["Every count that both have is the same."])]
    ours = spent[OURS]
    # as many visits as observations take more than that before anything is counted
    is_lean = report.median(ours, "peak_mb") <= GOAL_MB or name == "single"
    return "\n".join(lines), not wrong and is_lean and report.median(ours, "run_s") <= GOAL_S


def main() -> int:
    """Measure and print; with --write put the tables into a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, action="append", help="again for more")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", type=Path, help="document with places for the tables")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    names = chosen.shape or ["forms", "single"]
    if chosen.engine:
        worker(chosen.engine, chosen.folder, SHAPES[names[0]])
        return 0
    fine = True
    for name in names:
        text, is_fine = measure(name, chosen.runs)
        print(text, end="\n\n")
        if chosen.write:
            report.put(chosen.write, name, text)
        fine = fine and is_fine
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
