"""Features for the map and for people: outlines, what lies under a click, a search, an area."""

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.workflows.cache import LARGE, SLIM, Loaded, load
from dashboard.workflows.imports import layer as shown_layer
from dashboard.workflows.rasters import pixel_at, pixel_card
from dashboard.workflows.types import INVENTED, AreaFigures, FeatureCard, Hit
from geo.intersections import union_area_m2
from geo.measure import to_measuring_crs
from geo.validity import geodesic_area_ha
from layers import facts
from layers.catalogue import Bounds, Layer, LayerVersion
from layers.store import Store, StoreError

DECIMALS = 6
"""Of a degree: 0.11 m, finer than any survey here."""
METRES_A_DEGREE = 110_574.0
"""Of latitude at the equator: the shortest there is, so a box made with it is never too small."""


def features_geojson(store: Store, version_id: str, *, tolerance: float = 0.0) -> bytes:
    """A layer version for the map: properties id, name, class, r (radius in metres), d (ISO day).

    `d` is the day a feature was observed, absent where nobody stated it. `tolerance` is the
    simplification in degrees, 0 = none; a shape that would vanish stays as it is. Coordinates have
    6 decimals. Absent properties are left out. StoreError for more than `LARGE` features: as one
    document they would fill the memory, and the map takes them as tiles.
    """
    version = store.version(version_id)
    if version.features > LARGE and not version.is_raster:
        raise StoreError(
            f"Version '{version_id}' has {version.features:,} features: too many for one document. "
            "The map shows them as tiles; for a file use an export."
        )
    frame = store.read_features(
        version_id, columns=["feature_id", "name", "feature_class", "radius_m", "observed_on"]
    )
    shapes = _for_map(frame.geometry.to_numpy(), tolerance)
    properties = zip(
        frame["feature_id"],
        frame["name"],
        frame["feature_class"],
        frame["radius_m"],
        _days(frame["observed_on"]),
        strict=True,
    )
    lines = []
    for shape, (feature_id, name, feature_class, radius, day) in zip(
        shapes, properties, strict=True
    ):
        told = {"id": feature_id, "name": name, "class": feature_class, "r": radius, "d": day}
        kept = {key: value for key, value in told.items() if not pd.isna(value)}
        lines.append(_line(kept, shape))
    return _collection(lines)


def feature_card(store: Store, layer_id: str, feature_id: str) -> FeatureCard:
    """One feature of the layer's current version, with our fields and the file's own columns."""
    layer = shown_layer(store, layer_id)
    return card_of(store, layer, current(layer), feature_id)


def card_of(store: Store, layer: Layer, version: LayerVersion, feature_id: str) -> FeatureCard:
    """One feature of any version of a layer; StoreError where the version has no such feature.

    Of a raster the feature is a pixel, with an id "pixel-<row>-<column>".
    """
    if version.is_raster:
        return pixel_card(store, layer, version, feature_id)
    found = store.read_features(version.version_id, feature_ids=[feature_id])
    if found.empty:
        raise StoreError(f"Layer '{layer.name}' has no feature '{feature_id}' in this version.")
    row = found.iloc[0]
    kind = facts.kind(layer.kind)
    shape = row.geometry
    point = shape.representative_point()
    source = {
        str(column).removeprefix("source:"): plain(row[column])
        for column in found.columns
        if str(column).startswith("source:")
    }
    return FeatureCard(
        layer_id=layer.layer_id,
        layer_name=layer.name,
        kind=layer.kind,
        kind_title=kind.title,
        version_id=version.version_id,
        feature_id=feature_id,
        title=plain(row.get("name")) or f"{kind.one} {feature_id}",
        fields=_fields(found, row, layer),
        source=source,
        caveats=tuple(_caveats(row, layer, version)),
        geometry=json.loads(shapely.to_geojson(shape)),
        longitude=round(point.x, DECIMALS),
        latitude=round(point.y, DECIMALS),
        bounds=shape.bounds,
        demonstration=version.demonstration,
    )


