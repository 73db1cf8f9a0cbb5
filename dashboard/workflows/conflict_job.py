"""The heavy part of a conflict run, for a process of its own, which calls `main`.

Reads a job as JSON from standard input, leaves the result in the store, and prints progress as
lines of JSON. The server's own threads stay free for people.
"""

import datetime as dt
import hashlib
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from dashboard.workflows.cover import class_titles, cover_conflicts, rasters_of
from dashboard.workflows.measured import ROOT, code_of, measured_parts
from dashboard.workflows.ranking import RANKING, ranked
from dashboard.workflows.types import Progress
from geo import conflicts as engine
from geo.comparisons import Comparison, comparisons
from geo.landcover import KIND
from geo.parts import Run, find_in_parts, on_threads
from geo.results import joined
from geo.rules import Rule, rules_in_force
from geo.updates import in_order, update_conflicts
from layers import facts
from layers.parted import PartFile, change_of
from layers.store import Store, open_store

META = b"commonground"
DECIMALS = 6
MOST_CHANGED = 0.2
"""Where more of a layer changed than this, everything is compared anew."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a run depends on: region, rules in force, and the version of each layer by layer id."""

    region_id: str
    on: dt.date
    scenarios: tuple[str, ...]
    versions: Mapping[str, str]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force on the day, with the scenarios asked for."""
        pack = facts.rule_pack(facts.region(self.region_id).rule_pack)
        return rules_in_force(pack, on=self.on, scenarios=self.scenarios)

    @property
    def key(self) -> str:
        """A hash of all that decides the result; two days under the same rules share it."""
        told = {
            "region": self.region_id,
            "crs": facts.region(self.region_id).measuring_crs,
            "rules": [repr(rule) for rule in self.rules],
            "versions": dict(sorted(self.versions.items())),
            "code": _code(),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def name(self) -> str:
        """The name of the derived file that keeps the result."""
        return f"conflicts/{self.key}.parquet"

    @property
    def trail(self) -> str:
        """The name of the derived file that tells the last run of these layers and rules.

        Whatever the versions: a run may start from it where a layer changed a little.
        """
        same = replace(self, versions=dict.fromkeys(self.versions, ""))
        return f"conflicts/{same.key}.last.json"

    def as_json(self) -> dict[str, Any]:
        """The job as plain JSON types."""
        return {
            "region_id": self.region_id,
            "on": self.on.isoformat(),
            "scenarios": list(self.scenarios),
            "versions": dict(self.versions),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Job":
        """The job that `as_json` wrote."""
        return cls(
            region_id=record["region_id"],
            on=dt.date.fromisoformat(record["on"]),
            scenarios=tuple(record["scenarios"]),
            versions=dict(record["versions"]),
        )


def _code() -> str:
    """A hash of the code and libraries that compute a result, so that none outlives a change."""
    here = Path(__file__)
    beside = ("cover.py", "measured.py", "ranking.py")
    own = (here, *(here.parent / name for name in beside), RANKING)
    return code_of(*sorted((ROOT / "geo").glob("*.py")), ROOT / "layers" / "parted.py", *own)


def compute(store: Store, job: Job, *, progress: Progress, run: Run | None = None) -> bytes:
    """The result as Parquet: the table, with summary and not assessed rules in its metadata.

    `run` carries out the tasks; default: threads of this process, one a core. Where the last run of
    these rules is kept and layers changed a little since, only what changed is compared again.
    """
    metric = facts.region(job.region_id).measuring_crs
    rules = job.rules
    parts: dict[str, PartFile] = {}
    for done, (layer_id, version_id) in enumerate(sorted(job.versions.items())):
        layer = store.layer(layer_id)
        if facts.kind(layer.kind).is_raster:
            continue  # pixels take part in their own way, not as features
        progress(0.2 * done / len(job.versions), f"Reading '{layer.name}'")
        parts[layer_id] = measured_parts(
            store, layer_id, layer.kind, version_id, measuring_crs=metric
        )
    frames = [one.frame() for one in parts.values()]
    demonstration = {
        layer_id: store.version(version_id).demonstration
        for layer_id, version_id in job.versions.items()
    }

    def tell(done: int, tasks: int) -> None:
        progress(0.2 + 0.5 * done / tasks, f"Comparing layers: {done} of {tasks} parts")

    work = comparisons(frames, rules)
    run = run or on_threads(os.cpu_count() or 1)
    found = _updated(store, job, parts, work, run)
    if found is None:
        found = find_in_parts(parts, work, run=run, progress=tell)
    progress(0.7, "Adding up areas")
    ground = engine.overlap_geometries(found, frames)
    summary = engine.summarise(found, frames, rules, ground=ground)
    progress(0.8, "Reading land cover")
    cover = cover_conflicts(
        store, rasters_of(store, job.versions), frames, rules, measuring_crs=metric
    )
    summary += cover.summary
    found = joined([found, cover.conflicts])
    progress(0.85, "Naming and ranking")
    table = _described(found, frames, rules, ground=ground, store=store)
    table["demonstration"] = table["subject_layer"].map(demonstration).astype(bool) | table[
        "object_layer"
    ].map(demonstration).fillna(False).astype(bool)
    asked = {row["rule"] for row in cover.summary}
    silent = [one for one in engine.not_assessed(frames, rules) if one["rule"] not in asked]
    meta = {"summary": summary, "not_assessed": silent, "cover_caveats": cover.caveats}
    return _written(ranked(table, rules), meta)


def keep(store: Store, job: Job, content: bytes) -> None:
    """Keep a result, and remember that it is the last of its layers and rules."""
    store.write_derived(job.name, content)
    told = {"name": job.name, "versions": dict(job.versions)}
    store.write_derived(job.trail, json.dumps(told).encode())


def _updated(
    store: Store,
    job: Job,
    parts: Mapping[str, PartFile],
    work: Sequence[Comparison],
    run: Run,
) -> pd.DataFrame | None:
    """The table from the last run of these layers and rules; None where there is none to use."""
    told = store.read_derived(job.trail)
    last = json.loads(told) if told else None
    content = store.read_derived(last["name"]) if last else None
    if last is None or content is None:
        return None
    metric = facts.region(job.region_id).measuring_crs
    changes = {}
    for layer_id, new in parts.items():
        before = last["versions"][layer_id]
        if before != job.versions[layer_id]:
            old = measured_parts(store, layer_id, new.kind, before, measuring_crs=metric)
            change = changes[layer_id] = change_of(old, new)
            if max(len(change.come), len(change.gone)) > MOST_CHANGED * new.features:
                return None
    before_table = read_result(content)[0]
    before_table = before_table[before_table["object_kind"].fillna("") != KIND]
    return update_conflicts(in_order(before_table, work), parts, work, changes, run=run)


def _described(
    found: pd.DataFrame,
    frames: Sequence[engine.LayerFrame],
    rules: Sequence[Rule],
    *,
    ground: np.ndarray,
    store: Store,
) -> pd.DataFrame:
    """The engine's table with names, classes, districts, places and what the rules say.

    `ground` is the shared ground of the first rows; those after it are about land cover.
    """
    by_id = {frame.layer_id: frame for frame in frames}
    table = found.copy()
    for side in ("subject", "object"):
        for column, name in (
            ("name", f"{side}_name"),
            ("feature_class", f"{side}_class"),
            ("valid_to", f"{side}_valid_to"),
        ):
            table[name] = _looked_up(table, by_id, side, column)
        names = {
            name: store.layer(str(name)).name for name in table[f"{side}_layer"].dropna().unique()
        }
        table[f"{side}_layer_name"] = table[f"{side}_layer"].map(names).astype(object)
    covers = (table["object_kind"] == KIND).to_numpy(dtype=bool, na_value=False)
    table.loc[covers, "object_name"] = class_titles(table)[covers]
    table.loc[covers, "object_class"] = table.loc[covers, "object_id"].to_numpy(dtype=object)
    on_rule = {rule.rule_id: rule for rule in rules}
    for name in ("title", "kind", "effect", "status"):
        told = {rule_id: getattr(rule, name) for rule_id, rule in on_rule.items()}
        table[f"rule_{name}"] = table["rule_id"].map(told).astype(object)
    places, subjects = _places(found, frames, ground)
    table["longitude"], table["latitude"] = places
    table["district"] = _district(subjects, frames)
    return table


def _looked_up(
    table: pd.DataFrame, by_id: Mapping[str, engine.LayerFrame], side: str, column: str
) -> np.ndarray:
    told = np.full(len(table), None, dtype=object)
    for layer_id, rows in table.groupby(f"{side}_layer", sort=False).indices.items():
        if layer_id not in by_id or column not in by_id[str(layer_id)].features:
            continue
        features = by_id[str(layer_id)].features
        values = features[column].astype(object).where(features[column].notna(), None)
        at = pd.Index(features["feature_id"]).get_indexer(table[f"{side}_id"].iloc[rows])
        told[rows] = values.to_numpy(dtype=object)[at]
    return told


def _places(
    found: pd.DataFrame, frames: Sequence[engine.LayerFrame], ground: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], gpd.GeoSeries]:
    """Longitude and latitude of each conflict, and a point on each subject (measuring CRS).

    A conflict over shared ground lies on that ground: the middle of a large licence may be far
    from the field at its edge.
    """
    crs = frames[0].features.crs if frames else None
    points = np.full(len(found), None, dtype=object)
    by_id = {frame.layer_id: frame for frame in frames}
    for layer_id, rows in found.groupby("subject_layer", sort=False).indices.items():
        features = by_id[str(layer_id)].features
        at = pd.Index(features["feature_id"]).get_indexer(found["subject_id"].iloc[rows])
        once, back = np.unique(at, return_inverse=True)
        points[rows] = shapely.point_on_surface(features.geometry.to_numpy()[once])[back]
    subjects = gpd.GeoSeries(points, crs=crs)
    shared = np.full(len(found), None, dtype=object)
    shared[: len(ground)] = ground
    here = points.copy()
    drawn = ~shapely.is_missing(shared) & ~shapely.is_empty(shared)
    by_area = found["subject_kind"].isin(["mine_sites", "detections"]).to_numpy()
    drawn &= ~by_area  # a site is marked where it is
    here[drawn] = shapely.point_on_surface(shared[drawn])
    degrees = gpd.GeoSeries(here, crs=crs)
    degrees = degrees.to_crs(4326) if len(here) else degrees
    longitude = np.round(degrees.x.to_numpy(dtype="float64"), DECIMALS)
    latitude = np.round(degrees.y.to_numpy(dtype="float64"), DECIMALS)
    return (longitude, latitude), subjects


def _district(subjects: gpd.GeoSeries, frames: Sequence[engine.LayerFrame]) -> np.ndarray:
    """The district each subject's point lies in; None = no data. The first by layer and id."""
    told = np.full(len(subjects), None, dtype=object)
    for frame in sorted(frames, key=lambda one: one.layer_id, reverse=True):
        if frame.kind != "districts" or not len(subjects):
            continue
        districts = frame.features.sort_values("feature_id", ascending=False)
        names = districts["name"].where(districts["name"].notna(), districts["feature_id"])
        tree = shapely.STRtree(districts.geometry.to_numpy())
        rows, at = tree.query(subjects.to_numpy(), predicate="intersects")
        order = np.argsort(at, kind="stable")
        # later writes win: layers and districts come in falling order, so the first one stays
        told[rows[order]] = names.to_numpy(dtype=object)[at[order]]
    return told


def _written(table: pd.DataFrame, meta: Mapping[str, Any]) -> bytes:
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    told = {**(arrow.schema.metadata or {}), META: json.dumps(meta).encode()}
    stream = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(told), stream, compression="zstd")
    return stream.getvalue()


def read_result(content: bytes) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The table and the metadata that `compute` wrote."""
    arrow = pq.read_table(io.BytesIO(content))
    return arrow.to_pandas(), json.loads(arrow.schema.metadata[META])


def main() -> None:
    """Compute the job on standard input and leave the result in its store."""
    order = json.load(sys.stdin)
    job = Job.from_json(order["job"])
    store = open_store(order["store"])

    def tell(share: float, sentence: str) -> None:
        print(json.dumps({"share": share, "sentence": sentence}), flush=True)

    keep(store, job, compute(store, job, progress=tell))
    print(json.dumps({"done": True}), flush=True)
