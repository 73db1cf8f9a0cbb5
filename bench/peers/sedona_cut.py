"""SedonaDB told what we found for our own engine: outlines in short pieces, corners for fields.

The joins are those of `sedona`, on other tables: pieces of 32 segments for boundaries, and the
first corner of a field for the field. A field that no piece of a licence's outline meets lies
inside if its corner does.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from bench.landscape import CRS
from bench.peers import cut, sedona
from bench.peers.sedona import missing, started, versions
from bench.peers.sql import Ways

__all__ = ["answer", "load", "missing", "started", "versions"]

# ids as the Parquet reader gives them, or a union of both fails
_PLACED = f"""
    SELECT arrow_cast(id, 'Utf8View') AS id, ST_SetCRS(ST_GeomFromWKB(wkb), '{CRS}') AS g
    FROM pieces"""

_FIELDS = {
    "met": """
        SELECT l.id AS lid, c.id AS oid
        FROM licences l JOIN corners c ON ST_Intersects(l.g, c.g)""",
    "crossed": """
        SELECT DISTINCT e.id AS lid, f.id AS oid
        FROM licences_edges e JOIN fields f ON ST_Intersects(e.g, f.g)""",
}

# with short pieces it is the faster one everywhere but for areas on areas
_TG = ("in_licences", "in_zones", "in_parks", "on_fields", "water_near", *_FIELDS)


def load(own: Any, folder: Path) -> Any:
    """The layers, the pieces of outlines and the corners as tables in memory."""
    sedona.load_layers(own, folder)
    for table, (kind, _) in sedona.LARGE.items():
        pieces = own.create_data_frame(cut.outlines(folder / f"{kind}.parquet"))
        pieces.to_view("pieces", overwrite=True)
        sedona.keep(own, f"{table}_edges", _PLACED)
    sedona.keep(own, "corners", "SELECT id, ST_StartPoint(ST_ExteriorRing(g)) AS g FROM fields")
    return own


def answer(own: Any) -> pd.DataFrame:
    """All pairs of all rules."""
    return sedona.answer(own, ways=Ways(fields=_FIELDS, tg=_TG))
