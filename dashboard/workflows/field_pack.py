"""A visit as a briefing pack: what goes in, what stays out, and the files on disk."""

import datetime as dt
import io
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dashboard import basemap
from dashboard.field import exchange, page
from dashboard.field.model import (
    Bounds,
    Pack,
    PackError,
    PackLayer,
    Source,
    Stop,
    ToldStep,
    ToldStory,
    VoiceHeard,
    Way,
)
from dashboard.field.words import Words
from dashboard.workflows.field_cards import around, card
from dashboard.workflows.field_photos import small_photos
from dashboard.workflows.field_plan import Plan, PlannedCall, plan
from dashboard.workflows.field_sites import Site, all_sites
from dashboard.workflows.field_voices import voices_for
from dashboard.workflows.home import current
from dashboard.workflows.runs import conflicts
from dashboard.workflows.types import Progress, WorkflowError
from layers import facts
from layers.catalogue import Layer
from layers.field.records import FieldVisit
from layers.store import Store

MARGIN = 0.12
"""How far the pack's area reaches beyond its stops, as a share of their extent."""
LEAST_MARGIN_DEG = 0.02
TOLERANCE_DEG = 0.00003
"""Some 3 m: outlines on a phone need no more."""
WHOLE_CORNERS = 3_000
"""An outline of fewer corners is carried whole: an edge that only ends at the area would read as a
border. Larger ones, and lines, are cut well outside the area."""
BEYOND = 1.0
"""How far outside, as a share of the area's extent."""
MOST_FEATURES = 3_000
"""Of a layer in a pack; a heavier one is left out and named."""
DECIMALS = 5
LEFT_OUT = frozenset({"visits", "detections", "districts", "survey_coverage"})
"""Kinds that are in no pack: exact places of people's work that nobody was asked about; districts
are drawn by the base map's own borders."""


