"""Reads a Nyquist file as instruments export it: frequency, real and imaginary part of the impedance."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import numpy as np

from ssepredict.data.impedance_start import Spectrum
from ssepredict.exceptions import TableError

COLUMNS = ("frequency_hz", "z_real_ohm", "z_imag_ohm")
"""The columns under their own names; the usual names of instruments are understood too."""

_UNITS = re.compile(r"[(\[].*?[)\]]|/\s*(ohm|ω|hz|mohm|kohm).*$|_(hz|ohm)$|\b(hz|ohms?|ω)$", re.IGNORECASE)
_NAMES = {
    "frequency_hz": {"frequency", "freq", "f"},
    "z_real_ohm": {"zreal", "rez", "zre", "realz", "z'", "zr", "real", "zprime", "rezhz"},
    "z_imag_ohm": {"zimag", "imz", "zim", "imagz", "z''", 'z"', "zi", "imag", "zdoubleprime", "imaginary"},
}
_SCALES = {"khz": 1e3, "mhz": 1e6, "kohm": 1e3, "kω": 1e3, "mohm": 1e6, "mω": 1e6}
_SHOWN = 10


def read_nyquist(path: str | Path) -> Spectrum:
    """Read a spectrum.

    Commas, semicolons, tabs or spaces separate; lines that start with ``#`` are skipped. Headers such as
    ``freq/Hz``, ``Re(Z)/Ohm``, ``-Im(Z)/Ohm``, ``Z''`` are understood, kHz and kOhm too; a minus in the
    header of the imaginary part, or an imaginary part that is mostly positive, turns its sign.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Spectrum
        Sorted by frequency, the highest first.

    Raises
    ------
    TableError
        When a column is missing or a cell is no number; every failure is named with file, row and column.
    OSError
        When the file cannot be read.
    """
    place = Path(path)
    try:
        lines = place.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        lines = place.read_text(encoding="latin-1").splitlines()
    kept = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not kept:
        raise TableError(f"{str(place)!r} is empty", [f"expected a header and columns {', '.join(COLUMNS)}"])
    delimiter = next((mark for mark in (";", "\t", ",") if mark in kept[0][1]), None)
    rows = [_cells(line, delimiter) for _, line in kept]
    positions, factors = _positions(rows[0], place)
    values: list[list[float]] = []
    failures: list[str] = []
    for (number, _), cells in zip(kept[1:], rows[1:], strict=True):
        read = []
        for name, position in zip(COLUMNS, positions, strict=True):
            text = cells[position] if position < len(cells) else ""
            value = _number(text)
            if math.isnan(value) or (name == "frequency_hz" and value <= 0):
                wanted = "a positive number" if name == "frequency_hz" else "a number"
                failures.append(
                    f"{place.name}, row {number}, column {rows[0][position]}: got {text!r}, expected {wanted}"
                )
            read.append(value)
        values.append(read)
    if failures:
        more = [f"... and {len(failures) - _SHOWN} more"] if len(failures) > _SHOWN else []
        raise TableError(f"{str(place)!r} cannot be read", [*failures[:_SHOWN], *more])
    table = np.array(values, dtype=np.float64).reshape(-1, 3) * factors
    if len(table) and np.median(table[:, 2]) > 0:
        table[:, 2] *= -1.0  # -Z'' was exported: an electrolyte is capacitive
    table = table[np.argsort(-table[:, 0], kind="stable")]
    return Spectrum(table[:, 0], table[:, 1] + 1j * table[:, 2])


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _positions(header: list[str], place: Path) -> tuple[list[int], list[float]]:
    """Where the three columns are, and what their cells are multiplied by."""
    plain = [re.sub(r"[\s_\-.()]", "", _UNITS.sub("", _unwrapped(cell)).lower()) for cell in header]
    positions, missing = [], []
    for name in COLUMNS:
        found = [at for at, word in enumerate(plain) if word in _NAMES[name]]
        if len(found) == 1:
            positions.append(found[0])
        else:
            missing.append(
                f"column {name}: found {len(found)} in the header {', '.join(header)}; expected one"
            )
    if missing:
        raise TableError(f"{str(place)!r} is no Nyquist table", missing)
    factors = []
    for at in positions:
        unit = next((scale for word, scale in _SCALES.items() if word in header[at].lower()), 1.0)
        # MHz and mHz differ by case alone: a small m in front of Hz or Ohm is milli.
        if re.search(r"m(hz|ohm|ω)", header[at], re.IGNORECASE) and re.search(r"m[HhOoΩω]", header[at]):
            unit = 1e-3
        factors.append(unit)
    if header[positions[2]].lstrip(" \"'").startswith(("-", "−", "–")):
        factors[2] *= -1.0
    return positions, factors


def _unwrapped(cell: str) -> str:
    """Turn ``Re(Z)/Ohm`` into ``ReZ/Ohm``, so that only units are in brackets."""
    return re.sub(r"\((z)\)", r"\1", cell.strip(" -−–"), flags=re.IGNORECASE)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
