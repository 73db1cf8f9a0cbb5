"""What each relation of a rule measures, on one block of subjects: pure functions of arrays.

Signed distances: minus the way to the boundary inside an area. With s the combined standard
error and a line at b metres: inside if d + 1.64 s < b, outside if d - 1.64 s > b, else too close
to call. For ground that two areas share, d is minus its mean width; where one lies wholly within
the other, the way from it to the other's boundary comes on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import shapely

from geo.comparisons import Comparison
from geo.holders import holders_differ
from geo.intersections import intersections, prepared_copies
from geo.measure import AREA, LINE, POINT, Array, Side
from geo.nearby import Right
from geo.overlay import SLIVER_WIDTH_M, shared_ground
from geo.rules import Rule

Z = 1.64
"""One-sided 95 %: how many standard errors a verdict must hold."""

_LIMIT_ROUNDING = 1e-5
"""A largest area is written with five figures: 12 cadastral units are 10.19808 ha, not 10.198."""

NO_LINE, INNER, OUTER = 0, 1, 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Conflicts as arrays; `left` and `right` are places in their layers' order of ids."""

    left: Array
    right: Array
    sure: Array
    line: Array
    distance_m: Array
    sd_m: Array
    area_m2: Array
    share: Array

    def take(self, which: Array) -> "Rows":
        """The rows of a boolean mask."""
        return Rows(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @classmethod
    def of(cls, left: Array, right: Array, *, sure: Array, sd_m: Array, **known: Array) -> "Rows":
        """Rows in which what is not given is null."""
        count = len(left)
        return cls(
            left=left,
            right=right,
            sure=sure,
            sd_m=sd_m,
            line=known.get("line", np.zeros(count, dtype="int8")),
            distance_m=known.get("distance_m", np.zeros(count)),
            area_m2=known.get("area_m2", np.full(count, np.nan)),
            share=known.get("share", np.full(count, np.nan)),
        )

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """All rows after one another."""
        nothing = np.zeros(0)
        places = np.zeros(0, dtype="int64")
        empty = cls.of(places, places, sure=np.zeros(0, dtype=bool), sd_m=nothing)
        every = [empty, *parts]
        return cls(
            **{
                field.name: np.concatenate([getattr(part, field.name) for part in every])
                for field in fields(cls)
            }
        )


def conflicts_in_block(
    block: Side, rights: dict[str, Right], members: Sequence[Comparison]
) -> list[tuple[Comparison, Rows]]:
    """The rows of a family of comparisons on one block of subjects; a pure function.

    The members share subject layer, classes and object kind, so each object layer is measured
    once for all of them.
    """
    relation = members[0].rule.relation
    if relation == "area_limit":
        return [(member, over_area_limit(block, member.rule)) for member in members]
    if relation == "self_overlap":
        right = rights[members[0].object_layers[0]]
        return [(members[0], overlaps_in_layer(block, right))]
    if relation == "within_distance":
        right = rights[members[0].object_layers[0]]
        rows = within_distance(block, right, [member.rule for member in members])
        return list(zip(members, rows, strict=True))
    return _on_ground(block, rights, members)


def _on_ground(
    block: Side, rights: dict[str, Right], members: Sequence[Comparison]
) -> list[tuple[Comparison, Rows]]:
    measured = {layer_id: overlaps(block, right) for layer_id, right in rights.items()}
    found = []
    for member in members:
        if member.rule.relation == "outside_all":
            layers = member.object_layers
            every = [measured[layer_id] for layer_id in layers]
            rows = outside_all(block, [rights[layer_id] for layer_id in layers], every)
        else:
            layer_id = member.object_layers[0]
            right = rights[layer_id]
            rows = measured[layer_id]
            if member.rule.relation == "other_holder":
                rows = rows.take(
                    holders_differ(block.holder[rows.left], right.side.holder[rows.right])
                )
            rows = _placed(rows, block, right)
        found.append((member, rows))
    return found


def _placed(rows: Rows, block: Side, right: Right) -> Rows:
    """Rows that name places in the layers instead of positions in block and right side."""
    arrays = {field.name: getattr(rows, field.name) for field in fields(rows)}
    arrays["left"], arrays["right"] = block.place[rows.left], right.side.place[rows.right]
    return Rows(**arrays)


def overlaps(block: Side, right: Right) -> Rows:
    """Subjects on the ground of right areas, and those too close to tell; positions, not places."""
    bare = np.flatnonzero((block.form == POINT) & ~block.has_shape)
    shaped = np.flatnonzero(block.has_shape)
    return Rows.joined([_points_in(block, right, bare), _shapes_on(block, right, shaped)])


def _reach_m(block: Side, right: Right, which: Array) -> Array:
    worst = right.side.sd_m.max(initial=0.0)
    reach: Array = Z * np.hypot(block.sd_m[which], worst)
    return reach


def _points_in(block: Side, right: Right, which: Array) -> Rows:
    pairs = right.near(block.geometry[which], reach_m=_reach_m(block, right, which))
    left = which[pairs.left]
    signed_m = np.where(pairs.inside, -pairs.edge_m, pairs.edge_m)
    sd_m = np.hypot(block.sd_m[left], right.side.sd_m[pairs.right])
    rows = Rows.of(
        left,
        pairs.right,
        sure=signed_m + Z * sd_m < 0,
        sd_m=sd_m,
        distance_m=np.maximum(signed_m, 0.0),
    )
    return rows.take(signed_m - Z * sd_m <= 0)


def _shapes_on(block: Side, right: Right, which: Array) -> Rows:
    shape = block.shape[which]
    at, on = right.boxes_meet(shape)
    rows = _shared_rows(block, right, (which[at], on))
    reach_m = _reach_m(block, right, which)
    unsure = np.flatnonzero(reach_m > 0)
    if not len(unsure):
        return rows
    pairs = right.near(shape[unsure], reach_m=reach_m[unsure])
    left, width = which[unsure[pairs.left]], len(right.side)
    sd_m = np.hypot(block.sd_m[left], right.side.sd_m[pairs.right])
    gap_m = np.where(pairs.inside, 0.0, pairs.edge_m)
    missed = ~np.isin(left * width + pairs.right, rows.left * width + rows.right)
    missed &= (gap_m - Z * sd_m <= 0) & (sd_m > 0)
    nothing = np.zeros(int(missed.sum()))
    near = Rows.of(
        left[missed],
        pairs.right[missed],
        sure=nothing > 0,
        sd_m=sd_m[missed],
        distance_m=gap_m[missed],
        area_m2=nothing,
        share=nothing,
    )
    return Rows.joined([rows, near])


def _shared_rows(block: Side, right: Right, pairs: tuple[Array, Array]) -> Rows:
    """Pairs that share ground, as drawn, wider than rounding."""
    at, on = pairs
    shape, areas = block.shape, right.side.geometry
    shared = shared_ground(block.ground, right, pairs=pairs)
    sd_m = np.hypot(block.sd_m[at], right.side.sd_m[on])
    slack_m = Z * sd_m - shared.width_m
    sure = slack_m < 0
    for within, content, container in (
        (shared.left_within, (shape, at), (areas, on)),
        (shared.right_within, (areas, on), (shape, at)),
    ):
        ask = np.flatnonzero(within & ~sure)
        if not len(ask):
            continue
        outline, of = prepared_copies(shapely.boundary(container[0]), container[1][ask])
        sure[ask] = ~shapely.dwithin(outline[of], content[0][content[1][ask]], slack_m[ask])
    rows = Rows.of(
        at,
        on,
        sure=sure,
        sd_m=sd_m,
        area_m2=shared.area_m2,
        share=np.minimum(shared.area_m2 / block.area_m2[at], 1.0),
    )
    return rows.take(shared.width_m > SLIVER_WIDTH_M)


def overlaps_in_layer(block: Side, right: Right) -> Rows:
    """Pairs of one layer that share ground, each once, the lower id as subject.

    Neighbours drawn in one layer share the layer's error of position, so only ground that is shared
    as drawn counts.
    """
    which = np.flatnonzero(block.has_shape)
    at, on = right.boxes_meet(block.shape[which])
    once = block.place[which[at]] < right.side.place[on]
    return _placed(_shared_rows(block, right, (which[at[once]], on[once])), block, right)


def outside_all(block: Side, rights: Sequence[Right], measured: Sequence[Rows]) -> Rows:
    """Subjects surely outside every area of all right layers, or too close to its edge to tell."""
    asked = np.flatnonzero((block.form == POINT) | block.has_shape)
    rows = Rows.joined(measured)
    layer = np.repeat(np.arange(len(measured)), [len(part.left) for part in measured])
    covered = np.isin(asked, rows.left[rows.sure])
    close = asked[~covered & np.isin(asked, rows.left)]
    apart = asked[~covered & ~np.isin(asked, rows.left)]
    order = np.lexsort((rows.right, layer, rows.distance_m, rows.left))
    order = order[np.isin(rows.left[order], close)]
    rows, layer = rows.take(order), layer[order]
    starts = np.flatnonzero(np.diff(rows.left, prepend=-1))
    together = _covered_together(block, rights, rows, layer, starts)
    first = rows.take(starts[~together])
    lone = Rows.of(
        block.place[first.left],
        np.full(len(first.left), -1),
        sure=np.zeros(len(first.left), dtype=bool),
        sd_m=first.sd_m,
        distance_m=first.distance_m,
    )
    return Rows.joined([_far_off(block, rights, apart), lone])


def _far_off(block: Side, rights: Sequence[Right], apart: Array) -> Rows:
    geometry = np.where(block.has_shape[apart], block.shape[apart], block.geometry[apart])
    distance_m, sd_m = np.full(len(apart), np.inf), block.sd_m[apart].copy()
    for right in rights:
        far, owner = right.nearest(geometry)
        closer = far < distance_m
        distance_m[closer] = far[closer]
        sd_m[closer] = np.hypot(block.sd_m[apart[closer]], right.side.sd_m[owner[closer]])
    return Rows.of(
        block.place[apart],
        np.full(len(apart), -1),
        sure=np.ones(len(apart), dtype=bool),
        sd_m=sd_m,
        distance_m=np.where(np.isfinite(distance_m), distance_m, np.nan),
    )


def _covered_together(
    block: Side, rights: Sequence[Right], rows: Rows, layer: Array, starts: Array
) -> Array:
    """Subjects near the edge of each of several areas, but deep in all of them taken together.

    A site on the line between two licences is in neither for sure, yet surely not outside both. The
    loop is over the few bare points that stand so.
    """
    covered = np.zeros(len(starts), dtype=bool)
    ends = np.append(starts[1:], len(rows.left))
    for nth in np.flatnonzero(ends - starts > 1):
        part = range(starts[nth], ends[nth])
        subject = rows.left[starts[nth]]
        if block.has_shape[subject]:
            continue
        reach_m = Z * float(rows.sd_m[part].max())
        place = block.geometry[subject]
        around = shapely.buffer(place, 2 * reach_m + 1, cap_style="square")
        areas = np.array([rights[layer[n]].side.geometry[rows.right[n]] for n in part])
        ground = shapely.union_all(intersections(areas, np.full(len(areas), around)))
        covered[nth] = shapely.intersects(ground, place) and not shapely.dwithin(
            shapely.boundary(ground), place, reach_m
        )
    return covered


def within_distance(block: Side, right: Right, rules: Sequence[Rule]) -> list[Rows]:
    """Subjects within each rule's lines around right features; one measurement for all rules.

    A point's radius and half a river's width are taken off the distance.
    """
    which = np.flatnonzero(block.form != LINE)
    own_m = np.where(block.form == POINT, block.radius_m, 0.0)[which]
    extent_m = np.where(right.side.form == POINT, right.side.radius_m, right.side.half_width_m)
    widest = max(rule.outer_m or 0.0 for rule in rules)
    reach_m = _reach_m(block, right, which) + own_m + extent_m.max(initial=0.0) + widest
    pairs = right.near(block.geometry[which], reach_m=reach_m)
    left, on = which[pairs.left], pairs.right
    signed_m = np.where(pairs.inside, -pairs.edge_m, pairs.edge_m)
    sd_m = np.hypot(block.sd_m[left], right.side.sd_m[on])
    nearest = min(rule.inner_m or rule.outer_m or 0.0 for rule in rules)
    cross = (block.form[left] == AREA) & pairs.inside & (signed_m == 0) & (Z * sd_m >= nearest)
    if cross.any():
        both = (left[cross], on[cross])
        signed_m[cross] = -shared_ground(block.ground, right, pairs=both).width_m
    d = signed_m - own_m[pairs.left] - extent_m[on]
    every = Rows.of(
        left, on, sure=np.zeros(len(left), dtype=bool), sd_m=sd_m, distance_m=np.maximum(d, 0.0)
    )
    if block.layer_id == right.side.layer_id:
        other = block.place[left] != right.side.place[on]
        every, d = every.take(other), d[other]
    return [_placed(_within_lines(every, d, rule), block, right) for rule in rules]


def _within_lines(rows: Rows, d: Array, rule: Rule) -> Rows:
    outer = rule.outer_m or 0.0
    sure = d + Z * rows.sd_m < outer
    line = np.zeros(len(d), dtype="int8")
    if rule.inner_m is not None:
        line[sure] = OUTER
        line[d + Z * rows.sd_m < rule.inner_m] = INNER
    found = Rows.of(
        rows.left, rows.right, sure=sure, sd_m=rows.sd_m, distance_m=rows.distance_m, line=line
    )
    return found.take(d - Z * rows.sd_m <= outer)


def over_area_limit(block: Side, rule: Rule) -> Rows:
    """Subjects larger than the rule's hectares; too close where moving the outline decides it."""
    which = np.flatnonzero(block.has_shape)
    limit_m2 = (rule.max_area_ha or 0.0) * 10_000 * (1 + _LIMIT_ROUNDING)
    area_m2, sd_m = block.area_m2[which], block.sd_m[which]
    excess_m = (area_m2 - limit_m2) / shapely.length(block.shape[which])
    rows = Rows.of(
        block.place[which],
        np.full(len(which), -1),
        sure=excess_m > Z * sd_m,
        sd_m=sd_m,
        distance_m=np.full(len(which), np.nan),
        area_m2=area_m2,
    )
    return rows.take((excess_m > 0) | ((sd_m > 0) & (excess_m > -Z * sd_m)))
