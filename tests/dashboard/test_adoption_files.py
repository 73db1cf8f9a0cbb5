"""Adoption tables as files: every number that may be seen, none that may not, nothing that runs."""

import io
import re
import zipfile
from typing import Any

import openpyxl
import pandas as pd
import pytest

from dashboard.brief import RoadMapLine
from dashboard.brief.model import RATE_COLUMNS
from dashboard.workflows import adoption_workbook
from dashboard.workflows.adoption_columns import MEANINGS
from dashboard.workflows.adoption_files import adoption_csv, withheld
from dashboard.workflows.adoption_workbook import adoption_xlsx
from layers.export import ExportError
from tests.dashboard import take_away_world as world

FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://localhost","x")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "=cmd|' /C calc'!A0",
)


def csv_of(table: pd.DataFrame, *, demonstration: bool = False) -> pd.DataFrame:
    """The CSV read back as text."""
    content = adoption_csv(
        table,
        world.practices(),
        region_id="tarkwa",
        as_of=world.AS_OF,
        demonstration=demonstration,
    )
    assert content.startswith(b"\xef\xbb\xbf")
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")


def book_of(content: bytes) -> dict[str, list[list[Any]]]:
    """The rows of each sheet."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.values] for sheet in book}


def as_table(rows: list[list[Any]]) -> pd.DataFrame:
    """A sheet below its two lines of words."""
    return pd.DataFrame(rows[3:], columns=rows[2])


def test_a_csv_begins_with_the_columns_everybody_agreed_on() -> None:
    read = csv_of(world.rates_of())
    assert tuple(read.columns[: len(RATE_COLUMNS)]) == RATE_COLUMNS
    assert list(read.columns[len(RATE_COLUMNS) :]) == [
        "practice_title",
        "region",
        "rate_unit",
        "as_of",
        "demonstration",
    ]
    assert len(read) == len(world.rates_of())


def test_a_csv_has_whole_numbers_whole_days_and_shares_of_one() -> None:
    row = csv_of(world.areas_of()).iloc[1]
    told = row[["area", "used", "applicable", "unknown", "visited", "first_day", "last_day"]]
    assert list(told) == ["Tarkwa-Nsuaem", "39", "65", "2", "67", "2025-02-24", "2025-04-02"]
    assert float(row["rate"]) == pytest.approx(0.6)
    assert row["rate_unit"] == "share of sites, 0 to 1"
    assert row["practice_title"] == "Retort in use"
    assert row["as_of"] == "2026-03-31"
    assert row["demonstration"] == ""


def test_a_demonstration_says_so_in_every_row() -> None:
    read = csv_of(world.areas_of(), demonstration=True)
    assert set(read["demonstration"]) == {"invented for demonstration"}


def test_what_is_kept_back_is_empty_even_where_the_table_holds_it() -> None:
    table = world.areas_of()
    numbers = ["observations", "used", "applicable", "unknown", "partly", "tried", "not_used"]
    numbers += ["not_applicable", "women", "men", "intensity_n", "intensity_median"]
    table.loc[4, numbers] = 713
    table.loc[4, ["rate", "low", "high"]] = 0.713
    hidden = withheld(table).loc[4]
    assert hidden[[*numbers, "rate", "low", "high"]].isna().all()
    assert "713" not in " ".join(csv_of(table).iloc[4])
    assert hidden["shown_as"] == "suppressed"
    assert hidden["known_sites"] == 60
    rows = as_table(book_of(adoption_xlsx(world.brief_input(areas=table)))["Rates"])
    assert 713 not in rows.to_numpy().ravel().tolist()


def test_counts_that_are_no_rate_have_no_share_even_where_the_table_holds_one() -> None:
    table = world.areas_of()
    table.loc[3, ["rate", "low", "high"]] = [7 / 12, 0.3, 0.8]
    told = withheld(table).loc[3]
    assert told[["rate", "low", "high"]].isna().all()
    assert (told["used"], told["applicable"]) == (7, 12)


def test_withholding_leaves_the_table_itself_alone() -> None:
    table = world.areas_of()
    before = table.copy()
    withheld(table)
    pd.testing.assert_frame_equal(table, before)


def test_an_empty_table_gives_a_csv_with_its_columns() -> None:
    read = csv_of(world.areas_of().head(0))
    assert len(read) == 0
    assert tuple(read.columns[:3]) == ("area", "practice", "round")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_begins_like_a_formula(text: str) -> None:
    table = world.areas_of().assign(area=text, round=text, reason=text, practice=text)
    read = csv_of(table)
    for column in ("area", "round", "reason", "practice"):
        assert set(read[column]) == {f"'{text}"}


def test_the_workbook_has_its_sheets_and_every_number_of_the_table() -> None:
    brief = world.brief_input()
    book = book_of(adoption_xlsx(brief))
    assert list(book) == ["Notes", "Rates", "Panel", "Coverage", "Road map"]
    rates = as_table(book["Rates"])
    assert len(rates) == len(brief.rates) + len(brief.areas)
    row = rates[(rates["Area"] == "Tarkwa-Nsuaem") & (rates["Areas by"] == "district")].iloc[1]
    assert [row[name] for name in ("Used", "Applicable", "Unknown", "Visited")] == [39, 65, 2, 67]
    assert row["Rate"] == pytest.approx(0.6)
    assert row["First day"].isoformat() == "2025-02-24T00:00:00"
    assert row["Practice title"] == "Retort in use"
    panel = as_table(book["Panel"]).iloc[0]
    assert [panel[name] for name in ("Same sites", "Started", "Stopped")] == [41, 14, 2]
    coverage = as_table(book["Coverage"])
    assert list(coverage["Known sites"])[:3] == [70, 60, 12]
    assert pd.isna(coverage["Known sites"][3])
    actions = as_table(book["Road map"])
    assert actions["Against the target"][0] == "on track"
    assert actions["Target"][0] == pytest.approx(0.6)
    assert pd.isna(actions["Target"][1])


def test_the_notes_say_what_every_column_is_and_what_not_to_read_into_it() -> None:
    brief = world.brief_input(demonstration=True)
    book = book_of(adoption_xlsx(brief))
    told = {str(row[0]): str(row[1]) for row in book["Notes"]}
    words = " ".join(str(row[1]) for row in book["Notes"])
    for sentence in (
        "Unknown is not no",
        "Absence of data is not absence of mining",
        "95 % Wilson interval",
        "suppressed: kept back",
        "Sites of Round 1 were chosen by who could be reached.",
        "KoboToolbox export of 3 Apr 2025",
    ):
        assert sentence in words
    assert told["As of"] == "2026-03-31"
    assert "not real" in told["Demonstration"]
    for name in ("Rates", "Panel", "Coverage", "Road map"):
        assert "not real" in str(book[name][1][0])
        for column in book[name][2]:
            assert told[str(column)], column


def test_every_column_of_a_brief_has_a_meaning() -> None:
    brief = world.brief_input()
    for frame in (brief.rates, brief.areas, brief.panels, brief.coverage):
        assert set(frame.columns) <= set(MEANINGS)


def test_a_workbook_holds_no_formula_and_no_link() -> None:
    text = FORMULAS[0]
    brief = world.brief_input()
    hostile = [world.areas_of().assign(area=one, round=one, reason=one) for one in FORMULAS]
    content = adoption_xlsx(
        world.brief_input(
            region_name=text,
            dialogue=text,
            areas=pd.concat(hostile, ignore_index=True),
            coverage=brief.coverage.assign(area=FORMULAS[1], **{FORMULAS[4]: 1}),
            panels=brief.panels.assign(warning=FORMULAS[2]),
            actions=tuple(RoadMapLine(action=one, owner=one, reason=one) for one in FORMULAS),
            cautions=FORMULAS,
            sources=FORMULAS,
        )
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    told = {cell.value for cell in cells}
    assert set(FORMULAS) - {"\t=1"} <= told
    # a spreadsheet keeps a quoted cell as text when somebody edits it
    quoted = [cell for cell in cells if cell.value in FORMULAS and cell.row > 3]
    assert quoted
    assert all(cell.quotePrefix for cell in quoted)
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        names = files.namelist()
        parts = b"".join(files.read(name) for name in names)
    assert not [name for name in names if re.search("external|vba|connection", name, re.I)]
    assert b"<f>" not in parts
    assert b"<hyperlink" not in parts


def test_a_workbook_of_the_same_data_has_the_same_bytes() -> None:
    brief = world.brief_input()
    assert adoption_xlsx(brief) == adoption_xlsx(brief)


def test_a_workbook_of_other_areas_says_what_they_are() -> None:
    book = book_of(adoption_xlsx(world.brief_input(), tables={"operation": world.areas_of()}))
    assert set(as_table(book["Rates"])["Areas by"]) == {"operation"}


def test_more_rows_than_a_sheet_holds_are_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adoption_workbook, "_MOST_ROWS", 10)
    with pytest.raises(ExportError, match=r"sheet Rates would have 54 rows.*take the CSV"):
        adoption_xlsx(world.brief_input())


def test_a_region_without_a_visit_has_a_workbook_with_empty_sheets() -> None:
    brief = world.brief_input()
    empty = world.brief_input(
        rates=brief.rates.head(0),
        areas=brief.areas.head(0),
        panels=brief.panels.head(0),
        coverage=brief.coverage.head(0),
        actions=(),
    )
    book = book_of(adoption_xlsx(empty))
    assert [len(as_table(book[name])) for name in ("Rates", "Panel", "Coverage", "Road map")] == [
        *(0, 0, 0, 0)
    ]
