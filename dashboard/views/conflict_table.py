"""The table of conflicts: what it shows first, and the row that is chosen in it."""

import pandas as pd
import streamlit as st

from dashboard import state, words

ROWS_SHOWN = 1000
"""Rows of the table on the page; the downloads hold all of them."""
ROW_HEIGHT = 66
"""Pixels; Streamlit wraps the text of a cell only from 65 on."""


def listed(shown: pd.DataFrame, *, selected: str | None) -> pd.DataFrame:
    """The rows of the table: the first ones by rank, and the selected one wherever it ranks."""
    rows = shown.sort_values("rank").head(ROWS_SHOWN)
    if selected and not (rows["conflict_id"] == selected).any():
        rows = pd.concat([shown[shown["conflict_id"] == selected], rows])
    return rows.reset_index(drop=True)


def for_people(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows under the headings a person reads, the essentials of each in one cell.

    A phone shows the first 350 pixels of a table: verdict, what, rule and with must be there.
    """
    verdict = rows["verdict"].map(words.VERDICTS)
    what = rows["subject_name"].fillna(rows["subject_id"]).astype(str)
    with_ = rows["object_name"].fillna(rows["object_id"])
    second = [
        rule if words.is_missing(other) else f"{rule} – {other}"
        for rule, other in zip(rows["rule_title"], with_, strict=True)
    ]
    return pd.DataFrame(
        {
            "Rank": rows["rank"],
            "Possible conflict": verdict
            + ": "
            + what
            + " – "
            + pd.Series(second, index=rows.index),
            "Overlap (ha)": rows["area_ha"],
            "Share (%)": rows["share"] * 100,
            "Distance (m)": rows["distance_m"],
            "Rule crossed": rows["breach"],
            "Kind of rule": rows["rule_kind"].map(words.KINDS_SHORT),
            "Status of rule": rows["rule_status"].map(words.STATUS_SHORT),
            "Licence on that day": rows["licence_state"].map(words.LICENCE_STATES),
            "Touched": rows["receptor"],
            "District": rows["district"],
            "Verdict": verdict,
            "What": what,
            "Rule": rows["rule_title"],
            "With": with_,
        }
    )


def show_table(shown: pd.DataFrame) -> None:
    """Draw the table; a row that is chosen becomes the selected conflict."""
    selected = state.get("conflicts.selected")
    rows = listed(shown, selected=selected)
    at = rows.index[rows["conflict_id"] == selected].tolist()
    frame = for_people(rows)
    # Streamlit takes a default selection only from a table it has not seen: a selection made on
    # the map, by a link or lost to a filter gives the table a new key
    signature = (len(rows), rows["conflict_id"].iloc[0], rows["conflict_id"].iloc[-1])
    if state.get("conflicts.rows") != signature:
        state.put("conflicts.rows", signature)
        next_table()
    key = f"conflicts.table.{state.get('conflicts.table_number', 0)}"
    picked = st.dataframe(
        frame,
        hide_index=True,
        key=key,
        height=430,
        row_height=ROW_HEIGHT,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": at[:1], "columns": [], "cells": []}},
        column_config=_columns(),
    )
    chosen = [row for row in picked["selection"]["rows"] if row < len(rows)]
    if chosen:
        now = rows["conflict_id"].iloc[chosen[0]]
        if now != selected:
            state.put("conflicts.fly", True)
        state.put("conflicts.selected", now)
    elif at:
        # it was listed and somebody took the mark away; one that is not listed keeps its sheet
        state.put("conflicts.selected", None)


def next_table() -> None:
    """Have the table drawn as one that Streamlit has not seen, with the selection we give it."""
    state.put("conflicts.table_number", state.get("conflicts.table_number", 0) + 1)


def _columns() -> dict[str, object]:
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        "Rank": number(width=44),
        "Possible conflict": text(
            width=254, help="The verdict, what it is about, the rule, and what it lies on or near"
        ),
        "Overlap (ha)": number(format="%.2f", width=95, help="Empty = no area known, never zero"),
        "Share (%)": number(
            format="%.0f", width=80, help="Overlap as a share of the site's or licence's area"
        ),
        "Distance (m)": number(format="%.0f", width=100, help="0 = they touch or overlap"),
        "Rule crossed": text(
            width=150, help="How far a rule is crossed; an observation of ours crosses none"
        ),
        "Kind of rule": text(
            width=110,
            help="Law, regulation, policy, directive, proposal, or an observation of ours. Only a "
            "law or a regulation binds everybody.",
        ),
        "Status of rule": text(
            width=110, help="Secondary: read in a summary. Unverified: recalled, not read."
        ),
        "Licence on that day": text(
            width=130,
            help="By the licence's own end date, on the day of the rules; empty = no licence takes "
            "part. It may have been renewed since.",
        ),
        "Touched": text(width=150, help="What kind of place it touches"),
        "District": text(width=130),
        "Verdict": text(width=110),
        "What": text(width=210, help="Site, licence or detection"),
        "Rule": text(width=200),
        "With": text(width=200, help="What it lies on or near"),
    }
