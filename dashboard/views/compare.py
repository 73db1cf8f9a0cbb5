"""Compare: regions and countries side by side, with what else than practice makes them differ."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.areas import region_comparison
from dashboard.charts.figures import shown
from dashboard.views import adoption_charts, adoption_parts
from dashboard.workflows.adoption_types import CompareRun
from layers.facts import region, regions
from layers.practices import practices


def render() -> None:
    """Draw the page."""
    st.title("Regions side by side")
    adoption_parts.tabs()
    _choices()
    chosen = tuple(state.get("compare.regions") or ())
    if not chosen:
        st.info("Choose one region or more.")
        return
    run = cached.compare(chosen, practice=str(state.get("adoption.practice")))
    if run.table.empty:
        names = words.listing(region(one).name for one in chosen)
        st.info(
            f"No visits are recorded in {words.md(names)}. That is not the same as no use; "
            "there is nothing to compare yet."
        )
        return
    _caveats(run)
    _chart(run)
    _every(run)


def _choices() -> None:
    titles = {one.code: one.title for one in practices()}
    names = {one.region_id: f"{one.name}, {one.country_name}" for one in regions().values()}
    state.among("adoption.practice", titles)
    state.among("compare.regions", names)
    if state.get("compare.regions") is None:
        state.put("compare.regions", list(names))
    if not state.get("adoption.practice"):
        state.put("adoption.practice", cached.leading_practice(state.region_id()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.multiselect(
            "Regions",
            list(names),
            key="compare.regions",
            format_func=names.__getitem__,
            width=560,
        )
        st.selectbox(
            "Practice",
            list(titles),
            key="adoption.practice",
            format_func=lambda code: f"{titles[code]} ({code})",
            width=330,
        )


def _caveats(run: CompareRun) -> None:
    """Before any number: what else differs between the regions."""
    lines = [
        *run.caveats,
        *(f"{name}: no visits are recorded, so nothing is known there." for name in run.silent),
    ]
    with st.container(key="panel-caveats"):
        st.markdown("**Before you compare**")
        st.markdown("\n".join(f"- {words.md(line)}" for line in lines))


def _chart(run: CompareRun) -> None:
    one = run.practice
    st.header(words.md(one.title))
    targets = {
        region(region_id).name: target
        for region_id in run.region_ids
        if (target := adoption_charts.region_targets(cached.road_map(region_id)).get(one.code))
    }
    notes = ["Each site counts once, with its latest known state, whatever round it is of."]
    notes += [words.INVENTED] if run.demonstration else []
    adoption_charts.show(
        lambda width: region_comparison(
            run.table,
            one,
            title=f"{one.title}: regions side by side, no ranking",
            targets=targets,
            notes=(*notes, words.ABSENCE),
            width=width,
        ),
        key="regions",
        made_of=(run.fingerprint, one.code, tuple(sorted(targets.items()))),
    )


def _every(run: CompareRun) -> None:
    """Every practice as a table: a row a practice, a column a region."""
    st.header("Every practice")
    areas = list(dict.fromkeys(run.every["area"].astype(str)))
    told = {
        (str(row["area"]), str(row["practice"])): shown(row).sentence
        for row in run.every.to_dict("records")
    }
    recorded = {code for (_, code), text in told.items() if not text.startswith(words.NO_DATA)}
    rows = [
        {
            "practice": f"{one.title}{' (lower is better)' if one.is_better_low else ''}",
            **{area: told.get((area, one.code), words.NO_DATA) for area in areas},
        }
        for one in practices()
        if one.code in recorded
    ]
    if rows:
        adoption_charts.table(pd.DataFrame(rows), key="compare.every")
    silent = [one.title for one in practices() if one.code not in recorded]
    if silent:
        st.caption(f"No data in any of them: {words.md(words.listing(silent))}")
