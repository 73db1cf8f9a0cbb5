"""The page that brings visits in: form, questions, findings, import, and what waits."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from playwright.sync_api import Page, expect

from dashboard import workflows
from layers.importing import ImportRequest
from layers.read import ReadRequest
from tests.browser.conftest import DESKTOP, PHONE, Server, Tab, start_server, stop_server
from tests.browser.test_pages import SLOW, fits, press, settled, upload

OPEN = Callable[..., Tab]
TABLE = """vid;site_id;visit_date;district;mercury;lon;lat;selection
1;<i>S-1</i>;2025-03-04;Prestea/huni Valley;1;-1.95;5.45;census
2;S-2;2025-03-05;Tarkwa-Nsuaem;0;-2.05;5.25;census
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A store with two districts and nothing else."""
    folder = tmp_path_factory.mktemp("visits")
    gpd.GeoDataFrame(
        {"district_code": ["D1", "D2"], "name": ["Tarkwa-Nsuaem", "Prestea-Huni Valley"]},
        geometry=[shapely.box(-2.2, 5.0, -2.0, 5.6), shapely.box(-2.0, 5.0, -1.8, 5.6)],
        crs=4326,
    ).to_file(folder / "districts.gpkg")
    store = workflows.open_home(folder / "home")
    read = ReadRequest(region_id="tarkwa", kind="districts", accept_suggestions=True)
    report = workflows.run_import(
        store, folder / "districts.gpkg", ImportRequest(read=read), filename="districts.gpkg"
    )
    assert report.status == "imported"
    store.close()
    log = folder / "server.log"
    process, url = start_server("dashboard.app:app", home=folder / "home", log=log)
    yield Server(url=url, home=folder / "home", log=log)
    stop_server(process)


def choose_visits(page: Page) -> None:
    settled(page)
    page.get_by_role("radio", name="Survey visits").or_(
        page.get_by_role("button", name="Survey visits")
    ).first.click()
    expect(page.get_by_role("heading", name="Import survey visits")).to_be_visible(timeout=SLOW)
    settled(page)  # a button that is drawn anew loses its click


def bring(page: Page, content: str) -> None:
    """Upload a table, say which system its coordinates are in, and import it."""
    upload(page, "visits.csv", content.encode())
    expect(page.get_by_text("2. Check how it will be read")).to_be_visible(timeout=SLOW)
    settled(page)
    page.get_by_text("WGS 84 (EPSG:4326)").click()
    settled(page)
    press(page, re.compile("^Check"))
    press(page, re.compile("^Import 2 visits into the ledger"))
    expect(page.get_by_role("button", name="Add another file of visits")).to_be_visible(
        timeout=SLOW
    )


def test_visits_come_in_once_confirmed_and_what_differs_waits_for_a_choice(
    server: Server, open_tab: OPEN, tmp_path: Path
) -> None:
    tab = open_tab(f"{server.url}/data?region=tarkwa", size=DESKTOP)
    page = tab.page
    choose_visits(page)
    with page.expect_download(timeout=SLOW) as download:
        press(page, re.compile("Visit form"))
    download.value.save_as(tmp_path / "form.xlsx")
    assert (tmp_path / "form.xlsx").read_bytes() == workflows.visit_form()

    upload(page, "page.csv", b"<html><body>Log in</body></html>")
    expect(page.get_by_text("is a web page")).to_be_visible(timeout=SLOW)
    page.reload()
    choose_visits(page)

    bring(page, TABLE)
    expect(page.get_by_text("2 rows read, 2 counted")).to_be_visible(timeout=SLOW)
    page.reload()
    choose_visits(page)
    bring(page, TABLE.replace("Tarkwa-Nsuaem;0", "Tarkwa-Nsuaem;1"))
    expect(page.get_by_text("1 already there, 1 held")).to_be_visible(timeout=SLOW)
    assert page.locator("i", has_text="S-1").count() == 0

    phone = open_tab(f"{server.url}/data?region=tarkwa", size=PHONE)
    expect(phone.page.get_by_text("1 visit came again with other content")).to_be_visible(
        timeout=SLOW
    )
    choose_visits(phone.page)
    expect(phone.page.get_by_text("1 visit to choose between")).to_be_visible(timeout=SLOW)
    assert fits(phone.page)
    press(phone.page, "Take the new")
    expect(phone.page.get_by_text("1 visit to choose between")).to_be_hidden(timeout=SLOW)
    for one in (tab, phone):
        assert one.left_the_host == []
    store = workflows.open_home(server.home)
    states = store.ledger("tarkwa").observations["state"].astype(str)
    store.close()
    assert sorted(states) == ["used", "used"]
