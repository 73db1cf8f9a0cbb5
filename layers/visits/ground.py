"""What a region's layers know of sites and areas, and what placing visits on them gives."""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers.findings import Finding
from layers.read import CrsChoice
from layers.visits.model import Proposal


@dataclass(frozen=True, kw_only=True)
class RegionGround:
    """What the region's layers know: EPSG:4326 throughout.

    `districts` has district_id, district and geometry; `sites` site_id, site_name, longitude,
    latitude (of a point inside) and district_id; `settlements` name and district_id.
    """

    districts: gpd.GeoDataFrame
    sites: pd.DataFrame
    settlements: pd.DataFrame


@dataclass(kw_only=True)
class Placed:
    """Columns of `visits` by name, aligned with the sheet; and what was told."""

    index: pd.Index
    columns: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    crs_choices: tuple[CrsChoice, ...] = ()


def districts_at(
    longitude: npt.NDArray[np.float64], latitude: npt.NDArray[np.float64], ground: RegionGround
) -> npt.NDArray[Any]:
    """The district each position lies in, the first of the layer on a border; None outside all."""
    found = np.full(len(longitude), None, dtype=object)
    there = np.isfinite(longitude) & np.isfinite(latitude)
    if not there.any() or ground.districts.empty:
        return found
    tree = shapely.STRtree(ground.districts.geometry.to_numpy())
    points = shapely.points(longitude[there], latitude[there])
    row, area = tree.query(points, predicate="intersects")
    ids = ground.districts["district_id"].to_numpy()
    rows = np.flatnonzero(there)
    order = np.lexsort((-area, row))
    found[rows[row[order]]] = ids[area[order]]
    return found
