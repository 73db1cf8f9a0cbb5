"""Small layers and rules for the tests of the conflict engine. Metres, EPSG:32630."""

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.conflicts import LayerFrame, find_conflicts
from geo.rules import Rule

CRS = "EPSG:32630"


def layer(
    kind: str, shapes: Iterable[Any], *, name: str = "a", crs: Any = CRS, **columns: Any
) -> LayerFrame:
    """A layer of a kind; ids are f0, f1, … unless `feature_id` is given."""
    shapes = list(shapes)
    columns.setdefault("feature_id", [f"f{n}" for n in range(len(shapes))])
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=crs), crs=crs)
    return LayerFrame(layer_id=f"test.{kind}.{name}", kind=kind, features=frame)


def rule(relation: str, **known: Any) -> Rule:
    """A rule about sites and licences unless told otherwise."""
    known = {
        "rule_id": relation,
        "title": relation,
        "text": "",
        "country": None,
        "subject_kinds": ("mine_sites",),
        "object_kind": "licences",
    } | known
    return Rule(relation=relation, **known)


def find(layers: list[LayerFrame], *rules: Rule, **options: Any) -> pd.DataFrame:
    """The conflicts of the layers, measured in CRS."""
    return find_conflicts(layers, rules, measuring_crs=CRS, **options)


def square(x: float, y: float, side: float) -> shapely.Polygon:
    """A square by its lower left corner."""
    return shapely.box(x, y, x + side, y + side)
