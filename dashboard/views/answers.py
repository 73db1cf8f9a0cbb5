"""Step 3 of the wizard: how columns are read, where coordinates come from, what is known."""

import datetime as dt

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state, words, workflows
from dashboard.uploads import Upload
from layers.facts import FieldFact, Kind, Region
from layers.importing import ImportRequest
from layers.read import COORDINATE_FIELDS, CrsChoice, ReadRequest, SourceLayer, Suggestion

COORDINATE_TITLES = {
    "longitude": "Longitude, or easting (x)",
    "latitude": "Latitude, or northing (y)",
    "coordinates": "Both coordinates in one column",
}
NOT_HERE = ""
"""The answer "not in this file": an empty column name unmaps a field."""


def ask(
    upload: Upload, layer: SourceLayer, *, kind: Kind, region: Region, token: str
) -> ImportRequest:
    """Draw the questions and hand back the request that the answers make."""
    st.subheader("3. Check how it will be read", anchor=False)
    suggestion = _suggestion(upload, layer, kind=kind, region=region, token=token)
    mapping = _mapping(layer, suggestion, kind=kind, token=token)
    class_values = _classes(layer, suggestion, mapping, kind=kind, token=token)
    keep_latest = _keep_latest(suggestion, mapping, token=token)
    name, data_date, note = about(upload, layer, token=token)
    radius_m, position_sd_m = _accuracy(kind, token=token)
    crs, swapped = where_from(layer, token=token)
    return ImportRequest(
        read=ReadRequest(
            region_id=region.region_id,
            kind=kind.kind_id,
            source_layer=layer.name,
            crs=crs,
            swap_axes=swapped,
            mapping=mapping,
            class_values=class_values,
            radius_m=radius_m,
            position_sd_m=position_sd_m,
            keep_latest=keep_latest,
        ),
        layer_name=name,
        data_date=data_date,
        source_note=note,
    )


def _suggestion(
    upload: Upload, layer: SourceLayer, *, kind: Kind, region: Region, token: str
) -> Suggestion:
    kept: dict[str, Suggestion] = state.get("data.suggestions", {})
    if token not in kept:
        assert upload.inspection is not None
        kept = {
            token: workflows.suggest_import(
                upload.inspection,
                source_layer=layer.name,
                kind=kind.kind_id,
                region_id=region.region_id,
            )
        }
        state.put("data.suggestions", kept)
    return kept[token]


def _mapping(
    layer: SourceLayer, suggestion: Suggestion, *, kind: Kind, token: str
) -> dict[str, str]:
    """Which column fills which field: suggested, shown with samples, and theirs to change."""
    titles = {name: fact.title for name, fact in kind.fields.items()}
    if layer.geometry_type is None:
        titles = {name: COORDINATE_TITLES[name] for name in COORDINATE_FIELDS} | titles
    if not layer.columns:
        st.caption("The layer has no columns: only its shapes are read.")
        return dict.fromkeys(titles, NOT_HERE)
    st.markdown(
        "Each field takes one column of your file. We suggest what the names say; change what is "
        "wrong. Columns that fill no field are kept as they are."
    )
    for note in suggestion.notes:
        st.caption(words.md(note))
    samples = {column.name: _sample(column.samples) for column in layer.columns}
    options = [NOT_HERE, *samples]
    mapping = {}
    with st.container(key="panel-mapping"):
        for (field, title), cell in zip(titles.items(), _cells(len(titles)), strict=True):
            suggested = suggestion.mapping.get(field, NOT_HERE)
            with cell:
                mapping[field] = st.selectbox(
                    title,
                    options,
                    index=options.index(suggested) if suggested in options else 0,
                    key=f"data.map.{token}.{field}",
                    format_func=lambda column: (
                        f"{column} · {samples[column]}" if column else "– not in this file –"
                    ),
                )
    return mapping


def _cells(many: int) -> list[DeltaGenerator]:
    """Cells three abreast, in rows, so that a phone stacks them in the order they are read."""
    rows = [st.columns(3) for _ in range(0, many, 3)]
    return [cell for row in rows for cell in row][:many]


def _sample(values: tuple[str, ...]) -> str:
    shown = ", ".join(words.clip(value, length=18) for value in values[:3] if value)
    return f"e.g. {shown}" if shown else "empty"


def _classes(
    layer: SourceLayer,
    suggestion: Suggestion,
    mapping: dict[str, str],
    *,
    kind: Kind,
    token: str,
) -> dict[str, str]:
    """What values of the class column mean that no class of the kind claims."""
    fact: FieldFact | None = kind.fields.get("feature_class")
    column = mapping.get("feature_class")
    if fact is None or not column or column != suggestion.mapping.get("feature_class"):
        return {}
    if not suggestion.unknown_classes:
        return {}
    st.markdown(
        f"**{words.md(fact.title)}**: these values are not known to us. Say what they mean, or "
        "leave them as unknown; rules for a class then do not see them."
    )
    meanings = {}
    with st.container(key="panel-classes"):
        values = suggestion.unknown_classes[:60]
        for number, (value, cell) in enumerate(zip(values, _cells(len(values)), strict=True)):
            with cell:
                meaning = st.selectbox(
                    words.md(f"“{words.clip(value, length=40)}” means"),
                    ["", *fact.classes],
                    key=f"data.class.{token}.{number}",
                    format_func=lambda name: words.class_name(name) if name else "– unknown –",
                )
            if meaning:
                meanings[value] = meaning
    return meanings


