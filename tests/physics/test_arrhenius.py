"""The Arrhenius fit against closed forms and independent least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.stats import linregress

from ssepredict.exceptions import SsePredictError
from ssepredict.physics.relations import conductivity_at_temperature, fit_arrhenius

K_EV = 8.617333262145179e-05
CELSIUS = np.array([25.0, 40.0, 60.0, 80.0, 100.0])


def line(energy_ev: float, prefactor: float, celsius: np.ndarray) -> np.ndarray:
    kelvin = celsius + 273.15
    return np.asarray(prefactor / kelvin * np.exp(-energy_ev / (K_EV * kelvin)))


def noisy() -> np.ndarray:
    return line(0.31, 4e4, CELSIUS) * np.exp(np.random.default_rng(3).normal(0, 0.05, 5))


def test_an_exact_line_is_recovered() -> None:
    fit = fit_arrhenius(CELSIUS, line(0.31, 4e4, CELSIUS))
    assert fit.activation_energy_ev == pytest.approx(0.31, abs=1e-10)
    assert fit.prefactor_s_k_cm == pytest.approx(4e4, rel=1e-9)
    assert fit.activation_energy_error_ev == pytest.approx(0.0, abs=1e-8)
    assert fit.r_squared == pytest.approx(1.0, abs=1e-12)
    assert fit.points == 5


def test_unweighted_errors_are_those_of_scipy() -> None:
    fit = fit_arrhenius(CELSIUS, noisy())
    kelvin = CELSIUS + 273.15
    expected = linregress(1 / (K_EV * kelvin), np.log(noisy() * kelvin))
    assert fit.activation_energy_ev == pytest.approx(-expected.slope, rel=1e-9)
    assert fit.activation_energy_error_ev == pytest.approx(expected.stderr, rel=1e-9)
    assert fit.log10_prefactor == pytest.approx(expected.intercept / np.log(10), rel=1e-9)
    assert fit.log10_prefactor_error == pytest.approx(expected.intercept_stderr / np.log(10), rel=1e-9)
    assert fit.r_squared == pytest.approx(expected.rvalue**2, rel=1e-9)


def test_weighted_errors_are_those_of_scipy() -> None:
    sigma = noisy()
    errors = sigma * np.array([0.02, 0.05, 0.1, 0.02, 0.2])
    fit = fit_arrhenius(CELSIUS, sigma, errors)
    kelvin = CELSIUS + 273.15
    best, covariance = curve_fit(
        lambda x, a, b: a - b * x,
        1 / (K_EV * kelvin),
        np.log(sigma * kelvin),
        p0=(10.0, 0.3),
        sigma=errors / sigma,
        absolute_sigma=True,
    )
    assert (fit.log10_prefactor * np.log(10), fit.activation_energy_ev) == pytest.approx(best, rel=1e-6)
    assert fit.covariance == pytest.approx(covariance, rel=1e-4)


def test_one_error_for_all_points_weighs_by_relative_size() -> None:
    sigma = line(0.31, 4e4, CELSIUS)
    assert fit_arrhenius(CELSIUS, sigma, 1e-6).activation_energy_ev == pytest.approx(0.31, abs=1e-9)


def test_the_fitted_line_is_carried_to_other_temperatures_with_its_error() -> None:
    fit = fit_arrhenius(CELSIUS, noisy())
    sigma, error = fit.conductivity([25.0, 60.0, 300.0])
    moved = conductivity_at_temperature(sigma[0], fit.activation_energy_ev, 25.0, [25.0, 60.0, 300.0])
    assert sigma == pytest.approx(moved, rel=1e-9)
    relative = error / sigma
    assert relative[1] < relative[0] < relative[2]  # least in the middle of the measured range
    kelvin = 273.15 + 60.0
    jacobian = np.array([1.0, -1 / (K_EV * kelvin)])
    assert relative[1] == pytest.approx(np.sqrt(jacobian @ fit.covariance @ jacobian), rel=1e-9)
    assert np.isnan(fit.conductivity(-300.0)[0])


def test_the_errors_hold_their_promise() -> None:
    """One standard error covers the true energy as often as Student says: 61 % at 3 degrees of freedom."""
    rng = np.random.default_rng(0)
    truth = line(0.31, 4e4, CELSIUS)
    hits = [
        abs(fit.activation_energy_ev - 0.31) < fit.activation_energy_error_ev
        for fit in (fit_arrhenius(CELSIUS, truth * np.exp(rng.normal(0, 0.05, 5))) for _ in range(2000))
    ]
    assert np.mean(hits) == pytest.approx(0.609, abs=0.03)


@pytest.mark.parametrize(
    ("celsius", "sigma", "problem"),
    [
        ([25, 25, 60], [1e-3, 1.1e-3, 3e-3], "got 2 distinct temperatures, expected at least 3"),
        ([], [], "got 0 distinct temperatures"),
        ([25, 40, 60], [1e-3, 0.0, 3e-3], "point 2: got 0 S/cm at 40 °C, expected a positive conductivity"),
        ([25, 40, np.nan], [1e-3, 2e-3, 3e-3], "point 3: got 0.003 S/cm at nan °C"),
        ([25, 40, -274], [1e-3, 2e-3, 3e-3], "temperature above -273.15 °C"),
        ([25, 40, 60], [1e-3, 2e-3], "expected one conductivity per temperature"),
    ],
)
def test_pairs_that_make_no_line(celsius: list[float], sigma: list[float], problem: str) -> None:
    with pytest.raises(SsePredictError, match=problem):
        fit_arrhenius(celsius, sigma)


@pytest.mark.parametrize(
    ("errors", "problem"),
    [([1e-5, 1e-5], r"expected \(5,\)"), (0.0, "not positive"), (np.nan, "not positive")],
)
def test_errors_that_cannot_be_used(errors: object, problem: str) -> None:
    with pytest.raises(SsePredictError, match=problem):
        fit_arrhenius(CELSIUS, noisy(), errors)  # type: ignore[arg-type]
