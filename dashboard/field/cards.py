"""A site's card in plain words: sections of short lines, the same for phone and paper.

Also the open questions a group takes along: what nobody knows yet about a site is what is worth
asking there.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.field.feedback import GROUPS, NOT_STATED, SEXES
from dashboard.field.model import Card, ConflictHere, PracticeSeen, Stop, VoiceHeard
from dashboard.field.words import Words

MOST_VOICES = 4
LONGEST_VOICE = 280
"""Characters of a voice on a card."""
MOST_PHOTOS = 2


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a card. `tone` says how it is marked: "too_close", "inside", "unknown"."""

    label: str
    text: str
    tone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and its lines."""

    key: str
    title: str
    lines: tuple[Line, ...]


def sections(stop: Stop, words: Words) -> tuple[Section, ...]:
    """The card of a stop, in the order a visitor reads it."""
    _ = words._
    built = (
        ("where", _("Where"), _where(stop, words)),
        ("who", _("Who"), _who(stop.card, words)),
        ("practices", _("Practices"), _practices(stop.card, words)),
        ("licences", _("Licences"), _licences(stop.card, words)),
        ("conflicts", _("Possible conflicts"), _conflicts(stop.card, words)),
        ("near", _("Nearest"), _near(stop.card, words)),
        ("changed", _("What changed"), _changed(stop.card, words)),
        ("voices", _("Voices"), _voices(stop.card, words)),
        ("questions", _("To ask there"), _questions(stop, words)),
    )
    return tuple(Section(key=key, title=title, lines=tuple(lines)) for key, title, lines in built)


def planned(stop: Stop, words: Words) -> str:
    """The day and the hours of a stop in words; empty where neither is planned."""
    hours = f"{words.clock(stop.arrive)}-{words.clock(stop.leave)}" if stop.arrive else ""
    return ", ".join(part for part in (words.day(stop.day) if stop.day else "", hours) if part)


def position(stop: Stop) -> str:
    """Latitude and longitude with letters, in degrees to five places (about a metre)."""
    north = "N" if stop.latitude >= 0 else "S"
    east = "E" if stop.longitude >= 0 else "W"
    return f"{abs(stop.latitude):.5f}° {north}, {abs(stop.longitude):.5f}° {east}"


def _where(stop: Stop, words: Words) -> Iterator[Line]:
    _ = words._
    yield Line(label=_("Position"), text=position(stop))
    yield Line(
        label=_("Known to"),
        text=_("about ± {metres}", metres=words.metres(1.64 * stop.position_sd_m)),
    )
    yield Line(label=_("District"), text=stop.district or _("no data"))
    if stop.by_road is not None and stop.way_m is not None:
        told = (
            _("{way} by road from the stop before")
            if stop.by_road
            else _("{way} in a straight line from the stop before: no joined road is loaded")
        )
        yield Line(label=_("Way"), text=told.format(way=words.metres(stop.way_m)))


def _who(card: Card, words: Words) -> Iterator[Line]:
    _ = words._
    yield Line(label=_("Holder"), text=card.holder or _("no data"))
    yield Line(
        label=_("Operation"), text=", ".join(_(name) for name in card.operations) or _("no data")
    )
    if card.mineral:
        yield Line(label=_("Mineral"), text=card.mineral)
    yield Line(label=_("Women at work"), text=_people(card.women, words))
    yield Line(label=_("Men at work"), text=_people(card.men, words))
    if card.women is None and card.men is None:
        yield Line(label=_("People at work"), text=_people(card.workers, words))
    yield Line(
        label=_("Last visited"),
        text=words.day(card.visited_on) if card.visited_on else _("never, as far as the data say"),
    )


def _people(number: float | None, words: Words) -> str:
    return words._("no data") if number is None or math.isnan(number) else words.number(number)


def _practices(card: Card, words: Words) -> Iterator[Line]:
    _ = words._
    if not card.practices:
        yield Line(label="", text=_("No practice was recorded here."), tone="unknown")
    elsewhere = [seen for seen in card.practices if seen.state == "not applicable"]
    for seen in card.practices:
        if seen not in elsewhere:
            tone = "unknown" if seen.state == "unknown" else None
            yield Line(label=_(seen.title), text=practice_words(seen, words), tone=tone)
    if elsewhere:
        told = ", ".join(_(seen.title) for seen in elsewhere)
        yield Line(label=_("Does not apply here"), text=told)


def practice_words(seen: PracticeSeen, words: Words) -> str:
    """The state of a practice with its evidence and day."""
    _ = words._
    state = _states(words).get(seen.state, seen.state)
    evidence = {
        "claimed": _("as told"),
        "seen": _("seen"),
        "verified": _("verified"),
    }.get(seen.evidence or "")
    return "; ".join(part for part in (state, evidence, words.day(seen.day)) if part)


def _states(words: Words) -> dict[str, str]:
    _ = words._
    return {
        "used": _("used"),
        "partly": _("partly used"),
        "tried-and-stopped": _("tried and stopped"),
        "not used": _("not used"),
        "not applicable": _("does not apply here"),
        "unknown": _("not known"),
    }


def _licences(card: Card, words: Words) -> Iterator[Line]:
    _ = words._
    if not card.licences:
        told = (
            _("no data: no licences are loaded")
            if "licences" in card.missing
            else _("in none of the licences loaded")
        )
        yield Line(label="", text=told)
    for here in card.licences:
        state = {
            "in force": _("in force by its own date"),
            "ended": _("ended by its own date"),
        }.get(here.state or "", _("no date stated"))
        holder = here.holder or _("holder not stated")
        place = _("inside") if here.verdict == "inside" else _("too close to call")
        yield Line(label=here.name, text=f"{place}; {holder}; {state}", tone=here.verdict)


def _conflicts(card: Card, words: Words) -> Iterator[Line]:
    _ = words._
    if not card.conflicts:
        yield Line(label="", text=_("None found in the layers loaded."))
    for one in card.conflicts:
        yield Line(label=_(one.title), text=conflict_words(one, words), tone=one.verdict)


def conflict_words(one: ConflictHere, words: Words) -> str:
    """What touches what, how surely, and what kind of rule asks."""
    _ = words._
    verdict = {
        "inside": _("inside the line"),
        "too_close": _("too close to call: check it there"),
    }[one.verdict]
    parts = [one.what, verdict]
    if one.distance_m is not None:
        error = words.metres(1.64 * one.sd_m) if one.sd_m is not None else _("no data")
        parts.append(
            _("{metres} away, ± {error}", metres=words.metres(one.distance_m), error=error)
        )
    if one.area_ha is not None:
        parts.append(_("{hectares} ha shared", hectares=words.number(one.area_ha, digits=1)))
    if one.status:
        parts.append(_("source of the rule: {status}", status=_(one.status)))
    return "; ".join(parts)


def _near(card: Card, words: Words) -> Iterator[Line]:
    _ = words._
    titles = {
        "water": _("Water"),
        "settlements": _("Settlement"),
        "clinics": _("Clinic"),
    }
    found = {near.kind: near for near in card.nearest}
    for kind, title in titles.items():
        near = found.get(kind)
        if near is None:
            told = _("no data") if kind in card.missing else _("none within 50 km")
            yield Line(label=title, text=told, tone="unknown")
            continue
        name = near.name or _("without a name")
        way = _(
            "{metres} to the {direction}",
            metres=words.metres(near.distance_m),
            direction=words.towards(near.bearing_deg),
        )
        yield Line(label=title, text=f"{name}, {way}")


def _changed(card: Card, words: Words) -> Iterator[Line]:
    _ = words._
    if not card.changed:
        yield Line(label="", text=_("No change is recorded."))
    for one in card.changed:
        if one.what == "practice":
            states = _states(words)
            before, after = (states.get(state or "", state) for state in (one.before, one.after))
            text = _(
                "{before} on {before_day}, {after} on {after_day}",
                before=before,
                before_day=words.day(one.before_day),
                after=after,
                after_day=words.day(one.after_day),
            )
            yield Line(label=_(one.title) if one.title else "", text=text)
        elif one.what == "new":
            yield Line(label="", text=_("The site was not in the data before this version."))
        else:
            told = _("Its position moved by {metres}.", metres=words.metres(one.metres))
            yield Line(label="", text=told)


def _voices(card: Card, words: Words) -> Iterator[Line]:
    """What people said, newest first; long ones are cut, so that a card stays one page."""
    _ = words._
    for voice in card.voices[:MOST_VOICES]:
        told = voice.text.strip()
        if len(told) > LONGEST_VOICE:
            told = f"{told[:LONGEST_VOICE].rstrip()} …"
        yield Line(label=speaker(voice, words), text=f"“{told}”" if told else _("a photo"))
    more = len(card.voices) - MOST_VOICES
    if more > 0:
        yield Line(label="", text=_("{n} more voices are with the organisers.", n=more))


def photos(stop: Stop, words: Words) -> tuple[tuple[bytes, str], ...]:
    """The photos of a card, small JPEGs, each with what it is in words."""
    return tuple(
        (photo, words._("Photo, {who}", who=speaker(voice, words)))
        for voice in stop.card.voices[:MOST_VOICES]
        for photo in voice.photos
    )[:MOST_PHOTOS]


def speaker(voice: VoiceHeard, words: Words) -> str:
    """Who spoke, as far as it is stated: group, woman or man, language, day."""
    known = (GROUPS.get(voice.group or ""), SEXES.get(voice.sex or ""))
    who = [words._(told) for told in known if told and told != NOT_STATED]
    if voice.language:
        who.append(voice.language)
    if not who:
        who.append(words._("Somebody"))
    if voice.day:
        who.append(words.day(voice.day))
    return ", ".join(who)


def _questions(stop: Stop, words: Words) -> Iterator[Line]:
    for text in questions(stop, words):
        yield Line(label="", text=text)
    if stop.note:
        yield Line(label="", text=stop.note)


def questions(stop: Stop, words: Words) -> tuple[str, ...]:
    """What the data leave open about a site, as questions in the order of their weight."""
    _ = words._
    card = stop.card
    asked = [
        _(
            "How far is it really? {title}: the data say {metres}, and cannot tell.",
            title=_(one.title),
            metres=words.metres(one.distance_m),
        )
        for one in card.conflicts
        if one.verdict == "too_close"
    ]
    asked += [
        _("{title}: does it hold on the ground, and is it by agreement?", title=_(one.title))
        for one in card.conflicts
        if one.verdict == "inside"
    ]
    unknown = [_(seen.title) for seen in card.practices if seen.state == "unknown"]
    if unknown:
        asked.append(_("What is done here about: {practices}?", practices=", ".join(unknown)))
    if card.women is None:
        asked.append(_("How many women work here, and at what?"))
    if card.holder is None:
        asked.append(_("Who holds the right to mine here?"))
    if not card.practices:
        asked.append(_("Is mercury used here, and what happens to the waste water?"))
    return tuple(asked)
