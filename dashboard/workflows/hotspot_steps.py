"""The states of the data that a map of hotspots can step through: one for each dated version."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.workflows.hotspot_places import SITES
from dashboard.workflows.types import WorkflowError
from layers.catalogue import Layer
from layers.store import Store

MOST_STEPS = 60
DISTRICTS = "districts"


@dataclass(frozen=True, kw_only=True)
class Step:
    """The data as of a day: `versions` by layer id; `is_current` where they are those shown now."""

    day: dt.date
    versions: Mapping[str, str]
    is_current: bool

    @property
    def name(self) -> str:
        """The day and a hash of the versions: what an address says of it never changes."""
        told = json.dumps(sorted(self.versions.items())).encode()
        return f"{self.day.isoformat()}~{hashlib.sha256(told).hexdigest()[:12]}"


def hotspot_steps(store: Store, region_id: str) -> tuple[Step, ...]:
    """The states of a region's data, oldest first, each unlike the one before; newest MOST_STEPS.

    A layer with several dated versions shows the latest up to a day, and is not there before its
    first; all others, and districts, stay as they are shown now, so that two steps differ by what
    was brought for them and by nothing else. Without mine sites there is no step.
    """
    layers = [one for one in store.layers(region_id) if one.current]
    dated = {one.layer_id: _dated(store, one) for one in layers if one.kind != DISTRICTS}
    moving = {layer_id: versions for layer_id, versions in dated.items() if len(versions) > 1}
    current = {one.layer_id: one.current.version_id for one in layers if one.current}
    sites = {one.layer_id for one in layers if one.kind == SITES}
    steps: list[Step] = []
    for day in sorted({day for versions in moving.values() for day in versions}):
        versions = {layer_id: one for layer_id, one in current.items() if layer_id not in moving}
        for layer_id, known in moving.items():
            before = [one for one in known if one <= day]
            if before:
                versions[layer_id] = known[max(before)]
        if not sites & versions.keys() or (steps and steps[-1].versions == versions):
            continue
        steps.append(Step(day=day, versions=versions, is_current=versions == current))
    return tuple(steps[-MOST_STEPS:])


def _dated(store: Store, layer: Layer) -> dict[dt.date, str]:
    """The versions of a layer by the day their data speak for; of one day the newest."""
    versions = sorted(store.versions(layer.layer_id), key=lambda one: one.number)
    return {one.data_date: one.version_id for one in versions if one.data_date}


def step_named(store: Store, region_id: str, name: str) -> Step:
    """The step with a name; WorkflowError where the layers are not those it was made of."""
    for step in hotspot_steps(store, region_id):
        if step.name == name:
            return step
    raise WorkflowError("The layers have changed since. Reload the page.")
