"""The land of the demonstration: rivers, districts, settlements, roads, reserves and fields.

Frames are in plane metres (`data.demo.plane`); `data.demo.build` turns them into degrees.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo import shapes
from data.demo.plane import metres

PLACES = Path(__file__).with_name("places.toml")
SEED = 20160119
"""The first day of the Tarkwa-Nsuaem dialogue; every draw of the landscape hangs on it."""

FIELDS = 4_000
FIELD_SPACING_M = 150.0
CROPS = {
    "cropland": ["cassava", "maize", "plantain", "cocoyam", "vegetables"],
    "tree crops": ["cocoa", "oil palm", "rubber"],
    "fallow": [None],
}


def generator(topic: int) -> np.random.Generator:
    """The generator of one topic, so that a change to one layer leaves the others as they are."""
    return np.random.default_rng([SEED, topic])


@cache
def places() -> dict[str, list[dict[str, Any]]]:
    """What places.toml says: real names, approximate positions."""
    with PLACES.open("rb") as file:
        return tomllib.load(file)


@cache
def extent() -> shapely.Polygon:
    """The region's box in plane metres; its degrees stand in data/regions.toml."""
    with PLACES.parent.with_name("regions.toml").open("rb") as file:
        west, south, east, north = tomllib.load(file)["tarkwa"]["bounds"]
    return shapely.box(*metres([west, south]), *metres([east, north]))


def settlements() -> gpd.GeoDataFrame:
    """Settlements with their real names; population is not known and stays empty."""
    records = places()["settlement"]
    return gpd.GeoDataFrame(
        {
            "settlement_id": [f"DP-{number:02d}" for number in range(1, len(records) + 1)],
            "name": [record["name"] for record in records],
            "population": [None] * len(records),
            "size": [record["size"] for record in records],
        },
        geometry=shapely.points(metres([record["at"] for record in records])),
    )


def roads() -> gpd.GeoDataFrame:
    """One line a road, through its settlements; the way between them is invented."""
    rng = generator(1)
    at = {record["name"]: metres(record["at"]) for record in places()["settlement"]}
    records = places()["road"]
    legs = [
        [
            shapes.wander(np.array([at[a], at[b]]), rng=rng, amplitude_m=160, step_m=150)
            for a, b in zip(record["via"], record["via"][1:], strict=False)
        ]
        for record in records
    ]
    return gpd.GeoDataFrame(
        {
            "road_id": [f"DR-{number:02d}" for number in range(1, len(records) + 1)],
            "name": [record["name"] for record in records],
        },
        geometry=[shapely.line_merge(shapely.multilinestrings(parts)) for parts in legs],
    )


def rivers() -> gpd.GeoDataFrame:
    """Named rivers, their tributaries and the seasonal streams that feed those, as centre-lines."""
    rng = generator(2)
    named = _named_rivers(rng)
    minor = _branches(named.geometry.to_numpy(), rng=rng, count=44, length_m=(3_500, 9_000))
    known = np.concatenate([named.geometry.to_numpy(), minor])
    seasonal = _branches(known, rng=rng, count=90, length_m=(900, 3_200))
    streams = gpd.GeoDataFrame(
        {
            "name": None,
            "water_class": ["minor perennial stream"] * len(minor)
            + ["seasonal stream"] * len(seasonal),
            "width_m": np.nan,
        },
        geometry=np.concatenate([minor, seasonal]),
    )
    return pd.concat([named, streams], ignore_index=True)


def _named_rivers(rng: np.random.Generator) -> gpd.GeoDataFrame:
    lines: dict[str, shapely.LineString] = {}
    records = places()["river"]
    for record in records:
        course = metres(record["course"])
        if "into" in record:
            mouth = shapely.shortest_line(lines[record["into"]], shapely.Point(course[-1]))
            course = np.vstack([course[:-1], shapely.get_coordinates(mouth)[:1]])
        lines[record["name"]] = shapes.wander(course, rng=rng, amplitude_m=record["wander_m"])
    return gpd.GeoDataFrame(
        {
            "name": list(lines),
            "water_class": [record["class"] for record in records],
            "width_m": [record.get("width_m", np.nan) for record in records],
        },
        geometry=list(lines.values()),
    )


