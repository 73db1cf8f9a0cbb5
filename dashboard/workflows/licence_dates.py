"""Whether the licences of a conflict run were in force on its day, by their own end dates.

A title is compared with a site as it is drawn, whatever its dates: registers are updated late, and
titles are renewed. So a pair is never dropped for a date; the date is told beside it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

STATES = ("in force", "no data", "ended")
"""From good to bad: of two licences the later state is told."""
LICENCE = "licences"


def with_licence_state(table: pd.DataFrame, *, on: dt.date) -> pd.DataFrame:
    """The table with `licence_state`: in force, ended, no data; null where no licence takes part.

    Of two licences the worse is told: one that ended, then one without a date. The last day of a
    licence, `valid_to`, still counts as in force.
    """
    worst = np.full(len(table), -1)
    for side in ("subject", "object"):
        until = pd.to_datetime(table[f"{side}_valid_to"], errors="coerce")
        level = np.select([until < pd.Timestamp(on), until.isna()], [2, 1], default=0)
        here = (table[f"{side}_kind"] == LICENCE).to_numpy()
        worst[here] = np.maximum(worst[here], level[here])
    names = np.array([*STATES, None], dtype=object)  # -1, no licence, is the last
    return table.assign(licence_state=names[worst])


def counted(table: pd.DataFrame, row: Mapping[str, Any]) -> dict[str, int] | None:
    """How many pairs of a summary row have a licence in each state; None where none has one."""
    if LICENCE not in (row["subject"], row["object"]) or row["object_layer"] is None:
        return None
    pairs = table[
        (table["rule_id"] == row["rule"])
        & (table["subject_layer"] == row["subject_layer"])
        & (table["object_layer"] == row["object_layer"])
    ]
    found = pairs["licence_state"].value_counts()
    return {state: int(found.get(state, 0)) for state in STATES}


def about_licence(row: Mapping[str, Any], *, on: dt.date) -> Iterator[str]:
    """What a reader of one conflict must know of its licence's end date."""
    for side in ("subject", "object"):
        if row[f"{side}_kind"] != LICENCE:
            continue
        name = row[f"{side}_name"] or row[f"{side}_id"]
        until = pd.to_datetime(row[f"{side}_valid_to"], errors="coerce")
        if pd.isna(until):
            yield f"Until when licence '{name}' runs is not in the data."
        elif until < pd.Timestamp(on):
            yield (
                f"By its own date licence '{name}' ended on {until.date()}, before {on}. It may "
                "have been renewed or have lapsed: ask the cadastre."
            )
