"""The land cover of the demonstration: a raster as an image would give it, with its own numbers.

It agrees with fields, rivers and towns, and shows cropland that no field of the vector layer does:
that is what such rasters are brought for.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine

from data.demo import land, shapes
from data.demo.plane import to_degrees

PIXEL_DEGREES = 0.001
NO_DATA = 0
FOREST, GRASS, CROPS, TREES, WATER, WETLAND, HOUSES, PITS = 10, 20, 30, 35, 50, 60, 80, 90
CLASS_VALUES = {
    str(FOREST): "forest",
    str(GRASS): "shrub_grass",
    str(CROPS): "cropland",
    str(TREES): "tree_crops",
    str(WATER): "water",
    str(WETLAND): "wetland",
    str(HOUSES): "built_up",
    str(PITS): "mining",
}
"""What the invented numbers mean; the import is told so, as by anybody."""

UNMAPPED_FIELDS, CLOUDS = 45, 5
FIELD_VALUES = {"cropland": CROPS, "tree crops": TREES, "fallow": GRASS}


def write_land_cover(path: Path, frames: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write the land cover as GeoTIFF, EPSG:4326, from the layers of the landscape in degrees."""
    values, place = land_cover(frames)
    path.unlink(missing_ok=True)
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1,
        "dtype": "uint8", "crs": "EPSG:4326", "transform": place, "nodata": NO_DATA,
        "compress": "deflate", "tiled": True,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(values, 1)
        dataset.update_tags(demonstration="invented")


def land_cover(frames: Mapping[str, gpd.GeoDataFrame]) -> tuple[np.ndarray, Affine]:
    """Pixel values and where they lie. What comes later in the list lies on top."""
    west, south, east, north = _bounds()
    shape = (round((north - south) / PIXEL_DEGREES), round((east - west) / PIXEL_DEGREES))
    place = Affine(PIXEL_DEGREES, 0, west, 0, -PIXEL_DEGREES, north)
    fields, water = frames["farmland"], frames["water"]
    shapes_of = fields.geometry.make_valid()
    classes = fields["land_class"].map(FIELD_VALUES)
    rivers = water[water["water_class"] == "major perennial river"]
    still = water[water["water_class"] == "reservoir"]
    marsh = water[water["water_class"] == "wetland"]
    layers: list[tuple[Any, int, bool]] = [
        (_around(frames["settlements"], metres=2_600), GRASS, False),
        (_blobs(8, count=UNMAPPED_FIELDS, radius_m=(160, 420)), CROPS, False),
        *((shapes_of[classes == value], value, False) for value in (GRASS, TREES, CROPS)),
        (frames["protected_areas"].geometry, FOREST, False),
        (_around(frames["settlements"], metres=380), HOUSES, False),
        (marsh.geometry, WETLAND, False),
        (still.geometry, WATER, False),
        (rivers.geometry, WATER, True),
        (frames["mine_sites"].geometry.dropna(), PITS, True),
        (_blobs(9, count=CLOUDS, radius_m=(700, 1_500)), NO_DATA, False),
    ]  # fmt: skip
    values = np.full(shape, FOREST, dtype=np.uint8)
    for geometries, value, all_touched in layers:
        rasterize(
            [(geometry, value) for geometry in geometries],
            out=values,
            transform=place,
            all_touched=all_touched,
        )
    return values, place


def _bounds() -> tuple[float, float, float, float]:
    with land.PLACES.parent.with_name("regions.toml").open("rb") as file:
        west, south, east, north = tomllib.load(file)["tarkwa"]["bounds"]
    return west, south, east, north


def _around(points: gpd.GeoDataFrame, *, metres: float) -> np.ndarray:
    """Discs around points, near enough round on this latitude."""
    return shapely.buffer(points.geometry.to_numpy(), metres / 110_700)


def _blobs(topic: int, *, count: int, radius_m: tuple[float, float]) -> np.ndarray:
    """Irregular areas anywhere in the region, in degrees."""
    rng = land.generator(topic)
    west, south, east, north = land.extent().buffer(-2_000).bounds
    return to_degrees(
        np.array(
            [
                shapes.blob(
                    np.array([rng.uniform(west, east), rng.uniform(south, north)]),
                    rng=rng,
                    radius_m=rng.uniform(*radius_m),
                    vertices=40,
                )
                for _ in range(count)
            ]
        )
    )
