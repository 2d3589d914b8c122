"""Which ions may stand on a site: what the words of a space mean, and why an ion is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ssepredict.chemistry.formula import ATOMIC_INDEX
from ssepredict.chemistry.frameworks import (
    A_SITE_IONS,
    ANIONS,
    OCTAHEDRAL_OR_A_IONS,
    TETRAHEDRAL_IONS,
    TETRAHEDRAL_OR_OCTAHEDRAL_IONS,
    Framework,
)
from ssepredict.chemistry.ions import COMMON_OXIDATION_STATES, Ion, ions_with_radius, shannon_radii

ALL, PLAUSIBLE = "all", "plausible"
WORDS = (ALL, PLAUSIBLE)
"""``all``: every ion that Shannon lists at the coordination of the site and that can sit there;
``plausible``: those of them whose size and charge are near enough to have been made."""

EVERY, COMMON = "every", "common"
STATES = (EVERY, COMMON)
"""Whether a word takes every usual oxidation state of an element, or the most common one alone."""

CHARGES = (2, 6)
"""Lowest and highest charge (e) of a plausible M ion; singly charged ions sit on A."""

MISMATCH = 0.45
"""Largest relative difference from the radius of the replaced ion: larger ones have not been made."""

RADIOACTIVE = ("Tc", "Pm", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm")
"""Elements without an isotope that a battery could hold."""

_FOREIGN = ("C",)
"""Cations whose compounds belong to no framework known here."""

_CHARGE_ON_A = 3
"""Highest charge (e) of the large ions that sit on A: La3+."""


def plausible_dopants(replaced: Ion, coordination: int, exclude: Sequence[str] = ()) -> tuple[Ion, ...]:
    """Every ion that may stand for the replaced one on an octahedral site.

    In a common oxidation state of 2 to 6, listed by Shannon at the site's coordination, its radius within
    45 % of that of the replaced ion; not an element of the replaced ion, of the A site (alkali, Ag, Tl, H) or
    of the tetrahedra (P, Si, As), and not radioactive.

    Parameters
    ----------
    replaced : Ion
    coordination : int
        Coordination number of the site.
    exclude : sequence of str
        Element symbols left out besides.

    Returns
    -------
    tuple of Ion
        In the order of `sort_ions`.

    References
    ----------
    R. D. Shannon, Acta Cryst. A 32 (1976) 751, doi 10.1107/S0567739476001551.

    Examples
    --------
    >>> ions = plausible_dopants(Ion.parse("Zr4+"), 6, exclude=["Fe"])
    >>> [str(ion) for ion in ions[:4]], Ion.parse("Fe3+") in ions
    (['Be2+', 'Mg2+', 'Al3+', 'Ca2+'], False)
    """
    refused = {*A_SITE_IONS, *TETRAHEDRAL_IONS, *RADIOACTIVE, replaced.element, *exclude}
    ions = [
        ion
        for ion in ions_with_radius(coordination, minimum_charge=CHARGES[0])
        if ion.charge <= CHARGES[1] and ion.element not in refused
    ]
    return sort_ions(_near(ions, replaced, coordination))


def site_ions(word: str, site: str, framework: Framework, replaced: Ion) -> tuple[Ion, ...]:
    """Return the ions that a word of a space stands for.

    Parameters
    ----------
    word : {"all", "plausible"}
    site : {"A", "M", "T", "X"}
    framework : Framework
        Of the host.
    replaced : Ion

    Returns
    -------
    tuple of Ion
        In the order of `sort_ions`, without the element of the replaced ion.

    References
    ----------
    R. D. Shannon, Acta Cryst. A 32 (1976) 751, doi 10.1107/S0567739476001551.

    Examples
    --------
    >>> from ssepredict.chemistry.frameworks import FRAMEWORKS
    >>> [str(ion) for ion in site_ions("all", "X", FRAMEWORKS["close_packed_halide"], Ion.parse("Cl-"))]
    ['O2-', 'F-', 'Br-', 'I-']
    >>> [str(ion) for ion in site_ions("all", "T", FRAMEWORKS["nasicon"], Ion.parse("P5+"))]
    ['B3+', 'Al3+', 'Si4+', 'V5+', 'Ga3+', 'Ge4+', 'As5+']
    """
    coordination = framework.coordination[site]
    if word == PLAUSIBLE and site == "M":
        return plausible_dopants(replaced, coordination)
    listed = [
        *ions_with_radius(coordination),
        *(ion for ion in _anions() if _radius(ion, coordination) > 0),
    ]
    ions = [
        ion
        for ion in listed
        if ion.element not in (replaced.element, *_FOREIGN) and not misplaced(ion, site, framework)
    ]
    return sort_ions(_near(ions, replaced, coordination) if word == PLAUSIBLE else ions)


def common_states(ions: Sequence[Ion]) -> tuple[Ion, ...]:
    """Of every element the ion in its most common state, in the order of `sort_ions`.

    Examples
    --------
    >>> [str(ion) for ion in common_states([Ion("Fe", 2), Ion("Fe", 3), Ion("Zn", 2)])]
    ['Fe3+', 'Zn2+']
    """
    first: dict[str, Ion] = {}
    for ion in sort_ions(ions):
        first.setdefault(ion.element, ion)
    return tuple(first.values())


def misplaced(ion: Ion, site: str, framework: Framework) -> str:
    """Where an ion sits instead of on this site, in words; empty when it can sit there.

    The answer is the one of the site table of a composition, so that a candidate is judged on the sites that
    its description names.
    """
    anion = ion.element in ANIONS
    if site == "X":
        return "" if anion and ion in _anions() else "is no anion; expected ions of the X site, e.g. Br-"
    example = {"A": "K+", "M": "Sc3+", "T": "Ge4+"}[site]
    expected = f"expected ions of the {site} site, e.g. {example}"
    if anion or ion.charge < 1:
        return f"is an anion; {expected}"
    tetrahedra = bool(np.isfinite(framework.t_sites))
    if site == "A":
        large = tetrahedra and ion.element in OCTAHEDRAL_OR_A_IONS and ion.charge <= _CHARGE_ON_A
        alkali = ion.element in A_SITE_IONS and ion.charge == 1
        return "" if alkali or large else f"sits on the M site; {expected}"
    if ion.element in A_SITE_IONS:
        return f"sits on the A site; {expected}"
    if site == "T":
        either = ion.element in TETRAHEDRAL_OR_OCTAHEDRAL_IONS and (ion.element != "V" or ion.charge == 5)
        return "" if ion.element in TETRAHEDRAL_IONS or either else f"sits on the M site; {expected}"
    if tetrahedra and ion.element in TETRAHEDRAL_IONS:
        return "sits on the T site of a NASICON; vary Si and P by the key silicon"
    return ""


def unlisted(ion: Ion, coordination: int) -> str:
    """Why Shannon's table does not know an ion at a coordination, in words; empty when it does."""
    if _radius(ion, coordination) > 0:
        return ""
    known = [
        Ion(ion.element, charge)
        for charge in (range(1, 9) if ion.charge > 0 else (-1, -2))
        if _radius(Ion(ion.element, charge), coordination) > 0
    ]
    listed = ", ".join(map(str, known)) or "none of this element"
    return f"has no Shannon radius at coordination {coordination}; listed there: {listed}"


def state_rank(ion: Ion) -> int:
    """How uncommon an oxidation state is: 0 for the most common one of its element."""
    states = COMMON_OXIDATION_STATES.get(ion.element, ())
    return states.index(ion.charge) if ion.charge in states else len(states) + abs(ion.charge)


def sort_ions(ions: Sequence[Ion]) -> tuple[Ion, ...]:
    """Order ions by atomic number, the states of one element from the most common on."""
    return tuple(sorted(ions, key=lambda ion: (ATOMIC_INDEX[ion.element], state_rank(ion), ion.charge)))


def _anions() -> tuple[Ion, ...]:
    return tuple(Ion(element, COMMON_OXIDATION_STATES[element][0]) for element in ANIONS)


def _near(ions: Sequence[Ion], replaced: Ion, coordination: int) -> list[Ion]:
    host = _radius(replaced, coordination, nearest=True)
    return [ion for ion in ions if abs(_radius(ion, coordination) / host - 1.0) <= MISMATCH]


def _radius(ion: Ion, coordination: int, nearest: bool = False) -> float:
    """Shannon radius (Å); NaN where none is listed."""
    return float(shannon_radii([ion.element], [ion.charge], coordination, nearest=nearest)[0])
