"""Stories: built from a copied link, in order, kept with every state, and silent about others."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import workflows
from dashboard.field import page
from dashboard.field.model import ToldStep, ToldStory
from dashboard.workflows.field_pack import build_pack
from dashboard.workflows.stories import MOST_STEPS, add_step, moved_step, put_story, step_of_link
from layers.field.records import Story, StoryStep
from layers.store import HOME_VARIABLE
from tests.dashboard.adoption_world import REGION
from tests.dashboard.field_back_world import VISIT, visited
from tests.dashboard.field_world import BASEMAP, pack

LINK = (
    "http://127.0.0.1:8501/map?region=tarkwa&view=-1.99123,5.30456,12.5"
    "&layers=mine_sites.sites,water.water~40"
)
SAID = {"title": "Here", "text": "Look"}


@pytest.fixture
def store(tmp_path):
    opened = visited(tmp_path / "home")
    yield opened
    opened.close()


def step(title: str, text: str = "Look", **other) -> StoryStep:
    return StoryStep(title=title, text=text, **({"view": (-2.15123, 5.31234, 12.0)} | other))


def test_a_step_looks_where_the_link_looks_with_its_layers() -> None:
    made = step_of_link(LINK, REGION, **SAID)
    assert made.view == (-1.99123, 5.30456, 12.5)
    assert made.layers == ("tarkwa.mine_sites.sites", "tarkwa.water.water")
    bare = step_of_link("?view=-1.9,5.3,9", REGION, **SAID)
    assert bare.layers is None


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("", "does not say where the map looks"),
        ("/map?view=nan,5,9", "does not say where the map looks"),
        ("/map?view=1,95,9", "does not say where the map looks"),
        ("/map?view=1,5,9&region=geita", "of another region"),
        ("/map?view=1,5,9&layers=<b>", "names layers"),
    ],
)
def test_what_is_no_link_to_a_view_is_told(link, sentence) -> None:
    with pytest.raises(workflows.WorkflowError, match=sentence):
        step_of_link(link, REGION, **SAID)


def test_a_step_without_words_shows_nothing_to_anybody() -> None:
    with pytest.raises(workflows.WorkflowError, match="a title and a sentence"):
        step_of_link(LINK, REGION, title="Here", text=" ")


def test_steps_move_and_go() -> None:
    story = Story(region_id=REGION, title="s", steps=(step("a"), step("b"), step("c")))
    named = [
        "".join(one.title for one in moved_step(story, place, by=by).steps)
        for place, by in ((2, -1), (0, 1), (1, 0), (0, -1), (2, 1))
    ]
    assert named == ["acb", "bac", "ac", "abc", "abc"]
    full = Story(region_id=REGION, title="s", steps=(step("a"),) * MOST_STEPS)
    with pytest.raises(workflows.WorkflowError, match="at most 40 steps"):
        add_step(full, step("b"))


def test_a_story_keeps_who_changed_it(store) -> None:
    story = Story(region_id=REGION, title="s", steps=(step("a"),))
    with pytest.raises(workflows.WorkflowError, match="Say who you are"):
        put_story(store, story, actor=" ")
    assert put_story(store, story, actor="ama").changed_by == "ama"


def test_a_pack_tells_no_step_that_names_a_site_that_is_not_in_it(store) -> None:
    steps = (
        step("The valley"),
        step("A neighbour", "Next to it lies WEST 7, they say."),
        step("By its id", "And e20 too."),
        step("A stop", "West 1 is one of ours; West 70 is none."),
    )
    put_story(store, Story(region_id=REGION, title="Along the road", steps=steps), actor="ama")
    put_story(store, Story(region_id=REGION, title="About West 9", steps=steps[:1]), actor="ama")
    made, left = build_pack(store, VISIT)
    (story,) = made.stories
    told = [one.title for one in story.steps]
    assert "A neighbour" not in told
    assert told[0] == "The valley"
    assert "A stop" in told
    assert sum("names a site that is not shown" in one for one in left) == 2
    # a view is no nearer than some 100 m to anything
    assert story.steps[0].view == (-2.151, 5.312, 12.0)


def test_a_pack_shows_its_stories_as_text_and_tells_them_on_the_map() -> None:
    nasty = ToldStep(title="<b>Here</b>", text="</script>", view=(-1.99, 5.3, 12.0))
    made = pack(stories=(ToldStory(title="The river", steps=(nasty,)),), languages=("en", "sw"))
    text = page.page(made, base=BASEMAP).decode()
    assert 'id="pk-tab-story"' in text
    assert "&lt;b&gt;Here&lt;/b&gt;" in text
    assert "<b>Here" not in text
    data = json.loads(re.search(r'id="pk-data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["stories"][0]["steps"][0]["view"] == [-1.99, 5.3, 12.0]
    assert data["languages"][1]["messages"]["Story"] == "Simulizi"


def test_a_pack_without_stories_has_no_tab_for_them() -> None:
    assert b'id="pk-tab-story"' not in page.page(pack(), base=BASEMAP)


def test_a_story_is_built_on_the_page_step_by_step(tmp_path, store, monkeypatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))

    def script() -> None:
        from dashboard.views import stories

        stories.show("tarkwa")

    at = AppTest.from_function(script, default_timeout=60).run()
    assert at.text_input == []  # nothing of the form is loaded before somebody asks for it
    at.toggle[0].set_value(True).run()
    for label, value in (
        ("Title of the story", "The river"), ("Title of the step", "Here"),
        ("Link to the view", LINK), ("Your name", "ama"),
    ):  # fmt: skip
        next(one for one in at.text_input if one.label == label).set_value(value)
    at.text_area[0].set_value("Look")
    next(one for one in at.button if one.label == "Add the step").click().run()
    assert [error.value for error in at.exception] == []
    (story,) = store.stories(REGION)
    assert (story.title, story.steps[0].title, story.changed_by) == ("The river", "Here", "ama")
    assert any(one.label == "Present on the map" for one in at.button)
