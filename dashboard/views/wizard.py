"""The import wizard: a file, what it shows, how its columns are read, what we found, import."""

from dataclasses import dataclass

import streamlit as st

from dashboard import cached, state, words
from dashboard.uploads import Upload, receive
from dashboard.views import answers, parts, picture_answers, raster_answers
from dashboard.views.findings import show_findings
from layers.catalogue import is_raster
from layers.facts import Kind, Region, kinds
from layers.importing import ImportReport, ImportRequest
from layers.read import Inspection, ReadError, SourceLayer

FORMATS = (
    "Zipped shapefile, GeoPackage, GeoJSON, KML or KMZ, GPX, FlatGeobuf, GeoParquet; a table "
    "with coordinates: CSV or Excel; as GeoTIFF land cover, or a picture from a drone or a "
    "satellite. Up to 200 MB."
)
HINTS = {
    "artisanal_zones": ("artisanal", "zea"),
    "detections": ("detect", "amw"),
    "licences": ("licen", "title", "titre", "concession", "permit", "permis"),
    "farmland": ("farm", "field", "crop", "champ", "parcel"),
    "water": ("water", "river", "lake", "stream", "hydro", "lac"),
    "protected_areas": ("protected", "reserve", "forest", "park"),
    "districts": ("district", "admin", "commune", "territ"),
    "roads": ("road", "route"),
    "health_sites": ("health", "clinic", "hospital"),
    "settlements": ("settlement", "town", "village", "place"),
    "imagery": ("drone", "picture", "image", "ortho", "photo"),
    "mine_sites": ("mine", "site", "pits", "carre", "visit"),
}
"""Parts of file and layer names that suggest a kind; the most telling kinds stand first."""


LAND_COVER = "landcover"
PLACE_QUESTIONS = ("crs_", "axes_swapped")
"""How the codes of findings begin that ask where the coordinates come from."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the last check found, and of which request about which layer."""

    token: str
    request: ImportRequest
    report: ImportReport


def show(region: Region) -> None:
    """Draw the steps as far as they have come."""
    done: ImportReport | None = state.get("data.done")
    if done is not None:
        _success(done)
        return
    upload = _receive()
    if upload is None:
        return
    if upload.inspection is None:
        parts.problem(upload.refusal or "The file could not be read.")
        st.caption("Nothing was stored. Choose another file above, or mend this one and try again.")
        return
    layer, kind = _what(upload.inspection)
    if layer is None or kind is None:
        return
    if kind.kind_id == "visits":
        st.info(
            "Here visits become points on the map, and no more. To have them counted in the "
            "adoption ledger, bring them under “Survey visits” above."
        )
    token = f"{upload.token}.{layer.name}.{kind.kind_id}"
    try:
        ask = raster_answers.ask if layer.raster else answers.ask
        ask = picture_answers.ask if kind.is_picture else ask
        request = ask(upload, layer, kind=kind, region=region, token=token)
    except ReadError as error:
        parts.problem(str(error))
        return
    _check(upload, request, token=token)
    checked: Checked | None = state.get("data.checked")
    if checked is not None and checked.token == token:
        _findings_and_import(upload, request, checked)


def _receive() -> Upload | None:
    """Step 1: the file, kept on disk for as long as the visitor works on it."""
    st.subheader("1. Choose a file", anchor=False)
    uploaded = st.file_uploader(
        "File with your layer",
        key=f"data.file.{state.get('data.round', 0)}",
        help="A shapefile has several parts: zip all of them and choose the zip.",
        label_visibility="collapsed",
    )
    if uploaded is None:
        st.caption(FORMATS)
        state.drop("data.upload")
        return None
    upload: Upload | None = state.get("data.upload")
    if upload is None or upload.token != uploaded.file_id:
        with st.spinner("Looking into the file …"):
            upload = receive(uploaded)
        state.put("data.upload", upload)
    return upload


def _what(inspection: Inspection) -> tuple[SourceLayer | None, Kind | None]:
    """Step 2: which layer of the file, and what it shows."""
    st.subheader("2. Say what it shows", anchor=False)
    show_findings(inspection.findings, key="data.inspection")
    token = state.get("data.upload").token
    left, right = st.columns(2)
    with left:
        names = [layer.name for layer in inspection.layers]
        rows = {layer.name: layer.rows for layer in inspection.layers}
        units = {layer.name: unit_of(layer) for layer in inspection.layers}
        name = st.selectbox(
            "Layer in the file",
            names,
            index=0 if len(names) == 1 else None,
            key=f"data.layer.{token}",
            format_func=lambda one: f"{one} · {words.count(rows[one], units[one])}",
            placeholder=f"{len(names)} layers: choose one",
        )
    if name is None:
        st.info(f"This file has {len(names)} layers: choose one.")
        return None, None
    layer = inspection.layer(name)
    offered = fitting_kinds(layer.geometry_type)
    guess = guess_kind(name, inspection.filename, offered=offered)
    if guess is None and layer.raster:
        guess = LAND_COVER
    with right:
        kind_id = st.selectbox(
            "It shows",
            offered,
            index=offered.index(guess) if guess else None,
            key=f"data.kind.{token}.{name}",
            format_func=lambda one: kinds()[one].title,
            placeholder="Choose what the features are",
        )
        if guess and kind_id == guess and len(offered) > 1:
            said = "its few values" if layer.raster else "the name"
            st.caption(f"Guessed from {said}. Change it if that is wrong.")
    return layer, kinds()[kind_id] if kind_id else None


def unit_of(layer: SourceLayer) -> str:
    """What a layer of a file is counted in."""
    return "pixel" if layer.raster or layer.picture else "row"


