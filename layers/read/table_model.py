"""Tables of a file as text: what the worker leaves of them and what it tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from layers.findings import Finding
from layers.read.model import ReadError

TABLE_OUT = "table{}.parquet"
"""What the worker leaves of the table of a number, counted from 0."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a file. `columns` are their names; `rows` counts what is kept.

    `left_out` counts rows that could not be used; a finding says why.
    """

    name: str
    rows: int
    columns: tuple[str, ...]
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        """The table as plain JSON types."""
        return vars(self) | {"columns": list(self.columns)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Table":
        """The table that `as_json` wrote."""
        return cls(
            name=str(record["name"]),
            rows=int(record["rows"]),
            columns=tuple(map(str, record["columns"])),
            left_out=int(record["left_out"]),
        )


@dataclass(frozen=True, kw_only=True)
class TablesReport:
    """The tables of a file. `folder` is where their Parquet files lie.

    A blocking finding means that the file has to be brought again.
    """

    filename: str
    format: str
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...] = ()
    folder: Path | None = None

    def frame(self, number: int) -> pd.DataFrame:
        """A table as text, indexed by the row of the sheet (int64); blank cells are null."""
        if self.folder is None:
            raise ReadError(f"The tables of '{self.filename}' were not kept. Read the file again.")
        raw = pd.read_parquet(self.folder / TABLE_OUT.format(number))
        rows = raw.pop("row")
        raw.columns = pd.Index(self.tables[number].columns)
        plain = raw.astype(object).where(raw.notna(), None)
        return plain.set_axis(pd.Index(rows, dtype="int64", name="row"), axis=0)

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON types, without the folder."""
        return {
            "filename": self.filename,
            "format": self.format,
            "tables": [table.as_json() for table in self.tables],
            "findings": [finding.as_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "TablesReport":
        """The report that `as_json` wrote."""
        return cls(
            filename=record["filename"],
            format=str(record["format"]),
            tables=tuple(Table.from_json(table) for table in record["tables"]),
            findings=tuple(Finding.from_json(finding) for finding in record["findings"]),
        )
