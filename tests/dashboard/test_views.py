"""The pages in four states: nothing yet, a bad upload, findings, success. No browser."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import workflows
from layers.importing import ImportRequest
from layers.read import ReadRequest

ROOT = Path(__file__).resolve().parent.parent.parent
TODAY = dt.date(2026, 11, 23)


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def geojson(*features: tuple[dict[str, Any], dict[str, Any]]) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": properties, "geometry": geometry}
                for geometry, properties in features
            ],
        }
    ).encode()


LICENCES = geojson(
    (square(-2.00, 5.30, 0.02), {"code": "L-1", "holder": "One Ltd"}),
    (square(-1.95, 5.30, 0.02), {"code": "L-2", "holder": "Two Ltd"}),
)
SITES = geojson(
    (point(-1.99, 5.31), {"site_id": "S-1", "name": "Near the <b>river</b>"}),
    (point(-1.80, 5.31), {"site_id": "S-2", "name": "Far away"}),
)


def fill(home: Path, content: bytes, *, filename: str, kind: str, layer: str) -> None:
    store = workflows.open_home(home)
    path = home.parent / filename
    path.write_bytes(content)
    request = ImportRequest(
        read=ReadRequest(region_id="tarkwa", kind=kind, accept_suggestions=True), layer_name=layer
    )
    report = workflows.run_import(store, path, request, filename=filename)
    assert report.status == "imported", report.findings
    store.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "home"
    monkeypatch.setenv("COMMONGROUND_HOME", str(where))
    monkeypatch.syspath_prepend(str(ROOT))
    # the map's component reports to a browser; the pages are about everything around it
    from dashboard.maps import MapEvent

    for view in ("map", "conflicts"):
        monkeypatch.setattr(f"dashboard.views.{view}.show_map", lambda spec, **_: MapEvent())
    return where


@pytest.fixture
def loaded(home: Path) -> Path:
    fill(home, LICENCES, filename="licences.geojson", kind="licences", layer="Licences")
    fill(home, SITES, filename="sites.geojson", kind="mine_sites", layer="Sites $x$")
    return home


def opened(page: str, **params: str) -> AppTest:
    """A page in a session of its own, as a visitor finds it under that address."""

    def script(page: str) -> None:
        import datetime as dt
        import importlib
        from types import SimpleNamespace

        import streamlit as st

        from dashboard import state
        from dashboard.views import parts

        names = ("overview", "map", "conflicts", "adoption", "data")
        modules = {name: importlib.import_module(f"dashboard.views.{name}") for name in names}
        pages = {
            name: st.Page(module.render, title=name, url_path=name, default=name == page)
            for name, module in modules.items()
        }
        st.navigation(list(pages.values()), position="hidden")
        state.start(page, today=dt.date(2026, 11, 23))
        parts.header(pages, current=SimpleNamespace(url_path=page))
        modules[page].render()
        parts.footer()
        state.publish_link()

    at = AppTest.from_function(script, kwargs={"page": page}, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert [error.value for error in at.exception] == []
    return at


def said(at: AppTest) -> str:
    """Everything a page says in text, without the backslashes that keep it text."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error")
    kinds += ("success",)
    return "\n".join(element.value for kind in kinds for element in getattr(at, kind)).replace(
        "\\", ""
    )


def link(at: AppTest) -> dict[str, list[str]]:
    """The parameters in the address after a run."""
    return {
        name: [value] if isinstance(value, str) else list(value)
        for name, value in at.query_params.items()
    }


def button(at: AppTest, label: str) -> Any:
    return next(one for one in at.button if label in one.label)


def upload(at: AppTest, name: str, content: bytes) -> AppTest:
    at.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return run(at)


@pytest.mark.parametrize("page", ["overview", "map", "conflicts", "data"])
def test_an_empty_region_tells_the_first_step(home: Path, page: str) -> None:
    told = said(opened(page))
    if page == "data":
        assert "No layer yet" in told
    else:
        assert "Nothing is loaded for Tarkwa-Nsuaem yet" in told
    assert "An overlap is not illegality" in told
    assert "Absence of data is not absence of mining" in told


def test_the_overview_says_what_is_loaded_and_that_a_date_was_not_stated(loaded: Path) -> None:
    at = opened("overview")
    told = said(at)
    # a layer that is called like its kind is not called so twice
    assert "**Licences**  \n2 features" in told
    assert "· Mine sites" in told
    assert "2 features" in told
    assert "data date not stated" in told
    assert "From licences.geojson" in told
    table = at.dataframe[0].value
    rule = table["Rule, between"].str.split(": ").str
    assert table[rule[0] == "Mine site inside a licence"]["Inside"].tolist() == [1]
    assert table[rule[0] == "Mine site outside every licence"]["Pairs"].tolist() == [1]
    assert rule[1].str.startswith("Sites $x$").all()
    assert at.metric[1].value == "2"


