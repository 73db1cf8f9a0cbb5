"""Step 3 of the wizard for a raster: what each pixel value means, and which one means "no data"."""

import numpy as np
import streamlit as st

from dashboard import state, words
from dashboard.uploads import Upload
from dashboard.views import answers
from dashboard.workflows.png import Color, color_of, indexed_png
from layers.facts import Kind, Region
from layers.importing import ImportRequest
from layers.read import ReadRequest, SourceLayer
from layers.read.raster_model import LEAVE_OUT, NO_NODATA, PixelValue, RasterBand

UNNAMED: Color = (236, 231, 221, 255)
OUT: Color = (210, 210, 210, 255)
CLEAR: Color = (0, 0, 0, 0)
NOT_SAID = ""


def ask(
    upload: Upload, layer: SourceLayer, *, kind: Kind, region: Region, token: str
) -> ImportRequest:
    """Draw the questions and hand back the request that the answers make."""
    band = layer.raster
    assert band is not None
    st.subheader("3. Say what its numbers mean", anchor=False)
    st.markdown(_grid_words(band, layer))
    nodata = _nodata(band, token=token)
    table = _table(band, kind, nodata=nodata, token=token)
    _preview(band, kind, table, nodata=nodata)
    name, data_date, note = answers.about(upload, layer, token=token)
    crs, _ = answers.where_from(layer, token=token)
    return ImportRequest(
        read=ReadRequest(
            region_id=region.region_id,
            kind=kind.kind_id,
            crs=crs,
            class_values=table,
            nodata=nodata,
            band=band.band,
        ),
        layer_name=name,
        data_date=data_date,
        source_note=note,
    )


def _grid_words(band: RasterBand, layer: SourceLayer) -> str:
    size = "a size that is not known yet"
    if band.pixel_m:
        wide, high = (round(one, 1) for one in band.pixel_m)
        size = f"{words.number(wide)} x {words.metres(high)}"
    where = words.md(layer.declared_crs) if layer.declared_crs else "a CRS the file does not name"
    return (
        f"{words.number(band.width)} x {words.number(band.height)} pixels of {size}, in {where}. "
        "The same number means different things in different rasters: take its own legend, and "
        "leave out what you do not know. Nothing is filled in for you."
    )


def _nodata(band: RasterBand, *, token: str) -> str | None:
    """The value that means "no data": as declared, else asked for."""
    if band.nodata is not None:
        st.caption(f"Value {band.nodata} means “no data”, as the file says.")
        return None
    if band.masked:
        st.caption("The file marks pixel by pixel where it has no data.")
        return None
    hint = ""
    if band.nodata_suggested is not None:
        hint = f" Value {band.nodata_suggested} fills most of the border: it may be that one."
    st.markdown(f"**The file does not say which value means “no data”.**{hint}")
    options = [NO_NODATA, *(str(one.value) for one in band.values)]
    return st.selectbox(
        "No data is",
        options,
        index=None,
        key=f"data.nodata.{token}",
        format_func=lambda text: "no value: every pixel has data" if text == NO_NODATA else text,
        placeholder="Choose a value",
        width=320,
    )


def _table(band: RasterBand, kind: Kind, *, nodata: str | None, token: str) -> dict[str, str]:
    """What each value means; none is chosen beforehand."""
    void = _void(band, nodata)
    named = [one for one in band.values if str(one.value) != void]
    total = sum(one.pixels for one in named)
    if len(named) > 1:
        st.checkbox(
            "Leave out every value that I do not name",
            key=f"data.rest.{token}",
            help="Pixels of these values get no class. They are counted as left out.",
        )
    rest = bool(state.get(f"data.rest.{token}"))
    table = {}
    with st.container(key="panel-classes"):
        for one in named:
            chosen = st.selectbox(
                words.md(value_line(one, total=total)),
                [NOT_SAID, *kind.classes, LEAVE_OUT],
                key=f"data.value.{token}.{one.value}",
                format_func=lambda name: _option(name, rest=rest),
            )
            if chosen or rest:
                table[str(one.value)] = chosen or LEAVE_OUT
    return table


def _void(band: RasterBand, nodata: str | None) -> str | None:
    """The value that means "no data": as said, else as declared; None where nobody says one."""
    if nodata is not None:
        return nodata
    return None if band.nodata is None else str(band.nodata)


def value_line(one: PixelValue, *, total: int) -> str:
    """A pixel value for a person: how much of it there is, and what the file calls it."""
    parts = [f"Value {one.value}: {words.count(one.pixels, 'pixel')}"]
    parts.append(f"{words.percent(one.pixels / total)}")
    if one.area_ha is not None:
        parts.append(words.hectares(one.area_ha))
    line = ", ".join(parts)
    if one.label:
        line += f" · the file calls it “{one.label}”"
    if one.suggested:
        line += f", perhaps {words.class_name(one.suggested)}"
    return line


def _option(name: str, *, rest: bool) -> str:
    if name == LEAVE_OUT:
        return "leave out"
    if name == NOT_SAID:
        return "– leave out –" if rest else "– choose –"
    return words.class_name(name)


def _preview(band: RasterBand, kind: Kind, table: dict[str, str], *, nodata: str | None) -> None:
    """A small picture in the colours of the chosen classes; what is not named yet is grey."""
    st.image(preview_png(band, kind, table, void=_void(band, nodata)), width=420)
    st.caption(
        "A small picture of it, north up: classes in their colours, left out grey, not named yet "
        "pale, no data empty."
    )


def preview_png(band: RasterBand, kind: Kind, table: dict[str, str], *, void: str | None) -> bytes:
    """The preview of a band as PNG; each of its pixels is one of the raster's."""
    values = band.preview_values()
    names = list(kind.colors)
    palette: list[Color] = [CLEAR, UNNAMED, OUT, *(color_of(kind.colors[name]) for name in names)]
    places = np.where(np.isnan(values), 0, 1).astype(np.uint8)
    for text, name in table.items():
        place = 2 if name == LEAVE_OUT else 3 + names.index(name)
        places[values == int(text)] = place
    if void is not None and void != NO_NODATA:
        places[values == int(void)] = 0
    return indexed_png(places, palette)
