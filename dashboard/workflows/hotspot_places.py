"""Sites, detections and visits as places, and the units (districts, hexagons) they lie in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.workflows.measured import layer_frame
from geo import hexagons
from geo.hotspots import first_area
from geo.measure import Array, to_measuring_crs
from layers import facts
from layers.store import Store

SITES, DETECTIONS, VISITS = "mine_sites", "detections", "visits"
PLACED = (SITES, DETECTIONS, VISITS)
COVERAGE = "survey_coverage"
GRAIN = hexagons.RESOLUTIONS[0]
"""Surveyed ground is counted in hexagons of this resolution, whatever the units are."""

SOCIAL = "source:social_intensity"
"""A column of the owner's file: 0 unknown, 1 latent, 2 low, 3 medium, 4 high."""

COLUMNS = ("kind", "layer_id", "feature_id", "sd_m", "has_extent", "dated", "social")


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where sites, detections and visits lie. `table` has COLUMNS, a row a feature; beside it, in
    its order, `points` and `shapes` (measuring CRS) and `lonlat` (n, 2) degrees."""

    table: pd.DataFrame
    points: Array
    shapes: Array
    lonlat: Array

    def of_kind(self, *kinds: str) -> Array:
        """Which rows are of these kinds."""
        mask: Array = self.table["kind"].isin(kinds).to_numpy()
        return mask


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """The units of a run: `table` has unit_id, name, district, x, y (m) and area_km2 (hectares on
    the ellipsoid / 100); `shapes` lie in the measuring CRS. `at` finds the unit of each place."""

    by: str
    table: pd.DataFrame
    shapes: Array

    def at(self, places: Places, *, resolution: int | None) -> Array:
        """The position of the unit each place lies in, -1 for none."""
        if self.by == "districts":
            return first_area(places.points, self.shapes)
        cells = hexagons.cells_of(*places.lonlat.T, resolution=resolution or GRAIN)
        found: Array = pd.Index(self.table["unit_id"]).get_indexer(pd.Index(cells))
        return found


def read_places(store: Store, region_id: str, versions: Mapping[str, str]) -> Places:
    """The places of these versions, ordered by layer and id."""
    metric = facts.region(region_id).measuring_crs
    tables, shapes = [], []
    for layer_id, version_id in sorted(versions.items()):
        kind = store.layer(layer_id).kind
        if kind in PLACED:
            table, shape = _layer_places(store, layer_id, kind, version_id, metric=metric)
            tables.append(table)
            shapes.append(shape)
    if not tables:
        empty = np.zeros(0, dtype=object)
        table = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
        return Places(table=table, points=empty, shapes=empty, lonlat=np.zeros((0, 2)))
    shape = np.concatenate(shapes)
    points = shapely.point_on_surface(shape)
    degrees = gpd.GeoSeries(points, crs=metric).to_crs(4326)
    lonlat = np.column_stack([degrees.x.to_numpy(), degrees.y.to_numpy()])
    return Places(
        table=pd.concat(tables, ignore_index=True), points=points, shapes=shape, lonlat=lonlat
    )


def _layer_places(
    store: Store, layer_id: str, kind: str, version_id: str, *, metric: str
) -> tuple[pd.DataFrame, Array]:
    frame = layer_frame(store, layer_id, kind, version_id, measuring_crs=metric).features
    more = store.read_features(version_id, columns=["feature_id", "observed_on", SOCIAL])
    frame = frame.assign(feature_id=frame["feature_id"].astype(str)).sort_values("feature_id")
    more = more.set_index(more["feature_id"].astype(str)).reindex(frame["feature_id"])
    shapes = frame.geometry.to_numpy()
    radius = pd.to_numeric(frame["radius_m"], errors="coerce").to_numpy(dtype="float64")
    own_date = pd.to_datetime(_column(more, "observed_on"), errors="coerce")
    stated = store.version(version_id).data_date
    dated = own_date.fillna(pd.Timestamp(stated)) if stated else own_date
    table = pd.DataFrame(
        {
            "kind": kind,
            "layer_id": layer_id,
            "feature_id": frame["feature_id"].to_numpy(dtype=object),
            "sd_m": pd.to_numeric(frame["position_sd_m"], errors="coerce").to_numpy("float64"),
            "has_extent": (shapely.get_dimensions(shapes) == 2) | (np.nan_to_num(radius) > 0),
            "dated": dated.to_numpy(),
            "social": social_level(_column(more, SOCIAL)),
        }
    )
    return table, shapes


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(pd.NA, index=frame.index, dtype=object)


def social_level(values: pd.Series) -> Array:
    """Whole numbers from 0 to 4 as they are; anything else is no data (NaN), never 0."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isin(numbers, [0, 1, 2, 3, 4]), numbers, np.nan)


