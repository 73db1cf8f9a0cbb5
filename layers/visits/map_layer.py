"""Counted visits as a table for a map layer: those with a position that may be shown."""

import pandas as pd

from layers.visits.model import VisitPlan

FIELDS = {
    "visit_id": "feature_id",
    "site_id": "site_id",
    "site_name": "name",
    "visited_on": "observed_on",
    "round": "round",
    "longitude": "longitude",
    "latitude": "latitude",
    "position_sd_m": "position_sd_m",
}
"""Column of the table -> field of the kind `visits`."""

MORE = ("selection", "operations", "women", "men", "led_by", "district", "community")


def shown_visits(plan: VisitPlan) -> pd.DataFrame:
    """The counted visits with a position, but for those whose people said no to sharing it."""
    visits = plan.visits
    refused = visits["share_position"].eq(False).fillna(False)
    return visits[visits["longitude"].notna() & ~refused.astype(bool)]


def map_table(plan: VisitPlan) -> bytes:
    """The shown visits as CSV, a column a practice with its state; the same visits, same bytes."""
    shown = shown_visits(plan)
    table = pd.DataFrame(
        {"visit_id": shown["identity"], **{name: shown[name] for name in list(FIELDS)[1:]}}
    )
    table["visited_on"] = shown["visited_on"].dt.strftime("%Y-%m-%d")
    for name in MORE:
        table[name] = shown[name].astype(object)
    seen = plan.observations
    states = seen.assign(practice=seen["practice"].astype(str), state=seen["state"].astype(str))
    wide = states.pivot_table(index="visit", columns="practice", values="state", aggfunc="first")
    table = table.join(wide.reindex(shown.index))
    return table.to_csv(index=False).encode()
