"""A briefing pack in a real browser: one file, no network, a phone's window."""

import json
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page

from dashboard.field import page
from dashboard.field.feedback import read_feedback
from tests.browser.conftest import DESKTOP, PHONE
from tests.dashboard.field_world import BASEMAP, pack, sites, stop

NASTY = "<img src=x onerror=window.ran=1>"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stops = [stop(1, name=f"Pit {NASTY}"), stop(2), stop(3, name="Old shaft")]
    made = pack(*stops, languages=("en", "fr", "sw"), layers=(sites(*stops),), demonstration=True)
    path = tmp_path_factory.mktemp("pack") / "briefing.html"
    path.write_bytes(page.page(made, base=BASEMAP))
    return path


def opened(chromium: Browser, file: Path, size: tuple[int, int]) -> tuple[Page, list[str]]:
    """The file in a browser that is offline; and all it complains of or asks for."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, offline=True, accept_downloads=True
    )
    tab = context.new_page()
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    tab.on(
        "request",
        lambda one: (
            None if one.url.startswith(("file:", "data:", "blob:")) else said.append(one.url)
        ),
    )
    tab.goto(file.as_uri())
    tab.wait_for_function("window.packFaults === 0")
    return tab, said


def drawn(tab: Page) -> int:
    """How many different colours the map's canvas shows."""
    return int(
        tab.evaluate(
            """() => {
              const canvas = document.querySelector('canvas.cg-canvas');
              const pen = canvas.getContext('2d');
              const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
              return new Set(new Uint32Array(data.buffer)).size;
            }"""
        )
    )


def test_the_file_works_on_a_phone_without_a_network(chromium, file) -> None:
    tab, said = opened(chromium, file, PHONE)
    assert tab.locator(".pk-mark").count() == 3
    assert drawn(tab) > 3
    box = tab.locator("#pk-map").bounding_box()
    assert box is not None
    assert box["height"] > 400
    assert box["y"] + box["height"] <= PHONE[1] + 1
    # a tap beside the numbered sign asks the file what is there
    tab.evaluate("document.querySelectorAll('.pk-mark').forEach((one) => one.remove())")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.click(*middle)
    tab.wait_for_selector(".cg-popup h4, .cg-popup summary, .cg-popup p")
    assert "Could not answer" not in tab.inner_text(".cg-popup")
    tab.context.close()
    assert said == []


def test_a_sign_opens_its_card_and_the_search_finds_others(chromium, file) -> None:
    tab, said = opened(chromium, file, PHONE)
    tab.locator(".pk-mark", has_text="2").click()
    card = tab.locator('article[data-stop="2"][lang="en"]')
    assert card.is_visible()
    assert "too close to call: check it there" in card.inner_text()
    tab.fill("#pk-search", "old shaft")
    assert tab.locator("article.pk-card:visible").count() == 1
    assert tab.inner_text("#pk-found") == "1 of 3 stops"
    tab.fill("#pk-search", "nothing like it")
    assert tab.locator("article.pk-card:visible").count() == 0
    tab.context.close()
    assert said == []


def test_the_language_changes_words_and_cards_and_nothing_runs(chromium, file) -> None:
    tab, said = opened(chromium, file, DESKTOP)
    tab.select_option("#pk-language", "sw")
    assert tab.inner_text("#pk-tab-stops") == "Vituo"
    tab.click("#pk-tab-stops")
    cards = tab.locator("article.pk-card:visible")
    assert cards.count() == 3
    assert "karibu mno kuamua" in cards.first.inner_text()
    assert NASTY in cards.first.inner_text()
    assert tab.evaluate("window.ran") is None
    assert tab.evaluate("document.documentElement.lang") == "sw"
    tab.context.close()
    assert said == []


def test_a_note_is_kept_and_comes_back_as_a_file(chromium, file, tmp_path) -> None:
    tab, said = opened(chromium, file, PHONE)
    tab.click("#pk-tab-notes")
    assert tab.locator("#pk-note-save").is_disabled()
    tab.click("#pk-note-add")
    assert tab.inner_text("#pk-note-said") == "Write something first."
    tab.select_option("#pk-note-stop", "3")
    tab.select_option("#pk-note-kind", "voice")
    tab.fill("#pk-note-text", "The river was clear")
    tab.select_option("#pk-note-conflict", "ab12cd34")
    tab.click("#pk-note-add")
    tab.reload()
    tab.click("#pk-tab-notes")
    assert "Old shaft: The river was clear" in tab.inner_text("#pk-note-list")
    with tab.expect_download() as download:
        tab.click("#pk-note-save")
    saved = tmp_path / "notes.json"
    download.value.save_as(saved)
    [item] = read_feedback(saved.read_bytes(), filename="notes.json").items
    assert (item.stop, item.feature_id, item.conflict_id) == (3, "S-3", "ab12cd34")
    assert (item.kind, item.consent, item.group) == ("voice", "organisers", "")
    tab.context.close()
    assert said == []


def test_on_paper_every_stop_has_its_own_page(chromium, file) -> None:
    tab, _ = opened(chromium, file, DESKTOP)
    pages = pypdfium2.PdfDocument(tab.pdf(format="A4"))
    told = [one.get_textpage().get_text_bounded() for one in pages]
    assert sum("Possible conflicts" in text for text in told) == 3
    assert not any("Vituo" in text for text in told)
    tab.context.close()


def test_a_damaged_file_says_so(chromium, file, tmp_path) -> None:
    broken = tmp_path / "broken.html"
    text = file.read_text(encoding="utf-8")
    start = text.index('id="pk-data">') + len('id="pk-data">')
    data = json.loads(text[start : text.index("</script>", start)])
    data["stops"][0]["longitude"] += 0.01
    end = text.index("</script>", start)
    changed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    broken.write_text(text[:start] + changed + text[end:], encoding="utf-8")
    context = chromium.new_context(offline=True)
    tab = context.new_page()
    tab.goto(broken.as_uri())
    tab.wait_for_function("window.packFaults > 0")
    tab.click("#pk-tab-about")
    assert "Do not rely on this file" in tab.inner_text("#pk-check")
    context.close()