@dataclass(frozen=True, kw_only=True)
class PackFiles:
    """A pack that was written: where, its files with their sizes in bytes, and what to know."""

    folder: Path
    files: Mapping[str, int]
    stops: int
    left_out: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `briefing --json` prints."""
        return {
            "folder": str(self.folder),
            "files": dict(self.files),
            "stops": self.stops,
            "left_out": list(self.left_out),
        }


def build_pack(
    store: Store,
    visit_id: str,
    *,
    now: dt.datetime | None = None,
    progress: Progress | None = None,
) -> tuple[Pack, tuple[str, ...]]:
    """The pack of a visit as it stands now, and sentences on what is not in it.

    Only stops that are planned and whose site agreed; no other site is in any of its layers.
    PackError where nothing is left.
    """
    tell = progress or (lambda share, sentence: None)
    visit = store.field_visit(visit_id)
    region = facts.region(visit.region_id)
    tell(0.05, "Planning the ways")
    planned = plan(store, visit)
    if not planned.shown:
        raise PackError(
            f"'{visit.title}' has no stop that may be shown. Plan at least one site whose people "
            "agreed to be visited."
        )
    tell(0.2, "Looking at conflicts")
    now = now or dt.datetime.now(dt.UTC)
    run = conflicts(store, visit.region_id, on=now.date(), scenarios=())
    tell(0.5, "Writing the cards")
    hidden = _hidden_names(store, planned)
    voices, unheard = _voices(store, visit, hidden)
    stops = tuple(_stops(store, planned, run, voices))
    bounds = _bounds(stops)
    tell(0.7, "Cutting the layers")
    layers, heavy = _layers(store, visit, stops, bounds)
    told, untold = _stories(store, visit, hidden)
    pack = Pack(
        visit_id=visit.visit_id,
        title=visit.title,
        group=visit.group,
        region_id=region.region_id,
        region_name=region.name,
        country_name=region.country_name,
        first_day=visit.days[0].day if visit.days else None,
        last_day=visit.days[-1].day if visit.days else None,
        languages=visit.languages,
        made_at=now,
        bounds=bounds,
        stops=stops,
        layers=layers,
        ways=tuple(_ways(planned)),
        stories=told,
        demonstration=visit.demonstration or any(one.source.demonstration for one in layers),
    )
    return pack, (*planned.notes, *heavy, *unheard, *untold)


def pack_contents(pack: Pack) -> dict[str, bytes]:
    """The files of a pack by name. The first language names the plain files, others add a code."""
    # the paper's charts use our words, which know the workflows: not before these are there
    from dashboard.field.paper import paper  # noqa: PLC0415
    from dashboard.field.paper_map import shapes_of  # noqa: PLC0415

    shapes = shapes_of(pack)

    base = json.loads(basemap.basemap_around(pack.region_id, pack.bounds))
    made = {"briefing.html": page.page(pack, base=base)}
    for number, language in enumerate(pack.languages):
        words = Words(language)
        tail = "" if number == 0 else f"-{language}"
        made[f"briefing{tail}.pdf"] = paper(pack, words, size="a4", shapes=shapes)
        made[f"briefing{tail}-a3.pdf"] = paper(pack, words, size="a3", shapes=shapes)
        made[f"stops{tail}.gpx"] = exchange.gpx(pack, words)
        made[f"stops{tail}.kml"] = exchange.kml(pack, words)
        made[f"stops{tail}.csv"] = exchange.table(pack, words)
    return made


def write_pack(
    store: Store, visit_id: str, out: Path, *, progress: Progress | None = None
) -> PackFiles:
    """Build the pack into a folder, whole or not at all; files of an earlier pack are replaced.

    WorkflowError where the folder cannot be written.
    """
    pack, left_out = build_pack(store, visit_id, progress=progress)
    made = pack_contents(pack)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".pack-") as folder:
            for name, content in made.items():
                (Path(folder) / name).write_bytes(content)
            for name in made:
                shutil.move(Path(folder) / name, out / name)
    except OSError as error:
        raise WorkflowError(
            f"The pack could not be written to '{out}': {error.strerror or error}. Choose another "
            "folder."
        ) from error
    return _told(pack, made, out, left_out)


def zipped_pack(
    store: Store, visit_id: str, *, progress: Progress | None = None
) -> tuple[bytes, PackFiles]:
    """The files of a pack as one zip, for a browser to keep; and what is in it and what not."""
    pack, left_out = build_pack(store, visit_id, progress=progress)
    made = pack_contents(pack)
    stream = io.BytesIO()
    stamp = pack.made_at.timetuple()[:6]
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            archive.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue(), _told(pack, made, Path(), left_out)


def _told(
    pack: Pack, made: Mapping[str, bytes], folder: Path, left_out: tuple[str, ...]
) -> PackFiles:
    sizes = {name: len(content) for name, content in made.items()}
    return PackFiles(folder=folder, files=sizes, stops=len(pack.stops), left_out=left_out)


def _stops(
    store: Store, planned: Plan, run: Any, voices: Mapping[Site, Sequence[VoiceHeard]]
) -> Iterator[Stop]:
    shown = planned.shown
    there = around(store, planned.visit.region_id, [call.place for call in shown], run=run)
    districts = _districts(run)
    before: PlannedCall | None = None
    for number, call in enumerate(shown, start=1):
        # a way past a stop that is not shown would tell where that one lies
        follows = before is not None and _next(planned, before) is call
        leg = call.leg if follows else None
        place = call.place
        yield Stop(
            number=number,
            layer_id=place.layer_id,
            feature_id=place.feature_id,
            name=place.name,
            longitude=place.longitude,
            latitude=place.latitude,
            position_sd_m=place.position_sd_m,
            consent=place.consent,
            district=districts.get(place.site),
            day=planned.visit.days[call.day].day
            if planned.visit.days and call.day is not None
            else None,
            arrive=call.arrive,
            leave=call.leave,
            by_road=leg.by_road if leg else None,
            way_m=leg.metres if leg else None,
            note=call.stop.note,
            card=replace(
                card(store, planned.visit.region_id, place, there),
                voices=tuple(voices.get(place.site, ())),
            ),
        )
        before = call


def _voices(
    store: Store, visit: FieldVisit, hidden: Set[str]
) -> tuple[dict[Site, list[VoiceHeard]], list[str]]:
    """What the visit's group may hear, by site, and a sentence on voices that name a hidden one."""
    found: dict[Site, list[VoiceHeard]] = {}
    left = 0
    for one in voices_for(store, visit.region_id, "group", visit=visit):
        if _names_one(one.text, hidden):
            left += 1
            continue
        heard = VoiceHeard(
            text=one.text,
            group=one.group,
            sex=one.sex,
            language=one.language,
            day=one.day,
            photos=small_photos(store, one.pictures),
        )
        if one.text.strip() or heard.photos:
            found.setdefault((one.layer_id, one.feature_id), []).append(heard)
    told = "A voice is" if left == 1 else f"{left} voices are"
    why = "not in the pack: a site is named that is not shown."
    return found, [f"{told} {why}"] if left else []


