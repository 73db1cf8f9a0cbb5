"""What pages, routes and the command line do, without Streamlit.

Most functions take the store first (`open_home()` gives one) and hand out frozen records, data
frames that nobody may change, or bytes. Errors whose text can go on screen: WorkflowError,
layers.store.StoreError, layers.read.ReadError, layers.facts.FactsError, layers.export.ExportError,
geo.errors.GeoError; `SAYABLE` holds them all.
"""

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
from dashboard.workflows.home import (
    load_demonstration,
    open_home,
    overview,
    region_versions_fingerprint,
    take_demonstration_off,
)
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
from dashboard.workflows.raster_tiles import ENDINGS as RASTER_ENDINGS
from dashboard.workflows.raster_tiles import raster_tile, style_fingerprint
from dashboard.workflows.rasters import RasterFigures, raster_figures
from dashboard.workflows.runs import conflict_sheet, conflicts, conflicts_geojson
from dashboard.workflows.searching import search
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
from geo.errors import GeoError
from layers.export import ExportError
from layers.facts import FactsError
from layers.importing import ImportReport, ImportRequest
from layers.read import ReadError, ReadRequest
from layers.store import Store, StoreError

SAYABLE = (WorkflowError, StoreError, ReadError, FactsError, ExportError, GeoError)
"""Errors whose text is a sentence for the screen."""

__all__ = [
    "EXPORT_FORMATS",
    "HOTSPOT_FORMATS",
    "INVENTED",
    "LAND_COVER_BY",
    "MIXED",
    "RASTER_ENDINGS",
    "SAYABLE",
    "VERDICTS",
    "WORDING",
    "AreaFigures",
    "ConflictRun",
    "ConflictSheet",
    "ExportError",
    "FactsError",
    "FeatureCard",
    "GeoError",
    "Hit",
    "HotspotRow",
    "HotspotRun",
    "ImportReport",
    "ImportRequest",
    "InView",
    "LandCover",
    "LayerRow",
    "Overview",
    "Progress",
    "RasterFigures",
    "ReadError",
    "ReadRequest",
    "Step",
    "Store",
    "StoreError",
    "TilesNotReady",
    "WorkflowError",
    "area_figures",
    "check_import",
    "conflict_sheet",
    "conflict_tile",
    "conflicts",
    "conflicts_geojson",
    "delete_layer",
    "export_conflicts",
    "export_hotspots",
    "export_land_cover",
    "export_layer",
    "feature_card",
    "features_geojson",
    "hotspot_order",
    "hotspot_steps",
    "hotspot_tile",
    "hotspots",
    "hotspots_geojson",
    "identify",
    "in_view",
    "inspect_upload",
    "land_cover",
    "layer",
    "layer_cells",
    "layer_tile",
    "layer_tiles_about",
    "layer_versions",
    "load_demonstration",
    "open_home",
    "overview",
    "raster_figures",
    "raster_tile",
    "region_versions_fingerprint",
    "roll_back",
    "run_import",
    "search",
    "site_rules",
    "style_fingerprint",
    "suggest_import",
    "take_demonstration_off",
    "tiles_fingerprint",
]
