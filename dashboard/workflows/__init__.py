"""What pages, routes and the command line do, without Streamlit.

Most functions take the store first (`open_home()` gives one) and hand out frozen records, data
frames that nobody may change, or bytes. Errors whose text can go on screen: WorkflowError,
layers.store.StoreError, layers.read.ReadError, layers.facts.FactsError, layers.export.ExportError,
geo.errors.GeoError; `SAYABLE` holds them all.
"""

from dashboard.field.feedback import FeedbackError
from dashboard.field.model import PackError
from dashboard.field.words import WordsError
from dashboard.workflows.adoption import (
    adoption,
    adoption_fingerprint,
    district_shapes,
    leading_practice,
    method_of_adoption,
    standing,
)
from dashboard.workflows.adoption_brief import adoption_brief, export_adoption
from dashboard.workflows.adoption_change import panel
from dashboard.workflows.adoption_compare import compare
from dashboard.workflows.adoption_coverage import coverage, export_coverage
from dashboard.workflows.adoption_goals import put_action, road_map
from dashboard.workflows.adoption_sites import (
    correct_people,
    correct_state,
    site_history,
    site_states,
    withdraw_visit,
)
from dashboard.workflows.adoption_types import BY as ADOPTION_BY
from dashboard.workflows.adoption_types import (
    AdoptionRun,
    CompareRun,
    CoverageRun,
    PanelRun,
    RoadMap,
    SiteHistory,
    Standing,
)
from dashboard.workflows.demonstration import load_demonstration, take_demonstration_off
from dashboard.workflows.exports import (
    EXPORT_FORMATS,
    VERDICTS,
    export_conflicts,
    export_layer,
)
from dashboard.workflows.features import (
    area_figures,
    feature_card,
    features_geojson,
    identify,
)
from dashboard.workflows.feedback import (
    FeedbackImport,
    NoteBeside,
    decide_note,
    import_feedback,
    keep_medium,
    notes_beside,
    read_medium,
    type_in_note,
)
from dashboard.workflows.field_pack import build_pack, pack_contents, write_pack, zipped_pack
from dashboard.workflows.field_plan import plan, proposed, put_field_visit, record_consent
from dashboard.workflows.field_sites import all_sites, sites_of
from dashboard.workflows.field_voices import Voice, may_be_heard, voices_for
from dashboard.workflows.home import open_home, overview, region_versions_fingerprint
from dashboard.workflows.hotspot_files import FORMATS as HOTSPOT_FORMATS
from dashboard.workflows.hotspot_files import export_hotspots, hotspots_geojson
from dashboard.workflows.hotspot_order import order_sentence as hotspot_order
from dashboard.workflows.hotspot_steps import Step, hotspot_steps
from dashboard.workflows.hotspot_types import HotspotRow, HotspotRun
from dashboard.workflows.hotspots import hotspots, site_rules
from dashboard.workflows.imports import (
    check_import,
    delete_layer,
    inspect_upload,
    layer,
    layer_versions,
    roll_back,
    run_import,
    suggest_import,
)
from dashboard.workflows.landcover import BY as LAND_COVER_BY
from dashboard.workflows.landcover import LandCover, export_land_cover, land_cover
from dashboard.workflows.listing import InView, in_view
from dashboard.workflows.pack_links import PAGE as PACK_PAGE
from dashboard.workflows.pack_links import (
    end_pack_link,
    linked_visit,
    make_pack_link,
    read_served,
    served_pack,
)
from dashboard.workflows.raster_tiles import ENDINGS as RASTER_ENDINGS
from dashboard.workflows.raster_tiles import raster_tile, style_fingerprint
from dashboard.workflows.rasters import RasterFigures, raster_figures
from dashboard.workflows.runs import conflict_sheet, conflicts, conflicts_geojson
from dashboard.workflows.searching import search
from dashboard.workflows.stories import add_step, moved_step, put_story, step_of_link
from dashboard.workflows.tiles import (
    TilesNotReady,
    conflict_tile,
    hotspot_tile,
    layer_cells,
    layer_tile,
    layer_tiles_about,
    tiles_fingerprint,
)
from dashboard.workflows.types import (
    INVENTED,
    MIXED,
    WORDING,
    AreaFigures,
    ConflictRun,
    ConflictSheet,
    FeatureCard,
    Hit,
    LayerRow,
    Overview,
    Progress,
    WorkflowError,
)
from dashboard.workflows.visits import (
    VisitImport,
    check_visits,
    held_visits,
    import_visits,
    put_visits_back,
    settle_visits,
    take_visits_off,
    visit_batches,
    visit_form,
)
from geo.errors import GeoError
from layers.export import ExportError
from layers.facts import FactsError
from layers.importing import ImportReport, ImportRequest
from layers.read import ReadError, ReadRequest
from layers.store import Store, StoreError

