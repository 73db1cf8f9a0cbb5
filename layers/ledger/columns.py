"""The frames of the ledger as Arrow tables and back, without a step per row.

A batch has two files: its visits with `identity`, `content` and whether each is `held`, and their
observations, whose `visit` is the position in the first. Nothing is null but what is "no data".
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geo.adoption.frames import (
    EVIDENCE,
    LED_BY,
    OBSERVATION_COLUMNS,
    SELECTIONS,
    STATES,
    VISIT_COLUMNS,
    Ledger,
    in_order_of_rounds,
)

TEXT = pa.large_string()
ARROW = {
    "str": TEXT,
    "category": pa.dictionary(pa.int32(), pa.string()),
    "float64": pa.float64(),
    "datetime64[s]": pa.timestamp("s"),
    "boolean": pa.bool_(),
    "int64": pa.int64(),
    "int32": pa.int32(),
}
BY_THE_STORE = ("visit_id", "batch_id")
"""Columns of visits that no file holds: the first is the identity, the second the file's."""

VISITS = pa.schema(
    [("identity", TEXT), ("content", TEXT), ("held", pa.bool_())]
    + [(name, ARROW[kind]) for name, kind in VISIT_COLUMNS.items() if name not in BY_THE_STORE]
)
OBSERVATIONS = pa.schema([(name, ARROW[kind]) for name, kind in OBSERVATION_COLUMNS.items()])
ROW_GROUP = 1 << 18

ORDERED = {
    "selection": (SELECTIONS, False),
    "led_by": (LED_BY, False),
    "state": (STATES, False),
    "evidence": (EVIDENCE, True),
}
"""Columns whose categories are fixed, and whether they have an order."""


def parquet(frame: pd.DataFrame, schema: pa.Schema) -> io.BytesIO:
    """The columns of a schema as a Parquet file; the same frame gives the same bytes."""
    arrays = [_array(frame[field.name], field.type) for field in schema]
    stream = io.BytesIO()
    table = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(table, stream, compression="zstd", row_group_size=ROW_GROUP)
    stream.seek(0)
    return stream


def ledger_of(
    visits: Sequence[pa.Table], observations: Sequence[pa.Table], *, batch_ids: Sequence[str]
) -> tuple[Ledger, pd.Series]:
    """The visits of all tables in their order with their observations, and their contents.

    Each visits table keeps the rows that count; `row` (int64), which it must have, is where each
    stood in its file. The contents have the index of the visits.
    """
    sizes = [len(table) for table in visits]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype("int64")
    seen = [
        _placed(table, rows["row"].to_numpy(), int(start))
        for table, rows, start in zip(observations, visits, starts[:-1], strict=True)
    ]
    every = pa.concat_tables([VISITS.empty_table(), *(one.drop("row") for one in visits)])
    frame = _frame(every.drop("held"))
    content = frame.pop("content")
    batch = pd.Series(np.repeat(np.array(batch_ids, dtype=object), sizes), dtype="str")
    frame = frame.rename(columns={"identity": "visit_id"}).assign(batch_id=batch)
    frame = in_order_of_rounds(frame[list(VISIT_COLUMNS)])
    return Ledger(frame, _frame(pa.concat_tables([OBSERVATIONS.empty_table(), *seen]))), content


def without(ledger: Ledger, gone: np.ndarray) -> Ledger:
    """The ledger without the visits where `gone` is true, and without their observations."""
    if not gone.any():
        return ledger
    place = np.cumsum(~gone) - 1
    at = ledger.observations["visit"].to_numpy()
    seen = ledger.observations[~gone[at]].reset_index(drop=True)
    seen = seen.assign(visit=place[seen["visit"].to_numpy()].astype("int32"))
    visits = ledger.visits[~gone].reset_index(drop=True)
    return Ledger(in_order_of_rounds(visits), seen)


def _placed(table: pa.Table, rows: np.ndarray, start: int) -> pa.Table:
    """Observations of the rows that count, `visit` as the position in all visits."""
    at = table["visit"].to_numpy()
    size = max(int(at.max()) if len(at) else 0, int(rows.max()) if len(rows) else 0) + 1
    place = np.full(size, -1, dtype="int64")
    place[rows] = np.arange(start, start + len(rows))
    place = place[at]
    kept = table if (place >= 0).all() else table.filter(pa.array(place >= 0))
    column = pa.array(place[place >= 0].astype("int32"))
    return kept.set_column(
        kept.schema.get_field_index("visit"), OBSERVATIONS.field("visit"), column
    )


def _frame(table: pa.Table) -> pd.DataFrame:
    unified = table.unify_dictionaries().combine_chunks()
    columns = {}
    for name in unified.column_names:
        column = unified[name]
        if pa.types.is_dictionary(column.type):
            columns[name] = pd.Series(_categories(name, column))
        elif pa.types.is_boolean(column.type):
            columns[name] = pd.Series(pd.array(column.to_pandas(), dtype="boolean"))
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def _categories(name: str, column: pa.ChunkedArray) -> Any:
    """A dictionary column as a categorical: fixed categories where the field has them, else sorted.

    Works on the dictionary and the codes, never on the rows.
    """
    words = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    codes = (
        column.chunk(0).indices.fill_null(-1).to_numpy() if column.num_chunks else np.empty(0, "i4")
    )
    fixed, ordered = ORDERED.get(name, (tuple(sorted(set(words))), False))
    place = {word: number for number, word in enumerate(fixed)}
    recode = np.array([*(place[word] for word in words), -1], dtype="int32")
    return pd.Categorical.from_codes(
        recode[codes], dtype=pd.CategoricalDtype(list(fixed), ordered=ordered)
    )


def _array(column: pd.Series, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return _dictionary(column)
    if pa.types.is_large_string(kind):
        return pa.array(column.astype(object).to_numpy(), type=TEXT, from_pandas=True)
    if pa.types.is_boolean(kind):
        return pa.array(column.astype("boolean"), type=kind)
    return pa.array(column.to_numpy(), type=kind, from_pandas=True)


def _dictionary(column: pd.Series) -> pa.Array:
    encoded = column.astype("category")
    words = [str(word) for word in encoded.cat.categories]
    codes = encoded.cat.codes.to_numpy().astype("int32")
    indices = pa.array(codes, mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, type=pa.string()))


def with_rows(table: pa.Table) -> pa.Table:
    """The table with `row`: where each row stands in it."""
    return table.append_column("row", pa.array(np.arange(len(table)), type=pa.int64()))


def is_any_of(column: pa.ChunkedArray, values: Sequence[str]) -> np.ndarray:
    """Where a text column is one of the values."""
    found = pc.is_in(column, value_set=pa.array(list(values), type=TEXT))
    return np.asarray(found.to_numpy(), dtype=bool)
