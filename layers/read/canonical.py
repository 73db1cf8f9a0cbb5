"""From a loaded layer to the canonical frame of docs/architecture.md, row by row accounted for."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from geo import crs as geo_crs
from geo import validity
from layers.facts import Kind, Region
from layers.findings import Finding
from layers.read import values
from layers.read.gate import Passage, pass_gate, sample
from layers.read.identity import fill_accuracy, identify, supersede
from layers.read.model import COORDINATE_FIELDS, Limits, ReadReport, ReadRequest, Suggestion
from layers.read.places import find_places, reject_lost
from layers.read.shapes import (
    check_vertices,
    fit_family,
    move_to_wgs84,
    repair_shapes,
    tell_outside,
)
from layers.read.source import Loaded, Series
from layers.read.tally import Mask, Tally

BASE_FIELDS = (
    "feature_id", "name", "feature_class", "holder", "observed_on", "radius_m", "position_sd_m",
)  # fmt: skip


def make_features(
    loaded: Loaded,
    request: ReadRequest,
    *,
    kind: Kind,
    region: Region,
    suggestion: Suggestion,
    limits: Limits,
    named_format: str,
) -> tuple[ReadReport, gpd.GeoDataFrame | None]:
    """The report of a reading and, unless a finding blocks it, the canonical frame."""
    count = len(loaded.frame)
    tally = Tally(
        rows=loaded.rows, alive=np.ones(count, dtype=bool), findings=list(loaded.findings)
    )
    mapping = resolve_mapping(loaded, request, kind, suggestion, tally)
    tally.alive &= ~np.isin(loaded.rows, np.array(loaded.unusable, dtype=np.int64))
    _tell_garbled(loaded.frame, tally)
    fields = _fields(loaded, mapping, request, kind, tally)
    shapes, stated_crs = find_places(loaded, mapping, tally)
    reject_lost(shapes, loaded, tally)
    passage = _gate(
        shapes,
        request,
        declared=stated_crs,
        by_format=loaded.crs_by_format,
        region=region,
        tally=tally,
    )
    facts: dict[str, Any] = {
        "format": named_format,
        "source_layer": loaded.name,
        "mapping": mapping,
        "crs": passage.crs,
        "crs_how": passage.how,
        "crs_choices": passage.choices,
    }
    if passage.crs is None or tally.blocked:
        _ask_keep_latest(request, suggestion, mapping, kind, tally)
        return _blocked_report(count, tally, facts), None
    shapes, shift = move_to_wgs84(shapes, passage, region, tally)
    facts |= {
        "shift": shift.operation,
        "shift_m": shift.largest_move_m,
        "shift_accuracy_m": shift.accuracy_m,
    }
    shapes = fit_family(shapes, kind, tally)
    tell_outside(shapes, region, tally)
    check_vertices(shapes, limits, tally)
    repairs = repair_shapes(shapes, tally)
    keep_latest = _ask_keep_latest(request, suggestion, mapping, kind, tally)
    if keep_latest:
        supersede(fields, kind, tally)
    if not tally.alive.any() and not tally.blocked:
        tally.tell(
            "nothing_left",
            "No row of the layer can be used.",
            fix="See the other findings for the reasons.",
            blocking=True,
        )
    if tally.blocked:
        return _blocked_report(count, tally, facts), None
    raw = shapely.to_wkb(shapes)
    identify(fields, raw, loaded.frame, mapping, tally)
    fill_accuracy(fields, request, kind, shift, tally)
    frame = _frame(loaded, fields, repairs, kind, tally.alive)
    repaired = int((repairs.was_invalid & tally.alive).sum())
    kept = int(tally.alive.sum())
    touched = repairs.was_invalid & tally.alive
    classes = frame["feature_class"].value_counts()
    report = ReadReport(
        ok=True,
        counts={
            "read": count,
            "imported": kept - repaired,
            "repaired": repaired,
            "rejected": count - kept,
        },
        findings=tuple(tally.findings),
        keep_latest=keep_latest,
        classes={str(name): int(number) for name, number in classes.items()},
        bounds=_four(frame.total_bounds),
        geometry_types={
            str(name): int(number) for name, number in frame.geom_type.value_counts().items()
        },
        area_before_ha=float(np.nansum(repairs.area_before_ha[touched])),
        area_after_ha=float(np.nansum(repairs.area_after_ha[touched])),
        **facts,
    )
    return report, frame


def _four(bounds: Any) -> tuple[float, float, float, float]:
    west, south, east, north = (float(edge) for edge in bounds)
    return west, south, east, north


def _blocked_report(count: int, tally: Tally, facts: dict[str, Any]) -> ReadReport:
    """Nothing is imported while a question is open, so every row counts as rejected."""
    return ReadReport(
        ok=False,
        counts={"read": count, "imported": 0, "repaired": 0, "rejected": count},
        findings=tuple(tally.findings),
        **facts,
    )


def resolve_mapping(
    loaded: Loaded, request: ReadRequest, kind: Kind, suggestion: Suggestion, tally: Tally
) -> dict[str, str]:
    """Field -> column: the suggestion, overridden field by field by what was asked for."""
    mapping = dict(suggestion.mapping)
    columns = set(map(str, loaded.frame.columns))
    asked = {name: column for name, column in request.mapping.items() if column}
    if "coordinates" in asked:
        mapping.pop("longitude", None)
        mapping.pop("latitude", None)
    if {"longitude", "latitude"} & set(asked):
        mapping.pop("coordinates", None)
    for name, column in request.mapping.items():
        if name not in kind.fields and name not in COORDINATE_FIELDS:
            tally.tell(
                "mapping_field_unknown",
                f"{kind.title} have no field '{name}'.",
                fix=f"There are: {', '.join([*kind.fields, *COORDINATE_FIELDS])}.",
                blocking=True,
            )
        elif not column:
            mapping.pop(name, None)
        elif column not in columns:
            tally.tell(
                "mapping_column_missing",
                f"Layer '{loaded.name}' has no column '{column}' to use as {name}.",
                fix=f"There are: {', '.join(map(str, loaded.frame.columns[:40]))}.",
                blocking=True,
            )
        else:
            mapping[name] = column
    shown = ", ".join(f"{name} = '{column}'" for name, column in mapping.items())
    tally.tell(
        "mapping_used",
        f"Columns used: {shown}." if shown else "No column of the file is used for a field.",
    )
    wrong = sorted(set(request.class_values.values()) - _vocabulary(kind))
    if wrong:
        tally.tell(
            "class_not_in_vocabulary",
            f"{kind.title} have no class '{wrong[0]}'.",
            fix=f"There are: {', '.join(sorted(_vocabulary(kind))) or 'none'}.",
            blocking=True,
        )
    return mapping


def _vocabulary(kind: Kind) -> set[str]:
    fact = kind.fields.get("feature_class")
    return set(fact.classes) if fact else set()


def _tell_garbled(frame: pd.DataFrame, tally: Tally) -> None:
    garbled = values.garbled_columns(frame)
    if garbled:
        tally.tell(
            "text_garbled",
            "Letters with accents look garbled in column(s) "
            + ", ".join(f"'{name}'" for name in garbled[:8])
            + "; the texts were kept as they stand.",
            fix="Export the file again as UTF-8 if names matter to you.",
        )


def _fields(
    loaded: Loaded, mapping: dict[str, str], request: ReadRequest, kind: Kind, tally: Tally
) -> dict[str, Any]:
    """The values of every field of the kind, row for row; unmapped fields are null."""
    count = len(loaded.frame)
    fields: dict[str, Any] = {}
    for name, fact in kind.fields.items():
        column_name = mapping.get(name)
        if column_name is None:
            fields[name] = np.full(count, np.nan) if fact.type == "number" else [None] * count
            continue
        column = loaded.frame[column_name]
        found: list[Finding] = []
        if fact.type == "number":
            positive = name in ("radius_m", "position_sd_m", "width_m")
            fields[name], found = values.number_field(
                column, loaded.rows, fact.title, negative=not positive
            )
        elif fact.type == "date":
            fields[name], found = values.date_field(column, loaded.rows, fact.title)
        elif fact.type == "class":
            fields[name], found = values.class_field(
                column, loaded.rows, fact, dict(request.class_values)
            )
        else:
            fields[name] = values.text_field(column)
        tally.findings.extend(found)
    return fields


def _gate(
    shapes: npt.NDArray[Any],
    request: ReadRequest,
    *,
    declared: str | None,
    by_format: bool,
    region: Region,
    tally: Tally,
) -> Passage:
    xy = sample(shapes[tally.alive])
    if len(xy) == 0:
        if not tally.blocked:
            tally.tell(
                "nothing_left",
                "No row of the layer has a place that can be used.",
                fix="See the other findings for the reasons.",
                blocking=True,
            )
        return Passage(crs=None, how=None, swapped=False, findings=())
    passage = pass_gate(
        xy,
        declared=declared,
        by_format=by_format,
        request=request,
        region=region,
    )
    tally.findings.extend(passage.findings)
    return passage


def _ask_keep_latest(
    request: ReadRequest, suggestion: Suggestion, mapping: dict[str, str], kind: Kind, tally: Tally
) -> bool:
    """Whether rows are visits of which only the latest is kept; asks where nobody said."""
    if request.keep_latest is not None or not suggestion.keep_latest:
        wanted = bool(request.keep_latest)
        if wanted and not {"feature_id", "observed_on"} <= set(mapping):
            tally.tell(
                "keep_latest_impossible",
                "The latest of each cannot be kept without a column of ids and one of dates.",
                fix="Map both, or keep all rows.",
                blocking=True,
            )
            return False
        return wanted
    if {"feature_id", "observed_on"} <= set(mapping) and not request.accept_suggestions:
        tally.tell(
            "visits_repeat",
            f"Column '{mapping['feature_id']}' repeats and rows are dated: they look like several "
            f"visits of the same {kind.one}.",
            fix="Say whether to keep only the latest row of each.",
            blocking=True,
        )
        return False
    return {"feature_id", "observed_on"} <= set(mapping)


def _frame(
    loaded: Loaded,
    fields: dict[str, Any],
    repairs: validity.Repairs,
    kind: Kind,
    alive: Mask,
) -> gpd.GeoDataFrame:
    """The canonical columns in their order, in Hilbert order of place."""
    count = len(alive)
    nothing: list[None] = [None] * count
    day: Any = pd.ArrowDtype(pa.date32())
    columns: dict[str, Any] = {
        "feature_id": pd.array(list(fields["feature_id"]), dtype="str"),
        "source_row": loaded.rows,
        "name": pd.array(list(fields.get("name", nothing)), dtype="str"),
        "feature_class": pd.array(list(fields.get("feature_class", nothing)), dtype="str"),
        "holder": pd.array(list(fields.get("holder", nothing)), dtype="str"),
        "observed_on": pd.array(list(fields.get("observed_on", nothing)), dtype=day),
        "radius_m": fields["radius_m"],
        "position_sd_m": fields["position_sd_m"],
        "repaired": repairs.was_invalid,
    }
    for name, fact in kind.fields.items():
        if name in BASE_FIELDS:
            continue
        if fact.type == "number":
            columns[name] = np.asarray(fields[name], dtype=np.float64)
        else:
            columns[name] = pd.array(
                list(fields[name]), dtype=day if fact.type == "date" else "str"
            )
    for name in loaded.frame.columns:
        columns[f"source:{name}"] = _as_read(loaded.frame[name])
    frame = gpd.GeoDataFrame(columns, geometry=repairs.geometries, crs=geo_crs.WGS84)
    frame = frame[alive]
    order = np.argsort(frame.hilbert_distance().to_numpy(), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def _as_read(column: Series) -> Any:
    """A column of the file in a type Parquet keeps; mixed cells become text."""
    if column.dtype != object:
        return column.to_numpy() if column.dtype.kind in "iufbM" else column.array
    cells = column.dropna().tolist()
    if cells and all(
        isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells
    ):
        return column.astype("float64").to_numpy()
    return pd.array(values.as_text(column).tolist(), dtype="str")
