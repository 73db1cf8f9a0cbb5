"""The map on a page: a folium frame that stays, and messages that tell our own script what to show.

The HTML of the frame never changes, so a rerun neither remounts it nor loses the view. What should
be on the map travels as one short message (ids, titles, colours); the browser fetches geometry from
our routes under /cg/. See docs/decisions/0006-map.md.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from streamlit import config

from dashboard import assets
from dashboard.online import DEEPEST_ZOOM, online_tiles
from dashboard.sharing import Shared
from dashboard.workflows.conflict_filter import ConflictFilter
from dashboard.workflows.hotspot_steps import Step
from dashboard.workflows.hotspot_types import HotspotRun
from dashboard.workflows.raster_tiles import style_fingerprint
from dashboard.workflows.tiles import tiles_fingerprint
from dashboard.workflows.types import ConflictRun
from layers.catalogue import Bounds, Layer, LayerVersion
from layers.facts import Region, kind

VECTOR_ABOVE = 2_000
"""Features of a layer, or conflicts of a run, above which the map gets them as vector tiles. Below,
one GeoJSON document is as small as the tiles of a first view and needs one request, not thirty."""
VECTOR_ABOVE_CORNERS = 20_000
"""The same for the corners of all outlines: some 120 kB of compressed GeoJSON."""

DEEPEST_PICTURE = 20
"""The deepest zoom of the map, and so of tiles of pictures."""
METRES_PER_DEGREE = 111_320.0
TILE_PIXELS = 256

Point = tuple[float, float]
"""Longitude, latitude in degrees (WGS 84)."""


@dataclass(frozen=True, kw_only=True)
class View:
    """Where the map looks: the middle in degrees (WGS 84) and the zoom level, 0 to 20."""

    longitude: float
    latitude: float
    zoom: float


@dataclass(frozen=True, kw_only=True)
class MapVersion:
    """A version of a layer that the map can set beside another, or show for its day.

    `day` is the day its data speak for, None = nobody stated it; `dated` the same in words;
    `bounds` (degrees) where a raster lies, `pixels` how many a picture has.
    """

    version_id: str
    number: int
    features: int
    day: dt.date | None = None
    dated: str | None = None
    demonstration: bool = False
    bounds: Bounds | None = None
    pixels: int = 0


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """One layer on the map. `opacity` is 0 to 1. The legend shows `dated`, a few words such as
    "data of 2020-06-30" (None = "date not stated"), and `source`.

    `order` is the drawing order, low first. `visible` is where the switch in the legend stands at
    first; after that the person at the map decides, until the page changes it. `classes` are the
    classes of a raster in their order, each with its "#rrggbb": then the layer comes as tiles, and
    so does a `picture` of so many `pixels`. Of both `bounds` (degrees) is where they lie. `day` is
    the one that `dated` words.
    `versions` are all versions of the layer, oldest first, empty where it has one only.
    `corners` counts the points of all outlines, 0 = not known. `only` limits what is drawn to these
    feature classes, in the browser; None draws all.
    """

    layer_id: str
    version_id: str
    kind: str
    title: str
    color: str
    symbol: str
    order: int
    features: int
    visible: bool = True
    opacity: float = 1.0
    demonstration: bool = False
    source: str | None = None
    dated: str | None = None
    classes: tuple[tuple[str, str], ...] = ()
    picture: bool = False
    pixels: int = 0
    bounds: Bounds | None = None
    day: dt.date | None = None
    versions: tuple[MapVersion, ...] = ()
    corners: int = 0
    only: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class MapConflicts:
    """The conflicts of one run.

    `verdicts`, `rules` and `shown` (ids) limit what is drawn, in the browser; None does not.
    `asked` are the parameters of a filter that the server applies, `sent` how many conflicts it
    then sends.
    """

    region_id: str
    fingerprint: str
    on: dt.date
    scenarios: tuple[str, ...] = ()
    sent: int = 0
    asked: tuple[tuple[str, str], ...] = ()
    verdicts: tuple[str, ...] | None = None
    rules: tuple[str, ...] | None = None
    shown: tuple[str, ...] | None = None
    selected: str | None = None
    demonstration: bool = False


@dataclass(frozen=True, kw_only=True)
class MapHotspots:
    """The `units` of a hotspot run. `asked` are the parameters by which a route finds it again;
    `selected` is the id of a unit, which is flown to where `zoom` says so. `steps` are the states
    of the data to step through, oldest first: the day, and a name or None for those shown now."""

    fingerprint: str
    asked: Mapping[str, str]
    units: int = 0
    selected: str | None = None
    zoom: bool = False
    demonstration: bool = False
    steps: tuple[tuple[dt.date, str | None], ...] = ()


@dataclass(frozen=True, kw_only=True)
class MapSpec:
    """What a map shows. `highlight` lists (layer id, feature id); `shared` is what a link says of
    the map; an `embedded` one stands alone in somebody else's page; `story` has title and steps."""

    region_id: str
    region_name: str
    bounds: Bounds
    layers: tuple[MapLayer, ...] = ()
    conflicts: MapConflicts | None = None
    hotspots: MapHotspots | None = None
    highlight: tuple[tuple[str, str], ...] = ()
    zoom_to_highlight: bool = True
    view: View | None = None
    language: str = "en"
    shared: Shared = field(default_factory=Shared)
    embedded: bool = False
    story: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class MapEvent:
    """The last thing somebody did on a map.

    `number` grows with every event and is 0 before the first, so a page can tell a new click from
    the one it has seen. `found` lists (layer id, feature id) under a click; `conflict_id` is the
    conflict whose sign was clicked, `unit_id` the unit of a hotspot run under it. `polygon` is the
    drawn area as a GeoJSON geometry (EPSG:4326), None when nothing is drawn.
    """

    number: int = 0
    what: str = "none"
    clicked: Point | None = None
    found: tuple[tuple[str, str], ...] = ()
    conflict_id: str | None = None
    unit_id: str | None = None
    polygon: Mapping[str, Any] | None = None


