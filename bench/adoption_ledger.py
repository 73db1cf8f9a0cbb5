"""An invented ledger of any size, the same on every machine: visits, observations, known sites.

A site keeps its district, its operations and who leads it; everything else differs by visit.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geo.adoption.frames import (
    EVIDENCE,
    LED_BY,
    SELECTIONS,
    STATES,
    Ledger,
    checked,
    shaped_known_sites,
    shaped_visits,
)
from geo.adoption.practice import Practice
from layers.practices import operations, practices

SEED = 20_261_125
ROUNDS, DISTRICTS = 8, 30
FIRST_DAY = np.datetime64("2016-01-01", "s")
FRAMES = ("visits", "observations", "known")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`observations` in all, `practices` of them on each visit, `sites` that visits go to."""

    observations: int
    practices: int
    sites: int


SHAPES = {
    "S": Shape(observations=20_000, practices=24, sites=400),
    "forms": Shape(observations=1_000_000, practices=24, sites=20_000),
    "single": Shape(observations=1_000_000, practices=1, sites=100_000),
}
"""`forms`: each visit fills in a whole form; `single`: each notes one practice, as surveys do."""


def followed(shape: Shape) -> tuple[Practice, ...]:
    """The practices of a ledger: the first of the list that ships."""
    return practices()[: shape.practices]


def make_ledger(shape: Shape) -> tuple[Ledger, pd.DataFrame]:
    """The ledger and its known sites; one site in ten is visited without being known."""
    rng = np.random.default_rng([SEED, shape.observations, shape.practices])
    codes = [one.code for one in followed(shape)]
    many = shape.observations // len(codes)
    groups = [one.group for one in operations()]
    kinds = np.array(["", *groups, "alluvial|mill-house", "surface|selection"])
    at_site = {
        "district_id": rng.integers(0, DISTRICTS, shape.sites),
        "operations": kinds[rng.integers(0, len(kinds), shape.sites)],
        "led_by": rng.integers(0, len(LED_BY) + 1, shape.sites),
    }
    site = rng.integers(0, shape.sites, many)
    day = FIRST_DAY + rng.integers(0, 365 * ROUNDS, many) * np.timedelta64(86_400, "s")
    names = np.array([f"site-{n:07d}" for n in range(shape.sites)], dtype=object)
    districts = np.array([f"d{n:02d}" for n in range(DISTRICTS)], dtype=object)
    visits = shaped_visits(
        pd.DataFrame(
            {
                "visit_id": np.array([f"v{n:08d}" for n in range(many)], dtype=object),
                "site_id": names[site],
                "district_id": districts[at_site["district_id"][site]],
                "district": districts[at_site["district_id"][site]],
                "visited_on": day,
                "round": day.astype("datetime64[Y]").astype(str),
                "selection": rng.choice(SELECTIONS, many, p=[0.5, 0.46, 0.02, 0.02]),
                "operations": at_site["operations"][site],
                "women": rng.integers(0, 40, many).astype("float64"),
                "men": rng.integers(0, 60, many).astype("float64"),
                "led_by": np.array([*LED_BY, None], dtype=object)[at_site["led_by"][site]],
                "source_row": np.arange(many) + 2,
            }
        )
    )
    total = many * len(codes)
    observations = pd.DataFrame(
        {
            "visit": np.repeat(np.arange(many, dtype="int32"), len(codes)),
            "practice": pd.Categorical.from_codes(
                np.tile(np.arange(len(codes)), many), categories=codes
            ),
            "state": pd.Categorical.from_codes(
                rng.choice(len(STATES), total, p=[0.3, 0.1, 0.1, 0.3, 0.1, 0.1]),
                categories=list(STATES),
            ),
            "evidence": pd.Categorical.from_codes(
                rng.integers(-1, len(EVIDENCE), total), categories=list(EVIDENCE), ordered=True
            ),
            "intensity": np.where(rng.random(total) < 0.1, rng.random(total) * 100, np.nan),
        }
    )
    listed = np.flatnonzero(rng.random(shape.sites) < 0.9)
    known = shaped_known_sites(
        pd.DataFrame(
            {
                "site_id": names[listed],
                "district_id": districts[at_site["district_id"][listed]],
                "district": districts[at_site["district_id"][listed]],
                "operations": at_site["operations"][listed],
            }
        )
    )
    return checked(Ledger(visits, observations)), known


def write_ledger(shape: Shape, folder: Path) -> None:
    """The frames as Parquet files, one a frame."""
    ledger, known = make_ledger(shape)
    for name, frame in zip(FRAMES, (ledger.visits, ledger.observations, known), strict=True):
        frame.to_parquet(folder / f"{name}.parquet", index=False)


def read_ledger(folder: Path) -> tuple[Ledger, pd.DataFrame]:
    """The frames of such files as they were, the rounds in their order."""
    visits, observations, known = (pd.read_parquet(folder / f"{name}.parquet") for name in FRAMES)
    return Ledger(shaped_visits(visits), observations), known
