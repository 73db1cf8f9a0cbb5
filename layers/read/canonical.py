"""From a loaded layer to the canonical frame of docs/architecture.md, row by row accounted for."""

import hashlib
import json
from dataclasses import dataclass, field
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
from layers.read.coordinates import parse_axis, parse_places
from layers.read.gate import Passage, pass_gate, sample
from layers.read.model import COORDINATE_FIELDS, Limits, ReadReport, ReadRequest, Suggestion
from layers.read.source import Loaded, Series

Mask = npt.NDArray[np.bool_]

BASE_FIELDS = (
    "feature_id", "name", "feature_class", "holder", "observed_on", "radius_m", "position_sd_m",
)  # fmt: skip
GEOMETRY_WORDS = {"point": "points", "line": "lines", "polygon": "areas"}


@dataclass(kw_only=True)
class Tally:
    """Which rows are still in, and what was told so far."""

    rows: npt.NDArray[np.int64]
    alive: Mask
    findings: list[Finding] = field(default_factory=list)

    def tell(self, code: str, message: str, mask: Mask | None = None, **more: Any) -> None:
        """Add a finding; with a mask, on those rows that are still in."""
        if mask is None:
            self.findings.append(Finding(code=code, message=message, **more))
        else:
            rows = self.rows[mask & self.alive]
            self.findings.append(Finding.on_rows(code, message, rows=rows, **more))

    def reject(self, mask: Mask, code: str, message: str, fix: str = "") -> None:
        """Take rows out and say why; `{n}` in the message becomes their number."""
        hit = mask & self.alive
        if hit.any():
            self.tell(code, message.format(n=int(hit.sum())), hit, fix=fix)
            self.alive = self.alive & ~hit

    @property
    def blocked(self) -> bool:
        """Whether any finding stops the import."""
        return any(each.blocking for each in self.findings)


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
    shapes, stated_crs = _places(loaded, mapping, tally)
    _reject_lost(shapes, loaded, tally)
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
    shapes, shift = _on_wgs84(shapes, passage, region, tally)
    facts |= {
        "shift": shift.operation,
        "shift_m": shift.largest_move_m,
        "shift_accuracy_m": shift.accuracy_m,
    }
    shapes = _fit_family(shapes, kind, tally)
    _tell_outside(shapes, region, tally)
    _check_vertices(shapes, limits, tally)
    repairs = _repair(shapes, tally)
    keep_latest = _ask_keep_latest(request, suggestion, mapping, kind, tally)
    if keep_latest:
        _supersede(fields, kind, tally)
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
    _identify(fields, raw, loaded.frame, mapping, tally)
    _accuracy(fields, request, kind, shift, tally)
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


def _only(shapes: npt.NDArray[Any], alive: Mask) -> npt.NDArray[Any]:
    """The shapes of rows that are still in; the others missing."""
    kept = shapes.copy()
    kept[~alive] = None
    return kept


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


def _places(
    loaded: Loaded, mapping: dict[str, str], tally: Tally
) -> tuple[npt.NDArray[Any], str | None]:
    """The geometries of a layer: its own, or points made of the coordinates of a table."""
    if loaded.geometry is not None:
        return loaded.geometry, loaded.crs
    frame = loaded.frame
    if "coordinates" in mapping and mapping["coordinates"] in frame:
        column = frame[mapping["coordinates"]]
        shapes, crs = parse_places(column)
        blank = values.as_text(column).fillna("").str.strip().eq("").to_numpy(dtype=bool)
        _reject_unreadable(shapely.is_missing(shapes) & ~blank, column, tally)
        return shapes, crs
    if not {"longitude", "latitude"} <= set(mapping):
        tally.tell(
            "coordinates_missing",
            f"Table '{loaded.name}' has no columns with coordinates that we recognise "
            f"(it has: {', '.join(list(map(str, frame.columns))[:20])}).",
            fix="Say which columns hold longitude and latitude, or easting and northing. "
            "A table of names alone cannot be put on a map.",
            blocking=True,
        )
        return np.full(len(frame), None, dtype=object), None
    if not {mapping["longitude"], mapping["latitude"]} <= set(frame.columns):
        return np.full(len(frame), None, dtype=object), None
    return _points(frame[mapping["longitude"]], frame[mapping["latitude"]], tally), None


