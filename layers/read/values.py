"""Cells as values: numbers, dates and classes, with what could not be understood."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from layers.facts import FieldFact
from layers.findings import Finding
from layers.read.model import Column
from layers.read.source import Series
from layers.read.suggestion import folded

SAMPLED_ROWS = 50_000
VALUES_SHOWN = 60

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january janv janvier", "feb february fev fevr fevrier", "mar march mars",
            "apr april avr avril", "may mai", "jun june juin", "jul july juil juillet",
            "aug august aout", "sep sept september septembre", "oct october octobre",
            "nov november novembre", "dec december decembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_COMPACT = re.compile(r"^((?:19|20)\d{2})(\d{2})(\d{2})$")
_PARTED = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[T ].*)?$")
_YEAR = re.compile(r"^((?:18|19|20|21)\d{2})(?:\.0)?$")
_NAMED = re.compile(r"^(\d{1,2})[ \-./]*([a-z]+)[ \-./,]*(\d{4})(?: .*)?$")
_NAMED_FIRST = re.compile(r"^([a-z]+)[ \-./]*(\d{1,2})[ \-./,]+(\d{4})(?: .*)?$")
# UTF-8 read as Windows-1252: é becomes Ã©, ’ becomes â€™.
_GARBLED = re.compile(
    "Ã[\u0080-\u00bf\u0192€‚„…†‡ˆ‰Š‹Œ\u2018-\u201d•–—˜™š›œžŸ]|â€[™œ\u009d“”˜]|Â[°«»\u00a0]|\ufffd"
)


def profile(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Each column of a frame with its type, samples and counts, from the first 50,000 rows."""
    head = frame.head(SAMPLED_ROWS)
    return tuple(_profile(str(name), head[name]) for name in head.columns)


def _profile(name: str, column: Series) -> Column:
    texts = as_text(column)
    filled = texts[texts.notna() & (texts.str.strip() != "")]
    different = list(dict.fromkeys(str(text)[:200] for text in filled.unique()))
    return Column(
        name=name,
        type=_type(column, filled),
        samples=tuple(different[:5]),
        values=tuple(different) if len(different) <= VALUES_SHOWN else (),
        distinct=int(filled.nunique()),
        empty=int(len(column) - len(filled)),
    )


def _type(column: Series, filled: Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "truth"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    sample = filled.head(200)
    if len(sample) and not np.isnan(numbers(sample)).any():
        return "number"
    if len(sample) and all(_ISO.match(text) or _PARTED.match(text) for text in sample):
        return "date"
    return "text"


def as_text(column: Series) -> Series:
    """A column as text: whole numbers without a decimal point, dates as ISO; null stays null."""
    if pd.api.types.is_float_dtype(column):
        whole = column.notna() & (column % 1 == 0) & (column.abs() < 2**53)
        result = column.astype("string")
        result[whole] = column[whole].astype("int64").astype("string")
        return result
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d").astype("string")
    if column.dtype == object:
        column = column.map(_cell_text)
    return cast(Series, column.astype("string"))


def _cell_text(cell: Any) -> Any:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    return str(cell)


def numbers(column: Series) -> npt.NDArray[np.float64]:
    """Cells as numbers, decimal commas and thousands signs understood; anything else is NaN."""
    return _numbers(column)[0]


def _numbers(column: Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], bool]:
    """Numbers, the cells that could be read in two ways, and whether commas mark thousands.

    '1,250' is a thousand and more, or one and a quarter: the rest of the column decides. Where
    nothing does, whole numbers beside it speak for thousands, commas everywhere for decimals.
    """
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return values, np.zeros(len(values), dtype=bool), False
    blanks = r"(?<=\d)[\s\u00a0\u202f](?=\d{3})"
    texts = as_text(column).str.strip().str.replace(blanks, "", regex=True).fillna("")

    def are(pattern: str) -> npt.NDArray[np.bool_]:
        return texts.str.fullmatch(pattern).to_numpy(dtype=bool)

    comma = are(r"[+-]?\d+,\d+")
    either = are(r"[+-]?[1-9]\d{0,2},\d{3}")
    english = are(r"[+-]?\d{1,3}(,\d{3})+\.\d+") | are(r"[+-]?\d{1,3}(,\d{3}){2,}")
    continental = are(r"[+-]?\d{1,3}(\.\d{3})+,\d+") | are(r"[+-]?\d{1,3}(\.\d{3}){2,}")
    decimal = bool((comma & ~either).any() or continental.any())
    decided = decimal or bool(english.any() or are(r"[+-]?\d*\.\d+").any())
    whole = bool(are(r"[+-]?\d+").any())
    thousands = not decimal and (decided or whole)
    as_english = (either & thousands) | english
    # In a column of decimal commas '1.250' beside '1.250,5' is thousands too.
    dotted = continental | (are(r"[+-]?\d{1,3}\.\d{3}") & bool(continental.any()))
    plain = texts.where(~as_english, texts.str.replace(",", ""))
    plain = plain.where(~dotted, plain.str.replace(".", ""))
    plain = plain.where(as_english | ~(comma | dotted), plain.str.replace(",", "."))
    result = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    doubtful = either if not decided else np.zeros(len(either), dtype=bool)
    return np.where(np.isfinite(result), result, np.nan), doubtful, thousands


