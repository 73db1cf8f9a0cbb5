"""What the browser loads, all of it from this server: pinned packages and our own map script.

`python -m dashboard.assets` copies what is needed from node_modules to dashboard/static/vendor.
"""

import hashlib
import json
import shutil
import sys
from functools import cache
from pathlib import Path

from dashboard import gshhg
from dashboard.places import PlacesError, write_table
from layers.facts import symbols

ROOT = Path(__file__).resolve().parent.parent
STATIC = Path(__file__).resolve().parent / "static"
VENDOR = STATIC / "vendor"
PREFIX = "/cg/static"

# What is copied, from node_modules to vendor. Natural Earth is read by the server, not the browser.
COPIES = {
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/images/layers.png": "leaflet/images/layers.png",
    "leaflet/dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
    "leaflet/dist/images/marker-icon-2x.png": "leaflet/images/marker-icon-2x.png",
    "leaflet/dist/images/marker-shadow.png": "leaflet/images/marker-shadow.png",
    "leaflet/LICENSE": "leaflet/LICENSE",
    "world-atlas/countries-10m.json": "world-atlas/countries-10m.json",
    "world-atlas/countries-110m.json": "world-atlas/countries-110m.json",
    "world-atlas/LICENSE": "world-atlas/LICENSE",
}
# Our script is kept in parts of one topic each and sent as one file, in this order.
SCRIPT_PARTS = (
    "texts.js",
    "asking.js",
    "geodesy.js",
    "symbols.js",
    "shapes.js",
    "tiles.js",
    "base.js",
    "labels.js",
    "filters.js",
    "counts.js",
    "mvt.js",
    "vectors.js",
    "conflicts.js",
    "painter.js",
    "hotspots.js",
    "coverage.js",
    "legend.js",
    "story.js",
    "identify.js",
    "reach.js",
    "tools.js",
    "share.js",
    "swipe.js",
    "timeline.js",
    "print.js",
    "keeper.js",
    "chosen.js",
    "layers.js",
    "session.js",
    "frame.js",
)
BUNDLE, STYLES = "map.js", "map.css"
PLACES = VENDOR / "geonames" / "places.parquet"
"""Towns of the world, written by `make setup` (`dashboard/places.py`)."""

# One script and one style, because the frame asks for a file only when the one before is there.
LIBRARY = "vendor/leaflet/leaflet.js"
STYLE_PARTS = ("vendor/leaflet/leaflet.css", "map.css", "share.css")
MAP_SCRIPTS, MAP_STYLES = (BUNDLE,), (STYLES,)


class AssetsError(RuntimeError):
    """A file the browser needs is not on this machine."""


def natural_earth(scale: str) -> Path:
    """The file with Natural Earth's countries at "10m" or "110m" (1:10 or 1:110 million)."""
    return VENDOR / "world-atlas" / f"countries-{scale}.json"


def copy_packages(*, node_modules: Path = ROOT / "node_modules", vendor: Path = VENDOR) -> int:
    """Copy what is needed from node_modules; returns how many files there are now."""
    missing = [name for name in COPIES if not (node_modules / name).is_file()]
    if missing:
        raise AssetsError(
            f"{len(missing)} front-end files are not in {node_modules}, the first is "
            f"'{missing[0]}'. Install the pinned packages with: npm ci"
        )
    if vendor.exists():
        shutil.rmtree(vendor)
    for source, target in COPIES.items():
        path = vendor / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(node_modules / source, path)
    return len(COPIES)


def check(*, static: Path = STATIC) -> None:
    """Make sure every file the browser will ask for is here; otherwise say which and what to do.

    The first script that cannot be loaded would leave the map empty without a word.
    """
    wanted = [f"vendor/{name}" for name in COPIES.values()]
    wanted += [f"map/{part}" for part in SCRIPT_PARTS]
    wanted += STYLE_PARTS
    wanted.append(PLACES.relative_to(STATIC).as_posix())
    missing = [name for name in dict.fromkeys(wanted) if not (static / name).is_file()]
    if missing:
        raise AssetsError(
            f"{len(missing)} map files are missing in {static}, the first is '{missing[0]}'. "
            "Set up the front-end assets with: make setup"
        )
    try:
        gshhg.folder()
    except gshhg.GshhgError as error:
        raise AssetsError(str(error)) from error


def read(name: str, *, static: Path = STATIC) -> bytes | None:
    """The bytes of a static file by its address below /cg/static; None when there is none.

    `map.js` is Leaflet and our script, put together from its parts, with the symbols of
    data/symbols.toml; `map.css` is Leaflet's style and ours.
    """
    if name == BUNDLE:
        parts = [(static / "map" / part).read_bytes() for part in SCRIPT_PARTS]
        return b"\n".join([(static / LIBRARY).read_bytes(), _symbols(), *parts])
    if name == STYLES:
        library, *ours = [(static / part).read_bytes() for part in STYLE_PARTS]
        moved = library.replace(b"url(images/", b"url(vendor/leaflet/images/")
        return b"\n".join([moved, *ours])
    path = (static / name).resolve()
    if not path.is_relative_to(static.resolve()) or not path.is_file():
        return None
    return path.read_bytes()


def _symbols() -> bytes:
    """The script's first line: how things look, as plain data."""
    data = json.dumps(symbols(), ensure_ascii=True, separators=(",", ":"))
    return f"window.CommonGround = {{ SYMBOLS: {data} }};".encode()


@cache
def version() -> str:
    """12 hex digits that change with any file the browser gets; part of every address."""
    digest = hashlib.sha256(_symbols())
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def url(name: str, *, base: str = "") -> str:
    """The address of a static file; it may be kept for ever, because the version is part of it."""
    return f"{base}{PREFIX}/{version()}/{name}"


def basemap_url(region_id: str, *, base: str = "") -> str:
    """The address of a region's base map; it holds the version as well."""
    return f"{base}/cg/basemap/{region_id}.json?v={version()}"


def main() -> int:
    """Copy the packages, write the table of places and say what was done."""
    try:
        count = copy_packages()
        towns = write_table(PLACES)
    except (AssetsError, PlacesError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    where = VENDOR.relative_to(ROOT)
    sys.stdout.write(f"{count} front-end files and the names of {towns} towns are in {where}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