def identify(
    store: Store,
    region_id: str,
    lon: float,
    lat: float,
    *,
    tolerance_m: float,
    layer_ids: Sequence[str] | None = None,
    limit: int = 20,
) -> tuple[Hit, ...]:
    """The features within `tolerance_m` metres of a click, in EPSG:4326 degrees.

    Points come first, then lines, then areas; then the nearer, then the smaller. The pixels of
    rasters come last, each the one under the click itself.
    """
    metric = facts.region(region_id).measuring_crs
    found: list[tuple[tuple[int, float, float], Hit]] = []
    for layer in shown_layers(store, region_id, layer_ids):
        version = current(layer)
        if version.is_raster:
            continue
        for reach in _reaches(version, tolerance_m):
            here = _within(store, version, (lon, lat), reach_m=reach, metric=metric)
            if len(here.rows) >= limit:
                break  # all that is nearer has been seen
        for row, shape, distance in zip(here.rows, here.shapes, here.metres, strict=True):
            order = (int(shapely.get_dimensions(shape)), float(distance), float(shape.area))
            hit = hit_of(layer, here.loaded, int(row), distance_m=float(distance))
            found.append((order, hit))
    found.sort(key=lambda one: (one[0], one[1].layer_id, one[1].feature_id))
    under = (
        pixel_at(store, layer, current(layer), lon, lat)
        for layer in shown_layers(store, region_id, layer_ids)
        if current(layer).is_raster
    )
    return (*(hit for _, hit in found[:limit]), *(hit for hit in under if hit))


@dataclass(frozen=True, kw_only=True)
class _Within:
    """Rows of a version near a place, with their shapes and distances in metres."""

    loaded: Loaded
    rows: np.ndarray
    shapes: np.ndarray
    metres: np.ndarray


def _reaches(version: LayerVersion, tolerance_m: float) -> tuple[float, ...]:
    """How far to look, in turn. Far out a finger covers half a large layer: begin near it."""
    if version.features <= LARGE:
        return (tolerance_m,)
    return tuple(tolerance_m / step for step in (64, 16, 4, 1))


def _within(
    store: Store, version: LayerVersion, at: tuple[float, float], *, reach_m: float, metric: str
) -> _Within:
    """The features of a version at most `reach_m` metres from a place in degrees (EPSG:4326)."""
    lon, lat = at
    height = reach_m / METRES_A_DEGREE
    width = height / max(math.cos(math.radians(lat)), 0.01)
    bounds = (lon - width, lat - height, lon + width, lat + height)
    if version.features <= LARGE:
        loaded = load(store, version)
    else:
        frame = store.read_features(version.version_id, columns=SLIM, bbox=bounds)
        loaded = Loaded(version=version, frame=frame.reset_index(drop=True))
    rows = np.sort(loaded.tree.query(shapely.box(*bounds), predicate="intersects"))
    shapes = gpd.GeoSeries(loaded.frame.geometry.to_numpy()[rows], crs=4326).to_crs(metric)
    place = gpd.GeoSeries([shapely.Point(lon, lat)], crs=4326).to_crs(metric).iloc[0]
    metres = shapes.distance(place).to_numpy()
    near = metres <= reach_m
    return _Within(
        loaded=loaded, rows=rows[near], shapes=shapes.to_numpy()[near], metres=metres[near]
    )


def area_figures(store: Store, region_id: str, polygon: Mapping[str, Any]) -> AreaFigures:
    """Counts and hectares of every layer inside a drawn polygon (GeoJSON geometry, EPSG:4326).

    Measured in the region's measuring CRS; ground covered twice counts once. Of a large layer only
    the ground around the drawing is read; where that is too much, a note says so and the layer has
    no row. StoreError with a sentence where the drawing is no area.
    """
    metric = facts.region(region_id).measuring_crs
    drawn = _drawn(polygon)
    sheet = gpd.GeoDataFrame(geometry=[drawn], crs=4326)
    flat = to_measuring_crs(sheet, measuring_crs=metric).geometry.make_valid().iloc[0]
    rows: list[dict[str, Any]] = []
    too_many: list[str] = []
    for layer, loaded in _around(store, region_id, drawn.bounds):
        if loaded is None:
            too_many.append(layer.name)
            continue
        touching = np.sort(loaded.tree.query(drawn, predicate="intersects"))
        frame = loaded.frame.iloc[touching]
        shapes = to_measuring_crs(frame, measuring_crs=metric).geometry.make_valid()
        for name, members in shapes.groupby(frame["feature_class"].fillna("")):
            rows.append(_area_row(layer, str(name), members, flat))
        if frame.empty:
            rows.append(_area_row(layer, "", shapes, flat))
    notes = ["Absence of data is not absence of mining or farming."]
    if too_many:
        notes.append(
            f"Too many features lie here to be measured at once: {', '.join(too_many)}. Draw a "
            "smaller area."
        )
    rasters = [one.name for one in shown_layers(store, region_id, None) if current(one).is_raster]
    if rasters:
        notes.append(f"Rasters are not added up here: {', '.join(rasters)}.")
    if any(layer.demonstration for layer in store.layers(region_id)):
        notes.append(INVENTED)
    return AreaFigures(area_ha=flat.area / 10_000, rows=tuple(rows), notes=tuple(notes))


