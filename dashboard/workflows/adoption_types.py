"""What the adoption ledger hands to pages, routes and the command line: frozen records."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.workflows.types import INVENTED
from geo.adoption.counts import BYS, By
from geo.adoption.frames import UNKNOWN, Ledger
from geo.adoption.practice import Practice
from layers.ledger.records import Action, Correction

BY = BYS
BY_TITLES = {
    "district": "district",
    "region": "region",
    "operation": "type of operation",
    "sex": "who leads the site",
}
WORDING = (
    "Giving or training is not use. Unknown is not no: it leaves the denominator and is shown. "
    "Absence of data is not absence of mining."
)
ALL_ROUNDS = "all"
"""The round of rows that take the latest known state of each site, whatever round it is of."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """A region's visits and known sites as they are now, each with its district. Never change them.

    `known` has site_id, district_id, district, operations and site_name, a row a site that stands
    in a layer or was visited. `rounds` are in the order of their first days. `notes` are sentences
    on what places and sites cannot tell.
    """

    region_id: str
    region_name: str
    ledger: Ledger
    known: pd.DataFrame
    districts: Mapping[str, str]
    district_layer: str | None
    rounds: tuple[str, ...]
    notes: tuple[str, ...]
    fingerprint: str
    demonstration: bool

    @property
    def is_empty(self) -> bool:
        """Whether no visit counts."""
        return self.ledger.visits.empty

    @property
    def days(self) -> tuple[dt.date | None, dt.date | None]:
        """The first and the last day of a visit, None where no day is known."""
        days = self.ledger.visits["visited_on"].dropna()
        return (days.min().date(), days.max().date()) if len(days) else (None, None)

    @property
    def sites_visited(self) -> int:
        """Distinct sites with a visit that counts."""
        return int(self.ledger.visits["site_id"].nunique())


@dataclass(frozen=True, kw_only=True, eq=False)
class AdoptionRun:
    """Who uses which practice, by area and round. Never change `table`: it is shared.

    `table` has the columns of `geo.adoption.adoption_table`: shares of one, null is no data.
    `practice` and `round` are what was asked for, None = every one. `notes` are sentences.
    """

    region_id: str
    region_name: str
    by: By
    practice: str | None
    round: str | None
    table: pd.DataFrame
    rounds: tuple[str, ...]
    visits: int
    known_sites: int
    sites_visited: int
    first_day: dt.date | None
    last_day: dt.date | None
    practices: tuple[Practice, ...]
    notes: tuple[str, ...]
    fingerprint: str
    demonstration: bool

    def as_json(self) -> dict[str, Any]:
        """What `adoption --json` prints."""
        notes = [*self.notes, *([INVENTED] if self.demonstration else [])]
        return {
            "region": self.region_id,
            "by": self.by,
            "practice": self.practice,
            "round": self.round,
            "rounds": list(self.rounds),
            "visits": self.visits,
            "known_sites": self.known_sites,
            "visited": self.sites_visited,
            "first_day": _iso(self.first_day),
            "last_day": _iso(self.last_day),
            "rows": records(self.table),
            "notes": list(dict.fromkeys(notes)),
            "demonstration": self.demonstration,
            "wording": WORDING,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class PanelRun:
    """What changed on the sites visited in both of two rounds, beside all sites of each.

    `table` has PANEL_COLUMNS of `dashboard.brief.model`, one row a practice; empty where no site
    was visited in both.
    """

    region_id: str
    earlier: str
    later: str
    table: pd.DataFrame
    fingerprint: str


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverageRun:
    """Who was visited, when, and who never.

    `areas` has COVERAGE_COLUMNS of `dashboard.brief.model` and, for each round, a column of its
    label: known sites visited in it. `sites` is a row a known site: site_id, site, district,
    visits, rounds, first_day, last_day. `area_only` counts visits of which only an area is known.
    """

    region_id: str
    region_name: str
    areas: pd.DataFrame
    sites: pd.DataFrame
    rounds: tuple[str, ...]
    visits: int
    area_only: int
    first_day: dt.date | None
    last_day: dt.date | None
    notes: tuple[str, ...]
    fingerprint: str
    demonstration: bool

    @property
    def known_sites(self) -> int:
        """Sites that stand in a layer or were visited."""
        return len(self.sites)

    @property
    def visited(self) -> int:
        """Known sites with a visit."""
        return int((self.sites["visits"] > 0).sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class CompareRun:
    """Regions side by side. `table` has a row a region of `practice`, its latest known states.

    `every` has the same rows of every practice. `caveats` say what makes the regions differ beside
    their practice; `silent` are the names of regions without a visit.
    """

    practice: Practice
    region_ids: tuple[str, ...]
    table: pd.DataFrame
    every: pd.DataFrame
    caveats: tuple[str, ...]
    silent: tuple[str, ...]
    fingerprint: str
    demonstration: bool


@dataclass(frozen=True, kw_only=True)
class SiteVisit:
    """One visit as a person reads it: the state and evidence of every practice that was recorded.

    `states` maps a practice code to (state, evidence or None, intensity or None).
    """

    visit_id: str
    day: dt.date | None
    round: str | None
    selection: str
    operations: tuple[str, ...]
    women: float | None
    men: float | None
    led_by: str | None
    remarks: str | None
    states: Mapping[str, tuple[str, str | None, float | None]]
    batch: str
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class SiteHistory:
    """Every visit to a site, newest first, and what was corrected, newest first.

    `days` maps the id of a visit to its day, for the corrections.
    """

    region_id: str
    site_id: str
    name: str
    district: str | None
    visits: tuple[SiteVisit, ...]
    corrections: tuple[Correction, ...]
    demonstration: bool

    @property
    def codes(self) -> tuple[str, ...]:
        """The practices that were recorded at any visit, in the order they were found."""
        return tuple(dict.fromkeys(code for visit in self.visits for code in visit.states))

    @property
    def counted(self) -> tuple[SiteVisit, ...]:
        """The visits that count, newest first."""
        return tuple(visit for visit in self.visits if not visit.withdrawn)

    def latest(self) -> Mapping[str, str]:
        """The latest known state of each practice; "unknown" where no visit could tell."""
        found: dict[str, str] = {}
        for visit in self.counted:
            for code, (told, _, _) in visit.states.items():
                if found.get(code, UNKNOWN) == UNKNOWN:
                    found[code] = told
        return found


@dataclass(frozen=True, kw_only=True)
class ActionState:
    """An action of the road map, what the ledger says of it, and why.

    `progress` is "on track", "behind", "can't tell", or "" where the action has no target or is
    done or dropped. `row` is the latest row of the table for its area and practice, None where
    there is none; `today` is the day it was judged on.
    """

    action: Action
    progress: str
    reason: str
    row: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class RoadMap:
    """A region's actions as they stand, by target day and title."""

    region_id: str
    region_name: str
    states: tuple[ActionState, ...]
    as_of: dt.date
    demonstration: bool

    def as_json(self) -> dict[str, Any]:
        """What `actions --json` prints."""
        return {
            "region": self.region_id,
            "as_of": self.as_of.isoformat(),
            "actions": [
                {
                    **one.action.as_json(),
                    "progress": one.progress or None,
                    "reason": one.reason or None,
                    "latest": plain_row(one.row) if one.row else None,
                }
                for one in self.states
            ],
            "demonstration": self.demonstration,
        }


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row as plain JSON types."""
    return {name: _plain(value, whole=name in WHOLE) for name, value in row.items()}


def records(table: pd.DataFrame, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Rows as plain JSON types: days as ISO text, null as None, whole numbers whole."""
    wanted = list(columns) if columns is not None else list(table.columns)
    cells = {
        name: [_plain(value, whole=name in WHOLE) for value in table[name].tolist()]
        for name in wanted
    }
    return [dict(zip(wanted, row, strict=True)) for row in zip(*cells.values(), strict=True)]


WHOLE = frozenset(
    (
        *("observations", "used", "applicable", "unknown", "known_sites", "visited"),
        *("partly", "tried", "not_used", "not_applicable", "intensity_n", "women", "men"),
    )
)
"""Columns that count: whole numbers wherever they are written."""


def _plain(value: Any, *, whole: bool) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if whole else value
    if isinstance(value, pd.Timestamp | dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
