"""From a file somebody brought to a version of a layer: stage, read, tell, and only then keep."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from layers.catalogue import LayerVersion, NewVersion, is_raster
from layers.facts import DATA
from layers.files import CHUNK
from layers.findings import Finding, blocking
from layers.import_model import ImportReport, ImportRequest, Status
from layers.read import Limits, ReadError, ReadReport, ReadRequest, read
from layers.store import Store, StoreError

__all__ = ["ImportReport", "ImportRequest", "Status", "check_import", "fingerprint", "run_import"]

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and one short sentence of what is going on."""

QUESTIONS = (
    "mapping_to_confirm",
    "visits_repeat",
    "crs_to_confirm",
    "crs_ambiguous",
    "crs_datum_unknown",
    "crs_unknown",
    "axes_swapped",
    "coordinates_missing",
    "mapping_field_unknown",
    "mapping_column_missing",
    "class_not_in_vocabulary",
    "keep_latest_impossible",
    "nodata_undeclared",
    "nodata_unread",
    "class_values_to_name",
    "class_value_unread",
    "class_of_nodata",
    "picture_bands_to_choose",
    "picture_bands_wrong",
    "picture_stretch_wrong",
)
"""Codes of blocking findings that another answer settles; the others need another file.

`crs_does_not_land` is one of them where some coordinate system would land (`crs_choices`).
"""


