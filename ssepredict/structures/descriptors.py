"""Figures of a relaxed crystal, and of a doped one against its undoped twin and the end members."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.ions import Ion
from ssepredict.structures.cells import Cell, Crystal, IndexArray
from ssepredict.structures.electrostatics import site_energies
from ssepredict.structures.percolation import percolation_levels
from ssepredict.structures.windows import window_areas

BVSE_RESOLUTION_ANGSTROM = 0.25
BVSE_CUTOFF_ANGSTROM = 10.0
BVSE_ENERGY_EV = 8.0
"""Largest barrier that is searched for."""


@dataclass(frozen=True)
class Descriptor:
    """A figure of a doped crystal: its unit, meaning and method."""

    name: str
    unit: str
    meaning: str
    method: str


_RELAXED = "relaxed cell"
DESCRIPTORS: dict[str, Descriptor] = {
    descriptor.name: descriptor
    for descriptor in (
        Descriptor("volume", "Å3", "volume of a formula unit", _RELAXED),
        Descriptor(
            "volume_strain",
            "%",
            "change of the volume against the undoped cell of the same seed",
            _RELAXED,
        ),
        Descriptor("c_strain", "%", "change of the third lattice vector against the same cell", _RELAXED),
        Descriptor(
            "bottleneck_area",
            "Å2",
            "mean area of the triangles of anions between neighbouring sites of the mobile ion",
            _RELAXED,
        ),
        Descriptor("bottleneck_smallest", "Å2", "smallest of these areas", _RELAXED),
        Descriptor(
            "barrier_1d",
            "eV",
            "bond-valence-site energy at which paths of the mobile ion first cross the cell",
            "bond-valence-site energy",
        ),
        Descriptor(
            "barrier_3d", "eV", "the same for paths in all three directions", "bond-valence-site energy"
        ),
        Descriptor(
            "site_energy_spread",
            "eV",
            "standard deviation of the electrostatic energies of the mobile ions",
            "Ewald sum of formal charges",
        ),
        Descriptor(
            "mixing_energy",
            "eV",
            "energy of a formula unit against undoped host and end members of the same framework",
            "energies of relaxed cells",
        ),
    )
}
"""Name to descriptor."""


def crystal_figures(crystal: Crystal, cell: Cell, sites: IndexArray, mobile: Ion) -> dict[str, float]:
    """Compute what one relaxed crystal holds by itself.

    Parameters
    ----------
    crystal : Crystal
        Relaxed.
    cell : Cell
        Its sites before relaxation.
    sites : ndarray of int
        Site of every ion.
    mobile : Ion

    Returns
    -------
    dict of str to float
        `volume`, `bottleneck_area`, `bottleneck_smallest`, `site_energy_spread`, `barrier_1d` and
        `barrier_3d`, in the units of `DESCRIPTORS`; NaN where nothing percolates or no jump has a window.
    """
    areas = window_areas(crystal, cell, sites)
    moving = np.array([ion == mobile for ion in crystal.ions])
    one, three = bvse_barriers(crystal, mobile)
    return {
        "volume": crystal.volume / crystal.formula_units,
        "bottleneck_area": float(areas.mean()) if len(areas) else np.nan,
        "bottleneck_smallest": float(areas.min()) if len(areas) else np.nan,
        "site_energy_spread": float(site_energies(crystal)[moving].std()) if moving.any() else np.nan,
        "barrier_1d": one,
        "barrier_3d": three,
    }


def bvse_barriers(crystal: Crystal, mobile: Ion) -> tuple[float, float]:
    """Percolation barriers of the mobile ion in the landscape of bond-valence-site energies.

    The landscape is bvlain's; its own search for the barriers agrees to within its steps of 0.01 eV and takes
    far longer than a relaxation.

    Parameters
    ----------
    crystal : Crystal
    mobile : Ion

    Returns
    -------
    tuple of float
        eV, in one and in three dimensions; NaN where nothing percolates.

    References
    ----------
    S. Adams, R. P. Rao, Phys. Status Solidi A 208 (2011) 1746, doi 10.1002/pssa.201001116; bvlain:
    A. Dembitskiy et al., https://github.com/dembart/BVlain.
    """
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # bvlain uses names that numpy and scipy have retired
        from bvlain import Lain

        lain = Lain(verbose=False)
        lain.read_structure(crystal.to_structure(), oxi_check=False)
        lain.bvse_distribution(
            mobile_ion=f"{mobile.element}{mobile.charge}+",
            r_cut=BVSE_CUTOFF_ANGSTROM,
            resolution=BVSE_RESOLUTION_ANGSTROM,
        )
    return percolation_levels(np.asarray(lain.data, dtype=np.float64), BVSE_ENERGY_EV)


def against_undoped(doped: Mapping[str, float], undoped: Mapping[str, float]) -> dict[str, float]:
    """Strain of a doped crystal against its undoped twin.

    Parameters
    ----------
    doped, undoped : mapping of str to float
        `volume` (Å3 per formula unit) and `c` (Å, third lattice vector).

    Returns
    -------
    dict of str to float
        `volume_strain` and `c_strain` in percent.

    Examples
    --------
    >>> against_undoped({"volume": 275.4, "c": 22.8}, {"volume": 270.0, "c": 22.8})
    {'volume_strain': 2.0, 'c_strain': 0.0}
    """
    return {
        f"{name}_strain": round(100.0 * (doped[key] / undoped[key] - 1.0), 6)
        for name, key in (("volume", "volume"), ("c", "c"))
    }


def mixing_energy(
    doped: float, undoped: float, end_member: float, parent: float, *, per_unit: float, in_end: int
) -> float:
    """Energy of mixing of a formula unit against the undoped host and the dopant's end member.

    Parameters
    ----------
    doped, undoped : float
        Energy of a formula unit of the doped and the undoped host (eV).
    end_member, parent : float
        Energy of a formula unit of the end member and of the framework it comes from (eV).
    per_unit : float
        Dopants per formula unit of the doped host.
    in_end : int
        Dopants per formula unit of the end member.

    Returns
    -------
    float
        eV per formula unit; positive: the mixture costs energy.

    Examples
    --------
    >>> mixing_energy(-100.0, -101.0, -90.0, -96.0, per_unit=0.5, in_end=2)
    -0.5
    """
    return doped - undoped - per_unit * (end_member - parent) / in_end
