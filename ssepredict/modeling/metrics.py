"""Metrics of predictions: pure functions of arrays, in the unit of the target as models see it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray

MINIMUM_DIFFERENCE = 0.15
"""Decades by which two values must differ to be put in an order."""


def mean_absolute_error(*, true: FloatArray, predicted: FloatArray) -> float:
    """Mean absolute error; NaN without rows.

    Examples
    --------
    >>> mean_absolute_error(true=np.array([0.0, 2.0]), predicted=np.array([1.0, 2.0]))
    0.5
    """
    return float(np.abs(true - predicted).mean()) if len(true) else float("nan")


def root_mean_squared_error(*, true: FloatArray, predicted: FloatArray) -> float:
    """Root of the mean squared error; NaN without rows."""
    return float(np.sqrt(((true - predicted) ** 2).mean())) if len(true) else float("nan")


def r_squared(*, true: FloatArray, predicted: FloatArray) -> float:
    """Share of the variance explained, at most 1; NaN when `true` does not vary."""
    spread = ((true - true.mean()) ** 2).sum() if len(true) else 0.0
    return float(1.0 - ((true - predicted) ** 2).sum() / spread) if spread > 0 else float("nan")


def spearman(*, true: FloatArray, predicted: FloatArray) -> float:
    """Rank correlation, -1 to 1; NaN when either side does not vary."""
    if len(true) < 3 or np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    ranks = [pd.Series(values).rank().to_numpy() for values in (true, predicted)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def pair_concordance(
    *,
    true: FloatArray,
    predicted: FloatArray,
    series: npt.ArrayLike,
    items: npt.ArrayLike | None = None,
    minimum_difference: float = MINIMUM_DIFFERENCE,
) -> tuple[float, int, int]:
    """Share of pairs within a series (one paper, one host) that are put in the right order.

    Pairs whose values differ by `minimum_difference` or less do not count; a tied prediction counts half.

    Parameters
    ----------
    true, predicted : ndarray, shape (n,)
    series : array_like, shape (n,)
        Pairs are formed inside a series.
    items : array_like, shape (n,), optional
        Two rows of the same item (the same composition, processed differently) form no pair.
    minimum_difference : float

    Returns
    -------
    concordance : float
        0 to 1, 0.5 by chance; NaN without pairs.
    pairs : int
    held : int
        Series that hold at least one pair.

    Examples
    --------
    >>> values = np.array([0.0, 1.0, 2.0])
    >>> pair_concordance(true=values, predicted=-values, series=["a", "a", "b"])
    (0.0, 1, 1)
    """
    table = _pairs_by_series(true, predicted, series, items, minimum_difference)
    right, count = table.sum(axis=0)
    return (float(right / count) if count else float("nan")), int(count), int((table[:, 1] > 0).sum())


def spearman_within(
    *, true: FloatArray, predicted: FloatArray, groups: npt.ArrayLike, minimum_rows: int = 5
) -> tuple[float, int]:
    """Mean rank correlation inside groups (hosts) that resemble one another.

    Medians of what is not left out are below 0: without its high rows a group's median is low.

    Parameters
    ----------
    true, predicted : ndarray, shape (n,)
    groups : array_like, shape (n,)
    minimum_rows : int
        Smaller groups do not count, nor do those in which the true values do not vary. A constant
        prediction orders nothing and counts 0.

    Returns
    -------
    correlation : float
        -1 to 1, 0 by chance; NaN without groups.
    held : int
        Groups that count.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 9.0])
    >>> spearman_within(true=values, predicted=-values, groups=["a", "a", "a", "b"], minimum_rows=3)
    (-1.0, 1)
    """
    labels = np.asarray(groups)
    found = []
    for label in np.unique(labels):
        rows = labels == label
        if rows.sum() >= minimum_rows and np.ptp(true[rows]) > 0:
            found.append(np.nan_to_num(spearman(true=true[rows], predicted=predicted[rows])))
    return (float(np.mean(found)) if found else float("nan")), len(found)


def enrichment(*, true: FloatArray, predicted: FloatArray, fraction: float = 0.1) -> float:
    """How much more often the truly highest values stand among the highest predictions than by chance.

    Both tops hold the same share of the rows. Where equal values straddle the edge of a top, each is in it
    in part, so that a constant prediction gives exactly 1.

    Parameters
    ----------
    true, predicted : ndarray, shape (n,)
        Higher is better; give negated values where lower is.
    fraction : float, default 0.1
        Share of the rows that is the top.

    Returns
    -------
    float
        0 to 1 / `fraction`, 1 by chance; NaN with fewer than 1 / `fraction` rows.

    References
    ----------
    J.-F. Truchon, C. I. Bayly, J. Chem. Inf. Model. 47 (2007) 488, doi 10.1021/ci600426e.

    Examples
    --------
    >>> values = np.arange(20.0)
    >>> enrichment(true=values, predicted=values), enrichment(true=values, predicted=np.ones(20))
    (10.0, 1.0)
    """
    count = len(true)
    if count * fraction < 1:
        return float("nan")
    size = round(count * fraction)
    return float((_share_in_top(true, size) @ _share_in_top(predicted, size)) * count / size**2)


def _share_in_top(values: FloatArray, size: int) -> FloatArray:
    edge = np.partition(values, -size)[-size]
    above, level = values > edge, values == edge
    return np.asarray(above + level * (size - above.sum()) / level.sum(), dtype=np.float64)


def concordance_interval(
    *,
    true: FloatArray,
    predicted: FloatArray,
    series: npt.ArrayLike,
    items: npt.ArrayLike | None = None,
    minimum_difference: float = MINIMUM_DIFFERENCE,
    seed: int = 0,
    draws: int = 2000,
    confidence: float = 0.9,
) -> tuple[float, float]:
    """Interval of `pair_concordance` by a bootstrap over series; NaN with fewer than two that hold pairs."""
    table = _pairs_by_series(true, predicted, series, items, minimum_difference)
    table = table[table[:, 1] > 0]
    if len(table) < 2:
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    drawn = table[generator.integers(0, len(table), size=(draws, len(table)))].sum(axis=1)
    shares = drawn[:, 0] / drawn[:, 1]
    tail = (1.0 - confidence) / 2.0
    return float(np.quantile(shares, tail)), float(np.quantile(shares, 1.0 - tail))


def _pairs_by_series(
    true: FloatArray,
    predicted: FloatArray,
    series: npt.ArrayLike,
    items: npt.ArrayLike | None,
    minimum_difference: float,
) -> FloatArray:
    """Pairs in the right order and pairs counted, one line per series, shape (s, 2)."""
    labels, lines = np.asarray(series), []
    names = np.arange(len(true)) if items is None else np.asarray(items)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        first, second = np.triu_indices(len(rows), 1)
        gap = true[rows[first]] - true[rows[second]]
        order = np.sign(predicted[rows[first]] - predicted[rows[second]]) * np.sign(gap)
        counted = (np.abs(gap) > minimum_difference) & (names[rows[first]] != names[rows[second]])
        lines.append([float(((order[counted] + 1.0) / 2.0).sum()), float(counted.sum())])
    return np.array(lines, dtype=np.float64).reshape(-1, 2)


def coverage(*, true: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Share of values inside their interval; NaN without rows."""
    return float(((true >= low) & (true <= high)).mean()) if len(true) else float("nan")