def show_map(
    spec: MapSpec, *, key: str, height: int = 620, returns: Sequence[str] = ("click", "draw")
) -> MapEvent:
    """Draw the map on the page and hand back what somebody last did on it.

    `returns` names what makes the page run again: "click" and "draw". Panning and zooming never do:
    the browser keeps the view in the page's address as `view=<longitude>,<latitude>,<zoom>`.
    """
    # Imported here, in the run of a script: a component declared by the launcher is not found.
    from streamlit_folium import st_folium  # noqa: PLC0415

    from dashboard.frame import MapFrame, MapMessage  # noqa: PLC0415

    base = ("/" + (config.get_option("server.baseUrlPath") or "").strip("/")).rstrip("/")
    message = {**_message(spec, base=base), "returns": list(returns)}
    value = st_folium(
        MapFrame(base=base),
        key=key,
        height=height,
        use_container_width=True,
        # Empty: streamlit-folium itself reports nothing, or every pan would be a rerun. Our script
        # reports clicks and drawings through the same channel.
        returned_objects=[],
        feature_group_to_add=MapMessage(script_literal(message)),
    )
    return event_of(value)


def map_layer(layer: Layer, *, visible: bool = True, opacity: float = 1.0) -> MapLayer:
    """A layer of the store as the map shows it: its current version in the colours of its kind."""
    version = layer.current
    if version is None:
        raise ValueError(f"Layer '{layer.name}' has no current version, so it cannot be on a map.")
    facts = kind(layer.kind)
    return MapLayer(
        layer_id=layer.layer_id,
        version_id=version.version_id,
        kind=layer.kind,
        title=layer.name,
        color=facts.color,
        symbol=facts.symbol,
        order=facts.order,
        features=version.features,
        visible=visible,
        opacity=opacity,
        demonstration=version.demonstration,
        source=version.source_note or version.filename,
        dated=f"data of {version.data_date.isoformat()}" if version.data_date else None,
        classes=_classes(version),
        picture=version.is_picture,
        pixels=version.read if version.is_picture else 0,
        bounds=version.bounds if version.is_raster else None,
        day=version.data_date,
    )


MOST_VERSIONS = 60
"""Of one layer that a map is told about, the newest; a message must stay short."""


def map_versions(versions: Sequence[LayerVersion]) -> tuple[MapVersion, ...]:
    """Versions of a layer for the map, oldest first; none where there is nothing to compare."""
    if len(versions) < 2:
        return ()
    newest = sorted(versions, key=lambda version: version.number)[-MOST_VERSIONS:]
    return tuple(
        MapVersion(
            version_id=version.version_id,
            number=version.number,
            features=version.features,
            day=version.data_date,
            dated=version.data_date.isoformat() if version.data_date else None,
            demonstration=version.demonstration,
            bounds=version.bounds if version.is_raster else None,
            pixels=version.read if version.is_picture else 0,
        )
        for version in newest
    )


