"""Regions side by side, with what else than their practice makes them differ."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence

import pandas as pd

from dashboard.workflows.adoption import adoption
from dashboard.workflows.adoption_types import ALL_ROUNDS, AdoptionRun, CompareRun
from dashboard.workflows.types import WorkflowError
from geo.adoption.rates import empty_table
from layers import facts
from layers.practices import practice as practice_of
from layers.store import Store

YEARS_APART = 1


def compare(store: Store, region_ids: Sequence[str], *, practice: str) -> CompareRun:
    """The latest known states of each region, one row a region and practice, in the order given.

    FactsError where a region or the practice is not known; WorkflowError without a region.
    """
    if not region_ids:
        raise WorkflowError("Choose one region or more to compare.")
    one = practice_of(practice)
    runs = [adoption(store, name, by="region", round=ALL_ROUNDS) for name in region_ids]
    told = [run for run in runs if run.visits]
    tables = [run.table for run in told]
    every = pd.concat(tables, ignore_index=True) if tables else empty_table()
    table = every[every["practice"].astype(str) == practice].reset_index(drop=True)
    prints = [[run.region_id, run.fingerprint] for run in runs]
    return CompareRun(
        practice=one,
        region_ids=tuple(region_ids),
        table=table,
        every=every,
        caveats=_caveats(told, table),
        silent=tuple(run.region_name for run in runs if not run.visits),
        fingerprint=hashlib.sha256(json.dumps(prints).encode()).hexdigest()[:16],
        demonstration=any(run.demonstration for run in told),
    )


def _caveats(runs: Sequence[AdoptionRun], table: pd.DataFrame) -> tuple[str, ...]:
    """What differs between the regions: years, choice of sites, share visited, country."""
    told = [
        "Regions differ in their deposits, operations and rules as well; a difference is a "
        "question to talk about, not a ranking."
    ]
    rows = {str(row["area"]): row for row in table.to_dict("records")}
    told += _years(runs)
    told += _selections(rows)
    told += [
        f"{run.region_name}: {run.sites_visited:,} of {run.known_sites:,} known sites were "
        "ever visited."
        for run in runs
    ]
    if len({facts.region(run.region_id).country for run in runs}) > 1:
        told.append("The regions lie in several countries, with other laws and other surveys.")
    invented = [run.region_name for run in runs if run.demonstration]
    if invented:
        told.append(f"Invented for demonstration: {', '.join(invented)}.")
    return tuple(told)


def _years(runs: Sequence[AdoptionRun]) -> list[str]:
    """When each region was visited, and a warning where those are years apart."""
    spans = [
        f"{run.region_name} {_span(run.first_day, run.last_day)}"
        for run in runs
        if run.first_day and run.last_day
    ]
    lasts = [run.last_day.year for run in runs if run.last_day]
    if len(spans) < 2:
        return [f"Visited: {one}." for one in spans]
    apart = max(lasts) - min(lasts)
    if apart < YEARS_APART:
        return [f"Visited: {'; '.join(spans)}."]
    years = "a year" if apart == 1 else f"{apart} years"
    return [
        f"The latest visits are {years} apart: {'; '.join(spans)}. Practice may have changed "
        "since the older ones."
    ]


def _span(first: dt.date | None, last: dt.date | None) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _selections(rows: dict[str, dict[str, object]]) -> list[str]:
    """How the sites were chosen, and a warning where that differs."""
    ways = {
        area: str(row["selection"])
        for area, row in rows.items()
        if row["selection"] is not None and not pd.isna(row["selection"])  # type: ignore[call-overload]
    }
    if len(set(ways.values())) < 2:
        return []
    listed = "; ".join(f"{area}: {way}" for area, way in ways.items())
    return [
        f"Sites were chosen in different ways ({listed}). Only a census or a random sample speaks "
        "for a region; others speak for the visited sites alone."
    ]
