"""Our words in the languages of the field: gettext catalogues in data/locale, English the source.

A message without a translation falls back to English and is remembered, so that the pack can mark
it: nobody should take a half-translated page for a whole one. Numbers, days and distances are
written as the Unicode CLDR has them for the language (Babel).
"""

import datetime as dt
import math
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from layers.facts import DATA

LOCALES = DATA / "locale"
SOURCE_LANGUAGE = "en"
DOMAIN = "field"

_REGIONAL = {"en": "en_GB"}
"""Which country's way of writing days a language takes, where it matters."""
_POINTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


class WordsError(ValueError):
    """A language is not one we have words in; the message names those we have."""


class Fallback(str):
    """English text where the language has no translation yet."""

    __slots__ = ()


def N_(message: str) -> str:
    """A message for the catalogues that is said somewhere else."""
    return message


def languages() -> tuple[str, ...]:
    """Codes of the languages with a catalogue, English first."""
    found = sorted(path.parent.name for path in LOCALES.glob(f"*/{DOMAIN}.po"))
    return (SOURCE_LANGUAGE, *found)


def own_name(language: str) -> str:
    """What a language calls itself."""
    try:
        name = Locale.parse(language).get_display_name(language)
    except UnknownLocaleError:
        return language
    return str(name or language).capitalize()


@cache
def _catalogue(language: str) -> Catalog | None:
    if language == SOURCE_LANGUAGE:
        return None
    path = LOCALES / language / f"{DOMAIN}.po"
    if not path.is_file():
        raise WordsError(
            f"There are no words in '{language}'. Choose from: {', '.join(languages())}."
        )
    with path.open("rb") as file:
        return read_po(file, locale=language)


class Words:
    """Messages, numbers and days in one language.

    `fallen_back` holds the English messages that were asked for and have no translation. `_`
    translates and fills in: `words._("{n} stops", n=3)`.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = _REGIONAL.get(language, language)
        self.fallen_back: set[str] = set()
        self._catalogue = _catalogue(language)

    def _(self, message: str, /, **values: object) -> str:
        """A message in this language, with values filled in."""
        if not message:
            return ""
        told = self.translation(message)
        text = told.format(**values) if values else str(told)
        return Fallback(text) if isinstance(told, Fallback) else text

    def translation(self, message: str) -> str:
        """A message as the catalogue has it, before values are filled in."""
        if self._catalogue is None:
            return message
        entry = self._catalogue.get(message)
        if entry is not None and entry.string and not entry.fuzzy:
            return str(entry.string)
        self.fallen_back.add(message)
        return Fallback(message)

    def number(self, value: float, *, digits: int = 0) -> str:
        """A number with the language's own separators."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, format=pattern, locale=self._locale))

    def day(self, when: dt.date | None) -> str:
        """A day in words, "date not stated" where there is none."""
        if when is None:
            return self._("date not stated")
        return str(format_date(when, format="long", locale=self._locale))

    def clock(self, when: dt.time | None) -> str:
        """A time of day as 14:05, a dash where there is none."""
        return "–" if when is None else str(format_time(when, format="HH:mm", locale=self._locale))

    def metres(self, distance_m: float | None) -> str:
        """A distance: metres below a kilometre, else kilometres; "no data" where there is none."""
        if distance_m is None or math.isnan(distance_m):
            return self._("no data")
        if distance_m < 995:
            return f"{self.number(round(distance_m, -1) if distance_m >= 100 else distance_m)} m"
        digits = 1 if distance_m < 9_950 else 0
        return f"{self.number(distance_m / 1000, digits=digits)} km"

    def towards(self, bearing_deg: float) -> str:
        """A bearing as one of eight points of the compass."""
        point = _POINTS[int((bearing_deg % 360) / 45 + 0.5) % 8]
        return {
            "N": self._("north"),
            "NE": self._("north-east"),
            "E": self._("east"),
            "SE": self._("south-east"),
            "S": self._("south"),
            "SW": self._("south-west"),
            "W": self._("west"),
            "NW": self._("north-west"),
        }[point]