def _classes(version: LayerVersion) -> tuple[tuple[str, str], ...]:
    """The classes a raster has, in the order of its kind, with their colours."""
    if not version.is_raster:
        return ()
    colors = kind(version.layer_id.split(".")[1]).colors
    there = set((version.raster_classes or {}).values())
    return tuple((name, color) for name, color in colors.items() if name in there)


def map_conflicts(
    run: ConflictRun, *, chosen: ConflictFilter | None = None, selected: str | None = None
) -> MapConflicts:
    """The conflicts of a run as the map shows them, less those that do not pass `chosen`.

    Of a run that is sent whole all is filtered in the browser, where it costs no request. Of a
    larger one the server filters, except by verdict: a sign that stands for several says how many
    of each verdict it holds, and nothing else of them.
    """
    chosen = chosen or ConflictFilter()
    here, there = chosen, ConflictFilter()
    if len(run.table) > VECTOR_ABOVE:
        here = ConflictFilter(verdicts=chosen.verdicts)
        there = replace(chosen, verdicts=())
    rest = replace(here, verdicts=(), rules=())
    return MapConflicts(
        region_id=run.region_id,
        fingerprint=run.fingerprint,
        on=run.as_of,
        scenarios=tuple(run.scenarios),
        sent=len(there.rows(run.table)),
        asked=tuple(there.query()),
        verdicts=here.verdicts or None,
        rules=here.rules or None,
        shown=None if rest == _ALL else tuple(rest.rows(run.table)["conflict_id"]),
        selected=selected,
        demonstration=run.demonstration,
    )


_ALL = ConflictFilter()


def map_hotspots(
    run: HotspotRun,
    *,
    selected: str | None = None,
    zoom: bool = False,
    steps: Sequence[Step] = (),
) -> MapHotspots:
    """The units of a hotspot run as the map shows them; one step alone is nothing to choose."""
    asked = {
        "region": run.region_id,
        "on": run.as_of.isoformat(),
        "scenarios": ",".join(run.scenarios),
        "by": run.by,
        "resolution": str(run.resolution or ""),
        "measure": run.measure,
        "since": run.since or "",
        "rules": ",".join(run.chosen_rules or ()),
        "districts": run.district_layer or "",
    }
    return MapHotspots(
        fingerprint=run.fingerprint,
        asked={name: value for name, value in asked.items() if value},
        units=len(run.rows),
        selected=selected,
        zoom=zoom,
        demonstration=run.demonstration,
        steps=tuple((one.day, None if one.is_current else one.name) for one in steps)
        if len(steps) > 1
        else (),
    )


def map_spec(
    region: Region,
    *,
    layers: Sequence[MapLayer] = (),
    conflicts: MapConflicts | None = None,
    highlight: Sequence[tuple[str, str]] = (),
    view: View | None = None,
) -> MapSpec:
    """What a map of a region shows, in the first language of the region the map's words know."""
    return MapSpec(
        region_id=region.region_id,
        region_name=region.name,
        bounds=region.bounds,
        layers=tuple(layers),
        conflicts=conflicts,
        highlight=tuple(highlight),
        view=view,
    )


def view_of(text: str | None) -> View | None:
    """The view a link carries as `view=<longitude>,<latitude>,<zoom>`; None when it is not one."""
    try:
        longitude, latitude, zoom = (float(part) for part in (text or "").split(","))
    except ValueError:
        return None
    inside = -180 <= longitude <= 180 and -85 <= latitude <= 85 and 0 <= zoom <= 22
    return View(longitude=longitude, latitude=latitude, zoom=zoom) if inside else None


