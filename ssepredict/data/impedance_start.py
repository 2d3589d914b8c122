"""Circuits of pellets between electrodes, and start values found without looking at a plot.

The search works on well-conditioned parameters (logarithms of resistances and of the frequencies at the tops
of the arcs), so that it gets near from anywhere; the fit that is reported is done by impedance.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

_SHARES = (0.2, 0.5, 0.8)
_PEAKS = 5
_LEAST_ALPHA = 0.3


@dataclass(frozen=True)
class Circuit:
    """An equivalent circuit in the words of impedance.py.

    Parameters
    ----------
    name : str
        In words.
    text : str
        The circuit.
    bulk, grain_boundary : str
        Resistances by name; empty where the circuit does not tell one from the other.
    """

    name: str
    text: str
    bulk: str = ""
    grain_boundary: str = ""

    @property
    def elements(self) -> list[str]:
        """Elements in the order of the parameters."""
        return re.findall(r"CPE\d|R\d", self.text)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A measured impedance.

    Parameters
    ----------
    frequency_hz : ndarray, shape (n,)
        Frequencies, highest first.
    impedance_ohm : ndarray of complex, shape (n,)
        Z' + iZ'' (ohm); capacitive points have a negative imaginary part.
    """

    frequency_hz: FloatArray
    impedance_ohm: ComplexArray

    def __len__(self) -> int:
        return len(self.frequency_hz)


def best_start(circuit: Circuit, spectrum: Spectrum) -> FloatArray:
    """Start values near the best fit.

    Parameters
    ----------
    circuit : Circuit
        Of R-CPE arcs, at most one resistor and at most one CPE in series.
    spectrum : Spectrum

    Returns
    -------
    ndarray
        In the order in which impedance.py takes them.
    """
    from scipy.optimize import least_squares

    low, high = _limits(circuit, spectrum)

    def residuals(parameters: FloatArray) -> FloatArray:
        relative = _impedance(circuit, parameters, spectrum) / spectrum.impedance_ohm - 1.0
        return np.concatenate([relative.real, relative.imag])

    found = [
        least_squares(residuals, np.clip(start, low + 1e-6, high - 1e-6), bounds=(low, high), max_nfev=60)
        for start in _starts(circuit, spectrum)
    ]
    best = min(found, key=lambda result: float(result.cost))
    return _as_elements(circuit, np.asarray(best.x, dtype=np.float64), spectrum)


def element_impedance(circuit: Circuit, elements: FloatArray, spectrum: Spectrum) -> ComplexArray:
    """Impedance of a circuit at the frequencies of a spectrum.

    Parameters
    ----------
    circuit : Circuit
    elements : ndarray
        Parameters in the order in which impedance.py takes them (ohm, F s^(alpha-1), alpha).
    spectrum : Spectrum

    Returns
    -------
    ndarray of complex, shape (n,)
        Impedance (ohm).
    """
    omega = 2j * np.pi * spectrum.frequency_hz
    total = np.zeros(len(spectrum), dtype=np.complex128)
    rest = list(elements)
    for kind in _kinds(circuit):
        resistance = rest.pop(0) if kind != "electrode" else np.inf
        admittance = rest.pop(0) * omega ** rest.pop(0) if kind != "resistor" else 0.0
        total += 1.0 / (1.0 / resistance + admittance)
    return total


def _kinds(circuit: Circuit) -> list[str]:
    """Name what is in series: ``resistor``, ``arc`` or ``electrode``."""
    parts = re.findall(r"p\([^)]*\)|R\d|CPE\d", circuit.text)
    return ["arc" if part[0] == "p" else "resistor" if part[0] == "R" else "electrode" for part in parts]


def _impedance(circuit: Circuit, parameters: FloatArray, spectrum: Spectrum) -> ComplexArray:
    """Impedance from ln R, log10 of an arc's top frequency, alpha; ln |Z| of the electrode at the end."""
    frequency = spectrum.frequency_hz
    total = np.zeros(len(frequency), dtype=np.complex128)
    rest = list(parameters)
    for kind in _kinds(circuit):
        if kind == "resistor":
            total += np.exp(rest.pop(0))
        elif kind == "arc":
            log_resistance, log_peak, alpha = rest.pop(0), rest.pop(0), rest.pop(0)
            total += np.exp(log_resistance) / (1.0 + (1j * frequency / 10.0**log_peak) ** alpha)
        else:
            log_size, alpha = rest.pop(0), rest.pop(0)
            total += np.exp(log_size) / (1j * frequency / frequency[-1]) ** alpha
    return total


def _limits(circuit: Circuit, spectrum: Spectrum) -> tuple[FloatArray, FloatArray]:
    size = np.log(np.abs(spectrum.impedance_ohm))
    ohm = (float(size.min()) - 7.0, float(size.max()) + 3.0)
    top = (float(np.log10(spectrum.frequency_hz[-1])) - 1.0, float(np.log10(spectrum.frequency_hz[0])) + 2.0)
    alpha = (_LEAST_ALPHA, 1.0)
    ranges = {"resistor": [ohm], "arc": [ohm, top, alpha], "electrode": [ohm, alpha]}
    pairs = [pair for kind in _kinds(circuit) for pair in ranges[kind]]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def _starts(circuit: Circuit, spectrum: Spectrum) -> list[FloatArray]:
    """Take the total from the valley before the electrode and spread the arcs over the frequencies."""
    impedance, kinds = spectrum.impedance_ohm, _kinds(circuit)
    third = len(spectrum) // 3
    blocking = "electrode" in kinds
    valley = third + int(np.argmin(-impedance.imag[third:])) if blocking else -1
    total = max(float(impedance.real[valley]), 1e-9)
    electrode = float(np.log(max(-impedance.imag[-1], 1e-3 * total)))
    ends = np.log10(spectrum.frequency_hz[[0, -1]]).tolist()
    tops = np.linspace(ends[0], ends[1], _PEAKS + 1)[: _PEAKS if blocking else None]
    starts = []
    for peaks in combinations(tops.tolist(), kinds.count("arc")):
        for share in _SHARES if circuit.bulk else (1.0,):
            shares, waiting = [share, 1.0 - share], list(peaks)
            start: list[float] = []
            for kind in kinds:
                if kind == "electrode":
                    start += [electrode, 0.8]
                    continue
                start.append(float(np.log(total * shares.pop(0))))
                if kind == "arc":
                    start += [waiting.pop(0), 0.9]
            starts.append(np.array(start))
    return starts


def _as_elements(circuit: Circuit, parameters: FloatArray, spectrum: Spectrum) -> FloatArray:
    """Turn the parameters of the search into those of the circuit: ohm, F s^(alpha-1), alpha."""
    rest, elements = list(parameters), []
    for kind in _kinds(circuit):
        if kind == "resistor":
            elements.append(np.exp(rest.pop(0)))
        elif kind == "arc":
            resistance, log_peak, alpha = np.exp(rest.pop(0)), rest.pop(0), rest.pop(0)
            elements += [resistance, 1.0 / (resistance * (2 * np.pi * 10.0**log_peak) ** alpha), alpha]
        else:
            size, alpha = np.exp(rest.pop(0)), rest.pop(0)
            elements += [1.0 / (size * (2 * np.pi * spectrum.frequency_hz[-1]) ** alpha), alpha]
    return np.array(elements, dtype=np.float64)
