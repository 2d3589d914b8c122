"""The joint step: from draws of what a pool of candidates will measure to a batch that pays as a whole.

References
----------
D. Ginsbourger, R. Le Riche, L. Carraro, in Computational Intelligence in Expensive Optimization Problems
(2010) 131, doi 10.1007/978-3-642-10701-6_6 (expected improvement of a batch). W. R. Thompson, Biometrika 25
(1933) 285, doi 10.1093/biomet/25.3-4.285.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray

Strategy = Literal["expected_improvement", "thompson"]
STRATEGIES: tuple[Strategy, ...] = ("expected_improvement", "thompson")

DRAWS = 2048
_JITTER = 1e-8
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Batch:
    """Chosen candidates, in the order in which they were chosen.

    Parameters
    ----------
    rows : ndarray of int, shape (k,)
        Rows of the pool.
    gain : ndarray, shape (k,)
        What each adds to the expected improvement of those before it (decades).
    diversity : ndarray, shape (k,)
        1 minus the largest similarity to those before it; 1 for the first.
    """

    rows: npt.NDArray[np.intp]
    gain: FloatArray
    diversity: FloatArray


def joint_draws(mean: FloatArray, covariance: FloatArray, seed: int, draws: int = DRAWS) -> FloatArray:
    """Draw jointly normal values, each draw with its mirror image, so that the mean is exact.

    Parameters
    ----------
    mean : ndarray, shape (n,)
    covariance : ndarray, shape (n, n)
    seed : int
    draws : int
        Rounded down to an even number.

    Returns
    -------
    ndarray, shape (draws, n)

    Examples
    --------
    >>> drawn = joint_draws(np.array([1.0, 2.0]), np.eye(2), seed=0, draws=8)
    >>> drawn.mean(axis=0).round(9).tolist()
    [1.0, 2.0]
    """
    lower = np.linalg.cholesky(covariance + _JITTER * np.eye(len(mean)))
    normal = np.random.default_rng(seed).standard_normal((draws // 2, len(mean)))
    half = normal @ lower.T
    return np.asarray(np.vstack([mean + half, mean - half]), dtype=np.float64)


def choose_by_improvement(
    values: FloatArray,
    best: float,
    batch: int,
    *,
    worth: FloatArray,
    similarity: FloatArray,
    diversity: float,
    reserve: FloatArray,
) -> Batch:
    """Choose greedily by what each candidate adds to the expected improvement of the batch.

    All candidates are judged on the same draws, so what two of them share counts once.

    Parameters
    ----------
    values : ndarray, shape (s, n)
        Draws of what would be measured (as models see it, the higher the better).
    best : float
        Value to beat.
    batch : int
    worth : ndarray, shape (n,)
        Factor on the gain: probability of meeting everything else, penalties.
    similarity : ndarray, shape (n, n)
        Between 0 and 1.
    diversity : float
        Weight of the diversity, 0 to 1: the gain is lowered by this share of the similarity.
    reserve : ndarray, shape (n,)
        Decides where no draw promises a gain, the highest first.

    Returns
    -------
    Batch

    Examples
    --------
    >>> values = np.array([[1.0, 1.0, 0.0], [-1.0, -1.0, 0.5]])
    >>> free = {"worth": np.ones(3), "similarity": np.eye(3), "diversity": 0.0, "reserve": np.zeros(3)}
    >>> choose_by_improvement(values, 0.0, 2, **free).rows.tolist()
    [0, 2]
    """
    chosen = _Chosen(values, best, similarity)
    for _ in range(min(batch, values.shape[1])):
        gain = np.maximum(values - chosen.reached[:, None], 0.0).mean(axis=0)
        score = gain * worth * (1.0 - diversity * chosen.near)
        row = _first(score, reserve, chosen.rows)
        chosen.add(row, float(gain[row]))
    return chosen.to_batch()


def choose_by_thompson(
    functions: FloatArray,
    values: FloatArray,
    best: float,
    batch: int,
    *,
    worth: FloatArray,
    similarity: FloatArray,
    diversity: float,
) -> Batch:
    """Choose what is best in one draw each of what the compositions can do.

    Parameters
    ----------
    functions : ndarray, shape (s, n)
        Draws without the noise of a sample, s at least `batch`.
    values, best, batch, worth, similarity, diversity
        As in `choose_by_improvement`; the worth and the diversity lower the conductivity itself.

    Returns
    -------
    Batch
    """
    chosen = _Chosen(values, best, similarity)
    for drawn in functions[: min(batch, values.shape[1])]:
        score = drawn + np.log10(np.maximum(worth * (1.0 - diversity * chosen.near), _LEAST))
        row = _first(score, score, chosen.rows)
        chosen.add(row, float(np.maximum(values[:, row] - chosen.reached, 0.0).mean()))
    return chosen.to_batch()


class _Chosen:
    """A batch as it grows: what it has reached in each draw, and how near the pool lies to it."""

    def __init__(self, values: FloatArray, best: float, similarity: FloatArray) -> None:
        self.values, self.similarity = values, similarity
        self.reached: FloatArray = np.full(len(values), best)
        self.near: FloatArray = np.zeros(values.shape[1])
        self.rows: list[int] = []
        self.gains: list[float] = []
        self.apart: list[float] = []

    def add(self, row: int, gain: float) -> None:
        self.rows.append(row)
        self.gains.append(gain)
        self.apart.append(1.0 - float(self.near[row]))
        self.reached = np.maximum(self.reached, self.values[:, row])
        self.near = np.maximum(self.near, self.similarity[row])

    def to_batch(self) -> Batch:
        return Batch(np.array(self.rows, dtype=np.intp), np.array(self.gains), np.array(self.apart))


def _first(score: FloatArray, reserve: FloatArray, taken: list[int]) -> int:
    """Highest score, then reserve, then lowest row, of those not taken."""
    free = np.setdiff1d(np.arange(len(score)), np.array(taken, dtype=np.intp), assume_unique=True)
    return int(free[np.lexsort((free, -reserve[free], -score[free]))[0]])
