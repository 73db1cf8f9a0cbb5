"""One run of one engine in a process of its own: `python -m bench.run ENGINE FOLDER RESULT`.

Writes the pairs to RESULT (Parquet) and prints one line of JSON: seconds of wall and CPU for
loading and for answering, the most memory this process had, and the versions in use.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from bench import meter, peers
from bench.pairs import tidy


def measured(name: str, folder: Path, result: Path, *, threads: int) -> dict[str, float | str]:
    """Load, answer, write; the figures of both steps, children counted."""
    module, own = peers.engine(name), os.getpid()
    with module.started(threads=threads) as engine:
        start = _now(own)
        loaded = module.load(engine, folder)
        ready = _now(own)
        pairs = module.answer(loaded)
        end = _now(own)
        tidy(pairs).to_parquet(result)
        versions = module.versions()
    return {
        "load_s": ready[0] - start[0],
        "load_cpu_s": ready[1] - start[1],
        "run_s": end[0] - ready[0],
        "run_cpu_s": end[1] - ready[1],
        "high_water_mb": meter.high_water_kb(own) / 1024,
        "versions": versions,
    }


def _now(pid: int) -> tuple[float, float]:
    return time.perf_counter(), meter.cpu_s(pid)


def main(arguments: list[str] | None = None) -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=sorted(peers.MODULES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args(arguments)
    figures = measured(chosen.engine, chosen.folder, chosen.result, threads=chosen.threads)
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
