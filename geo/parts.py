"""The conflict engine in parts: a task is one part of the subjects and one family of rules.

A task reads its subjects and, by their box, the objects that can matter; it knows nothing of other
tasks, so it runs in a thread, on another machine, or twice, with the same result. Each subject
lies in exactly one part: there is nothing to merge at borders and nothing to drop.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import shapely

from geo.boxes import BoxIndex
from geo.comparisons import Comparison
from geo.measure import Array, Side, class_matches
from geo.nearby import Right
from geo.relations import Rows, Z, conflicts_in_block
from geo.results import family, frame_of, joined
from geo.rules import Rule

Bounds = tuple[float, float, float, float]

FIRST_LOOK_M = 10_000.0
"""How far a site outside every licence first looks for the nearest one; twice would cost more."""

FIRST_LOOK_OF_FEW_M = 2_500.0
"""The same for sites that lie so far apart that each looks around for itself."""

PART_FEATURES = 8_192
PART_VERTICES = 131_072


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some features of a layer that lie together; `bounds` in metres of the measuring CRS."""

    number: int
    features: int
    vertices: int
    bounds: Bounds


class PartedLayer(Protocol):
    """A layer that can be read in parts, in the measuring CRS, valid and without empty geometries.

    `largest_sd_m` and `largest_extent_m` (a point's radius, half a river's width) say how far a
    feature can reach beyond its geometry.
    """

    @property
    def layer_id(self) -> str:
        """The id of the layer."""

    @property
    def kind(self) -> str:
        """The kind of the layer."""

    @property
    def parts(self) -> Sequence[Part]:
        """The parts, each feature in one of them."""

    @property
    def largest_sd_m(self) -> float:
        """The largest standard error of position, metres."""

    @property
    def largest_extent_m(self) -> float:
        """The largest radius of a point or half width of a river, metres."""

    def part(self, number: int) -> Side:
        """The features of one part, in the order of their ids."""

    def near(self, boxes: Array) -> Side:
        """The features whose boxes meet one of these (n, 4), in the order of their ids.

        There may be others among them that lie further off.
        """

    def ids_at(self, places: Array) -> Array:
        """Ids of the features at these places of the layer's order of ids."""


class FewFeatures:
    """Some features of a layer, in memory; a `PartedLayer`."""

    def __init__(self, side: Side, *, of: PartedLayer) -> None:
        self.layer_id, self.kind = of.layer_id, of.kind
        self.largest_sd_m, self.largest_extent_m = of.largest_sd_m, of.largest_extent_m
        self._of, self._side = of, side
        self._boxes = shapely.bounds(side.geometry)
        order = np.argsort(self._boxes[:, 0] + self._boxes[:, 2], kind="stable")
        ends = cuts(side.vertices[order])
        self._members = [np.sort(order[low:high]) for low, high in ends]
        self.parts = tuple(
            part_of(side.take(members), number=number)
            for number, members in enumerate(self._members)
        )

    @property
    def boxes(self) -> Array:
        """The bounds of the features (n, 4)."""
        boxes: Array = self._boxes
        return boxes

    def part(self, number: int) -> Side:
        """The features of one part, in the order of their ids."""
        return self._side if len(self.parts) == 1 else self._side.take(self._members[number])

    def near(self, boxes: Array) -> Side:
        """The features whose boxes meet one of these (n, 4), in the order of their ids."""
        return self._side.take(BoxIndex(boxes).meets(self._boxes))

    def ids_at(self, places: Array) -> Array:
        """Ids of the features at these places of the layer's order of ids."""
        return self._of.ids_at(places)


def cuts(vertices: Array) -> list[tuple[int, int]]:
    """Where parts begin and end: none with too many features or, unless it is one, vertices."""
    if not len(vertices):
        return []
    weight = np.maximum(vertices / PART_VERTICES, 1 / PART_FEATURES)
    strip = np.floor(np.cumsum(weight) - weight).astype("int64")
    starts = np.flatnonzero(np.diff(strip, prepend=-1)).tolist()
    return list(zip(starts, [*starts[1:], len(vertices)], strict=True))


