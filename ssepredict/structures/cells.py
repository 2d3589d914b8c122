"""Cells of sites without ions, made from a prototype, and crystals: sites with ions on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.ions import Ion
from ssepredict.structures.hosts import Prototype

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

IndexArray = npt.NDArray[np.intp]

_MARKS = ("He", "Ne", "Ar", "Kr", "Xe", "Rn", "F", "H")  # stand for the orbits while symmetry acts


@dataclass(frozen=True, eq=False)
class Cell:
    """Sites of a prototype in one cell.

    Parameters
    ----------
    lattice : ndarray of float, shape (3, 3)
        Lattice vectors as rows (Å).
    fractional : ndarray of float, shape (n, 3)
    group : tuple of str, length n
        A, M, T or X of every site.
    formula_units : int
    """

    lattice: FloatArray
    fractional: FloatArray
    group: tuple[str, ...]
    formula_units: int

    def sites(self, group: str) -> IndexArray:
        """Return the numbers of the sites of a group."""
        return np.flatnonzero(np.array(self.group) == group)


@dataclass(frozen=True, eq=False)
class Crystal:
    """Ions at places in a cell.

    Parameters
    ----------
    lattice : ndarray of float, shape (3, 3)
        Lattice vectors as rows (Å).
    fractional : ndarray of float, shape (n, 3)
    ions : tuple of Ion, length n
    formula_units : int
    """

    lattice: FloatArray
    fractional: FloatArray
    ions: tuple[Ion, ...]
    formula_units: int

    @property
    def volume(self) -> float:
        """Volume of the cell (Å3)."""
        return float(abs(np.linalg.det(self.lattice)))

    @property
    def charges(self) -> FloatArray:
        """Formal charges (e)."""
        return np.array([ion.charge for ion in self.ions], dtype=np.float64)

    def moved(self, lattice: FloatArray, fractional: FloatArray) -> Crystal:
        """Return the same ions at other places."""
        return Crystal(
            np.asarray(lattice, float), np.asarray(fractional, float), self.ions, self.formula_units
        )

    def to_structure(self) -> Structure:
        """Return a pymatgen structure with oxidation states."""
        from pymatgen.core.lattice import Lattice
        from pymatgen.core.periodic_table import Species
        from pymatgen.core.structure import Structure

        species = [Species(ion.element, ion.charge) for ion in self.ions]
        return Structure(Lattice(self.lattice), species, self.fractional)

    def to_atoms(self) -> Atoms:
        """Return ASE atoms, periodic in all directions."""
        from ase import Atoms

        symbols = [ion.element for ion in self.ions]
        return Atoms(symbols, scaled_positions=self.fractional, cell=self.lattice, pbc=True)


def make_cell(
    prototype: Prototype, *, primitive: bool = False, repeats: tuple[int, int, int] = (1, 1, 1)
) -> Cell:
    """Lay out the sites of a prototype.

    Parameters
    ----------
    prototype : Prototype
    primitive : bool
        Reduce to the primitive cell.
    repeats : tuple of int
        Repeats along the lattice vectors.

    Returns
    -------
    Cell

    Examples
    --------
    >>> from ssepredict.structures.hosts import PROTOTYPES
    >>> cell = make_cell(PROTOTYPES["nasicon"])
    >>> [len(cell.sites(group)) for group in "AMTX"], cell.formula_units
    ([24, 12, 18, 72], 6)
    """
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    lattice = Lattice.from_parameters(*prototype.cell)
    if prototype.space_group == "P1":
        groups = [orbit.group for orbit in prototype.orbits]
        marks = [_MARKS["AMTX".index(group)] for group in groups]
        structure = Structure(lattice, marks, [orbit.position for orbit in prototype.orbits])
        by_mark = {_MARKS["AMTX".index(group)]: group for group in groups}
    else:
        by_mark = {mark: orbit.group for mark, orbit in zip(_MARKS, prototype.orbits, strict=False)}
        structure = Structure.from_spacegroup(
            prototype.space_group, lattice, list(by_mark), [orbit.position for orbit in prototype.orbits]
        )
    whole = len(structure)
    if primitive:
        structure = structure.get_primitive_structure()
    structure = structure.make_supercell(repeats, in_place=False)
    return Cell(
        lattice=np.array(structure.lattice.matrix),
        fractional=np.array(structure.frac_coords) % 1.0,
        group=tuple(by_mark[site.specie.symbol] for site in structure),
        formula_units=prototype.formula_units * len(structure) // whole,
    )
