"""Overview: what is loaded, how old, from where; what it cannot tell; the conflicts in sum."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.views import dialogue_strip, landcover, parts
from dashboard.views.conflict_table import ROW_HEIGHT
from dashboard.workflows.types import ConflictRun, LayerRow, Overview
from layers.catalogue import LayerVersion
from layers.facts import region, regions


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    st.title(words.md(f"{chosen.name}, {chosen.country_name}"))
    _dialogue(chosen.dialogue)
    dialogue_strip.strip()
    loaded = cached.overview(chosen.region_id)
    if loaded.is_empty:
        _first_step(chosen.name)
        return
    figures = st.container()
    st.header("What is loaded")
    _layers(loaded.layers)
    _warnings(loaded.warnings)
    landcover.show([row.layer for row in loaded.layers])
    st.header("Possible conflicts")
    run = parts.conflict_run()
    with figures:
        _figures(loaded, run)
    _summary(run)
    not_assessed(run)
    dialogue_strip.adoption_line(chosen.region_id)


def _dialogue(dialogue: Any) -> None:
    known = dialogue.phase in dialogue_strip.PHASES
    phase = f"Dialogue: **{words.md(dialogue.phase)}**" if known else "Dialogue: phase not known"
    held = f", held {words.md(dialogue.held)}" if dialogue.held else ""
    note = f" {words.md(dialogue.note)}" if dialogue.note else ""
    st.markdown(f"{phase}{held}.{note} :gray[{words.md(words.dialogue_status(dialogue.status))}]")


def _first_step(name: str) -> None:
    """Nothing is loaded: what to do first."""
    st.markdown(f"Nothing is loaded for {words.md(name)} yet. There are two ways to begin.")
    own, demonstration = st.columns(2)
    with own, st.container(key="panel-own"):
        st.subheader("Bring your own files")
        st.markdown(
            "Mine sites, licences, farmland, water: a table with coordinates or any common map "
            "file. You are asked what is what; nothing is used before you have seen it."
        )
        parts.go_to("data", "Add a layer", icon=":material/upload:")
    with demonstration, st.container(key="panel-demonstration"):
        st.subheader("Look at the demonstration")
        shown = [one for one in regions().values() if one.demonstration]
        st.markdown(
            "An invented mining landscape around "
            f"{words.md(words.listing(one.name for one in shown))}, to try everything with."
        )
        if st.button("Show the demonstration", key="overview.demonstration"):
            _show_demonstration(shown[0].region_id)


def _show_demonstration(region_id: str) -> None:
    with parts.progress("Loading the demonstration") as tell:
        loaded = cached.load_demonstration(progress=tell)
    if not loaded and cached.overview(region_id).is_empty:
        st.info(
            "The demonstration is loaded only into a store that never held a layer of it. "
            "Its layers were deleted: bring them back on the Data page."
        )
        return
    state.switch_region(region_id)
    st.rerun()


def _figures(loaded: Overview, run: ConflictRun) -> None:
    """The four numbers that one asks for first."""
    sites = sum(row.features for row in loaded.layers if row.layer.kind == "mine_sites")
    verdicts = run.table["verdict"].value_counts()
    with st.container(key="figures", horizontal=True, gap="small"):
        st.metric("Layers", words.count(len(loaded.layers)), border=True)
        known = any(row.layer.kind == "mine_sites" for row in loaded.layers)
        st.metric("Mine sites", words.count(sites) if known else words.NO_DATA, border=True)
        st.metric("Pairs inside a line", words.count(int(verdicts.get("inside", 0))), border=True)
        st.metric("Too close to call", words.count(int(verdicts.get("too_close", 0))), border=True)


def _layers(rows: Sequence[LayerRow]) -> None:
    """A card for each layer, three abreast; below each other on a phone."""
    for start in range(0, len(rows), 3):
        for column, row in zip(st.columns(3), rows[start : start + 3], strict=False):
            with column:
                _layer_card(row)


def _layer_card(row: LayerRow) -> None:
    version = row.layer.current
    with st.container(key=f"card-{row.layer.kind}-{row.layer.layer_id}"):
        name = words.md(row.layer.name)
        title = f"**{name}**"
        if row.layer.name.strip().casefold() != row.kind_title.casefold():
            title += f" · {words.md(row.kind_title)}"
        area = "" if row.area_ha is None else f" · {words.hectares(row.area_ha)}"
        what = "pixel with a class" if row.class_areas_ha else "feature"
        many = words.count(
            row.features, what, "pixels with a class" if row.class_areas_ha else None
        )
        st.markdown(f"{title}  \n{many}{area}")
        if version is None:
            return
        if row.class_areas_ha:
            st.markdown(raster_lines(row))
        st.caption(
            f"{words.md(words.data_date(version.data_date))} · version {version.number} of "
            f"{row.layer.version_count}, imported {words.day(version.imported_at)}  \n"
            f"From {words.md(version.source_note or version.filename)}  \n{_read_as(version)}"
        )
        if row.layer.demonstration:
            st.caption(":orange[Invented for demonstration]")


def raster_lines(row: LayerRow) -> str:
    """The classes of a raster with their hectares, the size of a pixel, and what has no class."""
    lines = [
        f"{words.md(words.class_name(name))}: {words.hectares(area_ha)}"
        for name, area_ha in sorted(row.class_areas_ha.items(), key=lambda one: -one[1])
    ]
    if row.without_data:
        lines.append(f"no data: {words.count(row.without_data, 'pixel')}")
    if row.left_out:
        lines.append(f"left out on import: {words.count(row.left_out, 'pixel')}")
    if row.pixel_m:
        wide, high = row.pixel_m
        lines.append(f"pixel: {words.number(round(wide, 1))} x {words.metres(round(high, 1))}")
    return "  \n".join(lines)


def _read_as(version: LayerVersion) -> str:
    how = words.CRS_HOW.get(version.crs_how or "", version.crs_how or "")
    text = f"Read as {version.crs or 'no CRS'}" + (f", {how}" if how else "")
    told = ("datum_shifted", "datum_shift_unknown")
    shift = next((one for one in version.findings if one.code in told), None)
    return words.md(f"{text}. {shift.message}" if shift else text)


def _warnings(warnings: Sequence[str]) -> None:
    """What the layers cannot tell."""
    with st.container(key="panel-warnings"):
        st.markdown("**What these layers cannot tell**")
        told = any("absence of data" in line.casefold() for line in warnings)
        lines = [*warnings] if told else [*warnings, words.ABSENCE]
        st.markdown("\n".join(f"- {words.md(line)}" for line in dict.fromkeys(lines)))


def _summary(run: ConflictRun) -> None:
    """One row a rule and pair of layers, with pairs, distinct features and ground covered once."""
    st.caption(
        f"Rules as of {words.day(run.as_of)}"
        + (f", with the proposal {words.md(words.listing(run.scenarios))}" if run.scenarios else "")
        + ". Hectares count ground once, however many layers lie over it."
    )
    if not run.summary:
        st.info("No rule could be applied to the layers that are loaded: see the reasons below.")
        return
    titles = {rule.rule_id: rule for rule in run.rules}
    names = {row.layer.layer_id: row.layer.name for row in cached.overview(run.region_id).layers}
    # rules first; observations of ours after them, each in the order of the rule pack
    rows = sorted(
        (row for row in run.summary if row["pairs"]),
        key=lambda row: titles[row["rule"]].kind == "observation",
    )
    frame = pd.DataFrame(
        [
            {
                "Rule, between": f"{titles[row['rule']].title}: {_between(row, names)}",
                "Inside": row["verdicts"].get("inside", 0),
                "Too close": row["verdicts"].get("too_close", 0),
                "Pairs": row["pairs"],
                "Distinct": row["subjects"],
                "Touched": row["objects"] if row["object_layer"] else None,
                "Ground (ha)": row["union_ha"],
                "Kind of rule": words.KINDS_SHORT.get(
                    titles[row["rule"]].kind, titles[row["rule"]].kind.capitalize()
                ),
                "Status": words.STATUS_SHORT.get(titles[row["rule"]].status, "Unverified"),
            }
            for row in rows
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        key="overview.summary",
        height=min(len(frame), 8) * ROW_HEIGHT + 38,
        row_height=ROW_HEIGHT,
        placeholder="",
        column_config={
            "Rule, between": st.column_config.TextColumn(
                "Rule, and between which layers", width=330
            ),
            "Pairs": st.column_config.NumberColumn(help="Pairs of features", format="localized"),
            "Distinct": st.column_config.NumberColumn(
                "Features", help="Distinct sites, licences or detections", format="localized"
            ),
            "Touched": st.column_config.NumberColumn(
                help="Distinct features that they touch", format="localized"
            ),
            "Ground (ha)": st.column_config.NumberColumn(
                help="Overlap, ground covered twice counted once; empty = no area known",
                format="%.1f",
            ),
        },
    )
    if any(titles[row["rule"]].relation == "self_overlap" for row in rows):
        st.caption(
            "Where the two layers of a row are one and the same, such as licence on licence, "
            "Features and Touched count among the same features: each pair is told once, and its "
            "two sides stand in one column each."
        )
    without = len(run.summary) - len(rows)
    if without:
        st.caption(
            f"{words.count(without, 'more comparison')} of layers found no pair at all; that is "
            "an answer about the layers that are loaded, not about the ground."
        )
    parts.go_to("conflicts", "Open the conflicts", icon=":material/arrow_forward:")


def _between(row: Any, names: dict[str, str]) -> str:
    subject = names.get(row["subject_layer"], row["subject_layer"])
    if not row["object_layer"]:
        return str(subject)
    return f"{subject} – {names.get(row['object_layer'], row['object_layer'])}"


def not_assessed(run: ConflictRun) -> None:
    """The rules that could not be looked at, each with its reason."""
    if run.not_assessed:
        with st.expander(f"Not assessed: {words.count(len(run.not_assessed), 'rule')}, and why"):
            st.markdown("\n".join(f"- {words.md(line)}" for line in run.not_assessed))
