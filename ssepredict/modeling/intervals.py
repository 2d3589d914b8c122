"""Conformal intervals that respect groups: calibrated on papers that the model has not seen.

References
----------
V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World (2005), doi 10.1007/b106715
(Mondrian categories). R. F. Barber et al., Ann. Stat. 49 (2021) 486, doi 10.1214/20-AOS1965 (CV+).
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.estimators import fill_empty_columns


class GroupConformal(BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Predictive distribution from residuals of left-out groups.

    A residual is the value minus the prediction of a model that has seen nothing of the row's group. It is
    divided by a learned scale (cross-fitted by group), and the normalised residuals are kept apart by
    tercile of the prediction (Mondrian categories): poor conductors are predicted worse than good ones.

    Parameters
    ----------
    n_bins : int, default 3
        Categories by predicted value.
    folds : int, default 5
        Group folds in which the scale is cross-fitted.
    learn_scale : bool, default True
        Without it every row has scale 1 (for few rows).
    seed : int, default 0

    Attributes
    ----------
    edges_ : ndarray, shape (n_bins - 1,) or less
        Boundaries of the categories, in units of the prediction; fewer where predictions repeat.
    residuals_ : list of ndarray
        Sorted normalised residuals of each category.
    scale_model_ : estimator or None
    scale_range_ : tuple of float
        Smallest and largest scale allowed.
    """

    def __init__(self, n_bins: int = 3, folds: int = 5, learn_scale: bool = True, seed: int = 0) -> None:
        self.n_bins = n_bins
        self.folds = folds
        self.learn_scale = learn_scale
        self.seed = seed

    def fit(self, X: FloatArray, y: FloatArray, predicted: FloatArray, groups: npt.ArrayLike) -> Self:
        """Calibrate.

        Parameters
        ----------
        X : ndarray, shape (n, k)
        y : ndarray, shape (n,)
            Transformed values.
        predicted : ndarray, shape (n,)
            Predictions of models that have not seen the row's group.
        groups : array_like, shape (n,)
            The paper of each row.

        Raises
        ------
        ValueError
            When there are fewer rows than categories, or a prediction is not finite.
        """
        if len(y) < 2 * self.n_bins or not np.isfinite(predicted).all():
            raise ValueError(f"{len(y)} rows for {self.n_bins} categories; expected more, all finite")
        residuals = y - predicted
        scale = self._cross_fit_scale(X, np.abs(residuals), np.asarray(groups))
        # Medians repeat themselves: an edge on a value that occurs, and only once, leaves no bin empty.
        edges = np.quantile(predicted, np.arange(1, self.n_bins) / self.n_bins, method="higher")
        self.edges_ = np.unique(edges[edges > predicted.min()])
        bins = np.digitize(predicted, self.edges_)
        self.residuals_ = [
            np.sort((residuals / scale)[bins == number]) for number in range(len(self.edges_) + 1)
        ]
        return self

    def scale(self, X: FloatArray) -> FloatArray:
        """Learned size of the residual, shape (n,)."""
        check_is_fitted(self)
        if self.scale_model_ is None:
            return np.ones(len(X))
        return np.asarray(np.clip(self.scale_model_.predict(X), *self.scale_range_), dtype=np.float64)

    def interval(
        self, center: FloatArray, scale: FloatArray, confidence: float
    ) -> tuple[FloatArray, FloatArray]:
        """Central interval with the given coverage on unseen groups.

        Parameters
        ----------
        center, scale : ndarray, shape (n,)
        confidence : float
            Between 0 and 1.

        Returns
        -------
        low, high : ndarray, shape (n,)
        """
        low, high = np.empty_like(center), np.empty_like(center)
        bins = np.digitize(center, self.edges_)
        for number, residuals in enumerate(self.residuals_):
            rows = bins == number
            lower, upper = _conformal_quantiles(residuals, confidence)
            low[rows] = center[rows] + scale[rows] * lower
            high[rows] = center[rows] + scale[rows] * upper
        return low, high

    def cumulative(self, center: FloatArray, scale: FloatArray, threshold: float) -> FloatArray:
        """Probability that the value lies below a threshold, shape (n,).

        Never 0 or 1: with m residuals the tails hold 1 / (m + 1) each.
        """
        below = np.empty_like(center)
        bins = np.digitize(center, self.edges_)
        position = (threshold - center) / scale
        for number, residuals in enumerate(self.residuals_):
            rows = bins == number
            levels = np.arange(1, len(residuals) + 1) / (len(residuals) + 1)
            below[rows] = np.interp(position[rows], residuals, levels)
        return below

    def _cross_fit_scale(self, X: FloatArray, size: FloatArray, groups: npt.NDArray[Any]) -> FloatArray:
        if not self.learn_scale:
            self.scale_model_, self.scale_range_ = None, (1.0, 1.0)
            return np.ones(len(size))
        crossed = np.empty(len(size))
        splits = GroupKFold(self.folds, shuffle=True, random_state=self.seed).split(X, size, groups)
        for train, test in splits:
            crossed[test] = self._fit_scale(X[train], size[train]).predict(X[test])
        # A scale far outside what was seen would make an interval absurd rather than honest.
        self.scale_range_ = (float(np.quantile(crossed, 0.02)), float(np.quantile(crossed, 0.98)))
        self.scale_model_ = self._fit_scale(X, size)
        return np.clip(crossed, *self.scale_range_)

    def _fit_scale(self, X: FloatArray, size: FloatArray) -> Any:
        from sklearn.ensemble import HistGradientBoostingRegressor

        return HistGradientBoostingRegressor(
            loss="squared_error",
            learning_rate=0.06,
            max_iter=60,
            max_leaf_nodes=6,
            min_samples_leaf=25,
            l2_regularization=5.0,
            max_features=0.4,
            random_state=self.seed,
        ).fit(fill_empty_columns(X), size)


def _conformal_quantiles(residuals: FloatArray, confidence: float) -> tuple[float, float]:
    """Residuals that leave (1 - confidence) / 2 outside on each side, counting the next row as one more."""
    count = len(residuals)
    tail = (1.0 - confidence) / 2.0
    upper = min(int(np.ceil((count + 1) * (1.0 - tail))), count)
    lower = max(int(np.floor((count + 1) * tail)), 1)
    return float(residuals[lower - 1]), float(residuals[upper - 1])
