"""The ranked list: one card a unit, its class as a sign and in words, and its one sentence."""

import streamlit as st

from dashboard import state, words
from dashboard.views import parts
from dashboard.workflows.hotspot_types import CLASS_TITLES, OUTSIDE, HotspotRow, HotspotRun

FIRST = 6
MORE = 12

SIGNS = {
    "hot_99": "■",
    "hot_95": "▨",
    "not_significant": "□",
    "not_tested": "▤",
    "too_few": "◌",
    "not_surveyed": "╱",
}
"""Beside the words, so that the class is seen without a colour, as on the map."""


def show_list(run: HotspotRun) -> None:
    """Draw the list; units about which nothing is known are one line at its end."""
    known = [row for row in run.rows if not _is_silent(row)]
    silent = [row for row in run.rows if _is_silent(row)]
    what = "district" if run.by == "districts" else "hexagon"
    st.subheader(f"Ranked list by {what}")
    shown = state.get("hotspots.shown", FIRST)
    for row in known[:shown]:
        _card(row, run)
    if not known:
        st.info(f"No {what} holds a known site, a visit or a detection. {words.ABSENCE}")
    if len(known) > shown:
        st.button(
            f"Show {min(MORE, len(known) - shown)} more of {words.count(len(known))}",
            key="hotspots.more",
            on_click=state.put,
            args=("hotspots.shown", shown + MORE),
        )
    if silent:
        with st.expander(f"Nothing is known of {words.count(len(silent), f'more {what}')}"):
            st.markdown(
                f"Not surveyed, and no satellite's detection either. {words.ABSENCE}  \n"
                + words.md(", ".join(sorted(row.name for row in silent)))
            )


def _is_silent(row: HotspotRow) -> bool:
    change = row.change or {}
    moved = any(counts["new"] or counts["gone"] for counts in change.values())
    return not row.surveyed and not row.detections and not moved


def _card(row: HotspotRow, run: HotspotRun) -> None:
    chosen = " chosen" if row.unit_id == state.get("hotspots.selected") else ""
    with st.container(key=f"unit-{row.unit_class}-{row.rank}{'-chosen' if chosen else ''}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pressed = st.button(
                f"{row.rank}. {words.md(row.name)}",
                key=f"hotspots.open.{row.rank}",
                type="tertiary",
                help=_help(row),
                disabled=row.district is None and row.unit_id != OUTSIDE,
            )
            st.caption(f"{SIGNS[row.unit_class]} {CLASS_TITLES[row.unit_class]}", width="content")
        st.markdown(words.md(row.reason))
        st.caption(figures(row, run))
    if pressed:
        open_conflicts(row)


def _help(row: HotspotRow) -> str:
    where = "without a district" if row.unit_id == OUTSIDE else f"in {row.district}"
    return f"Open the possible conflicts {words.md(where)}"


def figures(row: HotspotRow, run: HotspotRun) -> str:
    """What stands behind a sentence: rate with interval, breach, receptor, intensity, trust."""
    told = []
    if row.value is not None and run.measure == "per_km2":
        told.append(f"{words.number(row.value)} per surveyed km²")
    elif row.value is not None and row.low is not None and row.high is not None:
        told.append(
            f"{words.percent(row.value)} of known sites (95{words.THIN}% interval "
            f"{100 * row.low:.0f} to {words.percent(row.high)})"
        )
    if row.surveyed:
        told.append(f"surveyed {words.number(row.surveyed_km2)}{words.THIN}km²")
    if row.in_conflict:
        told.append(f"worst breach: {parts.scale('breach', row.breach_level)}")
        told.append(f"receptor: {parts.scale('receptor', row.receptor_level)}")
    if row.known_sites:
        social = row.social_intensity
        told.append(
            "social intensity: " + (words.NO_DATA if social is None else f"up to {social} of 4")
        )
    return _trust(row, told)


def _trust(row: HotspotRow, told: list[str]) -> str:
    trust = row.confidence
    if trust["position_sd_m"] is not None:
        told.append(f"positions to {words.metres(trust['position_sd_m'])}")
    if trust["newest"]:
        dates = {trust["oldest"][:4], trust["newest"][:4]}
        told.append(f"data of {' to '.join(sorted(dates))}")
    elif row.known_sites or row.detections:
        told.append("date not stated")
    return " · ".join(told)


def open_conflicts(row: HotspotRow) -> None:
    """Go to the conflicts of the unit's district."""
    for name in ("rules", "verdicts", "statuses", "licences"):
        state.put(f"conflicts.{name}", [])
    state.put("conflicts.districts", [row.district or words.NO_DATA])
    state.put("conflicts.selected", None)
    st.switch_page(parts.page("conflicts"))


def show_unit(run: HotspotRun) -> None:
    """The unit that was chosen on the map."""
    selected = state.get("hotspots.selected")
    row = run.row(selected) if selected else None
    if row is None:
        st.caption("Click a unit on the map for its reason and figures.")
        return
    with st.container(key=f"unit-{row.unit_class}-on-map"):
        st.markdown(
            f"**{words.md(row.name)}** {SIGNS[row.unit_class]} {CLASS_TITLES[row.unit_class]}"
            + (f"  \nin {words.md(row.district)}" if run.by == "h3" and row.district else "")
        )
        st.markdown(words.md(row.reason))
        st.caption(figures(row, run))
        if row.p is not None and row.p_fdr is not None:
            st.caption(
                f"Gi* score {words.number(row.z) if row.z is not None else words.NO_DATA}, p "
                f"{row.p:.3f}, corrected {row.p_fdr:.3f}, {row.neighbours} neighbours with data"
            )
        if row.district is not None and st.button(
            f"Open the conflicts in {words.md(row.district)}", key="hotspots.open.chosen"
        ):
            open_conflicts(row)
