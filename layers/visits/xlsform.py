"""The visit form as an XLSForm workbook, in English and French, the same bytes every time."""

import datetime as dt
import io

from layers.visits.form import Form, Question

ENGLISH, FRENCH = "English (en)", "French (fr)"
SURVEY = (
    "type", "name", f"label::{ENGLISH}", f"label::{FRENCH}", f"hint::{ENGLISH}",
    f"hint::{FRENCH}", "required", "relevant", "constraint", f"constraint_message::{ENGLISH}",
    f"constraint_message::{FRENCH}", "calculation", "default",
    "parameters",
)  # fmt: skip
CHOICES = ("list_name", "name", f"label::{ENGLISH}", f"label::{FRENCH}")
SETTINGS = ("form_title", "form_id", "version", "default_language")
MADE = dt.datetime(2026, 1, 1)
"""Stands in the workbook as the day it was made: the same form is the same file."""

META = ("start", "end")
"""When a visit was begun and ended. Neither the phone's number nor its owner's name is asked."""


def form_tables(form: Form) -> dict[str, list[tuple[str, ...]]]:
    """The sheets of the workbook as rows of text, header first."""
    survey: list[tuple[str, ...]] = [SURVEY]
    survey += [(one, one, *[""] * (len(SURVEY) - 2)) for one in META]
    survey += [_row(question) for question in form.questions]
    choices: list[tuple[str, ...]] = [CHOICES]
    for name, listed in form.choices.items():
        choices += [(name, one.name, one.label, one.label_fr) for one in listed]
    settings: list[tuple[str, ...]] = [
        SETTINGS,
        (form.title, form.form_id, _version(survey, choices), ENGLISH),
    ]
    return {"survey": survey, "choices": choices, "settings": settings}


def form_workbook(form: Form) -> bytes:
    """The workbook: no formula, no link, text only."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - only where a form is made

    content = io.BytesIO()
    book = Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    book.set_properties({"title": form.title, "created": MADE})
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for title, rows in form_tables(form).items():
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, 1, 24, wrapped)
        sheet.set_column(2, len(rows[0]), 36, wrapped)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text, wrapped if number else bold)
    book.close()
    return content.getvalue()


def _row(question: Question) -> tuple[str, ...]:
    kind = f"{question.kind} {question.choices}" if question.choices else question.kind
    return (
        kind, question.name, question.label, question.label_fr, question.hint, question.hint_fr,
        "yes" if question.required else "", question.relevant, question.constraint,
        question.message, question.message_fr, question.calculation, question.default,
        question.parameters,
    )  # fmt: skip


def _version(*tables: list[tuple[str, ...]]) -> str:
    """A number that changes with the content, as servers want of a form that was changed."""
    import zlib  # noqa: PLC0415 - one call

    text = "\n".join("\t".join(row) for table in tables for row in table)
    return str(zlib.crc32(text.encode()))
