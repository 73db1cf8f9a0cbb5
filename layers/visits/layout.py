"""Which table holds the visits, and which of its columns we know: exports of KoboToolbox and ODK.

Headers come as names or labels, English or French, with or without the groups before them
("site/site_id", "site-site_id"); answers to choose several come in one column, in a column for
each, or both; repeats stand in tables of their own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from layers.findings import Finding
from layers.read import TablesReport
from layers.read.suggestion import folded
from layers.visits.form import AMOUNT, EVIDENCE, STATE, Form, Question
from layers.visits.looking_up import looked_up

IDENTITIES = ("rootuuid", "_uuid", "instanceid", "key")
"""Columns that name a submission, best first: after an edit only the root's stays the same."""
REVIEWS = ("_validation_status", "reviewstate")
PARENTS = ("_submission__uuid", "_parent_index", "parent_key")
KOBO, ODK = "KoboToolbox", "ODK"
FORM_PRACTICES = 3
"""From so many states of practices on, an export is taken for one of the visit form."""
POSITION_PARTS = {"latitude": "latitude", "longitude": "longitude"}
ACCURACY_PARTS = ("precision", "accuracy")
REMARKS = "remarks of all notes"
OPERATIONS = "operations of all columns"
SUBMISSION = "id of the submission"
"""Names of columns that are made of several; no export has such a one."""


@dataclass(kw_only=True)
class Sheet:
    """The table of visits. `frame` is text, indexed by the row of the sheet.

    `fields`, `states`, `evidence`, `amounts` and `flags` say which column holds what, as far as
    the export itself tells; of any other table they are empty but for identity and review.
    """

    name: str
    frame: pd.DataFrame
    export: str | None = None
    is_form: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def find_sheet(report: TablesReport, form: Form, table: str | None) -> Sheet | Finding:
    """The table of visits of a file, or the question which one it is."""
    frames = {one.name: report.frame(at) for at, one in enumerate(report.tables)}
    repeats = {name for name, frame in frames.items() if _column(frame, PARENTS) is not None}
    offered = [name for name in frames if name not in repeats] or list(frames)
    if table is not None and table not in frames:
        return _choose(f"There is no table '{table}'.", offered)
    if table is None and len(offered) > 1:
        submissions = [name for name in offered if _export_of(frames[name]) is not None]
        if len(submissions) != 1:
            return _choose("The file holds several tables.", offered)
        offered = submissions
    name = table if table is not None else offered[0]
    sheet = _recognised(name, frames[name], form)
    others = {one: frame for one, frame in frames.items() if one != name}
    _take_notes(sheet, {one: frame for one, frame in others.items() if one in repeats}, form)
    left = [one for one in others if one not in repeats]
    if left:
        sheet.findings.append(
            Finding(
                code="tables_left_out",
                message=f"Only table '{name}' was read; left out: {_listed(left)}.",
            )
        )
    return sheet


