"""Intervals of shares and of changes of shares. Shares are 0 to 1, arrays in and out.

Wilson (1927) as `statsmodels` gives it; a census of a finite number of sites by its effective
sample size; the difference of two independent shares by Newcombe (1998a, "Interval estimation for
the difference between independent proportions", Statistics in Medicine 17, 873-890, method 10), as
`statsmodels` gives it; that of two shares of the same sites by Newcombe (1998b, "Improved
confidence intervals for the difference between binomial proportions based on paired data",
Statistics in Medicine 17, 2635-2650, method 10), which its release does not have yet.
"""

from typing import Any

import numpy as np

from geo.measure import Array


def effective_size(of: Array, population: Array) -> Array:
    """How many sites of an endless number would say as much as n of N sites: (n - 1)/(1 - n/N).

    That is the effective sample size p(1 - p)/var(p) of Korn & Graubard (1998, Survey Methodology
    24, 193-201) with the usual variance of a simple random sample without replacement. It is never
    taken below n, and is infinite where all N were seen. `population` NaN: no end is known, n
    stays. A population below n is taken as n.
    """
    n = np.asarray(of, dtype="float64")
    whole = np.fmax(np.asarray(population, dtype="float64"), n)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = (n - 1) / (1 - n / whole)
    size = np.where(whole <= n, np.inf, np.maximum(size, n))
    return np.where(np.isnan(np.asarray(population, dtype="float64")), n, size)


def wilson(
    used: Array, of: Array, *, level: float, population: Array | None = None
) -> tuple[Array, Array]:
    """Low and high end of the Wilson interval of `used` / `of`; NaN where `of` is 0.

    With `population`, the number of sites there are, the interval is that of a finite population
    (see `effective_size`): nothing is uncertain of sites that were all seen.
    """
    # imported late: it brings half of statsmodels, which takes a second
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415

    hits, n = np.asarray(used, dtype="float64"), np.asarray(of, dtype="float64")
    known = n > 0
    share = np.divide(hits, n, out=np.full(n.shape, np.nan), where=known)
    size = n if population is None else effective_size(n, population)
    some = known & np.isfinite(size)
    # all seen: the share is what it is
    low, high = share.copy(), share.copy()
    if some.any():
        ends = proportion_confint(
            share[some] * size[some], size[some], alpha=1 - level, method="wilson"
        )
        # rounding must not put the share outside of its own interval, nor an end outside of 0 to 1
        low[some] = np.clip(np.minimum(ends[0], share[some]), 0, 1)
        high[some] = np.clip(np.maximum(ends[1], share[some]), 0, 1)
    return low, high


def independent_change(
    before: tuple[int, int], after: tuple[int, int], *, level: float
) -> tuple[float, float]:
    """The interval of share after minus share before, each (used, of), of different sites.

    Newcombe's method 10. Where sites were seen both times it is too wide or, rarely, too narrow:
    it takes the two for independent. (NaN, NaN) where one of them has no site.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep  # noqa: PLC0415

    if not before[1] or not after[1]:
        return float("nan"), float("nan")
    low, high = confint_proportions_2indep(
        after[0], after[1], before[0], before[1], method="newcomb", compare="diff", alpha=1 - level
    )
    return float(low), float(high)


def paired_change(
    both: int, stopped: int, started: int, neither: int, *, level: float
) -> tuple[float, float]:
    """The interval of share after minus share before of the same sites (Newcombe 1998b, method 10).

    The four are numbers of sites: used both times, only before, only after, neither time. With the
    paper's continuity correction of the correlation. (NaN, NaN) of no site.
    """
    n = both + stopped + started + neither
    if not n:
        return float("nan"), float("nan")
    after, before = both + started, both + stopped
    (low_after, low_before), (high_after, high_before) = wilson(
        np.array([after, before]), np.array([n, n]), level=level
    )
    product = float(both * neither - stopped * started)
    if product > 0:
        # the correction of the paper: towards 0 by n/2, never beyond it
        product = max(product - n / 2, 0.0)
    margins = float(after) * (n - after) * before * (n - before)
    phi = product / margins**0.5 if margins else 0.0
    p_after, p_before = after / n, before / n
    down, up = p_after - low_after, high_after - p_after
    down_before, up_before = p_before - low_before, high_before - p_before
    change = p_after - p_before
    below = max(down**2 - 2 * phi * down * up_before + up_before**2, 0.0) ** 0.5
    above = max(up**2 - 2 * phi * up * down_before + down_before**2, 0.0) ** 0.5
    return max(change - below, -1.0), min(change + above, 1.0)


def exact_mcnemar(stopped: int, started: int) -> float:
    """The two-sided exact p of McNemar's test that as many sites start as stop; 1 if none did."""
    from statsmodels.stats.contingency_tables import mcnemar  # noqa: PLC0415

    if stopped + started == 0:
        return 1.0
    table: list[list[Any]] = [[0, stopped], [started, 0]]
    return float(min(mcnemar(table, exact=True).pvalue, 1.0))
