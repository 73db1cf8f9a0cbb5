"""A visit one can hold in the head: three stops in a row near Tarkwa, one layer, two ways."""

import datetime as dt
from dataclasses import replace
from typing import Any

from dashboard.field.model import (
    Card,
    ConflictHere,
    LicenceHere,
    Nearest,
    Pack,
    PackLayer,
    PracticeSeen,
    Source,
    Stop,
    Way,
)

BASE = {"bounds": [-10, -3, 6, 13], "attribution": "", "credit": "", "countries": [], "waters": []}
EMPTY_PART = {"unit": 0.001, "land": [], "lakes": [], "coasts": [], "borders": [], "rivers": []}
BASEMAP: dict[str, Any] = {**BASE, "near": EMPTY_PART, "far": EMPTY_PART, "towns": []}

CARD = Card(
    operations=("alluvial",),
    mineral="gold",
    women=4,
    men=12,
    visited_on=dt.date(2025, 3, 4),
    practices=(
        PracticeSeen(
            code="HG-RET", title="Retort in use", state="used", evidence="seen",
            day=dt.date(2025, 3, 4),
        ),
        PracticeSeen(code="WA-POND", title="Settling pond in use", state="unknown"),
    ),
    licences=(LicenceHere(name="ML 4/12", holder="Gold Co", state="ended"),),
    conflicts=(
        ConflictHere(
            conflict_id="ab12cd34", title="100 m from any water body", what="Bonsa",
            verdict="too_close",
            distance_m=92.0, sd_m=14.0, status="secondary",
        ),
    ),
    nearest=(Nearest(kind="water", name="Bonsa", distance_m=92.0, bearing_deg=200.0),),
    missing=("clinics",),
)  # fmt: skip


def stop(number: int = 1, **other: Any) -> Stop:
    """A stop of the visit, each two hundredths of a degree east of the one before."""
    told: dict[str, Any] = {
        "number": number,
        "layer_id": "tarkwa.mine_sites.sites",
        "feature_id": f"S-{number}",
        "name": f"Pit {number}",
        "longitude": -1.99 + 0.02 * (number - 1),
        "latitude": 5.30,
        "position_sd_m": 10.0,
        "consent": "agreed",
        "district": "Tarkwa-Nsuaem",
        "day": dt.date(2026, 12, 2),
        "arrive": dt.time(9, 15),
        "leave": dt.time(10, 0),
        "by_road": None if number == 1 else number % 2 == 0,
        "way_m": None if number == 1 else 2_214.0,
        "card": CARD,
    }
    return Stop(**{**told, **other})


def sites(*stops: Stop) -> PackLayer:
    """The stops as the one layer of the map."""
    features = tuple(
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.longitude, one.latitude]},
            "properties": {"id": one.feature_id, "name": one.name, "told": [["Mineral", "gold"]]},
        }
        for one in stops
    )
    return PackLayer(
        layer_id="tarkwa.mine_sites.sites",
        kind="mine_sites",
        title="Mine sites",
        color="#8c1d40",
        symbol="circle",
        order=80,
        features=features,
        source=Source(title="Mine sites", day=dt.date(2024, 1, 1), note="a survey"),
    )


def pack(*stops: Stop, **other: Any) -> Pack:
    """The visit as a pack."""
    chosen = stops or (stop(1), stop(2), stop(3))
    told = Pack(
        visit_id="demo",
        title="Tarkwa field visit",
        group="Group A",
        region_id="tarkwa",
        region_name="Tarkwa-Nsuaem",
        country_name="Ghana",
        first_day=dt.date(2026, 12, 2),
        last_day=dt.date(2026, 12, 2),
        languages=("en",),
        made_at=dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC),
        bounds=(-2.05, 5.25, -1.90, 5.35),
        stops=chosen,
        layers=(sites(*chosen),),
        ways=(
            Way(points=((-1.99, 5.30), (-1.98, 5.31), (-1.97, 5.30)), by_road=True),
            Way(points=((-1.97, 5.30), (-1.95, 5.30)), by_road=False),
        ),
    )
    return replace(told, **other)
