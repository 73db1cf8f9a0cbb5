"""Coordinates as people write them."""

import math

import pandas as pd
import pytest

from layers.read.coordinates import parse_axis, parse_coordinate, parse_pair, parse_places

LAT = 5 + 18 / 60 + 3.6 / 3600
LON = -(1 + 59 / 60 + 36 / 3600)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5.3010", 5.3010),
        ("5,3010", 5.3010),
        ("-1,9934", -1.9934),
        ("+5.301", 5.301),
        ("5.3010°", 5.3010),
        ("5.3010 N", 5.3010),
        ("1.9934 W", -1.9934),
        ("W1.9934", -1.9934),
        ("-1.9934 W", -1.9934),
        ("5°18'03.6\"N", LAT),
        ("5° 18′ 03,6″ N", LAT),
        ("5º18’3.6”N", LAT),
        ("5°18'03.6''N", LAT),
        ("N 5 18 3.6", LAT),
        ("5 18 3.6", LAT),
        ("5:18:3.6", LAT),
        ("5 deg 18 min 3.6 sec N", LAT),
        ("5 degrés 18 minutes 3,6 secondes Nord", LAT),
        ("5d18m3.6s N", LAT),
        ("5d18m3.6s S", -LAT),
        ("5°18.06'N", LAT),
        ("1° 59' 36\" O", LON),
        ("1° 59' 36\" Ouest", LON),
        ("1°59'36\"W", LON),
        ("O 1 59 36", LON),
        ("-1 59 36", LON),
        ("-0 30 0", -0.5),
        ("5° 18' 03.6\" S", -LAT),
        ("29° 41' 24\" Est", 29.69),
        ("611 539", 611539),
        ("611\u202f539,5", 611539.5),
        ("611,539.25", 611539.25),
        ("1 010 240", 1010240),
    ],
)
def test_a_coordinate_is_read_whatever_the_way_it_is_written(text: str, value: float) -> None:
    assert parse_coordinate(text)[0] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "", "near the river", "?", "5°75'N", "5°18'75\"N", "5 18.5 3", "5 -18 3", "-5 N", "5 N S",
        "5 18 3 4", "5.3, -1.9", "5°18'03.6\"X", "1e5°", "N", "5\"18'", "12/03/2020",
    ],
)  # fmt: skip
def test_what_is_no_coordinate_is_not_made_into_one(text: str) -> None:
    assert math.isnan(parse_coordinate(text)[0])


@pytest.mark.parametrize(
    "text",
    [
        "5.301, -1.9934", "5.301,-1.9934", "5.301 -1.9934", "5.301;-1.9934", "5,301; -1,9934",
        "5,301 -1,9934", "(5.301, -1.9934)", "5.301 / -1.9934", "5.301 -1.9934 120.5 4.0",
        "5.301 N, 1.9934 W", "1.9934 W, 5.301 N", "5.301N 1.9934W", "N5.301 W1.9934",
        "N 5.301, O 1.9934", "5°18'03.6\"N 1°59'36.24\"W", "5°18'03.6\"N, 1°59'36,24\"O",
        "N 5 18 3.6 W 1 59 36.24", "5 deg 18 min 3.6 sec N 1 deg 59 min 36.24 sec W",
    ],
)  # fmt: skip
def test_two_coordinates_in_one_cell_come_out_longitude_first(text: str) -> None:
    assert parse_pair(text) == pytest.approx((-1.9934, 5.301), abs=1e-9)


@pytest.mark.parametrize("text", ["", "5.301", "Tarkwa, Ghana", "5 N, 6 N", "1,2,3", "5.3 W 1.9 E"])
def test_what_is_no_pair_stays_none(text: str) -> None:
    assert parse_pair(text) is None


def test_a_column_keeps_its_rows_and_blanks_are_nan() -> None:
    numbers, letters = parse_axis(pd.Series(["5.3", None, "1° 59' 36\" O", "x"], dtype=object))
    assert numbers.tolist() == pytest.approx([5.3, math.nan, LON, math.nan], nan_ok=True)
    assert letters.tolist() == ["", "", "W", ""]


def test_well_known_text_is_read_and_its_srid_is_a_statement() -> None:
    texts = ["SRID=32630;POINT(611539 586027)", "POLYGON((0 0,1 0,1 1,0 0))", "POINT(oops)", None]
    shapes, crs = parse_places(pd.Series(texts, dtype=object))
    assert crs == "EPSG:32630"
    assert [None if shape is None else shape.geom_type for shape in shapes] == [
        "Point", "Polygon", None, None,
    ]  # fmt: skip
