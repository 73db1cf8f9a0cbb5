"""What a link says of the map besides where it looks, checked: it comes from outside.

The browser writes these parameters into the page's address by itself, as it does with `view`:

* `layers`: the layers that are switched on, bottom first, as `<kind>.<name>` with `~<percent>`
  where one is not at full strength; `none` where none is. Absent = as the page has them.
* `base`: how the base map is drawn. `lang`: the language of the map's words.
* `swipe`: a comparison, `<layer>,<layer or v<number of version>>,<percent>`.
* `day`: the date of the time slider, `<ISO day>` with `,only` and `,dated` where those are chosen.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "fr")
"""The languages the map's words are in."""

_NAME = r"[a-z_]{1,40}\.[a-z0-9-]{1,60}"
_LAYERS = re.compile(rf"none|{_NAME}(?:~\d{{1,3}})?(?:,{_NAME}(?:~\d{{1,3}})?){{0,99}}")
_BASE = re.compile(r"[a-z]{1,12}")
_SWIPE = re.compile(rf"{_NAME},(?:{_NAME}|v\d{{1,6}}),\d{{1,3}}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:,only)?(?:,dated)?")


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What a link says of the map. `layers` maps the id of each layer that is on, without its
    region, to its opacity, 0 to 1; None = the link says nothing of them. The others are the texts
    of the address, None where it has none."""

    layers: Mapping[str, float] | None = None
    base: str | None = None
    swipe: str | None = None
    day: str | None = None

    def as_json(self) -> dict[str, object]:
        """What the map's script is told."""
        layers = None if self.layers is None else dict(self.layers)
        return {"layers": layers, "base": self.base, "swipe": self.swipe, "day": self.day}


def layers_text(values: list[str]) -> str:
    """The last of the values as `layers` has to be; ValueError where it is not."""
    return _matching(_LAYERS, values)


def base_text(values: list[str]) -> str:
    """The last of the values as `base` has to be; ValueError where it is not."""
    return _matching(_BASE, values)


def swipe_text(values: list[str]) -> str:
    """The last of the values as `swipe` has to be; ValueError where it is not."""
    return _matching(_SWIPE, values)


def day_text(values: list[str]) -> str:
    """The last of the values as `day` has to be; ValueError where it is not."""
    text = _matching(_DAY, values)
    dt.date.fromisoformat(text[:10])
    return text


def language_text(values: list[str]) -> str:
    """The last of the values, where it is a language we have words in; else ValueError."""
    if values[-1] not in LANGUAGES:
        raise ValueError(values[-1])
    return values[-1]


def opacities(text: str | None) -> dict[str, float] | None:
    """The layers that `layers=` says are on, each with its opacity from 0 to 1; None = not said."""
    if text is None:
        return None
    pairs = (name.partition("~") for name in text.split(",") if name != "none")
    return {name: min(int(percent or 100), 100) / 100 for name, _, percent in pairs}


def _matching(pattern: re.Pattern[str], values: list[str]) -> str:
    if not pattern.fullmatch(values[-1]):
        raise ValueError(values[-1])
    return values[-1]
