"""Who was visited, when, and who never: by district and round, and site by site; also as files."""

from collections.abc import Sequence

import pandas as pd

from dashboard.workflows.adoption import cautions, standing
from dashboard.workflows.adoption_types import ALL_ROUNDS, CoverageRun, Standing
from dashboard.workflows.exports import DEMONSTRATION
from dashboard.workflows.kept import Kept
from dashboard.workflows.types import WorkflowError
from geo.adoption.coverage import visits_by_area, visits_by_site
from layers.export import csv_table
from layers.store import Store

KEPT_COVERAGES = 12
AREAS, SITES = "areas", "sites"

_coverages: Kept[CoverageRun] = Kept(KEPT_COVERAGES)


def coverage(store: Store, region_id: str) -> CoverageRun:
    """The visits of a region by district and round, and by known site."""
    there = standing(store, region_id)
    key = (store.location, region_id, there.fingerprint)
    return _coverages.get(key, lambda: _coverage(there))


def _coverage(there: Standing) -> CoverageRun:
    visits = there.ledger.visits
    first, last = there.days
    return CoverageRun(
        region_id=there.region_id,
        region_name=there.region_name,
        areas=_areas(there),
        sites=_sites(there),
        rounds=there.rounds,
        visits=len(visits),
        area_only=int(visits["site_id"].isna().sum()),
        first_day=first,
        last_day=last,
        notes=cautions(there),
        fingerprint=there.fingerprint,
        demonstration=there.demonstration,
    )


def _areas(there: Standing) -> pd.DataFrame:
    """A row a district: sites over all rounds, and in a column of its label those of each round."""
    told = visits_by_area(there.ledger, there.known, by="district", region_name=there.region_name)
    whole = told[told["round"] == ALL_ROUNDS].drop(columns=["round", "visited_share"])
    by_round = told[told["round"] != ALL_ROUNDS].pivot_table(
        index="area", columns="round", values="visited", aggfunc="sum"
    )
    columns = [name for name in there.rounds if name in by_round]
    return whole.join(by_round[columns], on="area").reset_index(drop=True)


def _sites(there: Standing) -> pd.DataFrame:
    """A row a known site with its name; the district is null where it lies in none."""
    told = visits_by_site(there.ledger, there.known)
    names = there.known.set_index("site_id")["site_name"]
    named = told["site_id"].map(names)
    return told.assign(
        site=named.where(named.notna(), told["site_id"]),
        district=told["district"].where(told["district_id"].notna(), None),
    )


def export_coverage(run: CoverageRun, *, what: str, site_ids: Sequence[str] | None = None) -> bytes:
    """The districts ("areas") or the sites ("sites") as CSV; empty cells are no data.

    Of `site_ids` only those, in their order. No position is in it.
    """
    if what not in (AREAS, SITES):
        raise WorkflowError(f"There is no file of '{what}'. Use {AREAS} or {SITES}.")
    if what == AREAS:
        rounds = {name: f"visited_in_{name}" for name in run.rounds}
        table = run.areas.rename(columns=rounds)
    else:
        table = run.sites[
            [
                *("site_id", "site", "district_id", "district", "listed"),
                *("visits", "rounds", "first_day", "last_day", "never"),
            ]
        ]
        if site_ids is not None:
            table = table.set_index("site_id").loc[list(site_ids)].reset_index()
    table = table.assign(
        first_day=table["first_day"].dt.date,
        last_day=table["last_day"].dt.date,
        region=run.region_id,
        demonstration=DEMONSTRATION if run.demonstration else "",
    )
    return csv_table(table)
