"""The heavy part of a hotspot run: units counted, tested, compared and explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.workflows import hotspot_words as sentences
from dashboard.workflows.hotspot_count import (
    conflict_counts,
    counted_conflicts,
    counted_rules,
    placed_counts,
    subject_rows,
    trust,
)
from dashboard.workflows.hotspot_order import ranked
from dashboard.workflows.hotspot_places import (
    DETECTIONS,
    SITES,
    VISITS,
    Places,
    Units,
    district_units,
    hexagon_units,
    read_places,
    surveyed_ground,
    surveyed_km2,
)
from dashboard.workflows.hotspot_settings import settings, testing
from dashboard.workflows.hotspot_since import (
    KINDS,
    Since,
    change_sentences,
    changed_conflicts,
    same_ground,
    unit_changes,
)
from dashboard.workflows.hotspot_types import OUTSIDE
from dashboard.workflows.types import ConflictRun
from geo import hexagons
from geo import hotspots as science
from geo.rules import Rule
from layers import facts
from layers.store import Store

DECIMALS = 6
NO_RATE: Mapping[str, None] = {"value": None, "low": None, "high": None}
"""Where there are too few sites for a rate, none is given: not even one with a wide interval."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked; together with the versions of the layers it decides the answer."""

    region_id: str
    by: str
    resolution: int | None
    measure: str
    district_layer: str | None
    since: str | None
    chosen_rules: tuple[str, ...] | None
    step: str | None = None


def compute(
    store: Store,
    asked: Question,
    run: ConflictRun,
    before: ConflictRun | None,
    older: Since | None,
) -> dict[str, Any]:
    """The answer as plain JSON types, without what the question and the runs say themselves."""
    rules = counted_rules(run.rules, settings=settings()["counted"], chosen=asked.chosen_rules)
    places = read_places(store, asked.region_id, run.layer_versions)
    old = read_places(store, asked.region_id, before.layer_versions) if before else None
    ground, declared = surveyed_ground(store, asked.region_id, run.layer_versions, places)
    units = _units(store, asked, run, [places, *([old] if old else [])], declared)
    band_m = _band_m(asked, units)
    rows = _counted(units, places, run, rules, ground, resolution=asked.resolution)
    test = testing()
    assessment = science.assess(
        _for_test(units, rows),
        measure=asked.measure,
        band_m=band_m,
        rules=test,
        support="band" if asked.by == "h3" else "own",
    )
    _assessed(rows, assessment, measure=asked.measure, test=test)
    changes = None
    if before is not None and older is not None and old is not None:
        changes = _changes(
            store, asked, units, rows, sides=(before, run), at=(old, places), rules=rules,
            older=older,
        )  # fmt: skip
    kept = _worth_a_row(rows, by=asked.by)
    _explain(
        kept, rules, test=test, band_m=band_m, since=older.label if changes and older else None
    )
    hexes = asked.by == "h3"
    bounds = facts.region(asked.region_id).bounds
    empty = None
    if hexes:
        inside = hexagons.cells_within(bounds, resolution=asked.resolution or 8)
        empty = max(0, inside - _cells_in(units, bounds))
    return {
        "rules": [rule.rule_id for rule in rules],
        "band_m": band_m,
        "tested": assessment.why_not is None,
        "units_with_data": assessment.units_with_data,
        "rows": [dict(row) for row in ranked(kept)],
        "cells_without_data": empty,
        "method": tuple(
            sentences.method(
                by=asked.by,
                resolution=asked.resolution,
                cell_km2=_cell_km2(units),
                measure=asked.measure,
                band_m=band_m,
                test=test,
                why_not=assessment.why_not,
                units_with_data=assessment.units_with_data,
                rule_titles=[f"{rule.title} ({rule.rule_id})" for rule in rules],
            )
        ),
        "notes": _notes(store, asked, run, places, rows=kept, empty=empty),
        "changes": changes,
    }


def _units(
    store: Store,
    asked: Question,
    run: ConflictRun,
    sides: Sequence[Places],
    declared: np.ndarray,
) -> Units:
    districts = None
    if asked.district_layer is not None:
        districts = district_units(store, asked.region_id, asked.district_layer, run.layer_versions)
    if asked.by == "districts" and districts is not None:
        return districts
    resolution = asked.resolution or 8
    cells: set[str] = set(hexagons.cells_in_areas(declared, resolution=resolution))
    for places in sides:
        cells |= set(hexagons.cells_of(*places.lonlat.T, resolution=resolution)) - {None}
    return hexagon_units(
        sorted(cells),
        resolution=resolution,
        measuring_crs=facts.region(asked.region_id).measuring_crs,
        districts=districts,
    )


