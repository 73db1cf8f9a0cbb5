"""A small landscape whose hotspots can be counted by hand, for the tests of all their doors."""

import datetime as dt
from typing import Any

import shapely

from layers.catalogue import LayerVersion
from layers.store import Store
from tests.layers.samples import add

GHANA = {"region_id": "tarkwa"}
RIVER = 5.3
WEST, EAST, EMPTY = "West", "East", "Nobody's"


def site(name: str, longitude: float, metres: float, **more: Any) -> dict[str, Any]:
    """A site so many metres north of the river, well surveyed unless told otherwise."""
    place = shapely.Point(longitude, RIVER + metres / 110_583)
    return {"feature_id": name, "geometry": place, "position_sd_m": 3.0} | more


SITES = [
    site("w1", -2.05, 30),
    site("w2", -2.06, 40),
    site("w3", -2.07, 100, position_sd_m=20.0),
    site("w4", -2.08, 2_000),
    site("w5", -2.09, 3_000),
    site("w6", -2.10, 4_000),
    *(site(f"e{n}", -1.95 + n / 100, 5_000) for n in range(5)),
    site("far", -1.75, 30),
]


def sites(store: Store, rows: list[dict[str, Any]], **more: Any) -> LayerVersion:
    return add(store, rows, kind="mine_sites", name="Sites", **GHANA, **more)


def without_districts(store: Store) -> Store:
    """The sites and the river alone."""
    sites(store, SITES, data_date=dt.date(2025, 6, 30))
    river = {"feature_id": "r", "geometry": shapely.LineString([(-2.2, RIVER), (-1.7, RIVER)])}
    add(store, [river], kind="water", name="Rivers", **GHANA)
    return store


def filled(store: Store) -> Store:
    """Six sites in West, three of them at the river; five in East; one beyond; none elsewhere."""
    without_districts(store)
    districts = [
        {"feature_id": "d1", "name": WEST, "geometry": shapely.box(-2.2, 5, -2.0, 6)},
        {"feature_id": "d2", "name": EAST, "geometry": shapely.box(-2.0, 5, -1.8, 6)},
        {"feature_id": "d3", "name": EMPTY, "geometry": shapely.box(-2.4, 5, -2.2, 6)},
    ]
    add(store, districts, kind="districts", name="Districts", **GHANA)
    return store
