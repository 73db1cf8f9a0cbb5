"""The mining of the demonstration: sites, licences, artisanal zones, detections. All invented.

Frames are in plane metres (`data.demo.plane`); `data.demo.build` turns them into degrees.
"""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo import shapes
from data.demo.land import extent, generator, places
from data.demo.plane import metres

POINT_SITES = 216
OUTLINED_SITES = 24
SMALL_BLOCKS = 46
TOO_LARGE_HA = 10.9
"""One small-scale block is larger than the 10.198 ha of GH-SSM-1, for the rule to find it."""

DETECTIONS = 180
OPERATIONS = {
    "water": [
        "alluvial (dig and wash)",
        "alluvial (washing plant)",
        "alluvial (washing board)",
        "alluvial (anwona)",
        "alluvial (dredging)",
        "alluvial (panning)",
    ],
    "town": [
        "underground (abandoned shaft)",
        "underground (sample pit)",
        "surface (chamfi)",
        "mill-house",
        "selection",
    ],
}
OPERATION_SHARES = {
    "water": [0.42, 0.18, 0.12, 0.1, 0.08, 0.1],
    "town": [0.28, 0.16, 0.2, 0.26, 0.1],
}


def sites(
    towns: gpd.GeoDataFrame,
    wet: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    forest: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Mine sites as points with a radius: along rivers, around towns, in zones and reserves."""
    rng = generator(10)
    count = POINT_SITES + OUTLINED_SITES
    by_water = rng.random(count) < 0.62
    xy = np.where(by_water[:, None], _along_water(wet, count, rng=rng), _around(towns, count, rng))
    xy[:26] = _inside(zones.geometry.to_numpy(), 26, rng=rng)
    xy[26:37] = _inside(forest.geometry.to_numpy(), 11, rng=rng)
    xy[37:43] = _by_shores(wet, 6, rng=rng)
    order = np.lexsort((xy[:, 0].round(3), -xy[:, 1].round(3)))
    xy, by_water = xy[order], by_water[order]
    operation = [
        str(rng.choice(OPERATIONS[where], p=OPERATION_SHARES[where]))
        for where in np.where(by_water, "water", "town")
    ]
    old_map = rng.random(count) < 0.06
    return gpd.GeoDataFrame(
        {
            "site_id": [f"DS-{number:03d}" for number in range(1, count + 1)],
            "site_name": _site_names(xy, towns),
            "operation_type": operation,
            "mineral": "gold",
            "workers": _workers(operation, rng=rng),
            "radius_m": rng.uniform(5, 50, count).round(0),
            "position_sd_m": np.where(old_map, 60.0, rng.uniform(3, 15, count).round(0)),
            "visit_date": _days(rng, count, start=dt.date(2025, 2, 3), span=110),
        },
        geometry=shapely.points(xy),
    )


def _along_water(wet: gpd.GeoDataFrame, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Places near rivers, gathered on a few reaches; distances from the bed have a long tail."""
    lines = wet.geometry[wet.geom_type == "LineString"].to_numpy()
    weight = shapely.length(lines) ** 0.8
    reaches = rng.choice(len(lines), 34, p=weight / weight.sum())
    where = rng.uniform(0.1, 0.9, 34) * shapely.length(lines[reaches])
    reach = rng.integers(0, 34, count)
    along = where[reach] + rng.normal(0, 650, count)
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines[reaches[reach]], along))
    angle = rng.uniform(0, 2 * np.pi, count)
    away = rng.lognormal(np.log(120), 0.9, count).clip(15, 900)
    return xy + np.column_stack([np.cos(angle), np.sin(angle)]) * away[:, None]


