"""Coverage: who was visited, when, and who never; by district, by round, and site by site."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.figures import span
from dashboard.views import adoption_charts, adoption_parts
from dashboard.workflows.adoption_types import CoverageRun
from layers.facts import region

EVERY, VISITED, NEVER = "all", "visited", "never"
ONLY = {EVERY: "Every known site", VISITED: "Visited", NEVER: "Never visited"}
LISTED = 500


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"Who was visited in {chosen.name}"))
    adoption_parts.tabs()
    run = cached.coverage(chosen.region_id)
    if not run.visits and not run.known_sites:
        adoption_parts.nothing_yet(chosen)
        return
    _figures(run)
    st.header("By district and round")
    _areas(run)
    st.header("Site by site")
    _sites(run)
    adoption_parts.cautions(run.notes)


def _figures(run: CoverageRun) -> None:
    with st.container(key="figures", horizontal=True, gap="small"):
        st.metric("Known sites", words.count(run.known_sites), border=True)
        st.metric("Visited at least once", words.count(run.visited), border=True)
        st.metric("Never visited", words.count(run.known_sites - run.visited), border=True)
        st.metric("Visits", words.count(run.visits), border=True)
    when = span(run.first_day, run.last_day) if run.visits else "no visit yet"
    only = (
        f" {words.count(run.area_only, 'visit')} of them name a district or community, no site."
        if run.area_only
        else ""
    )
    st.caption(words.md(f"{when}.{only} A known site stands in a layer or was visited."))


def _areas(run: CoverageRun) -> None:
    """A row a district: known, visited in each round, ever and never, with days."""
    if run.areas.empty:
        st.caption("No districts are loaded: add a layer of kind “Districts”.")
        return
    rows = run.areas
    frame = pd.DataFrame(
        {
            "district": rows["area"],
            "known sites": [words.count(number) for number in rows["known_sites"]],
            "ever visited": [
                _of(visited, known)
                for visited, known in zip(rows["visited"], rows["known_sites"], strict=True)
            ],
            "never": [words.count(number) for number in rows["never_visited"]],
            **{f"in {name}": [words.count(number) for number in rows[name]] for name in run.rounds},
            "visits": [words.count(number) for number in rows["visits"]],
            "first": [words.day(day, missing="never") for day in rows["first_day"]],
            "last": [words.day(day, missing="never") for day in rows["last_day"]],
        }
    )
    adoption_charts.table(frame, key="coverage.areas")
    st.download_button(
        "Download by district (CSV)",
        data=lambda: cached.export_coverage(run, what="areas"),
        file_name=f"coverage-districts-{run.region_id}.csv",
        mime="text/csv",
        key="coverage.download_areas",
        on_click="ignore",
        icon=":material/download:",
    )


def _of(part: float, whole: float) -> str:
    """`20 of 24, 83 %`; no share of nothing."""
    if words.is_missing(part) or words.is_missing(whole) or not whole:
        return words.count(part)
    return f"{words.count(part)} of {words.count(whole)}, {words.percent(part / whole)}"


def _sites(run: CoverageRun) -> None:
    """The list of sites, narrowed to those visited, or those never visited, and to a district."""
    districts = cached.districts(run.region_id)
    state.among("coverage.only", ONLY)
    state.among("adoption.area", districts)
    if not state.get("coverage.only"):
        state.put("coverage.only", EVERY)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Show", list(ONLY), key="coverage.only", format_func=ONLY.__getitem__, required=True
        )
        st.selectbox(
            "District",
            list(districts),
            index=None,
            key="adoption.area",
            format_func=lambda name: words.clip(districts[name], length=50),
            placeholder="the whole region",
            width=240,
        )
    found = chosen_sites(run, str(state.get("coverage.only")), state.get("adoption.area"))
    st.caption(
        f"{words.count(len(found), 'site')}"
        + (f", the first {LISTED} are listed" if len(found) > LISTED else "")
        + ". Longest ago first; those never visited come before all."
    )
    shown = found.head(LISTED)
    adoption_charts.table(
        pd.DataFrame(
            {
                "site": shown["site"],
                "district": shown["district"].fillna(words.NO_DATA),
                "visits": shown["visits"],
                "first visit": [words.day(day, missing="never") for day in shown["first_day"]],
                "last visit": [words.day(day, missing="never") for day in shown["last_day"]],
                "rounds": shown["rounds"],
                "id": shown["site_id"],
            }
        ),
        key="coverage.sites",
    )
    st.download_button(
        "Download these sites (CSV)",
        data=lambda: cached.export_coverage(run, what="sites", site_ids=tuple(found["site_id"])),
        file_name=f"coverage-sites-{run.region_id}.csv",
        mime="text/csv",
        key="coverage.download_sites",
        on_click="ignore",
        icon=":material/download:",
    )


def chosen_sites(run: CoverageRun, only: str, area_id: str | None) -> pd.DataFrame:
    """The sites that are asked for, those whose last visit is longest ago first."""
    found = run.sites
    if area_id:
        found = found[found["district_id"] == area_id]
    if only != EVERY:
        found = found[(found["visits"] > 0) == (only == VISITED)]
    return found.sort_values(["last_day", "site"], na_position="first", kind="stable")
