"""The plan of a field visit: who is on it, in which order, when, and by which way."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from dashboard.field.words import languages
from dashboard.workflows.field_sites import Site, SitePlace, sites_of
from dashboard.workflows.home import current
from dashboard.workflows.types import WorkflowError
from geo.measure import Array, to_measuring_crs
from geo.routes.itinerary import Day, Itinerary, propose, timed
from geo.routes.travel import Travel, travel_between
from layers import facts
from layers.field.records import FieldVisit, PlannedStop, SiteConsent, VisitDay
from layers.store import Store

ROADS_MARGIN_DEG = 0.25
"""Roads are looked for this far around the stops: a way may lead out and back in."""
DEFAULT_DAY = VisitDay(day=dt.date(2000, 1, 1))


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """A stop as planned. `leg` is the way to it, None where the day begins there.

    `day` is None where the stop is in no day (then `arrive` and `leave` are too); times are local.
    """

    stop: PlannedStop
    place: SitePlace
    day: int | None
    arrive: dt.time | None
    leave: dt.time | None
    leg: "Leg | None"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """A way: metres, minutes, whether over roads, and its line in degrees (WGS 84)."""

    metres: float
    minutes: int
    by_road: bool
    line: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A visit with its stops in order. `home` are the ways back to the base, by day.

    `late` names days (from 0) that end after their time. `notes` are sentences for the screen.
    """

    visit: FieldVisit
    calls: tuple[PlannedCall, ...]
    home: tuple[Leg | None, ...]
    late: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def shown(self) -> tuple[PlannedCall, ...]:
        """The stops that may be in a pack: planned, and those there agreed."""
        return tuple(
            call for call in self.calls if call.place.consent == "agreed" and call.day is not None
        )


def put_field_visit(store: Store, visit: FieldVisit, *, actor: str) -> FieldVisit:
    """Add a visit or change one; WorkflowError where nobody says who does it, or for a language
    that has no words."""
    if not actor.strip():
        raise WorkflowError("Say who you are: the plan keeps who changed it.")
    unknown = [language for language in visit.languages if language not in languages()]
    if unknown:
        raise WorkflowError(
            f"There are no words in '{unknown[0]}' yet. Choose from: {', '.join(languages())}."
        )
    return store.put_field_visit(visit, actor=actor.strip())


def record_consent(store: Store, consent: SiteConsent, *, actor: str) -> SiteConsent:
    """Keep what a site answered; WorkflowError where nobody says who wrote it down."""
    if not actor.strip():
        raise WorkflowError("Say who you are: an answer keeps who wrote it down.")
    return store.record_consent(consent, actor=actor.strip())


def plan(store: Store, visit: FieldVisit) -> Plan:
    """The visit as its stops stand, with the ways between them and the times of day."""
    ground = _ground(store, visit)
    days = visit_days(visit)
    orders: list[list[int]] = [[] for _ in days]
    for number, stop in enumerate(visit.stops):
        if stop.day is not None:
            orders[stop.day].append(number)
    told = timed(
        orders,
        ground.travel.seconds,
        stay_min=ground.stays,
        days=[Day(start_min=day.start_min, end_min=day.end_min) for day in days],
        base=ground.base,
    )
    return _plan(visit, ground, told)


def proposed(store: Store, visit: FieldVisit) -> FieldVisit:
    """The visit with its stops in the order that takes the least travelling.

    Stops that do not fit into the days stand last and belong to none. WorkflowError where the
    visit has no stop.
    """
    if not visit.stops:
        raise WorkflowError(f"'{visit.title}' has no stop yet. Choose sites first.")
    ground = _ground(store, visit)
    days = visit_days(visit)
    found = propose(
        ground.travel.seconds,
        stay_min=ground.stays,
        days=[Day(start_min=day.start_min, end_min=day.end_min) for day in days],
        base=ground.base,
    )
    ordered = [replace(visit.stops[call.place], day=call.day) for call in found.calls]
    left = [replace(visit.stops[number], day=None) for number in found.left_over]
    return replace(visit, stops=(*ordered, *left))


def visit_days(visit: FieldVisit) -> tuple[VisitDay, ...]:
    """The days of a visit; one of usual hours where none is set yet."""
    return visit.days or (DEFAULT_DAY,)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """Where everything is, in the order of the stops; the base last, where there is one."""

    places: tuple[SitePlace, ...]
    travel: Travel
    stays: list[int]
    base: int | None
    measuring_crs: str
    has_roads: bool