def number_field(
    column: Series, rows: npt.NDArray[np.int64], title: str, *, negative: bool = True
) -> tuple[npt.NDArray[np.float64], list[Finding]]:
    """A field of numbers; cells that are no number become null and are told."""
    values, doubtful, thousands = _numbers(column)
    filled = as_text(column).fillna("").str.strip().ne("").to_numpy(dtype=bool)
    unread = filled & np.isnan(values)
    findings = []
    if doubtful.any():
        first = np.flatnonzero(doubtful)[0]
        findings.append(
            Finding.on_rows(
                "numbers_ambiguous",
                f"{title}: cells like '{_example(column, doubtful)}' in column '{column.name}' can "
                f"be read in two ways; commas were taken for {_marks(thousands)}, "
                f"so this is {values[first]:g}.",
                rows=rows[doubtful],
                fix="Write such numbers without a thousands sign and with a decimal point.",
            )
        )
    if unread.any():
        findings.append(
            Finding.on_rows(
                "numbers_unread",
                f"{title}: {unread.sum()} cell(s) of column '{column.name}' are no number, "
                f"e.g. '{_example(column, unread)}'. They count as not stated.",
                rows=rows[unread],
                fix="Correct them in the file if they matter.",
            )
        )
    below = values < 0
    if not negative and below.any():
        values = np.where(below, np.nan, values)
        findings.append(
            Finding.on_rows(
                "numbers_negative",
                f"{title}: {below.sum()} value(s) of column '{column.name}' are below 0. "
                "They count as not stated.",
                rows=rows[below],
            )
        )
    return values, findings


def _marks(thousands: bool) -> str:
    return "thousands signs" if thousands else "decimal commas"


def _example(column: Series, mask: npt.NDArray[np.bool_]) -> str:
    return str(as_text(column)[mask].iloc[0])[:40]


def date_field(
    column: Series, rows: npt.NDArray[np.int64], title: str
) -> tuple[list[dt.date | None], list[Finding]]:
    """A field of dates; the day as written, whatever the time zone beside it.

    Day before month unless a row shows the contrary. Ambiguous, year-only and unread cells are
    told.
    """
    texts = as_text(column).fillna("").str.strip()
    month_first, ambiguous = _order(texts)
    read = {text: _date(text, month_first=month_first) for text in texts.unique()}
    dates = [read[text] for text in texts]
    filled = texts.ne("").to_numpy(dtype=bool)
    unread = filled & np.array([date is None for date in dates], dtype=bool)
    years = texts.str.fullmatch(_YEAR.pattern).to_numpy(dtype=bool)
    findings = []
    if ambiguous:
        order = "month before day" if month_first else "day before month"
        doubt = texts.map(_is_doubtful).to_numpy(dtype=bool)
        findings.append(
            Finding.on_rows(
                "dates_ambiguous",
                f"{title}: dates like '{texts[doubt].iloc[0]}' in column '{column.name}' can be "
                f"read in two ways; they were read with {order}.",
                rows=rows[doubt],
                fix="Write dates as 2024-03-09 where that is wrong.",
            )
        )
    if years.any():
        findings.append(
            Finding.on_rows(
                "dates_year_only",
                f"{title}: {years.sum()} cell(s) of column '{column.name}' hold a year only; "
                "1 January of it was taken.",
                rows=rows[years],
            )
        )
    if unread.any():
        findings.append(
            Finding.on_rows(
                "dates_unread",
                f"{title}: {unread.sum()} cell(s) of column '{column.name}' are no date we can "
                f"read, e.g. '{_example(column, unread)}'. They count as not stated.",
                rows=rows[unread],
                fix="Write dates as 2024-03-09.",
            )
        )
    return dates, findings


