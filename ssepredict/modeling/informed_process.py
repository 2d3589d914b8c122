"""A Gaussian process around a mean from transport theory: carriers, vacancies, windows of the right size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.gaussian import SiteGaussianProcess

PHYSICAL_TERMS = ("carriers", "carriers_times_vacancies", "m_radius_mean", "m_radius_off_optimum")
"""Site features of the mean: hopping needs an ion and an empty site, and a window of the right size."""

KINDS = (
    ("framework_nasicon", "mobile_Li"),
    ("framework_nasicon", "mobile_Na"),
    ("framework_close_packed_halide", "mobile_Li"),
    ("framework_close_packed_halide", "mobile_Na"),
)
"""Frameworks and mobile ions with a slope of their own for each term."""

RIDGE = 10.0
"""Rows' worth of belief that a slope is none, in units of the terms' spread."""

_TEMPERATURE = "inverse_temperature_1000_per_k"


class InformedProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Linear in `PHYSICAL_TERMS`, with slopes from differences inside papers, and a process for the rest.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns of X.
    process : mapping, optional
        Parameters of the `SiteGaussianProcess`.
    ridge : float
        See `RIDGE`.
    """

    def __init__(
        self, columns: Sequence[str] = (), process: Mapping[str, Any] | None = None, ridge: float = RIDGE
    ) -> None:
        self.columns = columns
        self.process = process
        self.ridge = ridge

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Self:
        """Fit slopes, then the process; shapes as in `SiteGaussianProcess.fit`."""
        matrix, values = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        weights = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        papers = np.arange(len(values)) if groups is None else pd.factorize(np.asarray(groups))[0]
        terms = self._terms(matrix)
        center = np.average(terms, axis=0, weights=weights)
        spread = np.sqrt(np.average((terms - center) ** 2, axis=0, weights=weights))
        self.spread_ = np.where(spread > 1e-9, spread, 1.0)
        inside = _less_the_mean_of_its_paper(
            np.column_stack([terms / self.spread_, self._warmth(matrix), values]), papers, weights
        )
        design, left = inside[:, :-1], inside[:, -1]
        belief = np.diag([self.ridge] * terms.shape[1] + [0.0])
        slopes = np.linalg.lstsq(
            design.T @ (weights[:, None] * design) + belief, design.T @ (weights * left), rcond=None
        )[0]
        self.slopes_ = slopes[:-1]
        process = SiteGaussianProcess(columns=tuple(self.columns), **(self.process or {}))
        self.process_ = process.fit(
            matrix, values - self._mean(matrix), sample_weight=sample_weight, groups=groups
        )
        return self

    def predict(self, X: npt.ArrayLike) -> FloatArray:
        """Predicted values, shape (n,)."""
        check_is_fitted(self)
        matrix = np.asarray(X, dtype=np.float64)
        return np.asarray(self._mean(matrix) + self.process_.predict(matrix), dtype=np.float64)

    def _mean(self, matrix: FloatArray) -> FloatArray:
        return np.asarray(self._terms(matrix) / self.spread_ @ self.slopes_)

    def _terms(self, matrix: FloatArray) -> FloatArray:
        """Each physical term where a kind applies, 0 elsewhere, shape (n, kinds times terms)."""
        named = dict(zip(self.columns, np.nan_to_num(matrix).T, strict=True))
        zero = np.zeros(len(matrix))
        applies = [named.get(framework, zero) * named.get(mobile, zero) for framework, mobile in KINDS]
        return np.column_stack([kind * named.get(term, zero) for kind in applies for term in PHYSICAL_TERMS])

    def _warmth(self, matrix: FloatArray) -> FloatArray:
        names = list(self.columns)
        if _TEMPERATURE not in names:
            return np.zeros(len(matrix))
        stated = matrix[:, names.index(_TEMPERATURE)]
        return np.where(np.isfinite(stated), stated, 1000.0 / 298.15)


def _less_the_mean_of_its_paper(
    values: FloatArray, papers: npt.NDArray[np.int64], weights: FloatArray
) -> FloatArray:
    total = np.bincount(papers, weights=weights)
    sums = np.column_stack([np.bincount(papers, weights=weights * column) for column in values.T])
    return np.asarray(values - (sums / total[:, None])[papers])
