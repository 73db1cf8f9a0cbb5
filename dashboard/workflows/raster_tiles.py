"""Tiles of a raster for the map, in the colours of its classes; warped by the region's own shift.

The grid of a tile is moved point by point with the same operation as everything else here, so a
raster on an old datum lies where the features do. GDAL would choose a shift of its own.
"""

import hashlib
import json
import math
import threading
from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.workflows.png import Color, color_of, indexed_png
from dashboard.workflows.types import WorkflowError
from geo.crs import Bounds, points_from_wgs84
from layers import facts
from layers.catalogue import NODATA_KEY, LayerVersion
from layers.store import Store

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

SIZE = 256
DEEPEST = 22
CONTROL = 17
"""Points along the edge of a tile that are moved exactly; those between are interpolated."""
KEPT_BYTES = 48 * 2**20
OPEN_AT_ONCE = threading.BoundedSemaphore(4)

_kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
_guard = threading.Lock()
Floats = npt.NDArray[np.float64]


@cache
def style_fingerprint(kind_id: str) -> str:
    """A hash of the colours of a kind, for the address of tiles that browsers keep for ever."""
    colors = json.dumps(sorted(facts.kind(kind_id).colors.items()))
    return hashlib.sha256(colors.encode()).hexdigest()[:8]


def raster_tile(store: Store, version_id: str, *, zoom: int, column: int, row: int) -> bytes:
    """A tile of 256 x 256 pixels as PNG; clear where the raster has no data or no class.

    `zoom`, `column` and `row` as all web maps count them. Each pixel of the tile shows the class of
    the raster's pixel under its middle; far out, that of an overview. WorkflowError where there is
    no such tile.
    """
    if not (0 <= zoom <= DEEPEST and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise WorkflowError(
            f"There is no tile {zoom}/{column}/{row}: zoom goes from 0 to {DEEPEST}, column and "
            "row from 0 to 2 to the power of the zoom, less 1."
        )
    version = store.version(version_id)
    layer = store.layer(version.layer_id)
    key = (store.location, version_id, style_fingerprint(layer.kind), f"{zoom}/{column}/{row}")
    with _guard:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    content = CLEAR
    if version.bounds is None or _meets(version.bounds, tile_bounds(zoom, column, row)):
        with OPEN_AT_ONCE:
            content = _drawn(store, version, layer.kind, layer.region_id, (zoom, column, row))
    with _guard:
        _kept[key] = content
        while sum(map(len, _kept.values())) > KEPT_BYTES:
            _kept.popitem(last=False)
    return content


def tile_bounds(zoom: int, column: int, row: int) -> Bounds:
    """West, south, east and north of a tile, degrees."""
    many = 2**zoom
    west, east = (360 * at / many - 180 for at in (column, column + 1))
    north, south = (
        math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * at / many)))) for at in (row, row + 1)
    )
    return west, south, east, north


def _meets(one: Bounds, other: Bounds) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _drawn(
    store: Store, version: LayerVersion, kind_id: str, region_id: str, tile: tuple[int, int, int]
) -> bytes:
    area = facts.region(region_id).country_bounds
    with store.open_raster(version.version_id) as dataset:
        at = _places(dataset, tile, crs=str(version.crs), area=area)
        values, there = _nearest(dataset, *at)
    palette, places = _colored(version, kind_id, values, there)
    return indexed_png(places, palette) if places.any() else CLEAR


def _places(
    dataset: "DatasetReader", tile: tuple[int, int, int], *, crs: str, area: Bounds
) -> tuple[Floats, Floats]:
    """Column and row in the raster, with fractions, of the middle of each pixel of a tile."""
    zoom, column, row = tile
    many = 2**zoom
    steps = np.linspace(0.0, 1.0, CONTROL)
    lon = 360 * (column + steps) / many - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (row + steps) / many))))
    grid = np.column_stack([np.tile(lon, CONTROL), np.repeat(lat, CONTROL)])
    xy = points_from_wgs84(grid, crs, area_of_interest=area)
    own = dataset.transform
    columns = ((xy[:, 0] - own.c) / own.a).reshape(CONTROL, CONTROL)
    rows = ((xy[:, 1] - own.f) / own.e).reshape(CONTROL, CONTROL)
    return _between(columns), _between(rows)


def _between(points: Floats) -> Floats:
    """A grid of CONTROL x CONTROL points, bilinear at the middles of SIZE x SIZE pixels."""
    at = (np.arange(SIZE) + 0.5) / SIZE * (CONTROL - 1)
    low = np.minimum(at.astype(int), CONTROL - 2)
    share = at - low
    with np.errstate(invalid="ignore"):
        across = points[:, low] * (1 - share) + points[:, low + 1] * share
        return np.asarray(
            across[low] * (1 - share)[:, np.newaxis] + across[low + 1] * share[:, np.newaxis]
        )


def _nearest(
    dataset: "DatasetReader", columns: Floats, rows: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The values under places, and which places lie on the raster; never more than is drawn."""
    from rasterio.windows import Window  # noqa: PLC0415 - loads GDAL

    with np.errstate(invalid="ignore"):
        there = (columns >= 0) & (columns < dataset.width) & (rows >= 0) & (rows < dataset.height)
    values = np.zeros(columns.shape, dtype=np.int64)
    if not there.any():
        return values, there
    step = _step(columns, rows)
    left = int(columns[there].min()) // step * step
    top = int(rows[there].min()) // step * step
    right = min(dataset.width, (int(columns[there].max()) // step + 1) * step)
    bottom = min(dataset.height, (int(rows[there].max()) // step + 1) * step)
    shape = (math.ceil((bottom - top) / step), math.ceil((right - left) / step))
    window = Window(left, top, right - left, bottom - top)
    data = dataset.read(1, window=window, out_shape=shape)
    at_row = ((rows[there] - top) / step).astype(int)
    at_column = ((columns[there] - left) / step).astype(int)
    values[there] = data[at_row, at_column]
    return values, there


def _step(columns: Floats, rows: Floats) -> int:
    """How many pixels of the raster one pixel of the tile covers, as a power of two."""
    with np.errstate(invalid="ignore"):
        across = np.nanmax(np.hypot(np.diff(columns, axis=1), np.diff(rows, axis=1)))
        down = np.nanmax(np.hypot(np.diff(columns, axis=0), np.diff(rows, axis=0)))
    most = max(float(across), float(down), 1.0)
    return int(2 ** min(math.floor(math.log2(most)), 20))


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
    places = np.zeros(values.shape, dtype=np.uint8)
    nodata = version.mapping.get(NODATA_KEY)
    for value, name in (version.raster_classes or {}).items():
        if name in colors and str(value) != nodata:
            places[there & (values == value)] = names.index(name) + 1
    return palette, places


CLEAR = indexed_png(np.zeros((SIZE, SIZE), dtype=np.uint8), [(0, 0, 0, 0)])
"""A tile with nothing on it."""