def _points(longitude: Series, latitude: Series, tally: Tally) -> npt.NDArray[Any]:
    x, x_letters = parse_axis(longitude)
    y, y_letters = parse_axis(latitude)
    if x_letters & {"N", "S"} and y_letters & {"E", "W"}:
        x, y = y, x
        tally.tell(
            "columns_swapped_by_letters",
            f"Column '{longitude.name}' holds N or S and '{latitude.name}' E or W, so the two "
            "were taken the other way round.",
        )
    for column, numbers in ((longitude, x), (latitude, y)):
        filled = values.as_text(column).fillna("").str.strip().ne("").to_numpy(dtype=bool)
        _reject_unreadable(filled & np.isnan(numbers), column, tally)
    shapes = np.full(len(x), None, dtype=object)
    there = ~(np.isnan(x) | np.isnan(y))
    shapes[there] = shapely.points(x[there], y[there])
    return shapes


def _reject_unreadable(mask: Mask, column: Series, tally: Tally) -> None:
    if (mask & tally.alive).any():
        example = str(values.as_text(column)[mask].iloc[0])[:60]
        tally.reject(
            mask,
            "coordinates_unreadable",
            "{n} row(s) have a coordinate we cannot read in column "
            + f"'{column.name}', e.g. '{example}'. They are left out.".replace("{", "(").replace(
                "}", ")"
            ),
            fix="Write coordinates as 5.3010 or 5°18'03.6\"N.",
        )


def _reject_lost(shapes: npt.NDArray[Any], loaded: Loaded, tally: Tally) -> None:
    """Rows without a place, with infinite coordinates, or at (0, 0)."""
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.all() and tally.blocked:
        return  # no columns of coordinates: that was said, and says it all
    what = "coordinates" if loaded.geometry is None else "a shape"
    tally.reject(
        missing,
        "place_missing",
        f"{{n}} row(s) have no {what.removeprefix('a ')} and are left out.",
        fix="Add their places in the file if they matter.",
    )
    xy, row_of = shapely.get_coordinates(shapes, return_index=True)
    strange = np.zeros(len(shapes), dtype=bool)
    strange[row_of[~np.isfinite(xy).all(axis=1)]] = True
    tally.reject(
        strange,
        "coordinates_not_finite",
        "{n} row(s) have a coordinate that is no number (NaN or infinite) and are left out.",
        fix="Correct them in the file.",
    )
    points = shapely.get_type_id(shapes) == 0
    zero = points & (shapely.get_x(shapes) == 0) & (shapely.get_y(shapes) == 0)
    tally.reject(
        zero,
        "coordinates_zero",
        "{n} row(s) lie at 0, 0, where receivers without a fix put them, and are left out.",
        fix="Give their places in the file.",
    )
    in_degrees = (np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 180)
    if len(xy) and in_degrees.mean() > 0.5 and (np.abs(xy[in_degrees]) <= 90).any(axis=1).all():
        impossible = np.zeros(len(shapes), dtype=bool)
        beyond = ~in_degrees | ((np.abs(xy) > 90).all(axis=1))
        # Latitude beyond 90 while most rows are degrees with latitude in its place.
        in_place = (np.abs(xy[:, 1]) <= 90).mean() > 0.5
        if in_place:
            beyond |= np.abs(xy[:, 1]) > 90
        impossible[row_of[beyond]] = True
        tally.reject(
            impossible,
            "coordinates_impossible",
            "{n} row(s) have a coordinate beyond 180 degrees of longitude or 90 of latitude and "
            "are left out.",
            fix="Correct them in the file.",
        )


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


def _on_wgs84(
    shapes: npt.NDArray[Any], passage: Passage, region: Region, tally: Tally
) -> tuple[npt.NDArray[Any], geo_crs.Shift]:
    crs = str(passage.crs)
    usable = _only(shapes, tally.alive)
    if passage.swapped:
        usable = shapely.transform(usable, lambda xy: xy[:, ::-1])
    moved, shift = geo_crs.to_wgs84(usable, crs, area_of_interest=region.country_bounds)
    xy, row_of = shapely.get_coordinates(moved, return_index=True)
    lost = np.zeros(len(moved), dtype=bool)
    lost[row_of[~np.isfinite(xy).all(axis=1)]] = True
    tally.reject(
        lost,
        "coordinates_impossible",
        "{n} row(s) have coordinates that lie nowhere on the globe and are left out.",
        fix="Correct them in the file.",
    )
    if "ballpark" in shift.operation.lower() or "ballpark" in str(passage.crs).lower():
        tally.tell(
            "datum_shift_unknown",
            "No way is known from the datum of the file to WGS 84, so the coordinates were taken "
            "as they are. They can be some hundred metres off.",
            fix="Ask whoever made the file for its coordinate system, and choose it.",
        )
    elif shift.largest_move_m > 0:
        known = (
            f"published accuracy {shift.accuracy_m:g} m"
            if shift.accuracy_m
            else "its accuracy is not published"
        )
        tally.tell(
            "datum_shifted",
            f"The coordinates were moved to WGS 84 by up to {shift.largest_move_m:.0f} m "
            f"({_operation(shift.operation)}; {known}).",
        )
    return moved, shift


