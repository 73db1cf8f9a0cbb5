"""In which order and when to be where, over the days of a visit.

The order is found by PyVRP (Wouda, Lan and Kool 2024, INFORMS Journal on Computing), a solver of
vehicle routing problems: a day is a vehicle, a stop a client. The search is seeded and stops after
a number of rounds, so that the same question always gets the same answer.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geo.errors import GeoError
from geo.measure import Array

ROUNDS = 400
_DROPPED = 10**7
"""What leaving a stop out costs, in seconds: more than any way."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """When a day begins and ends, in minutes after midnight."""

    start_min: int
    end_min: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_min < self.end_min <= 24 * 60:
            raise GeoError(
                f"A day cannot go from minute {self.start_min} to minute {self.end_min}. Let it "
                "begin after midnight and end later the same day."
            )


@dataclass(frozen=True, kw_only=True)
class Call:
    """One stop in a day: place, day (from 0), when one is there, in minutes after midnight."""

    place: int
    day: int
    arrive_min: int
    leave_min: int


@dataclass(frozen=True, kw_only=True)
class Itinerary:
    """Calls in their order, when each day ends, and what did not fit.

    `back_min` is when each day's party is back at the base, or has left its last stop where there
    is no base; None for a day without calls. `late` names days that end after their time, which
    only an order given by hand can have.
    """

    calls: tuple[Call, ...]
    back_min: tuple[int | None, ...]
    left_over: tuple[int, ...]
    late: tuple[int, ...]


def propose(
    seconds: Array, *, stay_min: Sequence[int], days: Sequence[Day], base: int | None = None
) -> Itinerary:
    """The order that takes the least travelling, and fits the days.

    `seconds` is the (n, n) table of travel times, `stay_min` the minutes spent at each place. Every
    day begins and ends at the place `base`, which is no stop; without one each begins at its first
    stop. Stops that do not fit into the days are `left_over`.
    """
    seconds, stays = _checked(seconds, stay_min, days, base)
    stops = [place for place in range(len(seconds)) if place != base]
    if not stops:
        return timed([[] for _ in days], seconds, stay_min=stays, days=days, base=base)
    orders = _solved(seconds, stays, days, base, stops)
    return timed(orders, seconds, stay_min=stays, days=days, base=base)


def timed(
    orders: Sequence[Sequence[int]],
    seconds: Array,
    *,
    stay_min: Sequence[int],
    days: Sequence[Day],
    base: int | None = None,
) -> Itinerary:
    """When one is where, for an order given day by day; arrivals are rounded up to whole minutes.

    Places that stand in no day are `left_over`. Raises GeoError where a place stands twice.
    """
    seconds, stays = _checked(seconds, stay_min, days, base)
    if len(orders) != len(days):
        raise GeoError(f"{len(orders)} days were given an order, but the visit has {len(days)}.")
    told = [place for order in orders for place in order]
    for place in told:
        if not 0 <= place < len(seconds) or place == base or told.count(place) > 1:
            raise GeoError(f"Stop {place} cannot stand in the order: once, and not the base.")
    calls: list[Call] = []
    back: list[int | None] = []
    late: list[int] = []
    for number, (order, day) in enumerate(zip(orders, days, strict=True)):
        clock, here = day.start_min, base
        for place in order:
            clock += 0 if here is None else _minutes(seconds[here, place])
            leave = clock + stays[place]
            calls.append(Call(place=place, day=number, arrive_min=clock, leave_min=leave))
            clock, here = leave, place
        if order and base is not None:
            clock += _minutes(seconds[order[-1], base])
        back.append(clock if order else None)
        if order and clock > day.end_min:
            late.append(number)
    left = tuple(place for place in range(len(seconds)) if place != base and place not in told)
    return Itinerary(calls=tuple(calls), back_min=tuple(back), left_over=left, late=tuple(late))


def _minutes(seconds: float) -> int:
    return int(np.ceil(round(float(seconds) / 60, 6)))


def _checked(
    seconds: Array, stay_min: Sequence[int], days: Sequence[Day], base: int | None
) -> tuple[Array, list[int]]:
    table = np.asarray(seconds, dtype="float64")
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise GeoError("Travel times must be a square table: a row and a column for each place.")
    if not np.isfinite(table).all() or (table < 0).any():
        raise GeoError("A travel time is missing or below 0, so no order can be proposed.")
    if len(stay_min) != len(table) or any(stay < 0 for stay in stay_min):
        raise GeoError("Each place needs the minutes one stays there, 0 or more.")
    if not days:
        raise GeoError("A visit needs at least one day.")
    if base is not None and not 0 <= base < len(table):
        raise GeoError(f"The base must be one of the {len(table)} places, not number {base}.")
    return table, [int(stay) for stay in stay_min]


def _solved(
    seconds: Array, stays: list[int], days: Sequence[Day], base: int | None, stops: list[int]
) -> list[list[int]]:
    """The stops of each day in their order, as the solver leaves them."""
    # slow to import, and few questions need it
    from pyvrp import Model  # noqa: PLC0415
    from pyvrp.stop import MaxIterations  # noqa: PLC0415

    model = Model()
    home = model.add_location(0, 0, name="base")
    depot = model.add_depot(home)
    places = {place: model.add_location(0, 0, name=str(place)) for place in stops}
    for place in stops:
        model.add_client(
            places[place],
            service_duration=60 * stays[place],
            prize=_DROPPED,
            required=False,
            name=str(place),
        )
    for day in days:
        model.add_vehicle_type(
            start_depot=depot,
            end_depot=depot,
            tw_early=60 * day.start_min,
            tw_late=60 * day.end_min,
            unit_distance_cost=1,
        )
    for place in stops:
        out = 0 if base is None else 60 * _minutes(seconds[base, place])
        home_again = 0 if base is None else 60 * _minutes(seconds[place, base])
        model.add_edge(home, places[place], distance=out, duration=out)
        model.add_edge(places[place], home, distance=home_again, duration=home_again)
        for other in stops:
            if other != place:
                way = 60 * _minutes(seconds[place, other])
                model.add_edge(places[place], places[other], distance=way, duration=way)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a visit of one stop warns of its small neighbourhood
        result = model.solve(MaxIterations(ROUNDS), seed=1, collect_stats=False, display=False)
    orders: list[list[int]] = [[] for _ in days]
    for route in result.best.routes():
        orders[route.vehicle_type()] = [stops[call.idx] for call in route if call.is_client()]
    return orders