def check_import(
    store: Store,
    path: str | Path,
    request: ImportRequest,
    *,
    filename: str,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """The report of an import without importing: status "ready" where nothing would stop it."""
    tell = progress or _silent
    with store.workspace() as folder:
        found = _examined(
            store,
            path,
            request,
            folder,
            filename=filename,
            restore_as=None,
            limits=limits,
            tell=tell,
        )
        if isinstance(found, ImportReport):
            return found
        _, result = found
        message = (
            f"'{filename}' can be imported as layer '{request.name_for(filename)}'. Nothing was "
            "imported: this was a check."
        )
        return _report("ready", message, request, filename, result)


def run_import(
    store: Store,
    path: str | Path,
    request: ImportRequest,
    *,
    filename: str,
    actor: str = "local",
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file: its bytes are kept, read in the worker, and shown, or nothing of it is.

    The same bytes with the same request are never stored twice: the report then says "already
    imported", which version that was, and how to show it if another one is shown now. Raises
    StoreError where the store cannot be written.
    """
    tell = progress or _silent
    with store.workspace() as folder:
        found = _examined(
            store,
            path,
            request,
            folder,
            filename=filename,
            restore_as=actor,
            limits=limits,
            tell=tell,
        )
        if isinstance(found, ImportReport):
            return found
        staged, result = found
        if result.features is None:
            raise StoreError(f"The reader left no features of '{filename}'. Please report this.")
        tell(0.9, "Keeping the original and the new version")
        with staged.open("rb") as original:
            kept = store.put_original(original)
        new = _new_version(request, result, filename=filename, sha256=kept, actor=actor)
        with result.features.open("rb") as features:
            version, added = store.add_version(new, features)
        if not added:
            return _already(store, version, request, filename, restore_as=actor)
        tell(1.0, "Imported")
        return _imported(version, request, filename, result)


def fingerprint(request: ImportRequest, filename: str) -> str:
    """A hash of all that decides what an import makes of given bytes, the reader's code included.

    A newer reader therefore reads the file anew; where it finds the same features the store still
    keeps one version of them.
    """
    told = {
        **request.as_json(),
        "layer_id": request.layer_id_for(filename),
        "suffix": PurePosixPath(filename).suffix.lower(),
        "reader": _reader_fingerprint(),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _reader_fingerprint() -> str:
    digest = hashlib.sha256()
    files = sorted((Path(__file__).parent / "read").rglob("*.py"))
    for path in [*files, DATA / "kinds.toml", DATA / "regions.toml"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _examined(
    store: Store,
    path: str | Path,
    request: ImportRequest,
    folder: Path,
    *,
    filename: str,
    restore_as: str | None,
    limits: Limits | None,
    tell: Progress,
) -> tuple[Path, ReadReport] | ImportReport:
    """The private copy and what the reader made of it, else the report that ends it here.

    A check and an import part only after this. `restore_as` is who brings back a deleted layer
    whose bytes came again; None leaves it deleted.
    """
    staged, sha256 = _stage(Path(path), folder, filename, tell)
    if staged is None:
        return _refused(request, filename, sha256)
    known = store.find_import(sha256, fingerprint(request, filename))
    if known is not None:
        return _already(store, known, request, filename, restore_as=restore_as)
    result = _read(staged, request, filename, folder, limits=limits, tell=tell)
    return result if isinstance(result, ImportReport) else (staged, result)


def _silent(share: float, sentence: str) -> None:
    """Progress that nobody watches."""


def _stage(
    path: Path, folder: Path, filename: str, tell: Progress
) -> tuple[Path, str] | tuple[None, str]:
    """A private copy and its sha256, so that what is read is what is kept; or None and why not."""
    tell(0.0, f"Copying '{filename}'")
    digest = hashlib.sha256()
    staged = folder / "original"
    try:
        if not path.is_file():
            reason = "is a folder. Zip it first" if path.is_dir() else "does not exist"
            return None, f"'{filename}' {reason}."
        with path.open("rb") as source, staged.open("wb") as copy:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
    except OSError as error:
        return None, f"'{filename}' cannot be read: {(error.strerror or 'unknown reason').lower()}."
    return staged, digest.hexdigest()


def _read(
    staged: Path,
    request: ImportRequest,
    filename: str,
    folder: Path,
    *,
    limits: Limits | None,
    tell: Progress,
) -> ReadReport | ImportReport:
    """The reader's report where it can go on, else what the importer has to be told."""

    def within(share: float, sentence: str) -> None:
        tell(0.1 + 0.8 * min(max(share, 0.0), 1.0), sentence)

    try:
        report = read(
            staged,
            request.read,
            filename=filename,
            out=folder / "read",
            limits=limits,
            progress=within,
        )
    except ReadError as error:
        return _refused(request, filename, str(error))
    findings = (*_mapping_to_confirm(report, request.read), *report.findings)
    report = replace(report, findings=findings)
    stopping = blocking(findings)
    if report.ok and not stopping:
        return report
    if stopping and all(_is_question(finding, report) for finding in stopping):
        message = f"'{filename}' was not imported yet: {_count(stopping, 'question')} to answer."
        return _report("needs answers", message, request, filename, report)
    message = f"'{filename}' was not imported: {_count(stopping, 'finding')} stopped it."
    return _report("refused", message, request, filename, report)


def _mapping_to_confirm(report: ReadReport, request: ReadRequest) -> list[Finding]:
    """Columns the reader would use though nobody chose them: shown first, used once confirmed."""
    unseen = {
        field: column for field, column in report.mapping.items() if field not in request.mapping
    }
    if request.accept_suggestions or not unseen or is_raster(report.mapping):
        return []
    told = ", ".join(f"{field} from column '{column}'" for field, column in unseen.items())
    return [
        Finding(
            code="mapping_to_confirm",
            message=f"Suggested, and not confirmed yet: {told}.",
            fix="Confirm it, or say which column to use instead.",
            blocking=True,
        )
    ]


def _is_question(finding: Finding, report: ReadReport) -> bool:
    if finding.code == "crs_does_not_land":
        return bool(report.crs_choices)
    return finding.code in QUESTIONS


def _count(findings: list[Finding], what: str) -> str:
    return f"{len(findings)} {what}{'' if len(findings) == 1 else 's'}"


def _refused(request: ImportRequest, filename: str, sentence: str) -> ImportReport:
    finding = Finding(code="file_refused", message=sentence, blocking=True)
    return ImportReport(
        status="refused",
        message=sentence,
        filename=filename,
        layer_id=request.layer_id_for(filename),
        layer_name=request.name_for(filename),
        findings=(finding,),
        demonstration=request.demonstration,
    )


def _report(
    status: Status,
    message: str,
    request: ImportRequest,
    filename: str,
    result: ReadReport,
    **stored: Any,
) -> ImportReport:
    return ImportReport(
        status=status,
        message=message,
        filename=filename,
        layer_id=request.layer_id_for(filename),
        layer_name=request.name_for(filename),
        counts=dict(result.counts),
        findings=result.findings,
        format=result.format,
        source_layer=result.source_layer,
        crs=result.crs,
        crs_how=result.crs_how,
        crs_choices=result.crs_choices,
        shift=result.shift,
        shift_m=result.shift_m,
        shift_accuracy_m=result.shift_accuracy_m,
        mapping=dict(result.mapping),
        classes=dict(result.classes),
        bounds=result.bounds,
        area_before_ha=result.area_before_ha,
        area_after_ha=result.area_after_ha,
        class_areas_ha=dict(result.class_areas_ha),
        demonstration=request.demonstration,
        **stored,
    )


def _imported(
    version: LayerVersion, request: ImportRequest, filename: str, result: ReadReport
) -> ImportReport:
    name = request.name_for(filename)
    what = "pixels" if version.is_raster else "rows"
    message = (
        f"'{filename}' is now version {version.number} of layer '{name}': "
        f"{version.read:,} {what} read, {version.imported} imported as they were, "
        f"{version.repaired} imported with a repair, {version.rejected} not imported."
    )
    return _report(
        "imported",
        message,
        request,
        filename,
        result,
        version_id=version.version_id,
        number=version.number,
        is_current=True,
    )


def _already(
    store: Store,
    version: LayerVersion,
    request: ImportRequest,
    filename: str,
    *,
    restore_as: str | None,
) -> ImportReport:
    """What is said of bytes that are in the store; a deleted layer is shown again on import."""
    layer = store.layer(version.layer_id)
    told = f"'{filename}' was already imported as version {version.number} of layer '{layer.name}'"
    current = layer.current
    if current is None and restore_as is not None:
        store.set_current(layer.layer_id, version.version_id, actor=restore_as)
        is_current, message = True, f"{told}. The layer had been deleted; it is shown again."
    elif current is None:
        is_current, message = False, f"{told}. The layer was deleted; importing shows it again."
    elif current.version_id == version.version_id:
        is_current, message = True, f"{told}, which is the one shown. Nothing was stored twice."
    else:
        is_current = False
        message = (
            f"{told}, but version {current.number} is shown now. To show it again: "
            f"python -m dashboard rollback {layer.layer_id} --version {version.number}"
        )
    return ImportReport(
        status="already imported",
        message=message,
        filename=filename,
        layer_id=layer.layer_id,
        layer_name=layer.name,
        version_id=version.version_id,
        number=version.number,
        is_current=is_current,
        counts=version.as_json()["counts"],
        findings=version.findings,
        source_layer=version.source_layer,
        crs=version.crs,
        crs_how=version.crs_how,
        mapping=dict(version.mapping),
        bounds=version.bounds,
        demonstration=version.demonstration,
    )


def _new_version(
    request: ImportRequest, result: ReadReport, *, filename: str, sha256: str, actor: str
) -> NewVersion:
    return NewVersion(
        region_id=request.read.region_id,
        kind=request.read.kind,
        layer_name=request.name_for(filename),
        imported_by=actor,
        filename=filename,
        sha256=sha256,
        source_layer=result.source_layer,
        data_date=request.data_date,
        source_note=request.source_note,
        crs=result.crs,
        crs_how=result.crs_how,
        read=result.counts["read"],
        imported=result.counts["imported"],
        repaired=result.counts["repaired"],
        rejected=result.counts["rejected"],
        bounds=result.bounds,
        mapping=dict(result.mapping),
        request=request.as_json(),
        request_fingerprint=fingerprint(request, filename),
        findings=result.findings,
        demonstration=request.demonstration,
    )
