"""A Gaussian process on site features whose every composition obeys its own straight Arrhenius line.

References
----------
C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.featurizers.site import SITE_FEATURES

_TEMPERATURE = "inverse_temperature_1000_per_k"
_ROOM = 1000.0 / 298.15

SAME_POINT = 1e-11
"""Squared distances up to this are what rounding leaves of none; its root would not be small."""

_BLOCK = 4096
_SITE_NAMES = frozenset(feature.name for feature in SITE_FEATURES)

SCALED_GROUPS: dict[str, tuple[str, ...]] = {
    "framework": ("framework_", "mobile_"),
    "carriers": ("carriers", "vacancies", "a_total", "m_total", "charge_residual"),
    "radius": ("m_radius", "m_to_x_radius"),
    "tetrahedral": ("t_",),
    "anion": ("x_",),
    "chemistry": ("m_",),
    "constituents": tuple(f"amount_{e}$" for e in ("Li", "Na", "Si", "P", "O", "F", "S", "Cl", "Br", "I")),
}
"""Features that share a scale, by the start of their names (`$` ends a whole name); the first that fits."""


class SiteGaussianProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Value = level(composition) + slope(composition) * (1000/T - reference) + effect of the paper + noise.

    Level and slope share a Matérn kernel over the sites and the element amounts. The processing is not read.
    Variances are given in units of the variance that a common straight line leaves. Level and slope are
    independent at one temperature, the reference: at room temperature they are correlated (poor conductors
    have the larger activation energy), far above it less so.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns of X.
    site_length : float
        In standard deviations of the site features, over the root of their number.
    element_length : float
        In atoms per formula unit.
    level, slope, contribution, paper, noise : float
        Variances; `slope` per (1000/K)².
    reference : float
        1000/T at which level and slope are independent.
    smoothness : {0.5, 1.5}
        Order of the Matérn kernel: 0.5 is the exponential, whose surface may have kinks.
    scales : mapping of str to float, optional
        Factors on the features of each of `SCALED_GROUPS`: above 1 a difference counts for more.

    Examples
    --------
    >>> X = np.array([[1.0, 2.0], [1.0, 3.4], [3.0, 2.0], [3.0, 3.4]])
    >>> model = SiteGaussianProcess(columns=("carriers", "inverse_temperature_1000_per_k"))
    >>> _ = model.fit(X, np.array([-1.0, -4.0, -2.0, -5.0]), groups=["a", "a", "b", "b"])
    >>> bool(model.predict([[2.0, 2.0]])[0] > model.predict([[2.0, 3.0]])[0])
    True
    """

    def __init__(
        self,
        columns: Sequence[str] = (),
        site_length: float = 1.7,
        element_length: float = 2.6,
        level: float = 0.6,
        slope: float = 0.5,
        contribution: float = 0.022,
        paper: float = 0.1,
        noise: float = 0.11,
        reference: float = 1.5,
        smoothness: float = 1.5,
        scales: Mapping[str, float] | None = None,
    ) -> None:
        self.columns = columns
        self.site_length = site_length
        self.element_length = element_length
        self.level = level
        self.slope = slope
        self.contribution = contribution
        self.paper = paper
        self.noise = noise
        self.reference = reference
        self.smoothness = smoothness
        self.scales = scales

    def fit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Self:
        """Condition on measured rows; rows that are equal in what is read count as one of their joint weight.

        Parameters
        ----------
        X : array_like, shape (n, len(columns))
        y : array_like, shape (n,)
        sample_weight : array_like, shape (n,), optional
            Divides the noise variance.
        groups : array_like, shape (n,), optional
            The paper of each row; every row is a paper of its own when omitted.
        """
        matrix, values = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        names = list(self.columns)
        self.site_columns_ = [names.index(name) for name in names if name in _SITE_NAMES]
        self.element_columns_ = [names.index(name) for name in names if name.startswith("amount_")]
        self.level_columns_ = [
            names.index(name) for name in names if name.startswith(("contribution_", "phase_range_"))
        ]
        self.temperature_column_ = names.index(_TEMPERATURE) if _TEMPERATURE in names else -1
        self.site_scales_ = self._scales_of([names[column] for column in self.site_columns_])
        self.element_scales_ = self._scales_of([names[column] for column in self.element_columns_])
        sites = matrix[:, self.site_columns_]
        known = np.isfinite(sites)
        count = np.maximum(known.sum(axis=0), 1)
        self.center_ = np.where(known, sites, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, sites - self.center_, 0.0) ** 2).sum(axis=0) / count)
        self.spread_ = np.where(spread > 1e-9, spread, 1.0)

        papers = np.arange(len(values)) if groups is None else pd.factorize(np.asarray(groups))[0]
        weights = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight, float)
        inputs, levels, z = self._read(matrix)
        keys = np.column_stack([inputs, levels, z, values, papers])
        _, first, same = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        weight = np.bincount(same.ravel(), weights=weights)
        self.inputs_, self.levels_, z = inputs[first], levels[first], z[first]
        papers, values = papers[first], values[first]

        fall = 0.0
        if np.ptp(z) > 1e-6:
            fall = min(float(np.polynomial.polynomial.polyfit(z, values, 1)[1]), 0.0)
        self.line_ = np.array([float(np.mean(values - fall * z)), fall])
        left = values - self.line_[0] - fall * z
        unit = max(float(np.average(left**2, weights=weight)), 1e-12)
        kernel = _matern(_squared(self.inputs_, self.inputs_), self.smoothness)
        covariance = kernel * (self.level + self.slope * np.outer(z, z))
        covariance += self.contribution * np.exp(-0.5 * _squared(self.levels_, self.levels_))
        covariance += self.paper * (papers[:, None] == papers[None, :])
        covariance[np.diag_indices_from(covariance)] += self.noise / weight
        dual = cho_solve(cho_factor(unit * covariance, lower=True), left) * unit
        self.level_dual_ = self.level * dual
        self.slope_dual_ = self.slope * z * dual
        self.contribution_dual_ = self.contribution * dual
        return self

    def predict(self, X: npt.ArrayLike) -> FloatArray:
        """Return the expected value, shape (n,); it never rises with 1000/T."""
        check_is_fitted(self)
        matrix = np.asarray(X, dtype=np.float64)
        found = np.empty(len(matrix))
        duals = np.column_stack([self.level_dual_, self.slope_dual_])
        for start in range(0, len(matrix), _BLOCK):
            block = slice(start, start + _BLOCK)
            inputs, levels, z = self._read(matrix[block])
            level, slope = (_matern(_squared(inputs, self.inputs_), self.smoothness) @ duals).T
            unique, same = np.unique(levels, axis=0, return_inverse=True)
            shift = np.exp(-0.5 * _squared(unique, self.levels_)) @ self.contribution_dual_
            slope = slope + self.line_[1]
            room = level + self.line_[0] + shift[same.ravel()] + slope * (_ROOM - self.reference)
            # A slope of the wrong sign is noise: from room temperature on it counts as none.
            found[block] = room + np.minimum(slope, 0.0) * (z - (_ROOM - self.reference))
        # Sums depend on the block in the last digits; rounded, a ranking does not depend on its chunks.
        return np.asarray(np.round(found, 9), dtype=np.float64)

    def _scales_of(self, names: Sequence[str]) -> FloatArray:
        given = self.scales or {}
        return np.array([given.get(_group_of(name), 1.0) for name in names], dtype=np.float64)

    def _read(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        sites = np.nan_to_num((matrix[:, self.site_columns_] - self.center_) / self.spread_)
        scale = self.site_length * np.sqrt(max(len(self.site_columns_), 1))
        elements = np.nan_to_num(matrix[:, self.element_columns_]) / self.element_length
        z = np.zeros(len(matrix))
        if self.temperature_column_ >= 0:
            stated = matrix[:, self.temperature_column_]
            z = np.where(np.isfinite(stated), stated, _ROOM) - self.reference
        return (
            np.hstack([sites * self.site_scales_ / scale, elements * self.element_scales_]),
            np.nan_to_num(matrix[:, self.level_columns_]),
            z,
        )


def _squared(left: FloatArray, right: FloatArray) -> FloatArray:
    found = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2.0 * left @ right.T
    return np.asarray(np.where(found > SAME_POINT, found, 0.0), dtype=np.float64)


def _matern(squared: FloatArray, smoothness: float) -> FloatArray:
    """Correlation at squared distances, same shape; the order is 1/2 or 3/2."""
    if smoothness == 0.5:
        return np.asarray(np.exp(-np.sqrt(squared)), dtype=np.float64)
    scaled = np.sqrt(3.0 * squared)
    return np.asarray((1.0 + scaled) * np.exp(-scaled), dtype=np.float64)


def _group_of(name: str) -> str:
    return next(
        (
            group
            for group, starts in SCALED_GROUPS.items()
            if any(f"{name}$".startswith(start) for start in starts)
        ),
        "",
    )
