"""One plain sentence on what a change between two rounds does not say."""

from dataclasses import dataclass

from geo.adoption.practice import Settings


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a warning looks at; names and units as in the columns of a panel."""

    earlier: str
    later: str
    n: int
    used_before: int
    used_after: int
    change: float
    low: float
    high: float
    cross_before_used: int
    cross_before: int
    cross_after_used: int
    cross_after: int
    cross_change: float
    cross_low: float
    cross_high: float
    same_sites: float
    other_sites: float


def warning_of(one: Change, settings: Settings) -> str | None:
    """The sentence, None where the panel and the cross-section tell the same."""
    for label, sites in ((one.earlier, one.cross_before), (one.later, one.cross_after)):
        if not sites:
            return f"In round {label} the state is known at no site, so nothing can be compared."
    everywhere = (
        f"All visited sites went from {_count(one.cross_before_used, one.cross_before)} to "
        f"{_count(one.cross_after_used, one.cross_after)}"
    )
    if not one.n:
        return (
            f"{everywhere}, but no site was visited in both rounds: the difference can come from "
            "visiting other sites alone."
        )
    same = (
        f"the {one.n} sites visited in both went from {_count(one.used_before, one.n)} to "
        f"{_count(one.used_after, one.n)}"
        if one.n > 1
        else "only one site was visited in both"
    )
    if one.n < settings.least_panel:
        return (
            f"{everywhere}, but {same}, which is too few to tell a change from visiting other "
            "sites."
        )
    return _of_two(one, everywhere, same)


def _of_two(one: Change, everywhere: str, same: str) -> str | None:
    """Where a panel that is large enough and the cross-section part ways."""
    moved, moved_same = _is_clear(one.cross_low, one.cross_high), _is_clear(one.low, one.high)
    if moved and not moved_same:
        return (
            f"{everywhere}, but {same}, which is no clear change: the difference comes mostly from "
            "visiting other sites."
        )
    if moved and one.change * one.cross_change < 0:
        return (
            f"{everywhere}, but {same}, the other way: the difference comes from visiting other "
            "sites."
        )
    if moved and abs(one.other_sites) > abs(one.same_sites):
        return (
            f"{everywhere}, and {same}: more than half of the difference comes from visiting other "
            "sites."
        )
    if moved_same and not moved:
        return f"{same[0].upper()}{same[1:]}; all visited sites together do not show it."
    return None


def _is_clear(low: float, high: float) -> bool:
    """Whether an interval of a change holds only one sign; NaN does not."""
    return low > 0 or high < 0


def _count(used: int, of: int) -> str:
    return f"{used:,} of {of:,}"
