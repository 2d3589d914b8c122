"""Impedance spectra: a Nyquist file read, and its arcs fitted with impedance.py (optional extra ``eis``).

References
----------
M. D. Murbach et al., J. Open Source Softw. 5 (2020) 2349, doi 10.21105/joss.02349 (impedance.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ssepredict.data.impedance_start import (
    Circuit,
    ComplexArray,
    FloatArray,
    Spectrum,
    best_start,
    element_impedance,
)
from ssepredict.exceptions import SsePredictError

FEWEST_POINTS = 12
"""A two-arc circuit has eight parameters; each point gives two numbers."""

_STEP = 1e-5
_TOLERANCES = {"maxfev": 2000, "ftol": 1e-7, "xtol": 1e-7}

WORST_RESISTANCE = 0.3
"""Relative standard error from which a resistance counts as not resolved."""


CIRCUITS = (
    Circuit("two arcs, blocking electrodes", "p(R0,CPE0)-p(R1,CPE1)-CPE2", "R0", "R1"),
    Circuit("intercept and arc, blocking electrodes", "R0-p(R1,CPE1)-CPE2", "R0", "R1"),
    Circuit("one arc, blocking electrodes", "p(R0,CPE0)-CPE2"),
    Circuit("two arcs", "p(R0,CPE0)-p(R1,CPE1)", "R0", "R1"),
    Circuit("intercept and arc", "R0-p(R1,CPE1)", "R0", "R1"),
    Circuit("one arc", "p(R0,CPE0)"),
)
"""Circuits that are tried; the one with the smallest information criterion (BIC) is kept."""


@dataclass(frozen=True, eq=False)
class ImpedanceFit:
    """A fitted circuit.

    Parameters
    ----------
    spectrum : Spectrum
        What was fitted.
    circuit : Circuit
        The circuit kept.
    parameters, standard_errors : dict of str to float
        By name; resistances in ohm, CPEs as ``CPE0_Q`` (F s^(alpha-1)) and ``CPE0_alpha``.
    resistances_ohm : dict of str to (float, float)
        ``total`` and, where the circuit tells them apart, ``bulk`` and ``grain_boundary``, each with its
        standard error; that of the total holds the correlation of the two.
    fitted_ohm : ndarray of complex, shape (n,)
        The circuit at the measured frequencies.
    relative_rms : float
        Root mean square of the residuals over the modulus.
    """

    spectrum: Spectrum
    circuit: Circuit
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    resistances_ohm: dict[str, tuple[float, float]]
    fitted_ohm: ComplexArray
    relative_rms: float


def fit_impedance(spectrum: Spectrum) -> ImpedanceFit:
    """Fit the arcs of a pellet between two electrodes, without start values.

    The circuits of `CIRCUITS` are fitted from several starts (weights 1/|Z|); a fit with a resistance that is
    not resolved is set aside, and the smallest BIC is kept. The arc of the higher frequency is the bulk. An
    arc that lies beyond the measured frequencies cannot be seen: then the circuit tells only the total.

    Parameters
    ----------
    spectrum : Spectrum

    Returns
    -------
    ImpedanceFit

    Raises
    ------
    SsePredictError
        When impedance.py is not installed, there are too few points, or no circuit fits.
    """
    model_of = _impedance_py()
    if len(spectrum) < FEWEST_POINTS:
        raise SsePredictError(
            f"spectrum has {len(spectrum)} points, expected at least {FEWEST_POINTS}; measure at more"
        )
    candidates = [
        (_criterion(circuit, start, spectrum), circuit, start) for circuit, start in _near(spectrum)
    ]
    for _, circuit, start in sorted(candidates, key=lambda entry: entry[0]):
        fit = _fit(model_of, circuit, start, spectrum)
        if fit is not None:
            return fit
    raise SsePredictError(
        f"none of the circuits {', '.join(circuit.text for circuit in CIRCUITS)} fits the spectrum with "
        "resolved resistances; check units and the sign of Z'', or widen the frequency range"
    )


def _impedance_py() -> Any:
    try:
        from impedance.models.circuits import CustomCircuit
    except ImportError as error:
        raise SsePredictError(
            "impedance.py is not installed; it fits impedance spectra: pip install 'ssepredict[eis]'"
        ) from error
    return CustomCircuit


def _near(spectrum: Spectrum) -> list[tuple[Circuit, FloatArray]]:
    return [(circuit, best_start(circuit, spectrum)) for circuit in CIRCUITS]


def _criterion(circuit: Circuit, values: FloatArray, spectrum: Spectrum) -> float:
    """Information criterion (BIC) of a circuit, residuals taken relative to the modulus."""
    numbers = 2 * len(spectrum)
    misfit = float(
        (np.abs(element_impedance(circuit, values, spectrum) / spectrum.impedance_ohm - 1) ** 2).sum()
    )
    return float(numbers * np.log(max(misfit, 1e-300) / numbers) + len(values) * np.log(numbers))


def _fit(model_of: Any, circuit: Circuit, start: FloatArray, spectrum: Spectrum) -> ImpedanceFit | None:
    """Fit one circuit; None when it does not converge or leaves a resistance open."""
    frequency, impedance = spectrum.frequency_hz, spectrum.impedance_ohm
    model = model_of(circuit.text, initial_guess=start.tolist())
    try:
        # Scaled by the start: ohm and farad differ by fifteen decades. The start is a minimum already, and
        # along the valley of R, Q and alpha tighter tolerances than these are never met.
        model.fit(frequency, impedance, weight_by_modulus=True, x_scale=start, **_TOLERANCES)
    except (RuntimeError, ValueError):
        return None
    fitted = np.asarray(model.predict(frequency), dtype=np.complex128)
    misfit = float((np.abs((fitted - impedance) / impedance) ** 2).sum())
    values = np.asarray(model.parameters_, dtype=np.float64)
    return _described(circuit, values, _covariance(circuit, values, spectrum, misfit), spectrum, fitted)


def _covariance(circuit: Circuit, values: FloatArray, spectrum: Spectrum, misfit: float) -> FloatArray:
    """Covariance of the parameters from the Jacobian of the residuals relative to the modulus.

    impedance.py keeps the diagonal alone, and the error of a sum of resistances needs their correlation.
    """
    columns = []
    for number, value in enumerate(values):
        step = np.zeros_like(values)
        step[number] = _STEP * abs(value)
        moved = [element_impedance(circuit, values + sign * step, spectrum) for sign in (1.0, -1.0)]
        slope = (moved[0] - moved[1]) / (2.0 * _STEP) / np.abs(spectrum.impedance_ohm)
        columns.append(np.concatenate([slope.real, slope.imag]))
    jacobian = np.stack(columns, axis=1)  # per relative change, so that ohm and farad are of one size
    freedom = max(2 * len(spectrum) - len(values), 1)
    relative = np.linalg.pinv(jacobian.T @ jacobian) * misfit / freedom
    return np.asarray(relative * np.outer(values, values), dtype=np.float64)


def _described(
    circuit: Circuit, values: FloatArray, covariance: FloatArray, spectrum: Spectrum, fitted: ComplexArray
) -> ImpedanceFit | None:
    names = [
        name
        for element in circuit.elements
        for name in ((element,) if element[0] == "R" else (f"{element}_Q", f"{element}_alpha"))
    ]
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    known = dict(zip(names, values.tolist(), strict=True))
    resistors = [number for number, name in enumerate(names) if name[0] == "R"]
    if any(errors[number] > WORST_RESISTANCE * values[number] for number in resistors):
        return None
    total_error = float(np.sqrt(max(covariance[np.ix_(resistors, resistors)].sum(), 0.0)))
    resistances = {"total": (float(values[resistors].sum()), total_error)}
    if circuit.bulk:
        order = [circuit.bulk, circuit.grain_boundary]
        if "CPE0_Q" in known and _log_peak(known, "0") < _log_peak(known, "1"):
            order.reverse()
        for part, name in zip(("bulk", "grain_boundary"), order, strict=True):
            resistances[part] = (known[name], float(errors[names.index(name)]))
    relative = np.abs((fitted - spectrum.impedance_ohm) / spectrum.impedance_ohm)
    return ImpedanceFit(
        spectrum,
        circuit,
        known,
        dict(zip(names, errors.tolist(), strict=True)),
        resistances,
        np.asarray(fitted, dtype=np.complex128),
        float(np.sqrt(np.mean(relative**2))),
    )


def _log_peak(known: dict[str, float], number: str) -> float:
    """log10 of the angular frequency at the top of an arc: (R Q)^(-1/alpha)."""
    product = known[f"R{number}"] * known[f"CPE{number}_Q"]
    return float(-np.log10(product) / known[f"CPE{number}_alpha"])
