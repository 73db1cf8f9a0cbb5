"""The CRS gate: declared, recognised among the region's candidates, or asked; never guessed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geo import crs as geo_crs
from geo.errors import CrsError
from layers.facts import Region
from layers.findings import Finding
from layers.read.model import CrsChoice, ReadRequest

SAMPLED_COORDINATES = 20_000


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What the gate decided: `crs` is None where it stays shut."""

    crs: str | None
    how: str | None
    swapped: bool
    findings: tuple[Finding, ...]
    choices: tuple[CrsChoice, ...] = ()


def sample(geometries: Any) -> geo_crs.Floats:
    """At most 20,000 finite coordinates, evenly spread over the geometries."""
    xy = shapely.get_coordinates(geometries)
    xy = xy[np.isfinite(xy).all(axis=1)]
    if len(xy) > SAMPLED_COORDINATES:
        xy = xy[np.linspace(0, len(xy) - 1, SAMPLED_COORDINATES).astype(np.int64)]
    return np.asarray(xy)


def pass_gate(
    xy: geo_crs.Floats,
    *,
    declared: str | None,
    by_format: bool,
    request: ReadRequest,
    region: Region,
) -> Passage:
    """The CRS to use for coordinates as they stand in the file, or the question to ask."""
    findings: list[Finding] = []
    declared = _understood(declared, findings)
    if request.crs:
        return _stated(xy, request, region, declared, findings)
    if declared is not None:
        return _declared(
            xy, declared, by_format=by_format, request=request, region=region, findings=findings
        )
    return _recognised(xy, request, region, findings)


def _understood(declared: str | None, findings: list[Finding]) -> str | None:
    if not declared:
        return None
    try:
        system = geo_crs.known_crs(declared)
        # GeoPackage has names for "nobody said" that look like systems.
        return None if system.name.lower().startswith("undefined") else geo_crs.crs_text(system)
    except CrsError:
        findings.append(
            Finding(
                code="crs_unknown",
                message=f"The file names a coordinate system we do not know ('{declared[:60]}').",
                fix="Choose the coordinate system yourself.",
            )
        )
        return None


def _lands(xy: geo_crs.Floats, crs: str, region: Region, *, swapped: bool = False) -> bool:
    ordered = xy[:, ::-1] if swapped else xy
    degrees = geo_crs.points_to_wgs84(ordered, crs, area_of_interest=region.country_bounds)
    return geo_crs.share_inside(degrees, region.country_bounds) >= geo_crs.LANDS


def _stated(
    xy: geo_crs.Floats,
    request: ReadRequest,
    region: Region,
    declared: str | None,
    findings: list[Finding],
) -> Passage:
    stated = str(request.crs)
    try:
        crs = geo_crs.crs_text(geo_crs.known_crs(stated))
    except CrsError as error:
        findings.append(Finding(code="crs_unknown", message=str(error), blocking=True))
        return _shut(findings, _choices(xy, region))
    swapped = bool(request.swap_axes)
    if _lands(xy, crs, region, swapped=swapped):
        same = crs == declared
        if declared is not None and not same:
            findings.append(
                Finding(
                    code="crs_overridden",
                    message=f"The file says {_label(declared)}; {_label(crs)} was used, as said.",
                )
            )
        findings.append(
            Finding(
                code="crs_declared" if same else "crs_stated",
                message=f"Read in {_label(crs)}, {'as the file says' if same else 'as you said'}"
                f"{_swap_words(swapped)}; it lands in {region.country_name}.",
            )
        )
        how = "declared" if same else "stated"
        return Passage(crs=crs, how=how, swapped=swapped, findings=tuple(findings))
    if not swapped and _lands(xy, crs, region, swapped=True):
        return _ask_swap(xy, crs, region, findings)
    return _does_not_land(xy, crs, "you said", region, findings)


def _declared(
    xy: geo_crs.Floats,
    declared: str,
    *,
    by_format: bool,
    request: ReadRequest,
    region: Region,
    findings: list[Finding],
) -> Passage:
    swapped = bool(request.swap_axes)
    if _lands(xy, declared, region, swapped=swapped):
        if not geo_crs.has_known_shift(declared, area_of_interest=region.country_bounds):
            return _ask_datum(xy, declared, region, findings)
        says = "as this format always is" if by_format else "as the file says"
        findings.append(
            Finding(
                code="crs_declared",
                message=f"Read in {_label(declared)}, {says}{_swap_words(swapped)}; "
                f"it lands in {region.country_name}.",
            )
        )
        return Passage(crs=declared, how="declared", swapped=swapped, findings=tuple(findings))
    if not swapped and _lands(xy, declared, region, swapped=True):
        return _ask_swap(xy, declared, region, findings)
    return _does_not_land(xy, declared, "the file says", region, findings)


