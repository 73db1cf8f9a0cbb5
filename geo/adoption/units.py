"""From visits to units: what each site was like in each round, and how it used each practice.

A unit is a site in a round, or a site over all rounds. A visit of which only the area is known is
a unit of its own. Of several visits to a site the latest with a known state counts; visits without
a day come first, and those of one day follow their `visit_id`, so that no order of rows matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.adoption.frames import (
    EVIDENCE,
    LED_BY,
    NOT_APPLICABLE,
    OPERATION_SEPARATOR,
    STATES,
    UNKNOWN,
    USED,
    Ledger,
    round_labels,
)
from geo.adoption.places import NO_DAY, days_since_1970, latest, place_sites, take
from geo.adoption.practice import Practice
from geo.errors import AdoptionError
from geo.measure import Array

ALL_ROUNDS = "all"
"""The label of the row in which each site counts once, with its latest known state."""

_USED, _NOT_APPLICABLE = STATES.index(USED), STATES.index(NOT_APPLICABLE)
_UNKNOWN = STATES.index(UNKNOWN)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """One row a unit and practice with a known state: the observation that counts.

    `unit`, `practice` are positions; `state` and `selection` codes of `STATES` and `SELECTIONS`;
    `day` in whole days since 1970, `NO_DAY` = not known. `records`, `used_records` and
    `applicable_records` count all visits of the unit with a known state. `is_seen`: evidence better
    than a claim. `is_contradicted`: the unit's operations cannot have the practice, so that it
    does not apply whatever was recorded; `state` says "not applicable" then.
    """

    unit: Array
    practice: Array
    state: Array
    selection: Array
    day: Array
    intensity: Array
    is_seen: Array
    is_contradicted: Array
    records: Array
    used_records: Array
    applicable_records: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """Sites by round and over all rounds, and the known sites beside them.

    Of units: `site` (a number of its own), `round` (position in `rounds`, of which the last is
    `ALL_ROUNDS`), `district` (position in `districts`), `operations` (position in
    `operation_sets`), `led_by` (position in `LED_BY`, or behind it: not recorded), `women`, `men`
    (people, NaN = no data), `day`, `is_area_only`, `listed` (position in `known_operations` + 1 of
    a site on a list, else 0).
    Of known sites: `known_district`, `known_operations` (positions as above), `known_listed`.
    """

    rounds: tuple[str, ...]
    districts: pd.DataFrame
    operation_sets: tuple[tuple[str, ...], ...]
    site: Array
    round: Array
    district: Array
    operations: Array
    led_by: Array
    women: Array
    men: Array
    day: Array
    is_area_only: Array
    listed: Array
    known_district: Array
    known_operations: Array
    known_listed: Array
    pairs: Pairs


def make_units(ledger: Ledger, known: pd.DataFrame, practices: Sequence[Practice]) -> Units:
    """The units of a ledger. The frames must be as `frames.checked` wants them.

    A site that stands twice among the known sites is one site.
    """
    visits = ledger.visits
    labels = round_labels(ledger)
    if ALL_ROUNDS in labels:
        raise AdoptionError(
            f"A round is called '{ALL_ROUNDS}', which is what all rounds together are called. "
            "Give it another name."
        )
    places = place_sites(visits, known)
    known, sites, known_sites = places.known, places.of_visits, places.of_known
    rank, many_sites = places.rank, len(places.site_id)
    sets, visit_set, known_set = _operation_sets(visits, known)
    # a known site without recorded operations has those that its latest visit recorded
    said = latest(sites, rank, visit_set != 0, of=many_sites)[known_sites]
    known_set = np.where((known_set == 0) & (said >= 0), take(visit_set, said), known_set)
    is_listed = known["listed"].to_numpy(dtype=bool)
    listed_as = np.zeros(many_sites, dtype="int32")
    listed_as[known_sites] = np.where(is_listed, np.arange(1, len(known) + 1), 0)

    # every visit is in two units: its site in its round, and its site over all rounds
    rounds = visits["round"].cat.codes.to_numpy().astype("int64")
    in_round, met = pd.factorize(sites * (len(labels) + 1) + rounds)
    over_all, _ = pd.factorize(sites)
    unit = np.concatenate([in_round, over_all + len(met)])
    visit = np.tile(np.arange(len(visits)), 2)
    many = int(unit.max(initial=-1)) + 1
    one_visit = np.zeros(many, dtype="int64")
    one_visit[unit] = visit
    round_of = np.full(many, len(labels), dtype="int32")
    round_of[in_round] = rounds

    def last(values: Array, is_there: Array, missing: float) -> Array:
        found = latest(unit, rank[visit], is_there[visit], of=many, answer=visit)
        return np.where(found >= 0, take(values, found), missing)

    listed = listed_as[sites[one_visit]]
    operations = last(visit_set, visit_set != 0, 0).astype("int32")
    known_sets = np.append(0, known_set)[listed]
    operations = np.where(operations == 0, known_sets, operations).astype("int32")
    led_by = visits["led_by"].cat.codes.to_numpy()
    women, men = visits["women"].to_numpy(), visits["men"].to_numpy()
    day = days_since_1970(visits["visited_on"])
    return Units(
        rounds=(*labels, ALL_ROUNDS),
        districts=places.districts,
        operation_sets=sets,
        site=sites[one_visit],
        round=round_of,
        district=places.district[sites[one_visit]],
        operations=operations,
        led_by=last(led_by, led_by >= 0, len(LED_BY)).astype("int32"),
        women=last(women, ~np.isnan(women), np.nan),
        men=last(men, ~np.isnan(men), np.nan),
        day=last(day, day != NO_DAY, NO_DAY).astype("int32"),
        is_area_only=visits["site_id"].isna().to_numpy()[one_visit],
        listed=listed,
        known_district=places.district[known_sites],
        known_operations=known_set.astype("int32"),
        known_listed=is_listed,
        pairs=_pairs(
            ledger,
            practices,
            unit_codes=(in_round, over_all + len(met)),
            rank=rank,
            operations=operations,
            sets=sets,
        ),
    )


def excluded(practices: Sequence[Practice], sets: Sequence[Sequence[str]]) -> Array:
    """(sets, practices): whether a site with exactly these operations cannot have the practice."""
    table = [
        [bool(groups) and set(groups) <= set(practice.excluded_by) for practice in practices]
        for groups in sets
    ]
    return np.array(table, dtype=bool).reshape(len(sets), len(practices))


def _operation_sets(
    visits: pd.DataFrame, known: pd.DataFrame
) -> tuple[tuple[tuple[str, ...], ...], Array, Array]:
    """All sets of operations that occur, the first empty, and that of each row of both frames."""
    texts = pd.Index(visits["operations"].cat.categories.astype(str))
    known_codes, known_texts = pd.factorize(known["operations"].fillna("").astype(str))
    sets: dict[tuple[str, ...], int] = {(): 0}

    def number(text: str) -> int:
        groups = sorted({one.strip() for one in text.split(OPERATION_SEPARATOR)} - {""})
        return sets.setdefault(tuple(groups), len(sets))

    of_text = np.array([*(number(text) for text in texts), 0], dtype="int64")
    of_known = np.array([number(str(text)) for text in known_texts], dtype="int64")
    visit_set = of_text[visits["operations"].cat.codes.to_numpy()]
    return tuple(sets), visit_set, of_known[known_codes]


def _latest_of(key: Array, order: Array, state: Array) -> tuple[Array, ...]:
    """Rows of highest order of each key, their keys, and how many rows each has: all, used,
    applicable. A function of its own, so that its working space is free before the next."""
    pair = key - key.min() if len(key) else key
    # keys that lie close together number themselves; others are numbered, which takes more memory
    if len(key) and int(pair.max()) > 4 * len(key):
        pair = pd.factorize(key)[0]
    many = int(pair.max()) + 1 if len(key) else 0
    best = np.full(many, -1, dtype="int32")
    np.maximum.at(best, pair, order)
    won = np.flatnonzero(best[pair] == order).astype("int32")
    chosen = pair[won]
    counted = [
        np.bincount(pair[which], minlength=many)[chosen].astype("int32")
        for which in (slice(None), state == _USED, state != _NOT_APPLICABLE)
    ]
    return won, key[won], *counted


def _pairs(
    ledger: Ledger,
    practices: Sequence[Practice],
    *,
    unit_codes: Sequence[Array],
    rank: Array,
    operations: Array,
    sets: Sequence[Sequence[str]],
) -> Pairs:
    """The observation that counts of each unit and practice, and how many others there are."""
    observations = ledger.observations
    wanted = {practice.code: at for at, practice in enumerate(practices)}
    names = observations["practice"].cat.categories
    number = np.array([wanted.get(str(code), -1) for code in names] + [-1], dtype="int16")
    practice = number[observations["practice"].cat.codes.to_numpy()]
    state = observations["state"].cat.codes.to_numpy()
    at = np.flatnonzero((practice >= 0) & (state != _UNKNOWN))
    visit = observations["visit"].to_numpy()[at]
    practice, state = practice[at], state[at]
    wide, order = max(len(practices), 1), rank.astype("int32")[visit]
    parts = [_latest_of(unit[visit] * wide + practice, order, state) for unit in unit_codes]
    won, place, records, used_records, applicable_records = (
        np.concatenate([part[column] for part in parts]) for column in range(5)
    )
    unit, practice = np.divmod(place, wide)
    seen = observations.iloc[at[won]]
    visits = ledger.visits
    contradicted = excluded(practices, sets)[operations[unit], practice]
    return Pairs(
        unit=unit.astype("int32"),
        practice=practice.astype("int16"),
        state=np.where(contradicted, _NOT_APPLICABLE, state[won]),
        selection=visits["selection"].cat.codes.to_numpy()[visit[won]],
        day=days_since_1970(visits["visited_on"]).astype("int32")[visit[won]],
        intensity=seen["intensity"].to_numpy(),
        is_seen=seen["evidence"].cat.codes.to_numpy() >= EVIDENCE.index("seen"),
        is_contradicted=contradicted,
        records=records,
        used_records=used_records,
        applicable_records=applicable_records,
    )