def plain(value: Any) -> Any:
    """A cell as a plain JSON type; null, NaN and NaT become None."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if value is None or pd.isna(value):
        return None
    if isinstance(value, (dt.datetime, pd.Timestamp)):
        return value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _area_row(layer: Layer, feature_class: str, shapes: gpd.GeoSeries, flat: Any) -> dict[str, Any]:
    areas = shapes[shapely.get_dimensions(shapes.to_numpy()) == 2]
    area_ha = None
    if len(areas):
        inside = shapely.intersection(areas.to_numpy(), flat)
        area_ha = union_area_m2(inside[~shapely.is_empty(inside)]) / 10_000
    return {
        "layer_id": layer.layer_id,
        "layer_name": layer.name,
        "kind": layer.kind,
        "feature_class": feature_class,
        "features": len(shapes),
        "area_ha": area_ha,
    }


def _drawn(polygon: Mapping[str, Any]) -> Any:
    geometry = polygon.get("geometry", polygon)
    try:
        drawn = shapely.make_valid(shapely.from_geojson(json.dumps(geometry)))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise StoreError("The drawing could not be read. Draw the area again.") from error
    if drawn.area == 0:
        raise StoreError("The drawing has no area. Draw a polygon or a rectangle.")
    return drawn


def _around(store: Store, region_id: str, bounds: Bounds) -> Iterator[tuple[Layer, Loaded | None]]:
    """Each layer with at least what of it meets a box; None where that is too much to read."""
    for layer in shown_layers(store, region_id, None):
        version = current(layer)
        if version.is_raster:
            continue
        if version.features <= LARGE:
            yield layer, load(store, version)
        elif version.features * share_of(version.bounds, bounds) > LARGE:
            yield layer, None
        else:
            frame = store.read_features(version.version_id, columns=SLIM, bbox=bounds)
            yield layer, Loaded(version=version, frame=frame.reset_index(drop=True))


def share_of(whole: Bounds | None, part: Bounds) -> float:
    """How much of a layer's box a part of it covers, 0 to 1: about the share of its features."""
    if whole is None:
        return 1.0
    width, height = whole[2] - whole[0], whole[3] - whole[1]
    across = min(whole[2], part[2]) - max(whole[0], part[0])
    up = min(whole[3], part[3]) - max(whole[1], part[1])
    if across < 0 or up < 0:
        return 0.0
    return (across / width if width else 1.0) * (up / height if height else 1.0)


def shown_layers(store: Store, region_id: str, layer_ids: Sequence[str] | None) -> list[Layer]:
    """The layers of a region, or those of them that are named."""
    facts.region(region_id)
    return [
        layer
        for layer in store.layers(region_id)
        if layer_ids is None or layer.layer_id in layer_ids
    ]


def current(layer: Layer) -> LayerVersion:
    """The version of a layer that is shown; StoreError where it was deleted."""
    if layer.current is None:
        raise StoreError(f"Layer '{layer.name}' was deleted.")
    return layer.current