SAYABLE = (
    WorkflowError,
    StoreError,
    ReadError,
    FactsError,
    ExportError,
    GeoError,
    PackError,
    FeedbackError,
    WordsError,
)
"""Errors whose text is a sentence for the screen."""

__all__ = [
    "ADOPTION_BY",
    "EXPORT_FORMATS",
    "HOTSPOT_FORMATS",
    "INVENTED",
    "LAND_COVER_BY",
    "MIXED",
    "PACK_PAGE",
    "RASTER_ENDINGS",
    "SAYABLE",
    "VERDICTS",
    "WORDING",
    "AdoptionRun",
    "AreaFigures",
    "CompareRun",
    "ConflictRun",
    "ConflictSheet",
    "CoverageRun",
    "ExportError",
    "FactsError",
    "FeatureCard",
    "FeedbackError",
    "FeedbackImport",
    "GeoError",
    "Hit",
    "HotspotRow",
    "HotspotRun",
    "ImportReport",
    "ImportRequest",
    "InView",
    "LandCover",
    "LayerRow",
    "NoteBeside",
    "Overview",
    "PackError",
    "PanelRun",
    "Progress",
    "RasterFigures",
    "ReadError",
    "ReadRequest",
    "RoadMap",
    "SiteHistory",
    "Standing",
    "Step",
    "Store",
    "StoreError",
    "TilesNotReady",
    "VisitImport",
    "Voice",
    "WordsError",
    "WorkflowError",
    "add_step",
    "adoption",
    "adoption_brief",
    "adoption_fingerprint",
    "all_sites",
    "area_figures",
    "build_pack",
    "check_import",
    "check_visits",
    "compare",
    "conflict_sheet",
    "conflict_tile",
    "conflicts",
    "conflicts_geojson",
    "correct_people",
    "correct_state",
    "coverage",
    "decide_note",
    "delete_layer",
    "district_shapes",
    "end_pack_link",
    "export_adoption",
    "export_conflicts",
    "export_coverage",
    "export_hotspots",
    "export_land_cover",
    "export_layer",
    "feature_card",
    "features_geojson",
    "held_visits",
    "hotspot_order",
    "hotspot_steps",
    "hotspot_tile",
    "hotspots",
    "hotspots_geojson",
    "identify",
    "import_feedback",
    "import_visits",
    "in_view",
    "inspect_upload",
    "keep_medium",
    "land_cover",
    "layer",
    "layer_cells",
    "layer_tile",
    "layer_tiles_about",
    "layer_versions",
    "leading_practice",
    "linked_visit",
    "load_demonstration",
    "make_pack_link",
    "may_be_heard",
    "method_of_adoption",
    "moved_step",
    "notes_beside",
    "open_home",
    "overview",
    "pack_contents",
    "panel",
    "plan",
    "proposed",
    "put_action",
    "put_field_visit",
    "put_story",
    "put_visits_back",
    "raster_figures",
    "raster_tile",
    "read_medium",
    "read_served",
    "record_consent",
    "region_versions_fingerprint",
    "road_map",
    "roll_back",
    "run_import",
    "search",
    "served_pack",
    "settle_visits",
    "site_history",
    "site_rules",
    "site_states",
    "sites_of",
    "standing",
    "step_of_link",
    "style_fingerprint",
    "suggest_import",
    "take_demonstration_off",
    "take_visits_off",
    "tiles_fingerprint",
    "type_in_note",
    "visit_batches",
    "visit_form",
    "voices_for",
    "withdraw_visit",
    "write_pack",
    "zipped_pack",
]