def _keep_latest(suggestion: Suggestion, mapping: dict[str, str], *, token: str) -> bool:
    """Whether several visits of a site become one feature."""
    if not (mapping.get("feature_id") and mapping.get("observed_on")):
        return False
    return st.checkbox(
        "One site per id: keep only its latest visit",
        value=suggestion.keep_latest,
        key=f"data.latest.{token}",
        help="Earlier rows of the same id are counted as replaced and told in the findings.",
    )


def where_from(layer: SourceLayer, *, token: str) -> tuple[str | None, bool | None]:
    """Where the coordinates come from, asked only when the check found more than one answer."""
    asked: dict[str, tuple[CrsChoice, ...]] = state.get("data.choices", {})
    if token not in asked:
        return None, None
    choices = asked[token]
    with st.container(key="panel-crs"):
        st.markdown("**Where do the coordinates come from?**")
        declared = f"The file says {words.md(layer.declared_crs)}. " if layer.declared_crs else ""
        st.markdown(
            f"{declared}A wrong answer moves everything: an old survey read as GPS coordinates can "
            "be off by some 300 m, more than any distance from water that a rule asks for."
        )
        picked = _crs_choice(choices, token=token)
        typed = st.text_input(
            "Or the EPSG code that the owner of the data gave you",
            key=f"data.crs_typed.{token}",
            placeholder="EPSG:32630",
            width=320,
        ).strip()
    if typed:
        return typed.upper() if ":" in typed else f"EPSG:{typed}", None
    if picked is None:
        return None, None
    return choices[picked].crs, choices[picked].swapped or None


def _crs_choice(choices: tuple[CrsChoice, ...], *, token: str) -> int | None:
    """Which of the systems that land it is; nothing is chosen for them where several do."""
    if not choices:
        st.caption("None of the systems used in the country fits: ask whoever made the file.")
        return None
    return st.radio(
        "Coordinates",
        list(range(len(choices))),
        index=0 if len(choices) == 1 else None,
        key=f"data.crs.{token}.{'-'.join(choice.crs for choice in choices)}",
        format_func=lambda at: words.md(_crs_label(choices[at])),
        captions=[words.md(choice.means) for choice in choices],
        label_visibility="collapsed",
    )


def _crs_label(choice: CrsChoice) -> str:
    swapped = ", with the two coordinates in each other's place" if choice.swapped else ""
    return f"{choice.name} ({choice.crs}){swapped}"


def about(
    upload: Upload, layer: SourceLayer, *, token: str
) -> tuple[str | None, dt.date | None, str | None]:
    """Name, date and source of the layer."""
    stem = upload.filename.rsplit("/", 1)[-1].split(".")[0]
    assert upload.inspection is not None
    suggested = layer.name if len(upload.inspection.layers) > 1 else stem
    name, date, source = st.columns([1.2, 0.8, 1.4])
    with name:
        chosen = st.text_input(
            "Name of the layer",
            value=words.clip(suggested, length=60),
            max_chars=80,
            key=f"data.name.{token}",
            help="A name that this kind has already makes a new version of that layer.",
        )
    with date:
        when = st.date_input(
            "The data speak for",
            value=None,
            min_value=dt.date(1900, 1, 1),
            max_value=dt.date(2100, 1, 1),
            format="DD/MM/YYYY",
            key=f"data.date.{token}",
            help="The day of survey or publication. Leave it empty if you do not know it.",
        )
    with source:
        note = st.text_input(
            "Where they are from (optional)",
            max_chars=200,
            key=f"data.source.{token}",
            placeholder="Agency, publication, licence of use",
        )
    return chosen.strip() or None, when, note.strip() or None


def _accuracy(kind: Kind, *, token: str) -> tuple[float | None, float | None]:
    """How exact positions are, where the owner knows."""
    if "position_sd_m" not in kind.fields:
        return None, None
    with st.expander("How exact are the places? (optional)"):
        st.caption(
            f"Unless you or the file say so, a position is taken to be exact to "
            f"{words.metres(kind.position_sd_m)} ({words.md(kind.position_note)}). It decides "
            "between “inside” and “too close to call”."
        )
        with st.container(horizontal=True):
            error = st.number_input(
                "Standard error of position (m)",
                min_value=0.0,
                max_value=10_000.0,
                value=None,
                placeholder="not stated",
                key=f"data.error.{token}",
                width=240,
            )
            radius = st.number_input(
                "Radius of a site kept as a point (m)",
                min_value=0.0,
                max_value=10_000.0,
                value=None,
                placeholder="not stated",
                key=f"data.radius.{token}",
                width=240,
            )
    return radius, error
