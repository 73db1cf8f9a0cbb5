"""Ledgers written as a few words a visit, for the tests of adoption."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geo.adoption.frames import (
    Ledger,
    checked,
    shaped_known_sites,
    shaped_observations,
    shaped_visits,
)
from geo.adoption.practice import Practice, Settings
from geo.adoption.rates import adoption_table

POND = Practice(
    code="WA-POND",
    title="Settling pond in use",
    direction="adopt",
    applies="washes",
    excluded_by=("underground", "mill-house", "selection"),
)
RETORT = Practice(code="HG-RET", title="Retort", direction="adopt", applies="burns_amalgam")
MERCURY = Practice(
    code="HG-WOA",
    title="Whole-ore amalgamation",
    direction="stop",
    applies="processes",
    excluded_by=("underground", "selection"),
)
PPE = Practice(code="SO-PPE", title="Protective equipment", direction="adopt", applies="")
PRACTICES = (POND, RETORT, MERCURY, PPE)
SETTINGS = Settings()


def visit(site: str | None, states: Mapping[str, Any] | str | None = None, **more: Any) -> dict:
    """One visit; a bare state is of protective equipment, which applies everywhere."""
    if isinstance(states, str):
        states = {"SO-PPE": states}
    return {"site_id": site, "states": states or {}, "selection": "random sample"} | more


def sites(number: int, state: str | None, *, start: int = 0, **more: Any) -> list[dict]:
    """Visits to so many sites, each in the same state."""
    return [visit(f"s{start + n}", state, **more) for n in range(number)]


def ledger_of(visits: Iterable[Mapping[str, Any]]) -> Ledger:
    """The ledger of these visits, in their order; days follow the order where none is given."""
    numbers = itertools.count()
    rows, seen = [], []
    for at, one in enumerate(visits):
        row = {key: value for key, value in one.items() if key != "states"}
        day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=next(numbers) // 400)
        row = {"visit_id": f"v{at}", "visited_on": day, "round": "2024"} | row
        if row.get("district_id"):
            row.setdefault("district", f"District {row['district_id']}")
        rows.append(row)
        for code, state in one["states"].items():
            told = state if isinstance(state, dict) else {"state": state}
            seen.append({"visit": at, "practice": code} | told)
    return checked(
        Ledger(shaped_visits(pd.DataFrame(rows)), shaped_observations(pd.DataFrame(seen)))
    )


def known_of(rows: Iterable[Mapping[str, Any] | str]) -> pd.DataFrame:
    """Known sites; a bare text is a site of which nothing else is known."""
    told = [{"site_id": row} if isinstance(row, str) else dict(row) for row in rows]
    for row in told:
        if "district_id" in row:
            row.setdefault("district", f"District {row['district_id']}")
    return shaped_known_sites(pd.DataFrame(told, columns=_KNOWN if not told else None))


_KNOWN = ["site_id"]


def table_of(
    visits: Iterable[Mapping[str, Any]] | Ledger,
    known: Iterable[Mapping[str, Any] | str] = (),
    *,
    by: str = "region",
    rounds: str | None = "all",
    practices: tuple[Practice, ...] = (PPE,),
    **more: Any,
) -> pd.DataFrame:
    """The adoption table of these visits, of all rounds unless told otherwise."""
    ledger = visits if isinstance(visits, Ledger) else ledger_of(visits)
    return adoption_table(
        ledger,
        known_of(known),
        by=by,
        practices=practices,
        settings=more.get("settings", SETTINGS),
        region_name="Tarkwa",
        rounds=rounds,
    )


def row_of(*args: Any, **more: Any) -> dict[str, Any]:
    """The only row of such a table; null is None."""
    table = table_of(*args, **more)
    assert len(table) == 1
    return {
        name: None if pd.isna(value) else value for name, value in table.iloc[0].to_dict().items()
    }
