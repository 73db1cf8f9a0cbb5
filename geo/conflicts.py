"""The conflict engine: rules against layers, one row a (subject, object, rule).

A task is a pure function of a block of subjects, the right layers and rules; each subject is in one
block, so there is no halo and nothing to merge, and the result is the same for any blocks.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.comparisons import Comparison, comparisons, not_assessed
from geo.errors import GeoError
from geo.measure import LayerFrame, Side, class_matches, prepare_side
from geo.nearby import Right
from geo.relations import Rows, conflicts_in_block
from geo.results import COLUMNS, family, frame_of, joined
from geo.rules import Rule
from geo.summary import overlap_geometries, overlap_geometry, summarise

__all__ = [
    "COLUMNS",
    "LayerFrame",
    "find_conflicts",
    "not_assessed",
    "overlap_geometries",
    "overlap_geometry",
    "summarise",
]

BLOCK_FEATURES = 8_192
BLOCK_VERTICES = 131_072


def find_conflicts(
    layers: Sequence[LayerFrame],
    rules: Sequence[Rule],
    *,
    measuring_crs: Any,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Every pair the rules find, `inside` or `too_close`; columns as in docs/architecture.md.

    Rows stand in the order of the rules, then of layer ids, then of feature ids, whatever the
    order of the input and the number of `threads` (default: one a core). Metres and hectares are
    those of `measuring_crs`. Features without a geometry take no part; neither do lines as
    subjects. `self_overlap` looks within each layer only: two vintages of one cadastre would
    overlap everywhere. `progress` is called with (tasks done, tasks in all).

    `outside_all` has no object: `inside` there means surely outside every object, `distance_m` is
    the way to the nearest one. `area_ha` and `share` are kept for overlaps; for `area_limit`
    `area_ha` is the subject's own area.

    Raises CrsError for layers that are not in `measuring_crs` or cannot be measured in it, and
    GeoError for ids that are missing or double and for invalid geometries.
    """
    work = comparisons(layers, rules)
    _refuse_doubles(layers)
    found: dict[Comparison, list[Rows]] = {comparison: [] for comparison in work}
    count = max(1, threads if threads is not None else os.cpu_count() or 1)
    with ThreadPoolExecutor(max_workers=count) as pool:
        ready = pool.map(lambda layer: prepare_side(layer, measuring_crs=measuring_crs), layers)
        sides = {side.layer_id: side for side in ready}
        tasks = _tasks(work, sides, pool)
        # a task that is done frees its block: nothing else may hold on to it
        jobs = [pool.submit(tasks.pop()) for _ in range(len(tasks))]
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                for comparison, rows in job.result():
                    found[comparison].append(rows)
                if progress is not None:
                    progress(done, len(jobs))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return joined(
        [frame_of(comparison, Rows.joined(found[comparison]), layers=sides) for comparison in work]
    )


def _refuse_doubles(layers: Sequence[LayerFrame]) -> None:
    seen: set[str] = set()
    for layer in layers:
        if layer.layer_id in seen:
            raise GeoError(f"Layer '{layer.layer_id}' is given twice. Give each layer once.")
        seen.add(layer.layer_id)


def blocks(side: Side) -> list[Side]:
    """The features of a layer in strips from west to east, none too big for one task."""
    if not len(side):
        return []
    bounds = shapely.bounds(side.geometry)
    order = np.argsort(bounds[:, 0] + bounds[:, 2], kind="stable")
    weight = np.maximum(side.vertices[order] / BLOCK_VERTICES, 1 / BLOCK_FEATURES)
    strip = np.floor(np.cumsum(weight) - weight).astype("int64")
    starts = np.flatnonzero(np.diff(strip)) + 1
    return [side.take(part) for part in np.split(order, starts)]


Task = Callable[[], list[tuple[Comparison, Rows]]]


def _tasks(
    work: Sequence[Comparison], sides: dict[str, Side], pool: ThreadPoolExecutor
) -> list[Task]:
    """One task a block of subjects, with every family of rules that looks at it; lightest first."""
    families: dict[tuple[Any, ...], list[Comparison]] = {}
    for comparison in work:
        families.setdefault(family(comparison), []).append(comparison)
    wanted = {_right_key(c.rule, layer_id) for c in work for layer_id in c.object_layers}
    rights = dict(zip(wanted, pool.map(lambda key: _right(sides, *key), wanted), strict=True))
    asked: dict[tuple[str, tuple[str, ...]], list[Family]] = {}
    for members in families.values():
        rule = members[0].rule
        near = {
            layer_id: rights[_right_key(rule, layer_id)]
            for layer_id in sorted({name for c in members for name in c.object_layers})
        }
        subjects = members[0].subject_layer, rule.subject_classes
        asked.setdefault(subjects, []).append((near, members))
    cut = pool.map(lambda key: _blocks(sides, *key), asked)
    tasks = [
        (int(block.vertices.sum()), _task(block, every))
        for every, some in zip(asked.values(), cut, strict=True)
        for block in some
    ]
    # taken from the end: the heaviest first, so that no thread is left with a long one at last
    return [task for _, task in sorted(tasks, key=lambda task: task[0])]


Family = tuple[dict[str, Right], list[Comparison]]


def _task(block: Side, asked: Sequence[Family]) -> Task:
    return lambda: [
        found for near, members in asked for found in conflicts_in_block(block, near, members)
    ]


RightKey = tuple[str, tuple[str, ...], bool]


def _right_key(rule: Rule, layer_id: str) -> RightKey:
    return layer_id, rule.object_classes, rule.relation != "within_distance"


def _right(
    sides: dict[str, Side], layer_id: str, classes: tuple[str, ...], areas_only: bool
) -> Right:
    side = sides[layer_id]
    chosen = side.take(class_matches(side.feature_class, classes))
    return Right(chosen.areas_only() if areas_only else chosen)


def _blocks(sides: dict[str, Side], layer_id: str, classes: tuple[str, ...]) -> list[Side]:
    side = sides[layer_id]
    return blocks(side.take(class_matches(side.feature_class, classes)))
