"""The ledger as frames: visits, observations and known sites, their columns, and what they refuse.

All frames are plain pandas. A site is named by its `site_id`; positions are degrees, WGS 84.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import AdoptionError

USED, PARTLY, TRIED = "used", "partly", "tried-and-stopped"
NOT_USED, NOT_APPLICABLE, UNKNOWN = "not used", "not applicable", "unknown"
STATES = (USED, PARTLY, TRIED, NOT_USED, NOT_APPLICABLE, UNKNOWN)
APPLICABLE_STATES = (USED, PARTLY, TRIED, NOT_USED)
"""The denominator of a rate: the state is known and the practice applies."""

EVIDENCE = ("claimed", "seen", "verified")
"""In rising order."""

CENSUS, RANDOM_SAMPLE, CONVENIENCE, NOT_STATED = (
    "census",
    "random sample",
    "convenience",
    "not stated",
)
SELECTIONS = (CENSUS, RANDOM_SAMPLE, CONVENIENCE, NOT_STATED)
LED_BY = ("woman", "man", "mixed")
NOT_RECORDED = "not recorded"
NO_ROUND = "no round"
"""The round of visits that belong to none."""
OPERATION_SEPARATOR = "|"

VISIT_COLUMNS: dict[str, str] = {
    "visit_id": "str",
    "site_id": "str",
    "site_name": "str",
    "district_id": "str",
    "district": "str",
    "community": "str",
    "place_text": "str",
    "longitude": "float64",
    "latitude": "float64",
    "position_sd_m": "float64",
    "visited_on": "datetime64[s]",
    "round": "category",
    "selection": "category",
    "operations": "category",
    "women": "float64",
    "men": "float64",
    "led_by": "category",
    "share_position": "boolean",
    "remarks": "str",
    "batch_id": "str",
    "source_row": "int64",
}
"""Column -> dtype of `visits`, one row a visit. Null text, NaN, NaT and null say "no data"; a null
`site_id` says that only an area is known. `operations` are groups joined by "|"; "" = not recorded.
"""

OBSERVATION_COLUMNS: dict[str, str] = {
    "visit": "int32",
    "practice": "category",
    "state": "category",
    "evidence": "category",
    "intensity": "float64",
}
"""Column -> dtype of `observations`, one row a visit and practice. `visit` is the position of the
visit's row in `visits`."""

KNOWN_SITE_COLUMNS: dict[str, str] = {
    "site_id": "str",
    "district_id": "str",
    "district": "str",
    "operations": "str",
    "listed": "bool",
}
"""Column -> dtype of the known sites, one row a site. `listed`: a mine-site layer has it. A site
known only because it was visited is not listed: it says nothing on how many others there are.
"""

_FIXED = {
    "selection": pd.CategoricalDtype(list(SELECTIONS)),
    "led_by": pd.CategoricalDtype(list(LED_BY)),
    "state": pd.CategoricalDtype(list(STATES)),
    "evidence": pd.CategoricalDtype(list(EVIDENCE), ordered=True),
}
_NEEDED = {"visits": ("visit_id", "round", "selection", "operations"), "observations": ()}
_WHEN_MISSING: dict[str, Any] = {
    "selection": NOT_STATED,
    "round": NO_ROUND,
    "operations": "",
    "source_row": 0,
}


@dataclass(frozen=True, eq=False)
class Ledger:
    """All accepted visits of a region and what each saw, corrections applied."""

    visits: pd.DataFrame
    observations: pd.DataFrame


def empty_visits() -> pd.DataFrame:
    """No visit, with all columns."""
    return shaped_visits(pd.DataFrame())


def empty_observations() -> pd.DataFrame:
    """No observation, with all columns."""
    return shaped_observations(pd.DataFrame())


def empty_known_sites() -> pd.DataFrame:
    """No known site, with all columns."""
    return shaped_known_sites(pd.DataFrame())


def empty_ledger() -> Ledger:
    """A ledger without a visit."""
    return Ledger(empty_visits(), empty_observations())