def _branches(
    parents: np.ndarray, *, rng: np.random.Generator, count: int, length_m: tuple[float, float]
) -> np.ndarray:
    """Streams that reach a parent, stay inside the region and keep 300 m off all other water."""
    lengths = shapely.length(parents)
    kept = list(parents)
    for _ in range(count * 25):
        if len(kept) == len(parents) + count:
            break
        parent = parents[rng.choice(len(parents), p=lengths / lengths.sum())]
        line = shapes.branch(parent, rng=rng, length_m=rng.uniform(*length_m))
        upper = shapely.LineString(shapely.get_coordinates(line)[:-4])
        clear = shapely.distance(upper, np.array(kept)).min() > 300 and line.is_simple
        if clear and shapely.contains(extent(), line):
            kept.append(line)
    return np.array(kept[len(parents) :], dtype=object)


def reserves() -> gpd.GeoDataFrame:
    """Two forest reserves of invented extent."""
    rng = generator(3)
    records = places()["forest_reserve"]
    return gpd.GeoDataFrame(
        {
            "id": [f"DF-{number}" for number in range(1, len(records) + 1)],
            "name": [record["name"] for record in records],
            "protection_class": "Forest reserve",
        },
        geometry=[
            shapes.blob(
                metres(record["at"]),
                rng=rng,
                radius_m=record["radius_m"],
                stretch=record["stretch"],
                vertices=260,
            )
            for record in records
        ],
    )


def water(lines: gpd.GeoDataFrame, *, forest: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rivers and streams, a reservoir and a wetland.

    Streams are cut at the edge of a forest reserve, where another buffer holds inside: a stretch
    inside is of class "stream in forest reserve". Major rivers keep their class everywhere.
    """
    woods = shapely.union_all(forest.geometry.to_numpy())
    cut = (lines.water_class != "major perennial river").to_numpy() & lines.intersects(woods)
    inside = lines[cut].assign(
        geometry=lines[cut].intersection(woods), water_class="stream in forest reserve"
    )
    outside = lines[cut].assign(geometry=lines[cut].difference(woods))
    parts = pd.concat([lines[~cut], outside, inside]).explode(ignore_index=True)
    parts = parts[parts.length > 20]
    rng = generator(4)
    still = gpd.GeoDataFrame(
        {
            "name": ["Demonstration reservoir", "Demonstration wetland"],
            "water_class": ["reservoir", "wetland"],
            "width_m": np.nan,
        },
        geometry=[
            shapes.blob(metres([-1.957, 5.327]), rng=rng, radius_m=520, stretch=0.6, vertices=140),
            shapes.blob(metres([-2.178, 5.062]), rng=rng, radius_m=980, stretch=1.7, vertices=160),
        ],
    )
    whole = pd.concat([parts, still], ignore_index=True)
    whole.insert(0, "water_id", [f"DW-{number:03d}" for number in range(1, len(whole) + 1)])
    return whole


def districts() -> gpd.GeoDataFrame:
    """Districts that tile the region without gaps; boundaries are schematic, not official.

    Small cells are given to the nearest district point and joined, so two neighbours share every
    vertex of their border.
    """
    rng = generator(5)
    records = places()["district"]
    seeds = np.concatenate([metres(record["around"]) for record in records])
    owner = np.repeat(np.arange(len(records)), [len(record["around"]) for record in records])
    cells, points = _cells(extent(), rng=rng, spacing_m=1_700)
    nearest = np.argmin(np.hypot(*(points[:, None, :] - seeds).transpose(2, 0, 1)), axis=1)
    return gpd.GeoDataFrame(
        {
            "district_code": [f"DD-{number}" for number in range(1, len(records) + 1)],
            "district_name": [record["name"] for record in records],
            "boundary": "schematic, not the official boundary",
        },
        geometry=[
            shapely.intersection(
                shapely.coverage_union_all(cells[owner[nearest] == number]), extent()
            )
            for number in range(len(records))
        ],
    )


def _cells(
    area: shapely.Polygon, *, rng: np.random.Generator, spacing_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Voronoi cells of a shaken grid that reaches one cell beyond an area, and their points."""
    west, south, east, north = area.bounds
    x, y = np.meshgrid(
        np.arange(west - spacing_m, east + 2 * spacing_m, spacing_m),
        np.arange(south - spacing_m, north + 2 * spacing_m, spacing_m),
    )
    points = np.column_stack([x.ravel(), y.ravel()])
    points = points + rng.uniform(-0.42, 0.42, points.shape) * spacing_m
    return _voronoi(points), points


def _voronoi(points: np.ndarray) -> np.ndarray:
    """The Voronoi cell of each point, in the order of the points."""
    return shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), ordered=True))


