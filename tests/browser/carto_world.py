"""A small invented region whose layers carry names and signs: how the map draws is tried on it."""

import json
import math
from typing import Any

from tests.browser import map_world
from tests.browser.map_world import (  # the parts of it that are the same
    conflict_sheet,
    conflicts,
    conflicts_geojson,
    feature_card,
    identify,
    open_home,
)

__all__ = [
    "LAYERS",
    "conflict_sheet",
    "conflicts",
    "conflicts_geojson",
    "feature_card",
    "features_geojson",
    "identify",
    "open_home",
]

WEST, SOUTH = map_world.WEST, map_world.SOUTH


def _feature(number: int, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {"id": f"f{number}", "name": None, "class": None, "r": None} | more
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _square(lon: float, lat: float, side: float) -> dict[str, Any]:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


RIVER = {
    "type": "LineString",
    "coordinates": [[-2.3 + step * 0.01, 5.22 + 0.02 * math.sin(step / 6)] for step in range(60)],
}
LAYERS: dict[str, list[dict[str, Any]]] = {
    "tarkwa.districts.d": [
        _feature(1, _square(-2.3, 5.0, 0.35), name="West district"),
        _feature(2, _square(-1.95, 5.0, 0.25), name="East district"),
    ],
    "tarkwa.settlements.s": [
        _feature(i, _point(-2.2 + 0.05 * (i % 9), 5.05 + 0.06 * (i // 9)), name=f"Village {i}")
        for i in range(54)
    ]
    + [_feature(99, _point(-1.9934, 5.3010), name="Tarkwa")],
    "tarkwa.water.w": [_feature(1, RIVER, name="Long River")],
    "tarkwa.roads.r": [
        _feature(1, {"type": "LineString", "coordinates": [[-2.3, 5.4], [-1.7, 5.5]]}, name="N1")
    ],
    "tarkwa.survey_coverage.c": [_feature(1, _square(-2.1, 5.2, 0.1), name="2025")],
    "tarkwa.mine_sites.m": [_feature(1, _point(-2.05, 5.25), name="A site")],
    "tarkwa.visits.v": [_feature(1, _point(-2.05, 5.25), name="A visit")],
    "tarkwa.licences.l": [_feature(1, _square(-2.28, 5.55, 0.1), name="Licence")],
}
VERSIONS = {f"v-{layer_id.rsplit('.', 1)[1]}": layer_id for layer_id in LAYERS}


def features_geojson(_store: str, version_id: str, *, tolerance: float = 0.0) -> bytes:
    """The features of a version."""
    features = LAYERS[VERSIONS[version_id]]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()
