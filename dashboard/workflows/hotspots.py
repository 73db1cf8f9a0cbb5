"""Hotspots of a region on a day: units counted, tested, put in order and explained.

Computed once and kept on disk until a layer, a rule, a setting or the code changes. See
docs/decisions/0011-hotspots.md.
"""

import datetime as dt
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from dashboard.workflows.hotspot_compute import Question, compute
from dashboard.workflows.hotspot_count import counted_rules
from dashboard.workflows.hotspot_places import PLACED
from dashboard.workflows.hotspot_settings import SETTINGS, settings
from dashboard.workflows.hotspot_since import Since, older_side
from dashboard.workflows.hotspot_steps import step_named
from dashboard.workflows.hotspot_types import BY, HotspotChanges, HotspotRow, HotspotRun
from dashboard.workflows.kept import Kept, run_apart
from dashboard.workflows.runs import conflicts
from dashboard.workflows.types import ConflictRun, Progress, WorkflowError
from geo import hexagons
from geo import hotspots as science
from geo.rules import Rule, rules_in_force
from layers import facts
from layers.catalogue import Layer
from layers.store import Store, open_store

LIBRARIES = ("esda", "libpysal", "h3", "numpy", "scipy", "shapely", "pandas")
KEPT_RUNS = 12
IN_WORKER_FROM = 5_000
"""From so many sites, detections and visits on a process of its own computes, so that the server's
threads stay free for people; below, starting one would take longer than the work."""

_runs: Kept[HotspotRun] = Kept(KEPT_RUNS)


def hotspots(
    store: Store,
    region_id: str,
    *,
    on: dt.date,
    by: str = "districts",
    scenarios: Sequence[str] = (),
    resolution: int | None = None,
    measure: str = science.PER_SITE,
    district_layer: str | None = None,
    since: str | None = None,
    rules: Sequence[str] | None = None,
    step: str | None = None,
    progress: Progress | None = None,
    in_process: bool = False,
) -> HotspotRun:
    """The hotspots of a region by districts or by hexagons ("h3"), ranked, a reason in each row.

    `resolution` is that of the hexagons (8 or 7; None = the setting); `district_layer` the layer of
    districts (None = the first by id); `rules` the ids of the rules that count (None = as
    data/hotspots.toml says). `since` names what to compare with: a version's id, or a day. `step`
    names a state of the data (`hotspot_steps`), None = the versions shown now. Raises
    WorkflowError where by, measure, a rule, a layer or `since` cannot be used.
    """
    layers = tuple(
        one for one in store.layers(region_id) if one.current and not one.current.is_picture
    )
    asked = _checked(
        layers,
        Question(
            region_id=region_id,
            by=by,
            resolution=resolution,
            measure=measure,
            district_layer=district_layer,
            since=since or None,
            chosen_rules=None if rules is None else tuple(sorted(set(rules))),
            step=step or None,
        ),
    )
    then = step_named(store, region_id, asked.step).versions if asked.step else None
    run = conflicts(
        store,
        region_id,
        on=on,
        scenarios=scenarios,
        layers=None if then is None else sorted(then),
        versions=then,
        progress=progress,
        in_process=in_process,
    )
    _known_rules(run, asked)
    older = older_side(store, layers, asked.since) if asked.since else None
    before = None
    if older is not None:
        before = conflicts(
            store,
            region_id,
            on=on,
            scenarios=scenarios,
            layers=sorted(older.versions),
            versions=older.versions,
            progress=progress,
            in_process=in_process,
        )
    many = sum(one.current.features for one in layers if one.current and one.kind in PLACED)
    there = Side(run=run, before=before, older=older)
    return _kept(store, asked, there, in_process=in_process or many < IN_WORKER_FROM)


def site_rules(region_id: str, *, on: dt.date, scenarios: Sequence[str] = ()) -> tuple[str, ...]:
    """Ids of the rules about sites that hold on a day, those of the scenarios too."""
    pack = facts.rule_pack(facts.region(region_id).rule_pack)
    return _about_sites(rules_in_force(pack, on=on, scenarios=scenarios))


def _about_sites(rules: Sequence[Rule]) -> tuple[str, ...]:
    every = tuple(rule.rule_id for rule in rules)
    return tuple(rule.rule_id for rule in counted_rules(tuple(rules), settings={}, chosen=every))


def _checked(layers: tuple[Layer, ...], asked: Question) -> Question:
    if asked.by not in BY:
        raise WorkflowError(f"There are no units '{asked.by}'. Use {' or '.join(BY)}.")
    if asked.measure not in science.MEASURES:
        raise WorkflowError(
            f"There is no measure '{asked.measure}'. Use {' or '.join(science.MEASURES)}."
        )
    districts = [one.layer_id for one in layers if one.kind == "districts"]
    if asked.district_layer is not None and asked.district_layer not in districts:
        raise WorkflowError(
            f"'{asked.district_layer}' is no layer of districts here. There is: "
            f"{', '.join(districts) or 'none'}."
        )
    if asked.by == "districts" and not districts:
        name = facts.region(asked.region_id).name
        raise WorkflowError(
            f"No districts are loaded for {name}. Bring a layer of districts, or use hexagons (h3)."
        )
    resolution = None
    if asked.by == "h3":
        resolution = asked.resolution or int(settings()["hexagons"]["resolution"])
        if resolution not in hexagons.RESOLUTIONS:
            offered = " or ".join(str(one) for one in hexagons.RESOLUTIONS)
            raise WorkflowError(
                f"There are no hexagons of resolution {resolution} here. Use {offered}."
            )
    chosen = asked.district_layer or (districts[0] if districts else None)
    return replace(asked, resolution=resolution, district_layer=chosen)


