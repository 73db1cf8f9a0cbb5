"""One pass over a band, window by window: which values there are, how often, where, how large."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from geo.crs import Bounds
from geo.pixels import pixel_areas_m2
from layers.read.model import Limits, ReadError

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

WINDOW = 1024
WINDOW_PIXELS = 32 * 2**20
CELL = 128
"""Pixels along the side of a cell; all pixels of a cell count with the area of the middle one."""
CELL_UNITS = {"degrees": 1.0, "metres": 100_000.0}
"""A cell is never larger than this, so that the area of a pixel is the same all over it."""
PREVIEW = 360

Values = npt.NDArray[Any]
Say = Callable[[float], None]


@dataclass(kw_only=True)
class Tallied:
    """What a pass found. `counts` and `border` are pixels by value; `masked` have no value.

    `preview` is a picture of values, NaN where there is none. `cells` are parts of the grid:
    middles (n, 2), values (k,), counts (n, k).
    """

    counts: dict[int, int] = field(default_factory=dict)
    border: dict[int, int] = field(default_factory=dict)
    masked: int = 0
    preview: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    cells: list[tuple[Values, Values, Values]] = field(default_factory=list)
    pixel: tuple[float, float] = (1.0, 1.0)

    def middles(self, *, nodata: int | None) -> npt.NDArray[np.float64]:
        """The middles, (n, 2), of the cells in which any pixel has a value other than `nodata`."""
        kept = [
            middles[counts[:, values != nodata].any(axis=1)]
            for middles, values, counts in self.cells
        ]
        return np.concatenate(kept) if kept else np.empty((0, 2))

    def areas_ha(self, *, crs: str, area_of_interest: Bounds) -> dict[int, float]:
        """Hectares on the ellipsoid by value."""
        total: dict[int, float] = {}
        for middles, values, counts in self.cells:
            each = pixel_areas_m2(
                middles,
                width=self.pixel[0],
                height=self.pixel[1],
                crs=crs,
                area_of_interest=area_of_interest,
            )
            for value, area in zip(values, each @ counts, strict=True):
                total[int(value)] = total.get(int(value), 0.0) + float(area) / 10_000
        return total


def windows(dataset: "DatasetReader", band: int) -> "Iterator[Window]":
    """The windows of a band, row by row, in which its stored blocks are read once or nearly so."""
    from rasterio.windows import Window  # noqa: PLC0415 - loads GDAL

    _, block_width = dataset.block_shapes[band - 1]
    width = WINDOW
    if block_width > WINDOW:  # strips: whole rows, as long as they fit
        width = max(WINDOW, min(dataset.width, WINDOW_PIXELS // WINDOW))
    for top in range(0, dataset.height, WINDOW):
        for left in range(0, dataset.width, width):
            yield Window(
                left, top, min(width, dataset.width - left), min(WINDOW, dataset.height - top)
            )


def read_window(
    dataset: "DatasetReader", band: int, window: "Window", *, has_mask: bool
) -> tuple[Values, npt.NDArray[np.bool_] | None]:
    """Whole numbers of a window, and which pixels have one (None = all)."""
    data = dataset.read(band, window=window)
    there = None
    if has_mask:
        there = dataset.read_masks(band, window=window) > 0
    if data.dtype.kind == "f":
        empty = np.isnan(data)
        told = dataset.nodatavals[band - 1]
        if told is not None and not is_class_value(told):
            empty |= data == told  # such as -3.4e38: no class can have that number
        if empty.any():
            there = ~empty if there is None else there & ~empty
            data[empty] = 0
        data = _whole(data, there)
    if data.dtype.itemsize == 8 or data.dtype == np.uint32:
        _refuse_beyond(data if there is None else data[there])
        data = data.astype(np.int64)
    return data, there


def is_class_value(number: float) -> bool:
    """Whether a number can be the value of a class: whole, and within 32 bits."""
    return bool(np.isfinite(number)) and number == np.rint(number) and -(2**31) <= number < 2**31


def is_whole(text: str) -> bool:
    """Whether a text is a whole number that a pixel could have."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 10


def _whole(data: Values, there: npt.NDArray[np.bool_] | None) -> Values:
    rounded = np.rint(data)
    with np.errstate(invalid="ignore"):
        odd = ~(rounded == data) | ~np.isfinite(data)
    if there is not None:
        odd &= there
    if odd.any():
        raise ReadError(
            f"The raster holds numbers with fractions, such as {float(data[odd][0]):.6g}: that is "
            "a measurement, not classes of land. Classify it first, and bring the classes as whole "
            "numbers."
        )
    return np.clip(rounded, -(2.0**62), 2.0**62).astype(np.int64)


def _refuse_beyond(data: Values) -> None:
    if data.size and (int(data.min()) < -(2**31) or int(data.max()) >= 2**31):
        raise ReadError(
            "The raster holds values beyond 2,147,483,647: those are ids or measurements, not "
            "classes of land. Bring a raster with one small number for each class."
        )


def tally(
    dataset: "DatasetReader", band: int, *, has_mask: bool, limits: Limits, say: Say
) -> Tallied:
    """Every pixel of a band counted once, in bounded memory."""
    found = Tallied(pixel=(abs(dataset.transform.a), abs(dataset.transform.e)))
    every = list(windows(dataset, band))
    rows, columns = preview_grid(dataset.height, dataset.width)
    found.preview = np.full((len(rows), len(columns)), np.nan)
    cell = _cell_size(dataset)
    for number, window in enumerate(every):
        say(number / len(every))
        data, there = read_window(dataset, band, window, has_mask=has_mask)
        present, codes = _coded(data, there, limits)
        _count(found, present, codes, window, dataset=dataset, cell=cell)
        if len(found.counts) > limits.max_values:
            raise too_many_values(limits)
        _count_border(found, data, there, window, dataset)
        fill_preview(found.preview, data, there, window, rows=rows, columns=columns)
    return found


