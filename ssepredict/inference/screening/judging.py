"""Rules on candidates of several hosts: each is held against the ion that its own host gives up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.sites import SiteTable
from ssepredict.inference.spaces.enumeration import IntArray
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.physics.bounds import Rule
from ssepredict.physics.checks import Verdicts, check_sites
from ssepredict.physics.rules import RULES

Rows = npt.NDArray[np.intp]


def iter_parts(part: IntArray) -> Iterator[tuple[int, Rows]]:
    """Yield each part that occurs with its rows.

    Examples
    --------
    >>> [(number, rows.tolist()) for number, rows in iter_parts(np.array([0, 2, 0]))]
    [(0, [0, 2]), (2, [1])]
    """
    for number in np.unique(part).tolist():
        yield number, np.flatnonzero(part == number)


def check_parts(
    space: SubstitutionSpace,
    part: IntArray,
    sites: SiteTable,
    values: Mapping[str, npt.ArrayLike] | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> Iterator[tuple[int, Rows, Verdicts]]:
    """Hold candidates against the rules, part by part.

    Parameters
    ----------
    space : SubstitutionSpace
    part : ndarray of int, shape (n,)
        Position of each candidate in `SubstitutionSpace.parts`.
    sites : SiteTable
        n candidates.
    values : mapping of str to array_like, optional
        Predictions, each a scalar or of length n; see `check_sites`.
    rules : mapping of str to Rule

    Yields
    ------
    int
        The part.
    ndarray of int, shape (m,)
        Its rows.
    Verdicts
        On those rows.
    """
    for number, rows in iter_parts(part):
        host_ion = space.parts[number].replaced_ion
        if len(rows) == len(part):
            yield number, rows, check_sites(sites, values, rules, host_ion)
            continue
        here = None if values is None else {name: _rows_of(value, rows) for name, value in values.items()}
        yield number, rows, check_sites(sites.take(rows), here, rules, host_ion)


def _rows_of(value: npt.ArrayLike, rows: Rows) -> npt.ArrayLike:
    array = np.asarray(value)
    return array[rows] if array.ndim else array
