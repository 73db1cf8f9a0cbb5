"""The map on a page: a folium frame that stays, and messages that tell our own script what to show.

The HTML of the frame never changes, so a rerun neither remounts it nor loses the view. What should
be on the map travels as one short message (ids, titles, colours); the browser fetches geometry from
our routes under /cg/. See docs/decisions/0006-map.md.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from layers.catalogue import Bounds

Point = tuple[float, float]
"""Longitude, latitude in degrees (WGS 84)."""


@dataclass(frozen=True, kw_only=True)
class View:
    """Where the map looks: the middle in degrees (WGS 84) and the zoom level, 0 to 20."""

    longitude: float
    latitude: float
    zoom: float


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """One layer on the map. `opacity` is 0 to 1; `dated` and `source` are shown in the legend.

    `order` is the drawing order, low first. `visible` is where the switch in the legend stands at
    first; after that the person at the map decides, until the page changes it.
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


@dataclass(frozen=True, kw_only=True)
class MapConflicts:
    """The conflicts of one run. `shown` limits them to these ids; None shows all."""

    region_id: str
    fingerprint: str
    on: dt.date
    scenarios: tuple[str, ...] = ()
    shown: tuple[str, ...] | None = None
    selected: str | None = None
    demonstration: bool = False


@dataclass(frozen=True, kw_only=True)
class MapSpec:
    """What a map shows. `highlight` lists (layer id, feature id); `zoom_to_highlight` goes there."""

    region_id: str
    region_name: str
    bounds: Bounds
    layers: tuple[MapLayer, ...] = ()
    conflicts: MapConflicts | None = None
    highlight: tuple[tuple[str, str], ...] = ()
    zoom_to_highlight: bool = True
    view: View | None = None
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class MapEvent:
    """The last thing somebody did on a map.

    `number` grows with every event and is 0 before the first, so a page can tell a new click from
    the one it has seen. `found` lists (layer id, feature id) under a click; `conflict_id` is the
    conflict whose sign was clicked. `polygon` is the drawn area as a GeoJSON geometry (EPSG:4326),
    None when nothing is drawn.
    """

    number: int = 0
    what: str = "none"
    clicked: Point | None = None
    found: tuple[tuple[str, str], ...] = ()
    conflict_id: str | None = None
    polygon: Mapping[str, Any] | None = None


def show_map(
    spec: MapSpec, *, key: str, height: int = 620, returns: Sequence[str] = ("click", "draw")
) -> MapEvent:
    """Draw the map on the page and hand back what somebody last did on it.

    `returns` names what makes the page run again: "click" and "draw". Panning and zooming never do.
    """
    raise NotImplementedError