def _by_shores(wet: gpd.GeoDataFrame, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Places within some 100 m of the shorelines of still water."""
    shores = shapely.boundary(wet.geometry[wet.geom_type == "Polygon"].to_numpy())
    places_on = shapely.line_interpolate_point(
        shores[np.arange(count) % len(shores)], rng.uniform(0, 1, count), normalized=True
    )
    return shapely.get_coordinates(places_on) + rng.normal(0, 55, (count, 2))


def _around(towns: gpd.GeoDataFrame, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places some 300 m to 2 km from a settlement, larger ones more often."""
    size = towns["size"].to_numpy() ** 1.5
    town = shapely.get_coordinates(towns.geometry.to_numpy())[
        rng.choice(len(towns), count, p=size / size.sum())
    ]
    angle = rng.uniform(0, 2 * np.pi, count)
    away = rng.gamma(2.0, 400, count) + 280
    return town + np.column_stack([np.cos(angle), np.sin(angle)]) * away[:, None]


def _inside(areas: np.ndarray, count: int, *, rng: np.random.Generator) -> np.ndarray:
    """Places in areas, around their middles: most inside, some on or beyond the edge."""
    which = rng.integers(0, len(areas), count)
    middle = shapely.get_coordinates(shapely.centroid(areas))[which]
    spread = np.sqrt(shapely.area(areas) / np.pi)[which] * 0.55
    return middle + rng.normal(0, 1, (count, 2)) * spread[:, None]


def _site_names(xy: np.ndarray, towns: gpd.GeoDataFrame) -> list[str]:
    """Plainly invented names that say which settlement is nearest."""
    nearest = shapely.STRtree(towns.geometry.to_numpy()).nearest(shapely.points(xy))
    names = towns["name"].to_numpy()[nearest]
    return [
        f"Demonstration site {name} {number}"
        for name, number in zip(names, pd.Series(names).groupby(names).cumcount() + 1, strict=True)
    ]


def _workers(operation: list[str], *, rng: np.random.Generator) -> list[int | None]:
    """Workers seen; not counted at about one site in eight."""
    usual = np.where(["mill" in name or "selection" in name for name in operation], 9, 24)
    seen = rng.negative_binomial(2, 2 / (2 + usual)) + 2
    counted = rng.random(len(seen)) > 0.12
    return [int(n) if told else None for n, told in zip(seen, counted, strict=True)]


def _days(rng: np.random.Generator, count: int, *, start: dt.date, span: int) -> list[dt.date]:
    return [start + dt.timedelta(days=int(days)) for days in rng.integers(0, span, count)]


def zones() -> gpd.GeoDataFrame:
    """Two community mining zones."""
    rng = generator(11)
    records = places()["artisanal_zone"]
    return gpd.GeoDataFrame(
        {
            "zone_id": [f"DZ-{number}" for number in range(1, len(records) + 1)],
            "name": [record["name"] for record in records],
            "status": "active",
        },
        geometry=[
            shapes.stepped(
                shapes.blob(metres(record["at"]), rng=rng, radius_m=record["radius_m"]), cell_m=230
            )
            for record in records
        ],
    )


def licences(spots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Mining leases, larger blocks in cadastral steps, and small-scale blocks near sites.

    Leases have many vertices and reach a little into each other, as drawn boundaries do.
    """
    rng = generator(12)
    large = pd.concat([_leases(rng), _stepped_licences(rng)], ignore_index=True)
    every = pd.concat([large, _small_scale(spots, rng=rng)], ignore_index=True)
    every.insert(0, "licence_no", [f"DM-{number:03d}" for number in range(1, len(every) + 1)])
    expired = rng.random(len(every)) < 0.22
    years = np.where(
        expired, rng.integers(2021, 2025, len(every)), rng.integers(2026, 2036, len(every))
    )
    every["status"] = np.where(expired, "expired", "active")
    every["valid_to"] = [
        dt.date(int(year), int(month), 28)
        for year, month in zip(years, rng.integers(1, 13, len(every)), strict=True)
    ]
    return every


def _leases(rng: np.random.Generator) -> gpd.GeoDataFrame:
    records = places()["lease"]
    return gpd.GeoDataFrame(
        {
            "licence_name": [record["name"] for record in records],
            "holder": [f"Demonstration Mining Co. {k}" for k in range(1, len(records) + 1)],
            "licence_type": "Mining lease",
        },
        geometry=[
            shapes.blob(
                metres(record["at"]),
                rng=rng,
                radius_m=record["radius_m"],
                stretch=record["stretch"],
                vertices=record["vertices"],
            )
            for record in records
        ],
    )


def _stepped_licences(rng: np.random.Generator) -> gpd.GeoDataFrame:
    records = places()["block"]
    numbers = range(1, len(records) + 1)
    return gpd.GeoDataFrame(
        {
            "licence_name": [f"Demonstration block {k}" for k in numbers],
            "holder": [f"Demonstration Exploration Ltd. {1 + k % 6}" for k in numbers],
            "licence_type": [record["type"] for record in records],
        },
        geometry=[
            shapes.stepped(shapes.blob(metres(record["at"]), rng=rng, radius_m=record["radius_m"]))
            for record in records
        ],
    )


def _small_scale(spots: gpd.GeoDataFrame, *, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Small blocks beside sites: some hold the site, some are just missed by it."""
    near = shapely.get_coordinates(spots.geometry.to_numpy())[
        np.sort(rng.choice(len(spots), SMALL_BLOCKS, replace=False))
    ]
    areas_ha = np.clip(rng.triangular(2.5, 9.2, 10.15, SMALL_BLOCKS), None, 10.15)
    areas_ha[SMALL_BLOCKS // 2] = TOO_LARGE_HA
    centres = near + rng.normal(0, 110, near.shape)
    numbers = range(1, SMALL_BLOCKS + 1)
    return gpd.GeoDataFrame(
        {
            "licence_name": [f"Demonstration small-scale block {k}" for k in numbers],
            "holder": [f"Demonstration Small-Scale Group {k}" for k in numbers],
            "licence_type": "Small-scale",
        },
        geometry=shapes.small_blocks(centres, rng=rng, areas_ha=areas_ha),
    )


def with_operators(spots: gpd.GeoDataFrame, held: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The sites with their operators: the holder of the licence there, somebody else, or nobody.

    Who stands in nobody's licence is a cooperative or unnamed. Several licences over one site:
    the smallest counts.
    """
    rng = generator(13)
    draw = rng.random(len(spots))
    group = rng.integers(1, SMALL_BLOCKS + 1, len(spots))
    cooperative = rng.integers(1, 10, len(spots))
    site, licence = shapely.STRtree(held.geometry.to_numpy()).query(
        spots.geometry.to_numpy(), predicate="within"
    )
    pairs = pd.DataFrame({"site": site, "licence": licence, "area": held.area.to_numpy()[licence]})
    smallest = pairs.sort_values("area", kind="stable").drop_duplicates("site")
    holder = pd.Series(None, index=range(len(spots)), dtype=object)
    holder[smallest["site"]] = held["holder"].to_numpy()[smallest["licence"]]
    operator = [
        _operator(
            own, share, f"Demonstration Small-Scale Group {k}", f"Demonstration Cooperative {c}"
        )
        for own, share, k, c in zip(holder, draw, group, cooperative, strict=True)
    ]
    return spots.assign(operator=operator)


def _operator(own: str | None, share: float, group: str, cooperative: str) -> str | None:
    if share < 0.4:
        return None
    if own is None:
        return cooperative if share < 0.75 else None
    return own if share < 0.75 else group


def outlines(spots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sites walked around instead of measured at one point: an outline, and no radius."""
    rng = generator(14)
    xy = shapely.get_coordinates(spots.geometry.to_numpy())
    areas = [
        shapes.blob(centre, rng=rng, radius_m=radius, vertices=24, roughness=0.5)
        for centre, radius in zip(xy, spots["radius_m"] + 15, strict=True)
    ]
    return spots.drop(columns="radius_m").set_geometry(np.array(areas, dtype=object))


def detections(spots: gpd.GeoDataFrame, wet: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Satellite detections without ids: most near known sites, some where no site is known."""
    rng = generator(15)
    known = rng.random(DETECTIONS) < 0.68
    at_sites = shapely.get_coordinates(spots.geometry.to_numpy())[
        rng.choice(len(spots), DETECTIONS)
    ] + rng.normal(0, 140, (DETECTIONS, 2))
    xy = np.where(known[:, None], at_sites, _along_water(wet, DETECTIONS, rng=rng))
    xy = xy[shapely.contains_xy(extent(), xy)]
    return gpd.GeoDataFrame(
        {
            "image_date": _days(rng, len(xy), start=dt.date(2025, 1, 6), span=80),
            "area_ha": rng.gamma(1.6, 2.4, len(xy)).round(2) + 0.25,
        },
        geometry=shapely.points(xy),
    )