def _operation(text: str) -> str:
    """The datum shift among the steps PROJ lists."""
    steps = [step for step in text.split(" + ") if "axis order" not in step]
    return " + ".join(steps) or text


def _fit_family(shapes: npt.NDArray[Any], kind: Kind, tally: Tally) -> npt.NDArray[Any]:
    """Shapes of the families a kind accepts; of a collection the parts that are."""
    shapes = shapes.copy()
    found = validity.families(shapes)
    collections = tally.alive & (shapely.get_type_id(shapes) == 7)
    for row in np.flatnonzero(collections):
        for family in ("polygon", "line", "point"):
            part = validity.only_family(shapes[row], family) if family in kind.geometry else None
            if part is not None:
                shapes[row], found[row] = part, family
                break
    if collections.any():
        tally.tell(
            "collection_parts",
            f"{int(collections.sum())} row(s) mix points, lines and areas in one shape; only the "
            f"parts that fit {kind.title.lower()} are kept.",
            collections,
        )
    unfit = ~np.isin(found.astype(str), kind.geometry)
    wrong = sorted({GEOMETRY_WORDS[name] for name in found[unfit & tally.alive] if name})
    wanted = " or ".join(GEOMETRY_WORDS[name] for name in kind.geometry)
    everything = bool(tally.alive.any()) and not (tally.alive & ~unfit).any()
    if everything:
        tally.tell(
            "geometry_unfit",
            f"The layer holds {' and '.join(wrong) or 'other shapes'}; "
            f"{kind.title.lower()} are {wanted}.",
            fix="Choose another kind of layer, or another layer of the file.",
            blocking=True,
        )
    tally.reject(
        unfit,
        "geometry_unfit",
        f"{{n}} row(s) are {' and '.join(wrong) or 'other shapes'}, where {kind.title.lower()} are "
        f"{wanted}. They are left out.",
        fix="Bring them as another kind of layer.",
    )
    return shapes


def _tell_outside(shapes: npt.NDArray[Any], region: Region, tally: Tally) -> None:
    """A single title in the ocean stays in, and its row is told."""
    west, south, east, north = region.country_bounds
    edges = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        away = (
            (edges[:, 2] < west)
            | (edges[:, 0] > east)
            | (edges[:, 3] < south)
            | (edges[:, 1] > north)
        )
    away &= tally.alive
    if away.any():
        tally.tell(
            "outside_country",
            f"{int(away.sum())} row(s) lie outside {region.country_name}. They are kept where "
            "they are.",
            away,
            fix="Check their coordinates.",
        )


def _check_vertices(shapes: npt.NDArray[Any], limits: Limits, tally: Tally) -> None:
    count = int(shapely.get_num_coordinates(shapes).sum())
    if count > limits.max_vertices:
        tally.tell(
            "too_many_vertices",
            f"The shapes have {count:,} corner points; at most {limits.max_vertices:,} are "
            "accepted.",
            fix="Simplify the shapes, or split the layer.",
            blocking=True,
        )


def _repair(shapes: npt.NDArray[Any], tally: Tally) -> validity.Repairs:
    repairs = validity.repair(_only(shapes, tally.alive))
    tally.reject(
        repairs.emptied,
        "shape_collapsed",
        "{n} row(s) have a shape of which nothing is left once it is made valid. "
        "They are left out.",
        fix="Draw them again.",
    )
    fixed = repairs.was_invalid & tally.alive
    if fixed.any():
        reasons = sorted(set(repairs.reasons[fixed]))
        before = np.nansum(repairs.area_before_ha[fixed])
        after = np.nansum(repairs.area_after_ha[fixed])
        tally.tell(
            "shapes_repaired",
            f"{int(fixed.sum())} shape(s) were invalid ({', '.join(reasons).lower()}) and were "
            f"made valid: {before:,.4g} ha as drawn, {after:,.4g} ha after. Outlines that cross "
            "themselves cancel part of their area as drawn.",
            fixed,
            fix="Look at these shapes on the map.",
        )
    return repairs


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


