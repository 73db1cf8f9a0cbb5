"""Every broken or hostile file, brought through the page; a fifth of them in `make test`."""

import re
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, Tab
from tests.browser.test_pages import SLOW, licences, settled, upload
from tests.corpus import BAIT, CASES, Case

pytestmark = pytest.mark.browser
OPEN = Callable[..., Tab]
PARTS = 5
SOME = [pytest.param(n, marks=[pytest.mark.slow] if n else []) for n in range(PARTS)]


@pytest.mark.parametrize("part", SOME)
def test_every_broken_or_hostile_upload_ends_in_a_sentence_and_the_server_lives(
    live_server: Server, open_tab: OPEN, part: int
) -> None:
    tab = open_tab(f"{live_server.url}/data?region=ituri")
    page = tab.page
    settled(page)
    wrong = []
    for number, case in list(enumerate(CASES))[part::PARTS]:
        told = outcome(page, case, name=f"{number:02d}-{case.filename}")
        if not is_a_sentence(told):
            wrong.append((case.name, told))
        clear(page)
    assert wrong == []
    with urllib.request.urlopen(f"{live_server.url}/_stcore/health", timeout=10) as answer:
        assert answer.status == 200
    upload(page, "good.geojson", licences())
    expect(page.get_by_text("2. Say what it shows")).to_be_visible(timeout=SLOW)
    assert tab.left_the_host == []


def outcome(page: Page, case: Case, *, name: str) -> str:
    """What the page says of an upload: the refusal, or that it asks what the file shows."""
    upload(page, name, case.content(BAIT))
    refusal = page.locator("[data-testid=stAlertContentError]")
    asked = page.get_by_text("2. Say what it shows")
    expect(refusal.or_(asked).first).to_be_visible(timeout=SLOW)
    if refusal.first.is_visible():
        return refusal.first.inner_text()
    if case.expect == "refused":
        return f"not refused: {name}"
    return "It is asked what the file shows."


def clear(page: Page) -> None:
    """Take the file away again, once the page has come to rest with it and then without it."""
    settled(page)
    page.locator("[data-testid=stFileChipDeleteBtn] button").first.click()
    expect(page.locator("[data-testid=stFileChip]")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_text("Zipped shapefile, GeoPackage, GeoJSON")).to_be_visible(timeout=SLOW)
    settled(page)


def is_a_sentence(text: str) -> bool:
    """One or two plain sentences, and no trace of code."""
    plain = " ".join(text.split())
    return (
        20 <= len(plain) <= 600
        and plain.endswith((".", "?"))
        and not re.search(r"Traceback|File \"|0x[0-9a-f]{6}|went wrong on our side", plain)
    )
