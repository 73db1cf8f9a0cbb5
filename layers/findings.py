"""Findings: what we noticed about somebody's data, listed all together, never raised one by one."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

ROWS_SHOWN = 20
"""Row numbers kept in a finding; `row_count` always tells how many there are."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about the data that its owner should know.

    `code` is stable and documented in docs/findings.md. `message` says what is wrong and where;
    `fix` says what to do. A `blocking` finding stops the import until it is answered. `rows` are
    the row numbers as the owner sees them: the sheet row for tables (the header is row 1), the
    feature number from 1 for GIS layers; at most ROWS_SHOWN of `row_count`.
    """

    code: str
    message: str
    fix: str = ""
    blocking: bool = False
    rows: tuple[int, ...] = ()
    row_count: int = 0

    @classmethod
    def on_rows(
        cls,
        code: str,
        message: str,
        *,
        rows: Iterable[int],
        fix: str = "",
        blocking: bool = False,
    ) -> "Finding":
        """A finding that keeps the first rows and the count of all of them."""
        every = [int(row) for row in rows]
        return cls(
            code=code,
            message=message,
            fix=fix,
            blocking=blocking,
            rows=tuple(every[:ROWS_SHOWN]),
            row_count=len(every),
        )

    def as_json(self) -> dict[str, Any]:
        """The finding as plain JSON types."""
        return asdict(self) | {"rows": list(self.rows)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Finding":
        """The finding that `as_json` wrote."""
        return cls(**(record | {"rows": tuple(record.get("rows", ()))}))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop an import."""
    return [finding for finding in findings if finding.blocking]
