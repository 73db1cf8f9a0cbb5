"""Everything the browser loads is on this server, pinned, and checked at start."""

import json
from pathlib import Path

import pytest

from dashboard import assets


def test_every_file_of_the_map_is_here() -> None:
    assets.check()


def test_a_missing_file_is_told_in_a_sentence_before_anybody_sees_an_empty_map(
    tmp_path: Path,
) -> None:
    with pytest.raises(assets.AssetsError, match=r"vendor/leaflet/leaflet\.js.*make setup"):
        assets.check(static=tmp_path)


def test_packages_that_are_not_installed_are_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsError, match="npm ci"):
        assets.copy_packages(node_modules=tmp_path, vendor=tmp_path / "vendor")


def test_copying_puts_every_package_file_in_its_place(tmp_path: Path) -> None:
    packages = tmp_path / "node_modules"
    for name in assets.COPIES:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(name)
    assert assets.copy_packages(node_modules=packages, vendor=tmp_path / "v") == len(assets.COPIES)
    assert (tmp_path / "v/leaflet/leaflet.js").read_text() == "leaflet/dist/leaflet.js"


def test_nothing_outside_the_folder_is_ever_read() -> None:
    for name in ("../app.py", "vendor/../../app.py", "/etc/passwd", "", "vendor"):
        assert assets.read(name) is None


def test_the_map_loads_from_this_host_only() -> None:
    from dashboard.frame import MapFrame

    frame = MapFrame(base="")
    links = [link for _, link in frame.default_js + frame.default_css]
    assert links
    assert all(link.startswith(f"/cg/static/{assets.version()}/") for link in links)


def test_the_lock_names_no_registry_host_and_pins_every_package() -> None:
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())
    assert "http" not in json.dumps(lock)
    packages = {name: record for name, record in lock["packages"].items() if name}
    assert packages
    assert all(record.get("integrity") for record in packages.values())


def test_our_own_script_and_style_name_no_other_host() -> None:
    for path in [*(assets.STATIC / "map").glob("*.js"), assets.STATIC / "map.css"]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name
        assert "innerHTML" not in text, path.name
