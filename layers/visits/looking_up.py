"""What cells mean, as columns of plain objects: pandas would make numbers of columns of nothing."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from layers.read.source import Series


def looked_up(cells: Series, meaning: Mapping[Any, Any]) -> Series:
    """The meaning of each cell, None where there is none."""
    found = np.empty(len(cells), dtype=object)
    found[:] = [
        meaning.get(cell) if isinstance(cell, Hashable) else None for cell in cells.to_numpy()
    ]
    return pd.Series(found, index=cells.index, dtype="object", name=cells.name)


def first_known(*columns: Series) -> Series:
    """The first value of each row that is known, None where none is."""
    result = columns[0].astype(object)
    for column in columns[1:]:
        result = result.where(result.notna(), column.astype(object))
    return result.where(result.notna(), None)
