"""Text tables (CSV, TSV): letters, delimiter and header found; every cell kept as it stands."""

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layers.findings import Finding
from layers.read.model import Limits, ReadError
from layers.read.source import Head, Loaded, Source

DELIMITERS = (",", ";", "\t", "|")
HEADER_WITHIN = 15
MANY_RAGGED = 0.2


def open_csv(path: Path, shown: str, limits: Limits) -> Source:
    """A text table as one layer; row numbers count from 1 for the first line of the sheet."""
    text, findings = _decoded(path.read_bytes(), shown)
    if "\x00" in text:
        raise ReadError(f"'{shown}' holds bytes that are no text. Export it as CSV again.")
    delimiter = _delimiter(text)
    lines = _lines(text, delimiter, shown, limits)
    return table_source("CSV", Path(shown).stem, lines, shown=shown, findings=findings)


def _decoded(content: bytes, shown: str) -> tuple[str, list[Finding]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), []
        except UnicodeDecodeError as error:
            raise ReadError(f"'{shown}' is cut off or damaged. Export it again.") from error
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        guess = Finding(
            code="encoding_guessed",
            message="The table is not stored as UTF-8; its letters were read as Windows-1252.",
            fix="Look at names with accents. If they are garbled, save the table as UTF-8 CSV.",
        )
        return content.decode("cp1252", errors="replace"), [guess]


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells."""
    sample = text[:200_000].splitlines()[:60]
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        width, agreeing = Counter(widths).most_common(1)[0]
        # A semicolon table with decimal commas also falls apart at its commas, but unevenly:
        # agreement counts before width.
        score = (agreeing / len(widths)) ** 2 * (1 + min(width, 50) / 50) if width > 1 else 0.0
        header_counts = sample[0].count(delimiter) if sample else 0
        if header_counts == 0:
            score *= 0.5
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _lines(text: str, delimiter: str, shown: str, limits: Limits) -> list[tuple[int, list[Any]]]:
    csv.field_size_limit(limits.max_cell_chars)
    lines: list[tuple[int, list[Any]]] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for number, row in enumerate(reader, start=1):
            if len(row) > limits.max_columns:
                raise ReadError(too_wide(shown, len(row), limits))
            if any(cell.strip() for cell in row):
                lines.append((number, row))
            if len(lines) > limits.max_rows + HEADER_WITHIN:
                raise ReadError(too_long(shown, limits))
    except csv.Error as error:
        if "field larger" in str(error):
            raise ReadError(too_big_cell(shown, limits)) from error
        raise ReadError(f"'{shown}' is not a readable table ({error}). Export it again.") from error
    return lines


def too_wide(shown: str, width: int, limits: Limits) -> str:
    """The sentence for a table with too many columns."""
    return (
        f"'{shown}' has {width:,} columns; at most {limits.max_columns:,} are accepted. "
        "Keep only the columns that are needed."
    )


def too_long(shown: str, limits: Limits) -> str:
    """The sentence for a table with too many rows."""
    return f"'{shown}' has more than {limits.max_rows:,} rows. Split it and bring the parts."


def too_big_cell(shown: str, limits: Limits) -> str:
    """The sentence for a cell with too much text."""
    return (
        f"'{shown}' has a cell with more than {limits.max_cell_chars:,} characters, perhaps "
        "because a quotation mark is missing. Correct it and bring the table again."
    )


def table_source(
    named: str,
    layer: str,
    lines: list[tuple[int, list[Any]]],
    *,
    shown: str,
    findings: list[Finding],
) -> Source:
    """A table of numbered lines as a layer: header found, names made unique, widths checked."""
    loaded = frame_of_lines(layer, lines, shown)
    loaded.findings = [*findings, *loaded.findings]

    def load(name: str, limit: int | None, geometry: bool) -> Loaded:
        return Loaded(
            name=name,
            frame=loaded.frame if limit is None else loaded.frame.head(limit),
            rows=loaded.rows[:limit],
            findings=loaded.findings,
            unusable=loaded.unusable,
        )

    head = Head(name=layer, geometry_type=None, rows=len(loaded.frame))
    return Source(format=named, heads=[head], load=load)


def frame_of_lines(layer: str, lines: list[tuple[int, list[Any]]], shown: str) -> Loaded:
    """The rows under a header as a frame, with what is odd about them."""
    findings: list[Finding] = []
    at = _header_at(lines)
    if at is None:
        raise ReadError(
            f"'{shown}' has no header row with at least two column names. "
            "Put the names of the columns into the first row."
        )
    header = [str(cell).strip() if cell is not None else "" for cell in lines[at][1]]
    while header and not header[-1]:
        header.pop()
    if at > 0:
        findings.append(
            Finding.on_rows(
                "rows_above_header",
                f"The column names were found in row {lines[at][0]}; "
                f"{at} row(s) above it are left out.",
                rows=[number for number, _ in lines[:at]],
            )
        )
    names = _unique_names(header, findings)
    body = lines[at + 1 :]
    if not body:
        raise ReadError(f"'{shown}' has column names but no rows. Export it again.")
    unusable = _shifted(body, len(names), findings)
    frame = pd.DataFrame(
        {
            name: pd.Series(
                [_cell(row[index]) if index < len(row) else None for _, row in body], dtype=object
            )
            for index, name in enumerate(names)
        }
    )
    rows = np.array([number for number, _ in body], dtype=np.int64)
    return Loaded(name=layer, frame=frame, rows=rows, findings=findings, unusable=unusable)


def _cell(cell: Any) -> Any:
    return None if isinstance(cell, str) and cell == "" else cell


def _header_at(lines: list[tuple[int, list[Any]]]) -> int | None:
    """The first line, among the first few, that has about as many names as rows have cells."""
    filled = [sum(bool(str(cell or "").strip()) for cell in row) for _, row in lines[:60]]
    if not filled:
        return None
    usual = max(filled)
    for at, count in enumerate(filled[:HEADER_WITHIN]):
        if count >= max(2, 0.6 * usual):
            return at
    return None


def _unique_names(header: list[str], findings: list[Finding]) -> list[str]:
    names: list[str] = []
    seen: Counter[str] = Counter()
    repeated = []
    for index, name in enumerate(header, start=1):
        wanted = name[:200] or f"column {index}"
        seen[wanted] += 1
        if seen[wanted] > 1:
            repeated.append(wanted)
            wanted = f"{wanted} ({seen[wanted]})"
        names.append(wanted)
    if repeated:
        findings.append(
            Finding(
                code="columns_renamed",
                message="Column names stand more than once and were numbered: "
                + ", ".join(f"'{name}'" for name in dict.fromkeys(repeated))
                + ".",
                fix="Check that the right one of them is used.",
            )
        )
    numbers = [name for name in header if name.replace(".", "").replace("-", "").isdigit()]
    if len(numbers) > len(header) / 2:
        findings.append(
            Finding(
                code="header_missing",
                message="The first row holds numbers where column names are expected.",
                fix="Put the names of the columns into the first row.",
                blocking=True,
            )
        )
    return names


def _shifted(body: list[tuple[int, list[Any]]], width: int, findings: list[Finding]) -> list[int]:
    """Rows wider than the header: an unquoted comma has pushed their cells to the right."""
    wide = [
        number
        for number, row in body
        if any(cell is not None and str(cell).strip() for cell in row[width:])
    ]
    if wide:
        findings.append(
            Finding.on_rows(
                "cells_shifted",
                f"{len(wide)} row(s) have more cells than there are columns ({width}), so their "
                "values stand under the wrong names, as when a decimal comma meets a comma as "
                "delimiter. They are left out.",
                rows=wide,
                fix="Export the table with semicolons between cells, or with decimal points.",
                blocking=len(wide) > MANY_RAGGED * len(body),
            )
        )
    return wide
