"""The pack as one HTML file: map, base map, cards and search inside it, nothing fetched, ever.

The map is the dashboard's own, script for script; what it asks a server elsewhere is answered from
the data in the file. Cards are plain HTML, so that they are read and printed without any script. A
policy in the file forbids every request, and scripts that are not in it.
"""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from string import Template
from typing import Any

from dashboard import assets
from dashboard.field.cards import Section, photos, planned, position, sections
from dashboard.field.model import Pack, PackLayer, Stop
from dashboard.field.notes_form import SPOKEN_BY_FORM, notes_form
from dashboard.field.story import TAB, TELL, story_data, story_pane
from dashboard.field.words import N_, Fallback, Words, own_name
from layers.facts import kind

FOLDER = assets.STATIC / "pack"
STYLES = ("vendor/leaflet/leaflet.css", "map.css", "pack/pack.css")
SCRIPTS = ("pack/pack.js", "pack/notes.js")
TABS = (
    ("map", N_("Map")),
    ("stops", N_("Stops")),
    ("story", TAB),
    ("notes", N_("Notes")),
    ("about", N_("About")),
)
SEARCH = N_("Search the cards")
_LOADED = re.compile(r"url\((?![\"']?(?:data:|#))[^)]*\)")
"""Pictures of controls that no pack has: they would lie beside the file."""
_SAID = re.compile(r'\bsay\("((?:[^"\\]|\\.)*)"\)')


@cache
def spoken_by_scripts() -> tuple[str, ...]:
    """The messages the pack's scripts say by themselves, as they stand in them."""
    found = [text for name in SCRIPTS for text in _SAID.findall(_read(name))]
    return tuple(
        dict.fromkeys([*found, SEARCH, *(name for _, name in TABS), TELL, *SPOKEN_BY_FORM])
    )


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
        "tabs": "".join(_tabs(main, has_story=bool(pack.stories))),
        "story": story_pane(pack, main),
        "needs_script": html.escape(main._("The map needs JavaScript; the cards below do not.")),
        "search": html.escape(main._(SEARCH)),
        "cards": "\n".join(_card(stop, words) for words in spoken for stop in pack.stops),
        "notes": notes_form(pack, main),
        "about": _about(pack, spoken, checksum=_checksum(data)),
        "data": data,
        **_parts(),
    }
    return Template(_read("pack/pack.html")).substitute(values).encode("utf-8", "replace")


