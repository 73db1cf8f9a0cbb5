"""What is kept between runs and shared by visitors: the only module with st.cache_*.

Everything here is keyed by the store and a fingerprint of the region's current layer versions, so
an import, a rollback or a deletion is seen at once. What comes out is shared: never change it.
"""

import datetime as dt
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import workflows
from dashboard.charts.drawing import Chart
from dashboard.workflows.adoption_types import (
    AdoptionRun,
    CompareRun,
    CoverageRun,
    PanelRun,
    RoadMap,
    SiteHistory,
    Standing,
)
from dashboard.workflows.field_pack import PackFiles
from dashboard.workflows.field_plan import Plan
from dashboard.workflows.field_sites import SitePlace
from dashboard.workflows.hotspot_steps import Step
from dashboard.workflows.hotspot_types import HotspotRun
from dashboard.workflows.kept import Kept
from dashboard.workflows.landcover import LandCover
from dashboard.workflows.types import (
    AreaFigures,
    ConflictRun,
    ConflictSheet,
    FeatureCard,
    Hit,
    Overview,
    Progress,
)
from geo.adoption.counts import By
from layers.catalogue import Layer, LayerVersion
from layers.field.records import FieldNote, FieldVisit, Keepsake, PackLink, SiteConsent, Story
from layers.importing import ImportReport, ImportRequest
from layers.ledger.records import Action, Batch, Correction, Held, Take
from layers.store import HOME_VARIABLE, Store
from layers.visits.model import VisitReport, VisitRequest

if TYPE_CHECKING:
    import geopandas as gpd

RUNS_KEPT = 12
"""Conflict tables held in memory; the workflow keeps more on disk."""
PICTURES_KEPT = 200
"""Charts held in memory, some 50 kB each."""


def store() -> Store:
    """The store of this server."""
    return _store(os.environ.get(HOME_VARIABLE))


@st.cache_resource(show_spinner=False)
def _store(home: str | None) -> Store:
    return workflows.open_home(home)


def overview(region_id: str) -> Overview:
    """What is loaded for a region."""
    place = store()
    return _overview(place.location, region_id, _fingerprint(region_id), dt.date.today())


@st.cache_resource(show_spinner=False, max_entries=32)
def _overview(location: str, region_id: str, fingerprint: str, today: dt.date) -> Overview:
    # `today` is in the key because the overview says how old data are
    return workflows.overview(store(), region_id)


def _fingerprint(region_id: str) -> str:
    return workflows.region_versions_fingerprint(store(), region_id)


@st.cache_resource(show_spinner=False)
def _runs() -> Kept[ConflictRun]:
    return Kept(RUNS_KEPT)


def conflicts(
    region_id: str, *, on: dt.date, scenarios: tuple[str, ...], progress: Progress | None = None
) -> ConflictRun:
    """The conflicts of a region on a day. `progress` is called only where they are computed."""
    key = (store().location, region_id, _fingerprint(region_id), on, scenarios)
    run = _runs().find(key)
    if run is None:
        # not under @st.cache_resource: a cached function cannot draw the progress of its first call
        run = workflows.conflicts(store(), region_id, on=on, scenarios=scenarios, progress=progress)
        _runs().keep(key, run)
    return run


@st.cache_resource(show_spinner=False)
def _hotspot_runs() -> Kept[HotspotRun]:
    return Kept(RUNS_KEPT)


def hotspots(
    region_id: str,
    *,
    on: dt.date,
    scenarios: tuple[str, ...],
    by: str,
    resolution: int | None = None,
    measure: str,
    since: str | None = None,
    rules: tuple[str, ...] | None = None,
    district_layer: str | None = None,
    progress: Progress | None = None,
) -> HotspotRun:
    """The hotspots of a region on a day. `progress` is called only where they are computed."""
    asked = {
        "by": by,
        "resolution": resolution,
        "measure": measure,
        "since": since,
        "rules": rules,
        "district_layer": district_layer,
    }
    place = (store().location, region_id, _fingerprint(region_id), on, scenarios)
    key = (*place, tuple(asked.items()))
    run = _hotspot_runs().find(key)
    if run is None:
        run = workflows.hotspots(
            store(), region_id, on=on, scenarios=scenarios, progress=progress, **asked
        )
        _hotspot_runs().keep(key, run)
    return run


def hotspot_steps(region_id: str) -> tuple[Step, ...]:
    """The states of the data that the map of hotspots can step through; not kept, for it is a small
    query a layer, and older versions come and go without the shown ones changing."""
    return workflows.hotspot_steps(store(), region_id)


