"""Boosted trees and a Gaussian process, averaged: where one errs by a step, the other errs by a slope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.gaussian import SiteGaussianProcess
from ssepredict.modeling.settings import DEFAULT


def randomized_boosting(seed: int) -> Any:
    """LightGBM that draws its thresholds at random, as extremely randomised trees do."""
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        objective="huber",
        extra_trees=True,
        subsample_freq=1,
        random_state=seed,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
        **DEFAULT.for_trees(),
    )


class TreesAndProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Weighted mean of `randomized_boosting` and a `SiteGaussianProcess`.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns of X.
    process_weight : float, default 0.5
        Weight of the Gaussian process, between 0 and 1.
    bend : float
        Error beyond which the loss of the trees counts linearly, in standard deviations of the target.
    trees, process : mapping, optional
        Parameters of the parts; see `ssepredict.modeling.settings`.
    monotone_constraints : sequence of int, optional
        For the trees; the process falls with 1000/T by construction.
    seed : int, default 0
    """

    def __init__(
        self,
        columns: Sequence[str] = (),
        process_weight: float = 0.5,
        bend: float = 0.22,
        trees: Mapping[str, Any] | None = None,
        process: Mapping[str, Any] | None = None,
        monotone_constraints: Sequence[int] | None = None,
        seed: int = 0,
    ) -> None:
        self.columns = columns
        self.process_weight = process_weight
        self.bend = bend
        self.trees = trees
        self.process = process
        self.monotone_constraints = monotone_constraints
        self.seed = seed

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Self:
        """Fit both; shapes as in `SiteGaussianProcess.fit`."""
        values = np.asarray(y, dtype=np.float64)
        trees = randomized_boosting(self.seed).set_params(
            alpha=max(self.bend * float(np.std(values)), 1e-9),
            monotone_constraints=self.monotone_constraints,
            **(self.trees or {}),
        )
        self.trees_ = trees.fit(np.asarray(X, dtype=np.float64), values, sample_weight=sample_weight)
        process = SiteGaussianProcess(columns=tuple(self.columns), **(self.process or {}))
        self.process_ = process.fit(X, values, sample_weight=sample_weight, groups=groups)
        return self

    def predict(self, X: npt.ArrayLike) -> FloatArray:
        """Predicted values, shape (n,)."""
        check_is_fitted(self)
        matrix = np.asarray(X, dtype=np.float64)
        trees = np.asarray(self.trees_.predict(matrix), dtype=np.float64)
        share = self.process_weight
        return (1.0 - share) * trees + share * self.process_.predict(matrix)
