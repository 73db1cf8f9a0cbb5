"""Coordinates as people write them: decimals, decimal commas, degrees-minutes-seconds in English
and French, two in one cell, well-known text. Everything comes out as numbers, longitude first."""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers.read.source import Series

Floats = npt.NDArray[np.float64]

# In French, and nowhere here in another sense, O is Ouest: west.
_HEMISPHERES = {
    "n": "N", "north": "N", "nord": "N", "northing": "N", "latn": "N",
    "s": "S", "south": "S", "sud": "S",
    "e": "E", "east": "E", "est": "E",
    "w": "W", "west": "W", "o": "W", "ouest": "W",
}  # fmt: skip
_UNITS = {
    "d": 0, "deg": 0, "degs": 0, "degree": 0, "degrees": 0, "degre": 0, "degres": 0, "°": 0,
    "m": 1, "mn": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1, "'": 1,
    "sec": 2, "secs": 2, "second": 2, "seconds": 2, "seconde": 2, "secondes": 2, '"': 2,
}  # fmt: skip
_WORDS = {"lat", "latitude", "lon", "long", "longitude", "et", "and", "de"}
_SIGNS = str.maketrans(
    {
        "º": "°", "˚": "°", "∘": "°", "’": "'", "‘": "'", "′": "'", "´": "'", "`": "'", "ʹ": "'",
        "″": '"', "”": '"', "“": '"', "„": '"', "ʺ": '"', "−": "-", "–": "-", "\u00a0": " ",
        "\u202f": " ", "\u2009": " ", "é": "e", "è": "e",
    }
)  # fmt: skip
_TOKEN = re.compile(r"[+-]?\d+(?:[.,]\d+)?|[a-z]+|[°'\"]|\S")
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:[ '\u00a0\u202f]\d{3})+(?:[.,]\d+)?$")
_THOUSAND_COMMAS = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+\.\d+$|^[+-]?\d{1,3}(?:,\d{3}){2,}$")
_WKT = re.compile(r"^\s*(?:(?:multi)?(?:point|linestring|polygon)|geometrycollection)", re.I)
_SRID = re.compile(r"^\s*SRID=(\d+);", re.IGNORECASE)
_TWO_HEMISPHERES = re.compile(
    r"^(?P<a>[^nsewo]*[nsewo][a-z]*)\s*[,;/]?\s*(?P<b>[^nsewo]*[nsewo][a-z]*)\s*$|"
    r"^(?P<c>[nsewo][a-z]*[^a-z]*[^nsewo]*?)\s*[,;/]?\s*(?P<d>[nsewo][a-z]*[^a-z]*[^nsewo]*)$"
)


def parse_coordinate(text: str) -> tuple[float, str]:
    """One coordinate and the hemisphere letter that came with it ("" for none).

    NaN where the text is not one coordinate: minutes beyond 59, two signs that contradict each
    other, anything left over. Numbers without degree signs may be metres and are not bounded.
    """
    cleaned = text.strip().translate(_SIGNS).lower()
    cleaned = cleaned.replace("''", '"')
    if _THOUSANDS.match(cleaned):
        cleaned = re.sub(r"(?<=\d)[ '](?=\d{3})", "", cleaned)
        parts = re.split(r"[.,]", cleaned)
        return float(".".join(parts)), ""
    if _THOUSAND_COMMAS.match(cleaned):
        return float(cleaned.replace(",", "")), ""
    numbers: list[str] = []
    hemisphere = ""
    units: list[int] = []
    pieces = [piece for piece in _TOKEN.findall(cleaned) if piece not in _WORDS]
    for at, piece in enumerate(pieces):
        if piece[-1].isdigit():
            numbers.append(piece)
        elif piece == "s" and len(numbers) == 3 and len(units) == 2:
            units.append(2)
        elif piece in _HEMISPHERES:
            if hemisphere or at not in (0, len(pieces) - 1):
                return np.nan, ""
            hemisphere = _HEMISPHERES[piece]
        elif piece in _UNITS:
            units.append(_UNITS[piece])
        elif piece not in (":", "(", ")", "."):
            return np.nan, ""
    return _combined(numbers, units, hemisphere)


def _combined(numbers: list[str], units: list[int], hemisphere: str) -> tuple[float, str]:
    if not 1 <= len(numbers) <= 3 or units != sorted(set(units)) or len(units) > len(numbers):
        return np.nan, ""
    values = [float(number.replace(",", ".")) for number in numbers]
    # Only the last number may have decimals, only the first a sign.
    if any(re.search(r"[.,]", number) for number in numbers[:-1]):
        return np.nan, ""
    if any(number[0] in "+-" for number in numbers[1:]):
        return np.nan, ""
    if any(not 0 <= value < 60 for value in values[1:]):
        return np.nan, ""
    negative = numbers[0].startswith("-")
    if negative and hemisphere in ("N", "E"):
        return np.nan, ""
    size = abs(values[0]) + sum(value / 60**power for power, value in enumerate(values) if power)
    return (-size if negative or hemisphere in ("S", "W") else size), hemisphere


def parse_axis(column: Series) -> tuple[Floats, npt.NDArray[np.str_]]:
    """A column of coordinates as numbers, and each row's hemisphere letter; blanks become NaN."""
    letters = np.full(len(column), "", dtype="<U1")
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), letters
    texts = column.astype("string").str.strip()
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    for row in np.flatnonzero(
        np.isnan(numbers)
        & texts.notna().to_numpy()
        & (texts != "").to_numpy(dtype=bool, na_value=False)
    ):
        numbers[row], letters[row] = parse_coordinate(str(texts.iloc[row]))
    return numbers, letters


