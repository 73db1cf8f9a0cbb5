"""Areas with what is asked of each again and again: bounds, hectares, outlines."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from geo.outline import HEAVY_VERTICES, Array, Outline


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """Areas with what is asked of each again and again; what is no area has an area of 0."""

    shape: Array
    vertices: Array
    bounds: Array
    area_m2: Array

    @classmethod
    def of(cls, shape: Array) -> "Ground":
        """Areas as they are."""
        return cls(
            shape=shape,
            vertices=shapely.get_num_coordinates(shape),
            bounds=shapely.bounds(shape),
            area_m2=shapely.area(shape),
        )

    @cached_property
    def heavy(self) -> Array:
        """Positions of the areas of many vertices, which are asked chunk by chunk."""
        return np.flatnonzero(self.vertices > HEAVY_VERTICES)

    @cached_property
    def outline(self) -> Outline:
        """The outlines of the heavy areas; owners are positions in `heavy`."""
        return Outline(self.shape[self.heavy])

    def outline_of(self, which: Array, *, heavy: bool) -> tuple[Outline, Array]:
        """An outline with these areas, all heavy or all light, and where they are in it.

        For heavy ones the outline of all of these; for light ones one that is made for the call.
        """
        if heavy:
            return self.outline, np.searchsorted(self.heavy, which)
        used, of = np.unique(which, return_inverse=True)
        return Outline(self.shape[used]), of

    def holds(self, xy: Array, which: Array) -> Array:
        """Whether heavy areas, by their positions (n,), hold points (n, 2); see `Outline.holds`."""
        return self.outline.holds(xy, np.searchsorted(self.heavy, which))
