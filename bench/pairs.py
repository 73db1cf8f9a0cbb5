"""What an engine answers, one row a (rule, subject, object), and whether two engines agree.

Columns: `rule_id`, `subject_id`, `object_id` (null for rules without an object), `verdict`
(`inside`, `too_close`), `line` (`inner`, `outer`, null) and `area_ha` (hectares, NaN where the
rule has no area). Of two areas of one layer the lower id is the subject.
"""

import numpy as np
import pandas as pd

COLUMNS = ("rule_id", "subject_id", "object_id", "verdict", "line", "area_ha")
TEXTS = COLUMNS[:5]
AREA_TOLERANCE = 1e-6
AREA_ROUNDING_HA = 1e-10
"""A square millimetre and less is what coordinates of six figures before the point leave over."""

EXAMPLES = 3


def tidy(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs with exactly the columns above, in the order of rule, subject and object."""
    frame = pairs[list(COLUMNS)].copy()
    for name in TEXTS:
        frame[name] = frame[name].astype("str")
    frame["area_ha"] = frame["area_ha"].astype("float64")
    return frame.sort_values(list(TEXTS[:3]), ignore_index=True, na_position="first")


def differences(ours: pd.DataFrame, theirs: pd.DataFrame, *, name: str) -> list[str]:
    """What two engines disagree on, as sentences; empty where they agree pair by pair."""
    found: list[str] = []
    for rule_id in sorted(set(ours["rule_id"]) | set(theirs["rule_id"])):
        a, b = (frame[frame["rule_id"] == rule_id] for frame in (ours, theirs))
        found += _in_rule(a, b, label=f"{rule_id}, {name}")
    return found


def _in_rule(ours: pd.DataFrame, theirs: pd.DataFrame, *, label: str) -> list[str]:
    keys = ["subject_id", "object_id"]
    found = [
        f"{label}: the pair {_named(frame, keys)} stands twice {where}."
        for frame, where in ((ours, "here"), (theirs, "there"))
        if frame.duplicated(keys).any()
    ]
    if found:
        return found
    sides = [frame.assign(object_id=frame["object_id"].fillna("")) for frame in (ours, theirs)]
    both = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("", "_there"), indicator=True)
    for side, words in (("left_only", "only here"), ("right_only", "only there")):
        alone = both[both["_merge"] == side]
        if len(alone):
            found.append(f"{label}: {len(alone):,} pairs {words}, {_named(alone, keys)}.")
    both = both[both["_merge"] == "both"]
    for column in ("verdict", "line"):
        mine, other = both[column].fillna("none"), both[f"{column}_there"].fillna("none")
        unlike = both[mine != other]
        if len(unlike):
            found.append(f"{label}: {len(unlike):,} with another {column}, {_named(unlike, keys)}.")
    return found + _in_area(both, keys, label=label)


def _in_area(both: pd.DataFrame, keys: list[str], *, label: str) -> list[str]:
    here, there = both["area_ha"].to_numpy(), both["area_ha_there"].to_numpy()
    found = []
    known = np.isnan(here) != np.isnan(there)
    if known.any():
        found.append(
            f"{label}: {int(known.sum()):,} with an area on one side only, "
            f"{_named(both[known], keys)}."
        )
    allowed = np.maximum(AREA_TOLERANCE * np.maximum(here, there), AREA_ROUNDING_HA)
    unlike = np.abs(here - there) > allowed
    if unlike.any():
        first = int(np.flatnonzero(unlike)[0])
        found.append(
            f"{label}: {int(unlike.sum()):,} with another area, {_named(both[unlike], keys)}: "
            f"{here[first]:.9g} ha here, {there[first]:.9g} ha there."
        )
    return found


def _named(rows: pd.DataFrame, keys: list[str]) -> str:
    few = rows[keys].fillna("").head(EXAMPLES).itertuples(index=False)
    return "such as " + ", ".join("-".join(part for part in row if part) for row in few)


def counts(pairs: pd.DataFrame) -> pd.DataFrame:
    """By rule: pairs, those inside and too close, and hectares (NaN where no pair has an area)."""
    grouped = pairs.groupby("rule_id", sort=False)
    return pd.DataFrame(
        {
            "pairs": grouped.size(),
            "inside": grouped["verdict"].agg(lambda verdict: int((verdict == "inside").sum())),
            "too_close": grouped["verdict"].agg(lambda v: int((v == "too_close").sum())),
            "area_ha": grouped["area_ha"].sum(min_count=1),
        }
    )
