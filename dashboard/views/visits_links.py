"""Links to a visit's pack: made, shown once, listed and revoked."""

import datetime as dt

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.views import parts
from dashboard.workflows import SAYABLE
from layers.field.records import FieldVisit, PackLink


def show(visit: FieldVisit) -> None:
    """Draw the part of the page."""
    with st.expander("Links to the pack, for phones"):
        st.markdown(
            "A link opens the pack in any browser, and a phone keeps it for the field. Whoever has "
            "the link sees the pack, so send it only to those who travel. It ends by itself, and "
            "can be revoked; what a phone has kept goes when it next asks."
        )
        _make(visit)
        links = cached.pack_links(visit.visit_id)
        if not links:
            st.caption("No link yet.")
            return
        st.dataframe(table(links, now=dt.datetime.now(dt.UTC)), hide_index=True, width="stretch")
        _revoke(visit, links)


def _make(visit: FieldVisit) -> None:
    with st.form(f"visits.link.{visit.visit_id}", border=True):
        days = st.number_input("Days it lasts", 1, 90, 14, key="visits.link.days")
        actor = st.text_input("Your name", key="visits.link.actor", max_chars=80)
        make = st.form_submit_button("Make a link", icon=":material/link:")
    if not make:
        return
    try:
        token, link = cached.make_pack_link(visit.visit_id, days=int(days), actor=actor)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    st.success(
        f"The link lasts until {words.day(link.expires_at)}. It is shown this once: copy it now."
    )
    st.code(f"{state.site_address()}/pack/{token}/", language=None, wrap_lines=True)


def table(links: tuple[PackLink, ...], *, now: dt.datetime) -> pd.DataFrame:
    """The links as a table; none of them can be read out of it."""
    return pd.DataFrame(
        {
            "Link": [short(one) for one in links],
            "Made on": [words.day(one.created_at) for one in links],
            "By": [one.created_by for one in links],
            "Until": [words.day(one.expires_at) for one in links],
            "State": [_state(one, now) for one in links],
        }
    )


def short(link: PackLink) -> str:
    """What a link is called: the start of its hash, which opens nothing."""
    return link.token_hash[:8]


def _state(link: PackLink, now: dt.datetime) -> str:
    if link.ended_at is not None:
        return f"revoked by {link.ended_by} on {words.day(link.ended_at)}"
    return "open" if link.is_open(now) else "ended"


def _revoke(visit: FieldVisit, links: tuple[PackLink, ...]) -> None:
    now = dt.datetime.now(dt.UTC)
    still = {one.token_hash: one for one in links if one.is_open(now)}
    if not still:
        return
    with st.form(f"visits.revoke.{visit.visit_id}", border=True):
        which = st.selectbox(
            "Link to revoke",
            list(still),
            format_func=lambda key: (
                f"{short(still[key])}, made by {still[key].created_by} on "
                f"{words.day(still[key].created_at)}"
            ),
            key="visits.revoke.which",
        )
        actor = st.text_input("Your name", key="visits.revoke.actor", max_chars=80)
        if not st.form_submit_button("Revoke it"):
            return
    try:
        cached.end_pack_link(str(which), actor=actor)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    st.rerun()
