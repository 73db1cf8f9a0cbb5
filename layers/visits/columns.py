"""Which column answers what: what the export tells, what somebody chose, what we propose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo.adoption.practice import Practice
from layers import facts
from layers.findings import Finding
from layers.read import COORDINATE_FIELDS, Column, SourceLayer, suggest, values
from layers.read.source import Series
from layers.read.suggestion import folded
from layers.visits.layout import Sheet
from layers.visits.model import LEAVE_OUT, About, Proposal, VisitRequest
from layers.visits.words import VisitWords, answered

YES_NO = {"0", "1"}


@dataclass(kw_only=True)
class Columns:
    """Column of each field and of each practice's state; what waits to be confirmed, and why."""

    fields: dict[str, str] = field(default_factory=dict)
    practices: dict[str, str] = field(default_factory=dict)
    proposals: list[Proposal] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def choose_columns(
    sheet: Sheet,
    request: VisitRequest,
    *,
    words: VisitWords,
    practices: Sequence[Practice],
    french: Mapping[str, str],
) -> Columns:
    """The columns to read; a proposal is used once it is in the request, or with --yes.

    `french` is code -> title. What the export itself tells is used without asking, unless somebody
    chose otherwise.
    """
    chosen = Columns(fields=dict(sheet.fields), practices=dict(sheet.states))
    placed = set(COORDINATE_FIELDS) & {*chosen.fields, *request.mapping}
    proposed = _proposed_fields(sheet, request, words)
    for name, column in proposed.items():
        if name in chosen.fields or name in request.mapping:
            continue
        if name in COORDINATE_FIELDS and placed:
            continue
        _propose(chosen, request, "field", name, column)
    if not sheet.is_form:
        for code, column in _proposed_practices(sheet, words, practices, french).items():
            if code not in request.practices:
                _propose(chosen, request, "practice", code, column)
    _take_over(chosen.fields, request.mapping, sheet, known=_known_fields(words), chosen=chosen)
    codes = {one.code: one.title for one in practices}
    _take_over(chosen.practices, request.practices, sheet, known=codes, chosen=chosen)
    if not chosen.practices:
        chosen.findings.append(
            Finding(
                code="practices_missing",
                message=f"No column of table '{sheet.name}' was recognised as a practice.",
                fix="Say which column holds which practice, for example HG-USE from 'mercury'.",
                blocking=True,
            )
        )
    return chosen


def _known_fields(words: VisitWords) -> dict[str, str]:
    return {name: one.title for name, one in words.fields.items()} | {
        name: name for name in COORDINATE_FIELDS
    }


def _propose(chosen: Columns, request: VisitRequest, about: About, name: str, column: str) -> None:
    """Read by a proposed column, so that all questions come at once; nothing is kept before yes."""
    (chosen.fields if about == "field" else chosen.practices)[name] = column
    if not request.accept_suggestions:
        why = f"Column '{column}' is called like it."
        chosen.proposals.append(Proposal(about=about, subject=name, answer=column, why=why))


def _proposed_fields(sheet: Sheet, request: VisitRequest, words: VisitWords) -> dict[str, str]:
    """Field -> column for the fields that are called like one, and for the position."""
    if sheet.is_form:
        return {}
    by_name = _by_name(sheet.frame)
    found: dict[str, str] = {}
    taken = set(sheet.fields.values())
    for name, one in words.fields.items():
        there = [by_name[alias] for alias in one.aliases if alias in by_name]
        fitting = [
            column
            for column in there
            if column not in taken and (not one.is_number or _is_count(sheet.frame[column]))
        ]
        if fitting:
            found[name] = fitting[0]
    columns = tuple(
        Column(name=str(name), type="text", samples=_samples(sheet.frame[name]))
        for name in sheet.frame.columns
    )
    layer = SourceLayer(
        name=sheet.name,
        geometry_type=None,
        rows=len(sheet.frame),
        declared_crs=None,
        columns=columns,
    )
    kind, region = facts.kind("visits"), facts.region(request.region_id)
    placed = suggest(layer, kind, region).mapping
    return found | {name: placed[name] for name in COORDINATE_FIELDS if name in placed}


def _samples(column: Series) -> tuple[str, ...]:
    """Up to five different values."""
    return tuple(map(str, column.dropna().unique()[:5]))


def _by_name(frame: pd.DataFrame) -> dict[str, str]:
    """Folded name -> column, with and without the groups before it; empty columns are none."""
    names: dict[str, str] = {}
    filled = [str(name) for name in frame.columns if frame[name].notna().any()]
    for last_part in (True, False):
        for column in reversed(filled):
            names[folded(column.split("/")[-1] if last_part else column)] = column
    return names


def _is_count(column: Series) -> bool:
    """Whether a column holds numbers that are more than yes and no."""
    seen = pd.Series(column.dropna().unique()[:1000], dtype="object")
    return not set(seen.map(answered)) <= YES_NO and not bool(np.isnan(values.numbers(seen)).any())


def _proposed_practices(
    sheet: Sheet, words: VisitWords, practices: Sequence[Practice], french: Mapping[str, str]
) -> dict[str, str]:
    """Code -> column for practices a column is called like: by code, by title, by other names."""
    by_name = _by_name(sheet.frame)
    found = {}
    for one in practices:
        names = (
            folded(one.code),
            f"state_{folded(one.code)}",
            folded(one.title),
            folded(french.get(one.code, one.title)),
            *words.practices.get(one.code, ()),
        )
        column = next((by_name[name] for name in names if name in by_name), None)
        if column is not None:
            found[one.code] = column
    return found


def _take_over(
    into: dict[str, str],
    said: Mapping[str, str],
    sheet: Sheet,
    *,
    known: Mapping[str, str],
    chosen: Columns,
) -> None:
    """What somebody chose goes before what we know; a name that is not there is told."""
    for name, column in said.items():
        if name not in known:
            chosen.findings.append(
                Finding(
                    code="mapping_field_unknown",
                    message=f"There is no field or practice '{name}'. "
                    f"There are: {', '.join(known)}.",
                    blocking=True,
                )
            )
        elif column == LEAVE_OUT:
            into.pop(name, None)
        elif column not in sheet.frame.columns:
            there = ", ".join(map(str, sheet.frame.columns[:30]))
            chosen.findings.append(
                Finding(
                    code="mapping_column_missing",
                    message=f"Table '{sheet.name}' has no column '{column}' for {name}. "
                    f"It has: {there}.",
                    blocking=True,
                )
            )
        else:
            into[name] = column
