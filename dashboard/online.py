"""Pictures of another host as the base map: off, unless whoever runs the server names one.

`COMMONGROUND_TILES_URL=https://tiles.example.org/{z}/{x}/{y}.png` offers them beside our own base
map, `COMMONGROUND_TILES_CREDIT` is what their licence asks to be shown. Even then nothing is asked
of that host before somebody at the map chooses "Online"; from then on it sees where they look.
"""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

URL_VARIABLE = "COMMONGROUND_TILES_URL"
CREDIT_VARIABLE = "COMMONGROUND_TILES_CREDIT"
DEEPEST_ZOOM = 19
_NETLOC = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")


class OnlineTilesError(ValueError):
    """The address of the online tiles cannot be used; the message says what it must be."""


@dataclass(frozen=True, kw_only=True)
class OnlineTiles:
    """Where pictures come from: `url` holds {z}, {x} and {y}, `origin` is scheme and host."""

    url: str
    origin: str
    host: str
    credit: str


def online_tiles() -> OnlineTiles | None:
    """The source that is set in the environment; None, as it ships, when none is."""
    url = os.environ.get(URL_VARIABLE, "").strip()
    if not url:
        return None
    parts = urlsplit(url)
    is_address = parts.scheme in ("https", "http") and _NETLOC.fullmatch(parts.netloc)
    if not is_address or set(re.findall(r"\{.*?\}", url)) != {"{z}", "{x}", "{y}"}:
        raise OnlineTilesError(
            f"{URL_VARIABLE} is '{url[:200]}'. It must be the address of one host with {{z}}, "
            "{x} and {y} in it and nothing else in braces, such as "
            "https://tiles.example.org/{z}/{x}/{y}.png. Leave it out to use our own base map only."
        )
    return OnlineTiles(
        url=url,
        origin=f"{parts.scheme}://{parts.netloc}",
        host=parts.netloc,
        credit=os.environ.get(CREDIT_VARIABLE, "").strip() or parts.netloc,
    )
