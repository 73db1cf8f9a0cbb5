"""Names of pixel values, from the .aux.xml that GDAL programs put beside a raster.

They are suggestions for a person to look at; nothing else in such a file is used.
"""

from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from layers.facts import Kind
from layers.read.suggestion import folded

MOST_BYTES = 2 * 2**20
MOST_LABELS = 1_000
NAME_USAGE, MIN_MAX_USAGE, MIN_USAGE = "2", "5", "3"
"""What GDAL calls the columns of an attribute table that hold class names and pixel values."""


def labels_of(content: bytes) -> dict[int, str]:
    """The name of each pixel value in an .aux.xml; empty where it cannot be read or has none."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return {}
    for band in root.iter("PAMRasterBand"):
        found = _from_table(band.find("GDALRasterAttributeTable")) or _from_categories(band)
        if found:
            return found
    return {}


def _from_categories(band: Any) -> dict[int, str]:
    names = [one.text or "" for one in band.iterfind("CategoryNames/Category")]
    return {value: short(name) for value, name in enumerate(names[:MOST_LABELS]) if name.strip()}


def _from_table(table: Any) -> dict[int, str]:
    if table is None:
        return {}
    usage = [one.findtext("Usage", "") for one in table.iterfind("FieldDefn")]
    values = next((usage.index(each) for each in (MIN_MAX_USAGE, MIN_USAGE) if each in usage), None)
    if values is None or NAME_USAGE not in usage:
        return {}
    found = {}
    for row in list(table.iterfind("Row"))[:MOST_LABELS]:
        cells = [one.text or "" for one in row.iterfind("F")]
        if len(cells) == len(usage):
            try:
                found[int(float(cells[values]))] = short(cells[usage.index(NAME_USAGE)])
            except (ValueError, OverflowError):
                continue
    return {value: name for value, name in found.items() if name}


def short(text: str) -> str:
    """A name fit for a line: printable, at most 80 characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()[:80]


def suggested_class(label: str | None, kind: Kind) -> str | None:
    """The class whose words a label is; None where it is none of them. Only ever shown."""
    if not label or "feature_class" not in kind.fields:
        return None
    wanted = folded(label)
    for name, words in kind.fields["feature_class"].classes.items():
        if wanted in {folded(name), *(folded(word) for word in words)}:
            return name
    return None
