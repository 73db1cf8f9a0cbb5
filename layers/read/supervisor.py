"""The parent's side of a reading: starts the worker, watches the clock, trusts only its report."""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from layers import facts
from layers.read.model import (
    FEATURES_OUT,
    RASTER_OUT,
    Inspection,
    Limits,
    Progress,
    ReadError,
    ReadReport,
    ReadRequest,
)
from layers.read.photo import PHOTO_OUT
from layers.read.table_model import TABLE_OUT, TablesReport

ROOT = Path(__file__).resolve().parents[2]
REPORT_BYTES = 32 * 2**20
TALK_BYTES = 2**20
"""More than this on the worker's standard output is not progress: the worker is stopped."""

log = logging.getLogger(__name__)

T = TypeVar("T")


def inspect(path: Path, *, filename: str, limits: Limits | None = None) -> Inspection:
    """What is in a file: its layers, columns, samples and declared CRS.

    Raises ReadError, one plain sentence, where the file is refused.
    """
    limits = limits or Limits()
    shown = shown_name(filename)
    _check_size(path, shown, limits)
    with tempfile.TemporaryDirectory(prefix="reading-") as folder:
        report = _run(
            {"task": "inspect"}, path, filename=filename, limits=limits, folder=Path(folder)
        )
        return _parsed(lambda: Inspection.from_json({**report, "filename": shown}), shown)


def read(
    path: Path,
    request: ReadRequest,
    *,
    filename: str,
    out: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> ReadReport:
    """The canonical frame of one layer in `out/features.parquet`, or a raster in `out/raster.tif`.

    A report with `ok` False has at least one blocking finding and no features. Raises ReadError
    where the file itself is refused; nothing is left in `out` then.
    """
    limits = limits or Limits()
    shown = shown_name(filename)
    _check_size(path, shown, limits)
    out.mkdir(parents=True, exist_ok=True)
    # Inside `out`, so that the finished file moves by rename and never by copy.
    with tempfile.TemporaryDirectory(prefix=".reading-", dir=out) as folder:
        job = {"task": "read", "request": request.as_json()}
        record = _run(
            job,
            path,
            filename=filename,
            limits=limits,
            folder=Path(folder),
            progress=progress,
        )
        report = _parsed(lambda: ReadReport.from_json({**record, "features": None}), shown)
        if not report.ok:
            return report
        name = RASTER_OUT if facts.kind(request.kind).is_raster else FEATURES_OUT
        made = Path(folder) / name
        if made.is_symlink() or not made.is_file():
            raise ReadError(_broke(shown))
        features = out / name
        made.replace(features)
        return ReadReport.from_json({**record, "features": str(features)})


def read_tables(
    path: Path,
    *,
    filename: str,
    out: Path,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> TablesReport:
    """Every table of a CSV, a workbook or a zip of CSVs as text, in Parquet files in `out`.

    Raises ReadError where the file is refused; nothing is left in `out` then.
    """
    limits = limits or Limits()
    shown = shown_name(filename)
    _check_size(path, shown, limits)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".reading-", dir=out) as folder:
        record = _run(
            {"task": "tables"},
            path,
            filename=filename,
            limits=limits,
            folder=Path(folder),
            progress=progress,
        )
        report = _parsed(lambda: TablesReport.from_json({**record, "filename": shown}), shown)
        for number in range(len(report.tables)):
            made = Path(folder) / TABLE_OUT.format(number)
            if made.is_symlink() or not made.is_file():
                raise ReadError(_broke(shown))
            made.replace(out / made.name)
        return replace(report, folder=out)


def small_photo(path: Path, *, filename: str, limits: Limits | None = None) -> bytes:
    """A photo as a small JPEG without anything but its pixels: no place, camera or date.

    Raises ReadError where the file is no photo that we take.
    """
    limits = limits or Limits()
    shown = shown_name(filename)
    _check_size(path, shown, limits)
    with tempfile.TemporaryDirectory(prefix="reading-") as folder:
        _run({"task": "photo"}, path, filename=filename, limits=limits, folder=Path(folder))
        made = Path(folder) / PHOTO_OUT
        if made.is_symlink() or not made.is_file():
            raise ReadError(_broke(shown))
        return made.read_bytes()


def shown_name(filename: str) -> str:
    """A file's name fit for a sentence: no folders, nothing unprintable, at most 80 characters."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter if letter.isprintable() else "?" for letter in name)
    return name if len(name) <= 80 else name[:50] + "…" + name[-29:]


def _check_size(path: Path, shown: str, limits: Limits) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ReadError(f"'{shown}' cannot be opened: {error.strerror}.") from error
    if not path.is_file():
        raise ReadError(f"'{shown}' is not a file. Zip a folder of files before bringing it.")
    if size == 0:
        raise ReadError(f"'{shown}' is empty (0 bytes). Export or download it again.")
    if size > limits.file_bytes:
        raise ReadError(
            f"'{shown}' has {size / 2**20:.0f} MB; at most {limits.file_bytes / 2**20:.0f} MB are "
            "accepted. Split it by district, or drop columns that are not needed."
        )


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the server's own environment: no password, proxy or path reaches the worker."""
    return {
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        # One reading is one core; thread pools also reserve address space the limit counts.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        # Whatever still wants the network finds a closed door.
        "GDAL_HTTP_PROXY": "127.0.0.1:9",
        "GDAL_HTTPS_PROXY": "127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "GDAL_HTTP_TIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "CPL_CURL_ENABLE_VSIMEM": "NO",
        "PROJ_NETWORK": "OFF",
        "GDAL_CACHEMAX": "64",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "OGR_SQLITE_LOAD_EXTENSIONS": "NO",
        "OGR_SQLITE_JOURNAL": "OFF",
        "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
        "SHAPE_RESTORE_SHX": "NO",
    }


def _run(
    job: dict[str, Any],
    path: Path,
    *,
    filename: str,
    limits: Limits,
    folder: Path,
    progress: Progress | None = None,
) -> dict[str, Any]:
    shown = shown_name(filename)
    full_job = job | {
        "path": str(path.resolve()),
        "filename": filename,
        "folder": str(folder.resolve()),
        "limits": limits.as_json(),
    }
    with (folder / "worker.log").open("wb") as worker_log:
        worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "layers.read.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=worker_log,
            env=_environment(folder),
            cwd=folder,
            start_new_session=True,
        )
    try:
        with contextlib.suppress(BrokenPipeError):
            assert worker.stdin is not None
            with worker.stdin as stdin:
                stdin.write(json.dumps(full_job).encode())
        for share, text in _talk(worker, shown, limits):
            if progress is not None:
                progress(share, text)
    finally:
        _stop(worker)
    return _report(folder, worker.returncode, shown, limits)


