"""Who was visited, when, and who never: by known site, and by area and round."""

from typing import Literal

import numpy as np
import pandas as pd

from geo.adoption.frames import Ledger, round_labels
from geo.adoption.places import Places, place_sites
from geo.adoption.units import ALL_ROUNDS

SITE_COLUMNS: dict[str, str] = {
    "site_id": "str",
    "district_id": "str",
    "district": "str",
    "listed": "bool",
    "visits": "Int64",
    "rounds": "Int64",
    "first_day": "datetime64[s]",
    "last_day": "datetime64[s]",
    "never": "bool",
}
AREA_COLUMNS: dict[str, str] = {
    "area_id": "str",
    "area": "str",
    "round": "str",
    "known_sites": "Int64",
    "visited": "Int64",
    "never_visited": "Int64",
    "visited_share": "float64",
    "visits": "Int64",
    "area_only": "Int64",
    "first_day": "datetime64[s]",
    "last_day": "datetime64[s]",
}
"""Column -> dtype of the visits by area and round; `round` "all" is over all rounds.
`visited`: sites with a visit; `never_visited`: known sites without; `area_only`: visits of which
only the area is known, which are no site's; `visited_share`: visited known sites of the known ones.
What needs known sites is null where the area has none.
"""


def visits_by_site(ledger: Ledger, known: pd.DataFrame) -> pd.DataFrame:
    """Every known or visited site with its visits, in the order of `site_id`.

    `never` is True of a known site that nobody visited. A visited site that is not known is there
    too, with `listed` False. Days are those of dated visits, NaT where there is none.
    """
    places = place_sites(ledger.visits, known)
    visits = _visits(ledger, places)
    by_site = visits[visits["is_site"]].groupby("site")
    table = pd.DataFrame(
        {
            "visits": by_site.size(),
            "rounds": by_site["round"].nunique(),
            "first_day": by_site["visited_on"].min(),
            "last_day": by_site["visited_on"].max(),
        }
    ).reindex(pd.RangeIndex(len(places.site_id)))
    listed = np.zeros(len(table), dtype=bool)
    listed[places.of_known] = places.known["listed"].to_numpy(dtype=bool)
    areas = places.districts.iloc[places.district].reset_index(drop=True)
    table = table.assign(
        site_id=places.site_id,
        district_id=areas["area_id"],
        district=areas["area"],
        listed=listed,
        never=table["visits"].isna(),
        visits=table["visits"].fillna(0),
        rounds=table["rounds"].fillna(0),
    )
    table = table[table["site_id"].notna()].sort_values("site_id", ignore_index=True)
    return table[list(SITE_COLUMNS)].astype(SITE_COLUMNS)


def visits_by_area(
    ledger: Ledger,
    known: pd.DataFrame,
    *,
    by: Literal["region", "district"] = "district",
    region_name: str = "All sites",
) -> pd.DataFrame:
    """Who was visited by area and round, with the columns of `AREA_COLUMNS`.

    Rows go by area and then round, "all" last; an area that nobody visited has its rows too.
    """
    places = place_sites(ledger.visits, known)
    visits = _visits(ledger, places)
    known_sites = pd.Series(places.district[places.of_known])
    if by == "region":
        areas = pd.DataFrame({"area_id": [None], "area": [region_name]})
        visits, known_sites = visits.assign(area=0), known_sites * 0
    else:
        met = sorted({*visits["area"], *known_sites})
        areas = places.districts.iloc[met]
        renumbered = {area: at for at, area in enumerate(met)}
        visits = visits.assign(area=visits["area"].map(renumbered))
        known_sites = known_sites.map(renumbered)
    rounds = [*round_labels(ledger), ALL_ROUNDS]
    both = pd.concat([visits, visits.assign(round=ALL_ROUNDS)], ignore_index=True)
    rows = pd.MultiIndex.from_product([range(len(areas)), rounds], names=["area", "round"])
    cells = both.groupby(["area", "round"])
    at_sites = both[both["is_site"]].drop_duplicates(["area", "round", "site"])
    visited = at_sites.groupby(["area", "round"]).size().reindex(rows, fill_value=0)
    visited_known = at_sites[at_sites["is_known"]].groupby(["area", "round"]).size()
    area = rows.get_level_values("area")
    number = known_sites.value_counts().reindex(area).to_numpy(dtype="float64")
    of_known = visited_known.reindex(rows, fill_value=0).to_numpy()
    return pd.DataFrame(
        {
            "area_id": areas["area_id"].to_numpy(dtype=object)[area],
            "area": areas["area"].to_numpy(dtype=object)[area],
            "round": rows.get_level_values("round"),
            "known_sites": number,
            "visited": visited.to_numpy(),
            "never_visited": number - of_known,
            "visited_share": of_known / number,
            "visits": cells.size().reindex(rows, fill_value=0).to_numpy(),
            "area_only": (~both["is_site"])
            .groupby([both["area"], both["round"]])
            .sum()
            .reindex(rows, fill_value=0)
            .to_numpy(),
            "first_day": cells["visited_on"].min().reindex(rows).to_numpy(),
            "last_day": cells["visited_on"].max().reindex(rows).to_numpy(),
        }
    ).astype(AREA_COLUMNS)


def _visits(ledger: Ledger, places: Places) -> pd.DataFrame:
    """Each visit's site and area as numbers, its round, its day, and whether its site is known."""
    known = np.zeros(len(places.site_id), dtype=bool)
    known[places.of_known] = True
    return pd.DataFrame(
        {
            "site": places.of_visits,
            "area": places.district[places.of_visits],
            "round": ledger.visits["round"].astype("str").to_numpy(dtype=object),
            "visited_on": ledger.visits["visited_on"].to_numpy(),
            "is_site": ledger.visits["site_id"].notna().to_numpy(),
            "is_known": known[places.of_visits],
        }
    )
