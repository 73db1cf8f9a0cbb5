"""Where conflicts gather: rates with intervals, the Getis-Ord Gi* test, and classes of units.

A unit is a district or a hexagon. What is compared is a rate (sites in conflict per known site, or
per surveyed km²), never a raw count: counts only show where people looked. Units nobody surveyed
and units with too few sites are kept apart from units where nothing was found.

Gi* (Ord & Getis 1995, "Local spatial autocorrelation statistics", Geographical Analysis 27) is
computed by `esda.G_Local`: binary weights within a fixed distance band, the unit itself included.
The test is one-sided, for gatherings of high rates only; its p is that of conditional permutations
with a fixed seed; all units tested together are corrected by Benjamini & Hochberg (1995).
"""

import threading
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geo.errors import GeoError
from geo.measure import Array

HOT_99 = "hot_99"
HOT_95 = "hot_95"
NOT_SIGNIFICANT = "not_significant"
NOT_TESTED = "not_tested"
TOO_FEW = "too_few"
NOT_SURVEYED = "not_surveyed"
CLASSES = (HOT_99, HOT_95, NOT_SIGNIFICANT, NOT_TESTED, TOO_FEW, NOT_SURVEYED)
"""In the order of a ranked list. `not_tested`: enough sites, but too few units for any test."""

PER_SITE, PER_KM2 = "per_site", "per_km2"
MEASURES = (PER_SITE, PER_KM2)

FEW_UNITS, ALL_EQUAL, MANY_UNITS = "few_units", "all_equal", "many_units"
"""Why there was no test."""

MOST_UNITS = 30_000
"""Above this the permutations would need more than 240 MB; larger hexagons are asked for."""

_EXACT = 2.0**24
"""Rates are rounded to 1/_EXACT of the largest, as whole numbers: their sums are exact, so that a
permutation that ties with what was observed is seen as a tie, whatever the order of adding up."""

_chance = threading.Lock()  # esda draws from numpy's global generator


@dataclass(frozen=True, kw_only=True)
class TestRules:
    """What a test needs and when a unit is hot. `min_km2` is surveyed square kilometres."""

    __test__ = False  # not a test case, whatever its name

    permutations: int = 999
    seed: int = 20160119
    level_99: float = 0.01
    level_95: float = 0.05
    min_units: int = 30
    min_sites: int = 5
    min_km2: float = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """What became of the units. `table` has their index and `value`, `low`, `high` (the rate and
    its 95 % Wilson interval, NaN = none), `support` (sites that speak for the unit), `z`, `p`,
    `p_fdr` (NaN = not tested), `neighbours` (units with data in the band), `near_sites` and
    `near_hits` (of all units in the band, its own included) and `unit_class`.

    `why_not` says why there was no test, None where there was one.
    """

    table: pd.DataFrame
    units_with_data: int
    why_not: str | None


