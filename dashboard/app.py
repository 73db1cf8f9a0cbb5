"""The ASGI app: Streamlit's pages, our routes and what every answer passes through.

Serve it with `python -m dashboard serve`, `uvicorn dashboard.app:app` or `streamlit run`.
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from starlette.middleware import Middleware
from streamlit import config
from streamlit.starlette import App

from dashboard import assets, routes, workflows
from dashboard.middleware import Compression, SecurityHeaders

SCRIPT = Path(__file__).resolve().parent / "script.py"

# Whatever folder the server is started from: nothing is told to anybody about its use, a visitor
# never sees a traceback, and nobody drives the app without its pages.
INSISTED = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "server.enableAgentApi": False,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
}


def create_app(*, script: Path = SCRIPT, work: ModuleType | Any = workflows) -> App:
    """The app of a script; AssetsError when a file the browser needs is missing.

    `work` is what the routes call; tests pass their own.
    """
    assets.check()
    for option, value in INSISTED.items():
        config.set_option(option, value, "dashboard/app.py")
    base = "/" + (config.get_option("server.baseUrlPath") or "").strip("/")
    base = base.rstrip("/")
    prefixes = [f"{base}{part}" for part in ("/static/", "/component/", "/cg/")]
    return App(
        script,
        routes=routes.routes(base=base, work=work),
        middleware=[
            Middleware(SecurityHeaders, base=base),
            Middleware(Compression, prefixes=prefixes),
        ],
    )


def _app_or_exit() -> App:
    try:
        return create_app()
    except assets.AssetsError as error:
        sys.exit(str(error))


app = _app_or_exit()
