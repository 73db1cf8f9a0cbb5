"""What visits say of one site, in short, below its card on the map."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.field.cards import speaker
from dashboard.field.model import VoiceHeard
from dashboard.field.words import Words
from dashboard.views import parts
from dashboard.workflows.adoption_types import SiteHistory
from geo.adoption.frames import NOT_APPLICABLE, STATES
from layers.practices import practices


def show_visits(site_id: str) -> None:
    """Draw the visits to a site and the latest known state of its practices."""
    history = cached.site_history(state.region_id(), site_id)
    with st.container(key="panel-visits"):
        st.markdown(f"**{visits_line(history)}**")
        if not history.counted:
            st.caption("Nothing is known of its practices. That is not the same as none.")
            return
        st.markdown("\n".join(f"- {line}" for line in state_lines(history)))
        st.caption(people_line(history))
        if st.button("Open its history", key="map.history", icon=":material/history:"):
            state.put("adoption.site", site_id)
            st.switch_page(parts.page("adoption"))


def show_voices(layer_id: str, feature_id: str) -> None:
    """What people said there, as far as everybody may hear it: the page is open to anybody."""
    heard = cached.public_voices(state.region_id(), layer_id, feature_id)
    if not heard:
        return
    with st.container(key="panel-voices"):
        st.markdown(f"**{words.count(len(heard), 'voice')}**")
        for one in heard:
            told = VoiceHeard(
                text=one.text, group=one.group, sex=one.sex, language=one.language, day=one.day
            )
            st.markdown(f"“{words.md(one.text)}”" if one.text else "*A photo or sound, kept by the "
                        "organisers.*")  # fmt: skip
            st.caption(words.md(speaker(told, Words("en"))))


def visits_line(history: SiteHistory) -> str:
    """How often and when somebody was there."""
    visits = history.counted
    if not visits:
        return "Never visited"
    last = words.day(visits[0].day, missing="day not known")
    return f"{words.count(len(visits), 'visit')}, the last on {last}"


def state_lines(history: SiteHistory) -> list[str]:
    """One line a state with the practices that are in it; those that do not apply are left out."""
    latest = history.latest()
    lines = []
    for told in STATES:
        names = [one.title for one in practices() if latest.get(one.code) == told]
        if names and told != NOT_APPLICABLE:
            lines.append(f"{told.capitalize()}: {words.md(words.listing(names))}")
    return lines


def people_line(history: SiteHistory) -> str:
    """Women and men at work on the last visit, told apart."""
    last = history.counted[0]
    return f"Last visit: women {words.count(last.women)}, men {words.count(last.men)}"
