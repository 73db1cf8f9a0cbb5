"""The product's typeface as plain font files, for what is drawn outside a browser.

Streamlit brings Source Sans as one variable WOFF2, which typst cannot read. Set-up
cuts it to our letters and fixes two weights of it. A changed font may not carry the name of the
original (SIL Open Font License 1.1, paragraph 3), so the family has a name of ours.
"""

import atexit
import importlib.util
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from dashboard import assets

PACKED = assets.ROOT / "build" / "packed"
TEXT_FONT = "SourceSansVF-Upright"
# Latin with its extensions and the phonetic letters West African languages are written with, marks,
# punctuation, currencies, arrows, mathematical signs. Other scripts come from the reader's device.
LETTERS = (
    *range(0x20, 0x370),
    *range(0x1E00, 0x1F00),
    *range(0x2000, 0x2070),
    *range(0x20A0, 0x20C0),
    *range(0x2100, 0x2150),
    *range(0x2190, 0x2300),
)

FAMILY = "Common Ground Sans"
WEIGHTS = {400: "Regular", 600: "Bold"}
"""Weights on the font's axis, and as what they are known. 600 is what the pages set in bold."""

_making = Lock()


def _shell() -> Path:
    """Where Streamlit keeps what it sends to browsers; found without loading Streamlit."""
    spec = importlib.util.find_spec("streamlit")
    if spec is None or spec.origin is None:
        raise assets.AssetsError("Streamlit is not installed. Run 'make setup' first.")
    return Path(spec.origin).parent / "static" / "static"


SHELL = _shell()


def file_name(weight: int) -> str:
    """The name of the file with one weight."""
    return f"CommonGroundSans-{WEIGHTS[weight]}.ttf"


def write_typefaces(folder: Path, *, source: Path) -> tuple[Path, ...]:
    """Write one TTF a weight, with our letters of a variable font; returns the files."""
    # A tool of the set-up: the server does without it.
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib import instancer  # noqa: PLC0415

    written = []
    for weight, style in WEIGHTS.items():
        font = TTFont(source)
        options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp", "locl"])
        options.name_IDs = ["*"]
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=LETTERS)
        cutter.subset(font)
        fixed = instancer.instantiateVariableFont(font, {"wght": weight})
        _rename(fixed, style)
        fixed["OS/2"].usWeightClass = 700 if style == "Bold" else 400
        fixed.flavor = None
        path = folder / file_name(weight)
        fixed.save(path)
        written.append(path)
    return tuple(written)


def _rename(font: object, style: str) -> None:
    """Give a font our family name; the notes of copyright and licence stay."""
    names = font["name"]  # type: ignore[index]
    told = {1: FAMILY, 2: style, 3: f"{FAMILY} {style}", 4: f"{FAMILY} {style}"}
    told |= {6: f"{FAMILY.replace(' ', '')}-{style}", 16: FAMILY, 17: style}
    for name_id in (21, 22, 25):
        names.removeNames(nameID=name_id)
    for name_id, text in told.items():
        names.removeNames(nameID=name_id)
        names.setName(text, name_id, 3, 1, 0x409)


@cache
def _made() -> tuple[Path, ...]:
    ready = tuple(PACKED / file_name(weight) for weight in WEIGHTS)
    if all(path.is_file() for path in ready):
        return ready
    source = next((SHELL / "media").glob(f"{TEXT_FONT}*.woff2"), None)
    if source is None:
        raise assets.AssetsError(
            f"The font {TEXT_FONT} is not in the installed Streamlit, so charts cannot be drawn. "
            "Install the version that requirements.txt names."
        )
    folder = tempfile.TemporaryDirectory(prefix="typefaces-")
    atexit.register(folder.cleanup)
    return write_typefaces(Path(folder.name), source=source)


def typefaces() -> tuple[Path, ...]:
    """The font files, regular first. Where set-up did not run they are made now, in seconds."""
    with _making:
        return _made()


@cache
def typst_fonts() -> Any:
    """The typeface for typst; what it lacks comes from the fonts inside typst, never the machine's.

    The value is what `typst.compile` takes as `font_paths`.
    """
    import typst  # noqa: PLC0415

    folders = {path.parent for path in typefaces()}
    return typst.Fonts(include_system_fonts=False, font_paths=[str(path) for path in folders])
