"""An adoption table made by hand: a region with districts in every state a row can be in."""

import datetime as dt
import math
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from dashboard.brief.model import (
    COVERAGE_COLUMNS,
    PANEL_COLUMNS,
    RATE_COLUMNS,
    BriefInput,
    RoadMapLine,
    Target,
)
from layers.practices import practices

AS_OF = dt.date(2026, 3, 31)
ROUNDS = {
    "Round 1": (pd.Timestamp(2023, 3, 3), pd.Timestamp(2023, 3, 14)),
    "Round 2": (pd.Timestamp(2025, 2, 24), pd.Timestamp(2025, 4, 2)),
}
DISTRICTS = ("Tarkwa-Nsuaem", "Prestea/Huni Valley", "Wassa Amenfi East", "Mpohor", "Ɔdɔ Ɛho")


def wilson(used: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    share, square = used / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def rate_row(
    area: str,
    practice: str,
    round: str,
    *,
    used: int | None,
    of: int | None,
    unknown: int | None = 0,
    shown_as: str = "rate",
    **more: Any,
) -> dict[str, Any]:
    """One row of the adoption table."""
    first, last = ROUNDS.get(round, (pd.NaT, pd.NaT))
    has_rate = shown_as.startswith("rate")
    low, high = wilson(used, of) if has_rate and used is not None and of else (None, None)
    row: dict[str, Any] = dict.fromkeys(RATE_COLUMNS)
    row |= {
        "area": area,
        "area_id": f"d/{area}",
        "practice": practice,
        "round": round,
        "observations": None if of is None else of + (unknown or 0),
        "used": used,
        "applicable": of,
        "unknown": unknown,
        "known_sites": 60,
        "visited": None if of is None else of + (unknown or 0),
        "rate": used / of if has_rate and used is not None and of else None,
        "low": low,
        "high": high,
        "shown_as": shown_as,
        "partly": None if used is None else 3,
        "selection": "random sample",
        "census": False,
        "first_day": first,
        "last_day": last,
        "direction": direction(practice),
        "reason": "Because.",
    }
    return row | more


def direction(code: str) -> str:
    return next((one.direction for one in practices() if one.code == code), "adopt")


def rates_of(area: str = "Tarkwa-Nsuaem") -> pd.DataFrame:
    """All practices of one region in two rounds."""
    found = []
    for place, practice in enumerate(practices()):
        of = 52 + place
        for round, share in (("Round 1", 0.2), ("Round 2", 0.2 + 0.03 * place)):
            used = round_half(of * min(share, 0.97))
            found.append(rate_row(area, practice.code, round, used=used, of=of, unknown=place % 7))
    table = pd.DataFrame(found, columns=list(RATE_COLUMNS))
    table.loc[2:3, "shown_as"] = "rate, small sample"
    for at, (used, of, way) in {
        5: (7, 12, "counts"),
        7: (None, None, "suppressed"),
        9: (0, 0, "no data"),
    }.items():
        table.loc[at, ["used", "applicable", "shown_as"]] = [used, of, way]
        table.loc[at, ["rate", "low", "high"]] = None
        table.loc[at, "unknown"] = None if way == "suppressed" else 4
        if way == "suppressed":
            table.loc[at, ["visited", "observations", "partly"]] = None
    return table


def round_half(number: float) -> int:
    return math.floor(number + 0.5)


def areas_of(code: str = "HG-RET") -> pd.DataFrame:
    """One practice in five districts: rate, small sample, counts, suppressed, no data."""
    found = [
        rate_row(DISTRICTS[0], code, "Round 1", used=10, of=60),
        rate_row(DISTRICTS[0], code, "Round 2", used=39, of=65, unknown=2),
        rate_row(DISTRICTS[1], code, "Round 2", used=9, of=31, shown_as="rate, small sample"),
        rate_row(DISTRICTS[2], code, "Round 2", used=7, of=12, unknown=5, shown_as="counts"),
        rate_row(
            DISTRICTS[3], code, "Round 2", used=None, of=None, unknown=None, shown_as="suppressed"
        ),
        rate_row(DISTRICTS[4], code, "Round 2", used=0, of=0, unknown=0, shown_as="no data"),
    ]
    return pd.DataFrame(found, columns=list(RATE_COLUMNS))


def shapes() -> gpd.GeoDataFrame:
    """Five districts around 5.3 N, 2 W, the last long and thin."""
    corners = [
        (-2.2, 5.0, -1.9, 5.4),
        (-1.9, 5.0, -1.6, 5.4),
        (-2.2, 5.4, -1.8, 5.8),
        (-1.8, 5.4, -1.68, 5.8),
        (-1.68, 5.4, -1.6, 5.8),
    ]
    return gpd.GeoDataFrame(
        {
            "area_id": [f"d/{name}" for name in DISTRICTS],
            "area": list(DISTRICTS),
            "geometry": [shapely.box(*one) for one in corners],
        },
        crs=4326,
    )


def panels_of() -> pd.DataFrame:
    """Changes on the same sites: one clear, one of too few sites."""
    rows = [
        ("HG-RET", "Round 1", "Round 2", 41, 8, 20, 14, 2, 0.2927, 0.12, 0.45, 0.0042,
         0.43, 0.29, 0.56, 0.15, 0.28, None),
        ("WA-POND", "Round 1", "Round 2", 6, 1, 1, 1, 1, 0.0, -0.4, 0.4, 1.0,
         0.2, 0.01, 0.38, 0.2, 0.0, "Only 6 sites were visited in both rounds: no change can be "
         "told. Other sites were visited, not other practices used."),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(PANEL_COLUMNS))


def coverage_of() -> pd.DataFrame:
    """Who was visited: most, some, never, and a district without a list of sites."""
    day = pd.Timestamp
    rows = [
        ("d/Tarkwa-Nsuaem", "Tarkwa-Nsuaem", 70, 67, 3, 127, day(2023, 3, 3), day(2025, 4, 2)),
        ("d/Prestea/Huni Valley", "Prestea/Huni Valley", 60, 31, 29, 31, day(2025, 2, 24),
         day(2025, 4, 2)),
        ("d/Mpohor", "Mpohor", 12, 0, 12, 0, pd.NaT, pd.NaT),
        ("d/Ɔdɔ Ɛho", "Ɔdɔ Ɛho", None, 0, None, 0, pd.NaT, pd.NaT),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def brief_input(**changes: Any) -> BriefInput:
    """A whole region."""
    target = Target(
        share=0.6, due=dt.date(2027, 12, 31), baseline=0.2, baseline_on=dt.date(2023, 3, 14)
    )
    facts: dict[str, Any] = {
        "region_id": "tarkwa",
        "region_name": "Tarkwa-Nsuaem",
        "country_name": "Ghana",
        "as_of": AS_OF,
        "practices": practices(),
        "leading": "HG-RET",
        "rates": rates_of(),
        "areas": areas_of(),
        "panels": panels_of(),
        "coverage": coverage_of(),
        "shapes": shapes(),
        "measuring_crs": "+proj=laea +lat_0=5.35 +lon_0=-2 +datum=WGS84 +units=m +no_defs",
        "actions": (
            RoadMapLine(
                action="Retorts at every shop that burns amalgam",
                owner="Minerals Commission",
                practice="HG-RET",
                target=target,
                status="under way",
                progress="on track",
                reason="48 % in April 2025; the line to 60 % asks for 37 % by then.",
            ),
            RoadMapLine(action="A shared mercury-free unit", owner="LLG", status="planned"),
        ),
        "dialogue": "post-dialogue",
        "sources": ("Visits of Round 2, KoboToolbox export of 3 Apr 2025",),
        "cautions": ("Sites of Round 1 were chosen by who could be reached.",),
    }
    return BriefInput(**(facts | changes))
