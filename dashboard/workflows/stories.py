"""Stories: guided tours through a region's map, built step by step from what the map shows."""

import math
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from dashboard import sharing
from dashboard.workflows.types import WorkflowError
from layers.field.records import Story, StoryStep
from layers.store import Store

LONGEST_TITLE, LONGEST_TEXT = 120, 1_200
MOST_STEPS = 40


def step_of_link(link: str, region_id: str, *, title: str, text: str) -> StoryStep:
    """A step that looks where a copied link to the map looks, with the layers it has on.

    WorkflowError where the link is none of the map of this region, or the step has no words.
    """
    asked = parse_qs(urlsplit(link.strip()).query)
    numbers = asked.get("view", [""])[-1].split(",")
    try:
        longitude, latitude, zoom = (float(one) for one in numbers)
    except ValueError:
        longitude = latitude = zoom = math.nan
    if not (abs(longitude) <= 180 and abs(latitude) <= 90 and 0 <= zoom <= 22):
        raise WorkflowError(
            "The link does not say where the map looks. Press the chain on the map, 'Copy a link "
            "to this view', and paste what it copied."
        )
    if asked.get("region", [region_id])[-1] != region_id:
        raise WorkflowError("The link is of another region. Copy one of this region's map.")
    if not title.strip() or not text.strip():
        raise WorkflowError("A step needs a title and a sentence on what is to be seen.")
    shown = None
    if "layers" in asked:
        try:
            told = sharing.opacities(sharing.layers_text(asked["layers"])) or {}
        except ValueError:
            raise WorkflowError("The link names layers in a way we do not know.") from None
        shown = tuple(f"{region_id}.{name}" for name in told)
    return StoryStep(
        title=title.strip()[:LONGEST_TITLE],
        text=text.strip()[:LONGEST_TEXT],
        view=(longitude, latitude, zoom),
        layers=shown,
    )


def add_step(story: Story, step: StoryStep) -> Story:
    """The story with a step at its end."""
    if len(story.steps) >= MOST_STEPS:
        raise WorkflowError(f"A story has at most {MOST_STEPS} steps. Begin a second one.")
    return replace(story, steps=(*story.steps, step))


def moved_step(story: Story, place: int, *, by: int) -> Story:
    """The story with the step at a place (from 0) moved; by 0 takes it out."""
    steps = list(story.steps)
    step = steps.pop(place)
    if by:
        steps.insert(max(0, place + by), step)
    return replace(story, steps=tuple(steps))


def put_story(store: Store, story: Story, *, actor: str) -> Story:
    """Keep a story; WorkflowError where nobody says who made it."""
    if not actor.strip():
        raise WorkflowError("Say who you are: a story keeps who changed it.")
    return store.put_story(story, actor=actor.strip())
