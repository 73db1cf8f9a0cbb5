"""The rules every engine answers, and the numbers in them for those that share no code with ours.

The numbers come from the rule packs, so a rule that changes changes for all engines at once.
"""

from dataclasses import dataclass

from geo.rules import Rule
from layers.facts import rule_pack

RULE_IDS = (
    "site-in-licence",
    "site-outside-licences",
    "site-in-other-holders-licence",
    "site-in-artisanal-zone",
    "site-on-farmland",
    "licence-on-farmland",
    "licence-on-licence",
    "site-in-protected-area",
    "licence-in-protected-area",
    "GH-RBZ-1",
    "GH-RBZ-2",
    "GH-RBZ-3",
    "GH-RBZ-5a",
    "GH-RBZ-5b",
    "GH-RBZ-5c",
    "GH-DIR-100",
    "GH-DIR-200",
    "GH-FOR-3",
    "GH-SSM-1",
)
"""Everything the invented country can be asked, the scenario GH-DIR-200 too."""

Z = 1.64
"""Standard errors a verdict must hold: DOMAIN, three-way verdict."""

SLIVER_WIDTH_M = 0.001
"""Ground narrower than this on average is rounding: docs/architecture.md, Conflicts."""

LIMIT_ROUNDING = 1e-5
"""A largest area is written with five figures."""


@dataclass(frozen=True, kw_only=True)
class WaterRule:
    """Metres from the bank: `inner_m` is None where a rule has one line; no class means any."""

    rule_id: str
    water_class: str | None
    inner_m: float | None
    outer_m: float


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The numbers and class names of the rules."""

    farmland_classes: tuple[str, ...]
    reserve_classes: tuple[str, ...]
    small_classes: tuple[str, ...]
    max_area_m2: float
    water: tuple[WaterRule, ...]

    @property
    def widest_m(self) -> float:
        """The widest line around water in metres."""
        return max(rule.outer_m for rule in self.water)


def rules() -> list[Rule]:
    """The rules as our engine takes them, in the order of the pack."""
    return [rule for rule in rule_pack("gh") if rule.rule_id in RULE_IDS]


def questions() -> Questions:
    """The same rules as bare numbers. Raises ValueError where a rule no longer fits."""
    by_id = {rule.rule_id: rule for rule in rules()}
    missing = set(RULE_IDS) - set(by_id)
    if missing:
        raise ValueError(f"The rule packs lack {', '.join(sorted(missing))}. Correct RULE_IDS.")
    small = by_id["GH-SSM-1"]
    return Questions(
        farmland_classes=by_id["site-on-farmland"].object_classes,
        reserve_classes=by_id["GH-FOR-3"].object_classes,
        small_classes=small.subject_classes,
        max_area_m2=(small.max_area_ha or 0) * 10_000 * (1 + LIMIT_ROUNDING),
        water=tuple(_water(rule) for rule in by_id.values() if rule.relation == "within_distance"),
    )


def _water(rule: Rule) -> WaterRule:
    if len(rule.object_classes) > 1 or rule.outer_m is None:
        raise ValueError(f"Rule '{rule.rule_id}' names several classes; the peers ask for one.")
    return WaterRule(
        rule_id=rule.rule_id,
        water_class=rule.object_classes[0] if rule.object_classes else None,
        inner_m=rule.inner_m,
        outer_m=rule.outer_m,
    )
