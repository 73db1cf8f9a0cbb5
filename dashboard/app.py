"""The ASGI app: Streamlit's pages, our routes and what every answer passes through.

Serve it with `python -m dashboard serve`, `uvicorn dashboard.app:app` or
`python -m streamlit run dashboard/app.py`.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from starlette.middleware import Middleware
from streamlit import config
from streamlit.config_option import ConfigOption
from streamlit.starlette import App

from dashboard import assets, pack_routes, packing, routes, shell, tile_routes, workflows
from dashboard.embedding import EmbedAlias, EmbedError, origins
from dashboard.middleware import Compression, SecurityHeaders
from dashboard.online import OnlineTilesError, online_tiles
from dashboard.tile_cache import TileCache

SCRIPT = Path(__file__).resolve().parent / "script.py"
CONFIG = assets.ROOT / ".streamlit" / "config.toml"
BASE_VARIABLE = "STREAMLIT_SERVER_BASE_URL_PATH"

# Whatever anybody configures: nothing is told to anybody about its use, a visitor never sees a
# traceback, and nobody drives the app without its pages.
INSISTED = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "server.enableAgentApi": False,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
}


def parts(
    *, work: ModuleType | Any = workflows, pages: Mapping[str, tuple[str, ...]] = shell.PARTS
) -> dict[str, Any]:
    """The routes and middleware of the app; AssetsError when a file the browser needs is missing,
    EmbedError or OnlineTilesError when the setting of who may embed the map, or of online tiles,
    cannot be used.

    `work` is what the routes call, `pages` what each page always has (`shell.PARTS`); tests pass
    their own.
    """
    assets.check()
    configure()
    tiles = online_tiles()
    base = ("/" + (config.get_option("server.baseUrlPath") or "").strip("/")).rstrip("/")
    prefixes = [f"{base}{part}" for part in ("/static/", "/component/", "/cg/", "/pack/")]
    cache = TileCache()
    return {
        "routes": [
            *routes.routes(base=base, work=work, cache=cache),
            *tile_routes.tile_routes(base=base, work=work, cache=cache),
            *pack_routes.pack_routes(base=base, work=work),
        ],
        "middleware": [
            Middleware(
                SecurityHeaders,
                base=base,
                pictures_from=tiles and tiles.origin,
                embed_origins=origins(),
                inline=(shell.BOOT,),
            ),
            Middleware(EmbedAlias),
            Middleware(shell.Shell, base=base, parts=pages),
            Middleware(Compression, prefixes=prefixes),
            Middleware(shell.Component, base=base),
            Middleware(packing.Fonts, base=base),
        ],
    }


def configure() -> None:
    """Use our config.toml in whatever folder the server was started; insist on some options.

    Streamlit looks for the file in the working folder only, and under uvicorn it leaves its own
    environment variables unread; the path the app is served under is one a host has to set.
    """
    with CONFIG.open("rb") as file:
        ours = _flat(tomllib.load(file))
    if BASE_VARIABLE in os.environ:
        ours["server.baseUrlPath"] = os.environ[BASE_VARIABLE]
    for option, value in ours.items():
        if config.get_where_defined(option) == ConfigOption.DEFAULT_DEFINITION:
            config.set_option(option, value, str(CONFIG))
    for option, value in INSISTED.items():
        config.set_option(option, value, "dashboard/app.py")


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested table as dotted names."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _parts_or_exit() -> dict[str, Any]:
    try:
        return parts()
    except (assets.AssetsError, EmbedError, OnlineTilesError) as error:
        sys.exit(str(error))


# `streamlit run` finds the app by reading this file: it has to see App called here.
app = App(SCRIPT, **_parts_or_exit())
