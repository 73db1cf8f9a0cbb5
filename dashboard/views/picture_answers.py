"""Step 3 of the wizard for a picture: which bands are its colours, and how bright they are."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import words
from dashboard.uploads import Upload
from dashboard.views import answers
from dashboard.workflows.pictures import EXACT
from dashboard.workflows.png import color_of
from layers.facts import Kind, Region
from layers.importing import ImportRequest
from layers.read import ReadRequest, SourceLayer
from layers.read.picture_model import STRETCH_OF_16_BITS, PictureBand, PictureFacts, as_picture
from layers.read.raster_model import NO_NODATA

COLOURS = ("Red", "Green", "Blue")
IN_COLOUR, IN_GREY = "colour, from three bands", "grey, from one band"
SAID_BY_FILE = {"alpha": "its transparency", "mask": "its mask"}


def ask(
    upload: Upload, layer: SourceLayer, *, kind: Kind, region: Region, token: str
) -> ImportRequest:
    """Draw the questions and hand back the request that the answers make."""
    seen = layer.picture or (as_picture(layer.raster) if layer.raster else None)
    assert seen is not None
    st.subheader("3. Say what its colours are", anchor=False)
    st.markdown(_grid_words(seen, layer))
    st.warning(EXACT, icon=":material/visibility:")
    bands = _bands(seen, token=token)
    stretch = _stretch(seen, token=token)
    nodata = _nodata(seen, token=token)
    _preview(seen, bands, stretch=stretch, nodata=nodata)
    name, data_date, note = answers.about(upload, layer, token=token)
    if data_date is None:
        st.caption("Without its day a picture cannot be set beside another, nor shown in time.")
    crs, _ = answers.where_from(layer, token=token)
    return ImportRequest(
        read=ReadRequest(
            region_id=region.region_id,
            kind=kind.kind_id,
            crs=crs,
            bands=bands,
            stretch=stretch,
            nodata=nodata,
        ),
        layer_name=name,
        data_date=data_date,
        source_note=note,
    )


def _grid_words(seen: PictureFacts, layer: SourceLayer) -> str:
    size = "a size that is not known yet"
    if seen.pixel_m:
        wide, high = seen.pixel_m
        size = f"{wide:.3g} x {high:.3g} m"
    where = words.md(layer.declared_crs) if layer.declared_crs else "a CRS the file does not name"
    return (
        f"{words.number(seen.width)} x {words.number(seen.height)} pixels of {words.md(size)}, in "
        f"{where}. A picture is looked at, below the other layers: nothing is counted or measured "
        "in it, and no rule uses it."
    )


def _bands(seen: PictureFacts, *, token: str) -> tuple[int, ...]:
    """The bands for red, green and blue, or for grey; as the file declares, else none chosen."""
    if len(seen.bands) == 1:
        what = "in the colours of its own table" if seen.palette else "in grey"
        st.caption(f"The picture has one band. It is shown {what}.")
        return (seen.bands[0].band,)
    has_three = len(seen.bands) >= len(COLOURS)
    how = IN_COLOUR if has_three else IN_GREY
    if has_three:
        how = st.radio(
            "Shown in",
            [IN_COLOUR, IN_GREY],
            key=f"data.colours.{token}",
            horizontal=True,
        )
    if not seen.declared:
        st.markdown(
            "**The file does not say which band is which.** Satellites often begin with blue, "
            "drones with red: ask whoever made it. Near infrared can stand for red on purpose."
        )
    names = COLOURS if how == IN_COLOUR else ("Grey",)
    numbers = [band.band for band in seen.bands]
    chosen = []
    with st.container(key="panel-bands"):
        for place, (name, cell) in enumerate(zip(names, answers.cells(len(names)), strict=True)):
            fixed = seen.declared[place] if how == IN_COLOUR and seen.declared else None
            with cell:
                band = st.selectbox(
                    name,
                    numbers,
                    index=None if fixed is None else numbers.index(fixed),
                    key=f"data.band.{token}.{name}",
                    format_func=lambda one: f"Band {seen.band(one).title}",
                    placeholder="Choose a band",
                )
            chosen.append(band)
    return tuple(chosen) if all(band is not None for band in chosen) else ()


def _stretch(seen: PictureFacts, *, token: str) -> tuple[float, float] | None:
    """Between which percentiles values of 16 bits become 8; None for values of 8 bits."""
    if not seen.is_deep or seen.palette:
        return None
    low, high = st.slider(
        "Darkest and brightest, in % of the pixels with data",
        min_value=0.0,
        max_value=100.0,
        value=STRETCH_OF_16_BITS,
        step=0.5,
        key=f"data.stretch.{token}",
        help="The values have 16 bits and a screen has 8. What is below the first is drawn "
        "darkest, what is above the second brightest; the same everywhere in the picture.",
        width=420,
    )
    return (low, high) if low < high else STRETCH_OF_16_BITS


def _nodata(seen: PictureFacts, *, token: str) -> str | None:
    """The value that means "no data": as declared, else asked for where a border has one."""
    if seen.nodata in SAID_BY_FILE:
        st.caption(f"The file says by {SAID_BY_FILE[seen.nodata]} where it has no data.")
        return None
    if seen.nodata != NO_NODATA:
        st.caption(f"Value {seen.nodata} in all bands means “no data”, as the file says.")
        return None
    if seen.border is None:
        return None
    is_collar = st.checkbox(
        f"Value {seen.border} fills much of the border: it means “no data”",
        key=f"data.collar.{token}",
        help="Where all bands have this value the map stays clear. Without it, it is drawn.",
    )
    return str(seen.border) if is_collar else None


def _preview(
    seen: PictureFacts,
    bands: tuple[int, ...],
    *,
    stretch: tuple[float, float] | None,
    nodata: str | None,
) -> None:
    if not bands or not all(seen.band(band).preview for band in bands):
        return
    st.image(preview_png(seen, bands, stretch=stretch, nodata=nodata), width=420)
    st.caption("A small picture of it, as its rows stand in the file; no data is empty.")


def preview_png(
    seen: PictureFacts,
    bands: tuple[int, ...],
    *,
    stretch: tuple[float, float] | None,
    nodata: str | None,
) -> bytes:
    """The chosen bands as PNG; each of its pixels is one of the picture's."""
    values = np.stack([seen.band(band).preview_values() for band in bands])
    empty = np.isnan(values).any(axis=0)
    if nodata is not None and nodata != NO_NODATA:
        empty |= (values == float(nodata)).all(axis=0)
    if seen.palette and len(bands) == 1:
        table = np.zeros((256, 3), dtype=np.uint8)
        for value, color in seen.palette.items():
            table[value % 256] = color_of(color)[:3]
        shown = table[np.nan_to_num(values[0]).astype(np.uint8)]
    else:
        drawn = [
            _eight_bits(seen.band(band), one, stretch)
            for band, one in zip(bands, values, strict=True)
        ]
        shown = np.stack(drawn * (len(COLOURS) if len(bands) == 1 else 1), axis=-1)
    rgba = np.dstack([shown, np.where(empty, 0, 255).astype(np.uint8)])
    out = io.BytesIO()
    Image.fromarray(rgba).save(out, format="PNG")
    return out.getvalue()


def _eight_bits(
    band: PictureBand, values: np.ndarray, stretch: tuple[float, float] | None
) -> np.ndarray:
    low, high = 0.0, 255.0
    if stretch is not None and band.quantiles:
        low, high = (np.interp(one, np.arange(101), band.quantiles) for one in stretch)
    share = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1.0)
    return np.asarray(np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8))
