"""Conflicts of a region on a day: computed once, kept on disk, ranked, explained one by one."""

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from dashboard.workflows.conflict_job import Job, compute, keep, read_result
from dashboard.workflows.features import card_of, plain
from dashboard.workflows.kept import ROOT, Kept
from dashboard.workflows.licence_dates import about_licence, counted, with_licence_state
from dashboard.workflows.measured import layer_frame
from dashboard.workflows.types import (
    ConflictRun,
    ConflictSheet,
    FeatureCard,
    Progress,
    WorkflowError,
)
from geo.conflicts import overlap_geometries
from geo.landcover import KIND
from geo.parts import Run
from geo.rules import Rule
from layers import facts
from layers.catalogue import Layer
from layers.store import Store

KEPT_RUNS = 6

_runs: Kept[tuple[pd.DataFrame, dict[str, Any]]] = Kept(KEPT_RUNS)


def conflicts(
    store: Store,
    region_id: str,
    *,
    on: dt.date,
    scenarios: Sequence[str] = (),
    layers: Sequence[str] | None = None,
    versions: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    in_process: bool = False,
    run: Run | None = None,
) -> ConflictRun:
    """The conflicts of a region on a day, ranked; kept on disk until layers or rules change.

    `layers` limits the run to these layer ids; `versions` takes other versions than the current
    ones, by layer id. Computed in a worker process unless `in_process`; there `run` may carry out
    the tasks, on a cluster say. Raises WorkflowError for a layer, version or scenario there is not,
    or where the computation fails.
    """
    region = facts.region(region_id)
    _known_scenarios(region.rule_pack, scenarios)
    shown = {one.layer_id: one for one in store.layers(region_id) if one.current}
    unknown = [layer_id for layer_id in layers or () if layer_id not in shown]
    if unknown:
        raise WorkflowError(
            f"Region '{region_id}' shows no layer '{unknown[0]}'. It shows: "
            f"{', '.join(shown) or 'none'}."
        )
    pictures = [layer_id for layer_id in layers or () if _is_picture(shown[layer_id])]
    if pictures:
        raise WorkflowError(
            f"Layer '{pictures[0]}' is a picture: its colours are no data that a rule could "
            "compare. Choose layers of features or of land cover."
        )
    taken = {
        layer_id: one.current.version_id
        for layer_id, one in shown.items()
        if one.current and (layers is None or layer_id in layers) and not _is_picture(one)
    }
    invented = any(shown[layer_id].demonstration for layer_id in taken)
    if versions:
        taken |= _other_versions(store, versions, among=taken)
        invented = any(store.version(version_id).demonstration for version_id in taken.values())
    job = Job(region_id=region_id, on=on, scenarios=tuple(sorted(scenarios)), versions=taken)
    table, meta = _result(store, job, progress=progress, in_process=in_process, run=run)
    table = with_licence_state(table, on=on)
    rules = {rule.rule_id: rule for rule in job.rules}
    return ConflictRun(
        region_id=region_id,
        as_of=on,
        scenarios=job.scenarios,
        table=table,
        summary=tuple(row | {"licence_state": counted(table, row)} for row in meta["summary"]),
        not_assessed=tuple(_sentence(rules, one) for one in meta["not_assessed"]),
        rules=job.rules,
        fingerprint=f"{job.key[:16]}-{on.isoformat()}",
        layer_versions=taken,
        demonstration=invented,
    )


def conflict_sheet(store: Store, run: ConflictRun, conflict_id: str) -> ConflictSheet:
    """Everything for the page of one conflict; WorkflowError where the run has none such."""
    rows = run.table[run.table["conflict_id"] == conflict_id]
    if rows.empty:
        raise WorkflowError(
            f"There is no conflict '{conflict_id}' under the rules of {run.as_of}. The layers or "
            "the rules may have changed since the link was made."
        )
    row = {name: plain(value) for name, value in rows.iloc[0].items()}
    rule = next(one for one in run.rules if one.rule_id == row["rule_id"])
    subject = _card(store, run, row, "subject")
    covers = row["object_kind"] == KIND
    other = _card(store, run, row, "object") if row["object_layer"] and not covers else None
    about = (*_about_rule(rule), *about_licence(row, on=run.as_of))
    if covers:
        about = (*about, *_about_cover(store, run, row))
    caveats = [*about, *subject.caveats, *(other.caveats if other else ())]
    return ConflictSheet(
        conflict_id=conflict_id,
        headline=_headline(rule, row, subject, other),
        row=row,
        rule=rule,
        measures=_measures(rule, row),
        subject=subject,
        object=other,
        overlap=_overlap(store, run, rows),
        caveats=tuple(dict.fromkeys(caveats)),
        as_of=run.as_of,
        district=row["district"],
        demonstration=bool(row["demonstration"]),
    )


