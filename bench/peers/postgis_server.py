"""A PostgreSQL cluster of the benchmark's own: a temporary folder, a Unix socket, no network.

Debian's `postgresql` and `postgresql-*-postgis-3` are enough; no service is touched. The server
is a child of this process, so its CPU and memory can be counted.
"""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

READY_WITHIN_S = 60
_MB = 2**20
_INITDB = ("-U", "bench", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")


class ServerError(RuntimeError):
    """The server did not do what it was asked; the message holds what it said."""


@dataclass(frozen=True)
class Server:
    """A running server; its socket lies in `folder`."""

    folder: Path

    def _psql(self, *arguments: str) -> list[str]:
        asked = ("-h", str(self.folder), "-U", "bench", "-d", "postgres", *arguments)
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *asked]

    def execute(self, sql: str) -> str:
        """Run statements in one session; what they print. Raises ServerError."""
        done = subprocess.run(
            self._psql("-At", "-f", "-"), input=sql, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServerError(f"PostgreSQL refused a statement: {done.stderr.strip()}")
        return done.stdout

    def copy_in(self, target: str, lines: Iterable[bytes]) -> None:
        """Load CSV lines into a table, `target` being name and columns. Raises ServerError."""
        command = self._psql("-c", f"COPY {target} FROM STDIN (FORMAT csv)")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as psql:
            _, said = psql.communicate(b"".join(lines))
        if psql.returncode:
            raise ServerError(f"PostgreSQL refused the rows of {target}: {said.decode().strip()}")

    def copy_out(self, query: str, file: Path) -> None:
        """The rows of a query as CSV with a header. Raises ServerError."""
        with file.open("wb") as target:
            done = subprocess.run(
                self._psql("-c", f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)"),
                stdout=target,
                stderr=subprocess.PIPE,
                check=False,
            )
        if done.returncode:
            raise ServerError(f"PostgreSQL refused a query: {done.stderr.decode().strip()}")


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest version that has PostGIS; or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version, reverse=True)
    return next((initdb.parent for initdb in found if _control(initdb.parent).exists()), None)


def extension_version(where: Path) -> str:
    """PostGIS's version beside the server in a folder of programs."""
    lines = (line.partition("=") for line in _control(where).read_text().splitlines())
    values = {name.strip(): value.strip(" '") for name, _, value in lines}
    return values.get("default_version", "of unknown version")


def _control(where: Path) -> Path:
    return Path("/usr/share/postgresql") / where.parent.name / "extension" / "postgis.control"


def _version(initdb: Path) -> float:
    return float(initdb.parent.parent.name)


def settings(threads: int) -> dict[str, str]:
    """What a competent administrator sets for a batch of spatial queries on this machine."""
    memory_mb = psutil.virtual_memory().total // _MB
    return {
        "listen_addresses": "",
        "shared_buffers": f"{min(memory_mb // 6, 4096)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "work_mem": "256MB",
        "maintenance_work_mem": "512MB",
        "effective_io_concurrency": "200",
        "random_page_cost": "1.1",
        "max_worker_processes": str(threads + 6),
        "max_parallel_workers": str(threads),
        "max_parallel_workers_per_gather": str(threads),
        "max_parallel_maintenance_workers": str(threads),
        # the planner thinks a spatial test costs more than it does, and small tables too small
        "parallel_setup_cost": "10",
        "parallel_tuple_cost": "0.001",
        "min_parallel_table_scan_size": "0",
        "min_parallel_index_scan_size": "0",
        "jit": "off",
        # nothing here need survive a power cut
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "30min",
        "autovacuum": "off",
    }


@contextmanager
def server(*, threads: int) -> Iterator[Server]:
    """A server with PostGIS, gone with its folder afterwards. Raises ServerError."""
    where = programs()
    if where is None:
        raise ServerError("PostgreSQL with PostGIS is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="bench-postgis-"))
    become = _unprivileged()
    try:
        if become:
            shutil.chown(folder, user=become["user"])
        data, log = folder / "data", folder / "log"
        done = subprocess.run(
            [str(where / "initdb"), "-D", str(data), *_INITDB],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            **become,
        )
        if done.returncode:
            raise ServerError(f"initdb failed: {done.stderr.strip()}")
        options = settings(threads) | {"unix_socket_directories": str(folder)}
        command = [str(where / "postgres"), "-D", str(data)]
        command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with log.open("wb") as said:
            running = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder, **become)
        try:
            own = Server(folder)
            _wait(own, lambda: running.poll() is None, log)
            own.execute("CREATE EXTENSION postgis")
            yield own
        finally:
            running.terminate()
            running.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> dict[str, str]:
    """Whom to run as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next((name for name in ("postgres", "nobody") if name in known), None)
    if user is None:
        raise ServerError("PostgreSQL refuses to run as root. Run the benchmark as another user.")
    return {"user": user, "group": grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name}


def _wait(own: Server, alive: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            own.execute("SELECT 1")
        except ServerError:
            if not alive():
                break
            time.sleep(0.05)
        else:
            return
    raise ServerError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
