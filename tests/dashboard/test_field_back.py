"""What came back from the field: nothing twice, everything told, decided by a named person."""

import datetime as dt
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cli, workflows
from dashboard.field.feedback import FeedbackError
from layers.field.records import FieldNote
from layers.store import HOME_VARIABLE, StoreError
from tests.dashboard.adoption_world import REGION
from tests.dashboard.field_back_world import (
    PHOTO,
    VISIT,
    accept,
    bring,
    file_of,
    item,
    photo,
    visited,
    voice,
)


@pytest.fixture
def store(tmp_path: Path):
    opened = visited(tmp_path / "home")
    yield opened
    opened.close()


def paper(**other) -> FieldNote:
    told = {"visit_id": VISIT, "item_id": "", "region_id": REGION, "kind": "note"}
    told |= {"layer_id": None, "feature_id": "w2", "text": "From the sheet"}
    return FieldNote(**(told | other))


def test_a_file_adds_its_notes_once_however_often_it_comes(store) -> None:
    first = bring(store, item("1"), item("2"))
    again = bring(store, item("1"), item("2"), item("3"))
    assert (first.added, first.already_there) == (2, 0)
    assert (again.added, again.already_there) == (1, 2)
    assert len(store.field_notes(REGION, visit_id=VISIT)) == 3


def test_a_note_stands_beside_its_stop_even_after_that_left_the_plan(store) -> None:
    bring(store, item("1", feature_id="w2", stop=2))
    (beside,) = workflows.notes_beside(store, VISIT)
    assert (beside.stop, beside.site_name) == (2, "West 2")
    visit = store.field_visit(VISIT)
    store.put_field_visit(replace(visit, stops=visit.stops[:1]), actor="ama")
    bring(store, item("2", feature_id="w2", stop=2))
    assert {one.stop for one in workflows.notes_beside(store, VISIT)} == {None}
    assert {one.site_name for one in workflows.notes_beside(store, VISIT)} == {"West 2"}


def test_a_site_that_was_never_a_stop_is_told_and_kept(store) -> None:
    done = bring(store, item("1", feature_id="elsewhere"))
    assert done.added == 1
    assert "'elsewhere' was never a stop" in done.problems[0]
    assert workflows.notes_beside(store, VISIT)[0].stop is None


def test_a_file_of_another_visit_is_refused_by_name(store) -> None:
    with pytest.raises(workflows.WorkflowError, match="is of visit 'v2', not of 'Bonsa valley'"):
        workflows.import_feedback(
            store, VISIT, file_of(item("1"), visit="v2"), filename="b.json", actor="ama"
        )
    with pytest.raises(FeedbackError, match="was not written by a briefing pack"):
        workflows.import_feedback(store, VISIT, b"{}", filename="b.json", actor="ama")


def test_nobody_is_not_who_brought_it(store) -> None:
    with pytest.raises(workflows.WorkflowError, match="Say who you are"):
        workflows.import_feedback(store, VISIT, file_of(item("1")), filename="a", actor="  ")


def test_a_photo_is_kept_as_it_came_and_no_cleaning_takes_it(store) -> None:
    bring(store, item("1", media=[photo()]))
    (kept,) = store.field_notes(REGION)[0].keepsakes
    store.examine(clean=True)
    assert workflows.read_medium(store, kept) == PHOTO


def test_the_words_that_came_stay_beside_the_corrected_ones(store) -> None:
    bring(store, item("1"))
    accept(store, "1", shown_text="The pit is flooded")
    (note,) = store.field_notes(REGION)
    assert (note.text, note.shown_text) == ("The pit is wet", "The pit is flooded")
    assert (note.decision, note.decided_by, note.why) == ("accepted", "kofi", "heard")


def test_a_rejection_says_why_and_who(store) -> None:
    bring(store, item("1"))
    with pytest.raises(StoreError, match="Say why"):
        accept(store, "1", decision="rejected", why=" ")
    with pytest.raises(workflows.WorkflowError, match="Say who you are"):
        accept(store, "1", actor="")
    assert store.field_notes(REGION)[0].decision == "waiting"