def fitting_kinds(geometry_type: str | None) -> list[str]:
    """The kinds that a geometry can be; all of features for a table or a mixture."""
    if geometry_type == "Picture":
        return [kind.kind_id for kind in kinds().values() if kind.is_picture]
    if geometry_type == "Raster":  # few numbers: classes, or a grey picture
        return [kind.kind_id for kind in kinds().values() if kind.is_raster]
    families = {"Point": "point", "LineString": "line", "Polygon": "polygon"}
    family = families.get((geometry_type or "").removeprefix("Multi"))
    return [
        kind.kind_id
        for kind in kinds().values()
        if not kind.is_raster and (family is None or family in kind.geometry)
    ]


def guess_kind(layer_name: str, filename: str, *, offered: list[str]) -> str | None:
    """The kind that the layer's name suggests, else the file's; None where neither says one.

    Where there is only one it can be, it is that one.
    """
    if len(offered) == 1:
        return offered[0]
    for text in (layer_name.casefold(), filename.casefold()):
        for kind_id, hints in HINTS.items():
            if kind_id in offered and any(hint in text for hint in hints):
                return kind_id
    return None


def _check(upload: Upload, request: ImportRequest, *, token: str) -> None:
    """Step 4 begins: a button that checks exactly this request, until that has been done."""
    checked: Checked | None = state.get("data.checked")
    before = checked is not None and checked.token == token
    if before and checked is not None and checked.request == request:
        return
    label = "Check again with these answers" if before else "Check the file"
    if not st.button(label, key="data.check", type="primary", icon=":material/fact_check:"):
        return
    with parts.progress("Reading the file") as tell:
        report = cached.check_import(upload.path, request, filename=upload.filename, progress=tell)
    state.put("data.checked", Checked(token=token, request=request, report=report))
    if any(finding.code.startswith(PLACE_QUESTIONS) for finding in report.blocking):
        # kept when the next report asks no more, for the question to stay with its answer
        state.put("data.choices", {token: report.crs_choices})
    # the questions of the report stand above this button
    st.rerun()


def _findings_and_import(upload: Upload, request: ImportRequest, checked: Checked) -> None:
    """Steps 4 and 5: all findings together, the rows that add up, and the import."""
    report, fresh = checked.report, checked.request == request
    st.subheader("4. What we found", anchor=False)
    if not fresh:
        st.caption("This is from the check before your last answer. Check again to go on.")
    if report.counts:
        st.markdown(f"**{words.md(counted(report))}**")
    show_findings(report.findings, key="data.findings")
    if not report.findings:
        st.caption("Nothing to tell: every row can be used as it is.")
    asked = any(finding.code.startswith(PLACE_QUESTIONS) for finding in report.blocking)
    if report.status == "refused" and not asked:
        st.error("It cannot be imported like this. Mend what is marked red, or the file itself.")
    elif report.status in ("needs answers", "refused") and fresh:
        st.warning("Answer what is marked red in the questions above, then check again.")
    elif report.status == "already imported" and fresh:
        _already(report)
    elif report.status == "ready" and fresh:
        _import(upload, request, report)


def counted(report: ImportReport) -> str:
    """The rows of a report: how they add up, or only how many while something stops the import."""
    unit = "pixel" if is_raster(report.mapping or {}) else "row"
    if report.blocking:
        questions = 0 if report.status == "refused" else len(report.blocking)
        return words.counts_open(report.counts or {}, questions=questions, unit=unit)
    earlier = sum(one.row_count or 0 for one in report.findings if one.code == "superseded")
    return words.counts_sum(report.counts or {}, earlier=earlier, unit=unit)


def _import(upload: Upload, request: ImportRequest, report: ImportReport) -> None:
    st.subheader("5. Import", anchor=False)
    counts = report.counts or {}
    features = counts.get("imported", 0) + counts.get("repaired", 0)
    one = "pixel" if is_raster(report.mapping or {}) else "feature"
    if st.button(
        f"Import {words.count(features, one)} as “{words.md(words.clip(report.layer_name))}”",
        key="data.import",
        type="primary",
        icon=":material/upload:",
    ):
        with parts.progress("Importing") as tell:
            done = cached.run_import(upload.path, request, filename=upload.filename, progress=tell)
        state.put("data.done", done)
        st.rerun()


def _success(report: ImportReport) -> None:
    """What became of the import, and where to go from here."""
    if report.status == "already imported":
        _already(report)
    elif report.ok:
        st.success(words.md(report.message), icon=":material/check_circle:")
    else:
        parts.problem(report.message)
    show_findings(report.findings, key="data.done")
    with st.container(horizontal=True):
        if report.ok:
            parts.go_to("map", "Open the map", icon=":material/map:")
            parts.go_to("conflicts", "See the conflicts", icon=":material/join_inner:")
        st.button("Add another file", key="data.again", on_click=_again)


def _again() -> None:
    state.put("data.round", state.get("data.round", 0) + 1)
    state.drop("data.done", "data.upload", "data.checked", "data.choices")


def _already(report: ImportReport) -> None:
    where = f"version {report.number} of layer “{words.md(report.layer_name)}”"
    if report.is_current:
        st.info(f"Already imported: this is {where}, the one shown. Nothing was stored twice.")
        return
    st.info(f"Already imported as {where}, but that version is not shown now.")
    st.button(
        f"Show version {report.number} again", key="data.restore", on_click=_restore, args=(report,)
    )


def _restore(report: ImportReport) -> None:
    cached.roll_back(report.layer_id, version=report.version_id)
    _again()
