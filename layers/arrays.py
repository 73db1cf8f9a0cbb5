"""Named arrays in one file that is mapped into memory: only the pages that are looked at are read.

A line of JSON says where each array lies, of what type and shape; the arrays follow, each from a
multiple of ALIGN bytes on, as they lie in memory (little-endian).
"""

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

MAGIC = b"common ground arrays 1\n"
ALIGN = 64


def pack(arrays: Mapping[str, Array], *, about: Mapping[str, Any]) -> bytes:
    """The arrays and a JSON object about them as a file."""
    table: dict[str, Any] = {}
    at = 0
    parts = []
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array)
        plain = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
        table[name] = {"at": at, "type": plain.dtype.str, "shape": list(plain.shape)}
        parts += [plain.tobytes(), bytes(-plain.nbytes % ALIGN)]
        at += plain.nbytes + -plain.nbytes % ALIGN
    head = MAGIC + json.dumps({"arrays": table, "about": about}).encode() + b"\n"
    return head + bytes(-len(head) % ALIGN) + b"".join(parts)


class Arrays:
    """The arrays of a file that `pack` made, read-only. Raises ValueError where it is another."""

    def __init__(self, source: Path | bytes) -> None:
        self._buffer: Any = source
        if isinstance(source, Path):
            with source.open("rb") as file:
                self._buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._buffer[: len(MAGIC)] != MAGIC:
            raise ValueError("This is no file of arrays. Remove it; it is then made again.")
        end = self._buffer.find(b"\n", len(MAGIC))
        head = json.loads(self._buffer[len(MAGIC) : end])
        self._table = head["arrays"]
        self._start = end + 1 + -(end + 1) % ALIGN
        self.about: dict[str, Any] = head["about"]

    def __getitem__(self, name: str) -> Array:
        told = self._table[name]
        kind, shape = np.dtype(told["type"]), tuple(told["shape"])
        count = int(np.prod(shape))
        flat = np.frombuffer(self._buffer, kind, count=count, offset=self._start + told["at"])
        return flat.reshape(shape)