def district_units(
    store: Store, region_id: str, layer_id: str, versions: Mapping[str, str]
) -> Units:
    """The districts of a layer, in the order of their ids, as conflict runs look them up."""
    metric = facts.region(region_id).measuring_crs
    frame = layer_frame(
        store, layer_id, "districts", versions[layer_id], measuring_crs=metric
    ).features.sort_values("feature_id")
    shapes = frame.geometry.to_numpy()
    names = frame["name"].where(frame["name"].notna(), frame["feature_id"]).astype(str)
    middles = shapely.centroid(shapes)
    table = pd.DataFrame(
        {
            "unit_id": [f"{layer_id}/{feature_id}" for feature_id in frame["feature_id"]],
            "name": names.to_numpy(dtype=object),
            "district": names.to_numpy(dtype=object),
            "x": shapely.get_x(middles),
            "y": shapely.get_y(middles),
            # the measuring plane is equal-area
            "area_km2": shapely.area(shapes) / 1e6,
        }
    )
    return Units(by="districts", table=table, shapes=shapes)


def hexagon_units(
    cells: Sequence[str], *, resolution: int, measuring_crs: str, districts: Units | None
) -> Units:
    """Hexagons as units, in the order of their ids, each with the district its middle lies in."""
    cells = sorted(set(cells))
    shapes = _moved(hexagons.cell_outlines(cells), measuring_crs)
    middles = _moved(shapely.points(hexagons.cell_middles(cells)), measuring_crs)
    district = np.full(len(cells), None, dtype=object)
    if districts is not None:
        at = first_area(middles, districts.shapes)
        district[at >= 0] = districts.table["name"].to_numpy(dtype=object)[at[at >= 0]]
    table = pd.DataFrame(
        {
            "unit_id": np.array(cells, dtype=object),
            # as many digits as differ at this resolution
            "name": [f"Hexagon {cell[: resolution + 3]}" for cell in cells],
            "district": district,
            "x": shapely.get_x(middles),
            "y": shapely.get_y(middles),
            "area_km2": hexagons.cell_area_km2(cells),
        }
    )
    return Units(by="h3", table=table, shapes=shapes)


def _moved(shapes: Array, measuring_crs: str) -> Array:
    frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=4326))
    moved: Array = to_measuring_crs(frame, measuring_crs=measuring_crs).geometry.to_numpy()
    return moved


def surveyed_ground(
    store: Store, region_id: str, versions: Mapping[str, str], places: Places
) -> tuple[Array, Array]:
    """Pieces of surveyed ground that do not overlap (measuring CRS), and the declared areas alone
    (degrees).

    A hexagon of GRAIN in which a known site or a visit lies, and what a layer of surveyed ground
    declares. What a satellite saw is no survey.
    """
    metric = facts.region(region_id).measuring_crs
    been = places.of_kind(SITES, VISITS)
    cells = sorted(set(hexagons.cells_of(*places.lonlat[been].T, resolution=GRAIN)) - {None})
    pieces = _moved(hexagons.cell_outlines(cells), metric)
    declared = list(_declared(store, versions))
    if not declared:
        return pieces, np.zeros(0, dtype=object)
    areas = np.concatenate(declared)
    more = shapely.difference(
        shapely.union_all(shapely.make_valid(_moved(areas, metric))), shapely.union_all(pieces)
    )
    return np.concatenate([pieces, shapely.get_parts(more)]), areas


def _declared(store: Store, versions: Mapping[str, str]) -> Iterator[Array]:
    for layer_id, version_id in sorted(versions.items()):
        if store.layer(layer_id).kind == COVERAGE:
            yield store.read_features(version_id, columns=["feature_id"]).geometry.to_numpy()


def surveyed_km2(units: Array, pieces: Array) -> Array:
    """Square kilometres of each unit that are surveyed; `pieces` do not overlap each other."""
    area = np.zeros(len(units))
    if not len(units) or not len(pieces):
        return area
    shapely.prepare(units)
    at, piece = shapely.STRtree(pieces).query(units, predicate="intersects")
    whole = shapely.contains_properly(units[at], pieces[piece])
    shared = np.zeros(len(at))
    shared[whole] = shapely.area(pieces[piece[whole]])
    rest = ~whole
    shared[rest] = shapely.area(shapely.intersection(units[at[rest]], pieces[piece[rest]]))
    np.add.at(area, at, shared / 1e6)
    return area
