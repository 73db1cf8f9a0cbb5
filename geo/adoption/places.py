"""Where sites lie and in what order visits were made: one number a site, one district a site."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.measure import Array

NO_DISTRICT = "No district known"
NO_DAY = int(np.iinfo("int32").min)
"""The day that is not known; it comes before every other."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Sites by number: those of visits, then known ones, then one of its own a visit without.

    `of_visits`, `of_known` are the numbers of the rows of both frames; `rank` the place of each
    visit in time. By number: `site_id` (None of a visit without), `district` (position in
    `districts`, whose last row is for "none known"). `known` is the frame without doubles.
    """

    known: pd.DataFrame
    of_visits: Array
    of_known: Array
    rank: Array
    site_id: Array
    district: Array
    districts: pd.DataFrame


def place_sites(visits: pd.DataFrame, known: pd.DataFrame) -> Places:
    """The places of all visits and known sites. A site that stands twice among them is one site."""
    if known["site_id"].duplicated().any():
        known = known.sort_values(["site_id", "district_id"]).drop_duplicates("site_id")
    sites, known_sites, ids = _site_codes(visits, known)
    rank = visit_order(visits, sites)
    districts, of_site = _districts(
        visits, known, sites=sites, known_sites=known_sites, rank=rank, many_sites=len(ids)
    )
    return Places(
        known=known,
        of_visits=sites,
        of_known=known_sites,
        rank=rank,
        site_id=ids,
        district=of_site,
        districts=districts,
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


def latest(
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


def take(values: Array, at: Array) -> Array:
    """values[at]; anything where `at` is -1, also where there are no values."""
    return np.append(values, values[:1] if len(values) else 0)[at]


def _site_codes(visits: pd.DataFrame, known: pd.DataFrame) -> tuple[Array, Array, Array]:
    """The number of each visit's and each known site, and the id of each number."""
    ids = pd.concat([visits["site_id"], known["site_id"]], ignore_index=True)
    codes, met = pd.factorize(ids)
    sites, known_sites = codes[: len(visits)].astype("int64"), codes[len(visits) :]
    alone = sites < 0
    sites[alone] = len(met) + np.arange(int(alone.sum()))
    names = np.full(len(met) + int(alone.sum()), None, dtype=object)
    names[: len(met)] = met
    return sites, known_sites.astype("int64"), names


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
    found = latest(sites, rank, in_visits >= 0, of=many_sites)
    of_site = np.where(found >= 0, take(in_visits, found), -1)
    of_site[known_sites] = np.where(in_known >= 0, in_known, of_site[known_sites])
    return table, place[of_site]
