"""What a few measured values say about every candidate: a Gaussian process over calibrated residuals.

The predictor gives each composition a calibrated distribution. Here a value stands for its standard score in
that distribution (0 the median, 1 the quantile of 84 %), and the scores of one laboratory's samples are
correlated: by what the model gets wrong in a neighbourhood, and by what the laboratory does otherwise than
others. With nothing measured the distributions stay as they are; a measured value moves and narrows those of
its neighbours. A value beyond every calibrated quantile counts as three standard deviations, so that no
misprint carries the rest away.

References
----------
E. Snelson, C. E. Rasmussen, Z. Ghahramani, Adv. Neural Inf. Process. Syst. 16 (2003) 337 (warped processes).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr, ndtri

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.settings import settings_of
from ssepredict.modeling.target_model import PredictiveDistribution
from ssepredict.units import celsius_to_kelvin

LATENT, LABORATORY, NOISE = 0.56, 0.11, 0.33
"""Shares of the variance of a standard score: common to neighbouring compositions, to the samples of one
laboratory, and to nothing. With `LENGTH` the likeliest for 913 scored room-temperature conductivities that a
release predicted with their papers left out (163 papers of two samples or more); `benchmarks/shares.py` finds
them. The maximum is flat: fits to halves of the papers scatter by 0.09 in the first two shares and by 0.2 in
the length."""

LENGTH = 0.61
"""Length of the kernel (Matérn 3/2) in distances of `Domain`."""

WIDEST = 3.0
"""Standard score beyond which values are not told apart: calibration has no residuals out there."""

_GRID = np.linspace(-WIDEST, WIDEST, 97)
_HALF = len(_GRID) // 2
_NODES = ndtri((np.arange(64) + 0.5) / 64)
_WEIGHTS = np.full(64, 1.0 / 64)
"""The middles of 64 equally likely slices: an improvement has a bend, which no polynomial rule likes."""
_LINE = settings_of("conductivity_s_cm").process


def kernel(distance: FloatArray) -> FloatArray:
    """Correlation of what the model gets wrong at compositions a distance apart, same shape.

    Examples
    --------
    >>> kernel(np.array([0.0, LENGTH])).round(2).tolist()
    [1.0, 0.48]
    """
    scaled = np.sqrt(3.0) * np.asarray(distance, dtype=np.float64) / LENGTH
    return np.asarray((1.0 + scaled) * np.exp(-scaled), dtype=np.float64)


def temperature_correlation(left_c: FloatArray, right_c: FloatArray) -> FloatArray:
    """Correlation of errors at two temperatures (°C), shape (n, m): straight Arrhenius lines of random slope.

    Level and slope vary as in the Gaussian process of the conductivity.

    Examples
    --------
    >>> temperature_correlation(np.array([25.0]), np.array([25.0, 60.0, 200.0])).round(2).tolist()
    [[1.0, 1.0, 0.95]]
    """
    left, right = (
        1000.0 / celsius_to_kelvin(np.asarray(celsius, dtype=np.float64)) - _LINE.reference
        for celsius in (left_c, right_c)
    )
    covariance = _LINE.level + _LINE.slope * np.outer(left, right)
    own = [_LINE.level + _LINE.slope * z**2 for z in (left, right)]
    return np.asarray(covariance / np.sqrt(np.outer(*own)), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Warp:
    """Between values and standard scores of n compositions.

    Parameters
    ----------
    distribution : PredictiveDistribution
    table : ndarray, shape (n, 97)
        Values, as models see them, at the standard scores from -3 to 3.
    """

    distribution: PredictiveDistribution
    table: FloatArray

    @classmethod
    def of(cls, distribution: PredictiveDistribution) -> Warp:
        """Tabulate the quantiles of a predictive distribution."""
        ends = [
            distribution.conformal.interval(
                distribution.center,
                distribution.scale,
                float(2.0 * ndtr(score) - 1.0),
                distribution.families,
            )
            for score in _GRID[_HALF:]
        ]
        median = (ends[0][0] + ends[0][1]) / 2.0
        columns = [*(low for low, _ in ends[:0:-1]), median, *(high for _, high in ends[1:])]
        # The rounding of ranks may leave the quantiles beside the median a hair out of order.
        return cls(distribution, np.maximum.accumulate(np.column_stack(columns), axis=1))

    def values(self, scores: FloatArray) -> FloatArray:
        """Values, as models see them, at standard scores, shape (..., n) each; the last quantile beyond 3."""
        position = (np.clip(scores, -WIDEST, WIDEST) + WIDEST) / (_GRID[1] - _GRID[0])
        below = np.minimum(position.astype(np.int64), len(_GRID) - 2)
        rows = np.arange(len(self.table))
        low, high = self.table[rows, below], self.table[rows, below + 1]
        return np.asarray(low + (position - below) * (high - low), dtype=np.float64)

    def scores(self, level: float) -> FloatArray:
        """Return the standard score of one value, as models see it, at every composition, shape (n,)."""
        found = self.distribution
        below = found.conformal.cumulative(found.center, found.scale, level, found.families)
        return np.asarray(np.clip(ndtri(below), -WIDEST, WIDEST), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Residuals:
    """The process, conditioned on the samples of one laboratory.

    Parameters
    ----------
    domain : Domain
        Measures distances between compositions.
    temperature_c : float
        At which candidates are judged (°C).
    sites : SiteTable
        m measured samples.
    scores : ndarray, shape (m,)
        Their standard scores, each at its own temperature.
    measured_c : ndarray, shape (m,)
        Those temperatures (°C).
    """

    domain: Domain
    temperature_c: float
    sites: SiteTable
    scores: FloatArray
    measured_c: FloatArray

    def marginal(self, sites: SiteTable) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation of the standard score that a new sample will have, shape (n,) each."""
        if not len(self.scores):
            return np.zeros(len(sites)), np.ones(len(sites))
        cross = self._cross(sites)
        mean = cross @ cho_solve(self._factor, self.scores)
        explained = (cross.T * cho_solve(self._factor, cross.T)).sum(axis=0)
        return mean, np.sqrt(1.0 - explained)

    def joint(self, sites: SiteTable) -> tuple[FloatArray, FloatArray]:
        """Mean, shape (n,), and covariance, shape (n, n), of the scores without the noise of a new sample."""
        covariance = LATENT * kernel(self.domain.distances_to(sites, sites)) + LABORATORY
        if not len(self.scores):
            return np.zeros(len(sites)), covariance
        cross = self._cross(sites)
        mean = cross @ cho_solve(self._factor, self.scores)
        return mean, covariance - cross @ cho_solve(self._factor, cross.T)

    def _cross(self, sites: SiteTable) -> FloatArray:
        shared = LATENT * kernel(self.domain.distances_to(sites, self.sites)) + LABORATORY
        return shared * temperature_correlation(np.array([self.temperature_c]), self.measured_c)

    @cached_property
    def _factor(self) -> tuple[FloatArray, bool]:
        own = LATENT * kernel(self.domain.distances_to(self.sites, self.sites)) + LABORATORY
        own *= temperature_correlation(self.measured_c, self.measured_c)
        factor: tuple[FloatArray, bool] = cho_factor(own + NOISE * np.eye(len(own)), lower=True)
        return factor


def improvement(warp: Warp, mean: FloatArray, sd: FloatArray, best: float) -> tuple[FloatArray, FloatArray]:
    """Tell the expected improvement over a value, and the chance of one.

    Parameters
    ----------
    warp : Warp
        Of n compositions.
    mean, sd : ndarray, shape (n,)
        Of their standard scores.
    best : float
        Value to beat, as models see it.

    Returns
    -------
    expected, chance : ndarray, shape (n,)
        The first in the unit of the model (decades for a conductivity).
    """
    nodes = mean[None, :] + sd[None, :] * _NODES[:, None]
    gain = np.maximum(warp.values(nodes) - best, 0.0)
    return _WEIGHTS @ gain, np.asarray(ndtr((mean - warp.scores(best)) / sd), dtype=np.float64)
