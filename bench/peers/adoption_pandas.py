"""The four adoption tables as an analyst would make them: groupby, and statsmodels row by row."""

from collections.abc import Sequence

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from geo.adoption.frames import APPLICABLE_STATES, UNKNOWN, Ledger
from geo.adoption.practice import Practice

ALL = "all"
RATE = ["area", "practice", "round"]


def adoption(ledger: Ledger, practices: Sequence[Practice]) -> dict[str, pd.DataFrame]:
    """Used, applicable and the Wilson interval by area, practice and round, by kind of area."""
    visits = ledger.visits.assign(visit=range(len(ledger.visits)))
    columns = [
        "visit",
        "visit_id",
        "visited_on",
        "site_id",
        "round",
        "district",
        "operations",
        "led_by",
    ]
    seen = ledger.observations[["visit", "practice", "state"]]
    seen = seen[seen["state"] != UNKNOWN].merge(visits[columns], on="visit")
    seen = seen.astype({"practice": "str", "round": "str", "operations": "str", "led_by": "str"})
    excludes = {one.code: set(one.excluded_by) for one in practices}
    impossible = {
        (groups, code): bool(groups) and set(groups.split("|")) <= excludes[code]
        for groups in seen["operations"].unique()
        for code in excludes
    }
    pairs = zip(seen["operations"], seen["practice"], strict=True)
    seen = seen[[not impossible[pair] for pair in pairs]]
    seen = seen.sort_values(["visited_on", "visit_id"])
    by_round = seen.drop_duplicates(["site_id", "round", "practice"], keep="last")
    over_all = seen.drop_duplicates(["site_id", "practice"], keep="last").assign(round=ALL)
    latest = pd.concat([by_round, over_all])
    latest = latest[latest["state"].isin(APPLICABLE_STATES)].assign(
        used=lambda rows: rows["state"] == "used"
    )
    areas = {
        "region": latest.assign(area="region"),
        "district": latest.assign(area=latest["district"]),
        "operation": latest.assign(
            area=latest["operations"].replace("", "not recorded").str.split("|")
        ).explode("area"),
        "sex": latest.assign(area=latest["led_by"].fillna("not recorded")),
    }
    return {by: _table(rows) for by, rows in areas.items()}


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    table = rows.groupby(RATE)["used"].agg(["sum", "size"]).reset_index()
    table = table.rename(columns={"sum": "used", "size": "applicable"})
    ends = [
        proportion_confint(used, of, method="wilson")
        for used, of in zip(table["used"], table["applicable"], strict=True)
    ]
    return table.assign(low=[low for low, _ in ends], high=[high for _, high in ends])
