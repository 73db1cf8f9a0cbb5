"""Practices and settings as values: what is followed, which way is better, where it applies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from geo.errors import AdoptionError

Direction = Literal["stop", "adopt"]
DIRECTIONS: tuple[Direction, ...] = ("stop", "adopt")


@dataclass(frozen=True, kw_only=True)
class Practice:
    """One practice. `stop`: lower is better. `applies` is the flag that must be true; "" = always.

    `excluded_by` are the groups of operations that cannot have it: what they do is known, and the
    flag is not among it. A flag that can only be seen at the site excludes no operation.
    `intensity` is what is asked for as a number where it is used, with its unit; `tells` the flag
    of a visit that its state answers by itself. `*_fr` are the same words in French.
    """

    code: str
    title: str
    direction: Direction
    applies: str
    maps_to: str | None = None
    note: str | None = None
    status: str = "ours"
    excluded_by: tuple[str, ...] = ()
    title_fr: str | None = None
    intensity: str | None = None
    intensity_fr: str | None = None
    tells: str | None = None

    @property
    def is_better_low(self) -> bool:
        """Whether fewer sites using it is the aim."""
        return self.direction == "stop"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A group of operation types and the flags that are true of each of them."""

    group: str
    types: tuple[str, ...]
    does: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """When a rate is shown, and how, as data/adoption.toml states it. Shares are 0 to 1.

    `census_share`: share of the known sites from which a visit to them is a census. `least_census`:
    a stated census that reached a smaller share is none. `least_rate`: fewest sites of a random
    sample for a rate; `least_sure`: fewest for a rate without a flag. `least_people`: fewer people
    than this could be identified. `least_panel`: fewest sites visited twice for a change to be
    called one. `on_track_days`: how old the latest visit may be to judge progress by it.
    """

    level: float = 0.95
    census_share: float = 0.8
    least_census: float = 0.5
    least_rate: int = 25
    least_sure: int = 50
    least_people: int = 5
    least_panel: int = 10
    on_track_days: int = 730


def applies(practice: Practice, operations: Iterable[str], flags: Iterable[str]) -> bool | None:
    """Whether a practice applies at a site; None where it cannot be told.

    `operations` are its groups of operations (empty: not recorded), `flags` what was seen there to
    be true (any of the practice's flag makes it apply, whatever the operations say).
    """
    if not practice.applies or practice.applies in set(flags):
        return True
    groups = set(operations)
    if not groups:
        return None
    if groups <= set(practice.excluded_by):
        return False
    # some flags follow from operations (excluded_by is not empty then), others are only seen
    return True if practice.excluded_by else None


def one_practice(code: str, practices: Sequence[Practice]) -> Practice:
    """The practice of that code; an unknown code is refused with the codes there are."""
    for practice in practices:
        if practice.code == code:
            return practice
    raise AdoptionError(
        f"There is no practice '{code}'. Choose one of: "
        f"{', '.join(practice.code for practice in practices)}."
    )


@dataclass(frozen=True, kw_only=True)
class PracticeList:
    """All of data/practices.toml."""

    practices: tuple[Practice, ...]
    operations: tuple[Operation, ...]
    states: tuple[str, ...]
    evidence: tuple[str, ...]
    flags: tuple[str, ...]
    status: str = field(default="ours")
