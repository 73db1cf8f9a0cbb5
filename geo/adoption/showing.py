"""As what a number is shown: a rate, a rate with a flag, counts, nothing, or kept back."""

from dataclasses import dataclass

import numpy as np

from geo.adoption.counts import Counts
from geo.adoption.frames import (
    CENSUS,
    CONVENIENCE,
    NOT_STATED,
    RANDOM_SAMPLE,
    SELECTIONS,
)
from geo.adoption.practice import Settings
from geo.adoption.suppression import complementary, primary
from geo.measure import Array

RATE, SMALL_SAMPLE, COUNTS, SUPPRESSED, NO_DATA = (
    "rate",
    "rate, small sample",
    "counts",
    "suppressed",
    "no data",
)
SHOWN_AS = (RATE, SMALL_SAMPLE, COUNTS, SUPPRESSED, NO_DATA)

WEAKEST_FIRST = (CONVENIENCE, NOT_STATED, RANDOM_SAMPLE, CENSUS)
"""Of sites that were chosen in several ways, the weakest way counts for all of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Showing:
    """What may be shown of each (area, round, practice).

    `selection` is how the sites that count were chosen, None where there is none; `weakest` how
    many of them were chosen in that way. `is_secondary`: kept back only because
    another cell could be worked out from it.
    """

    shown_as: Array
    applicable: Array
    selection: Array
    weakest: Array
    is_census: Array
    is_rated: Array
    is_secondary: Array


def decide(counts: Counts, settings: Settings) -> Showing:
    """As what each number is shown, by the settings."""
    n = counts.selections.sum(axis=-1)
    shape = n.shape
    selection, weakest = np.full(shape, None, dtype=object), np.zeros(shape, dtype="int64")
    for name in reversed(WEAKEST_FIRST):
        number = counts.selections[..., SELECTIONS.index(name)]
        selection[number > 0] = name
        weakest = np.where(number > 0, number, weakest)
    with np.errstate(divide="ignore", invalid="ignore"):
        reached, on_list = n / counts.population, counts.listed / counts.population
    stated, unlisted = selection == CENSUS, np.isnan(counts.population)
    # comparisons with NaN, where no list is known, are False
    is_census = (n > 0) & (
        (on_list >= settings.census_share) | (stated & (reached >= settings.least_census))
    )
    # a stated census that no list can be held against is at least no worse than a random sample
    is_random = (selection == RANDOM_SAMPLE) | (stated & unlisted)
    is_flagged = n < settings.least_sure
    shown_as = np.select(
        [
            n == 0,
            is_census & is_flagged,
            is_census,
            is_random & (n < settings.least_rate),
            is_random & is_flagged,
            is_random,
        ],
        [NO_DATA, SMALL_SAMPLE, RATE, COUNTS, SMALL_SAMPLE, RATE],
        COUNTS,
    ).astype(object)
    alone = primary(counts.people, n, least_people=settings.least_people)
    hidden = complementary(alone, counts.people, n, least_people=settings.least_people, axes=(0, 1))
    shown_as[hidden] = SUPPRESSED
    return Showing(
        shown_as=shown_as,
        applicable=n,
        selection=selection,
        weakest=weakest,
        is_census=is_census,
        is_rated=(shown_as == RATE) | (shown_as == SMALL_SAMPLE),
        is_secondary=hidden & ~alone,
    )
