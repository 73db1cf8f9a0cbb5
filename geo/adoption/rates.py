"""Adoption by area, practice and round: who uses it, of how many, and how sure that is.

What is counted is sites, not visits: a site's latest visit of the round with a known state. The
denominator is the sites where the practice applies and the state is known; unknown is not "no",
leaves the denominator, and is shown. Reasons: docs/decisions/0018-adoption-statistics.md.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.adoption.counts import BYS, Areas, By, Counts, areas_of, count
from geo.adoption.frames import APPLICABLE_STATES, NOT_APPLICABLE, STATES, USED, Ledger
from geo.adoption.intervals import wilson
from geo.adoption.places import NO_DAY
from geo.adoption.practice import Practice, Settings
from geo.adoption.reasons import reasons
from geo.adoption.showing import NO_DATA, SUPPRESSED, Showing, decide
from geo.adoption.units import Units, make_units
from geo.errors import AdoptionError
from geo.measure import Array

TABLE_COLUMNS: dict[str, str] = {
    "area": "str",
    "practice": "str",
    "round": "str",
    "observations": "Int64",
    "used": "Int64",
    "applicable": "Int64",
    "unknown": "Int64",
    "known_sites": "Int64",
    "visited": "Int64",
    "rate": "float64",
    "low": "float64",
    "high": "float64",
    "shown_as": "str",
    "area_id": "str",
    "partly": "Int64",
    "tried": "Int64",
    "not_used": "Int64",
    "not_applicable": "Int64",
    "selection": "str",
    "census": "bool",
    "first_day": "datetime64[s]",
    "last_day": "datetime64[s]",
    "women": "float64",
    "men": "float64",
    "intensity_n": "Int64",
    "intensity_median": "float64",
    "direction": "str",
    "reason": "str",
    "population": "Int64",
    "used_seen": "Int64",
    "people_sites": "Int64",
    "used_observations": "Int64",
    "applicable_observations": "Int64",
}
"""Column -> dtype of an adoption table. Null and NaN are "no data", or kept back where `shown_as`
is "suppressed". Beyond what the names say: `observations` are visits with a known state; `partly`,
`tried`, `not_used`, `not_applicable`, `unknown` are sites; `women`, `men` people at work at the
visited sites where they were counted (`people_sites`); `population` the sites where the practice
may apply, as far as anybody knows; `used_seen` the sites of `used` where it was seen or verified;
`used_observations` of `applicable_observations` count every visit, so that a site visited often
counts often: for comparison with figures that were made in that way.
"""


def empty_table() -> pd.DataFrame:
    """No row, with all columns of an adoption table."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in TABLE_COLUMNS.items()})


def adoption_table(
    ledger: Ledger,
    known: pd.DataFrame,
    *,
    by: By,
    practices: Sequence[Practice],
    settings: Settings,
    region_name: str,
    rounds: str | None = None,
) -> pd.DataFrame:
    """Adoption by area, practice and round, with the columns of `TABLE_COLUMNS`.

    Rows go by area, then practice in the order given, then round; after the rounds comes "all",
    where each site counts once with its latest known state. `rounds` asks for one round (or "all")
    alone. An area with known sites and no visit has its rows too: "no data". Raises AdoptionError
    where the round or `by` does not exist.
    """
    tables = adoption_tables(
        ledger,
        known,
        by=(by,),
        practices=practices,
        settings=settings,
        region_name=region_name,
        rounds=rounds,
    )
    return tables[by]


def adoption_tables(
    ledger: Ledger,
    known: pd.DataFrame,
    *,
    by: Sequence[By] = BYS,
    practices: Sequence[Practice],
    settings: Settings,
    region_name: str,
    rounds: str | None = None,
) -> dict[By, pd.DataFrame]:
    """Several adoption tables at once; what they share is done once. See `adoption_table`."""
    wrong = [one for one in by if one not in BYS]
    if wrong:
        raise AdoptionError(f"There is no table by '{wrong[0]}'. Choose one of: {', '.join(BYS)}.")
    units = make_units(ledger, known, practices)
    if rounds is not None and rounds not in units.rounds:
        raise AdoptionError(
            f"There is no round '{rounds}'. Choose one of: {', '.join(units.rounds)}."
        )
    chosen = [at for at, label in enumerate(units.rounds) if rounds in (None, label)]
    tables = {}
    for one in by:
        areas = areas_of(units, one, region_name=region_name)
        counts = count(units, areas, practices)
        showing = decide(counts, settings)
        tables[one] = _table(
            units,
            areas,
            counts,
            showing,
            practices=practices,
            settings=settings,
            chosen=chosen,
            by=one,
        )
    return tables


