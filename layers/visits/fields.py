"""The fields of a visit from their columns: days, people, words; what cannot be read is told."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from geo.adoption.frames import LED_BY, NO_ROUND, NOT_STATED, SELECTIONS
from layers.findings import Finding
from layers.read import values
from layers.read.source import Series
from layers.read.suggestion import folded
from layers.visits.columns import Columns
from layers.visits.form import Form
from layers.visits.layout import Sheet
from layers.visits.looking_up import first_known, looked_up
from layers.visits.model import VisitRequest
from layers.visits.words import VisitWords, answered


@dataclass(kw_only=True)
class Read:
    """Columns of `visits` by name, aligned with the sheet; and what was told."""

    columns: dict[str, Series] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_fields(
    sheet: Sheet,
    columns: Columns,
    request: VisitRequest,
    *,
    form: Form,
    words: VisitWords,
    today: dt.date,
) -> Read:
    """Every field of a visit but identity, position, district and site."""
    read = Read()

    def cells(name: str) -> Series:
        column = columns.fields.get(name)
        if column is None:
            return pd.Series(None, index=sheet.frame.index, dtype="object")
        return sheet.frame[column]

    for name in ("site_id", "site_name", "district", "community", "remarks"):
        read.columns[name] = cells(name)
    read.columns["place_text"] = first_known(cells("district"), cells("community"))
    read.columns["visited_on"] = _days(cells("visited_on"), words, read, today)
    read.columns["round"] = _rounds(cells("round"), read.columns["visited_on"], request, read)
    for name in ("women", "men"):
        read.columns[name] = _people(cells(name), words.fields[name].title, read)

    def choose(name: str, told: str, listed: tuple[str, ...]) -> Series:
        return _chosen(cells(name), lambda text: form.value_of(name, text), listed, told, read=read)

    read.columns["selection"] = choose("selection", "how the sites were chosen", SELECTIONS)
    read.columns["led_by"] = choose("led_by", "who leads the work", LED_BY)
    _state_selection(read, request)
    consent = _chosen(
        cells("share_position"), _yes_no(form, words), ("yes", "no", "unknown"),
        "consent to share the position", read=read,
    )  # fmt: skip
    read.columns["share_position"] = looked_up(consent, {"yes": True, "no": False})
    read.columns["operations"] = _operations(cells("operations"), form, read)
    return read


def _yes_no(form: Form, words: VisitWords) -> Callable[[str], str | None]:
    def value(text: str) -> str | None:
        said = words.answers.get(folded(answered(text)))
        return form.value_of("yes_no", text) if said is None else ("yes" if said else "no")

    return value


def _days(cells: Series, words: VisitWords, read: Read, today: dt.date) -> Series:
    title = words.fields["visited_on"].title
    days, findings = values.date_field(cells, cells.index.to_numpy(), title)
    read.findings += findings
    future = np.array([day is not None and day > today for day in days], dtype=bool)
    if future.any():
        first = next(day for day, late in zip(days, future, strict=True) if late)
        read.findings.append(
            Finding.on_rows(
                "date_in_future",
                f"{title}: {int(future.sum())} row(s) of column '{cells.name}' lie in the future, "
                f"e.g. {first}. Their day counts as not stated.",
                rows=cells.index[future],
                fix="Correct them in the file.",
            )
        )
        days = [None if late else day for day, late in zip(days, future, strict=True)]
    return pd.Series(pd.to_datetime(pd.Series(days, dtype="object")).to_numpy(), index=cells.index)


def _rounds(cells: Series, days: Series, request: VisitRequest, read: Read) -> Series:
    """The round as written, else as stated, else the year of the visit."""
    stated = request.round or None
    years = pd.to_datetime(days).dt.year.astype("Int64").astype("string").astype(object)
    rounds = cells.astype(object)
    missing = rounds.isna()
    if stated is not None:
        return rounds.where(~missing, stated)
    if missing.any():
        rounds = rounds.where(~missing, years)
        read.findings.append(
            Finding.on_rows(
                "rounds_by_year",
                f"{int(missing.sum())} row(s) name no survey round; the year of their visit was "
                "taken for it.",
                rows=cells.index[missing],
                fix="State the round of the file, or map its column.",
            )
        )
    return rounds.where(rounds.notna(), NO_ROUND)


def _people(cells: Series, title: str, read: Read) -> Series:
    numbers, findings = values.number_field(
        cells.astype(object), cells.index.to_numpy(), title, negative=False
    )
    read.findings += findings
    broken = ~np.isnan(numbers) & (numbers % 1 != 0)
    if broken.any():
        read.findings.append(
            Finding.on_rows(
                "people_not_whole",
                f"{title}: {int(broken.sum())} value(s) of column '{cells.name}' are no whole "
                "number of people. They count as not stated.",
                rows=cells.index[broken],
                fix="Correct them in the file if they matter.",
            )
        )
    return pd.Series(np.where(broken, np.nan, numbers), index=cells.index)


def _chosen(
    cells: Series,
    value_of: Callable[[str], str | None],
    listed: tuple[str, ...],
    told: str,
    *,
    read: Read,
) -> Series:
    """Answers of a closed list; others are told and become null."""
    meaning = {text: value_of(str(text)) for text in cells.dropna().unique()}
    result = looked_up(cells, meaning)
    unread = cells.notna() & ~result.isin(listed) & (result != "unknown")
    if unread.any():
        read.findings.append(
            Finding.on_rows(
                "answer_unread",
                f"{int(unread.sum())} row(s) of column '{cells.name}' hold no answer we know for "
                f"{told}, e.g. '{str(cells[unread].iloc[0])[:40]}'. It counts as not stated.",
                rows=cells.index[unread],
                fix=f"Write one of: {', '.join(listed)}.",
            )
        )
    return result.where(result.isin(listed), None)


def _state_selection(read: Read, request: VisitRequest) -> None:
    selection = read.columns["selection"]
    stated = request.selection if request.selection in SELECTIONS else None
    if request.selection and stated is None:
        read.findings.append(
            Finding(
                code="selection_not_known",
                message=f"'{request.selection}' is no way to choose sites.",
                fix=f"Write one of: {', '.join(SELECTIONS)}.",
                blocking=True,
            )
        )
    missing = selection.isna()
    if missing.any() and stated is None:
        read.findings.append(
            Finding.on_rows(
                "selection_not_stated",
                f"{int(missing.sum())} row(s) do not say how their sites were chosen. They give "
                "counts of these sites only, no rate for others.",
                rows=selection.index[missing],
                fix="State it: census, random sample or convenience.",
            )
        )
    read.columns["selection"] = selection.where(~missing, stated or NOT_STATED)


def _operations(cells: Series, form: Form, read: Read) -> Series:
    """Groups of operations joined by "|"; "" = not recorded, or something we do not know."""
    choices = {
        folded(text): one.value
        for one in form.choices["operations"]
        for text in (one.label_fr, one.label, one.value or one.name, one.name)
    }
    order = list(dict.fromkeys(one.value for one in form.choices["operations"] if one.value))
    meaning = {text: _groups(str(text), choices) for text in cells.dropna().unique()}
    unread = cells.map(lambda text: isinstance(text, str) and None in meaning[text]).astype(bool)
    if unread.any():
        read.findings.append(
            Finding.on_rows(
                "operations_unread",
                f"{int(unread.sum())} row(s) of column '{cells.name}' name an operation we do not "
                f"know, e.g. '{str(cells[unread].iloc[0])[:60]}'; it is left out.",
                rows=cells.index[unread],
                fix=f"Write any of: {', '.join(order)}.",
            )
        )
    joined = {
        text: "|".join(group for group in order if group in groups)
        for text, groups in meaning.items()
    }
    return looked_up(cells, joined | {None: ""})


def _groups(text: str, choices: dict[str, str]) -> set[str | None]:
    """The groups that a cell names, by the longest known name at each place; None = unread rest.

    Labels have blanks in them and exports put blanks between answers, so cutting at blanks would
    tear them.
    """
    words = folded(text).split("_")
    found: set[str | None] = set()
    at = 0
    while at < len(words):
        for end in range(len(words), at, -1):
            name = "_".join(words[at:end])
            if name in choices:
                found.add(choices[name])
                at = end
                break
        else:
            found.add(None)
            at += 1
    return found - {""}