def conflicts_geojson(run: ConflictRun, *, conflict_ids: Sequence[str] | None = None) -> bytes:
    """The conflicts as points for the map (compact GeoJSON).

    Properties: id, rule, verdict, line, breach (level 0 to 3), rank, name; null ones are left out.
    """
    table = run.table
    if conflict_ids is not None:
        table = table[table["conflict_id"].isin(list(conflict_ids))]
    names = ["conflict_id", "rule_id", "verdict", "line", "breach_level", "rank", "subject_name"]
    keys = ["id", "rule", "verdict", "line", "breach", "rank", "name"]
    lines = []
    places = zip(table["longitude"], table["latitude"], strict=True)
    for values, (longitude, latitude) in zip(
        table[names].itertuples(index=False), places, strict=True
    ):
        told = {key: plain(value) for key, value in zip(keys, values, strict=True)}
        kept = {key: value for key, value in told.items() if value is not None}
        properties = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
        lines.append(
            f'{{"type":"Feature","properties":{properties},'
            f'"geometry":{{"type":"Point","coordinates":[{longitude:.6f},{latitude:.6f}]}}}}'
        )
    return ('{"type":"FeatureCollection","features":[' + ",".join(lines) + "]}").encode()


def overlaps(store: Store, run: ConflictRun, table: pd.DataFrame) -> gpd.GeoSeries:
    """The shared ground of rows of the run's table, EPSG:4326; None where there is none."""
    metric = facts.region(run.region_id).measuring_crs
    # pixels are no shapes: what a class covers of a subject is told in hectares, not drawn
    drawn = table[table["object_kind"].fillna("") != KIND]
    wanted: dict[str, set[str]] = {}
    for side in ("subject", "object"):
        for layer_id, ids in drawn.groupby(f"{side}_layer")[f"{side}_id"]:
            wanted.setdefault(str(layer_id), set()).update(ids)
    frames = []
    for layer_id, ids in wanted.items():
        few = sorted(ids) if len(ids) <= 1_000 else None
        kind = store.layer(layer_id).kind
        version_id = run.layer_versions[layer_id]
        frames.append(
            layer_frame(store, layer_id, kind, version_id, measuring_crs=metric, feature_ids=few)
        )
    shared = gpd.GeoSeries(overlap_geometries(drawn, frames), index=drawn.index, crs=metric)
    return shared.to_crs(4326).reindex(table.index)


def _is_picture(layer: Layer) -> bool:
    return layer.current is not None and layer.current.is_picture


def _other_versions(
    store: Store, versions: Mapping[str, str], *, among: Mapping[str, str]
) -> dict[str, str]:
    """The versions asked for, each made sure to be one of a layer that takes part."""
    for layer_id, version_id in versions.items():
        if layer_id not in among:
            raise WorkflowError(f"Layer '{layer_id}' takes no part, so no version of it can.")
        if store.version(version_id).layer_id != layer_id:
            raise WorkflowError(f"Layer '{layer_id}' has no version '{version_id}'.")
    return dict(versions)


def _known_scenarios(pack: str, scenarios: Sequence[str]) -> None:
    offered = facts.scenarios(pack)
    for scenario in scenarios:
        if scenario not in offered:
            raise WorkflowError(
                f"There is no scenario '{scenario}' here. There is: {', '.join(offered) or 'none'}."
            )