def wilson(hits: Array, of: Array, *, z: float = 1.959964) -> tuple[Array, Array]:
    """The Wilson interval of a share (Wilson 1927), 95 % unless `z` says otherwise; NaN of none."""
    n = np.where(of > 0, of, np.nan).astype("float64")
    share = hits / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def false_discovery(p: Array) -> Array:
    """p values corrected by Benjamini & Hochberg (1995), in their order; NaN stays and counts not.

    A unit is called hot at level q where its corrected p is at most q: of all units so called, no
    more than q are expected to be false.
    """
    adjusted = np.full(len(p), np.nan)
    at = np.flatnonzero(~np.isnan(p))
    order = at[np.argsort(p[at], kind="stable")]
    steps = p[order] * len(at) / np.arange(1, len(at) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted


def gi_star(
    values: Array, xy: Array, *, band_m: float, permutations: int, seed: int
) -> tuple[Array, Array, Array]:
    """z, p and the number of neighbours of each unit; one-sided, for high values gathering.

    `xy` are (n, 2) metres in the measuring CRS. Two units within `band_m` (its end included) are
    neighbours. z is the analytical standard score, p the share of `permutations` at least as high,
    (r + 1) / (permutations + 1); both NaN for a unit without neighbours. The result depends on the
    order of units through the permutations: give them in a fixed order, such as that of their ids.
    Raises GeoError where all values are equal or one is not known, for then nothing can be said.
    """
    if not np.isfinite(values).all():
        raise GeoError("A rate that is not known cannot take part in the test. Leave it out.")
    if np.ptp(values) == 0:
        raise GeoError("All units have the same rate, so none can be higher than the others.")
    # imported late: esda brings scikit-learn, which takes a second and a half
    from esda.getisord import G_Local  # noqa: PLC0415
    from libpysal.weights import W  # noqa: PLC0415

    # each unit is in its own band: that is the star of Gi*
    near = [sorted(found) for found in cKDTree(xy).query_ball_point(xy, band_m)]
    count = np.array([len(found) - 1 for found in near])
    if not count.any():
        nothing = np.full(len(values), np.nan)
        return nothing, nothing.copy(), count
    whole = np.round(values / np.abs(values).max() * _EXACT)
    with _chance, warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # about esda's own p, of either tail, which is not used
        warnings.simplefilter("ignore", DeprecationWarning)
        state = np.random.get_state()
        try:
            test = G_Local(
                whole,
                W(dict(enumerate(near)), silence_warnings=True),
                transform="B",
                star=True,
                permutations=permutations,
                keep_simulations=True,
                n_jobs=1,
                seed=seed,
            )
        finally:
            np.random.set_state(state)
    at_least = (test.rGs >= test.Gs[:, None]).sum(axis=1)
    p = (at_least + 1) / (permutations + 1)
    alone = count == 0
    # no score where the band holds every unit: nothing is outside it to compare with
    z = np.where(alone | ~np.isfinite(test.Zs), np.nan, test.Zs)
    return z, np.where(alone, np.nan, p), count


def assess(
    units: pd.DataFrame, *, measure: str, band_m: float, rules: TestRules, support: str
) -> Assessment:
    """Rates, test and class of every unit, in the given order and with the given index.

    `units` needs `unit_id` (unique), `x`, `y` (metres, measuring CRS), `sites` (known sites),
    `hits` (those in conflict), `surveyed` (bool) and `surveyed_km2`. `support` says which sites
    speak for a unit: "own", or "band" for its own and those of all units in its band, as suits
    hexagons, which seldom hold more than one site. Units with fewer than `rules.min_sites` such
    sites (or, per km², less than `rules.min_km2` surveyed) take no part in the test.
    """
    if measure not in MEASURES:
        raise GeoError(f"There is no measure '{measure}'. Use {' or '.join(MEASURES)}.")
    order = np.argsort(units["unit_id"].to_numpy(dtype=str), kind="stable")
    rows = units.iloc[order]
    if rows["unit_id"].duplicated().any():
        raise GeoError("Two units have the same id. Give every unit its own.")
    sites, hits = (rows[name].to_numpy(dtype="float64") for name in ("sites", "hits"))
    xy = rows[["x", "y"]].to_numpy(dtype="float64")
    value, low, high = _rates(rows, measure)
    near_sites = within_band(sites, xy, band_m=band_m)
    speak = sites.copy() if support == "own" else near_sites
    surveyed = rows["surveyed"].to_numpy(dtype=bool)
    enough = surveyed & np.isfinite(value)
    if measure == PER_SITE:
        enough &= speak >= rules.min_sites
    else:
        enough &= rows["surveyed_km2"].to_numpy(dtype="float64") >= rules.min_km2
    told = np.select([~surveyed, ~enough], [NOT_SURVEYED, TOO_FEW], default=NOT_TESTED)
    table = pd.DataFrame(
        {
            "value": value,
            "low": low,
            "high": high,
            "support": speak,
            "z": np.nan,
            "p": np.nan,
            "p_fdr": np.nan,
            "neighbours": 0,
            "near_sites": near_sites,
            "near_hits": within_band(hits, xy, band_m=band_m),
            "unit_class": told.astype(object),
        },
        index=rows.index,
    )
    why_not = _why_not(value[enough], rules)
    if why_not is None:
        z, p, neighbours = gi_star(
            value[enough],
            xy[enough],
            band_m=band_m,
            permutations=rules.permutations,
            seed=rules.seed,
        )
        p_fdr = false_discovery(p)
        hot = np.select(
            [p_fdr <= rules.level_99, p_fdr <= rules.level_95],
            [HOT_99, HOT_95],
            default=NOT_SIGNIFICANT,
        )
        tested = table.index[enough]
        for name, found in (("z", z), ("p", p), ("p_fdr", p_fdr), ("neighbours", neighbours)):
            table.loc[tested, name] = found
        table.loc[tested, "unit_class"] = hot
    return Assessment(
        table=table.loc[units.index], units_with_data=int(enough.sum()), why_not=why_not
    )


def _rates(rows: pd.DataFrame, measure: str) -> tuple[Array, Array, Array]:
    hits = rows["hits"].to_numpy(dtype="float64")
    if measure == PER_SITE:
        sites = rows["sites"].to_numpy(dtype="float64")
        low, high = wilson(hits, sites)
        return hits / np.where(sites > 0, sites, np.nan), low, high
    km2 = rows["surveyed_km2"].to_numpy(dtype="float64")
    none = np.full(len(rows), np.nan)
    return hits / np.where(km2 > 0, km2, np.nan), none, none.copy()


def _why_not(values: Array, rules: TestRules) -> str | None:
    if len(values) < rules.min_units:
        return FEW_UNITS
    if len(values) > MOST_UNITS:
        return MANY_UNITS
    return ALL_EQUAL if np.ptp(values) == 0 else None


def within_band(counts: Array, xy: Array, *, band_m: float) -> Array:
    """For each unit the counts of all units within `band_m` metres of it, its own included."""
    if not len(xy):
        return counts.astype("float64")
    near = cKDTree(xy).query_ball_point(xy, band_m)
    return np.array([counts[found].sum() for found in near], dtype="float64")


def band_for(xy: Array, *, step_m: float = 1_000.0) -> float:
    """The smallest whole number of `step_m` metres at which every unit has a neighbour.

    From the places of all units, whether they have data or not, so that it does not move with the
    data. 0 for fewer than two units.
    """
    if len(xy) < 2:
        return 0.0
    nearest = cKDTree(xy).query(xy, k=2)[0][:, 1]
    return float(np.ceil(nearest.max() / step_m) * step_m)


def first_area(points: Array, areas: Array) -> Array:
    """The position of the first area that each point touches, -1 for none; one CRS for both.

    On the line between two areas, and where areas overlap, the first counts, so that no point is
    counted twice.
    """
    found = np.full(len(points), -1, dtype="int64")
    if not len(points) or not len(areas):
        return found
    rows, at = shapely.STRtree(areas).query(points, predicate="intersects")
    order = np.argsort(-at, kind="stable")
    found[rows[order]] = at[order]  # falling order: the first area is written last and stays
    return found