def hit_of(layer: Layer, loaded: Loaded, row: int, *, distance_m: float | None = None) -> Hit:
    """A row of a loaded version as what a click or a search finds."""
    feature_id = str(loaded.frame["feature_id"].iloc[row])
    shape = loaded.frame.geometry.iloc[row]
    point = shape.representative_point()
    return Hit(
        layer_id=layer.layer_id,
        layer_name=layer.name,
        kind=layer.kind,
        version_id=loaded.version.version_id,
        feature_id=feature_id,
        title=plain(loaded.frame["name"].iloc[row]) or f"{facts.kind(layer.kind).one} {feature_id}",
        longitude=round(point.x, DECIMALS),
        latitude=round(point.y, DECIMALS),
        bounds=shape.bounds,
        distance_m=distance_m,
    )


def _fields(found: gpd.GeoDataFrame, row: pd.Series, layer: Layer) -> dict[str, Any]:
    """Our fields under their titles, then size and place; None = no data."""
    kind = facts.kind(layer.kind)
    fields: dict[str, Any] = {}
    for field, fact in kind.fields.items():
        if field != "name" and field in found.columns:
            fields[fact.title] = plain(row[field])
    shape = row.geometry
    if shapely.get_dimensions(shape) == 2:
        fields["Area (ha)"] = round(float(geodesic_area_ha(np.array([shape]))[0]), 4)
    elif shapely.get_dimensions(shape) == 1:
        metric = facts.region(layer.region_id).measuring_crs
        length = gpd.GeoSeries([shape], crs=4326).to_crs(metric).length.iloc[0]
        fields["Length (km)"] = round(float(length) / 1_000, 3)
    if "position_sd_m" in found.columns:
        fields["Standard error of position (m)"] = plain(row["position_sd_m"])
    fields["Row in the file"] = plain(row.get("source_row"))
    return fields


def _caveats(row: pd.Series, layer: Layer, version: LayerVersion) -> Iterator[str]:
    """What a reader of this feature must not take for certain."""
    kind = facts.kind(layer.kind)
    if version.demonstration:
        yield INVENTED
    read = version.request.get("read", {})
    stated = "position_sd_m" in version.mapping or read.get("position_sd_m") is not None
    deviation = plain(row.get("position_sd_m"))
    if not stated and deviation:
        yield (
            f"Nobody stated how exact the position in '{layer.name}' is: a standard error of "
            f"{deviation:g} m is assumed ({kind.position_note.removesuffix(', assumed')})."
        )
    is_line = shapely.get_dimensions(row.geometry) == 1
    if layer.kind == "water" and is_line and plain(row.get("width_m")) is None:
        yield (
            f"'{layer.name}' draws this water as a line and gives no width: distances are from "
            "the centre-line, not from the bank, and so too long."
        )
    is_site = layer.kind in ("mine_sites", "detections")
    is_point = shapely.get_dimensions(row.geometry) == 0
    if is_site and is_point and plain(row.get("radius_m")) is None:
        yield f"'{layer.name}' gives this {kind.one} as a point: how far it extends is no data."
    if plain(row.get("feature_class")) == "unknown":
        yield f"The class of this {kind.one} in '{layer.name}' is not one we know."
    if plain(row.get("repaired")):
        yield f"The outline of this {kind.one} was invalid in the file and was repaired."
    if version.data_date is None:
        yield f"Nobody stated which date the data of '{layer.name}' speak for."


def _days(dates: pd.Series) -> list[str | None]:
    """Dates as ISO days; None where there is none, or where it is no date."""
    days = pd.to_datetime(dates, errors="coerce")
    return [None if pd.isna(day) else day.date().isoformat() for day in days]


def _for_map(shapes: np.ndarray, tolerance: float) -> np.ndarray:
    if tolerance > 0:
        simple = shapely.simplify(shapes, tolerance, preserve_topology=True)
        shapes = np.where(shapely.is_empty(simple), shapes, simple)
    return shapely.transform(shapes, lambda at: np.round(at, DECIMALS))


def _line(properties: Mapping[str, Any], shape: Any) -> str:
    told = json.dumps(properties, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f'{{"type":"Feature","properties":{told},"geometry":{shapely.to_geojson(shape)}}}'


def _collection(lines: Sequence[str]) -> bytes:
    return ('{"type":"FeatureCollection","features":[' + ",".join(lines) + "]}").encode()
