"""Hotspots for the map and as files. Units are aggregates: no place of a site is in any of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.workflows.exports import DEMONSTRATION
from dashboard.workflows.hotspot_order import order_sentence
from dashboard.workflows.hotspot_types import CLASS_COLORS, CLASS_TITLES, HotspotRow, HotspotRun
from dashboard.workflows.types import INVENTED, WORDING
from geo import hexagons
from layers import facts
from layers.export import Sheet, categorised_qml, exported
from layers.store import Store

DECIMALS = 6
FORMATS = ("csv", "geojson", "gpkg")


def unit_shapes(store: Store, run: HotspotRun) -> Mapping[str, Any]:
    """The outline of each unit by its id, EPSG:4326; what lies outside every district has none."""
    if run.by == "h3":
        cells = [row.unit_id for row in run.rows]
        return dict(zip(cells, hexagons.cell_outlines(cells), strict=True))
    assert run.district_layer is not None
    frame = store.read_features(run.layer_versions[run.district_layer], columns=["feature_id"])
    ids = (f"{run.district_layer}/{feature_id}" for feature_id in frame["feature_id"])
    return dict(zip(ids, frame.geometry.to_numpy(), strict=True))


def hotspots_geojson(store: Store, run: HotspotRun, *, unit_id: str | None = None) -> bytes:
    """The units for the map (compact GeoJSON): properties id, name, class, rank, reason and seen
    (detections, left out where there is none); of `unit_id` that unit alone."""
    shapes = unit_shapes(store, run)
    lines = []
    for row in run.rows:
        if row.unit_id not in shapes or unit_id not in (None, row.unit_id):
            continue
        told = {
            "id": row.unit_id,
            "name": row.name,
            "class": row.unit_class,
            "rank": row.rank,
            "reason": row.reason,
            **({"seen": row.detections} if row.detections else {}),
        }
        shape = shapely.transform(shapes[row.unit_id], lambda at: np.round(at, DECIMALS))
        properties = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        lines.append(
            f'{{"type":"Feature","properties":{properties},"geometry":{shapely.to_geojson(shape)}}}'
        )
    return ('{"type":"FeatureCollection","features":[' + ",".join(lines) + "]}").encode()


def export_hotspots(store: Store, run: HotspotRun, *, format: str) -> bytes:
    """The units as a file in their order: format gpkg (with style), geojson or csv.

    The geometry is the unit's outline; in CSV `longitude` and `latitude` are a point in the unit,
    not a site's. Empty cells are no data.
    """
    shapes = unit_shapes(store, run)
    table = pd.DataFrame([_cells(row, run) for row in run.rows], columns=_columns(run))
    geometry = gpd.GeoSeries(
        [shapes.get(row.unit_id) for row in run.rows], index=table.index, crs=4326
    )
    colors = {name: (title, CLASS_COLORS[name]) for name, title in CLASS_TITLES.items()}
    sheet = Sheet(
        frame=gpd.GeoDataFrame(table, geometry=geometry, crs=4326),
        name="hotspots",
        notes=_notes(store, run),
        written_on=run.as_of,
        areas_qml=categorised_qml("unit_class", colors, form="fill"),
    )
    return exported(sheet, format=format)


_PLAIN = (
    *("rank", "unit_id", "name", "district", "unit_class", "reason"),
    *("known_sites", "in_conflict", "inside", "too_close", "value", "low", "high", "support"),
    *("detections", "detections_in_conflict", "visits", "surveyed", "seen_from_space"),
    *(
        "surveyed_km2",
        "area_km2",
        "z",
        "p",
        "p_fdr",
        "neighbours",
        "near_sites",
        "near_in_conflict",
    ),
    "social_intensity",
)


def _columns(run: HotspotRun) -> list[str]:
    return list(_cells(None, run))


def _cells(row: HotspotRow | None, run: HotspotRun) -> dict[str, Any]:
    """One row of a file; None gives the column names."""
    cells: dict[str, Any] = {name: getattr(row, name, None) for name in _PLAIN}
    for rule_id in run.rules:
        counts = row.by_rule.get(rule_id, {}) if row else {}
        cells[f"sites_inside_{rule_id}"] = counts.get("inside", 0)
        cells[f"sites_too_close_{rule_id}"] = counts.get("too_close", 0)
    levels: Sequence[str] = ("0", "1", "2", "3")
    for name in ("breach", "receptor"):
        counts = getattr(row, f"by_{name}", {})
        for level in levels:
            cells[f"sites_{name}_{level}"] = counts.get(level, 0)
    trust = row.confidence if row else {}
    for name in ("position_sd_m", "extent_known", "oldest", "newest", "undated"):
        cells[name] = trust.get(name)
    if run.changes is not None:
        change = row.change if row and row.change else {}
        for kind, noun in (("mine_sites", "sites"), ("detections", "detections")):
            counts = change.get(kind, {})
            for name in ("in_conflict_before", "new", "gone", "verdict", "line", "new_unlisted"):
                cells[f"{noun}_{name}"] = counts.get(name)
    cells |= {
        "as_of": run.as_of.isoformat(),
        "region": run.region_id,
        "compared_with": run.changes.label if run.changes else None,
        "demonstration": DEMONSTRATION if run.demonstration else "",
    }
    return cells


def _notes(store: Store, run: HotspotRun) -> tuple[tuple[str, str], ...]:
    classes = "; ".join(f"{name}: {title}" for name, title in CLASS_TITLES.items())
    notes = [
        ("Read this first", WORDING),
        ("Region", facts.region(run.region_id).name),
        ("Rules as of", run.as_of.isoformat()),
        ("Scenarios", ", ".join(run.scenarios) or "none"),
        ("Classes", classes),
        ("Order", order_sentence()),
        ("Empty cells", "No data, never zero."),
        *(("Method", sentence) for sentence in run.method),
        *(("Caution", sentence) for sentence in run.notes),
    ]
    if run.demonstration:
        notes.insert(1, ("Demonstration", INVENTED))
    if run.changes is not None:
        notes += [("What changed", sentence) for sentence in run.changes.sentences]
    for layer_id, version_id in sorted(run.layer_versions.items()):
        version = store.version(version_id)
        date = version.data_date.isoformat() if version.data_date else "date not stated"
        notes.append((f"Layer {store.layer(layer_id).name}", f"version {version.number}, {date}"))
    return tuple(notes)
