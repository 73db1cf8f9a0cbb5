"""Reading files people bring, in a worker that can be killed.

`inspect` says what is in a file, `suggest` what we would do with it, `read` makes the canonical
frame of docs/architecture.md, `read_tables` leaves the tables of a file as text. A refused file
raises `ReadError`, whose text is one plain sentence.
"""

from layers.read.model import (
    COORDINATE_FIELDS,
    Column,
    CrsChoice,
    Inspection,
    Limits,
    Progress,
    ReadError,
    ReadReport,
    ReadRequest,
    SourceLayer,
    Suggestion,
)
from layers.read.suggestion import suggest
from layers.read.supervisor import inspect, read, read_tables, small_photo
from layers.read.table_model import Table, TablesReport

__all__ = [
    "COORDINATE_FIELDS",
    "Column",
    "CrsChoice",
    "Inspection",
    "Limits",
    "Progress",
    "ReadError",
    "ReadReport",
    "ReadRequest",
    "SourceLayer",
    "Suggestion",
    "Table",
    "TablesReport",
    "inspect",
    "read",
    "read_tables",
    "small_photo",
    "suggest",
]
