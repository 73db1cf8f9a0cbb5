"""Where a region's known sites and its visits lie: each in the first district that it touches.

The unit of adoption is the site, its areas are the districts of one layer. On the line between two
districts, and where districts overlap, the first by id counts, as everywhere else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard.workflows.kept import Kept
from dashboard.workflows.measured import layer_frame
from dashboard.workflows.types import WorkflowError
from geo.adoption.frames import OPERATION_SEPARATOR, Ledger
from geo.hotspots import first_area
from geo.measure import Array, to_measuring_crs
from layers import facts
from layers.catalogue import Layer, fold
from layers.practices import operations
from layers.store import Store

SITES, DISTRICTS = "mine_sites", "districts"
OPERATION_COLUMNS = ("source:operation_type", "source:operations", "source:operation")
"""Columns of an owner's file that say what is done at a site."""
KEPT_GROUNDS = 8

DISTRICT_COLUMNS = ("district_id", "district")
SITE_COLUMNS = ("site_id", "district_id", "district", "operations", "site_name", "layer_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """The districts and the known sites of a region. Never change the frames: they are shared.

    `districts` has DISTRICT_COLUMNS in the order of their ids, `outlines` their shapes (measuring
    CRS), `sites` has SITE_COLUMNS, a row a known site; `district_id` is null outside every
    district. `notes` say what a reader must know of them.
    """

    region_id: str
    district_layer: str | None
    districts: pd.DataFrame
    outlines: Array
    sites: pd.DataFrame
    notes: tuple[str, ...]
    demonstration: bool

    def names(self) -> Mapping[str, str]:
        """The name of each district by its id."""
        return dict(zip(self.districts["district_id"], self.districts["district"], strict=True))


_grounds: Kept[Ground] = Kept(KEPT_GROUNDS)


def ground(store: Store, region_id: str, *, district_layer: str | None = None) -> Ground:
    """The ground of a region as its layers are now; kept until one of them changes.

    `district_layer` is the layer of districts, None = the first by id. WorkflowError where the
    region has no such layer.
    """
    facts.region(region_id)
    layers = [one for one in store.layers(region_id) if one.current is not None]
    chosen = _chosen(layers, district_layer)
    used = [one for one in layers if one.kind == SITES or one.layer_id == chosen]
    told = tuple((one.layer_id, one.current.version_id) for one in used if one.current)
    key = (store.location, region_id, chosen, told)
    return _grounds.get(key, lambda: _ground(store, region_id, chosen, dict(told), used))


def _chosen(layers: Sequence[Layer], asked: str | None) -> str | None:
    there = sorted(one.layer_id for one in layers if one.kind == DISTRICTS)
    if asked is not None and asked not in there:
        raise WorkflowError(
            f"'{asked}' is no layer of districts here. There is: {', '.join(there) or 'none'}."
        )
    return asked or (there[0] if there else None)


def _ground(
    store: Store,
    region_id: str,
    district_layer: str | None,
    versions: Mapping[str, str],
    layers: Sequence[Layer],
) -> Ground:
    metric = facts.region(region_id).measuring_crs
    names, outlines = _districts(store, district_layer, versions, metric=metric)
    tables = [
        _layer_sites(store, layer_id, version_id, metric=metric)
        for layer_id, version_id in sorted(versions.items())
        if layer_id != district_layer
    ]
    notes: list[str] = []
    if tables:
        table = pd.concat([one for one, _ in tables], ignore_index=True)
        points = np.concatenate([points for _, points in tables])
    else:
        table = pd.DataFrame({name: pd.Series(dtype=object) for name in SITE_COLUMNS})
        points = np.zeros(0, dtype=object)
        notes.append("No layer of mine sites is loaded: only sites that were visited are known.")
    twice = table["site_id"].duplicated()
    if twice.any():
        notes.append(
            _many(int(twice.sum()), "site id stands", "site ids stand")
            + " in more than one layer of mine sites. Each counts once, where the first layer "
            "puts it."
        )
        table, points = table[~twice].reset_index(drop=True), points[~twice.to_numpy()]
    table = _in_districts(table, first_area(points, outlines), names)
    return Ground(
        region_id=region_id,
        district_layer=district_layer,
        districts=names,
        outlines=outlines,
        sites=table[list(SITE_COLUMNS)],
        notes=(*notes, *_told_of_districts(table, district_layer)),
        demonstration=any(one.demonstration for one in layers),
    )


def _told_of_districts(sites: pd.DataFrame, district_layer: str | None) -> list[str]:
    if district_layer is None:
        return ["No districts are loaded: nothing can be told by district."]
    outside = int(sites["district_id"].isna().sum())
    if not outside:
        return []
    many = _many(outside, "known site lies", "known sites lie")
    return [f"{many} outside every district; the region counts them, no district does."]


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _districts(
    store: Store, layer_id: str | None, versions: Mapping[str, str], *, metric: str
) -> tuple[pd.DataFrame, Array]:
    """Ids and names of the districts in the order of their ids, and their outlines in metres."""
    if layer_id is None:
        empty = pd.DataFrame({name: pd.Series(dtype=object) for name in DISTRICT_COLUMNS})
        return empty, np.zeros(0, dtype=object)
    frame = layer_frame(
        store, layer_id, DISTRICTS, versions[layer_id], measuring_crs=metric
    ).features
    frame = frame.assign(feature_id=frame["feature_id"].astype(str)).sort_values("feature_id")
    names = frame["name"].where(frame["name"].notna(), frame["feature_id"]).astype(str)
    table = pd.DataFrame(
        {
            "district_id": frame["feature_id"].to_numpy(dtype=object),
            "district": names.to_numpy(dtype=object),
        }
    )
    return table, frame.geometry.to_numpy()


def _layer_sites(
    store: Store, layer_id: str, version_id: str, *, metric: str
) -> tuple[pd.DataFrame, Array]:
    """The sites of a layer in the order of their ids, and a point on each in metres."""
    frame = layer_frame(store, layer_id, SITES, version_id, measuring_crs=metric).features
    frame = frame.assign(feature_id=frame["feature_id"].astype(str)).sort_values("feature_id")
    wanted = ["feature_id", *OPERATION_COLUMNS]
    more = store.read_features(version_id, columns=wanted)
    more = more.set_index(more["feature_id"].astype(str)).reindex(frame["feature_id"])
    table = pd.DataFrame(
        {
            "site_id": frame["feature_id"].to_numpy(dtype=object),
            "site_name": frame["name"].to_numpy(dtype=object),
            "operations": _operations(more),
            "layer_id": layer_id,
        }
    )
    return table, shapely.point_on_surface(frame.geometry.to_numpy())


def _operations(frame: pd.DataFrame) -> Array:
    """The groups of operations that the owner's file names at each site, "" where none is known."""
    column = next((name for name in OPERATION_COLUMNS if name in frame), None)
    if column is None:
        return np.full(len(frame), "", dtype=object)
    values = frame[column].fillna("").astype(str)
    known = {value: operation_groups(value) for value in values.unique()}
    return values.map(known).to_numpy(dtype=object)


def operation_groups(text: str) -> str:
    """The groups of operations that a text names, joined, in the order of the list."""
    told = fold(text)
    found = [
        one.group
        for one in operations()
        if any(
            re.search(rf"(?<!\w){re.escape(fold(name))}(?!\w)", told)
            for name in (one.group, *one.types)
        )
    ]
    return OPERATION_SEPARATOR.join(found)


def _in_districts(table: pd.DataFrame, at: Array, districts: pd.DataFrame) -> pd.DataFrame:
    """The table with the district at each position, null where that is -1."""
    inside = at >= 0
    filled = {}
    for name in DISTRICT_COLUMNS:
        column = np.full(len(table), None, dtype=object)
        column[inside] = districts[name].to_numpy(dtype=object)[at[inside]]
        filled[name] = column
    return table.assign(**filled)


def where_visits_say(ledger: Ledger, there: Ground) -> Ground:
    """The ground with each site in the district that its latest visit names, if one names any.

    Who was there knows better than a boundary that may be drawn coarsely; the import tells where
    the two differ. A district that the region does not have leaves the site in none.
    """
    visits = ledger.visits
    said = visits["site_id"].notna() & visits["district"].notna()
    named = visits[said].sort_values("visited_on", kind="stable", na_position="first")
    last = named.drop_duplicates("site_id", keep="last").set_index("site_id")
    sites = there.sites.copy()
    ours = sites["site_id"].isin(last.index).to_numpy()
    if not ours.any():
        return there
    ids = last["district_id"].reindex(sites.loc[ours, "site_id"]).to_numpy(dtype=object)
    known = there.names()
    for name, values in (
        ("district_id", ids),
        ("district", np.array([known.get(one) for one in ids], dtype=object)),
    ):
        column = sites[name].astype(object).to_numpy(copy=True)
        column[ours] = values
        sites[name] = column
    return replace(there, sites=sites)


def placed(ledger: Ledger, there: Ground) -> tuple[Ledger, tuple[str, ...]]:
    """The ledger with a district at every visit that has one, and sentences on the others.

    A district that the visit states comes first, then the one its position lies in, then that of
    its site. A visit that names a district the region does not have keeps none: somebody was asked
    at the import and did not say that its position decides.
    """
    visits = ledger.visits
    district_id = visits["district_id"].astype(object).to_numpy(copy=True)
    stated = pd.notna(visits["district_id"]).to_numpy()
    at = first_area(_points(visits, there), there.outlines)
    elsewhere = ~stated & pd.notna(visits["district"]).to_numpy()
    seen = ~stated & ~elsewhere & (at >= 0)
    district_id[seen] = there.districts["district_id"].to_numpy(dtype=object)[at[seen]]
    home = there.sites.set_index("site_id")["district_id"]
    by_site = visits["site_id"].map(home).to_numpy(dtype=object)
    rest = pd.isna(district_id) & ~elsewhere & pd.notna(by_site)
    district_id[rest] = by_site[rest]
    known = there.names()
    named = pd.Series(district_id, index=visits.index).map(known).to_numpy(dtype=object)
    written = visits["district"].astype(object).to_numpy()
    nowhere = pd.isna(district_id)
    moved = replace(
        ledger,
        visits=visits.assign(
            district_id=pd.Series(district_id, index=visits.index).astype("str"),
            district=pd.Series(
                np.where(pd.isna(named), np.where(nowhere, None, written), named),
                index=visits.index,
            ).astype("str"),
        ),
    )
    return moved, _told_of_visits(nowhere, stated & pd.isna(named), there)


def _points(visits: pd.DataFrame, there: Ground) -> Array:
    """The place of each visit in metres; an empty point where it has none."""
    points = np.full(len(visits), shapely.Point(), dtype=object)
    has = visits["longitude"].notna().to_numpy() & visits["latitude"].notna().to_numpy()
    if has.any():
        here = visits[has]
        degrees = gpd.GeoSeries.from_xy(here["longitude"], here["latitude"], crs=4326)
        metric = facts.region(there.region_id).measuring_crs
        frame = gpd.GeoDataFrame(geometry=degrees)
        points[has] = to_measuring_crs(frame, measuring_crs=metric).geometry.to_numpy()
    return points


def _told_of_visits(nowhere: Array, unlisted: Array, there: Ground) -> tuple[str, ...]:
    if there.district_layer is None:
        return ()
    told = []
    if count := int(nowhere.sum()):
        many = _many(count, "visit lies", "visits lie")
        told.append(f"{many} in no district; the region counts them, no district does.")
    if count := int(unlisted.sum()):
        many = _many(count, "visit names", "visits name")
        told.append(f"{many} a district that the layer of districts does not have any more.")
    return tuple(told)
