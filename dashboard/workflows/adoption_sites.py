"""Sites of the ledger: the list of an area, the history of one site, and putting a value right."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dashboard.workflows.adoption import standing
from dashboard.workflows.adoption_types import SiteHistory, SiteVisit, Standing
from dashboard.workflows.types import WorkflowError
from geo.adoption.frames import (
    EVIDENCE,
    OPERATION_SEPARATOR,
    STATES,
    UNKNOWN,
    Ledger,
)
from layers.ledger.records import WITHDRAWN, Correction
from layers.store import Store

SITE_COLUMNS = (
    *("site_id", "site", "district", "visits", "first_day", "last_day"),
    *("state", "evidence", "state_day", "round", "women", "men"),
)
NEVER, NO_STATE = "never visited", "not recorded"


def site_states(
    there: Standing, *, practice: str, area_id: str | None = None, round_: str | None = None
) -> pd.DataFrame:
    """One row a known site with its latest known state of a practice; columns SITE_COLUMNS.

    `area_id` keeps the sites of one district. `round_` looks at the visits of one round alone,
    None or "all" at every one. `state` of a site that was visited is "unknown" or "not recorded"
    where no visit tells, of others "never visited"; `women` and `men` are those of the visit that
    counts, NaN = no data. Sites with a state come first, then by name.
    """
    known = there.known
    if area_id is not None:
        known = known[known["district_id"] == area_id]
    visits = there.ledger.visits
    mine = visits["site_id"].isin(known["site_id"])
    if round_ not in (None, "all"):
        mine &= visits["round"].astype(str) == round_
    chosen = visits[mine]
    spans = chosen.groupby("site_id", observed=True)["visited_on"].agg(["size", "min", "max"])
    counted = _counted(there.ledger, chosen, practice)
    table = pd.DataFrame(
        {
            "site_id": known["site_id"].to_numpy(dtype=object),
            "site": known["site_name"].where(known["site_name"].notna(), known["site_id"]),
            "district": known["district"].to_numpy(dtype=object),
        }
    )
    table["visits"] = table["site_id"].map(spans["size"]).fillna(0).astype("int64")
    table["first_day"] = table["site_id"].map(spans["min"])
    table["last_day"] = table["site_id"].map(spans["max"])
    for name in ("state", "evidence", "state_day", "round", "women", "men"):
        table[name] = table["site_id"].map(counted[name])
    table["state"] = table["state"].fillna(
        pd.Series(np.where(table["visits"] > 0, NO_STATE, NEVER), index=table.index)
    )
    silent = table["state"].isin((NO_STATE, NEVER))
    return (
        table.assign(_silent=silent)
        .sort_values(["_silent", "site"], kind="stable")[list(SITE_COLUMNS)]
        .reset_index(drop=True)
    )


def _counted(ledger: Ledger, visits: pd.DataFrame, practice: str) -> pd.DataFrame:
    """The observation that counts at each site: the latest known one, else the latest."""
    rows = ledger.visits.index.get_indexer(visits.index)
    seen = ledger.observations
    seen = seen[(seen["practice"].astype(str) == practice) & seen["visit"].isin(rows)]
    of = ledger.visits.iloc[seen["visit"].to_numpy()].reset_index(drop=True)
    seen = seen.reset_index(drop=True)
    table = pd.DataFrame(
        {
            "site_id": of["site_id"],
            "state": seen["state"].astype(object),
            "evidence": seen["evidence"].astype(object),
            "state_day": of["visited_on"],
            "round": of["round"].astype(object),
            "women": of["women"],
            "men": of["men"],
            "_known": seen["state"] != UNKNOWN,
        }
    )
    order = table.sort_values(["_known", "state_day"], kind="stable", na_position="first")
    return order.drop_duplicates("site_id", keep="last").set_index("site_id")


def site_history(store: Store, region_id: str, site_id: str) -> SiteHistory:
    """Every visit to a site, those taken out of the count too, and what was corrected.

    WorkflowError where no layer and no visit knows the site.
    """
    there = standing(store, region_id)
    own = there.known[there.known["site_id"] == site_id]
    counting = _visits_of(there.ledger, site_id, store, region_id)
    gone = _visits_of(store.withdrawn_visits(region_id), site_id, store, region_id, withdrawn=True)
    if own.empty and not counting and not gone:
        raise WorkflowError(
            f"No site '{site_id}' is known in {there.region_name}: no layer of mine sites has it "
            "and no visit names it."
        )
    ids = {visit.visit_id for visit in (*counting, *gone)}
    corrections = tuple(one for one in store.corrections(region_id) if one.visit_id in ids)
    named = there.ledger.visits.loc[there.ledger.visits["site_id"] == site_id, "site_name"].dropna()
    listed = own["site_name"].dropna()
    district = own["district"].dropna()
    return SiteHistory(
        region_id=region_id,
        site_id=site_id,
        name=str(listed.iloc[0] if len(listed) else named.iloc[-1] if len(named) else site_id),
        district=str(district.iloc[0]) if len(district) else None,
        visits=tuple(sorted((*counting, *gone), key=lambda one: str(one.day or ""), reverse=True)),
        corrections=corrections,
        demonstration=there.demonstration,
    )


def _visits_of(
    ledger: Ledger, site_id: str, store: Store, region_id: str, *, withdrawn: bool = False
) -> list[SiteVisit]:
    rows = np.flatnonzero(
        (ledger.visits["site_id"] == site_id).to_numpy(dtype=bool, na_value=False)
    )
    if not len(rows):
        return []
    files = {one.batch_id: one.filename for one in store.batches(region_id, taken_off=True)}
    seen = ledger.observations[ledger.observations["visit"].isin(rows)]
    states = {
        int(row): {
            str(one.practice): (str(one.state), _text(one.evidence), _number(one.intensity))
            for one in group.itertuples()
        }
        for row, group in seen.groupby("visit")
    }
    return [
        _visit(ledger.visits.iloc[row], states.get(int(row), {}), files, withdrawn=withdrawn)
        for row in rows
    ]


def _visit(
    row: Any,
    states: Mapping[str, tuple[str, str | None, float | None]],
    files: Mapping[str, str],
    *,
    withdrawn: bool,
) -> SiteVisit:
    batch = _text(row["batch_id"])
    return SiteVisit(
        visit_id=str(row["visit_id"]),
        day=None if pd.isna(row["visited_on"]) else row["visited_on"].date(),
        round=_text(row["round"]),
        selection=_text(row["selection"]) or "not stated",
        operations=tuple(one for one in str(row["operations"]).split(OPERATION_SEPARATOR) if one),
        women=_number(row["women"]),
        men=_number(row["men"]),
        led_by=_text(row["led_by"]),
        remarks=_text(row["remarks"]),
        states=states,
        batch=files.get(batch or "", batch or ""),
        withdrawn=withdrawn,
    )


def correct_state(
    store: Store,
    history: SiteHistory,
    visit_id: str,
    practice: str,
    *,
    state: str,
    evidence: str | None,
    why: str,
    actor: str,
) -> tuple[Correction, ...]:
    """Put the state of a practice at a visit right, and its evidence; returns what was changed.

    The old values stay, with who changed them and why. WorkflowError where nothing would change,
    or who and why are not said.
    """
    _needs_reason(why, actor)
    visit = next((one for one in history.visits if one.visit_id == visit_id), None)
    if visit is None:
        raise WorkflowError("This visit is not in the ledger any more. Load the page again.")
    if state not in STATES or evidence not in (None, *EVIDENCE):
        raise WorkflowError(f"A state is one of: {', '.join(STATES)}.")
    before = visit.states.get(practice, (None, None, None))
    wanted = {"state": state, "evidence": evidence}
    changes = [name for name, old in zip(wanted, before, strict=False) if wanted[name] != old]
    if not changes:
        raise WorkflowError(f"Nothing changes: the state is '{state}' already.")
    return tuple(
        store.correct(
            history.region_id,
            visit_id,
            field=name,
            value=wanted[name],
            practice=practice,
            why=why.strip(),
            actor=actor.strip(),
        )
        for name in changes
    )


def correct_people(
    store: Store,
    history: SiteHistory,
    visit_id: str,
    field: str,
    *,
    value: float | None,
    why: str,
    actor: str,
) -> Correction:
    """Put the number of women or men of a visit right; None = no data."""
    _needs_reason(why, actor)
    return store.correct(
        history.region_id,
        visit_id,
        field=field,
        value=value,
        why=why.strip(),
        actor=actor.strip(),
    )


def withdraw_visit(
    store: Store, history: SiteHistory, visit_id: str, *, withdrawn: bool, why: str, actor: str
) -> Correction:
    """Take a visit out of every count, or bring it back; it stays in the history."""
    _needs_reason(why, actor)
    return store.correct(
        history.region_id,
        visit_id,
        field=WITHDRAWN,
        value=withdrawn,
        why=why.strip(),
        actor=actor.strip(),
    )


def _needs_reason(why: str, actor: str) -> None:
    if not actor.strip():
        raise WorkflowError("Say who changes this: a name stands beside every correction.")
    if not why.strip():
        raise WorkflowError("Say why: the reason stands beside the old value and the new one.")


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) or value == "" else str(value)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
