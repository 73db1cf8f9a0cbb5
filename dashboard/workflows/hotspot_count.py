"""Counts of each unit: sites, detections and visits in it, and which of them are in conflict."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dashboard.workflows.hotspot_places import DETECTIONS, SITES, VISITS, Places
from dashboard.workflows.ranking import scales
from geo.rules import Rule

KINDS = (SITES, DETECTIONS)


def counted_rules(
    rules: tuple[Rule, ...], *, settings: Mapping[str, Any], chosen: tuple[str, ...] | None
) -> tuple[Rule, ...]:
    """The rules about sites whose conflicts count: those chosen, else as the settings say."""
    about_sites = [
        rule
        for rule in rules
        if set(rule.subject_kinds) & set(KINDS)
        and rule.relation not in ("checklist", "area_limit", "self_overlap")
    ]
    if chosen is not None:
        return tuple(rule for rule in about_sites if rule.rule_id in chosen)
    effects, receptors = scales()["breach"]["effects"], scales()["receptor"]["levels"]
    return tuple(
        rule
        for rule in about_sites
        if (settings["breaches"] and rule.effect in effects)
        or (settings["receptors"] and receptors.get(rule.object_kind, 0) > 0)
    )


def counted_conflicts(table: pd.DataFrame, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """The rows of a conflict table that count: those rules, about sites and detections."""
    keep = table["rule_id"].isin([rule.rule_id for rule in rules])
    keep &= table["subject_kind"].isin(KINDS)
    return table[keep].reset_index(drop=True)


def subject_rows(conflicts: pd.DataFrame, places: Places) -> np.ndarray:
    """The row in `places` of each conflict's subject, -1 where it is not there."""
    index = pd.MultiIndex.from_frame(places.table[["layer_id", "feature_id"]].astype(str))
    wanted = pd.MultiIndex.from_frame(conflicts[["subject_layer", "subject_id"]].astype(str))
    found: np.ndarray = index.get_indexer(wanted)
    return found


def placed_counts(places: Places, at: np.ndarray, *, units: int) -> dict[str, np.ndarray]:
    """How many sites, detections and visits lie in each unit; the last entry: in none."""
    place = np.where(at < 0, units, at)
    return {
        kind: np.bincount(place[places.of_kind(kind)], minlength=units + 1)
        for kind in (SITES, DETECTIONS, VISITS)
    }


def conflict_counts(
    conflicts: pd.DataFrame, places: Places, at: np.ndarray, *, units: int
) -> list[dict[str, Any]]:
    """For each unit, and last for none, what is in conflict: distinct sites and detections.

    `in_conflict`, `inside`, `too_close` by kind, `by_rule` by kind, `by_breach` and `by_receptor`
    of sites.
    """
    table = conflicts[["subject_kind", "rule_id", "breach_level", "receptor_level"]].copy()
    row = subject_rows(conflicts, places)
    table["site"] = row
    table["unit"] = np.where(at[row] < 0, units, at[row])
    table["sure"] = (conflicts["verdict"] == "inside").to_numpy()
    table = table[row >= 0]
    told: list[dict[str, Any]] = [_nothing() for _ in range(units + 1)]
    worst = table.groupby(["subject_kind", "unit", "site"], sort=True).agg(
        sure=("sure", "max"), breach=("breach_level", "max"), receptor=("receptor_level", "max")
    )
    for (kind, unit, _), found in zip(worst.index, worst.itertuples(index=False), strict=True):
        counts = told[unit][kind]
        counts["inside" if found.sure else "too_close"] += 1
        counts["in_conflict"] += 1
        if kind == SITES:
            told[unit]["by_breach"][str(found.breach)] += 1
            told[unit]["by_receptor"][str(found.receptor)] += 1
    by_rule = table.groupby(["subject_kind", "unit", "rule_id", "site"], sort=True)["sure"].max()
    for (kind, unit, rule_id, _), sure in by_rule.items():
        counts = told[unit][kind]["by_rule"].setdefault(rule_id, {"inside": 0, "too_close": 0})
        counts["inside" if sure else "too_close"] += 1
    return told


def _nothing() -> dict[str, Any]:
    levels = {
        name: {str(level): 0 for level in range(len(scales()[name]["titles"]))}
        for name in ("breach", "receptor")
    }
    empty: dict[str, Any] = {
        kind: {"in_conflict": 0, "inside": 0, "too_close": 0, "by_rule": {}} for kind in KINDS
    }
    return {**empty, "by_breach": levels["breach"], "by_receptor": levels["receptor"]}


def trust(places: Places, at: np.ndarray, *, units: int) -> list[dict[str, Any]]:
    """For each unit, and last for none, how far its places can be trusted, and social intensity.

    Of its sites, or where it has none of its detections: the median standard error of position
    (m), how many have an outline or a radius, the oldest and newest date, how many have no date.
    Social intensity is of sites alone: the highest, and how many carry one.
    """
    nothing = {
        **{"position_sd_m": None, "extent_known": 0, "oldest": None, "newest": None, "undated": 0},
        **{"social_intensity": None, "social_sites": 0},
    }
    told = [dict(nothing) for _ in range(units + 1)]
    table = places.table.assign(unit=np.where(at < 0, units, at))
    for kind in (DETECTIONS, SITES):  # sites last: where there are any, they speak
        for unit, rows in table[table["kind"] == kind].groupby("unit"):
            dates = pd.to_datetime(rows["dated"]).dropna()
            social = pd.to_numeric(rows["social"]).dropna() if kind == SITES else rows.head(0)
            told[int(str(unit))] = {
                "position_sd_m": _number(rows["sd_m"].astype("float64").median()),
                "extent_known": int(rows["has_extent"].sum()),
                "oldest": dates.min().date().isoformat() if len(dates) else None,
                "newest": dates.max().date().isoformat() if len(dates) else None,
                "undated": len(rows) - len(dates),
                "social_intensity": int(social.max()) if len(social) else None,
                "social_sites": len(social),
            }
    return told


def _number(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 3)
