"""The sites behind the shares: the list of a region or district, and the way to one site."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.views import adoption_charts, parts
from dashboard.views.adoption_choices import chosen_area, chosen_practice, chosen_round
from dashboard.views.adoption_site import show_history
from dashboard.workflows import SAYABLE
from dashboard.workflows.adoption_types import AdoptionRun
from layers.practices import practice

LISTED = 300
"""Rows of the list on the page; the downloads of the Coverage page have every site."""


def sites(run: AdoptionRun) -> None:
    """Draw the list and the history of the site that is chosen."""
    code, area_id = chosen_practice(), chosen_area()
    where = cached.districts(run.region_id).get(area_id or "", run.region_name)
    st.header(words.md(f"Sites in {where}"))
    found = cached.site_states(run.region_id, practice=code, area_id=area_id, round=chosen_round())
    counts = found["state"].value_counts()
    told = [f"{words.count(int(many))} {name}" for name, many in counts.items()]
    st.caption(
        words.md(f"{practice(code).title}: {words.listing(told) if told else 'no known site'}.")
        + " The state is the latest known one"
        + (f" of the round {words.md(chosen_round())}." if chosen_round() else ".")
    )
    if len(found):
        _list(found)
    _one(run, found)


def _list(found: pd.DataFrame) -> None:
    shown = found.head(LISTED)
    adoption_charts.table(
        pd.DataFrame(
            {
                "site": shown["site"],
                "district": shown["district"].fillna(words.NO_DATA),
                "state": shown["state"],
                "evidence": shown["evidence"].fillna(""),
                "seen on": [words.day(day, missing="") for day in shown["state_day"]],
                "round": shown["round"].fillna(""),
                "visits": shown["visits"],
                "last visit": [words.day(day, missing="never") for day in shown["last_day"]],
                "women": [words.count(number) for number in shown["women"]],
                "men": [words.count(number) for number in shown["men"]],
            }
        ),
        key="adoption.sites",
    )
    if len(found) > LISTED:
        st.caption(
            f"The first {LISTED} of {words.count(len(found))} sites. Choose a district for fewer, "
            "or type part of a name below."
        )


def _one(run: AdoptionRun, found: pd.DataFrame) -> None:
    """Choose a site by typing a part of its name; its history stands below."""
    names = dict(zip(found["site_id"], found["site"].astype(str), strict=True))
    chosen = state.get("adoption.site")
    if chosen and chosen not in names:
        # a link, or the map, may name a site of another district
        names = {chosen: chosen, **names}
    st.selectbox(
        "Open the history of a site",
        list(names),
        index=None,
        key="adoption.site",
        format_func=lambda site_id: (
            words.clip(names[site_id], length=50)
            + (f" · {site_id}" if names[site_id] != site_id else "")
        ),
        placeholder="type a part of its name or id",
        width=420,
    )
    if not state.get("adoption.site"):
        return
    try:
        history = cached.site_history(run.region_id, str(state.get("adoption.site")))
    except SAYABLE as error:
        parts.problem(str(error))
        return
    show_history(history)
