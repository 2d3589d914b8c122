"""Relaxation of ions and cell with any ASE calculator."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssepredict.exceptions import SsePredictError
from ssepredict.structures.cells import Crystal

FORCE_EV_ANGSTROM = 0.05
"""Largest force at which a relaxation ends."""

STRESS_GPA = 0.05
"""Largest component of the stress at which it ends. ASE's own criterion for a cell (a force per ion, at most
0.1 eV/Å) leaves some 0.5 GPa: 2 to 3 % of the volume of a halide, more than most dopants change."""

STEPS = 250
"""Steps after which it is given up; the result is kept and marked."""

LARGEST_STEP_ANGSTROM = 0.1
"""An ion moves no further in one step; a doped cell starts near its minimum."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A relaxed crystal.

    Parameters
    ----------
    crystal : Crystal
    energy_ev : float
        Of the cell.
    steps : int
    converged : bool
    """

    crystal: Crystal
    energy_ev: float
    steps: int
    converged: bool


def relax(
    crystal: Crystal,
    calculator: Any,
    *,
    force_ev_angstrom: float = FORCE_EV_ANGSTROM,
    stress_gpa: float = STRESS_GPA,
    steps: int = STEPS,
) -> Relaxed:
    """Relax ions and cell.

    Parameters
    ----------
    crystal : Crystal
    calculator : ase.calculators.calculator.Calculator
        With energies, forces and stresses.
    force_ev_angstrom : float
        Largest force (eV/Å) that remains.
    stress_gpa : float
        Largest component of the stress (GPa) that remains.
    steps : int
        Steps after which it is given up.

    Returns
    -------
    Relaxed

    Raises
    ------
    SsePredictError
        When the energy or the cell comes out as no number.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ase.filters import FrechetCellFilter
        from ase.optimize import LBFGS
        from ase.units import GPa

        atoms = crystal.to_atoms()
        atoms.calc = calculator
        # Scaled by the root the cell is about as stiff as the bonds of the ions, by default far softer.
        both = FrechetCellFilter(atoms, exp_cell_factor=np.sqrt(len(atoms)))
        optimizer = LBFGS(both, logfile=None, maxstep=LARGEST_STEP_ANGSTROM)
        converged = False
        for _ in optimizer.irun(fmax=0.0, steps=steps):
            force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
            stress = float(np.abs(atoms.get_stress()).max()) / GPa
            converged = force <= force_ev_angstrom and stress <= stress_gpa
            if converged:
                break
        energy = float(atoms.get_potential_energy())
    lattice = np.array(atoms.cell)
    if not (np.isfinite(energy) and np.isfinite(lattice).all()):
        raise SsePredictError("the relaxation diverged; start from another configuration or potential")
    return Relaxed(
        crystal.moved(lattice, atoms.get_scaled_positions(wrap=True)), energy, optimizer.nsteps, converged
    )
