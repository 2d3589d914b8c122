"""Unit conversions and physical constants, for scalars and arrays alike.

References
----------
Constants: the exact values of the SI of 2019, BIPM, The International System of Units, 9th edition (2019);
CODATA 2018, E. Tiesinga et al., Rev. Mod. Phys. 93 (2021) 025010, doi 10.1103/RevModPhys.93.025010.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

ELEMENTARY_CHARGE_C = 1.602176634e-19
"""Elementary charge (C), exact."""

BOLTZMANN_J_K = 1.380649e-23
"""Boltzmann constant (J/K), exact."""

AVOGADRO_PER_MOL = 6.02214076e23
"""Avogadro constant (1/mol), exact."""

BOLTZMANN_EV_K = BOLTZMANN_J_K / ELEMENTARY_CHARGE_C
"""Boltzmann constant (eV/K): 8.617333262...e-5."""

FARADAY_C_MOL = ELEMENTARY_CHARGE_C * AVOGADRO_PER_MOL
"""Faraday constant (C/mol)."""

ZERO_CELSIUS_K = 273.15
"""0 °C in K."""

ROOM_TEMPERATURE_C = 25.0
"""The temperature at which conductivities are compared (°C)."""


def celsius_to_kelvin(temperature_c: npt.ArrayLike) -> FloatArray:
    """Temperature in K from °C.

    Parameters
    ----------
    temperature_c : array_like
        Any shape.

    Returns
    -------
    ndarray
        Same shape.

    Examples
    --------
    >>> float(celsius_to_kelvin(25.0))
    298.15
    """
    return np.asarray(np.asarray(temperature_c, dtype=np.float64) + ZERO_CELSIUS_K)


def kelvin_to_celsius(temperature_k: npt.ArrayLike) -> FloatArray:
    """Temperature in °C from K.

    Parameters
    ----------
    temperature_k : array_like
        Any shape.

    Returns
    -------
    ndarray
        Same shape.

    Examples
    --------
    >>> round(float(kelvin_to_celsius(400.0)), 9)
    126.85
    """
    return np.asarray(np.asarray(temperature_k, dtype=np.float64) - ZERO_CELSIUS_K)


def s_m_to_s_cm(conductivity_s_m: npt.ArrayLike) -> FloatArray:
    """Conductivity in S/cm from S/m.

    Parameters
    ----------
    conductivity_s_m : array_like
        Any shape.

    Returns
    -------
    ndarray
        Same shape.

    Examples
    --------
    >>> float(s_m_to_s_cm(1.0))
    0.01
    """
    return np.asarray(np.asarray(conductivity_s_m, dtype=np.float64) / 100.0)


def ms_cm_to_s_cm(conductivity_ms_cm: npt.ArrayLike) -> FloatArray:
    """Conductivity in S/cm from mS/cm.

    Parameters
    ----------
    conductivity_ms_cm : array_like
        Any shape.

    Returns
    -------
    ndarray
        Same shape.

    Examples
    --------
    >>> float(ms_cm_to_s_cm(1.5))
    0.0015
    """
    return np.asarray(np.asarray(conductivity_ms_cm, dtype=np.float64) / 1000.0)


def kj_mol_to_ev(energy_kj_mol: npt.ArrayLike) -> FloatArray:
    """Energy per particle in eV from kJ/mol.

    Parameters
    ----------
    energy_kj_mol : array_like
        Any shape.

    Returns
    -------
    ndarray
        Same shape.

    Examples
    --------
    >>> round(float(kj_mol_to_ev(96.48533212331)), 9)
    1.0
    """
    return np.asarray(np.asarray(energy_kj_mol, dtype=np.float64) * 1000.0 / FARADAY_C_MOL)
