"""One plain sentence of reason for each unit, and the sentences on method and caution."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from geo import hexagons
from geo import hotspots as science
from geo.rules import Rule

LINES_SHOWN = 3
"""Kinds of place named in a reason; the others stand in the row's figures."""

ABSENCE = "Absence of data is not absence of mining."


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 site", "2 sites"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def where(rule: Rule, places: Mapping[str, Sequence[str]]) -> str:
    """What a rule says of a site, after "lies" or "lie": "within 100 m of water"."""
    thing, inside = places.get(str(rule.object_kind), (f"'{rule.title}'", f"under '{rule.title}'"))
    if rule.relation == "within_distance":
        classes = [name for name in rule.object_classes if name]
        if classes:
            thing = " or ".join(_a(name.replace("_", " ")) for name in classes)
        return f"within {rule.outer_m:g} m of {thing}"
    if rule.relation == "outside_all":
        return f"outside every {thing.split(' ', 1)[-1]}"
    if rule.relation == "other_holder":
        return "in somebody else's licence"
    if rule.object_kind == "protected_areas" and len(rule.object_classes) == 1:
        return f"in {_a(rule.object_classes[0].replace('_', ' '))}"
    return inside


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def reason(
    row: Mapping[str, Any],
    rules: Mapping[str, Rule],
    places: Mapping[str, Sequence[str]],
    *,
    min_sites: int,
    band_m: float,
    since: str | None,
) -> str:
    """Why a unit stands where it stands, in one sentence (two where satellites saw something).

    `row` has the fields of a HotspotRow that count things; `since` names what its `change` is
    compared with.
    """
    told = [_sites(row, rules, places, min_sites=min_sites, band_m=band_m)]
    if row["unit_class"] in (science.HOT_99, science.HOT_95):
        told[0] += (
            f"; with its neighbours within {band_m / 1000:g} km: "
            f"{row['near_in_conflict']:,} of {row['near_sites']:,}"
        )
    if row["detections"]:
        told.append(_detections(row, rules, places))
    if row["change"] is not None and since is not None:
        more = _difference(row["change"], since)
        if more:
            told[-1] = f"{told[-1]}; {more}"
    return " ".join(f"{sentence}." for sentence in told)


def _sites(
    row: Mapping[str, Any],
    rules: Mapping[str, Rule],
    places: Mapping[str, Sequence[str]],
    *,
    min_sites: int,
    band_m: float,
) -> str:
    known, hit = row["known_sites"], row["in_conflict"]
    if not row["surveyed"]:
        begin = "Not surveyed: no known site and no visit"
        return begin if row["detections"] else f"{begin}. {ABSENCE.rstrip('.')}"
    if not known:
        return "Surveyed, but no site is known here"
    few = ""
    if row["unit_class"] == science.TOO_FEW:
        if row["support"] is not None and row["support"] > known:
            near = counted(int(row["support"]), "known site")
            few = f"Too few for a rate ({near} within {band_m / 1000:g} km): "
        elif known < min_sites:
            few = f"Too few for a rate (fewer than {min_sites}): "
    if not hit:
        if known == 1:
            return _upper(f"{few}the one known site is in no possible conflict that counts")
        begin = f"none of the {known:,} known sites is"
        return _upper(f"{few}{begin} in a possible conflict that counts")
    lines = _lines(row["by_rule"], rules, places)
    noun = "known site" if known == 1 else "known sites"
    begin = f"the one {noun}" if known == 1 else f"{hit:,} of {known:,} {noun}"
    first, text = lines[0]
    if sum(first.values()) == hit and len(lines) == 1:
        return _upper(f"{few}{begin} {'lies' if hit == 1 else 'lie'} {text}{_verdicts(first)}")
    parts = [
        f"{sum(counts.values()):,} {text}{_verdicts(counts)}"
        for counts, text in lines[:LINES_SHOWN]
    ]
    verb = "is" if hit == 1 else "are"
    if known == 1:
        parts = [f"{text}{_verdicts(counts)}" for counts, text in lines[:LINES_SHOWN]]
    return _upper(f"{few}{begin} {verb} in a possible conflict: {', '.join(parts)}")