def _hidden_names(store: Store, planned: Plan) -> frozenset[str]:
    """Names and ids of sites that are not in the pack, in lower case; what somebody wrote may hold
    one. Those of one or two letters are in too many words to be looked for."""
    shown = {call.place.site for call in planned.shown}
    mine = {call.place.name.casefold() for call in planned.shown}
    return frozenset(
        name
        for place in all_sites(store, planned.visit.region_id)
        if place.site not in shown
        for name in (place.name.casefold(), place.feature_id.casefold())
        if len(name) > 2 and name not in mine
    )


VIEW_DECIMALS = 3
"""Of a story's view: some 100 m, so that no view is the place of a site that is not shown."""


def _stories(
    store: Store, visit: FieldVisit, hidden: Set[str]
) -> tuple[tuple[ToldStory, ...], list[str]]:
    """The region's stories, and sentences on steps that name a site that is not in the pack."""
    stories = store.stories(visit.region_id)
    kept, left = [], []
    for story in stories:
        steps = []
        for step in (None, *story.steps):
            text = story.title if step is None else f"{step.title}\n{step.text}"
            if _names_one(text, hidden):
                left.append(
                    f"Of the story '{story.title}' a part is not in the pack: it names a site that "
                    "is not shown."
                )
                if step is None:
                    break
            elif step is not None:
                longitude, latitude, zoom = step.view
                at = (round(longitude, VIEW_DECIMALS), round(latitude, VIEW_DECIMALS), zoom)
                steps.append(
                    ToldStep(title=step.title, text=step.text, view=at, layers=step.layers)
                )
        if steps:
            kept.append(ToldStory(title=story.title, steps=tuple(steps)))
    return tuple(kept), list(dict.fromkeys(left))


def _names_one(text: str, names: Set[str]) -> bool:
    """Whether a text holds one of the names as words of their own."""
    folded = text.casefold()
    return any(
        name in folded and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded) for name in names
    )


def _next(planned: Plan, call: PlannedCall) -> PlannedCall | None:
    """The call after another one on the same day."""
    at = planned.calls.index(call)
    later = planned.calls[at + 1] if at + 1 < len(planned.calls) else None
    return later if later is not None and later.day == call.day else None


def _ways(planned: Plan) -> Iterator[Way]:
    """The ways between stops that are shown; none begins or ends at one that is not."""
    shown = set(map(id, planned.shown))
    for before, after in zip(planned.calls, planned.calls[1:], strict=False):
        if id(before) in shown and id(after) in shown and after.leg and before.day == after.day:
            yield Way(points=after.leg.line, by_road=after.leg.by_road)


def _districts(run: Any) -> dict[tuple[str, str], str]:
    table = run.table[["subject_layer", "subject_id", "district"]].dropna()
    return {
        (str(layer), str(feature)): str(district)
        for layer, feature, district in table.itertuples(index=False)
    }


def _bounds(stops: Sequence[Stop]) -> Bounds:
    west, east = (pick(stop.longitude for stop in stops) for pick in (min, max))
    south, north = (pick(stop.latitude for stop in stops) for pick in (min, max))
    margin = max(LEAST_MARGIN_DEG, MARGIN * max(east - west, north - south))
    return west - margin, south - margin, east + margin, north + margin


