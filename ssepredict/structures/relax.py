"""Relaxation of ions and cell with any ASE calculator; CHGNet is the default."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssepredict.exceptions import SsePredictError
from ssepredict.structures.cells import Crystal

FORCE_EV_ANGSTROM = 0.1
"""Largest force at which a relaxation ends."""

STEPS = 250
"""Steps after which it is given up; the result is kept and marked."""

LARGEST_STEP_ANGSTROM = 0.1
"""An ion moves no further in one step; a doped cell starts near its minimum."""

CHGNET_WEIGHTS = "0.3.0"
"""Trained weights that are used; the package carries them."""

OTHER_CHGNET_WEIGHTS = ("0.2.0", "r2scan")
"""The other weights that it carries: an earlier training, and one carried over to another functional."""


@dataclass(frozen=True)
class Potential:
    """An interatomic potential.

    Parameters
    ----------
    name : str
    versions : str
        Packages and versions that define it.
    make : callable
        Returns a new ASE calculator.
    """

    name: str
    versions: str
    make: Callable[[], Any]


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


def chgnet_potential(threads: int = 1, weights: str = CHGNET_WEIGHTS, *, stress: bool = True) -> Potential:
    """Return CHGNet with weights that its package carries, on the processor.

    Parameters
    ----------
    threads : int
        Threads that it may use.
    weights : str
        `CHGNET_WEIGHTS` or one of `OTHER_CHGNET_WEIGHTS`.
    stress : bool
        Whether stresses are wanted; without them a step takes some 40 % less time.

    Raises
    ------
    SsePredictError
        When it is not installed or the weights are unknown.

    References
    ----------
    B. Deng et al., Nat. Mach. Intell. 5 (2023) 1031, doi 10.1038/s42256-023-00716-3.
    """
    if weights not in (CHGNET_WEIGHTS, *OTHER_CHGNET_WEIGHTS):
        known = ", ".join((CHGNET_WEIGHTS, *OTHER_CHGNET_WEIGHTS))
        raise SsePredictError(f"CHGNet carries no weights {weights!r}; expected one of {known}")
    if importlib.util.find_spec("chgnet") is None:
        raise SsePredictError("CHGNet is not installed; run: pip install 'ssepredict[structure]'")

    def make() -> Any:
        import torch

        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # its dependencies' deprecations, not ours to mend
            from chgnet.model.dynamics import CHGNetCalculator
            from chgnet.model.model import CHGNet

            torch.set_num_threads(threads)
            model = CHGNet.load(model_name=weights, verbose=False, use_device="cpu")
            calculator = CHGNetCalculator(model, use_device="cpu")
        if not stress:
            calculator.calculate = functools.partial(calculator.calculate, task="ef")
        return calculator

    versions = f"weights {weights}, {package_versions('chgnet', 'torch', 'ase')}"
    return Potential("CHGNet" if weights == CHGNET_WEIGHTS else f"CHGNet {weights}", versions, make)


def package_versions(*names: str) -> str:
    """Name packages with their versions.

    Examples
    --------
    >>> package_versions("numpy").startswith("numpy ")
    True
    """
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def relax(
    crystal: Crystal,
    calculator: Any,
    *,
    force_ev_angstrom: float = FORCE_EV_ANGSTROM,
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
    steps : int

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

        atoms = crystal.to_atoms()
        atoms.calc = calculator
        optimizer = LBFGS(FrechetCellFilter(atoms), logfile=None, maxstep=LARGEST_STEP_ANGSTROM)
        converged = bool(optimizer.run(fmax=force_ev_angstrom, steps=steps))
        energy = float(atoms.get_potential_energy())
    lattice = np.array(atoms.cell)
    if not (np.isfinite(energy) and np.isfinite(lattice).all()):
        raise SsePredictError("the relaxation diverged; start from another configuration or potential")
    return Relaxed(
        crystal.moved(lattice, atoms.get_scaled_positions(wrap=True)), energy, optimizer.nsteps, converged
    )
