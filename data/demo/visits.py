"""Three rounds of survey visits to the demonstration sites. All invented.

Each round visits other sites and some again, so that a rise between rounds may be no trend: only
the sites of both rounds show one.
"""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo.land import generator

PRACTICES = Path(__file__).parent.with_name("practices.toml")
ROUNDS = (
    {"round": 1, "start": dt.date(2021, 3, 8), "sites": 92, "selection": "convenience"},
    {"round": 2, "start": dt.date(2023, 3, 6), "sites": 110, "selection": "random sample"},
    {"round": 3, "start": dt.date(2025, 3, 3), "sites": 124, "selection": "random sample"},
)
USED_SHARE = {"adopt": (0.14, 0.24, 0.33), "stop": (0.62, 0.52, 0.42)}
PARTLY, TRIED, UNKNOWN = 0.12, 0.06, 0.11
NEAR_WATER_M = 200.0
LED_BY = ("man", "mixed", "woman")
LED_BY_SHARE = (0.6, 0.25, 0.15)
NOT_COUNTED, NO_CONSENT = 0.08, 0.1
"""Share of visits on which nobody counted the people, or on which they want no place shown."""


def visits(spots: gpd.GeoDataFrame, wet: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row a visit, in plane metres: site, day, flags, and the state of every practice."""
    with PRACTICES.open("rb") as file:
        facts = tomllib.load(file)
    rng = generator(20)
    flags = _flags(spots, wet, facts, rng=rng)
    lean = rng.random((len(spots), len(_drawn(facts))))
    rounds = [
        _round(spots, flags, lean, facts=facts, number=number, rng=rng)
        for number in range(len(ROUNDS))
    ]
    every = pd.concat(rounds, ignore_index=True)
    every.insert(0, "visit_id", [f"DV-{number:03d}" for number in range(1, len(every) + 1)])
    return every.assign(**_people(every["site_id"], spots))


def _people(site_ids: pd.Series, spots: gpd.GeoDataFrame) -> dict[str, Any]:
    """Who works at the sites, as counted on each visit; empty where nobody counted.

    A site is led by the same people on every visit. Numbers are of its own size give or take a few.
    """
    rng = generator(21)
    led_by = rng.choice(LED_BY, len(spots), p=LED_BY_SHARE)
    share = np.select([led_by == "woman", led_by == "mixed"], [0.6, 0.4], default=0.22)
    place = pd.Index(spots["site_id"]).get_indexer(site_ids)
    size = spots["workers"].to_numpy(dtype="float64")[place]
    counted = ~np.isnan(size) & (rng.random(len(place)) >= NOT_COUNTED)
    people = np.maximum(np.nan_to_num(size) + rng.integers(-3, 4, len(place)), 2).astype(int)
    women = rng.binomial(people, share[place])
    return {
        "women": np.where(counted, women, np.nan),
        "men": np.where(counted, people - women, np.nan),
        "led_by": led_by[place],
        "share_position": np.where(rng.random(len(place)) < NO_CONSENT, "no", "yes"),
    }


def _flags(
    spots: gpd.GeoDataFrame,
    wet: gpd.GeoDataFrame,
    facts: dict[str, Any],
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """What each site does, from its operation and from what is seen there."""
    group = spots["operation_type"].str.split(" ").str[0]
    does = {record["group"]: set(record["does"]) for record in facts["operation"]}
    table = pd.DataFrame(
        {flag: [flag in does[name] for name in group] for flag in ("digs", "processes", "washes")}
    )
    chance = rng.random((len(spots), 4))
    table["uses_mercury"] = table["processes"] & (chance[:, 0] < 0.85)
    table["burns_amalgam"] = table["uses_mercury"] & (chance[:, 1] < 0.9)
    table["leaches"] = (group == "mill-house").to_numpy() & (chance[:, 2] < 0.3)
    table["machines"] = table["digs"] & (chance[:, 3] < 0.45)
    tree = shapely.STRtree(wet.geometry.to_numpy())
    near = tree.query(spots.geometry.to_numpy(), predicate="dwithin", distance=NEAR_WATER_M)[0]
    table["near_water"] = np.isin(np.arange(len(spots)), near)
    return table[facts["flags"]]


def _round(
    spots: gpd.GeoDataFrame,
    flags: pd.DataFrame,
    lean: np.ndarray,
    *,
    facts: dict[str, Any],
    number: int,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """The visits of one round, in the order of their days."""
    plan = ROUNDS[number]
    chosen = np.sort(rng.choice(len(spots), plan["sites"], replace=False))
    days = np.sort(rng.integers(0, 40, len(chosen)))
    xy = shapely.get_coordinates(spots.geometry.to_numpy()[chosen])
    table = gpd.GeoDataFrame(
        {
            "round": plan["round"],
            "site_id": spots["site_id"].to_numpy()[chosen],
            "site_name": spots["site_name"].to_numpy()[chosen],
            "visit_date": [plan["start"] + dt.timedelta(days=int(day)) for day in days],
            "selection": plan["selection"],
            "operation_type": spots["operation_type"].to_numpy()[chosen],
            "evidence": rng.choice(facts["evidence"], len(chosen), p=[0.3, 0.55, 0.15]),
            "position_sd_m": rng.uniform(3, 15, len(chosen)).round(0),
        },
        geometry=shapely.points(xy + rng.normal(0, 6, xy.shape)),
    )
    here = flags.iloc[chosen].reset_index(drop=True)
    told = here.replace({True: "yes", False: "no"})
    states = {
        practice["code"]: _states(
            practice,
            applies=here[practice["applies"]] if practice["applies"] else True,
            lean=lean[chosen, column],
            number=number,
            rng=rng,
        )
        for column, practice in enumerate(_drawn(facts))
    }
    seen = {
        practice["code"]: np.select(
            [~here[practice["applies"]], here[practice["tells"]]],
            ["not applicable", "used"],
            default="not used",
        )
        for practice in facts["practice"]
        if "tells" in practice
    }
    return pd.concat([table, told, pd.DataFrame(seen | states)], axis=1)


def _drawn(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The practices whose states are made up; the others say what a flag of the site says."""
    return [practice for practice in facts["practice"] if "tells" not in practice]


def _states(
    practice: dict[str, Any],
    *,
    applies: pd.Series | bool,
    lean: np.ndarray,
    number: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """The state of one practice at each visit; a site leans the same way in every round."""
    used = USED_SHARE[practice["direction"]][number]
    unknown = rng.random(len(lean)) < UNKNOWN
    return np.select(
        [~np.broadcast_to(applies, len(lean)), unknown]
        + [lean < used + step for step in (0.0, PARTLY, PARTLY + TRIED)],
        ["not applicable", "unknown", "used", "partly", "tried-and-stopped"],
        default="not used",
    )
