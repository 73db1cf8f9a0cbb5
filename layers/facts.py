"""Facts that ship with the product: regions, kinds of layer and rule packs, read from data/."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from geo.rules import Rule, Source

DATA = Path(__file__).resolve().parent.parent / "data"


class FactsError(ValueError):
    """A file in data/ does not say what it must, or an id is not in it."""


@dataclass(frozen=True, kw_only=True)
class Dialogue:
    """What is known of a region's dialogue, and how well."""

    phase: str
    held: str
    note: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Region:
    """A dialogue region. Bounds are (west, south, east, north) in degrees, WGS 84."""

    region_id: str
    name: str
    country: str
    country_name: str
    bounds: tuple[float, float, float, float]
    country_bounds: tuple[float, float, float, float]
    measuring_crs: str
    candidate_crs: tuple[str, ...]
    rule_pack: str
    languages: tuple[str, ...]
    demonstration: bool
    dialogue: Dialogue


FieldType = Literal["text", "number", "date", "class"]


@dataclass(frozen=True, kw_only=True)
class FieldFact:
    """A field an import may map a column to; `aliases` are folded column names seen in the wild."""

    field: str
    title: str
    type: FieldType
    aliases: tuple[str, ...]
    classes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of layer. `position_sd_m` is assumed where nobody states an accuracy.

    Of a raster kind, `colors` holds the colour ("#rrggbb") of each class of `feature_class`, and
    `counts_as` what a class counts as for rules, "kind" or "kind/class"; a class that is not in it
    counts as nothing. Both are empty for kinds of features.
    """

    kind_id: str
    title: str
    one: str
    geometry: tuple[str, ...]
    sensitivity: Literal["open", "protected"]
    position_sd_m: float
    position_note: str
    color: str
    symbol: str
    order: int
    fields: Mapping[str, FieldFact]
    colors: Mapping[str, str] = field(default_factory=dict)
    counts_as: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_raster(self) -> bool:
        """Whether a layer of this kind is a grid of pixels, not features."""
        return self.geometry == ("raster",)

    @property
    def is_picture(self) -> bool:
        """Whether the pixels of a layer of this kind are colours: a raster without classes."""
        return self.is_raster and not self.classes

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of `feature_class` in their order; empty where the kind has none."""
        fact = self.fields.get("feature_class")
        return tuple(fact.classes) if fact else ()


def _toml(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


@cache
def regions() -> Mapping[str, Region]:
    """Every dialogue region by id, in the order of data/regions.toml."""
    return {
        region_id: Region(
            region_id=region_id,
            name=record["name"],
            country=record["country"],
            country_name=record["country_name"],
            bounds=_bounds(record["bounds"]),
            country_bounds=_bounds(record["country_bounds"]),
            measuring_crs=record["measuring_crs"],
            candidate_crs=tuple(record["candidate_crs"]),
            rule_pack=record["rule_pack"],
            languages=tuple(record["languages"]),
            demonstration=record.get("demonstration", False),
            dialogue=Dialogue(**record["dialogue"]),
        )
        for region_id, record in _toml(DATA / "regions.toml").items()
    }


def _bounds(numbers: list[float]) -> tuple[float, float, float, float]:
    west, south, east, north = (float(number) for number in numbers)
    return west, south, east, north


def region(region_id: str) -> Region:
    """One region; an unknown id is refused with the ids there are."""
    try:
        return regions()[region_id]
    except KeyError:
        raise FactsError(
            f"There is no region '{region_id}'. Choose one of: {', '.join(regions())}."
        ) from None


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of layer by id, in the order of data/kinds.toml."""
    return {
        kind_id: Kind(
            kind_id=kind_id,
            title=record["title"],
            one=record["one"],
            geometry=tuple(record["geometry"]),
            sensitivity=record["sensitivity"],
            position_sd_m=float(record["position_sd_m"]),
            position_note=record["position_note"],
            color=_looks(kind_id)["color"],
            symbol=_looks(kind_id)["symbol"],
            order=record["order"],
            fields={
                name: FieldFact(
                    field=name,
                    title=fact["title"],
                    type="class" if "classes" in fact else fact.get("type", "text"),
                    aliases=tuple(fact["aliases"]),
                    classes={one: tuple(seen) for one, seen in fact.get("classes", {}).items()},
                )
                for name, fact in record["fields"].items()
            },
            colors=dict(record.get("colors", {})),
            counts_as=dict(record.get("counts_as", {})),
        )
        for kind_id, record in _toml(DATA / "kinds.toml").items()
    }


@cache
def symbols() -> Mapping[str, Any]:
    """How kinds, verdicts, hotspot classes and the base map look, as data/symbols.toml says it."""
    return _toml(DATA / "symbols.toml")


def _looks(kind_id: str) -> Mapping[str, Any]:
    """How one kind of layer looks."""
    try:
        looks: Mapping[str, Any] = symbols()["kinds"][kind_id]
    except KeyError:
        raise FactsError(
            f"The kind '{kind_id}' has no symbol. Give it one in data/symbols.toml."
        ) from None
    return looks


def kind(kind_id: str) -> Kind:
    """One kind of layer; an unknown id is refused with the ids there are."""
    try:
        return kinds()[kind_id]
    except KeyError:
        raise FactsError(
            f"There is no kind of layer '{kind_id}'. Choose one of: {', '.join(kinds())}."
        ) from None


@cache
def rule_pack(pack: str) -> tuple[Rule, ...]:
    """The overlaps that hold everywhere, then the rules of a country's pack, as in its file."""
    names = ["common"] if pack == "common" else ["common", pack]
    rules: list[Rule] = []
    for name in names:
        path = DATA / "rules" / f"{name}.toml"
        if not path.exists():
            raise FactsError(f"There is no rule pack '{name}' in data/rules.")
        content = _toml(path)
        rules.extend(
            _rule(record, country=content.get("country")) for record in content.get("rule", [])
        )
    ids = [rule.rule_id for rule in rules]
    twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if twice:
        raise FactsError(f"Rule pack '{pack}' has the same id twice: {', '.join(twice)}.")
    return tuple(rules)


def scenarios(pack: str) -> tuple[str, ...]:
    """The scenarios a pack offers, in the order of its file."""
    return tuple(dict.fromkeys(rule.scenario for rule in rule_pack(pack) if rule.scenario))


def _rule(record: dict[str, Any], *, country: str | None) -> Rule:
    source = record.get("source")
    return Rule(
        rule_id=record["id"],
        title=record["title"],
        text=record["text"],
        country=country,
        relation=record["relation"],
        subject_kinds=tuple(record["subjects"]),
        object_kind=record.get("object"),
        subject_classes=tuple(record.get("subject_classes", ())),
        object_classes=tuple(record.get("object_classes", ())),
        inner_m=_number(record.get("inner_m")),
        outer_m=_number(record.get("outer_m")),
        max_area_ha=_number(record.get("max_area_ha")),
        measure_from=record.get("measure_from"),
        kind=record.get("kind", "observation"),
        effect=record.get("effect", "none"),
        agency=record.get("agency"),
        valid_from=record.get("valid_from"),
        valid_to=record.get("valid_to"),
        scenario=record.get("scenario"),
        status=record.get("status", "ours"),
        note=record.get("note"),
        source=Source(**source) if source else None,
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
