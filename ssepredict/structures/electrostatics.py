"""Ewald energies of formal charges: pair matrix, site energies, and the search for low-energy orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.structures.cells import Crystal

SWEEPS = 60
"""Attempted exchanges per site while annealing."""

TEMPERATURES_EV = (3.0, 0.02)
"""Temperature of the first and the last sweep; formal charges overrate energies by the screening."""


def pair_energies(lattice: FloatArray, fractional: FloatArray) -> FloatArray:
    """Ewald energies of pairs of unit charges.

    Parameters
    ----------
    lattice : ndarray of float, shape (3, 3)
        Rows in Å.
    fractional : ndarray of float, shape (n, 3)

    Returns
    -------
    ndarray of float, shape (n, n)
        G in eV, such that charges q have the energy q G q where they add up to zero.

    References
    ----------
    P. P. Ewald, Ann. Phys. 369 (1921) 253, doi 10.1002/andp.19213690304.
    """
    from pymatgen.analysis.ewald import EwaldSummation
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.periodic_table import Species
    from pymatgen.core.structure import Structure

    units = Structure(Lattice(lattice), [Species("H", 1)] * len(fractional), fractional)
    summation: Any = EwaldSummation(units)  # type: ignore[no-untyped-call]
    return np.asarray(summation.total_energy_matrix, dtype=np.float64)


def site_energies(crystal: Crystal) -> FloatArray:
    """Electrostatic energy of every ion in the field of all others.

    Parameters
    ----------
    crystal : Crystal
        n ions.

    Returns
    -------
    ndarray of float, shape (n,)
        eV; self images are counted once.
    """
    energies = pair_energies(crystal.lattice, crystal.fractional)
    charges = crystal.charges
    whole: FloatArray = 2.0 * charges * (energies @ charges) - charges**2 * np.diag(energies)
    return whole


def anneal(
    pairs: FloatArray,
    charges: FloatArray,
    groups: Mapping[str, npt.NDArray[np.intp]],
    rng: np.random.Generator,
    *,
    sweeps: int = SWEEPS,
) -> npt.NDArray[np.intp]:
    """Exchange what sits on sites of the same group until the electrostatic energy is low.

    Parameters
    ----------
    pairs : ndarray of float, shape (n, n)
        `pair_energies` (eV).
    charges : ndarray of float, shape (n,)
        Charge on every site to begin with; 0 is vacant.
    groups : mapping of str to ndarray of int
        Sites among which exchanges happen.
    rng : Generator
    sweeps : int

    Returns
    -------
    ndarray of int, shape (n,)
        For every site the site whose occupant it takes over.

    References
    ----------
    S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, Science 220 (1983) 671, doi 10.1126/science.220.4598.671.
    """
    state = np.asarray(charges, dtype=np.float64).copy()
    taken = np.arange(len(state))
    field = pairs @ state
    sites = [group for group in groups.values() if len(np.unique(state[group])) > 1]
    if not sites:
        return taken
    best, best_energy, energy = taken.copy(), float(state @ field), float(state @ field)
    for temperature in np.geomspace(*TEMPERATURES_EV, sweeps):
        for _ in range(sum(len(group) for group in sites)):
            group = sites[rng.integers(len(sites))]
            first, second = rng.choice(group, 2, replace=False)
            step = state[second] - state[first]
            if step == 0:
                continue
            coupling = pairs[first, first] + pairs[second, second] - 2.0 * pairs[first, second]
            change = 2.0 * step * (field[first] - field[second]) + step**2 * coupling
            if change > 0 and rng.random() >= np.exp(-change / temperature):
                continue
            state[[first, second]] = state[[second, first]]
            taken[[first, second]] = taken[[second, first]]
            field += step * (pairs[:, first] - pairs[:, second])
            energy += change
            if energy < best_energy - 1e-9:
                best, best_energy = taken.copy(), energy
    return best
