"""The adoption table as a file: one tidy row an area, practice and round.

Numbers that are kept back are empty, whatever the table says. The workbook is in
`adoption_workbook.py`.
"""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from dashboard.brief.model import PracticeFacts
from layers.export import csv_table

DEMONSTRATION = "invented for demonstration"
SHARE = "share of sites, 0 to 1"
SHARES = ("rate", "low", "high")
COUNTS = (
    *("observations", "used", "applicable", "unknown", "partly", "tried", "not_used"),
    *("not_applicable", "intensity_n", "population", "used_seen", "used_observations"),
    "applicable_observations",
)
"""Whole numbers that a suppressed row keeps back."""
MEASURES = ("women", "men", "intensity_median")
"""Other numbers that it keeps back."""
OPEN_COUNTS = ("known_sites", "visited", "people_sites")
"""Whole numbers that say nothing about a practice: they stand beside a suppressed one too."""


def adoption_csv(
    table: pd.DataFrame,
    practices: Sequence[PracticeFacts],
    *,
    region_id: str,
    as_of: dt.date,
    demonstration: bool,
) -> bytes:
    """The table as CSV, one row area x practice x round: UTF-8 with a byte order mark.

    The columns of the table in their order, then `practice_title`, `region`, `rate_unit`, `as_of`
    and `demonstration`. Empty is no data or kept back, never zero.
    """
    titles = {one.code: one.title for one in practices}
    told = withheld(table)
    told = told.assign(
        **{name: _days(told[name]) for name in ("first_day", "last_day")},
        practice_title=told["practice"].astype(str).map(titles),
        region=region_id,
        rate_unit=SHARE,
        as_of=as_of.isoformat(),
        demonstration=DEMONSTRATION if demonstration else "",
    )
    return csv_table(told)


def withheld(table: pd.DataFrame) -> pd.DataFrame:
    """The table without any number that its `shown_as` does not let be seen.

    Suppressed rows keep only how many sites are known and were visited; rows that are no rate have
    no share and no interval.
    """
    table = table.copy()
    shown_as = table["shown_as"].astype(str)
    hidden = (shown_as == "suppressed").to_numpy()
    no_rate = ~shown_as.str.startswith("rate").to_numpy()
    closed = {
        **dict.fromkeys(COUNTS, ("Int64", hidden)),
        **dict.fromkeys(MEASURES, ("Float64", hidden)),
        **dict.fromkeys(OPEN_COUNTS, ("Int64", hidden & False)),
        **dict.fromkeys(SHARES, ("Float64", no_rate)),
    }
    for column, (kind, kept_back) in closed.items():
        if column in table:
            numbers = pd.to_numeric(table[column].astype(object).where(table[column].notna()))
            table[column] = numbers.astype(kind).mask(kept_back)
    return table


def _days(column: pd.Series) -> pd.Series:
    """Days as ISO text, null where there is none."""
    days = pd.to_datetime(column)
    return days.dt.strftime("%Y-%m-%d").astype(object).where(days.notna(), None)