def _table(
    units: Units,
    areas: Areas,
    counts: Counts,
    showing: Showing,
    *,
    practices: Sequence[Practice],
    settings: Settings,
    chosen: Sequence[int],
    by: By,
) -> pd.DataFrame:
    """The rows of a table from its arrays, which are (area, round, practice)."""
    shape = (len(areas.table), len(chosen), len(practices))

    def rows(values: Array) -> Array:
        """One value a row: area, practice, round."""
        if values.ndim == 1:
            values = values[:, None]
        if values.ndim == 2:
            values = values[:, :, None]
        if values.shape[1] > 1 or len(units.rounds) == 1:
            values = values[:, chosen, :]
        return np.broadcast_to(values, shape).transpose(0, 2, 1).ravel()

    shown_as = rows(showing.shown_as)
    hidden, nothing = shown_as == SUPPRESSED, shown_as == NO_DATA
    state = {name: rows(counts.states[..., at]) for at, name in enumerate(STATES[:-1])}
    applicable = rows(showing.applicable)
    visited, population = rows(counts.visited), rows(counts.population)
    unknown = visited - applicable - state[NOT_APPLICABLE]
    rated = rows(showing.is_rated)
    low, high = wilson(
        np.where(rated, state[USED], 0),
        np.where(rated, applicable, 0),
        level=settings.level,
        population=np.where(rows(showing.is_census), population, np.nan),
    )
    place = np.arange(int(np.prod(shape)))
    area, practice, label = np.unravel_index(place, (shape[0], shape[2], shape[1]))
    first_visit, last_visit = rows(counts.first_visit), rows(counts.last_visit)
    few = rows(counts.everybody) < settings.least_people
    columns: dict[str, Any] = {
        "area": areas.table["area"].to_numpy(dtype=object)[area],
        "practice": np.array([one.code for one in practices], dtype=object)[practice],
        "round": np.array([units.rounds[at] for at in chosen], dtype=object)[label],
        "observations": _whole(rows(counts.records), hidden),
        "used": _whole(state[USED], hidden | nothing),
        "applicable": _whole(applicable, hidden),
        "unknown": _whole(unknown, hidden),
        "known_sites": _whole(rows(counts.known_sites), False),
        "visited": _whole(visited, False),
        "rate": np.divide(state[USED], applicable, out=np.full(len(place), np.nan), where=rated),
        "low": low,
        "high": high,
        "shown_as": shown_as,
        "area_id": areas.table["area_id"].to_numpy(dtype=object)[area],
        **{
            name: _whole(state[one], hidden | nothing)
            for name, one in zip(
                ("partly", "tried", "not_used"), APPLICABLE_STATES[1:], strict=True
            )
        },
        "not_applicable": _whole(state[NOT_APPLICABLE], hidden),
        "selection": rows(showing.selection),
        "census": rows(showing.is_census) & ~hidden,
        "first_day": _dates(np.where(applicable > 0, rows(counts.first), first_visit)),
        "last_day": _dates(np.where(applicable > 0, rows(counts.last), last_visit)),
        "women": np.where(hidden | few, np.nan, rows(counts.women)),
        "men": np.where(hidden | few, np.nan, rows(counts.men)),
        "intensity_n": _whole(rows(counts.intensity_n), hidden),
        "intensity_median": np.where(hidden, np.nan, rows(counts.intensity_median)),
        "direction": np.array([one.direction for one in practices], dtype=object)[practice],
        "population": _whole(population, hidden),
        "used_seen": _whole(rows(counts.seen_used), hidden | nothing),
        "people_sites": _whole(rows(counts.people_sites), False),
        "used_observations": _whole(rows(counts.used_records), hidden | nothing),
        "applicable_observations": _whole(rows(counts.applicable_records), hidden),
    }
    columns["reason"] = reasons(
        shown_as=shown_as,
        is_secondary=rows(showing.is_secondary),
        selection=columns["selection"],
        is_census=rows(showing.is_census),
        applicable=applicable,
        population=population,
        unknown=unknown,
        visited=visited,
        weakest=rows(showing.weakest),
        contradicted=rows(counts.contradicted),
        area_only=rows(counts.area_only),
        is_better_low=np.array([one.is_better_low for one in practices])[practice],
        settings=settings,
        by=by,
    )
    table = pd.DataFrame({name: columns[name] for name in TABLE_COLUMNS})
    return table.astype({n: kind for n, kind in TABLE_COLUMNS.items() if kind not in ("Int64",)})


def _whole(values: Array, hidden: Array | bool) -> Any:
    """Whole numbers that know "no data": NaN and what is hidden."""
    missing = np.isnan(values) | hidden if values.dtype.kind == "f" else np.asarray(hidden)
    filled = np.where(missing, 0, values).astype("int64")
    return pd.arrays.IntegerArray(filled, np.broadcast_to(missing, filled.shape).copy())


def _dates(days: Array) -> Array:
    """Dates of whole days since 1970; NaT for `NO_DAY`."""
    dates = days.astype("datetime64[D]")
    return np.where(days == NO_DAY, np.datetime64("NaT"), dates).astype("datetime64[s]")
