from __future__ import annotations

import numpy as np
import pytest

from ssepredict import units


def test_constants_equal_codata_2018():
    # physics.nist.gov/cuu: k = 8.617333262...e-5 eV/K, F = 96485.33212... C/mol
    assert pytest.approx(8.617333262145e-5, rel=1e-12) == units.BOLTZMANN_EV_K
    assert pytest.approx(96485.33212331, rel=1e-13) == units.FARADAY_C_MOL


def test_constants_equal_scipy():
    from scipy import constants

    assert constants.e == units.ELEMENTARY_CHARGE_C
    assert constants.k == units.BOLTZMANN_J_K
    assert constants.N_A == units.AVOGADRO_PER_MOL
    assert constants.zero_Celsius == units.ZERO_CELSIUS_K


@pytest.mark.parametrize(
    ("convert", "given", "expected"),
    [
        (units.celsius_to_kelvin, [-273.15, 0.0, 25.0], [0.0, 273.15, 298.15]),
        (units.kelvin_to_celsius, [0.0, 400.0, 600.0], [-273.15, 126.85, 326.85]),
        (units.s_m_to_s_cm, [100.0, 1e-2], [1.0, 1e-4]),
        (units.ms_cm_to_s_cm, [1.0, 4.5], [1e-3, 4.5e-3]),
        (units.kj_mol_to_ev, [96.48533212331001, 0.0], [1.0, 0.0]),
    ],
)
def test_closed_form_values(convert, given, expected):
    np.testing.assert_allclose(convert(given), expected, rtol=1e-12, atol=1e-12)


def test_shapes_are_kept_and_nan_stays_nan():
    table = units.celsius_to_kelvin([[25.0, np.nan], [0.0, 1.0]])
    assert table.shape == (2, 2)
    assert np.isnan(table[0, 1])
    assert units.kj_mol_to_ev(1.0).shape == ()


def test_temperatures_go_there_and_back():
    temperature_c = np.linspace(-200.0, 1200.0, 57)
    back = units.kelvin_to_celsius(units.celsius_to_kelvin(temperature_c))
    np.testing.assert_allclose(back, temperature_c, atol=1e-12)