def site_rules(region_id: str, *, on: dt.date, scenarios: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the rules about sites that hold on a day."""
    return workflows.site_rules(region_id, on=on, scenarios=scenarios)


def export_hotspots(run: HotspotRun, *, form: str) -> bytes:
    """The units of a run as a file; made anew for everyone who asks."""
    return workflows.export_hotspots(store(), run, format=form)


@st.cache_resource(show_spinner=False, max_entries=512)
def _card(location: str, version_id: str, layer_id: str, feature_id: str) -> FeatureCard:
    return workflows.feature_card(store(), layer_id, feature_id)


def feature_card(layer_id: str, version_id: str, feature_id: str) -> FeatureCard:
    """One feature of the version that is current."""
    return _card(store().location, version_id, layer_id, feature_id)


def load_demonstration(*, progress: Progress | None = None) -> int:
    """Import the demonstration landscape; the number of layers, 0 when there was nothing to do."""
    return workflows.load_demonstration(store(), progress=progress)


def take_demonstration_off(region_id: str) -> int:
    """Take the invented layers of a region off every page; returns how many."""
    return workflows.take_demonstration_off(store(), region_id)


def search(region_id: str, text: str) -> tuple[Hit, ...]:
    """Features whose name or id holds the text."""
    return _search(store().location, region_id, _fingerprint(region_id), text)


@st.cache_resource(show_spinner=False, max_entries=128)
def _search(location: str, region_id: str, fingerprint: str, text: str) -> tuple[Hit, ...]:
    return workflows.search(store(), region_id, text)


def area_figures(region_id: str, polygon: Mapping[str, Any]) -> AreaFigures:
    """Figures of a drawn area."""
    drawn = json.dumps(polygon, sort_keys=True)
    return _area(store().location, region_id, _fingerprint(region_id), drawn)


@st.cache_resource(show_spinner=False, max_entries=64)
def _area(location: str, region_id: str, fingerprint: str, drawn: str) -> AreaFigures:
    return workflows.area_figures(store(), region_id, json.loads(drawn))


def land_cover(region_id: str, *, by: str, raster: Layer, zones: Layer) -> LandCover:
    """Land cover by zone; measured once for each pair of layer versions."""
    versions = tuple(one.current.version_id if one.current else "" for one in (raster, zones))
    place = store().location
    return _land_cover(place, region_id, by, versions, raster.layer_id, zones.layer_id)


@st.cache_resource(show_spinner="Measuring land cover", max_entries=16)
def _land_cover(  # noqa: PLR0917 - a cache key
    location: str,
    region_id: str,
    by: str,
    versions: tuple[str, ...],
    raster: str,
    zones: str,
) -> LandCover:
    return workflows.land_cover(store(), region_id, by=by, raster=raster, zones=zones)


def export_land_cover(told: LandCover) -> bytes:
    """Land cover by zone as CSV."""
    return workflows.export_land_cover(told)


def conflict_sheet(run: ConflictRun, conflict_id: str) -> ConflictSheet:
    """Everything about one conflict."""
    return _sheet(store().location, run.fingerprint, conflict_id, run)


@st.cache_resource(show_spinner=False, max_entries=128)
def _sheet(location: str, fingerprint: str, conflict_id: str, _run: ConflictRun) -> ConflictSheet:
    return workflows.conflict_sheet(store(), _run, conflict_id)


def export_conflicts(run: ConflictRun, *, form: str, conflict_ids: tuple[str, ...] | None) -> bytes:
    """The conflicts as a file; made anew for everyone who asks, for files may be large."""
    return workflows.export_conflicts(store(), run, format=form, conflict_ids=conflict_ids)


def layer_versions(layer_id: str) -> tuple[LayerVersion, ...]:
    """Every version of a layer, newest first; not kept, for it is one small query."""
    return workflows.layer_versions(store(), layer_id)


def deleted_layers(region_id: str) -> tuple[Layer, ...]:
    """The layers of a region that were taken off."""
    every = store().layers(region_id, deleted=True)
    return tuple(layer for layer in every if layer.current is None)


def original(version: LayerVersion) -> bytes:
    """The file of a version, byte for byte as it came."""
    with store().open_original(version.sha256) as stream:
        return stream.read()


def check_import(
    path: Path, request: ImportRequest, *, filename: str, progress: Progress
) -> ImportReport:
    """The findings of an import, without importing anything."""
    return workflows.check_import(store(), path, request, filename=filename, progress=progress)


def run_import(
    path: Path, request: ImportRequest, *, filename: str, progress: Progress
) -> ImportReport:
    """Import a file as a new version of its layer."""
    return workflows.run_import(store(), path, request, filename=filename, progress=progress)


def check_visits(
    path: Path, request: VisitRequest, *, filename: str, progress: Progress
) -> VisitReport:
    """What an import of visits would find, without importing anything."""
    return workflows.check_visits(store(), path, request, filename=filename, progress=progress)


def import_visits(
    path: Path, request: VisitRequest, *, filename: str, progress: Progress
) -> workflows.VisitImport:
    """Enter visits into the ledger, and those with a place onto the map."""
    return workflows.import_visits(store(), path, request, filename=filename, progress=progress)


def visit_batches(region_id: str) -> tuple[Batch, ...]:
    """The imports of visits, newest first."""
    return workflows.visit_batches(store(), region_id)


def held_visits(region_id: str) -> tuple[Held, ...]:
    """Records that wait for somebody to choose."""
    return workflows.held_visits(store(), region_id)


def settle_visits(region_id: str, held_ids: Sequence[int], *, take: Take) -> None:
    """Choose which record of held visits counts."""
    workflows.settle_visits(store(), region_id, held_ids, take=take)


def take_visits_off(region_id: str, number: int, *, why: str) -> None:
    """Have no visit of an import count."""
    workflows.take_visits_off(store(), region_id, number, why=why)


def put_visits_back(region_id: str, number: int) -> None:
    """Have the visits of an import count again."""
    workflows.put_visits_back(store(), region_id, number)


@st.cache_data(show_spinner=False)
def visit_form() -> bytes:
    """The form of a visit, an XLSForm."""
    return workflows.visit_form()


def roll_back(layer_id: str, *, version: str | int | None = None) -> LayerVersion:
    """Make another version of a layer the one that is shown."""
    return workflows.roll_back(store(), layer_id, version=version)


def delete_layer(layer_id: str) -> Layer:
    """Take a layer off every page; `roll_back` brings it back."""
    return workflows.delete_layer(store(), layer_id)


# --- the adoption ledger: kept by the workflows themselves, by the ledger's own fingerprint ------


def standing(region_id: str) -> Standing:
    """The visits and known sites of a region as they are now."""
    return workflows.standing(store(), region_id)


def adoption(
    region_id: str, *, by: By, practice: str | None = None, round: str | None = None
) -> AdoptionRun:
    """Who uses which practice, by area and round."""
    return workflows.adoption(store(), region_id, by=by, practice=practice, round=round)


def leading_practice(region_id: str) -> str:
    """The code of the practice that is shown first."""
    return workflows.leading_practice(store(), region_id)


def panel(region_id: str, *, practice: str, earlier: str, later: str) -> PanelRun:
    """What changed on the sites that were visited in both rounds."""
    return workflows.panel(store(), region_id, practice=practice, earlier=earlier, later=later)


def coverage(region_id: str) -> CoverageRun:
    """Who was visited, when, and who never."""
    return workflows.coverage(store(), region_id)


def export_coverage(
    run: CoverageRun, *, what: str, site_ids: tuple[str, ...] | None = None
) -> bytes:
    """Who was visited as a file."""
    return workflows.export_coverage(run, what=what, site_ids=site_ids)


def compare(region_ids: tuple[str, ...], *, practice: str) -> CompareRun:
    """Regions side by side."""
    return workflows.compare(store(), region_ids, practice=practice)


def road_map(region_id: str) -> RoadMap:
    """The actions of a region and whether they are on track; judged anew each time."""
    return workflows.road_map(store(), region_id)


def action_history(action_id: str) -> tuple[Action, ...]:
    """Every state of an action, newest first."""
    return store().action_history(action_id)


def put_action(action: Action, *, actor: str) -> Action:
    """Add an action, or change one."""
    return workflows.put_action(store(), action, actor=actor)


def districts(region_id: str) -> Mapping[str, str]:
    """The names of a region's districts by id."""
    return workflows.standing(store(), region_id).districts


def district_shapes(region_id: str) -> "gpd.GeoDataFrame | None":
    """The outlines of a region's districts, EPSG:4326; None where no layer of them is loaded."""
    return workflows.district_shapes(store(), region_id)


def method_of_adoption() -> tuple[str, ...]:
    """How adoption is counted, in sentences."""
    return workflows.method_of_adoption()


def site_states(
    region_id: str, *, practice: str, area_id: str | None, round: str | None
) -> pd.DataFrame:
    """The known sites of an area with their latest state of a practice."""
    there = workflows.standing(store(), region_id)
    return workflows.site_states(there, practice=practice, area_id=area_id, round_=round)


def site_history(region_id: str, site_id: str) -> SiteHistory:
    """Every visit to a site and what was corrected."""
    return workflows.site_history(store(), region_id, site_id)


def correct_state(history: SiteHistory, visit_id: str, code: str, **more: Any) -> object:
    """Put the state of a practice at a visit right."""
    return workflows.correct_state(store(), history, visit_id, code, **more)


def correct_people(history: SiteHistory, visit_id: str, field: str, **more: Any) -> Correction:
    """Put the number of women or men of a visit right."""
    return workflows.correct_people(store(), history, visit_id, field, **more)


def withdraw_visit(history: SiteHistory, visit_id: str, **more: Any) -> Correction:
    """Take a visit out of the count, or bring it back."""
    return workflows.withdraw_visit(store(), history, visit_id, **more)


def export_adoption(run: AdoptionRun, *, form: str) -> bytes:
    """A table of adoption as a file."""
    return workflows.export_adoption(store(), run, form=form)


def adoption_brief(region_id: str, *, practice: str | None) -> bytes:
    """The brief of a region as PDF."""
    return workflows.adoption_brief(store(), region_id, practice=practice)


def picture(key: tuple[Any, ...], draw: Callable[[], Chart]) -> tuple[bytes, Chart]:
    """A chart as SVG and its words; drawn once for a key that holds all that decides it."""
    kept = _pictures().find(key)
    if kept is None:
        chart = draw()
        kept = (chart.svg(), chart)
        _pictures().keep(key, kept)
    return kept


@st.cache_resource(show_spinner=False)
def _pictures() -> Kept[tuple[bytes, Chart]]:
    return Kept(PICTURES_KEPT)


def field_visits(region_id: str) -> tuple[FieldVisit, ...]:
    """The field visits of a region."""
    return store().field_visits(region_id)


def put_field_visit(visit: FieldVisit, *, actor: str) -> FieldVisit:
    """Add a field visit, or change one."""
    return workflows.put_field_visit(store(), visit, actor=actor)


def field_plan(visit: FieldVisit) -> Plan:
    """A visit with the ways between its stops and its times."""
    return workflows.plan(store(), visit)


def proposed_visit(visit: FieldVisit) -> FieldVisit:
    """A visit with its stops in the order that takes the least travelling."""
    return workflows.proposed(store(), visit)


def all_sites(region_id: str) -> tuple[SitePlace, ...]:
    """Every mine site of a region, with whether those there agreed to be visited."""
    return workflows.all_sites(store(), region_id)


def record_consent(consent: SiteConsent, *, actor: str) -> SiteConsent:
    """Keep what a site answered."""
    return workflows.record_consent(store(), consent, actor=actor)


def field_pack(visit_id: str, *, progress: Progress | None = None) -> tuple[bytes, PackFiles]:
    """The files of a visit's pack as one zip, and what is in it and what not."""
    return workflows.zipped_pack(store(), visit_id, progress=progress)


def stop_names(visit: FieldVisit) -> list[str]:
    """What the stops of a visit are called, in their order; the id where a site is gone."""
    names = {one.site: one.name for one in all_sites(visit.region_id)}
    return [names.get((stop.layer_id, stop.feature_id), stop.feature_id) for stop in visit.stops]


def import_feedback(
    visit_id: str, content: bytes, *, filename: str, actor: str
) -> workflows.FeedbackImport:
    """Keep the notes of a feedback file."""
    return workflows.import_feedback(store(), visit_id, content, filename=filename, actor=actor)


def type_in_note(note: FieldNote, *, photo: tuple[str, str, bytes] | None, actor: str) -> FieldNote:
    """Keep a note from paper, with a photo or sound (name, type, bytes)."""
    return workflows.type_in_note(store(), note, medium=photo, actor=actor)


def notes_beside(visit: FieldVisit, *, with_conflicts: bool) -> tuple[workflows.NoteBeside, ...]:
    """What came back from a visit, beside its stops, and its conflicts of today where asked."""
    run = None
    if with_conflicts:
        run = conflicts(visit.region_id, on=dt.date.today(), scenarios=())
    return workflows.notes_beside(store(), visit.visit_id, run=run)


def decide_note(visit_id: str, item_id: str, **decided: Any) -> FieldNote:
    """Accept or reject a note."""
    return workflows.decide_note(store(), visit_id, item_id, **decided)


def medium(kept: Keepsake) -> bytes:
    """The bytes of a photo or sound that came with a note."""
    return workflows.read_medium(store(), kept)


def public_voices(region_id: str, layer_id: str, feature_id: str) -> tuple[workflows.Voice, ...]:
    """What people said at a site that everybody may hear."""
    return workflows.voices_for(store(), region_id, "public", site=(layer_id, feature_id))


def pack_links(visit_id: str) -> tuple[PackLink, ...]:
    """The links to a visit's pack."""
    return store().pack_links(visit_id)


def make_pack_link(visit_id: str, *, days: int, actor: str) -> tuple[str, PackLink]:
    """A new link to a visit's pack: its secret part and its record."""
    return workflows.make_pack_link(store(), visit_id, days=days, actor=actor)


def end_pack_link(token_hash: str, *, actor: str) -> PackLink:
    """Revoke a link."""
    return workflows.end_pack_link(store(), token_hash, actor=actor)


def stories(region_id: str) -> tuple[Story, ...]:
    """The stories of a region."""
    return store().stories(region_id)


def put_story(story: Story, *, actor: str) -> Story:
    """Keep a story."""
    return workflows.put_story(store(), story, actor=actor)