def _ground(store: Store, visit: FieldVisit) -> _Ground:
    wanted: list[Site] = [(stop.layer_id, stop.feature_id) for stop in visit.stops]
    found = sites_of(store, visit.region_id, wanted)
    places = tuple(found[site] for site in wanted)
    at = [(place.longitude, place.latitude) for place in places]
    if visit.base:
        at.append(visit.base[1:])
    metric = facts.region(visit.region_id).measuring_crs
    here = np.array(at, dtype="float64").reshape(-1, 2)
    move = pyproj.Transformer.from_crs(4326, metric, always_xy=True)
    xy = np.column_stack(move.transform(here[:, 0], here[:, 1])) if len(here) else here
    roads = _roads(store, visit.region_id, here, metric)
    stays = [visit.stay_min if s.stay_min is None else s.stay_min for s in visit.stops]
    return _Ground(
        places=places,
        travel=travel_between(xy, roads),
        stays=[*stays, 0] if visit.base else stays,
        base=len(places) if visit.base else None,
        measuring_crs=metric,
        has_roads=bool(len(roads)),
    )


def _roads(store: Store, region_id: str, here: Array, metric: str) -> Array:
    """The roads around the places, as lines in the measuring CRS."""
    if not len(here):
        return np.zeros(0, dtype=object)
    (west, south), (east, north) = here.min(axis=0), here.max(axis=0)
    margin = ROADS_MARGIN_DEG
    box = (west - margin, south - margin, east + margin, north + margin)
    lines = []
    for layer in store.layers(region_id):
        if layer.kind == "roads" and layer.current:
            frame = store.read_features(current(layer).version_id, columns=[], bbox=box)
            lines.append(to_measuring_crs(frame, measuring_crs=metric).geometry.to_numpy())
    every = np.concatenate(lines) if lines else np.zeros(0, dtype=object)
    found: Array = every[shapely.get_dimensions(every) == 1]
    return found


def _plan(visit: FieldVisit, ground: _Ground, told: Itinerary) -> Plan:
    calls: list[PlannedCall] = []
    before: int | None = None
    day = -1
    last: dict[int, int] = {}
    for call in told.calls:
        if call.day != day:
            day, before = call.day, ground.base
        leg = None if before is None else _leg(ground, before, call.place)
        calls.append(
            PlannedCall(
                stop=visit.stops[call.place],
                place=ground.places[call.place],
                day=call.day,
                arrive=_clock(call.arrive_min),
                leave=_clock(call.leave_min),
                leg=leg,
            )
        )
        before = last[call.day] = call.place
    for number in told.left_over:
        stop, place = visit.stops[number], ground.places[number]
        calls.append(
            PlannedCall(stop=stop, place=place, day=None, arrive=None, leave=None, leg=None)
        )
    home = tuple(
        _leg(ground, last[number], ground.base)
        if ground.base is not None and number in last
        else None
        for number in range(len(told.back_min))
    )
    notes = tuple(_notes(visit, ground, calls, told.late))
    return Plan(visit=visit, calls=tuple(calls), home=home, late=told.late, notes=notes)


def _leg(ground: _Ground, start: int, end: int) -> Leg:
    travel = ground.travel
    line = gpd.GeoSeries([travel.path(start, end)], crs=ground.measuring_crs).to_crs(4326).iloc[0]
    points = tuple((round(x, 6), round(y, 6)) for x, y in shapely.get_coordinates(line).tolist())
    return Leg(
        metres=float(travel.metres[start, end]),
        minutes=int(np.ceil(travel.seconds[start, end] / 60)),
        by_road=bool(travel.on_road[start, end]),
        line=points,
    )


def _clock(minutes: int) -> dt.time | None:
    """Minutes after midnight as a time of day; None past the end of the day."""
    return dt.time(minutes // 60, minutes % 60) if minutes < 24 * 60 else None


def _notes(
    visit: FieldVisit, ground: _Ground, calls: Sequence[PlannedCall], late: Sequence[int]
) -> list[str]:
    notes = []
    legs = [call.leg for call in calls if call.leg]
    straight = sum(not leg.by_road for leg in legs)
    if legs and not ground.has_roads:
        notes.append("No roads are loaded: all ways are straight lines, and times a guess.")
    elif straight:
        notes.append(
            f"{straight} of {len(legs)} ways are straight lines: no joined road leads there. Their "
            "times are a guess."
        )
    for day in late:
        notes.append(f"Day {day + 1} ends after its time. Take a stop out, or begin earlier.")
    waiting = [call.place.name for call in calls if call.place.consent != "agreed"]
    if waiting:
        notes.append(
            f"Not agreed to be visited and shown, so in no pack: {', '.join(sorted(waiting))}."
        )
    out = sum(call.day is None for call in calls)
    if out:
        what = "stop is" if out == 1 else "stops are"
        notes.append(f"{out} {what} in no day yet, so in no pack.")
    if not visit.days:
        notes.append("No day is set yet; the times are those of a usual day.")
    return notes