def script_literal(value: Any) -> str:
    """Plain data as a JavaScript expression that cannot be anything but data.

    The one place where words somebody typed enter a script. In every string each character but
    letters, digits and spaces is written as an escape, so that neither the browser (`</script>`,
    quotes, line separators) nor streamlit-folium (which searches the script for its own patterns,
    such as `_name`, and replaces them) ever finds anything in it.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return _STRING.sub(lambda found: _escaped(json.loads(found.group())), text)


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN = re.compile(r"[A-Za-z0-9 ]")


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return '"' + "".join(chr(c) if _PLAIN.fullmatch(chr(c)) else f"\\u{c:04x}" for c in codes) + '"'


def event_of(value: Any) -> MapEvent:
    """What the browser reported, checked: it comes from outside and anything may be in it.

    Whatever is not as it must be becomes "nothing happened".
    """
    if not isinstance(value, Mapping) or value.get("what") not in _WHATS:
        return MapEvent()
    number = value.get("number")
    if not isinstance(number, int | float) or not math.isfinite(number) or number <= 0:
        return MapEvent()
    conflict_id = value.get("conflict")
    return MapEvent(
        number=int(number),
        what=str(value["what"]),
        clicked=_point(value.get("clicked")),
        found=_found(value.get("found")),
        conflict_id=conflict_id
        if isinstance(conflict_id, str) and re.fullmatch(r"[0-9a-f]{8,64}", conflict_id)
        else None,
        unit_id=_short(value.get("unit")),
        polygon=_polygon(value.get("polygon")),
    )


_WHATS = ("click", "draw", "clear")
MOST_CORNERS = 2_000


def _short(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 400 else None


def _point(value: Any) -> Point | None:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return None
    if not all(isinstance(part, int | float) and math.isfinite(part) for part in value):
        return None
    longitude, latitude = float(value[0]), float(value[1])
    return (longitude, latitude) if abs(longitude) <= 180 and abs(latitude) <= 90 else None


def _found(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    pairs = [pair for pair in value[:50] if isinstance(pair, Sequence) and len(pair) == 2]
    return tuple((str(pair[0])[:500], str(pair[1])[:500]) for pair in pairs)


def _polygon(value: Any) -> Mapping[str, Any] | None:
    """A drawn ring as a closed GeoJSON polygon; None when it is no area."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    if not 3 <= len(value) <= MOST_CORNERS:
        return None
    corners = [_point(corner) for corner in value]
    if any(corner is None for corner in corners):
        return None
    ring = [list(corner) for corner in corners if corner is not None]
    if len({tuple(corner) for corner in ring}) < 3:
        return None
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _message(spec: MapSpec, *, base: str) -> dict[str, Any]:
    """What our script is told; short names, ids and words, never a geometry."""
    return {
        "region": {
            "id": spec.region_id,
            "name": spec.region_name,
            "bounds": list(spec.bounds),
            "basemap": assets.basemap_url(spec.region_id, base=base),
            "online": _online(),
        },
        "prefix": f"{base}/cg/",
        "language": spec.language,
        "layers": [
            {
                "id": layer.layer_id,
                "url": f"{base}/cg/features/{layer.version_id}.json",
                "version": layer.version_id,
                "kind": layer.kind,
                "title": layer.title,
                "color": layer.color,
                "symbol": layer.symbol,
                "order": layer.order,
                "features": layer.features,
                "visible": layer.visible,
                "opacity": layer.opacity,
                "invented": layer.demonstration,
                "source": layer.source,
                "dated": layer.dated,
                "tiles": _tiles(layer, base=base),
                "picture": layer.picture,
                "box": None if layer.bounds is None else list(layer.bounds),
                "deepest": _deepest(layer),
                "day": layer.day.isoformat() if layer.day else None,
                "vector": _vector(layer, base=base),
                "only": None if layer.only is None else list(layer.only),
                "classes": [[name.replace("_", " "), color] for name, color in layer.classes],
                "dates": "observed_on" in kind(layer.kind).fields,
                "versions": [_version_message(layer, one, base=base) for one in layer.versions],
            }
            for layer in spec.layers
        ],
        "conflicts": spec.conflicts and _conflicts_message(spec.conflicts, base=base),
        "hotspots": spec.hotspots and _hotspots_message(spec.hotspots, base=base),
        "highlight": [list(pair) for pair in spec.highlight],
        "zoomToHighlight": spec.zoom_to_highlight,
        "view": spec.view and [spec.view.longitude, spec.view.latitude, spec.view.zoom],
        "shared": spec.shared.as_json(),
        "embedded": spec.embedded,
        "story": spec.story and dict(spec.story),
    }


def _version_message(layer: MapLayer, version: MapVersion, *, base: str) -> dict[str, Any]:
    """A version of a layer, with what differs from one version to another."""
    other = replace(
        layer,
        version_id=version.version_id,
        features=version.features,
        bounds=version.bounds,
        pixels=version.pixels,
    )
    return {
        "version": version.version_id,
        "number": version.number,
        "features": version.features,
        "day": version.day.isoformat() if version.day else None,
        "dated": version.dated,
        "invented": version.demonstration,
        "url": f"{base}/cg/features/{version.version_id}.json",
        "tiles": _tiles(other, base=base),
        "box": None if other.bounds is None else list(other.bounds),
        "deepest": _deepest(other),
        "vector": _vector(other, base=base),
    }


