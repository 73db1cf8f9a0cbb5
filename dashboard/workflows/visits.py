"""Visits into the ledger, and those with a place onto the map; what is held, and the form."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from dashboard.workflows.types import Progress, WorkflowError
from layers import facts
from layers.importing import ImportReport, ImportRequest, run_import
from layers.ledger.records import Batch, Held, Take
from layers.read import ReadRequest
from layers.store import Store
from layers.visits import importing
from layers.visits.map_layer import FIELDS, map_table, shown_visits
from layers.visits.model import VisitReport, VisitRequest

if TYPE_CHECKING:
    import datetime as dt

TAKES: tuple[Take, ...] = ("old", "new")


@dataclass(frozen=True, kw_only=True)
class VisitImport:
    """What became of the visits in the ledger, and of their map layer (None: no place to show).

    `not_shown` counts visits with a position whose people do not agree to show it.
    """

    report: VisitReport
    layer: ImportReport | None = None
    not_shown: int = 0

    def as_json(self) -> dict[str, Any]:
        """Both as plain JSON types, the ledger's report on the outside."""
        return self.report.as_json() | {
            "layer": self.layer.as_json() if self.layer else None,
            "not_shown": self.not_shown,
        }


def check_visits(
    store: Store,
    path: str | Path,
    request: VisitRequest,
    *,
    filename: str,
    progress: Progress | None = None,
) -> VisitReport:
    """What an import of visits would find, with nothing imported."""
    facts.region(request.region_id)
    return importing.check_visits(store, path, request, filename=filename, progress=progress)


def import_visits(
    store: Store,
    path: str | Path,
    request: VisitRequest,
    *,
    filename: str,
    layer_name: str | None = None,
    data_date: "dt.date | None" = None,
    actor: str = "local",
    progress: Progress | None = None,
) -> VisitImport:
    """Enter visits into the ledger; those with a place that may be shown become a map layer too.

    The layer is made of what counts, not of the file: a visit that was rejected, or whose people
    do not agree to show where they work, is not on the map.
    """
    facts.region(request.region_id)
    report = importing.import_visits(
        store, path, request, filename=filename, actor=actor, progress=progress
    )
    plan = report.plan
    if not report.ok or plan is None:
        return VisitImport(report=report)
    shown = shown_visits(plan)
    not_shown = report.with_position - len(shown)
    if shown.empty:
        return VisitImport(report=report, not_shown=not_shown)
    if progress:
        progress(0.9, "Making the map layer")
    stem = PurePosixPath(filename.replace("\\", "/")).name.split(".")[0] or "visits"
    with tempfile.TemporaryDirectory(prefix="visits-") as folder:
        table = Path(folder) / "visits.csv"
        table.write_bytes(map_table(plan))
        layer = run_import(
            store,
            table,
            _layer_request(request, layer_name or stem, data_date),
            filename=f"{stem}.csv",
            actor=actor,
        )
    return VisitImport(report=report, layer=layer, not_shown=not_shown)


def _layer_request(
    request: VisitRequest, layer_name: str, data_date: "dt.date | None"
) -> ImportRequest:
    return ImportRequest(
        read=ReadRequest(
            region_id=request.region_id,
            kind="visits",
            crs="EPSG:4326",
            swap_axes=False,
            mapping={field: column for column, field in FIELDS.items()},
            keep_latest=False,
        ),
        layer_name=layer_name,
        data_date=data_date,
        source_note=request.source_note,
        demonstration=request.demonstration,
    )


def visit_batches(store: Store, region_id: str) -> tuple[Batch, ...]:
    """The imports of visits of a region, newest first, those taken off among them."""
    facts.region(region_id)
    return store.batches(region_id, taken_off=True)


def take_visits_off(
    store: Store, region_id: str, number: int, *, why: str, actor: str = "local"
) -> Batch:
    """Have no visit of an import count, as after a wrong mapping; `put_visits_back` undoes it.

    Afterwards the same file can be imported in another way. A map layer of it is another thing.
    """
    if not why.strip():
        raise WorkflowError("Say why: the reason stands in the record of what was done.")
    batch = _numbered(store, region_id, number)
    return store.take_batch_off(batch.batch_id, why=why.strip(), actor=actor)


def put_visits_back(store: Store, region_id: str, number: int, *, actor: str = "local") -> Batch:
    """Have the visits of an import that was taken off count again."""
    return store.put_batch_back(_numbered(store, region_id, number).batch_id, actor=actor)


def _numbered(store: Store, region_id: str, number: int) -> Batch:
    batches = visit_batches(store, region_id)
    for batch in batches:
        if batch.number == number:
            return batch
    there = ", ".join(str(batch.number) for batch in reversed(batches)) or "none"
    raise WorkflowError(f"There is no import {number} of visits in this region. It has: {there}.")


def held_visits(store: Store, region_id: str) -> tuple[Held, ...]:
    """Records that came for visits that are there with other content, and wait for a choice."""
    facts.region(region_id)
    return store.held(region_id)


def settle_visits(
    store: Store, region_id: str, held_ids: Sequence[int], *, take: Take, actor: str = "local"
) -> tuple[Held, ...]:
    """Choose the record that counts; the other is kept, and choosing again is possible."""
    waiting = {one.held_id for one in store.held(region_id, settled=True)}
    strange = [str(one) for one in held_ids if one not in waiting]
    if strange:
        raise WorkflowError(
            f"There is no held record {', '.join(strange)} in this region. "
            f"`python -m dashboard visits --region {region_id} --held` lists them."
        )
    return store.settle_held(held_ids, take=take, actor=actor)


def visit_form() -> bytes:
    """The form of a visit to a site as XLSForm, for KoboToolbox and ODK."""
    from layers.visits.form import site_visit_form  # noqa: PLC0415 - needs xlsxwriter
    from layers.visits.xlsform import form_workbook  # noqa: PLC0415

    return form_workbook(site_visit_form())
