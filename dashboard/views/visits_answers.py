"""The questions about a file of visits: what we suggest is shown, and theirs to change."""

from collections.abc import Iterable

import streamlit as st

from dashboard import state, words
from dashboard.views.answers import COORDINATE_TITLES, cells
from geo.adoption.frames import SELECTIONS, STATES
from layers.facts import Region
from layers.practices import practices
from layers.read import CrsChoice
from layers.visits.model import About, Proposal, VisitReport, VisitRequest
from layers.visits.words import visit_words

NOT_HERE = ""
OPEN = "\x00"
"""The answer "leave it open", which is no answer."""
MOST_SHOWN = 60


def remember(report: VisitReport, *, token: str) -> None:
    """Keep what was asked: an answered question stays with its answer."""
    kept: dict[str, dict[tuple[About, str], Proposal]] = state.get("visits.asked", {})
    asked = dict(kept.get(token, {}))
    asked |= {(one.about, one.subject): one for one in report.proposals}
    state.put("visits.asked", {token: asked})
    if report.crs_choices:
        state.put("visits.choices", {token: report.crs_choices})


def ask(report: VisitReport, *, region: Region, token: str) -> VisitRequest:
    """Draw the questions and hand back the request that the answers make."""
    st.subheader("2. Check how it will be read", anchor=False)
    table = _table(report, token=token)
    mapping: dict[str, str] = {}
    codes: dict[str, str] = {}
    if report.is_form:
        st.markdown(
            f"This is an export of the visit form from **{words.md(report.export)}**: its columns "
            "and answers are known."
        )
    elif report.columns:
        mapping = _mapping(report, token=token)
        codes = _practices(report, token=token)
    states = {
        subject: answer
        for subject, answer in _answers(
            "state", "What do the answers mean?", token=token, of=codes
        ).items()
        if answer
    }
    places = _answers("place", "Which district is meant?", token=token)
    sites = _answers("site", "Which site of the map is it?", token=token)
    round_, selection, note = _stated(token=token)
    crs, swapped = _where_from(token=token)
    return VisitRequest(
        region_id=region.region_id,
        table=table,
        mapping=mapping,
        practices=codes,
        states=states,
        places=places,
        sites=sites,
        round=round_,
        selection=selection,
        source_note=note,
        crs=crs,
        swap_axes=swapped,
    )


def _table(report: VisitReport, *, token: str) -> str | None:
    """Which table of the file, where that is not clear."""
    if len(report.tables) < 2 or report.export is not None:
        return None
    return st.selectbox(
        "Table with the visits",
        report.tables,
        index=report.tables.index(report.table) if report.table in report.tables else None,
        key=f"visits.table.{token}",
        placeholder=f"{len(report.tables)} tables: choose one",
    )


def _mapping(report: VisitReport, *, token: str) -> dict[str, str]:
    """Which column fills which field of a visit."""
    st.markdown(
        "Each field takes one column of your table. We suggest what the names say; change what is "
        "wrong."
    )
    titles = {name: one.title for name, one in visit_words().fields.items()} | COORDINATE_TITLES
    mapping = {}
    with st.container(key="panel-visit-fields"):
        for (name, title), cell in zip(titles.items(), cells(len(titles)), strict=True):
            with cell:
                mapping[name] = _column(
                    report, title, report.fields.get(name), key=f"visits.map.{token}.{name}"
                )
    return mapping


def _practices(report: VisitReport, *, token: str) -> dict[str, str]:
    """Which practices the table tells about, and in which column; all others are not in it."""
    known = {one.code: one.title for one in practices()}
    st.markdown(
        "**Which practices does it tell about?** A column about a practice holds its state."
    )
    with st.container(key="panel-visit-practices"):
        chosen = st.multiselect(
            "Practices in this table",
            list(known),
            default=[code for code in report.practices if code in known],
            key=f"visits.practices.{token}",
            format_func=lambda code: f"{code} · {known[code]}",
            placeholder="Choose practices",
        )
        columns = {}
        for code, cell in zip(chosen, cells(len(chosen)), strict=True):
            with cell:
                columns[code] = _column(
                    report,
                    f"{code}: {known[code]}",
                    report.practices.get(code),
                    key=f"visits.practice.{token}.{code}",
                )
    proposed = {subject for about, subject in _asked(token) if about == "practice"}
    return {code: NOT_HERE for code in proposed if code not in columns} | columns


