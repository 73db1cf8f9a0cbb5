"""A picture somebody brought: what makes a GeoTIFF one, and one pass that looks it through.

Every pixel is looked at once, window by window, at full size: never an overview of the file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from geo import crs as geo_crs
from geo.errors import CrsError
from geo.pixels import pixel_size_m
from layers.read import labels, pixels
from layers.read.model import Limits, ReadError
from layers.read.picture_model import BY_ALPHA, BY_MASK, PictureBand, PictureFacts
from layers.read.raster_model import NO_NODATA, packed
from layers.read.raster_place import declared_crs

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

TYPES = ("uint8", "uint16", "int16")
RED_GREEN_BLUE = ("red", "green", "blue")
OTHER_COLOURS = {"cyan", "magenta", "yellow", "black", "hue", "saturation", "lightness"}
SAYS_NOTHING = {"undefined", "gray", "palette"}
WINDOW_BYTES = 24 * 2**20
BORDER_SHARE = 0.2
"""From this share of the border on, one value that fills it is told: a collar without a picture."""
PREVIEWED_BANDS = 8
WHOLE = (-180.0, -90.0, 180.0, 90.0)

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class NoData:
    """What means "no data": `values` of the bands, all at once; or a mask or alpha band."""

    text: str
    values: tuple[int | None, ...] = ()


@dataclass(kw_only=True)
class Seen:
    """What a pass over some bands found. Counts are pixels.

    `counts` are, for each band, how often each value occurs among pixels with data, the lowest
    value of the type first. `part_clear` pixels are between clear and full. `places` are columns
    and rows, (n, 2), of pixels with data, spread over the picture.
    """

    with_data: int = 0
    part_clear: int = 0
    counts: list[npt.NDArray[np.int64]] = field(default_factory=list)
    previews: list[npt.NDArray[np.float64]] = field(default_factory=list)
    places: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    border: dict[int, int] = field(default_factory=dict)
    border_pixels: int = 0


def why_none(dataset: "DatasetReader", limits: Limits) -> ReadError | None:
    """The sentence that says why a raster cannot be a picture; None where it can."""
    many = int(dataset.width) * int(dataset.height)
    if many > limits.max_picture_pixels:
        return ReadError(
            f"The picture has {dataset.width:,} x {dataset.height:,} pixels; at most "
            f"{limits.max_picture_pixels:,} are accepted. Cut it to the ground that matters, or "
            "save it with larger pixels."
        )
    odd = sorted(set(dataset.dtypes) - set(TYPES))
    if odd:
        return ReadError(
            f"The raster holds numbers of type {odd[0]}; a picture has whole numbers of 8 or 16 "
            "bits. Save it with 8 or 16 bits for each colour and bring that."
        )
    if {one.name.lower() for one in dataset.colorinterp} & OTHER_COLOURS:
        return ReadError(
            "The picture's colours are not red, green and blue. Save it as RGB and bring that."
        )
    own = dataset.transform
    if not np.isfinite([*own][:6]).all() or abs(own.determinant) < 1e-24:
        return ReadError(
            "The picture's pixels have no size: its place cannot be used. Georeference it again."
        )
    return None


def declared_bands(dataset: "DatasetReader", usable: Sequence[int]) -> tuple[int, ...]:
    """The bands that the file declares as red, green and blue, or its only one; else none."""
    named = [
        {meaning_of(dataset, band), (dataset.descriptions[band - 1] or "").strip().lower()}
        for band in usable
    ]
    found = [
        [band for band, names in zip(usable, named, strict=True) if colour in names]
        for colour in RED_GREEN_BLUE
    ]
    if all(len(bands) == 1 for bands in found):
        return tuple(bands[0] for bands in found)
    return tuple(usable) if len(usable) == 1 else ()


def meaning_of(dataset: "DatasetReader", band: int) -> str | None:
    """What the file declares a band to be; None where it declares nothing of use."""
    name = str(dataset.colorinterp[band - 1].name).lower()
    return None if name in SAYS_NOTHING else name.replace("gray", "grey")


def palette_of(dataset: "DatasetReader", band: int) -> dict[int, tuple[int, int, int, int]]:
    """The colour table of a band; empty where it has none."""
    if str(dataset.colorinterp[band - 1].name).lower() != "palette":
        return {}
    try:
        table: dict[int, tuple[int, int, int, int]] = dataset.colormap(band)
    except ValueError:  # the band says it has one, and has none
        return {}
    return table


def declared_nodata(dataset: "DatasetReader", bands: Sequence[int]) -> NoData:
    """What means "no data" by the file itself."""
    if alpha_band(dataset) is not None:
        return NoData(text=BY_ALPHA)
    flags = {flag.name for flag in dataset.mask_flag_enums[bands[0] - 1]}
    if "per_dataset" in flags:
        return NoData(text=BY_MASK)
    told = [dataset.nodatavals[band - 1] for band in bands]
    values = tuple(
        int(one) if one is not None and pixels.is_class_value(one) else None for one in told
    )
    if any(one is None for one in values):
        return NoData(text=NO_NODATA)
    same = sorted({one for one in values if one is not None})
    return NoData(text=", ".join(str(one) for one in same), values=values)


def alpha_band(dataset: "DatasetReader") -> int | None:
    """The number of the band that says how clear each pixel is; None where there is none."""
    for band, meaning in enumerate(dataset.colorinterp, start=1):
        if meaning.name.lower() == "alpha":
            return band
    return None


def windows(dataset: "DatasetReader", bands: Sequence[int]) -> "Iterator[Window]":
    """Windows, row by row, of whole stored blocks where they fit into WINDOW_BYTES."""
    from rasterio.windows import Window  # noqa: PLC0415 - loads GDAL

    block_height, block_width = dataset.block_shapes[bands[0] - 1]
    each = sum(np.dtype(dataset.dtypes[band - 1]).itemsize for band in bands)
    width = min(int(dataset.width), max(1024, int(block_width)))
    height = max(1, min(1024, WINDOW_BYTES // (width * each)))
    if height > block_height:
        height = height // block_height * block_height
    for top in range(0, dataset.height, height):
        for left in range(0, dataset.width, width):
            yield Window(
                left, top, min(width, dataset.width - left), min(height, dataset.height - top)
            )


def read_window(
    dataset: "DatasetReader", bands: Sequence[int], window: "Window", *, nodata: NoData
) -> tuple[Array, npt.NDArray[np.bool_], int]:
    """Values (bands, rows, columns), which pixels have data, and how many are half clear."""
    data = dataset.read(list(bands), window=window)
    there = np.ones(data.shape[1:], dtype=bool)
    part_clear = 0
    if nodata.text == BY_ALPHA:
        alpha = dataset.read(alpha_band(dataset), window=window)
        there = alpha > 0
        part_clear = int((there & (alpha < alpha_full(str(alpha.dtype)))).sum())
    elif nodata.text == BY_MASK:
        there = dataset.read_masks(bands[0], window=window) > 0
    elif nodata.values:
        empty = [one == value for one, value in zip(data, nodata.values, strict=True)]
        there = ~np.logical_and.reduce(empty)
    palette = palette_of(dataset, bands[0])
    if palette:
        there &= _full_in(palette)[data[0]]
    return data, there, part_clear


def alpha_full(dtype: str) -> int:
    """The value of an alpha band that means "not clear at all"."""
    return int(np.iinfo(dtype).max)


def _full_in(palette: dict[int, tuple[int, int, int, int]]) -> npt.NDArray[np.bool_]:
    """For each value a palette may have, whether it has a colour there that is not clear."""
    full = np.zeros(2**16, dtype=bool)
    for value, color in palette.items():
        full[value] = color[3] > 0
    return full


def survey(
    dataset: "DatasetReader",
    bands: Sequence[int],
    *,
    nodata: NoData,
    say: pixels.Say,
) -> Seen:
    """Every pixel of the bands looked at once, in bounded memory."""
    found = Seen(counts=[np.zeros(_size(dataset.dtypes[band - 1]), np.int64) for band in bands])
    rows, columns = pixels.preview_grid(dataset.height, dataset.width)
    found.previews = [np.full((len(rows), len(columns)), np.nan) for _ in bands]
    spread = []
    every = list(windows(dataset, bands))
    for number, window in enumerate(every):
        say(number / len(every))
        data, there, part_clear = read_window(dataset, bands, window, nodata=nodata)
        found.with_data += int(there.sum())
        found.part_clear += part_clear
        is_full = bool(there.all())
        for place, values in enumerate(data):
            kept = values.ravel() if is_full else values[there]
            shifted = kept if kept.dtype.kind == "u" else kept.astype(np.int32) + 2**15
            found.counts[place] += np.bincount(shifted, minlength=len(found.counts[place]))
            pixels.fill_preview(
                found.previews[place], values, there, window, rows=rows, columns=columns
            )
        _count_border(found, data, window, dataset)
        first = np.argmax(there) if there.any() else None
        if first is not None:
            row, column = divmod(int(first), there.shape[1])
            spread.append((window.col_off + column + 0.5, window.row_off + row + 0.5))
    some = ~np.isnan(found.previews[0])
    grid = np.stack(np.meshgrid(columns + 0.5, rows + 0.5), axis=-1)[some]
    found.places = np.concatenate([grid, np.array(spread, dtype=float).reshape(-1, 2)])
    return found


def _size(dtype: str) -> int:
    return int(2 ** (8 * np.dtype(dtype).itemsize))


def _count_border(found: Seen, data: Array, window: "Window", dataset: "DatasetReader") -> None:
    """Pixels of the border in which all bands have one and the same value."""
    edges: list[tuple[bool, Any]] = [
        (window.row_off == 0, np.s_[:, 0, :]),
        (window.row_off + window.height == dataset.height, np.s_[:, -1, :]),
        (window.col_off == 0, np.s_[:, :, 0]),
        (window.col_off + window.width == dataset.width, np.s_[:, :, -1]),
    ]
    for is_edge, line in edges:
        if is_edge:
            part = data[line]
            found.border_pixels += part.shape[1]
            same = part[0][(part == part[0]).all(axis=0)]
            for value, many in zip(*np.unique(same, return_counts=True), strict=True):
                found.border[int(value)] = found.border.get(int(value), 0) + int(many)


def border_value(found: Seen) -> int | None:
    """A value that fills much of the border in all bands; only ever shown."""
    if not found.border:
        return None
    value, many = max(found.border.items(), key=lambda one: (one[1], -one[0]))
    return value if many >= BORDER_SHARE * found.border_pixels else None


def quantile(counts: npt.NDArray[np.int64], percent: float, *, dtype: str) -> int | None:
    """The lowest value that at least `percent` of the pixels do not exceed; None without pixels."""
    total = int(counts.sum())
    if total == 0:
        return None
    wanted = max(1, int(np.ceil(percent / 100 * total)))
    return int(np.searchsorted(np.cumsum(counts), wanted)) + int(np.iinfo(dtype).min)


def look(
    dataset: "DatasetReader", usable: Sequence[int], *, limits: Limits, say: pixels.Say
) -> PictureFacts:
    """What a person is shown of a picture before anything is decided."""
    if error := why_none(dataset, limits):
        raise error
    nodata = declared_nodata(dataset, usable)
    found = survey(dataset, usable, nodata=nodata, say=say)
    own = dataset.transform
    size = (float(np.hypot(own.a, own.d)), float(np.hypot(own.b, own.e)))
    palette = palette_of(dataset, usable[0]) if len(usable) == 1 else {}
    return PictureFacts(
        width=int(dataset.width),
        height=int(dataset.height),
        bands=tuple(_band_facts(dataset, band, place, found) for place, band in enumerate(usable)),
        pixel=size,
        pixel_m=_pixel_m(dataset, size),
        declared=declared_bands(dataset, usable),
        nodata=nodata.text,
        without_data=int(dataset.width) * int(dataset.height) - found.with_data,
        border=border_value(found) if nodata.text == NO_NODATA else None,
        palette={
            value: "#{:02x}{:02x}{:02x}".format(*color[:3])
            for value, color in palette.items()
            if value < 256  # what a person can be shown
        },
    )


def _band_facts(dataset: "DatasetReader", band: int, place: int, found: Seen) -> PictureBand:
    dtype = str(dataset.dtypes[band - 1])
    told = [quantile(found.counts[place], percent, dtype=dtype) for percent in range(101)]
    name = dataset.descriptions[band - 1]
    return PictureBand(
        band=band,
        dtype=dtype,
        means=meaning_of(dataset, band),
        description=labels.short(name) if name else None,
        quantiles=tuple(float(one) for one in told if one is not None),
        preview=packed(found.previews[place]) if place < PREVIEWED_BANDS else {},
    )


def _pixel_m(dataset: "DatasetReader", size: tuple[float, float]) -> tuple[float, float] | None:
    told = declared_crs(dataset)
    try:
        crs = geo_crs.crs_text(geo_crs.known_crs(told)) if told else None
    except CrsError:
        crs = None
    if crs is None:
        return None
    own = dataset.transform
    half = (dataset.width / 2, dataset.height / 2)
    middle = np.array(
        [[own.c + half[0] * own.a + half[1] * own.b, own.f + half[0] * own.d + half[1] * own.e]]
    )
    found = pixel_size_m(middle, width=size[0], height=size[1], crs=crs, area_of_interest=WHOLE)
    return found if np.isfinite(found).all() else None