def mean_width(*, low: FloatArray, high: FloatArray) -> float:
    """Mean width of the intervals; NaN without rows."""
    return float((high - low).mean()) if len(low) else float("nan")


def paired_gain(
    *,
    better: FloatArray,
    worse: FloatArray,
    groups: npt.ArrayLike,
    seed: int = 0,
    draws: int = 2000,
    confidence: float = 0.9,
) -> tuple[float, float, float]:
    """How much lower one model's absolute errors are than another's, by a bootstrap over groups.

    Whole groups (papers) are drawn, because the rows of a paper err together.

    Parameters
    ----------
    better, worse : ndarray, shape (n,)
        Absolute errors on the same rows.
    groups : array_like, shape (n,)
    seed, draws : int
    confidence : float

    Returns
    -------
    gain, low, high : float
        Mean of `worse` minus `better` and its interval; a gain is real when `low` is above 0.
    """
    difference = pd.Series(worse - better)
    table = difference.groupby(np.asarray(groups)).agg(["sum", "size"]).to_numpy(dtype=np.float64)
    generator = np.random.default_rng(seed)
    drawn = table[generator.integers(0, len(table), size=(draws, len(table)))].sum(axis=1)
    means = drawn[:, 0] / drawn[:, 1]
    tail = (1.0 - confidence) / 2.0
    return float(difference.mean()), float(np.quantile(means, tail)), float(np.quantile(means, 1.0 - tail))


POINT_METRICS: dict[str, Callable[..., float]] = {
    "mae": mean_absolute_error,
    "rmse": root_mean_squared_error,
    "r2": r_squared,
    "spearman": spearman,
}
"""Metrics of a point prediction by name; each takes `true` and `predicted`."""