def part_of(side: Side, *, number: int) -> Part:
    """What is told of a part that holds these features."""
    west, south, east, north = shapely.total_bounds(side.geometry).tolist()
    return Part(
        number=number,
        features=len(side),
        vertices=int(side.vertices.sum()),
        bounds=(west, south, east, north),
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """One part of a subject layer, with every family of rules that looks at it.

    The members of a family share their measurements.
    """

    families: tuple[tuple[Comparison, ...], ...]
    part: int

    @property
    def subject_layer(self) -> str:
        """The layer the part belongs to."""
        return self.families[0][0].subject_layer

    @property
    def object_layers(self) -> tuple[str, ...]:
        """The layers the task reads besides."""
        every = {name for members in self.families for one in members for name in one.object_layers}
        return tuple(sorted(every))


Found = list[tuple[Comparison, Rows]]

Layers = Mapping[str, PartedLayer]
Run = Callable[[Sequence[Task], Layers, Layers], Iterable[Found]]
"""Carries out tasks, given layers and subjects; gives the result of each once, in any order."""


def tasks_of(work: Sequence[Comparison], layers: Mapping[str, PartedLayer]) -> list[Task]:
    """The tasks of comparisons, one a part of a layer that is compared at all."""
    families: dict[object, list[Comparison]] = {}
    for comparison in work:
        families.setdefault(family(comparison), []).append(comparison)
    by_subject: dict[str, list[tuple[Comparison, ...]]] = {}
    for members in families.values():
        by_subject.setdefault(members[0].subject_layer, []).append(tuple(members))
    return [
        Task(families=tuple(every), part=part.number)
        for layer_id, every in sorted(by_subject.items())
        for part in layers[layer_id].parts
    ]


def run_task(
    task: Task,
    layers: Mapping[str, PartedLayer],
    *,
    subjects: Mapping[str, PartedLayer] | None = None,
) -> Found:
    """The rows of one task; a pure function of the task and the layers.

    `subjects` stand in for the layers of the same id on the left side of the rules.
    """
    left = (subjects or {}).get(task.subject_layer, layers[task.subject_layer])
    part = left.part(task.part)
    if not len(part):
        return []
    near = _Near(part, task.families, layers)
    blocks: dict[tuple[str, ...], Side] = {}
    found: Found = []
    for members in task.families:
        classes = members[0].rule.subject_classes
        if classes not in blocks:
            blocks[classes] = _of_classes(part, classes)
        block = blocks[classes]
        if len(block):
            found += _family_rows(block, members, near, layers)
    return found


def _family_rows(
    block: Side, members: Sequence[Comparison], near: "_Near", layers: Layers
) -> Found:
    names = sorted({name for member in members for name in member.object_layers})
    found = conflicts_in_block(
        block, {name: near.right(name, members[0].rule) for name in names}, members
    )
    outside = [member for member in members if member.rule.relation == "outside_all"]
    if not outside or all(near.whole(name) for name in names):
        return found
    settled = [(member, rows) for member, rows in found if member not in outside]
    reach_m = min(near.reach_m[name] for name in names)
    return settled + _outside(block, outside, found, layers, reach_m)


def _outside(
    block: Side, members: Sequence[Comparison], found: Found, layers: Layers, reach_m: float
) -> Found:
    """The rows of `outside_all`, asked again further off where the nearest object may not be read.

    What was found at a distance within reach is the nearest: nothing that was not read is nearer.
    """
    settled: Found = []
    names = members[0].object_layers
    while True:
        far = np.zeros(0, dtype="int64")
        for member, rows in found:
            if member in members:
                unsure = rows.sure & ~(rows.distance_m <= reach_m)
                settled.append((member, rows.take(~unsure)))
                far = np.union1d(far, rows.left[unsure])
        if not len(far):
            return settled
        rest = block.take(np.isin(block.place, far))
        reach_m *= 4
        near = _Near(rest, [members], layers, at_least_m=reach_m)
        found = conflicts_in_block(
            rest, {name: near.right(name, members[0].rule) for name in names}, members
        )
        if all(near.whole(name) for name in names):
            return settled + found


class _Near:
    """What lies near a part: each object layer read once, and once prepared for like rules."""

    def __init__(
        self,
        part: Side,
        families: Sequence[Sequence[Comparison]],
        layers: Layers,
        *,
        at_least_m: float | None = None,
    ) -> None:
        self._layers = layers
        self._own = shapely.bounds(part.geometry)
        self.reach_m: dict[str, float] = {}
        for members in families:
            for name in {name for member in members for name in member.object_layers}:
                reach_m = _reach_m(part, layers[name], members)
                if any(member.rule.relation == "outside_all" for member in members):
                    reach_m = max(reach_m, at_least_m or self._first_look_m())
                self.reach_m[name] = max(reach_m, self.reach_m.get(name, 0.0))
        self._sides: dict[str, Side] = {}
        self._rights: dict[tuple[str, tuple[str, ...], bool], Right] = {}

    def _first_look_m(self) -> float:
        few = len(self._around(FIRST_LOOK_OF_FEW_M)) > 1
        return FIRST_LOOK_OF_FEW_M if few else FIRST_LOOK_M

    def _around(self, reach_m: float) -> Array:
        """Boxes that hold all that is within reach: one, or one a feature where these lie apart."""
        boxes = self._own + np.array([-1, -1, 1, 1]) * reach_m
        whole = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None]
        return boxes if 2 * _ground(boxes).sum() < _ground(whole).sum() else whole

    def whole(self, name: str) -> bool:
        """Whether everything there is in a layer was read."""
        boxes = BoxIndex(self._around(self.reach_m[name]))
        parts = self._layers[name].parts
        return all(boxes.one_holds(np.array(part.bounds)) for part in parts)

    def right(self, name: str, rule: Rule) -> Right:
        """The objects of a layer within reach that a rule speaks of."""
        areas_only = rule.relation != "within_distance"
        key = name, rule.object_classes, areas_only
        if key not in self._rights:
            if name not in self._sides:
                boxes = self._around(self.reach_m[name])
                self._sides[name] = self._layers[name].near(boxes)
            side = _of_classes(self._sides[name], rule.object_classes)
            self._rights[key] = Right(side.areas_only() if areas_only else side)
        return self._rights[key]


