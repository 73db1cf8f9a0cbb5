"""What holds for any shapes at all."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.landscape import Size, landscape
from geo import conflicts as engine
from geo.conflicts import LayerFrame, find_conflicts, overlap_geometries
from layers.facts import rule_pack
from tests.geo.conflict_layers import CRS, find, layer, rule

settings.register_profile("engine", max_examples=40, deadline=None)
settings.load_profile("engine")

seeds = st.integers(0, 2**32 - 1)


def areas(rng, count, *, vertices=8, spread=400.0):
    """Ragged areas around one another, some of many vertices."""
    shapes = []
    for _ in range(count):
        many = int(rng.choice([vertices, 40, 120]))
        angle = np.sort(rng.uniform(0, 2 * np.pi, many))
        r = rng.uniform(40, 200, many)
        xy = rng.uniform(0, spread, 2) + np.column_stack([r * np.cos(angle), r * np.sin(angle)])
        shape = shapely.make_valid(shapely.Polygon(xy))
        shapes.append(shapely.buffer(shape, 0))
    return shapes


def points(rng, count):
    return list(shapely.points(rng.uniform(-100, 500, (count, 2))))


def shared(left, right, **columns):
    rows = find([layer("mine_sites", left), layer("licences", right)], rule("overlap"))
    return {(s, o): a for s, o, a in rows[["subject_id", "object_id", "area_ha"]].to_numpy()}


@given(seeds)
def test_overlap_is_symmetric(seed):
    rng = np.random.default_rng(seed)
    a, b = areas(rng, 3), areas(rng, 3)
    there, back = shared(a, b), shared(b, a)
    assert there.keys() == {(s, o) for o, s in back}
    for (s, o), area in there.items():
        assert area == pytest.approx(back[o, s], rel=1e-9, abs=1e-12)


@given(seeds)
def test_overlap_is_never_larger_than_either_part_and_is_the_exact_intersection(seed):
    rng = np.random.default_rng(seed)
    a, b = areas(rng, 3), areas(rng, 3)
    found = shared(a, b)
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            area = found.get((f"f{i}", f"f{j}"), 0.0) * 10_000
            assert area <= min(left.area, right.area) * (1 + 1e-12)
            assert area == pytest.approx(left.intersection(right).area, rel=1e-9, abs=1e-2)


@given(seeds, st.floats(-5e4, 5e4), st.floats(-5e4, 5e4))
def test_overlap_is_unchanged_when_both_move(seed, dx, dy):
    rng = np.random.default_rng(seed)
    a, b = areas(rng, 3), areas(rng, 3)

    def move(shapes):
        return [shapely.transform(shape, lambda xy: np.add(xy, (dx, dy))) for shape in shapes]

    here, there = shared(a, b), shared(move(a), move(b))
    for pair in here.keys() | there.keys():
        assert here.get(pair, 0.0) == pytest.approx(there.get(pair, 0.0), rel=1e-6, abs=1e-6)


@given(seeds, st.floats(1, 200), st.floats(0, 200))
def test_a_bigger_distance_never_finds_fewer(seed, distance, more):
    rng = np.random.default_rng(seed)
    layers = [
        layer("mine_sites", points(rng, 20), position_sd_m=rng.uniform(0, 20, 20)),
        layer("water", areas(rng, 2), position_sd_m=rng.uniform(0, 20, 2)),
    ]

    def pairs(outer):
        rows = find(layers, rule("within_distance", object_kind="water", outer_m=outer))
        sure = rows["verdict"] == "inside"
        keys = list(zip(rows["subject_id"], rows["object_id"], strict=True))
        return set(keys), {key for key, yes in zip(keys, sure, strict=True) if yes}

    near, near_sure = pairs(distance)
    far, far_sure = pairs(distance + more)
    assert near <= far
    assert near_sure <= far_sure


@given(seeds, st.floats(0, 40))
def test_points_agree_with_a_loop_over_every_pair(seed, sd):
    rng = np.random.default_rng(seed)
    spots, ground = points(rng, 30), areas(rng, 4)
    rows = find(
        [layer("mine_sites", spots, position_sd_m=[sd] * 30), layer("licences", ground)],
        rule("overlap"),
        rule("outside_all"),
    )
    expected = {}
    for i, spot in enumerate(spots):
        for j, shape in enumerate(ground):
            edge = spot.distance(shape.boundary)
            d = -edge if shape.intersects(spot) else edge
            if d - 1.64 * sd <= 0:
                verdict = "inside" if d + 1.64 * sd < 0 else "too_close"
                expected[f"f{i}", f"f{j}"] = verdict
    overlap = rows[rows["relation"] == "overlap"]
    found = overlap[["subject_id", "object_id", "verdict"]].to_numpy()
    assert {(s, o): v for s, o, v in found} == expected
    union = shapely.union_all(ground)
    outside = {}
    for i, spot in enumerate(spots):
        edge = spot.distance(union.boundary)
        d = -edge if union.intersects(spot) else edge
        if d + 1.64 * sd >= 0:
            outside[f"f{i}"] = "inside" if d - 1.64 * sd > 0 else "too_close"
    found = rows.loc[rows["relation"] == "outside_all", ["subject_id", "verdict"]].to_numpy()
    assert dict(found) == outside


@given(seeds)
def test_a_site_is_in_near_or_outside_and_never_two_of_them_for_sure(seed):
    rng = np.random.default_rng(seed)
    layers = [
        layer("mine_sites", points(rng, 40), position_sd_m=rng.uniform(0, 30, 40)),
        layer("licences", areas(rng, 3)),
    ]
    rows = find(layers, rule("overlap"), rule("outside_all"))
    inside = rows[rows["verdict"] == "inside"]
    within = set(inside.loc[inside["relation"] == "overlap", "subject_id"])
    without = set(inside.loc[inside["relation"] == "outside_all", "subject_id"])
    assert not within & without
    assert set(rows["subject_id"]) == {f"f{n}" for n in range(40)}


@pytest.fixture(scope="module")
def country():
    made = landscape(Size(mines=300, fields=3_000))
    sites = made["mine_sites"]
    radius = np.where(np.arange(len(sites)) % 3 == 0, 25.0, np.nan)
    made["mine_sites"] = sites.assign(radius_m=radius)
    return made


def table(country, **options):
    layers = [
        LayerFrame(layer_id=f"x.{kind}", kind=kind, features=features)
        for kind, features in country.items()
    ]
    return find_conflicts(layers, rule_pack("gh"), measuring_crs=CRS, **options), layers


def test_rows_threads_and_blocks_change_nothing_to_the_last_bit(country, monkeypatch):
    expected, _ = table(country, threads=1)
    assert len(expected) > 1_000
    mixed = {
        kind: features.sample(frac=1, random_state=3).set_index(np.arange(len(features))[::-1])
        for kind, features in reversed(country.items())
    }
    pd.testing.assert_frame_equal(table(mixed, threads=4)[0], expected, check_exact=True)
    monkeypatch.setattr(engine, "BLOCK_FEATURES", 37)
    small, _ = table(country, threads=3)
    pd.testing.assert_frame_equal(small, expected, check_exact=True)


def test_the_ground_of_a_conflict_has_the_area_of_its_row(country):
    found, layers = table(country)
    ground = overlap_geometries(found, layers)
    some = found["area_ha"].to_numpy() > 0
    assert some.sum() > 300
    assert shapely.area(ground[some]) / 10_000 == pytest.approx(found["area_ha"][some], rel=1e-9)
    assert (shapely.get_dimensions(ground[some]) == 2).all()
    assert shapely.is_valid(ground[some]).all()
    assert all(shape is None for shape in ground[~some])
