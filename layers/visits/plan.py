"""From the tables of a file to a batch of visits: every row counted, or left out with a reason."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.adoption.frames import (
    empty_observations,
    empty_visits,
    shaped_observations,
    shaped_visits,
)
from geo.adoption.practice import Practice
from layers.facts import Region
from layers.findings import Finding
from layers.ledger.content import content_of
from layers.read import CrsChoice, TablesReport
from layers.read.source import Series
from layers.read.suggestion import folded
from layers.visits.columns import Columns, choose_columns
from layers.visits.fields import read_fields
from layers.visits.form import STATE, Form
from layers.visits.ground import RegionGround
from layers.visits.layout import SUBMISSION, Sheet, find_sheet
from layers.visits.locating import locate
from layers.visits.looking_up import first_known, looked_up
from layers.visits.model import About, Proposal, VisitPlan, VisitRequest
from layers.visits.states import observe
from layers.visits.words import VisitWords

NOT_ACCEPTED = "review does not accept them"
REPEATED = "repeat another row"
CONTRADICT = "same id, other content"
NOT_READ = "could not be read"
SAMPLED = 200
"""Rows in which samples of a column are looked for."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a plan is made against: the region, its layers, the form, words and practices."""

    region: Region
    ground: RegionGround
    form: Form
    words: VisitWords
    practices: Sequence[Practice]
    today: dt.date


def plan_visits(tables: TablesReport, request: VisitRequest, known: Known) -> VisitPlan:
    """The visits of a file as they would enter the ledger, and what stands in their way."""
    sheet = find_sheet(tables, known.form, request.table)
    if isinstance(sheet, Finding):
        return _nothing(tables, (*tables.findings, sheet))
    french = {one.practice: one.label_fr for one in known.form.questions if one.part == STATE}
    columns = choose_columns(
        sheet, request, words=known.words, practices=known.practices, french=french
    )
    read = read_fields(
        sheet, columns, request, form=known.form, words=known.words, today=known.today
    )
    placed = locate(
        sheet, columns, read.columns, request,
        region=known.region, ground=known.ground, words=known.words,
    )  # fmt: skip
    seen = observe(
        sheet, columns, read.columns["operations"], request,
        form=known.form, words=known.words, practices=known.practices,
    )  # fmt: skip
    findings = [*tables.findings, *sheet.findings, *columns.findings, *read.findings]
    findings += [*placed.findings, *seen.findings]
    table = pd.DataFrame(
        {**read.columns, **placed.columns, "source_row": sheet.frame.index},
        index=sheet.frame.index,
    )
    table["identity"] = _identities(sheet, columns, table, findings)
    proposals = (*columns.proposals, *seen.proposals, *placed.proposals)
    findings += _to_confirm(proposals)
    return _counted(
        sheet, columns, table, seen.observations,
        left_out={NOT_READ: next(one.left_out for one in tables.tables if one.name == sheet.name)},
        words=known.words, findings=findings, proposals=proposals, states=seen.states,
        crs_choices=placed.crs_choices, tables=tuple(one.name for one in tables.tables),
    )  # fmt: skip


def _nothing(tables: TablesReport, findings: tuple[Finding, ...]) -> VisitPlan:
    return VisitPlan(
        table="", tables=tuple(one.name for one in tables.tables), columns={},
        export=None, is_form=False,
        read=sum(one.rows + one.left_out for one in tables.tables),
        visits=empty_visits(), observations=empty_observations(), left_out={},
        not_accepted={}, findings=findings, proposals=(), fields={}, practices={}, states={},
    )  # fmt: skip


