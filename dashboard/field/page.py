"""The pack as one HTML file: map, base map, cards and search inside it, nothing fetched, ever.

The map is the dashboard's own, script for script; what it asks a server elsewhere is answered from
the data in the file. Cards are plain HTML, so that they are read and printed without any script. A
policy in the file forbids every request, and scripts that are not in it.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from string import Template
from typing import Any

from dashboard import assets
from dashboard.field.cards import Section, position, sections
from dashboard.field.model import Pack, PackLayer, Stop
from dashboard.field.words import Fallback, Words, own_name
from layers.facts import kind

FOLDER = assets.STATIC / "pack"
STYLES = ("vendor/leaflet/leaflet.css", "map.css", "pack/pack.css")
TABS = (("map", "Map"), ("stops", "Stops"), ("about", "About"))
SPOKEN_BY_SCRIPT = (
    "This is not in the pack.",
    "{n} of {all} stops",
    "Search the cards",
    "The data in this file are damaged.",
    "Do not rely on this file. Ask for it again.",
    "This file has looked at itself: all of it is here, and it needs no network.",
    *(name for _, name in TABS),
)
"""What pack.js says by itself; a test compares it with the script."""


def page(pack: Pack, *, base: Mapping[str, Any]) -> bytes:
    """The pack as HTML (UTF-8). `base` is the base map, as `dashboard.basemap` makes it."""
    spoken = [Words(language) for language in pack.languages]
    main = spoken[0]
    data = _json(_data(pack, spoken, base))
    values = {
        "language": html.escape(main.language),
        "title": html.escape(pack.title),
        "subtitle": html.escape(_subtitle(pack, main)),
        "language_choice": _language_choice(spoken),
        "banner": "".join(_banners(pack, spoken)),
        "tabs": "".join(_tabs(main)),
        "needs_script": html.escape(main._("The map needs JavaScript; the cards below do not.")),
        "search": html.escape(main._("Search the cards")),
        "cards": "\n".join(_card(stop, words) for words in spoken for stop in pack.stops),
        "notes": "",
        "about": "".join(_about(pack, words, checksum=_checksum(data)) for words in spoken[:1]),
        "data": data,
        **_parts(),
    }
    return Template(_read("pack/pack.html")).substitute(values).encode()


@cache
def _parts() -> Mapping[str, str]:
    """Styles and scripts, made fit to stand inside an HTML file."""
    return {
        "styles": "\n".join(_read(name) for name in STYLES).replace("</", "<\\/"),
        "shim": _inline(_read("pack/shim.js")),
        "leaflet": _inline(_read("vendor/leaflet/leaflet.js")),
        "map_script": _inline(_read(assets.BUNDLE)),
        "script": _inline(_read("pack/pack.js")),
    }


def _read(name: str) -> str:
    content = assets.read(name)
    if content is None:
        raise assets.AssetsError(
            f"'{name}' is not on this machine. Set up the front-end assets with: make setup"
        )
    return content.decode()


def _inline(script: str) -> str:
    """A script in whose strings HTML finds no end of a script and no comment."""
    return re.sub(r"<(?=/script|script|!--)", r"\\x3c", script, flags=re.IGNORECASE)


def _json(value: object) -> str:
    """Data inside a script element: what HTML could read is written as escapes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _checksum(text: str) -> str:
    """FNV-1a of the UTF-8 bytes, 32 bits: enough to see that a file was cut short or garbled."""
    total = 0x811C9DC5
    for byte in text.encode():
        total = ((total ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{total:08x}"


def _data(pack: Pack, spoken: list[Words], base: Mapping[str, Any]) -> dict[str, Any]:
    """What the scripts need: stops and layers of the pack, and nothing else."""
    return {
        "visit": pack.visit_id,
        "title": pack.title,
        "bounds": [round(number, 5) for number in pack.bounds],
        "base": base,
        "languages": [
            {
                "code": words.language,
                "messages": {name: str(words.translation(name)) for name in SPOKEN_BY_SCRIPT},
            }
            for words in spoken
        ],
        "stops": [
            {
                "number": stop.number,
                "name": stop.name,
                "longitude": round(stop.longitude, 6),
                "latitude": round(stop.latitude, 6),
            }
            for stop in pack.stops
        ],
        "ways": [
            {"points": [[round(x, 5), round(y, 5)] for x, y in way.points], "by_road": way.by_road}
            for way in pack.ways
        ],
        "layers": [_layer(layer, spoken[0]) for layer in pack.layers],
    }


def _layer(layer: PackLayer, words: Words) -> dict[str, Any]:
    return {
        "id": layer.layer_id,
        "kind": layer.kind,
        "kind_title": kind(layer.kind).title,
        "title": layer.title,
        "color": layer.color,
        "symbol": layer.symbol,
        "order": layer.order,
        "visible": layer.visible,
        "invented": layer.source.demonstration,
        "source": layer.source.note,
        "dated": words.day(layer.source.day),
        "features": list(layer.features),
    }


def _subtitle(pack: Pack, words: Words) -> str:
    parts = [pack.group, pack.region_name]
    if pack.first_day:
        parts.append(words.day(pack.first_day))
    return " · ".join(part for part in parts if part)


def _language_choice(spoken: list[Words]) -> str:
    if len(spoken) == 1:
        return ""
    choices = "".join(
        f'<option value="{html.escape(one.language)}" lang="{html.escape(one.language)}">'
        f"{html.escape(own_name(one.language))}</option>"
        for one in spoken
    )
    return f'<select id="pk-language" aria-label="Language">{choices}</select>'


def _banners(pack: Pack, spoken: list[Words]) -> Iterator[str]:
    if not pack.demonstration:
        return
    for words in spoken:
        told = html.escape(words._("Invented for demonstration: nothing here is real."))
        hidden = "" if words is spoken[0] else " hidden"
        yield f'<p class="pk-banner" data-in="{html.escape(words.language)}"{hidden}>{told}</p>'


def _tabs(words: Words) -> Iterator[str]:
    for pane, name in TABS:
        yield (
            f'<button type="button" role="tab" id="pk-tab-{pane}" data-pane="{pane}" '
            f'data-message="{name}" aria-controls="pk-{pane}-pane" aria-selected="false">'
            f"{html.escape(words._(name))}</button>"
        )


def _card(stop: Stop, words: Words) -> str:
    hours = f"{words.clock(stop.arrive)}-{words.clock(stop.leave)}" if stop.arrive else ""
    when = ", ".join(part for part in (words.day(stop.day) if stop.day else "", hours) if part)
    geo = f"geo:{stop.latitude:.6f},{stop.longitude:.6f}?q={stop.latitude:.6f},{stop.longitude:.6f}"
    language = html.escape(words.language)
    return (
        f'<article class="pk-card" data-stop="{stop.number}" lang="{language}" tabindex="-1">'
        f"<header><b>{stop.number}</b><div><h2>{html.escape(stop.name)}</h2>"
        f"<p>{html.escape(when or position(stop))}</p></div></header>"
        f"{''.join(_section(one) for one in sections(stop, words))}"
        f'<div class="pk-acts"><button type="button" data-show-stop="{stop.number}">'
        f"{_marked(words._('Show on the map'))}</button>"
        f'<a href="{html.escape(geo)}">{_marked(words._("Open in the map app"))}</a></div>'
        "</article>"
    )


def _section(section: Section) -> str:
    lines = []
    for line in section.lines:
        tone = f"pk-{line.tone} " if line.tone else ""
        if line.label:
            term, whole = f"<dt>{_marked(line.label)}</dt>", ""
        else:
            term, whole = "", "pk-whole"
        lines.append(f'<div class="{tone}{whole}">{term}<dd>{_marked(line.text)}</dd></div>')
    if not lines:
        return ""
    return f"<h3>{_marked(section.title)}</h3><dl>{''.join(lines)}</dl>"


def _marked(text: str) -> str:
    """Escaped text; English that stands in for a missing translation is marked as such."""
    safe = html.escape(text)
    return (
        f'<span class="pk-fallback" lang="en">{safe}</span>' if isinstance(text, Fallback) else safe
    )


def _about(pack: Pack, words: Words, *, checksum: str) -> str:
    """What the pack holds: area, day, layers with dates and sources; and whether it is whole."""
    _ = words._
    west, south, east, north = pack.bounds
    rows = [
        _(
            "Area: {south} to {north} latitude, {west} to {east} longitude",
            south=f"{south:.3f}°",
            north=f"{north:.3f}°",
            west=f"{west:.3f}°",
            east=f"{east:.3f}°",
        ),
        _("Made on {day}", day=words.day(pack.made_at.date())),
        _("{n} stops", n=len(pack.stops)),
    ]
    layers = [
        f"{layer.title}: {len(layer.features)}; {words.day(layer.source.day)}; "
        f"{layer.source.note or _('source not stated')}"
        for layer in pack.layers
    ]
    items = "".join(f"<li>{html.escape(row)}</li>" for row in rows + layers)
    caveats = (
        _("Absence of data is not absence of mining, or of farming."),
        _("An overlap is not illegality: mining inside a licence is often by agreement."),
    )
    return (
        f'<div class="pk-plain"><h2>{html.escape(_("What this file holds"))}</h2><ul>{items}</ul>'
        f'<p id="pk-check" data-sum="{checksum}"></p>'
        f"<p>{html.escape(' '.join(caveats))}</p></div>"
    )
