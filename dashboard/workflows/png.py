"""PNG pictures with a palette, written by ourselves: a tile of land cover is some hundred bytes."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Color = tuple[int, int, int, int]
"""Red, green, blue, opacity, 0 to 255 each."""


def indexed_png(places: npt.NDArray[np.uint8], palette: Sequence[Color]) -> bytes:
    """A picture of (rows, columns) places in a palette of at most 256 colours."""
    height, width = places.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = places
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, content)
        for name, content in (
            (b"IHDR", header),
            (b"PLTE", bytes(part for color in palette for part in color[:3])),
            (b"tRNS", bytes(color[3] for color in palette)),
            (b"IDAT", zlib.compress(rows.tobytes(), 6)),
            (b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def color_of(text: str) -> Color:
    """ "#rrggbb" as an opaque colour."""
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue, 255
