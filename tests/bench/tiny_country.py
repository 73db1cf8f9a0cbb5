"""A country small enough to answer in the head: one corner case a feature, metres from (0, 0).

Positions of sites have a standard error of 10 m, so a verdict must hold 16.4 m.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString, Point, box

from bench.landscape import CRS

MOVE = np.array([500_000, 600_000])

LICENCES = {
    "L1": (box(0, 0, 1000, 1000), "Alpha Ltd", "mining_lease"),
    "L2": (box(1000, 0, 2000, 1000), "Alpha Limited", "mining_lease"),
    "L3": (box(100, 100, 300, 300), "Beta Ltd", "small_scale"),
    "L4": (box(5000, 5000, 5400, 5400), None, "small_scale"),
    "L5": (box(1999.9995, 0, 2500, 1000), "Gamma Ltd", "mining_lease"),
    "L6": (box(2499.5, 0, 3000, 1000), "Delta Ltd", "mining_lease"),
    "L7": (box(20000, 0, 21000, 1000) - box(20400, 400, 20600, 600), None, "mining_lease"),
}
SITES = {
    "S1": (Point(1000, 500), "Alpha Ltd"),
    "S2": (Point(200, 200), "Alpha Ltd"),
    "S3": (Point(1010, -10), "Beta Limited"),
    "S4": (Point(9000, 9000), "Alpha Ltd"),
    "S5": (Point(500, 990), None),
    "S6": (Point(7000, 7000), None),
    "S7": (Point(7000, 8012), None),
    "S8": (Point(6000, 8078), None),
    "S9": (Point(30000, 30), None),
}
FIELDS = {
    "F1": (box(400, 400, 500, 500), "cropland"),
    "F2": (box(-50, 600, 50, 700), None),
    "F3": (box(600, 600, 700, 700), "not_cropland"),
    "F4": (box(4900, 4900, 5600, 5600), "tree_crops"),
    "F5": (box(800, 1000, 900, 1100), "fallow"),
    "F6": (box(450, 940, 550, 1040), "fallow"),
    "F7": (box(20450, 450, 20550, 550), "cropland"),
    "F8": (box(20350, 450, 20450, 550), "cropland"),
    "F9": (box(20300, 300, 20700, 700), "cropland"),
}
WATERS = {
    "W1": (Point(7000, 7000).buffer(200), "reservoir", None),
    "W2": (LineString([(6500, 8000), (7500, 8000)]), "major_perennial_river", 20.0),
    "W3": (LineString([(5000, 8000), (6400, 8000)]), "seasonal_stream", None),
    # a lake smaller than the width outlines may be simplified by
    "W4": (box(29995, -5, 30005, 5), "lake", None),
}
PARKS = {
    "P1": (box(-500, -500, 150, 150), "forest_reserve"),
    "P2": (box(8000, 8000, 9500, 9500), "national_park"),
}
ZONES = {"Z1": (box(6900, 6900, 7100, 7100),)}

ANSWERS = {
    ("site-in-licence", "S1", "L1"): "too_close",
    ("site-in-licence", "S1", "L2"): "too_close",
    ("site-in-licence", "S2", "L1"): "inside",
    ("site-in-licence", "S2", "L3"): "inside",
    ("site-in-licence", "S3", "L1"): "too_close",
    ("site-in-licence", "S3", "L2"): "too_close",
    ("site-in-licence", "S5", "L1"): "too_close",
    # S1 is deep in L1 and L2 together; S3 is not
    **{("site-outside-licences", site, ""): "inside" for site in ("S4", "S6", "S7", "S8", "S9")},
    **{("site-outside-licences", site, ""): "too_close" for site in ("S3", "S5")},
    ("site-in-other-holders-licence", "S2", "L3"): "inside",
    ("site-in-other-holders-licence", "S3", "L1"): "too_close",
    ("site-in-other-holders-licence", "S3", "L2"): "too_close",
    ("site-in-artisanal-zone", "S6", "Z1"): "inside",
    ("site-on-farmland", "S5", "F6"): "inside",
    ("licence-on-farmland", "L1", "F1"): "inside",
    ("licence-on-farmland", "L1", "F2"): "inside",
    ("licence-on-farmland", "L1", "F6"): "inside",
    ("licence-on-farmland", "L4", "F4"): "inside",
    # L7 has a hole: F7 lies in it, F8 across its edge, F9 around it
    ("licence-on-farmland", "L7", "F8"): "inside",
    ("licence-on-farmland", "L7", "F9"): "inside",
    # L1 and L2 only touch; L2 and L5 share half a millimetre, which is rounding
    ("licence-on-licence", "L1", "L3"): "inside",
    ("licence-on-licence", "L5", "L6"): "inside",
    ("site-in-protected-area", "S4", "P2"): "inside",
    ("licence-in-protected-area", "L1", "P1"): "inside",
    ("licence-in-protected-area", "L3", "P1"): "inside",
    ("GH-FOR-3", "L1", "P1"): "inside",
    ("GH-FOR-3", "L3", "P1"): "inside",
    # 200 m by 200 m are 4 ha, 400 m by 400 m are 16
    ("GH-SSM-1", "L4", ""): "inside",
    ("GH-RBZ-1", "S6", "W1"): "inside",
    # 12 m from the middle of a river 20 m wide
    ("GH-RBZ-2", "S7", "W2"): "inside",
    **{("GH-DIR-100", site, water): "inside" for site, water in (("S6", "W1"), ("S7", "W2"))},
    ("GH-DIR-100", "S8", "W3"): "inside",
    ("GH-DIR-100", "S9", "W4"): "inside",
    **{("GH-DIR-200", site, water): "inside" for site, water in (("S6", "W1"), ("S7", "W2"))},
    ("GH-DIR-200", "S8", "W3"): "inside",
    ("GH-DIR-200", "S9", "W4"): "inside",
}
AREAS_HA = {
    ("licence-on-farmland", "L1", "F1"): 1.0,
    ("licence-on-farmland", "L1", "F2"): 0.5,
    ("licence-on-farmland", "L1", "F6"): 0.6,
    ("licence-on-farmland", "L4", "F4"): 16.0,
    ("licence-on-farmland", "L7", "F8"): 0.5,
    ("licence-on-farmland", "L7", "F9"): 12.0,
    ("licence-on-licence", "L1", "L3"): 4.0,
    ("licence-on-licence", "L5", "L6"): 0.05,
    ("licence-in-protected-area", "L1", "P1"): 2.25,
    ("licence-in-protected-area", "L3", "P1"): 0.25,
    ("GH-FOR-3", "L1", "P1"): 2.25,
    ("GH-FOR-3", "L3", "P1"): 0.25,
    ("GH-SSM-1", "L4", ""): 16.0,
}
LINES = {
    ("GH-RBZ-1", "S6", "W1"): "inner",
    ("GH-RBZ-2", "S7", "W2"): "outer",
}


def _frame(features: dict[str, tuple[object, ...]], *columns: str) -> gpd.GeoDataFrame:
    values = list(features.values())
    moved = [shapely.transform(value[0], lambda xy: xy + MOVE) for value in values]
    named = {name: [value[nth + 1] for value in values] for nth, name in enumerate(columns)}
    return gpd.GeoDataFrame({"feature_id": list(features), **named}, geometry=moved, crs=CRS)


def write(folder: Path) -> None:
    """The layers as GeoParquet, a file a kind."""
    country = {
        "mine_sites": _frame(SITES, "holder").assign(position_sd_m=10.0),
        "licences": _frame(LICENCES, "holder", "feature_class"),
        "artisanal_zones": _frame(ZONES),
        "farmland": _frame(FIELDS, "feature_class"),
        "water": _frame(WATERS, "feature_class", "width_m").astype({"width_m": "float64"}),
        "protected_areas": _frame(PARKS, "feature_class"),
    }
    for kind, features in country.items():
        features.to_parquet(folder / f"{kind}.parquet")