def _column(report: VisitReport, title: str, suggested: str | None, *, key: str) -> str:
    options = [NOT_HERE, *report.columns]
    return st.selectbox(
        title,
        options,
        index=options.index(suggested) if suggested in options else 0,
        key=key,
        format_func=lambda column: _label(report, column),
    )


def _label(report: VisitReport, column: str) -> str:
    if not column:
        return "– not in this table –"
    shown = ", ".join(words.clip(one, length=18) for one in report.columns[column])
    return f"{column} · {f'e.g. {shown}' if shown else 'empty'}"


def _asked(token: str) -> dict[tuple[About, str], Proposal]:
    kept: dict[str, dict[tuple[About, str], Proposal]] = state.get("visits.asked", {})
    return kept.get(token, {})


def _answers(
    about: About, question: str, *, token: str, of: Iterable[str] | None = None
) -> dict[str, str]:
    """An answer for each question of a sort that was ever asked; what is left open is no answer."""
    asked = [
        one
        for (sort, subject), one in _asked(token).items()
        if sort == about and (of is None or subject.partition(":")[0] in of)
    ]
    if not asked:
        return {}
    st.markdown(f"**{question}**")
    answers = {}
    with st.container(key=f"panel-visit-{about}"):
        shown = asked[:MOST_SHOWN]
        for number, (one, cell) in enumerate(zip(shown, cells(len(shown)), strict=True)):
            with cell:
                answer = _choice(one, key=f"visits.{about}.{token}.{number}.{one.subject[:60]}")
            if answer != OPEN:
                answers[one.subject] = answer
        if len(asked) > MOST_SHOWN:
            st.caption(
                f"{words.count(len(asked) - MOST_SHOWN, 'more question')} of this sort: answer "
                "these in the file itself."
            )
    return answers


def _choice(one: Proposal, *, key: str) -> str:
    labels = dict(one.choices)
    if one.about == "state":
        labels = {state_: words.class_name(state_) for state_ in STATES}
    else:
        labels[NOT_HERE] = "None of these" if one.about == "site" else "None: its position decides"
    options = [OPEN, *labels]
    rows = f" ({words.count(one.rows, 'row')})" if one.rows else ""
    picked = st.selectbox(
        words.md(f"“{words.clip(one.subject, length=48)}”{rows}"),
        options,
        index=options.index(one.answer) if one.answer in options else 0,
        key=key,
        format_func=lambda answer: "– not answered –" if answer == OPEN else labels[answer],
        help=words.md(one.why),
    )
    return str(picked)


def _stated(*, token: str) -> tuple[str | None, str | None, str | None]:
    """What holds for the whole file where its rows say nothing."""
    st.markdown("**For rows that do not say so themselves**")
    left, middle, right = st.columns([1, 1.2, 1.4])
    with left:
        round_ = st.text_input(
            "Survey round",
            max_chars=80,
            key=f"visits.round.{token}",
            placeholder="else the year of the visit",
        ).strip()
    with middle:
        selection = st.selectbox(
            "How the sites were chosen",
            SELECTIONS,
            index=None,
            key=f"visits.selection.{token}",
            placeholder="not stated",
            help="A census or a random sample gives a rate; a convenience sample gives counts.",
        )
    with right:
        note = st.text_input(
            "Where they are from (optional)",
            max_chars=200,
            key=f"visits.source.{token}",
            placeholder="Who visited, for whom",
        ).strip()
    return round_ or None, selection, note or None


def _where_from(*, token: str) -> tuple[str | None, bool | None]:
    """Where coordinates come from, asked only where the check found that it is not said."""
    kept: dict[str, tuple[CrsChoice, ...]] = state.get("visits.choices", {})
    choices = kept.get(token, ())
    if not choices:
        return None, None
    with st.container(key="panel-visit-crs"):
        st.markdown("**Where do the coordinates come from?**")
        picked = st.radio(
            "Coordinates",
            list(range(len(choices))),
            index=0 if len(choices) == 1 else None,
            key=f"visits.crs.{token}",
            format_func=lambda at: words.md(f"{choices[at].name} ({choices[at].crs})"),
            captions=[words.md(choice.means) for choice in choices],
            label_visibility="collapsed",
        )
    if picked is None:
        return None, None
    return choices[picked].crs, choices[picked].swapped or None
