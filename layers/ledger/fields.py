"""What can be corrected, and whether a value fits: one sentence where it does not."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.adoption.frames import EVIDENCE, LED_BY, NO_ROUND, NOT_STATED, SELECTIONS, STATES
from layers.ledger.records import WITHDRAWN
from layers.store import StoreError

TEXTS = ("site_id", "site_name", "district_id", "district", "community", "place_text", "remarks")
NUMBERS: Mapping[str, tuple[float, float, str]] = {
    "longitude": (-180, 180, "degrees east, from -180 to 180"),
    "latitude": (-90, 90, "degrees north, from -90 to 90"),
    "position_sd_m": (0, math.inf, "metres, 0 or more"),
    "women": (0, math.inf, "a number of people, 0 or more"),
    "men": (0, math.inf, "a number of people, 0 or more"),
}
CHOICES: Mapping[str, Sequence[str]] = {"selection": SELECTIONS, "led_by": LED_BY}
WHEN_NULL = {"round": NO_ROUND, "selection": NOT_STATED, "operations": ""}
"""Fields that are never null, and what stands there when nothing is known."""

VISIT_FIELDS = (*TEXTS, *NUMBERS, *CHOICES, "round", "operations", "visited_on", "share_position")
OBSERVATION_FIELDS = ("state", "evidence", "intensity")
FLAGS = (WITHDRAWN, "share_position")


def fitting(field: str, value: Any, *, practice: str | None) -> Any:
    """The value as a plain JSON type, days as ISO text; StoreError says why it does not fit."""
    if practice is not None:
        return _observed(field, value)
    if field not in (*VISIT_FIELDS, WITHDRAWN):
        raise StoreError(
            f"'{field}' of a visit cannot be corrected. Choose one of: {', '.join(VISIT_FIELDS)}."
        )
    value = plain(value)
    if isinstance(value, str):
        value = value.strip() or None
    if value is None and field != WITHDRAWN:
        return WHEN_NULL.get(field)
    return _said(field, value)


def _said(field: str, value: Any) -> Any:
    """A value of a visit that is not null."""
    if field in NUMBERS:
        return _number(field, value, *NUMBERS[field])
    if field in CHOICES:
        return _choice(field, value, CHOICES[field])
    if field == "visited_on":
        return _day(value)
    if field in FLAGS and not isinstance(value, bool):
        raise StoreError(f"'{field}' is true or false, not {value!r}.")
    return value if field in FLAGS else str(value)


def plain(value: Any) -> Any:
    """A value of a frame as a plain JSON type: null as None, days as ISO text."""
    if value is None or value is pd.NA:
        return None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.integer | np.floating):
        return None if math.isnan(value) else float(value)
    if isinstance(value, np.datetime64 | dt.datetime | type(pd.NaT)):
        return None if pd.isna(value) else pd.Timestamp(value).date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _observed(field: str, value: Any) -> Any:
    value = plain(value)
    if field == "state":
        return _choice(field, value, STATES)
    if field == "evidence":
        return None if value in (None, "") else _choice(field, value, EVIDENCE)
    if field == "intensity":
        return None if value is None else _number(field, value, 0, math.inf, "a number from 0")
    raise StoreError(
        f"'{field}' of an observation cannot be corrected. "
        f"Choose one of: {', '.join(OBSERVATION_FIELDS)}."
    )


def _number(field: str, value: Any, least: float, most: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StoreError(f"'{field}' is {what}, not {value!r}.")
    if not least <= value <= most or math.isinf(value):
        raise StoreError(f"'{field}' is {what}; {value:g} is not.")
    return float(value)


def _choice(field: str, value: Any, choices: Sequence[str]) -> str:
    if value not in choices:
        raise StoreError(f"'{field}' cannot be {value!r}. Choose one of: {', '.join(choices)}.")
    return str(value)


def _day(value: Any) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"{value!r} is not a day. Write it as year-month-day, like 2025-03-14."
        ) from error
