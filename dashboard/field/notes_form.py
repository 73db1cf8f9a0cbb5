"""The form for notes in a pack, as HTML that changes its language without a server."""

import html
from collections.abc import Iterable, Mapping

from dashboard.field.feedback import CONSENTS, GROUPS, KINDS, SEXES
from dashboard.field.model import Pack
from dashboard.field.words import N_, Words

LABELS = {
    "stop": N_("Stop"),
    "kind": N_("What is it?"),
    "conflict": N_("Does it speak of one of these possible conflicts?"),
    "field": N_("Which line of the card is wrong?"),
    "text": N_("In words"),
    "group": N_("Who speaks?"),
    "sex": N_("Woman or man?"),
    "language": N_("In which language was it said?"),
    "consent": N_("How far may it be shown? Ask before you choose."),
    "media": N_("Photo or sound, only of people who agreed"),
    "add": N_("Keep this note"),
    "save": N_("Save the notes to a file"),
}
HEADING = N_("Notes from the field")
SPOKEN_BY_FORM = (
    HEADING,
    *LABELS.values(),
    *KINDS.values(),
    *GROUPS.values(),
    *SEXES.values(),
    *CONSENTS.values(),
)
"""Every message of the form: the pack carries them in each of its languages."""


def notes_form(pack: Pack, words: Words) -> str:
    """The form in the pack's main language; every word has its message beside it."""
    stops = "".join(
        f'<option value="{stop.number}">{stop.number}. {html.escape(stop.name)}</option>'
        for stop in pack.stops
    )
    parts = [
        f"<h2{_message(HEADING)}>{html.escape(words._(HEADING))}</h2>",
        _field("stop", f'<select id="pk-note-stop">{stops}</select>', words),
        _field("kind", _choice("kind", KINDS, words), words),
        _field("conflict", '<select id="pk-note-conflict"></select>', words),
        _field("field", '<input id="pk-note-field" maxlength="100">', words, kinds=["correction"]),
        _field("text", '<textarea id="pk-note-text" rows="5" maxlength="10000"></textarea>', words),
        _field("group", _choice("group", GROUPS, words), words, kinds=["voice"]),
        _field("sex", _choice("sex", SEXES, words), words, kinds=["voice"]),
        _field("language", '<input id="pk-note-language" maxlength="40">', words, kinds=["voice"]),
        _field("consent", _choice("consent", CONSENTS, words), words, kinds=["voice"]),
        _field(
            "media",
            '<input id="pk-note-media" type="file" multiple accept="image/*,audio/*">',
            words,
        ),
        f'<p class="pk-acts">{_button("add", words)}{_button("save", words)}</p>',
        '<p id="pk-note-said" role="status"></p><ul id="pk-note-list"></ul>',
    ]
    return f'<div class="pk-plain pk-form">{"".join(parts)}</div>'


def _message(message: str) -> str:
    return f' data-message="{html.escape(message)}"'


def _field(name: str, control: str, words: Words, *, kinds: Iterable[str] = ()) -> str:
    label = LABELS[name]
    only = f' data-kinds="{" ".join(kinds)}"' if kinds else ""
    told = html.escape(words._(label))
    return f'<div{only}><label for="pk-note-{name}"{_message(label)}>{told}</label>{control}</div>'


def _choice(name: str, known: Mapping[str, str], words: Words) -> str:
    options = "".join(
        f'<option value="{value}"{_message(message)}>{html.escape(words._(message))}</option>'
        for value, message in known.items()
    )
    return f'<select id="pk-note-{name}">{options}</select>'


def _button(name: str, words: Words) -> str:
    label = LABELS[name]
    told = html.escape(words._(label))
    return f'<button type="button" id="pk-note-{name}"{_message(label)}>{told}</button>'
