"""Rows still in, rows taken out and why: the book that makes counts add up."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from layers.findings import Finding

Mask = npt.NDArray[np.bool_]


@dataclass(kw_only=True)
class Tally:
    """Which rows are still in, and what was told so far."""

    rows: npt.NDArray[np.int64]
    alive: Mask
    findings: list[Finding] = field(default_factory=list)

    def tell(self, code: str, message: str, mask: Mask | None = None, **more: Any) -> None:
        """Add a finding; with a mask, on those rows that are still in."""
        if mask is None:
            self.findings.append(Finding(code=code, message=message, **more))
        else:
            rows = self.rows[mask & self.alive]
            self.findings.append(Finding.on_rows(code, message, rows=rows, **more))

    def reject(self, mask: Mask, code: str, message: str, fix: str = "") -> None:
        """Take rows out and say why; `{n}` in the message becomes their number."""
        hit = mask & self.alive
        if hit.any():
            self.tell(code, message.format(n=int(hit.sum())), hit, fix=fix)
            self.alive = self.alive & ~hit

    @property
    def blocked(self) -> bool:
        """Whether any finding stops the import."""
        return any(each.blocking for each in self.findings)


def only_alive(shapes: npt.NDArray[Any], alive: Mask) -> npt.NDArray[Any]:
    """The shapes of rows that are still in; the others missing."""
    kept = shapes.copy()
    kept[~alive] = None
    return kept
