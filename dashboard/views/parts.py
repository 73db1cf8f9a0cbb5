"""Pieces that several pages show: header, banner, footer, feature cards, layers for the map."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import cached, state, words
from dashboard.maps import MapLayer, MapVersion, map_layer, map_versions
from dashboard.workflows.ranking import scales
from dashboard.workflows.types import ConflictRun, FeatureCard, LayerRow, Overview, Progress
from layers.catalogue import Layer
from layers.facts import Region, kinds, region, regions, rule_pack, scenarios

FIRST_DAY = dt.date(1990, 1, 1)
LAST_DAY = dt.date(2100, 1, 1)
BELOW_ADOPTION = state.ADOPTION[1:]
"""Pages that stand in the second row, below the header's entry "Adoption"."""


def header(pages: Mapping[str, StreamlitPage], *, current: StreamlitPage) -> None:
    """Pages, region, rules and the link to share, the same on every page."""
    state.put("pages", pages)
    with st.container(key="top", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="brand", width="content"):
            st.markdown("Common Ground")
        with st.container(
            key="nav", horizontal=True, width="content", gap=None, vertical_alignment="center"
        ):
            for name, page in pages.items():
                if name in BELOW_ADOPTION:
                    continue
                within = name == "adoption" and current.url_path in BELOW_ADOPTION
                with st.container(key=f"nav-{name}{'-within' if within else ''}", width="content"):
                    st.page_link(page, width="content")
    with st.container(key="choices", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Region",
            list(regions()),
            key="header.region",
            format_func=lambda region_id: _region_label(region(region_id)),
            label_visibility="collapsed",
            width=210,
            on_change=_forget_selections,
        )
        if current.url_path not in (*state.ADOPTION, "visits", "data"):
            _rules_choice()
        _share(has_map=current.url_path in ("map", "conflicts", "hotspots"))
    _demonstration_banner(cached.overview(state.region_id()))


def _share(*, has_map: bool) -> None:
    """The link; where the map looks only the map itself can say, by a button of its own."""
    with st.popover("Share", icon=":material/link:"):
        opens = "region, page, filters and rules" if has_map else "region, page and rules"
        st.markdown(f"This link opens what you see now: {opens}.")
        st.code(state.link(), language=None, wrap_lines=True)
        if has_map:
            st.markdown(
                "To share **the map as it is** as well, where it looks, its layers and their "
                "strength, press the chain on the map, “Copy a link to this view”, or copy the "
                "address of your browser. The chain also gives the lines that put the map into "
                "another page."
            )


def _demonstration_banner(overview: Overview) -> None:
    if not overview.demonstration:
        return
    with st.container(key="banner"):
        st.markdown(f"**{words.INVENTED}**")
        if overview.mixed:
            st.markdown(words.MIXED)
            if st.button("Take the demonstration off", key="header.demonstration_off"):
                cached.take_demonstration_off(overview.region_id)
                st.rerun()


def _region_label(chosen: Region) -> str:
    return f"{chosen.name}, {chosen.country}"


def _forget_selections() -> None:
    """Another region has other districts, features and conflicts."""
    state.drop(
        "map.selected",
        "map.view",
        "map.layers",
        "map.swipe",
        "map.day",
        "map.search",
        "map.picked",
        "map.fly",
        "conflicts.fly",
        "conflicts.licences",
        "conflicts.selected",
        "conflicts.districts",
        "conflicts.rules",
        "header.scenarios",
        "hotspots.selected",
        "hotspots.since",
        "hotspots.rules",
        "hotspots.district_layer",
        "adoption.area",
        "adoption.site",
        "adoption.round",
        "adoption.earlier",
        "adoption.later",
        "roadmap.action",
    )


def _rules_choice() -> None:
    """The day of the rules and the proposals, folded into one button that says both."""
    pack = region(state.region_id()).rule_pack
    offered = scenarios(pack)
    state.among("header.scenarios", offered)
    added = len(state.scenarios())
    label = f"Rules of {words.day(state.rules_on())}"
    if added:
        label += f" + {words.count(added, 'proposal')}"
    with st.popover(label, icon=":material/gavel:"):
        st.date_input(
            "Rules as of",
            key="header.on",
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            format="DD/MM/YYYY",
            width=200,
            help="The rules that held on this day are applied to the data that are loaded.",
        )
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


RASTER_OPACITY = 0.3
"""Land cover lies below everything; at full strength nothing could be read on top of it."""


def map_layers(loaded: Overview, *, hidden: tuple[str, ...] = ()) -> tuple[MapLayer, ...]:
    """The layers of a region for the map; kinds in `hidden` start switched off."""
    return tuple(
        replace(
            map_layer(
                row.layer,
                visible=row.layer.kind not in hidden,
                opacity=RASTER_OPACITY if row.class_areas_ha else 1.0,
            ),
            corners=row.corners,
            dated=words.day(row.layer.current.data_date, missing="") or None,
            versions=_versions(row.layer),
        )
        for row in sorted(loaded.layers, key=_picture_day)
        if row.layer.current is not None
    )


def _picture_day(row: LayerRow) -> dt.date:
    """Pictures after everything else, by their days: the newest is drawn over the others."""
    version = row.layer.current
    if not row.is_picture or version is None:
        return dt.date.min
    return version.data_date or dt.date.min + dt.timedelta(days=1)


def _versions(layer: Layer) -> tuple[MapVersion, ...]:
    """The versions of a layer that has several, their dates in words."""
    if layer.version_count < 2:
        return ()
    return tuple(
        replace(version, dated=words.day(version.day, missing="") or None)
        for version in map_versions(cached.layer_versions(layer.layer_id))
    )


def feature(card: FeatureCard, *, key: str, heading: str | None = None) -> None:
    """A feature's own card: our fields, then the columns of its file."""
    with st.container(key=f"card-{card.kind}-{key}"):
        if heading:
            st.caption(heading)
        st.markdown(f"**{words.md(card.title)}**")
        st.caption(f"{words.md(card.kind_title)} · layer {words.md(card.layer_name)}")
        st.markdown(
            "  \n".join(
                f"{words.md(label)}: **{words.md(_shown(label, value, card.kind))}**"
                for label, value in card.fields.items()
            )
        )
        for caveat in card.caveats:
            st.caption(words.md(caveat))
        if card.demonstration and words.INVENTED not in card.caveats:
            st.caption(f":orange[{words.INVENTED}]")
        if card.source:
            with st.expander(f"All {len(card.source)} columns of the file"):
                facts(card.source, key=f"{key}.source")


def _shown(label: str, value: Any, kind_id: str) -> str:
    fact = kinds()[kind_id].fields.get("feature_class")
    is_class = fact is not None and label == fact.title and not words.is_missing(value)
    return words.class_name(value) if is_class else words.value(value)


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


def scale(name: str, level: int) -> str:
    """A level of a scale of data/ranking.toml ("breach", "receptor") in words."""
    return str(scales()[name]["titles"][level])
