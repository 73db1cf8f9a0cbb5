"""Change between two rounds on the sites visited in both, beside that of all sites of each round.

A rise that comes from visiting other sites is not a trend. Three things stand side by side: the
panel (the same sites twice), the cross-section (all sites of each round), and what part of the
cross-section's change comes from where people went (Kitagawa 1955, "Components of a difference
between two rates", Journal of the American Statistical Association 50).
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from geo.adoption.cautions import Change, warning_of
from geo.adoption.frames import STATES, USED, Ledger, empty_known_sites
from geo.adoption.intervals import exact_mcnemar, independent_change, paired_change
from geo.adoption.practice import Practice, Settings
from geo.adoption.suppression import complementary, primary
from geo.adoption.units import Units, make_units
from geo.errors import AdoptionError
from geo.measure import Array

_USED = STATES.index(USED)
_NOT_APPLICABLE = len(STATES) - 2

PANEL_COLUMNS: dict[str, str] = {
    "area": "str",
    "area_id": "str",
    "practice": "str",
    "earlier": "str",
    "later": "str",
    "n": "Int64",
    "used_before": "Int64",
    "used_after": "Int64",
    "started": "Int64",
    "stopped": "Int64",
    "change": "float64",
    "low": "float64",
    "high": "float64",
    "p": "float64",
    "cross_before_used": "Int64",
    "cross_before": "Int64",
    "cross_after_used": "Int64",
    "cross_after": "Int64",
    "cross_change": "float64",
    "cross_low": "float64",
    "cross_high": "float64",
    "composition": "float64",
    "within": "float64",
    "same_sites": "float64",
    "other_sites": "float64",
    "direction": "str",
    "warning": "str",
}
"""Column -> dtype of a panel. `n` sites have a known, applicable state in both rounds. Changes are
after minus before, as differences of shares (0.1 = 10 percentage points). `low`, `high`: paired
interval of `change`; `p`: exact McNemar, two-sided. `cross_*`: all sites of each round, with an
interval that takes them for independent. `composition` and `within` add up to `cross_change`: the
part of districts having other shares of the visits, and that of shares changing in districts;
`same_sites` and `other_sites` do so too: the part of the panel, and that of all other sites. Null:
no data, or kept back, which `warning` then says. `warning` is null where there is nothing to say.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Round:
    """The sites with an applicable state of a round: one row a unit."""

    site: Array
    district: Array
    used: Array
    people: Array
    is_area_only: Array


