"""Where each visit was: its position, its site on the map, its district."""

from collections.abc import Mapping

import pandas as pd

from layers.facts import Region
from layers.read.source import Series
from layers.visits.areas import named_districts, tell_disagreement
from layers.visits.columns import Columns
from layers.visits.ground import Placed, RegionGround, districts_at
from layers.visits.layout import Sheet
from layers.visits.looking_up import first_known, looked_up
from layers.visits.model import VisitRequest
from layers.visits.positions import place_positions
from layers.visits.sites import name_sites
from layers.visits.words import VisitWords


def locate(
    sheet: Sheet,
    columns: Columns,
    told: Mapping[str, Series],
    request: VisitRequest,
    *,
    region: Region,
    ground: RegionGround,
    words: VisitWords,
) -> Placed:
    """Position, site and district of each row; `told` holds site_id, site_name and place names.

    The district that the record names comes first, then the one its position lies in, then that
    of its site: whoever was there knows, and boundaries are often drawn coarsely.
    """
    placed = Placed(index=sheet.frame.index)
    place_positions(sheet, columns, request, region=region, placed=placed)
    index = sheet.frame.index
    by_name, nowhere = named_districts(told, request, ground=ground, words=words, placed=placed)
    by_place = pd.Series(
        districts_at(placed.columns["longitude"], placed.columns["latitude"], ground), index=index
    )
    name_sites(told, first_known(by_name, by_place), request, ground=ground, placed=placed)
    site_district = dict(zip(ground.sites["site_id"], ground.sites["district_id"], strict=True))
    by_site = looked_up(placed.columns["site_id"], site_district)
    tell_disagreement(by_name, by_place, ground, placed)
    district = first_known(by_name, by_place, by_site).where(~nowhere, None)
    names = dict(zip(ground.districts["district_id"], ground.districts["district"], strict=True))
    placed.columns["district_id"] = district
    # a district that is none of the region's keeps the name it has
    placed.columns["district"] = looked_up(district, names).where(~nowhere, told["district"])
    return placed
