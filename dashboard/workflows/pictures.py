"""Pictures for people: of which day, how fine. Their colours are never read as values."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dashboard.workflows.types import INVENTED, FeatureCard, Hit
from geo.crs import Bounds, points_from_wgs84, points_to_wgs84
from geo.pixels import pixel_size_m
from layers import facts
from layers.catalogue import PICTURE_KEY, STRETCH_KEY, Layer, LayerVersion
from layers.store import Store, StoreError

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

WHOLE = "picture"
"""The id of the only thing a picture has: itself."""
DECIMALS = 6
EXACT = (
    "A picture shows exactly where people work and live. Places of informal sites can bring raids "
    "on people: think of that before you share it."
)
COLOURS = ("red", "green", "blue")


def picture_at(
    store: Store, layer: Layer, version: LayerVersion, lon: float, lat: float
) -> Hit | None:
    """The picture under a click (degrees, WGS 84); None beside it and where it has no data."""
    from rasterio.windows import Window  # noqa: PLC0415 - loads GDAL

    area = facts.region(layer.region_id).country_bounds
    with store.open_raster(version.version_id) as dataset:
        xy = points_from_wgs84(np.array([[lon, lat]]), str(version.crs), area_of_interest=area)[0]
        if not np.isfinite(xy).all():
            return None
        back = ~dataset.transform
        column = int(np.floor(back.a * xy[0] + back.b * xy[1] + back.c))
        row = int(np.floor(back.d * xy[0] + back.e * xy[1] + back.f))
        if not (0 <= column < dataset.width and 0 <= row < dataset.height):
            return None
        if dataset.read_masks(1, window=Window(column, row, 1, 1))[0, 0] == 0:
            return None
    card = picture_card(store, layer, version, WHOLE)
    return Hit(
        layer_id=layer.layer_id,
        layer_name=layer.name,
        kind=layer.kind,
        version_id=version.version_id,
        feature_id=WHOLE,
        title=card.title,
        longitude=round(lon, DECIMALS),
        latitude=round(lat, DECIMALS),
        bounds=card.bounds,
        distance_m=0.0,
    )


def picture_card(store: Store, layer: Layer, version: LayerVersion, feature_id: str) -> FeatureCard:
    """A picture for a person; StoreError where `feature_id` is not the picture itself."""
    if feature_id != WHOLE:
        raise StoreError(
            f"Picture '{layer.name}' has no feature '{feature_id[:60]}': it is one picture."
        )
    area = facts.region(layer.region_id).country_bounds
    with store.open_raster(version.version_id) as dataset:
        shape = _outline(dataset, str(version.crs), area)
        size = pixel_m(dataset, str(version.crs), area)
    middle = shape.centroid
    return FeatureCard(
        layer_id=layer.layer_id,
        layer_name=layer.name,
        kind=layer.kind,
        kind_title=facts.kind(layer.kind).title,
        version_id=version.version_id,
        feature_id=WHOLE,
        title=title_of(version),
        fields={
            "Picture of": version.data_date.isoformat() if version.data_date else None,
            "Pixel (m)": f"{size[0]:.3g} x {size[1]:.3g}" if size else None,
            "Colours": colours_of(version),
            "Values stretched": version.mapping.get(STRETCH_KEY),
        },
        source={},
        caveats=_caveats(layer, version),
        geometry=json.loads(shapely.to_geojson(shape)),
        longitude=round(float(middle.x), DECIMALS),
        latitude=round(float(middle.y), DECIMALS),
        bounds=shape.bounds,
        demonstration=version.demonstration,
    )


def title_of(version: LayerVersion) -> str:
    """What a click is told: the day of the picture, and that it has no values."""
    if version.data_date is None:
        return "Picture without a date, no values"
    return f"Picture of {version.data_date.isoformat()}, no values"


def colours_of(version: LayerVersion) -> str:
    """Which bands of the file are shown, in words."""
    bands = version.mapping[PICTURE_KEY].split(",")
    if len(bands) == 1:
        return f"band {bands[0]} alone"
    return ", ".join(f"{name} is band {band}" for name, band in zip(COLOURS, bands, strict=True))


def picture_figures(store: Store, version: LayerVersion) -> tuple[tuple[float, float] | None, int]:
    """The size of a pixel on the ground, metres (None: not to be told), and pixels without data."""
    area = facts.region(store.layer(version.layer_id).region_id).country_bounds
    with store.open_raster(version.version_id) as dataset:
        return pixel_m(dataset, str(version.crs), area), version.rejected


def pixel_m(dataset: "DatasetReader", crs: str, area: Bounds) -> tuple[float, float] | None:
    """Width and height on the ground, metres, of the pixel in the middle; None where unknown.

    Also of a grid that is turned: its sides are then those along rows and columns.
    """
    own = dataset.transform
    column, row = dataset.width / 2, dataset.height / 2
    middle = np.array(
        [[own.c + column * own.a + row * own.b, own.f + column * own.d + row * own.e]], dtype=float
    )
    sides = {"width": float(np.hypot(own.a, own.d)), "height": float(np.hypot(own.b, own.e))}
    size = pixel_size_m(middle, **sides, crs=crs, area_of_interest=area)
    return size if np.isfinite(size).all() else None


def picture_file(store: Store, version_id: str) -> bytes:
    """The file of the store itself, byte for byte: a COG in the picture's own grid."""
    with store.open_raster(version_id) as dataset:
        return Path(dataset.name).read_bytes()


def _outline(dataset: "DatasetReader", crs: str, area: Bounds) -> Any:
    """The edge of a picture, EPSG:4326, with points along it."""
    own = dataset.transform
    width, height = int(dataset.width), int(dataset.height)
    box = shapely.segmentize(shapely.box(0, 0, width, height), max(width, height) / 8)
    at = shapely.get_coordinates(box)
    xy = np.column_stack(
        [
            own.c + at[:, 0] * own.a + at[:, 1] * own.b,
            own.f + at[:, 0] * own.d + at[:, 1] * own.e,
        ]
    )
    return shapely.Polygon(np.round(points_to_wgs84(xy, crs, area_of_interest=area), 7))


def _caveats(layer: Layer, version: LayerVersion) -> tuple[str, ...]:
    told = [INVENTED] if version.demonstration else []
    told += [
        "A picture is looked at: nothing is counted or measured in it, and no rule uses it.",
        EXACT,
    ]
    if version.data_date is None:
        told.append(f"Nobody stated which date the picture '{layer.name}' is of.")
    return tuple(told)
