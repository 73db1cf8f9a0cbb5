"""The conflict engine against its peers: `python -m bench.conflicts --size M --runs 3`.

All engines answer the same rules on the same invented country, in turns, each run in a process of
its own. Prints Markdown; exits 1 where an engine fails or any pair, verdict, line or area differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from bench import peers, report
from bench.country import country_files
from bench.landscape import SIZES
from bench.meter import Peak
from bench.pairs import counts, differences
from bench.peers import OURS
from bench.report import Run

ROOT = Path(__file__).resolve().parent.parent


class RunFailed(RuntimeError):
    """An engine ended without an answer; the message holds the end of what it said."""


def once(engine: str, country: Path, result: Path, *, threads: int) -> Run:
    """One run of an engine in its own process; its pairs go to `result`. Raises RunFailed."""
    command = [sys.executable, "-m", "bench.run", engine, str(country), str(result)]
    command += ["--threads", str(threads)]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process,
        Peak(process.pid) as watched,
    ):
        said, complained = process.communicate()
    if process.returncode:
        raise RunFailed(f"{engine} failed: {complained.strip()[-2000:]}")
    figures: Run = json.loads(said)
    figures["peak_mb"] = max(watched.peak_mb, float(figures["high_water_mb"]))
    for kind in ("s", "cpu_s"):
        figures[f"total_{kind}"] = float(figures[f"load_{kind}"]) + float(figures[f"run_{kind}"])
    return figures


def measure(
    engines: list[str], country: Path, *, runs: int, threads: int, run_once: set[str]
) -> tuple[dict[str, list[Run]], pd.DataFrame, list[str]]:
    """Figures by engine, our pairs, and every disagreement as a sentence."""
    figures: dict[str, list[Run]] = {engine: [] for engine in engines}
    ours: pd.DataFrame | None = None
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "pairs.parquet"
        for nth in range(runs):
            for engine in engines:
                if nth and engine in run_once:
                    continue
                print(f"{engine}, run {nth + 1} of {runs} ...", file=sys.stderr)
                figures[engine].append(once(engine, country, result, threads=threads))
                pairs = pd.read_parquet(result)
                if ours is None:
                    ours = pairs
                else:
                    wrong += differences(ours, pairs, name=engine)
    if ours is None:
        raise ValueError("Nothing was run. Give at least one engine and one run.")
    return figures, ours, sorted(set(wrong))


def verdict(engines: list[str], ours: pd.DataFrame, wrong: list[str]) -> str:
    """Whether all agree, in words."""
    if wrong:
        return "\n".join(["**The engines do not agree.**", "", *(f"- {line}" for line in wrong)])
    others = [engine for engine in engines if engine != OURS]
    if not others:
        return f"{len(ours):,} pairs; no peer was run beside."
    return (
        f"{', '.join(others)}: the same {len(ours):,} pairs as {OURS}, each with the same verdict "
        "and line, areas equal to one in a million."
    )


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    names = list(peers.MODULES)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="M")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of each engine")
    parser.add_argument("--engines", nargs="+", choices=names, default=names)
    parser.add_argument("--once", nargs="*", choices=names, default=[], help="run these just once")
    parser.add_argument("--only-ours", action="store_true", help="time our engine alone")
    parser.add_argument("--write", type=Path, help="put the figures into this document too")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 0 where all engines agree, 1 where they do not or one fails."""
    chosen = parsed(arguments)
    wanted = [OURS] if chosen.only_ours else [OURS, *(e for e in chosen.engines if e != OURS)]
    reasons = {engine: peers.engine(engine).missing() for engine in wanted}
    absent = {engine: reason for engine, reason in reasons.items() if reason}
    engines = [engine for engine in wanted if engine not in absent]
    left_out = (engine for engine in peers.MODULES if engine not in wanted)
    absent |= dict.fromkeys(left_out, "left out of this run on purpose")
    where, now = report.machine(), datetime.now(UTC).date()
    try:
        runs, ours, wrong = measure(
            engines,
            country_files(chosen.size),
            runs=chosen.runs,
            threads=chosen.threads,
            run_once=set(chosen.once),
        )
    except RunFailed as error:
        print(error, file=sys.stderr)
        return 1
    parts = [report.head(chosen.size, runs, where=where, on=now), report.figures(runs, absent)]
    if len(engines) > 1:
        parts.append(report.ratios(runs))
    parts += [report.by_rule(counts(ours)), verdict(engines, ours, wrong)]
    text = "\n\n".join(parts)
    print(text)
    if chosen.write:
        report.put(chosen.write, chosen.size, text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
