"""The stops of a pack for other programs: GPX 1.1, KML 2.2 and CSV.

Phones read GPX and KML in most map apps, spreadsheets the CSV. Positions are WGS 84, longitude and
latitude in degrees to six places; what is told beside them is what the card says.
"""

import csv
import datetime as dt
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from dashboard.field.cards import sections
from dashboard.field.model import Pack, Stop
from dashboard.field.words import Words
from layers.export import safe_text

GPX = "http://www.topografix.com/GPX/1/1"
KML = "http://www.opengis.net/kml/2.2"
CREATOR = "Common Ground"
COLUMNS = (
    "stop",
    "name",
    "longitude",
    "latitude",
    "position_sd_m",
    "district",
    "day",
    "arrive",
    "leave",
    "way_m",
    "way_by_road",
    "women",
    "men",
    "possible_conflicts",
    "questions",
    "layer_id",
    "feature_id",
)

# what XML 1.0 cannot hold
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gpx(pack: Pack, words: Words) -> bytes:
    """Waypoints of the stops and one route through them, by day."""
    ET.register_namespace("", GPX)
    root = ET.Element(f"{{{GPX}}}gpx", {"version": "1.1", "creator": CREATOR})
    about = _add(root, GPX, "metadata")
    _add(about, GPX, "name", pack.title)
    _add(about, GPX, "desc", _about(pack, words))
    _add(about, GPX, "time", _utc(pack.made_at))
    for stop in pack.stops:
        _point(root, "wpt", stop, words)
    for day in _days(pack):
        route = _add(root, GPX, "rte")
        _add(route, GPX, "name", f"{pack.title}, {words.day(day)}" if day else pack.title)
        for stop in pack.stops:
            if stop.day == day:
                _point(route, "rtept", stop, words)
    return _written(root)


def kml(pack: Pack, words: Words) -> bytes:
    """A placemark for each stop with its card, and the ways between them as lines."""
    ET.register_namespace("", KML)
    root = ET.Element(f"{{{KML}}}kml")
    document = _add(root, KML, "Document")
    _add(document, KML, "name", pack.title)
    _add(document, KML, "description", _about(pack, words))
    for name, color in (("road", "ff5a3c1e"), ("straight", "ff808080")):
        style = _add(document, KML, "Style", id=name)
        line = _add(style, KML, "LineStyle")
        _add(line, KML, "color", color)
        _add(line, KML, "width", "3")
    for stop in pack.stops:
        mark = _add(document, KML, "Placemark", id=f"stop-{stop.number}")
        _add(mark, KML, "name", f"{stop.number}. {stop.name}")
        _add(mark, KML, "description", card_text(stop, words))
        point = _add(mark, KML, "Point")
        _add(point, KML, "coordinates", f"{stop.longitude:.6f},{stop.latitude:.6f}")
    for way in pack.ways:
        mark = _add(document, KML, "Placemark")
        told = words._("way by road") if way.by_road else words._("straight line, not a way")
        _add(mark, KML, "name", told)
        _add(mark, KML, "styleUrl", "#road" if way.by_road else "#straight")
        line = _add(mark, KML, "LineString")
        _add(line, KML, "tessellate", "1")
        _add(line, KML, "coordinates", " ".join(f"{x:.6f},{y:.6f}" for x, y in way.points))
    return _written(root)


def table(pack: Pack, words: Words) -> bytes:
    """A row a stop, with a byte order mark so that spreadsheets read the letters right."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for stop in pack.stops:
        told = {part.key: part for part in sections(stop, words)}
        conflicts = [f"{line.label}: {line.text}" for line in told["conflicts"].lines if line.label]
        questions = [line.text for line in told["questions"].lines]
        row: Iterable[object] = (
            stop.number,
            stop.name,
            round(stop.longitude, 6),
            round(stop.latitude, 6),
            round(stop.position_sd_m, 1),
            stop.district,
            stop.day,
            words.clock(stop.arrive) if stop.arrive else None,
            words.clock(stop.leave) if stop.leave else None,
            None if stop.way_m is None else round(stop.way_m),
            {True: "yes", False: "no", None: None}[stop.by_road],
            stop.card.women,
            stop.card.men,
            " | ".join(conflicts),
            " | ".join(questions),
            stop.layer_id,
            stop.feature_id,
        )
        writer.writerow([_cell(value) for value in row])
    return ("\ufeff" + stream.getvalue()).encode()


def card_text(stop: Stop, words: Words) -> str:
    """A card as plain lines, for programs that show text only."""
    lines = []
    for section in sections(stop, words):
        lines.append(section.title.upper())
        lines += [
            f"{line.label}: {line.text}" if line.label else line.text for line in section.lines
        ]
    return "\n".join(lines)


def _about(pack: Pack, words: Words) -> str:
    parts = [
        f"{pack.region_name}, {pack.country_name}",
        words._("Made on {day}", day=words.day(pack.made_at.date())),
    ]
    if pack.demonstration:
        parts.append(words._("Invented for demonstration: nothing here is real."))
    return ". ".join(parts)


def _days(pack: Pack) -> list[dt.date | None]:
    return list(dict.fromkeys(stop.day for stop in pack.stops))


def _point(parent: ET.Element, tag: str, stop: Stop, words: Words) -> None:
    place = {"lat": f"{stop.latitude:.6f}", "lon": f"{stop.longitude:.6f}"}
    point = ET.SubElement(parent, f"{{{GPX}}}{tag}", place)
    _add(point, GPX, "name", f"{stop.number}. {stop.name}")
    _add(point, GPX, "cmt", stop.feature_id)
    _add(point, GPX, "desc", card_text(stop, words))


def _add(
    parent: ET.Element, space: str, tag: str, text: str | None = None, **at: str
) -> ET.Element:
    child = ET.SubElement(parent, f"{{{space}}}{tag}", at)
    if text is not None:
        child.text = _UNWRITABLE.sub("\ufffd", text)
    return child


def _written(root: ET.Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8")


def _utc(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cell(value: object) -> object:
    return "" if value is None else safe_text(value)
