"""A licence's own end date is told beside its pairs, and drops none of them."""

import datetime as dt

import pandas as pd

from dashboard.workflows.licence_dates import about_licence, counted, with_licence_state

DAY = dt.date(2026, 11, 23)


def pairs(*rows: tuple[str, object, str | None, object]) -> pd.DataFrame:
    columns = ["subject_kind", "subject_valid_to", "object_kind", "object_valid_to"]
    return pd.DataFrame(rows, columns=columns).astype(object)


def states(*rows: tuple[str, object, str | None, object], on: dt.date = DAY) -> list[object]:
    return with_licence_state(pairs(*rows), on=on)["licence_state"].tolist()


def test_the_last_day_of_a_licence_is_still_in_force() -> None:
    site = ("mine_sites", None, "licences", DAY)
    assert states(site) == ["in force"]
    assert states(site, on=DAY + dt.timedelta(days=1)) == ["ended"]


def test_an_unknown_end_is_no_data_and_never_in_force() -> None:
    assert states(("mine_sites", None, "licences", None)) == ["no data"]


def test_pairs_without_a_licence_have_no_state() -> None:
    rows = [("mine_sites", None, "water", None), ("mine_sites", dt.date(2000, 1, 1), None, None)]
    assert states(*rows) == [None, None]


def test_of_two_licences_the_worse_is_told() -> None:
    long, short = dt.date(9999, 12, 31), dt.date(2014, 5, 11)
    assert states(
        ("licences", long, "licences", long),
        ("licences", None, "licences", long),
        ("licences", long, "licences", short),
        ("licences", short, "licences", None),
    ) == ["in force", "no data", "ended", "ended"]


def test_an_empty_run_keeps_the_column() -> None:
    assert with_licence_state(pairs(), on=DAY).columns[-1] == "licence_state"


def test_the_counts_of_a_summary_row_add_up_to_its_pairs() -> None:
    table = with_licence_state(
        pairs(
            ("mine_sites", None, "licences", dt.date(2014, 5, 11)),
            ("mine_sites", None, "licences", dt.date(2039, 2, 22)),
            ("mine_sites", None, "licences", None),
        ),
        on=DAY,
    ).assign(rule_id="r", subject_layer="s", object_layer="o")
    row = {
        "rule": "r",
        "subject": "mine_sites",
        "object": "licences",
        "subject_layer": "s",
        "object_layer": "o",
    }
    assert counted(table, row) == {"in force": 1, "no data": 1, "ended": 1}
    assert counted(table, row | {"object": "water"}) is None
    assert counted(table, row | {"object_layer": None}) is None


def test_the_sheet_says_when_a_licence_ended_and_what_to_do() -> None:
    row = {
        "subject_kind": "mine_sites",
        "object_kind": "licences",
        "object_name": "137",
        "object_id": "137",
        "object_valid_to": "2014-05-11",
    }
    (told,) = about_licence(row, on=DAY)
    assert "ended on 2014-05-11, before 2026-11-23" in told
    assert "ask the cadastre" in told
    (told,) = about_licence(row | {"object_valid_to": None}, on=DAY)
    assert "not in the data" in told
    assert list(about_licence(row | {"object_valid_to": "2039-01-01"}, on=DAY)) == []
