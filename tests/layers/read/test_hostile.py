"""Broken and hostile files: one plain sentence each, nothing leaks, the parent stays alive."""

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from layers.read import ReadError, ReadRequest, inspect, read
from tests.corpus import CASES, Bait, Case

CANARY = "canary-7f3a91-must-never-appear"


@pytest.fixture(scope="module")
def trap() -> Iterator[tuple[str, list[object]]]:
    """An address that listens, and who came."""
    visitors: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    visitor, _ = server.accept()
                except TimeoutError:
                    continue
                visitors.append(visitor)
                visitor.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", visitors
        stop.set()
        thread.join()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_broken_or_hostile_file_ends_in_one_plain_sentence(
    case: Case, tmp_path: Path, trap: tuple[str, list[object]]
) -> None:
    address, visitors = trap
    secret = tmp_path / "secret.csv"
    secret.write_text(f"name,lon,lat\n{CANARY},29.7,0.9\n")
    path = case.build(tmp_path, Bait(secret=secret, address=address))
    started = time.monotonic()
    said, outcome = _bring(case, path, tmp_path / "out")
    assert time.monotonic() - started < 30
    assert outcome == case.expect, said
    assert CANARY not in said
    for left in (tmp_path / "out").rglob("*") if (tmp_path / "out").exists() else ():
        assert not left.is_file() or CANARY.encode() not in left.read_bytes()
    assert not visitors
    assert not Path("/tmp/escaped.csv").exists()


def _bring(case: Case, path: Path, out: Path) -> tuple[str, str]:
    """Everything the reader said, and how it ended."""
    request = ReadRequest(region_id=case.region, kind=case.kind, accept_suggestions=True)
    try:
        shown = inspect(path, filename=case.filename)
        report = read(path, request, filename=case.filename, out=out)
    except ReadError as error:
        _assert_is_a_plain_sentence(str(error))
        assert not list(out.glob("*")), "a refused file leaves nothing behind"
        return str(error), "refused"
    said = f"{shown} {report}"
    for finding in report.findings:
        _assert_is_a_plain_sentence(finding.message)
    counts = report.counts
    assert counts["read"] == counts["imported"] + counts["repaired"] + counts["rejected"]
    return said, "imports" if report.ok and not counts["rejected"] else "findings"


def _assert_is_a_plain_sentence(text: str) -> None:
    assert 20 < len(text) < 600, text
    assert text.endswith((".", "?")), text
    assert "\n" not in text
    assert not re.search(r"Traceback|Exception|/tmp/|Error\(|layers\.read|0x[0-9a-f]{6}", text), (
        text
    )


def test_there_are_more_than_forty_five_cases_and_their_names_differ() -> None:
    assert len(CASES) >= 45
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.filename for case in CASES}) > len(CASES) - 12


UNPROTECTED = """
import sys, pyogrio
for name, _ in pyogrio.list_layers(sys.argv[1]):
    print(pyogrio.read_dataframe(sys.argv[1], layer=name).to_string())
"""


def _read_without_protection(name: str, folder: Path, bait: Bait) -> str:
    """What GDAL with all its drivers makes of a case, in a process that nothing holds back."""
    (case,) = (each for each in CASES if each.name == name)
    path = case.build(folder, bait)
    done = subprocess.run(
        [sys.executable, "-c", UNPROTECTED, str(path)],
        capture_output=True, text=True, timeout=60, check=False, env={"GDAL_HTTP_TIMEOUT": "5"},
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("name", ["vrt named geojson", "vrt named csv"])
def test_unprotected_gdal_would_hand_over_the_file_outside(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(f"name,lon,lat\n{CANARY},29.7,0.9\n")
    assert CANARY in _read_without_protection(name, tmp_path, Bait(secret=secret))


@pytest.mark.parametrize("name", ["crs link", "crs link in escapes", "vrt that fetches"])
def test_unprotected_gdal_would_call_the_address(
    name: str, tmp_path: Path, trap: tuple[str, list[object]]
) -> None:
    address, visitors = trap
    _read_without_protection(name, tmp_path, Bait(address=address))
    deadline = time.monotonic() + 2
    while not visitors and time.monotonic() < deadline:
        time.sleep(0.05)
    assert visitors
    visitors.clear()