def _recognised(
    xy: geo_crs.Floats, request: ReadRequest, region: Region, findings: list[Finding]
) -> Passage:
    choices = _choices(xy, region)
    if request.swap_axes is not None:
        choices = tuple(each for each in choices if each.swapped == request.swap_axes)
    if not choices:
        tried = ", ".join(region.candidate_crs)
        findings.append(
            Finding(
                code="crs_not_recognised",
                message="The file does not say in which coordinate system it is, and in none of "
                f"those used in {region.country_name} ({tried}) does it land there. "
                f"{_where(xy)}",
                fix="Check that the columns and the region are right, or choose the coordinate "
                "system yourself.",
                blocking=True,
            )
        )
        return _shut(findings, ())
    elsewhere: tuple[CrsChoice, ...] = ()
    here = tuple(each for each in choices if _in_region(xy, each, region))
    if len(here) == 1:
        # numbers of one grid often fall somewhere in the country when read in another
        choices, elsewhere = here, tuple(each for each in choices if each not in here)
    if len(choices) > 1:
        listed = "; ".join(f"{each.crs}: {each.means}" for each in choices)
        findings.append(
            Finding(
                code="crs_ambiguous",
                message="The file does not say in which coordinate system it is, and several fit: "
                f"{listed}.",
                fix="Ask whoever made the file, then choose one of "
                + ", ".join(each.crs for each in choices)
                + ".",
                blocking=True,
            )
        )
        return _shut(findings, choices)
    (choice,) = choices
    only = f"Only {choice.crs} fits"
    if elsewhere:
        others = "; ".join(f"{each.crs}: {each.means}" for each in elsewhere)
        only = (
            f"Only {choice.crs} lands in {region.name} "
            f"(elsewhere in {region.country_name} would land {others})"
        )
    # A swap, or a system named in words we do not know, is never accepted unseen.
    named = any(each.code == "crs_unknown" for each in findings)
    swap_unsaid = choice.swapped and not request.swap_axes
    if not request.accept_suggestions or named or swap_unsaid:
        findings.append(
            Finding(
                code="crs_to_confirm",
                message="The file does not say in which coordinate system it is. "
                f"{only}: {choice.means}.",
                fix=f"Confirm {choice.crs}{' with swapped axes' if choice.swapped else ''}, or "
                "choose another.",
                blocking=True,
            )
        )
        return _shut(findings, (*choices, *elsewhere))
    findings.append(
        Finding(
            code="crs_recognised",
            message="The file does not say in which coordinate system it is. "
            f"{only} and was used: {choice.means}.",
            fix="Check on the map that the shapes lie where they should.",
        )
    )
    return Passage(
        crs=choice.crs,
        how="recognised",
        swapped=choice.swapped,
        findings=tuple(findings),
        choices=choices,
    )


def _in_region(xy: geo_crs.Floats, choice: CrsChoice, region: Region) -> bool:
    """Whether a choice puts the coordinates into the dialogue region, not just the country."""
    ordered = xy[:, ::-1] if choice.swapped else xy
    degrees = geo_crs.points_to_wgs84(ordered, choice.crs, area_of_interest=region.country_bounds)
    return geo_crs.share_inside(degrees, region.bounds) >= geo_crs.LANDS


def _ask_datum(
    xy: geo_crs.Floats, declared: str, region: Region, findings: list[Finding]
) -> Passage:
    """Without a known datum the places can be 300 m off, more than any buffer: never unseen."""
    choices = _choices(xy, region)
    fitting = "; ".join(f"{each.crs}: {each.means}" for each in choices)
    findings.append(
        Finding(
            code="crs_datum_unknown",
            message=f"The file says '{geo_crs.known_crs(declared).name}', but from its datum no "
            "way to WGS 84 is known; taken as they are, the places could be some hundred metres "
            "off.",
            fix="Ask whoever made the file for its coordinate system, and choose it."
            + (f" These would fit: {fitting}." if choices else ""),
            blocking=True,
        )
    )
    return _shut(findings, choices)