def _talk(
    worker: subprocess.Popen[bytes], shown: str, limits: Limits
) -> Iterator[tuple[float, str]]:
    """Progress as the worker tells it, until it closes its end; ReadError at the deadline."""
    assert worker.stdout is not None
    started = time.monotonic()
    deadline = started + limits.seconds
    heard, rest = 0, b""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ReadError(_too_slow(shown, limits))
            if not selector.select(left):
                continue
            chunk = os.read(worker.stdout.fileno(), 65536)
            if not chunk:
                break
            heard += len(chunk)
            if heard > TALK_BYTES:
                raise ReadError(_broke(shown))
            *lines, rest = (rest + chunk).split(b"\n")
            if b'{"raster": true}' in lines:
                deadline = started + limits.raster_seconds
            yield from filter(None, map(_progress_line, lines))
    try:
        worker.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise ReadError(_too_slow(shown, limits)) from None


def _progress_line(line: bytes) -> tuple[float, str] | None:
    try:
        record = json.loads(line)
        return min(1.0, max(0.0, float(record["share"]))), str(record["text"])[:200]
    except (ValueError, KeyError, TypeError):
        return None


def _stop(worker: subprocess.Popen[bytes]) -> None:
    """End the worker and whatever it started; its session is its own, so only they are hit."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    if worker.stdout is not None:
        worker.stdout.close()


def _report(folder: Path, exit_code: int, shown: str, limits: Limits) -> dict[str, Any]:
    path = folder / "report.json"
    if path.is_file() and not path.is_symlink() and path.stat().st_size <= REPORT_BYTES:
        with contextlib.suppress(ValueError, RecursionError):
            record = json.loads(path.read_bytes())
            if isinstance(record, dict):
                if "error" in record:
                    if words := _last_words(folder):
                        log.warning("reading %s: %s", shown, words)
                    raise ReadError(str(record["error"]))
                if exit_code == 0:
                    return record
    log.warning("reading stopped with %s: %s", exit_code, _last_words(folder))
    if exit_code in (-signal.SIGXCPU, -signal.SIGALRM):
        raise ReadError(_too_slow(shown, limits))
    raise ReadError(_broke(shown))


def _last_words(folder: Path) -> str:
    with contextlib.suppress(OSError), (folder / "worker.log").open("rb") as worker_log:
        worker_log.seek(0, os.SEEK_END)
        worker_log.seek(max(0, worker_log.tell() - 2000))
        return worker_log.read().decode(errors="replace")
    return ""


def _parsed(build: Callable[[], T], shown: str) -> T:
    """What the worker reported; a report that does not fit means the worker was led astray."""
    try:
        return build()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReadError(_broke(shown)) from error


def _too_slow(shown: str, limits: Limits) -> str:
    return (
        f"'{shown}' took longer than {limits.seconds:g} s to read and was stopped. "
        "Split it into smaller files, or simplify its shapes, and bring it again."
    )


def _broke(shown: str) -> str:
    return (
        f"'{shown}' could not be read: it stopped the reader, so it is damaged or not what its "
        "name says. Save it again from the program it came from, or as another format."
    )
