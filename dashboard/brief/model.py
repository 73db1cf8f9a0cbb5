"""What a region's brief, spreadsheet and table are made of: frames and records, no store."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import pandas as pd

RATE_COLUMNS = (
    *("area", "practice", "round", "observations", "used", "applicable", "unknown"),
    *("known_sites", "visited", "rate", "low", "high", "shown_as"),
    *("area_id", "partly", "tried", "not_used", "not_applicable", "selection", "census"),
    *("first_day", "last_day", "women", "men", "intensity_n", "intensity_median"),
    *("direction", "reason"),
)
"""Of a table of rates, one row area x practice x round. Shares are of one; null is no data."""

PANEL_COLUMNS = (
    *("practice", "earlier", "later", "n", "used_before", "used_after", "started", "stopped"),
    *("change", "low", "high", "p", "cross_change", "cross_low", "cross_high"),
    *("composition", "within", "warning"),
)
"""Of a table of changes on the same sites, one row practice x pair of rounds.

`n` sites were visited with a known state in both rounds. Changes are differences of shares of one
(0.1 = 10 percentage points); `cross_*` compares all sites of each round; `composition` and `within`
are the parts of it that come from visiting other sites and from sites changing. `warning` is a
plain sentence or null.
"""

COVERAGE_COLUMNS = (
    *("area_id", "area", "known_sites", "visited", "never_visited", "visits"),
    *("first_day", "last_day"),
)
"""Of a table of who was visited, one row an area. Empty known sites are no data, not none."""


class PracticeFacts(Protocol):
    """What is shown of a practice; `direction` is "adopt" (higher is better) or "stop"."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def direction(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a practice is meant to be: shares of one, and the days they belong to."""

    share: float
    due: dt.date | None = None
    baseline: float | None = None
    baseline_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class RoadMapLine:
    """One action of a region's road map as it stands now.

    `area` is the district it is for, empty for the whole region. `practice` is a code or empty.
    `status` is what its owner says. `progress` is "on track", "behind", "can't tell", or empty
    where the action has no target; `reason` says why in one sentence.
    """

    action: str
    owner: str
    area: str = ""
    practice: str = ""
    target: Target | None = None
    status: str = ""
    progress: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BriefInput:
    """All that is known of the practices of one region on one day.

    `rates` has RATE_COLUMNS by region (one area, all rounds), `areas` the same by district.
    `shapes` are the districts in EPSG:4326 with `area_id` and `area`, or None; they are measured
    in `measuring_crs`. `panels` has PANEL_COLUMNS, `coverage` COVERAGE_COLUMNS. `leading` is the
    code of the practice the map shows. `sources` and `cautions` are plain sentences. `dialogue` is
    the region's phase. `demonstration` says that the data, or a part of them, are invented.
    """

    region_id: str
    region_name: str
    country_name: str
    as_of: dt.date
    practices: tuple[PracticeFacts, ...]
    leading: str
    rates: pd.DataFrame
    areas: pd.DataFrame
    panels: pd.DataFrame
    coverage: pd.DataFrame
    shapes: gpd.GeoDataFrame | None
    measuring_crs: str
    actions: tuple[RoadMapLine, ...] = ()
    dialogue: str = "unknown"
    sources: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    demonstration: bool = False
