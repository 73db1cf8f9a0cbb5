"""Tiles of a raster for the map: a picture as it is, land cover in the colours of its classes."""

import hashlib
import json
import threading
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.workflows import picture_tiles
from dashboard.workflows.png import Color, color_of, indexed_png
from dashboard.workflows.tile_grid import (
    SIZE,
    Floats,
    meets,
    part_of,
    places,
    refuse_no_tile,
    tile_bounds,
)
from dashboard.workflows.types import WorkflowError
from layers import facts
from layers.catalogue import NODATA_KEY, LayerVersion
from layers.store import Store

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

OPEN_AT_ONCE = threading.BoundedSemaphore(4)
ENDINGS = {"png": "image/png", "webp": "image/webp"}
"""As what a tile can be asked for; land cover is as "png" alone."""


@cache
def style_fingerprint(kind_id: str) -> str:
    """A hash of how a kind is drawn, for the address of tiles that browsers keep for ever."""
    kind = facts.kind(kind_id)
    if kind.is_picture:
        return picture_tiles.drawing_fingerprint()
    colors = json.dumps(sorted(kind.colors.items()))
    return hashlib.sha256(colors.encode()).hexdigest()[:8]


def raster_tile(
    store: Store, version_id: str, *, zoom: int, column: int, row: int, ending: str = "png"
) -> bytes:
    """A tile of 256 x 256 pixels; clear where the raster has no data or no class.

    `zoom`, `column` and `row` as all web maps count them; `ending` is "png", or for a picture
    "webp". Each pixel of a tile of land cover shows the class of the raster's pixel under its
    middle; far out, that of an overview. WorkflowError where there is no such tile.
    """
    refuse_no_tile(zoom, column, row)
    version = store.version(version_id)
    if ending not in ENDINGS or (ending != "png" and not version.is_picture):
        raise WorkflowError(f"Tiles of '{version_id}' do not come as '{ending[:20]}'. Ask for png.")
    nothing = picture_tiles.clear(ending) if version.is_picture else CLEAR
    if version.bounds and not meets(version.bounds, tile_bounds(zoom, column, row)):
        return nothing
    layer = store.layer(version.layer_id)
    area = facts.region(layer.region_id).country_bounds
    with OPEN_AT_ONCE, store.open_raster(version.version_id) as dataset:
        at = places(dataset, (zoom, column, row), crs=str(version.crs), area=area)
        if version.is_picture:
            rgba = picture_tiles.drawn(dataset, *at)
            return nothing if rgba is None else picture_tiles.encoded(rgba, ending)
        values, there = _nearest(dataset, *at)
    palette, colors = _colored(version, layer.kind, values, there)
    return indexed_png(colors, palette) if colors.any() else CLEAR


def _nearest(
    dataset: "DatasetReader", columns: Floats, rows: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The values under places, and which places lie on the raster."""
    values = np.zeros(columns.shape, dtype=np.int64)
    part = part_of(dataset, columns, rows)
    if part is None:
        return values, np.zeros(columns.shape, dtype=bool)
    there = part.there
    data = dataset.read(1, window=part.window(), out_shape=part.shape)
    at_row = ((rows[there] - part.top) / part.step).astype(int)
    at_column = ((columns[there] - part.left) / part.step).astype(int)
    values[there] = data[at_row, at_column]
    return values, there


def _colored(
    version: LayerVersion,
    kind_id: str,
    values: npt.NDArray[np.int64],
    there: npt.NDArray[np.bool_],
) -> tuple[list[Color], npt.NDArray[np.uint8]]:
    """A palette, clear first, and the place of each pixel in it."""
    colors = facts.kind(kind_id).colors
    names = list(colors)
    palette: list[Color] = [(0, 0, 0, 0), *(color_of(colors[name]) for name in names)]
    found = np.zeros(values.shape, dtype=np.uint8)
    nodata = version.mapping.get(NODATA_KEY)
    for value, name in (version.raster_classes or {}).items():
        if name in colors and str(value) != nodata:
            found[there & (values == value)] = names.index(name) + 1
    return palette, found


CLEAR = indexed_png(np.zeros((SIZE, SIZE), dtype=np.uint8), [(0, 0, 0, 0)])
"""A tile of land cover with nothing on it."""