def _result(
    store: Store, job: Job, *, progress: Progress | None, in_process: bool, run: Run | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """From memory, else from disk, else computed; many who ask at once wait for one computation."""

    def find() -> tuple[pd.DataFrame, dict[str, Any]]:
        content = store.read_derived(job.name)
        if content is None:
            tell = progress or (lambda share, sentence: None)
            if in_process:
                content = compute(store, job, progress=tell, run=run)
                keep(store, job, content)
            else:
                content = _in_worker(store, job, tell)
        return read_result(content)

    return _runs.get(f"{store.location}/{job.key}", find)


def _in_worker(store: Store, job: Job, tell: Progress) -> bytes:
    order = json.dumps({"store": store.location, "job": job.as_json()})
    worker = subprocess.Popen(
        [sys.executable, "-c", "from dashboard.workflows.conflict_job import main; main()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    try:
        assert worker.stdin is not None
        assert worker.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once; its exit code tells
            worker.stdin.write(order)
            worker.stdin.close()
        for line in worker.stdout:
            told = json.loads(line)
            if "sentence" in told:
                tell(told["share"], told["sentence"])
        code = worker.wait()
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()
    content = store.read_derived(job.name) if code == 0 else None
    if content is None:
        raise WorkflowError(
            "The conflicts could not be computed; the server's log says why. The layers are "
            "unchanged. Try again, or limit the run to fewer layers."
        )
    return content


def _sentence(rules: Mapping[str, Rule], one: Mapping[str, str]) -> str:
    reason = one["reason"]
    for kind in facts.kinds().values():
        reason = reason.replace(f"'{kind.kind_id}'", f"'{kind.title}'")
    return f"{rules[one['rule']].title} ({one['rule']}) was not assessed: {reason}."


def _card(store: Store, run: ConflictRun, row: Mapping[str, Any], side: str) -> FeatureCard:
    layer = store.layer(row[f"{side}_layer"])
    version = store.version(run.layer_versions[layer.layer_id])
    return card_of(store, layer, version, row[f"{side}_id"])


def _about_rule(rule: Rule) -> list[str]:
    told = []
    if rule.scenario:
        told.append(f"{rule.rule_id} is a proposal, not in force: shown by choice of a scenario.")
    if rule.status in ("secondary", "unverified"):
        how = {
            "secondary": "was read in a summary or the press",
            "unverified": "was recalled and not read anywhere",
        }[rule.status]
        told.append(f"The rule {how}, not in the gazetted text. Verify it before acting on it.")
    if rule.note:
        told.append(rule.note)
    if rule.relation == "outside_all":
        told.append("A licence that is missing from the layers would make this wrong.")
    return told


def _about_cover(store: Store, run: ConflictRun, row: Mapping[str, Any]) -> list[str]:
    """What a reader must know of ground that a raster tells of."""
    version = store.version(run.layer_versions[row["object_layer"]])
    dated = version.data_date.isoformat() if version.data_date else "a date that was not stated"
    told = (
        f"'{row['object_name']}' is a class of the raster '{row['object_layer_name']}' of {dated}: "
    )
    return [told + "pixels judged from above, not fields or banks that somebody drew."]


def _headline(
    rule: Rule, row: Mapping[str, Any], subject: FeatureCard, other: FeatureCard | None
) -> str:
    close = row["verdict"] == "too_close"
    verdict = "too close to call, to be checked in the field" if close else "possible conflict"
    if rule.kind == "observation" and not close:
        verdict = "overlap" if row["object_layer"] else "observation"
    against = other.title if other else (row["object_name"] if row["object_kind"] == KIND else None)
    pair = f"{subject.title} and {against}" if against else subject.title
    return f"{rule.title}: {pair} ({verdict})"


def _measures(rule: Rule, row: Mapping[str, Any]) -> dict[str, float | None]:
    share = row["share"]
    measures: dict[str, float | None] = {
        "Distance (m)": row["distance_m"],
        "Standard error of the distance (m)": row["sd_m"],
        "Overlap (ha)": row["area_ha"],
        "Share of the subject's area (%)": None if share is None else 100 * share,
    }
    if rule.relation == "area_limit":
        measures = {"Area (ha)": row["area_ha"], "Largest area allowed (ha)": rule.max_area_ha}
    if rule.relation == "outside_all":
        measures = {
            "Distance to the nearest (m)": row["distance_m"],
            "Standard error of the distance (m)": row["sd_m"],
        }
    if rule.inner_m is not None:
        measures["Inner line (m)"] = rule.inner_m
    if rule.outer_m is not None:
        measures["Outer line (m)"] = rule.outer_m
    return measures


def _overlap(store: Store, run: ConflictRun, rows: pd.DataFrame) -> Mapping[str, Any] | None:
    shape = overlaps(store, run, rows).iloc[0]
    if shape is None or shape.is_empty:
        return None
    return dict(json.loads(shapely.to_geojson(shape)))
