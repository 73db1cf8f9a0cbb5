"""The sheet of one conflict: what was measured, the rule and how well it is known, both sides."""

import streamlit as st

from dashboard import words
from dashboard.views import parts
from dashboard.workflows.types import ConflictSheet
from geo.rules import Rule

COLOURS = {"inside": "red", "too_close": "orange", "outside": "green"}


def show_sheet(sheet: ConflictSheet) -> None:
    """Draw the sheet."""
    with st.container(key="panel-sheet"):
        verdict = str(sheet.row["verdict"])
        st.subheader(words.md(sheet.headline), anchor="details-of-the-chosen-conflict")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.badge(words.VERDICTS.get(verdict, verdict), color=COLOURS.get(verdict, "gray"))
            line = words.LINES.get(str(sheet.row.get("line")))
            if line:
                st.badge(line.capitalize(), color="gray")
            st.badge(words.STATUS_SHORT.get(sheet.rule.status, sheet.rule.status), color="violet")
            where = sheet.district or f"district: {words.NO_DATA}"
            st.caption(f"{words.md(where)} · rules of {words.day(sheet.as_of)}")
        left, right = st.columns([1, 1.35])
        with left:
            _measures(sheet)
        with right:
            _rule(sheet.rule)
        _sides(sheet)
        st.caption(f"Conflict {sheet.conflict_id} · {words.md(sheet.wording)}")
        if sheet.demonstration and words.INVENTED not in sheet.caveats:
            st.caption(f":orange[{words.INVENTED}]")


def _measures(sheet: ConflictSheet) -> None:
    st.markdown("**What was measured**")
    st.markdown(
        "  \n".join(
            f"{words.md(label)}: **{words.md(words.value(number))}**"
            for label, number in sheet.measures.items()
        )
    )
    help_text = words.VERDICT_HELP.get(str(sheet.row["verdict"]))
    if help_text:
        st.caption(help_text)
    for caveat in sheet.caveats:
        st.caption(words.md(caveat))


def _rule(rule: Rule) -> None:
    st.markdown(f"**The rule: {words.md(rule.title)}**")
    st.markdown(f"> {words.md(rule.text)}")
    facts = {
        "What it is": words.kind_of_rule(rule),
        "Effect": words.EFFECTS.get(rule.effect, rule.effect.capitalize()),
        "Distance or limit": words.rule_lines(rule),
        "Agency": rule.agency,
        "In force": words.rule_validity(rule),
        "Status": words.status(rule.status),
        "Source": words.rule_source(rule),
        "Note": rule.note,
        "Rule id": rule.rule_id,
    }
    st.markdown("  \n".join(f"{label}: {words.md(text)}" for label, text in facts.items() if text))


def _sides(sheet: ConflictSheet) -> None:
    """The features that meet, beside each other."""
    left, right = st.columns(2)
    with left:
        parts.feature(sheet.subject, key="sheet.subject", heading="What")
    if sheet.object is not None:
        with right:
            parts.feature(sheet.object, key="sheet.object", heading="With")
