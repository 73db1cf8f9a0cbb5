"""Pages of the adoption ledger: nothing yet, figures, counts only, kept back; a site; a goal."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import workflows
from dashboard.views import site_card
from layers.store import Store
from tests.dashboard.adoption_world import (
    EAST,
    FIRST,
    GHANA,
    POND,
    REGION,
    SECOND,
    WEST,
    bring,
    filled,
    landscape,
    site,
    visit,
)
from tests.layers.samples import add

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the landscape and both rounds in it."""
    home = tmp_path_factory.mktemp("made") / "home"
    filled(workflows.open_home(home)).close()
    return home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMONGROUND_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(ROOT))
    return tmp_path / "home"


@pytest.fixture
def loaded(made: Path, home: Path) -> Store:
    shutil.copytree(made, home)
    return workflows.open_home(home)


@pytest.fixture
def sites_only(home: Path) -> Store:
    return landscape(workflows.open_home(home))


def opened(page: str, **params: Any) -> AppTest:
    """A page in a session of its own, as a visitor finds it under that address."""

    def script(first: str) -> None:
        import datetime as dt
        import importlib

        import streamlit as st

        from dashboard import state
        from dashboard.views import parts

        names = ("overview", "adoption", "coverage", "roadmap", "compare", "data")
        modules = {name: importlib.import_module(f"dashboard.views.{name}") for name in names}
        pages = {
            name: st.Page(module.render, title=name, url_path=name, default=name == first)
            for name, module in modules.items()
        }
        page = st.navigation(list(pages.values()), position="hidden")
        state.start(page.url_path or first, today=dt.date(2026, 11, 23))
        parts.header(pages, current=page)
        page.run()
        parts.footer()
        state.publish_link()

    at = AppTest.from_function(script, default_timeout=90, args=(page,))
    for name, value in params.items():
        at.query_params[name] = value
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert [error.value for error in at.exception] == []
    return at


