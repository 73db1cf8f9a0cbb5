"""Visits that came again with other content: old beside new, and somebody's choice."""

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.views import parts
from dashboard.workflows import SAYABLE
from layers.facts import Region
from layers.ledger.records import Batch, Difference, Held, Take

SHOWN = 20


def show(region: Region) -> None:
    """The records that wait, each with its differences and two buttons; then the imports."""
    waiting = cached.held_visits(region.region_id)
    if waiting:
        st.subheader(f"{words.count(len(waiting), 'visit')} to choose between", anchor=False)
        st.caption(
            "They came again with other content. The old record counts until you choose; both are "
            "kept, and you can choose again."
        )
        if len(waiting) > 1:
            with st.container(horizontal=True):
                _buttons(region, waiting, label="all", key="all")
        for one in waiting[:SHOWN]:
            _held(region, one)
        if len(waiting) > SHOWN:
            st.caption(f"{words.count(len(waiting) - SHOWN, 'more')} below these, once chosen.")
    _imports(region)


def _held(region: Region, held: Held) -> None:
    with st.container(key=f"card-held-{held.held_id}"):
        st.markdown(f"**Visit {words.md(words.clip(held.visit_id, length=80))}**")
        st.caption(
            words.md(f"came again from '{held.filename}', row {held.source_row}")
            + (
                f" · {words.count(held.corrections, 'correction')} of the old one"
                if held.corrections
                else ""
            )
        )
        if held.differences:
            st.dataframe(
                pd.DataFrame(
                    {
                        "What": [_what(one) for one in held.differences],
                        "Old": [words.value(one.old) for one in held.differences],
                        "New": [words.value(one.new) for one in held.differences],
                    }
                ),
                hide_index=True,
                key=f"visits.held.{held.held_id}",
            )
        else:
            st.caption("They differ only in what the ledger does not keep.")
        with st.container(horizontal=True):
            _buttons(region, (held,), label="the", key=str(held.held_id))


def _what(difference: Difference) -> str:
    name = difference.field.replace("_", " ")
    return f"{difference.practice} {name}" if difference.practice else name


def _buttons(region: Region, held: tuple[Held, ...], *, label: str, key: str) -> None:
    ids = [one.held_id for one in held]
    takes: tuple[tuple[Take, str], ...] = (("old", "Keep"), ("new", "Take"))
    for take, verb in takes:
        st.button(
            f"{verb} {label} {take}",
            key=f"visits.settle.{key}.{take}",
            on_click=_settle,
            args=(region.region_id, ids, take),
        )


def _settle(region_id: str, ids: list[int], take: Take) -> None:
    cached.settle_visits(region_id, ids, take=take)


def _imports(region: Region) -> None:
    """What was imported, newest first."""
    batches = cached.visit_batches(region.region_id)
    if not batches:
        return
    with st.expander(f"{words.count(len(batches), 'import')} of visits"):
        st.dataframe(
            pd.DataFrame(
                {
                    "File": [words.clip(one.filename) for one in batches],
                    "Imported": [words.moment(one.imported_at) for one in batches],
                    "Visits": [one.visits for one in batches],
                    "Observations": [one.observations for one in batches],
                    "First day": [words.day(one.first_day) for one in batches],
                    "Last day": [words.day(one.last_day) for one in batches],
                    "Invented": ["yes" if one.demonstration else "no" for one in batches],
                    "Counts": ["yes" if one.counts else "taken off" for one in batches],
                }
            ),
            hide_index=True,
            key="visits.imports",
        )
        _take_off(region, {one.number: one for one in batches})


def _take_off(region: Region, batches: dict[int, Batch]) -> None:
    """Take a whole import off, as after a wrong mapping, or put it back."""
    state.among("visits.import", list(batches))
    number = st.selectbox(
        "Import",
        list(batches),
        key="visits.import",
        format_func=lambda one: f"{one}. {words.clip(batches[one].filename)}",
        width=460,
    )
    counts = batches[number].counts
    if counts:
        st.caption(
            "Taken off, its visits count nowhere; nothing is erased, and the same file can be "
            "imported in another way. Its layer on the map is deleted apart, on this page."
        )
    why = st.text_input("Why", key="visits.off_why", max_chars=200) if counts else ""
    if st.button("Take this import off" if counts else "Put this import back", key="visits.off"):
        try:
            if counts:
                cached.take_visits_off(region.region_id, number, why=why)
            else:
                cached.put_visits_back(region.region_id, number)
        except SAYABLE as error:
            parts.problem(str(error))
            return
        state.drop("visits.off_why")
        st.rerun()
