"""The worker's side of reading tables as they stand: every cell as text, nothing interpreted."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from layers.findings import Finding
from layers.read import archive as zips
from layers.read import values
from layers.read.model import Limits, ReadError
from layers.read.opening import open_file
from layers.read.sniff import recognise
from layers.read.source import RasterFile, Source
from layers.read.supervisor import shown_name
from layers.read.table_model import TABLE_OUT, Table, TablesReport

TABLE_FILES = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm")
MOST_TABLES = 40


def write_tables(
    path: Path,
    filename: str,
    folder: Path,
    limits: Limits,
    say: Callable[[float, str], None],
) -> TablesReport:
    """Write every table of the file into the folder and tell what there is.

    A zip may hold several CSVs, as ODK exports a form with its repeats; whatever else is in it,
    photos for example, is left alone. Raises ReadError where there is no table.
    """
    shown = shown_name(filename)
    tables: list[Table] = []
    findings: list[Finding] = []
    named = ""
    for source, inner in _sources(path, filename, folder, limits):
        named = named or source.format
        for head in source.heads:
            if head.geometry_type is not None:
                raise ReadError(
                    f"'{shown}' holds shapes, not a table of visits. Bring visits as CSV or XLSX, "
                    "with their coordinates in columns."
                )
            if len(tables) == MOST_TABLES:
                raise ReadError(f"'{shown}' holds more than {MOST_TABLES} tables. Split it.")
            say(0.1 + 0.8 * len(tables) / MOST_TABLES, head.name)
            loaded = source.load(head.name, None, False)
            told = [*source.findings, *loaded.findings]
            if inner:
                told = [replace(one, message=f"'{inner}': {one.message}") for one in told]
            findings += [one for one in told if one not in findings]
            usable = ~np.isin(loaded.rows, loaded.unusable)
            frame = loaded.frame[usable].reset_index(drop=True)
            _write(frame, loaded.rows[usable], folder / TABLE_OUT.format(len(tables)))
            tables.append(
                Table(
                    name=head.name,
                    rows=len(frame),
                    columns=tuple(map(str, frame.columns)),
                    left_out=int((~usable).sum()),
                )
            )
    if not tables:
        raise ReadError(f"'{shown}' holds no table. Bring visits as CSV or XLSX.")
    return TablesReport(
        filename=shown,
        format=named,
        tables=tuple(tables),
        findings=tuple(findings),
    )


def _sources(
    path: Path, filename: str, folder: Path, limits: Limits
) -> Iterator[tuple[Source, str]]:
    """The file as one source, or each table file of a zip with its name."""
    shown = shown_name(filename)
    if recognise(path, filename) == "zip":
        with zipfile.ZipFile(path) as archive:
            inside = [
                each
                for each in zips.members(archive, shown, limits)
                if each.suffix in TABLE_FILES and not each.name.startswith("__MACOSX")
            ]
            left = limits.unpacked_bytes
            for number, member in enumerate(inside):
                target = folder / f"member{number}{member.suffix}"
                left -= zips.unpack(archive, member, target, shown, limits, left=left)
                inner = shown_name(member.name)
                if target.stat().st_size:
                    yield _table_source(target, inner, folder, limits), inner
        if inside:
            return
    yield _table_source(path, filename, folder, limits), ""


def _table_source(path: Path, filename: str, folder: Path, limits: Limits) -> Source:
    source = open_file(path, filename, folder, limits)
    if isinstance(source, RasterFile):
        raise ReadError(f"'{shown_name(filename)}' is a picture, not a table of visits.")
    return source


def _write(
    frame: pd.DataFrame, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", out: Path
) -> None:
    """Cells as text without blanks around them; an empty one is null."""
    texts = {}
    for number, name in enumerate(frame.columns):
        text = values.as_text(frame[name]).str.strip()
        texts[str(number)] = text.mask(text == "", None)
    table = pd.DataFrame({"row": rows, **texts})
    table.to_parquet(out, index=False, compression="zstd")
