"""Which pixels a zone covers and how much of each: exact cover fractions, tile by tile.

A raster is read in tiles of 512 by 512 pixels that stand on its own grid, each at most once. What
a zone gets depends on the zone and the raster alone: not on the other zones, nor on their order.

Memory: one tile (some 5 MB) and BATCH_CELLS cells at a time, beside the zones and their sums.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from exactextract import Operation
from exactextract.feature import Feature, FeatureSource
from exactextract.processor import FeatureSequentialProcessor
from exactextract.raster import NumPyRasterSource
from exactextract.writer import Writer

from geo.errors import GeoError
from geo.grid import Grid
from geo.measure import Array

TILE = 512
"""Side of a tile in pixels. Sums are taken tile by tile, so another size changes last digits."""

BATCH_CELLS = 1 << 20
"""Zones of one tile are taken together until their boxes hold this many pixels."""

LEAF = 64
"""Side of the blocks of a tile in which a large zone is looked at: full ones are only counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes:
    """What the values of a raster mean: the place of a class in `classes`, or one of two more.

    `unclassified` is the code of values that are not in the table, `no_data` that of the nodata
    value and of masked pixels.
    """

    classes: tuple[str, ...]
    values: Array
    of_value: Array
    nodata: float | None
    masked: bool
    signed: bool

    @classmethod
    def of(cls, dataset: Any, classes: Mapping[int, str], *, band: int) -> "Codes":
        """The codes of one band under a class table (pixel value -> class).

        Several values may share a class. Raises GeoError for an empty table.
        """
        if not classes:
            raise GeoError(
                "The raster has no class table. Say which pixel value means which class."
            )
        names = tuple(dict.fromkeys(classes.values()))
        place = {name: code for code, name in enumerate(names)}
        values = np.array(sorted(classes))
        flags = {flag.name for flag in dataset.mask_flag_enums[band - 1]}
        return cls(
            classes=names,
            values=values,
            of_value=np.array([place[classes[int(value)]] for value in values], dtype="int16"),
            nodata=dataset.nodatavals[band - 1],
            masked=not flags & {"all_valid", "nodata"},
            signed=dataset.dtypes[band - 1] == "int8",
        )

    @property
    def unclassified(self) -> int:
        """The code of a value that is not in the table."""
        return len(self.classes)

    @property
    def no_data(self) -> int:
        """The code of a pixel that holds no value."""
        return len(self.classes) + 1

    @property
    def count(self) -> int:
        """How many codes there are."""
        return len(self.classes) + 2

    def read(self, dataset: Any, *, band: int, window: tuple[int, int, int, int]) -> Array:
        """The codes of a window (row, column, height, width), int16."""
        row, column, height, width = window
        span = ((row, row + height), (column, column + width))
        values = dataset.read(band, window=span)
        codes: Array
        if values.dtype.itemsize == 1:
            codes = np.take(self._bytes, values.view("uint8"))
        else:
            codes = self._coded(values)
        if self.masked:
            codes[dataset.read_masks(band, window=span) == 0] = self.no_data
        return codes

    def _coded(self, values: Array) -> Array:
        at = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        known = self.values[at] == values
        codes: Array = np.where(known, self.of_value[at], np.int16(self.unclassified))
        if self.nodata is not None:
            codes[np.isnan(values) if np.isnan(self.nodata) else values == self.nodata] = (
                self.no_data
            )
        if values.dtype.kind == "f":
            codes[np.isnan(values)] = self.no_data
        return codes

    @cached_property
    def _bytes(self) -> Array:
        """The codes of the 256 values of one byte, by their bits: -1 stands at 255."""
        every = np.arange(256, dtype="uint8")
        return self._coded(every.view("int8") if self.signed else every)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Pixels that zones cover, a row each: zone, row and column from the north-west, code, share.

    `fraction` is the covered share of the pixel, above 0 and up to 1, good to seven figures.
    """

    zone: Array
    row: Array
    column: Array
    code: Array
    fraction: Array

    def take(self, which: Any) -> "Cells":
        """The pixels of a boolean mask or a slice."""
        return Cells(
            zone=self.zone[which],
            row=self.row[which],
            column=self.column[which],
            code=self.code[which],
            fraction=self.fraction[which],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """A tile of a raster, or a block of one, and the zones that cover all of it."""

    row: int
    column: int
    codes: Array
    whole: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pieces:
    """The parts of zones that lie in a region of the grid; `full` ones cover all of it."""

    zone: Array
    shape: Array
    bounds: Array
    full: Array

    def take(self, which: Array) -> "_Pieces":
        return _Pieces(
            zone=self.zone[which],
            shape=self.shape[which],
            bounds=self.bounds[which],
            full=self.full[which],
        )


Region = tuple[int, int, int, int]
"""Left, bottom, right, top in grid units; its edges are edges of tiles or of the raster."""


def covered(
    shapes: Array,
    grid: Grid,
    read: Callable[[tuple[int, int, int, int]], Array],
    *,
    whole_tiles: bool = True,
    tile: int = TILE,
    batch_cells: int = BATCH_CELLS,
) -> Iterator[Cells | Tile]:
    """The pixels that areas cover, in parts, from the tiles of a grid that any of them meets.

    `shapes` are valid areas in grid units (Grid.place), None for none; `read` gives the codes of a
    window (row, column, height, width). With `whole_tiles` a tile that lies wholly within zones
    comes once as a Tile, not pixel by pixel for each zone; so do blocks of it in large zones.
    """
    bounds = shapely.bounds(shapes)
    some = (bounds[:, 2] > 0) & (bounds[:, 0] < grid.width)
    some &= (bounds[:, 3] > 0) & (bounds[:, 1] < grid.height) & (shapely.area(shapes) > 0)
    zone = np.flatnonzero(some)
    pieces = _Pieces(
        zone=zone, shape=shapes[zone], bounds=bounds[zone], full=np.zeros(len(zone), dtype=bool)
    )
    everything = (0, 0, grid.width, grid.height)
    for region, found in _tiles(_within(pieces, everything), everything, grid.height, tile):
        yield from _tile(
            found, region, grid, read, whole_tiles=whole_tiles, batch_cells=batch_cells
        )


def _tiles(
    pieces: _Pieces, region: Region, height: int, tile: int
) -> Iterator[tuple[Region, _Pieces]]:
    """Tiles with the pieces in them, from north to south, then from west to east.

    The grid is halved again and again, and zones with it: a district of 100,000 vertices is not
    walked round for each of its thousands of tiles, and few pieces are alive at a time.
    """
    if not len(pieces.zone):
        return
    left, bottom, right, top = region
    first_row, last_row = (height - top) // tile, (height - bottom - 1) // tile
    first_column, last_column = left // tile, (right - 1) // tile
    if first_row < last_row:
        middle = height - (first_row + last_row + 1) // 2 * tile
        halves = [(left, middle, right, top), (left, bottom, right, middle)]
    elif first_column < last_column:
        middle = (first_column + last_column + 1) // 2 * tile
        halves = [(left, bottom, middle, top), (middle, bottom, right, top)]
    else:
        yield region, pieces
        return
    for half in halves:
        yield from _tiles(_within(pieces, half), half, height, tile)


def _within(pieces: _Pieces, region: Region) -> _Pieces:
    """The parts of pieces that lie in a region; cut only where they reach beyond it."""
    left, bottom, right, top = region
    x0, y0, x1, y1 = pieces.bounds.T
    kept = pieces.take(pieces.full | ((x0 < right) & (x1 > left) & (y0 < top) & (y1 > bottom)))
    x0, y0, x1, y1 = kept.bounds.T
    beyond = (x0 < left) | (x1 > right) | (y0 < bottom) | (y1 > top)
    cut = np.flatnonzero(beyond & ~kept.full)
    if not len(cut):
        return kept
    box = shapely.box(left, bottom, right, top)
    shape, bounds, full = kept.shape.copy(), kept.bounds.copy(), kept.full.copy()
    reach = (kept.bounds[cut, :2] <= (left, bottom)).all(axis=1)
    reach &= (kept.bounds[cut, 2:] >= (right, top)).all(axis=1)
    around = cut[reach]
    full[around] = shapely.covers(shape[around], box)
    cut = cut[~full[cut]]
    shape[cut] = _areal(shapely.intersection(shape[cut], box))
    bounds[cut] = shapely.bounds(shape[cut])
    result = _Pieces(zone=kept.zone, shape=shape, bounds=bounds, full=full)
    return result.take(full | (shapely.area(shape) > 0))


def _areal(shapes: Array) -> Array:
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == 7)
    for place in mixed:
        parts = shapely.get_parts(shapes[place])
        shapes[place] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return shapes


def _tile(
    pieces: _Pieces,
    region: Region,
    grid: Grid,
    read: Callable[[tuple[int, int, int, int]], Array],
    *,
    whole_tiles: bool,
    batch_cells: int,
) -> Iterator[Cells | Tile]:
    left, bottom, right, top = region
    if pieces.full.any():
        window = (grid.height - top, left, top - bottom, right - left)
    else:
        window = _window(pieces.bounds, region, grid.height)
    codes = read(window)
    if whole_tiles:
        if pieces.full.any():
            whole = pieces.zone[pieces.full]
            yield Tile(row=window[0], column=left, codes=codes, whole=whole)
            pieces = pieces.take(~pieces.full)
        large = _box_cells(pieces.bounds) > (4 * LEAF) * LEAF
        parts = [pieces.take(~large)]
        for at in np.flatnonzero(large):
            blocks, part = _blocks(pieces.zone[at], pieces.shape[at], region, grid.height)
            parts.append(part)
            for left_, bottom_, right_, top_ in blocks:
                inner = codes[
                    grid.height - top_ - window[0] : grid.height - bottom_ - window[0],
                    left_ - window[1] : right_ - window[1],
                ]
                whole = pieces.zone[at : at + 1]
                yield Tile(row=grid.height - top_, column=left_, codes=inner, whole=whole)
        pieces = _joined(parts)
    else:
        pieces = _drawn(pieces, region)
    for batch in _batches(pieces, batch_cells):
        found = _cells(batch, codes, window, grid.height)
        if len(found.zone):
            yield found


def _blocks(zone: int, shape: Any, region: Region, height: int) -> tuple[list[Region], _Pieces]:
    """Blocks of LEAF by LEAF pixels that lie wholly in a large piece, and its parts in the others.

    Nothing has to be found out about the pixels of a full block.
    """
    left, bottom, right, top = region
    columns = np.append(np.arange(left, right, LEAF), right)
    ups = np.append(np.arange(top, bottom, -LEAF), bottom)
    x0, y1 = (part.ravel() for part in np.meshgrid(columns[:-1], ups[:-1]))
    x1, y0 = (part.ravel() for part in np.meshgrid(columns[1:], ups[1:]))
    boxes = shapely.box(x0, y0, x1, y1)
    shapely.prepare(shape)
    full = shapely.covers(shape, boxes)
    rest = np.flatnonzero(~full & shapely.intersects(shape, boxes))
    parts = _areal(shapely.intersection(shape, boxes[rest]))
    parts = parts[shapely.area(parts) > 0]
    regions = list(zip(*(edge[full].tolist() for edge in (x0, y0, x1, y1)), strict=True))
    return regions, _Pieces(
        zone=np.full(len(parts), zone),
        shape=parts,
        bounds=shapely.bounds(parts),
        full=np.zeros(len(parts), dtype=bool),
    )


def _joined(parts: list[_Pieces]) -> _Pieces:
    return _Pieces(
        zone=np.concatenate([part.zone for part in parts]),
        shape=np.concatenate([part.shape for part in parts]),
        bounds=np.concatenate([part.bounds for part in parts]),
        full=np.concatenate([part.full for part in parts]),
    )


def _drawn(pieces: _Pieces, region: Region) -> _Pieces:
    """Pieces with the full ones drawn as the region itself."""
    shape, bounds = pieces.shape.copy(), pieces.bounds.copy()
    shape[pieces.full], bounds[pieces.full] = shapely.box(*region), region
    return _Pieces(zone=pieces.zone, shape=shape, bounds=bounds, full=pieces.full)


def _batches(pieces: _Pieces, batch_cells: int) -> Iterator[_Pieces]:
    """Pieces in order of their zones, cut between zones: the sum of one zone is never taken apart,
    or its last digits would depend on who else is there."""
    pieces = pieces.take(np.argsort(pieces.zone, kind="stable"))
    size = _box_cells(pieces.bounds)
    batch = (np.cumsum(size) - size) // batch_cells
    first = np.flatnonzero(np.diff(pieces.zone, prepend=-1))
    batch = np.repeat(batch[first], np.diff(np.append(first, len(batch))))
    for which in np.split(np.arange(len(size)), np.flatnonzero(np.diff(batch)) + 1):
        if len(which):
            yield pieces.take(which)


def _window(bounds: Array, region: Region, height: int) -> tuple[int, int, int, int]:
    left, bottom, right, top = region
    x0 = max(left, int(np.floor(bounds[:, 0].min())))
    y0 = max(bottom, int(np.floor(bounds[:, 1].min())))
    x1 = min(right, max(int(np.ceil(bounds[:, 2].max())), x0 + 1))
    y1 = min(top, max(int(np.ceil(bounds[:, 3].max())), y0 + 1))
    return height - y1, x0, y1 - y0, x1 - x0


def _box_cells(bounds: Array) -> Array:
    across = np.ceil(bounds[:, 2]) - np.floor(bounds[:, 0])
    up = np.ceil(bounds[:, 3]) - np.floor(bounds[:, 1])
    cells: Array = (across * up).astype("int64")
    return cells


def _cells(pieces: _Pieces, codes: Array, window: tuple[int, int, int, int], height: int) -> Cells:
    row, column, rows, columns = window
    top = height - row
    source = NumPyRasterSource(codes, column, top - rows, column + columns, top)
    outlines = _Outlines(shapely.to_wkb(pieces.shape))
    found = _Found()
    # exactextract keeps no reference to any of these: they must live until it is done
    operations = [Operation(name, name, source) for name in ("cell_id", "coverage")]
    FeatureSequentialProcessor(outlines, found, operations).process()
    count = [len(cell) for cell in found.cell]
    zone = np.repeat(pieces.zone, count)
    cell = np.concatenate(found.cell).astype("int64")
    fraction = np.concatenate(found.fraction)
    on = fraction > 0
    zone, cell, fraction = zone[on], cell[on], fraction[on]
    return Cells(
        zone=zone,
        row=row + cell // columns,
        column=column + cell % columns,
        code=codes.ravel()[cell],
        fraction=fraction,
    )


class _Outline(Feature):  # type: ignore[misc]
    """One zone as exactextract asks for it; the results of its operations land in `told`."""

    def __init__(self, wkb: bytes | None) -> None:
        super().__init__()
        self.wkb = wkb
        self.told: dict[str, Any] = {}

    def geometry(self) -> bytes | None:
        return self.wkb

    def set_geometry(self, _: Any) -> None:
        """Nothing: results need no geometry."""

    def set_geometry_format(self) -> str:
        return "wkb"

    def fields(self) -> list[str]:
        return []

    def get(self, name: str) -> Any:
        return self.told[name]

    def set(self, name: str, value: Any) -> None:
        self.told[name] = value


class _Outlines(FeatureSource):  # type: ignore[misc]
    def __init__(self, wkb: Array) -> None:
        super().__init__()
        self.outlines = [_Outline(one) for one in wkb]

    def count(self) -> int:
        return len(self.outlines)

    def __iter__(self) -> Iterator[_Outline]:
        return iter(self.outlines)

    def srs_wkt(self) -> None:
        return None


class _Found(Writer):  # type: ignore[misc]
    """Collects cells and fractions in the order of the zones."""

    def __init__(self) -> None:
        super().__init__()
        self.cell: list[Array] = []
        self.fraction: list[Array] = []

    def add_operation(self, _: Any) -> None:
        """Nothing: the two operations are known."""

    def add_column(self, _: Any) -> None:
        """Nothing: zones bring no columns."""

    def write(self, feature: Any) -> None:
        told = _Outline(None)
        feature.copy_to(told)
        self.cell.append(told.told["cell_id"])
        self.fraction.append(told.told["coverage"])

    def finish(self) -> None:
        """Nothing is buffered."""
