"""The field visit and the story of the demonstration landscape, all invented."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.workflows.field_plan import proposed
from dashboard.workflows.field_sites import all_sites, site_layers
from layers.field.records import (
    Consent,
    FieldVisit,
    PlannedStop,
    SiteConsent,
    Story,
    StoryStep,
    VisitDay,
)
from layers.store import Store, StoreError


def demonstrate_visit(store: Store, region_id: str, *, actor: str) -> None:
    """Put the visit and the story into a store that never had them; needs the sites' layer."""
    told = _told()
    if not any(layer.layer_id == told["stops"]["layer"] for layer in site_layers(store, region_id)):
        return
    try:
        store.field_visit(told["visit_id"])
    except StoreError:
        store.put_field_visit(_visit(store, region_id, told, actor=actor), actor=actor)
    if not store.stories(region_id, taken_off=True):
        for story in told["story"]:
            store.put_story(_story(region_id, story), actor=actor)


def take_visit_off(store: Store, region_id: str, *, actor: str) -> None:
    """Take invented visits and stories of a region off the lists; nothing is erased."""
    for visit in store.field_visits(region_id):
        if visit.demonstration:
            store.put_field_visit(replace(visit, shown=False), actor=actor)
    for story in store.stories(region_id):
        if story.demonstration:
            store.put_story(replace(story, shown=False), actor=actor)


def _told() -> dict[str, Any]:
    from data import demo  # noqa: PLC0415 - for a new store only

    path = Path(demo.__file__).with_name("field_visit.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _visit(store: Store, region_id: str, told: dict[str, Any], *, actor: str) -> FieldVisit:
    base, stops = told["base"], told["stops"]
    near = sorted(
        (site for site in all_sites(store, region_id) if site.layer_id == stops["layer"]),
        key=lambda site: (
            (site.longitude - base["longitude"]) ** 2 + (site.latitude - base["latitude"]) ** 2,
            site.feature_id,
        ),
    )[: stops["count"]]
    for number, site in enumerate(near, start=1):
        answer: Consent = "agreed"
        if number in stops["refused"]:
            answer = "refused"
        elif number in stops["not_asked"]:
            answer = "not asked"
        store.record_consent(
            SiteConsent(
                region_id=region_id,
                layer_id=site.layer_id,
                feature_id=site.feature_id,
                answer=answer,
                how="Invented for demonstration.",
            ),
            actor=actor,
        )
    visit = FieldVisit(
        region_id=region_id,
        title=told["title"],
        visit_id=told["visit_id"],
        group=told["group"],
        languages=tuple(told["languages"]),
        days=tuple(
            VisitDay(day=day, start_min=told["start_min"], end_min=told["end_min"])
            for day in told["days"]
        ),
        base=(base["name"], base["longitude"], base["latitude"]),
        stay_min=told["stay_min"],
        stops=tuple(
            PlannedStop(layer_id=site.layer_id, feature_id=site.feature_id) for site in near
        ),
        note=told["note"],
        demonstration=True,
    )
    return proposed(store, visit)


def _story(region_id: str, told: dict[str, Any]) -> Story:
    steps = tuple(
        StoryStep(
            title=step["title"],
            text=step["text"],
            view=(float(step["view"][0]), float(step["view"][1]), float(step["view"][2])),
        )
        for step in told["step"]
    )
    return Story(region_id=region_id, title=told["title"], steps=steps, demonstration=True)