def _band_m(asked: Question, units: Units) -> float:
    if asked.by == "h3":
        return float(settings()["hexagons"]["band_m"][str(asked.resolution)])
    return science.band_for(units.table[["x", "y"]].to_numpy())


def _counted(
    units: Units,
    places: Places,
    run: ConflictRun,
    rules: tuple[Rule, ...],
    ground: np.ndarray,
    *,
    resolution: int | None,
) -> list[dict[str, Any]]:
    """One record a unit with its counts, in the order of `units`, and last what lies in none."""
    many = len(units.table)
    at = units.at(places, resolution=resolution)
    found = placed_counts(places, at, units=many)
    table = counted_conflicts(run.table, rules)
    hits = conflict_counts(table, places, at, units=many)
    known = trust(places, at, units=many)
    area = surveyed_km2(units.shapes, ground)
    beyond = sum(shape.area for shape in ground) / 1e6 - area.sum()
    surveyed = np.append(area, max(0.0, beyond))
    records = []
    for place, (hit, sure) in enumerate(zip(hits, known, strict=True)):
        sites, visits = int(found[SITES][place]), int(found[VISITS][place])
        inside_unit = place < many
        unit = units.table.iloc[place] if inside_unit else None
        been = sites + visits > 0 or _declared_surveyed(unit, float(surveyed[place]), by=units.by)
        social = {name: sure.pop(name) for name in ("social_intensity", "social_sites")}
        records.append(
            {
                "unit_id": OUTSIDE if unit is None else str(unit["unit_id"]),
                "name": "Outside every district loaded" if unit is None else str(unit["name"]),
                "district": None if unit is None or pd.isna(unit["district"]) else unit["district"],
                "area_km2": None if unit is None else _rounded(unit["area_km2"]),
                "known_sites": sites,
                "detections": int(found[DETECTIONS][place]),
                "visits": visits,
                "surveyed": bool(been),
                "surveyed_km2": _rounded(surveyed[place]) if been else 0.0,
                **{name: hit[SITES][name] for name in ("in_conflict", "inside", "too_close")},
                **{
                    f"detections_{name}": hit[DETECTIONS][name]
                    for name in ("in_conflict", "inside", "too_close", "by_rule")
                },
                "by_rule": hit[SITES]["by_rule"],
                "by_breach": hit["by_breach"],
                "by_receptor": hit["by_receptor"],
                **social,
                "confidence": {**sure, "too_close": hit[SITES]["too_close"]},
                "change": None,
            }
        )
    return records


def _declared_surveyed(unit: pd.Series | None, km2: float, *, by: str) -> bool:
    """Whether a layer of surveyed ground makes a unit surveyed that has neither site nor visit.

    A hexagon: where at least half of it is; a district: where some of it is, told in km².
    """
    if unit is None:
        return False
    share = 0.5 * unit["area_km2"] if by == "h3" else testing().min_km2
    return bool(km2 >= share)


def _for_test(units: Units, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    within = rows[: len(units.table)]
    return pd.DataFrame(
        {
            "unit_id": [row["unit_id"] for row in within],
            "x": units.table["x"].to_numpy(dtype="float64"),
            "y": units.table["y"].to_numpy(dtype="float64"),
            "sites": np.array([row["known_sites"] for row in within], dtype="float64"),
            "hits": np.array([row["in_conflict"] for row in within], dtype="float64"),
            "surveyed": np.array([row["surveyed"] for row in within], dtype=bool),
            "surveyed_km2": np.array([row["surveyed_km2"] for row in within], dtype="float64"),
        }
    )


def _assessed(
    rows: list[dict[str, Any]],
    assessment: science.Assessment,
    *,
    measure: str,
    test: science.TestRules,
) -> None:
    """Put rate, test and class into the records; what lies in no unit has a rate, but no test."""
    for row, found in zip(rows, assessment.table.itertuples(index=False), strict=False):
        told = found._asdict()
        row |= {
            name: _rounded(told[name])
            for name in ("value", "low", "high", "support", "z", "p", "p_fdr")
        }
        row.update(NO_RATE if told["unit_class"] == science.TOO_FEW else {})
        row |= {
            "neighbours": int(found.neighbours),
            "near_sites": int(found.near_sites),
            "near_in_conflict": int(found.near_hits),
            "unit_class": str(found.unit_class),
        }
    last = rows[-1]
    sites, hits = np.array([last["known_sites"]]), np.array([last["in_conflict"]])
    low, high = science.wilson(hits, sites)
    few = science.TOO_FEW if last["known_sites"] < test.min_sites else science.NOT_TESTED
    is_rate = measure == science.PER_SITE and last["known_sites"] > 0
    last |= {
        "value": _rounded(hits[0] / sites[0]) if is_rate else None,
        "low": _rounded(low[0]) if is_rate else None,
        "high": _rounded(high[0]) if is_rate else None,
        "support": float(last["known_sites"]),
        **{"z": None, "p": None, "p_fdr": None, "neighbours": 0},
        **{"near_sites": last["known_sites"], "near_in_conflict": last["in_conflict"]},
        "unit_class": few if last["surveyed"] else science.NOT_SURVEYED,
    }
    last.update(NO_RATE if last["unit_class"] == science.TOO_FEW else {})


def _rounded(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), DECIMALS)


