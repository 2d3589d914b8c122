"""The loops that ranking spends its time in: plain Python here, compiled by numba on demand.

They are compiled when they are first needed in a process, which takes about three seconds; nothing is written
to a disk. Only what whole-array operations are too slow for stands here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.gaussian import SAME_POINT

IntArray = npt.NDArray[np.int32]
FlagArray = npt.NDArray[np.uint8]

NONE_MISSING, SOME_MISSING, ALL_MISSING = 0, 1, 2
"""How many values of a column are NaN."""

_LARGEST_EXPONENT = 700.0


class Kernels(NamedTuple):
    """The compiled loops, each with the signature and the meaning of the function of its name below."""

    specialise: Callable[..., None]
    add_trees: Callable[..., None]
    matern_sums: Callable[..., None]
    mean_of_nearest: Callable[..., None]


@functools.cache
def kernels() -> Kernels:
    """Have every loop compiled for this process, each when it is first called."""
    from numba import njit

    # Sums of a kernel may be taken in any order; the sums over trees may not.
    reordered = {"reassoc", "contract", "nsz", "arcp"}
    compiled: list[Any] = [
        njit(nogil=True)(specialise),
        njit(nogil=True)(add_trees),
        njit(nogil=True, fastmath=reordered)(matern_sums),
        njit(nogil=True)(mean_of_nearest),
    ]
    return Kernels(*compiled)


def specialise(
    feature: IntArray,
    value: FloatArray,
    left: IntArray,
    right: IntArray,
    nan_left: FlagArray,
    root: IntArray,
    low: FloatArray,
    high: FloatArray,
    missing: FlagArray,
    new_feature: IntArray,
    new_value: FloatArray,
    new_nan_left: FlagArray,
    new_root: IntArray,
    waiting: IntArray,
) -> None:
    """Copy trees without the nodes at which every row of a batch goes the same way.

    What is copied stands in preorder (a node, all of its left branch, all of its right branch), tree by tree,
    which needs no pointers. Predictions of rows inside the box do not change by a bit.

    Parameters
    ----------
    feature, value, left, right, nan_left : ndarray, shape (nodes,)
        As in `FlatTrees`.
    root : ndarray of int, shape (trees,)
    low, high : ndarray, shape (k,)
        Range of every column over the batch, NaN left out.
    missing : ndarray, shape (k,)
        `NONE_MISSING`, `SOME_MISSING` or `ALL_MISSING` for every column.
    new_feature, new_value, new_nan_left : ndarray, shape (nodes,)
        Filled here.
    new_root : ndarray of int, shape (trees + 1,)
        Filled here; the last entry is the number of nodes copied.
    waiting : ndarray of int
        Room for as many nodes as a tree has leaves.
    """
    count = 0
    for tree in range(len(root)):
        new_root[tree] = count
        waiting[0] = root[tree]
        top = 0
        while top >= 0:
            node = waiting[top]
            top -= 1
            column = feature[node]
            while column >= 0:
                threshold, state = value[node], missing[column]
                if state == ALL_MISSING:
                    goes_left, goes_right = nan_left[node] == 1, nan_left[node] == 0
                else:
                    goes_left, goes_right = high[column] <= threshold, low[column] > threshold
                    if state == SOME_MISSING:
                        goes_left = goes_left and nan_left[node] == 1
                        goes_right = goes_right and nan_left[node] == 0
                if goes_left:
                    node = left[node]
                elif goes_right:
                    node = right[node]
                else:
                    break
                column = feature[node]
            new_feature[count], new_value[count], new_nan_left[count] = column, value[node], nan_left[node]
            count += 1
            if column >= 0:
                waiting[top + 1], waiting[top + 2] = right[node], left[node]
                top += 2
    new_root[len(root)] = count


def add_trees(
    feature: IntArray,
    value: FloatArray,
    nan_left: FlagArray,
    root: IntArray,
    missing: FlagArray,
    columns: FloatArray,
    held: FloatArray,
    found: FloatArray,
) -> None:
    """Add the predictions of trees, in their order.

    Instead of following every row from a root to a leaf, whole columns of values are joined from the leaves
    upwards: a node takes the left or the right column of values, row by row, which vectorises.

    Parameters
    ----------
    feature, value, nan_left : ndarray, shape (nodes,)
        In preorder, from `specialise`.
    root : ndarray of int, shape (trees + 1,)
    missing : ndarray, shape (k,)
    columns : ndarray, shape (k, n)
    held : ndarray, shape (leaves, b)
        Room for intermediate columns: as many as a tree has leaves, of b rows, which are taken at a time.
    found : ndarray, shape (n,)
        Added to.
    """
    size, block = columns.shape[1], held.shape[1]
    constant = np.empty(len(held))
    is_constant = np.empty(len(held), np.bool_)
    for start in range(0, size, block):
        stop = min(start + block, size)
        rows = stop - start
        result = found[start:stop]
        for tree in range(len(root) - 1):
            top = -1
            for node in range(root[tree + 1] - 1, root[tree] - 1, -1):
                column, threshold = feature[node], value[node]
                if column < 0:
                    top += 1
                    constant[top], is_constant[top] = threshold, True
                    continue
                # The right branch was met first and lies below the left one.
                x, here, there = columns[column, start:stop], held[top, :rows], held[top - 1, :rows]
                left, right = constant[top], constant[top - 1]
                if missing[column] == SOME_MISSING and nan_left[node] == 1:
                    if is_constant[top]:
                        here[:] = left
                    if is_constant[top - 1]:
                        there[:] = right
                    for row in range(rows):
                        there[row] = there[row] if x[row] > threshold else here[row]
                elif is_constant[top] and is_constant[top - 1]:
                    for row in range(rows):
                        there[row] = left if x[row] <= threshold else right
                elif is_constant[top]:
                    for row in range(rows):
                        there[row] = left if x[row] <= threshold else there[row]
                elif is_constant[top - 1]:
                    for row in range(rows):
                        there[row] = here[row] if x[row] <= threshold else right
                else:
                    for row in range(rows):
                        there[row] = here[row] if x[row] <= threshold else there[row]
                top -= 1
                is_constant[top] = False
            if is_constant[0]:
                left = constant[0]
                for row in range(rows):
                    result[row] += left
            else:
                whole = held[0, :rows]
                for row in range(rows):
                    result[row] += whole[row]


def matern_sums(
    squared: FloatArray,
    stretch: float,
    bow: float,
    first: FloatArray,
    second: FloatArray,
    found: FloatArray,
) -> None:
    """Two weighted sums of a Matérn kernel of order 1/2 or 3/2, without keeping the kernel.

    The exponential is a polynomial of degree 12 on half an octave (relative error 2e-16), which vectorises.

    Parameters
    ----------
    squared : ndarray, shape (n, m)
        Squared distances in units of the length.
    stretch, bow : float
        With s the root of the stretched square, the kernel is (1 + bow s) exp(-s).
    first, second : ndarray, shape (m,)
        Weights.
    found : ndarray, shape (n, 2)
        Filled here.
    """
    for row in range(len(squared)):
        one = 0.0
        two = 0.0
        for column in range(squared.shape[1]):
            here = squared[row, column]
            scaled = min(np.sqrt(stretch * (here if here > SAME_POINT else 0.0)), _LARGEST_EXPONENT)
            power = np.rint(scaled * -1.4426950408889634)
            rest = (-scaled - power * 0.6931471803691238) - power * 1.9082149292705877e-10
            term = rest * (1.0 / 479001600.0) + 1.0 / 39916800.0
            term = term * rest + 1.0 / 3628800.0
            term = term * rest + 1.0 / 362880.0
            term = term * rest + 1.0 / 40320.0
            term = term * rest + 1.0 / 5040.0
            term = term * rest + 1.0 / 720.0
            term = term * rest + 1.0 / 120.0
            term = term * rest + 1.0 / 24.0
            term = term * rest + 1.0 / 6.0
            term = term * rest + 0.5
            term = term * rest + 1.0
            term = term * rest + 1.0
            # The bits of 2**power.
            octave = np.int64((np.int64(power) + 1023) << 52).view(np.float64)
            kernel = (1.0 + bow * scaled) * (term * octave)
            one += kernel * first[column]
            two += kernel * second[column]
        found[row, 0] = one
        found[row, 1] = two


def mean_of_nearest(squared: FloatArray, neighbours: int, found: FloatArray) -> None:
    """Mean distance to the nearest references.

    Parameters
    ----------
    squared : ndarray, shape (n, m)
        Squared distances.
    neighbours : int
        At most m.
    found : ndarray, shape (n,)
        Filled here.
    """
    nearest = np.empty(neighbours)
    last = neighbours - 1
    for row in range(len(squared)):
        nearest[:] = np.inf
        for column in range(squared.shape[1]):
            here = squared[row, column]
            if here < nearest[last]:
                place = last
                while place > 0 and nearest[place - 1] > here:
                    nearest[place] = nearest[place - 1]
                    place -= 1
                nearest[place] = here
        total = 0.0
        for place in range(neighbours):
            total += np.sqrt(nearest[place] if nearest[place] > SAME_POINT else 0.0)
        found[row] = total / neighbours
