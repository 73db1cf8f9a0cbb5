"""Which layers a rule compares, and why a rule compares nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geo.measure import LayerFrame, class_matches
from geo.rules import Rule


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One rule on one subject layer: against one object layer, against all of them, or alone.

    `object_layers` holds every layer of the object kind for `outside_all`, the subject layer
    itself for `self_overlap`, nothing for `area_limit`, and one layer otherwise.
    """

    rule: Rule
    subject_layer: str
    object_layers: tuple[str, ...]


def comparisons(layers: Sequence[LayerFrame], rules: Sequence[Rule]) -> list[Comparison]:
    """Every comparison the rules ask of the layers, by rule order and then layer ids.

    `overlap` and `other_holder` compare different layers. `self_overlap` compares a layer with
    itself only, because two vintages of one cadastre would overlap everywhere.
    """
    found: list[Comparison] = []
    ordered = sorted(layers, key=lambda layer: layer.layer_id)
    for rule in rules:
        if why_not_assessed(ordered, rule) is not None:
            continue
        objects = tuple(layer.layer_id for layer in ordered if layer.kind == rule.object_kind)
        for subject in ordered:
            if subject.kind not in rule.subject_kinds:
                continue
            own = subject.layer_id
            groups: list[tuple[str, ...]]
            if rule.relation == "area_limit":
                groups = [()]
            elif rule.relation == "self_overlap":
                groups = [(own,)]
            elif rule.relation == "outside_all":
                groups = [objects]
            elif rule.relation == "within_distance":
                groups = [(layer_id,) for layer_id in objects]
            else:
                groups = [(layer_id,) for layer_id in objects if layer_id != own]
            found.extend(
                Comparison(rule=rule, subject_layer=own, object_layers=group) for group in groups
            )
    return found


def not_assessed(layers: Sequence[LayerFrame], rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Rules that compare nothing, each with the reason as a sentence part: `{rule, reason}`."""
    reasons = [(rule.rule_id, why_not_assessed(layers, rule)) for rule in rules]
    return [{"rule": rule_id, "reason": reason} for rule_id, reason in reasons if reason]


def why_not_assessed(layers: Sequence[LayerFrame], rule: Rule) -> str | None:
    """Why a rule cannot be assessed on these layers; None where it can."""
    if rule.relation == "checklist":
        return "not a question of place"
    loaded = {layer.kind for layer in layers}
    if not loaded & set(rule.subject_kinds):
        names = " or ".join(f"'{kind}'" for kind in rule.subject_kinds)
        return f"no layer of kind {names} is loaded"
    if rule.relation in ("area_limit", "self_overlap"):
        return None
    if rule.object_kind not in loaded:
        return f"no layer of kind '{rule.object_kind}' is loaded"
    if rule.relation == "outside_all" and not _any_object(layers, rule):
        return f"no feature of kind '{rule.object_kind}' is loaded, so nothing can be outside"
    return None


def _any_object(layers: Sequence[LayerFrame], rule: Rule) -> bool:
    for layer in layers:
        frame = layer.features
        if layer.kind != rule.object_kind or frame.empty:
            continue
        if not rule.object_classes:
            return True
        if "feature_class" not in frame:
            if "" in rule.object_classes:
                return True
        elif class_matches(frame["feature_class"].to_numpy(object), rule.object_classes).any():
            return True
    return False
