"""Packs as files: who may be in them, what they say, and that other programs read them."""

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import fastkml
import lxml.etree
import pyogrio
import pytest
from babel.messages.pofile import read_po

from dashboard.field import exchange, page
from dashboard.field.cards import questions, sections
from dashboard.field.feedback import FORMAT, FeedbackError, read_feedback
from dashboard.field.model import Card, PackError
from dashboard.field.words import LOCALES, Fallback, Words, WordsError, languages
from tests.dashboard.field_world import BASEMAP, pack, stop

ROOT = Path(__file__).resolve().parents[2]
EN = Words("en")
NASTY = "<script>alert(1)</script>\x00\x0b\ud800]]>&\"'=1+1"


def lines(key: str, one=None, words: Words = EN) -> list[str]:
    told = {part.key: part for part in sections(one or stop(), words)}
    return [f"{line.label}|{line.text}" for line in told[key].lines]


@pytest.mark.parametrize("consent", ["refused", "not asked"])
def test_a_site_that_did_not_agree_is_in_no_pack(consent) -> None:
    with pytest.raises(PackError, match="not agreed to be visited"):
        pack(stop(1), stop(2, consent=consent))


def test_a_visit_without_stops_makes_no_pack() -> None:
    with pytest.raises(PackError, match="no stop that may be shown"):
        pack(stop(1), stops=())


def test_a_card_says_no_data_and_never_zero() -> None:
    empty = stop(card=Card(missing=("licences", "water", "settlements", "clinics")))
    said = [text for key in ("who", "licences", "near") for text in lines(key, empty)]
    assert "Women at work|no data" in said
    assert "People at work|no data" in said
    assert "|no data: no licences are loaded" in said
    assert "Clinic|no data" in said
    assert not any(re.search(r"\|0\b", text) for text in said)


def test_none_near_is_not_no_data() -> None:
    assert "Clinic|none within 50 km" in lines("near", stop(card=Card()))
    assert lines("licences", stop(card=Card())) == ["|in none of the licences loaded"]


def test_a_card_tells_how_sure_it_is() -> None:
    assert lines("conflicts") == [
        "100 m from any water body|Bonsa; too close to call: check it there; 92 m away, ± 23 m; "
        "source of the rule: secondary"
    ]
    assert "Known to|about ± 16 m" in lines("where")
    assert "Water|Bonsa, 92 m to the south" in lines("near")


def test_what_is_not_known_becomes_a_question() -> None:
    asked = questions(stop(), EN)
    assert asked[0].startswith("How far is it really? 100 m from any water body")
    assert "What is done here about: Settling pond in use?" in asked
    assert "Who holds the right to mine here?" in asked
    assert not any("women" in text for text in asked)


def test_the_way_says_whether_it_is_a_road() -> None:
    assert "Way|2.2 km by road from the stop before" in lines("where", stop(2))
    straight = [text for text in lines("where", stop(3)) if text.startswith("Way")]
    assert "straight line" in straight[0]


def test_gpx_is_read_by_gdal_with_names_and_places(tmp_path) -> None:
    (tmp_path / "stops.gpx").write_bytes(exchange.gpx(pack(), EN))
    points = pyogrio.read_dataframe(tmp_path / "stops.gpx", layer="waypoints")
    assert list(points["name"]) == ["1. Pit 1", "2. Pit 2", "3. Pit 3"]
    assert points.geometry.x.tolist() == pytest.approx([-1.99, -1.97, -1.95])
    routes = pyogrio.read_dataframe(tmp_path / "stops.gpx", layer="routes")
    assert routes.geometry.iloc[0].coords[0][:2] == pytest.approx((-1.99, 5.30))


def test_gpx_has_the_order_of_elements_its_schema_asks_for() -> None:
    root = lxml.etree.fromstring(exchange.gpx(pack(), EN))
    space = f"{{{exchange.GPX}}}"
    assert [child.tag.removeprefix(space) for child in root] == ["metadata", *["wpt"] * 3, "rte"]
    order = ["name", "cmt", "desc"]
    assert [child.tag.removeprefix(space) for child in root.find(f"{space}wpt")] == order
    assert root.get("version") == "1.1"


def test_kml_keeps_its_schema_and_is_read_by_gdal(tmp_path) -> None:
    content = exchange.kml(pack(stop(1, name=NASTY), stop(2)), EN)
    (tmp_path / "stops.kml").write_bytes(content)
    schema = Path(fastkml.__file__).parent / "schema" / "ogckml22.xsd"
    lxml.etree.XMLSchema(lxml.etree.parse(schema)).assertValid(lxml.etree.fromstring(content))
    marks = pyogrio.read_dataframe(tmp_path / "stops.kml")
    assert marks.geometry.iloc[1].x == pytest.approx(-1.97)


def test_the_table_is_text_that_no_spreadsheet_runs() -> None:
    content = exchange.table(pack(stop(1, name="=1+1"), stop(2, name="-2")), EN).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["name"] for row in rows] == ["'=1+1", "'-2"]
    assert rows[0]["longitude"] == "-1.99"
    assert rows[0]["way_m"] == ""
    assert rows[1]["way_m"] == "2214"
    assert list(rows[0]) == list(exchange.COLUMNS)


@pytest.mark.parametrize("words", [Words("fr"), Words("sw")], ids=["fr", "sw"])
def test_every_language_makes_every_file(words) -> None:
    for make in (exchange.gpx, exchange.kml, exchange.table):
        assert make(pack(), words)
    assert not words.fallen_back


