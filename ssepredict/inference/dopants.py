"""Which ions are plausible on the M site: what ``ions = "all"`` of a space stands for."""

from __future__ import annotations

from collections.abc import Sequence

from ssepredict.chemistry.formula import ATOMIC_INDEX
from ssepredict.chemistry.frameworks import A_SITE_IONS, TETRAHEDRAL_IONS
from ssepredict.chemistry.ions import COMMON_OXIDATION_STATES, Ion, ions_with_radius, shannon_radii

CHARGES = (2, 6)
"""Lowest and highest charge (e) of a plausible M ion; singly charged ions sit on A."""

MISMATCH = 0.45
"""Largest relative difference from the radius of the replaced ion: larger ones have not been made."""

RADIOACTIVE = ("Tc", "Pm", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm")
"""Elements without an isotope that a battery could hold."""


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
    host = shannon_radii([replaced.element], [replaced.charge], coordination)[0]
    radii = [shannon_radii([ion.element], [ion.charge], coordination)[0] for ion in ions]
    return sort_ions(
        [ion for ion, radius in zip(ions, radii, strict=True) if abs(radius / host - 1.0) <= MISMATCH]
    )


def state_rank(ion: Ion) -> int:
    """How uncommon an oxidation state is: 0 for the most common one of its element."""
    states = COMMON_OXIDATION_STATES.get(ion.element, ())
    return states.index(ion.charge) if ion.charge in states else len(states) + abs(ion.charge)


def sort_ions(ions: Sequence[Ion]) -> tuple[Ion, ...]:
    """Order ions by atomic number, the states of one element from the most common on."""
    return tuple(sorted(ions, key=lambda ion: (ATOMIC_INDEX[ion.element], state_rank(ion), ion.charge)))
