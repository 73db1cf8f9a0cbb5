"""Pieces that several pages show: header, banner, footer, feature cards, layers for the map."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import cached, state, words
from dashboard.maps import MapConflicts, MapLayer, View
from dashboard.workflows.types import ConflictRun, FeatureCard, Overview, Progress
from layers.facts import Kind, Region, kinds, region, regions, rule_pack, scenarios

FIRST_DAY = dt.date(1990, 1, 1)
LAST_DAY = dt.date(2100, 1, 1)


def header(pages: Mapping[str, StreamlitPage], *, current: StreamlitPage) -> None:
    """Pages, region, rules and the link to share, the same on every page."""
    state.put("pages", pages)
    with st.container(key="top", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="brand", width="content"):
            st.markdown("Common Ground")
        with st.container(
            key="nav", horizontal=True, width="content", gap=None, vertical_alignment="center"
        ):
            for page in pages.values():
                st.page_link(page, width="content")
    with st.container(key="choices", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Region",
            list(regions()),
            key="header.region",
            format_func=lambda region_id: _region_label(region(region_id)),
            width=230,
            on_change=_forget_selections,
        )
        if current.url_path != "data":
            _rules_choice()
        with st.popover("Share", icon=":material/link:"):
            st.markdown("This link opens what you see now: region, page, filters and rules.")
            st.code(state.link(), language=None, wrap_lines=True)
    if cached.overview(state.region_id()).demonstration:
        with st.container(key="banner"):
            st.markdown(f"**{words.INVENTED}**")


def _region_label(chosen: Region) -> str:
    return f"{chosen.name}, {chosen.country}"


def _forget_selections() -> None:
    """Another region has other districts, features and conflicts."""
    state.drop(
        "map.selected",
        "map.view",
        "map.search",
        "conflicts.selected",
        "conflicts.districts",
        "conflicts.rules",
        "header.scenarios",
    )


def _rules_choice() -> None:
    st.date_input(
        "Rules as of",
        key="header.on",
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        format="DD/MM/YYYY",
        width=150,
        help="The rules that held on this day are applied to the data that are loaded.",
    )
    pack = region(state.region_id()).rule_pack
    offered = scenarios(pack)
    state.among("header.scenarios", offered)
    if offered:
        st.pills(
            "Add proposals",
            offered,
            selection_mode="multi",
            key="header.scenarios",
            format_func=lambda name: _proposal(name, pack),
            help="A proposal is not in force. Add it to see what it would change.",
        )


def _proposal(name: str, pack: str) -> str:
    """What a scenario adds, by the titles of its rules."""
    titles = [rule.title for rule in rule_pack(pack) if rule.scenario == name]
    return words.md(words.listing(dict.fromkeys(titles)))


def footer() -> None:
    """The two sentences that stand below everything."""
    with st.container(key="footer"):
        st.caption(f"{words.NOT_ILLEGAL} {words.ABSENCE}")


def problem(sentence: str) -> None:
    """An error that stops what the page was doing, as its plain sentence."""
    st.error(words.md(sentence), icon=":material/error:")


def page(name: str) -> StreamlitPage:
    """A page to link to."""
    return state.get("pages")[name]  # type: ignore[no-any-return]


def go_to(name: str, label: str, *, icon: str | None = None) -> None:
    """A link to another page, drawn like a button."""
    with st.container(key=f"go-{name}-{label.split(maxsplit=1)[0].lower()}", width="content"):
        st.page_link(page(name), label=label, icon=icon, width="content")


@contextmanager
def progress(sentence: str) -> Iterator[Progress]:
    """A progress bar that is gone when the work is done; yields what the work calls."""
    bar = st.empty()

    def tell(share: float, what: str) -> None:
        bar.progress(min(max(share, 0.0), 1.0), text=words.md(what or sentence))

    try:
        yield tell
    finally:
        bar.empty()


def conflict_run() -> ConflictRun:
    """The conflicts of the region under the chosen rules; a progress bar while they are made."""
    with progress("Comparing layers") as tell:
        return cached.conflicts(
            state.region_id(),
            on=state.rules_on(),
            scenarios=state.scenarios(),
            progress=tell,
        )


def kind_of(kind_id: str) -> Kind:
    """A kind of layer."""
    return kinds()[kind_id]


def map_layers(loaded: Overview, *, hidden: tuple[str, ...] = ()) -> tuple[MapLayer, ...]:
    """The layers of a region for the map; kinds in `hidden` start switched off."""
    rows = []
    for row in loaded.layers:
        version = row.layer.current
        if version is None:
            continue
        kind = kind_of(row.layer.kind)
        rows.append(
            MapLayer(
                layer_id=row.layer.layer_id,
                version_id=version.version_id,
                kind=kind.kind_id,
                title=row.layer.name,
                color=kind.color,
                symbol=kind.symbol,
                order=kind.order,
                features=row.features,
                visible=kind.kind_id not in hidden,
                demonstration=row.layer.demonstration,
                source=version.source_note or version.filename,
                dated=words.data_date(version.data_date),
            )
        )
    return tuple(rows)


def map_view() -> View | None:
    """Where the link says that the map looks; None = let the map decide."""
    view = state.get("map.view")
    return None if view is None else View(latitude=view[0], longitude=view[1], zoom=view[2])


def feature(card: FeatureCard, *, key: str, heading: str | None = None) -> None:
    """A feature's own card: our fields, then the columns of its file."""
    with st.container(key=f"card-{card.kind}-{key}"):
        if heading:
            st.caption(heading)
        st.markdown(f"**{words.md(card.title)}**")
        st.caption(f"{words.md(card.kind_title)} · layer {words.md(card.layer_name)}")
        st.markdown(
            "  \n".join(
                f"{words.md(label)}: **{words.md(words.value(value))}**"
                for label, value in card.fields.items()
            )
        )
        for caveat in card.caveats:
            st.caption(words.md(caveat))
        if card.demonstration:
            st.caption(f":orange[{words.INVENTED}]")
        if card.source:
            with st.expander(f"All {len(card.source)} columns of the file"):
                facts(card.source, key=f"{key}.source")


def facts(values: Mapping[str, Any], *, key: str) -> None:
    """Labels and values as a plain table: a canvas, so that nothing in a value is ever executed."""
    frame = pd.DataFrame(
        {
            "What": [str(label) for label in values],
            "Value": [words.value(value) for value in values.values()],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        key=key,
        height=min(len(frame) + 1, 12) * 35 + 3,
        column_config={
            "What": st.column_config.TextColumn(width=150),
            "Value": st.column_config.TextColumn(width=220),
        },
    )


def map_conflicts(
    run: ConflictRun, *, shown: tuple[str, ...] | None = None, selected: str | None = None
) -> MapConflicts:
    """The conflicts of a run for the map."""
    return MapConflicts(
        region_id=run.region_id,
        fingerprint=run.fingerprint,
        on=run.as_of,
        scenarios=run.scenarios,
        shown=shown,
        selected=selected,
        demonstration=run.demonstration,
    )
