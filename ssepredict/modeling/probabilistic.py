"""Metrics of predictive distributions: pure functions of arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray


def crps_of_sample(
    *, true: FloatArray, center: FloatArray, scale: FloatArray, residuals: FloatArray
) -> FloatArray:
    """Continuous ranked probability score where the distribution is a scaled sample of residuals.

    Row i has the distribution of `center[i] + scale[i] * r`, r drawn from `residuals`. The score is in the
    unit of the target; for a distribution that is one point it is the absolute error.

    Parameters
    ----------
    true, center, scale : ndarray, shape (n,)
    residuals : ndarray, shape (m,)
        Sorted normalised residuals, m at least 1.

    Returns
    -------
    ndarray, shape (n,)
        Mean of ``|x - y|`` minus half the mean of ``|x - x'|``; 0 is best.

    References
    ----------
    T. Gneiting, A. E. Raftery, J. Am. Stat. Assoc. 102 (2007) 359, eq. 21,
    doi 10.1198/016214506000001437.

    Examples
    --------
    >>> one = np.ones(1)
    >>> crps_of_sample(true=3 * one, center=one, scale=one, residuals=np.zeros(4)).tolist()
    [2.0]
    """
    count = len(residuals)
    place = (true - center) / scale
    below = np.searchsorted(residuals, place)
    sums = np.concatenate([[0.0], np.cumsum(residuals)])
    distance = (place * (2 * below - count) + sums[-1] - 2 * sums[below]) / count
    spread = ((2 * np.arange(1, count + 1) - count - 1) @ residuals) / count**2
    return np.asarray(scale * (distance - spread), dtype=np.float64)


def brier(*, happened: npt.NDArray[np.bool_], probability: FloatArray) -> float:
    """Mean squared difference between a probability and what happened, 0 to 1; NaN without rows.

    References
    ----------
    G. W. Brier, Mon. Weather Rev. 78 (1950) 1, doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    Examples
    --------
    >>> brier(happened=np.array([True, False]), probability=np.array([1.0, 0.5]))
    0.125
    """
    return float(((probability - happened) ** 2).mean()) if len(happened) else float("nan")


def reliability(*, happened: npt.NDArray[np.bool_], probability: FloatArray, bins: int = 10) -> pd.DataFrame:
    """How often something happened where it was given a probability.

    Parameters
    ----------
    happened : ndarray of bool, shape (n,)
    probability : ndarray, shape (n,)
        0 to 1.
    bins : int, default 10
        Of equal width.

    Returns
    -------
    DataFrame
        `low`, `high` (edges), `rows`, `predicted` (mean probability) and `observed` (share that happened)
        of every bin that holds rows.

    Examples
    --------
    >>> found = reliability(happened=np.array([True, False]), probability=np.array([0.9, 0.9]), bins=2)
    >>> found[["rows", "observed"]].to_dict("records")
    [{'rows': 2, 'observed': 0.5}]
    """
    number = np.minimum((probability * bins).astype(np.int64), bins - 1)
    rows = pd.DataFrame({"bin": number, "predicted": probability, "observed": happened.astype(np.float64)})
    found = rows.groupby("bin").agg(
        rows=("predicted", "size"), predicted=("predicted", "mean"), observed=("observed", "mean")
    )
    low = found.index.to_numpy() / bins
    found.insert(0, "low", low)
    found.insert(1, "high", low + 1 / bins)
    return found.reset_index(drop=True)