def said(at: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error")
    told = [element.value for kind in kinds for element in getattr(at, kind)]
    told += [f"{one.label}: {one.value}" for one in at.metric]
    return "\n".join(told).replace("\\", "")


def pictures(at: AppTest) -> str:
    """What the charts say to those who do not see them."""
    return "\n".join(one.proto.body for one in at.get("html") if "<img" in one.proto.body)


def table(at: AppTest, column: str) -> pd.DataFrame:
    """The last table on the page that has a column."""
    return [one.value for one in at.dataframe if column in one.value.columns][-1]


def choose(at: AppTest, kind: str, key: str, value: Any) -> AppTest:
    getattr(at, kind)(key=key).set_value(value)
    return run(at)


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return run(at)


# --- nothing yet ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["adoption", "compare"])
def test_without_visits_a_page_says_that_nothing_is_known_not_that_it_is_none(
    sites_only: Store, page: str
) -> None:
    at = opened(page)
    told = said(at)
    assert "No visits" in told
    assert "not the same as no" in told
    assert pictures(at) == ""


def test_without_visits_coverage_lists_every_site_as_never_visited(sites_only: Store) -> None:
    at = opened("coverage")
    assert "Known sites: 71" in said(at)
    assert "Never visited: 71" in said(at)
    assert set(table(at, "Rounds")["Last visit"]) == {"never"}


def test_an_empty_road_map_says_what_an_action_is(sites_only: Store) -> None:
    assert "has no action yet" in said(opened("roadmap"))


def test_the_overview_says_that_nothing_is_known_where_nobody_was_visited(
    sites_only: Store,
) -> None:
    assert "No visits are recorded yet: nothing is known of who uses which" in said(
        opened("overview")
    )


# --- figures ------------------------------------------------------------------------------------


def test_the_region_is_told_with_n_days_and_what_it_cannot_tell(loaded: Store) -> None:
    at = opened("adoption")
    told = said(at)
    assert "90 visits** to **60 of 71 known sites**" in told
    assert "1 Mar 2023 – 28 Apr 2025" in told
    assert "1 known site lies outside every district" in told
    shown = pictures(at)
    # the whole region in both rounds, then by district, each with n and interval
    assert "2023: 30 % (17–48 %), 9 of 30 sites" in shown
    assert "9 of 30 sites" in shown
    assert "33 of 58 sites" in shown
    assert "12 of 30 sites" in shown
    assert "no data" in shown


def test_a_district_is_opened_by_a_link_and_shows_its_own_practices(loaded: Store) -> None:
    at = opened("adoption", area="d2", practice=POND, round=SECOND)
    told = said(at)
    assert f"Practices in {EAST}" in told
    assert f"Sites in {EAST}" in told
    assert "21 used, 7 not used and 2 unknown" in told
    assert set(table(at, "Evidence")["District"]) == {EAST}
    assert at.query_params["area"] == "d2"
    assert at.query_params["round"] == SECOND


def test_a_rise_from_visiting_others_is_warned_of(loaded: Store) -> None:
    at = opened("adoption", practice=POND)
    assert [one.value for one in at.warning] != []
    assert "sites visited in both" in at.warning[0].value


def test_a_mistyped_link_opens_what_it_can(loaded: Store) -> None:
    at = opened("adoption", area="d9", practice="XX", round="1999", group="village", site="none")
    assert "No site 'none' is known" in said(at)
    assert at.session_state["adoption.practice"] == POND
    assert at.session_state["adoption.by"] == "district"


def test_by_operation_says_that_a_site_may_count_twice(loaded: Store) -> None:
    at = opened("adoption", group="operation")
    assert "counts in each of them" in said(at)


def test_visits_chosen_for_convenience_give_counts_and_no_share(sites_only: Store) -> None:
    rows = [
        visit(f"w{n}", "2025-05-01", SECOND, {POND: "used"}, selection="convenience")
        for n in range(28)
    ]
    bring(sites_only, rows)
    at = opened("adoption")
    assert "28 of 28 visits were chosen for convenience" in said(at)
    assert "counts only: 28 of 28 sites" in pictures(at)
    assert "100 %" not in pictures(at)


def test_where_few_people_work_no_number_is_shown(sites_only: Store) -> None:
    rows = [
        visit(f"w{n}", "2025-05-01", SECOND, {POND: "used"}, women=1.0, men=1.0) for n in range(2)
    ]
    bring(sites_only, rows)
    at = opened("adoption", practice=POND)
    shown = pictures(at)
    assert "not shown, to protect people" in shown
    assert "2 of 2" not in shown


# --- one site -----------------------------------------------------------------------------------


def test_a_site_shows_every_visit_and_a_correction_with_the_old_value(loaded: Store) -> None:
    at = opened("adoption", site="w0", practice=POND)
    told = said(at)
    assert "West 0" in told
    history = table(at, "What").set_index("What")
    assert list(history.columns) == ["1 Mar 2025, 2025", "1 Mar 2023, 2023"]
    assert history.loc["Settling pond in use"].tolist() == ["used (seen)", "used (seen)"]
    assert history.loc["Women at work"].tolist() == ["6", "6"]
    visit_id = workflows.site_history(loaded, REGION, "w0").visits[0].visit_id
    key = f"adoption.fix.{visit_id}"
    choose(at, "selectbox", f"{key}.practice", POND)
    choose(at, "radio", f"{key}.{POND}.state", "not used")
    at.text_input(key="ledger.actor").set_value("Ama")
    press(at, "adoption.fix_save")
    assert "Say why" in said(at)
    at.text_area(key="adoption.fix_why").set_value("The pond was dry")
    press(at, "adoption.fix_save")
    told = said(at)
    assert "Ama: WA-POND, state at the visit of 1 Mar 2025: was “used”, now “not used”" in told
    assert "Why: The pond was dry" in told
    history = table(at, "What").set_index("What")
    assert history.loc["Settling pond in use"].tolist() == ["not used (seen)", "used (seen)"]
    assert "11 used" in said(opened("adoption", practice=POND, area="d1"))


def test_no_name_of_a_site_or_district_becomes_markup(sites_only: Store) -> None:
    hostile = "<b>[W](http://x.example)</b> $x$"
    add(
        sites_only,
        [site("=1+1", -2.1, 5.3, name=hostile)],
        kind="mine_sites",
        name="Hostile",
        **GHANA,
    )
    bring(
        sites_only,
        [visit("=1+1", "2025-05-01", hostile, {POND: "used"}, remarks=hostile)],
    )
    for page in ("adoption", "coverage", "compare"):
        at = opened(page, **({"site": "=1+1"} if page == "adoption" else {}))
        texts = [one.value for one in (*at.markdown, *at.caption, *at.header, *at.subheader)]
        texts += [one.proto.body for one in at.get("html") if "<img" in one.proto.body]
        assert not [
            text for text in texts if hostile in text or "<b>" in text.replace("\\<", "")
        ], page


def test_the_map_says_in_short_what_visits_found_at_a_site(loaded: Store) -> None:
    workflows.correct_people(
        loaded,
        workflows.site_history(loaded, REGION, "w0"),
        "v30",
        "men",
        value=None,
        why="not counted",
        actor="Ama",
    )
    history = workflows.site_history(loaded, REGION, "w0")
    assert site_card.visits_line(history) == "2 visits, the last on 1 Mar 2025"
    assert site_card.state_lines(history) == [
        "Used: Mercury used at the site and Settling pond in use"
    ]
    assert site_card.people_line(history) == "Last visit: women 6, men no data"
    never = workflows.site_history(loaded, REGION, "w39")
    assert site_card.visits_line(never) == "Never visited"


# --- road map, comparison, coverage ---------------------------------------------------------------


def test_an_action_is_added_judged_and_changed_with_its_history(loaded: Store) -> None:
    at = press(opened("roadmap"), "roadmap.add")
    token = "roadmap.new.0"
    at.text_input(key=f"{token}.title").set_value("Ponds everywhere")
    at.text_input(key=f"{token}.owner").set_value("The association")
    at.selectbox(key=f"{token}.practice").set_value(POND)
    at.number_input(key=f"{token}.target.share").set_value(40.0)
    at.text_input(key="ledger.actor").set_value("Ama")
    submit(at, "Save the action")
    assert "Say on which day the target of 40% stands" in said(at)
    at.date_input(key=f"{token}.target.day").set_value(dt.date(2028, 1, 1))
    submit(at, "Save the action")
    told = said(at)
    assert "Ponds everywhere" in told
    assert "57 % of 58 sites" in told
    assert "target: at least 40" in told
    assert "33 of 58 sites" in told
    action = loaded.actions(REGION)[0]
    press(at, f"roadmap.edit.{action.action_id}")
    at.number_input(key=f"roadmap.{action.action_id}.{action.number}.target.share").set_value(60.0)
    submit(at, "Save the action")
    press(at, f"roadmap.edit.{action.action_id}")
    assert "target: 40 % → 60 %" in said(at)
    assert "added as “Ponds everywhere”, planned" in said(at)


def submit(at: AppTest, label: str) -> AppTest:
    next(one for one in at.button if one.label == label).click()
    return run(at)


def test_regions_side_by_side_warn_before_any_number(loaded: Store) -> None:
    bring(
        loaded,
        [visit("g1", "2020-05-01", "2020", {POND: "used"}, selection="convenience")],
        start=500,
        region_id="geita",
    )
    at = opened("compare", practice=POND)
    told = said(at)
    assert "Before you compare" in told
    assert "The latest visits are 5 years apart" in told
    assert "Ituri: no visits are recorded" in told
    assert "counts only: 1 of 1 site" in pictures(at)
    assert list(table(at, "Practice").columns) == [
        "Practice",
        "Tarkwa-Nsuaem",
        "Geita",
    ]


def test_coverage_is_narrowed_to_those_never_visited(loaded: Store) -> None:
    at = opened("coverage", only="never", area="d1")
    listed = table(at, "Rounds")
    assert set(listed["District"]) == {WEST}
    assert set(listed["Last visit"]) == {"never"}
    assert "10 sites" in said(at)
    assert "In 2023" in table(at, "Known sites").columns
    assert table(at, "Known sites").set_index("District").loc[WEST, f"In {FIRST}"] == "30"


def test_the_overview_has_the_phase_of_every_dialogue_and_a_line_on_practice(
    loaded: Store,
) -> None:
    told = said(opened("overview"))
    assert "○ ○ ● post-dialogue" in told
    assert "○ ○ ○ :gray[phase not known]" in told
    assert "90 visits** to **60 of 71 known sites**" in told
    assert "33 of 58 sites" in told
