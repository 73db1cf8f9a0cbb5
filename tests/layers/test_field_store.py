"""Field visits in the store: every state kept, nothing twice, no consent ever widened."""

import datetime as dt
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from layers.field.records import (
    FieldNote,
    FieldVisit,
    Keepsake,
    PlannedStop,
    SiteConsent,
    Story,
    StoryStep,
    VisitDay,
)
from layers.store import StoreError, open_store

DAY = dt.date(2026, 12, 2)
VISIT = FieldVisit(
    region_id="tarkwa",
    title="Bonsa valley",
    languages=("en", "tw"),
    days=(VisitDay(day=DAY), VisitDay(day=DAY + dt.timedelta(days=1), start_min=540)),
    base=("Tarkwa", -1.99, 5.3),
    stops=(
        PlannedStop(layer_id="l", feature_id="a", day=0),
        PlannedStop(layer_id="l", feature_id="b", note="ask for the book"),
    ),
)
VOICE = FieldNote(
    visit_id="v", item_id="1", region_id="tarkwa", kind="voice", layer_id="l", feature_id="a",
    text="The river was clear", group="farmer", sex="woman", language="Twi", consent="group",
    longitude=-1.99, latitude=5.3,
)  # fmt: skip
STEP = StoryStep(title="Here", text="Look", view=(-1.99, 5.3, 12.0), layers=("l",))


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "home")
    yield opened
    opened.close()


def consent(answer, **other) -> SiteConsent:
    told = {"region_id": "tarkwa", "layer_id": "l", "feature_id": "a", "how": "the owner, by phone"}
    return SiteConsent(answer=answer, **{**told, **other})


def test_a_plan_comes_back_as_it_was_and_knows_who_made_it(store) -> None:
    made = store.put_field_visit(VISIT, actor="ama")
    assert made.number == 1
    assert made.changed_by == "ama"
    again = store.field_visit(made.visit_id)
    assert again == made
    assert replace(again, visit_id="", number=0, changed_by="", changed_at=None) == VISIT


def test_every_state_of_a_plan_stays(store) -> None:
    made = store.put_field_visit(VISIT, actor="ama")
    store.put_field_visit(replace(made, title="Bonsa and Ankobra"), actor="kofi")
    titles = [one.title for one in store.field_visit_history(made.visit_id)]
    assert titles == ["Bonsa and Ankobra", "Bonsa valley"]
    assert [one.title for one in store.field_visits("tarkwa")] == ["Bonsa and Ankobra"]
    assert store.field_visits("geita") == ()


def test_a_change_made_meanwhile_is_not_overwritten(store) -> None:
    made = store.put_field_visit(VISIT, actor="ama")
    store.put_field_visit(replace(made, title="new"), actor="kofi")
    with pytest.raises(StoreError, match="changed by kofi meanwhile"):
        store.put_field_visit(replace(made, title="old"), actor="ama")


def test_saying_the_same_again_makes_no_new_state(store) -> None:
    made = store.put_field_visit(VISIT, actor="ama")
    assert store.put_field_visit(made, actor="kofi") == made


