"""Zip archives, unpacked by ourselves: counted while streaming, never by what they declare."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from layers.read.model import Limits, ReadError

CHUNK = 2**20
IGNORED_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
RATIO_FROM_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive that passed the checks of its name."""

    name: str
    info: zipfile.ZipInfo

    @property
    def stem(self) -> str:
        """Name without folders and extension."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """Extension in lower case."""
        return PurePosixPath(self.name).suffix.lower()


def members(archive: zipfile.ZipFile, shown: str, limits: Limits) -> list[Member]:
    """The files of an archive; refused if any would leave its folder, link, hide or nest."""
    infos = archive.infolist()
    if len(infos) > limits.max_members:
        raise ReadError(
            f"'{shown}' holds {len(infos):,} files; at most {limits.max_members} are accepted. "
            "Pack only the files of one layer."
        )
    found = []
    for info in infos:
        name = info.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in info.orig_filename:
            raise ReadError(
                f"'{shown}' wants to write outside its folder ('{path.name[:60]}'). "
                "Pack it again from plain files."
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ReadError(
                f"'{shown}' holds a link ('{path.name[:60]}') instead of a file. "
                "Pack the files themselves."
            )
        if info.flag_bits & 0x1:
            raise ReadError(f"'{shown}' is locked with a password. Pack it without one.")
        if info.is_dir() or "__MACOSX" in path.parts or path.name.lower() in IGNORED_FILES:
            continue
        found.append(Member(name=name, info=info))
    _refuse_bomb(sum(each.info.file_size for each in found), archive, shown, limits)
    return found


def _refuse_bomb(unpacked: int, archive: zipfile.ZipFile, shown: str, limits: Limits) -> None:
    packed = max(1, sum(info.compress_size for info in archive.infolist()))
    if unpacked > limits.unpacked_bytes or (
        unpacked > RATIO_FROM_BYTES and unpacked / packed > limits.max_ratio
    ):
        raise ReadError(
            f"'{shown}' would unpack to {unpacked / 2**20:,.0f} MB from {packed / 2**20:.1f} MB, "
            "more than real data does. Bring the file unpacked, or in parts."
        )


def chunks(
    archive: zipfile.ZipFile, member: Member, shown: str, *, at_most: int, limits: Limits
) -> Iterator[bytes]:
    """The unpacked bytes of a member; refused once it grows past what it may.

    The sizes in an archive's directory can lie, so bytes are counted as they come.
    """
    seen = 0
    packed = max(1, member.info.compress_size)
    try:
        with archive.open(member.info) as stream:
            while chunk := stream.read(CHUNK):
                seen += len(chunk)
                if seen > at_most or (
                    seen > RATIO_FROM_BYTES * 2 and seen / packed > limits.max_ratio * 2
                ):
                    raise ReadError(
                        f"'{shown}' unpacks to far more than it declares. "
                        "Bring the file unpacked, or in parts."
                    )
                yield chunk
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ReadError(
            f"'{shown}' is a damaged zip archive ('{PurePosixPath(member.name).name[:60]}' cannot "
            "be unpacked). Download or pack it again."
        ) from error


def unpack(
    archive: zipfile.ZipFile, member: Member, to: Path, shown: str, limits: Limits, *, left: int
) -> int:
    """Write a member to a path of our own naming; returns the bytes written."""
    to.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with to.open("xb") as file:
        for chunk in chunks(archive, member, shown, at_most=left, limits=limits):
            written += file.write(chunk)
    return written
