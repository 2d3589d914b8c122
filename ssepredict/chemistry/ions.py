"""Oxidation states and Shannon radii as arrays, so that a whole batch is looked up at once.

References
----------
Radii: R. D. Shannon, Acta Cryst. A 32 (1976) 751, doi 10.1107/S0567739476001551.
Common oxidation states: N. N. Greenwood, A. Earnshaw, Chemistry of the Elements, 2nd ed. (1997),
restricted to the states met in oxide and halide electrolytes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import ATOMIC_INDEX, ELEMENTS, FloatArray
from ssepredict.chemistry.shannon import SHANNON
from ssepredict.exceptions import SsePredictError, did_you_mean

COMMON_OXIDATION_STATES: dict[str, tuple[int, ...]] = {
    # The first state is preferred; the others are taken when they balance the charge better.
    "H": (1,), "Li": (1,), "Na": (1,), "K": (1,), "Rb": (1,), "Cs": (1,), "Ag": (1,),
    "Be": (2,), "Mg": (2,), "Ca": (2,), "Sr": (2,), "Ba": (2,), "Zn": (2,), "Cd": (2,), "Hg": (2,),
    "B": (3,), "Al": (3,), "Ga": (3,), "In": (3,), "Tl": (1, 3), "Sc": (3,), "Y": (3,),
    "La": (3,), "Ce": (3, 4), "Pr": (3, 4), "Nd": (3,), "Pm": (3,), "Sm": (3, 2), "Eu": (3, 2), "Gd": (3,),
    "Tb": (3, 4), "Dy": (3,), "Ho": (3,), "Er": (3,), "Tm": (3,), "Yb": (3, 2), "Lu": (3,),
    "C": (4,), "Si": (4,), "Ge": (4,), "Sn": (4, 2), "Pb": (2, 4), "Ti": (4, 3), "Zr": (4,), "Hf": (4,),
    "N": (-3,), "P": (5,), "As": (5, 3), "Sb": (5, 3), "Bi": (3, 5),
    "V": (3, 5, 4, 2), "Nb": (5, 4), "Ta": (5,), "Cr": (3, 2, 6), "Mo": (6, 4, 5), "W": (6, 5, 4),
    "Mn": (2, 3, 4), "Fe": (3, 2), "Co": (2, 3), "Ni": (2, 3), "Cu": (2, 1),
    "Ru": (4, 3), "Rh": (3,), "Pd": (2, 4), "Re": (7, 4), "Os": (4,), "Ir": (4, 3), "Pt": (4, 2),
    "Au": (3, 1),
    "Th": (4,), "U": (6, 4),
    "O": (-2,), "S": (-2,), "Se": (-2,), "Te": (-2,), "F": (-1,), "Cl": (-1,), "Br": (-1,), "I": (-1,),
}  # fmt: skip
"""Oxidation states per element, most common first."""

_CHARGE_RANGE = (-3, 8)
_MAX_COORDINATION = 14
_ION = re.compile(r"([A-Z][a-z]?)(\d*)([+-])")


@dataclass(frozen=True, order=True)
class Ion:
    """An element with its oxidation state.

    Examples
    --------
    >>> str(Ion.parse("Sc3+")), Ion.parse("Na+").charge
    ('Sc3+', 1)
    """

    element: str
    charge: int

    def __str__(self) -> str:
        size = "" if abs(self.charge) == 1 else str(abs(self.charge))
        return f"{self.element}{size}{'+' if self.charge > 0 else '-'}"

    @classmethod
    def parse(cls, text: str) -> Ion:
        """Read ``Sc3+`` or ``Na+``.

        Raises
        ------
        SsePredictError
            When the text is no ion, or its element is unknown.
        """
        match = _ION.fullmatch(text.strip())
        if match is None:
            raise SsePredictError(
                f"ion {text!r} cannot be read; expected element, charge and sign, e.g. Sc3+"
            )
        element, size, sign = match.groups()
        if element not in ATOMIC_INDEX:
            raise SsePredictError(f"ion {text!r} has an unknown element{did_you_mean(element, ELEMENTS)}")
        return cls(element, int(size or 1) * (1 if sign == "+" else -1))


@functools.cache
def _radius_table(kind: str) -> FloatArray:
    """Radii (Å) by element, charge and coordination; NaN where Shannon lists none.

    Where a d-metal is listed in both spin states the high-spin radius is taken: O2- and the halides are
    weak-field ligands.
    """
    column = {"ionic": 4, "crystal": 5}[kind]
    table = np.full((len(ELEMENTS), _CHARGE_RANGE[1] - _CHARGE_RANGE[0] + 1, _MAX_COORDINATION + 1), np.nan)
    for row in sorted(SHANNON, key=lambda entry: entry[3] == "high"):  # high spin last, so that it stays
        element, charge, coordination = row[0], row[1], row[2]
        table[ATOMIC_INDEX[element], charge - _CHARGE_RANGE[0], coordination] = row[column]
    return table


@functools.cache
def _filled_table(kind: str) -> FloatArray:
    """Fill missing coordinations with the nearest listed one, the larger of two equally near."""
    listed = _radius_table(kind)
    filled = listed.copy()
    numbers = np.arange(_MAX_COORDINATION + 1)
    for element, charge in np.argwhere(np.isfinite(listed).any(axis=2)):
        known = numbers[np.isfinite(listed[element, charge])]
        for number in numbers[np.isnan(listed[element, charge])]:
            nearest = min(known, key=lambda k, number=number: (abs(k - number), -k))  # type: ignore[misc]
            filled[element, charge, number] = listed[element, charge, nearest]
    return filled


def shannon_radii(
    elements: Sequence[str],
    charges: npt.ArrayLike,
    coordination: int,
    *,
    kind: str = "ionic",
    nearest: bool = True,
) -> FloatArray:
    """Shannon radii of many ions at one coordination.

    Parameters
    ----------
    elements : sequence of str, length m
        Element symbols of the last axis of `charges`.
    charges : array_like, shape (..., m)
        Oxidation states (e); NaN or a state that Shannon does not list gives NaN.
    coordination : int
        Coordination number.
    kind : {"ionic", "crystal"}
        Effective ionic radii (O2- 1.40 Å at six) or crystal radii (0.14 Å larger for cations).
    nearest : bool
        Take the nearest listed coordination where the one asked for is missing (the larger of two
        equally near); otherwise NaN.

    Returns
    -------
    ndarray of float, shape (..., m)
        Radii in Å.

    References
    ----------
    R. D. Shannon, Acta Cryst. A 32 (1976) 751, doi 10.1107/S0567739476001551.

    Examples
    --------
    >>> shannon_radii(["Zr", "Sc", "Zn", "Nb", "Yb"], [4, 3, 2, 5, 3], 6).tolist()
    [0.72, 0.745, 0.74, 0.64, 0.868]
    """
    columns = np.array([ATOMIC_INDEX[symbol] for symbol in elements], dtype=np.intp)
    return radii_of(columns, charges, coordination, kind=kind, nearest=nearest)


def radii_of(
    atomic_index: npt.NDArray[np.intp],
    charges: npt.ArrayLike,
    coordination: int,
    *,
    kind: str = "ionic",
    nearest: bool = True,
) -> FloatArray:
    """`shannon_radii` for elements that are given by their place in `ELEMENTS`, of the shape of `charges`."""
    table = (_filled_table if nearest else _radius_table)(kind)[..., coordination]
    states = np.asarray(charges, dtype=np.float64)
    known = np.isfinite(states) & (states == np.round(states))
    known &= (states >= _CHARGE_RANGE[0]) & (states <= _CHARGE_RANGE[1])
    index = np.where(known, states, 0).astype(np.intp) - _CHARGE_RANGE[0]
    return np.where(known, table[atomic_index, index], np.nan)


def ions_with_radius(coordination: int, *, minimum_charge: int = 1) -> tuple[Ion, ...]:
    """Every cation in a common oxidation state that Shannon lists at this coordination.

    Examples
    --------
    >>> Ion("Sc", 3) in ions_with_radius(6)
    True
    """
    return tuple(
        ion
        for element, states in COMMON_OXIDATION_STATES.items()
        for ion in (Ion(element, state) for state in sorted(states))
        if ion.charge >= minimum_charge
        and np.isfinite(shannon_radii([element], [ion.charge], coordination, nearest=False)[0])
    )