def _known_rules(run: ConflictRun, asked: Question) -> None:
    names = _about_sites(run.rules)
    for rule_id in asked.chosen_rules or ():
        if rule_id not in names:
            raise WorkflowError(
                f"No rule '{rule_id}' about sites holds on {run.as_of}. There is: "
                f"{', '.join(names) or 'none'}."
            )


# --- kept on disk -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Side:
    """The conflict run that is asked about, and the older one it is compared with."""

    run: ConflictRun
    before: ConflictRun | None
    older: Since | None


def _key(asked: Question, sides: Side) -> str:
    """A hash of all that decides the answer."""
    told = {
        "asked": repr(asked),
        "runs": [
            one and [one.fingerprint, dict(sorted(one.layer_versions.items()))]
            for one in (sides.run, sides.before)
        ],
        "on": sides.run.as_of.isoformat(),
        "code": _code(),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """A hash of our code, the settings and the libraries; geo's code is in the conflict runs'."""
    here = Path(__file__).resolve()
    digest = hashlib.sha256()
    root = here.parents[2]
    science_files = [root / "geo" / f"{name}.py" for name in ("hotspots", "hexagons", "changes")]
    for path in [*sorted(here.parent.glob("hotspot*.py")), *science_files, SETTINGS]:
        digest.update(path.read_bytes())
    digest.update(" ".join(f"{name} {installed(name)}" for name in LIBRARIES).encode())
    return digest.hexdigest()


def _kept(store: Store, asked: Question, sides: Side, *, in_process: bool) -> HotspotRun:
    """From memory, else from disk, else computed; many who ask at once wait for one computation."""
    key = _key(asked, sides)

    def find() -> HotspotRun:
        name = f"hotspots/{key}.json"
        content = store.read_derived(name)
        if content is None and in_process:
            record = compute(store, asked, sides.run, sides.before, sides.older)
            content = json.dumps(record, allow_nan=False).encode()
            store.write_derived(name, content)
        elif content is None:
            content = _in_worker(store, asked, sides.run, name=name)
        return _from_record(json.loads(content), asked, sides, key)

    return _runs.get(f"{store.location}/{key}", find)


def _in_worker(store: Store, asked: Question, run: ConflictRun, *, name: str) -> bytes:
    """The answer, computed by a process of its own that finds the conflict runs on disk."""
    order = {
        "store": store.location,
        "on": run.as_of.isoformat(),
        "scenarios": list(run.scenarios),
        **asdict(asked),
    }
    code = run_apart(__name__, order)
    content = store.read_derived(name) if code == 0 else None
    if content is None:
        raise WorkflowError(
            "The hotspots could not be computed; the server's log says why. The layers are "
            "unchanged. Try again, or use larger hexagons."
        )
    return content


def main() -> None:
    """Compute what standard input asks for and leave the answer in its store."""
    order = json.load(sys.stdin)
    hotspots(
        open_store(order["store"]),
        order["region_id"],
        on=dt.date.fromisoformat(order["on"]),
        by=order["by"],
        scenarios=order["scenarios"],
        resolution=order["resolution"],
        measure=order["measure"],
        district_layer=order["district_layer"],
        since=order["since"],
        rules=order["chosen_rules"],
        step=order["step"],
        in_process=True,
    )


def _from_record(record: Mapping[str, Any], asked: Question, sides: Side, key: str) -> HotspotRun:
    changes, run, older = record["changes"], sides.run, sides.older
    return HotspotRun(
        region_id=run.region_id,
        as_of=run.as_of,
        scenarios=run.scenarios,
        by=asked.by,
        resolution=asked.resolution,
        district_layer=asked.district_layer,
        measure=asked.measure,
        since=asked.since,
        chosen_rules=asked.chosen_rules,
        rules=tuple(record["rules"]),
        band_m=record["band_m"],
        tested=record["tested"],
        units_with_data=record["units_with_data"],
        rows=tuple(HotspotRow(**row) for row in record["rows"]),
        cells_without_data=record["cells_without_data"],
        method=tuple(record["method"]),
        notes=tuple(record["notes"]),
        changes=changes
        and HotspotChanges(
            label=changes["label"],
            versions=older.versions if older else {},
            totals=changes["totals"],
            sentences=tuple(changes["sentences"]),
        ),
        fingerprint=f"{key[:16]}-{run.as_of.isoformat()}",
        layer_versions=run.layer_versions,
        demonstration=run.demonstration,
    )
