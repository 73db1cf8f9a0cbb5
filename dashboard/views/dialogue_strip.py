"""The phase of every region's dialogue, side by side, and one line on the adoption of practices."""

import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.figures import shown, span
from dashboard.views import parts
from layers.facts import Region, regions

PHASES = ("pre-dialogue", "dialogue", "post-dialogue")
"""In their order; a dialogue itself takes four days, the other two months and years."""


def strip() -> None:
    """Draw one small card a region: the three phases, the one it is in filled."""
    with st.container(key="phases", horizontal=True, gap="small"):
        for one in regions().values():
            here = one.region_id == state.region_id()
            with st.container(key=f"phase-{one.region_id}{'-here' if here else ''}"):
                st.markdown(f"**{words.md(one.name)}**, {words.md(one.country_name)}")
                st.markdown(steps(one))
                st.caption(words.md(_held(one)))


def steps(one: Region) -> str:
    """The phases as signs and words: a filled sign is where the region is."""
    phase = one.dialogue.phase
    if phase not in PHASES:
        return "○ ○ ○ :gray[phase not known]"
    at = PHASES.index(phase)
    signs = " ".join("●" if place == at else "○" for place in range(len(PHASES)))
    return f"{signs} {words.md(phase)}"


def _held(one: Region) -> str:
    return f"dialogue held {one.dialogue.held}" if one.dialogue.held else "no dialogue known"


def adoption_line(region_id: str) -> None:
    """How many sites were visited, and the best-known practice, with n and days."""
    st.header("Clean practice")
    there = cached.adoption(region_id, by="region", round="all")
    if not there.visits:
        st.markdown(
            "No visits are recorded yet: nothing is known of who uses which practice, which is "
            "not the same as none."
        )
        parts.go_to("adoption", "Open adoption", icon=":material/arrow_forward:")
        return
    st.markdown(
        f"**{words.count(there.visits, 'visit')}** to **{words.count(there.sites_visited)} of "
        f"{words.count(there.known_sites, 'known site')}**, "
        f"{words.md(span(there.first_day, there.last_day))}."
    )
    leading = cached.leading_practice(region_id)
    rows = there.table[there.table["practice"].astype(str) == leading]
    title = next((one.title for one in there.practices if one.code == leading), leading)
    for row in rows.to_dict("records"):
        lower = ", lower is better" if row["direction"] == "stop" else ""
        st.markdown(f"{words.md(title)}{lower}: {words.md(shown(row).sentence)}")
    parts.go_to("adoption", "Open adoption", icon=":material/arrow_forward:")
