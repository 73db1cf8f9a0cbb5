"""From a picture somebody brought to the store's own: its grid kept, its colours told."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.catalogue import PICTURE_KEY, PICTURE_NODATA_KEY, STRETCH_KEY
from layers.facts import Kind, Region
from layers.findings import Finding, blocking
from layers.read import picture, pixels, raster
from layers.read.model import Limits, ReadReport, ReadRequest
from layers.read.picture import NoData, Seen
from layers.read.picture_model import NO_STRETCH, STRETCH_OF_16_BITS
from layers.read.picture_write import QUALITY, Colours, write_picture
from layers.read.raster_model import NO_NODATA
from layers.read.raster_place import placed
from layers.read.source import RasterFile

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

COLOURS = ("red", "green", "blue")


def read_picture(
    file: RasterFile,
    request: ReadRequest,
    *,
    kind: Kind,
    region: Region,
    limits: Limits,
    out: Path,
    say: pixels.Say,
) -> ReadReport:
    """The report of a reading and, unless a finding blocks it, the picture as a COG in `out`."""
    with raster.opened(file, limits) as dataset:
        if error := picture.why_none(dataset, limits):
            raise error
        findings: list[Finding] = []
        total = int(dataset.width) * int(dataset.height)
        facts: dict[str, Any] = {"format": file.format, "source_layer": file.name}
        counts = {"read": total, "imported": 0, "repaired": 0, "rejected": total}
        bands = _bands(dataset, request, findings)
        percent = _percentiles(dataset, request, findings)
        if not bands or blocking(findings):
            facts["mapping"] = {PICTURE_KEY: ",".join(str(band) for band in bands)}
            return ReadReport(ok=False, counts=counts, findings=tuple(findings), **facts)
        nodata = _nodata(dataset, bands, request, findings)
        seen = picture.survey(dataset, bands, nodata=nodata, say=lambda share: say(0.4 * share))
        colours = _colours(dataset, bands, seen, percent, findings)
        facts["mapping"] = {
            PICTURE_KEY: ",".join(str(band) for band in bands),
            PICTURE_NODATA_KEY: nodata.text,
            STRETCH_KEY: _stretch_words(bands, percent, colours),
        }
        facts |= placed(
            dataset, _in_crs(dataset, seen.places), request, region=region, findings=findings
        )
        if blocking(findings):
            return ReadReport(ok=False, counts=counts, findings=tuple(findings), **facts)
        _tell_pixels(seen, nodata, total, findings)
        write_picture(
            dataset,
            bands,
            colours=colours,
            nodata=nodata,
            has_gaps=seen.with_data < total,
            crs=str(facts["crs"]),
            tags={key.replace(":", "_"): value for key, value in facts["mapping"].items()},
            out=out,
            say=lambda share: say(0.4 + 0.6 * share),
        )
        _tell_kept(dataset, colours, findings)
        counts |= {"imported": seen.with_data, "rejected": total - seen.with_data}
        return ReadReport(ok=True, counts=counts, findings=tuple(findings), features=out, **facts)


def _bands(
    dataset: "DatasetReader", request: ReadRequest, findings: list[Finding]
) -> tuple[int, ...]:
    """The bands to show, as said or as the file declares; nothing is guessed from their order."""
    usable = raster.usable_bands(dataset)
    listed = ", ".join(_band_name(dataset, band) for band in usable)
    said = request.bands or ((request.band,) if request.band is not None else ())
    if said and (len(said) not in (1, 3) or set(said) - set(usable)):
        findings.append(
            Finding(
                code="picture_bands_wrong",
                message=f"Bands {', '.join(str(band) for band in said)} cannot be shown: the "
                f"picture has bands {listed}.",
                fix="Give three of them, for red, green and blue, or one for a grey picture.",
                blocking=True,
            )
        )
        return ()
    declared = picture.declared_bands(dataset, usable)
    bands = said or declared
    if not bands:
        findings.append(
            Finding(
                code="picture_bands_to_choose",
                message="The file does not say which of its bands are red, green and blue: "
                f"{listed}.",
                fix="Give three, in that order, as 3,2,1; or one for a grey picture. Another order "
                "gives false colours: ask whoever made the picture.",
                blocking=True,
            )
        )
        return ()
    if not picture.palette_of(dataset, bands[0]):
        who = "as you said" if said else "as the file says"
        left = [_band_name(dataset, band) for band in usable if band not in bands]
        rest = f" Not shown: band {', '.join(left)}." if left else ""
        findings.append(
            Finding(code="picture_bands_used", message=f"{_shown(bands)}, {who}.{rest}")
        )
    return bands


def _shown(bands: Sequence[int]) -> str:
    if len(bands) == 1:
        return f"Band {bands[0]} is shown in grey"
    told = [f"{colour} is band {band}" for colour, band in zip(COLOURS, bands, strict=True)]
    return f"Shown: {', '.join(told)}"


def _band_name(dataset: "DatasetReader", band: int) -> str:
    from layers.read.labels import short  # noqa: PLC0415 - for its words only

    told = dataset.descriptions[band - 1] or picture.meaning_of(dataset, band)
    return f"{band} ({short(told)})" if told else str(band)


def _percentiles(
    dataset: "DatasetReader", request: ReadRequest, findings: list[Finding]
) -> tuple[float, float] | None:
    """Between which percentiles values become 8 bits; None = they stay as they are."""
    if request.stretch is None:
        return None if set(dataset.dtypes) == {"uint8"} else STRETCH_OF_16_BITS
    low, high = request.stretch
    if not 0 <= low < high <= 100:
        findings.append(
            Finding(
                code="picture_stretch_wrong",
                message=f"Values cannot be stretched between {low:g} and {high:g} %.",
                fix="Give two percentages from 0 to 100, the lower first, as 2,98.",
                blocking=True,
            )
        )
        return None
    return low, high


def _nodata(
    dataset: "DatasetReader",
    bands: Sequence[int],
    request: ReadRequest,
    findings: list[Finding],
) -> NoData:
    """What means "no data": as somebody said, else as the file declares."""
    declared = picture.declared_nodata(dataset, bands)
    if request.nodata is None:
        return declared
    text = request.nodata.strip().lower()
    if text != NO_NODATA and not pixels.is_whole(text):
        findings.append(
            Finding(
                code="nodata_unread",
                message=f"'{text[:40]}' is no pixel value that could mean 'no data'.",
                fix=f"Give a whole number, or '{NO_NODATA}'.",
                blocking=True,
            )
        )
        return declared
    said = NoData(text=NO_NODATA)
    what = "No value means"
    if text != NO_NODATA:
        said = NoData(text=str(int(text)), values=(int(text),) * len(bands))
        what = f"Value {said.text} in all bands that are shown means"
    over = ""
    if declared.text not in (NO_NODATA, said.text):
        over = f" By the file it is '{declared.text}'; what you said was used."
    findings.append(Finding(code="nodata_used", message=f"{what} 'no data', as you said.{over}"))
    return said


def _colours(
    dataset: "DatasetReader",
    bands: Sequence[int],
    seen: Seen,
    percent: tuple[float, float] | None,
    findings: list[Finding],
) -> Colours:
    """How values become colours: by the file's table, stretched, or as they are."""
    palette = picture.palette_of(dataset, bands[0])
    if palette:
        findings.append(
            Finding(
                code="picture_palette_used",
                message=f"Colours are those of the file's own table of {len(palette)} colours.",
            )
        )
        return Colours(palette=palette)
    if percent is None:
        return Colours()
    limits = []
    for place, band in enumerate(bands):
        dtype = str(dataset.dtypes[band - 1])
        ends = [picture.quantile(seen.counts[place], one, dtype=dtype) for one in percent]
        limits.append((ends[0] or 0, ends[1] or 0))
    told = ", ".join(
        f"band {band} {low:,} to {high:,}" for band, (low, high) in zip(bands, limits, strict=True)
    )
    findings.append(
        Finding(
            code="picture_stretched",
            message=f"Values are stretched to 8 bits between {percent[0]:g} and {percent[1]:g} % "
            f"of the pixels with data: {told}. What is below is drawn darkest, what is above "
            "brightest; the same everywhere.",
            fix="The original is kept as it came. Give other percentages to see more in dark or "
            "bright ground.",
        )
    )
    return Colours(stretch=tuple(limits))


