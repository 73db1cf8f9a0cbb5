"""What all our routes share: parameters checked, answers as JSON, a plain sentence on an error."""

import datetime as dt
import functools
import json
import logging
import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.workflows.types import WorkflowError
from layers.facts import FactsError
from layers.facts import region as region_facts
from layers.store import StoreError

log = logging.getLogger(__name__)

KEEP = "private, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")
_RUN = re.compile(r"^[A-Za-z0-9._+-]{8,200}$")
_STEP = re.compile(r"^\d{4}-\d{2}-\d{2}~[0-9a-f]{12}$")
Handler = Callable[[Request], Response]


class BadRequest(ValueError):
    """A parameter is missing or cannot be used; the message says which and what it must be."""


def spoken(handler: Handler) -> Handler:
    """A handler whose failures become JSON with one plain sentence, never a traceback."""

    @functools.wraps(handler)
    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except BadRequest as wrong:
            return error(400, str(wrong))
        except (StoreError, FactsError, WorkflowError) as wrong:
            return error(404, str(wrong))
        except Exception:
            log.exception("No answer to %s", request.url.path)
            return error(
                500,
                "The server could not answer because of a fault of its own; its log has the "
                "details. Reload the page, and tell whoever runs this server if it stays.",
            )

    return answer


def query(request: Request, name: str, *, default: str | None = None) -> str:
    """A parameter of the address as text; BadRequest where it is needed and not there."""
    value = request.query_params.get(name, default)
    if value is None or (not value and default is None):
        raise BadRequest(f"The address lacks the parameter '{name}'.")
    if len(value) > 4000:
        raise BadRequest(f"The parameter '{name}' is longer than 4,000 characters.")
    return value


def listed(request: Request, name: str) -> list[str]:
    """A parameter of the address that holds words with commas between them; none = no words."""
    return [one for one in query(request, name, default="").split(",") if one]


def id_of(request: Request, name: str, *, what: str) -> str:
    """A part of the path that is the id of something."""
    value: str = request.path_params[name]
    if not _ID.match(value):
        raise BadRequest(
            f"The id of a {what} is up to 200 letters, digits, dots, dashes and underscores."
        )
    return value


def tile_number(request: Request, name: str, *, most: int) -> int:
    """A part of the path that is the zoom, column or row of a tile."""
    text = request.path_params[name]
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= most):
        raise BadRequest(f"The {name} of a tile is a whole number from 0 to {most}.")
    return int(text)


def number(
    request: Request, name: str, *, low: float, high: float, default: float | None = None
) -> float:
    """A parameter of the address that is a number within limits."""
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise BadRequest(f"'{name}' must be a number from {low:g} to {high:g}.")
    return value


def ruled(request: Request) -> tuple[str, dt.date, list[str]]:
    """Region, day and scenarios of a run, and a fingerprint that could be one."""
    if not _RUN.match(request.path_params["fingerprint"]):
        raise BadRequest(
            "The fingerprint of a run is 8 to 200 letters, digits, dots, dashes or plus signs."
        )
    region_id = region_facts(query(request, "region")).region_id
    try:
        on = dt.date.fromisoformat(query(request, "on"))
    except ValueError:
        raise BadRequest("'on' must be a day, written like 2025-12-10.") from None
    return region_id, on, listed(request, "scenarios")


def same(request: Request, run: Any) -> None:
    """Tell when the data has changed since the address was made."""
    if run.fingerprint != request.path_params["fingerprint"]:
        raise StoreError("The layers or rules have changed since. Reload the page.")


def hotspot_question(request: Request) -> dict[str, Any]:
    """What a hotspot run is asked for besides region, day and scenarios."""
    resolution = query(request, "resolution", default="")
    if resolution and not (resolution.isascii() and resolution.isdigit() and len(resolution) < 3):
        raise BadRequest("'resolution' must be a whole number.")
    return {
        "by": query(request, "by"),
        "measure": query(request, "measure"),
        "resolution": int(resolution) if resolution else None,
        "since": query(request, "since", default="") or None,
        "rules": listed(request, "rules") or None,
        "district_layer": query(request, "districts", default="") or None,
    }


def hotspot_step(request: Request) -> str | None:
    """The state of the data that a hotspot run is asked for; None = what is shown now."""
    step = query(request, "step", default="")
    if step and not _STEP.match(step):
        raise BadRequest("'step' must be a day and a hash, as the map is told it.")
    return step or None


def as_json(document: Any) -> Response:
    """A document as JSON that has to be asked for again each time."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
    return Response(body, media_type="application/json", headers={"cache-control": ASK_AGAIN})


def error(status: int, sentence: str) -> Response:
    """A sentence with a status; nobody keeps it."""
    headers = {"cache-control": "no-store"}
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
