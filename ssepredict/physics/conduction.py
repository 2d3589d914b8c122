"""Thermally activated conduction, as pure functions on arrays.

Conductivity follows the sigma*T convention throughout, the one in which a random walk gives a straight line:
``sigma T = sigma0 exp(-Ea / kT)``, with the pre-exponential sigma0 in S K/cm.

References
----------
H. Mehrer, Diffusion in Solids, Springer (2007).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssepredict.units import BOLTZMANN_EV_K, ELEMENTARY_CHARGE_C, celsius_to_kelvin

FloatArray = npt.NDArray[np.float64]

ATTEMPT_FREQUENCY_HZ = 1e13
"""Usual attempt frequency of an alkali ion in an oxide or halide."""

_LN10 = float(np.log(10.0))
_CM_PER_ANGSTROM = 1e-8


def thermal_energy_ev(temperature_c: npt.ArrayLike) -> FloatArray:
    """Thermal energy kT.

    Parameters
    ----------
    temperature_c : array_like
        Temperature (°C); at or below absolute zero gives NaN.

    Returns
    -------
    ndarray
        kT in eV.

    Examples
    --------
    >>> round(float(thermal_energy_ev(25.0)), 6)
    0.025693
    """
    kelvin = celsius_to_kelvin(temperature_c)
    return np.asarray(BOLTZMANN_EV_K * np.where(kelvin > 0, kelvin, np.nan), dtype=np.float64)


def log10_prefactor(
    conductivity_s_cm: npt.ArrayLike, activation_energy_ev: npt.ArrayLike, temperature_c: npt.ArrayLike
) -> FloatArray:
    """Arrhenius pre-exponential that one pair (conductivity, activation energy) implies.

    ``log10(sigma0) = log10(sigma T) + Ea / (kT ln 10)``, in the sigma*T convention. Ea read from a plot of
    sigma instead of sigma*T is smaller by kT, which lowers the result by 0.43 decades.

    Parameters
    ----------
    conductivity_s_cm : array_like
        Conductivity (S/cm); zero gives -inf, a negative one NaN.
    activation_energy_ev : array_like
        Activation energy (eV).
    temperature_c : array_like
        Temperature of the conductivity (°C).

    Returns
    -------
    ndarray
        log10 of sigma0 in S K/cm; broadcast shape of the inputs.

    Examples
    --------
    >>> round(float(log10_prefactor(1e-3, 0.3, 25.0)), 3)
    4.545
    """
    sigma = np.asarray(conductivity_s_cm, dtype=np.float64)
    energy_ev = np.asarray(activation_energy_ev, dtype=np.float64)
    kt = thermal_energy_ev(temperature_c)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log10(sigma * kt / BOLTZMANN_EV_K) + energy_ev / (kt * _LN10), dtype=np.float64)


def conductivity_at_temperature(
    conductivity_s_cm: npt.ArrayLike,
    activation_energy_ev: npt.ArrayLike,
    temperature_c: npt.ArrayLike,
    to_temperature_c: npt.ArrayLike,
) -> FloatArray:
    """Carry a conductivity along its Arrhenius line (sigma*T convention) to another temperature.

    Holds within one phase: not across the monoclinic to rhombohedral transition of a NASICON.

    Parameters
    ----------
    conductivity_s_cm : array_like
        Conductivity (S/cm) at `temperature_c`.
    activation_energy_ev : array_like
        Activation energy (eV).
    temperature_c, to_temperature_c : array_like
        Temperatures (°C).

    Returns
    -------
    ndarray
        Conductivity (S/cm) at `to_temperature_c`; broadcast shape of the inputs.

    Examples
    --------
    >>> float(conductivity_at_temperature(1e-3, 0.3, 25.0, 25.0))
    0.001
    >>> round(float(conductivity_at_temperature(1e-3, 0.3, 25.0, 60.0)), 6)
    0.003052
    """
    kt, to_kt = thermal_energy_ev(temperature_c), thermal_energy_ev(to_temperature_c)
    energy_ev = np.asarray(activation_energy_ev, dtype=np.float64)
    sigma = np.asarray(conductivity_s_cm, dtype=np.float64)
    return np.asarray(sigma * (kt / to_kt) * np.exp(energy_ev * (1.0 / kt - 1.0 / to_kt)), dtype=np.float64)


def nernst_einstein_ceiling(
    carriers: npt.ArrayLike,
    vacancies: npt.ArrayLike,
    hop_length_angstrom: npt.ArrayLike,
    formula_volume_cubic_angstrom: npt.ArrayLike,
    activation_energy_ev: npt.ArrayLike,
    temperature_c: npt.ArrayLike,
    attempt_frequency_hz: float = ATTEMPT_FREQUENCY_HZ,
) -> FloatArray:
    """Conductivity of uncorrelated hops at the attempt frequency, without migration entropy.

    ``sigma = (n_c / V) e^2 D / kT`` with ``D = a^2 nu x exp(-Ea / kT)``; x is the empty fraction of the sites
    that carriers and vacancies share, and six neighbours cancel the 1/6 of the random walk.

    Parameters
    ----------
    carriers, vacancies : array_like
        Mobile ions and empty A sites per formula unit; negative counts as none, and no carriers
        give 0.
    hop_length_angstrom : array_like
        Distance between neighbouring sites (Å).
    formula_volume_cubic_angstrom : array_like
        Volume of a formula unit (Å3).
    activation_energy_ev : array_like
        Activation energy (eV).
    temperature_c : array_like
        Temperature (°C).
    attempt_frequency_hz : float
        Attempt frequency (Hz).

    Returns
    -------
    ndarray
        Ceiling (S/cm); broadcast shape of the inputs.

    Examples
    --------
    >>> ceiling = nernst_einstein_ceiling(3.0, 1.0, 3.5, 272.0, 0.3, 25.0)
    >>> f"{float(ceiling):.2e}"
    '1.79e-03'
    """
    ions = np.clip(np.asarray(carriers, dtype=np.float64), 0.0, None)
    empty = np.clip(np.asarray(vacancies, dtype=np.float64), 0.0, None)
    sites = ions + empty
    # NaN counts as a site number, so that an unknown vacancy count stays unknown.
    empty_fraction = np.divide(empty, sites, out=np.zeros_like(sites), where=~(sites <= 0))
    kt = thermal_energy_ev(temperature_c)
    hop_cm = np.asarray(hop_length_angstrom, dtype=np.float64) * _CM_PER_ANGSTROM
    volume_cm3 = np.asarray(formula_volume_cubic_angstrom, dtype=np.float64) * _CM_PER_ANGSTROM**3
    boltzmann = np.exp(-np.asarray(activation_energy_ev, dtype=np.float64) / kt)
    diffusion_cm2_s = hop_cm**2 * attempt_frequency_hz * empty_fraction * boltzmann
    # e^2 / kT with kT in eV leaves one e in coulomb.
    return np.asarray(ions / volume_cm3 * ELEMENTARY_CHARGE_C * diffusion_cm2_s / kt, dtype=np.float64)
