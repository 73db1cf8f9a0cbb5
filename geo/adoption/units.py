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
from geo.adoption.practice import Practice
from geo.errors import AdoptionError
from geo.measure import Array

ALL_ROUNDS = "all"
"""The label of the row in which each site counts once, with its latest known state."""

NO_DISTRICT = "No district known"

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


NO_DAY = int(np.iinfo("int32").min)


def make_units(ledger: Ledger, known: pd.DataFrame, practices: Sequence[Practice]) -> Units:
    """The units of a ledger. The frames must be as `frames.checked` wants them.

    A site that stands twice among the known sites is one site.
    """
    visits = ledger.visits
    known = known.sort_values(["site_id", "district_id"]).drop_duplicates("site_id")
    labels = round_labels(ledger)
    if ALL_ROUNDS in labels:
        raise AdoptionError(
            f"A round is called '{ALL_ROUNDS}', which is what all rounds together are called. "
            "Give it another name."
        )
    sites, known_sites = _site_codes(visits, known)
    many_sites = int(max(sites.max(initial=-1), known_sites.max(initial=-1))) + 1
    rank = visit_order(visits, sites)
    districts, site_district = _districts(
        visits, known, sites=sites, known_sites=known_sites, rank=rank, many_sites=many_sites
    )
    sets, visit_set, known_set = _operation_sets(visits, known)
    # a known site without recorded operations has those that its latest visit recorded
    latest = _latest(sites, rank, visit_set != 0, of=many_sites)[known_sites]
    known_set = np.where((known_set == 0) & (latest >= 0), _take(visit_set, latest), known_set)
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
        found = _latest(unit, rank[visit], is_there[visit], of=many, answer=visit)
        return np.where(found >= 0, _take(values, found), missing)

    listed = listed_as[sites[one_visit]]
    operations = last(visit_set, visit_set != 0, 0).astype("int32")
    known_sets = np.append(0, known_set)[listed]
    operations = np.where(operations == 0, known_sets, operations).astype("int32")
    led_by = visits["led_by"].cat.codes.to_numpy()
    women, men = visits["women"].to_numpy(), visits["men"].to_numpy()
    day = days_since_1970(visits["visited_on"])
    return Units(
        rounds=(*labels, ALL_ROUNDS),
        districts=districts,
        operation_sets=sets,
        site=sites[one_visit],
        round=round_of,
        district=site_district[sites[one_visit]],
        operations=operations,
        led_by=last(led_by, led_by >= 0, len(LED_BY)).astype("int32"),
        women=last(women, ~np.isnan(women), np.nan),
        men=last(men, ~np.isnan(men), np.nan),
        day=last(day, day != NO_DAY, NO_DAY).astype("int32"),
        is_area_only=visits["site_id"].isna().to_numpy()[one_visit],
        listed=listed,
        known_district=site_district[known_sites],
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


def visit_order(visits: pd.DataFrame, sites: Array) -> Array:
    """The place of each visit in time, unique; by day, then `visit_id`, undated visits first."""
    day = days_since_1970(visits["visited_on"])
    tie = np.zeros(len(visits), dtype="int64")
    # only visits to one site on one day need their names compared, which is slow
    same = pd.Series(sites * 2**32 + (day - NO_DAY)).duplicated(keep=False).to_numpy()
    if same.any():
        names = visits["visit_id"].to_numpy(dtype=object)[same]
        tie[np.flatnonzero(same)[np.argsort(names, kind="stable")]] = np.arange(len(names))
    rank = np.empty(len(visits), dtype="int64")
    rank[np.lexsort((tie, day))] = np.arange(len(visits))
    return rank


def days_since_1970(dates: pd.Series) -> Array:
    """Whole days since 1 January 1970; `NO_DAY` where no date is known."""
    seconds = dates.to_numpy().astype("datetime64[s]")
    days = seconds.astype("datetime64[D]").astype("int64")
    return np.where(np.isnat(seconds), NO_DAY, days)


def excluded(practices: Sequence[Practice], sets: Sequence[Sequence[str]]) -> Array:
    """(sets, practices): whether a site with exactly these operations cannot have the practice."""
    table = [
        [bool(groups) and set(groups) <= set(practice.excluded_by) for practice in practices]
        for groups in sets
    ]
    return np.array(table, dtype=bool).reshape(len(sets), len(practices))


def _latest(
    group: Array, rank: Array, is_there: Array, *, of: int, answer: Array | None = None
) -> Array:
    """By group, the position (or `answer`) of its row of highest rank that is there; -1 none."""
    at = np.flatnonzero(is_there)
    best = np.full(of, -1, dtype="int64")
    np.maximum.at(best, group[at], rank[at])
    won = at[best[group[at]] == rank[at]]
    found = np.full(of, -1, dtype="int64")
    found[group[won]] = won if answer is None else answer[won]
    return found


def _take(values: Array, at: Array) -> Array:
    """values[at]; anything where `at` is -1, also where there are no values."""
    return np.append(values, values[:1] if len(values) else 0)[at]


def _site_codes(visits: pd.DataFrame, known: pd.DataFrame) -> tuple[Array, Array]:
    """A number for the site of each visit and each known site; own ones for visits without."""
    ids = pd.concat([visits["site_id"], known["site_id"]], ignore_index=True)
    codes, met = pd.factorize(ids)
    sites, known_sites = codes[: len(visits)].astype("int64"), codes[len(visits) :]
    alone = sites < 0
    sites[alone] = len(met) + np.arange(int(alone.sum()))
    return sites, known_sites.astype("int64")


def _districts(
    visits: pd.DataFrame,
    known: pd.DataFrame,
    *,
    sites: Array,
    known_sites: Array,
    rank: Array,
    many_sites: int,
) -> tuple[pd.DataFrame, Array]:
    """All districts by name, the last for "none known"; and the one district of each site.

    A known site's district is that of the list; else its latest visit with a district says it.
    """
    frames = [frame[["district_id", "district"]] for frame in (known, visits)]
    both = pd.concat(frames, ignore_index=True)
    keys = both["district_id"].where(both["district_id"].notna(), both["district"])
    codes, met = pd.factorize(keys)
    names = both.assign(code=codes, at=np.where(np.arange(len(both)) < len(known), 0, 1))
    names = names[names["code"] >= 0].drop_duplicates()
    # the list's name wins over that of a visit; of several the first by the alphabet
    names = names.sort_values(["code", "at", "district"], na_position="last")
    names = names.drop_duplicates("code").set_index("code").reindex(range(len(met)))
    area = names["district"].where(names["district"].notna(), pd.Series(met, dtype="object"))
    order = np.lexsort((np.asarray(met, dtype=object).astype(str), area.to_numpy().astype(str)))
    place = np.empty(len(met) + 1, dtype="int64")
    place[order] = np.arange(len(met))
    place[-1] = len(met)  # code -1: no district is known
    table = pd.DataFrame(
        {
            "area_id": [*names["district_id"].to_numpy(dtype=object)[order], None],
            "area": [*area.to_numpy(dtype=object)[order], NO_DISTRICT],
        }
    )
    in_visits, in_known = codes[len(known) :], codes[: len(known)]
    found = _latest(sites, rank, in_visits >= 0, of=many_sites)
    of_site = np.where(found >= 0, _take(in_visits, found), -1)
    of_site[known_sites] = np.where(in_known >= 0, in_known, of_site[known_sites])
    return table, place[of_site]


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
    number = np.array([wanted.get(str(code), -1) for code in names] + [-1], dtype="int64")
    practice = number[observations["practice"].cat.codes.to_numpy()]
    state = observations["state"].cat.codes.to_numpy()
    at = np.flatnonzero((practice >= 0) & (state != _UNKNOWN))
    visit = observations["visit"].to_numpy()[at]
    practice, state = practice[at], state[at]
    is_used, is_applicable = state == _USED, state != _NOT_APPLICABLE
    wide = max(len(practices), 1)
    parts = []
    for unit in unit_codes:
        pair, places = pd.factorize(unit[visit] * wide + practice)
        best = np.full(len(places), -1, dtype="int64")
        np.maximum.at(best, pair, rank[visit])
        won = np.flatnonzero(best[pair] == rank[visit])
        counted = [
            np.bincount(pair[which], minlength=len(places))[pair[won]].astype("int32")
            for which in (slice(None), is_used, is_applicable)
        ]
        parts.append((won, places[pair[won]], *counted))
    won, place, records, used_records, applicable_records = (
        np.concatenate([part[column] for part in parts]) for column in range(5)
    )
    unit, practice = np.divmod(place, wide)
    seen = observations.iloc[at[won]]
    visits = ledger.visits
    contradicted = excluded(practices, sets)[operations[unit], practice]
    return Pairs(
        unit=unit,
        practice=practice,
        state=np.where(contradicted, _NOT_APPLICABLE, state[won]),
        selection=visits["selection"].cat.codes.to_numpy()[visit[won]],
        day=days_since_1970(visits["visited_on"])[visit[won]],
        intensity=seen["intensity"].to_numpy(),
        is_seen=seen["evidence"].cat.codes.to_numpy() >= EVIDENCE.index("seen"),
        is_contradicted=contradicted,
        records=records,
        used_records=used_records,
        applicable_records=applicable_records,
    )
