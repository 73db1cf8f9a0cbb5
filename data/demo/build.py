"""The demonstration files, as somebody would bring them: GeoJSON, GeoPackage and CSV, with flaws.

They go through the same import as any other file. A few flaws are left in on purpose, so that a
first look at the findings shows what findings are for; docs/decisions/0007-demonstration.md lists
them. The same code gives the same bytes.
"""

import csv
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from data.demo import air, cover, land, mining
from data.demo.plane import to_degrees
from data.demo.visits import visits

CRS = "EPSG:4326"
INVENTED = "invented"
NAMED = "invented shape or place, real name"
"""What the column `demonstration` says of rivers, settlements, roads and districts."""

BOW_TIE_FIELD, COPIED_DETECTION = 1_200, 60
"""Row of the farmland file whose boundary crosses itself, and of the detections that come twice."""


@dataclass(frozen=True, kw_only=True)
class DemoFile:
    """One file to import: which kind it is, what the layer is called, and how old it is."""

    path: Path
    kind: str
    layer_name: str
    data_date: dt.date | None
    note: str
    crs: str = CRS
    class_values: Mapping[str, str] = field(default_factory=dict)


def demonstration_files(folder: Path) -> list[DemoFile]:
    """Write the demonstration landscape into a folder and say what each file is.

    Coordinates are EPSG:4326, longitude first, 6 decimals. Files of the same name are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = landscape()
    files = []
    for name, about in LAYERS.items():
        if name in frames:
            files.append(_written(folder, frames[name], **about))
            continue
        path = folder / about["filename"]
        if name == LAND_COVER:
            cover.write_land_cover(path, frames)
        else:
            air.write_picture(path, frames, later=name == PICTURE_AFTER)
        told = {key: value for key, value in about.items() if key != "filename"}
        files.append(DemoFile(path=path, **told))
    return files


LAND_COVER = "land_cover"
PICTURE_BEFORE, PICTURE_AFTER = "picture_before", "picture_after"
PICTURE_NOTE = "Drawn by a computer from the invented layers; no camera was there."


LAYERS: dict[str, dict[str, Any]] = {
    PICTURE_BEFORE: {
        "filename": "from_the_air_2023.tif",
        "kind": "imagery",
        "layer_name": "From the air, invented",
        "data_date": dt.date(2023, 2, 10),
        "note": PICTURE_NOTE,
    },
    PICTURE_AFTER: {
        "filename": "from_the_air_2025.tif",
        "kind": "imagery",
        "layer_name": "From the air, invented",
        "data_date": dt.date(2025, 2, 15),
        "note": PICTURE_NOTE,
    },
    LAND_COVER: {
        "filename": "land_cover.tif",
        "kind": "landcover",
        "layer_name": "Land cover",
        "data_date": dt.date(2024, 1, 15),
        "note": "Invented land cover; no satellite image was used.",
        "class_values": cover.CLASS_VALUES,
    },
    "districts": {
        "filename": "districts.geojson",
        "kind": "districts",
        "layer_name": "Districts",
        "data_date": dt.date(2024, 1, 1),
        "note": "Schematic boundaries made up for demonstration; not the official ones.",
    },
    "roads": {
        "filename": "roads.geojson",
        "kind": "roads",
        "layer_name": "Roads",
        "data_date": dt.date(2024, 1, 1),
        "note": "Schematic lines between real places; not a road map.",
    },
    "settlements": {
        "filename": "settlements.csv",
        "kind": "settlements",
        "layer_name": "Settlements",
        "data_date": dt.date(2024, 1, 1),
        "note": "Real names, approximate positions; population is not known.",
    },
    "water": {
        "filename": "water.geojson",
        "kind": "water",
        "layer_name": "Rivers and water bodies",
        "data_date": dt.date(2024, 1, 1),
        "note": "Named rivers follow their real courses roughly; side streams are invented.",
    },
    "protected_areas": {
        "filename": "forest_reserves.geojson",
        "kind": "protected_areas",
        "layer_name": "Forest reserves",
        "data_date": dt.date(2024, 1, 1),
        "note": "Invented reserves; no real reserve has these boundaries.",
    },
    "farmland": {
        "filename": "farmland.gpkg",
        "kind": "farmland",
        "layer_name": "Farmland",
        "data_date": dt.date(2024, 11, 30),
        "note": "Invented fields, and only a part of the farming: no field is not no farming.",
    },
    "licences": {
        "filename": "licences.geojson",
        "kind": "licences",
        "layer_name": "Licences",
        "data_date": dt.date(2025, 5, 1),
        "note": "Invented licences and holders.",
    },
    "artisanal_zones": {
        "filename": "community_mining_zones.geojson",
        "kind": "artisanal_zones",
        "layer_name": "Community mining zones",
        "data_date": dt.date(2025, 5, 1),
        "note": "Invented zones.",
    },
    "mine_sites": {
        "filename": "mine_sites.csv",
        "kind": "mine_sites",
        "layer_name": "Mine sites",
        "data_date": dt.date(2025, 6, 30),
        "note": "Invented sites, as points with a radius.",
    },
    "outlined_sites": {
        "filename": "mine_site_outlines.geojson",
        "kind": "mine_sites",
        "layer_name": "Mine sites walked around",
        "data_date": dt.date(2025, 6, 30),
        "note": "Invented sites, as outlines.",
    },
    "detections": {
        "filename": "detections.geojson",
        "kind": "detections",
        "layer_name": "Satellite detections",
        "data_date": dt.date(2025, 4, 30),
        "note": "Invented detections; no satellite image was used.",
    },
    "visits": {
        "filename": "visits.csv",
        "kind": "visits",
        "layer_name": "Survey visits 2021-2025",
        "data_date": dt.date(2025, 4, 30),
        "note": "Invented visits in three rounds; each round went to other sites too.",
    },
}


def landscape() -> dict[str, gpd.GeoDataFrame]:
    """Every layer of features by its name in LAYERS, EPSG:4326, flaws included."""
    towns, ways, forest = land.settlements(), land.roads(), land.reserves()
    wet = land.water(land.rivers(), forest=forest)
    zones = mining.zones()
    spots = mining.sites(towns, wet, zones, forest)
    held = mining.licences(spots)
    spots = mining.with_operators(spots, held)
    outlined = np.arange(len(spots)) % 10 == 9
    frames = {
        "districts": (land.districts(), NAMED),
        "roads": (ways, NAMED),
        "settlements": (towns.drop(columns="size"), NAMED),
        "water": (wet, NAMED),
        "protected_areas": (forest, INVENTED),
        "farmland": (_with_crossed_field(land.farmland(towns, ways, wet)), INVENTED),
        "licences": (held, INVENTED),
        "artisanal_zones": (zones, INVENTED),
        "mine_sites": (_with_site_flaws(spots[~outlined]), INVENTED),
        "outlined_sites": (mining.outlines(spots[outlined]), INVENTED),
        "detections": (_with_copied_detection(mining.detections(spots, wet)), INVENTED),
        "visits": (visits(spots, wet), INVENTED),
    }
    return {name: _in_degrees(frame, says) for name, (frame, says) in frames.items()}


def _with_crossed_field(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One boundary that crosses itself, as when two corners were noted in the wrong order."""
    shapes = fields.geometry.to_numpy().copy()
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shapes[BOW_TIE_FIELD]))
    shapes[BOW_TIE_FIELD] = shapely.Polygon(corners[[0, 2, 1, 3, 0]])
    return fields.set_geometry(shapes)


