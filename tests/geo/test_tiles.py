"""Vector tiles: the grid, cutting and encoding, what is drawn and what is counted."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.landscape import Size, landscape
from geo.tiles.cells import NO_SHARE, count_cells
from geo.tiles.choose import NEVER, VIEW_BYTES, Choice, choose
from geo.tiles.clip import clip, tidy
from geo.tiles.clusters import CLOSEST, REACH_PIXELS, gather
from geo.tiles.cut import cut
from geo.tiles.grid import BUFFER, DEEPEST, EXTENT, PIXEL, WORLD, tile_box, to_degrees, to_grid
from geo.tiles.index import BLOCK, Index, order_of
from geo.tiles.mvt import Attribute, TileLayer, _commands, encode, varints
from geo.tiles.shapes import AREA, LINE, NOTHING, POINT, Shapes, oriented, ring_areas, shapes_of
from geo.tiles.simplify import TOLERANCE, first_zooms
from tests.geo.tile_reading import decoded, pixel_m

SIDE = 360 / 2**DEEPEST  # of a tile of the deepest zoom, in degrees of longitude


def on_grid(*parts: list[tuple[int, int]], form: int, holes: tuple[int, ...] = ()) -> Shapes:
    """One feature with these rings, in units as they are."""
    counts = [len(part) for part in parts]
    return Shapes(
        form=np.array([form], dtype="uint8"),
        rings=np.array([0, len(parts)]),
        corners=np.concatenate([[0], np.cumsum(counts)]),
        xy=np.array([corner for part in parts for corner in part], dtype="int32"),
        is_hole=np.isin(np.arange(len(parts)), holes),
    )


def geometries(*shapes: object) -> np.ndarray:
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def tile_of(shapes: Shapes, **more: Any) -> bytes:
    return encode([TileLayer(name="features", shapes=shapes, **more)])


# --- the grid -------------------------------------------------------------------------------------


def test_the_middle_of_the_world_is_the_middle_of_the_grid() -> None:
    places = to_grid(np.array([[0.0, 0.0], [-180.0, 85.0511287798066], [180.0, -89.0]]))
    assert places.tolist() == [[WORLD // 2, WORLD // 2], [0, 0], [WORLD, WORLD]]


def test_the_grid_agrees_with_web_mercator_of_proj() -> None:
    degrees = np.array([[29.5, 1.7], [-2.05, 5.28], [47.9, -18.9], [0.0, 84.0]])
    metres = gpd.GeoSeries.from_xy(*degrees.T, crs=4326).to_crs(3857).get_coordinates().to_numpy()
    unit = 40_075_016.68557849 / WORLD
    expected = np.column_stack([metres[:, 0], -metres[:, 1]]) / unit + WORLD / 2
    assert np.abs(to_grid(degrees) - expected).max() <= 0.5 + 1e-6


@given(st.floats(-180, 180), st.floats(-85, 85))
def test_a_place_comes_back_from_the_grid_within_half_a_unit(lon: float, lat: float) -> None:
    (x, y), (back_x, back_y) = (lon, lat), to_degrees(to_grid(np.array([[lon, lat]])))[0]
    half = 360 / WORLD / 2 * 1.001
    assert abs(back_x - x) <= half
    assert abs(back_y - y) <= half


# --- encoding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "commands"),
    [
        (on_grid([(25, 17)], form=POINT), [9, 50, 34]),
        (on_grid([(5, 7), (3, 2)], form=POINT), [17, 10, 14, 3, 9]),
        (on_grid([(2, 2), (2, 10), (10, 10)], form=LINE), [9, 4, 4, 18, 0, 16, 16, 0]),
        (
            on_grid([(2, 2), (2, 10), (10, 10)], [(1, 1), (3, 5)], form=LINE),
            [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8],
        ),
        (
            on_grid([(3, 6), (8, 12), (20, 34)], form=AREA),
            [9, 6, 12, 18, 10, 12, 24, 44, 15],
        ),
        (
            on_grid(
                [(0, 0), (10, 0), (10, 10), (0, 10)],
                [(11, 11), (20, 11), (20, 20), (11, 20)],
                [(13, 13), (13, 17), (17, 17), (17, 13)],
                form=AREA,
                holes=(2,),
            ),
            [
                *(9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15),
                *(9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15),
                *(9, 4, 13, 26, 0, 8, 8, 0, 0, 7, 15),
            ],
        ),
    ],
)
def test_drawing_commands_are_those_of_the_specification(
    shapes: Shapes, commands: list[int]
) -> None:
    # section 4.3.5 of the Mapbox Vector Tile Specification 2.1
    made, begins = _commands(shapes)
    assert made.tolist() == commands
    assert begins.tolist() == [0, len(commands)]


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_varints_are_seven_bits_a_byte(values: list[int]) -> None:
    expected = bytearray()
    for value in values:
        rest = value
        while rest > 0x7F:
            expected.append(rest & 0x7F | 0x80)
            rest >>= 7
        expected.append(rest)
    assert varints(np.array(values, dtype="uint64")) == bytes(expected)


def test_attributes_come_back_as_they_were_and_absent_ones_absent() -> None:
    hostile = "<script>alert(1)</script> \u2028 'Ɛ' \x00 \U0001f600"
    shapes = shapes_of(geometries(*(shapely.Point(lon, 0) for lon in (1, 2, 3, 4))))
    body = tile_of(
        cut(shapes, np.zeros(4, "uint8"), np.arange(4), zoom=0, column=0, row=0)[0],
        ids=np.array([0, 7, 2**31, 2**40]),
        attributes={
            "c": Attribute(codes=np.array([1, -1, 0, 1]), values=["unused?", hostile]),
            "r": Attribute(codes=np.array([-1, 0, 1, -1]), values=[12.5, 0.25]),
            "k": Attribute(codes=np.array([0, 1, 2, 0]), values=[0, -3, 2**40]),
            "gone": Attribute(codes=np.full(4, -1), values=[]),
        },
    )
    frame = decoded(body, (0, 0, 0))["features"]
    assert frame["mvt_id"].tolist() == [0, 7, 2**31, 2**40]
    assert frame["c"].iloc[[1]].isna().all()
    assert frame["c"].iloc[2] == "unused?"
    assert frame["c"].iloc[0].startswith("<script>alert(1)</script> \u2028 'Ɛ'")
    assert frame["r"].tolist()[1:3] == [12.5, 0.25]
    assert frame["r"].iloc[[0, 3]].isna().all()
    assert frame["k"].tolist() == [0, -3, 2**40, 0]


def test_an_empty_tile_is_no_bytes() -> None:
    nothing = shapes_of(geometries())
    assert tile_of(nothing) == b""
    assert encode([]) == b""


# --- shapes ---------------------------------------------------------------------------------------


def test_holes_and_parts_keep_their_place_and_turn_the_right_way() -> None:
    shell = shapely.box(0, 0, 10, 10)
    ringed = shell.difference(shapely.box(2, 2, 4, 4)).difference(shapely.box(6, 6, 8, 8))
    both = shapely.MultiPolygon([ringed, shapely.box(20, 0, 21, 1)])
    shapes = shapes_of(geometries(shapely.Point(1, 1), both, shapely.reverse(shell)))
    assert shapes.form.tolist() == [POINT, AREA, AREA]
    assert shapes.rings.tolist() == [0, 1, 5, 6]
    assert shapes.is_hole.tolist() == [False, False, True, True, False, False]
    signs = np.sign(ring_areas(shapes.xy, shapes.corners))
    assert signs.tolist() == [0, 1, -1, -1, 1, 1]


def test_what_has_no_place_is_nothing_and_breaks_nothing() -> None:
    shapes = shapes_of(
        geometries(None, shapely.Polygon(), shapely.Point(3, 3), shapely.GeometryCollection())
    )
    assert shapes.form.tolist() == [NOTHING, NOTHING, POINT, NOTHING]
    choice = choose(shapes)
    assert count_cells(shapes, choice)[0].count.sum() == 0
    assert choice.drawn_from[2] == 0


def test_of_a_mixed_collection_the_areas_are_drawn() -> None:
    mixed = shapely.GeometryCollection(
        [shapely.Point(9, 9), shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])]
    )
    shapes = shapes_of(geometries(mixed))
    assert shapes.form.tolist() == [AREA]
    assert len(shapes.xy) == 4


def test_taking_features_is_the_same_as_making_them() -> None:
    every = geometries(
        shapely.box(0, 0, 1, 1), shapely.MultiPoint([(1, 1), (2, 2)]), shapely.box(5, 5, 6, 7)
    )
    taken, made = shapes_of(every).take(np.array([2, 1])), shapes_of(every[[2, 1]])
    assert taken.xy.tolist() == made.xy.tolist()
    assert taken.corners.tolist() == made.corners.tolist()
    assert taken.rings.tolist() == made.rings.tolist()


# --- clipping -------------------------------------------------------------------------------------


@st.composite
def star(draw: st.DrawFn, *, reach: int = 9_000) -> shapely.Polygon:
    """A star-shaped area about a tile, valid, of 3 to 40 corners in whole units."""
    count = draw(st.integers(3, 40))
    middle = [draw(st.integers(-reach // 2, reach)) for _ in range(2)]
    radius = [draw(st.integers(20, reach)) for _ in range(count)]
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    xy = np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(radius)[:, None] + middle
    shape = shapely.make_valid(shapely.Polygon(np.rint(xy)))
    parts = [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon"]
    return max(parts, key=lambda one: one.area, default=shapely.Polygon())


def plain_shapes(shape: shapely.Geometry, form: int) -> Shapes:
    """A shape in tile units as it is, without the projection."""
    rings = shapely.get_rings(shape) if form == AREA else shapely.get_parts(shape)
    rows = [shapely.get_coordinates(one)[: -1 if form == AREA else None] for one in rings]
    parts = [[(int(x), int(y)) for x, y in one] for one in rows]
    return oriented(on_grid(*parts, form=form, holes=tuple(range(1, len(parts)))))


@settings(max_examples=150, deadline=None)
@given(star())
def test_a_clipped_area_covers_what_lies_in_the_box(shape: shapely.Polygon) -> None:
    if shape.is_empty:
        return
    low, high = -BUFFER, EXTENT + BUFFER
    clipped = clip(plain_shapes(shape, AREA), low=low, high=high)
    inside = shapely.intersection(shape, shapely.box(low, low, high, high))
    assert ((clipped.xy >= low) & (clipped.xy <= high)).all()
    # corners are rounded to whole units: along an edge at most half a unit is won or lost
    most = 1 + 0.8 * shapely.length(inside)
    assert abs(float(clipped.areas[0]) - inside.area) <= most
    assert len(tidy(clipped).rings) == 2


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-9_000, 9_000), st.integers(-9_000, 9_000)), min_size=2, max_size=30
    )
)
def test_a_clipped_line_runs_where_the_line_runs_in_the_box(
    corners: list[tuple[int, int]],
) -> None:
    line = shapely.LineString(corners)
    clipped = clip(on_grid(corners, form=LINE), low=0, high=4_096)
    length = 0.0
    for ring in range(len(clipped.corners) - 1):
        xy = clipped.xy[clipped.corners[ring] : clipped.corners[ring + 1]]
        length += float(np.hypot(*np.diff(xy, axis=0).T).sum())
    pieces = len(clipped.corners) - 1
    # intersection merges what a line runs twice, so it is cut segment by segment
    box = shapely.box(0, 0, 4_096, 4_096)
    segments = shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1))
    expected = float(shapely.length(shapely.intersection(segments, box)).sum())
    assert abs(length - expected) <= 2 * (pieces + 1)
    assert line.length >= length - 2 * (pieces + 1)


def test_a_square_over_the_edge_loses_what_lies_outside() -> None:
    square = on_grid([(-500, 100), (500, 100), (500, 300), (-500, 300)], form=AREA)
    clipped = clip(square, low=-64, high=4_160)
    assert sorted(map(tuple, clipped.xy.tolist())) == [
        (-64, 100),
        (-64, 300),
        (500, 100),
        (500, 300),
    ]


def test_an_area_that_misses_the_box_leaves_no_feature_and_no_error() -> None:
    # its box meets the tile, the area does not
    corner = shapely.Polygon([(-3_000, 2_000), (2_000, -3_000), (-3_000, -3_000)])
    clipped = tidy(clip(plain_shapes(corner, AREA), low=-64, high=4_160))
    assert clipped.rings.tolist() == [0, 0]


def test_a_hole_goes_with_its_outline() -> None:
    ringed = on_grid(
        [(-900, 0), (-100, 0), (-100, 900), (-900, 900)],
        [(-800, 100), (-800, 800), (-200, 800), (-200, 100)],
        [(10, 10), (90, 10), (90, 90), (10, 90)],
        form=AREA,
        holes=(1,),
    )
    clipped = tidy(clip(ringed, low=-64, high=4_160))
    assert clipped.is_hole.tolist() == [False]
    assert clipped.xy.min() == 10
    # an outline that fell together while its hole did not: no hole may stand alone
    fallen = on_grid([(0, 0), (9, 0), (0, 0)], [(2, 2), (2, 6), (6, 2)], form=AREA, holes=(1,))
    assert tidy(fallen).rings.tolist() == [0, 0]


# --- what is drawn --------------------------------------------------------------------------------


def layer_of(geometry: np.ndarray) -> tuple[Shapes, Choice]:
    shapes = shapes_of(geometry)
    return shapes, choose(shapes)


def test_a_field_is_drawn_from_two_pixels_on_and_counted_before() -> None:
    zoom = 12
    wide = 2.01 * 360 / 2**zoom / 256
    shapes, choice = layer_of(geometries(shapely.box(30, 1, 30 + wide, 1 + wide / 9)))
    assert choice.drawn_from.tolist() == [zoom]
    cells, _ = count_cells(shapes, choice)
    assert np.diff(cells.begins).tolist() == [1] * zoom + [0] * (DEEPEST - zoom + 1)


def test_points_are_counted_while_they_share_a_cell_and_drawn_once_alone() -> None:
    near = shapes_of(geometries(shapely.Point(30, 1), shapely.Point(30 + SIDE, 1)))
    choice = choose(near)
    # a tile of the deepest zoom apart: 16 pixels of it are a sixteenth, so four zooms farther out
    # they are a cell apart, and five farther they must share one or stand in neighbours
    assert set(choice.drawn_from.tolist()) <= {9, 10, 11}
    cells, _ = count_cells(near, choice)
    assert cells.count[cells.begins[5] : cells.begins[6]].tolist() == [2]
    assert cells.is_point.all()
    assert (cells.share == NO_SHARE).all()


def test_points_at_one_place_are_all_drawn_at_the_deepest_zoom() -> None:
    _, choice = layer_of(geometries(*[shapely.Point(30, 1)] * 5))
    assert choice.drawn_from.tolist() == [DEEPEST] * 5


def test_an_area_without_extent_is_counted_at_every_zoom() -> None:
    tiny = shapely.box(30, 1, 30 + 1e-7, 1 + 1e-7)
    shapes, choice = layer_of(geometries(tiny))
    assert choice.drawn_from.tolist() == [NEVER]
    cells, _ = count_cells(shapes, choice)
    assert np.diff(cells.begins).tolist() == [1] * (DEEPEST + 1)


def test_a_cell_knows_how_much_of_it_is_covered() -> None:
    zoom, side = 8, 360 / 2**8 / 256  # a pixel of that zoom
    # sixteen squares of a quarter pixel by a quarter pixel in the first cell of a tile
    west, north = 130 / 256 * 360 - 180, 0.0
    squares = [
        shapely.box(
            west + side * (0.5 + i), north - side * (0.25 + j), west + side * (0.75 + i),
            north - side * (0.0 + j),
        )
        for i in range(4)
        for j in range(4)
    ]  # fmt: skip
    shapes, choice = layer_of(geometries(*squares))
    cells, _ = count_cells(shapes, choice)
    which = cells.of_tile(zoom, 130, 128)
    assert cells.count[which].tolist() == [16]
    assert cells.xy[which].tolist() == [[0, 0]]
    # 16 x 1/16 pixel on a cell of 8 x 8 pixels: 1.6 %
    assert cells.share[which].tolist() == [2]


def test_where_a_view_would_weigh_too_much_the_smaller_are_counted_instead() -> None:
    side, zoom = 360 / 2**10 / 256, 10
    step = np.arange(150)
    west = 30 + np.repeat(step, 150) * side * 5
    south = 1 + np.tile(step, 150) * side * 5
    sizes = side * np.where(np.arange(len(west)) % 20 == 0, 4.5, 2.2)
    _, choice = layer_of(shapely.box(west, south, west + sizes, south + sizes))
    drawn = choice.drawn_from <= zoom
    assert 0 < drawn.sum() < len(west) / 10
    assert drawn[::20].all()
    assert len(west) * 17 > VIEW_BYTES > drawn.sum() * 17
    assert (choice.drawn_from <= DEEPEST).all()


@pytest.fixture(scope="module")
def country() -> dict[str, np.ndarray]:
    made = landscape(Size(mines=300, fields=3_000), seed=11)
    return {kind: frame.to_crs(4326).geometry.to_numpy() for kind, frame in made.items()}


@pytest.mark.parametrize("kind", ["farmland", "mine_sites", "water", "licences", "districts"])
def test_at_every_zoom_each_feature_is_drawn_or_counted_and_never_both(
    country: dict[str, np.ndarray], kind: str
) -> None:
    shapes, choice = layer_of(country[kind])
    cells, _ = count_cells(shapes, choice)
    for zoom in range(DEEPEST + 1):
        counted = int(cells.count[cells.begins[zoom] : cells.begins[zoom + 1]].sum())
        assert counted + int((choice.drawn_from <= zoom).sum()) == len(shapes)


@pytest.mark.parametrize(
    ("kind", "zoom"),
    [(kind, zoom) for kind in ("licences", "water") for zoom in (7, 10, 12, 14)]
    + [("farmland", 12), ("farmland", 14)],
)
def test_what_is_drawn_lies_within_a_pixel_of_what_it_stands_for(
    country: dict[str, np.ndarray], kind: str, zoom: int
) -> None:
    geometry = country[kind][:400]
    shapes, choice = layer_of(geometry)
    metric = gpd.GeoSeries(geometry, crs=4326).to_crs(3857).to_numpy()
    boxes = shapes.boxes >> (DEEPEST - zoom + 12)
    inside = (boxes[:, :2] == boxes[:, 2:]).all(axis=1)
    rows = np.flatnonzero(inside & (choice.drawn_from <= zoom))
    seen = 0
    for tile in np.unique(boxes[rows][:, :2], axis=0).tolist()[:40]:
        there = rows[(boxes[rows][:, :2] == tile).all(axis=1)]
        made, ids = cut(shapes, choice.corner_from, there, zoom=zoom, column=tile[0], row=tile[1])
        assert ids.tolist() == there.tolist()
        frame = decoded(tile_of(made, ids=ids), (zoom, *tile))["features"]
        for row, shape in zip(frame["mvt_id"].astype(int), frame.geometry, strict=True):
            far = shapely.hausdorff_distance(shape.boundary, metric[row].boundary)
            if metric[row].geom_type == "LineString":
                far = shapely.hausdorff_distance(shape, metric[row])
            assert far <= pixel_m(zoom), (kind, row)
            seen += 1
    assert seen > 0


def test_a_strip_thinner_than_a_unit_is_still_drawn() -> None:
    strip = shapely.box(30.0, 1.0, 30.02, 1.0000001)
    diagonal = shapely.Polygon([(30, 1), (30.02, 1.02), (30.02, 1.0200001)])
    shapes, choice = layer_of(geometries(strip, diagonal))
    for zoom in range(int(choice.drawn_from.max()), DEEPEST + 1):
        x, y = (shapes.boxes[0, :2] >> (DEEPEST - zoom + 12)).tolist()
        made, ids = cut(shapes, choice.corner_from, np.arange(2), zoom=zoom, column=x, row=y)
        assert 0 in ids.tolist()
        frame = decoded(tile_of(made), (zoom, x, y))["features"]
        assert (frame.area > 0).all()


def test_corners_of_a_zoom_are_among_those_of_the_next() -> None:
    angle = np.linspace(0, 2 * np.pi, 4_000)
    radius = 0.3 * (1 + 0.2 * np.sin(37 * angle))
    ragged = shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    shapes = shapes_of(geometries(ragged))
    first = first_zooms(shapes, np.zeros(1, dtype="uint8"))
    counts = [int((first <= zoom).sum()) for zoom in range(DEEPEST + 1)]
    assert counts == sorted(counts)
    assert counts[0] >= 3
    assert counts[8] < 400 < counts[DEEPEST]


@settings(max_examples=60, deadline=None)
@given(star(), st.integers(0, 6))
def test_simplifying_does_not_make_an_outline_cross_itself(
    shape: shapely.Polygon, scale: int
) -> None:
    shapes = plain_shapes(shape, AREA)
    if len(shapes.xy) < 8:
        return
    large = replace(shapes, xy=shapes.xy << scale)
    first = first_zooms(large, np.zeros(1, dtype="uint8"))
    for zoom in range(DEEPEST + 1):
        corners = large.xy[first <= zoom]
        if len(corners) > 8:
            assert shapely.Polygon(corners).is_valid


def test_a_bay_behind_a_narrow_mouth_stays_a_bay() -> None:
    # in the mouth one lip is straight but for a dent of 0.9 steps, and the other reaches 0.6 steps
    # into it: straightening the first alone would put the second on its other side
    step = TOLERANCE << (DEEPEST - 10)
    coast = [(0, -100), (300, -100), (300, 100), (0, 100), (0, 0.5), (48, 0.5), (50, -0.6)]
    coast += [(52, 0.5), (100, 0.5), (100, 50), (200, 50), (200, -50), (100, -50), (100, 0)]
    coast += [(53, 0), (50, -0.9), (47, 0), (0, 0)]
    land = on_grid([(round(x * step), round(y * step)) for x, y in coast], form=AREA)
    assert shapely.Polygon(land.xy).is_valid
    first = first_zooms(oriented(land), np.zeros(1, dtype="uint8"))
    seen = shapely.Polygon(oriented(land).xy[first <= 10])
    assert len(seen.exterior.coords) < len(coast)
    assert seen.is_valid


# --- finding --------------------------------------------------------------------------------------


def test_the_index_finds_what_looking_at_each_box_finds(country: dict[str, np.ndarray]) -> None:
    shapes, choice = layer_of(country["farmland"])
    order = order_of(shapes.boxes, choice.drawn_from)
    box, drawn_from = shapes.boxes[order], choice.drawn_from[order]
    index = Index.of(box, drawn_from)
    assert len(index.block_box) == -(-len(box) // BLOCK)
    middle = (box[:, :2] + box[:, 2:]) // 2
    for zoom in (9, 11, 12, 14):
        for column, row in (middle[::701] >> (DEEPEST - zoom + 12)).tolist():
            edge = tile_box(zoom, column, row)
            meets = (box[:, :2] <= edge[2:]).all(axis=1) & (box[:, 2:] >= edge[:2]).all(axis=1)
            expected = np.flatnonzero(meets & (drawn_from <= zoom))
            assert index.meeting(edge, zoom).tolist() == expected.tolist()


# --- signs ----------------------------------------------------------------------------------------


def test_signs_on_one_another_are_one_sign_of_the_best() -> None:
    pixel = 360 / 2**10 / 256
    degrees = np.array([[30, 1], [30 + 20 * pixel, 1], [30 + 60 * pixel, 1]])
    signs = gather(degrees, np.array([1, 0, 2]))
    ten = signs[10]
    told = dict(zip(ten.place.tolist(), ten.count.tolist(), strict=True))
    assert told == {1: 2, 2: 1}
    assert signs[9].count.sum() == 3
    assert signs[CLOSEST].count.tolist() == [1, 1, 1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(29, 30), st.floats(1, 2)), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_no_two_signs_lie_nearer_than_their_reach_and_none_is_lost(
    places: list[tuple[float, float]], random: object
) -> None:
    order = list(range(len(places)))
    random.shuffle(order)
    rank = np.argsort(order)
    degrees = np.array(places)
    spot = to_grid(degrees).astype("float64")
    for zoom, signs in enumerate(gather(degrees, np.array(order))):
        assert signs.count.sum() == len(places)
        assert np.bincount(signs.sign_of).tolist() == signs.count.tolist()
        for sign in range(len(signs.place)):
            members = np.flatnonzero(signs.sign_of == sign)
            assert rank[members].min() == rank[signs.place[sign]]
        at = spot[signs.place]
        apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
        apart[np.diag_indices(len(at))] = np.inf
        least = REACH_PIXELS * PIXEL * 2.0 ** (DEEPEST - zoom)
        assert (apart >= least - 1e-6).all()


def test_no_place_is_no_sign() -> None:
    assert [len(one.count) for one in gather(np.zeros((0, 2)), np.zeros(0, dtype="int64"))] == [
        0
    ] * (CLOSEST + 1)
