"""What a visitor has chosen: the only module that touches st.session_state and st.query_params.

A choice lives under its widget's key, "<page>.<name>". Streamlit forgets the widgets of a page that
is not shown, so choices are kept by writing them again at the start of every run. A link carries
the choices of its page; a parameter of the address that we did not write ourselves is taken over.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import sharing
from dashboard.maps import View, view_of
from layers.facts import regions

Written = Callable[[Any], list[str]]
Read = Callable[[list[str]], Any]

_LINKED = "link.known"
_PAGE = "link.page"


@dataclass(frozen=True, kw_only=True)
class Param:
    """A parameter of the address: the key it fills, the pages whose links carry it, both ways."""

    key: str
    pages: tuple[str, ...]
    read: Read
    write: Written


def _text(values: list[str]) -> str:
    return values[-1][:400]


def _one(value: object) -> list[str]:
    return [str(value)] if value not in (None, "") else []


def _some(values: Sequence[object] | None) -> list[str]:
    return [str(value) for value in values or ()]


def _list(values: list[str]) -> list[str]:
    return [value[:400] for value in values if value][:100]


def _date(values: list[str]) -> dt.date:
    return dt.date.fromisoformat(values[-1])


def _hectares(values: list[str]) -> float:
    number = float(values[-1])
    if not 0 <= number < 1e9:
        raise ValueError(values[-1])
    return number


def _whole(values: list[str]) -> int:
    return int(values[-1])


def _flag(values: list[str]) -> bool:
    return values[-1] == "yes"


def _view(values: list[str]) -> View:
    view = view_of(values[-1])
    if view is None:
        raise ValueError(values[-1])
    return view


def _write_view(view: View | None) -> list[str]:
    # as the browser writes it: no zeros at the end, or the two would overwrite each other for ever
    if view is None:
        return []
    numbers = (round(view.longitude, 5), round(view.latitude, 5), view.zoom)
    return [",".join(str(number).removesuffix(".0") for number in numbers)]


ADOPTION = ("adoption", "coverage", "roadmap", "compare")
"""The pages of the adoption ledger: one entry in the header, a row of their own below it."""

_EVERY = ("overview", "map", "conflicts", "hotspots", *ADOPTION, "visits", "data")
_RULED = ("overview", "map", "conflicts", "hotspots")
_FILTERED = ("conflicts",)
_HOT = ("hotspots",)
_MAPPED = ("map", "conflicts", "hotspots")
PARAMS: Mapping[str, Param] = {
    "region": Param(key="header.region", pages=_EVERY, read=_text, write=_one),
    "on": Param(key="header.on", pages=_RULED, read=_date, write=_one),
    "scenario": Param(key="header.scenarios", pages=_RULED, read=_list, write=_some),
    "rule": Param(key="conflicts.rules", pages=_FILTERED, read=_list, write=_some),
    "verdict": Param(key="conflicts.verdicts", pages=_FILTERED, read=_list, write=_some),
    "district": Param(key="conflicts.districts", pages=_FILTERED, read=_list, write=_some),
    "status": Param(key="conflicts.statuses", pages=_FILTERED, read=_list, write=_some),
    "licence": Param(key="conflicts.licences", pages=_FILTERED, read=_list, write=_some),
    "min_ha": Param(key="conflicts.min_ha", pages=_FILTERED, read=_hectares, write=_one),
    "max_ha": Param(key="conflicts.max_ha", pages=_FILTERED, read=_hectares, write=_one),
    "conflict": Param(key="conflicts.selected", pages=_FILTERED, read=_text, write=_one),
    "feature": Param(key="map.selected", pages=("map",), read=_text, write=_one),
    "q": Param(key="map.search", pages=("map",), read=_text, write=_one),
    "conflicts": Param(
        key="map.conflicts", pages=("map",), read=_flag, write=lambda on: ["yes"] if on else []
    ),
    "by": Param(key="hotspots.by", pages=_HOT, read=_text, write=_one),
    "size": Param(key="hotspots.resolution", pages=_HOT, read=_whole, write=_one),
    "measure": Param(key="hotspots.measure", pages=_HOT, read=_text, write=_one),
    "since": Param(key="hotspots.since", pages=_HOT, read=_text, write=_one),
    "since_day": Param(key="hotspots.since_day", pages=_HOT, read=_date, write=_one),
    "count": Param(key="hotspots.rules", pages=_HOT, read=_list, write=_some),
    "districts": Param(key="hotspots.district_layer", pages=_HOT, read=_text, write=_one),
    "unit": Param(key="hotspots.selected", pages=_HOT, read=_text, write=_one),
    "practice": Param(
        key="adoption.practice", pages=("adoption", "compare"), read=_text, write=_one
    ),
    "round": Param(key="adoption.round", pages=("adoption",), read=_text, write=_one),
    "group": Param(key="adoption.by", pages=("adoption",), read=_text, write=_one),
    "area": Param(key="adoption.area", pages=("adoption", "coverage"), read=_text, write=_one),
    "site": Param(key="adoption.site", pages=("adoption",), read=_text, write=_one),
    "earlier": Param(key="adoption.earlier", pages=("adoption",), read=_text, write=_one),
    "later": Param(key="adoption.later", pages=("adoption",), read=_text, write=_one),
    "only": Param(key="coverage.only", pages=("coverage",), read=_text, write=_one),
    "with": Param(key="compare.regions", pages=("compare",), read=_list, write=_some),
    "action": Param(key="roadmap.action", pages=("roadmap",), read=_text, write=_one),
    "visit": Param(key="visits.visit", pages=("visits",), read=_text, write=_one),
    "view": Param(key="map.view", pages=_MAPPED, read=_view, write=_write_view),
    "layers": Param(key="map.layers", pages=_MAPPED, read=sharing.layers_text, write=_one),
    "base": Param(key="map.base", pages=_MAPPED, read=sharing.base_text, write=_one),
    "swipe": Param(key="map.swipe", pages=_MAPPED, read=sharing.swipe_text, write=_one),
    "day": Param(key="map.day", pages=_MAPPED, read=sharing.day_text, write=_one),
    "lang": Param(key="map.language", pages=_MAPPED, read=sharing.language_text, write=_one),
}
BROWSER_OWNED = ("view", "layers", "base", "swipe", "day", "lang")
"""What the map's own script writes into the address as it changes, without running the page."""
ACTOR = "ledger.actor"
"""The name that a visitor gives for the record of who changed something."""
_KEPT = (*(param.key for param in PARAMS.values()), ACTOR)


