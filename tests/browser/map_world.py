"""A small invented world that stands in for workflows: the map is tried without a store.

Every text in it tries to run as a script: what it would do is set `window.pwned` or `parent.pwned`.
"""

import datetime as dt
import json
from types import SimpleNamespace
from typing import Any

from dashboard.workflows.types import FeatureCard, Hit
from layers.store import StoreError

HOSTILE = (
    '<img src=x onerror="window.pwned=1;parent.pwned=1"></script><script>window.pwned=1</script>'
    "{{ 'pwned' }} ${window.pwned=1} `';window.pwned=1;//\u2028_div alert(coords);"
)
WEST, SOUTH = -2.05, 5.28
MANY = 30_000


def _feature(number: int, geometry: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {"id": f"f{number}", "name": None, "class": None, "r": None} | more
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _square(lon: float, lat: float, side: float) -> dict[str, Any]:
    ring = [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


LAYERS = {
    "tarkwa.licences.cadastre": [
        _feature(1, _square(WEST, SOUTH, 0.08), name=HOSTILE),
        _feature(2, _square(WEST + 0.06, SOUTH + 0.05, 0.08), name="Overlaps the first"),
    ],
    "tarkwa.mine_sites.sites": [
        _feature(1, _point(WEST + 0.04, SOUTH + 0.04), name=HOSTILE, r=400.0),
        _feature(2, _point(WEST + 0.1, SOUTH + 0.1), name="Second site"),
        _feature(3, _point(WEST + 0.2, SOUTH + 0.02), name="Third site"),
    ],
    "tarkwa.farmland.many": [
        _feature(i, _square(WEST + (i % 200) * 0.001, SOUTH + (i // 200) * 0.001, 0.0008))
        for i in range(MANY)
    ],
}
VERSIONS = {f"v-{layer_id.rsplit('.', 1)[1]}": layer_id for layer_id in LAYERS}
CONFLICTS = [
    {"id": "aaaaaaaaaaaaaaaa", "rule": "A", "verdict": "inside", "rank": 1, "name": HOSTILE},
    {"id": "bbbbbbbbbbbbbbbb", "rule": "B", "verdict": "too_close", "rank": 2, "name": "Second"},
]
FINGERPRINT = "0123456789abcdef-2025-06-01-water_200m"
calls: list[str] = []


def open_home() -> str:
    """A store that is never asked anything."""
    return "store"


def features_geojson(_store: str, version_id: str, *, tolerance: float = 0.0) -> bytes:
    """The features of a version."""
    calls.append(version_id)
    if version_id not in VERSIONS:
        raise StoreError(f"There is no version '{version_id}'.")
    features = LAYERS[VERSIONS[version_id]]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def feature_card(_store: str, layer_id: str, feature_id: str) -> FeatureCard:
    """A feature with hostile attributes."""
    if layer_id not in LAYERS:
        raise StoreError(f"There is no layer '{layer_id}'.")
    feature = next(f for f in LAYERS[layer_id] if f["properties"]["id"] == feature_id)
    return FeatureCard(
        layer_id=layer_id,
        layer_name=HOSTILE,
        kind=layer_id.split(".")[1],
        kind_title="Mine sites",
        version_id="v",
        feature_id=feature_id,
        title=feature["properties"]["name"] or feature_id,
        fields={HOSTILE: HOSTILE, "Workers": 12, "Depth (m)": float("nan"), "Date": None},
        source={HOSTILE: HOSTILE},
        caveats=(),
        geometry=feature["geometry"],
        longitude=WEST,
        latitude=SOUTH,
        bounds=(WEST, SOUTH, WEST + 0.1, SOUTH + 0.1),
        demonstration=True,
    )


def identify(
    _store: str, _region_id: str, lon: float, lat: float, *, tolerance_m: float, layer_ids: Any
) -> tuple[Hit, ...]:
    """The first site, wherever one clicks, when its layer is shown."""
    layer_id = "tarkwa.mine_sites.sites"
    if layer_id not in layer_ids:
        return ()
    bounds = (lon, lat, lon, lat)
    return (
        Hit(
            layer_id=layer_id,
            layer_name=HOSTILE,
            kind="mine_sites",
            version_id="v-sites",
            feature_id="f1",
            title=HOSTILE,
            longitude=lon,
            latitude=lat,
            bounds=bounds,
            distance_m=tolerance_m,
        ),
    )


def in_view(
    _store: str, _region_id: str, bounds: Any, *, layer_ids: Any, limit: int
) -> SimpleNamespace:
    """The three sites, when their layer is shown; one layer has too many."""
    layer_id = "tarkwa.mine_sites.sites"
    hits = []
    for feature in LAYERS[layer_id] if layer_id in layer_ids else ():
        lon, lat = feature["geometry"]["coordinates"]
        if bounds[0] <= lon <= bounds[2] and bounds[1] <= lat <= bounds[3]:
            hits.append(
                Hit(
                    layer_id=layer_id,
                    layer_name=HOSTILE,
                    kind="mine_sites",
                    version_id="v-sites",
                    feature_id=feature["properties"]["id"],
                    title=feature["properties"]["name"],
                    longitude=lon,
                    latitude=lat,
                    bounds=(lon, lat, lon, lat),
                )
            )
    return SimpleNamespace(hits=tuple(hits[:limit]), total=len(hits), too_many=(HOSTILE,))


def conflicts(_store: str, region_id: str, *, on: dt.date, scenarios: Any = ()) -> Any:
    """A run with a fixed fingerprint."""
    return SimpleNamespace(region_id=region_id, as_of=on, fingerprint=FINGERPRINT)


def conflicts_geojson(_run: Any, *, conflict_ids: Any = None) -> bytes:
    """Two conflicts, one of each verdict."""
    places = [(WEST + 0.04, SOUTH + 0.04), (WEST + 0.1, SOUTH + 0.1)]
    features = [
        {"type": "Feature", "properties": conflict, "geometry": _point(*place)}
        for conflict, place in zip(CONFLICTS, places, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def conflict_sheet(store: str, _run: Any, conflict_id: str) -> Any:
    """The sheet of a conflict: the second site inside the second licence."""
    if conflict_id not in {conflict["id"] for conflict in CONFLICTS}:
        raise StoreError(f"There is no conflict '{conflict_id}'.")
    return SimpleNamespace(
        headline="A site lies inside a licence",
        overlap=_square(WEST + 0.09, SOUTH + 0.09, 0.02),
        subject=feature_card(store, "tarkwa.mine_sites.sites", "f2"),
        object=feature_card(store, "tarkwa.licences.cadastre", "f2"),
    )
