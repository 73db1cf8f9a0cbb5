"""The engines, each in a module of its own with the same three names.

`missing()` gives the sentence why an engine cannot run here, or None. `loaded(folder, threads=)`
is a context that has read, prepared and indexed the country, and gives a function without
arguments that answers all questions as a frame of pairs (`bench.pairs`). `versions()` names what
was measured. Loading is timed apart from answering.
"""

import importlib
from types import ModuleType

OURS = "common ground"
MODULES = {
    OURS: "ours",
    "geopandas": "plain",
    "PostGIS": "postgis",
    "SedonaDB": "sedona",
    "DuckDB": "duck",
}


def engine(name: str) -> ModuleType:
    """The module of an engine. Raises KeyError for a name that is not in `MODULES`."""
    return importlib.import_module(f"bench.peers.{MODULES[name]}")
