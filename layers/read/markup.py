"""KML, KMZ and GPX, parsed by ourselves: no document type, no entity, no link is followed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import pandas as pd
import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from layers.findings import Finding
from layers.read.model import Limits, ReadError
from layers.read.source import Head, Loaded, Source

WGS84 = "EPSG:4326"


def open_kml(path: Path, shown: str, limits: Limits, *, packed: bool = False) -> Source:
    """The placemarks of a KML file as one layer."""
    records: list[dict[str, str]] = []
    shapes: list[Any] = []
    links = 0
    budget = _Budget(limits, shown)
    folders: list[Element] = []
    for event, element in _walk(path, shown):
        tag = _tag(element)
        if event == "start":
            if tag == "Folder":
                folders.append(element)
            continue
        if tag == "Folder":
            folders.pop()
        elif tag in ("NetworkLink", "GroundOverlay"):
            links += tag == "NetworkLink"
            element.clear()
        elif tag == "Placemark":
            records.append(_placemark(element, folders))
            shapes.append(_kml_shape(element, budget))
            budget.row()
            element.clear()
    findings = []
    if links:
        findings.append(
            Finding(
                code="network_link_ignored",
                message=f"The file links to {links} other place(s) on the web; they were not "
                "fetched, so what they hold is not here.",
                fix="Download what the links point to and bring it as a file.",
            )
        )
    if not records:
        raise ReadError(
            f"'{shown}' has no placemarks"
            + (
                ", only links to files elsewhere. Download those."
                if links
                else ". Export it again."
            )
        )
    return _one_layer("KMZ" if packed else "KML", "Placemarks", records, shapes, findings)


def open_gpx(path: Path, shown: str, limits: Limits) -> Source:
    """Waypoints, tracks and routes of a GPX file, a layer each where there are any."""
    found: dict[str, tuple[list[dict[str, str]], list[Any]]] = {
        "waypoints": ([], []),
        "tracks": ([], []),
        "routes": ([], []),
    }
    budget = _Budget(limits, shown)
    layer_of = {"wpt": "waypoints", "trk": "tracks", "rte": "routes"}
    for event, element in _walk(path, shown):
        tag = _tag(element)
        if event == "start" or tag not in layer_of:
            continue
        records, shapes = found[layer_of[tag]]
        records.append(_texts(element, skip=("trkseg", "rtept", "extensions", "link")))
        shapes.append(_gpx_shape(element, tag, budget))
        budget.row()
        element.clear()
    filled = {name: content for name, content in found.items() if content[0]}
    if not filled:
        raise ReadError(f"'{shown}' has no waypoints, tracks or routes. Export it again.")
    sources = [
        _one_layer("GPX", name, records, shapes, []) for name, (records, shapes) in filled.items()
    ]
    loads = {source.heads[0].name: source.load for source in sources}
    return Source(
        format="GPX",
        heads=[source.heads[0] for source in sources],
        load=lambda name, limit, geometry: loads[name](name, limit, geometry),
    )


class _Budget:
    """Counts rows and vertices while parsing, so that a huge file stops early."""

    def __init__(self, limits: Limits, shown: str) -> None:
        self.limits, self.shown = limits, shown
        self.rows = self.vertices = 0

    def row(self) -> None:
        self.rows += 1
        if self.rows > self.limits.max_rows:
            raise ReadError(
                f"'{self.shown}' has more than {self.limits.max_rows:,} rows. Split it and bring "
                "the parts."
            )

    def add(self, vertices: int) -> None:
        self.vertices += vertices
        if self.vertices > self.limits.max_vertices:
            raise ReadError(
                f"'{self.shown}' has more than {self.limits.max_vertices:,} corner points. "
                "Simplify its shapes."
            )


def _walk(path: Path, shown: str) -> Iterator[tuple[str, Element]]:
    try:
        yield from iterparse(path, events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise ReadError(
            f"'{shown}' defines its own abbreviations (a DOCTYPE), which can be made to fill the "
            "memory or to read other files. Export it again from your mapping program."
        ) from error
    except (ParseError, UnicodeError, LookupError, ValueError, RecursionError) as error:
        raise ReadError(
            f"'{shown}' is damaged XML ({str(error)[:80]}). Export or download it again."
        ) from error


def _tag(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _texts(element: Element, *, skip: tuple[str, ...] = ()) -> dict[str, str]:
    """The text of each simple child, by its name."""
    return {
        _tag(child): (child.text or "").strip()
        for child in element
        if len(child) == 0 and _tag(child) not in skip and (child.text or "").strip()
    }


def _placemark(element: Element, folders: list[Element]) -> dict[str, str]:
    """The cells of a placemark; two of one name are both kept, the second under a number."""
    record = {
        name: text
        for name, text in _texts(element).items()
        if name in ("name", "description", "address", "phoneNumber", "Snippet")
    }
    if element.get("id"):
        record["placemark_id"] = str(element.get("id"))
    if folders and (path := " / ".join(filter(None, map(_folder_name, folders)))):
        record["folder"] = path
    for part in element.iter():
        tag = _tag(part)
        if tag == "Data" and part.get("name"):
            text = "".join((value.text or "").strip() for value in part if _tag(value) == "value")
            _add(record, str(part.get("name")), text)
        elif tag == "SimpleData" and part.get("name"):
            _add(record, str(part.get("name")), (part.text or "").strip())
        elif tag in ("when", "begin", "end") and (part.text or "").strip():
            record.setdefault(tag, str(part.text).strip())
    return record


def _folder_name(folder: Element) -> str:
    return next((child.text or "" for child in folder if _tag(child) == "name"), "").strip()


def _add(record: dict[str, str], name: str, text: str) -> None:
    """Under its name, else under the first free number: data never hides the placemark's own."""
    wanted, number = name, 2
    while wanted in record and record[wanted] != text:
        wanted, number = f"{name} ({number})", number + 1
    record[wanted] = text