def _detections(
    row: Mapping[str, Any], rules: Mapping[str, Rule], places: Mapping[str, Sequence[str]]
) -> str:
    seen, hit = row["detections"], row["detections_in_conflict"]
    begin = f"{counted(seen, 'detection')} from satellite images"
    if not row["surveyed"]:
        begin += ", seen from space, nobody was there"
    if not hit:
        return f"{begin}; none in a possible conflict that counts"
    lines = _lines(row["detections_by_rule"], rules, places)
    parts = [
        f"{sum(counts.values()):,} {text}{_verdicts(counts)}"
        for counts, text in lines[:LINES_SHOWN]
    ]
    return f"{begin}: {', '.join(parts)}"


def _lines(
    by_rule: Mapping[str, Mapping[str, int]],
    rules: Mapping[str, Rule],
    places: Mapping[str, Sequence[str]],
) -> list[tuple[Mapping[str, int], str]]:
    """For each kind of place the rule most sites are under, the most sites first.

    Two rules on water say much the same of one site, so one of them speaks for both: the one with
    more sites, then with more surely inside, then the one that binds, then the first by id.
    """
    best: dict[str, tuple[tuple[int, int, bool, str], str]] = {}
    for rule_id, counts in by_rule.items():
        rule = rules[rule_id]
        # places that overlap in meaning only by their kind, licences by their relation
        group = f"{rule.object_kind} {rule.relation if rule.object_kind == 'licences' else ''}"
        weight = (-sum(counts.values()), -counts["inside"], rule.effect == "none", rule_id)
        if group not in best or weight < best[group][0]:
            best[group] = (weight, rule_id)
    chosen = [rule_id for _, rule_id in sorted(best.values())]
    return [(by_rule[rule_id], where(rules[rule_id], places)) for rule_id in chosen]


def _verdicts(counts: Mapping[str, int]) -> str:
    sure, close = counts["inside"], counts["too_close"]
    if not close:
        return ""
    if not sure:
        return " (too close to call)" if close == 1 else " (all too close to call)"
    return f" ({sure:,} surely, {close:,} too close to call)"


def _difference(change: Mapping[str, Mapping[str, int]], since: str) -> str:
    told = []
    for kind, noun in (("mine_sites", "site"), ("detections", "detection")):
        counts = change[kind]
        more = counts["in_conflict"] - counts["in_conflict_before"]
        if more:
            word = "more" if more > 0 else "fewer"
            noun_ = noun if abs(more) == 1 else f"{noun}s"
            text = f"{abs(more):,} {word} {noun_} in conflict than in {since}"
            if counts["new_unlisted"] and more > 0:
                text += f" ({_unlisted(counts, noun)})"
            told.append(text)
        elif counts["new"] or counts["gone"]:
            told.append(
                f"as many {noun}s in conflict as in {since}, "
                f"but {counts['new']:,} conflicts new and {counts['gone']:,} gone"
            )
    return "; ".join(told)


def _unlisted(counts: Mapping[str, int], noun: str) -> str:
    """How many of the new conflicts come from what the older data do not list."""
    new, unlisted = counts["new"], counts["new_unlisted"]
    lead = f"{unlisted:,} of {new:,} new conflicts are"
    if unlisted == new:
        lead = "the new conflict is" if new == 1 else f"all {new:,} new conflicts are"
    where_ = f"a {noun}" if new == 1 else f"{noun}s"
    return f"{lead} at {where_} the older data do not list"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- method and caution -----------------------------------------------------------------------