def _ground(boxes: Array) -> Array:
    ground: Array = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return ground


def _of_classes(side: Side, classes: tuple[str, ...]) -> Side:
    """The features of some classes; the side itself, with what it has prepared, where it is all."""
    meant = class_matches(side.feature_class, classes)
    return side if meant.all() else side.take(meant)


def on_threads(count: int) -> Run:
    """Carry out tasks on threads of this process; GEOS lets them run side by side."""

    def run(tasks: Sequence[Task], layers: Layers, subjects: Layers) -> Iterable[Found]:
        with ThreadPoolExecutor(max_workers=max(1, count)) as pool:
            jobs = [pool.submit(run_task, task, layers, subjects=subjects) for task in tasks]
            try:
                for job in as_completed(jobs):
                    yield job.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    return run


def find_in_parts(
    layers: Mapping[str, PartedLayer],
    work: Sequence[Comparison],
    *,
    run: Run,
    subjects: Mapping[str, PartedLayer] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """The table of `geo.conflicts.find_conflicts`, from tasks that `run` carries out in any order.

    `work` are the comparisons of the layers and rules. `subjects`: see `run_task`.
    """
    tasks = tasks_of(work, dict(layers) | dict(subjects or {}))
    found: dict[Comparison, list[Rows]] = {comparison: [] for comparison in work}
    for done, result in enumerate(run(tasks, layers, subjects or {}), start=1):
        for comparison, rows in result:
            found[comparison].append(rows)
        if progress is not None:
            progress(done, len(tasks))
    return joined(
        [frame_of(comparison, Rows.joined(found[comparison]), layers=layers) for comparison in work]
    )


def _reach_m(part: Side, objects: PartedLayer, members: Sequence[Comparison]) -> float:
    """How far from a subject's geometry an object may lie and still be asked about."""
    sd_m = np.hypot(part.sd_m.max(initial=0.0), objects.largest_sd_m)
    extent_m = part.radius_m.max(initial=0.0) + objects.largest_extent_m
    widest_m = max(member.rule.outer_m or 0.0 for member in members)
    return float(1.01 * (Z * sd_m + extent_m + widest_m) + 1.0)
