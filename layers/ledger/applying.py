"""Lays corrections over the records of a ledger, a column at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.adoption.frames import EVIDENCE, STATES, Ledger, in_order_of_rounds
from layers.ledger.records import WITHDRAWN

KEY = ["at", "practice", "field"]


def apply(
    ledger: Ledger, content: pd.Series, corrections: Sequence[Any]
) -> tuple[Ledger, np.ndarray]:
    """The ledger with the last correction of each value, and which visits are withdrawn.

    `corrections` are rows of the table, oldest first. One was made of a certain record of a visit:
    where another record counts by now it is left out, but withdrawn stays withdrawn.
    """
    withdrawn = np.zeros(len(ledger.visits), dtype=bool)
    last = in_effect(ledger.visits, content, corrections)
    if not len(last):
        return ledger, withdrawn
    gone = last[(last["field"] == WITHDRAWN) & last["practice"].isna()]
    withdrawn[gone["at"].to_numpy()] = gone["value"].to_numpy(dtype=bool)
    of_visits = last[(last["field"] != WITHDRAWN) & last["practice"].isna()]
    visits = ledger.visits
    for field, changes in of_visits.groupby("field"):
        column = _with(visits[str(field)], changes["at"].to_numpy(), changes["value"].tolist())
        visits = visits.assign(**{str(field): column})
    if len(of_visits):
        visits = in_order_of_rounds(visits)
    seen = _observations(ledger.observations, last[last["practice"].notna()])
    return Ledger(visits, seen), withdrawn


def in_effect(visits: pd.DataFrame, content: pd.Series, corrections: Sequence[Any]) -> pd.DataFrame:
    """The corrections that hold: `at` (position of the visit), practice, field, value, id."""
    frame = pd.DataFrame(
        {
            "correction_id": [row.correction_id for row in corrections],
            "visit_id": [row.visit_id for row in corrections],
            "practice": pd.Series([row.practice for row in corrections], dtype="str"),
            "field": [row.field for row in corrections],
            "value": pd.Series([row.value for row in corrections], dtype=object),
            "content": [row.content for row in corrections],
        }
    )
    # few visits are corrected: an index of them, not of all
    places = np.flatnonzero(visits["visit_id"].isin(frame["visit_id"].unique()).to_numpy())
    found = pd.Index(visits["visit_id"].iloc[places]).get_indexer(frame["visit_id"])
    frame, found = frame[found >= 0], found[found >= 0]
    frame["at"] = places[found]
    same = frame["content"].to_numpy() == content.iloc[frame["at"]].to_numpy()
    holds: pd.DataFrame = frame[same | (frame["field"] == WITHDRAWN)]
    return holds.drop_duplicates(KEY, keep="last")


def _observations(seen: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    if not len(changes):
        return seen
    codes = pd.Index(
        sorted({*seen["practice"].cat.categories, *changes["practice"].unique()}), dtype="str"
    )
    seen = seen.assign(practice=seen["practice"].cat.set_categories(codes))
    key = _key(seen["visit"], seen["practice"].cat.codes, len(codes))
    of_changes = _key(changes["at"], codes.get_indexer(changes["practice"]), len(codes))
    added = np.unique(of_changes[~np.isin(of_changes, key)])
    if len(added):
        more = pd.DataFrame(
            {
                "visit": (added // len(codes)).astype("int32"),
                "practice": pd.Categorical.from_codes(
                    added % len(codes), dtype=seen.dtypes["practice"]
                ),
                "state": pd.Categorical([None] * len(added), categories=list(STATES)),
                "evidence": pd.Categorical(
                    [None] * len(added), categories=list(EVIDENCE), ordered=True
                ),
                "intensity": np.full(len(added), np.nan),
            }
        )
        seen = pd.concat([seen, more], ignore_index=True)
        key = np.concatenate([key, added])
    order = np.argsort(key, kind="stable")
    for field, some in changes.groupby("field"):
        wanted = of_changes[changes.index.get_indexer(some.index)]
        rows = order[np.searchsorted(key, wanted, sorter=order)]
        column = _with(seen[str(field)], rows, some["value"].tolist())
        seen = seen.assign(**{str(field): column})
    return seen.iloc[order].reset_index(drop=True) if len(added) else seen


def _key(visit: Any, code: Any, practices: int) -> np.ndarray:
    key: np.ndarray = np.asarray(visit, dtype="int64") * practices
    key += np.asarray(code, dtype="int64")
    return key


def _with(column: pd.Series, rows: np.ndarray, values: list[Any]) -> pd.Series:
    """The column with other values at some rows; new categories are added where it has them."""
    changed = column.copy()
    if isinstance(column.dtype, pd.CategoricalDtype):
        new = {value for value in values if value is not None} - set(column.cat.categories)
        changed = changed.cat.add_categories(sorted(new))
    changed.iloc[rows] = pd.Series(values, dtype=object).astype(changed.dtype).array
    return changed
