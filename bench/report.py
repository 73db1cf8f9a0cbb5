"""The benchmark's figures as Markdown, and their place in a document."""

import os
import platform
import statistics
from datetime import date
from pathlib import Path

import pandas as pd
import psutil

from bench.landscape import SIZES
from bench.peers import OURS
from bench.questions import RULE_IDS

Run = dict[str, float | str]
FIGURES = ("load_s", "run_s", "total_s", "load_cpu_s", "run_cpu_s", "total_cpu_s", "peak_mb")


def median(runs: list[Run], figure: str) -> float:
    """The median of a figure over runs."""
    return statistics.median(float(run[figure]) for run in runs)


def machine() -> str:
    """Cores, memory and processor, and how busy it was."""
    memory = psutil.virtual_memory().total / 2**30
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, load average {busy:.1f} at the start"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def head(size: str, runs: dict[str, list[Run]], *, where: str, on: date) -> str:
    """What was measured, where and when."""
    counts = {len(every) for name, every in runs.items() if every}
    once = [name for name, every in runs.items() if len(every) == 1 and max(counts) > 1]
    said = (
        f"Size {size}: {SIZES[size].mines:,} mines, {SIZES[size].fields:,} fields; {where}; {on}; "
    )
    said += f"medians of {max(counts)} runs in turns" if max(counts) > 1 else "one run each"
    return said + (f", {' and '.join(once)} run once." if once else ".")


def figures(runs: dict[str, list[Run]], absent: dict[str, str]) -> str:
    """Seconds of wall and CPU, and megabytes, an engine a row."""
    lines = [
        "| | load s | answer s | both s | CPU s, load | CPU s, answer | peak MB | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, every in runs.items():
        if every:
            load, run, total, load_cpu, run_cpu, _, peak = (median(every, one) for one in FIGURES)
            lines.append(
                f"| {name} | {load:.2f} | {run:.2f} | {total:.2f} | {load_cpu:.2f} | "
                f"{run_cpu:.2f} | {peak:,.0f} | {every[0]['versions']} |"
            )
    lines += [f"| {name} | not run: {reason} |" + " |" * 6 for name, reason in absent.items()]
    return "\n".join(lines)


def ratios(runs: dict[str, list[Run]]) -> str:
    """How many times as much each peer takes as our engine."""
    asked = {
        "answer": "run_s",
        "load and answer": "total_s",
        "CPU, answer": "run_cpu_s",
        "CPU, both": "total_cpu_s",
        "memory": "peak_mb",
    }
    lines = [
        f"| {OURS} : peer | {' | '.join(asked)} |",
        "|---" * (len(asked) + 1) + "|",
    ]
    ours = runs[OURS]
    for name, every in runs.items():
        if every and name != OURS:
            cells = (median(every, one) / max(median(ours, one), 1e-9) for one in asked.values())
            lines.append(f"| {name} | " + " | ".join(f"1 : {cell:.1f}" for cell in cells) + " |")
    return "\n".join(lines)


def by_rule(counted: pd.DataFrame) -> str:
    """What the rules found, a rule a row."""
    lines = ["| rule | pairs | inside | too close | ha, sum of pairs |", "|---|---|---|---|---|"]
    for rule_id in RULE_IDS:
        if rule_id not in counted.index:
            lines.append(f"| {rule_id} | 0 | 0 | 0 | no data |")
            continue
        pairs, inside, close, area_ha = counted.loc[rule_id]
        area = "no data" if pd.isna(area_ha) else f"{area_ha:,.2f}"
        lines.append(f"| {rule_id} | {pairs:,.0f} | {inside:,.0f} | {close:,.0f} | {area} |")
    return "\n".join(lines)


def put(document: Path, size: str, text: str) -> None:
    """Replace what stands between the marks of a size. Raises ValueError where there are none."""
    begin, end = f"<!-- bench {size} -->", f"<!-- /bench {size} -->"
    before, found, rest = document.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{document} has no place for size {size}. Add '{begin}' and '{end}'.")
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")