def test_a_plan_taken_off_is_out_of_the_list_and_not_lost(store) -> None:
    made = store.put_field_visit(VISIT, actor="ama")
    store.put_field_visit(replace(made, shown=False), actor="ama")
    assert store.field_visits("tarkwa") == ()
    assert len(store.field_visits("tarkwa", taken_off=True)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": " "}, "no title"),
        ({"languages": ()}, "no language"),
        ({"days": (VisitDay(day=DAY), VisitDay(day=DAY))}, "in order, each once"),
        ({"days": (VisitDay(day=DAY, start_min=600, end_min=600),)}, "before it begins"),
        ({"stops": (VISIT.stops[0], VISIT.stops[0])}, "stands twice"),
        ({"stops": (PlannedStop(layer_id="l", feature_id="a", day=2),)}, "has 2 days"),
        ({"stay_min": -1}, "no part of a day"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_a_sentence(store, change, said) -> None:
    with pytest.raises(StoreError, match=said):
        store.put_field_visit(replace(VISIT, **change), actor="ama")
    assert store.field_visits() == ()


def test_the_newest_answer_of_a_site_holds_and_the_others_stay(store) -> None:
    store.record_consent(consent("agreed"), actor="ama")
    store.record_consent(consent("refused", how="changed their mind"), actor="kofi")
    assert store.consents("tarkwa")["l", "a"].answer == "refused"
    told = [(one.answer, one.recorded_by) for one in store.consent_history("tarkwa", "l", "a")]
    assert told == [("refused", "kofi"), ("agreed", "ama")]
    assert ("l", "b") not in store.consents("tarkwa")


def test_a_consent_says_how_it_was_given(store) -> None:
    with pytest.raises(StoreError, match="who was asked"):
        store.record_consent(consent("agreed", how=" "), actor="ama")
    with pytest.raises(StoreError, match="one of agreed, refused, not asked"):
        store.record_consent(consent("perhaps"), actor="ama")


def test_the_audit_line_of_a_consent_names_no_site(store) -> None:
    store.record_consent(consent("agreed", feature_id="SECRET-SITE"), actor="ama")
    [line] = [one for one in store.audit() if one.action == "record consent"]
    assert "SECRET-SITE" not in str(line)


def test_the_same_notes_twice_add_nothing(store) -> None:
    other = replace(VOICE, item_id="2")
    assert store.add_field_notes([VOICE, other], actor="ama") == (2, 0)
    assert store.add_field_notes([replace(VOICE, text="other"), other], actor="ama") == (0, 2)
    texts = [one.text for one in store.field_notes("tarkwa")]
    assert texts == ["The river was clear"] * 2


def test_a_note_waits_until_somebody_decides(store) -> None:
    store.add_field_notes([VOICE], actor="ama")
    assert store.field_notes("tarkwa")[0].decision == "waiting"
    store.decide_field_note("v", "1", decision="rejected", why="not of this place", actor="kofi")
    decided = store.decide_field_note("v", "1", decision="accepted", why="it is", actor="esi")
    assert (decided.decision, decided.decided_by, decided.why) == ("accepted", "esi", "it is")
    with pytest.raises(StoreError, match="Say why"):
        store.decide_field_note("v", "1", decision="rejected", why="", actor="kofi")


def test_a_consent_is_made_narrower_and_never_wider(store) -> None:
    store.add_field_notes([VOICE], actor="ama")
    with pytest.raises(StoreError, match="never wider"):
        store.decide_field_note(
            "v", "1", decision="accepted", why="", actor="kofi", consent="public"
        )
    narrow = store.decide_field_note(
        "v", "1", decision="accepted", why="", actor="kofi", consent="organisers"
    )
    assert narrow.consent == "organisers"
    later = store.decide_field_note("v", "1", decision="accepted", why="", actor="kofi")
    assert later.consent == "organisers"
    back = store.decide_field_note(
        "v", "1", decision="accepted", why="", actor="kofi", consent="group"
    )
    assert back.consent == "organisers"


def test_a_photo_must_be_kept_before_its_note(store) -> None:
    sha256 = store.put_original(io.BytesIO(b"\xff\xd8\xff"))
    kept = replace(VOICE, keepsakes=(Keepsake(name="a.jpg", type="image/jpeg", sha256=sha256),))
    assert store.add_field_notes([kept], actor="ama") == (1, 0)
    assert store.field_notes("tarkwa")[0].keepsakes[0].sha256 == sha256
    lost = replace(kept, item_id="2", keepsakes=(replace(kept.keepsakes[0], sha256="0" * 64),))
    with pytest.raises(StoreError, match="was not kept"):
        store.add_field_notes([lost], actor="ama")


def test_a_story_comes_back_step_by_step(store) -> None:
    made = store.put_story(Story(region_id="tarkwa", title="Tour", steps=(STEP,)), actor="ama")
    assert store.stories("tarkwa") == (made,)
    assert made.steps == (STEP,)
    with pytest.raises(StoreError, match="no place on earth"):
        store.put_story(replace(made, steps=(replace(STEP, view=(0, 95, 3)),)), actor="ama")


def test_a_link_ends_by_its_day_or_by_hand(store) -> None:
    visit = store.put_field_visit(VISIT, actor="ama")
    now = dt.datetime.now(dt.UTC)
    until = now + dt.timedelta(days=3)
    link = store.add_pack_link("h1", visit.visit_id, expires_at=until, actor="ama")
    assert link.is_open(now)
    assert not link.is_open(until)
    ended = store.end_pack_link("h1", actor="kofi")
    assert not ended.is_open(now)
    assert store.end_pack_link("h1", actor="esi").ended_by == "kofi"
    assert store.pack_link("h2") is None
    with pytest.raises(StoreError, match="later day"):
        store.add_pack_link("h3", visit.visit_id, expires_at=now, actor="ama")
    with pytest.raises(StoreError, match="no such link"):
        store.end_pack_link("h2", actor="ama")


@pytest.mark.parametrize("table", ["field_visit_state", "site_consent", "field_note"])
def test_what_was_said_cannot_be_unsaid_in_the_database(store, table) -> None:
    store.put_field_visit(VISIT, actor="ama")
    store.record_consent(consent("agreed"), actor="ama")
    store.add_field_notes([VOICE], actor="ama")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET region_id = 'x'"):
        with pytest.raises(sa.exc.IntegrityError, match="only ever added to"), store.writing() as c:
            c.execute(sa.text(statement))


def test_several_at_once_lose_nothing(tmp_path) -> None:
    def one(number: int) -> None:
        opened = open_store(tmp_path / "home")
        opened.put_field_visit(replace(VISIT, title=f"visit {number}"), actor="ama")
        opened.close()

    open_store(tmp_path / "home").close()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(16)))
    store = open_store(tmp_path / "home")
    assert len(store.field_visits("tarkwa")) == 16
    store.close()
