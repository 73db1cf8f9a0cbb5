"""Sites as places to go: where they are, what they are called, and whether those there agreed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from dashboard.workflows.home import current
from dashboard.workflows.types import WorkflowError
from layers.catalogue import Layer
from layers.field.records import Consent, SiteConsent
from layers.store import Store

SITES = "mine_sites"
Site = tuple[str, str]
"""Layer id and feature id."""


@dataclass(frozen=True, kw_only=True)
class SitePlace:
    """A site one could go to. Degrees (WGS 84); `position_sd_m` is its standard error in metres.

    `row` is its canonical row, without the geometry.
    """

    layer_id: str
    feature_id: str
    name: str
    longitude: float
    latitude: float
    position_sd_m: float
    consent: Consent
    row: Mapping[str, Any]

    @property
    def site(self) -> Site:
        """Layer id and feature id."""
        return self.layer_id, self.feature_id


def site_layers(store: Store, region_id: str) -> tuple[Layer, ...]:
    """The mine-site layers of a region."""
    return tuple(one for one in store.layers(region_id) if one.kind == SITES and one.current)


def sites_of(store: Store, region_id: str, wanted: Sequence[Site]) -> dict[Site, SitePlace]:
    """The wanted sites by layer and feature id; WorkflowError where one is not there any more."""
    answers = store.consents(region_id)
    found: dict[Site, SitePlace] = {}
    for layer_id in dict.fromkeys(layer_id for layer_id, _ in wanted):
        layer = store.layer(layer_id)
        if layer.current is None or layer.region_id != region_id or layer.kind != SITES:
            raise WorkflowError(
                f"Layer '{layer.name}' of a stop is not a mine-site layer of this region any more. "
                "Bring it back on the Data page, or take the stop out of the visit."
            )
        ids = [feature for other, feature in wanted if other == layer_id]
        frame = store.read_features(current(layer).version_id, feature_ids=ids)
        for place in places_in(layer_id, frame, answers):
            found[place.site] = place
    gone = [site for site in wanted if site not in found]
    if gone:
        raise WorkflowError(
            f"Site '{gone[0][1]}' is not in layer '{store.layer(gone[0][0]).name}' any more. Take "
            "the stop out of the visit, or show the version that has it."
        )
    return found


def all_sites(store: Store, region_id: str) -> tuple[SitePlace, ...]:
    """Every mine site of a region, by name and id."""
    answers = store.consents(region_id)
    columns = ["feature_id", "name", "position_sd_m"]
    every: list[SitePlace] = []
    for layer in site_layers(store, region_id):
        frame = store.read_features(current(layer).version_id, columns=columns)
        every += places_in(layer.layer_id, frame, answers)
    return tuple(sorted(every, key=lambda one: (one.name, one.feature_id)))


def places_in(
    layer_id: str, frame: gpd.GeoDataFrame, answers: Mapping[Site, SiteConsent]
) -> list[SitePlace]:
    """The features of a mine-site layer (EPSG:4326) as places."""
    on = frame.geometry.representative_point()
    rows = frame.drop(columns=frame.geometry.name).to_dict("records")
    places = []
    for row, longitude, latitude in zip(rows, on.x, on.y, strict=True):
        feature_id = str(row["feature_id"])
        answer = answers.get((layer_id, feature_id))
        name = row.get("name")
        places.append(
            SitePlace(
                layer_id=layer_id,
                feature_id=feature_id,
                name=feature_id if pd.isna(name) else str(name),
                longitude=float(longitude),
                latitude=float(latitude),
                position_sd_m=float(row["position_sd_m"]),
                consent=answer.answer if answer else "not asked",
                row={str(key): value for key, value in row.items()},
            )
        )
    return places