def _changes(
    store: Store,
    asked: Question,
    units: Units,
    rows: list[dict[str, Any]],
    *,
    sides: tuple[ConflictRun, ConflictRun],
    at: tuple[Places, Places],
    rules: tuple[Rule, ...],
    older: Since,
) -> dict[str, Any]:
    """Put what changed into the records; returns what changed over all."""
    many = len(units.table)
    old, new = at
    tables = tuple(counted_conflicts(side.table, rules) for side in sides)
    differs = changed_conflicts(
        store, *tables, old=sides[0].layer_versions, new=sides[1].layer_versions
    )
    # a conflict lies where its subject lies now, or where it lay when that is gone
    now, then = (units.at(places, resolution=asked.resolution) for places in (new, old))
    row_now, row_then = subject_rows(differs, new), subject_rows(differs, old)
    unit = np.where(row_now >= 0, now[row_now], then[row_then]) if len(differs) else row_now
    counts = unit_changes(differs, unit, units=many)
    listed = placed_counts(old, then, units=many)
    hits = conflict_counts(tables[0], old, then, units=many)
    for place, row in enumerate(rows):
        row["change"] = {
            kind: {
                "listed": row["known_sites" if kind == SITES else "detections"],
                "listed_before": int(listed[kind][place]),
                "in_conflict": row["in_conflict" if kind == SITES else "detections_in_conflict"],
                "in_conflict_before": hits[place][kind]["in_conflict"],
                **{name: int(values[place]) for name, values in counts[kind].items()},
            }
            for kind in KINDS
        }
    totals = {
        kind: {
            name: sum(row["change"][kind][name] for row in rows)
            for name in rows[-1]["change"][kind]
        }
        for kind in KINDS
    }
    ground = same_ground(differs, old, new)
    return {
        "label": older.label,
        "totals": totals,
        "sentences": change_sentences(totals, ground, older),
    }


def _worth_a_row(rows: list[dict[str, Any]], *, by: str) -> list[dict[str, Any]]:
    """All units; what lies in none only where something does, and never for hexagons."""
    last = rows[-1]
    change = last["change"] or {}
    there = last["known_sites"] + last["detections"] + last["visits"]
    there += sum(counts["listed_before"] for counts in change.values())
    return rows if by == "districts" and there else rows[:-1]


def _explain(
    rows: list[dict[str, Any]],
    rules: tuple[Rule, ...],
    *,
    test: science.TestRules,
    band_m: float,
    since: str | None,
) -> None:
    by_id = {rule.rule_id: rule for rule in rules}
    for row in rows:
        row["reason"] = sentences.reason(
            row,
            by_id,
            settings()["places"],
            min_sites=test.min_sites,
            band_m=band_m,
            since=since,
        )


def _cell_km2(units: Units) -> float | None:
    """The median size of the hexagons, square kilometres; None for districts or without any."""
    if units.by != "h3" or units.table.empty:
        return None
    return float(units.table["area_km2"].median())


def _cells_in(units: Units, bounds: tuple[float, float, float, float]) -> int:
    west, south, east, north = bounds
    lon, lat = hexagons.cell_middles(list(units.table["unit_id"])).T
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return int(inside.sum())


def _notes(
    store: Store,
    asked: Question,
    run: ConflictRun,
    places: Places,
    *,
    rows: Sequence[Mapping[str, Any]],
    empty: int | None,
) -> tuple[str, ...]:
    names = {layer_id: store.layer(layer_id) for layer_id in run.layer_versions}
    districts = [one for one in names.values() if one.kind == "districts"]
    districts.sort(key=lambda one: (one.layer_id != asked.district_layer, one.layer_id))
    sites = places.table[places.table["kind"] == SITES]
    shared = sites.groupby("feature_id")["layer_id"].nunique()
    return sentences.notes(
        by=asked.by,
        cells_without_data=empty,
        kinds=places.table["kind"].value_counts().to_dict(),
        shared_ids=int((shared > 1).sum()),
        district_layers=[one.name for one in districts],
        outside=any(row["unit_id"] == OUTSIDE for row in rows),
        not_assessed=run.not_assessed,
    )
