"""What a region's ledger says, put together for two pages, a table or a workbook."""

import datetime as dt

import pandas as pd

from dashboard.brief import BriefInput, RoadMapLine, Target, region_brief
from dashboard.workflows.adoption import (
    adoption,
    district_shapes,
    leading_practice,
    today,
)
from dashboard.workflows.adoption_change import panel
from dashboard.workflows.adoption_coverage import coverage
from dashboard.workflows.adoption_files import adoption_csv
from dashboard.workflows.adoption_goals import road_map
from dashboard.workflows.adoption_types import BY, ActionState, AdoptionRun
from dashboard.workflows.adoption_workbook import adoption_xlsx
from dashboard.workflows.types import WorkflowError
from geo.adoption.panel import empty_panel
from layers import facts
from layers.ledger.records import Batch
from layers.practices import practice as practice_of
from layers.store import Store

FORMS = ("csv", "xlsx")


def adoption_brief(
    store: Store, region_id: str, *, practice: str | None = None, on: dt.date | None = None
) -> bytes:
    """The brief as PDF, two pages of A4. `practice` is shown on its map, None = the first one.

    A region without a visit has a brief too: it says that nothing is known. FactsError where the
    practice is not known.
    """
    return region_brief(brief_input(store, region_id, practice=practice, on=on))


def brief_input(
    store: Store, region_id: str, *, practice: str | None = None, on: dt.date | None = None
) -> BriefInput:
    """What the brief is made of, as the store has it on the day `on` (None = today)."""
    day = on or today()
    region = facts.region(region_id)
    leading = practice_of(practice or leading_practice(store, region_id)).code
    run = adoption(store, region_id, by="region")
    actions = road_map(store, region_id, on=day)
    return BriefInput(
        region_id=region_id,
        region_name=region.name,
        country_name=region.country_name,
        as_of=day,
        practices=run.practices,
        leading=leading,
        rates=run.table,
        areas=adoption(store, region_id, by="district").table,
        panels=last_panels(store, run, leading=leading),
        coverage=coverage(store, region_id).areas,
        shapes=district_shapes(store, region_id),
        measuring_crs=region.measuring_crs,
        actions=tuple(_line(one) for one in actions.states),
        dialogue=region.dialogue.phase,
        sources=tuple(_source(one) for one in store.batches(region_id)),
        cautions=run.notes,
        demonstration=run.demonstration or actions.demonstration,
    )


def export_adoption(
    store: Store, run: AdoptionRun, *, form: str, on: dt.date | None = None
) -> bytes:
    """A run as a file: form csv (its table) or xlsx (a workbook).

    The workbook has the tables of every cut, of the practice and round of the run, and what changed
    on the same sites, who was visited, and the road map. WorkflowError where there is no such form.
    """
    if form not in FORMS:
        raise WorkflowError(f"There is no file of the form '{form}'. Use {' or '.join(FORMS)}.")
    day = on or today()
    if form == "csv":
        return adoption_csv(
            run.table,
            run.practices,
            region_id=run.region_id,
            as_of=day,
            demonstration=run.demonstration,
        )
    tables = {
        by: adoption(store, run.region_id, by=by, practice=run.practice, round=run.round).table
        for by in BY
    }
    told = brief_input(store, run.region_id, practice=run.practice, on=day)
    return adoption_xlsx(told, tables=tables)


def last_panels(store: Store, run: AdoptionRun, *, leading: str) -> pd.DataFrame:
    """The change between the last two rounds, the leading practice first, then as listed.

    Only practices that were recorded; no row where there is one round.
    """
    if len(run.rounds) < 2:
        return empty_panel()
    earlier, later = run.rounds[-2:]
    some = run.table[(run.table["observations"] > 0).fillna(False)]["practice"]
    codes = [one.code for one in run.practices if one.code in set(some)]
    codes.sort(key=lambda code: code != leading)
    tables = [
        panel(store, run.region_id, practice=code, earlier=earlier, later=later).table
        for code in codes
    ]
    return pd.concat(tables, ignore_index=True) if tables else empty_panel()


def _line(state: ActionState) -> RoadMapLine:
    action = state.action
    target = None
    if action.target_share is not None:
        target = Target(
            share=action.target_share,
            due=action.target_day,
            baseline=action.baseline_share,
            baseline_on=action.baseline_day,
        )
    return RoadMapLine(
        action=action.title,
        owner=action.owner,
        area=action.area or "",
        practice=action.practice or "",
        target=target,
        status=action.status,
        progress=state.progress,
        reason=state.reason,
    )


def _source(batch: Batch) -> str:
    """Where visits are from, in one sentence."""
    days = f", {batch.first_day} to {batch.last_day}" if batch.first_day else ""
    note = f" ({batch.source_note})" if batch.source_note else ""
    many = "1 visit" if batch.visits == 1 else f"{batch.visits:,} visits"
    return (
        f"{batch.filename}{note}: {many}{days}, imported on {batch.imported_at.date()} by "
        f"{batch.imported_by}"
    )
