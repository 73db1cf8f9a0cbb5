"""What a hotspot run is compared with: an older version of a layer, or the data of an older day."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.workflows.hotspot_places import DETECTIONS, SITES, Places
from dashboard.workflows.hotspot_words import counted, version_label
from dashboard.workflows.types import WorkflowError
from geo import changes as science
from layers import facts
from layers.catalogue import Layer, LayerVersion
from layers.store import Store, StoreError

KINDS = (SITES, DETECTIONS)
NOUNS = {SITES: "site", DETECTIONS: "detection"}

REACH_SD = 1.64
"""Standard errors within which a place counts as the same ground, as for verdicts."""


@dataclass(frozen=True, kw_only=True)
class Since:
    """The older side: `versions` by layer id, all layers that take part in it; `label` for words;
    `notes` on layers that are not there or whose date nobody stated."""

    label: str
    versions: Mapping[str, str]
    notes: tuple[str, ...]


def older_side(store: Store, layers: tuple[Layer, ...], since: str) -> Since:
    """The older side that `since` names: a version's id, or a day.

    For a day, each layer shows its latest version with a data date up to that day. A layer none of
    whose versions has a date stays as it is; one that has only later ones is left out; both are
    told. WorkflowError where nothing of it differs from what is shown now.
    """
    current = {one.layer_id: one.current.version_id for one in layers if one.current}
    try:
        day = dt.date.fromisoformat(since)
    except ValueError:
        found = _of_version(store, layers, current, since)
    else:
        found = _of_day(store, layers, current, day)
    if dict(found.versions) == current:
        raise WorkflowError(
            f"Nothing to compare with: as of '{since}' every layer shows the version it shows now. "
            "Choose an older version of a layer, or an earlier day."
        )
    return found


def _of_version(
    store: Store, layers: tuple[Layer, ...], current: Mapping[str, str], version_id: str
) -> Since:
    try:
        version = store.version(version_id)
    except StoreError:
        raise WorkflowError(
            f"'{version_id}' is neither a day, written like 2024-03-01, nor the id of a version."
        ) from None
    names = {one.layer_id: one.name for one in layers}
    if version.layer_id not in current:
        raise WorkflowError(
            f"Version '{version_id}' is one of '{version.layer_id}', which this region does not "
            "show."
        )
    label = version_label(names[version.layer_id], version.number, version.data_date)
    return Since(label=label, versions={**current, version.layer_id: version.version_id}, notes=())


def _of_day(
    store: Store, layers: tuple[Layer, ...], current: Mapping[str, str], day: dt.date
) -> Since:
    versions, undated, absent, unlike = {}, [], [], []
    for layer in layers:
        if layer.layer_id not in current:
            continue
        dated = [one for one in store.versions(layer.layer_id) if one.data_date]
        known = [one for one in dated if one.data_date and one.data_date <= day]
        if known:
            versions[layer.layer_id] = max(known, key=_age).version_id
            if layer.current and layer.current.data_date is None:
                unlike.append(layer.name)
        elif dated:
            absent.append(layer.name)
        else:
            undated.append(layer.name)
            versions[layer.layer_id] = current[layer.layer_id]
    notes = []
    if undated:
        notes.append(
            f"Nobody stated which date these layers speak for, so both sides use them as they "
            f"are: {', '.join(undated)}."
        )
    if absent:
        notes.append(f"Not there yet on {day.isoformat()}: {', '.join(absent)}.")
    if unlike:
        notes.append(
            f"The version shown now has no date, an older one has: {', '.join(unlike)}. The older "
            "one was taken, though the one shown now may speak for that day too."
        )
    return Since(label=f"the data of {day.isoformat()}", versions=versions, notes=tuple(notes))


def _age(version: LayerVersion) -> tuple[dt.date, int]:
    return version.data_date or dt.date.min, version.number


def changed_conflicts(
    store: Store,
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    old: Mapping[str, str],
    new: Mapping[str, str],
) -> pd.DataFrame:
    """What differs between two conflict tables of these layer versions (geo.changes.compare)."""
    return science.compare(
        before,
        after,
        listed_before=_listed(store, old, (before, after)),
        listed_after=_listed(store, new, (before, after)),
    )


def _listed(
    store: Store, versions: Mapping[str, str], tables: tuple[pd.DataFrame, ...]
) -> dict[str, set[str]]:
    """The ids each layer lists; of layers that are in no conflict none are asked for.

    A raster lists no features: its classes count as listed, so that a conflict with one that is
    new comes from what was measured.
    """
    listed: dict[str, set[str]] = {layer_id: set() for layer_id in versions}
    named: dict[str, set[str]] = {}
    for table in tables:
        for side in ("subject", "object"):
            for layer_id, ids in table.groupby(f"{side}_layer")[f"{side}_id"]:
                named.setdefault(str(layer_id), set()).update(ids.astype(str))
    for layer_id in set(named) & set(versions):
        if "raster" in facts.kind(store.layer(layer_id).kind).geometry:
            listed[layer_id] = named[layer_id]
            continue
        features = store.read_features(versions[layer_id], columns=["feature_id"])
        listed[layer_id] = set(features["feature_id"].astype(str))
    return listed


def unit_changes(
    differs: pd.DataFrame, at: np.ndarray, *, units: int
) -> dict[str, dict[str, np.ndarray]]:
    """Counts of changes by kind of subject and unit; `at` is the unit of each change, -1 = none.

    The last entry of each array is for what lies in no unit.
    """
    place = np.where(at < 0, units, at)
    counts = {}
    for kind in KINDS:
        mine = (differs["subject_kind"] == kind).to_numpy()

        def count(mask: np.ndarray, mine: np.ndarray = mine) -> np.ndarray:
            return np.bincount(place[mine & mask], minlength=units + 1)

        change, cause = differs["change"].to_numpy(), differs["cause"].to_numpy()
        counts[kind] = {
            **{name: count(change == name) for name in science.CHANGES},
            "new_unlisted": count((change == science.NEW) & (cause == science.SUBJECT)),
            "gone_unlisted": count((change == science.GONE) & (cause == science.SUBJECT)),
            "new_by_layer": count((change == science.NEW) & (cause == science.LAYER)),
            "gone_by_layer": count((change == science.GONE) & (cause == science.LAYER)),
            "new_by_object": count((change == science.NEW) & (cause == science.OBJECT)),
            "gone_by_object": count((change == science.GONE) & (cause == science.OBJECT)),
        }
    return counts


def same_ground(differs: pd.DataFrame, old: Places, new: Places) -> dict[str, tuple[int, int]]:
    """Of the subjects of new conflicts that the older side does not list: how many lie on ground
    where it lists one under another id, and how many there are, by kind."""
    told = {}
    for kind in KINDS:
        rows = differs[
            (differs["subject_kind"] == kind)
            & (differs["change"] == science.NEW)
            & (differs["cause"] == science.SUBJECT)
        ]
        wanted = pd.MultiIndex.from_frame(rows[["subject_layer", "subject_id"]]).unique()
        index = pd.MultiIndex.from_frame(new.table[["layer_id", "feature_id"]])
        at = index.get_indexer(wanted)
        at = at[at >= 0]
        known = old.shapes[old.of_kind(kind)]
        reach = REACH_SD * np.sqrt(2) * np.nan_to_num(new.table["sd_m"].to_numpy("float64"))[at]
        told[kind] = (
            int(science.on_known_ground(new.shapes[at], known, reach_m=reach).sum()),
            len(at),
        )
    return told


def change_sentences(
    totals: Mapping[str, Mapping[str, int]],
    ground: Mapping[str, tuple[int, int]],
    since: Since,
) -> tuple[str, ...]:
    """What changed, in words: first how much, then what of it comes from the data alone."""
    told = []
    for kind in KINDS:
        counts, noun = totals[kind], NOUNS[kind]
        if not counts["listed"] and not counts["listed_before"]:
            continue
        told.append(
            f"{counts['in_conflict']:,} of {counted(counts['listed'], noun)} in a possible "
            f"conflict; {counts['in_conflict_before']:,} of "
            f"{counted(counts['listed_before'], noun)} in {since.label}, under the same rules."
        )
        told += _parts(counts, noun)
        there, unlisted = ground[kind]
        if there:
            told.append(
                f"{there:,} of the {counted(unlisted, noun)} with a new conflict that the older "
                f"data do not list {'lies' if there == 1 else 'lie'} where they list another "
                f"{noun}: probably the same place under another id."
            )
    if not any(totals[kind][name] for kind in KINDS for name in science.CHANGES):
        told.append("No conflict that counts is new, gone or otherwise than before.")
    return (*told, *since.notes)


def _parts(counts: Mapping[str, int], noun: str) -> list[str]:
    told = []
    for name in ("new", "gone"):
        many = counts[name]
        if not many:
            continue
        parts = []
        if counts[f"{name}_unlisted"]:
            clause = "the older data do not list" if name == "new" else "not listed any more"
            parts.append(f"{counts[f'{name}_unlisted']:,} at {noun}s {clause}")
        if counts[f"{name}_by_object"]:
            side = "the older data do not list" if name == "new" else "not listed any more"
            parts.append(f"{counts[f'{name}_by_object']:,} with water, fields or areas {side}")
        if counts[f"{name}_by_layer"]:
            side = "the older data do not have" if name == "new" else "that is not shown now"
            parts.append(f"{counts[f'{name}_by_layer']:,} with a layer {side}")
        rest = many - sum(counts[f"{name}_{why}"] for why in ("unlisted", "by_object", "by_layer"))
        if rest:
            parts.append(f"{rest:,} where both list the {noun}, drawn or described otherwise")
        begin = counted(many, f"conflict is {name}", f"conflicts are {name}")
        told.append(f"{begin}: {', '.join(parts)}.")
    if counts["verdict"]:
        told.append(f"{counted(counts['verdict'], 'conflict')} changed verdict.")
    if counts["line"]:
        told.append(f"{counted(counts['line'], 'conflict')} moved to another line of its rule.")
    return told
