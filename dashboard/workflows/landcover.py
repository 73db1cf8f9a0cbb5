"""Hectares of land cover by district, licence or site: a table for a person, JSON and CSV."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from dashboard.workflows.types import INVENTED, Progress, WorkflowError
from geo.landcover import RasterLayer
from geo.zonal import NO_DATA, OUTSIDE, UNCLASSIFIED, ZONE
from geo.zonal import land_cover as cover_of
from layers import facts
from layers.catalogue import Layer, LayerVersion
from layers.export import Sheet, exported
from layers.store import Store

BY = {"districts": "districts", "licences": "licences", "sites": "mine_sites"}
"""What land cover can be told by, and the kind of layer that holds it."""

COLUMNS = ("feature_id", "name", "radius_m")
GDAL_CACHE_BYTES = 64_000_000
NOTE = (
    "Hectares are those on the ellipsoid; a pixel counts by the share of it that a zone covers. "
    "Empty means no data, never zero: ground the raster does not classify may hold any class."
)


@dataclass(frozen=True, kw_only=True)
class LandCover:
    """Land cover by zone. Never change `table`: it is shared between callers.

    `table` has a row a zone, by zone id: `zone_id`, `name`, `zone_ha`, for each class of the
    raster `<class>_ha` and `<class>_pct` (of the zone), `no_data_ha`, `unclassified_ha`,
    `outside_ha` and `classified_pct`. A zone of which nothing is classified has no classes (NaN). A
    zone without ground (a site that is a bare point) is NaN throughout and counted in
    `without_ground`. `caveats` are sentences that belong beside the table.
    """

    region_id: str
    by: str
    classes: tuple[str, ...]
    raster: Layer
    zones: Layer
    table: pd.DataFrame
    without_ground: int
    caveats: tuple[str, ...]

    @property
    def demonstration(self) -> bool:
        """Whether any of it is invented."""
        return self.raster.demonstration or self.zones.demonstration

    @property
    def raster_date(self) -> str:
        """The day the raster speaks for."""
        return _dated(_current(self.raster))

    @property
    def source(self) -> str:
        """Where the raster is from."""
        version = _current(self.raster)
        return version.source_note or f"file '{version.filename}', source not stated"

    def as_json(self) -> dict[str, Any]:
        """What `landcover --json` prints."""
        return {
            "region": self.region_id,
            "by": self.by,
            "raster": self.raster.layer_id,
            "zones": self.zones.layer_id,
            "layer_versions": {
                layer.layer_id: _current(layer).version_id for layer in (self.raster, self.zones)
            },
            "date": self.raster_date,
            "source": self.source,
            "demonstration": self.demonstration,
            "classes": list(self.classes),
            "rows": [self._row(row) for row in self.table.to_dict("records")],
            "without_ground": self.without_ground,
            "caveats": list(self.caveats),
        }

    def _row(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        told = {name: _number(row[name]) for name in (ZONE, NO_DATA, UNCLASSIFIED, OUTSIDE)}
        classes = {name: _number(row[f"{name}_ha"]) for name in self.classes}
        return {
            "zone_id": row["zone_id"],
            "name": row["name"],
            **told,
            "classified_pct": _number(row["classified_pct"]),
            "classes_ha": classes,
        }


def land_cover(
    store: Store,
    region_id: str,
    *,
    by: str = "districts",
    raster: str | None = None,
    zones: str | None = None,
    progress: Progress | None = None,
) -> LandCover:
    """Hectares of each class of a raster in each district, licence or site of a region.

    `raster` and `zones` are layer ids; None: the only one there is. Raises WorkflowError where
    there is none, or several and none is named.
    """
    if by not in BY:
        raise WorkflowError(f"Land cover is told by {', '.join(BY)}, not by '{by}'.")
    ground = _chosen(store, region_id, kind="landcover", layer_id=raster, option="--raster")
    areas = _chosen(store, region_id, kind=BY[by], layer_id=zones, option="--zones")
    version = _current(ground)
    classes = version.raster_classes or {}
    frame = store.read_features(_current(areas).version_id, columns=COLUMNS)
    frame = frame.sort_values("feature_id", ignore_index=True)
    found = _measured(store, version, frame, classes, progress)
    names = tuple(dict.fromkeys(classes.values()))
    with store.open_raster(version.version_id) as dataset:
        layer = RasterLayer(
            layer_id=ground.layer_id,
            dataset=dataset,
            classes=classes,
            counts_as=facts.kind("landcover").counts_as,
        )
        told = layer.caveats()
    return LandCover(
        region_id=region_id,
        by=by,
        classes=names,
        raster=ground,
        zones=areas,
        table=_table(frame, found, names),
        without_ground=int(found[ZONE].isna().sum()),
        caveats=(NOTE, *told),
    )


def _measured(
    store: Store,
    version: LayerVersion,
    frame: gpd.GeoDataFrame,
    classes: Mapping[int, str],
    progress: Progress | None,
) -> pd.DataFrame:
    import rasterio  # noqa: PLC0415 - loads GDAL

    def tell(share: float) -> None:
        if progress is not None:
            progress(share, "Measuring land cover")

    with (
        rasterio.Env(GDAL_CACHEMAX=GDAL_CACHE_BYTES),
        store.open_raster(version.version_id) as dataset,
    ):
        around = facts.region(store.layer(version.layer_id).region_id).country_bounds
        return cover_of(frame, dataset, classes, around=around, progress=tell)


def _table(frame: gpd.GeoDataFrame, found: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    zone = found[ZONE]
    classified = found[[f"{name}_ha" for name in names]].sum(axis=1)
    columns: dict[str, Any] = {
        "zone_id": frame["feature_id"].astype(object),
        "name": frame["name"].astype(object).where(frame["name"].notna(), None),
        ZONE: zone,
    }
    for name in names:
        columns[f"{name}_ha"] = found[f"{name}_ha"]
        columns[f"{name}_pct"] = 100 * found[f"{name}_ha"] / zone
    columns |= {name: found[name] for name in (NO_DATA, UNCLASSIFIED, OUTSIDE)}
    columns["classified_pct"] = (100 * classified / zone).clip(upper=100)
    return pd.DataFrame(columns)


def export_land_cover(told: LandCover) -> bytes:
    """The table as CSV: each row with the raster, its date and source, and whether it is invented.

    Empty cells mean no data. Text that a spreadsheet would run is defused.
    """
    nowhere = np.full(len(told.table), np.nan)
    table = told.table.assign(
        raster=told.raster.name,
        raster_date=told.raster_date,
        raster_source=told.source,
        zones=told.zones.name,
        demonstration=INVENTED if told.demonstration else "",
        caveats=" ".join(told.caveats),
        longitude=nowhere,
        latitude=nowhere,
    )
    place = gpd.GeoSeries([None] * len(table), crs=4326)
    sheet = Sheet(
        frame=gpd.GeoDataFrame(table, geometry=place, crs=4326),
        name="land cover",
        notes=(),
        written_on=_current(told.raster).imported_at.date(),
    )
    return exported(sheet, format="csv")


def _chosen(store: Store, region_id: str, *, kind: str, layer_id: str | None, option: str) -> Layer:
    title = facts.kind(kind).title.lower()
    there = [one for one in store.layers(region_id) if one.kind == kind and one.current]
    named = ", ".join(one.layer_id for one in there)
    if layer_id is not None:
        for one in there:
            if one.layer_id == layer_id:
                return one
        raise WorkflowError(
            f"'{layer_id}' is no layer of {title} in this region. There "
            + (f"are: {named}." if there else "is none.")
        )
    if not there:
        raise WorkflowError(f"This region has no layer of {title}. Import one first.")
    if len(there) > 1:
        raise WorkflowError(
            f"This region has several layers of {title}. Choose one with {option}: {named}."
        )
    return there[0]


def _current(layer: Layer) -> LayerVersion:
    if layer.current is None:
        raise WorkflowError(f"The layer '{layer.name}' was deleted. Bring it back first.")
    return layer.current


def _dated(version: LayerVersion) -> str:
    return str(version.data_date) if version.data_date else "date not stated"


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
