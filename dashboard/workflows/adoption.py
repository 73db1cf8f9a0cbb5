"""Adoption of a region: its ledger and known sites put together, counted, and kept while they hold.

Everything is computed from what the store holds now; keys hold the versions of the layers and the
fingerprint of the ledger, so an import, a correction or another layer version is seen at once.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from dashboard.workflows.adoption_places import Ground, ground, placed
from dashboard.workflows.adoption_types import BY, AdoptionRun, Standing
from dashboard.workflows.home import region_versions_fingerprint
from dashboard.workflows.kept import Kept
from dashboard.workflows.types import WorkflowError
from geo.adoption.frames import Ledger, round_labels, shaped_known_sites
from geo.adoption.practice import Practice
from geo.adoption.rates import adoption_table
from layers import facts
from layers.practices import adoption_settings, practices
from layers.store import Store

KEPT_STANDINGS, KEPT_RUNS = 6, 48

_standings: Kept[Standing] = Kept(KEPT_STANDINGS)
_runs: Kept[AdoptionRun] = Kept(KEPT_RUNS)


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
    ledger, told = placed(store.ledger(region_id), there)
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
    last = seen.drop_duplicates("site_id", keep="last").set_index("site_id")
    listed = there.sites
    extra = last.loc[~last.index.isin(listed["site_id"])]
    more = pd.DataFrame(
        {
            "site_id": extra.index.to_numpy(dtype=object),
            "district_id": extra["district_id"].to_numpy(dtype=object),
            "district": extra["district"].to_numpy(dtype=object),
            "operations": extra["operations"].astype(object).fillna("").to_numpy(dtype=object),
            "site_name": extra["site_name"].to_numpy(dtype=object),
        }
    )
    known = pd.concat([listed.drop(columns="layer_id"), more], ignore_index=True)
    seen_there = known["site_id"].map(last["operations"].astype(object)).fillna("")
    known["operations"] = np.where(known["operations"] == "", seen_there, known["operations"])
    known = shaped_known_sites(known).assign(site_name=known["site_name"])
    if extra.empty or listed.empty:
        return known, ()
    what = "visited site stands" if len(extra) == 1 else "visited sites stand"
    return known, (
        f"{len(extra)} {what} in no layer of mine sites; each is counted as a known site.",
    )


def adoption(
    store: Store,
    region_id: str,
    *,
    by: str = "district",
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
    if round is not None and round != "all" and round not in there.rounds and not there.is_empty:
        raise WorkflowError(
            f"There is no round '{round}' in {there.region_name}. There is: "
            f"{', '.join((*there.rounds, 'all'))}."
        )
    key: Hashable = (store.location, region_id, by, practice, round, there.fingerprint)
    key = (key, there.district_layer)
    return _runs.get(key, lambda: _run(there, by, chosen, practice, round))


def _chosen_practices(code: str | None) -> tuple[Practice, ...]:
    every = practices()
    if code is None:
        return every
    chosen = tuple(one for one in every if one.code == code)
    if not chosen:
        raise WorkflowError(
            f"There is no practice '{code}'. There is: {', '.join(one.code for one in every)}."
        )
    return chosen


def _run(
    there: Standing,
    by: str,
    chosen: Sequence[Practice],
    practice: str | None,
    round_: str | None,
) -> AdoptionRun:
    table = table_of(there, by=by, practices=chosen, round_=round_)
    first, last = there.days
    return AdoptionRun(
        region_id=there.region_id,
        region_name=there.region_name,
        by=by,
        practice=practice,
        round=round_,
        table=table,
        rounds=there.rounds,
        visits=len(there.ledger.visits),
        known_sites=len(there.known),
        sites_visited=there.sites_visited,
        first_day=first,
        last_day=last,
        practices=tuple(chosen),
        notes=cautions(there),
        fingerprint=there.fingerprint,
        demonstration=there.demonstration,
    )


def table_of(
    there: Standing, *, by: str, practices: Sequence[Practice], round_: str | None
) -> pd.DataFrame:
    """The table of a standing; no rows where nobody was visited."""
    table = adoption_table(
        there.ledger,
        there.known,
        by=by,
        practices=practices,
        settings=adoption_settings(),
        region_name=there.region_name,
        rounds=round_,
    )
    # without a single visit a table of "no data" would only look like an answer
    return table.iloc[:0] if there.is_empty else table


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
