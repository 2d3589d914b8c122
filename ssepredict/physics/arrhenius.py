"""The Arrhenius line through measured conductivities, with uncertainties.

``ln(sigma T) = ln(sigma0) - Ea / kT``: the sigma*T convention of `ssepredict.physics.conduction`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.exceptions import SsePredictError
from ssepredict.physics.conduction import FloatArray
from ssepredict.units import BOLTZMANN_EV_K, celsius_to_kelvin

FEWEST_TEMPERATURES = 3
"""Two temperatures fix a line exactly and say nothing about its error."""

_LN10 = float(np.log(10.0))


@dataclass(frozen=True)
class ArrheniusFit:
    """A fitted line.

    Parameters
    ----------
    activation_energy_ev, activation_energy_error_ev : float
        Activation energy and its standard error (eV).
    log10_prefactor, log10_prefactor_error : float
        log10 of sigma0 in S K/cm, and its standard error.
    r_squared : float
        Share of the (weighted) variance of ln(sigma T) that the line explains.
    points : int
        Measurements in the fit.
    covariance : ndarray, shape (2, 2)
        Covariance of (ln sigma0, Ea in eV).
    """

    activation_energy_ev: float
    activation_energy_error_ev: float
    log10_prefactor: float
    log10_prefactor_error: float
    r_squared: float
    points: int
    covariance: FloatArray

    @property
    def prefactor_s_k_cm(self) -> float:
        """Pre-exponential sigma0 (S K/cm)."""
        return float(10.0**self.log10_prefactor)

    def conductivity(self, temperature_c: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Conductivity on the line and its standard error.

        The error is that of the line, not the scatter of a new measurement; it grows away from the measured
        temperatures.

        Parameters
        ----------
        temperature_c : array_like
            Temperatures (°C); at or below absolute zero gives NaN.

        Returns
        -------
        tuple of ndarray
            Conductivity and its standard error (S/cm), each of the shape of `temperature_c`.
        """
        kelvin = celsius_to_kelvin(temperature_c)
        kelvin = np.where(kelvin > 0, kelvin, np.nan)
        slope = -1.0 / (BOLTZMANN_EV_K * kelvin)
        log_sigma = self.log10_prefactor * _LN10 + slope * self.activation_energy_ev - np.log(kelvin)
        variance = self.covariance[0, 0] + 2.0 * slope * self.covariance[0, 1]
        variance = variance + slope**2 * self.covariance[1, 1]
        sigma = np.exp(log_sigma)
        # Rounding may leave a variance of an exact line a hair below zero.
        return np.asarray(sigma), np.asarray(sigma * np.sqrt(np.maximum(variance, 0.0)))


def fit_arrhenius(
    temperature_c: npt.ArrayLike,
    conductivity_s_cm: npt.ArrayLike,
    conductivity_error_s_cm: npt.ArrayLike | None = None,
) -> ArrheniusFit:
    """Fit ``sigma T = sigma0 exp(-Ea / kT)`` to measured pairs.

    Without errors every point weighs the same in ln(sigma T) and the standard errors come from the scatter
    about the line (n - 2 degrees of freedom). With errors the points are weighted by their inverse variance
    and the standard errors follow from the errors given. Within one phase only: a line across the monoclinic
    to rhombohedral transition of a NASICON means nothing.

    Parameters
    ----------
    temperature_c : array_like, shape (n,)
        Temperatures (°C), at least three of them distinct.
    conductivity_s_cm : array_like, shape (n,)
        Conductivities (S/cm), positive.
    conductivity_error_s_cm : array_like, shape (n,) or scalar, optional
        Standard errors (S/cm), positive.

    Returns
    -------
    ArrheniusFit

    Raises
    ------
    SsePredictError
        When lengths differ, a value is missing or not positive, or there are too few temperatures.

    Examples
    --------
    >>> kelvin = np.array([298.15, 323.15, 348.15])
    >>> fit = fit_arrhenius(kelvin - 273.15, 2e4 / kelvin * np.exp(-0.3 / (8.617333262e-5 * kelvin)))
    >>> round(fit.activation_energy_ev, 6), round(fit.prefactor_s_k_cm), round(fit.r_squared, 6)
    (0.3, 20000, 1.0)
    """
    celsius = np.atleast_1d(np.asarray(temperature_c, dtype=np.float64))
    sigma = np.atleast_1d(np.asarray(conductivity_s_cm, dtype=np.float64))
    _check_pairs(celsius, sigma)
    kelvin = celsius_to_kelvin(celsius)
    weights = np.ones_like(sigma)
    if conductivity_error_s_cm is not None:
        weights = (sigma / _errors(conductivity_error_s_cm, sigma)) ** 2
    inverse_kt, log_sigma_t = 1.0 / (BOLTZMANN_EV_K * kelvin), np.log(sigma * kelvin)
    total = weights.sum()
    mean_x, mean_y = (weights @ inverse_kt) / total, (weights @ log_sigma_t) / total
    x, y = inverse_kt - mean_x, log_sigma_t - mean_y
    spread = weights @ x**2
    slope = float((weights * x) @ y / spread)
    intercept = float(mean_y - slope * mean_x)
    residual = float(weights @ (y - slope * x) ** 2)
    whole = float(weights @ y**2)
    scale = residual / (len(sigma) - 2) if conductivity_error_s_cm is None else 1.0
    # (ln sigma0, Ea): Ea is minus the slope, which turns the sign of the covariance.
    shared = scale * mean_x / spread
    covariance = np.array([[scale / total + scale * mean_x**2 / spread, shared], [shared, scale / spread]])
    return ArrheniusFit(
        activation_energy_ev=-slope,
        activation_energy_error_ev=float(np.sqrt(covariance[1, 1])),
        log10_prefactor=intercept / _LN10,
        log10_prefactor_error=float(np.sqrt(covariance[0, 0])) / _LN10,
        r_squared=1.0 - residual / whole if whole > 0 else float("nan"),
        points=len(sigma),
        covariance=covariance,
    )


def _check_pairs(celsius: FloatArray, sigma: FloatArray) -> None:
    if celsius.shape != sigma.shape or celsius.ndim != 1:
        raise SsePredictError(
            f"temperatures have shape {celsius.shape} and conductivities {sigma.shape}; expected one "
            "conductivity per temperature"
        )
    bad = ~(np.isfinite(celsius) & np.isfinite(sigma) & (sigma > 0) & (celsius_to_kelvin(celsius) > 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise SsePredictError(
            f"point {row + 1}: got {sigma[row]:g} S/cm at {celsius[row]:g} °C, expected a positive "
            "conductivity and a temperature above -273.15 °C; leave the point out"
        )
    distinct = len(np.unique(celsius))
    if distinct < FEWEST_TEMPERATURES:
        raise SsePredictError(
            f"got {distinct} distinct temperatures, expected at least {FEWEST_TEMPERATURES}: two fix a line "
            "and leave nothing to judge its error by; measure at another temperature"
        )


def _errors(given: npt.ArrayLike, sigma: FloatArray) -> FloatArray:
    errors = np.asarray(given, dtype=np.float64)
    if errors.shape not in ((), sigma.shape):
        raise SsePredictError(
            f"errors have shape {errors.shape}, expected {sigma.shape}: one per conductivity, or one number"
        )
    if not (np.isfinite(errors) & (errors > 0)).all():
        raise SsePredictError("errors of conductivities hold a value that is not positive; expected S/cm > 0")
    return np.broadcast_to(errors, sigma.shape)
