"""What the command line prints: plain sentences and narrow tables."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from layers import facts
from layers.catalogue import is_raster

if TYPE_CHECKING:
    from dashboard.workflows.hotspot_types import HotspotRun
    from dashboard.workflows.landcover import LandCover
    from dashboard.workflows.types import ConflictRun
    from layers.catalogue import Layer
    from layers.doctor import Check
    from layers.findings import Finding
    from layers.importing import ImportReport, ImportRequest

NO_DATA = "no data"


def report(report: "ImportReport", options: Sequence[str]) -> str:
    """An import's report: its sentence, the findings, and what can be pasted to go on."""
    lines = [report.message]
    if report.counts and report.status in ("ready", "imported"):
        told = ", ".join(f"{name} {count}" for name, count in report.counts.items())
        what = "Pixels" if is_raster(report.mapping or {}) else "Rows"
        lines.append(f"{what}: {told}.")
        lines += [
            f"  {name}: {report.classes[name]:,} pixels, {hectares(area_ha)}"
            for name, area_ha in (report.class_areas_ha or {}).items()
            if report.classes
        ]
    if report.crs:
        lines.append(f"Coordinate system: {report.crs} ({report.crs_how}). {report.shift}".rstrip())
    if report.version_id:
        lines.append(f"Version id: {report.version_id}")
    lines += findings(report.findings, said=report.message)
    if options:
        lines.append(
            "To go on, say this, for nobody else can:"
            if is_raster(report.mapping or {})
            else "To confirm what is suggested, add --yes, or these options, changed if wrong:"
        )
        lines.append("  " + " ".join(options))
    for choice in report.crs_choices:
        lines.append(f"  --crs {choice.crs}  {choice.name}: {choice.means}")
    return "\n".join(lines)


def findings(told: "Sequence[Finding]", *, said: str) -> list[str]:
    """A line for each finding, with its code, what to do and its rows; not what was said before."""
    lines = []
    for finding in told:
        if finding.message == said:
            continue
        mark = "STOPS" if finding.blocking else "note "
        rows = ""
        if finding.row_count:
            shown = ", ".join(str(row) for row in finding.rows)
            more = ", ..." if finding.row_count > len(finding.rows) else ""
            rows = f" Rows ({finding.row_count}): {shown}{more}."
        sentence = f"{finding.message} {finding.fix}".rstrip()
        lines.append(f"  {mark} [{finding.code}] {sentence}{rows}")
    return lines


def options_for(report: "ImportReport", request: "ImportRequest") -> tuple[str, ...]:
    """Options, ready to paste, that confirm what was suggested."""
    codes = {finding.code for finding in report.blocking}
    options = [
        f"--map {shlex.quote(f'{field}={column}')}"
        for field, column in (report.mapping or {}).items()
        if field not in request.read.mapping and "mapping_to_confirm" in codes
    ]
    if codes & {"class_values_to_name", "nodata_undeclared"}:
        options += _for_raster(report, request, codes)
    if "visits_repeat" in codes:
        options.append("--latest")
    if "crs_to_confirm" in codes and len(report.crs_choices) == 1:
        options.append(f"--crs {report.crs_choices[0].crs}")
    return tuple(options)


def _for_raster(report: "ImportReport", request: "ImportRequest", codes: set[str]) -> list[str]:
    """What is to be said of a raster, with the classes left open: they are never suggested."""
    options = ["--nodata VALUE"] if "nodata_undeclared" in codes else []
    if "class_values_to_name" in codes:
        names = ", ".join(facts.kind(request.read.kind).classes)
        options.append(f"--class VALUE=CLASS (for each value; CLASS is leave-out or: {names})")
    return options


def layers(found: "Sequence[Layer]") -> str:
    """A line a layer."""
    if not found:
        return "There is no layer yet. `python -m dashboard import --help` says how to bring one."
    lines = []
    for layer in found:
        version = layer.current
        if version is None:
            lines.append(f"{layer.layer_id}  deleted, {layer.version_count} versions kept")
            continue
        date = f"data of {version.data_date}" if version.data_date else "date not stated"
        what = "pixels with a class" if version.is_raster else "features"
        invented = ", invented for demonstration" if version.demonstration else ""
        lines.append(
            f"{layer.layer_id}  {version.features} {what}, version {version.number} of "
            f"{layer.version_count}, {date}, from '{version.filename}'{invented}"
        )
    return "\n".join(lines)