def test_a_conflict_that_is_found_no_more_is_told_as_gone(store) -> None:
    run = workflows.conflicts(store, REGION, on=dt.date(2026, 1, 1), in_process=True)
    known = str(run.table["conflict_id"].iloc[0]) if len(run.table) else None
    bring(store, item("1", conflict_id="gone1234"), item("2", conflict_id=known))
    told = {one.note.item_id: one for one in workflows.notes_beside(store, VISIT, run=run)}
    assert told["1"].conflict_gone
    assert not told["2"].conflict_gone
    assert (told["2"].conflict is None) == (known is None)


def test_paper_is_typed_in_under_the_same_questions(store) -> None:
    workflows.type_in_note(store, paper(), actor="ama", medium=("a.jpg", "image/jpeg", PHOTO))
    workflows.type_in_note(store, paper(), actor="ama")
    first, second = store.field_notes(REGION)
    assert first.item_id != second.item_id
    assert first.layer_id == second.layer_id is not None
    assert {len(first.keepsakes), len(second.keepsakes)} == {0, 1}
    assert first.consent is None


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"text": " "}, "The note is empty"),
        ({"feature_id": "far"}, "is no stop of this visit"),
        ({"kind": "voice", "consent": None}, "A voice needs its consent"),
        ({"text": "a" * 10_001}, "at most 10,000"),
    ],
)
def test_paper_that_lacks_something_is_refused_in_a_sentence(store, told, sentence) -> None:
    with pytest.raises(workflows.WorkflowError, match=sentence):
        workflows.type_in_note(store, paper(**told), actor="ama")
    assert store.field_notes(REGION) == ()


def test_a_program_is_no_photo(store) -> None:
    with pytest.raises(workflows.WorkflowError, match=r"'a\.jpg' is no photo or sound"):
        workflows.type_in_note(store, paper(), actor="a", medium=("a.jpg", "image/jpeg", b"MZ"))


def test_the_command_brings_a_file_in_and_lists_what_came(
    tmp_path, store, monkeypatch, capsys
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    file = tmp_path / "back.json"
    file.write_bytes(file_of(item("1"), voice("2", "group")))

    def command(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["dashboard", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert ended.value.code in (0, None), told.err
        return told.out

    asked = ("field-notes", "--visit", VISIT, "--import", file, "--json")
    told = json.loads(command(*asked))
    assert (told["added"], told["already_there"]) == (2, 0)
    assert json.loads(command(*asked))["already_there"] == 2
    assert "waiting  note  stop 1 West 1: The pit is wet" in command(
        "field-notes", "--visit", VISIT
    )


# --- the page ---------------------------------------------------------------------------------


def opened() -> AppTest:
    """The part of the page, alone."""

    def script() -> None:
        import streamlit as st

        from dashboard import cached
        from dashboard.views import visits_back

        visits_back.show(cached.store().field_visit("v1"))
        st.caption("end of the page")

    return AppTest.from_function(script, default_timeout=90)


def run(at: AppTest) -> AppTest:
    at.run()
    assert [error.value for error in at.exception] == []
    assert at.caption[-1].value == "end of the page"
    return at


def test_the_page_asks_decides_and_never_offers_a_wider_consent(
    tmp_path, store, monkeypatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))
    at = run(opened())
    assert "Nothing has come back yet." in [one.value for one in at.caption]

    bring(store, voice("1", "group", text="*It* is [dry](x)"))
    at = run(opened())
    told = "\n".join(one.value for one in at.markdown)
    assert "1 note, 1 waiting" in told
    assert "[dry](x)" not in told
    token = f"visits.decide.{VISIT}.1.None"
    assert at.radio(key=f"{token}.consent").options == [
        "Only for the organisers",
        "For the people of this dialogue",
    ]
    at.radio(key=f"{token}.decision").set_value("accepted")
    at.text_input(key=f"{token}.actor").set_value("kofi")
    at.text_input(key=f"{token}.why").set_value("heard it")
    next(one for one in at.button if one.label == "Keep the decision").click()
    run(at)
    (note,) = store.field_notes(REGION)
    assert (note.decision, note.decided_by, note.consent) == ("accepted", "kofi", "group")
    assert note.shown_text is None
