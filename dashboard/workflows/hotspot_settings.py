"""How hotspots are found, tested and put in order, as data/hotspots.toml states it."""

import tomllib
from functools import cache
from typing import Any

from geo.hotspots import TestRules
from layers.facts import DATA

SETTINGS = DATA / "hotspots.toml"


@cache
def settings() -> dict[str, Any]:
    """The settings as the file states them."""
    with SETTINGS.open("rb") as file:
        return tomllib.load(file)


def testing() -> TestRules:
    """What the test needs and when a unit is hot."""
    return TestRules(**settings()["test"])
