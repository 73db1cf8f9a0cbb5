"""Stories in a pack: read as text, printed with the cards, and told on the map."""

import html
from typing import Any

from dashboard.field.model import Pack
from dashboard.field.words import N_, Words

TAB = N_("Story")
TELL = N_("Tell it on the map")


def story_pane(pack: Pack, words: Words) -> str:
    """The stories as HTML; their text is in the language it was written in."""
    parts = []
    for number, story in enumerate(pack.stories):
        steps = "".join(
            f"<li><h3>{html.escape(step.title)}</h3><p>{html.escape(step.text)}</p></li>"
            for step in story.steps
        )
        parts.append(
            f'<article class="pk-plain"><h2>{html.escape(story.title)}</h2>'
            f'<p class="pk-acts"><button type="button" data-story="{number}" '
            f'data-message="{TELL}">{html.escape(words._(TELL))}</button></p>'
            f"<ol>{steps}</ol></article>"
        )
    return "".join(parts)


def story_data(pack: Pack) -> list[dict[str, Any]]:
    """The stories as the map's script takes them."""
    return [
        {
            "title": story.title,
            "steps": [
                {
                    "title": step.title,
                    "text": step.text,
                    "view": list(step.view),
                    "layers": None if step.layers is None else list(step.layers),
                }
                for step in story.steps
            ],
        }
        for story in pack.stories
    ]
