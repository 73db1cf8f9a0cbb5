"""Files that are written once: bytes, fsync, rename, fsync of the folder; found by their name.

A reader sees a file whole or not at all, whenever the writer was killed. Overwriting in place lost
files in trials (docs/decisions/0002-store.md), so nothing here is ever overwritten in place.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 20


class FileStore(Protocol):
    """Immutable files by name. Names are relative, with forward slashes."""

    def put(self, name: str, stream: BinaryIO) -> tuple[str, int]:
        """Keep what the stream holds under a name; returns its sha256 and its size in bytes."""

    def put_by_sha256(self, folder: str, stream: BinaryIO) -> tuple[str, int]:
        """Keep what the stream holds under `folder/<sha256>`; the same bytes are kept once."""

    def open(self, name: str) -> BinaryIO:
        """The file, open for reading; FileNotFoundError when there is none."""

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""

    def names(self, folder: str) -> Iterator[str]:
        """The names of all finished files below a folder, sorted."""


class LocalFiles:
    """A FileStore in a folder of this machine. Half-written files live in `.partial` only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.partial = root / ".partial"

    def path(self, name: str) -> Path:
        """Where a file lies; a name that would leave the folder is refused."""
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"'{name}' would lie outside the store.")
        return path

    def put(self, name: str, stream: BinaryIO) -> tuple[str, int]:
        written, digest, size = self._write(stream)
        self._publish(written, self.path(name))
        return digest, size

    def put_by_sha256(self, folder: str, stream: BinaryIO) -> tuple[str, int]:
        written, digest, size = self._write(stream)
        target = self.path(f"{folder}/{digest}")
        if target.exists() and target.stat().st_size == size:
            written.unlink()
        else:
            self._publish(written, target)
        return digest, size

    def open(self, name: str) -> BinaryIO:
        return self.path(name).open("rb")

    def exists(self, name: str) -> bool:
        return self.path(name).is_file()

    def remove(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def names(self, folder: str) -> Iterator[str]:
        base = self.path(folder)
        if base.is_dir():
            for path in sorted(base.rglob("*")):
                if path.is_file():
                    yield path.relative_to(self.root).as_posix()

    def leftovers(self) -> list[Path]:
        """Half-written files and scratch folders; those in use are among them."""
        return sorted(self.partial.iterdir()) if self.partial.is_dir() else []

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for one piece of work, removed afterwards."""
        self.partial.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="work-", dir=self.partial))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _write(self, stream: BinaryIO) -> tuple[Path, str, int]:
        self.partial.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        handle, name = tempfile.mkstemp(prefix="put-", dir=self.partial)
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name), digest.hexdigest(), size

    def _publish(self, written: Path, target: Path) -> None:
        for folder in reversed([target.parent, *target.parent.parents]):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                sync_folder(folder.parent)
        written.replace(target)
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Have the disk remember the names in a folder: a rename is lost without it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(stream: BinaryIO) -> str:
    """The sha256 of what a stream holds, in hex."""
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
