"""QGIS styles (QML) small enough to write by hand: one colour, or one colour a value."""

from collections.abc import Mapping
from typing import Literal
from xml.sax.saxutils import quoteattr

Form = Literal["fill", "line", "marker"]

_CLASSES = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}


def plain_qml(color: str, *, form: Form) -> str:
    """A style with one colour ("#rrggbb")."""
    return _document(
        '<renderer-v2 type="singleSymbol" enableorderby="0" forceraster="0" symbollevels="0">'
        f"<symbols>{_symbol('0', color, form)}</symbols></renderer-v2>"
    )


def categorised_qml(column: str, colors: Mapping[str, tuple[str, str]], *, form: Form) -> str:
    """A style with a colour for each value of a column; `colors` is value -> (label, "#rrggbb")."""
    categories = "".join(
        f"<category value={quoteattr(value)} label={quoteattr(label)} "
        f'symbol="{place}" type="string" render="true"/>'
        for place, (value, (label, _)) in enumerate(colors.items())
    )
    symbols = "".join(
        _symbol(str(place), color, form) for place, (_, color) in enumerate(colors.values())
    )
    return _document(
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(column)} enableorderby="0" '
        f'forceraster="0" symbollevels="0"><categories>{categories}</categories>'
        f"<symbols>{symbols}</symbols></renderer-v2>"
    )


def _document(renderer: str) -> str:
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        f'<qgis version="3.28.0" styleCategories="Symbology">{renderer}</qgis>'
    )


def _symbol(name: str, color: str, form: Form) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    full, pale = f"{red},{green},{blue},255", f"{red},{green},{blue},110"
    options = {
        "fill": {
            "color": pale,
            "outline_color": full,
            "outline_width": "0.4",
            "outline_width_unit": "MM",
            "outline_style": "solid",
            "style": "solid",
        },
        "line": {
            "line_color": full,
            "line_width": "0.6",
            "line_width_unit": "MM",
            "line_style": "solid",
        },
        "marker": {
            "color": full,
            "name": "circle",
            "size": "2.6",
            "size_unit": "MM",
            "outline_color": "255,255,255,255",
            "outline_width": "0.2",
            "outline_width_unit": "MM",
            "outline_style": "solid",
        },
    }[form]
    told = "".join(
        f'<Option type="QString" name="{key}" value="{value}"/>' for key, value in options.items()
    )
    return (
        f'<symbol type="{form}" name="{name}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{_CLASSES[form]}" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{told}</Option></layer></symbol>'
    )
