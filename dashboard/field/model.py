"""What a briefing pack is made of: a visit, its stops, and the layers of its map. Frozen records.

Numbers and days stay what they are; words in a language are made later, so that one pack can speak
several. None means "no data" and is shown so, never as 0.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees (WGS 84)."""

Consent = Literal["agreed", "refused", "not asked"]
"""Whether those at a site agreed to be visited and shown."""

Verdict = Literal["inside", "too_close"]


class PackError(ValueError):
    """A pack cannot be made; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A layer the pack tells from: its title, the day its data speak for, and who made it."""

    title: str
    day: dt.date | None = None
    note: str | None = None
    demonstration: bool = False


@dataclass(frozen=True, kw_only=True)
class PracticeSeen:
    """A practice at a site as last seen: its state (data/practices.toml), evidence and day."""

    code: str
    title: str
    state: str
    evidence: str | None = None
    day: dt.date | None = None
    direction: Literal["adopt", "stop"] = "adopt"


@dataclass(frozen=True, kw_only=True)
class LicenceHere:
    """A licence the site lies in or too close to call. `state` is what its own date says."""

    name: str
    holder: str | None = None
    state: str | None = None
    valid_to: dt.date | None = None
    verdict: Verdict = "inside"


@dataclass(frozen=True, kw_only=True)
class ConflictHere:
    """A possible conflict of the site. `distance_m` and `sd_m` in metres, `status` of the rule."""

    conflict_id: str
    title: str
    what: str
    verdict: Verdict
    distance_m: float | None = None
    sd_m: float | None = None
    area_ha: float | None = None
    effect: str | None = None
    status: str | None = None


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest feature of a kind: metres, and degrees clockwise from north. `name` may be None.

    `kind` is "water", "settlements" or "clinics".
    """

    kind: str
    name: str | None
    distance_m: float
    bearing_deg: float


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Something that is otherwise than before.

    `what` is "practice" (then `title` names it and `before` and `after` are states), "new" (the
    site was not in the version before) or "moved" (by `metres`). Days are those the two speak for.
    """

    what: Literal["practice", "new", "moved"]
    title: str | None = None
    before: str | None = None
    after: str | None = None
    metres: float | None = None
    before_day: dt.date | None = None
    after_day: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class VoiceHeard:
    """What somebody said at a site, as far as those who read the pack may know it.

    `group` and `sex` are keys of `dashboard.field.feedback`; empty or None = not stated. `photos`
    are small JPEGs without anything but their pixels, brought by whoever spoke.
    """

    text: str
    group: str | None = None
    sex: str | None = None
    language: str | None = None
    day: dt.date | None = None
    photos: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that is told of one site. `women` and `men` are people at work when last visited.

    `missing` names kinds of layers of which nothing is loaded: then "no data", not "none near".
    """

    operations: tuple[str, ...] = ()
    mineral: str | None = None
    holder: str | None = None
    workers: float | None = None
    women: float | None = None
    men: float | None = None
    led_by: str | None = None
    visited_on: dt.date | None = None
    practices: tuple[PracticeSeen, ...] = ()
    licences: tuple[LicenceHere, ...] = ()
    conflicts: tuple[ConflictHere, ...] = ()
    nearest: tuple[Nearest, ...] = ()
    changed: tuple[Changed, ...] = ()
    voices: tuple[VoiceHeard, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One stop of a visit. Position in degrees (WGS 84) with its standard error in metres.

    `number` counts from 1 in the order of the visit; `arrive` and `leave` are local times, None =
    not planned. `by_road` tells whether the way here leads over roads, None for the first.
    """

    number: int
    layer_id: str
    feature_id: str
    name: str
    longitude: float
    latitude: float
    position_sd_m: float
    consent: Consent
    district: str | None = None
    day: dt.date | None = None
    arrive: dt.time | None = None
    leave: dt.time | None = None
    by_road: bool | None = None
    way_m: float | None = None
    note: str | None = None
    card: Card = field(default_factory=Card)


@dataclass(frozen=True, kw_only=True)
class PackLayer:
    """A layer of the pack's map: GeoJSON features (EPSG:4326), already cut to the area.

    The looks are those of `dashboard.maps.MapLayer`. `features` holds `id` and the properties that
    may be shown.
    """

    layer_id: str
    kind: str
    title: str
    color: str
    symbol: str
    order: int
    features: tuple[Mapping[str, Any], ...]
    source: Source
    visible: bool = True


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way between two stops, (longitude, latitude) in degrees; straight where no road leads."""

    points: tuple[tuple[float, float], ...]
    by_road: bool


@dataclass(frozen=True, kw_only=True)
class ToldStep:
    """A step of a story. `view` is longitude, latitude (degrees, WGS 84) and zoom; `layers` are the
    ids of those that are on, None = as they stand."""

    title: str
    text: str
    view: tuple[float, float, float]
    layers: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ToldStory:
    """A guided tour through the pack's map, in the language it was written in."""

    title: str
    steps: tuple[ToldStep, ...]


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Everything in a briefing pack. `made_at` is UTC; `languages` are codes, the first the main.

    A stop whose site did not agree to be visited and shown is refused here, so that no file of a
    pack can hold it.
    """

    visit_id: str
    title: str
    group: str
    region_id: str
    region_name: str
    country_name: str
    first_day: dt.date | None
    last_day: dt.date | None
    languages: tuple[str, ...]
    made_at: dt.datetime
    bounds: Bounds
    stops: tuple[Stop, ...]
    layers: tuple[PackLayer, ...] = ()
    ways: tuple[Way, ...] = ()
    stories: tuple[ToldStory, ...] = ()
    demonstration: bool = False

    def __post_init__(self) -> None:
        if not self.stops:
            raise PackError(
                f"Visit '{self.title}' has no stop that may be shown. Choose a site, and note that "
                "those there agreed to be visited."
            )
        for stop in self.stops:
            if stop.consent != "agreed":
                raise PackError(
                    f"Stop {stop.number} '{stop.name}' cannot go into a pack: those there have "
                    "not agreed to be visited and shown."
                )
        if not self.languages:
            raise PackError("Choose at least one language for the pack.")

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of the map, each once, in the order they are drawn."""
        return tuple(dict.fromkeys(layer.source for layer in self.layers))