def _kml_shape(element: Element, budget: _Budget) -> Any:
    shapes = [shape for child in element if (shape := _kml_geometry(child, budget)) is not None]
    return shapes[0] if len(shapes) == 1 else (_collected(shapes) if shapes else None)


def _kml_geometry(element: Element, budget: _Budget) -> Any:
    tag = _tag(element)
    if tag == "MultiGeometry":
        parts = [part for child in element if (part := _kml_geometry(child, budget)) is not None]
        return _collected(parts) if parts else None
    if tag == "Polygon":
        rings: dict[str, list[Any]] = {"outerBoundaryIs": [], "innerBoundaryIs": []}
        for boundary in element:
            if _tag(boundary) in rings:
                rings[_tag(boundary)] += [
                    _kml_coordinates(ring, budget)
                    for ring in boundary
                    if _tag(ring) == "LinearRing"
                ]
        return _polygon(rings["outerBoundaryIs"], rings["innerBoundaryIs"])
    if tag in ("Point", "LineString", "LinearRing"):
        return _simple(_kml_coordinates(element, budget), tag)
    if tag == "Track":
        texts = [(child.text or "").split() for child in element if _tag(child) == "coord"]
        budget.add(len(texts))
        return _simple(_numbers([",".join(each[:2]) for each in texts]), "LineString")
    return None


def _kml_coordinates(element: Element, budget: _Budget) -> Any:
    text = next((child.text or "" for child in element if _tag(child) == "coordinates"), "")
    parts = text.replace(", ", ",").split()
    budget.add(len(parts))
    return _numbers(parts)


def _numbers(parts: list[str]) -> Any:
    """Pairs as an array; a part that is no pair becomes NaN and its row is told and rejected."""
    xy = np.full((len(parts), 2), np.nan)
    for index, part in enumerate(parts):
        pieces = part.split(",")
        if len(pieces) >= 2:
            try:
                xy[index] = float(pieces[0]), float(pieces[1])
            except ValueError:
                continue
    return xy


def _simple(xy: Any, tag: str) -> Any:
    if len(xy) == 0:
        return None
    if tag == "Point":
        return shapely.points(xy[0])
    if len(xy) < 2:
        return None
    return shapely.linestrings(xy)


def _polygon(outer: list[Any], inner: list[Any]) -> Any:
    if len(outer) != 1 or len(outer[0]) < 3:
        return None
    holes = [_closed(ring) for ring in inner if len(ring) >= 3]
    return shapely.polygons(
        shapely.linearrings(_closed(outer[0])), holes=[shapely.linearrings(ring) for ring in holes]
    )


def _closed(ring: Any) -> Any:
    return (
        ring if len(ring) > 3 and np.array_equal(ring[0], ring[-1]) else np.vstack([ring, ring[:1]])
    )


def _collected(parts: list[Any]) -> Any:
    kinds = {part.geom_type for part in parts}
    if kinds == {"Point"}:
        return shapely.multipoints(parts)
    if kinds == {"LineString"}:
        return shapely.multilinestrings(parts)
    if kinds == {"Polygon"}:
        return shapely.multipolygons(parts)
    return shapely.geometrycollections(parts)


def _gpx_shape(element: Element, tag: str, budget: _Budget) -> Any:
    if tag == "wpt":
        return _simple(_gpx_points([element], budget), "Point")
    if tag == "rte":
        points = [child for child in element if _tag(child) == "rtept"]
        return _simple(_gpx_points(points, budget), "LineString")
    segments = [
        _simple(_gpx_points(list(segment), budget), "LineString")
        for segment in element
        if _tag(segment) == "trkseg"
    ]
    lines = [segment for segment in segments if segment is not None]
    return None if not lines else lines[0] if len(lines) == 1 else shapely.multilinestrings(lines)


def _gpx_points(elements: list[Element], budget: _Budget) -> Any:
    budget.add(len(elements))
    return _numbers([f"{each.get('lon', '')},{each.get('lat', '')}" for each in elements])


def _one_layer(
    named: str,
    layer: str,
    records: list[dict[str, str]],
    shapes: list[Any],
    findings: list[Finding],
) -> Source:
    frame = pd.DataFrame.from_records(records, index=range(len(records)))
    geometry = np.array([*shapes, None], dtype=object)[:-1]
    kinds = {shape.geom_type for shape in shapes if shape is not None}
    geometry_type = next(iter(kinds)) if len(kinds) == 1 else "Mixed" if kinds else "Unknown"

    def load(name: str, limit: int | None, with_geometry: bool) -> Loaded:
        return Loaded(
            name=name,
            frame=frame.head(limit) if limit else frame,
            rows=np.arange(1, len(frame) + 1, dtype=np.int64)[:limit],
            geometry=geometry[:limit],
            crs=WGS84,
            crs_by_format=True,
        )

    head = Head(name=layer, geometry_type=geometry_type, rows=len(frame), crs=WGS84)
    return Source(format=named, heads=[head], load=load, findings=findings)