def test_nothing_that_somebody_named_becomes_markup(loaded: Path) -> None:
    told = [element.value for element in [*opened("overview").markdown]]
    assert any("Sites \\$x\\$" in text for text in told)
    assert not any("Sites $x$" in text for text in told)


def test_the_banner_stands_only_where_something_is_invented(loaded: Path) -> None:
    assert "Invented for demonstration" not in said(opened("overview"))


def test_a_link_opens_the_region_the_date_and_the_scenario_it_names(home: Path) -> None:
    at = opened("overview", region="tarkwa", on="2021-05-01", scenario="200m")
    assert at.date_input[0].value == dt.date(2021, 5, 1)
    assert at.session_state["header.scenarios"] == ["200m"]
    assert said(opened("overview", region="ituri")).startswith("Ituri")


def test_a_mistyped_link_opens_what_it_can(home: Path) -> None:
    at = opened("overview", region="atlantis", on="tomorrow", scenario="900m")
    assert said(at).startswith("Tarkwa-Nsuaem")
    assert at.date_input[0].value == TODAY


def test_the_link_carries_region_filters_and_the_selected_conflict(loaded: Path) -> None:
    at = opened("conflicts", verdict="inside", rule="site-in-licence", on="2024-01-01")
    shown = at.dataframe[0].value
    assert shown["Rule"].tolist() == ["Mine site inside a licence"]
    assert link(at)["rule"] == ["site-in-licence"]
    assert link(at)["region"] == ["tarkwa"]
    assert link(at)["on"] == ["2024-01-01"]


def test_the_sheet_of_a_link_shows_the_rule_with_its_status_and_both_features(
    loaded: Path,
) -> None:
    store = workflows.open_home(loaded)
    table = workflows.conflicts(store, "tarkwa", on=TODAY, in_process=True).table
    chosen = table[table["rule_id"] == "site-in-licence"]["conflict_id"].iloc[0]
    at = opened("conflicts", conflict=chosen)
    told = said(at)
    assert "The rule: Mine site inside a licence" in told
    assert "Our own observation; it stands in no legal text." in told
    assert "Near the <b>river</b>" in told
    assert "One Ltd" in told
    assert link(at)["conflict"] == [chosen]
    assert "illegal" not in told.lower().replace("illegality", "")


def test_a_conflict_that_is_gone_is_told_in_a_sentence(loaded: Path) -> None:
    told = said(opened("conflicts", conflict="0123456789abcdef"))
    assert "not found under these layers and rules" in told


def test_filters_that_nothing_passes_say_so(loaded: Path) -> None:
    told = said(opened("conflicts", min_ha="1000"))
    assert "No conflict passes all filters" in told


def test_search_finds_by_part_of_a_name_and_by_id(loaded: Path) -> None:
    at = opened("map", q="far")
    assert any("Far away" in one.label for one in at.button)
    at.text_input(key="map.search").set_value("l-2")
    run(at)
    assert any("L-2" in one.label.replace("\\", "") for one in at.button)
    at.text_input(key="map.search").set_value("nowhere")
    assert "No name or id holds" in said(run(at))


def test_a_search_result_shows_its_card(loaded: Path) -> None:
    at = opened("map", q="far")
    button(at, "Far away").click()
    told = said(run(at))
    assert "**Far away**" in told
    assert link(at)["feature"][0].endswith("/S-2")


def test_a_bad_upload_ends_in_one_sentence_and_nothing_is_stored(home: Path) -> None:
    at = upload(opened("data"), "sites.geojson", b"this is not a map file")
    assert len(at.error) == 1
    assert "sites.geojson" in at.error[0].value.replace("\\", "")
    assert "Nothing was stored" in said(at)


def test_findings_come_before_the_import_and_the_rows_add_up(home: Path) -> None:
    broken = geojson(
        (square(-2.00, 5.30, 0.02), {"code": "L-1"}),
        (
            {
                "type": "Polygon",
                "coordinates": [[[-2, 5.3], [-1.9, 5.4], [-1.9, 5.3], [-2, 5.4], [-2, 5.3]]],
            },
            {"code": "L-2"},
        ),
    )
    at = upload(opened("data"), "licences.geojson", broken)
    assert "Guessed from the name" in said(at)
    button(at, "Check the file").click()
    told = said(run(at))
    assert "2 rows read = 1 imported + 1 repaired + 0 rejected" in told
    button(at, "Import 2 features").click()
    told = said(run(at))
    assert "is now version 1 of layer" in told


def test_the_same_file_again_is_already_imported(home: Path) -> None:
    for told in ("is now version 1", "Already imported"):
        at = upload(opened("data"), "licences.geojson", LICENCES)
        button(at, "Check the file").click()
        run(at)
        if told == "is now version 1":
            button(at, "Import 2 features").click()
            run(at)
        assert told in said(at)


def test_a_changed_answer_has_to_be_checked_again(home: Path) -> None:
    at = upload(opened("data"), "licences.geojson", LICENCES)
    button(at, "Check the file").click()
    run(at)
    assert any("Import" in one.label for one in at.button)
    at.text_input[0].set_value("Other name")
    run(at)
    assert not any(one.label.startswith("Import") for one in at.button)
    assert any(one.label.startswith("Check again") for one in at.button)


