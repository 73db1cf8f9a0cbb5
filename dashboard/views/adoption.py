"""Adoption: what share of sites uses which practice, where, since when, and how sure that is."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.figures import span
from dashboard.views import adoption_areas, adoption_charts, adoption_parts, adoption_sites
from dashboard.views.adoption_choices import choices, chosen_area, chosen_round
from dashboard.workflows.adoption_types import WORDING, AdoptionRun
from layers.facts import region
from layers.practices import practices


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"Adoption of clean practice in {chosen.name}"))
    adoption_parts.tabs()
    run = cached.adoption(chosen.region_id, by="region")
    if not run.visits:
        adoption_parts.nothing_yet(chosen)
        return
    choices(run)
    _summary(run)
    _picture(run)
    adoption_areas.by_area(run)
    adoption_areas.same_sites(run)
    adoption_sites.sites(run)
    adoption_parts.take_away(run)
    adoption_parts.cautions(run.notes)
    _method()


def _summary(run: AdoptionRun) -> None:
    """Who was visited, when, in one line."""
    rounds = (
        f"in {words.count(len(run.rounds), 'round')} ({words.listing(run.rounds)})"
        if len(run.rounds) < 6
        else f"in {len(run.rounds)} rounds"
    )
    st.markdown(
        f"**{words.count(run.visits, 'visit')}** to **{words.count(run.sites_visited)} of "
        f"{words.count(run.known_sites, 'known site')}**, "
        f"{words.md(span(run.first_day, run.last_day))}, {words.md(rounds)}. "
        f"{words.md(WORDING.split('. Absence', maxsplit=1)[0])}."
    )


def _picture(run: AdoptionRun) -> None:
    """Small multiples of every practice that was recorded, for the region or one district."""
    area_id = chosen_area()
    rows, where = run.table, run.region_name
    if area_id is not None:
        by_district = cached.adoption(run.region_id, by="district")
        rows = by_district.table[by_district.table["area_id"].astype(object) == area_id]
        where = cached.districts(run.region_id).get(area_id, area_id)
    st.header(words.md(f"Practices in {where}"))
    recorded = _recorded(rows)
    seen = [one for one in practices() if one.code in recorded]
    silent = [one for one in practices() if one.code not in recorded]
    targets = adoption_charts.region_targets(cached.road_map(run.region_id), area_id=area_id)
    if seen:
        adoption_charts.multiples(
            run,
            rows if chosen_round() is None else rows[rows["round"].astype(str) == chosen_round()],
            seen,
            title=f"{where}: share of sites by practice and round",
            targets=targets,
            key="practices",
        )
    if silent:
        st.caption(
            f"No data on {words.count(len(silent), 'practice')}: "
            + words.md(words.listing(one.title for one in silent))
        )


def _recorded(rows: pd.DataFrame) -> set[str]:
    """The practices of which anything was recorded, unknown states too."""
    some = (rows["observations"].fillna(0) > 0) | (rows["shown_as"] == "suppressed")
    return set(rows.loc[some, "practice"].astype(str))


def _method() -> None:
    with st.expander("How these figures are made, and what not to read into them"):
        st.markdown("\n".join(f"- {words.md(line)}" for line in cached.method_of_adoption()))
