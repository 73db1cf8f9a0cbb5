"""Conflicts and layers as files, each saying what it is, of which day, and how sure."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from dashboard.workflows.rasters import raster_file
from dashboard.workflows.runs import overlaps
from dashboard.workflows.types import INVENTED, WORDING, ConflictRun
from geo.rules import Rule
from layers import facts
from layers.catalogue import LayerVersion
from layers.export import FORMATS, ExportError, Sheet, categorised_qml, exported, plain_qml
from layers.store import Store

VERDICTS = {
    "inside": ("inside", "#b91c1c"),
    "too_close": ("too close to call: check in the field", "#d97706"),
}
"""Label and colour of each verdict, as on the map."""

EXPORT_FORMATS = tuple(FORMATS)
RASTER_FORMAT = "tif"
DEMONSTRATION = "invented for demonstration"
CAUTION = "An overlap is not illegality; no rule was read in the gazetted text."


def export_conflicts(
    store: Store, run: ConflictRun, *, format: str, conflict_ids: Sequence[str] | None = None
) -> bytes:
    """The conflicts as a file, in their order: format gpkg, geojson, csv or parquet.

    The geometry is the shared ground where areas share some, else the subject's point.
    `conflict_ids` keeps those conflicts only (a filter of the page).
    """
    table = run.table
    if conflict_ids is not None:
        table = table[table["conflict_id"].isin(list(conflict_ids))].reset_index(drop=True)
    table = _explained(store, run, table)
    points = gpd.points_from_xy(table["longitude"], table["latitude"], crs=4326)
    shapes = gpd.GeoSeries(points, index=table.index)
    if format != "csv" and len(table):
        shared = overlaps(store, run, table)
        drawn = ~(shared.isna() | shared.is_empty)
        shapes = shared.where(drawn, shapes)
    sheet = Sheet(
        frame=gpd.GeoDataFrame(table, geometry=shapes, crs=4326),
        name="conflicts",
        notes=_conflict_notes(store, run),
        written_on=run.as_of,
        areas_qml=categorised_qml("verdict", VERDICTS, form="fill"),
        lines_qml=categorised_qml("verdict", VERDICTS, form="line"),
        points_qml=categorised_qml("verdict", VERDICTS, form="marker"),
    )
    return exported(sheet, format=format)


def _explained(store: Store, run: ConflictRun, table: pd.DataFrame) -> pd.DataFrame:
    """The table with what a row must say where it stands alone: rule, limits, dates, caution."""
    rules = {rule.rule_id: rule for rule in run.rules}
    dates = {
        layer_id: str(store.version(version_id).data_date or "not stated")
        for layer_id, version_id in run.layer_versions.items()
    }
    of_rule = table["rule_id"].map
    return table.assign(
        rule_source=of_rule({name: _source(rule) for name, rule in rules.items()}),
        limit_inner_m=of_rule({name: rule.inner_m for name, rule in rules.items()}).astype(float),
        limit_outer_m=of_rule({name: rule.outer_m for name, rule in rules.items()}).astype(float),
        share_pct=table["share"] * 100,
        subject_data_date=table["subject_layer"].map(dates),
        object_data_date=table["object_layer"].map(dates),
        as_of=run.as_of.isoformat(),
        region=run.region_id,
        demonstration=np.where(table["demonstration"], DEMONSTRATION, ""),
        caution=CAUTION,
    ).drop(columns="share")


def _source(rule: Rule) -> str | None:
    if rule.source is None:
        return None
    locator = f", {rule.source.locator}" if rule.source.locator else ""
    return f"{rule.source.title}{locator}"


def export_layer(store: Store, version_id: str, *, format: str) -> bytes:
    """A layer version as a file, with the file's own columns: gpkg, geojson, csv or parquet.

    A raster comes as tif, in its own grid, with the colours of its classes, and as nothing else.
    """
    version = store.version(version_id)
    if version.is_raster:
        if format != RASTER_FORMAT:
            raise ExportError(
                f"'{store.layer(version.layer_id).name}' is a raster: it can be taken away as "
                f"GeoTIFF ({RASTER_FORMAT}), not as {format}."
            )
        return raster_file(store, version_id)
    layer = store.layer(version.layer_id)
    kind = facts.kind(layer.kind)
    frame = store.read_features(version_id)
    frame = frame.assign(
        data_date=str(version.data_date) if version.data_date else "not stated",
        demonstration=DEMONSTRATION if version.demonstration else "",
    )
    sheet = Sheet(
        frame=frame,
        name=layer.kind,
        notes=_layer_notes(version, layer.name),
        written_on=version.imported_at.date(),
        areas_qml=plain_qml(kind.color, form="fill"),
        lines_qml=plain_qml(kind.color, form="line"),
        points_qml=plain_qml(kind.color, form="marker"),
    )
    return exported(sheet, format=format)


def _conflict_notes(store: Store, run: ConflictRun) -> tuple[tuple[str, str], ...]:
    notes = [
        ("Read this first", WORDING),
        ("Region", facts.region(run.region_id).name),
        ("Rules as of", run.as_of.isoformat()),
        ("Scenarios", ", ".join(run.scenarios) or "none"),
        (
            "Verdicts",
            "inside: surely inside, allowing for the standard error of position; "
            "too_close: too close to call, to be checked in the field.",
        ),
        (
            "Geometry",
            "The shared ground where areas share some, else the subject's point; "
            "each conflict is there once.",
        ),
        ("Empty cells", "No data, never zero."),
    ]
    if run.demonstration:
        notes.insert(1, ("Demonstration", INVENTED))
    for rule in run.rules:
        told = [rule.title, rule.text, f"kind: {rule.kind}", f"status: {rule.status}"]
        if rule.source:
            told.append(f"source: {_source(rule)}")
        notes.append((f"Rule {rule.rule_id}", " | ".join(told)))
    notes += [("Not assessed", sentence) for sentence in run.not_assessed]
    for layer_id, version_id in sorted(run.layer_versions.items()):
        version = store.version(version_id)
        name = store.layer(layer_id).name
        told = [f"{topic}: {text}" for topic, text in _layer_notes(version, name)[1:]]
        notes.append((f"Layer {name}", " | ".join(told)))
    return tuple(notes)


def _layer_notes(version: LayerVersion, name: str) -> tuple[tuple[str, str], ...]:
    notes = [
        ("Layer", name),
        ("Version", f"{version.number} ({version.version_id})"),
        ("File", version.filename),
        ("Imported", version.imported_at.isoformat(timespec="seconds")),
        ("Data of", str(version.data_date) if version.data_date else "date not stated"),
        ("Source", version.source_note or "not stated"),
    ]
    if version.demonstration:
        notes.append(("Demonstration", INVENTED))
    return tuple(notes)
