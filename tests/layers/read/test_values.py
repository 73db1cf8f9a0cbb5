"""Cells as dates, numbers and classes."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from layers.facts import kind
from layers.read import values


def dates(*texts: str) -> tuple[list[dt.date | None], list[str]]:
    column = pd.Series(list(texts), dtype=object, name="date")
    found, findings = values.date_field(column, np.arange(1, len(texts) + 1), "Date")
    return found, [each.code for each in findings]


@pytest.mark.parametrize(
    "text",
    [
        "2039-02-22", "2039-02-22 00:00:00+00", "2039-02-22T23:59:59Z", "2039/2/22", "22/02/2039",
        "22.02.2039", "22-02-2039", "22 Feb 2039", "22 février 2039", "Feb 22, 2039", "20390222",
        "22-févr.-2039",
    ],
)  # fmt: skip
def test_a_date_is_read_as_the_day_that_is_written(text: str) -> None:
    assert dates(text)[0] == [dt.date(2039, 2, 22)]


def test_day_comes_before_month_and_doubt_is_told() -> None:
    assert dates("03/04/2020") == ([dt.date(2020, 4, 3)], ["dates_ambiguous"])


def test_one_row_that_can_only_be_month_first_decides_for_all() -> None:
    assert dates("03/04/2020", "03/25/2020") == ([dt.date(2020, 3, 4), dt.date(2020, 3, 25)], [])


def test_one_row_that_can_only_be_day_first_ends_the_doubt() -> None:
    assert dates("03/04/2020", "25/03/2020") == ([dt.date(2020, 4, 3), dt.date(2020, 3, 25)], [])


def test_a_year_is_its_first_day_and_told() -> None:
    assert dates("2017") == ([dt.date(2017, 1, 1)], ["dates_year_only"])


def test_what_is_no_date_is_not_stated_and_told() -> None:
    assert dates("soon", "", "31/02/2020", "0201-01-01") == ([None] * 4, ["dates_unread"])


def test_numbers_are_read_with_comma_point_and_blanks() -> None:
    column = pd.Series(["1,5", "1.5", "1 234,5", "12,345.6", "", None, "many", "inf"], dtype=object)
    assert values.numbers(column).tolist() == pytest.approx(
        [1.5, 1.5, 1234.5, 12345.6, np.nan, np.nan, np.nan, np.nan], nan_ok=True
    )


def test_missing_is_not_told_but_words_for_numbers_are() -> None:
    column = pd.Series(["5", None, "", "many", "-3"], dtype=object, name="radius")
    numbers, findings = values.number_field(column, np.arange(2, 7), "Radius", negative=False)
    assert numbers.tolist() == pytest.approx([5, *[np.nan] * 4], nan_ok=True)
    assert [(each.code, each.rows) for each in findings] == [
        ("numbers_unread", (5,)),
        ("numbers_negative", (6,)),
    ]


def test_classes_are_compared_without_case_accents_and_punctuation() -> None:
    fact = kind("farmland").fields["feature_class"]
    column = pd.Series(["CROP", "Jachère", "Non-Crop", "", None, "7"], dtype=object, name="class")
    classes, (finding,) = values.class_field(column, np.arange(1, 7), fact, {})
    assert classes == ["cropland", "fallow", "not_cropland", None, None, "unknown"]
    assert finding.code == "class_unknown"
    assert finding.rows == (6,)
    assert "'7'" in finding.message


def test_an_answer_gives_a_value_its_class() -> None:
    fact = kind("farmland").fields["feature_class"]
    column = pd.Series([1, 0], name="Class")
    classes, findings = values.class_field(
        column, np.arange(1, 3), fact, {"1": "cropland", "0": "not_cropland"}
    )
    assert classes == ["cropland", "not_cropland"]
    assert not findings


def test_garbled_accents_are_noticed_and_sound_ones_are_not() -> None:
    frame = pd.DataFrame({"a": ["RÃ©serve de faune"], "b": ["Réserve"], "c": ["Côte d’Ivoire"]})
    assert values.garbled_columns(frame) == ["a"]


def test_whole_floats_are_shown_without_a_point() -> None:
    assert values.as_text(pd.Series([1217.0, 1.5, np.nan])).tolist()[:2] == ["1217", "1.5"]


def read_numbers(*texts: str) -> tuple[list[float], list[str]]:
    column = pd.Series(list(texts), dtype=object, name="workers")
    found, findings = values.number_field(column, np.arange(2, len(texts) + 2), "Workers")
    return found.tolist(), [each.code for each in findings]


def test_a_comma_that_may_mark_thousands_is_never_read_in_silence() -> None:
    assert read_numbers("1,250", "12") == ([1250, 12], ["numbers_ambiguous"])
    assert read_numbers("1,250", "12,375") == ([1.25, 12.375], ["numbers_ambiguous"])


def test_one_cell_that_can_only_be_decimal_or_thousands_decides_for_all() -> None:
    assert read_numbers("1,250", "12,5") == ([1.25, 12.5], [])
    assert read_numbers("1,250", "0,125") == ([1.25, 0.125], [])
    assert read_numbers("1,250", "12.5") == ([1250, 12.5], [])
    assert read_numbers("1,250", "1,000,000") == ([1250, 1_000_000], [])
    assert read_numbers("1.250", "1.250,5") == ([1250, 1250.5], [])
    assert read_numbers("1.250", "1.5") == ([1.25, 1.5], [])


def test_a_whole_column_of_either_sort_is_read_to_the_end() -> None:
    assert read_numbers("1,250", "many", "", "12")[0] == pytest.approx(
        [1250, np.nan, np.nan, 12], nan_ok=True
    )
