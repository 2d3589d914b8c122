"""Where a composition stands among many: percentiles, enrichment, and how sure they are. Pure functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray

DRAWS = 1000
"""Draws of a bootstrap."""

FEWEST_GROUPS = 3
"""Groups below which a bootstrap over groups says nothing: it would only repeat the two that it has."""


def percentiles(values: npt.ArrayLike, pool: FloatArray) -> FloatArray:
    """Share of a pool that lies below each value (%), what is equal counted half.

    Parameters
    ----------
    values : array_like, shape (n,)
        Higher is better.
    pool : ndarray, shape (p,)

    Returns
    -------
    ndarray, shape (n,)
        0 to 100, 50 by chance; NaN where a value is NaN or the pool is empty.

    Examples
    --------
    >>> percentiles([9.0, 2.0, 0.0], np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [100.0, 37.5, 0.0]
    """
    given = np.asarray(values, dtype=np.float64)
    if not len(pool):
        return np.full(given.shape, np.nan)
    ordered = np.sort(pool)
    below, not_above = (np.searchsorted(ordered, given, side=side) for side in ("left", "right"))
    return np.where(np.isnan(given), np.nan, 50.0 * (below + not_above) / len(pool))


def top_enrichment(found: FloatArray, share: float) -> float:
    """How much more often compositions stand in the top share of a ranking than by chance.

    Parameters
    ----------
    found : ndarray, shape (n,)
        Percentiles; NaN does not count.
    share : float
        The top, above 0 and below 1, e.g. 0.05.

    Returns
    -------
    float
        0 to 1 / `share`, 1 by chance; NaN without compositions.

    Examples
    --------
    >>> top_enrichment(np.array([99.5, 96.0, 40.0, 10.0]), 0.05)
    10.0
    """
    known = found[np.isfinite(found)]
    return float(np.mean(known > 100.0 * (1.0 - share)) / share) if len(known) else float("nan")


def sampling_error(sampled: int, size: int) -> float:
    """Largest standard error (points) of a percentile taken from a sample without replacement.

    Parameters
    ----------
    sampled, size : int
        Candidates in the sample and in the space.

    Examples
    --------
    >>> round(sampling_error(20_000, 10**9), 3), sampling_error(500, 500)
    (0.354, 0.0)
    """
    if sampled >= size:
        return 0.0
    return float(50.0 / np.sqrt(sampled) * np.sqrt((size - sampled) / (size - 1)))


def grouped_interval(
    statistic: Callable[[npt.NDArray[np.intp]], float],
    groups: npt.ArrayLike,
    *,
    seed: int = 0,
    draws: int = DRAWS,
    confidence: float = 0.9,
) -> tuple[float, float]:
    """Interval of a statistic by a bootstrap over groups: whole papers are drawn.

    Parameters
    ----------
    statistic : callable
        From row numbers, repeated as drawn, to a number; NaN where it is not defined.
    groups : array_like, shape (n,)
        The paper of each row.
    seed, draws : int
    confidence : float

    Returns
    -------
    low, high : float
        NaN with fewer than `FEWEST_GROUPS`, or when fewer than half of the draws define the statistic.

    Examples
    --------
    >>> values = np.array([1.0, 1.0, 1.0, 3.0])
    >>> grouped_interval(lambda rows: float(values[rows].max()), ["a", "a", "b", "c"])
    (1.0, 3.0)
    """
    codes = np.unique(np.asarray(groups), return_inverse=True)[1].ravel()
    count = int(codes.max()) + 1 if len(codes) else 0
    if count < FEWEST_GROUPS:
        return float("nan"), float("nan")
    rows = [np.flatnonzero(codes == code) for code in range(count)]
    drawn = np.random.default_rng(seed).integers(0, count, size=(draws, count))
    found = np.array([statistic(np.concatenate([rows[code] for code in line])) for line in drawn.tolist()])
    known = found[np.isfinite(found)]
    if len(known) < draws / 2:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2.0
    return float(np.quantile(known, tail)), float(np.quantile(known, 1.0 - tail))
