"""Excel workbooks: judged part by part before openpyxl opens them, values only."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from layers.findings import Finding
from layers.read import archive as zips
from layers.read.model import Limits, ReadError
from layers.read.source import Head, Loaded, Source
from layers.read.table import frame_of_lines, too_big_cell, too_long, too_wide

SHEET_BYTES = 256 * 2**20
_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=\"([A-Z]{1,4})(\d{1,9})\"")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\br=\"(\d{1,12})\"")
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b[^>]*?\br=\"([A-Z]+\d+)\"[^>]*>\s*<(?:\w+:)?f\b[^>]*?"
    rb"(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


def open_workbook(path: Path, shown: str, limits: Limits) -> Source:
    """The sheets of a workbook that hold a table, a layer each."""
    uncached = _judge(path, shown, limits)
    from openpyxl import load_workbook  # noqa: PLC0415 - 0.2 s that other formats need not pay
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        # As bytes: openpyxl judges a path by its extension, and a stored original has none.
        book = load_workbook(
            io.BytesIO(path.read_bytes()), read_only=True, data_only=True, keep_links=False
        )
        sheets = {
            str(sheet.title): _lines(sheet, shown, limits)
            for sheet in book.worksheets
            if sheet.sheet_state == "visible"
        }
    except (MemoryError, ReadError):
        raise
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError,
            IndexError, OSError, SyntaxError, zipfile.BadZipFile) as error:  # fmt: skip
        raise ReadError(
            f"'{shown}' is a damaged workbook. Open it in Excel and save it as .xlsx."
        ) from error
    loads: dict[str, Loaded] = {}
    for title, lines in sheets.items():
        if len(lines) < 2:
            continue
        loaded = frame_of_lines(title, lines, shown)
        loads[title] = loaded
    if not loads:
        raise ReadError(f"'{shown}' has no sheet with column names and rows.")
    findings = []
    if uncached:
        findings.append(
            Finding(
                code="formula_without_value",
                message=f"{len(uncached)} cell(s) hold a formula whose result was never saved: "
                f"{', '.join(uncached[:8])}{' …' if len(uncached) > 8 else ''}.",
                fix="Open the workbook in Excel or LibreOffice, save it, and bring it again.",
                blocking=True,
            )
        )

    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        full = loads[name]
        return Loaded(
            name=name, frame=full.frame if limit is None else full.frame.head(limit),
            rows=full.rows[:limit], findings=[*findings, *full.findings],
            unusable=full.unusable,
        )  # fmt: skip

    heads = [
        Head(name=title, geometry_type=None, rows=len(each.frame)) for title, each in loads.items()
    ]
    return Source(format="XLSX", heads=heads, load=load)


def _judge(path: Path, shown: str, limits: Limits) -> list[str]:
    """Cells with a formula but no value; refuses bombs, own entities and far-off cells."""
    uncached: list[str] = []
    with zipfile.ZipFile(path) as book:
        left = min(SHEET_BYTES, limits.unpacked_bytes)
        for member in zips.members(book, shown, limits):
            content = b"".join(zips.chunks(book, member, shown, at_most=left, limits=limits))
            left -= len(content)
            if member.suffix not in (".xml", ".rels"):
                continue
            if (
                content[:2] in (b"\xff\xfe", b"\xfe\xff")
                or b"<!DOCTYPE" in content
                or (b"<!ENTITY" in content)
            ):
                raise ReadError(
                    f"'{shown}' defines its own abbreviations, which Excel never does. "
                    "Save it again from Excel or LibreOffice."
                )
            if "/worksheets/" in f"/{member.name}":
                _judge_sheet(content, shown, limits)
                uncached += [cell.decode() for cell in _FORMULA.findall(content)]
    return uncached


def _judge_sheet(content: bytes, shown: str, limits: Limits) -> None:
    """Cells far out make readers fill the emptiness before them: 5 kB became 6 GB."""
    last_row = max((int(number) for number in _ROW.findall(content)), default=0)
    columns = set()
    for letters, number in _CELL.findall(content):
        columns.add(letters)
        last_row = max(last_row, int(number))
    width = max((_column_number(letters) for letters in columns), default=0)
    if last_row > min(limits.max_rows, 1_048_576):
        raise ReadError(too_long(shown, limits))
    if width > limits.max_columns:
        raise ReadError(too_wide(shown, width, limits))
    filled = content.count(b"<row") + content.count(b":row")
    if last_row > 10_000 and filled * 100 < last_row:
        raise ReadError(
            f"'{shown}' has a cell in row {last_row:,} but only {filled:,} rows with content. "
            "Delete the cell far below the table and save it again."
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _lines(sheet: Any, shown: str, limits: Limits) -> list[tuple[int, list[Any]]]:
    # The dimension a sheet declares can be made up; without it rows end where they end.
    sheet.reset_dimensions()
    lines = []
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > limits.max_rows + 1:
            raise ReadError(too_long(shown, limits))
        cells = [cell.strip() if isinstance(cell, str) else cell for cell in row]
        if any(isinstance(cell, str) and len(cell) > limits.max_cell_chars for cell in cells):
            raise ReadError(too_big_cell(shown, limits))
        if any(cell not in (None, "") for cell in cells):
            lines.append((number, cells))
    return lines