def _with_copied_detection(spots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One detection twice, the same in every column, as where two image tiles overlap."""
    return pd.concat([spots, spots.iloc[[COPIED_DETECTION]]], ignore_index=True)


def _with_site_flaws(spots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """An older visit of the first site, and a site whose position was not written down."""
    first = spots.iloc[[0]].assign(visit_date=dt.date(2023, 3, 20), workers=12)
    lost = spots.iloc[[-1]].assign(
        site_id=f"DS-{mining.POINT_SITES + mining.OUTLINED_SITES + 1}",
        site_name="Demonstration site without position",
        geometry=[None],
    )
    return pd.concat([first, spots, lost], ignore_index=True)


def _in_degrees(frame: gpd.GeoDataFrame, says: str) -> gpd.GeoDataFrame:
    marked = frame.assign(demonstration=says)
    return marked.set_geometry(to_degrees(frame.geometry.to_numpy())).set_crs(CRS)


def _written(folder: Path, frame: gpd.GeoDataFrame, *, filename: str, **about: Any) -> DemoFile:
    path = folder / filename
    write = {".csv": _write_csv, ".geojson": _write_geojson, ".gpkg": _write_geopackage}
    write[path.suffix](frame, path)
    return DemoFile(path=path, **about)


def _write_csv(frame: gpd.GeoDataFrame, path: Path) -> None:
    """A table with longitude and latitude in columns; what is not known is an empty cell."""
    table = frame.drop(columns="geometry")
    table.insert(2, "longitude", frame.geometry.x)
    table.insert(3, "latitude", frame.geometry.y)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows([_plain(value) for value in row] for row in _rows(table))


def _write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """GeoJSON of RFC 7946, one feature a line."""
    table = frame.drop(columns="geometry")
    features = (
        {
            "type": "Feature",
            "properties": {
                name: _plain(value) for name, value in zip(table.columns, row, strict=True)
            },
            "geometry": shapely.geometry.mapping(shape),
        }
        for row, shape in zip(_rows(table), frame.geometry, strict=True)
    )
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    path.write_text(
        '{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n",
        encoding="utf-8",
        newline="\n",
    )


def _rows(table: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    return table.astype(object).itertuples(index=False, name=None)


def _plain(value: Any) -> Any:
    """A cell as JSON or CSV can hold it; whole numbers without a point, nothing for no data."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float | np.floating):
        return int(value) if float(value).is_integer() else round(float(value), 6)
    return value.item() if isinstance(value, np.generic) else value


def _write_geopackage(frame: gpd.GeoDataFrame, path: Path) -> None:
    path.unlink(missing_ok=True)
    with _fixed_clock():
        pyogrio.write_dataframe(frame, path, driver="GPKG", layer=path.stem)


@contextmanager
def _fixed_clock() -> Iterator[None]:
    """GeoPackage stores the time of writing; the same landscape has to be the same bytes."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2025-06-30T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
