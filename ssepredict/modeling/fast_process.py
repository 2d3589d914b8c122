"""The Gaussian process and the domain distance, for many rows that share most of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import ATOMIC_INDEX, FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.featurizers.site import SITE_FEATURES, site_features
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.fast_kernels import kernels
from ssepredict.modeling.gaussian import SiteGaussianProcess

ROOM = 1000.0 / 298.15
"""Inverse room temperature (1000/K), from which on a slope of the wrong sign counts as none."""

_BLOCK = 256


class References:
    """Points that many rows are measured against.

    Parameters
    ----------
    points : ndarray, shape (m, k)
    beyond : ndarray, shape (m,), optional
        Squared length of what the points have in columns that are zero in every row.
    """

    def __init__(self, points: FloatArray, beyond: FloatArray | None = None) -> None:
        self.columns = np.ascontiguousarray(points.T)
        self.norms = (points**2).sum(axis=1) + (0.0 if beyond is None else beyond)

    def iter_squared(self, rows: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
        """Yield squared distances of the rows, shape (n, k), block by block, each of shape (b, m).

        Columns that are constant in a block (the amounts of most elements) enter once for the block. Rounding
        may leave a square a little negative. The array is used again for the next block.
        """
        room = np.empty((_BLOCK, len(self.norms)))
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            varies = (block != block[0]).any(axis=0)
            varied, fixed = np.flatnonzero(varies), np.where(varies, 0.0, block[0])
            left = np.empty((len(block), len(varied) + 2))
            left[:, :-2], left[:, -1] = block[:, varied], 1.0
            left[:, -2] = (left[:, :-2] ** 2).sum(axis=1)
            right = np.empty((len(varied) + 2, len(self.norms)))
            right[:-2], right[-2] = -2.0 * self.columns[varied], 1.0
            right[-1] = self.norms + fixed @ fixed - 2.0 * fixed @ self.columns
            yield slice(start, start + len(block)), np.dot(left, right, out=room[: len(block)])


class FastProcess(SiteGaussianProcess):
    """A fitted `SiteGaussianProcess` with a compiled `predict`, equal to it but for the order of sums."""

    @classmethod
    def of(cls, process: SiteGaussianProcess) -> Self:
        """Take over what a process has learned."""
        found = cls.__new__(cls)
        found.__dict__.update(process.__dict__)
        return found

    @cached_property
    def _references(self) -> References:
        return References(self.inputs_)

    def predict(self, X: npt.ArrayLike) -> FloatArray:
        """Return the expected value, shape (n,); see `SiteGaussianProcess.predict`."""
        check_is_fitted(self)
        inputs, levels, z = self._read(np.asarray(X, dtype=np.float64))
        sums = np.empty((len(inputs), 2))
        form = 2.0 * self.smoothness, 1.0 if self.smoothness > 1.0 else 0.0
        for rows, squared in self._references.iter_squared(inputs):
            kernels().matern_sums(squared, *form, self.level_dual_, self.slope_dual_, sums[rows])
        level, slope = sums[:, 0] + self.line_[0] + self._shift(levels), sums[:, 1] + self.line_[1]
        room = ROOM - self.reference
        found = level + slope * room + np.minimum(slope, 0.0) * (z - room)
        return np.asarray(np.round(found, 9), dtype=np.float64)

    def _shift(self, levels: FloatArray) -> FloatArray:
        """Effect of contribution and phase, shape (n,); the rows of a ranking are all alike in them."""
        if not len(levels) or (levels == levels[0]).all():
            distinct, same = levels[:1], np.zeros(len(levels), dtype=np.intp)
        else:
            distinct, same = np.unique(levels, axis=0, return_inverse=True)
        squared = ((distinct[:, None, :] - self.levels_[None, :, :]) ** 2).sum(axis=2)
        shift: FloatArray = np.exp(-0.5 * squared) @ self.contribution_dual_
        return shift[same.ravel()]


class FastDomain(Domain):
    """A fitted `Domain` with a compiled `distance`, equal to it but for the order of sums."""

    @classmethod
    def of(cls, domain: Domain) -> Self:
        """Take over what a domain has learned."""
        found = cls.__new__(cls)
        found.__dict__.update(domain.__dict__)
        return found

    def distance(self, sites: SiteTable) -> FloatArray:
        """Mean distance to the nearest training compositions, shape (n,)."""
        check_is_fitted(self)
        standard = np.nan_to_num((site_features(sites) - self.center_) / self.spread_)
        anions = np.maximum(sites.site_total("X"), 1.0)
        amounts = 4.0 * sites.composition.amounts / anions[:, None]
        vectors = np.hstack([standard / np.sqrt(len(SITE_FEATURES)), amounts])
        found = np.empty(len(sites))
        neighbours = min(self.neighbours, len(self.reference_))
        for rows, squared in self._references(sites.elements).iter_squared(vectors):
            kernels().mean_of_nearest(squared, neighbours, found[rows])
        return found

    @cached_property
    def _by_axis(self) -> dict[tuple[str, ...], References]:
        return {}

    def _references(self, elements: tuple[str, ...]) -> References:
        """Return the reference points on the element axis of a batch; one space has one axis."""
        known = self._by_axis
        if elements not in known:
            site_columns = len(SITE_FEATURES)
            here = site_columns + np.array([ATOMIC_INDEX[symbol] for symbol in elements], dtype=np.intp)
            elsewhere = np.setdiff1d(np.arange(site_columns, self.reference_.shape[1]), here)
            points = self.reference_[:, np.concatenate([np.arange(site_columns), here])]
            known[elements] = References(points, (self.reference_[:, elsewhere] ** 2).sum(axis=1))
        return known[elements]