def test_a_table_without_a_coordinate_system_is_asked_and_the_answer_stays(home: Path) -> None:
    table = b"site_id,lon,lat\nS-1,-1.99,5.31\nS-2,-1.98,5.31\n"
    at = upload(opened("data"), "sites.csv", table)
    button(at, "Check the file").click()
    assert "Where do the coordinates come from?" in said(run(at))
    assert not any(one.label.startswith("Import") for one in at.button)
    asked = at.radio[0]
    asked.set_value(next(n for n, one in enumerate(asked.options) if "4326" in one))
    button(run(at), "Check again").click()
    told = said(run(at))
    assert "2 rows read = 2 imported" in told
    assert "Where do the coordinates come from?" in told
    button(at, "Import 2 features").click()
    assert "is now version 1" in said(run(at))


def test_coordinates_that_fit_nowhere_leave_room_for_the_owners_answer(home: Path) -> None:
    at = upload(opened("data"), "sites.csv", b"site_id,x,y\nS-1,99999999,5\nS-2,5,77777777\n")
    button(at, "Check the file").click()
    told = said(run(at))
    assert "None of the systems used in the country fits" in told
    assert any("EPSG code" in one.label for one in at.text_input)
    assert not any(one.label.startswith("Import") for one in at.button)


def test_a_layer_that_was_moved_to_wgs_84_says_how_far(home: Path) -> None:
    table = b"site_id,x,y\nS-1,538703,229347\nS-2,538710,229400\n"
    fill(home, table, filename="feet.csv", kind="mine_sites", layer="Old survey")
    told = said(opened("overview"))
    assert "Read as EPSG:2136" in told
    assert "moved to WGS 84 by up to 310 m" in told


def test_the_versions_of_a_layer_show_which_one_is_shown(loaded: Path) -> None:
    at = opened("data")
    versions = at.dataframe[0].value
    assert versions["Version"].tolist() == [1]
    assert versions["Shown"].tolist() == ["shown"]
    row = versions.iloc[0]
    assert row["Rows read"] == row["as they were"] + row["repaired"] + row["rejected"]


def test_a_version_is_gone_back_to_only_after_a_yes(loaded: Path) -> None:
    more = geojson((square(-1.90, 5.30, 0.02), {"code": "L-3", "holder": "Three Ltd"}))
    fill(loaded, more, filename="licences2.geojson", kind="licences", layer="Licences")
    at = opened("data")
    at.selectbox(key="data.chosen").select_index(1)
    run(at)
    assert at.dataframe[0].value["Shown"].tolist() == ["shown", ""]
    next(one for one in at.selectbox if one.label == "Version").set_value(1)
    run(at)
    button(at, "Show this version").click()
    told = said(run(at))
    assert "version 1 of “Licences”, with 2 features instead of 1" in told
    assert at.dataframe[0].value["Shown"].tolist() == ["shown", ""]


def test_a_layer_is_deleted_by_its_typed_name_and_comes_back_as_it_was(loaded: Path) -> None:
    more = geojson((square(-1.90, 5.30, 0.02), {"code": "L-3", "holder": "Three Ltd"}))
    fill(loaded, more, filename="licences2.geojson", kind="licences", layer="Licences")
    at = opened("data")
    at.selectbox(key="data.chosen").select_index(1)
    button(run(at), "Delete the layer").click()
    assert button(run(at), "Delete it").disabled
    # a dialog lives in the browser; what its yes does is done here
    store = workflows.open_home(loaded)
    workflows.delete_layer(store, "tarkwa.licences.licences")
    store.close()
    run(at)
    assert [one.options for one in at.selectbox if one.label == "Layer"] == [
        ["Sites $x$ · Mine sites"]
    ]
    button(at, "Bring it back").click()
    run(at)
    assert at.selectbox(key="data.chosen").options[1] == "Licences · Licences"
    at.selectbox(key="data.chosen").select_index(1)
    run(at)
    assert at.dataframe[0].value["Shown"].tolist() == ["shown", ""]


def test_the_demonstration_goes_in_one_click_where_real_layers_stand_beside_it(
    loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = workflows.open_home(loaded)
    path = loaded.parent / "zones.geojson"
    path.write_bytes(geojson((square(-2.00, 5.35, 0.02), {"code": "Z-1"})))
    read = ReadRequest(region_id="tarkwa", kind="artisanal_zones", accept_suggestions=True)
    request = ImportRequest(read=read, layer_name="Invented zone", demonstration=True)
    assert workflows.run_import(store, path, request, filename=path.name).status == "imported"
    store.close()
    at = opened("overview")
    told = said(at)
    assert "figures mix both" in told
    assert "Invented zone" in told
    button(at, "Take the demonstration off").click()
    told = said(run(at))
    assert "Invented zone" not in told
    assert "Licences" in told
