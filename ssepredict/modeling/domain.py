"""Applicability domain: how far a composition lies from what was measured, and what was measured nearest."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import ELEMENTS, FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.featurizers.site import SITE_FEATURES, site_features
from ssepredict.modeling.estimators import fill_empty_columns
from ssepredict.modeling.gaussian import SAME_POINT

_BLOCK = 4096


class Domain(BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Distance to the training compositions.

    The space has two parts: the standardised site features (their root-mean-square difference) and the
    amounts of all elements per formula unit, each anion-rich unit scaled to one (an element that training
    has never seen counts as far). The distance of a row is its mean distance to its `neighbours` nearest
    training compositions.

    Parameters
    ----------
    neighbours : int, default 3
    quantile : float, default 0.95
        The threshold is this quantile of the distances between each training composition and those of
        other papers, until `draw_line` lowers it to what the errors say.

    Attributes
    ----------
    reference_ : ndarray, shape (r, k)
    rows_ : ndarray of int, shape (r,)
        Row of the training table that each reference stands for.
    threshold_ : float
        Distance beyond which a composition is outside the domain.
    left_out_ : ndarray, shape (n,)
        Distance of each training row to the compositions of other papers.
    """

    def __init__(self, neighbours: int = 3, quantile: float = 0.95) -> None:
        self.neighbours = neighbours
        self.quantile = quantile

    def fit(self, sites: SiteTable, groups: npt.ArrayLike) -> Self:
        """Remember the distinct training compositions and set the threshold.

        Parameters
        ----------
        sites : SiteTable
            n training rows.
        groups : array_like, shape (n,)
            The paper of each row.
        """
        raw = site_features(sites)
        filled = fill_empty_columns(raw)  # a dataset of halides knows no radius on T
        self.center_ = np.nanmean(filled, axis=0)
        spread = np.nanstd(filled, axis=0)
        self.spread_ = np.where(spread > 1e-9, spread, 1.0)
        vectors = self._vectors(sites)
        _, self.rows_, inverse = np.unique(
            np.round(vectors, 6), axis=0, return_index=True, return_inverse=True
        )
        self.reference_of_row_ = inverse.ravel()
        self.reference_ = vectors[self.rows_]
        self.left_out_ = self.left_out_distance(sites, groups)
        self.threshold_ = float(np.nanquantile(self.left_out_, self.quantile))
        return self

    def distance(self, sites: SiteTable) -> FloatArray:
        """Mean distance to the nearest training compositions, shape (n,)."""
        check_is_fitted(self)
        found = np.empty(len(sites))
        vectors = self._vectors(sites)
        for start in range(0, len(vectors), _BLOCK):
            block = slice(start, start + _BLOCK)
            squared = _squared_distances(vectors[block], self.reference_)
            found[block] = _mean_of_nearest(squared, self.neighbours)
        return found

    def nearest(self, sites: SiteTable, k: int) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """Training rows of the k nearest compositions and their distances, both of shape (n, k)."""
        check_is_fitted(self)
        squared = _squared_distances(self._vectors(sites), self.reference_)
        order = np.argsort(squared, axis=1, kind="stable")[:, :k]
        return self.rows_[order], np.sqrt(np.take_along_axis(squared, order, axis=1))

    def distances_to(self, sites: SiteTable, others: SiteTable) -> FloatArray:
        """Distance of every composition to every one of some others, shape (n, m)."""
        check_is_fitted(self)
        return np.asarray(np.sqrt(_squared_distances(self._vectors(sites), self._vectors(others))))

    def _vectors(self, sites: SiteTable) -> FloatArray:
        standard = np.nan_to_num((site_features(sites) - self.center_) / self.spread_)
        amounts = sites.composition.on_axis(ELEMENTS).amounts
        anions = np.maximum(sites.site_total("X"), 1.0)
        return np.hstack([standard / np.sqrt(len(SITE_FEATURES)), 4.0 * amounts / anions[:, None]])

    def left_out_distance(self, sites: SiteTable, groups: npt.ArrayLike) -> FloatArray:
        """Distance of each training row to the compositions of the other groups.

        Parameters
        ----------
        sites : SiteTable
            The n rows that `fit` saw.
        groups : array_like, shape (n,)
            What is left out together: the paper of each row, or its fold.

        Returns
        -------
        ndarray, shape (n,)
            NaN where no other group is left. A composition that another group reports too has the
            distance 0 to it.
        """
        check_is_fitted(self)
        label = np.unique(np.asarray(groups), return_inverse=True)[1].ravel()
        held = np.zeros((len(self.reference_), label.max() + 1), dtype=bool)
        held[self.reference_of_row_, label] = True
        elsewhere = held.sum(axis=1)[:, None] - held  # groups but the row's own that report a composition
        found = np.empty(len(sites))
        vectors = self._vectors(sites)
        for start in range(0, len(vectors), _BLOCK):
            block = slice(start, start + _BLOCK)
            squared = _squared_distances(vectors[block], self.reference_)
            squared[elsewhere[:, label[block]].T == 0] = np.inf
            found[block] = _mean_of_nearest(squared, self.neighbours)
        return found


def _mean_of_nearest(squared: FloatArray, neighbours: int) -> FloatArray:
    """Mean distance to the nearest references that count (finite), shape (n,); NaN where none does."""
    count = min(neighbours, squared.shape[1])
    nearest = np.sqrt(np.partition(squared, count - 1, axis=1)[:, :count])
    known = np.isfinite(nearest)
    total = np.where(known, nearest, 0.0).sum(axis=1)
    counted = known.sum(axis=1)
    mean: FloatArray = np.divide(total, counted, out=np.full(len(nearest), np.nan), where=counted > 0)
    return mean


def _squared_distances(left: FloatArray, right: FloatArray) -> FloatArray:
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2.0 * left @ right.T
    return np.asarray(np.where(squared > SAME_POINT, squared, 0.0), dtype=np.float64)
