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

from geo.comparisons import Comparison
from geo.measure import Array, Side, class_matches
from geo.overlay import Right
from geo.relations import Rows, Z, conflicts_in_block
from geo.results import family, frame_of, joined
from geo.rules import Rule

Bounds = tuple[float, float, float, float]

FIRST_LOOK_M = 10_000.0
"""How far a site outside every licence first looks for the nearest one; twice would cost more."""


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

    def near(self, bounds: Bounds) -> Side:
        """The features whose boxes, radius included, meet bounds, in the order of their ids."""

    def ids_at(self, places: Array) -> Array:
        """Ids of the features at these places of the layer's order of ids."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One part of a subject layer under rules that share their measurements."""

    members: tuple[Comparison, ...]
    part: int

    @property
    def subject_layer(self) -> str:
        """The layer the part belongs to."""
        return self.members[0].subject_layer


Found = list[tuple[Comparison, Rows]]

Layers = Mapping[str, PartedLayer]
Run = Callable[[Sequence[Task], Layers, Layers], Iterable[Found]]
"""Carries out tasks, given layers and subjects; gives the result of each once, in any order."""


def tasks_of(work: Sequence[Comparison], layers: Mapping[str, PartedLayer]) -> list[Task]:
    """The tasks of comparisons; those of one part follow each other, as they read the same."""
    families: dict[object, list[Comparison]] = {}
    for comparison in work:
        families.setdefault(family(comparison), []).append(comparison)
    tasks = [
        Task(members=tuple(members), part=part.number)
        for members in families.values()
        for part in layers[members[0].subject_layer].parts
    ]
    return sorted(tasks, key=lambda task: (task.subject_layer, task.part))


def run_task(
    task: Task,
    layers: Mapping[str, PartedLayer],
    *,
    subjects: Mapping[str, PartedLayer] | None = None,
) -> Found:
    """The rows of one task; a pure function of the task and the layers.

    `subjects` stand in for the layers of the same id on the left side of the rules.
    """
    rule = task.members[0].rule
    left = (subjects or {}).get(task.subject_layer, layers[task.subject_layer])
    block = left.part(task.part)
    if rule.subject_classes:
        block = block.take(class_matches(block.feature_class, rule.subject_classes))
    if not len(block):
        return []
    names = sorted({name for member in task.members for name in member.object_layers})
    objects = [layers[name] for name in names]
    outside = [member for member in task.members if member.rule.relation == "outside_all"]
    reach_m = _reach_m(block, objects, task.members)
    if outside:
        reach_m = max(reach_m, FIRST_LOOK_M)
    rights, whole = _rights(block, objects, rule, reach_m)
    found = conflicts_in_block(block, rights, task.members)
    if not outside or whole:
        return found
    settled = [(member, rows) for member, rows in found if member not in outside]
    return settled + _outside(block, objects, outside, found, reach_m)


def _outside(
    block: Side,
    objects: Sequence[PartedLayer],
    members: Sequence[Comparison],
    found: Found,
    reach_m: float,
) -> Found:
    """The rows of `outside_all`, asked again further off where the nearest object may not be read.

    What was found at a distance within reach is the nearest: nothing that was not read is nearer.
    """
    settled: Found = []
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
        rights, whole = _rights(rest, objects, members[0].rule, reach_m)
        found = conflicts_in_block(rest, rights, members)
        if whole:
            return settled + found


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


def _reach_m(block: Side, objects: Sequence[PartedLayer], members: Sequence[Comparison]) -> float:
    """How far from a subject's geometry an object may lie and still be asked about."""
    sd_m = np.hypot(
        block.sd_m.max(initial=0.0), max((one.largest_sd_m for one in objects), default=0.0)
    )
    extent_m = block.radius_m.max(initial=0.0)
    extent_m += max((one.largest_extent_m for one in objects), default=0.0)
    widest_m = max(member.rule.outer_m or 0.0 for member in members)
    return float(1.01 * (Z * sd_m + extent_m + widest_m) + 1.0)


def _rights(
    block: Side, objects: Sequence[PartedLayer], rule: Rule, reach_m: float
) -> tuple[dict[str, Right], bool]:
    """The objects within reach of the block's box, and whether these are all there are."""
    west, south, east, north = shapely.total_bounds(block.geometry).tolist()
    bounds = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    rights = {}
    for layer in objects:
        side = layer.near(bounds)
        side = side.take(class_matches(side.feature_class, rule.object_classes))
        areas_only = rule.relation != "within_distance"
        rights[layer.layer_id] = Right(side.areas_only() if areas_only else side)
    return rights, all(
        bounds_hold(bounds, part.bounds) for layer in objects for part in layer.parts
    )


def bounds_hold(outer: Bounds, inner: Bounds) -> bool:
    """Whether bounds hold others, edges included."""
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and outer[2] >= inner[2]
        and outer[3] >= inner[3]
    )
