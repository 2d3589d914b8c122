"""Ordered crystals of hosts, doped hosts and end members: charge balanced, reproducible from a seed.

What a seed decides is the same for every dopant: which tetrahedra hold which ion and which M sites are
replaced. Differences between dopants at one seed are then differences of the dopants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures.cells import Cell, Crystal, IndexArray, make_cell
from ssepredict.structures.electrostatics import anneal, pair_energies
from ssepredict.structures.hosts import PROTOTYPES, Host


@dataclass(frozen=True, eq=False)
class Order:
    """Which ion sits on which site of a cell.

    Parameters
    ----------
    cell : Cell
        n sites.
    ions : tuple of (Ion or None), length n
        None is vacant.
    """

    cell: Cell
    ions: tuple[Ion | None, ...]

    @property
    def charges(self) -> FloatArray:
        """Charge on every site (e); 0 where it is vacant."""
        return np.array([0 if ion is None else ion.charge for ion in self.ions], dtype=np.float64)

    @property
    def occupied(self) -> IndexArray:
        """Numbers of the sites that hold an ion, in the order of `to_crystal`."""
        return np.array([site for site, ion in enumerate(self.ions) if ion is not None], dtype=np.intp)

    def to_crystal(self) -> Crystal:
        """Leave the vacant sites out."""
        ions = tuple(ion for ion in self.ions if ion is not None)
        return Crystal(self.cell.lattice, self.cell.fractional[self.occupied], ions, self.cell.formula_units)


def host_order(host: Host, seed: int) -> Order:
    """Order an undoped host in the cell in which dopants are placed.

    Tetrahedral ions are drawn at random (they are frozen in when the host is sintered); mobile ions, and the
    M ions of a close packing, take the order of lowest electrostatic energy that annealing finds.

    Parameters
    ----------
    host : Host
    seed : int

    Returns
    -------
    Order
    """
    prototype = PROTOTYPES[host.prototype]
    cell = make_cell(prototype, repeats=prototype.supercell)
    return _order(host, cell, {host.metal: host.metals}, host.carriers, np.random.default_rng(seed))


def end_member_order(host: Host, ion: Ion, seed: int = 0) -> Order:
    """Order the framework that holds as much of a dopant as charge and sites allow.

    For a NASICON host these are phosphates: AM2(PO4)3, A3M2(PO4)3, A3MM'(PO4)3 and MM'(PO4)3 for M of
    charge 4, 3, 2 and 5, with M' of the host; for a halide A(6-z)MX6. Their mixture with the undoped parent
    (`parent`) has the composition of the doped host.

    Parameters
    ----------
    host : Host
    ion : Ion
    seed : int

    Returns
    -------
    Order

    Raises
    ------
    SsePredictError
        When no end member fits the sites.
    """
    framework = parent(host)
    prototype = PROTOTYPES[host.prototype]
    cell = make_cell(prototype, primitive=prototype.primitive)
    replaced = dopants_in_end_member(host, ion)
    carriers = framework.carriers + replaced * (host.metal.charge - ion.charge)
    capacity = len(cell.sites("A")) // cell.formula_units - (0 if len(cell.sites("M")) else host.metals)
    if not 0 <= carriers <= capacity:
        raise SsePredictError(
            f"{ion} has no end member in the framework of {host.formula}: it needs {carriers} mobile ions "
            f"per formula unit, expected 0 to {capacity}"
        )
    metals = {host.metal: host.metals}
    if ion != host.metal:
        metals = {ion: replaced, host.metal: host.metals - replaced}
    return _order(framework, cell, metals, carriers, np.random.default_rng(seed))


def dopants_in_end_member(host: Host, ion: Ion) -> int:
    """M sites per formula unit that a dopant takes in its end member (see `end_member_order`)."""
    return (
        1 if host.metals == 1 or abs(ion.charge - host.metal.charge) == 2 or ion.charge == 5 else host.metals
    )


def parent(host: Host) -> Host:
    """Return the host without the ions that its end members lack: the phosphate of a silicophosphate."""
    if len(host.tetrahedral) <= 1:
        return host
    phosphorus = next(ion for ion, _ in host.tetrahedral if ion.element == "P")
    count = sum(amount for _, amount in host.tetrahedral)
    formula = f"{host.mobile.element}{host.metal.element}2(PO4)3"
    return Host(
        formula, host.prototype, host.mobile, host.metal, host.metals, ((phosphorus, count),),
        host.anion, host.anions,
    )  # fmt: skip


def dope(order: Order, host: Host, ion: Ion, count: int, seed: int) -> Order:
    """Replace M ions and balance the charge with mobile ions.

    The M sites are drawn with the seed; each added mobile ion takes the vacant site of lowest electrostatic
    energy, each removed one is that of highest.

    Parameters
    ----------
    order : Order
        Undoped.
    host : Host
    ion : Ion
        The dopant.
    count : int
        M ions to replace.
    seed : int

    Returns
    -------
    Order

    Raises
    ------
    SsePredictError
        When there are fewer M ions than `count`, or not enough vacant sites or mobile ions.

    Examples
    --------
    >>> from ssepredict.structures.hosts import find_host
    >>> host = find_host("Na3Zr2Si2PO12")
    >>> doped = dope(host_order(host, 0), host, Ion("Sc", 3), 2, 0)
    >>> sum(i == host.mobile for i in doped.ions), sum(i == Ion("Sc", 3) for i in doped.ions)
    (20, 2)
    """
    ions = list(order.ions)
    metal_sites = np.array([site for site, held in enumerate(ions) if held == host.metal], dtype=np.intp)
    if not 1 <= count <= len(metal_sites):
        raise SsePredictError(
            f"{count} of {len(metal_sites)} {host.metal} cannot be replaced; give 1 to {len(metal_sites)}"
        )
    # A stream of its own: the draw stays the same however often the annealing before asked for numbers.
    chosen = np.random.default_rng([seed, 1]).permutation(metal_sites)[:count]
    for site in chosen.tolist():
        ions[site] = ion
    missing, rest = divmod(count * (host.metal.charge - ion.charge), host.mobile.charge)
    if rest:
        raise SsePredictError(
            f"{count} {ion} for {host.metal} leave a charge that {host.mobile} cannot balance"
        )
    pairs = pair_energies(order.cell.lattice, order.cell.fractional)
    for _ in range(abs(missing)):
        _change_one(ions, pairs, order.cell, host.mobile, add=missing > 0)
    return Order(order.cell, tuple(ions))


def _change_one(ions: list[Ion | None], pairs: FloatArray, cell: Cell, mobile: Ion, *, add: bool) -> None:
    candidates = [site for site in cell.sites("A").tolist() if ions[site] == (None if add else mobile)]
    if not candidates:
        raise SsePredictError(
            f"the charge asks for {'more' if add else 'fewer'} {mobile} than the cell has "
            f"{'vacant sites' if add else 'ions'} for; replace fewer ions"
        )
    charges = np.array([0 if ion is None else ion.charge for ion in ions], dtype=np.float64)
    field = pairs @ charges - np.diag(pairs) * charges
    energies = field[candidates]
    site = candidates[int(np.argmin(energies) if add else np.argmax(energies))]
    ions[site] = mobile if add else None


def _order(host: Host, cell: Cell, metals: dict[Ion, int], carriers: int, rng: np.random.Generator) -> Order:
    ions: list[Ion | None] = [None] * len(cell.group)
    units = cell.formula_units

    def fill(sites: npt.NDArray[np.intp], amounts: dict[Ion, int]) -> None:
        free = iter(sites.tolist())
        for ion, amount in amounts.items():
            for _ in range(amount * units):
                ions[next(free)] = ion

    fill(cell.sites("X"), {host.anion: host.anions})
    fill(rng.permutation(cell.sites("T")), dict(host.tetrahedral))
    mobile = {host.mobile: carriers}
    if len(cell.sites("M")):
        fill(cell.sites("M"), metals)
        fill(rng.permutation(cell.sites("A")), mobile)
    else:  # a close packing: all cations share the octahedral holes
        fill(rng.permutation(cell.sites("A")), metals | mobile)
    start = Order(cell, tuple(ions))
    groups = {group: cell.sites(group) for group in ("A", "M")}
    taken = anneal(pair_energies(cell.lattice, cell.fractional), start.charges, groups, rng)
    return Order(cell, tuple(start.ions[site] for site in taken.tolist()))
