"""Whatever the worker does, the parent gets one sentence and lives."""

import os
import sys
import time
from pathlib import Path

import pytest

from layers.read import Limits, ReadError, ReadRequest, inspect, read, supervisor

GOOD = b"name,lon,lat\nA,29.7,0.9\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "sites.csv").write_bytes(GOOD)
    return tmp_path / "sites.csv"


def misbehave(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let the worker run other code than ours."""
    real = supervisor.subprocess.Popen

    def popen(_: list[str], **more: object) -> object:
        return real([sys.executable, "-c", code], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(supervisor.subprocess, "Popen", popen)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "raise SystemExit(3)",
        "pass",
        "print('x' * 5_000_000)",
        "open('report.json', 'w').write('{broken')",
        "open('report.json', 'w').write('[' * 100000)",
        "open('report.json', 'w').write('{\"format\": 1}')",
        "import os; os.symlink('/etc/passwd', 'report.json')",
    ],
)
def test_a_worker_that_crashes_babbles_or_lies_ends_in_a_sentence(
    code: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, code)
    with pytest.raises(ReadError, match=r"'sites.csv' could not be read"):
        inspect(path, filename="sites.csv")


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import time; time.sleep(60)", "import sys; sys.stdout.close(); import os;"
     "os.close(1) if False else None; import time; time.sleep(60)"],
)  # fmt: skip
def test_a_worker_that_never_ends_is_stopped_at_the_deadline(
    code: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, code)
    started = time.monotonic()
    with pytest.raises(ReadError, match=r"took longer than 1 s to read and was stopped"):
        inspect(path, filename="sites.csv", limits=Limits(seconds=1))
    assert time.monotonic() - started < 5


def test_what_the_worker_started_dies_with_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid"
    misbehave(
        monkeypatch,
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(note)!r}, 'w').write(str(child.pid)); time.sleep(60)",
    )
    with pytest.raises(ReadError):
        inspect(path, filename="sites.csv", limits=Limits(seconds=2))
    pid = int(note.read_text())
    for _ in range(50):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text():
            break
        time.sleep(0.05)
    else:
        pytest.fail(f"process {pid} is still there")


def test_a_worker_out_of_memory_says_so(path: Path) -> None:
    with pytest.raises(ReadError, match=r"memory|could not be read"):
        read(
            path,
            ReadRequest(region_id="ituri", kind="mine_sites"),
            filename="sites.csv",
            out=path.parent / "out",
            limits=Limits(memory_bytes=150 * 2**20),
        )


def test_nothing_of_the_servers_environment_reaches_the_worker(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "environment"
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    misbehave(monkeypatch, f"import os; open({str(note)!r}, 'w').write(repr(dict(os.environ)))")
    with pytest.raises(ReadError):
        inspect(path, filename="sites.csv")
    assert "secret" not in note.read_text()
    assert os.environ["DATABASE_URL"] == "postgresql://secret"


def test_progress_is_told_from_nought_to_one(path: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    read(
        path,
        ReadRequest(region_id="ituri", kind="mine_sites", accept_suggestions=True),
        filename="sites.csv",
        out=tmp_path / "out",
        progress=lambda share, text: told.append((share, text)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert all(text for _, text in told)


def test_a_file_that_is_too_large_is_refused_before_a_worker_starts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, "raise SystemExit(1)")
    with pytest.raises(ReadError, match=r"at most 0 MB are accepted"):
        inspect(path, filename="sites.csv", limits=Limits(file_bytes=10))


def test_a_name_is_shown_without_folders_and_control_characters() -> None:
    assert supervisor.shown_name("../../a\\b/c\x1b[31m.csv") == "c?[31m.csv"
    assert len(supervisor.shown_name("x" * 500 + ".csv")) == 80
