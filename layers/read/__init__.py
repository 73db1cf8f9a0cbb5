"""Reading files people bring, in a worker that can be killed.

`inspect` says what is in a file, `suggest` what we would do with it, `read` makes the canonical
frame of docs/architecture.md. A refused file raises `ReadError`, whose text is one plain sentence.
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
from layers.read.supervisor import inspect, read

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
    "inspect",
    "read",
    "suggest",
]