def _supersede(fields: dict[str, Any], kind: Kind, tally: Tally) -> None:
    """Keep the latest row of each id; of two on one day the later in the file."""
    ids = pd.Series(fields["feature_id"], dtype="object")
    order = pd.DataFrame(
        {
            "id": ids,
            "on": [str(day or "") for day in fields["observed_on"]],
            "at": np.arange(len(ids)),
        }
    )[tally.alive & ids.notna().to_numpy()]
    latest = order.sort_values(["on", "at"]).drop_duplicates("id", keep="last")
    old = np.zeros(len(ids), dtype=bool)
    old[order["at"]] = True
    old[latest["at"]] = False
    tally.reject(
        old,
        "superseded",
        f"{{n}} row(s) are earlier visits of a {kind.one} that was visited again; only the latest "
        "visit of each is kept.",
    )


def _identify(
    fields: dict[str, Any],
    raw: npt.NDArray[Any],
    frame: pd.DataFrame,
    mapping: dict[str, str],
    tally: Tally,
) -> None:
    """The owner's ids where they are complete and unique, else hashes; tells which, and twins."""
    alive = tally.alive
    hashes = _hashes(raw, frame, alive)
    repeated = pd.Series(hashes).duplicated(keep="first").to_numpy() & alive
    if repeated.any():
        tally.tell(
            "rows_repeated",
            f"{int(repeated.sum())} row(s) repeat another one in shape and every attribute. "
            "All are kept.",
            repeated,
            fix="Remove them from the file if they are one and the same.",
        )
    ids = pd.Series(fields["feature_id"], dtype="object")
    column = mapping.get("feature_id")
    if column is not None:
        missing = ids.isna().to_numpy() & alive
        twice = ids.where(alive).duplicated(keep=False).to_numpy() & alive & ~missing
        if not missing.any() and not twice.any():
            fields["feature_id"] = ids
            return
        what = f"is empty in {int(missing.sum())} row(s)" if missing.any() else "repeats"
        tally.tell(
            "ids_not_unique",
            f"Column '{column}' {what}, so it cannot tell rows apart; ids were made from shape "
            "and attributes instead.",
            missing | twice,
            fix="Choose a column whose values are all there and all different, if there is one.",
        )
    again = pd.Series(hashes).groupby(hashes).cumcount().to_numpy()
    fields["feature_id"] = pd.Series(
        [
            key if turn == 0 else f"{key}-{turn + 1}"
            for key, turn in zip(hashes, again, strict=True)
        ],
        dtype="object",
    )


def _hashes(raw: npt.NDArray[Any], frame: pd.DataFrame, alive: Mask) -> list[str]:
    """16 hex digits of shape and attributes, so that the same row has the same id next time."""
    texts = [values.as_text(frame[name]).tolist() for name in frame.columns]
    names = [str(name) for name in frame.columns]
    result = []
    for row, shape in enumerate(raw):
        if not alive[row]:
            result.append(f"row {row}")
            continue
        cells = {
            name: None if pd.isna(column[row]) else column[row]
            for name, column in zip(names, texts, strict=True)
        }
        told = json.dumps(cells, ensure_ascii=False, sort_keys=True).encode()
        result.append(hashlib.sha256((shape or b"") + told).hexdigest()[:16])
    return result


def _accuracy(
    fields: dict[str, Any], request: ReadRequest, kind: Kind, shift: geo_crs.Shift, tally: Tally
) -> None:
    """Standard error and radius of each row: its own, else as stated, else as the kind assumes."""
    count = len(tally.alive)
    own = np.asarray(fields.get("position_sd_m", np.full(count, np.nan)), dtype=np.float64)
    default = kind.position_sd_m if request.position_sd_m is None else request.position_sd_m
    assumed = np.isnan(own) & tally.alive
    if assumed.any() and request.position_sd_m is None and kind.position_sd_m > 0:
        tally.tell(
            "accuracy_assumed",
            f"No accuracy of position is stated for {int(assumed.sum())} row(s); a standard error "
            f"of {kind.position_sd_m:g} m was assumed ({kind.position_note}).",
            assumed,
            fix="State the accuracy if you know it.",
        )
    shift_sd = shift.accuracy_m or 0.0
    fields["position_sd_m"] = np.hypot(np.where(np.isnan(own), default, own), shift_sd)
    radius = np.asarray(fields.get("radius_m", np.full(count, np.nan)), dtype=np.float64)
    if request.radius_m is not None:
        radius = np.where(np.isnan(radius), request.radius_m, radius)
    fields["radius_m"] = radius


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
