"""Conformal intervals that respect groups: calibrated on papers that the model has not seen.

References
----------
V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World (2005), doi 10.1007/b106715
(Mondrian categories). J. Lei et al., J. Am. Stat. Assoc. 113 (2018) 1094, doi 10.1080/01621459.2017.1307116
(residuals divided by a learned size). R. F. Barber et al., Ann. Stat. 51 (2023) 816, doi 10.1214/23-AOS2276
(weighted residuals, where rows are not exchangeable).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.probabilistic import crps_of_sample

Rows = npt.NDArray[np.intp]

_FLOOR = 0.25


class GroupConformal(BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Predictive distribution from residuals of left-out groups.

    A residual is the value minus the prediction of a model that has seen nothing of the row's group. It is
    divided by a learned scale (cross-fitted by group); the normalised residuals, those of the row's own
    family counted several times, are the distribution of a new row. A family thus corrects its quantiles
    as far as it has rows to show for it, and a family without any has those of all rows.

    Parameters
    ----------
    n_bins : int, default 1
        Categories by predicted value. Where a scale is learned from the prediction they only cost rows.
    folds : int, default 5
        Group folds in which the scale is cross-fitted.
    learn_scale : bool, default True
        Without it every row has scale 1 (for few rows).
    own_weight : int, default 3
        How often a residual counts for its own family.
    seed : int, default 0

    Attributes
    ----------
    edges_ : ndarray, shape (n_bins - 1,) or less
        Boundaries of the categories, in units of the prediction; fewer where predictions repeat.
    residuals_ : list of ndarray
        Sorted normalised residuals of each category, every row once.
    family_residuals_ : dict of str to list of ndarray
        The same for each family, its own rows `own_weight` times.
    scale_model_ : estimator or None
    scale_range_ : tuple of float
        Smallest and largest scale allowed.
    difficulty_count_ : int
        Columns of `difficulty` that the scale reads.
    """

    def __init__(
        self, n_bins: int = 1, folds: int = 5, learn_scale: bool = True, own_weight: int = 3, seed: int = 0
    ) -> None:
        self.n_bins = n_bins
        self.folds = folds
        self.learn_scale = learn_scale
        self.own_weight = own_weight
        self.seed = seed

    def fit(
        self,
        X: FloatArray,
        y: FloatArray,
        predicted: FloatArray,
        groups: npt.ArrayLike,
        *,
        difficulty: FloatArray | None = None,
        families: npt.ArrayLike | None = None,
    ) -> Self:
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
        difficulty : ndarray, shape (n, d), optional
            What else tells how hard a row is: the prediction itself, the distance to what was measured.
        families : array_like of str, shape (n,), optional

        Raises
        ------
        ValueError
            When there are fewer rows than categories, or a prediction is not finite.
        """
        if len(y) < 2 * self.n_bins or not np.isfinite(predicted).all():
            raise ValueError(f"{len(y)} rows for {self.n_bins} categories; expected more, all finite")
        residuals = y - predicted
        self.difficulty_count_ = 0 if difficulty is None else difficulty.shape[1]
        scale = self._cross_fit_scale(self._joined(X, difficulty), np.abs(residuals), np.asarray(groups))
        # Medians repeat themselves: an edge on a value that occurs, and only once, leaves no bin empty.
        edges = np.quantile(predicted, np.arange(1, self.n_bins) / self.n_bins, method="higher")
        self.edges_ = np.unique(edges[edges > predicted.min()])
        bins = np.digitize(predicted, self.edges_)
        normalised = residuals / scale
        categories = range(len(self.edges_) + 1)
        self.residuals_ = [np.sort(normalised[bins == number]) for number in categories]
        names = np.asarray([] if families is None else families, dtype=object)
        self.family_residuals_ = {
            str(name): [
                np.sort(
                    np.concatenate(
                        [normalised[bins == number]]
                        + [normalised[(bins == number) & (names == name)]] * (self.own_weight - 1)
                    )
                )
                for number in categories
            ]
            for name in sorted(set(names))
        }
        return self

    def scale(self, X: FloatArray, difficulty: FloatArray | None = None) -> FloatArray:
        """Learned size of the residual.

        Parameters
        ----------
        X : ndarray, shape (n, k)
        difficulty : ndarray, shape (n, d)
            The same columns as in `fit`.

        Returns
        -------
        ndarray, shape (n,)

        Raises
        ------
        ValueError
            When `difficulty` has other columns than calibration saw.
        """
        check_is_fitted(self)
        if self.scale_model_ is None:
            return np.ones(len(X))
        found = _predicted_scale(self.scale_model_, self._joined(X, difficulty))
        return np.asarray(np.clip(found, *self.scale_range_), dtype=np.float64)

    def interval(
        self,
        center: FloatArray,
        scale: FloatArray,
        confidence: float,
        families: npt.ArrayLike | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Central interval with the given coverage on unseen groups.

        Parameters
        ----------
        center, scale : ndarray, shape (n,)
        confidence : float
            Between 0 and 1.
        families : array_like of str, shape (n,), optional
            Without them, and for families that calibration has not seen, all residuals count once.

        Returns
        -------
        low, high : ndarray, shape (n,)
        """
        low, high = np.empty_like(center), np.empty_like(center)
        for rows, residuals, weight in self._samples(center, families):
            lower, upper = _conformal_quantiles(residuals, confidence, weight)
            low[rows] = center[rows] + scale[rows] * lower
            high[rows] = center[rows] + scale[rows] * upper
        return low, high

    def cumulative(
        self,
        center: FloatArray,
        scale: FloatArray,
        threshold: float,
        families: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Probability that the value lies below a threshold, shape (n,).

        Never 0 or 1: with m residuals the tails hold 1 / (m + 1) each.
        """
        below = np.empty_like(center)
        position = (threshold - center) / scale
        for rows, residuals, weight in self._samples(center, families):
            below[rows] = np.interp(position[rows], residuals, _levels(len(residuals), weight))
        return below

    def crps(
        self,
        true: FloatArray,
        center: FloatArray,
        scale: FloatArray,
        families: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Continuous ranked probability score of each row, in the unit of the prediction, shape (n,)."""
        found = np.empty_like(center)
        for rows, residuals, _ in self._samples(center, families):
            found[rows] = crps_of_sample(
                true=true[rows], center=center[rows], scale=scale[rows], residuals=residuals
            )
        return found

    def _samples(
        self, center: FloatArray, families: npt.ArrayLike | None
    ) -> Iterator[tuple[Rows, FloatArray, int]]:
        """Rows that share a distribution, its sorted residuals and how often the next row would count."""
        bins = np.digitize(center, self.edges_)
        names = np.full(len(center), "") if families is None else np.asarray(families, dtype=object)
        for name in sorted({str(name) for name in names}):
            known = name in self.family_residuals_
            samples = self.family_residuals_.get(name, self.residuals_)
            for number, residuals in enumerate(samples):
                rows = np.flatnonzero((bins == number) & (names == name))
                yield rows, residuals, self.own_weight if known else 1

    def _joined(self, X: FloatArray, difficulty: FloatArray | None) -> FloatArray:
        given = 0 if difficulty is None else difficulty.shape[1]
        if given != self.difficulty_count_:
            raise ValueError(
                f"difficulty has {given} columns, expected {self.difficulty_count_}; give what fit was given"
            )
        return X if difficulty is None else np.hstack([X, difficulty])

    def _cross_fit_scale(self, X: FloatArray, size: FloatArray, groups: npt.NDArray[Any]) -> FloatArray:
        if not self.learn_scale:
            self.scale_model_, self.scale_range_ = None, (1.0, 1.0)
            return np.ones(len(size))
        _, group, rows = np.unique(groups, return_inverse=True, return_counts=True)
        # A paper of sixty rows is no sixty papers, nor is it one row.
        weights = 1.0 / np.sqrt(rows[group])
        # An error that happens to be nil says little: its logarithm must not.
        logarithm = np.log(size + max(_FLOOR * float(np.median(size)), 1e-9))
        crossed = np.empty(len(size))
        for train, test in GroupKFold(self.folds, shuffle=True, random_state=self.seed).split(
            X, groups=group
        ):
            model = self._fit_scale(X[train], logarithm[train], weights[train])
            crossed[test] = _predicted_scale(model, X[test])
        # A scale far outside what was seen would make an interval absurd rather than honest.
        self.scale_range_ = (float(np.quantile(crossed, 0.02)), float(np.quantile(crossed, 0.98)))
        self.scale_model_ = self._fit_scale(X, logarithm, weights)
        return np.clip(crossed, *self.scale_range_)

    def _fit_scale(self, X: FloatArray, logarithm: FloatArray, weights: FloatArray) -> Any:
        from lightgbm import LGBMRegressor

        return LGBMRegressor(
            learning_rate=0.06,
            n_estimators=60,
            num_leaves=6,
            min_child_samples=25,
            colsample_bytree=0.4,
            reg_lambda=5.0,
            random_state=self.seed,
            n_jobs=1,
            deterministic=True,
            force_row_wise=True,
            verbose=-1,
        ).fit(X, logarithm, sample_weight=weights)


def _predicted_scale(model: Any, X: FloatArray) -> FloatArray:
    return np.asarray(np.exp(model.predict(X)), dtype=np.float64)


def _conformal_quantiles(residuals: FloatArray, confidence: float, weight: int) -> tuple[float, float]:
    """Residuals that leave (1 - confidence) / 2 outside on each side, counting the next row as well."""
    count = len(residuals)
    tail = (1.0 - confidence) / 2.0
    upper = min(int(np.ceil((count + weight) * (1.0 - tail))), count)
    lower = max(int(np.floor((count + weight) * tail)) - weight + 1, 1)
    return float(residuals[lower - 1]), float(residuals[upper - 1])


def _levels(count: int, weight: int) -> FloatArray:
    """Probability below each of `count` sorted residuals; the next row has `weight` among them."""
    return np.asarray((np.arange(1, count + 1) + (weight - 1) / 2.0) / (count + weight))
