"""The pack on paper: PDF of A4 or A3, tagged, with its typeface inside."""

import base64
import datetime as dt
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import segno
import typst
from PIL import Image

from dashboard.charts import Chart
from dashboard.charts.drawing import plain
from dashboard.field.cards import photos, planned, position, sections
from dashboard.field.model import Pack, Stop
from dashboard.field.paper_map import Shapes, paper_map, shapes_of, stop_window, window_of
from dashboard.field.words import Words
from dashboard.typefaces import typst_fonts

Paper = Literal["a4", "a3"]
TEMPLATE = Path(__file__).with_name("paper.typ")
SIZES_MM = {"a4": (210.0, 297.0), "a3": (297.0, 420.0)}
SIDE_MM = 13.0
MAP_SHARE = {"overview": 0.40, "stop": 0.34, "notes": 0.34}
"""Height of a map as a share of the page's height; its legend comes below."""
NOTE_ROWS = 11


def paper(pack: Pack, words: Words, *, size: Paper, shapes: Shapes | None = None) -> bytes:
    """The pack as PDF: an overview, a sheet a stop, and a sheet for notes by hand.

    Maps are at true scale. The same pack gives the same bytes. `shapes` are the pack's, where
    several papers are made of it.
    """
    width_mm, height_mm = SIZES_MM[size]
    across = width_mm - 2 * SIDE_MM
    drawn = shapes_of(pack) if shapes is None else shapes
    maps = _maps(pack, words, drawn, across=across, height_mm=height_mm)
    files: dict[str, bytes] = {"main": TEMPLATE.read_bytes()}
    files |= {f"{name}.svg": chart.svg(embed=False) for name, chart in maps.items()}
    files |= {
        _photo_name(stop, at): _in_svg(content)
        for stop in pack.stops
        for at, (content, _) in enumerate(photos(stop, words))
    }
    files |= {f"qr-{stop.number}.svg": _qr(stop.longitude, stop.latitude) for stop in pack.stops}
    told = _told(pack, words, maps, size=size)
    files["paper.json"] = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
    document = typst.compile(
        files,
        format="pdf",
        ignore_system_fonts=True,
        font_paths=typst_fonts(),
        pdf_standards=["ua-1"],
        timestamp=pack.made_at.astimezone(dt.UTC).replace(microsecond=0),
    )
    assert isinstance(document, bytes)
    return document


def _maps(
    pack: Pack, words: Words, shapes: Shapes, *, across: float, height_mm: float
) -> dict[str, Chart]:
    def tall(name: str) -> float:
        return MAP_SHARE[name] * height_mm

    overview = window_of(pack.bounds, width_mm=across, height_mm=tall("overview"))
    notes = window_of(pack.bounds, width_mm=across, height_mm=tall("notes"))
    maps = {
        "overview": paper_map(pack, overview, words, title=pack.title, shapes=shapes),
        "notes": paper_map(
            pack,
            notes,
            words,
            title=words._("Map with squares to write notes by"),
            shapes=shapes,
            squares=True,
        ),
    }
    for stop in pack.stops:
        window = stop_window(stop, width_mm=across, height_mm=tall("stop"))
        maps[f"stop-{stop.number}"] = paper_map(
            pack,
            window,
            words,
            title=f"{stop.number}. {stop.name}",
            shapes=shapes,
            focus=stop.number,
        )
    return maps


def _told(pack: Pack, words: Words, maps: dict[str, Chart], *, size: Paper) -> dict[str, Any]:
    """What the template sets, as plain JSON types; every text is one line."""
    _ = words._
    days = [words.day(day) for day in dict.fromkeys((pack.first_day, pack.last_day)) if day]
    made = _("Made on {day}", day=words.day(pack.made_at.date()))
    caveats = (
        _("Absence of data is not absence of mining, or of farming."),
        _("An overlap is not illegality: mining inside a licence is often by agreement."),
    )
    invented = _("Invented for demonstration: nothing here is real.")
    sources = [
        "; ".join(
            part
            for part in (f"{one.title}: {words.day(one.day)}", one.note or _("source not stated"))
        )
        for one in pack.sources
    ]
    title = plain(pack.title)
    return {
        "title": title,
        "subtitle": " · ".join(plain(x) for x in (pack.group, pack.region_name, *days) if x),
        "description": f"{title}, {plain(pack.region_name)}, {plain(pack.country_name)}",
        "paper": size,
        "language": words.language,
        "footer": f"{title} · {made}",
        "page": _("Page {page} of {pages}"),
        "banner": invented if pack.demonstration else None,
        "head": [_("Stop"), _("Site"), _("When"), _("Way")],
        "caveats": " ".join(caveats),
        "sources": [plain(source) for source in sources],
        "overview": _picture("overview", maps),
        "stops": [_stop(stop, words, maps) for stop in pack.stops],
        "notes": {
            "title": _("Notes by hand"),
            "how": _("Write the stop or the square of the map beside each note. Ask before you "
                     "write down who said it."),
            "map": _picture("notes", maps),
            "rows": NOTE_ROWS,
            "head": [
                _("Stop or square"),
                _("In words"),
                _("Who speaks?"),
                _("Organisers, dialogue or everybody?"),
            ],
        },
    }  # fmt: skip


def _stop(stop: Stop, words: Words, maps: dict[str, Chart]) -> dict[str, Any]:
    way = ""
    if stop.way_m is not None:
        road = words._("way by road") if stop.by_road else words._("straight line, not a way")
        way = f"{words.metres(stop.way_m)}, {road}"
    return {
        "number": stop.number,
        "name": plain(stop.name),
        "when": planned(stop, words),
        "way": way,
        "position": position(stop),
        "map": _picture(f"stop-{stop.number}", maps),
        "qr": {
            "file": f"qr-{stop.number}.svg",
            "alt": words._("Square code that opens this place in a phone's map app"),
        },
        "photos": [
            {"file": _photo_name(stop, at), "alt": plain(told)}
            for at, (_, told) in enumerate(photos(stop, words))
        ],
        "sections": [
            {
                "title": section.title,
                "lines": [
                    {"label": plain(one.label), "text": plain(one.text), "tone": one.tone}
                    for one in section.lines
                ],
            }
            for section in sections(stop, words)
            if section.lines
        ],
    }


def _in_svg(content: bytes) -> bytes:
    """A small JPEG of ours inside an SVG: typst takes files handed over in memory as text only."""
    with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
        width, height = image.size
    data = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}"><image width="{width}" height="{height}" '
        f'xlink:href="data:image/jpeg;base64,{data}"/></svg>'
    ).encode()


def _photo_name(stop: Stop, at: int) -> str:
    return f"photo-{stop.number}-{at}.svg"


def _picture(name: str, maps: dict[str, Chart]) -> dict[str, Any]:
    return {"file": f"{name}.svg", "alt": maps[name].alt}


@lru_cache(maxsize=256)
def _qr(longitude: float, latitude: float) -> bytes:
    """A place as a code for a phone's camera: a geo address (RFC 5870)."""
    stream = io.BytesIO()
    code = segno.make(f"geo:{latitude:.6f},{longitude:.6f}", error="m", micro=False)
    code.save(stream, kind="svg", border=2, xmldecl=False)
    return stream.getvalue()
