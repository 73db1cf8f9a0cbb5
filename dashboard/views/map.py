"""Map: all layers, search, what lies under a click, and figures of a drawn area."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.maps import MapConflicts, MapEvent, MapSpec, map_conflicts, show_map
from dashboard.views import parts
from dashboard.workflows.types import Hit, Overview
from layers.facts import region

FOUND_SHOWN = 8


def render() -> None:
    """Draw the page."""
    chosen = region(state.region_id())
    loaded = cached.overview(chosen.region_id)
    if loaded.is_empty:
        st.info(f"Nothing is loaded for {words.md(chosen.name)} yet: the map shows its base only.")
        parts.go_to("data", "Add a layer", icon=":material/upload:")
    else:
        _search()
    wide, beside = st.columns([2.6, 1], gap="small")
    state.publish_link()  # before the map moves and writes its view into the address
    with wide:
        event = show_map(
            MapSpec(
                region_id=chosen.region_id,
                region_name=chosen.name,
                bounds=loaded.bounds,
                layers=parts.map_layers(loaded),
                conflicts=_conflicts(),
                highlight=_highlight(),
                zoom_to_highlight=state.get("map.fly", True),
                view=state.get("map.view"),
            ),
            key="map.frame",
            height=620,
        )
    _take(event)
    with beside:
        _selected(loaded)
        _area(event.polygon)
        _sources(loaded)


def _conflicts() -> MapConflicts | None:
    if not state.get("map.conflicts"):
        return None
    return map_conflicts(parts.conflict_run())


def _search() -> None:
    """Find by name or id; a result is flown to."""
    with st.container(key="search", horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Find by name or id",
            key="map.search",
            placeholder="A site, a licence number, a river …",
            width=300,
        )
        st.toggle("Show possible conflicts", key="map.conflicts")
    text = (state.get("map.search") or "").strip()
    if text:
        _results(cached.search(state.region_id(), text), text)


def _results(hits: Sequence[Hit], text: str) -> None:
    if not hits:
        st.caption(
            f"No name or id holds “{words.md(words.clip(text))}”. Part of a name is enough; "
            "capital letters and accents make no difference."
        )
        return
    with st.container(key="results", horizontal=True, wrap=False):
        for number, hit in enumerate(hits[:FOUND_SHOWN]):
            st.button(
                words.md(f"{words.clip(hit.title, length=32)} · {hit.layer_name}"),
                key=f"map.hit.{number}",
                icon=":material/near_me:",
                on_click=_fly,
                args=(hit.layer_id, hit.feature_id),
            )
    if len(hits) > FOUND_SHOWN:
        st.caption(f"The first {FOUND_SHOWN} of {len(hits)} or more. Type more of the name.")


def _fly(layer_id: str, feature_id: str) -> None:
    state.put("map.found", [(layer_id, feature_id)])
    state.put("map.fly", True)
    state.put("map.selected", f"{layer_id}/{feature_id}")


def _highlight() -> tuple[tuple[str, str], ...]:
    selected = state.get("map.selected")
    if not selected or "/" not in selected:
        return ()
    layer_id, feature_id = selected.split("/", 1)
    return ((layer_id, feature_id),)


def _take(event: MapEvent) -> None:
    """A new click chooses what lies under it; one on a conflict's sign opens its sheet."""
    if not state.new_event("map.frame", event.number) or event.what != "click":
        return
    if event.conflict_id:
        state.put("conflicts.selected", event.conflict_id)
        st.switch_page(parts.page("conflicts"))
    state.put("map.found", list(event.found))
    state.put("map.fly", False)
    state.put("map.selected", "/".join(event.found[0]) if event.found else None)
    st.rerun()


def _selected(loaded: Overview) -> None:
    """The card of the chosen feature; a choice among those that lie under one click."""
    highlight = _highlight()
    if not highlight:
        st.caption("Click a feature for its attributes, or draw an area for its figures.")
        return
    found: list[tuple[str, str]] = [tuple(pair) for pair in state.get("map.found", [])]
    names = {row.layer.layer_id: row.layer.name for row in loaded.layers}
    if len(found) > 1 and highlight[0] in found:
        st.selectbox(
            f"{len(found)} features here",
            [f"{layer_id}/{feature_id}" for layer_id, feature_id in found],
            key="map.selected",
            format_func=lambda both: _label(both, names),
        )
        highlight = _highlight()
    layer_id, feature_id = highlight[0]
    versions = {row.layer.layer_id: row.layer.current for row in loaded.layers}
    version = versions.get(layer_id)
    if version is None:
        st.caption("The feature of this link is not among the layers that are shown now.")
        return
    parts.feature(cached.feature_card(layer_id, version.version_id, feature_id), key="map.card")
    st.button("Clear the selection", key="map.clear", on_click=_clear)


def _label(both: str, names: Mapping[str, str]) -> str:
    layer_id, feature_id = both.split("/", 1)
    return f"{words.clip(feature_id, length=30)} · {names.get(layer_id, layer_id)}"


def _clear() -> None:
    state.drop("map.selected", "map.found")


def _area(polygon: Mapping[str, Any] | None) -> None:
    """Counts and hectares of every layer inside what was drawn."""
    if polygon is None:
        return
    figures = cached.area_figures(state.region_id(), polygon)
    with st.container(key="panel-area"):
        st.markdown(f"**Drawn area: {words.hectares(figures.area_ha)}**")
        if not figures.rows:
            st.caption(f"No feature of the layers lies in it. {words.ABSENCE}")
        else:
            frame = pd.DataFrame(
                [
                    {
                        "Layer": row["layer_name"],
                        "Class": words.class_name(row["feature_class"]),
                        "Features": row["features"],
                        "Inside (ha)": row["area_ha"],
                    }
                    for row in figures.rows
                ]
            )
            st.dataframe(
                frame,
                hide_index=True,
                key="map.figures",
                placeholder="",
                height=min(len(frame) + 1, 10) * 35 + 3,
                column_config={"Inside (ha)": st.column_config.NumberColumn(format="%.1f")},
            )
        for note in figures.notes:
            st.caption(words.md(note))


def _sources(loaded: Overview) -> None:
    """Every map says where it is from and how old that is."""
    with st.expander("Sources and dates", expanded=not _highlight()):
        lines = [
            f"**{words.md(layer.title)}**: {words.md(layer.source or words.NOT_STATED)} "
            f"({words.md(layer.dated or 'date not stated')})"
            for layer in parts.map_layers(loaded)
        ]
        st.caption("  \n".join([*lines, "**Base map**: Natural Earth, public domain"]))
