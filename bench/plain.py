"""The same rules in plain geopandas: sjoin, overlay and buffer, as a competent user writes them.

Kept apart from the engine on purpose: nothing of `geo` is used but the rules' numbers, so equal
counts and areas mean something.
"""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd

Z = 1.64
Result = dict[str, float]


def sites_in(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pairs (left, right) of point sites in or close to areas, with the verdict."""
    around = sites[["geometry"]].assign(geometry=sites.buffer(Z * sites.position_sd_m * 1.01))
    joined = around.sjoin(areas[["geometry"]], predicate="intersects")
    left, right = joined.index, joined["index_right"]
    point = sites.geometry.loc[left].reset_index(drop=True)
    area = areas.geometry.loc[right].reset_index(drop=True)
    edge = point.distance(area.boundary, align=False).to_numpy()
    signed = np.where(point.intersects(area, align=False), -edge, edge)
    error = Z * sites.position_sd_m.loc[left].to_numpy()
    pairs = pd.DataFrame({"left": left, "right": right.to_numpy(), "sure": signed + error < 0})
    return pairs[signed - error <= 0]


def tally(pairs: pd.DataFrame) -> Result:
    """Pairs by verdict."""
    sure = int(pairs["sure"].sum())
    return {"pairs": len(pairs), "inside": sure, "too_close": len(pairs) - sure}


def in_areas(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Result:
    """Sites in areas."""
    return tally(sites_in(sites, areas))


def outside_all(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Result:
    """Sites outside all areas taken together."""
    ground = areas[["geometry"]].dissolve().explode(ignore_index=True)
    pairs = sites_in(sites, ground)
    covered = set(pairs.loc[pairs["sure"], "left"])
    close = set(pairs["left"]) - covered
    outside = len(sites) - len(covered) - len(close)
    return {"pairs": outside + len(close), "inside": outside, "too_close": len(close)}


def other_holder(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Result:
    """Sites in areas that name another holder; "Ltd" and "Limited" are one."""
    pairs = sites_in(sites, areas)
    own, other = (
        frame["holder"].str.replace(" (Ltd|Limited)$", "", regex=True).str.lower()
        for frame in (sites, areas)
    )
    a, b = own.loc[pairs["left"]].to_numpy(), other.loc[pairs["right"]].to_numpy()
    return tally(pairs[pd.notna(a) & pd.notna(b) & (a != b)])


def areas_on(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> Result:
    """Areas on areas, with hectares."""
    pieces = gpd.overlay(left[["geometry"]], right[["geometry"]], how="intersection")
    return _hectares(pieces)


def self_overlap(areas: gpd.GeoDataFrame) -> Result:
    """Areas of one layer on each other, each pair once."""
    own = areas[["feature_id", "geometry"]]
    pieces = gpd.overlay(own, own, how="intersection")
    return _hectares(pieces[pieces["feature_id_1"] < pieces["feature_id_2"]])


def _hectares(pieces: gpd.GeoDataFrame) -> Result:
    area = pieces.area
    some = area[2 * area / pieces.length > 0.001]
    return {
        "pairs": len(some),
        "inside": len(some),
        "too_close": 0,
        "area_ha": float(some.sum()) / 10_000,
    }


def near_water(sites: gpd.GeoDataFrame, water: gpd.GeoDataFrame, outer_m: float) -> Result:
    """Sites within a distance of the bank."""
    half = water["width_m"].fillna(0) / 2
    reach = outer_m + Z * sites.position_sd_m + half.max()
    around = sites[["geometry"]].assign(geometry=sites.buffer(reach * 1.01))
    joined = around.sjoin(water[["geometry"]], predicate="intersects")
    left, right = joined.index, joined["index_right"]
    point = sites.geometry.loc[left].reset_index(drop=True)
    d = point.distance(water.geometry.loc[right].reset_index(drop=True), align=False).to_numpy()
    d = d - half.loc[right].to_numpy()
    error = Z * sites.position_sd_m.loc[left].to_numpy()
    pairs = pd.DataFrame({"left": left, "right": right.to_numpy(), "sure": d + error < outer_m})
    return tally(pairs[d - error <= outer_m])


def run(country: dict[str, gpd.GeoDataFrame]) -> dict[str, Result]:
    """Every rule of the benchmark, by its id."""
    sites, licences, water = (country[kind] for kind in ("mine_sites", "licences", "water"))
    farmland = country["farmland"]
    farmland = farmland[farmland["feature_class"].fillna("") != "not_cropland"]
    parks, zones = country["protected_areas"], country["artisanal_zones"]
    rivers = water[water["feature_class"] == "major_perennial_river"]
    rules: dict[str, Callable[[], Result]] = {
        "site-in-licence": lambda: in_areas(sites, licences),
        "site-outside-licences": lambda: outside_all(sites, licences),
        "site-in-other-holders-licence": lambda: other_holder(sites, licences),
        "site-in-artisanal-zone": lambda: in_areas(sites, zones),
        "site-on-farmland": lambda: in_areas(sites, farmland),
        "licence-on-farmland": lambda: areas_on(licences, farmland),
        "licence-on-licence": lambda: self_overlap(licences),
        "site-in-protected-area": lambda: in_areas(sites, parks),
        "licence-in-protected-area": lambda: areas_on(licences, parks),
        "GH-RBZ-2": lambda: near_water(sites, rivers, 60.0),
        "GH-DIR-100": lambda: near_water(sites, water, 100.0),
    }
    return {rule_id: rule() for rule_id, rule in rules.items()}
