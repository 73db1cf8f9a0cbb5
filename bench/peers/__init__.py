"""The engines, each in a module of its own with the same names.

`missing()` gives the sentence why an engine cannot run here, or None; `versions()` names what was
measured. `started(threads=)` is a context with an engine that is up but empty: its start is not
timed. `load(engine, folder)` reads, prepares and indexes the country; `answer(loaded)` gives all
pairs of all rules as a frame (`bench.pairs`). The two are timed apart.

Peers are tuned in what they bring along; those "with our cuts" load what we found for our engine.
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
    "SedonaDB with our cuts": "sedona_cut",
    "DuckDB with our cuts": "duck_cut",
}


def engine(name: str) -> ModuleType:
    """The module of an engine. Raises KeyError for a name that is not in `MODULES`."""
    return importlib.import_module(f"bench.peers.{MODULES[name]}")
