"""Finds figures that repeat one another: same work, composition, quantity and value, nothing against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

SAME = ("work_id", "composition_key", "composite", "quantity", "value", "bound")
"""What two readings of one figure share."""

NOT_CONFLICTING = (
    "temperature_c",
    "contribution",
    "phase_range",
    "synthesis",
    "sinter_temperature_c",
    "sinter_time_h",
    "relative_density_pct",
    "phase",
    "negative_electrode",
    "positive_electrode",
    "interface",
    "current_density_ma_cm2",
    "c_rate",
    "cycles",
    "stack_pressure_mpa",
)
"""What may differ only in that one reading leaves it open."""

_OPEN = frozenset({"", "unspecified", "nan"})


def first_readings(figures: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return, for every figure, the position of the first figure that it repeats; its own where it is new.

    Numbers are compared to ten significant digits; an empty cell and ``unspecified`` contradict nothing. A
    figure is compared with those that repeat nothing themselves: a bulk figure does not repeat an unspecified
    one that repeats a total one.

    Parameters
    ----------
    figures : DataFrame
        n rows with the columns of `SAME`; those of `NOT_CONFLICTING` may be missing.

    Returns
    -------
    ndarray of int, shape (n,)

    Examples
    --------
    >>> rows = pd.DataFrame({name: ["a", "a", "a"] for name in SAME} | {"temperature_c": [25.0, 60.0, None]})
    >>> first_readings(rows).tolist()
    [0, 1, 0]
    """
    first = np.arange(len(figures))
    left = first
    while len(left):
        found = left[_earliest(figures.iloc[left])]
        repeats = found < left
        # What repeats a figure that repeats nothing is settled; the others are compared again without it.
        settled = repeats & ~np.isin(found, left[repeats])
        if not settled.any():
            break
        first[left[settled]] = found[settled]
        left = left[~settled]
    return first


def _earliest(figures: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Position of the first figure that agrees with each, shape (n,)."""
    index = np.arange(len(figures))
    same = figures[list(SAME)].apply(_comparable)
    key = same.groupby(list(SAME), sort=False, dropna=False).ngroup().to_numpy()
    repeated = np.flatnonzero(np.bincount(key, minlength=1)[key] > 1) if len(key) else index
    first = index.copy()
    if not len(repeated):
        return first
    few = figures.iloc[repeated]
    codes = {"key": key[repeated]}
    for name in NOT_CONFLICTING:
        if name in few:
            texts = _comparable(few[name])
            stated = ~texts.isin(_OPEN)
            codes[name] = np.where(stated, pd.factorize(texts)[0] + 1, 0)
    frame = pd.DataFrame(codes)
    names = [name for name in frame.columns if name != "key"]
    # Rows that state the same columns form a pattern; two patterns are compared on what both state.
    stated_columns = frame[names].to_numpy() > 0
    patterns, pattern = np.unique(stated_columns, axis=0, return_inverse=True)
    pattern = pattern.ravel()
    own = index[repeated]
    best = own.copy()
    for one in range(len(patterns)):
        for other in range(len(patterns)):
            rows = np.flatnonzero((pattern == one) | (pattern == other))
            common = [name for name, both in zip(names, patterns[one] & patterns[other], strict=True) if both]
            part = frame.iloc[rows]
            group = part.groupby(["key", *common], sort=False).ngroup().to_numpy()
            candidates = np.where(pattern[rows] == other, own[rows], len(figures))
            earliest = np.full(group.max() + 1, len(figures))
            np.minimum.at(earliest, group, candidates)
            mine = pattern[rows] == one
            best[rows[mine]] = np.minimum(best[rows[mine]], earliest[group[mine]])
    first[repeated] = best
    return first


def _comparable(values: pd.Series[Any]) -> pd.Series[str]:
    if values.dtype.kind == "f":
        distinct = {value: f"{value:.10g}" for value in values.unique()}
        return values.map(distinct).fillna("nan")
    return values.astype(str)