def parse_pair(text: str) -> tuple[float, float] | None:
    """Longitude and latitude from two coordinates in one cell; None where they are not two.

    Hemisphere letters decide which is which. Without them latitude comes first, as phones and
    survey forms write it; that data is then somewhere else shows at the CRS gate.
    """
    cleaned = text.strip().strip("()[]{}").strip()
    halves = _halves(cleaned)
    if halves is None:
        return None
    (first, first_letter), (second, second_letter) = map(parse_coordinate, halves)
    if np.isnan(first) or np.isnan(second):
        return None
    if first_letter in ("E", "W") and second_letter in ("N", "S", ""):
        return first, second
    if first_letter in ("E", "W") or second_letter in ("N", "S"):
        return (first, second) if second_letter in ("N", "S") and not first_letter else None
    return second, first


def _halves(text: str) -> tuple[str, str] | None:
    plain = text.translate(_SIGNS)
    numbers = plain.split()
    if len(numbers) == 4 and all(re.fullmatch(r"[+-]?\d+(\.\d+)?", each) for each in numbers):
        return numbers[0], numbers[1]  # latitude longitude altitude accuracy of survey forms
    for separator in (";", "|", "/", ", ", "\t"):
        parts = [part for part in plain.split(separator) if part.strip()]
        if len(parts) == 2:
            return parts[0], parts[1]
    lowered = re.sub(r"\bdegres?\b|\bdegrees?\b|\bdeg\b", "°", plain.lower())
    lowered = re.sub(r"\bminutes?\b|\bmins?\b|\bmn\b", "'", lowered)
    lowered = re.sub(r"\bsecondes?\b|\bseconds?\b|\bsecs?\b", '"', lowered)
    match = _TWO_HEMISPHERES.match(lowered)
    if match:
        return (match["a"], match["b"]) if match["a"] is not None else (match["c"], match["d"])
    if plain.count(",") == 1:
        first, second = plain.split(",")
        return first, second
    if len(numbers) == 2:
        return numbers[0].rstrip(","), numbers[1]
    return None


def parse_places(column: Series) -> tuple[npt.NDArray[Any], str | None]:
    """Geometries of a column that holds well-known text or pairs, and its CRS where stated.

    What cannot be read is missing. "SRID=32630;POINT(…)" states EPSG:32630.
    """
    texts = column.astype("string").str.strip()
    shapes = np.full(len(texts), None, dtype=object)
    crs = None
    for row, text in enumerate(texts):
        if pd.isna(text) or text == "":
            continue
        srid = _SRID.match(text)
        if srid:
            crs = f"EPSG:{srid[1]}"
        wkt = text[srid.end() :] if srid else text
        if _WKT.match(wkt):
            shapes[row] = shapely.force_2d(shapely.from_wkt(wkt, on_invalid="ignore"))
            continue
        pair = parse_pair(wkt)
        if pair is not None:
            shapes[row] = shapely.points(*pair)
    return shapes, crs
