"""One practice closely: by district with a map, by operation or sex, and on the same sites."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.areas import area_intervals
from dashboard.charts.choropleth import adoption_map
from dashboard.charts.figures import better, round_words
from dashboard.charts.panel import panel_change
from dashboard.views import adoption_charts
from dashboard.views.adoption_choices import chosen_area, chosen_practice, chosen_round
from dashboard.workflows.adoption_types import ALL_ROUNDS, BY_TITLES, AdoptionRun
from geo.adoption.practice import Practice
from layers.facts import region
from layers.practices import practice


def by_area(run: AdoptionRun) -> None:
    """The practice by district (with the map), type of operation, or who leads the site."""
    one = practice(chosen_practice())
    by = str(state.get("adoption.by"))
    st.header(words.md(f"{one.title} by {BY_TITLES[by]}"))
    cut = cached.adoption(run.region_id, by=by, practice=one.code)
    round_ = chosen_round() or ALL_ROUNDS
    rows = cut.table[cut.table["round"].astype(str) == round_]
    st.caption(words.md(f"{_round_words(round_)}; {better(one.direction)}."))
    if by != "district":
        _dots(run, rows, one, by=by, wide=adoption_charts.WIDE)
        if by == "operation":
            st.caption("A site with several operations counts in each of them.")
        return
    left, right = st.columns([1, 1.1], gap="medium")
    with left:
        _map(run, rows, one, round_)
    with right:
        _dots(run, rows, one, by=by, wide=adoption_charts.HALF)
    _reasons(rows)


def _round_words(round_: str) -> str:
    if round_ == ALL_ROUNDS:
        return "Latest known state of each site, whatever round it is of"
    return f"Round {round_}"


def _dots(run: AdoptionRun, rows: pd.DataFrame, one: Practice, *, by: str, wide: float) -> None:
    targets = adoption_charts.region_targets(cached.road_map(run.region_id))
    target = targets.get(one.code)
    title = f"{run.region_name} by {BY_TITLES[by]}"
    adoption_charts.show(
        lambda width: area_intervals(
            rows,
            one,
            title=title,
            round=str(rows["round"].iloc[0]) if len(rows) else None,
            target=target,
            notes=adoption_charts.notes_of(run),
            width=width,
        ),
        key=f"areas-{by}",
        made_of=(run.region_id, run.fingerprint, one.code, _round_of(rows), target),
        wide=wide,
    )


def _round_of(rows: pd.DataFrame) -> str:
    return str(rows["round"].iloc[0]) if len(rows) else ""


def _map(run: AdoptionRun, rows: pd.DataFrame, one: Practice, round_: str) -> None:
    shapes = cached.district_shapes(run.region_id)
    if shapes is None:
        st.info("No districts are loaded, so there is no map. Add a layer of kind “Districts”.")
        return
    title = f"{run.region_name}: {_round_words(round_).lower()}"
    target = adoption_charts.region_targets(cached.road_map(run.region_id)).get(one.code)
    adoption_charts.show(
        lambda width: adoption_map(
            shapes,
            rows,
            one,
            measuring_crs=region(run.region_id).measuring_crs,
            title=title,
            round=round_,
            target=target,
            notes=adoption_charts.notes_of(run),
            width=width,
        ),
        key="map",
        made_of=(run.region_id, run.fingerprint, one.code, round_, target),
        wide=adoption_charts.HALF,
    )


def _reasons(rows: pd.DataFrame) -> None:
    """Why a district has a rate, counts or nothing: one sentence each."""
    if rows.empty:
        return
    with st.expander("Why each district is shown as it is"):
        st.markdown(
            "\n".join(
                f"- **{words.md(row['area'])}**: {words.md(row['reason'])}"
                for row in rows.to_dict("records")
            )
        )


def same_sites(run: AdoptionRun) -> None:
    """What changed on the sites visited in both rounds, beside all sites of each round."""
    st.header("Change on the same sites")
    if len(run.rounds) < 2:
        st.caption("There is one round only. A change needs sites that were visited in two rounds.")
        return
    one = practice(chosen_practice())
    earlier, later = _rounds(run)
    if earlier == later:
        st.info("Choose two different rounds.")
        return
    panel = cached.panel(run.region_id, practice=one.code, earlier=earlier, later=later)
    for warning in panel.table["warning"].dropna():
        st.warning(words.md(str(warning)), icon=":material/warning:")
    rows = run.table
    title = f"{one.title}: {round_words(earlier)} and {round_words(later)}"
    adoption_charts.show(
        lambda width: panel_change(
            panel.table,
            rows,
            [one],
            title=title,
            notes=adoption_charts.notes_of(run),
            width=width,
        ),
        key="panel",
        made_of=(run.region_id, run.fingerprint, one.code, earlier, later),
    )
    if chosen_area() is not None:
        st.caption("These sites are those of the whole region, not of the chosen district alone.")


def _rounds(run: AdoptionRun) -> tuple[str, str]:
    """The two rounds that are compared: at first the last two."""
    for name, default in (("earlier", run.rounds[-2]), ("later", run.rounds[-1])):
        state.among(f"adoption.{name}", run.rounds)
        if not state.get(f"adoption.{name}"):
            state.put(f"adoption.{name}", default)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Earlier round", run.rounds, key="adoption.earlier", format_func=round_words, width=220
        )
        st.selectbox(
            "Later round", run.rounds, key="adoption.later", format_func=round_words, width=220
        )
    return str(state.get("adoption.earlier")), str(state.get("adoption.later"))