def _counted(
    sheet: Sheet,
    columns: Columns,
    table: pd.DataFrame,
    observations: pd.DataFrame,
    *,
    left_out: dict[str, int],
    words: VisitWords,
    findings: list[Finding],
    proposals: tuple[Proposal, ...],
    states: Mapping[str, str],
    crs_choices: tuple[CrsChoice, ...],
    tables: tuple[str, ...],
) -> VisitPlan:
    """The rows that count, with their observations; all others by reason."""
    not_accepted, unreviewed = _reviewed(sheet, columns, table["identity"], words, findings)
    out = table["identity"].isin(list(not_accepted)) | unreviewed
    left_out[NOT_ACCEPTED] = int(out.sum())
    visits, seen = _framed(table[~out], observations)
    keep = _once(visits, seen, left_out, findings)
    visits, seen = _kept(visits, seen, keep)
    return VisitPlan(
        table=sheet.name,
        tables=tables,
        columns={
            str(name): tuple(map(str, sheet.frame[name].head(SAMPLED).dropna().unique()[:3]))
            for name in sheet.frame.columns
        },
        export=sheet.export,
        is_form=sheet.is_form,
        read=len(table) + left_out[NOT_READ],
        visits=visits,
        observations=seen,
        left_out={reason: rows for reason, rows in left_out.items() if rows},
        not_accepted=not_accepted,
        findings=tuple(findings),
        proposals=proposals,
        fields=columns.fields,
        practices=columns.practices,
        states=states,
        crs_choices=crs_choices,
    )


# --- identity -----------------------------------------------------------------------------------


def _identities(
    sheet: Sheet, columns: Columns, table: pd.DataFrame, findings: list[Finding]
) -> Series:
    """What names each visit for ever: the submission's id, a column's value, or site and day."""
    column = columns.fields.get("visit_id")
    given = pd.Series(None, index=table.index, dtype="object")
    if column == SUBMISSION:
        given = sheet.frame[column].astype(object)
    elif column is not None:
        # ids of other tables are numbers that somebody else may count too
        given = (f"{column}:" + sheet.frame[column].astype("string")).astype(object)
    missing = given.isna()
    if not missing.any():
        return given
    day = table["visited_on"].dt.strftime("%Y-%m-%d").astype(object)
    where = first_known(table["site_id"], table["site_name"])
    made = ("visit to " + where.astype("string") + " on " + day.astype("string")).astype(object)
    twice = made[missing].duplicated(keep=False).reindex(made.index, fill_value=False)
    made = made.mask(twice, None)
    bare = missing & made.isna()
    hashes = {row: _row_hash(sheet.frame.loc[row]) for row in table.index[bare]}
    findings.append(
        Finding.on_rows(
            "identity_made",
            f"{int(missing.sum())} row(s) have no id of their own: the site and the day stand for "
            f"it{f', in {int(bare.sum())} row(s) all their cells' if bare.any() else ''}.",
            rows=table.index[missing],
            fix="Map the column of visit ids if there is one, so that a corrected row is known "
            "again.",
        )
    )
    return first_known(given, made, looked_up(table["source_row"], hashes))


def _row_hash(cells: Series) -> str:
    told = {str(name): None if pd.isna(cell) else str(cell) for name, cell in cells.items()}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return "row " + hashlib.sha256(text.encode()).hexdigest()[:16]


# --- review -------------------------------------------------------------------------------------


def _reviewed(
    sheet: Sheet, columns: Columns, identity: Series, words: VisitWords, findings: list[Finding]
) -> tuple[dict[str, str], Series]:
    """{identity: status} of rows the review does not accept; rows whose status nobody knows."""
    column = columns.fields.get("review")
    if column is None:
        return {}, pd.Series(False, index=identity.index)
    cells = sheet.frame[column]
    meaning = {text: words.review.get(folded(str(text))) for text in cells.dropna().unique()}
    accepted = looked_up(cells, meaning)
    refused = accepted.map(lambda said: said is False).astype(bool)
    unknown = cells.notna() & accepted.isna()
    for status in cells[refused].unique():
        rows = cells.index[cells == status]
        findings.append(
            Finding.on_rows(
                "not_accepted",
                f"{len(rows)} row(s) have the review status '{str(status)[:40]}' and do not count.",
                rows=rows,
                fix="Approve them where they were collected, and export again.",
            )
        )
    if unknown.any():
        findings.append(
            Finding.on_rows(
                "review_unread",
                f"{int(unknown.sum())} row(s) have a review status we do not know, e.g. "
                f"'{str(cells[unknown].iloc[0])[:40]}'. They do not count.",
                rows=cells.index[unknown],
                fix="Approve or reject them where they were collected, and export again.",
            )
        )
    return dict(zip(identity[refused], cells[refused], strict=True)), unknown