def test_names_are_words_in_the_page_and_nothing_else() -> None:
    told = page.page(pack(stop(1, name=NASTY, note=NASTY)), base=BASEMAP).decode()
    assert "<script>alert(1)" not in told
    data = re.search(r'id="pk-data">(.*?)</script>', told, re.DOTALL).group(1)
    assert json.loads(data)["stops"][0]["name"].startswith("<script>")


def test_the_page_asks_nobody_for_anything() -> None:
    told = page.page(pack(), base=BASEMAP).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', told).group(1)
    assert policy.startswith("default-src 'none'")
    before_scripts = told[: told.index("<script")]
    assert not re.search(
        r'(?:src|href|action)="(?:https?:)?//|url\((?!["\']?(?:data:|#))', before_scripts
    )


def test_a_page_of_twelve_stops_is_small() -> None:
    many = [stop(number) for number in range(1, 13)]
    three = pack(*many, languages=("en", "fr", "sw"))
    assert len(page.page(three, base=BASEMAP)) < 1_500_000


def test_what_the_scripts_say_is_in_the_catalogues() -> None:
    said = page.spoken_by_scripts()
    assert "Write something first." in said
    words = Words("sw")
    for message in said:
        assert not isinstance(words._(message), Fallback), message


def test_the_catalogues_hold_every_message_and_the_same_gaps_to_fill(tmp_path) -> None:
    found = tmp_path / "field.pot"
    command = ["-m", "babel.messages.frontend", "-q", "extract", "-F", "babel.cfg"]
    subprocess.run(
        [sys.executable, *command, "-k", "_", "-k", "say", "-k", "N_", "-o", str(found), "."],
        cwd=ROOT,
        check=True,
    )
    with found.open("rb") as file:
        asked = {message.id for message in read_po(file) if message.id}
    assert len(asked) > 100
    for path in LOCALES.glob("*/field.po"):
        with path.open("rb") as file:
            held = {message.id: message.string for message in read_po(file) if message.id}
        assert set(held) == asked, path.parent.name
        for message, told in held.items():
            gaps = sorted(re.findall(r"\{\w+\}", message))
            assert not told or sorted(re.findall(r"\{\w+\}", told)) == gaps, message


def test_a_missing_translation_is_english_and_marked() -> None:
    words = Words("fr")
    told = words._("A sentence nobody has translated")
    assert isinstance(told, Fallback)
    assert words.fallen_back == {"A sentence nobody has translated"}
    assert not isinstance(words._("Where"), Fallback)


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    assert languages() == ("en", "fr", "sw")
    with pytest.raises(WordsError, match="en, fr, sw"):
        Words("xx")


def test_distances_and_days_are_written_as_the_language_writes_them() -> None:
    assert Words("fr").metres(12_345) == "12 km"
    assert Words("fr").metres(1_234) == "1,2 km"
    assert EN.metres(None) == "no data"
    assert EN.metres(float("nan")) == "no data"
    assert EN.metres(994) == "990 m"
    assert Words("sw").towards(359) == "kaskazini"
    assert [EN.towards(bearing) for bearing in (22, 23, 180, 315)] == [
        "north", "north-east", "south", "north-west",
    ]  # fmt: skip


def item(**other) -> dict:
    told = {"id": "a", "kind": "note", "stop": 1, "feature_id": "S-1", "text": "dry in March"}
    return told | other


def came_back(*items, **other):
    record = {"format": FORMAT, "visit": "demo", "items": list(items)} | other
    return read_feedback(json.dumps(record).encode(), filename="notes.json")


def test_notes_come_back_as_they_were_written() -> None:
    read = came_back(item(conflict_id="ab12"), item(id="b", kind="voice", group="farmer"))
    note, voice = read.items
    assert (note.text, note.conflict_id, note.consent) == ("dry in March", "ab12", None)
    assert (voice.group, voice.sex, voice.consent) == ("farmer", "", "organisers")
    assert read.problems == ()


@pytest.mark.parametrize("consent", ["everyone", None, 3, "PUBLIC"])
def test_a_voice_without_a_clear_consent_is_for_the_organisers_only(consent) -> None:
    assert came_back(item(kind="voice", consent=consent)).items[0].consent == "organisers"


def test_what_cannot_be_used_is_told_and_the_rest_kept() -> None:
    read = came_back(
        item(), item(id="b", kind="order"), "x", item(id="c", text=" "), item(id="d", stop=True),
        item(id="e", media=[{"name": "a.png", "type": "image/png", "data": "QUJD"}]), item(),
    )  # fmt: skip
    assert [one.item_id for one in read.items] == ["a", "e"]
    assert [text.split(":")[0] for text in read.problems] == [
        "Note 2", "Note 3", "Note 4", "Note 5", "Note 6",
        "1 notes stand twice in the file; once is kept.",
    ]  # fmt: skip


def test_a_photo_comes_back_byte_for_byte() -> None:
    data = "iVBORw0KGgo="
    [one] = came_back(item(media=[{"name": "p.png", "type": "image/png", "data": data}])).items
    assert one.media[0].content == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": "other"}', b"\xff\xfe", b"[" * 100_000,
     json.dumps({"format": FORMAT, "visit": "", "items": []}).encode()],
)  # fmt: skip
def test_a_file_that_is_no_feedback_gets_a_sentence(content) -> None:
    with pytest.raises(FeedbackError, match=r"'x\.json'"):
        read_feedback(content, filename="x.json")