def method(
    *,
    by: str,
    resolution: int | None,
    cell_km2: float | None,
    measure: str,
    band_m: float,
    test: science.TestRules,
    why_not: str | None,
    units_with_data: int,
    rule_titles: Sequence[str],
) -> Iterator[str]:
    """How a run was done, a sentence a step."""
    if by == "h3" and cell_km2 is not None:
        yield (
            f"Units: hexagons of the H3 grid, resolution {resolution}, here "
            f"{hexagons.across_km(cell_km2):.2g} km across and {cell_km2:.2g} km² each."
        )
    else:
        yield "Units: districts, as they are loaded."
    yield {
        science.PER_SITE: "Compared: known sites in a possible conflict per known site.",
        science.PER_KM2: "Compared: known sites in a possible conflict per surveyed km².",
    }[measure] + " Too close to call counts as possible, and is told apart."
    yield f"Counted are conflicts under: {'; '.join(rule_titles) or 'no rule'}."
    yield (
        "Surveyed is where a known site or a visit lies, within its hexagon of about 1 km, or "
        "where a layer of surveyed ground says so. A satellite's detection is no survey."
    )
    share = "known sites" if measure == science.PER_SITE else "surveyed ground"
    limit = f"{test.min_sites}" if measure == science.PER_SITE else f"{test.min_km2:g} km²"
    scope = f" within {band_m / 1000:g} km" if by == "h3" and measure == science.PER_SITE else ""
    yield f"Too few: fewer {share} than {limit}{scope}; such units take no part in the test."
    if why_not is not None:
        yield why_no_test(why_not, units_with_data=units_with_data, min_units=test.min_units)
        return
    yield (
        f"Test: Getis-Ord Gi* of {units_with_data:,} units with data, all within "
        f"{band_m / 1000:g} km of each other being neighbours, one-sided for high rates, "
        f"{test.permutations:,} conditional permutations with seed {test.seed}, corrected for "
        "false discoveries (Benjamini-Hochberg)."
    )
    floor = 1 / (test.permutations + 1)
    at_once = -(-units_with_data * floor // test.level_99)
    if at_once > 1:
        yield (
            f"With so many permutations no p is below {floor:g}: the class 99 % needs "
            f"{at_once:g} units that strong at once."
        )
    yield (
        "A hotspot is a unit that together with its neighbours has higher rates than chance would "
        "put there; it says nothing about who did what."
    )


def why_no_test(why_not: str, *, units_with_data: int, min_units: int) -> str:
    """Why there is only the ranked list."""
    return {
        science.FEW_UNITS: (
            f"No test was made: {units_with_data:,} units have data and a test needs {min_units}. "
            "Only the ranked list is given."
        ),
        science.ALL_EQUAL: (
            "No test was made: all units with data have the same rate. Only the list is given."
        ),
        science.MANY_UNITS: (
            f"No test was made: {units_with_data:,} units are too many for one. Use larger "
            "hexagons. Only the ranked list is given."
        ),
    }[why_not]


def notes(
    *,
    by: str,
    cells_without_data: int | None,
    kinds: Mapping[str, int],
    shared_ids: int,
    district_layers: Sequence[str],
    outside: bool,
    not_assessed: Sequence[str],
) -> tuple[str, ...]:
    """What a reader must not take for certain. `kinds` counts features by kind."""
    told = []
    if not kinds.get("mine_sites"):
        told.append(
            "No mine site is loaded: no unit has a rate. Detections are listed, but nobody was "
            "there, and they are not sites."
        )
    if cells_without_data:
        told.append(
            f"{cells_without_data:,} more hexagons of the region hold nothing that is known: they "
            f"are not surveyed, and not drawn. {ABSENCE}"
        )
    if shared_ids:
        many = counted(shared_ids, "site id stands", "site ids stand")
        told.append(f"{many} in more than one layer of mine sites, and counts in each.")
    if by == "districts" and len(district_layers) > 1:
        told.append(
            f"Several layers of districts are loaded; these are those of '{district_layers[0]}'."
        )
    if outside:
        told.append(
            "Sites outside every district are a row of their own, without an area and without a "
            "test."
        )
    told.append(
        "A site is counted in the unit its middle lies in. Places near a border may be on either "
        "side of it."
    )
    if not_assessed:
        many = counted(len(not_assessed), "rule")
        told.append(f"{many} could not be looked at; the page of conflicts says why.")
    return tuple(told)


def version_label(name: str, number: int, data_date: dt.date | None) -> str:
    """How an older version is named in a sentence."""
    if data_date is not None:
        return f"the version of {data_date.isoformat()} of '{name}'"
    return f"version {number} of '{name}' (its date was not stated)"