def start(page: str, *, today: dt.date) -> None:
    """Begin a run of a page: keep choices, take over the address, fill in the rest."""
    for key in _KEPT:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]
    known: dict[str, list[str]] = get(_LINKED, {})
    for name, param in PARAMS.items():
        values = st.query_params.get_all(name)
        if values and values != known.get(name):
            known[name] = values
            try:
                st.session_state[param.key] = param.read(values)
            except ValueError:
                # an address somebody mistyped: the rest of it still holds
                continue
    st.session_state[_LINKED] = known
    st.session_state[_PAGE] = page
    if "header.next_region" in st.session_state:
        st.session_state["header.region"] = st.session_state.pop("header.next_region")
    if st.session_state.get("header.region") not in regions():
        st.session_state["header.region"] = next(iter(regions()))
    st.session_state.setdefault("header.on", today)
    if st.session_state["header.on"] is None:
        st.session_state["header.on"] = today


def region_id() -> str:
    """The region that is shown."""
    return str(st.session_state["header.region"])


def rules_on() -> dt.date:
    """The day whose rules are applied."""
    return st.session_state["header.on"]  # type: ignore[no-any-return]


def scenarios() -> tuple[str, ...]:
    """The scenarios that are added to the rules, in alphabetical order."""
    return tuple(sorted(st.session_state.get("header.scenarios") or ()))


def get(key: str, default: Any = None) -> Any:
    """A choice, or what stands in for it."""
    return st.session_state.get(key, default)


def put(key: str, value: Any) -> None:
    """Set a choice; a widget's own key only before it is drawn, or in a callback."""
    st.session_state[key] = value


def drop(*keys: str) -> None:
    """Forget choices."""
    for key in keys:
        st.session_state.pop(key, None)


def among(key: str, options: Iterable[Any]) -> None:
    """Make a kept choice fit what its widget offers now; what it does not offer is dropped."""
    allowed = list(options)
    value = st.session_state.get(key)
    if isinstance(value, list):
        st.session_state[key] = [each for each in value if each in allowed]
    elif value is not None and value not in allowed:
        del st.session_state[key]


def new_event(key: str, number: int) -> bool:
    """Whether an event counter moved since it was last asked; asking notes the number."""
    seen = st.session_state.get(f"{key}.seen", 0)
    st.session_state[f"{key}.seen"] = number
    return number > 0 and number != seen


def shared() -> sharing.Shared:
    """What the address said of the map, besides where it looks."""
    return sharing.Shared(
        layers=sharing.opacities(get("map.layers")),
        base=get("map.base"),
        swipe=get("map.swipe"),
        day=get("map.day"),
    )


def of_link() -> dict[str, Any]:
    """What the address said of the map, as a MapSpec takes it."""
    return {
        "view": get("map.view"),
        "shared": shared(),
        "language": get("map.language", sharing.LANGUAGES[0]),
    }


def is_embedded() -> bool:
    """Whether the page stands in another one, asked for with `?embed=1`."""
    return bool(st.context.is_embedded)


def link_params() -> dict[str, list[str]]:
    """What the link of the page that runs carries."""
    page = st.session_state[_PAGE]
    written = {
        name: param.write(st.session_state.get(param.key))
        for name, param in PARAMS.items()
        if page in param.pages
    }
    return {name: values for name, values in written.items() if values}


def link() -> str:
    """The address that restores what is on the screen, but for what is chosen on the map itself.

    Only the browser knows that: it writes it into its own address and runs nothing, and a later
    run is sent the address that we wrote. The map's own button copies a link with all of it.
    """
    base = (st.context.url or "").split("?")[0].split("#")[0]
    params = {name: values for name, values in link_params().items() if name not in BROWSER_OWNED}
    return f"{base}?{urlencode(params, doseq=True)}"


def site_address() -> str:
    """The address of this site without a page, as the visitor's browser names it."""
    asked = urlsplit(st.context.url or "")
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{asked.scheme}://{asked.netloc}" + (f"/{base}" if base else "")


def publish_link() -> None:
    """Write the link into the address bar, where it differs from what is there.

    The browser writes the map's view into the address by itself whenever the map moves. A page
    with a map therefore publishes before it draws the map, or an old view would overwrite it.
    """
    params = link_params()
    known: dict[str, list[str]] = get(_LINKED, {})
    st.session_state[_LINKED] = known | params
    if {name: st.query_params.get_all(name) for name in st.query_params} != params:
        st.query_params.from_dict(params)


def switch_region(region: str) -> None:
    """Show another region from the next run on, whatever its widget says now."""
    st.session_state["header.next_region"] = region
