"""Stories on the map page: present one, build one from what the map shows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import cached, state, words
from dashboard.views import parts
from dashboard.workflows import SAYABLE
from dashboard.workflows.stories import add_step, moved_step, step_of_link
from layers.field.records import Story

NEW = "new"
WAYS = {-1: "one up", 1: "one down", 0: "out of the story"}


def presented(region_id: str) -> Mapping[str, Any] | None:
    """The story the map tells now, as its script takes it."""
    chosen = state.get("stories.presented")
    story = next((one for one in cached.stories(region_id) if one.story_id == chosen), None)
    if story is None:
        return None
    return {
        "title": story.title,
        "turn": state.get("stories.turn", 0),
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


def show(region_id: str) -> None:
    """Draw the part of the page."""
    with st.expander("Stories"):
        found = {one.story_id: one for one in cached.stories(region_id)}
        names = {NEW: "New story …"} | {key: one.title for key, one in found.items()}
        made = state.get("stories.next")
        if made in found:
            state.drop("stories.next")
            state.put("stories.chosen", made)
        state.among("stories.chosen", [*found, NEW])
        chosen = st.selectbox(
            "Story", [*found, NEW], key="stories.chosen", format_func=names.__getitem__
        )
        story = found.get(chosen) or Story(region_id=region_id, title="")
        if story.steps:
            st.button(
                "Present on the map",
                key="stories.present",
                on_click=_present,
                args=(story.story_id,),
                help="The map has a button for the full screen.",
            )
            st.markdown("\n".join(f"1. {words.md(step.title)}" for step in story.steps))
        # a closed expander loads what is in it all the same, and most people only look
        if st.toggle("Build or change a story", key="stories.build"):
            _add(story)
            if story.steps:
                _order(story)


def _present(story_id: str) -> None:
    state.put("stories.presented", story_id)
    # the same story again begins anew
    state.put("stories.turn", state.get("stories.turn", 0) + 1)


def _add(story: Story) -> None:
    token = f"stories.{story.story_id or NEW}.{story.number}"
    with st.form(f"{token}.add", border=True):
        title = story.title
        if not story.story_id:
            title = st.text_input("Title of the story", key=f"{token}.story", max_chars=120)
        heading = st.text_input("Title of the step", key=f"{token}.title", max_chars=120)
        text = st.text_area("What is to be seen", key=f"{token}.text", max_chars=1_200)
        link = st.text_input(
            "Link to the view",
            key=f"{token}.link",
            help="Press the chain on the map, “Copy a link to this view”, and paste it here.",
        )
        actor = st.text_input("Your name", key=f"{token}.actor", max_chars=80)
        if not st.form_submit_button("Add the step"):
            return
    try:
        step = step_of_link(link, story.region_id, title=heading, text=text)
        changed = add_step(story, step)
        kept = cached.put_story(_titled(changed, title), actor=actor)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    state.put("stories.next", kept.story_id)
    st.rerun()


def _titled(story: Story, title: str) -> Story:
    return replace(story, title=title.strip())


def _order(story: Story) -> None:
    token = f"stories.{story.story_id}.{story.number}"
    with st.form(f"{token}.order", border=True):
        names = [f"{at}. {step.title}" for at, step in enumerate(story.steps, start=1)]
        place = st.selectbox(
            "Step", range(len(names)), format_func=names.__getitem__, key=f"{token}.step"
        )
        by = st.selectbox("Move it", list(WAYS), format_func=WAYS.get, key=f"{token}.by")
        actor = st.text_input("Your name", key=f"{token}.mover", max_chars=80)
        if not st.form_submit_button("Move"):
            return
    try:
        cached.put_story(moved_step(story, int(place), by=int(by)), actor=actor)
    except SAYABLE as error:
        parts.problem(str(error))
        return
    st.rerun()
