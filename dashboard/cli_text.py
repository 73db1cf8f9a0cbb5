"""What the command line prints: plain sentences and narrow tables."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.workflows.types import ConflictRun
    from layers.catalogue import Layer
    from layers.doctor import Check
    from layers.importing import ImportReport, ImportRequest
    from layers.read import Suggestion

NO_DATA = "no data"


def report(report: "ImportReport", options: Sequence[str]) -> str:
    """An import's report: its sentence, the findings, and what can be pasted to go on."""
    lines = [report.message]
    if report.counts and report.status in ("ready", "imported"):
        told = ", ".join(f"{name} {count}" for name, count in report.counts.items())
        lines.append(f"Rows: {told}.")
    if report.crs:
        lines.append(f"Coordinate system: {report.crs} ({report.crs_how}). {report.shift}".rstrip())
    if report.version_id:
        lines.append(f"Version id: {report.version_id}")
    for finding in report.findings:
        if finding.message == report.message:
            continue
        mark = "STOPS" if finding.blocking else "note "
        rows = ""
        if finding.row_count:
            shown = ", ".join(str(row) for row in finding.rows)
            more = ", ..." if finding.row_count > len(finding.rows) else ""
            rows = f" Rows ({finding.row_count}): {shown}{more}."
        told = f"{finding.message} {finding.fix}".rstrip()
        lines.append(f"  {mark} [{finding.code}] {told}{rows}")
    if options:
        lines.append("To confirm what is suggested, add --yes, or these options, changed if wrong:")
        lines.append("  " + " ".join(options))
    for choice in report.crs_choices:
        lines.append(f"  --crs {choice.crs}  {choice.name}: {choice.means}")
    return "\n".join(lines)


def suggestion_for(path: Path, request: "ImportRequest") -> "Suggestion | None":
    """What would be done with the layer asked for; None where the file cannot be read."""
    from dashboard import workflows  # noqa: PLC0415 - see dashboard/cli.py

    try:
        inspection = workflows.inspect_upload(path, filename=path.name)
        return workflows.suggest_import(
            inspection,
            source_layer=request.read.source_layer,
            kind=request.read.kind,
            region_id=request.read.region_id,
        )
    except workflows.ReadError:
        return None


def options_for(path: Path, request: "ImportRequest") -> tuple[str, ...]:
    """Options, ready to paste, that say what the suggestion says."""
    suggestion = suggestion_for(path, request)
    if suggestion is None:
        return ()
    options = [
        f"--map {shlex.quote(f'{field}={column}')}"
        for field, column in suggestion.mapping.items()
        if field not in request.read.mapping
    ]
    if request.read.keep_latest is None and suggestion.keep_latest:
        options.append("--latest")
    return tuple(options)


def suggested(suggestion: "Suggestion | None") -> str:
    """A suggestion for somebody who is asked to confirm it."""
    if suggestion is None:
        return "Nothing could be suggested."
    lines = ["Suggested:"]
    lines += [f"  {field:<16} from column '{name}'" for field, name in suggestion.mapping.items()]
    if suggestion.keep_latest:
        lines.append("  only the latest row of each id is kept")
    if suggestion.unknown_classes:
        lines.append(f"  without a known class: {', '.join(suggestion.unknown_classes)}")
    lines += [f"  {note}" for note in suggestion.notes]
    return "\n".join(lines)


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
        invented = ", invented for demonstration" if version.demonstration else ""
        lines.append(
            f"{layer.layer_id}  {version.features} features, version {version.number} of "
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
            f"area {hectares(row['area_ha'])}, counted once {hectares(row['union_ha'])}"
        )
        for reason, count in (row.get("not_assessed") or {}).items():
            lines.append(f"  not assessed: {reason}: {count}")
    lines += ["", *run.not_assessed] if run.not_assessed else []
    return "\n".join(lines)


def run_wording(run: "ConflictRun") -> str:
    """What must not be read into a run."""
    from dashboard.workflows.types import INVENTED, WORDING  # noqa: PLC0415

    return f"{INVENTED} {WORDING}" if run.demonstration else WORDING


def hectares(value: float | None) -> str:
    """Hectares, or that there are no data; never 0 for not known."""
    return NO_DATA if value is None else f"{value:,.2f} ha"


def checks(found: "Sequence[Check]") -> str:
    """A block a check."""
    lines = []
    for check in found:
        mark = "ok   " if check.ok else "WRONG"
        lines += [f"{mark} {check.name}: {sentence}" for sentence in check.sentences]
    return "\n".join(lines)