def _stretch_words(
    bands: Sequence[int], percent: tuple[float, float] | None, colours: Colours
) -> str:
    if percent is None or not colours.stretch:
        return NO_STRETCH
    told = ", ".join(
        f"band {band} {low} to {high}"
        for band, (low, high) in zip(bands, colours.stretch, strict=True)
    )
    return f"{percent[0]:g}-{percent[1]:g} %: {told}"


def _in_crs(dataset: "DatasetReader", places: Any) -> Any:
    """Columns and rows as places in the raster's own CRS, whichever way it is turned."""
    own = dataset.transform
    columns, rows = places[:, 0], places[:, 1]
    return np.column_stack(
        [own.c + columns * own.a + rows * own.b, own.f + columns * own.d + rows * own.e]
    )


def _tell_pixels(seen: Seen, nodata: NoData, total: int, findings: list[Finding]) -> None:
    """What has no colour and why; and what looks like a collar nobody declared."""
    empty = total - seen.with_data
    how = {
        "alpha": "the file's own transparency says so",
        "mask": "the file's own mask says so",
        NO_NODATA: "the file's colour table has no colour for them",
    }.get(nodata.text, f"the value is {nodata.text} in all bands that are shown")
    if empty:
        findings.append(
            Finding(
                code="pixels_without_data",
                message=f"{empty:,} pixels are 'no data', and clear on the map: {how}.",
            )
        )
    if seen.part_clear:
        findings.append(
            Finding(
                code="picture_half_clear",
                message=f"{seen.part_clear:,} pixels are half transparent in the file; they are "
                "kept as pixels with data.",
            )
        )
    collar = picture.border_value(seen) if nodata.text == NO_NODATA else None
    if collar is not None:
        share = seen.border[collar] / seen.border_pixels
        findings.append(
            Finding(
                code="picture_collar",
                message=f"{share:.0%} of the picture's border has the value {collar} in every "
                "band, as a collar without a picture has. It is shown as it is.",
                fix=f"If it means 'no data', say so (nodata {collar}).",
            )
        )


def _tell_kept(dataset: "DatasetReader", colours: Colours, findings: list[Finding]) -> None:
    how = (
        "without loss"
        if colours.palette
        else f"as JPEG of quality {QUALITY}, which changes colours a little"
    )
    findings.append(
        Finding(
            code="picture_kept",
            message=f"The picture is kept in its own grid of {dataset.width:,} x "
            f"{dataset.height:,} pixels; no pixel was moved. Colours are stored {how}; the file "
            "that was brought is kept as it is.",
        )
    )
    findings.append(
        Finding(
            code="picture_exact",
            message="A picture shows exactly where people work and live. Places of informal sites "
            "can bring raids on people: think of that before you share it.",
        )
    )
