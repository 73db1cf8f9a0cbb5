"""Two pictures from the air of one corner of the demonstration, drawn from its own layers.

No camera was there: land, water, fields, houses and pits are painted where the layers have them, so
that before and after line up with the rest. INVENTED is written across both, in the picture itself.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine

from data.demo import land

MIDDLE = (-2.0605, 5.1985)
"""Longitude and latitude; a river, a town, fields and a dozen sites lie around it."""
PIXEL_DEGREES = 0.00006
WIDTH, HEIGHT = 620, 500
METRES_PER_DEGREE = 110_700.0
QUALITY = 85

FOREST, GRASS, CROPS, TREES, WATER, TURBID, ROAD, HOUSES, PIT, POND = range(10)
COLOURS = np.array(
    [
        (44, 74, 42), (122, 140, 78), (168, 152, 92), (66, 98, 50), (52, 82, 98),
        (150, 122, 84), (176, 140, 108), (188, 178, 170), (206, 166, 112), (122, 146, 128),
    ],
    dtype=np.float32,
)  # fmt: skip
ROUGHNESS = np.array([15, 9, 11, 13, 2, 3, 5, 24, 9, 3], dtype=np.float32)
"""How much pixels of a kind of ground differ in brightness, steps of 255."""

LETTERS = {
    "I": "111 010 010 010 111", "N": "1001 1101 1011 1001 1001", "V": "101 101 101 101 010",
    "E": "111 100 110 100 111", "T": "111 010 010 010 010", "D": "110 101 101 101 110",
}  # fmt: skip


def write_picture(path: Path, frames: Mapping[str, gpd.GeoDataFrame], *, later: bool) -> None:
    """Write one of the two pictures as GeoTIFF in red, green and blue, EPSG:4326.

    `frames` are the layers of the landscape in degrees. The later picture has all pits, the earlier
    one half of them, smaller, and a clear river.
    """
    values = picture(frames, later=later)
    path.unlink(missing_ok=True)
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": WIDTH, "height": HEIGHT, "count": 3, "dtype": "uint8",
        "crs": "EPSG:4326", "transform": place(), "photometric": "YCBCR", "compress": "jpeg",
        "jpeg_quality": QUALITY, "tiled": True, "interleave": "pixel",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(values)
        dataset.update_tags(demonstration="invented")


def place() -> Affine:
    """Where the pictures lie: degrees, north up."""
    west = MIDDLE[0] - WIDTH / 2 * PIXEL_DEGREES
    north = MIDDLE[1] + HEIGHT / 2 * PIXEL_DEGREES
    return Affine(PIXEL_DEGREES, 0, west, 0, -PIXEL_DEGREES, north)


def picture(frames: Mapping[str, gpd.GeoDataFrame], *, later: bool) -> np.ndarray:
    """Red, green and blue, (3, HEIGHT, WIDTH), of 8 bits."""
    ground = _ground(frames, later=later)
    rng = land.generator(21 if later else 20)
    light = (
        _clouded(rng) * 6 + rng.normal(0, 1, ground.shape).astype(np.float32) * ROUGHNESS[ground]
    )
    values = COLOURS[ground] + light[..., np.newaxis]
    marked = _written_across()
    values[marked] = values[marked] * 0.45 + 255 * 0.55
    return np.clip(values, 0, 255).astype(np.uint8).transpose(2, 0, 1)


def _ground(frames: Mapping[str, gpd.GeoDataFrame], *, later: bool) -> np.ndarray:
    """What is at each pixel; what comes later in the list lies on top."""
    seen = shapely.box(*rasterio.transform.array_bounds(HEIGHT, WIDTH, place()))
    around = seen.buffer(0.01)
    near = {
        name: frame[frame.geometry.notna() & frame.intersects(around)].copy()
        for name, frame in frames.items()
        if name in ("farmland", "water", "roads", "settlements", "mine_sites")
    }
    fields = near["farmland"]
    shapes_of = fields.geometry.make_valid()
    rivers = near["water"][near["water"].geom_type == "LineString"]
    width_m = rivers["width_m"].fillna(8).clip(lower=8) / 2
    banks = _around(rivers, width_m.to_numpy())
    sites = near["mine_sites"].drop_duplicates("site_id").sort_values("site_id")
    if not later:
        sites = sites.iloc[::2]
    grown = 1.0 if later else 0.55
    reach_m = sites["radius_m"].fillna(15).to_numpy(dtype=float) * 1.6 * grown + 14
    layers: list[tuple[Any, int]] = [
        (_around(near["settlements"], 900.0), GRASS),
        *(
            (shapes_of[fields["land_class"] == name], value)
            for name, value in (("fallow", GRASS), ("tree crops", TREES), ("cropland", CROPS))
        ),
        (_around(near["roads"], 9.0), ROAD),
        (banks, TURBID if later else WATER),
        (_around(sites, reach_m), PIT),
        (_around(sites, reach_m * 0.4), POND),
    ]
    ground = np.full((HEIGHT, WIDTH), FOREST, dtype=np.uint8)
    for geometries, value in layers:
        pairs = [(geometry, value) for geometry in geometries if not geometry.is_empty]
        if pairs:
            rasterize(pairs, out=ground, transform=place())
    return _with_houses(ground, near["settlements"])


def _with_houses(ground: np.ndarray, towns: gpd.GeoDataFrame) -> np.ndarray:
    """Roofs of two by three pixels around the middle of each town, the same on both days."""
    rng = land.generator(22)
    back = ~place()
    for point in towns.geometry:
        column, row = back.a * point.x + back.c, back.e * point.y + back.f
        for along, down in rng.normal(0, 22, (160, 2)):
            x, y = int(column + along), int(row + down)
            if 0 <= x < WIDTH - 3 and 0 <= y < HEIGHT - 2 and ground[y, x] not in (WATER, TURBID):
                ground[y : y + 2, x : x + 3] = HOUSES
    return ground


def _around(frame: gpd.GeoDataFrame, metres: Any) -> np.ndarray:
    """Shapes made wider on all sides, near enough round on this latitude."""
    return np.asarray(shapely.buffer(frame.geometry.to_numpy(), metres / METRES_PER_DEGREE))


def _clouded(rng: np.random.Generator) -> np.ndarray:
    """Soft light and dark, as over any ground: -1 to 1 by and large."""
    total = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    for cell in (8, 24, 72):
        shape = (HEIGHT // cell + 2, WIDTH // cell + 2)
        coarse = rng.normal(0, 1, shape).astype(np.float32)
        rows, columns = np.arange(HEIGHT) / cell, np.arange(WIDTH) / cell
        top, left = rows.astype(int), columns.astype(int)
        down, along = (rows - top)[:, np.newaxis], columns - left
        upper = coarse[top][:, left] * (1 - along) + coarse[top][:, left + 1] * along
        lower = coarse[top + 1][:, left] * (1 - along) + coarse[top + 1][:, left + 1] * along
        total += upper * (1 - down) + lower * down
    return total / 2


def _written_across(word: str = "INVENTED") -> np.ndarray:
    """Where the word stands, in block letters, upper left and lower right."""
    rows = []
    for line in range(5):
        rows.append("0".join(LETTERS[letter].split()[line] for letter in word))
    letters = np.array([[one == "1" for one in row] for row in rows]).repeat(4, 0).repeat(4, 1)
    marked = np.zeros((HEIGHT, WIDTH), dtype=bool)
    height, width = letters.shape
    marked[16 : 16 + height, 16 : 16 + width] = letters
    marked[-16 - height : -16, -16 - width : -16] = letters
    return marked
