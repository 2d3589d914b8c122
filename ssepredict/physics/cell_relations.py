"""What a pellet or a cell test is worth: resistance, transference, wetting, fade; pure functions on arrays.

References
----------
J. Evans, C. A. Vincent, P. G. Bruce, Polymer 28 (1987) 2324, doi 10.1016/0032-3861(87)90394-6;
P. G. Bruce, C. A. Vincent, J. Electroanal. Chem. 225 (1987) 1, doi 10.1016/0022-0728(87)80001-3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ssepredict.exceptions import SsePredictError, did_you_mean

FloatArray = npt.NDArray[np.float64]

FADE_CONVENTIONS = ("linear", "compound")
"""``linear``: every cycle takes the same part of the first capacity, (100 - retention) / cycles, as papers
print it. ``compound``: every cycle takes the same part of what is left."""

_CM_PER_MM = 0.1


class Estimate(NamedTuple):
    """A value with its standard error, in the same unit."""

    value: FloatArray
    standard_error: FloatArray


def conductivity_from_resistance(
    resistance_ohm: npt.ArrayLike,
    thickness_mm: npt.ArrayLike,
    area_cm2: npt.ArrayLike,
    *,
    resistance_error_ohm: npt.ArrayLike = 0.0,
    thickness_error_mm: npt.ArrayLike = 0.0,
    area_error_cm2: npt.ArrayLike = 0.0,
) -> Estimate:
    """Conductivity of a pellet, ``sigma = L / (A R)``, with its standard error.

    Relative errors add in squares: ``(ds/s)^2 = (dR/R)^2 + (dL/L)^2 + (dA/A)^2`` (independent, small).

    Parameters
    ----------
    resistance_ohm : array_like
        Resistance (ohm); not positive gives NaN.
    thickness_mm : array_like
        Distance between the electrodes (mm); not positive gives NaN.
    area_cm2 : array_like
        Area of an electrode (cm2); not positive gives NaN.
    resistance_error_ohm, thickness_error_mm, area_error_cm2 : array_like
        Standard errors; 0 means exact.

    Returns
    -------
    Estimate
        Conductivity and its standard error (S/cm); broadcast shape of the inputs.

    Examples
    --------
    >>> sigma = conductivity_from_resistance(100.0, 1.0, 0.5, resistance_error_ohm=3.0, area_error_cm2=0.02)
    >>> round(float(sigma.value), 6), round(float(sigma.standard_error), 6)
    (0.002, 0.0001)
    """
    resistance, thickness, area = (_positive(value) for value in (resistance_ohm, thickness_mm, area_cm2))
    value = thickness * _CM_PER_MM / (area * resistance)
    relative = np.sqrt(
        (np.asarray(resistance_error_ohm) / resistance) ** 2
        + (np.asarray(thickness_error_mm) / thickness) ** 2
        + (np.asarray(area_error_cm2) / area) ** 2
    )
    return Estimate(np.asarray(value), np.asarray(value * relative))


def area_specific_resistance(
    resistance_ohm: npt.ArrayLike, area_cm2: npt.ArrayLike, interfaces: int = 1
) -> FloatArray:
    """Area-specific resistance of one interface, ``R A / interfaces``.

    Parameters
    ----------
    resistance_ohm : array_like
        Resistance of all `interfaces` together (ohm).
    area_cm2 : array_like
        Area of one interface (cm2).
    interfaces : int
        2 in a symmetric cell.

    Returns
    -------
    ndarray
        Area-specific resistance (ohm cm2); NaN for a negative resistance or an area that is not positive.

    Raises
    ------
    SsePredictError
        When `interfaces` is not positive.

    Examples
    --------
    >>> float(area_specific_resistance(6.0, 0.5, interfaces=2))
    1.5
    """
    if interfaces < 1:
        raise SsePredictError(
            f"got {interfaces} interfaces, expected 1 (half cell) or 2 (symmetric cell) or more"
        )
    resistance = np.asarray(resistance_ohm, dtype=np.float64)
    return np.asarray(np.where(resistance >= 0, resistance, np.nan) * _positive(area_cm2) / interfaces)


def bruce_vincent_transference(
    initial_current_a: npt.ArrayLike,
    steady_current_a: npt.ArrayLike,
    voltage_v: npt.ArrayLike,
    initial_resistance_ohm: npt.ArrayLike = 0.0,
    steady_resistance_ohm: npt.ArrayLike = 0.0,
) -> FloatArray:
    """Transference number of the mobile ion from polarising a symmetric metal cell.

    ``t = I_s (V - I_0 R_0) / (I_0 (V - I_s R_s))``; without interfaces (R = 0) it is I_s / I_0.

    Parameters
    ----------
    initial_current_a, steady_current_a : array_like
        Current at the start and in the steady state (any one unit that makes V with the resistances: A).
    voltage_v : array_like
        Voltage of the polarisation (V), 10 mV or so.
    initial_resistance_ohm, steady_resistance_ohm : array_like
        Interface resistance before and in the steady state (ohm).

    Returns
    -------
    ndarray
        Transference number; NaN where a current is not positive or the interfaces take all the voltage. It is
        not clipped: a value above 1 tells that a resistance or a current is wrong.

    References
    ----------
    doi 10.1016/0032-3861(87)90394-6, doi 10.1016/0022-0728(87)80001-3.

    Examples
    --------
    >>> round(float(bruce_vincent_transference(1e-3, 9.8e-4, 0.01)), 6)
    0.98
    """
    start, steady, voltage = (_positive(value) for value in (initial_current_a, steady_current_a, voltage_v))
    driving_start = voltage - start * np.asarray(initial_resistance_ohm, dtype=np.float64)
    driving_steady = voltage - steady * np.asarray(steady_resistance_ohm, dtype=np.float64)
    possible = (driving_start > 0) & (driving_steady > 0)
    ratio = np.divide(driving_start, driving_steady, out=np.full(possible.shape, np.nan), where=possible)
    return np.asarray(steady / start * ratio, dtype=np.float64)


def work_of_adhesion(surface_energy_j_m2: npt.ArrayLike, contact_angle_deg: npt.ArrayLike) -> FloatArray:
    """Young-Dupré work of adhesion of a liquid on a solid, ``W = gamma (1 + cos theta)``.

    Parameters
    ----------
    surface_energy_j_m2 : array_like
        Surface energy of the liquid (J/m2).
    contact_angle_deg : array_like
        Contact angle (degrees), 0 (wets) to 180; others give NaN.

    Returns
    -------
    ndarray
        Work of adhesion (J/m2); broadcast shape of the inputs.

    Notes
    -----
    A printed pair, 0.5036 J/m2 at 0° for liquid sodium with 0.2523 J/m2, does not obey the relation: it gives
    0.5046. Twice 0.2518 J/m2 would be 0.5036, or an angle of 5.1°; a digit is misprinted in one of the two.

    Examples
    --------
    >>> round(float(work_of_adhesion(0.2523, 0.0)), 4), round(float(work_of_adhesion(0.2523, 90.0)), 4)
    (0.5046, 0.2523)
    """
    angle = np.asarray(contact_angle_deg, dtype=np.float64)
    angle = np.where((angle >= 0) & (angle <= 180), angle, np.nan)
    return np.asarray(np.asarray(surface_energy_j_m2) * (1.0 + np.cos(np.deg2rad(angle))), dtype=np.float64)


def fade_per_cycle(
    capacity_retention_pct: npt.ArrayLike, cycles: npt.ArrayLike, convention: str = "linear"
) -> FloatArray:
    """Capacity fade per cycle from what is left after some cycles.

    Parameters
    ----------
    capacity_retention_pct : array_like
        Capacity left (% of the start).
    cycles : array_like
        Cycles done; zero or fewer gives NaN.
    convention : {"linear", "compound"}
        See `FADE_CONVENTIONS`.

    Returns
    -------
    ndarray
        Fade in % of the starting capacity per cycle (linear), or of the capacity before each cycle
        (compound; NaN for a negative retention).

    Raises
    ------
    SsePredictError
        When the convention is unknown.

    References
    ----------
    Oracle: 86.4 % after 650 cycles is printed as 0.0209 % per cycle, doi 10.1007/s40820-024-01474-6.

    Examples
    --------
    >>> round(float(fade_per_cycle(86.4, 650)), 4), round(float(fade_per_cycle(86.4, 650, "compound")), 4)
    (0.0209, 0.0225)
    """
    number = _positive(cycles)
    left = np.asarray(capacity_retention_pct, dtype=np.float64)
    if _known(convention) == "linear":
        return np.asarray((100.0 - left) / number, dtype=np.float64)
    share = np.where(left >= 0, left, np.nan) / 100.0
    return np.asarray(100.0 * (1.0 - share ** (1.0 / number)), dtype=np.float64)


def retention_after(
    fade_pct_per_cycle: npt.ArrayLike, cycles: npt.ArrayLike, convention: str = "linear"
) -> FloatArray:
    """Capacity left after some cycles; the inverse of `fade_per_cycle`.

    Parameters
    ----------
    fade_pct_per_cycle : array_like
        Fade per cycle (%).
    cycles : array_like
        Cycles done; fewer than none gives NaN.
    convention : {"linear", "compound"}
        See `FADE_CONVENTIONS`. A linear fade that uses up the capacity leaves 0.

    Returns
    -------
    ndarray
        Retention (% of the first capacity).

    Raises
    ------
    SsePredictError
        When the convention is unknown.

    Examples
    --------
    >>> round(float(retention_after(0.0209, 650)), 1)
    86.4
    """
    fade = np.asarray(fade_pct_per_cycle, dtype=np.float64)
    number = np.asarray(cycles, dtype=np.float64)
    number = np.where(number >= 0, number, np.nan)
    if _known(convention) == "linear":
        return np.asarray(np.maximum(100.0 - fade * number, 0.0), dtype=np.float64)
    share = np.where(fade <= 100, 1.0 - fade / 100.0, np.nan)
    return np.asarray(100.0 * share**number, dtype=np.float64)


def _positive(values: npt.ArrayLike) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float64)
    return np.asarray(np.where(numbers > 0, numbers, np.nan), dtype=np.float64)


def _known(convention: str) -> str:
    if convention not in FADE_CONVENTIONS:
        raise SsePredictError(
            f"unknown convention {convention!r}{did_you_mean(convention, FADE_CONVENTIONS)}; expected "
            f"{' or '.join(FADE_CONVENTIONS)}"
        )
    return convention
