"""The site of each visit: by its id, or by a name on the map nearby that somebody confirmed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from layers.findings import Finding
from layers.read.source import Series
from layers.read.suggestion import folded
from layers.visits.ground import Placed, RegionGround
from layers.visits.looking_up import first_known, looked_up
from layers.visits.model import Proposal, VisitRequest

NEAR_M = 500.0
"""A site of the same name so near a visit may be the site that was visited: it is proposed."""
DEGREE_M = 111_195.0
"""Metres of a degree of latitude on the sphere."""
MOST_ASKED = 200
"""More sites than these are not asked about one by one: the ids are missing from the file."""


def name_sites(
    told: Mapping[str, Series],
    district: Series,
    request: VisitRequest,
    *,
    ground: RegionGround,
    placed: Placed,
) -> None:
    """The site of each row: by its id, else by a name nearby that somebody confirmed."""
    index = told["site_id"].index
    stated = told["site_id"].astype(object)
    known = {str(one).casefold(): str(one) for one in ground.sites["site_id"]}
    on_map = looked_up(stated, {text: known.get(str(text).casefold()) for text in stated.dropna()})
    off_map = stated.notna() & on_map.isna()
    if off_map.any():
        example = str(stated[off_map].iloc[0])[:60]
        placed.findings.append(
            Finding.on_rows(
                "site_not_on_map",
                f"{int(off_map.sum())} row(s) are of {stated[off_map].nunique()} site(s) that are "
                f"in no mine-site layer, e.g. '{example}'. They count under the id they have.",
                rows=index[off_map],
                fix="Add these sites to the mine-site layer, or correct the ids.",
            )
        )
    site = first_known(on_map, stated)
    nameless = site.isna()
    if nameless.any() and not ground.sites.empty:
        table = pd.DataFrame(
            {
                "name": told["site_name"].astype(object),
                "place": told["place_text"].astype(object),
                "district": district,
                "x": placed.columns["longitude"],
                "y": placed.columns["latitude"],
            }
        )[nameless & told["site_name"].notna()]
        site = first_known(site, _by_name_nearby(table, request, ground, placed))
    lost = site.isna()
    if lost.any():
        placed.findings.append(
            Finding.on_rows(
                "site_not_identified",
                f"{int(lost.sum())} row(s) have no site id. Each counts by itself for its area, "
                "and is in no comparison of the same sites.",
                rows=index[lost],
                fix="Add site ids, so that later visits find the site again.",
            )
        )
    placed.columns["site_id"] = site


def _by_name_nearby(
    rows: pd.DataFrame, request: VisitRequest, ground: RegionGround, placed: Placed
) -> Series:
    """Sites of the map with the same name in the same district, near where a position is known."""
    by_name: dict[str, list[int]] = {}
    for at, name in enumerate(ground.sites["site_name"]):
        if pd.notna(name):
            by_name.setdefault(folded(str(name)), []).append(at)
    found: dict[Any, str | None] = {}
    asked: dict[str, tuple[list[int], int]] = {}
    row: Any
    for row in rows.itertuples():
        near = _near(by_name.get(folded(str(row.name)), []), row, ground)
        if not near:
            continue
        subject = str(row.name) if pd.isna(row.place) else f"{row.name} @ {row.place}"
        answer = request.sites.get(subject)
        if answer is None and request.accept_suggestions and len(near) == 1:
            answer = str(ground.sites["site_id"].iloc[near[0]])
        if answer is None:
            asked[subject] = near, asked.get(subject, (near, 0))[1] + 1
        else:
            found[row.Index] = answer or None
    for subject, (near, count) in list(asked.items())[:MOST_ASKED]:
        placed.proposals.append(_proposal(subject, near, count, ground))
    return looked_up(pd.Series(placed.index, index=placed.index), found)


def _near(candidates: list[int], row: Any, ground: RegionGround) -> list[int]:
    """Of the sites with the name those within NEAR_M, or without a position in the district."""
    kept = []
    for at in candidates:
        site = ground.sites.iloc[at]
        if np.isfinite(row.x) and np.isfinite(row.y):
            across = (site["longitude"] - row.x) * np.cos(np.radians(row.y))
            if np.hypot(across, site["latitude"] - row.y) * DEGREE_M <= NEAR_M:
                kept.append(at)
        elif pd.notna(row.district) and site["district_id"] == row.district:
            kept.append(at)
    return kept


def _proposal(subject: str, near: list[int], count: int, ground: RegionGround) -> Proposal:
    chosen = ground.sites.iloc[near]
    choices = [
        (str(site_id), f"{name} ({site_id})")
        for site_id, name in zip(chosen["site_id"], chosen["site_name"], strict=True)
    ]
    return Proposal(
        about="site",
        subject=subject,
        answer=choices[0][0] if len(choices) == 1 else None,
        why="The map has a site of this name there.",
        choices=tuple(choices),
        rows=count,
    )
