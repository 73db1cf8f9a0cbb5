"""What a site's card says: taken from its layer, the ledger, the conflicts and what lies near."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from dashboard.field.model import (
    Card,
    Changed,
    ConflictHere,
    LicenceHere,
    Nearest,
    PracticeSeen,
)
from dashboard.workflows.adoption_sites import site_history
from dashboard.workflows.adoption_types import SiteHistory, SiteVisit
from dashboard.workflows.field_sites import SitePlace
from dashboard.workflows.home import current
from dashboard.workflows.types import ConflictRun, WorkflowError
from geo.measure import to_measuring_crs
from layers import facts
from layers.practices import practices
from layers.store import Store

NEAR_M = 50_000.0
NEAREST = {"water": "water", "settlements": "settlements", "health_sites": "clinics"}
"""Kinds of layers whose nearest feature a card names, and what the card calls them."""
MOVED_M = 1.0
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, kw_only=True, eq=False)
class Around:
    """What cards of a region draw on, read once for all stops of a visit.

    `near` holds the features of each kind in `NEAREST` around the stops, in the measuring CRS and
    in degrees; `loaded` are the kinds of which a layer is there.
    """

    run: ConflictRun
    holders: Mapping[tuple[str, str], str | None]
    near: Mapping[str, gpd.GeoDataFrame]
    loaded: frozenset[str]
    measuring_crs: str


def around(
    store: Store, region_id: str, places: Sequence[SitePlace], *, run: ConflictRun
) -> Around:
    """All that the cards of these places need."""
    metric = facts.region(region_id).measuring_crs
    layers = [one for one in store.layers(region_id) if one.current]
    box = _box(places, NEAR_M)
    near = {}
    for kind in NEAREST:
        frames = [
            store.read_features(current(one).version_id, columns=["name"], bbox=box)
            for one in layers
            if one.kind == kind
        ]
        if frames:
            together = gpd.GeoDataFrame(
                pd.concat(frames, ignore_index=True), geometry="geometry", crs=4326
            )
            near[kind] = to_measuring_crs(together, measuring_crs=metric)
    return Around(
        run=run,
        holders=_holders(store, run, places),
        near=near,
        loaded=frozenset(one.kind for one in layers),
        measuring_crs=metric,
    )


def card(store: Store, region_id: str, place: SitePlace, there: Around) -> Card:
    """The card of one site."""
    history = _history(store, region_id, place)
    visits = history.counted if history else ()
    latest = visits[0] if visits else None
    licences, conflicts = _conflicts(place, there)
    operation = _text(place.row.get("feature_class") or place.row.get("operation"))
    missing = {
        *(NEAREST[kind] for kind in NEAREST if kind not in there.loaded),
        *({"licences"} - there.loaded),
    }
    return Card(
        operations=tuple(latest.operations) if latest and latest.operations else _some(operation),
        mineral=_text(place.row.get("mineral")),
        holder=_text(place.row.get("holder")),
        workers=_number(place.row.get("workers")),
        women=latest.women if latest else None,
        men=latest.men if latest else None,
        led_by=latest.led_by if latest else None,
        visited_on=latest.day if latest else None,
        practices=tuple(_practices(visits)),
        licences=tuple(licences),
        conflicts=tuple(conflicts),
        nearest=tuple(_nearest(place, there)),
        changed=(*_moved(store, place), *_practice_changes(visits)),
        missing=tuple(sorted(missing)),
    )


def _box(places: Sequence[SitePlace], reach_m: float) -> tuple[float, float, float, float]:
    longitude = [place.longitude for place in places]
    latitude = [place.latitude for place in places]
    up = reach_m / 110_500
    aside = up / max(0.1, float(np.cos(np.radians(max(abs(min(latitude)), abs(max(latitude)))))))
    return (
        min(longitude) - aside,
        min(latitude) - up,
        max(longitude) + aside,
        max(latitude) + up,
    )


def _history(store: Store, region_id: str, place: SitePlace) -> SiteHistory | None:
    try:
        return site_history(store, region_id, place.feature_id)
    except WorkflowError:
        return None  # no ledger knows the site: the card then says it was never visited


def _practices(visits: Sequence[SiteVisit]) -> Iterator[PracticeSeen]:
    """The latest known state of each practice that was recorded, in the order of the list."""
    for practice in practices():
        told = [
            (visit.states[practice.code], visit.day)
            for visit in visits
            if practice.code in visit.states
        ]
        if not told:
            continue
        known = [one for one in told if one[0][0] != "unknown"]
        (state, evidence, _), day = (known or told)[0]
        yield PracticeSeen(
            code=practice.code,
            title=practice.title,
            state=state,
            evidence=evidence,
            day=day,
            direction=practice.direction,
        )


def _practice_changes(visits: Sequence[SiteVisit]) -> Iterator[Changed]:
    """Practices whose state at the last visit differs from the visit before that knew it."""
    for practice in practices():
        told = [
            (visit.states[practice.code][0], visit.day)
            for visit in visits
            if visit.states.get(practice.code, ("unknown",))[0] not in ("unknown", "not applicable")
        ]
        if len(told) > 1 and told[0][0] != told[1][0]:
            (after, after_day), (before, before_day) = told[0], told[1]
            yield Changed(
                what="practice",
                title=practice.title,
                before=before,
                after=after,
                before_day=before_day,
                after_day=after_day,
            )


def _moved(store: Store, place: SitePlace) -> Iterator[Changed]:
    """Whether the site is new in this version of its layer, or lies elsewhere than before."""
    versions = store.versions(place.layer_id)
    now = current(store.layer(place.layer_id))
    earlier = [one for one in versions if one.number < now.number]
    if not earlier:
        return
    before = store.read_features(earlier[0].version_id, columns=[], feature_ids=[place.feature_id])
    if before.empty:
        yield Changed(what="new", after_day=now.data_date)
        return
    point = before.geometry.iloc[0].representative_point()
    _, _, metres = _GEOD.inv(point.x, point.y, place.longitude, place.latitude)
    if metres > MOVED_M:
        yield Changed(
            what="moved",
            metres=float(metres),
            before_day=earlier[0].data_date,
            after_day=now.data_date,
        )


def _conflicts(place: SitePlace, there: Around) -> tuple[list[LicenceHere], list[ConflictHere]]:
    """The licences the site lies in, and what else touches it, as the run ranks them."""
    table = there.run.table
    mine = table[
        (table["subject_layer"] == place.layer_id) & (table["subject_id"] == place.feature_id)
    ].sort_values("rank")
    licences, conflicts = {}, []
    for row in mine.to_dict("records"):
        if row["object_kind"] == "licences" and row["relation"] != "outside_all":
            key = (str(row["object_layer"]), str(row["object_id"]))
            licences[key] = LicenceHere(
                name=_text(row["object_name"]) or str(row["object_id"]),
                holder=there.holders.get(key),
                state=_text(row["licence_state"]),
                valid_to=_day(row["object_valid_to"]),
                verdict=row["verdict"],
            )
        if row["rule_kind"] != "observation" or row["object_kind"] != "licences":
            conflicts.append(_conflict(row))
    return list(licences.values()), conflicts


def _conflict(row: Mapping[Any, Any]) -> ConflictHere:
    within = row["relation"] == "within_distance" or row["area_ha"] is None
    area = _number(row["area_ha"])
    return ConflictHere(
        conflict_id=str(row["conflict_id"]),
        title=str(row["rule_title"]),
        what=_text(row["object_name"]) or _text(row["object_layer_name"]) or "",
        verdict=row["verdict"],
        distance_m=_number(row["distance_m"]) if within or not area else None,
        sd_m=_number(row["sd_m"]),
        area_ha=area or None,
        effect=_text(row["rule_effect"]),
        status=_text(row["rule_status"]),
    )


def _holders(
    store: Store, run: ConflictRun, places: Sequence[SitePlace]
) -> dict[tuple[str, str], str | None]:
    """Who holds the licences these sites touch."""
    table = run.table
    ours = {place.site for place in places}
    mine = [site in ours for site in zip(table["subject_layer"], table["subject_id"], strict=True)]
    touched = table[np.array(mine, dtype=bool) & (table["object_kind"] == "licences")]
    found: dict[tuple[str, str], str | None] = {}
    for layer_id, ids in touched.groupby("object_layer")["object_id"]:
        version_id = run.layer_versions[str(layer_id)]
        wanted = sorted({str(one) for one in ids.dropna()})
        frame = store.read_features(
            version_id, columns=["feature_id", "holder"], feature_ids=wanted
        )
        if "holder" in frame:
            for feature_id, holder in zip(frame["feature_id"], frame["holder"], strict=True):
                found[str(layer_id), str(feature_id)] = _text(holder)
    return found


def _nearest(place: SitePlace, there: Around) -> Iterator[Nearest]:
    """The nearest feature of each kind within `NEAR_M`, on the ground and as the crow flies."""
    here = gpd.GeoSeries.from_xy([place.longitude], [place.latitude], crs=4326).to_crs(
        there.measuring_crs
    )
    for kind, called in NEAREST.items():
        frame = there.near.get(kind)
        if frame is None or frame.empty:
            continue
        shapes = frame.geometry.to_numpy()
        away = shapely.distance(shapes, here.iloc[0])
        first = int(np.argmin(away))
        if away[first] > NEAR_M:
            continue
        line = shapely.shortest_line(here.iloc[0], shapes[first])
        ends = gpd.GeoSeries([line], crs=there.measuring_crs).to_crs(4326).iloc[0].coords
        bearing, _, _ = _GEOD.inv(*ends[0], *ends[-1])
        yield Nearest(
            kind=called,
            name=_text(frame["name"].iloc[first]),
            distance_m=float(away[first]),
            bearing_deg=float(bearing) % 360,
        )


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) or not str(value).strip() else str(value)


def _some(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _day(value: Any) -> dt.date | None:
    if value is None or pd.isna(value):
        return None
    return pd.Timestamp(value).date()