def _layers(
    store: Store, visit: FieldVisit, stops: Sequence[Stop], bounds: Bounds
) -> tuple[tuple[PackLayer, ...], list[str]]:
    """The layers of the area, and sentences on those that are not in the pack."""
    kept, left = [], []
    for layer in store.layers(visit.region_id):
        kind = facts.kind(layer.kind)
        if not layer.current or kind.is_raster or layer.kind in LEFT_OUT:
            continue
        if kind.sensitivity == "protected":
            features = _agreed(layer, stops)
        else:
            frame = _cut(store, layer, bounds)
            if len(frame) > MOST_FEATURES:
                left.append(
                    f"'{layer.name}' is not in the pack: {len(frame):,} features lie in the area, "
                    f"at most {MOST_FEATURES:,} are carried."
                )
                continue
            features = _features(frame, layer)
        if features:
            kept.append(_pack_layer(layer, features))
    return tuple(kept), left


def _pack_layer(layer: Layer, features: tuple[Mapping[str, Any], ...]) -> PackLayer:
    kind, version = facts.kind(layer.kind), current(layer)
    return PackLayer(
        layer_id=layer.layer_id,
        kind=layer.kind,
        title=layer.name,
        color=kind.color,
        symbol=kind.symbol,
        order=kind.order,
        features=features,
        source=Source(
            title=layer.name,
            day=version.data_date,
            note=version.source_note,
            demonstration=version.demonstration,
        ),
    )


def _agreed(layer: Layer, stops: Sequence[Stop]) -> tuple[Mapping[str, Any], ...]:
    """Of a protected layer the sites of the pack's stops, and nothing else."""
    return tuple(
        _feature(
            shapely.Point(stop.longitude, stop.latitude),
            {"id": stop.feature_id, "name": stop.name},
        )
        for stop in stops
        if stop.layer_id == layer.layer_id
    )


def _cut(store: Store, layer: Layer, bounds: Bounds) -> gpd.GeoDataFrame:
    """The features of a layer in the area, cut to it and with fewer bends."""
    columns = ["feature_id", "name", "feature_class", "holder", "valid_to", "status"]
    frame = store.read_features(current(layer).version_id, columns=columns, bbox=bounds)
    shapes = shapely.simplify(frame.geometry.to_numpy(), TOLERANCE_DEG)
    west, south, east, north = bounds
    aside, up = BEYOND * (east - west), BEYOND * (north - south)
    heavy = shapely.get_num_coordinates(shapes) > WHOLE_CORNERS
    heavy |= shapely.get_dimensions(shapes) == 1
    wide = (west - aside, south - up, east + aside, north + up)
    shapes[heavy] = shapely.clip_by_rect(shapes[heavy], *wide)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    return frame[there].set_geometry(
        gpd.GeoSeries(shapes[there], index=frame.index[there], crs=4326)
    )


def _features(frame: gpd.GeoDataFrame, layer: Layer) -> tuple[Mapping[str, Any], ...]:
    """GeoJSON features with what a tap on them tells, under our own titles."""
    titles = {name: fact.title for name, fact in facts.kind(layer.kind).fields.items()}
    made = []
    for row, shape in zip(frame.to_dict("records"), frame.geometry, strict=True):
        told = [
            [title, str(row[name])]
            for name, title in titles.items()
            if name not in ("feature_id", "name") and name in row and not pd.isna(row[name])
        ]
        properties: dict[str, Any] = {"id": str(row["feature_id"]), "told": told}
        for name, key in (("name", "name"), ("feature_class", "class")):
            if name in row and not pd.isna(row[name]):
                properties[key] = str(row[name])
        made.append(_feature(shape, properties))
    return tuple(made)


def _feature(shape: Any, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    rounded = shapely.transform(shape, lambda at: np.round(at, DECIMALS))
    geometry = json.loads(shapely.to_geojson(rounded))
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}