def farmland(
    towns: gpd.GeoDataFrame, ways: gpd.GeoDataFrame, wet: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Fields around settlements and along roads, mostly clear of water and of the houses."""
    rng = generator(6)
    centres, radii = _hamlets(towns, ways, rng=rng)
    fields, hamlet = _mosaic(centres, radii, rng=rng)
    near_water = shapely.STRtree(wet.geometry.to_numpy()).query(
        fields, predicate="dwithin", distance=35
    )[0]
    houses = shapely.buffer(towns.geometry.to_numpy(), 220.0 * towns["size"].to_numpy())
    built = shapely.STRtree(houses).query(fields, predicate="intersects")[0]
    keep = rng.random(len(fields)) < 0.88
    keep[near_water] = rng.random(len(near_water)) < 0.08
    keep[built] = False
    chosen = np.sort(rng.permutation(np.flatnonzero(keep))[:FIELDS])
    fields, hamlet = fields[chosen], hamlet[chosen]
    land_class, crop = _crops(hamlet, count=len(centres), rng=rng)
    return gpd.GeoDataFrame(
        {
            "field_id": [f"DL-{number:04d}" for number in range(1, len(fields) + 1)],
            "land_class": land_class,
            "main_crop": crop,
        },
        geometry=fields,
    )


def _hamlets(
    towns: gpd.GeoDataFrame, ways: gpd.GeoDataFrame, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii (m) of farmed ground: each settlement, and hamlets off the roads."""
    lines = ways.geometry.to_numpy()
    share = shapely.length(lines) / shapely.length(lines).sum()
    picked = lines[rng.choice(len(lines), 90, p=share)]
    beside = shapely.get_coordinates(
        shapely.line_interpolate_point(picked, rng.uniform(0, 1, 90), normalized=True)
    )
    beside = beside + rng.normal(0, 900, beside.shape)
    around = shapely.get_coordinates(towns.geometry.to_numpy())
    centres = np.concatenate([around, beside])
    radii = np.concatenate([620 + 260 * towns["size"].to_numpy(), rng.uniform(280, 620, 90)])
    inside = shapely.contains_xy(extent().buffer(-900), centres)
    return centres[inside], radii[inside]


def _mosaic(
    centres: np.ndarray, radii: np.ndarray, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Irregular fields inside the farmed ground, with the hamlet each belongs to.

    Cells come from one shaken grid, so fields of neighbouring hamlets never overlap; a ring of
    cells beyond the edge is drawn only to give the outer fields their neighbours.
    """
    points = _shaken_grid(centres, radii + 5 * FIELD_SPACING_M, rng=rng)
    outline = rng.uniform(0, 2 * np.pi, (len(centres), 2))
    offset = points[:, None, :] - centres
    distance = np.hypot(offset[..., 0], offset[..., 1])
    angle = np.arctan2(offset[..., 1], offset[..., 0])
    edge = radii * (
        1 + 0.25 * np.sin(2 * angle + outline[:, 0]) + 0.18 * np.sin(5 * angle + outline[:, 1])
    )
    ring = (distance < edge + 3 * FIELD_SPACING_M).any(axis=1)
    farmed = (distance < edge)[ring]
    hamlet = np.argmin(np.where(farmed, distance[ring] / radii, np.inf), axis=1)
    wanted = farmed.any(axis=1)
    cells = _voronoi(points[ring])[wanted]
    return shapes.ragged_edges(cells, rng=rng), hamlet[wanted]


def _shaken_grid(
    centres: np.ndarray, reach_m: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Points of one grid over the whole region that lie near a centre, each a little displaced."""
    steps = np.arange(-int(reach_m.max() / FIELD_SPACING_M), int(reach_m.max() / FIELD_SPACING_M))
    square = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    home = np.round(centres / FIELD_SPACING_M).astype(int)
    near = np.hypot(*square.T) * FIELD_SPACING_M <= reach_m[:, None] * 1.45
    cells = np.unique(np.concatenate([square[near[k]] + home[k] for k in range(len(home))]), axis=0)
    return (cells + rng.uniform(-0.42, 0.42, cells.shape)) * FIELD_SPACING_M


def _crops(
    hamlet: np.ndarray, *, count: int, rng: np.random.Generator
) -> tuple[list[str], list[str | None]]:
    """Land class and main crop of each field; each hamlet leans its own way."""
    classes = np.array(list(CROPS))
    leaning = rng.dirichlet([4.0, 3.0, 1.2], count).cumsum(axis=1)
    drawn = (rng.random(len(hamlet))[:, None] > leaning[hamlet]).sum(axis=1).clip(0, 2)
    which = rng.random(len(hamlet))
    crop = [
        CROPS[name][int(share * len(CROPS[name]))]
        for name, share in zip(classes[drawn], which, strict=True)
    ]
    return [str(name) for name in classes[drawn]], crop
