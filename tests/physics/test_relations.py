"""Closed forms and published values."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.physics.relations import (
    ATTEMPT_FREQUENCY_HZ,
    conductivity_at_temperature,
    log10_prefactor,
    nernst_einstein_ceiling,
    thermal_energy_ev,
)

K_EV = 8.617333262145179e-05


def test_thermal_energy_is_k_times_kelvin() -> None:
    assert thermal_energy_ev([0.0, 26.85]) == pytest.approx([K_EV * 273.15, K_EV * 300.0], rel=1e-12)
    assert np.isnan(thermal_energy_ev([-273.15, -300.0])).all()


def test_prefactor_inverts_the_arrhenius_law() -> None:
    kelvin = np.array([250.0, 298.15, 400.0, 600.0])
    sigma = 3.2e4 / kelvin * np.exp(-0.31 / (K_EV * kelvin))
    assert log10_prefactor(sigma, 0.31, kelvin - 273.15) == pytest.approx(np.log10(3.2e4), abs=1e-12)


def test_prefactor_of_no_or_negative_conductivity() -> None:
    assert log10_prefactor(0.0, 0.3, 25.0) == -np.inf
    assert np.isnan(log10_prefactor(-1e-3, 0.3, 25.0))


def test_conductivity_moves_along_its_arrhenius_line_and_back() -> None:
    sigma = np.array([1e-6, 1e-3])
    hot = conductivity_at_temperature(sigma, [0.5, 0.3], 25.0, 300.0)
    assert log10_prefactor(hot, [0.5, 0.3], 300.0) == pytest.approx(
        log10_prefactor(sigma, [0.5, 0.3], 25.0), abs=1e-12
    )
    assert conductivity_at_temperature(hot, [0.5, 0.3], 300.0, 25.0) == pytest.approx(sigma, rel=1e-12)


def test_conductivity_times_temperature_is_constant_without_a_barrier() -> None:
    assert conductivity_at_temperature(1e-3, 0.0, 26.85, 326.85) == pytest.approx(5e-4, rel=1e-12)


def test_ceiling_in_si_units() -> None:
    kelvin, charge = 298.15, 1.602176634e-19
    density_m3 = 3.0 / 272e-30
    diffusion_m2_s = (3.5e-10) ** 2 * ATTEMPT_FREQUENCY_HZ * (1.0 / 4.0) * np.exp(-0.3 / (K_EV * kelvin))
    expected_s_m = density_m3 * charge**2 * diffusion_m2_s / (1.380649e-23 * kelvin)
    got = nernst_einstein_ceiling(3.0, 1.0, 3.5, 272.0, 0.3, 25.0)
    assert got == pytest.approx(expected_s_m / 100.0, rel=1e-9)


def test_ceiling_needs_carriers_and_vacancies() -> None:
    ceiling = nernst_einstein_ceiling(
        [0.0, 4.0, 0.0, 3.0, 4.1], [1.0, 0.0, 0.0, np.nan, -0.1], 3.5, 272.0, 0.3, 25
    )
    assert ceiling[[0, 1, 2, 4]].tolist() == [0.0] * 4
    assert np.isnan(ceiling[3])


def test_ceiling_scales_with_the_attempt_frequency() -> None:
    args = (3.0, 1.0, 3.5, 272.0, 0.3, 25.0)
    assert nernst_einstein_ceiling(*args, attempt_frequency_hz=2e13) == pytest.approx(
        2 * nernst_einstein_ceiling(*args), rel=1e-12
    )
