"""A small landscape with visits whose shares can be counted by hand, for all doors of adoption."""

import datetime as dt
import io
from typing import Any

import pandas as pd
import shapely

from geo.adoption.frames import Ledger, shaped_observations, shaped_visits
from layers.ledger.records import VisitBatch
from layers.store import Store
from tests.layers.samples import add

REGION = "tarkwa"
GHANA = {"region_id": REGION}
WEST, EAST, EMPTY = "West", "East", "Nobody's"
FIRST, SECOND = "2023", "2025"
POND, MERCURY = "WA-POND", "HG-USE"
WEST_SITES, EAST_SITES = 40, 30


def site(site_id: str, longitude: float, latitude: float, **more: Any) -> dict[str, Any]:
    return {"feature_id": site_id, "geometry": shapely.Point(longitude, latitude)} | more


def landscape(store: Store) -> Store:
    """40 sites in West, 30 in East, none in the third district, one beyond all of them."""
    rows = [
        *(site(f"w{n}", -2.19 + n / 220, 5.3, name=f"West {n}") for n in range(WEST_SITES)),
        *(site(f"e{n}", -1.99 + n / 220, 5.3) for n in range(EAST_SITES)),
        site("far", -1.75, 5.3),
    ]
    for row in rows:
        row["source:operation_type"] = "alluvial dig and wash"
    add(store, rows, kind="mine_sites", name="Sites", data_date=dt.date(2025, 6, 30), **GHANA)
    districts = [
        {"feature_id": "d1", "name": WEST, "geometry": shapely.box(-2.2, 5, -2.0, 6)},
        {"feature_id": "d2", "name": EAST, "geometry": shapely.box(-2.0, 5, -1.8, 6)},
        {"feature_id": "d3", "name": EMPTY, "geometry": shapely.box(-2.4, 5, -2.2, 6)},
    ]
    add(store, districts, kind="districts", name="Districts", **GHANA)
    return store


def visit(
    site_id: str | None, day: str, round_: str, states: dict[str, str], **more: Any
) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "visited_on": pd.Timestamp(day),
        "round": round_,
        "selection": "random sample",
        "operations": "alluvial",
        "women": 6.0,
        "men": 20.0,
        "states": states,
    } | more


def frames(rows: list[dict[str, Any]], *, start: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits with `identity` and their observations."""
    visits = pd.DataFrame([{k: v for k, v in row.items() if k != "states"} for row in rows])
    visits = visits.assign(
        visit_id=[f"v{start + n}" for n in range(len(rows))], source_row=range(2, 2 + len(rows))
    )
    seen = [
        {"visit": at, "practice": code, "state": state, "evidence": row.get("evidence", "seen")}
        for at, row in enumerate(rows)
        for code, state in row["states"].items()
    ]
    shaped = shaped_visits(visits)
    return shaped.assign(identity=visits["visit_id"].astype("str")), shaped_observations(
        pd.DataFrame(seen)
    )


def ledger_of(rows: list[dict[str, Any]]) -> Ledger:
    visits, observations = frames(rows)
    return Ledger(visits.drop(columns="identity"), observations)


def bring(store: Store, rows: list[dict[str, Any]], *, start: int = 0, **more: Any) -> None:
    """Put visits into the ledger as an import would."""
    visits, observations = frames(rows, start=start)
    content = f"visits {start} {len(rows)} {more}".encode()
    sha256 = store.put_original(io.BytesIO(content))
    told: dict[str, Any] = {
        "region_id": REGION,
        "imported_by": "a test",
        "filename": "visits.csv",
        "sha256": sha256,
        "request": {},
        "request_fingerprint": sha256[:16],
        "read": len(rows),
        "visits": visits,
        "observations": observations,
    }
    store.add_visits(VisitBatch(**(told | more)))


def rounds() -> list[dict[str, Any]]:
    """Two rounds: 30 sites of West in both, 28 of East only in the second, where more use ponds.

    On the panel of 30, 9 used a pond in the first round and 12 in the second; mercury 15 and 15.
    In East 21 of 28 use a pond; two more were visited and nobody could tell.
    """
    first = [
        visit(
            f"w{n}",
            f"2023-03-{n % 28 + 1:02d}",
            FIRST,
            {
                POND: "used" if n < 9 else "not used",
                MERCURY: "used" if n < 15 else "not used",
            },
        )
        for n in range(30)
    ]
    second = [
        visit(
            f"w{n}",
            f"2025-03-{n % 28 + 1:02d}",
            SECOND,
            {
                POND: "used" if n < 12 else "partly" if n == 12 else "not used",
                MERCURY: "used" if n < 15 else "not used",
            },
        )
        for n in range(30)
    ]
    east = [
        visit(
            f"e{n}",
            f"2025-04-{n % 28 + 1:02d}",
            SECOND,
            {POND: "used" if n < 21 else "not used" if n < 28 else "unknown"},
        )
        for n in range(30)
    ]
    return [*first, *second, *east]


def filled(store: Store) -> Store:
    """The landscape with both rounds in its ledger."""
    landscape(store)
    bring(store, rounds())
    return store
