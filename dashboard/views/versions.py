"""Layers and their versions: which one is shown, going back, taking off, the original file."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.workflows.types import Overview
from layers.catalogue import Layer, LayerVersion
from layers.facts import kinds


def show(loaded: Overview) -> None:
    """Draw the layers of a region, one of them opened, and those that were deleted."""
    layers = {row.layer.layer_id: row.layer for row in loaded.layers}
    if not layers:
        st.caption("No layer yet. The first one you import appears here.")
    else:
        state.among("data.chosen", layers)
        st.selectbox(
            "Layer",
            list(layers),
            key="data.chosen",
            format_func=lambda layer_id: _label(layers[layer_id]),
            width=460,
        )
        _layer(layers[state.get("data.chosen")])
    _deleted(loaded.region_id)


def _label(layer: Layer) -> str:
    return f"{layer.name} · {kinds()[layer.kind].title}"


def _layer(layer: Layer) -> None:
    versions = cached.layer_versions(layer.layer_id)
    current = layer.current
    st.dataframe(
        version_table(versions, current=current),
        hide_index=True,
        key="data.versions",
        height=min(len(versions) + 1, 8) * 35 + 3,
        placeholder="",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            "Version",
            [version.number for version in versions],
            key=f"data.version.{layer.layer_id}",
            width=110,
        )
        chosen = next(version for version in versions if version.number == number)
        is_shown = current is not None and chosen.version_id == current.version_id
        if st.button(
            "Show this version",
            key="data.roll_back",
            icon=":material/history:",
            disabled=is_shown,
            help="It is the one shown." if is_shown else None,
        ):
            confirm_roll_back(layer, chosen)
        st.download_button(
            "Original file",
            data=lambda: cached.original(chosen),
            file_name=words.file_name(chosen.filename),
            mime="application/octet-stream",
            key="data.original",
            icon=":material/download:",
            on_click="ignore",
        )
        if st.button("Delete the layer", key="data.delete", icon=":material/delete:"):
            confirm_delete(layer)
    told = chosen.findings
    if told:
        with st.expander(f"{words.count(len(told), 'finding')} of version {number}"):
            for finding in told:
                st.markdown(f"- {words.md(finding.message)}")


def version_table(
    versions: tuple[LayerVersion, ...], *, current: LayerVersion | None
) -> pd.DataFrame:
    """The versions of a layer as a table for people; row counts add up."""
    shown = current.version_id if current else None
    return pd.DataFrame(
        [
            {
                "Version": version.number,
                "Shown": "shown" if version.version_id == shown else "",
                counted_in(version): version.features,
                "Data date": words.day(version.data_date),
                "Imported": words.moment(version.imported_at),
                "By": version.imported_by,
                "File": version.filename,
                "Pixels read" if version.is_raster else "Rows read": version.read,
                "as they were": version.imported,
                "repaired": version.repaired,
                "rejected": version.rejected,
                "Read as": version.crs or words.NOT_STATED,
            }
            for version in versions
        ]
    )


def counted_in(version: LayerVersion) -> str:
    """What a version holds, as the head of a column."""
    if version.is_picture:
        return "Pixels with a colour"
    return "Pixels with a class" if version.is_raster else "Features"


@st.dialog("Show another version?")
def confirm_roll_back(layer: Layer, version: LayerVersion) -> None:
    """Ask before every page shows other data."""
    now = layer.current.features if layer.current else 0
    one = "pixel" if version.is_raster else "feature"
    st.markdown(
        f"Map, tables and conflicts will use version {version.number} of "
        f"“{words.md(layer.name)}”, with {words.count(version.features, one)} instead of "
        f"{words.count(now)}. No version is lost; you can go forward again in the same way."
    )
    with st.container(horizontal=True):
        if st.button(f"Show version {version.number}", key="data.roll_back.yes", type="primary"):
            cached.roll_back(layer.layer_id, version=version.version_id)
            st.rerun()
        if st.button("Keep it as it is", key="data.roll_back.no"):
            st.rerun()


@st.dialog("Delete the layer?")
def confirm_delete(layer: Layer) -> None:
    """Ask, with its name typed, before a layer leaves every page."""
    st.markdown(
        f"“{words.md(layer.name)}” leaves the map, the tables and the conflicts. Its versions and "
        "files are kept, and it can be brought back on this page."
    )
    typed = st.text_input("Type the name of the layer to confirm", key="data.delete.name")
    with st.container(horizontal=True):
        if st.button(
            "Delete it",
            key="data.delete.yes",
            type="primary",
            disabled=typed.strip() != layer.name.strip(),
        ):
            cached.delete_layer(layer.layer_id)
            state.drop("data.chosen")
            st.rerun()
        if st.button("Keep it", key="data.delete.no"):
            st.rerun()


def _deleted(region_id: str) -> None:
    gone = cached.deleted_layers(region_id)
    if not gone:
        return
    with st.expander(f"Deleted: {words.count(len(gone), 'layer')}"):
        for layer in gone:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(words.md(_label(layer)), width=320)
                st.button(
                    "Bring it back",
                    key=f"data.back.{layer.layer_id}",
                    on_click=cached.roll_back,
                    args=(layer.layer_id,),
                )
