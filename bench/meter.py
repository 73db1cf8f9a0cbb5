"""CPU seconds and peak memory of a process with all its children, from Linux's /proc.

A database server is many processes and its workers come and go, so both are taken over the tree.
"""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
INTERVAL_S = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """A process and all its living descendants."""
    yield pid
    try:
        tasks = list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its descendants, those that ended and were waited for too."""
    return sum(_cpu_ticks(member) for member in tree(pid)) / _TICKS


def _cpu_ticks(pid: int) -> int:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    # the name in brackets may hold spaces; utime, stime, cutime, cstime are fields 14 to 17
    fields = text.rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])


def memory_kb(pid: int) -> int:
    """Memory of the tree now: what each process has for itself, and the largest shared part once.

    The exact share of each page (PSS) would cost the server more than some queries do; private
    pages plus the largest shared mapping is the same but for a few megabytes of program text.
    """
    private, shared = 0, 0
    for member in tree(pid):
        values = _status(member)
        private += values.get("RssAnon", 0)
        shared = max(shared, values.get("RssShmem", 0) + values.get("RssFile", 0))
    return private + shared


def _status(pid: int) -> dict[str, int]:
    try:
        text = (PROC / str(pid) / "status").read_text()
    except OSError:
        return {}
    lines = (line.split() for line in text.splitlines() if line.startswith(("Rss", "VmHWM")))
    return {words[0].rstrip(":"): int(words[1]) for words in lines}


def high_water_kb(pid: int) -> int:
    """The most memory one process ever had, as the kernel counts it."""
    return _status(pid).get("VmHWM", 0)


@dataclass
class Peak:
    """Watches a process tree from outside while the block runs; `peak_mb` afterwards."""

    pid: int
    peak_mb: float = 0.0

    def __enter__(self) -> "Peak":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.peak_mb = max(self.peak_mb, memory_kb(self.pid) / 1024)
            time.sleep(INTERVAL_S)
