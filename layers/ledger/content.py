"""A hash of what the record of a visit says: tells the same record from a changed one."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

SAID = (
    "site_id",
    "site_name",
    "community",
    "place_text",
    "longitude",
    "latitude",
    "position_sd_m",
    "visited_on",
    "round",
    "selection",
    "operations",
    "women",
    "men",
    "led_by",
    "share_position",
    "remarks",
)
"""What the record says itself. The district is worked out from it and from a layer that may change,
the row in the file from how it was sorted: neither makes it another record."""

OBSERVED = ("practice", "state", "evidence", "intensity")
BETWEEN, END, NULL = "\x1f", "\x1e", "\x18"


def content_of(visits: pd.DataFrame, observations: pd.DataFrame) -> np.ndarray:
    """32 hex digits for each row of `visits`, from its values and its observations.

    The order of rows, columns and observations does not matter; null differs from empty text.
    Nothing of a library is in the formula, so a hash of today compares with one of years ago.
    """
    own = _joined([_texts(visits[name]) for name in SAID], len(visits))
    seen = _joined([_texts(observations[name]) for name in OBSERVED], len(observations))
    order = np.lexsort((seen, observations["visit"].to_numpy()))
    place = observations["visit"].to_numpy()[order]
    bounds = np.searchsorted(place, np.arange(len(visits) + 1))
    sorted_seen = seen[order]
    # a loop, because a digest takes one text at a time
    return np.array(
        [
            hashlib.sha256(
                (own[row] + END + END.join(sorted_seen[bounds[row] : bounds[row + 1]])).encode()
            ).hexdigest()[:32]
            for row in range(len(visits))
        ],
        dtype=object,
    )


def _joined(columns: list[np.ndarray], rows: int) -> np.ndarray:
    if not rows:
        return np.empty(0, dtype=object)
    return np.array([BETWEEN.join(values) for values in zip(*columns, strict=True)], dtype=object)


def _texts(column: pd.Series) -> np.ndarray:
    """Each value as text, the same whatever type the column has; null is a sign of its own."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        known = np.array([*_texts(pd.Series(column.cat.categories)), NULL], dtype=object)
        return known[column.cat.codes.to_numpy()]
    values = column.astype(object).to_numpy()
    missing = column.isna().to_numpy()
    return np.array(
        [NULL if gone else _text(value) for value, gone in zip(values, missing, strict=True)],
        dtype=object,
    )


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | np.integer | np.floating):
        return repr(float(value))
    if hasattr(value, "isoformat"):
        return str(pd.Timestamp(value).date().isoformat())
    return str(value)
