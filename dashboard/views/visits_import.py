"""Survey visits: the form to collect them with, a file to bring, what we found, import."""

from dataclasses import dataclass

import streamlit as st

from dashboard import cached, state, words, workflows
from dashboard.uploads import KeptFile, keep
from dashboard.views import parts, visits_answers, visits_held
from dashboard.views.findings import show_findings
from layers.facts import Region
from layers.visits.model import VisitReport, VisitRequest

KINDS = ["csv", "tsv", "txt", "xlsx", "xlsm", "zip"]
BRING = (
    "The export of the visit form from KoboToolbox or ODK (CSV, Excel, or a zip of CSVs), or any "
    "table with a row a visit. Up to 200 MB."
)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the last look at a file found, and under which answers."""

    token: str
    request: VisitRequest
    report: VisitReport


def show(region: Region) -> None:
    """Draw the steps as far as they have come, and what waits for a choice."""
    st.caption(
        "Visits enter the adoption ledger: each counts once, however often its file comes, and "
        "nothing that was there is overwritten. Those with a place are on the map as well."
    )
    _form_to_take()
    done: workflows.VisitImport | None = state.get("visits.done")
    if done is not None:
        _success(done)
    else:
        _steps(region)
    visits_held.show(region)


def _form_to_take() -> None:
    st.download_button(
        "Visit form (XLSForm, English and French)",
        cached.visit_form,
        file_name="site_visit.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key="visits.form",
        icon=":material/assignment:",
        help="Bring it to KoboToolbox or ODK as it is. It is made of the list of practices.",
    )


def _steps(region: Region) -> None:
    file = _receive()
    if file is None:
        return
    looked: Looked | None = state.get("visits.looked")
    token = f"{file.token}.{region.region_id}"
    if looked is None or looked.token != token:
        looked = _look(file, VisitRequest(region_id=region.region_id), token=token)
    report = looked.report
    if report.status == "refused" and not report.columns and not report.tables:
        parts.problem(report.message)
        st.caption("Nothing was stored. Choose another file, or mend this one and try again.")
        return
    request = visits_answers.ask(report, region=region, token=token)
    fresh = request == looked.request
    if not fresh:
        before = looked.request != VisitRequest(region_id=region.region_id)
        label = "Check again with these answers" if before else "Check the visits"
        if st.button(label, key="visits.check", type="primary", icon=":material/fact_check:"):
            _look(file, request, token=token)
            st.rerun()
    if looked.request != VisitRequest(region_id=region.region_id) or report.status == "ready":
        _found(file, looked, fresh=fresh)


def _receive() -> KeptFile | None:
    st.subheader("1. Choose a file of visits", anchor=False)
    uploaded = st.file_uploader(
        "File with visits",
        type=KINDS,
        key=f"visits.file.{state.get('visits.turn', 0)}",
        label_visibility="collapsed",
    )
    if uploaded is None:
        st.caption(BRING)
        state.drop("visits.kept", "visits.looked", "visits.asked")
        return None
    file: KeptFile | None = state.get("visits.kept")
    if file is None or file.token != uploaded.file_id:
        file = keep(uploaded)
        state.put("visits.kept", file)
    return file


def _look(file: KeptFile, request: VisitRequest, *, token: str) -> Looked:
    """Read and plan the file under some answers; questions stay asked once they were."""
    with parts.progress("Reading the visits") as tell:
        report = cached.check_visits(file.path, request, filename=file.filename, progress=tell)
    looked = Looked(token=token, request=request, report=report)
    state.put("visits.looked", looked)
    visits_answers.remember(report, token=token)
    return looked


def _found(file: KeptFile, looked: Looked, *, fresh: bool) -> None:
    report = looked.report
    st.subheader("3. What we found", anchor=False)
    if not fresh:
        st.caption("This is from the check before your last answer. Check again to go on.")
    st.markdown(f"**{words.md(counted(report))}**")
    st.caption(words.md(recognised(report)))
    show_findings(report.findings, key="visits.findings")
    if report.status == "refused":
        st.error("It cannot be imported like this. Mend what is marked red, or the file itself.")
    elif report.status == "needs answers" and fresh:
        st.warning("Answer what is marked red in the questions above, then check again.")
    elif report.status == "ready" and fresh:
        st.subheader("4. Import", anchor=False)
        label = f"Import {words.count(report.counted, 'visit')} into the ledger"
        if st.button(label, key="visits.import", type="primary", icon=":material/upload:"):
            with parts.progress("Importing") as tell:
                done = cached.import_visits(
                    file.path, looked.request, filename=file.filename, progress=tell
                )
            state.put("visits.done", done)
            st.rerun()


def counted(report: VisitReport) -> str:
    """How the rows add up, in one sentence."""
    there = "can count" if report.status in ("ready", "needs answers", "refused") else "counted"
    told = [f"{words.count(report.counted)} {there}"]
    if report.already_there:
        told.append(f"{words.count(report.already_there)} already there")
    if report.held:
        told.append(f"{words.count(report.held)} held")
    told += [f"{words.count(rows)} left out ({why})" for why, rows in report.left_out.items()]
    return f"{words.count(report.read, 'row')} read: {', '.join(told)}."


def recognised(report: VisitReport) -> str:
    """What sort of file it is and what is in it, in two sentences."""
    if report.is_form:
        what = f"An export of the visit form from {report.export}."
    elif report.export:
        what = f"An export of another form from {report.export}."
    else:
        what = "A table that is no export of the visit form."
    return (
        f"{what} {words.count(report.known_states, 'known state')} of "
        f"{words.count(len(report.practices), 'practice')} at {words.count(report.sites, 'site')}, "
        f"{words.count(report.sites_again)} of them visited several times."
    )


def _success(done: workflows.VisitImport) -> None:
    report = done.report
    if report.ok:
        st.success(words.md(report.message), icon=":material/check_circle:")
    else:
        parts.problem(report.message)
    if done.layer is not None:
        st.markdown(words.md(f"Map layer: {done.layer.message}"))
    if done.not_shown:
        st.markdown(
            f"Not on the map: {words.count(done.not_shown, 'visit')} whose people do not agree to "
            "show where they work."
        )
    show_findings(report.findings, key="visits.done")
    with st.container(horizontal=True):
        if report.ok:
            parts.go_to("adoption", "See the adoption", icon=":material/monitoring:")
        st.button("Add another file of visits", key="visits.again", on_click=_again)


def _again() -> None:
    state.put("visits.turn", state.get("visits.turn", 0) + 1)
    state.drop("visits.done", "visits.kept", "visits.looked", "visits.asked")
