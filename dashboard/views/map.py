"""Map: all layers, search, what lies under a click, and figures of a drawn area."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import cached, state, words
from dashboard.basemap import ATTRIBUTION
from dashboard.maps import MapConflicts, MapEvent, MapSpec, map_conflicts, show_map
from dashboard.views import parts, site_card, stories, visits_stops
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
    with wide, st.container(key="mapframe"):
        event = show_map(map_spec(loaded), key="map.frame", height=620)
    _take(event)
    with beside:
        _area(event.polygon)
        _selected(loaded)
        stories.show(loaded.region_id)
        _sources(loaded)


def map_spec(loaded: Overview) -> MapSpec:
    """What the map of this page shows."""
    return MapSpec(
        region_id=loaded.region_id,
        region_name=region(loaded.region_id).name,
        bounds=loaded.bounds,
        layers=parts.map_layers(loaded),
        conflicts=_conflicts(),
        highlight=_highlight(),
        # a link that says where to look is taken at its word
        story=stories.presented(loaded.region_id),
        zoom_to_highlight=state.get("map.fly", state.get("map.view") is None),
        **state.of_link(),
    )


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
            placeholder="Find a site, a licence number, a river …",
            label_visibility="collapsed",
            width=320,
        )
        st.toggle("Possible conflicts", key="map.conflicts")
    text = (state.get("map.search") or "").strip()
    if text:
        _results(cached.search(state.region_id(), text), text)


def _results(hits: Sequence[Hit], text: str) -> None:
    """The hits as buttons in one line; once one was chosen, that one and a way back."""
    if not hits:
        st.caption(
            f"No name or id holds “{words.md(words.clip(text))}”. Part of a name is enough; "
            "capital letters and accents make no difference."
        )
        return
    labels = hit_labels(hits)
    picked = state.get("map.picked")
    if picked and picked[0] == text and picked[1] in labels:
        with st.container(key="results", horizontal=True, vertical_alignment="center", wrap=False):
            st.caption(f"Shown: **{words.md(labels[picked[1]])}**", width="content")
            if len(hits) > 1:
                others = words.count(len(hits) - 1, "other result")
                st.button(others, key="map.others", on_click=state.drop, args=("map.picked",))
        return
    with st.container(key="results", horizontal=True, wrap=False):
        for number, hit in enumerate(hits[:FOUND_SHOWN]):
            st.button(
                words.md(labels[hit.layer_id, hit.feature_id]),
                key=f"map.hit.{number}",
                icon=":material/near_me:",
                on_click=_fly,
                args=(hit.layer_id, hit.feature_id, text),
            )
    if len(hits) > FOUND_SHOWN:
        st.caption(f"The first {FOUND_SHOWN} of {len(hits)} or more. Type more of the name.")


def hit_labels(hits: Sequence[Hit]) -> dict[tuple[str, str], str]:
    """Each hit by (layer id, feature id) as name and layer; its id too where those are equal."""
    plain = [f"{words.clip(hit.title, length=32)} · {hit.layer_name}" for hit in hits]
    twice = {label for label, many in Counter(plain).items() if many > 1}
    return {
        (hit.layer_id, hit.feature_id): (
            f"{label} · {words.clip(hit.feature_id, length=20)}" if label in twice else label
        )
        for hit, label in zip(hits, plain, strict=True)
    }


def _fly(layer_id: str, feature_id: str, text: str) -> None:
    state.put("map.picked", (text, (layer_id, feature_id)))
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
    card = cached.feature_card(layer_id, version.version_id, feature_id)
    parts.feature(card, key="map.card")
    if card.kind == "mine_sites":
        site_card.show_visits(feature_id)
        site_card.show_voices(layer_id, feature_id)
        visits_stops.add_from_map(layer_id, feature_id)
    st.button("Clear the selection", key="map.clear", on_click=_clear)


def _label(both: str, names: Mapping[str, str]) -> str:
    layer_id, feature_id = both.split("/", 1)
    return f"{words.clip(feature_id, length=30)} · {names.get(layer_id, layer_id)}"


def _clear() -> None:
    state.drop("map.selected", "map.found")


def _area(polygon: Mapping[str, Any] | None) -> None:
    """Hectares and counts of every layer inside what was drawn."""
    if polygon is None:
        return
    figures = cached.area_figures(state.region_id(), polygon)
    with st.container(key="panel-area"):
        st.markdown(f"**Drawn area: {words.hectares(figures.area_ha)}**")
        if not figures.rows:
            st.caption(f"No feature of the layers lies in it. {words.ABSENCE}")
        else:
            st.markdown("\n".join(f"- {area_line(row)}" for row in figures.rows))
        for note in figures.notes:
            st.caption(words.md(note))


def area_line(row: Mapping[str, Any]) -> str:
    """What lies of one layer in the drawn area, figures first, so that no narrow panel cuts them.

    Points and lines have no area: they are counted only.
    """
    many = words.count(row["features"], "feature")
    inside = row["area_ha"]
    figures = many if words.is_missing(inside) else f"{words.hectares(inside)} inside, {many}"
    name = row["layer_name"]
    if row["feature_class"]:
        name = f"{name}, {words.class_name(row['feature_class'])}"
    return f"**{figures}**: {words.md(name)}"


def _sources(loaded: Overview) -> None:
    """Every map says where it is from and how old that is."""
    with st.expander("Sources and dates", expanded=not _highlight()):
        lines = [
            f"**{words.md(layer.title)}**: {words.md(layer.source or words.NOT_STATED)} "
            f"({words.md(layer.dated or 'date not stated')})"
            for layer in parts.map_layers(loaded)
        ]
        st.caption("  \n".join([*lines, f"**Base map**: {ATTRIBUTION}"]))
