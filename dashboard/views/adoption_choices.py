"""What can be chosen on the page of adoption: practice, round, district, and how it is cut."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.figures import round_words
from dashboard.workflows.adoption_types import ALL_ROUNDS, BY_TITLES, AdoptionRun
from layers.practices import practices

BY = ("district", "operation", "sex")
EVERY_ROUND = "every round"
LATEST = "latest known state of each site"


def choices(run: AdoptionRun) -> None:
    """Draw the choices in one row; below each other on a phone."""
    titles = {one.code: one.title for one in practices()}
    districts = cached.districts(run.region_id)
    state.among("adoption.practice", titles)
    state.among("adoption.round", (*run.rounds, ALL_ROUNDS))
    state.among("adoption.area", districts)
    state.among("adoption.by", BY)
    if not state.get("adoption.practice"):
        state.put("adoption.practice", cached.leading_practice(run.region_id))
    if not state.get("adoption.by"):
        state.put("adoption.by", "district")
    with st.container(key="adoption-choices", horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Practice",
            list(titles),
            key="adoption.practice",
            format_func=lambda code: f"{titles[code]} ({code})",
            width=330,
        )
        st.selectbox(
            "Round",
            [*run.rounds, ALL_ROUNDS],
            index=None,
            key="adoption.round",
            format_func=lambda name: LATEST if name == ALL_ROUNDS else round_words(name),
            placeholder=EVERY_ROUND,
            width=220,
        )
        st.selectbox(
            "District",
            list(districts),
            index=None,
            key="adoption.area",
            format_func=lambda name: words.clip(districts[name], length=50),
            placeholder="the whole region",
            width=240,
            on_change=state.drop,
            args=("adoption.site",),
        )
        st.segmented_control(
            "Cut by",
            BY,
            key="adoption.by",
            format_func=lambda name: BY_TITLES[name].capitalize(),
            required=True,
        )


def chosen_practice() -> str:
    """The code of the practice that is looked at closely."""
    return str(state.get("adoption.practice"))


def chosen_round() -> str | None:
    """The round that is shown; None = every one."""
    return state.get("adoption.round") or None


def chosen_area() -> str | None:
    """The district that is shown; None = the whole region."""
    return state.get("adoption.area") or None
