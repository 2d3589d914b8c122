"""What to compute, in which order, and one finished configuration as a record."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures.cells import Crystal
from ssepredict.structures.descriptors import crystal_figures
from ssepredict.structures.doping import Order, dope, end_member_order, host_order
from ssepredict.structures.hosts import Host, find_host
from ssepredict.structures.potentials import Potential, package_versions
from ssepredict.structures.relax import FORCE_EV_ANGSTROM, STRESS_GPA, relax

Kind = Literal["undoped", "end_member", "doped"]
Record = dict[str, Any]
_DECIMALS = 6


@dataclass(frozen=True)
class Task:
    """One configuration to relax.

    Parameters
    ----------
    kind : {"undoped", "end_member", "doped"}
    host : str
        Formula, one of `hosts.HOSTS`.
    ion : str
        Dopant, or the M ion of the host.
    count : int
        M ions replaced in the cell; 0 where nothing is.
    seed : int
    potential : str
    """

    kind: Kind
    host: str
    ion: str
    count: int
    seed: int
    potential: str

    @property
    def key(self) -> str:
        """Text that names the task; a record of the same key makes it done."""
        return "|".join((self.kind, self.host, self.ion, str(self.count), str(self.seed), self.potential))

    @property
    def undoped(self) -> Task:
        """The undoped twin from which a doped cell starts."""
        metal = str(find_host(self.host).metal)
        return Task("undoped", self.host, metal, 0, self.seed, self.potential)


def plan(host: Host, ions: Sequence[Ion], *, count: int, configurations: int, potential: str) -> list[Task]:
    """List what a host and its dopants need, the most useful first.

    First the undoped cells and the parent of the end members, then one configuration of every dopant, then
    the end members, then the other configurations.

    Parameters
    ----------
    host : Host
    ions : sequence of Ion
    count : int
        M ions replaced in the cell.
    configurations : int
        Seeds 0, 1, ...
    potential : str
        Its name.

    Returns
    -------
    list of Task

    Examples
    --------
    >>> from ssepredict.structures.hosts import find_host
    >>> tasks = plan(find_host("NaZr2(PO4)3"), [Ion("Sc", 3)], count=2, configurations=2, potential="x")
    >>> [f"{task.kind} {task.ion} {task.seed}" for task in tasks]
    ['undoped Zr4+ 0', 'undoped Zr4+ 1', 'end_member Zr4+ 0', 'doped Sc3+ 0', 'end_member Sc3+ 0',
     'doped Sc3+ 1']
    """
    metal = str(host.metal)
    names = [str(ion) for ion in ions if ion != host.metal]
    tasks = [Task("undoped", host.formula, metal, 0, seed, potential) for seed in range(configurations)]
    tasks.append(Task("end_member", host.formula, metal, 0, 0, potential))
    for seed in range(configurations):
        tasks += [Task("doped", host.formula, name, count, seed, potential) for name in names]
        if seed == 0:
            tasks += [Task("end_member", host.formula, name, 0, 0, potential) for name in names]
    return tasks


def run(
    tasks: Iterable[Task], potential: Potential, done: Mapping[str, Record]
) -> Iterator[tuple[Task, Record]]:
    """Compute the tasks that no record covers yet.

    Parameters
    ----------
    tasks : iterable of Task
        Undoped cells before the doped ones that start from them.
    potential : Potential
    done : mapping of str to dict
        Records so far, by key; one that is not `finished` is continued from its cell.

    Yields
    ------
    tuple of (Task, dict)
        A record for every task that was missing; one that cannot be built holds `problem` instead of figures.
    """
    known = dict(done)
    calculator = None
    for task in tasks:
        if finished(known.get(task.key)):
            continue
        calculator = calculator or potential.make()
        known[task.key] = _compute(task, potential, calculator, known)
        yield task, known[task.key]


def finished(record: Record | None) -> bool:
    """Whether nothing is left to compute: relaxed as strictly as `relax` does now, given up or impossible."""
    if record is None:
        return False
    return "problem" in record or record.get("stress_gpa", np.inf) <= STRESS_GPA


def _compute(task: Task, potential: Potential, calculator: Any, known: Mapping[str, Record]) -> Record:
    host = find_host(task.host)
    started = time.perf_counter()
    record: Record = {
        "key": task.key, "kind": task.kind, "host": task.host, "ion": task.ion, "count": task.count,
        "seed": task.seed, "potential": potential.name,
        "versions": f"{potential.versions}, {package_versions('bvlain', 'pymatgen')}",
    }  # fmt: skip
    try:
        order = _order(task, host)
        relaxed = relax(_start(task, order, host, known), calculator)
        figures = crystal_figures(relaxed.crystal, order.cell, order.occupied, host.mobile)
    except SsePredictError as error:
        return record | {"problem": str(error)}
    return record | {
        "formula_units": order.cell.formula_units,
        "atoms": len(relaxed.crystal.ions),
        "metal_sites": host.metals * order.cell.formula_units,
        "energy_ev": relaxed.energy_ev,
        "steps": relaxed.steps,
        "converged": relaxed.converged,
        "force_ev_angstrom": FORCE_EV_ANGSTROM,
        "stress_gpa": STRESS_GPA,
        "figures": {name: None if np.isnan(value) else round(value, 6) for name, value in figures.items()},
        "lattice": relaxed.crystal.lattice.round(_DECIMALS).tolist(),
        "fractional": relaxed.crystal.fractional.round(_DECIMALS).tolist(),
        "ions": [str(ion) for ion in relaxed.crystal.ions],
        "sites": order.occupied.tolist(),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _order(task: Task, host: Host) -> Order:
    if task.kind == "end_member":
        return end_member_order(host, Ion.parse(task.ion), task.seed)
    order = host_order(host, task.seed)
    if task.kind == "undoped":
        return order
    return dope(order, host, Ion.parse(task.ion), task.count, task.seed)


def _start(task: Task, order: Order, host: Host, known: Mapping[str, Record]) -> Crystal:
    """Begin where an earlier relaxation ended, or at the undoped twin with added ions on unrelaxed sites."""
    crystal = order.to_crystal()
    earlier = known.get(task.key)
    if earlier is not None:
        return crystal.moved(np.array(earlier["lattice"]), np.array(earlier["fractional"]))
    if task.kind != "doped":
        return crystal
    twin = known.get(task.undoped.key)
    if twin is None or "problem" in twin:
        raise SsePredictError(f"the undoped cell of {host.formula} with seed {task.seed} is missing")
    places = order.cell.fractional.copy()
    places[np.array(twin["sites"])] = np.array(twin["fractional"])
    return crystal.moved(np.array(twin["lattice"]), places[order.occupied])
