"""Variety in a list: at most so many candidates per choice of dopants, or a trade of score for novelty.

The first is exact over a whole space although no more candidates are kept than are listed. "The best k with
at most n per key" is the heaviest independent set of a truncated partition matroid, which a greedy choice
finds: what the choice within a part leaves out, the choice within any larger part leaves out too. Merging is
therefore associative and commutative.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.inference.spaces.enumeration import IntArray


def dopant_keys(dopants: npt.ArrayLike, part: npt.ArrayLike | None = None) -> IntArray:
    """Keys that are equal for candidates with the same dopants, in whatever order and amounts.

    Parameters
    ----------
    dopants : array_like of int, shape (n, k)
        `CandidateBatch.dopants`: numbers of the ions, -1 where there is none.
    part : array_like of int, shape (n,), optional
        Number of the host, where a space has several and candidates of different hosts never compete.

    Returns
    -------
    ndarray of int, shape (n, k) or (n, k + 1)

    Examples
    --------
    >>> dopant_keys([[3, 1], [1, 3], [1, -1]]).tolist()
    [[1, 3], [1, 3], [-1, 1]]
    """
    keys = np.sort(np.asarray(dopants, dtype=np.int64), axis=1)
    return keys if part is None else np.column_stack([np.asarray(part, dtype=np.int64), keys])


def best_rows(
    indices: npt.ArrayLike,
    scores: npt.ArrayLike,
    top: int,
    keys: IntArray | None = None,
    per_key: int | None = None,
) -> npt.NDArray[np.intp]:
    """Rows of the best candidates, the best first: the higher score, then the lower position.

    Parameters
    ----------
    indices : array_like of int, shape (n,)
        Positions in the space.
    scores : array_like, shape (n,)
    top : int
    keys : ndarray of int, shape (n, k), optional
    per_key : int, optional
        At most so many rows with the same key; without it keys do not matter.

    Returns
    -------
    ndarray of int, at most `top`

    Examples
    --------
    >>> best_rows([5, 6, 7], [0.9, 0.8, 0.7], 2, np.array([[1], [1], [2]]), per_key=1)
    array([0, 2])
    """
    order = np.lexsort((np.asarray(indices), -np.asarray(scores)))
    if keys is None or per_key is None or not len(order):
        return order[:top]
    return order[_place_in_group(keys[order]) < per_key][:top]


def marginal_relevance(
    scores: npt.ArrayLike, vectors: npt.ArrayLike, count: int, relevance: float
) -> npt.NDArray[np.intp]:
    """Choose rows that are good and unlike each other: maximal marginal relevance.

    Each step takes the row with the largest ``relevance * score - (1 - relevance) * similarity``, where the
    similarity is the largest cosine to a row taken before, below 0 counted as 0. Ties go to the earlier row,
    so rows are given the best first. It is a choice among the rows given, not among a whole space: no part of
    a space can tell alone which of its rows the others leave novel.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Between 0 and 1.
    vectors : array_like, shape (n, m)
        What makes rows alike, e.g. composition minus the host's.
    count : int
        Rows to take.
    relevance : float
        From 0 (novelty alone, after the first) to 1 (scores alone).

    Returns
    -------
    ndarray of int, at most `count`
        Rows in the order in which they were taken.

    Raises
    ------
    ValueError
        When relevance is outside 0 to 1.

    References
    ----------
    J. Carbonell, J. Goldstein, Proc. SIGIR 1998, 335, doi 10.1145/290941.291025.

    Examples
    --------
    >>> marginal_relevance([0.9, 0.8, 0.7], [[1, 0], [1, 0], [0, 1]], 2, relevance=0.5)
    array([0, 2])
    """
    if not 0.0 <= relevance <= 1.0:
        raise ValueError(f"relevance is {relevance}; expected a number from 0 to 1")
    gain = relevance * np.asarray(scores, dtype=np.float64)
    units = _units(np.asarray(vectors, dtype=np.float64))
    similarity = np.zeros(len(gain))
    free = np.ones(len(gain), dtype=bool)
    taken: list[int] = []
    for _ in range(min(count, len(gain))):
        worth = np.where(free, gain - (1.0 - relevance) * similarity, -np.inf)
        # Rounded, so that the last bits of a cosine never decide.
        row = int(np.argmax(np.round(worth, 12)))
        taken.append(row)
        free[row] = False
        similarity = np.maximum(similarity, units @ units[row])
    return np.array(taken, dtype=np.intp)


def _units(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0))


def _place_in_group(keys: IntArray) -> npt.NDArray[np.intp]:
    """How many earlier rows have the same key, shape (n,)."""
    rows = np.arange(len(keys))
    order = np.lexsort(keys.T) if keys.shape[1] else rows  # stable: rows with one key stay in order
    ordered = keys[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.empty(len(keys), dtype=np.intp)
    place[order] = rows - np.maximum.accumulate(np.where(first, rows, 0))
    return place
