"""Rasters for people: figures by class, the pixel under a click, a file to take away."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dashboard.workflows.pictures import picture_at, picture_card, picture_file, pixel_m
from dashboard.workflows.png import color_of
from dashboard.workflows.types import INVENTED, FeatureCard, Hit
from geo.crs import Bounds, points_from_wgs84, points_to_wgs84
from geo.pixels import pixel_areas_m2, pixel_size_m
from layers import facts
from layers.catalogue import NODATA_KEY, Layer, LayerVersion
from layers.read import Limits
from layers.read.pixels import tally
from layers.store import Store, StoreError

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

COUNTS_TAG = "commonground"
NO_DATA = "no data"
LEFT_OUT = "left out on import"
DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class RasterFigures:
    """What a raster holds: pixels and hectares on the ellipsoid by class; size of a pixel, metres.

    `without_data` and `left_out` are pixels without a class, told apart; `pixel_m` is None where
    it cannot be told.
    """

    classes: Mapping[str, int]
    areas_ha: Mapping[str, float]
    without_data: int
    left_out: int
    pixel_m: tuple[float, float] | None


def raster_figures(store: Store, version: LayerVersion) -> RasterFigures:
    """The figures of a raster version, as its import counted them, else counted now."""
    layer = store.layer(version.layer_id)
    area = facts.region(layer.region_id).country_bounds
    with store.open_raster(version.version_id) as dataset:
        told = dataset.tags().get(COUNTS_TAG)
        counted: Mapping[str, Any] = (
            json.loads(told) if told else _counted(dataset, str(version.crs), area)
        )
        size = pixel_m(dataset, str(version.crs), area)
    table = version.raster_classes or {}
    classes: dict[str, int] = {}
    areas: dict[str, float] = {}
    left_out = 0
    for text, (pixels, area_ha) in counted.items():
        name = table.get(int(text))
        if name is not None:
            classes[name] = classes.get(name, 0) + int(pixels)
            areas[name] = areas.get(name, 0.0) + float(area_ha)
        elif text != version.mapping.get(NODATA_KEY):
            left_out += int(pixels)
    return RasterFigures(
        classes=classes,
        areas_ha=areas,
        without_data=version.read - sum(classes.values()) - left_out,
        left_out=left_out,
        pixel_m=size,
    )


def _counted(dataset: "DatasetReader", crs: str, area: Bounds) -> dict[str, list[float]]:
    found = tally(dataset, 1, has_mask=False, limits=Limits(), say=lambda share: None)
    areas = found.areas_ha(crs=crs, area_of_interest=area)
    return {str(value): [pixels, areas[value]] for value, pixels in found.counts.items()}


def pixel_at(
    store: Store, layer: Layer, version: LayerVersion, lon: float, lat: float
) -> Hit | None:
    """The pixel under a click (degrees, WGS 84); None off the raster.

    Of a picture it is the whole picture, where it has data: its colours are no values.
    """
    if version.is_picture:
        return picture_at(store, layer, version, lon, lat)
    area = facts.region(layer.region_id).country_bounds
    with store.open_raster(version.version_id) as dataset:
        xy = points_from_wgs84(np.array([[lon, lat]]), str(version.crs), area_of_interest=area)[0]
        own = dataset.transform
        if not np.isfinite(xy).all():
            return None
        column = int(np.floor((xy[0] - own.c) / own.a))
        row = int(np.floor((xy[1] - own.f) / own.e))
        if not (0 <= column < dataset.width and 0 <= row < dataset.height):
            return None
    card = pixel_card(store, layer, version, f"pixel-{row}-{column}")
    return Hit(
        layer_id=layer.layer_id,
        layer_name=layer.name,
        kind=layer.kind,
        version_id=version.version_id,
        feature_id=card.feature_id,
        title=card.title,
        longitude=card.longitude,
        latitude=card.latitude,
        bounds=card.bounds,
        distance_m=0.0,
    )


def pixel_card(store: Store, layer: Layer, version: LayerVersion, feature_id: str) -> FeatureCard:
    """One pixel for a person, by an id "pixel-<row>-<column>", both from 0; or a whole picture."""
    if version.is_picture:
        return picture_card(store, layer, version, feature_id)
    area = facts.region(layer.region_id).country_bounds
    crs = str(version.crs)
    with store.open_raster(version.version_id) as dataset:
        row, column = _row_and_column(dataset, layer, feature_id)
        value = _value(dataset, row, column)
        own = dataset.transform
    west, north = own.c + column * own.a, own.f + row * own.e
    box = shapely.get_coordinates(shapely.box(west, north + own.e, west + own.a, north))
    ring = points_to_wgs84(box, crs, area_of_interest=area)
    shape = shapely.Polygon(np.round(ring, 8))
    middle = np.array([[west + own.a / 2, north + own.e / 2]])
    about: dict[str, Any] = {
        "width": own.a, "height": -own.e, "crs": crs, "area_of_interest": area,
    }  # fmt: skip
    wide, high = pixel_size_m(middle, **about)
    title = _class_of(version, value)
    lon, lat = points_to_wgs84(middle, crs, area_of_interest=area)[0]
    return FeatureCard(
        layer_id=layer.layer_id,
        layer_name=layer.name,
        kind=layer.kind,
        kind_title=facts.kind(layer.kind).title,
        version_id=version.version_id,
        feature_id=feature_id,
        title=title,
        fields={
            facts.kind(layer.kind).fields["feature_class"].title: title,
            "Value of the pixel": None if title == NO_DATA else value,
            "Pixel (m)": f"{wide:.1f} x {high:.1f}",
            "Area of the pixel (ha)": round(float(pixel_areas_m2(middle, **about)[0]) / 10_000, 4),
        },
        source={},
        caveats=_caveats(layer, version),
        geometry=json.loads(shapely.to_geojson(shape)),
        longitude=round(float(lon), DECIMALS),
        latitude=round(float(lat), DECIMALS),
        bounds=shape.bounds,
        demonstration=version.demonstration,
    )


def _row_and_column(dataset: "DatasetReader", layer: Layer, feature_id: str) -> tuple[int, int]:
    parts = feature_id.split("-")
    known = (
        len(parts) == 3
        and parts[0] == "pixel"
        and all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts[1:])
    )
    row, column = (int(part) for part in parts[1:]) if known else (-1, -1)
    if not (0 <= column < dataset.width and 0 <= row < dataset.height):
        raise StoreError(f"Raster '{layer.name}' has no pixel '{feature_id[:60]}'.")
    return row, column


def _value(dataset: "DatasetReader", row: int, column: int) -> int:
    from rasterio.windows import Window  # noqa: PLC0415 - loads GDAL

    return int(dataset.read(1, window=Window(column, row, 1, 1))[0, 0])


def _class_of(version: LayerVersion, value: int) -> str:
    if version.mapping.get(NODATA_KEY) == str(value):
        return NO_DATA
    return (version.raster_classes or {}).get(value, LEFT_OUT)


def _caveats(layer: Layer, version: LayerVersion) -> tuple[str, ...]:
    told = [INVENTED] if version.demonstration else []
    told.append(
        f"'{layer.name}' gives one class for a whole pixel, as read from an image. Nobody may have "
        "been there."
    )
    if version.data_date is None:
        told.append(f"Nobody stated which date the data of '{layer.name}' speak for.")
    return tuple(told)


def raster_file(store: Store, version_id: str) -> bytes:
    """A raster version as GeoTIFF in its own grid, with the colours and names of its classes.

    A picture comes as the file of the store itself.
    """
    import rasterio  # noqa: PLC0415 - loads GDAL
    import rasterio.shutil  # noqa: PLC0415

    version = store.version(version_id)
    if version.is_picture:
        return picture_file(store, version_id)
    layer = store.layer(version.layer_id)
    kind = facts.kind(layer.kind)
    table = version.raster_classes or {}
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "raster.tif"
        with store.open_raster(version_id) as dataset:
            rasterio.shutil.copy(dataset, path, driver="GTiff", TILED="YES", COMPRESS="DEFLATE")
        with rasterio.open(path, "r+", driver="GTiff") as copy:
            copy.update_tags(**{COUNTS_TAG: ""})
            copy.update_tags(
                layer=layer.name,
                source=version.source_note or version.filename,
                data_date=str(version.data_date or "not stated"),
                demonstration=INVENTED if version.demonstration else "",
                **{f"class_{value}": name for value, name in table.items()},
            )
            if copy.dtypes[0] == "uint8":
                clear = dict.fromkeys(range(256), (0, 0, 0, 0))
                copy.write_colormap(
                    1, clear | {value: color_of(kind.colors[name]) for value, name in table.items()}
                )
        return path.read_bytes()