def _ask_swap(
    xy: geo_crs.Floats,
    crs: str,
    region: Region,
    findings: list[Finding],
) -> Passage:
    """Swapped axes are never taken for granted, whatever else was accepted unseen."""
    findings.append(
        Finding(
            code="axes_swapped",
            message=f"In {_label(crs)} the places land in {region.country_name} only when the two "
            "coordinates change places: longitude stands where latitude should.",
            fix="Confirm the swap, or take the columns the other way round.",
            blocking=True,
        )
    )
    choice = CrsChoice(
        crs=crs,
        name=geo_crs.known_crs(crs).name,
        means=_means(crs, xy[:, ::-1], region, swapped=True),
        share_inside=1.0,
        swapped=True,
    )
    return _shut(findings, (choice,))


def _does_not_land(
    xy: geo_crs.Floats, crs: str, who: str, region: Region, findings: list[Finding]
) -> Passage:
    choices = _choices(xy, region)
    fitting = "; ".join(f"{each.crs}: {each.means}" for each in choices)
    degrees = geo_crs.points_to_wgs84(xy, crs, area_of_interest=region.country_bounds)
    findings.append(
        Finding(
            code="crs_does_not_land",
            message=f"In {_label(crs)}, as {who}, the shapes do not lie in "
            f"{region.country_name}. {_where(degrees)}",
            fix=f"These would fit: {fitting}. Choose one if it is right."
            if choices
            else "Check that the region and the file are the right ones; no coordinate system "
            f"used in {region.country_name} fits.",
            blocking=True,
        )
    )
    return _shut(findings, choices)


def _choices(xy: geo_crs.Floats, region: Region) -> tuple[CrsChoice, ...]:
    return tuple(
        CrsChoice(
            crs=landing.crs,
            name=landing.name,
            means=_means(
                landing.crs, xy[:, ::-1] if landing.swapped else xy, region, swapped=landing.swapped
            ),
            share_inside=landing.share_inside,
            swapped=landing.swapped,
        )
        for landing in geo_crs.landing_candidates(
            xy, candidates=region.candidate_crs, country_bounds=region.country_bounds
        )
    )


def _means(crs: str, xy: geo_crs.Floats, region: Region, *, swapped: bool) -> str:
    """What a choice amounts to, in words: unit, how far it moves the data, where they land."""
    system = geo_crs.known_crs(crs)
    unit = system.axis_info[0].unit_name
    some = xy[np.linspace(0, len(xy) - 1, min(len(xy), 50)).astype(np.int64)]
    moved, shift = geo_crs.to_wgs84(
        shapely.points(some), crs, area_of_interest=region.country_bounds
    )
    words = [f"{system.name}, in {unit}{'s' if unit in ('degree',) else ''}"]
    if crs == geo_crs.WGS84:
        words[0] = "WGS 84 longitude and latitude, as GPS, phones and web maps give it"
    elif shift.largest_move_m > 0:
        words.append(f"the places move by {shift.largest_move_m:.0f} m to WGS 84")
    share = geo_crs.share_inside(shapely.get_coordinates(moved), region.bounds)
    if share >= geo_crs.LANDS:
        words.append(f"lands in {region.name}")
    elif share == 0:
        words.append(f"lands in {region.country_name}, outside {region.name}")
    if swapped:
        words.append("with the two coordinates swapped")
    return ", ".join(words)


def _where(xy: geo_crs.Floats) -> str:
    finite = xy[np.isfinite(xy).all(axis=1)]
    if len(finite) == 0:
        return "They lie nowhere on the globe."
    (west, south), (east, north) = finite.min(axis=0), finite.max(axis=0)
    return f"They reach from {west:.7g}, {south:.7g} to {east:.7g}, {north:.7g}."


def _label(crs: str) -> str:
    name = geo_crs.known_crs(crs).name
    return f"{crs} ({name})" if ":" in crs and len(crs) < 30 else f"'{name}'"


def _swap_words(swapped: bool) -> str:
    return " with the two coordinates swapped" if swapped else ""


def _shut(findings: list[Finding], choices: tuple[CrsChoice, ...]) -> Passage:
    return Passage(crs=None, how=None, swapped=False, findings=tuple(findings), choices=choices)