def _online() -> dict[str, Any] | None:
    """The online base map the map may offer; None, as a rule."""
    tiles = online_tiles()
    if tiles is None:
        return None
    told = {"url": tiles.url, "host": tiles.host, "credit": tiles.credit}
    return told | {"maxzoom": DEEPEST_ZOOM}


def _tiles(layer: MapLayer, *, base: str) -> str | None:
    """Where the tiles of a raster are, up to zoom, column and row; None for features."""
    if not (layer.classes or layer.picture):
        return None
    return f"{base}/cg/raster/{layer.version_id}/?c={style_fingerprint(layer.kind)}"


def _deepest(layer: MapLayer) -> int | None:
    """The zoom at which a pixel of the map is one of a picture: closer, tiles hold no more."""
    if not layer.picture or layer.bounds is None or layer.pixels < 1:
        return None
    west, south, east, north = layer.bounds
    shrink = math.cos(math.radians((south + north) / 2))
    ground_m2 = (east - west) * shrink * (north - south) * METRES_PER_DEGREE**2
    pixel_m = math.sqrt(ground_m2 / layer.pixels)
    finest_m = METRES_PER_DEGREE * 360 * shrink / TILE_PIXELS
    # half a level more: of a picture that is turned, the box is larger than the picture
    zoom = math.ceil(math.log2(finest_m / max(pixel_m, 1e-3)) + 0.5)
    return max(0, min(zoom, DEEPEST_PICTURE))


def _vector(layer: MapLayer, *, base: str) -> str | None:
    """Where the vector tiles of a large layer are, with {z}, {x} and {y} to fill in; else None."""
    is_light = layer.features <= VECTOR_ABOVE and layer.corners <= VECTOR_ABOVE_CORNERS
    if layer.classes or layer.picture or is_light:
        return None
    where = f"{quote(layer.layer_id, safe='')}/{quote(layer.version_id, safe='')}"
    return f"{base}/tiles/{where}/{{z}}/{{x}}/{{y}}.pbf?s={tiles_fingerprint()}"


def _conflicts_message(conflicts: MapConflicts, *, base: str) -> dict[str, Any]:
    query = urlencode(
        {
            "region": conflicts.region_id,
            "on": conflicts.on.isoformat(),
            "scenarios": ",".join(conflicts.scenarios),
        }
    )
    filtered = "&".join([query, urlencode(conflicts.asked)]) if conflicts.asked else query
    name = quote(conflicts.fingerprint, safe="")
    place = f"{name}/{{z}}/{{x}}/{{y}}.pbf?{filtered}&s={tiles_fingerprint()}"

    def listed(values: tuple[str, ...] | None) -> list[str] | None:
        return None if values is None else list(values)

    return {
        "fingerprint": conflicts.fingerprint,
        "vector": f"{base}/tiles/conflicts/{place}" if conflicts.sent > VECTOR_ABOVE else None,
        "verdicts": listed(conflicts.verdicts),
        "rules": listed(conflicts.rules),
        "url": f"{base}/cg/conflicts/{name}.json?{filtered}",
        "overlap": f"{base}/cg/overlap/{name}/",
        "query": query,
        "shown": listed(conflicts.shown),
        "selected": conflicts.selected,
        "invented": conflicts.demonstration,
    }


def _hotspots_message(hotspots: MapHotspots, *, base: str) -> dict[str, Any]:
    name = quote(hotspots.fingerprint, safe="")
    query = urlencode(hotspots.asked)
    tiles = f"{base}/tiles/hotspots/{name}/{{z}}/{{x}}/{{y}}.pbf?{query}&s={tiles_fingerprint()}"
    return {
        "fingerprint": hotspots.fingerprint,
        "url": f"{base}/cg/hotspots/{name}.json?{query}",
        "vector": tiles if hotspots.units > VECTOR_ABOVE else None,
        "selected": hotspots.selected,
        "zoom": hotspots.zoom,
        "steps": [{"day": day.isoformat(), "name": name} for day, name in hotspots.steps],
        "invented": hotspots.demonstration,
    }
