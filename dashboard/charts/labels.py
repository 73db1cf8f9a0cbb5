"""Names placed in areas so that none lies on another; a number where a name has no room."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from dashboard.charts.drawing import Point, text_width
from dashboard.charts.ground import Ground

SIZE, LINE = 10.5, 12.0
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

NUMBER = 9.0
"""Half the side of the square a number takes."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """What an area is to be called, a line each."""

    key: str
    lines: tuple[str, ...]
    is_needed: bool = True


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A label with the foot of its first line, in the middle."""

    key: str
    lines: tuple[str, ...]
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A number's middle; `leader` is the place in the area it stands for, where it is not on it."""

    key: str
    x: float
    y: float
    leader: Point | None


def place_labels(labels: Sequence[Label], ground: Ground) -> tuple[list[Placed], list[Spot]]:
    """Names that lie in their areas and not on one another, the largest areas first; and numbers.

    Labels stand for the shapes of the ground, in its order. Numbers keep that order, so that a
    reader finds them in the key; a label that needs none gets none.
    """
    order = np.argsort(-shapely.area(ground.shapes)) if len(labels) else []
    taken: list[Box] = []
    placed, homeless = [], []
    for place in order:
        label, shape = labels[place], ground.shapes[place]
        box = _in_area(label, shape, taken)
        if box is None:
            homeless.append(int(place))
            continue
        taken.append(box)
        placed.append(
            Placed(
                key=label.key,
                lines=label.lines,
                x=(box[0] + box[2]) / 2,
                y=box[1] + LINE - 2,
            )
        )
    spots = []
    for place in sorted(each for each in homeless if labels[each].is_needed):
        spot = _number(labels[place].key, ground.shapes[place], taken, ground)
        taken.append((spot.x - NUMBER, spot.y - NUMBER, spot.x + NUMBER, spot.y + NUMBER))
        spots.append(spot)
    return placed, spots


def _in_area(label: Label, shape: BaseGeometry, taken: Sequence[Box]) -> Box | None:
    """A free box for the label that lies in the area, None where there is none."""
    width = max(text_width(line, SIZE, bold=True) for line in label.lines) + 4
    height = LINE * len(label.lines) + 2
    west, north, east, south = shape.bounds
    if width > east - west + 4 or height > south - north + 4:
        return None
    # a name may reach a little over the edge: its halo keeps it readable
    room = shape.buffer(2.0)
    shapely.prepare(room)
    x, y = _middles(shape).T
    boxes = np.column_stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    for place in np.flatnonzero(shapely.contains(room, shapely.box(*boxes.T))):
        box: Box = tuple(boxes[place].tolist())
        if not _hits(box, taken):
            return box
    return None


def _middles(shape: BaseGeometry) -> npt.NDArray[np.float64]:
    """Places to try, shape (n, 2): the middle of the widest part, then a grid, nearest first."""
    if shape.is_empty or shape.area <= 0:
        return np.empty((0, 2))
    circle = shapely.maximum_inscribed_circle(shape, tolerance=1.0)
    middle = shapely.get_coordinates(circle)[0]
    west, south, east, north = shape.bounds
    across, down = np.linspace(west, east, 15)[1:-1], np.linspace(south, north, 15)[1:-1]
    places = np.array([(a, d) for a in across for d in down])
    far = np.hypot(*(places - middle).T)
    return np.vstack([middle, places[np.argsort(far, kind="stable")]])


def _number(
    key: str,
    shape: BaseGeometry,
    taken: Sequence[Box],
    ground: Ground,
) -> Spot:
    """Where a number goes: on its area, or beside it with a line; at last on it all the same."""
    x, y = shapely.get_coordinates(shape.representative_point())[0]
    home = (float(x), float(y))
    if not _hits(_square(home), taken):
        return Spot(key=key, x=home[0], y=home[1], leader=None)
    for radius in (20.0, 32.0, 46.0, 62.0):
        for turn in np.linspace(0, 2 * np.pi, 16, endpoint=False):
            at = (home[0] + radius * float(np.cos(turn)), home[1] + radius * float(np.sin(turn)))
            is_inside = (
                ground.left + NUMBER <= at[0] <= ground.right - NUMBER
                and ground.top + NUMBER <= at[1] <= ground.bottom - NUMBER
            )
            if is_inside and not _hits(_square(at), taken):
                return Spot(key=key, x=at[0], y=at[1], leader=home)
    return Spot(key=key, x=home[0], y=home[1], leader=None)


def _square(at: Point) -> Box:
    return at[0] - NUMBER, at[1] - NUMBER, at[0] + NUMBER, at[1] + NUMBER


def _hits(box: Box, taken: Sequence[Box]) -> bool:
    return any(
        box[0] < other[2] and box[2] > other[0] and box[1] < other[3] and box[3] > other[1]
        for other in taken
    )
