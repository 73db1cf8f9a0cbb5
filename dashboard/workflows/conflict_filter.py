"""Which conflicts of a run a person wants to see: one filter for table, map and routes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.workflows.types import WorkflowError

NO_DISTRICT = "no data"
"""How a person chooses the conflicts that lie in no known district."""


@dataclass(frozen=True, kw_only=True)
class ConflictFilter:
    """Each part that is not empty limits the conflicts to those values.

    Sizes are hectares of overlap. A limit of size drops conflicts whose area is not known: unknown
    is neither small nor large.
    """

    verdicts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    min_ha: float | None = None
    max_ha: float | None = None

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of a run's table that pass every part, in their order."""
        keep = pd.Series(True, index=table.index)
        for column, wanted in (
            ("verdict", self.verdicts),
            ("rule_id", self.rules),
            ("rule_status", self.statuses),
            ("licence_state", self.licences),
        ):
            if wanted:
                keep &= table[column].isin(wanted)
        if self.districts:
            keep &= table["district"].fillna(NO_DISTRICT).isin(self.districts)
        if self.min_ha is not None:
            keep &= table["area_ha"] >= self.min_ha
        if self.max_ha is not None:
            keep &= table["area_ha"] <= self.max_ha
        return table[keep]

    def query(self) -> list[tuple[str, str]]:
        """The filter as parameters of an address; nothing for the parts that are empty."""
        pairs = [("verdicts", ",".join(self.verdicts)), ("rules", ",".join(self.rules))]
        for name, values in (
            ("district", self.districts),
            ("status", self.statuses),
            ("licence", self.licences),
        ):
            pairs += [(name, value) for value in values]
        for name, limit in (("min_ha", self.min_ha), ("max_ha", self.max_ha)):
            pairs.append((name, "" if limit is None else f"{limit:.10g}"))
        return [pair for pair in pairs if pair[1]]


def filter_of(parameters: Sequence[tuple[str, str]]) -> ConflictFilter:
    """The filter that parameters of an address carry; others among them are left alone.

    WorkflowError where a size is no number.
    """

    def listed(name: str) -> tuple[str, ...]:
        return tuple(value for key, value in parameters if key == name and value)

    def split(name: str) -> tuple[str, ...]:
        return tuple(one for value in listed(name) for one in value.split(",") if one)

    return ConflictFilter(
        verdicts=split("verdicts"),
        rules=split("rules"),
        districts=listed("district"),
        statuses=listed("status"),
        licences=listed("licence"),
        min_ha=_hectares("min_ha", listed("min_ha")),
        max_ha=_hectares("max_ha", listed("max_ha")),
    )


def _hectares(name: str, given: Sequence[Any]) -> float | None:
    if not given:
        return None
    try:
        value = float(given[0])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise WorkflowError(f"'{name}' must be a number of hectares, such as 0.5.")
    return value