def too_many_values(limits: Limits) -> ReadError:
    """What is said of a raster whose values cannot be classes."""
    return ReadError(
        f"The raster holds more than {limits.max_values} different values: those are ids or "
        "measurements, not classes of land. Classify it first, and bring one number for each class."
    )


def _cell_size(dataset: "DatasetReader") -> int:
    edge = max(abs(one) for one in dataset.bounds)
    unit = CELL_UNITS["degrees" if edge <= 400 else "metres"]
    pixel = max(abs(dataset.transform.a), abs(dataset.transform.e))
    # a small raster has many cells too: they say where the data lie
    fine = max(dataset.width, dataset.height) // 24
    return int(np.clip(min(unit / pixel, fine), 1, CELL))


def _coded(
    data: Values, there: npt.NDArray[np.bool_] | None, limits: Limits
) -> tuple[npt.NDArray[np.int64], Values]:
    """The values of a window in order, and each pixel's place in them; past all = it has none."""
    some = data if there is None else data[there]
    if some.size == 0:
        return np.empty(0, dtype=np.int64), np.zeros(data.shape, dtype=np.uint16)
    low, high = int(some.min()), int(some.max())
    if high - low < 2**16:
        # shifted to start at 0; a type that holds the difference, or it would wrap around
        wide = data if data.dtype == np.uint8 else data.astype(np.int64)
        shifted = wide - low if there is None else np.where(there, wide, low) - low
        hits = np.bincount(shifted.ravel() if there is None else shifted[there])
        places = np.flatnonzero(hits)
        if len(places) > limits.max_values:
            raise too_many_values(limits)
        table = np.zeros(high - low + 1, dtype=np.uint16)
        table[places] = np.arange(len(places))
        codes = table[shifted]
        present = places + low
    else:
        present = np.unique(some).astype(np.int64)
        if len(present) > limits.max_values:
            raise too_many_values(limits)
        codes = np.searchsorted(present, data).clip(0, len(present) - 1).astype(np.uint16)
    if there is not None:
        codes[~there] = len(present)
    return np.asarray(present, dtype=np.int64), codes


def _count(
    found: Tallied,
    present: npt.NDArray[np.int64],
    codes: Values,
    window: "Window",
    *,
    dataset: "DatasetReader",
    cell: int,
) -> None:
    """Count by cells: the sums are exact, and each cell has its own size of pixel."""
    many = len(present)
    rows, middles = [], []
    transform = dataset.transform
    for top in range(0, codes.shape[0], cell):
        for left in range(0, codes.shape[1], cell):
            part = codes[top : top + cell, left : left + cell]
            rows.append(np.bincount(part.ravel(), minlength=many + 1))
            column = window.col_off + left + part.shape[1] / 2
            row = window.row_off + top + part.shape[0] / 2
            middles.append((transform.c + column * transform.a, transform.f + row * transform.e))
    counts = np.array(rows)
    found.masked += int(counts[:, many:].sum())
    counts = counts[:, :many]
    for value, pixels in zip(present, counts.sum(axis=0), strict=True):
        found.counts[int(value)] = found.counts.get(int(value), 0) + int(pixels)
    if many:
        found.cells.append((np.array(middles), present, counts.astype(np.uint32)))


def _count_border(
    found: Tallied,
    data: Values,
    there: npt.NDArray[np.bool_] | None,
    window: "Window",
    dataset: "DatasetReader",
) -> None:
    edges: list[tuple[bool, Any]] = [
        (window.row_off == 0, np.s_[0, :]),
        (window.row_off + window.height == dataset.height, np.s_[-1, :]),
        (window.col_off == 0, np.s_[:, 0]),
        (window.col_off + window.width == dataset.width, np.s_[:, -1]),
    ]
    for is_edge, line in edges:
        if is_edge:
            kept = data[line] if there is None else data[line][there[line]]
            for value, pixels in zip(*np.unique(kept, return_counts=True), strict=True):
                found.border[int(value)] = found.border.get(int(value), 0) + int(pixels)


def preview_grid(height: int, width: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns of the pixels that stand in the preview: real pixels, never averages."""
    share = min(1.0, PREVIEW / max(height, width))
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    return (
        ((np.arange(rows) + 0.5) * height / rows).astype(np.int64),
        ((np.arange(columns) + 0.5) * width / columns).astype(np.int64),
    )


def fill_preview(
    preview: npt.NDArray[np.float64],
    data: Values,
    there: npt.NDArray[np.bool_] | None,
    window: "Window",
    *,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
) -> None:
    """Put those pixels of a window into the preview that stand in it; NaN where there is none."""
    top, bottom = np.searchsorted(rows, [window.row_off, window.row_off + window.height])
    left, right = np.searchsorted(columns, [window.col_off, window.col_off + window.width])
    at = np.ix_(rows[top:bottom] - window.row_off, columns[left:right] - window.col_off)
    part = data[at].astype(np.float64)
    if there is not None:
        part[~there[at]] = np.nan
    preview[top:bottom, left:right] = part
