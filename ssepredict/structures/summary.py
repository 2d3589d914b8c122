"""Records of configurations, gathered to one line per host, dopant, fraction and descriptor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.ions import Ion
from ssepredict.columns import DERIVED_TABLES
from ssepredict.structures.campaign import Record, Task, finished
from ssepredict.structures.descriptors import DESCRIPTORS, Descriptor, against_undoped, mixing_energy
from ssepredict.structures.doping import dopants_in_end_member, parent
from ssepredict.structures.hosts import HOSTS, Host, find_host
from ssepredict.structures.potentials import method_text

COLUMNS = [column.name for column in DERIVED_TABLES["descriptors"]]
_DIGITS = 4


def descriptor_table(records: Iterable[Record]) -> pd.DataFrame:
    """Gather the records of configurations.

    Parameters
    ----------
    records : iterable of dict
        As `campaign.run` yields them; those with a problem are left out.

    Returns
    -------
    DataFrame
        Columns of ``descriptors.csv``: mean over the configurations and their sample standard deviation
        (`spread`, empty for one), each potential for itself. Only relaxations that are `finished` and
        converged count.
    """
    known = {record["key"]: record for record in records if record.get("converged") and finished(record)}
    groups: dict[tuple[str, str, int, str], list[Record]] = defaultdict(list)
    for record in known.values():
        if record["kind"] != "end_member":
            groups[record["host"], record["ion"], record["count"], record["potential"]].append(record)
    rows = [row for group in groups.values() for row in _rows(group, known)]
    rows += [
        row for record in known.values() if record["kind"] == "end_member" for row in _end_member_rows(record)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table = table.sort_values(["host", "ion", "fraction"], kind="stable", ignore_index=True)
    # The parent of one host's end members may itself be a host: its own configurations stand.
    line = ["host", "ion", "fraction", "descriptor", "method"]
    best = table.groupby(line)["configurations"].transform("max")
    return table[table["configurations"] == best].drop_duplicates(line, ignore_index=True)


def figures_of(record: Record, known: Mapping[str, Record]) -> dict[str, float]:
    """Every descriptor of one configuration.

    Parameters
    ----------
    record : dict
        Undoped or doped.
    known : mapping of str to dict
        Records by key: its undoped twin and the end members, as far as they are there.

    Returns
    -------
    dict of str to float
        Those of `descriptors.DESCRIPTORS` that can be computed.
    """
    figures = {name: value for name, value in record["figures"].items() if value is not None}
    if record["kind"] == "undoped":
        return figures
    task = _task(record)
    twin = known.get(task.undoped.key)
    if twin is not None:
        figures |= against_undoped(_lengths(record), _lengths(twin))
        figures |= _mixing(record, twin, known)
    return figures


def _mixing(record: Record, twin: Record, known: Mapping[str, Record]) -> dict[str, float]:
    host, potential = find_host(record["host"]), record["potential"]
    keys = [
        Task("end_member", record["host"], ion, 0, 0, potential).key
        for ion in (record["ion"], str(host.metal))
    ]
    if not all(key in known for key in keys):
        return {}
    doped, undoped, end, parent = (
        found["energy_ev"] / found["formula_units"] for found in (record, twin, *(known[key] for key in keys))
    )
    per_unit = record["count"] / record["formula_units"]
    in_end = dopants_in_end_member(host, Ion.parse(record["ion"]))
    return {"mixing_energy": mixing_energy(doped, undoped, end, parent, per_unit=per_unit, in_end=in_end)}


def _rows(group: list[Record], known: Mapping[str, Record]) -> list[dict[str, object]]:
    found = [figures_of(record, known) for record in group]
    first = group[0]
    rows: list[dict[str, object]] = []
    for name, descriptor in DESCRIPTORS.items():
        values = np.array([figures[name] for figures in found if name in figures])
        if len(values):
            fraction = first["count"] / first["metal_sites"]
            seeds = " ".join(str(record["seed"]) for record in group)
            rows.append(_row(first, first["host"], fraction, descriptor, values, seeds))
    return rows


def _end_member_rows(record: Record) -> list[dict[str, object]]:
    """Name an end member by the undoped host that it is, or by its framework and the share of M sites."""
    host, ion = find_host(record["host"]), Ion.parse(record["ion"])
    whole = dopants_in_end_member(host, ion) == host.metals
    itself = _undoped_host(parent(host), ion) if whole or ion == host.metal else None
    name = itself or parent(host).formula
    fraction = 0.0 if itself or ion == host.metal else dopants_in_end_member(host, ion) / host.metals
    return [
        _row(record, name, fraction, descriptor, np.array([value]), str(record["seed"]))
        for key, descriptor in DESCRIPTORS.items()
        if (value := record["figures"].get(key)) is not None
    ]


def _undoped_host(framework: Host, metal: Ion) -> str | None:
    """Find the declared host that is this framework with another M ion."""
    like = (framework.prototype, framework.mobile, framework.tetrahedral, framework.anion)
    for host in HOSTS.values():
        if (host.prototype, host.mobile, host.tetrahedral, host.anion) == like and host.metal == metal:
            return host.formula
    return None


def _row(
    record: Record, host: str, fraction: float, descriptor: Descriptor, values: FloatArray, seeds: str
) -> dict[str, object]:
    return {
        "host": host,
        "ion": record["ion"],
        "fraction": round(fraction, _DIGITS),
        "descriptor": descriptor.name,
        "mean": round(float(values.mean()), _DIGITS),
        "spread": round(float(values.std(ddof=1)), _DIGITS) if len(values) > 1 else np.nan,
        "configurations": len(values),
        "unit": descriptor.unit,
        "method": method_text(descriptor.method, record["potential"]),
        "versions": record["versions"],
        "cell": f"{record['atoms']} ions, {record['formula_units']} formula units",
        "seed": seeds,
    }


def _lengths(record: Record) -> dict[str, float]:
    lattice = np.array(record["lattice"])
    return {"volume": abs(np.linalg.det(lattice)) / record["formula_units"], "c": np.linalg.norm(lattice[2])}


def _task(record: Record) -> Task:
    return Task(
        record["kind"], record["host"], record["ion"], record["count"], record["seed"], record["potential"]
    )
