"""The order of a hotspot list, as data/hotspots.toml states it, and the same in words."""

from collections.abc import Mapping
from typing import Any

from dashboard.workflows.hotspot_settings import settings
from dashboard.workflows.hotspot_types import CLASS_TITLES, OUTSIDE


def ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records in the order that data/hotspots.toml states, with `rank` from 1.

    What lies outside every district is no place to go to: it comes last, whatever it holds.
    """
    classes = settings()["ranking"]["classes"]

    def order(row: Mapping[str, Any]) -> tuple[Any, ...]:
        rate = row["low"] if row["low"] is not None else row["value"]
        worst = [
            max((int(level) for level, many in row[name].items() if many), default=0)
            for name in ("by_breach", "by_receptor")
        ]
        return (
            row["unit_id"] == OUTSIDE,
            classes.index(row["unit_class"]),
            -(rate if rate is not None else -1.0),
            -row["inside"],
            *(-level for level in worst),
            -row["detections_in_conflict"],
            -row["detections"],
            row["name"],
            row["unit_id"],
        )

    return [{"rank": rank, **row} for rank, row in enumerate(sorted(rows, key=order), start=1)]


def order_sentence() -> str:
    """The order of the list in words; the classes as data/hotspots.toml puts them."""
    classes = ", ".join(CLASS_TITLES[name].lower() for name in settings()["ranking"]["classes"])
    return (
        f"By class ({classes}); then by the rate the numbers speak for at least (the lower end of "
        "its 95 % interval); then sites surely inside, how far a rule is crossed, what is touched, "
        "detections in conflict, and the name. These stay separate columns; there is no hidden "
        "score."
    )