@cache
def _parts() -> Mapping[str, str]:
    """Styles and scripts, made fit to stand inside an HTML file."""
    return {
        "styles": _LOADED.sub("none", "\n".join(_read(name) for name in STYLES)).replace(
            "</", "<\\/"
        ),
        "shim": _inline(_read("pack/shim.js")),
        "leaflet": _inline(_read("vendor/leaflet/leaflet.js")),
        "map_script": _inline(_read(assets.BUNDLE)),
        "script": "\n".join(_inline(_read(name)) for name in SCRIPTS),
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
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.encode("utf-8", "replace").decode()


def _checksum(text: str) -> str:
    """FNV-1a of the UTF-8 bytes, 32 bits: enough to see that a file was cut short or garbled."""
    total = 0x811C9DC5
    for byte in text.encode():
        total = ((total ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{total:08x}"


def _data(pack: Pack, spoken: list[Words], base: Mapping[str, Any]) -> dict[str, Any]:
    """What the scripts need: stops and layers of the pack, and nothing else."""
    told = spoken_by_scripts()
    return {
        "visit": pack.visit_id,
        "made": pack.made_at.isoformat(timespec="seconds"),
        "title": pack.title,
        "bounds": [round(number, 5) for number in pack.bounds],
        "base": base,
        "languages": [
            {
                "code": words.language,
                "messages": {name: str(words.translation(name)) for name in told},
            }
            for words in spoken
        ],
        "stops": [
            {
                "number": stop.number,
                "name": stop.name,
                "feature_id": stop.feature_id,
                "conflicts": [[one.conflict_id, one.title] for one in stop.card.conflicts],
                "longitude": round(stop.longitude, 6),
                "latitude": round(stop.latitude, 6),
            }
            for stop in pack.stops
        ],
        "ways": [
            {"points": [[round(x, 5), round(y, 5)] for x, y in way.points], "by_road": way.by_road}
            for way in pack.ways
        ],
        "stories": story_data(pack),
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


def _tabs(words: Words, *, has_story: bool) -> Iterator[str]:
    for pane, name in TABS:
        if pane == "story" and not has_story:
            continue
        yield (
            f'<button type="button" role="tab" id="pk-tab-{pane}" data-pane="{pane}" '
            f'data-message="{name}" aria-controls="pk-{pane}-pane" aria-selected="false">'
            f"{html.escape(words._(name))}</button>"
        )


def _card(stop: Stop, words: Words) -> str:
    place = f"{stop.latitude:.6f},{stop.longitude:.6f}"
    on_map, in_app = words._("Show on the map"), words._("Open in the map app")
    return (
        f'<article class="pk-card" data-stop="{stop.number}" lang="{html.escape(words.language)}" '
        f'tabindex="-1"><header><b>{stop.number}</b><div><h2>{html.escape(stop.name)}</h2>'
        f"<p>{html.escape(planned(stop, words) or position(stop))}</p></div></header>"
        f"{''.join(_section(one) for one in sections(stop, words))}"
        f"{''.join(_photo(content, told) for content, told in photos(stop, words))}"
        f'<div class="pk-acts"><button type="button" data-show-stop="{stop.number}">'
        f'{_marked(on_map)}</button><a href="geo:{place}?q={place}">{_marked(in_app)}</a></div>'
        "</article>"
    )


def _photo(content: bytes, told: str) -> str:
    coded = base64.b64encode(content).decode()
    source = f"data:image/jpeg;base64,{coded}"
    return (
        f'<figure class="pk-photo"><img src="{source}" alt="{html.escape(told)}" loading="lazy">'
        f"<figcaption>{_marked(told)}</figcaption></figure>"
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


def _about(pack: Pack, spoken: list[Words], *, checksum: str) -> str:
    """What the pack holds: area, day, layers with dates and sources; and whether it is whole."""
    texts = "".join(_contents(pack, words, first=words is spoken[0]) for words in spoken)
    return f'<div class="pk-plain"><p id="pk-check" data-sum="{checksum}"></p>{texts}</div>'


def _contents(pack: Pack, words: Words, *, first: bool) -> str:
    _ = words._
    west, south, east, north = (f"{number:.3f}°" for number in pack.bounds)
    area = _(
        "Area: {south} to {north} latitude, {west} to {east} longitude",
        south=south,
        north=north,
        west=west,
        east=east,
    )
    rows = [
        area,
        _("Made on {day}", day=words.day(pack.made_at.date())),
        _("{n} stops", n=len(pack.stops)),
    ]
    for layer in pack.layers:
        note = layer.source.note or _("source not stated")
        told = [
            f"{layer.title}: {words.number(len(layer.features))}",
            words.day(layer.source.day),
            note,
        ]
        rows.append("; ".join(told))
    caveats = (
        _("Absence of data is not absence of mining, or of farming."),
        _("An overlap is not illegality: mining inside a licence is often by agreement."),
    )
    if words.fallen_back:
        caveats += (_("Not all of it is translated yet: underlined words are in English."),)
    heading = _("What this file holds")
    items = "".join(f"<li>{html.escape(row)}</li>" for row in rows)
    told = html.escape(" ".join(caveats))
    return (
        f'<div data-in="{html.escape(words.language)}"{"" if first else " hidden"}>'
        f"<h2>{html.escape(heading)}</h2><ul>{items}</ul><p>{told}</p></div>"
    )