def empty_panel() -> pd.DataFrame:
    """No row, with all columns of a panel."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in PANEL_COLUMNS.items()})


def panel(
    ledger: Ledger,
    *,
    practice: Practice,
    earlier: str,
    later: str,
    by: Literal["region", "district"] | None = None,
    settings: Settings | None = None,
    known: pd.DataFrame | None = None,
    region_name: str = "All sites",
) -> pd.DataFrame:
    """The change of one practice between two rounds, with the columns of `PANEL_COLUMNS`.

    One row for the region, or one a district (`by="district"`). Of a row without sites in a round
    the counts are 0 and shares null. Visits of which only an area is known are in no panel.
    Raises AdoptionError where a round does not exist or both are the same.
    """
    settings = settings or Settings()
    known = empty_known_sites() if known is None else known
    units = make_units(ledger, known, (practice,))
    labels = units.rounds[:-1]
    for label in (earlier, later):
        if label not in labels:
            raise AdoptionError(
                f"There is no round '{label}' to compare. Choose two of: {', '.join(labels)}."
            )
    if earlier == later:
        raise AdoptionError(f"Round '{earlier}' cannot be compared with itself. Choose another.")
    before = _of_round(units, labels.index(earlier))
    after = _of_round(units, labels.index(later))
    if by == "district":
        areas = units.districts
        inside = [(before.district == at, after.district == at) for at in range(len(areas))]
        met = [at for at, (one, other) in enumerate(inside) if one.any() or other.any()]
    else:
        areas = pd.DataFrame({"area_id": [None], "area": [region_name]})
        inside = [(np.ones(len(before.site), dtype=bool), np.ones(len(after.site), dtype=bool))]
        met = [0]
    changes = [_change(before, after, *inside[at], settings) for at in met]
    hidden = _hidden(changes, settings)
    rows = []
    for at, change, is_hidden in zip(met, changes, hidden, strict=True):
        told = {
            **_row(change, settings),
            **({} if by == "district" else _kitagawa(before, after)),
            "area": areas["area"].iloc[at],
            "area_id": areas["area_id"].iloc[at],
            "practice": practice.code,
            "earlier": earlier,
            "later": later,
            "direction": practice.direction,
        }
        told["warning"] = (
            f"Not shown, because fewer than {settings.least_people} people could be recognised."
            if is_hidden
            else warning_of(_told_change(told), settings)
        )
        rows.append(_keep_back(told) if is_hidden else told)
    return pd.DataFrame(rows, columns=list(PANEL_COLUMNS)).astype(PANEL_COLUMNS)


def _of_round(units: Units, at: int) -> _Round:
    pairs = units.pairs
    rows = (units.round[pairs.unit] == at) & (pairs.state < _NOT_APPLICABLE)
    unit = pairs.unit[rows]
    return _Round(
        site=units.site[unit],
        district=units.district[unit],
        used=pairs.state[rows] == _USED,
        people=(units.women + units.men)[unit],
        is_area_only=units.is_area_only[unit],
    )


def _change(
    before: _Round, after: _Round, here_before: Array, here_after: Array, settings: Settings
) -> dict[str, Any]:
    """Counts of one area: of the panel, of both rounds, and the people at their sites."""
    was = pd.Series(before.used[here_before], index=before.site[here_before])
    now = pd.Series(after.used[here_after], index=after.site[here_after])
    same = was.index.intersection(now.index)
    one, two = was.loc[same].astype(int), now.loc[same].astype(int)
    both, n = int((one * two).sum()), len(same)
    people = [
        float(frame.people[here].sum()) if here.any() else np.inf
        for frame, here in ((before, here_before), (after, here_after))
    ]
    in_panel = np.isin(after.site, same) & here_after
    people.append(float(after.people[in_panel].sum()) if in_panel.any() else np.inf)
    return {
        "both": both,
        "stopped": int(one.sum()) - both,
        "started": int(two.sum()) - both,
        "neither": n - int(one.sum()) - int(two.sum()) + both,
        "cross_before_used": int(was.sum()),
        "cross_before": len(was),
        "cross_after_used": int(now.sum()),
        "cross_after": len(now),
        "people": min(people, key=lambda value: np.inf if np.isnan(value) else value),
    }


def _hidden(changes: list[dict[str, Any]], settings: Settings) -> Array:
    """Which rows are kept back, alone or because another could be worked out from them."""
    people = np.array([change["people"] for change in changes], dtype="float64")
    sites = np.array([max(one["cross_before"], one["cross_after"]) for one in changes])
    least = settings.least_people
    alone = primary(people, sites, least_people=least)
    # infinite where a round has no site: nothing of it can be worked out
    line = [values[:, None] for values in (alone, people, sites)]
    return complementary(*line, least_people=least, axes=(0,))[:, 0]


def _row(change: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Shares, intervals and parts of one area from its counts."""
    both, stopped, started = change["both"], change["stopped"], change["started"]
    n = both + stopped + started + change["neither"]
    row = {name: value for name, value in change.items() if name in PANEL_COLUMNS}
    row |= {
        "n": n,
        "used_before": both + stopped,
        "used_after": both + started,
        "change": (started - stopped) / n if n else np.nan,
        "p": exact_mcnemar(stopped, started) if n else np.nan,
    }
    row["low"], row["high"] = paired_change(
        both, stopped, started, change["neither"], level=settings.level
    )
    earlier = (change["cross_before_used"], change["cross_before"])
    later = (change["cross_after_used"], change["cross_after"])
    row["cross_low"], row["cross_high"] = independent_change(earlier, later, level=settings.level)
    if not (earlier[1] and later[1]):
        return row
    row["cross_change"] = later[0] / later[1] - earlier[0] / earlier[1]
    weight = (n / earlier[1] + n / later[1]) / 2
    row["same_sites"] = weight * row["change"] if n else 0.0
    row["other_sites"] = row["cross_change"] - row["same_sites"]
    return row


def _kitagawa(before: _Round, after: _Round) -> dict[str, float]:
    """The cross-section's change in two parts, by district.

    A district without a site in one of the rounds has no share there; it is given that of the other
    round, so that all it does is composition.
    """
    if not (len(before.site) and len(after.site)):
        return {"composition": np.nan, "within": np.nan}
    many = int(max(before.district.max(), after.district.max())) + 1
    of = [np.bincount(one.district, minlength=many) for one in (before, after)]
    used = [np.bincount(one.district, weights=one.used, minlength=many) for one in (before, after)]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = [hits / n for hits, n in zip(used, of, strict=True)]
    was = np.nan_to_num(np.where(of[0] > 0, share[0], share[1]))
    now = np.nan_to_num(np.where(of[1] > 0, share[1], share[0]))
    weight_was, weight_now = of[0] / of[0].sum(), of[1] / of[1].sum()
    return {
        "composition": float(((weight_now - weight_was) * (was + now) / 2).sum()),
        "within": float(((now - was) * (weight_was + weight_now) / 2).sum()),
    }


def _told_change(row: dict[str, Any]) -> Change:
    names = Change.__dataclass_fields__
    return Change(**{name: row.get(name, np.nan) for name in names})


def _keep_back(row: dict[str, Any]) -> dict[str, Any]:
    """The row without a number."""
    kept = ("area", "area_id", "practice", "earlier", "later", "direction", "warning")
    return {name: row[name] for name in kept}
