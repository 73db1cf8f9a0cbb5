"""The same rules in plain geopandas: sjoin, overlay and buffer, as a competent user writes them.

Kept apart from the engine on purpose: nothing of `geo` is used but the rules' numbers, so equal
pairs and areas mean something. What two rules share (sites in licences, sites near water, licences
on protected areas) is computed once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from bench.questions import SLIVER_WIDTH_M, Questions, Z, questions


def missing() -> str | None:
    """Never missing."""
    return None


def versions() -> str:
    """What was measured."""
    return f"geopandas {gpd.__version__}, GEOS {shapely.geos_version_string}"


@contextmanager
def started(*, threads: int) -> Iterator[None]:
    """Nothing to start; geopandas uses one thread whatever `threads` says."""
    yield


def load(_: None, folder: Path) -> dict[str, gpd.GeoDataFrame]:
    """The layers as frames."""
    return {path.stem: gpd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def answer(country: dict[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """All pairs of all rules."""
    asked = questions()
    sites, licences, water = (country[kind] for kind in ("mine_sites", "licences", "water"))
    parks, farmland = country["protected_areas"], country["farmland"]
    farmland = farmland[farmland["feature_class"].fillna("").isin(asked.farmland_classes)]
    reserves = parks.loc[parks["feature_class"].isin(asked.reserve_classes), "feature_id"]
    in_licence, in_park = sites_in(sites, licences), sites_in(sites, parks)
    on_park = areas_on(licences, parks)
    small = licences[licences["feature_class"].isin(asked.small_classes)]
    found = {
        "site-in-licence": in_licence,
        "site-outside-licences": outside_all(sites, licences),
        "site-in-other-holders-licence": other_holder(in_licence, sites, licences),
        "site-in-artisanal-zone": sites_in(sites, country["artisanal_zones"]),
        "site-on-farmland": sites_in(sites, farmland),
        "licence-on-farmland": areas_on(licences, farmland),
        "licence-on-licence": self_overlap(licences),
        "site-in-protected-area": in_park,
        "licence-in-protected-area": on_park,
        "GH-FOR-3": pd.concat(
            [pairs[pairs["object_id"].isin(reserves)] for pairs in (in_park, on_park)]
        ),
        "GH-SSM-1": larger_than(small, asked.max_area_m2),
        **near_water(sites, water, asked),
    }
    return pd.concat(
        [pairs.assign(rule_id=rule_id) for rule_id, pairs in found.items()], ignore_index=True
    )


def _pairs(subject: object, object_: object, sure: object, **more: object) -> pd.DataFrame:
    verdict = np.where(sure, "inside", "too_close")
    known = {"line": None, "area_ha": np.nan, **more}
    return pd.DataFrame({"subject_id": subject, "object_id": object_, "verdict": verdict, **known})


def sites_in(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Point sites in or close to areas."""
    around = sites[["geometry"]].assign(geometry=sites.buffer(Z * sites.position_sd_m * 1.01))
    joined = around.sjoin(areas[["geometry"]], predicate="intersects")
    left, right = joined.index, joined["index_right"]
    point = sites.geometry.loc[left].reset_index(drop=True)
    area = areas.geometry.loc[right].reset_index(drop=True)
    edge = point.distance(area.boundary, align=False).to_numpy()
    signed = np.where(point.intersects(area, align=False), -edge, edge)
    error = Z * sites.position_sd_m.loc[left].to_numpy()
    ids = sites.feature_id.loc[left].to_numpy(), areas.feature_id.loc[right].to_numpy()
    return _pairs(*ids, signed + error < 0)[signed - error <= 0]


def outside_all(sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sites outside all areas taken together."""
    ground = areas[["geometry"]].dissolve().explode(ignore_index=True)
    ground["feature_id"] = ground.index.astype(str)
    pairs = sites_in(sites, ground)
    covered = set(pairs.loc[pairs["verdict"] == "inside", "subject_id"])
    close = set(pairs["subject_id"]) - covered
    rest = sites.feature_id[~sites.feature_id.isin(covered)]
    return _pairs(rest.to_numpy(), None, ~rest.isin(close).to_numpy())


def other_holder(
    pairs: pd.DataFrame, sites: gpd.GeoDataFrame, areas: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Of the sites in areas those whose area names another holder; "Ltd" and "Limited" are one."""
    own, other = (
        frame.set_index("feature_id")["holder"]
        .str.replace(" (Ltd|Limited)$", "", regex=True)
        .str.lower()
        for frame in (sites, areas)
    )
    a, b = own.loc[pairs["subject_id"]].to_numpy(), other.loc[pairs["object_id"]].to_numpy()
    return pairs[pd.notna(a) & pd.notna(b) & (a != b)]


def areas_on(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> pd.DataFrame:
    """Areas on areas, with hectares."""
    columns = ["feature_id", "geometry"]
    return _shared(gpd.overlay(left[columns], right[columns], how="intersection"))


def self_overlap(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Areas of one layer on each other, each pair once."""
    own = areas[["feature_id", "geometry"]]
    pieces = gpd.overlay(own, own, how="intersection")
    return _shared(pieces[pieces["feature_id_1"] < pieces["feature_id_2"]])


def _shared(pieces: gpd.GeoDataFrame) -> pd.DataFrame:
    some = pieces[2 * pieces.area / pieces.length > SLIVER_WIDTH_M]
    return _pairs(
        some["feature_id_1"].to_numpy(),
        some["feature_id_2"].to_numpy(),
        True,
        area_ha=some.area.to_numpy() / 10_000,
    )


def larger_than(areas: gpd.GeoDataFrame, limit_m2: float) -> pd.DataFrame:
    """Areas over a limit, with their hectares."""
    some = areas[areas.area > limit_m2]
    return _pairs(some["feature_id"].to_numpy(), None, True, area_ha=some.area.to_numpy() / 10_000)


def near_water(
    sites: gpd.GeoDataFrame, water: gpd.GeoDataFrame, asked: Questions
) -> dict[str, pd.DataFrame]:
    """Sites within each rule's lines around the water it names."""
    half = water["width_m"].fillna(0) / 2
    reach = asked.widest_m + Z * sites.position_sd_m + half.max()
    around = sites[["geometry"]].assign(geometry=sites.buffer(reach * 1.01))
    joined = around.sjoin(water[["geometry"]], predicate="intersects")
    left, right = joined.index, joined["index_right"]
    point = sites.geometry.loc[left].reset_index(drop=True)
    shape = water.geometry.loc[right].reset_index(drop=True)
    d = point.distance(shape, align=False).to_numpy(copy=True)
    inside = (d == 0) & (shape.geom_type == "Polygon").to_numpy()
    d[inside] = -point[inside].distance(shape[inside].boundary, align=False)
    d = d - half.loc[right].to_numpy()
    error = Z * sites.position_sd_m.loc[left].to_numpy()
    ids = sites.feature_id.loc[left].to_numpy(), water.feature_id.loc[right].to_numpy()
    named = water["feature_class"].loc[right].to_numpy()
    found = {}
    for rule in asked.water:
        line = np.full(len(d), None, dtype=object)
        if rule.inner_m is not None:
            line[d + error < rule.outer_m] = "outer"
            line[d + error < rule.inner_m] = "inner"
        meant = d - error <= rule.outer_m
        if rule.water_class is not None:
            meant &= named == rule.water_class
        found[rule.rule_id] = _pairs(*ids, d + error < rule.outer_m, line=line)[meant]
    return found