def _parted(text: str) -> tuple[int, int] | None:
    match = _PARTED.match(text)
    return (int(match[1]), int(match[2])) if match else None


def _is_doubtful(text: str) -> bool:
    pair = _parted(text)
    return pair is not None and pair[0] <= 12 and pair[1] <= 12 and pair[0] != pair[1]


def _order(texts: Series) -> tuple[bool, bool]:
    """Whether the month comes first, and whether nothing in the column decides that."""
    pairs = [pair for text in texts.unique() if (pair := _parted(text)) is not None]
    day_first = any(first > 12 for first, _ in pairs)
    month_first = any(second > 12 for _, second in pairs) and not day_first
    mixed = day_first and any(second > 12 for _, second in pairs)
    doubtful = any(_is_doubtful(text) for text in texts.unique())
    return month_first, doubtful and (mixed or not (day_first or month_first))


def _date(text: str, *, month_first: bool) -> dt.date | None:
    plain = folded(text).replace("_", " ")
    if match := _ISO.match(text) or _COMPACT.match(text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _PARTED.match(text):
        day, month, year = int(match[1]), int(match[2]), int(match[3])
        if month_first or (month > 12 >= day):
            day, month = month, day
        if year < 100:
            year += 2000 if year < 70 else 1900
        return _day(year, month, day)
    if match := _YEAR.match(text):
        return _day(int(match[1]), 1, 1)
    if (match := _NAMED.match(plain)) and match[2] in _MONTHS:
        return _day(int(match[3]), _MONTHS[match[2]], int(match[1]))
    if (match := _NAMED_FIRST.match(plain)) and match[1] in _MONTHS:
        return _day(int(match[3]), _MONTHS[match[1]], int(match[2]))
    return None


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if 1800 <= year <= 2200 else None
    except ValueError:
        return None


def class_field(
    column: Series,
    rows: npt.NDArray[np.int64],
    fact: FieldFact,
    answers: dict[str, str],
) -> tuple[list[str | None], list[Finding]]:
    """A field of classes: the kind's vocabulary, then the answers given, else 'unknown'.

    Blank cells are null. Values are compared without case, accents and punctuation.
    """
    known = {folded(name): name for name in fact.classes}
    known |= {folded(value): name for name, seen in fact.classes.items() for value in seen}
    said = {folded(value): name for value, name in answers.items()}
    texts = as_text(column).fillna("").str.strip()
    meaning = {
        text: said.get(folded(text)) or known.get(folded(text)) or "unknown" if text else None
        for text in texts.unique()
    }
    classes = [meaning[text] for text in texts]
    unknown = [text for text, name in meaning.items() if name == "unknown"]
    if not unknown:
        return classes, []
    mask = np.array([name == "unknown" for name in classes], dtype=bool)
    listed = ", ".join(f"'{text[:40]}'" for text in unknown[:10])
    more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
    return classes, [
        Finding.on_rows(
            "class_unknown",
            f"{fact.title}: {listed}{more} in column '{column.name}' mean nothing to us; these "
            f"{mask.sum()} row(s) are kept with the class 'unknown'.",
            rows=rows[mask],
            fix=f"Say what each value means; there are: {', '.join(fact.classes)}.",
        )
    ]


def text_field(column: Series) -> Series:
    """A field of texts, kept verbatim but for blanks around them; blank is null."""
    texts = as_text(column).str.strip()
    return texts.where(texts.ne("").fillna(False), None)


def garbled_columns(frame: pd.DataFrame) -> list[str]:
    """Columns whose texts look like UTF-8 read as something else ('RÃ©serve')."""
    found = []
    for name in frame.columns:
        column = frame[name]
        if column.dtype != object and not pd.api.types.is_string_dtype(column):
            continue
        if any(_GARBLED.search(text) for text in _some_texts(column)):
            found.append(str(name))
    return found


def _some_texts(column: Series) -> Iterable[str]:
    return (cell for cell in column.head(SAMPLED_ROWS) if isinstance(cell, str))
