"""Who hears which voice: never more than its consent says, on no page and in no file."""

import datetime as dt
import io
import itertools
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import workflows
from dashboard.field import page
from dashboard.field.cards import LONGEST_VOICE, MOST_VOICES, sections
from dashboard.field.model import Card, VoiceHeard
from dashboard.field.words import Words
from dashboard.workflows.field_pack import build_pack
from dashboard.workflows.field_voices import may_be_heard, voices_for
from layers.field.records import FieldNote
from layers.store import HOME_VARIABLE
from tests.dashboard.adoption_world import REGION
from tests.dashboard.field_back_world import VISIT, accept, bring, item, photo, visited, voice
from tests.dashboard.field_world import BASEMAP, pack, stop

WIDTHS = ("organisers", "group", "public")
NOTE = FieldNote(
    visit_id="v", item_id="1", region_id=REGION, kind="voice", layer_id="l", feature_id="a",
    text="x", consent="public", decision="accepted",
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = visited(tmp_path / "home")
    yield opened
    opened.close()


def heard(store, audience, **other) -> set[str]:
    return {one.text for one in voices_for(store, REGION, audience, **other)}


def test_a_voice_reaches_as_far_as_its_consent_and_no_further() -> None:
    reach = {
        (consent, audience)
        for consent, audience in itertools.product(WIDTHS, WIDTHS)
        if may_be_heard(replace(NOTE, consent=consent), audience)
    }
    assert reach == {
        ("organisers", "organisers"),
        ("group", "organisers"),
        ("group", "group"),
        ("public", "organisers"),
        ("public", "group"),
        ("public", "public"),
    }


def test_no_consent_is_the_narrowest_one() -> None:
    unsaid = replace(NOTE, consent=None)
    assert [may_be_heard(unsaid, audience) for audience in WIDTHS] == [True, False, False]


@pytest.mark.parametrize("decision", ["waiting", "rejected"])
def test_nobody_hears_what_was_not_accepted(decision) -> None:
    assert not any(may_be_heard(replace(NOTE, decision=decision), one) for one in WIDTHS)


@pytest.mark.parametrize("kind", ["note", "correction"])
def test_a_note_is_no_voice(kind) -> None:
    assert not may_be_heard(replace(NOTE, kind=kind), "organisers")


def test_another_group_is_not_the_people_of_this_dialogue() -> None:
    told = [may_be_heard(replace(NOTE, consent=c), "group", same_group=False) for c in WIDTHS]
    assert told == [False, False, True]


def test_each_audience_hears_its_own(store) -> None:
    bring(store, *(voice(consent, consent) for consent in WIDTHS), item("n"))
    assert heard(store, "organisers") == set()
    for one in (*WIDTHS, "n"):
        accept(store, one)
    visit = store.field_visit(VISIT)
    assert heard(store, "public") == {"Said for the public ears"}
    assert heard(store, "group", visit=visit) == {
        "Said for the public ears",
        "Said for the group ears",
    }
    assert len(heard(store, "organisers")) == 3
    stranger = replace(visit, visit_id="", number=0, group="Others")
    other = store.put_field_visit(stranger, actor="ama")
    assert heard(store, "group", visit=other) == {"Said for the public ears"}


def test_a_narrowed_voice_and_one_that_is_taken_back_go_silent(store) -> None:
    bring(store, voice("1", "public"), voice("2", "public", text="Taken back"))
    accept(store, "1")
    accept(store, "2")
    accept(store, "1", consent="organisers")
    accept(store, "1")
    accept(store, "2", decision="rejected", why="she asked us to")
    assert heard(store, "public") == set()


def test_what_is_shown_is_the_corrected_text_and_no_name_of_ours(store) -> None:
    bring(store, voice("1", "public", text="Kofi said so", media=[photo()]))
    accept(store, "1", shown_text="A neighbour said so")
    (one,) = voices_for(store, REGION, "public")
    assert one.text == "A neighbour said so"
    assert "ama" not in str(one)
    assert "Kofi" not in str(one)
    assert one.media == 1
    assert voices_for(store, REGION, "public", site=(one.layer_id, "w2")) == ()


def test_a_pack_carries_what_its_group_may_hear_and_not_a_byte_more(store) -> None:
    bring(store, *(voice(consent, consent) for consent in WIDTHS))
    for consent in WIDTHS:
        accept(store, consent)
    bring(store, voice("w", "public", text="Nobody decided this"))
    made, _ = build_pack(store, VISIT)
    assert len(made.stops[0].card.voices) == 2
    content = workflows.pack_contents(replace(made, layers=made.layers[:1]))["briefing.html"]
    assert b"Said for the group ears" in content
    assert b"Said for the organisers ears" not in content
    assert b"Nobody decided this" not in content


def test_a_voice_that_names_a_site_which_is_not_in_the_pack_stays_out(store) -> None:
    bring(store, voice("1", "public", text="At West 9 it is worse"), voice("2", "public"))
    accept(store, "1")
    accept(store, "2")
    made, left = build_pack(store, VISIT)
    assert [one.text for one in made.stops[0].card.voices] == ["Said for the public ears"]
    assert "A voice is not in the pack: a site is named that is not shown." in left


def test_a_card_says_who_spoke_and_stays_short() -> None:
    said = VoiceHeard(text="x" * 900, group="farmer", sex="woman", language="Twi",
                      day=dt.date(2026, 12, 2))  # fmt: skip
    one = stop(card=Card(voices=(said, *[VoiceHeard(text="y", group="", sex="")] * 5)))
    lines = next(part.lines for part in sections(one, Words("en")) if part.key == "voices")
    assert lines[0].label == "Farmer, Woman, Twi, 2 December 2026"
    assert len(lines[0].text) < LONGEST_VOICE + 5
    assert lines[1].label == "Somebody"
    assert len(lines) == MOST_VOICES + 1
    assert lines[-1].text == "2 more voices are with the organisers."


def test_a_card_without_voices_has_no_heading_for_them() -> None:
    assert b"<h3>Voices" not in page.page(pack(), base=BASEMAP)


def test_the_card_on_the_map_says_what_everybody_may_hear_and_nothing_else(
    tmp_path, store, monkeypatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))
    bring(store, *(voice(consent, consent) for consent in WIDTHS))
    for consent in WIDTHS:
        accept(store, consent)

    def script() -> None:
        from dashboard import cached, state
        from dashboard.views import site_card

        state.put("header.region", "tarkwa")
        stop = cached.store().field_visit("v1").stops[0]
        site_card.show_voices(stop.layer_id, stop.feature_id)

    at = AppTest.from_function(script, default_timeout=90).run()
    assert [error.value for error in at.exception] == []
    told = " ".join(one.value for one in (*at.markdown, *at.caption))
    assert "1 voice" in told
    assert "Said for the public ears" in told
    assert "group ears" not in told
    assert "organisers ears" not in told
    assert "Farmer, Woman, Twi" in told


def test_a_photo_goes_as_far_as_the_consent_of_its_voice(store) -> None:
    taken = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    Image.new("RGB", (900, 600), (10, 120, 40)).save(taken, "JPEG", exif=exif)
    seen = [photo(taken.getvalue())]
    bring(store, voice("1", "group", media=seen), voice("2", "organisers", media=seen))
    bring(store, voice("3", "group", media=[photo()]))  # begins as a photo does, and is none
    for one in ("1", "2", "3"):
        accept(store, one)
    made, _ = build_pack(store, VISIT)
    voices = made.stops[0].card.voices
    assert sorted(len(one.photos) for one in voices) == [0, 1]
    files = workflows.pack_contents(made)
    assert files["briefing.html"].count(b"data:image/jpeg;base64,") == 1
    assert not any(b"SECRET CAMERA" in content for content in files.values())
    sheet = pypdfium2.PdfDocument(files["briefing.pdf"])[1]
    told = " ".join(sheet.get_textpage().get_text_bounded().split())
    assert "Photo, Farmer, Woman, Twi" in told
    images = [one for one in sheet.get_objects() if one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    assert len(images) >= 1
