"""What the answers about practices mean: state, evidence and amount of each visit and practice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.adoption.frames import EVIDENCE, NOT_APPLICABLE, NOT_USED, PARTLY, STATES, UNKNOWN, USED
from geo.adoption.practice import Practice
from layers.findings import Finding
from layers.read import values
from layers.read.source import Series
from layers.read.suggestion import folded
from layers.visits.columns import Columns
from layers.visits.form import Form
from layers.visits.layout import Sheet
from layers.visits.looking_up import looked_up
from layers.visits.model import Proposal, VisitRequest
from layers.visits.words import VisitWords, answered


@dataclass(kw_only=True)
class Seen:
    """Observations with `row`, the row of the sheet, in place of `visit`; and what was told."""

    observations: pd.DataFrame
    states: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)


def observe(
    sheet: Sheet,
    columns: Columns,
    operations: Series,
    request: VisitRequest,
    *,
    form: Form,
    words: VisitWords,
    practices: Sequence[Practice],
) -> Seen:
    """One observation a row and practice that was asked.

    An empty answer is "unknown", or "not applicable" where the operations or the flags of the
    visit say that the practice cannot apply. `operations` are groups joined by "|" by row.
    """
    seen = Seen(observations=pd.DataFrame())
    known = {one.code: one for one in practices}
    _tell_unknown_answers(seen, request, known)
    parts = []
    for code, column in columns.practices.items():
        answers = sheet.frame[column]
        meaning = _meanings(code, answers, request, form=form, words=words, seen=seen)
        state = looked_up(answers, meaning)
        excluded = _excluded(known[code], operations, sheet, words)
        state = state.where(
            state.notna(), looked_up(excluded, {True: NOT_APPLICABLE, False: UNKNOWN})
        )
        state = _contradictions(known[code], column, state, excluded, seen)
        parts.append(
            pd.DataFrame(
                {
                    "row": sheet.frame.index,
                    "practice": code,
                    "state": state.to_numpy(),
                    "evidence": _evidence(sheet, code, form, seen),
                    "intensity": _amount(sheet, code, state, known[code], seen),
                }
            )
        )
    if parts:
        seen.observations = pd.concat(parts, ignore_index=True)
    return seen


def _tell_unknown_answers(seen: Seen, request: VisitRequest, known: Mapping[str, Practice]) -> None:
    """States that do not exist, or of a practice that does not exist."""
    wrong = [
        f"'{key}={state}'"
        for key, state in request.states.items()
        if state not in STATES or key.partition(":")[0] not in known
    ]
    if wrong:
        seen.findings.append(
            Finding(
                code="state_not_known",
                message=f"{', '.join(wrong)}: write a code, a value and one of the states "
                f"{', '.join(STATES)}.",
                fix='For example "HG-USE:1=used".',
                blocking=True,
            )
        )


def _meanings(
    code: str,
    answers: Series,
    request: VisitRequest,
    *,
    form: Form,
    words: VisitWords,
    seen: Seen,
) -> dict[str, str]:
    """Value as written -> state. States by their own words are clear; all else has to be said."""
    said = {
        folded(answered(key.partition(":")[2])): state
        for key, state in request.states.items()
        if key.partition(":")[0] == code and state in STATES
    }
    meaning: dict[str, str] = {}
    plain = {value: answered(str(value)) for value in answers.dropna().unique()}
    counts = Counter(plain[value] for value in answers.dropna())
    for text, rows in counts.most_common():
        clear = said.get(folded(text)) or form.value_of("states", text)
        proposed = words.states.get(folded(text))
        if clear is None and proposed is not None and request.accept_suggestions:
            clear = proposed
        if clear is not None:
            meaning[text] = clear
            seen.states[f"{code}:{text}"] = clear
            continue
        if len(seen.proposals) < MOST_VALUES:
            seen.proposals.append(
                Proposal(
                    about="state",
                    subject=f"{code}:{text[:80]}",
                    answer=proposed,
                    why=f"{rows} row(s) have it."
                    if proposed
                    else f"{rows} row(s) have it, and it is no state we know.",
                    choices=tuple((state, state) for state in STATES),
                    rows=rows,
                )
            )
    return {value: meaning[text] for value, text in plain.items() if text in meaning}


MOST_VALUES = 200
"""More different answers than these are not asked about one by one: the column is a wrong one."""


def _excluded(practice: Practice, operations: Series, sheet: Sheet, words: VisitWords) -> Series:
    """Rows where the practice cannot apply, by what is done there or by the flag that was asked."""
    groups = set(practice.excluded_by)
    kinds = operations.unique()
    by_operation = {text: bool(text) and set(str(text).split("|")) <= groups for text in kinds}
    excluded = looked_up(operations, by_operation).astype(bool)
    column = sheet.flags.get(practice.applies) if practice.applies else None
    if column is not None:
        said_no = sheet.frame[column].map(
            lambda text: isinstance(text, str) and words.answers.get(folded(text)) is False
        )
        excluded = excluded | said_no.astype(bool)
    return excluded


def _contradictions(
    practice: Practice,
    column: str,
    state: Series,
    excluded: Series,
    seen: Seen,
) -> Series:
    """A "not used" where it cannot apply becomes "not applicable"; a use there is only told."""
    idle = excluded & (state == NOT_USED)
    if idle.any():
        seen.findings.append(
            Finding.on_rows(
                "state_not_applicable",
                f"{practice.code}: {int(idle.sum())} row(s) of column '{column}' say 'not used' "
                "where the practice does not apply; they count as not applicable.",
                rows=state.index[idle],
                fix="Check the operations of these visits if that is wrong.",
            )
        )
    used = excluded & state.isin([USED, PARTLY])
    if used.any():
        seen.findings.append(
            Finding.on_rows(
                "practice_out_of_place",
                f"{practice.code}: {int(used.sum())} row(s) of column '{column}' say it is used "
                "where, by what is done at the site, it does not apply. They count as written.",
                rows=state.index[used],
                fix="Check the operations or the state of these visits.",
            )
        )
    return state.mask(idle, NOT_APPLICABLE)


def _evidence(sheet: Sheet, code: str, form: Form, seen: Seen) -> npt.NDArray[Any]:
    column = sheet.evidence.get(code)
    if column is None:
        return np.full(len(sheet.frame), None, dtype=object)
    texts = sheet.frame[column]
    meaning = {text: form.value_of("evidence", str(text)) for text in texts.dropna().unique()}
    unread = texts.notna() & ~looked_up(texts, meaning).isin(EVIDENCE)
    if unread.any():
        seen.findings.append(
            Finding.on_rows(
                "evidence_unread",
                f"{code}: {int(unread.sum())} row(s) of column '{column}' hold no evidence we "
                f"know, e.g. '{str(texts[unread].iloc[0])[:40]}'. It counts as not stated.",
                rows=texts.index[unread],
                fix=f"Write one of: {', '.join(EVIDENCE)}.",
            )
        )
    return np.array([None if pd.isna(text) else meaning.get(text) for text in texts], dtype=object)


def _amount(
    sheet: Sheet, code: str, state: Series, practice: Practice, seen: Seen
) -> npt.NDArray[Any]:
    column = sheet.amounts.get(code)
    if column is None:
        return np.full(len(sheet.frame), np.nan)
    numbers, findings = values.number_field(
        sheet.frame[column], sheet.frame.index.to_numpy(), practice.title, negative=False
    )
    seen.findings += findings
    return np.where(state.isin([USED, PARTLY]).to_numpy(), numbers, np.nan)