def _choose(why: str, names: Sequence[str]) -> Finding:
    return Finding(
        code="table_to_choose",
        message=f"{why} It has: {_listed(names)}.",
        fix="Say which of them holds the visits.",
        blocking=True,
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _last(header: str) -> str:
    """What stands after the groups: 'site/site_id' and 'site-site_id' -> 'site_id'."""
    return re.split(r"[/-]", header)[-1].strip().lower()


def _column(frame: pd.DataFrame, names: Sequence[str]) -> str | None:
    """The first column of one of these names, groups before it apart, that is not all empty."""
    last = {_last(str(header)): str(header) for header in reversed(frame.columns)}
    there = [last[name] for name in names if name in last]
    return next((column for column in there if frame[column].notna().any()), None)


def _export_of(frame: pd.DataFrame) -> str | None:
    names = {_last(str(header)) for header in frame.columns}
    if "_uuid" in names or {"_submission_time", "_id"} <= names:
        return KOBO
    return ODK if {"key", "submissiondate"} <= names or "reviewstate" in names else None


def _recognised(name: str, frame: pd.DataFrame, form: Form) -> Sheet:
    sheet = Sheet(name=name, frame=frame, export=_export_of(frame))
    if sheet.export is None:
        return sheet
    _take_identity(sheet)
    review = _column(frame, REVIEWS)
    if review is not None:
        sheet.fields["review"] = review
    known = _questions(frame.columns, form)
    states = {one.practice: column for column, one in known.items() if one.part == STATE}
    asked = {one.name for one in known.values()}
    if len(states) < FORM_PRACTICES or not {"selection", "share_position"} & asked:
        return sheet
    sheet.is_form = True
    sheet.states = states
    for column, question in known.items():
        if question.part == EVIDENCE:
            sheet.evidence[question.practice] = column
        elif question.part == AMOUNT:
            sheet.amounts[question.practice] = column
        elif question.kind == "calculate" or question.choices == "yes_no":
            sheet.flags[question.name] = column
        if question.field and question.field not in ("position", "remarks"):
            sheet.fields[question.field] = column
    _take_position(sheet, known, form)
    _take_operations(sheet, form)
    remarks = next((one for one, question in known.items() if question.name == "remarks"), None)
    if remarks is not None:
        sheet.fields["remarks"] = remarks
    return sheet


def _take_identity(sheet: Sheet) -> None:
    """The id of each submission, from the best of its columns that is filled in its row."""
    found = [one for name in IDENTITIES if (one := _column(sheet.frame, [name])) is not None]
    if found:
        every = sheet.frame[found].bfill(axis=1).iloc[:, 0].str.removeprefix("uuid:")
        sheet.frame = sheet.frame.assign(**{SUBMISSION: every})
        sheet.fields["visit_id"] = SUBMISSION


def _questions(headers: pd.Index, form: Form) -> dict[str, Question]:
    """Which question each column answers, by its name or its label in either language."""
    by_name = {folded(one.name): one for one in form.questions if "begin" not in one.kind}
    by_text = {
        folded(label): one
        for one in form.questions
        for label in (one.label, one.label_fr)
        if label and "begin" not in one.kind
    } | by_name
    known: dict[str, Question] = {}
    for header in map(str, headers):
        segments = header.split("/")
        suffixes = ["/".join(segments[at:]) for at in range(len(segments))]
        found = next((by_text[folded(one)] for one in suffixes if folded(one) in by_text), None)
        if found is None:
            found = by_name.get(_last(header))
        if found is not None and found.name not in {one.name for one in known.values()}:
            known[header] = found
    return known


def _take_position(sheet: Sheet, known: Mapping[str, Question], form: Form) -> None:
    """The columns of the position: its parts where there are any, else all of it in one."""
    question = next(one for one in form.questions if one.kind == "geopoint")
    called = [folded(one) for one in (question.name, question.label, question.label_fr)]
    parts: dict[str, str] = {}
    for header in map(str, sheet.frame.columns):
        plain = folded(header)
        for part in (*POSITION_PARTS, *ACCURACY_PARTS):
            if any(plain.endswith(f"{name}_{part}") for name in called):
                parts.setdefault(part, header)
    if set(POSITION_PARTS) <= set(parts):
        sheet.fields |= {part: parts[part] for part in POSITION_PARTS}
        accuracy = next((parts[part] for part in ACCURACY_PARTS if part in parts), None)
        if accuracy is not None:
            sheet.fields["position_sd_m"] = accuracy
        return
    whole = next((column for column, one in known.items() if one.name == question.name), None)
    if whole is None:
        return
    sheet.fields["coordinates"] = whole
    # latitude longitude altitude accuracy, as the phone writes it
    numbers = sheet.frame[whole].str.extract(r"^\s*\S+\s+\S+\s+\S+\s+(\d+(?:\.\d+)?)\s*$")[0]
    if numbers.notna().any():
        sheet.frame = sheet.frame.assign(**{"accuracy of position": numbers})
        sheet.fields["position_sd_m"] = "accuracy of position"


def _take_operations(sheet: Sheet, form: Form) -> None:
    """Answers to choose several, from their one column or from a column for each."""
    question = next(one for one in form.questions if one.kind == "select_multiple")
    parts = dict(_split_columns(sheet.frame.columns, question, form))
    single = sheet.fields.get("operations")
    if not parts:
        return
    blank = pd.Series("", index=sheet.frame.index)
    ticked = blank.astype(object)
    for header, name in parts.items():
        ticks = sheet.frame[header].fillna("").str.lower().isin(["1", "true", "1.0", "oui", "yes"])
        ticked = ticked + looked_up(ticks, {True: f"{name} ", False: ""})
    whole = blank if single is None else sheet.frame[single].fillna("")
    merged = whole.where(whole.str.strip() != "", ticked.str.strip())
    sheet.frame = sheet.frame.assign(**{OPERATIONS: merged.mask(merged == "", None)})
    sheet.fields["operations"] = OPERATIONS


def _split_columns(headers: pd.Index, question: Question, form: Form) -> Iterator[tuple[str, str]]:
    called = {folded(one) for one in (question.name, question.label, question.label_fr)}
    names = {
        folded(text): one.name
        for one in form.choices[question.choices]
        for text in (one.label_fr, one.label, one.name)
    }
    for header in map(str, headers):
        before, slash, after = header.rpartition("/")
        asked = folded(before.split("/")[-1]), folded(_last(before))
        if slash and called & set(asked) and folded(after) in names:
            yield header, names[folded(after)]


def _take_notes(sheet: Sheet, repeats: Mapping[str, pd.DataFrame], form: Form) -> None:
    """Notes of the repeat become remarks of their visit; other repeats are told."""
    note = next(one for one in form.questions if one.name == "note")
    left: list[str] = []
    for name, frame in repeats.items():
        known = _questions(frame.columns, form)
        column = next((one for one, question in known.items() if question is note), None)
        linked = _link(sheet.frame, frame)
        if column is None or linked is None or not sheet.is_form:
            left.append(name)
            continue
        _join_notes(sheet, frame[column], linked)
        lost = frame[column].notna() & linked.isna()
        if lost.any():
            sheet.findings.append(
                Finding.on_rows(
                    "repeat_without_visit",
                    f"Table '{name}': {int(lost.sum())} row(s) belong to no visit of the file and "
                    "are left out.",
                    rows=frame.index[lost],
                    fix="Export visits and repeats together.",
                )
            )
    if left:
        sheet.findings.append(
            Finding(
                code="repeats_left_out",
                message=f"Repeats that the ledger has no place for were left out: {_listed(left)}.",
            )
        )


def _link(visits: pd.DataFrame, repeat: pd.DataFrame) -> pd.Series | None:
    """For each row of a repeat the row of its visit (null: none), or None without a link."""
    for ours, theirs in (
        ("_uuid", "_submission__uuid"), ("_index", "_parent_index"), ("key", "parent_key"),
    ):  # fmt: skip
        own, other = _column(visits, [ours]), _column(repeat, [theirs])
        if own is not None and other is not None:
            unique = visits[own].dropna().drop_duplicates()
            return looked_up(repeat[other], dict(zip(unique, unique.index, strict=True)))
    return None


def _join_notes(sheet: Sheet, notes: pd.Series, visit: pd.Series) -> None:
    there = notes.notna() & visit.notna()
    joined = notes[there].groupby(visit[there]).agg(" · ".join)
    joined.index = joined.index.astype("int64")
    own = sheet.fields.get("remarks")
    before = pd.Series(None, index=sheet.frame.index, dtype="object")
    before = before if own is None else sheet.frame[own]
    more = joined.reindex(sheet.frame.index)
    both = before.where(more.isna(), before.fillna("").str.cat(more.fillna(""), sep=" · "))
    merged = both.where(before.notna(), more)
    sheet.frame = sheet.frame.assign(**{REMARKS: merged})
    sheet.fields["remarks"] = REMARKS
