"""From a raster somebody brought to the store's own: every pixel accounted for, nothing guessed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.catalogue import BAND_KEY, CLASS_KEY, NODATA_KEY
from layers.facts import Kind, Region
from layers.findings import Finding, blocking
from layers.read import pixels, raster
from layers.read.model import Limits, ReadReport, ReadRequest
from layers.read.raster_model import LEAVE_OUT, NO_NODATA
from layers.read.raster_place import placed
from layers.read.raster_write import write_cog
from layers.read.source import RasterFile

if TYPE_CHECKING:
    from rasterio.io import DatasetReader


def read_raster(
    file: RasterFile,
    request: ReadRequest,
    *,
    kind: Kind,
    region: Region,
    limits: Limits,
    out: Path,
    say: pixels.Say,
) -> ReadReport:
    """The report of a reading and, unless a finding blocks it, the tiled GeoTIFF in `out`."""
    with raster.opened(file, limits) as dataset:
        raster.judge_classes(dataset)
        band = raster.chosen_band(dataset, request.band)
        is_masked = raster.has_mask(dataset, band)
        tallied = pixels.tally(
            dataset, band, has_mask=is_masked, limits=limits, say=lambda share: say(0.4 * share)
        )
        findings: list[Finding] = []
        nodata = _nodata(dataset, band, request, tallied, findings, is_masked=is_masked)
        table = _table(request, kind, tallied, nodata, findings)
        facts = placed(
            dataset,
            tallied.middles(nodata=nodata),
            request,
            region=region,
            findings=findings,
        )
        facts |= {
            "format": file.format,
            "source_layer": file.name,
            "mapping": _mapping(band, nodata, table),
        }
        counts = _counts(dataset, tallied, nodata, table)
        if blocking(findings):
            return ReadReport(
                ok=False,
                counts=counts | {"imported": 0, "rejected": counts["read"]},
                findings=tuple(findings),
                **facts,
            )
        areas = tallied.areas_ha(crs=str(facts["crs"]), area_of_interest=region.country_bounds)
        _tell_left_out(tallied, nodata, table, areas, findings)
        chosen = {value: name for value, name in table.items() if name}
        if not any(tallied.counts.get(value) for value in chosen):
            findings.append(
                Finding(
                    code="nothing_left",
                    message="No pixel of the raster has a class.",
                    fix="Give at least one of its values a class.",
                    blocking=True,
                )
            )
            return ReadReport(ok=False, counts=counts, findings=tuple(findings), **facts)
        kept = write_cog(
            dataset,
            band,
            out=out,
            has_mask=is_masked,
            values=tallied.counts,
            nodata=nodata,
            crs=str(facts["crs"]),
            tags={"commonground": _told(tallied, areas)},
            say=lambda share: say(0.4 + 0.6 * share),
        )
        _tell_kept(dataset, band, kept, nodata, findings)
        facts["mapping"] = _mapping(band, kept, table)
        return ReadReport(
            ok=True,
            counts=counts,
            findings=tuple(findings),
            classes=_by_class(tallied.counts, chosen),
            class_areas_ha=_by_class(areas, chosen),
            features=out,
            **facts,
        )


def _told(tallied: pixels.Tallied, areas: dict[int, float]) -> str:
    """Pixels and hectares by value, kept inside the file so that no page has to count again."""
    return json.dumps(
        {str(value): [many, round(areas[value], 6)] for value, many in tallied.counts.items()}
    )


def _nodata(
    dataset: "DatasetReader",
    band: int,
    request: ReadRequest,
    tallied: pixels.Tallied,
    findings: list[Finding],
    *,
    is_masked: bool,
) -> int | None:
    """The value that means "no data": declared or stated, never assumed."""
    declared = raster.declared_nodata(dataset, band)
    if request.nodata is not None:
        return _stated_nodata(request.nodata, declared, tallied, findings)
    if declared is not None:
        many = tallied.counts.get(declared, 0)
        findings.append(
            Finding(
                code="nodata_used",
                message=f"Value {declared} means 'no data', as the file says: {many:,} pixels.",
            )
        )
        return declared
    if is_masked or dataset.nodatavals[band - 1] is not None:
        return None  # the file says pixel by pixel where it has no data
    suggested = raster.suggested_nodata(tallied)
    hint = ""
    if suggested is not None:
        share = tallied.border[suggested] / sum(tallied.border.values())
        hint = f" Value {suggested} fills {share:.0%} of its border, so it may be that one."
    findings.append(
        Finding(
            code="nodata_undeclared",
            message=f"The file does not say which pixel value means 'no data'.{hint}",
            fix="Say which value it is, or that there is none.",
            blocking=True,
        )
    )
    return None


def _stated_nodata(
    stated: str, declared: int | None, tallied: pixels.Tallied, findings: list[Finding]
) -> int | None:
    text = stated.strip().lower()
    if text != NO_NODATA and not pixels.is_whole(text):
        findings.append(
            Finding(
                code="nodata_unread",
                message=f"'{stated[:40]}' is no pixel value that could mean 'no data'.",
                fix=f"Give a whole number, or '{NO_NODATA}'.",
                blocking=True,
            )
        )
        return declared
    nodata = None if text == NO_NODATA else int(text)
    over = ""
    if declared is not None and declared != nodata:
        over = f" The file says {declared}; what you said was used."
    many = 0 if nodata is None else tallied.counts.get(nodata, 0)
    what = "No value means" if nodata is None else f"Value {nodata} means"
    findings.append(
        Finding(
            code="nodata_used",
            message=f"{what} 'no data', as you said: {many:,} pixels.{over}",
        )
    )
    return nodata


def _table(
    request: ReadRequest,
    kind: Kind,
    tallied: pixels.Tallied,
    nodata: int | None,
    findings: list[Finding],
) -> dict[int, str]:
    """Pixel value -> class, "" = left out, of those that occur; asks for those nobody named."""
    known = {*kind.classes, LEAVE_OUT}
    wrong = sorted(set(request.class_values.values()) - known)
    if wrong:
        findings.append(
            Finding(
                code="class_not_in_vocabulary",
                message=f"{kind.title} has no class '{wrong[0]}'.",
                fix=f"There are: {', '.join(kind.classes)}; or {LEAVE_OUT}.",
                blocking=True,
            )
        )
    unread = [text for text in request.class_values if not pixels.is_whole(text.strip())]
    if unread:
        findings.append(
            Finding(
                code="class_value_unread",
                message=f"'{unread[0][:40]}' is no pixel value: pixel values are whole numbers.",
                fix="Write it as 9=cropland.",
                blocking=True,
            )
        )
    said = {
        int(text): name
        for text, name in request.class_values.items()
        if pixels.is_whole(text.strip())
    }
    present = {value for value in tallied.counts if value != nodata}
    _tell_unused(said, present, nodata, findings)
    missing = sorted(present - set(said))
    if missing:
        total = sum(tallied.counts[value] for value in present)
        listed = ", ".join(
            f"{value} ({tallied.counts[value]:,} pixels, {tallied.counts[value] / total:.1%})"
            for value in missing[:40]
        )
        more = f", and {len(missing) - 40} more" if len(missing) > 40 else ""
        findings.append(
            Finding(
                code="class_values_to_name",
                message=f"Nobody said what these pixel values mean: {listed}{more}.",
                fix=f"Give each a class, or '{LEAVE_OUT}'. Ask whoever made the raster for its "
                "legend: the same number means different things in different rasters.",
                blocking=True,
            )
        )
    return {
        value: "" if said[value] == LEAVE_OUT else said[value]
        for value in sorted(present & set(said))
    }


def _tell_unused(
    said: dict[int, str], present: set[int], nodata: int | None, findings: list[Finding]
) -> None:
    absent = sorted(set(said) - present - {nodata})
    if absent:
        listed = ", ".join(str(value) for value in absent[:20])
        findings.append(
            Finding(
                code="class_values_absent",
                message=f"A class was given for values that no pixel has: {listed}.",
                fix="Check that it is the right raster and the right legend.",
            )
        )
    if nodata in said and said[nodata] != LEAVE_OUT:
        findings.append(
            Finding(
                code="class_of_nodata",
                message=f"Value {nodata} was given the class '{said[nodata]}', but it means "
                "'no data'. It has no class.",
                fix=f"If it is a class, say that no value means 'no data' ('{NO_NODATA}').",
                blocking=True,
            )
        )


def _mapping(band: int, nodata: int | None, table: dict[int, str]) -> dict[str, str]:
    told = {BAND_KEY: str(band), NODATA_KEY: NO_NODATA if nodata is None else str(nodata)}
    return told | {f"{CLASS_KEY}{value}": name for value, name in table.items()}


def _counts(
    dataset: "DatasetReader",
    tallied: pixels.Tallied,
    nodata: int | None,
    table: dict[int, str],
) -> dict[str, int]:
    read = int(dataset.width) * int(dataset.height)
    kept = sum(tallied.counts.get(value, 0) for value, name in table.items() if name)
    return {"read": read, "imported": kept, "repaired": 0, "rejected": read - kept}


def _tell_left_out(
    tallied: pixels.Tallied,
    nodata: int | None,
    table: dict[int, str],
    areas: dict[int, float],
    findings: list[Finding],
) -> None:
    """Pixels without a class, told apart: no data, and left out on purpose; then the table."""
    empty = tallied.masked + (0 if nodata is None else tallied.counts.get(nodata, 0))
    if empty:
        findings.append(
            Finding(
                code="pixels_without_data",
                message=f"{empty:,} pixels are 'no data' and have no class.",
            )
        )
    out = [value for value, name in table.items() if not name]
    if out:
        many = sum(tallied.counts[value] for value in out)
        ground = sum(areas[value] for value in out)
        listed = ", ".join(str(value) for value in out)
        findings.append(
            Finding(
                code="pixels_left_out",
                message=f"{many:,} pixels ({ground:,.1f} ha) were left out, as you said: "
                f"value {listed}. They have data, but no class here.",
            )
        )
    shown = ", ".join(f"{value} = {name}" for value, name in table.items() if name)
    findings.append(Finding(code="classes_used", message=f"Classes used: {shown or 'none'}."))


def _tell_kept(
    dataset: "DatasetReader",
    band: int,
    kept: int | None,
    nodata: int | None,
    findings: list[Finding],
) -> None:
    if kept is not None and nodata is None:
        findings.append(
            Finding(
                code="nodata_replaced",
                message="The file marks pixels without data by a mask, by transparency or as 'not "
                f"a number'; they are kept as value {kept}, which no other pixel has.",
            )
        )
    findings.append(
        Finding(
            code="raster_kept",
            message=f"The raster is kept in its own grid of {dataset.width:,} x "
            f"{dataset.height:,} pixels; no pixel was resampled.",
        )
    )


def _by_class(numbers: dict[int, Any], table: dict[int, str]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for value, name in table.items():
        total[name] = total.get(name, 0) + numbers.get(value, 0)
    return total