def conflicts(run: "ConflictRun") -> str:
    """A block a rule and pair of layers, then what was not assessed."""
    lines = [f"{run.region_id}, under the rules of {run.as_of.isoformat()}", run_wording(run), ""]
    titles = {rule.rule_id: rule.title for rule in run.rules}
    for row in run.summary:
        pair = " x ".join(str(one) for one in (row["subject_layer"], row["object_layer"]) if one)
        verdicts = row["verdicts"]
        lines.append(f"{titles[row['rule']]} ({row['rule']}): {pair}")
        lines.append(
            f"  {row['pairs']} pairs of {row['subjects']} subjects and {row['objects']} objects; "
            f"inside {verdicts['inside']}, too close to call {verdicts['too_close']}; "
            + (
                f"area {hectares(row['area_ha'])}, counted once {hectares(row['union_ha'])}"
                if row["pairs"]
                else "no shared ground"
            )
        )
        for reason, count in (row.get("not_assessed") or {}).items():
            lines.append(f"  not assessed: {reason}: {count}")
    lines += ["", *run.not_assessed] if run.not_assessed else []
    return "\n".join(lines)


def hotspots(run: "HotspotRun") -> str:
    """A block a unit, in order; units about which nothing is known are only counted."""
    from dashboard.workflows.hotspot_types import CLASS_TITLES  # noqa: PLC0415

    lines = [f"{run.region_id}, under the rules of {run.as_of.isoformat()}", run_wording(run), ""]
    silent = 0
    for row in run.rows:
        if not row.surveyed and not row.detections and not (row.change and _moved(row.change)):
            silent += 1
            continue
        lines.append(f"{row.rank}. {row.name}: {CLASS_TITLES[row.unit_class]}")
        lines.append(f"  {row.reason}")
    if silent:
        lines.append(f"{silent} more units: not surveyed, nothing is known.")
    if run.changes is not None:
        lines += ["", f"Compared with {run.changes.label}:", *run.changes.sentences]
    return "\n".join([*lines, "", *run.method, *run.notes])


def _moved(change: Mapping[str, Mapping[str, int]]) -> bool:
    return any(counts["new"] or counts["gone"] for counts in change.values())


def run_wording(run: "ConflictRun | HotspotRun") -> str:
    """What must not be read into a run."""
    from dashboard.workflows.types import INVENTED, WORDING  # noqa: PLC0415

    return f"{INVENTED} {WORDING}" if run.demonstration else WORDING


def hectares(value: float | None) -> str:
    """Hectares, or that there are no data; never 0 for not known."""
    return NO_DATA if value is None else f"{value:,.2f} ha"


def land_cover(told: "LandCover") -> str:
    """A block a zone: its classes, largest first, then what is not known of it."""
    lines = [
        f"{told.raster.name} ({told.raster_date}; {told.source}) "
        f"by {told.by} of '{told.zones.name}'",
        *told.caveats,
    ]
    if told.demonstration:
        from dashboard.workflows.types import INVENTED  # noqa: PLC0415

        lines.append(INVENTED)
    for row in told.as_json()["rows"]:
        lines += ["", f"{row['name'] or row['zone_id']}: {hectares(row['zone_ha'])}"]
        known = {name: area for name, area in row["classes_ha"].items() if area is not None}
        lines += [
            f"  {name.replace('_', ' ')} {hectares(area)}"
            for name, area in sorted(known.items(), key=lambda one: -one[1])
            if area > 0
        ]
        if not known:
            lines.append(f"  land cover: {NO_DATA}")
        for name, words in (
            ("no_data_ha", "no data"),
            ("unclassified_ha", "not classified"),
            ("outside_ha", "outside the raster"),
        ):
            if row[name]:
                lines.append(f"  {words} {hectares(row[name])}")
    return "\n".join(lines)


def checks(found: "Sequence[Check]") -> str:
    """A block a check."""
    lines = []
    for check in found:
        mark = "ok   " if check.ok else "WRONG"
        lines += [f"{mark} {check.name}: {sentence}" for sentence in check.sentences]
    return "\n".join(lines)
