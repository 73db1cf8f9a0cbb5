"""The district that the name of a place means: sure, confirmed, or left open."""

from collections.abc import Mapping

import pandas as pd

from layers.findings import Finding
from layers.read.source import Series
from layers.read.suggestion import folded
from layers.visits.ground import Placed, RegionGround
from layers.visits.looking_up import looked_up
from layers.visits.model import LEAVE_OUT, Proposal, VisitRequest
from layers.visits.places import Match, Place, match_places
from layers.visits.words import VisitWords


def named_districts(
    told: Mapping[str, Series],
    request: VisitRequest,
    *,
    ground: RegionGround,
    words: VisitWords,
    placed: Placed,
) -> tuple[Series, Series]:
    """The district that each row's place name means, as far as it is sure or was confirmed.

    Also the rows whose district is named, but is none of the region's as far as anybody said: they
    count for no area, wherever they lie. A community nobody knows is no such statement.
    """
    names = told["place_text"]
    nowhere = pd.Series(False, index=names.index)
    if ground.districts.empty:
        _tell_no_districts(names, placed)
        return pd.Series(None, index=names.index, dtype="object"), nowhere
    districts = [
        Place(name=str(name), district_id=str(one), district=str(name))
        for one, name in zip(
            ground.districts["district_id"], ground.districts["district"], strict=True
        )
    ]
    titles = {one.district_id: one.name for one in districts}
    villages = [
        Place(name=str(name), district_id=str(one), district=titles.get(str(one), ""))
        for name, one in zip(
            ground.settlements["name"], ground.settlements["district_id"], strict=True
        )
        if pd.notna(one)
    ]
    counts = names.value_counts()
    only_community = told["district"].isna()
    matches = match_places(list(names[~only_community].dropna().unique()), districts, words)
    matches = {
        **match_places(
            list(names[only_community].dropna().unique()), [*districts, *villages], words
        ),
        **matches,
    }
    said = {folded(text): answer for text, answer in request.places.items()}
    means: dict[str, str] = {}
    for written, match in matches.items():
        answer = said.get(folded(written))
        if answer is not None:
            found = _answered(answer, districts)
            if found is not None:
                means[written] = found
            elif answer != LEAVE_OUT:
                placed.findings.append(_no_such_district(answer, districts))
        elif match.sure is not None:
            means[written] = match.sure.district_id
        elif match.proposed is not None and request.accept_suggestions:
            means[written] = match.proposed.district_id
        else:
            _ask_place(match, int(counts[written]), placed)
    open_ = {text for text in matches if text not in means and folded(text) not in said}
    nowhere = told["district"].isin(open_)
    _tell_unplaced(names, names.isin(open_), placed)
    return looked_up(names, means), nowhere


def _tell_no_districts(names: Series, placed: Placed) -> None:
    named = names.notna()
    if named.any():
        placed.findings.append(
            Finding.on_rows(
                "districts_missing",
                f"{int(named.sum())} row(s) name a place, but no districts of the region are "
                "loaded to match it with.",
                rows=names.index[named],
                fix="Import the districts first, then bring the visits.",
            )
        )


def _answered(answer: str, districts: list[Place]) -> str | None:
    """A district by its id or its name."""
    for one in districts:
        if answer in (one.district_id, one.name):
            return one.district_id
    return None


def _no_such_district(answer: str, districts: list[Place]) -> Finding:
    listed = ", ".join(f"{one.district_id} ({one.name})" for one in districts[:20])
    return Finding(
        code="place_not_known",
        message=f"There is no district '{answer}' in the region's layer. It has: {listed}.",
        blocking=True,
    )


def _ask_place(match: Match, rows: int, placed: Placed) -> None:
    """A proposal to confirm; a name without one is only asked about, and stays without an area."""
    best = [match.proposed] if match.proposed else []
    choices = {one.district_id: one.label for one in reversed([*best, *match.choices])}
    placed.proposals.append(
        Proposal(
            about="place",
            subject=match.written,
            answer=match.proposed.district_id if match.proposed else None,
            why=match.why or "No district of the region has this name.",
            choices=tuple(reversed(choices.items())),
            rows=rows,
        )
    )


def _tell_unplaced(names: Series, unmatched: Series, placed: Placed) -> None:
    waiting = {
        one.subject for one in placed.proposals if one.about == "place" and one.answer is not None
    }
    lost = unmatched & ~names.isin(waiting)
    if lost.any():
        listed = ", ".join(f"'{text[:40]}'" for text in names[lost].unique()[:10])
        placed.findings.append(
            Finding.on_rows(
                "place_not_matched",
                f"{int(lost.sum())} row(s) name a place that is none of the region's: {listed}. "
                "They count for the region, and where it is their district for none of its areas.",
                rows=names.index[lost],
                fix="Say which district is meant, or that the position of the rows decides.",
            )
        )


def tell_disagreement(
    by_name: Series, by_place: Series, ground: RegionGround, placed: Placed
) -> None:
    differ = by_name.notna() & by_place.notna() & (by_name != by_place)
    if differ.any():
        names = dict(
            zip(ground.districts["district_id"], ground.districts["district"], strict=True)
        )
        name, place = by_name[differ].iloc[0], by_place[differ].iloc[0]
        placed.findings.append(
            Finding.on_rows(
                "place_disagrees",
                f"{int(differ.sum())} row(s) name one district and lie in another, e.g. "
                f"'{names[name]}' and '{names[place]}'. They count in the "
                "one they name.",
                rows=by_name.index[differ],
                fix="Check their position and district; the boundary may be drawn coarsely.",
            )
        )
