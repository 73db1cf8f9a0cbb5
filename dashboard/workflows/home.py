"""The store's home and what is loaded in it."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from dashboard.workflows.layer_figures import layer_figures
from dashboard.workflows.licence_dates import LICENCE
from dashboard.workflows.rasters import raster_figures
from dashboard.workflows.types import INVENTED, MIXED, LayerRow, Overview
from geo.rules import Rule, rules_in_force
from layers import facts
from layers.catalogue import Bounds, Layer, LayerVersion
from layers.facts import Region
from layers.store import Store, StoreError, open_store

UNMEASURED = ("area_limit", "checklist")
"""Relations that need no second layer."""


def open_home(home: str | Path | None = None) -> Store:
    """The store in `home`, else in COMMONGROUND_HOME, else in ./var; made where there is none."""
    return open_store(home)


def region_versions_fingerprint(store: Store, region_id: str) -> str:
    """16 hex digits that change when any layer of the region is added, changed or deleted."""
    told = sorted(layer.current.version_id for layer in store.layers(region_id) if layer.current)
    return hashlib.sha256(json.dumps([region_id, told]).encode()).hexdigest()[:16]


def overview(store: Store, region_id: str, *, today: dt.date | None = None) -> Overview:
    """What is loaded for a region, how old, from where, and what that cannot tell."""
    region = facts.region(region_id)
    today = today or dt.datetime.now(dt.UTC).date()
    order = {kind_id: place for place, kind_id in enumerate(facts.kinds())}
    layers = sorted(store.layers(region_id), key=lambda one: (order[one.kind], one.name))
    rows = tuple(_row(store, layer, region, today) for layer in layers)
    return Overview(
        region_id=region_id,
        layers=rows,
        warnings=_warnings(region, rows, today),
        demonstration=any(layer.demonstration for layer in layers),
        mixed=len({layer.demonstration for layer in layers}) > 1,
        bounds=_bounds(region, layers),
        fingerprint=region_versions_fingerprint(store, region_id),
    )


def _row(store: Store, layer: Layer, region: Region, today: dt.date) -> LayerRow:
    version = current(layer)
    if version.is_raster:
        return _raster_row(store, layer, version, today)
    figures = layer_figures(store, version, region)
    return LayerRow(
        layer=layer,
        kind_title=facts.kind(layer.kind).title,
        features=version.features,
        area_ha=figures["area_ha"],
        classes=figures["classes"],
        corners=figures["corners"],
        ended=sum(count for day, count in figures["ends"].items() if day < today.isoformat())
        if layer.kind == LICENCE
        else 0,
        age=_age(version, today),
    )


def _raster_row(store: Store, layer: Layer, version: LayerVersion, today: dt.date) -> LayerRow:
    figures = raster_figures(store, version)
    return LayerRow(
        layer=layer,
        kind_title=facts.kind(layer.kind).title,
        features=version.features,
        area_ha=sum(figures.areas_ha.values()),
        classes=figures.classes,
        ended=0,
        age=_age(version, today),
        class_areas_ha=figures.areas_ha,
        pixel_m=figures.pixel_m,
        without_data=figures.without_data,
        left_out=figures.left_out,
    )


def current(layer: Layer) -> LayerVersion:
    """The version a layer shows; StoreError where it was deleted meanwhile."""
    if layer.current is None:
        raise StoreError(f"Layer '{layer.name}' was deleted.")
    return layer.current


def _age(version: LayerVersion, today: dt.date) -> str:
    if version.data_date is None:
        return "date not stated"
    days = (today - version.data_date).days
    if days < 0:
        return f"data of {version.data_date}, which is in the future"
    if days < 60:
        return f"data of {version.data_date}, {days} days old"
    if days < 730:
        return f"data of {version.data_date}, {days // 30} months old"
    return f"data of {version.data_date}, {days // 365} years old"


def _bounds(region: Region, layers: Sequence[Layer]) -> Bounds:
    """Where the map opens: the region, or what is loaded in it."""
    boxes = [layer.current.bounds for layer in layers if layer.current and layer.current.bounds]
    if not boxes:
        return region.bounds
    west, south, east, north = zip(*boxes, strict=True)
    loaded = (min(west), min(south), max(east), max(north))
    inside = (
        max(loaded[0], region.bounds[0]),
        max(loaded[1], region.bounds[1]),
        min(loaded[2], region.bounds[2]),
        min(loaded[3], region.bounds[3]),
    )
    return inside if inside[0] < inside[2] and inside[1] < inside[3] else loaded


def _warnings(region: Region, rows: Sequence[LayerRow], today: dt.date) -> tuple[str, ...]:
    if not rows:
        return ()
    warnings: list[str] = []
    if any(row.layer.demonstration for row in rows):
        warnings.append(INVENTED)
    if len({row.layer.demonstration for row in rows}) > 1:
        warnings.append(MIXED)
    loaded = {row.layer.kind for row in rows}
    rules = rules_in_force(facts.rule_pack(region.rule_pack), on=today)
    warnings += _missing_kinds(rules, loaded)
    if "districts" not in loaded:
        warnings.append("No districts are loaded: a conflict's district is shown as 'no data'.")
    warnings += _without_class(rows)
    warnings += [
        f"'{row.layer.name}': {row.ended:,} of {row.features:,} licences ended before today by "
        "their own date. They still count as licences; each conflict says so beside it."
        for row in rows
        if row.ended
    ]
    if "farmland" in loaded:
        warnings.append("Farmland: absence of data is not absence of farming.")
    if loaded & {"mine_sites", "detections"}:
        warnings.append("Mine sites and detections: absence of data is not absence of mining.")
    warnings += [
        f"'{row.layer.name}': classes are read from images. Tree crops and fallow are easily taken "
        "for forest or grass, so no cropland there is not no farming."
        for row in rows
        if facts.kind(row.layer.kind).is_raster
    ]
    undated = [row.layer.name for row in rows if current(row.layer).data_date is None]
    if undated:
        warnings.append(
            f"Nobody stated which date these layers speak for: {', '.join(undated)}. "
            "They may be out of date."
        )
    return tuple(warnings)


def _missing_kinds(rules: Sequence[Rule], loaded: set[str]) -> list[str]:
    """One sentence for each kind without a layer, with the rules that could not be looked at."""
    waiting: dict[str, list[str]] = {}
    for rule in rules:
        if rule.relation == "checklist":
            continue
        if not loaded & set(rule.subject_kinds):
            waiting.setdefault(rule.subject_kinds[0], []).append(rule.rule_id)
        needs = rule.object_kind if rule.relation not in UNMEASURED else None
        if needs and needs not in loaded:
            waiting.setdefault(needs, []).append(rule.rule_id)
    return [
        f"No layer of kind '{facts.kind(kind_id).title}' is loaded: "
        f"{len(ids)} rule{'' if len(ids) == 1 else 's'} could not be looked at ({', '.join(ids)})."
        for kind_id, ids in waiting.items()
    ]


def _without_class(rows: Sequence[LayerRow]) -> list[str]:
    """Rules for one class of water or protection cannot see what has no class."""
    sentences = []
    for row in rows:
        if row.layer.kind not in ("water", "protected_areas"):
            continue
        without = row.classes.get("", 0) + row.classes.get("unknown", 0)
        if without:
            sentences.append(
                f"{without} of {row.features} features of '{row.layer.name}' have no known class: "
                "rules for a named class were not assessed for them."
            )
    return sentences
