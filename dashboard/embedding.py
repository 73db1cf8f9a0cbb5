"""Maps in other pages: which hosts may show ours in a frame, and `?embed=1` in an address."""

import os
import re
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ORIGINS_VARIABLE = "COMMONGROUND_EMBED_ORIGINS"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::\d{1,5})?")


class EmbedError(RuntimeError):
    """The setting names something that is no host; the message says what and how to write one."""


def origins(text: str | None = None) -> tuple[str, ...]:
    """The hosts whose pages may show ours in a frame, besides this one.

    `text`, else the environment's COMMONGROUND_EMBED_ORIGINS, lists them with spaces or commas
    between. Each is a scheme and a host; EmbedError where it is not.
    """
    text = os.environ.get(ORIGINS_VARIABLE, "") if text is None else text
    named = [name.removesuffix("/") for name in re.split(r"[\s,]+", text) if name]
    wrong = next((name for name in named if not _ORIGIN.fullmatch(name)), None)
    if wrong is not None:
        raise EmbedError(
            f"{ORIGINS_VARIABLE} names '{wrong}', which is no host of a page. Write each as a "
            "scheme and a host, such as https:// and the host's name, with spaces between them."
        )
    return tuple(dict.fromkeys(named))


class EmbedAlias:
    """Lets `?embed=1` stand for Streamlit's own `?embed=true`, which keeps it over a run."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"").decode("latin-1")
        if scope["type"] != "http" or "embed=1" not in query:
            await self.app(scope, receive, send)
            return
        pairs = parse_qsl(query, keep_blank_values=True)
        told = [
            (name, "true" if (name, value) == ("embed", "1") else value) for name, value in pairs
        ]
        if told == pairs:
            await self.app(scope, receive, send)
            return
        path = scope["path"].lstrip("/")
        await RedirectResponse(f"/{path}?{urlencode(told)}")(scope, receive, send)
