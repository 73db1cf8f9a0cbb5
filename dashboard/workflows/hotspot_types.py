"""What a hotspot run hands out: frozen records, ready for a page, a route or JSON."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.workflows.types import WORDING
from geo import hotspots as science

OUTSIDE = "outside"
"""The unit id of what lies in no district."""

BY = ("districts", "h3")

CLASS_TITLES = {
    science.HOT_99: "Hotspot, 99 %",
    science.HOT_95: "Hotspot, 95 %",
    science.NOT_SIGNIFICANT: "Not significant",
    science.NOT_TESTED: "Not tested: too few units",
    science.TOO_FEW: "Too few sites",
    science.NOT_SURVEYED: "Not surveyed",
}
CLASS_COLORS = {
    science.HOT_99: "#6b1d3a",
    science.HOT_95: "#d9772b",
    science.NOT_SIGNIFICANT: "#ecdfb8",
    science.NOT_TESTED: "#9fb8bd",
    science.TOO_FEW: "#6f7f86",
    science.NOT_SURVEYED: "#8a8f93",
}


@dataclass(frozen=True, kw_only=True)
class HotspotRow:
    """One unit: a district, a hexagon, or what lies outside every district.

    `unit_id` is `<layer id>/<feature id>` of a district, the H3 id of a hexagon, or "outside".
    `known_sites`, `in_conflict` and so on count distinct mine sites; `detections` are told apart:
    they are no sites. `in_conflict` = `inside` + `too_close`: a site is `inside` when one of its
    counted conflicts is. `by_rule` maps a rule id to {inside, too_close}, `by_breach` and
    `by_receptor` a level of data/ranking.toml to the sites whose highest it is.
    `social_intensity` is the highest 0-4 a site of the unit carries, None = no data. `value` is
    the rate (`low`, `high`: its 95 % Wilson interval); `z`, `p`, `p_fdr` are None where there was
    no test. `near_sites` and `near_in_conflict` count those of all units in the distance band, its
    own included. `confidence` holds position_sd_m (median), too_close, extent_known, oldest, newest
    and undated. `change` is None without something to compare with.
    """

    rank: int
    unit_id: str
    name: str
    district: str | None
    unit_class: str
    reason: str
    known_sites: int
    detections: int
    visits: int
    surveyed: bool
    surveyed_km2: float
    area_km2: float | None
    in_conflict: int
    inside: int
    too_close: int
    detections_in_conflict: int
    detections_inside: int
    detections_too_close: int
    by_rule: Mapping[str, Mapping[str, int]]
    detections_by_rule: Mapping[str, Mapping[str, int]]
    by_breach: Mapping[str, int]
    by_receptor: Mapping[str, int]
    social_intensity: int | None
    social_sites: int
    confidence: Mapping[str, Any]
    value: float | None
    low: float | None
    high: float | None
    support: float | None
    z: float | None
    p: float | None
    p_fdr: float | None
    neighbours: int
    near_sites: int
    near_in_conflict: int
    change: Mapping[str, Mapping[str, int]] | None

    @property
    def seen_from_space(self) -> bool:
        """Whether a satellite saw something where nobody has been."""
        return not self.surveyed and self.detections > 0

    @property
    def breach_level(self) -> int:
        """The highest level of breach of any site, 0 where no rule is breached."""
        return max((int(level) for level, many in self.by_breach.items() if many), default=0)

    @property
    def receptor_level(self) -> int:
        """The highest level of receptor of any site, 0 where none is touched."""
        return max((int(level) for level, many in self.by_receptor.items() if many), default=0)

    def as_json(self) -> dict[str, Any]:
        """The row as plain JSON types; null is no data, never zero."""
        return {
            **self.__dict__,
            "by_rule": {name: dict(counts) for name, counts in self.by_rule.items()},
            "detections_by_rule": {
                name: dict(counts) for name, counts in self.detections_by_rule.items()
            },
            "seen_from_space": self.seen_from_space,
        }


@dataclass(frozen=True, kw_only=True)
class HotspotChanges:
    """What a run was compared with, under the same rules.

    `label` names it ("the version of 2020-12-31 of 'Mines'"), `versions` the older side's versions
    by layer id. `totals` has the same counts as a row's `change`, over all units. `sentences` say
    it in words, what comes from layers or sites that one side does not have among them.
    """

    label: str
    versions: Mapping[str, str]
    totals: Mapping[str, Mapping[str, int]]
    sentences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HotspotRun:
    """The hotspots of a region on a day, ranked. `rows` are in their order, rank 1 first.

    `band_m` is the distance band of the test in metres. `tested` says whether there was a test;
    `method` are sentences on how it was done, `notes` what a reader must not take for certain.
    `cells_without_data` counts hexagons of the region about which nothing at all is known (None
    for districts); they are no rows, and they are not surveyed. `rules` are the counted rules.
    """

    region_id: str
    as_of: dt.date
    scenarios: tuple[str, ...]
    by: str
    resolution: int | None
    district_layer: str | None
    measure: str
    since: str | None
    rules: tuple[str, ...]
    chosen_rules: tuple[str, ...] | None
    band_m: float
    tested: bool
    units_with_data: int
    rows: tuple[HotspotRow, ...]
    cells_without_data: int | None
    method: tuple[str, ...]
    notes: tuple[str, ...]
    changes: HotspotChanges | None
    fingerprint: str
    layer_versions: Mapping[str, str]
    demonstration: bool

    def row(self, unit_id: str) -> HotspotRow | None:
        """One unit, None where the run has none such."""
        return next((row for row in self.rows if row.unit_id == unit_id), None)

    def as_json(self) -> dict[str, Any]:
        """What `hotspots --json` prints."""
        changes = self.changes
        return {
            "region": self.region_id,
            "as_of": self.as_of.isoformat(),
            "by": self.by,
            "resolution": self.resolution,
            "district_layer": self.district_layer,
            "measure": self.measure,
            "scenarios": list(self.scenarios),
            "rules": list(self.rules),
            "tested": self.tested,
            "units_with_data": self.units_with_data,
            "band_m": self.band_m,
            "rows": [row.as_json() for row in self.rows],
            "cells_without_data": self.cells_without_data,
            "changes": changes
            and {
                "since": changes.label,
                "versions": dict(changes.versions),
                "totals": {kind: dict(counts) for kind, counts in changes.totals.items()},
                "sentences": list(changes.sentences),
            },
            "method": list(self.method),
            "notes": list(self.notes),
            "layer_versions": dict(self.layer_versions),
            "demonstration": self.demonstration,
            "wording": WORDING,
        }
