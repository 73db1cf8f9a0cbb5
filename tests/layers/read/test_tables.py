"""Tables as text, read in the worker: rows keep their numbers, hostile files end in a sentence."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from layers.read import Limits, ReadError, TablesReport, read_tables
from layers.read.tables import write_tables
from tests.corpus import CASES, Case, shape_zip

TABLE_CASES = [case for case in CASES if case.filename.endswith((".csv", ".tsv", ".xlsx"))]


def bring(folder: Path, content: bytes | str, name: str = "visits.csv") -> TablesReport:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_tables(path, filename=name, out=folder / "out")


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_cells_come_as_text_and_rows_keep_the_number_of_their_sheet(tmp_path: Path) -> None:
    report = bring(tmp_path, "id;name;share\n1;Or ;0,5\n\n2;;1\n")
    frame = report.frame(0)
    assert frame.index.tolist() == [2, 4]
    assert frame["name"].isna().tolist() == [False, True]
    assert frame.loc[2].tolist() == ["1", "Or", "0,5"]
    assert report.tables[0].columns == ("id", "name", "share")


def test_a_workbook_gives_a_table_for_each_sheet_with_rows(tmp_path: Path) -> None:
    import datetime as dt

    content = workbook(
        visits=[["_index", "day", "women"], [1, dt.datetime(2025, 3, 4), 0], [2, None, 7.0]],
        notes=[["note", "_parent_index"], ["dusty", 2]],
        empty=[["note", "_parent_index"]],
    )
    report = bring(tmp_path, content, "export.xlsx")
    assert [table.name for table in report.tables] == ["visits", "notes"]
    assert report.frame(0).loc[2].tolist() == ["1", "2025-03-04", "0"]
    assert report.frame(0)["women"].tolist() == ["0", "7"]
    assert report.frame(1)["_parent_index"].tolist() == ["2"]


def test_a_zip_of_csvs_gives_every_table_and_leaves_photos_alone(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("visit.csv", "KEY,site\nuuid:1,a\n")
        archive.writestr("visit-notes.csv", "note,PARENT_KEY\ndusty,uuid:1\n")
        archive.writestr("media/1.jpg", b"\xff\xd8\xff\xe0")
    report = bring(tmp_path, content.getvalue(), "visit.zip")
    assert [table.name for table in report.tables] == ["visit", "visit-notes"]


def test_rows_wider_than_the_header_are_left_out_and_told(tmp_path: Path) -> None:
    lines = ["id,share", *(f"{n},1" for n in range(20)), "21,0,5"]
    report = bring(tmp_path, "\n".join(lines))
    assert (report.tables[0].left_out, len(report.frame(0))) == (1, 20)
    assert [one.rows for one in report.findings if one.code == "cells_shifted"] == [(22,)]


def test_shapes_are_refused_and_say_what_to_bring(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="Bring visits as CSV or XLSX"):
        bring(tmp_path, shape_zip(), "sites.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_reading_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ReadError, match="took longer"):
        read_tables(path, filename="visits.csv", out=tmp_path, limits=Limits(seconds=0.01))


@pytest.mark.parametrize("case", TABLE_CASES, ids=lambda case: case.name)
def test_a_hostile_table_ends_in_text_or_in_one_sentence(case: Case, tmp_path: Path) -> None:
    """In this process, as starting a worker for each takes longer than all of them."""
    sentence, report = "", None
    try:
        report = write_tables(
            case.build(tmp_path), case.filename, tmp_path, Limits(), lambda share, name: None
        )
    except ReadError as error:
        sentence = str(error)
    if report is None:
        assert sentence.endswith((".", "?"))
    else:
        kept = replace(report, folder=tmp_path)
        assert all(len(kept.frame(at)) == one.rows for at, one in enumerate(kept.tables))