def shaped_visits(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with exactly the columns of `visits` and their dtypes, rounds by first day.

    Columns it has not are added as "no data"; columns that are no part of `visits` are left out.
    Raises AdoptionError where a value does not fit its column.
    """
    return in_order_of_rounds(_shaped(frame, VISIT_COLUMNS, "visits"))


def shaped_observations(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with exactly the columns of `observations` and their dtypes."""
    return _shaped(frame, OBSERVATION_COLUMNS, "observations")


def shaped_known_sites(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with exactly the columns of known sites and their dtypes.

    Without a column `listed` all are; operations that are not known are "".
    """
    if "listed" not in frame:
        frame = frame.assign(listed=True)
    shaped = _shaped(frame, KNOWN_SITE_COLUMNS, "known sites")
    return shaped.assign(operations=shaped["operations"].fillna(""))


def in_order_of_rounds(visits: pd.DataFrame) -> pd.DataFrame:
    """The same visits with the categories of `round` in order of first day; undated rounds last."""
    rounds = visits["round"].astype("category")
    labels = pd.Index(rounds.cat.categories.astype("str"))
    if not labels.equals(rounds.cat.categories):
        rounds = rounds.astype("str").astype("category")
    first = visits["visited_on"].groupby(rounds, observed=True).min()
    ordered = first.reset_index().sort_values(
        ["visited_on", "round"],
        key=lambda column: column.astype(str) if column.name == "round" else column,
        na_position="last",
    )
    in_order = pd.Index(ordered["round"].astype("str"))
    return visits.assign(round=rounds.cat.set_categories(in_order, ordered=True))


def round_labels(ledger: Ledger) -> tuple[str, ...]:
    """The rounds of a ledger in the order of their first day."""
    return tuple(str(label) for label in ledger.visits["round"].cat.categories)


def checked(ledger: Ledger) -> Ledger:
    """The same ledger, if its frames are what they must be.

    Raises AdoptionError, which names the frame, the column and the first row that is wrong.
    """
    visits, observations = ledger.visits, ledger.observations
    _check_columns(visits, VISIT_COLUMNS, "visits")
    _check_columns(observations, OBSERVATION_COLUMNS, "observations")
    for column in _NEEDED["visits"]:
        _refuse(visits[column].isna().to_numpy(), "visits", column, "is empty")
    _refuse(visits["visit_id"].duplicated().to_numpy(), "visits", "visit_id", "stands there twice")
    for column in ("women", "men"):
        _refuse((visits[column] < 0).to_numpy(), "visits", column, "is below 0")
    at = observations["visit"].to_numpy()
    _refuse((at < 0) | (at >= len(visits)), "observations", "visit", "is no row of the visits")
    for column in ("practice", "state"):
        _refuse(observations[column].isna().to_numpy(), "observations", column, "is empty")
    pair = at.astype("int64") * max(len(observations["practice"].cat.categories), 1)
    pair += observations["practice"].cat.codes.to_numpy()
    _refuse(
        pd.Series(pair).duplicated().to_numpy(),
        "observations",
        "practice",
        "was already seen on the same visit",
    )
    return ledger


def _shaped(frame: pd.DataFrame, columns: dict[str, str], what: str) -> pd.DataFrame:
    shaped = {}
    for column, dtype in columns.items():
        given = frame[column] if column in frame else pd.Series(pd.NA, index=frame.index)
        if column in _WHEN_MISSING and given.isna().any():
            given = given.astype(object).where(given.notna(), _WHEN_MISSING[column])
        try:
            shaped[column] = _cast(given, column, dtype)
        except (TypeError, ValueError) as error:
            raise AdoptionError(
                f"Column '{column}' of the {what} cannot be read as {dtype}: {error}."
            ) from error
        _refuse(
            (shaped[column].isna() & given.notna()).to_numpy(),
            what,
            column,
            f"is none of: {', '.join(map(str, _FIXED[column].categories))}"
            if column in _FIXED
            else f"is not {dtype}",
        )
    return pd.DataFrame(shaped, index=frame.index)


def _cast(given: pd.Series, column: str, dtype: Any) -> pd.Series:
    if given.dtype == _FIXED.get(column, dtype):
        return given
    if column in _FIXED:
        # a value that is no category becomes null here and is refused by the caller
        known = given.isin(_FIXED[column].categories)
        return given.astype(object).where(known, None).astype(_FIXED[column])
    if dtype == "category":
        return given.astype("str").astype("category")
    if dtype == "float64":
        return pd.to_numeric(given).astype("Float64").astype("float64")
    if dtype == "datetime64[s]":
        return pd.to_datetime(given).astype(dtype)
    return given.astype(dtype)


def _check_columns(frame: pd.DataFrame, columns: dict[str, str], what: str) -> None:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise AdoptionError(f"The {what} have no column {', '.join(missing)}.")
    for column, dtype in columns.items():
        is_fit = _is_fit(frame[column], column, dtype)
        if not is_fit:
            raise AdoptionError(
                f"Column '{column}' of the {what} is {frame[column].dtype}, but must be "
                f"{_FIXED.get(column, dtype)}."
            )


def _is_fit(values: pd.Series, column: str, dtype: str) -> bool:
    if column in _FIXED:
        return isinstance(values.dtype, pd.CategoricalDtype) and tuple(
            values.cat.categories
        ) == tuple(_FIXED[column].categories)
    if dtype == "category":
        return isinstance(values.dtype, pd.CategoricalDtype)
    if dtype == "str":
        return pd.api.types.is_string_dtype(values.dtype) or bool(values.isna().all())
    return str(values.dtype) == dtype


def _refuse(wrong: np.ndarray[Any, Any], what: str, column: str, why: str) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        more = int(wrong.sum()) - 1
        raise AdoptionError(
            f"Column '{column}' of the {what}, row {first}{f' and {more} more' if more else ''}: "
            f"the value {why}."
        )
