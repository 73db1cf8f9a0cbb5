"""Rules as values: what is compared with what, at which distance, since when, on whose word."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from geo.errors import RuleError

Relation = Literal[
    "overlap",
    "outside_all",
    "other_holder",
    "self_overlap",
    "within_distance",
    "area_limit",
    "checklist",
]
RELATIONS: tuple[Relation, ...] = (
    "overlap",
    "outside_all",
    "other_holder",
    "self_overlap",
    "within_distance",
    "area_limit",
    "checklist",
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a rule was read."""

    title: str
    locator: str | None = None
    checked_on: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a rule pack.

    `inner_m` and `outer_m` are metres; a range is two lines on the map and both are kept. They
    are None where the relation has no distance. `max_area_ha` is hectares. `valid_to` is the
    first day on which the rule no longer holds. Empty class tuples mean every class.
    """

    rule_id: str
    title: str
    text: str
    country: str | None
    relation: Relation
    subject_kinds: tuple[str, ...]
    object_kind: str | None
    subject_classes: tuple[str, ...] = ()
    object_classes: tuple[str, ...] = ()
    inner_m: float | None = None
    outer_m: float | None = None
    max_area_ha: float | None = None
    measure_from: str | None = None
    kind: str = "observation"
    effect: str = "none"
    agency: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    scenario: str | None = None
    status: str = "unverified"
    note: str | None = None
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise RuleError(
                f"Rule '{self.rule_id}' has the relation '{self.relation}'. "
                f"Use one of: {', '.join(RELATIONS)}."
            )
        if self.relation == "within_distance":
            if self.outer_m is None or self.outer_m <= 0:
                raise RuleError(f"Rule '{self.rule_id}' needs a positive outer_m in metres.")
            if self.inner_m is not None and not 0 < self.inner_m <= self.outer_m:
                raise RuleError(
                    f"Rule '{self.rule_id}' has inner_m {self.inner_m:g} and outer_m "
                    f"{self.outer_m:g}. Give 0 < inner_m <= outer_m, in metres."
                )
        if self.relation == "area_limit" and (self.max_area_ha is None or self.max_area_ha <= 0):
            raise RuleError(f"Rule '{self.rule_id}' needs a positive max_area_ha in hectares.")
        needs_object = self.relation not in ("area_limit", "checklist", "self_overlap")
        if needs_object and not self.object_kind:
            raise RuleError(f"Rule '{self.rule_id}' needs an object_kind.")
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            raise RuleError(
                f"Rule '{self.rule_id}' ends on {self.valid_to} but starts on {self.valid_from}."
            )

    def holds_on(self, on: dt.date) -> bool:
        """Whether the rule was in force on a day: `valid_from <= on < valid_to`."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on < self.valid_to
        )


def rules_in_force(
    rules: Iterable[Rule], *, on: dt.date, scenarios: Iterable[str] = ()
) -> tuple[Rule, ...]:
    """Rules that hold on a day, plus those of the named scenarios, in their given order.

    A rule with a `scenario` is off unless that scenario is asked for, whatever the day; a
    proposal has no validity of its own, so a chosen scenario ignores the dates.
    """
    wanted = set(scenarios)
    return tuple(
        rule for rule in rules if (rule.scenario in wanted if rule.scenario else rule.holds_on(on))
    )
