"""The workbook of the adoption ledger: Notes, Rates, Panel, Coverage, Road map.

Nothing from data is ever run by a spreadsheet: text stays text, no formula, no link.
"""

import datetime as dt
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from dashboard.brief.model import PANEL_COLUMNS, RATE_COLUMNS, BriefInput
from dashboard.workflows.adoption_columns import MEANINGS, TITLES
from dashboard.workflows.adoption_files import withheld
from dashboard.workflows.types import INVENTED
from layers.export import FORMULA, ExportError

_MOST_ROWS = 1_048_000
_LONGEST = 32_000
"""Letters in a cell; a workbook takes 32,767."""


@dataclass(frozen=True, kw_only=True)
class _Page:
    """A sheet of the workbook: its name, what it is in one line, and a table."""

    name: str
    about: str
    frame: pd.DataFrame
    widths: Mapping[str, float] = field(default_factory=dict)


def adoption_xlsx(brief: BriefInput, *, tables: Mapping[str, pd.DataFrame] | None = None) -> bytes:
    """The workbook: Notes, Rates, Panel, Coverage, Road map. The same input, the same bytes.

    `tables` are tables of rates by what their areas are ("district"); None = those of the brief,
    by region and by district. ExportError where a table has more rows than a sheet holds.
    """
    tables = tables or {"region": brief.rates, "district": brief.areas}
    pages = (
        _rates(brief, tables),
        _panel(brief),
        _coverage(brief),
        _road_map(brief),
    )
    stream = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(stream, options) as book:
        stamp = dt.datetime.combine(brief.as_of, dt.time())
        book.set_properties(
            {
                "title": f"Adoption of practices in {_cell(brief.region_name)}",
                "author": "Common Ground",
                "comments": INVENTED if brief.demonstration else "",
                "created": stamp,
            }
        )
        formats = _Formats.of(book)
        _write_notes(_Writer(book.add_worksheet("Notes"), formats), brief, pages)
        for page in pages:
            _write_page(_Writer(book.add_worksheet(page.name), formats), page, brief)
    return stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class _Formats:
    """How cells look. `quoted` tells a spreadsheet that a cell is text even when it is edited."""

    plain: Any
    quoted: Any
    head: Any
    title: Any
    note: Any
    warning: Any
    share: Any
    whole: Any
    number: Any
    day: Any

    @classmethod
    def of(cls, book: Any) -> "_Formats":
        text = {"num_format": "@", "valign": "top", "text_wrap": True}
        return cls(
            plain=book.add_format(text),
            quoted=book.add_format({**text, "quote_prefix": True}),
            head=book.add_format(
                {"bold": True, "bg_color": "#e6eef0", "bottom": 1, "text_wrap": True,
                 "valign": "top"}
            ),
            title=book.add_format({"bold": True, "font_size": 14}),
            note=book.add_format({"font_color": "#56636a"}),
            warning=book.add_format({"bold": True, "font_color": "#8a3d08"}),
            share=book.add_format({"num_format": "0.0%", "valign": "top"}),
            number=book.add_format({"num_format": "0.####", "valign": "top"}),
            whole=book.add_format({"num_format": "#,##0", "valign": "top"}),
            day=book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"}),
        )  # fmt: skip


def _rates(brief: BriefInput, tables: Mapping[str, pd.DataFrame]) -> _Page:
    titles = {one.code: one.title for one in brief.practices}
    parts = []
    for by, table in tables.items():
        told = withheld(table)
        told.insert(0, "by", by)
        told.insert(3, "practice_title", told["practice"].astype(str).map(titles))
        parts.append(told)
    frame = (
        pd.concat([part.astype(object) for part in parts], ignore_index=True)
        if parts
        else pd.DataFrame(columns=["by", *RATE_COLUMNS])
    )
    return _Page(
        name="Rates",
        about="One row an area, practice and round. Empty is no data or kept back, never zero: "
        "the columns 'shown as' and 'reason' say which.",
        frame=frame,
        widths={"area": 26, "practice_title": 32, "round": 14, "shown_as": 18, "reason": 70},
    )


def _panel(brief: BriefInput) -> _Page:
    titles = {one.code: one.title for one in brief.practices}
    frame = brief.panels.copy()
    for name in PANEL_COLUMNS:
        if name not in frame:
            frame[name] = None
    frame.insert(1, "practice_title", frame["practice"].astype(str).map(titles))
    return _Page(
        name="Panel",
        about="What changed on the sites visited in both rounds, beside all sites of each round. "
        "Changes are differences of shares: 10% is 10 percentage points.",
        frame=frame,
        widths={"practice_title": 32, "earlier": 14, "later": 14, "warning": 70},
    )


def _coverage(brief: BriefInput) -> _Page:
    return _Page(
        name="Coverage",
        about="Who was visited, when, and who never. Empty known sites: nobody listed them.",
        frame=brief.coverage.copy(),
        widths={"area": 30},
    )


def _road_map(brief: BriefInput) -> _Page:
    rows = [
        {
            "action": line.action,
            "owner": line.owner,
            "area": line.area or "whole region",
            "practice": line.practice or None,
            "baseline": line.target.baseline if line.target else None,
            "baseline_on": line.target.baseline_on if line.target else None,
            "target": line.target.share if line.target else None,
            "due": line.target.due if line.target else None,
            "status": line.status,
            "progress": line.progress,
            "reason": line.reason,
        }
        for line in brief.actions
    ]
    columns = (
        *("action", "owner", "area", "practice", "baseline", "baseline_on", "target", "due"),
        *("status", "progress", "reason"),
    )
    return _Page(
        name="Road map",
        about="Each action as it stands, and where the latest visits stand against its target.",
        frame=pd.DataFrame(rows, columns=list(columns)),
        widths={"action": 44, "owner": 24, "area": 24, "reason": 70},
    )