# --- frames -------------------------------------------------------------------------------------


def _framed(table: pd.DataFrame, observations: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ledger's frames of the rows of a table."""
    position = pd.Series(np.arange(len(table)), index=table.index)
    visits = shaped_visits(table.reset_index(drop=True))
    visits["identity"] = table["identity"].astype("str").to_numpy()
    if observations.empty:
        return visits, empty_observations()
    there = observations[observations["row"].isin(table.index)]
    seen = there.assign(visit=there["row"].map(position).astype("int32"))
    return visits, shaped_observations(seen.reset_index(drop=True))


def _kept(
    visits: pd.DataFrame,
    observations: pd.DataFrame,
    keep: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    position = np.cumsum(keep) - 1
    at = observations["visit"].to_numpy()
    kept = observations[keep[at]].reset_index(drop=True)
    kept["visit"] = position[at[keep[at]]].astype("int32")
    return visits[keep].reset_index(drop=True), kept


def _once(
    visits: pd.DataFrame,
    observations: pd.DataFrame,
    left_out: dict[str, int],
    findings: list[Finding],
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Each visit once: rows that say the same once, rows that contradict each other not at all."""
    content = pd.Series(content_of(visits, observations))
    identity = visits["identity"]
    different = content.groupby(identity).transform("nunique").gt(1).to_numpy()
    again = identity.duplicated().to_numpy() & ~different
    left_out[REPEATED], left_out[CONTRADICT] = int(again.sum()), int(different.sum())
    if again.any():
        findings.append(
            Finding.on_rows(
                "visit_repeated",
                f"{int(again.sum())} row(s) repeat another visit word for word; each counts once.",
                rows=visits["source_row"][again],
            )
        )
    if different.any():
        findings.append(
            Finding.on_rows(
                "visit_contradicts",
                f"{int(different.sum())} row(s) share a visit id and say different things. None "
                "of them counts until only the right one is left.",
                rows=visits["source_row"][different],
                fix="Remove the wrong rows, or map another column as visit id.",
            )
        )
    return ~(again | different)


# --- questions ----------------------------------------------------------------------------------


def _to_confirm(proposals: Sequence[Proposal]) -> list[Finding]:
    """One blocking finding for each sort of question; places without a proposal are only told."""
    findings = []
    columns = [one for one in proposals if one.about in ("field", "practice")]
    if columns:
        told = ", ".join(f"{one.subject} from column '{one.answer}'" for one in columns)
        findings.append(
            Finding(
                code="mapping_to_confirm",
                message=f"Suggested, and not confirmed yet: {told}.",
                fix="Confirm it, or say which column to use instead.",
                blocking=True,
            )
        )
    questions: tuple[tuple[About, str, str, str], ...] = (
        ("state", "states_to_confirm", "What answers mean", "Say which state each stands for."),
        ("place", "places_to_confirm", "Names of places", "Say which district is meant, or none."),
        ("site", "sites_to_confirm", "Sites without an id", "Say which site of the map it is."),
    )
    for about, code, what, fix in questions:
        asked = [
            one
            for one in proposals
            if one.about == about and (one.answer is not None or about != "place")
        ]
        if asked:
            findings.append(
                Finding(
                    code=code,
                    message=f"{what}, not confirmed yet: {_listed(asked)}.",
                    fix=fix,
                    blocking=True,
                )
            )
    return findings


def _listed(asked: Sequence[Proposal]) -> str:
    told = [
        f"'{one.subject[:80]}' is {_called(one)}"
        if one.answer
        else f"'{one.subject[:80]}' is not known"
        for one in asked[:10]
    ]
    more = f", and {len(asked) - 10} more" if len(asked) > 10 else ""
    return "; ".join(told) + more


def _called(proposal: Proposal) -> str:
    return f"'{dict(proposal.choices).get(str(proposal.answer), proposal.answer)}'"
