"""Impedance spectra: known resistances recovered from noise, and files as instruments write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssepredict.data.impedance import Spectrum, fit_impedance
from ssepredict.data.impedance_start import element_impedance
from ssepredict.data.nyquist import read_nyquist
from ssepredict.exceptions import SsePredictError, TableError

FREQUENCY_HZ = np.logspace(7, 0, 57)
OMEGA = 2j * np.pi * FREQUENCY_HZ


def cpe(q: float, alpha: float) -> np.ndarray:
    return np.asarray(1 / (q * OMEGA**alpha))


def arc(resistance: float, q: float, alpha: float) -> np.ndarray:
    return np.asarray(1 / (1 / resistance + q * OMEGA**alpha))


def noisy(impedance: np.ndarray, seed: int = 0) -> Spectrum:
    rng = np.random.default_rng(seed)
    noise = 0.005 * (rng.normal(size=len(impedance)) + 1j * rng.normal(size=len(impedance)))
    return Spectrum(FREQUENCY_HZ, impedance * (1 + noise))


TWO_ARCS = arc(500, 1e-10, 0.95) + arc(1500, 3e-8, 0.9) + cpe(1e-6, 0.85)


@pytest.mark.parametrize(
    ("impedance", "name", "expected"),
    [
        (TWO_ARCS, "two arcs, blocking electrodes", {"bulk": 500, "grain_boundary": 1500, "total": 2000}),
        (
            300 + arc(900, 3e-8, 0.9) + cpe(2e-6, 0.8),
            "intercept and arc, blocking electrodes",
            {"bulk": 300, "grain_boundary": 900, "total": 1200},
        ),
        (arc(2000, 1e-9, 0.95) + cpe(1e-6, 0.85), "one arc, blocking electrodes", {"total": 2000}),
        (
            arc(500, 1e-10, 0.95) + arc(1500, 3e-7, 0.9),
            "two arcs",
            {"bulk": 500, "grain_boundary": 1500, "total": 2000},
        ),
    ],
    ids=["two arcs", "intercept", "one arc", "metal electrodes"],
)
def test_known_resistances_are_recovered_within_their_errors(
    impedance: np.ndarray, name: str, expected: dict[str, float]
) -> None:
    fit = fit_impedance(noisy(impedance))
    assert fit.circuit.name == name
    assert set(fit.resistances_ohm) == set(expected)
    for part, true in expected.items():
        value, error = fit.resistances_ohm[part]
        assert 0 < error < 0.02 * true
        assert abs(value - true) < 3.5 * error, part
    assert fit.relative_rms == pytest.approx(0.005 * np.sqrt(2), rel=0.3)


def test_the_error_of_the_total_holds_the_correlation() -> None:
    fit = fit_impedance(noisy(TWO_ARCS, seed=1))
    apart = np.hypot(fit.resistances_ohm["bulk"][1], fit.resistances_ohm["grain_boundary"][1])
    assert fit.resistances_ohm["total"][1] < apart


def test_the_faster_arc_is_the_bulk_whichever_is_larger() -> None:
    large_bulk = arc(1500, 1e-10, 0.95) + arc(400, 1e-7, 0.9) + cpe(1e-6, 0.85)
    fit = fit_impedance(noisy(large_bulk))
    assert fit.resistances_ohm["bulk"][0] == pytest.approx(1500, rel=0.03)
    assert fit.resistances_ohm["grain_boundary"][0] == pytest.approx(400, rel=0.05)


def test_the_fitted_curve_is_that_of_the_parameters() -> None:
    fit = fit_impedance(noisy(TWO_ARCS))
    own = element_impedance(fit.circuit, np.array(list(fit.parameters.values())), fit.spectrum)
    assert own == pytest.approx(fit.fitted_ohm, rel=1e-9)  # impedance.py gives the same


def test_too_few_points() -> None:
    with pytest.raises(SsePredictError, match="has 5 points, expected at least 12"):
        fit_impedance(Spectrum(FREQUENCY_HZ[:5], TWO_ARCS[:5]))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "impedance.models.circuits", None)
    with pytest.raises(SsePredictError, match=r"pip install 'ssepredict\[eis\]'"):
        fit_impedance(noisy(TWO_ARCS))


@pytest.mark.parametrize(
    ("header", "separator", "scale", "sign"),
    [
        ("frequency_hz,z_real_ohm,z_imag_ohm", ",", 1.0, 1),
        ("freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm", "\t", 1.0, -1),
        ("Frequency (Hz);Z' (Ohm);-Z'' (Ohm)", ";", 1.0, -1),
        ("Frequency (kHz),Zreal,Zimag", ",", 1e-3, 1),
        ("f Z' Z''", " ", 1.0, 1),
        ("Freq(Hz),Z_re,Z_im", ",", 1.0, -1),
    ],
)
def test_headers_of_instruments(tmp_path: Path, header: str, separator: str, scale: float, sign: int) -> None:
    lines = [
        separator.join(map(repr, (float(f * scale), float(z.real), float(sign * z.imag))))
        for f, z in zip(FREQUENCY_HZ, TWO_ARCS, strict=True)
    ]
    file = tmp_path / "eis.csv"
    file.write_text("\n".join(["# measured today", header, *lines[::-1]]), encoding="utf-8")
    spectrum = read_nyquist(file)
    assert spectrum.frequency_hz == pytest.approx(FREQUENCY_HZ, rel=1e-12)
    assert spectrum.impedance_ohm == pytest.approx(TWO_ARCS, rel=1e-12)


def test_every_bad_cell_is_named(tmp_path: Path) -> None:
    file = tmp_path / "eis.csv"
    file.write_text("frequency_hz,z_real_ohm,z_imag_ohm\n1e6,10,-1\n-5,10,-1\n1e4,ten,\n")
    with pytest.raises(TableError, match="cannot be read") as caught:
        read_nyquist(file)
    assert caught.value.failures == [
        "eis.csv, row 3, column frequency_hz: got '-5', expected a positive number",
        "eis.csv, row 4, column z_real_ohm: got 'ten', expected a number",
        "eis.csv, row 4, column z_imag_ohm: got '', expected a number",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("a,b,c\n1,2,3\n", "column frequency_hz: found 0"),
        ("f,Z',Z'\n", "z_real_ohm: found 2"),
    ],
)
def test_files_that_are_no_spectrum(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "eis.csv"
    file.write_text(text)
    with pytest.raises(TableError, match=problem):
        read_nyquist(file)
