"""Tiles of a picture for the map: its colours between four pixels, clear where it has no data.

The grid of a tile is moved by the same operation as features and rasters of classes are, so a
picture on an old datum lies where they do; see raster_tiles.
"""

import hashlib
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dashboard.workflows import tile_grid
from dashboard.workflows.tile_grid import SIZE, Floats

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

WEBP_QUALITY, WEBP_EFFORT = 80, 2
"""docs/decisions/0023-imagery.md has the weighing."""

Bytes = npt.NDArray[np.uint8]


@cache
def drawing_fingerprint() -> str:
    """A hash of the code that draws, for the address of tiles that browsers keep for ever."""
    digest = hashlib.sha256()
    for path in (Path(__file__), Path(tile_grid.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def drawn(dataset: "DatasetReader", columns: Floats, rows: Floats) -> Bytes | None:
    """Red, green, blue and alpha (SIZE, SIZE, 4) at places of a picture; None where it has none.

    `columns` and `rows` are places in the picture, with fractions, of the middle of each pixel of
    the tile. A colour is that of the four pixels around, by nearness, of those with data; far out,
    of an overview. A place is clear where the pixel under it has no data.
    """
    part = tile_grid.part_of(dataset, columns, rows)
    if part is None:
        return None
    from rasterio.enums import Resampling  # noqa: PLC0415 - loads GDAL

    how: dict[str, Any] = {
        "window": part.window(), "out_shape": part.shape, "resampling": Resampling.average,
    }  # fmt: skip
    data = dataset.read(**how)
    flags = {flag.name for flag in dataset.mask_flag_enums[0]}
    has_mask = "per_dataset" in flags
    known = None
    if has_mask:
        # a pixel of an overview has data where most of what it stands for has
        known = dataset.read_masks(1, **how) >= 128
    at_column = (columns - part.left) / part.step
    at_row = (rows - part.top) / part.step
    colours = _between(data, known, at_column, at_row, part.there)
    alpha = part.there
    if known is not None:
        height, width = known.shape
        with np.errstate(invalid="ignore"):
            row = np.where(part.there, at_row, 0).astype(int).clip(0, height - 1)
            column = np.where(part.there, at_column, 0).astype(int).clip(0, width - 1)
        alpha = part.there & known[row, column]
    if not alpha.any():
        return None
    out = np.zeros((SIZE, SIZE, 4), dtype=np.uint8)
    out[..., :3] = colours.transpose(1, 2, 0)
    out[..., 3] = alpha * np.uint8(255)
    out[~alpha] = 0
    return out


def _between(
    data: Bytes,
    known: npt.NDArray[np.bool_] | None,
    columns: Floats,
    rows: Floats,
    there: npt.NDArray[np.bool_],
) -> Bytes:
    """Values (bands, SIZE, SIZE) at places, bilinear between the middles of pixels with data."""
    height, width = data.shape[1:]
    x = np.where(there, columns - 0.5, 0).astype(np.float32)
    y = np.where(there, rows - 0.5, 0).astype(np.float32)
    left, top = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    right_share, low_share = x - left, y - top
    flat = np.ascontiguousarray(data).reshape(data.shape[0], -1)
    total = np.zeros((data.shape[0], *columns.shape), dtype=np.float32)
    weights = np.zeros(columns.shape, dtype=np.float32)
    for down in (0, 1):
        row = (top + down).clip(0, height - 1)
        share_y = low_share if down else 1 - low_share
        for along in (0, 1):
            column = (left + along).clip(0, width - 1)
            weight = share_y * (right_share if along else 1 - right_share)
            at = row * width + column
            if known is not None:
                weight = weight * known.ravel()[at]
                weights += weight
            total += flat[:, at] * weight
    if known is not None:
        total /= np.maximum(weights, 1e-6)
    return np.asarray(np.clip(total + 0.5, 0, 255).astype(np.uint8))


def encoded(rgba: Bytes, ending: str) -> bytes:
    """A tile as a file: "webp" or "png"."""
    return ENDINGS[ending](rgba)


def _webp(rgba: Bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - needed by pictures only

    out = io.BytesIO()
    is_full = bool((rgba[..., 3] == 255).all())
    image = Image.fromarray(np.ascontiguousarray(rgba[..., :3]) if is_full else rgba)
    image.save(out, format="WEBP", quality=WEBP_QUALITY, method=WEBP_EFFORT)
    return out.getvalue()


def _png(rgba: Bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415

    out = io.BytesIO()
    Image.fromarray(rgba).save(out, format="PNG", compress_level=3)
    return out.getvalue()


ENDINGS: dict[str, Callable[[Bytes], bytes]] = {"webp": _webp, "png": _png}


@cache
def clear(ending: str) -> bytes:
    """A tile with nothing on it."""
    return encoded(np.zeros((SIZE, SIZE, 4), dtype=np.uint8), ending)
