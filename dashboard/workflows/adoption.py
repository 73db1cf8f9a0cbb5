"""Adoption of a region: its ledger and known sites put together, counted, and kept while they hold.

Everything is computed from what the store holds now; keys hold the versions of the layers and the
fingerprint of the ledger, so an import, a correction or another layer version is seen at once.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Hashable, Mapping

import geopandas as gpd
import pandas as pd

from dashboard.workflows.adoption_places import Ground, ground, placed, where_visits_say
from dashboard.workflows.adoption_types import ALL_ROUNDS, BY, AdoptionRun, Standing
from dashboard.workflows.home import region_versions_fingerprint
from dashboard.workflows.kept import Kept
from dashboard.workflows.types import WorkflowError
from geo.adoption.counts import BYS, By
from geo.adoption.frames import Ledger, round_labels, shaped_known_sites
from geo.adoption.practice import Practice
from geo.adoption.rates import adoption_tables, empty_table
from layers import facts
from layers.practices import adoption_settings, practices
from layers.practices import practice as practice_of
from layers.store import Store

KEPT_STANDINGS = 6
"""Ledgers held in memory with their tables; one of a million observations takes some 200 MB."""

_standings: Kept[Standing] = Kept(KEPT_STANDINGS)
_tables: Kept[Mapping[By, pd.DataFrame]] = Kept(KEPT_STANDINGS)
_shapes: Kept[gpd.GeoDataFrame] = Kept(KEPT_STANDINGS)


def adoption_fingerprint(store: Store, region_id: str) -> str:
    """16 hex digits that change with the region's layers, its visits, or what was corrected."""
    told = [region_versions_fingerprint(store, region_id), store.ledger_fingerprint(region_id)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def standing(store: Store, region_id: str, *, district_layer: str | None = None) -> Standing:
    """The visits that count and the known sites of a region, each in its district."""
    print_ = adoption_fingerprint(store, region_id)
    key = (store.location, region_id, district_layer, print_)
    return _standings.get(key, lambda: _standing(store, region_id, district_layer, print_))


def _standing(
    store: Store, region_id: str, district_layer: str | None, fingerprint: str
) -> Standing:
    there = ground(store, region_id, district_layer=district_layer)
    written = store.ledger(region_id)
    there = where_visits_say(written, there)
    ledger, told = placed(written, there)
    known, unlisted = _known(ledger, there)
    batches = store.batches(region_id)
    waiting = len(store.held(region_id))
    notes = [*there.notes, *told, *unlisted]
    if waiting:
        what = "visit waits" if waiting == 1 else "visits wait"
        notes.append(
            f"{waiting} {what} for somebody to choose between two records; the earlier one counts "
            "until then."
        )
    return Standing(
        region_id=region_id,
        region_name=facts.region(region_id).name,
        ledger=ledger,
        known=known,
        districts=there.names(),
        district_layer=there.district_layer,
        rounds=round_labels(ledger),
        notes=tuple(notes),
        fingerprint=fingerprint,
        demonstration=any(one.demonstration for one in batches),
    )


def _known(ledger: Ledger, there: Ground) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Sites of the layers, then visited sites that stand in none; a visited site is a known one."""
    visits = ledger.visits
    seen = visits[visits["site_id"].notna()].sort_values("visited_on", kind="stable")
    extra = seen[~seen["site_id"].isin(there.sites["site_id"])].drop_duplicates(
        "site_id", keep="last"
    )
    both = pd.concat(
        [there.sites.assign(listed=True), extra.assign(operations="", listed=False)],
        ignore_index=True,
    )
    known = shaped_known_sites(both).assign(site_name=both["site_name"].astype("str"))
    if extra.empty or there.sites.empty:
        return known, ()
    what = "visited site stands" if len(extra) == 1 else "visited sites stand"
    return known, (
        f"{len(extra):,} {what} in no layer of mine sites; each is counted as a known site "
        "and says nothing on how many more there are.",
    )


def adoption(
    store: Store,
    region_id: str,
    *,
    by: By = "district",
    practice: str | None = None,
    round: str | None = None,
    district_layer: str | None = None,
) -> AdoptionRun:
    """Used, applicable, unknown, rate and interval of each area, practice and round.

    `by` is one of BY. `practice` is a code, None = all of data/practices.toml; `round` a label,
    "all" = the latest known state of each site, None = every round and that. A region without
    visits gives no rows and says so. WorkflowError where one of them is not known.
    """
    chosen = _chosen_practices(practice)
    if by not in BY:
        raise WorkflowError(f"Adoption cannot be shown by '{by}'. Use {', '.join(BY)}.")
    there = standing(store, region_id, district_layer=district_layer)
    if (
        round is not None
        and round != ALL_ROUNDS
        and round not in there.rounds
        and not there.is_empty
    ):
        raise WorkflowError(
            f"There is no round '{round}' in {there.region_name}. There is: "
            f"{', '.join((*there.rounds, ALL_ROUNDS))}."
        )
    table = _tables_of(store, there)[by]
    if practice is not None:
        table = table[table["practice"] == practice]
    if round is not None:
        table = table[table["round"] == round]
    first, last = there.days
    return AdoptionRun(
        region_id=there.region_id,
        region_name=there.region_name,
        by=by,
        practice=practice,
        round=round,
        table=table.reset_index(drop=True),
        rounds=there.rounds,
        visits=len(there.ledger.visits),
        known_sites=len(there.known),
        sites_visited=there.sites_visited,
        first_day=first,
        last_day=last,
        practices=chosen,
        notes=cautions(there),
        fingerprint=there.fingerprint,
        demonstration=there.demonstration,
    )


def _chosen_practices(code: str | None) -> tuple[Practice, ...]:
    return practices() if code is None else (practice_of(code),)


def _tables_of(store: Store, there: Standing) -> Mapping[By, pd.DataFrame]:
    """The tables of a standing by region, district, operation and sex, made together once."""
    key: Hashable = (store.location, there.region_id, there.district_layer, there.fingerprint)
    return _tables.get(key, lambda: _counted(there))


def _counted(there: Standing) -> Mapping[By, pd.DataFrame]:
    if there.is_empty:
        # without a single visit a table of "no data" would only look like an answer
        return dict.fromkeys(BYS, empty_table())
    return adoption_tables(
        there.ledger,
        there.known,
        practices=practices(),
        settings=adoption_settings(),
        region_name=there.region_name,
    )


def cautions(there: Standing) -> tuple[str, ...]:
    """What a reader must not take from the figures, as sentences."""
    visits = there.ledger.visits
    if visits.empty:
        return (
            f"No visits are recorded for {there.region_name}. That is not the same as no use.",
            *there.notes,
        )
    told = []
    chosen = visits["selection"].astype(object).fillna("not stated").value_counts()
    for name, why in (
        ("convenience", "were chosen for convenience: they speak for these sites only"),
        ("not stated", "do not say how their sites were chosen: they speak for these sites only"),
    ):
        if count := int(chosen.get(name, 0)):
            told.append(f"{count:,} of {len(visits):,} visits {why}.")
    if undated := int(visits["visited_on"].isna().sum()):
        told.append(f"{undated:,} of {len(visits):,} visits have no day.")
    return (*told, *there.notes)


def today() -> dt.date:
    """The day it is here."""
    return dt.datetime.now().astimezone().date()


def leading_practice(store: Store, region_id: str) -> str:
    """The code of the practice to show first: one with a target, else the best known one.

    Best known is the one whose state is known at the most sites; of equals the first of the list.
    """
    run = adoption(store, region_id, by="region", round=ALL_ROUNDS)
    codes = [one.code for one in run.practices]
    aims = {
        one.practice
        for one in store.actions(region_id)
        if one.target_share is not None and one.area_level == "region" and one.status != "dropped"
    }
    known = dict(zip(run.table["practice"], run.table["applicable"].fillna(0), strict=True))
    return max(codes, key=lambda code: (code in aims, known.get(code, 0), -codes.index(code)))


def district_shapes(store: Store, region_id: str) -> gpd.GeoDataFrame | None:
    """The outlines of the districts in EPSG:4326 with `area_id` and `area`; None without any."""
    there = standing(store, region_id)
    if there.district_layer is None:
        return None
    version = store.layer(there.district_layer).current
    if version is None:
        return None
    return _shapes.get(
        (store.location, version.version_id),
        lambda: _read_shapes(store, version.version_id, there.districts),
    )


def _read_shapes(store: Store, version_id: str, names: Mapping[str, str]) -> gpd.GeoDataFrame:
    frame = store.read_features(version_id, columns=["feature_id"])
    ids = frame["feature_id"].astype(str).to_numpy(dtype=object)
    told = {"area_id": ids, "area": [names.get(one, one) for one in ids]}
    return gpd.GeoDataFrame(told, geometry=frame.geometry.to_numpy(), crs=4326)


def method_of_adoption() -> tuple[str, ...]:
    """How adoption is counted, in sentences, with the numbers of data/adoption.toml."""
    told = adoption_settings()
    level = f"{told.level:.0%}"
    return (
        "The unit is the site: its latest visit with a known state counts, in each round and over "
        "all rounds. A visit of which only the area is known counts as one.",
        "Share = sites that use it of the sites where it applies and the state is known. "
        "“Partly” and “tried and stopped” are not use; unknown leaves the denominator.",
        f"The interval is Wilson's, at {level}. Where at least {told.census_share:.0%} of the "
        "known sites were visited it is that of a census: the fewer sites are left, the narrower.",
        f"A random sample of fewer than {told.least_rate} sites gives counts, no share; one of "
        f"fewer than {told.least_sure} is marked as a small sample. Sites chosen for convenience "
        "give counts only: they speak for themselves.",
        f"Where fewer than {told.least_people} people could be identified nothing is shown, and "
        "with it what would give the number away.",
        "A change between rounds is told only of sites visited in both. What all sites of each "
        "round show stands beside it: it also moves when other sites are visited.",
    )
