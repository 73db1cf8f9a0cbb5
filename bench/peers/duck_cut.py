"""DuckDB told what we found for our own engine: outlines in short pieces, corners for fields.

The joins are those of `duck`, on other tables: pieces of 32 segments for boundaries, so that a
distance is not asked of 6,000 vertices, and the first corner of a field for the field. A field
that no piece of a licence's outline meets lies inside if its corner does.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from bench.peers import cut, duck
from bench.peers.duck import missing, started, versions
from bench.peers.sql import Ways

__all__ = ["answer", "load", "missing", "started", "versions"]

_FIELDS = {
    "met": """
        SELECT l.id AS lid, c.id AS oid
        FROM licences l JOIN corners c ON ST_DWithin(l.g, c.g, 0)""",
    "crossed": """
        SELECT DISTINCT e.id AS lid, f.id AS oid
        FROM licences_edges e JOIN fields f ON ST_Intersects(e.g, f.g)""",
}


def load(own: Any, folder: Path) -> Any:
    """The layers, the pieces of outlines and the corners as tables."""
    duck.load_layers(own, folder)
    for table, (kind, _) in duck.LARGE.items():
        own.register("pieces", cut.outlines(folder / f"{kind}.parquet"))
        own.execute(
            f"CREATE TABLE {table}_edges AS SELECT id, ST_GeomFromWKB(wkb) AS g FROM pieces"
        )
        own.unregister("pieces")
    own.execute(
        "CREATE TABLE corners AS SELECT id, ST_StartPoint(ST_ExteriorRing(g)) AS g FROM fields"
    )
    return own


def answer(own: Any) -> pd.DataFrame:
    """All pairs of all rules."""
    return duck.answer(own, ways=Ways(fields=_FIELDS))
