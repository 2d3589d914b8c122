"""Host structures as declared tables: prototype, sites, who sits on them, and where the figures come from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError, did_you_mean

Group = Literal["A", "M", "T", "X"]
"""Mobile cation, octahedral, tetrahedral, anion; in a close packing M and A share octahedral holes (A)."""

Position = tuple[float, float, float]


@dataclass(frozen=True)
class Orbit:
    """Sites that symmetry makes from one position."""

    group: Group
    wyckoff: str
    position: Position


@dataclass(frozen=True)
class Prototype:
    """A crystal structure without its ions.

    Parameters
    ----------
    name : str
    space_group : str
        Hermann-Mauguin symbol in the setting of the cell.
    cell : tuple of float
        a, b, c (Å), alpha, beta, gamma (degrees) from which relaxations start.
    orbits : tuple of Orbit
    formula_units : int
        Formula units in the cell.
    supercell : tuple of int
        Repeats of the cell in which dopants are placed.
    primitive : bool
        Whether end members are computed in the primitive cell.
    source : str
        Work or address from which cell and positions are taken.
    derived : str
        What no source states and how it was derived; empty when everything is as published.
    """

    name: str
    space_group: str
    cell: tuple[float, float, float, float, float, float]
    orbits: tuple[Orbit, ...]
    formula_units: int
    supercell: tuple[int, int, int]
    primitive: bool
    source: str
    derived: str = ""


def _close_packed() -> tuple[Orbit, ...]:
    """Hexagonal close packing in a cell of three by three holes: 18 anions, 18 octahedral holes."""
    holes = [
        Orbit("A", "hole", (i / 3, j / 3, z)) for z in (0.0, 0.5) for i, j in product(range(3), repeat=2)
    ]
    lower, upper = (-1 / 9, -2 / 9, 0.25), (1 / 9, -1 / 9, 0.75)
    anions = [
        Orbit("X", "6i", (x + i / 3, y + j / 3, z))
        for x, y, z in (lower, upper)
        for i, j in product(range(3), repeat=2)
    ]
    return (*holes, *anions)


PROTOTYPES: dict[str, Prototype] = {
    prototype.name: prototype
    for prototype in (
        Prototype(
            name="nasicon",
            space_group="R-3c",
            cell=(8.6476, 8.6476, 21.6169, 90.0, 90.0, 120.0),
            orbits=(
                Orbit("A", "6b", (0.0, 0.0, 0.0)),
                Orbit("A", "18e", (0.625, 0.0, 0.25)),
                Orbit("M", "12c", (0.0, 0.0, 0.1465)),
                Orbit("T", "18e", (0.2911, 0.0, 0.25)),
                Orbit("X", "36f", (0.1746, -0.0306, 0.1934)),
                Orbit("X", "36f", (0.1925, 0.1675, 0.085)),
            ),
            formula_units=6,
            supercell=(1, 1, 1),
            primitive=True,
            source=(
                "Na3Cr2(PO4)3, G. Lucazeau et al., Solid State Ionics 18-19 (1986) 959, as deposited in the "
                "Crystallography Open Database, http://crystallography.net/cod/1008846.cif"
            ),
            derived=(
                "z of the second O: where all P-O distances are equal (1.52 Å); x of the A site on 18e: the "
                "middle of the widest hole on its line"
            ),
        ),
        Prototype(
            name="hcp_halide",
            space_group="P1",
            cell=(11.177, 11.177, 6.036, 90.0, 90.0, 120.0),
            orbits=_close_packed(),
            formula_units=3,
            supercell=(1, 1, 2),
            primitive=False,
            source=(
                "Li3ErCl6, to which Li3YCl6 is isotypic: hexagonal close packing of Cl, cations in "
                "octahedral holes, P-3m1, Z = 3, a 1117.7 pm, c 603.6 pm; A. Bohnsack et al., Z. Anorg. "
                "Allg. Chem. 623 (1997), abstract at https://acemap.info/paper/209608584"
            ),
            derived=(
                "coordinates: the ideal packing; which holes are taken: the order of lowest electrostatic "
                "energy; Li2ZrCl6, reported as P-3m1 and hexagonally packed too, starts from the same cell"
            ),
        ),
    )
}
"""Name to prototype."""


@dataclass(frozen=True)
class Host:
    """An undoped composition in a prototype.

    Parameters
    ----------
    formula : str
        Reference composition, as in the dataset.
    prototype : str
    mobile, metal : Ion
    metals : int
        M ions per formula unit.
    tetrahedral : tuple of (Ion, int)
        Ions per formula unit on the tetrahedra.
    anion : Ion
    anions : int
        Anions per formula unit.
    """

    formula: str
    prototype: str
    mobile: Ion
    metal: Ion
    metals: int
    tetrahedral: tuple[tuple[Ion, int], ...]
    anion: Ion
    anions: int

    @property
    def carriers(self) -> int:
        """Mobile ions per formula unit that balance the charge."""
        fixed = self.metals * self.metal.charge + self.anions * self.anion.charge
        return -(fixed + sum(ion.charge * count for ion, count in self.tetrahedral)) // self.mobile.charge


_P, _SI, _O, _CL = Ion("P", 5), Ion("Si", 4), Ion("O", -2), Ion("Cl", -1)
_NA, _LI = Ion("Na", 1), Ion("Li", 1)


def _phosphate(formula: str, mobile: Ion, metal: Ion) -> Host:
    return Host(formula, "nasicon", mobile, metal, 2, ((_P, 3),), _O, 12)


HOSTS: dict[str, Host] = {
    host.formula: host
    for host in (
        Host("Na3Zr2Si2PO12", "nasicon", _NA, Ion("Zr", 4), 2, ((_SI, 2), (_P, 1)), _O, 12),
        _phosphate("NaZr2(PO4)3", _NA, Ion("Zr", 4)),
        _phosphate("LiTi2(PO4)3", _LI, Ion("Ti", 4)),
        _phosphate("LiGe2(PO4)3", _LI, Ion("Ge", 4)),
        _phosphate("LiZr2(PO4)3", _LI, Ion("Zr", 4)),
        _phosphate("LiHf2(PO4)3", _LI, Ion("Hf", 4)),
        _phosphate("LiSn2(PO4)3", _LI, Ion("Sn", 4)),
        _phosphate("NaTi2(PO4)3", _NA, Ion("Ti", 4)),
        _phosphate("NaGe2(PO4)3", _NA, Ion("Ge", 4)),
        _phosphate("NaHf2(PO4)3", _NA, Ion("Hf", 4)),
        _phosphate("Na3Cr2(PO4)3", _NA, Ion("Cr", 3)),
        _phosphate("Na3Sc2(PO4)3", _NA, Ion("Sc", 3)),
        Host("Li3YCl6", "hcp_halide", _LI, Ion("Y", 3), 1, (), _CL, 6),
        Host("Li3ErCl6", "hcp_halide", _LI, Ion("Er", 3), 1, (), _CL, 6),
        Host("Li2ZrCl6", "hcp_halide", _LI, Ion("Zr", 4), 1, (), _CL, 6),
    )
}
"""Formula to host."""


def find_host(formula: str) -> Host:
    """Return a host by its formula.

    Raises
    ------
    SsePredictError
        When no structure of it is declared.

    Examples
    --------
    >>> find_host("Na3Zr2Si2PO12").carriers, find_host("Li2ZrCl6").carriers
    (3, 2)
    """
    if formula not in HOSTS:
        raise SsePredictError(
            f"host {formula!r} has no declared structure{did_you_mean(formula, HOSTS)}; expected one of "
            f"{', '.join(HOSTS)}"
        )
    return HOSTS[formula]
