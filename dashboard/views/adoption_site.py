"""The history of one site: practice by visit, people, corrections, and putting a value right."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import cached, state, words
from dashboard.charts.figures import round_words
from dashboard.views import parts
from dashboard.views.adoption_charts import ROW_HEIGHT
from dashboard.workflows import SAYABLE
from dashboard.workflows.adoption_types import SiteHistory, SiteVisit
from geo.adoption.frames import EVIDENCE, STATES
from layers.ledger.records import WITHDRAWN, Correction
from layers.practices import practices

NO_EVIDENCE = "no evidence noted"
PEOPLE = {"women": "Women at work", "men": "Men at work"}
OUT = "Take the visit out of every count"
BACK = "Bring the visit back into the count"
STATE = "State of a practice"


def show_history(history: SiteHistory) -> None:
    """Draw the history; it ends with the form that puts a value right."""
    with st.container(key="panel-site"):
        st.subheader(words.md(history.name), anchor="history-of-the-site")
        where = history.district or f"district: {words.NO_DATA}"
        counted = [visit for visit in history.visits if not visit.withdrawn]
        st.caption(
            f"{words.md(where)} · site {words.md(history.site_id)} · "
            f"{words.count(len(counted), 'visit')} that count"
            + (
                f", {len(history.visits) - len(counted)} taken out"
                if counted != [*history.visits]
                else ""
            )
        )
        if not history.visits:
            st.info(
                "Nobody visited this site, so nothing is known of its practices. That is not the "
                "same as none."
            )
            return
        _table(history)
        _remarks(history)
        _corrections(history)
        with st.expander("Put a value right", icon=":material/edit:"):
            _correct(history)


def _table(history: SiteHistory) -> None:
    """A row a practice, a column a visit, newest first; people and how it was chosen above."""
    columns = {_heading(visit, history): visit for visit in history.visits}
    titles = {one.code: one for one in practices()}
    rows = [
        ("File", [visit.batch or words.NO_DATA for visit in columns.values()]),
        (
            "Counted",
            [("no, taken out" if visit.withdrawn else "yes") for visit in columns.values()],
        ),
        ("How it was chosen", [visit.selection for visit in columns.values()]),
        *(
            (label, [_people(getattr(visit, name)) for visit in columns.values()])
            for name, label in PEOPLE.items()
        ),
        ("Led by", [visit.led_by or words.NO_DATA for visit in columns.values()]),
        (
            "Operations",
            [", ".join(visit.operations) or words.NO_DATA for visit in columns.values()],
        ),
    ]
    order = [one.code for one in practices()]
    codes = sorted(history.codes, key=lambda code: order.index(code) if code in order else 999)
    for code in codes:
        name = titles[code].title if code in titles else code
        is_lower = code in titles and titles[code].is_better_low
        rows.append(
            (f"↓ {name}" if is_lower else name, [_state(visit, code) for visit in columns.values()])
        )
    frame = pd.DataFrame([cells for _, cells in rows], columns=list(columns))
    frame.insert(0, "What", [name for name, _ in rows])
    st.caption("↓ lower is better; the state, then in brackets how it is known.")
    st.dataframe(
        frame,
        hide_index=True,
        key="adoption.history",
        height=len(frame) * ROW_HEIGHT + 38,
        row_height=ROW_HEIGHT,
        column_config={
            "What": st.column_config.TextColumn(width=210, pinned=True),
            **{name: st.column_config.TextColumn(width=170) for name in columns},
        },
    )


def _heading(visit: SiteVisit, history: SiteHistory) -> str:
    name = (
        f"{words.day(visit.day, missing='day not known')}, {round_words(visit.round or 'no round')}"
    )
    same = [one for one in history.visits if (one.day, one.round) == (visit.day, visit.round)]
    return name if len(same) == 1 else f"{name} ({words.clip(visit.visit_id, length=12)})"


def _people(number: float | None) -> str:
    return words.count(number)


def _state(visit: SiteVisit, code: str) -> str:
    if code not in visit.states:
        return "not recorded"
    told, evidence, intensity = visit.states[code]
    more = [evidence] if evidence else []
    more += [words.number(intensity)] if intensity is not None else []
    return f"{told} ({', '.join(more)})" if more else told


def _remarks(history: SiteHistory) -> None:
    for visit in history.visits:
        if visit.remarks:
            st.caption(
                f"{words.day(visit.day, missing='Day not known')}: "
                f"{words.md(words.clip(visit.remarks, length=400))}"
            )


def _corrections(history: SiteHistory) -> None:
    """What was changed, by whom, why, with the value before."""
    if not history.corrections:
        return
    days = {visit.visit_id: visit.day for visit in history.visits}
    st.markdown(f"**{words.count(len(history.corrections), 'correction')}**, newest first")
    st.markdown(
        "\n".join(
            f"- {words.md(correction_text(one, days.get(one.visit_id)))}"
            for one in history.corrections
        )
    )


def correction_text(one: Correction, day: Any) -> str:
    """A correction in one line: when, who, what, old and new, why."""
    who = "the review status" if one.origin == "review" else one.actor
    visit = f"visit of {words.day(day, missing='an unknown day')}"
    if one.field == WITHDRAWN:
        what = f"{visit} {'taken out of the count' if one.value else 'brought back'}"
    else:
        about = f"{one.practice}, {one.field}" if one.practice else one.field
        what = f"{about} at the {visit}: was “{_told(one.old)}”, now “{_told(one.value)}”"
    applies = "" if one.applies else " (no longer applies: another record of the visit was taken)"
    return f"{words.day(one.at)}, {who}: {what}. Why: {one.why}{applies}"


def _told(value: Any) -> str:
    return words.NO_DATA if value is None else words.value(value)


def _correct(history: SiteHistory) -> None:
    """Ask which value, the new one, who and why; the old value is kept beside it."""
    st.caption("The value before stays in the history, with your name, the day and your reason.")
    names = {_heading(visit, history): visit for visit in history.visits}
    chosen = names[st.selectbox("Visit", list(names), key="adoption.fix_visit")]
    offered = [STATE, *PEOPLE.values(), BACK if chosen.withdrawn else OUT]
    state.among("adoption.fix_what", offered)
    what = st.selectbox("What", offered, key="adoption.fix_what")
    save = _asked(history, chosen, what)
    actor = st.text_input("Your name", key=state.ACTOR, max_chars=80)
    why = st.text_area("Why", key="adoption.fix_why", max_chars=500, height=80)
    if st.button("Save the correction", key="adoption.fix_save", type="primary"):
        try:
            save(why, actor)
        except SAYABLE as error:
            parts.problem(str(error))
            return
        state.drop("adoption.fix_why", "adoption.fix_what")
        st.rerun()


def _asked(history: SiteHistory, visit: SiteVisit, what: str) -> Callable[[str, str], Any]:
    """The fields for what is to be changed; returns what saves it, given why and who."""
    key = f"adoption.fix.{visit.visit_id}"
    if what == STATE:
        return _ask_state(history, visit, key)
    if what in (OUT, BACK):
        return lambda why, actor: cached.withdraw_visit(
            history, visit.visit_id, withdrawn=what == OUT, why=why, actor=actor
        )
    field = next(name for name, label in PEOPLE.items() if label == what)
    before = getattr(visit, field)
    number = st.number_input(
        f"{what} (empty = no data)",
        min_value=0,
        max_value=100_000,
        step=1,
        value=None if before is None else round(before),
        key=f"{key}.{field}",
        width=240,
    )
    return lambda why, actor: cached.correct_people(
        history, visit.visit_id, field, value=number, why=why, actor=actor
    )


def _ask_state(history: SiteHistory, visit: SiteVisit, key: str) -> Callable[[str, str], Any]:
    titles = {one.code: one.title for one in practices()}
    code = st.selectbox(
        "Practice",
        list(titles),
        key=f"{key}.practice",
        format_func=lambda one: f"{titles[one]} ({_state(visit, one)})",
    )
    before = visit.states.get(code, (STATES[-1], None, None))
    told = st.radio(
        "State",
        STATES,
        index=STATES.index(before[0]),
        key=f"{key}.{code}.state",
        horizontal=True,
    )
    evidence = st.radio(
        "Evidence",
        [NO_EVIDENCE, *EVIDENCE],
        index=[NO_EVIDENCE, *EVIDENCE].index(before[1] or NO_EVIDENCE),
        key=f"{key}.{code}.evidence",
        horizontal=True,
    )
    return lambda why, actor: cached.correct_state(
        history,
        visit.visit_id,
        code,
        state=told,
        evidence=None if evidence == NO_EVIDENCE else evidence,
        why=why,
        actor=actor,
    )