@dataclass(frozen=True)
class _Writer:
    """Writes cells of one sheet, each as what it is."""

    sheet: Any
    formats: _Formats

    def text(self, row: int, column: int, value: Any, form: Any = None) -> None:
        """Text, never a formula or a link; what would be one is marked as quoted."""
        told = _cell(value)
        if form is None:
            is_formula = FORMULA.match(told) is not None
            form = self.formats.quoted if is_formula else self.formats.plain
        self.sheet.write_string(row, column, told, form)

    def value(self, row: int, column: int, value: Any, *, is_share: bool) -> None:
        """Truths as words, numbers as numbers, days as days, else text; nothing for no data."""
        if value is None or value is pd.NA or value is pd.NaT:
            return
        if isinstance(value, (bool, np.bool_)):
            self.text(row, column, "yes" if value else "no")
        elif isinstance(value, (int, float, np.number)):
            number = float(value)
            if math.isfinite(number):
                whole = self.formats.whole if number.is_integer() else self.formats.number
                self.sheet.write_number(
                    row, column, number, self.formats.share if is_share else whole
                )
        elif isinstance(value, (dt.datetime, dt.date)):
            day = dt.datetime(value.year, value.month, value.day)
            self.sheet.write_datetime(row, column, day, self.formats.day)
        else:
            self.text(row, column, value)


def _write_notes(writer: _Writer, brief: BriefInput, pages: Sequence[_Page]) -> None:
    sheet, formats = writer.sheet, writer.formats
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 110)
    writer.text(0, 0, f"Adoption of practices in {brief.region_name}", formats.title)
    row = 1
    if brief.demonstration:
        writer.text(row, 0, "Demonstration", formats.warning)
        writer.text(row, 1, INVENTED, formats.warning)
        row += 1
    for topic, text in _notes(brief, pages):
        writer.text(row, 0, topic)
        writer.text(row, 1, text)
        row += 1
    row += 1
    writer.text(row, 0, "Column", formats.head)
    writer.text(row, 1, "What it says", formats.head)
    for name in dict.fromkeys(str(name) for page in pages for name in page.frame.columns):
        row += 1
        writer.text(row, 0, TITLES.get(name, name))
        writer.text(row, 1, MEANINGS.get(name, f"Known sites visited in {name}."))


def _notes(brief: BriefInput, pages: Sequence[_Page]) -> list[tuple[str, str]]:
    return [
        ("Region", f"{brief.region_name}, {brief.country_name}"),
        ("As of", brief.as_of.isoformat()),
        ("Dialogue", brief.dialogue),
        *((f"Sheet {page.name}", page.about) for page in pages),
        (
            "Rate",
            "Sites that use a practice, of the sites where it applies and its state is known. "
            "Partly used, tried and stopped, and not used count below the line; unknown and not "
            "applicable do not.",
        ),
        ("Unknown", "Unknown is not no: it leaves the rate and stands in a column of its own."),
        (
            "Interval",
            "95 % Wilson interval; where nearly all known sites were visited, with the "
            "finite-population correction.",
        ),
        (
            "Shown as",
            "rate: a rate. rate, small sample: few sites, read with care. counts: these sites "
            "only, they do not speak for others. suppressed: kept back, because fewer than a "
            "handful of people could be identified. no data: nothing is known.",
        ),
        (
            "Direction",
            "adopt: higher is better. stop: lower is better; the rate is the share of sites that "
            "still use it.",
        ),
        (
            "Change",
            "Only the same sites visited twice show a change. A difference between all sites of "
            "two rounds can come from visiting other sites.",
        ),
        ("Empty cells", "No data or kept back, never zero."),
        ("Caution", "Absence of data is not absence of mining, or of farming."),
        *(("Caution", text) for text in brief.cautions),
        *(("Source", text) for text in brief.sources),
    ]


def _write_page(writer: _Writer, page: _Page, brief: BriefInput) -> None:
    if len(page.frame) > _MOST_ROWS:
        raise ExportError(
            f"The sheet {page.name} would have {len(page.frame):,} rows, more than a workbook "
            "holds. Export one practice or one round, or take the CSV."
        )
    sheet, formats = writer.sheet, writer.formats
    writer.text(0, 0, page.about, formats.note)
    if brief.demonstration:
        writer.text(1, 0, INVENTED, formats.warning)
    head = 2
    columns = [str(name) for name in page.frame.columns]
    for at, name in enumerate(columns):
        writer.text(head, at, TITLES.get(name, name), formats.head)
        sheet.set_column(at, at, page.widths.get(name, 13))
        is_share = name in _SHARE_COLUMNS
        for row, value in enumerate(page.frame.iloc[:, at].tolist(), start=head + 1):
            writer.value(row, at, value, is_share=is_share)
    sheet.freeze_panes(head + 1, 0)
    if len(page.frame):
        sheet.autofilter(head, 0, head + len(page.frame), len(columns) - 1)


_SHARE_COLUMNS = {
    *("rate", "low", "high", "change", "cross_change", "cross_low", "cross_high"),
    *("composition", "within", "same_sites", "other_sites", "baseline", "target"),
}


def _cell(value: Any) -> str:
    return str(value)[:_LONGEST]
