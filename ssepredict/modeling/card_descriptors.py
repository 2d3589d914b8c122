"""The card's section on computed descriptors: what was held against what, and which may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.data.dataset import Dataset
from ssepredict.data.descriptors import read_descriptors, read_dynamics, read_lattice
from ssepredict.modeling.card_parts import number_text, table_text
from ssepredict.modeling.card_potentials import agreement_text, common_text, p_text
from ssepredict.modeling.descriptor_checks import (
    FEWEST,
    LEAST_RELIABILITY,
    LEVEL,
    check_descriptors,
    reported_activation_energies,
    used_descriptors,
)
from ssepredict.modeling.potential_comparison import agreement, common_checks, potential_volume_errors
from ssepredict.structures.mobility import arrhenius_table
from ssepredict.structures.potentials import potential_names

FEW_HOPS = 50
"""Jumps below which a diffusivity is called an order of magnitude: counting alone leaves it uncertain by a
seventh, and jumps back and forth count for nothing."""

ONLY_POTENTIAL = "CHGNet"
"""What lines of releases that name no potential were computed with."""


def descriptor_record(dataset: Dataset) -> dict[str, Any]:
    """Check the descriptors of a dataset, ready for JSON and for `descriptors_text`.

    Parameters
    ----------
    dataset : Dataset
        Its folder may hold ``descriptors.csv``, ``dynamics.csv`` and ``lattice.csv``.

    Returns
    -------
    dict
        `checks`, `volumes`, `agreement`, `common_checks`, `dynamics`, `arrhenius` (lists of dict, None for
        what is missing) and `used` (potential to host to names); empty without descriptors.
    """
    if not dataset.folder:  # rows in memory alone
        return {}
    table, lattice = read_descriptors(dataset.folder), read_lattice(dataset.folder)
    if table.empty:
        return {}
    dynamics = read_dynamics(dataset.folder)
    checks = check_descriptors(table, dataset, lattice)
    energies = reported_activation_energies(dataset)
    arrhenius = arrhenius_table(dynamics)
    undoped = arrhenius["host"].map({host: of_host.get("") for host, of_host in energies.items()})
    return {
        "checks": _plain(checks),
        "volumes": _plain(potential_volume_errors(table, lattice)),
        "agreement": _plain(agreement(table)),
        "common_checks": _plain(common_checks(table, dataset, lattice)),
        "used": used_descriptors(checks),
        "dynamics": _plain(dynamics.assign(potential=potential_names(dynamics))),
        "arrhenius": _plain(arrhenius.assign(reported_ev=undoped.where(arrhenius["fraction"] == 0))),
    }


def descriptors_text(record: Mapping[str, Any]) -> str:
    """Render the section; nothing where no descriptors were computed.

    Parameters
    ----------
    record : mapping
        As `descriptor_record` gives it.
    """
    if not record:
        return ""
    parts = [
        "## Computed descriptors",
        "Figures of relaxed doped crystals (`descriptors.csv`), held against what is reported before a model "
        "may use them: Spearman's rank correlation, its one-sided p-value by permutation in the direction "
        "that physics expects, and the reliability (share of the variance between dopants that is not "
        f"scatter between configurations). Passed at p of at most {LEVEL:g} and, inside a host, a "
        f"reliability of at least {LEAST_RELIABILITY:g}; fewer than {FEWEST} pairs, or one configuration "
        f"each, are not evaluable and never pass. {_evaluable(record['checks'])} checks could be made; by "
        f"chance alone one in {1 / LEVEL:.0f} passes.",
        _checks(record["checks"]),
        *(
            _verdict(potential, [line for line in record["checks"] if _potential(line) == potential], used)
            for potential, used in _used(record).items()
        ),
        _volumes(record["volumes"]),
        agreement_text(record.get("agreement") or ()),
        common_text(record.get("common_checks") or ()),
        _dynamics(record["dynamics"], record["arrhenius"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _checks(lines: Sequence[Mapping[str, Any]]) -> str:
    body = [
        [
            _potential(line),
            line["descriptor"],
            line["against"],
            line["host"],
            str(line["n"]),
            "rises" if line["expected"] > 0 else "falls",
            number_text(line["spearman"]),
            p_text(line["p_value"]),
            number_text(line["reliability"]),
            _outcome(line),
        ]
        for line in lines
    ]
    head = [
        "potential", "descriptor", "against", "host", "n", "expected", "Spearman", "p", "reliability",
        "outcome",
    ]  # fmt: skip
    return table_text(head, body)


def _evaluable(lines: Sequence[Mapping[str, Any]]) -> int:
    return sum(_outcome(line) != "not evaluable" for line in lines)


def _outcome(line: Mapping[str, Any]) -> str:
    inside = line["host"] != "between hosts"
    if line["p_value"] is None or (inside and line["reliability"] is None):
        return "not evaluable"
    return "passed" if line["passed"] else "failed"


def _potential(line: Mapping[str, Any]) -> str:
    return str(line.get("potential", ONLY_POTENTIAL))


def _used(record: Mapping[str, Any]) -> dict[str, Mapping[str, Sequence[str]]]:
    """Host to usable descriptors for every potential that was checked."""
    used = record["used"]
    if any("potential" not in line for line in record["checks"]):  # a release of before there were two
        return {ONLY_POTENTIAL: used}
    return {name: used.get(name, {}) for name in dict.fromkeys(map(_potential, record["checks"]))}


def _verdict(potential: str, lines: Sequence[Mapping[str, Any]], used: Mapping[str, Sequence[str]]) -> str:
    hosts = dict.fromkeys(line["host"] for line in lines if line["host"] != "between hosts")
    said = [f"With {potential}:\n"] if hosts else []
    for host in hosts:
        names = dict.fromkeys(line["descriptor"] for line in lines if line["host"] == host)
        kept = [name for name in names if name in used.get(host, ())]
        left = [name for name in names if name not in kept]
        said.append(
            f"- {host}: usable {', '.join(kept) or 'none'}; not used: {', '.join(left) or 'none'}, because a "
            "check failed or could not be made"
        )
    return "\n".join(said)


def _volumes(lines: Sequence[Mapping[str, Any]]) -> str:
    if not lines:
        return ""
    said = [
        f"{potential}: {_volume_errors([line for line in lines if _potential(line) == potential])}"
        for potential in dict.fromkeys(map(_potential, lines))
    ]
    return f"Computed volumes against reported cells (`lattice.csv`). {' '.join(said)}"


def _volume_errors(lines: Sequence[Mapping[str, Any]]) -> str:
    errors = np.array([line["error_pct"] for line in lines])
    compositions = len({(line["host"], line["ion"], line["fraction"]) for line in lines})
    return (
        f"{compositions} compositions against {len(lines)} cells, mean error {errors.mean():+.1f} %, "
        f"standard deviation {errors.std():.1f} %, from {errors.min():+.1f} to {errors.max():+.1f} %."
    )


def _dynamics(lines: Sequence[Mapping[str, Any]], energies: Sequence[Mapping[str, Any]]) -> str:
    if not lines:
        return ""
    body = [
        [
            f"{line['host']}" + (f" ({line['ion']} {line['fraction']:g})" if line["fraction"] else ""),
            _potential(line),
            f"{line['temperature_k']:g}",
            f"{line['length_ps']:g}",
            f"{line['diffusivity_cm2_s']:.1e}",
            "" if line["standard_error_cm2_s"] is None else f"{line['standard_error_cm2_s']:.0e}",
            str(int(line["hops"])),
            str(int(line["mobile_ions"])),
        ]
        for line in lines
    ]
    head = [
        "crystal", "potential", "K", "ps", "diffusivity (cm2/s)", "standard error", "jumps", "mobile ions",
    ]  # fmt: skip
    few = min(int(line["hops"]) for line in lines)
    said = [
        f"{line['host']} {number_text(line['activation_energy_ev'])} ± "
        f"{number_text(line['standard_error_ev'])} eV with {_potential(line)}"
        + (f" (reported {line['reported_ev']:.2f})" if line.get("reported_ev") is not None else "")
        for line in energies
        if line["activation_energy_ev"] is not None
    ]
    between = f" Activation energies between two temperatures: {'; '.join(said)}." if said else ""
    caution = (
        f" With as few as {few} jumps these are orders of magnitude, and no model uses them."
        if few < FEW_HOPS
        else " No model uses them."
    )
    return (
        "Short molecular dynamics (`dynamics.csv`): tracer diffusivity of the mobile ion.\n\n"
        f"{table_text(head, body)}\n\nThe error is the scatter between blocks of one run and knows nothing "
        f"of what a longer run would visit.{between}{caution}"
    )


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    whole = table.astype(object).where(table.notna(), None)
    return [
        {str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        for row in whole.to_dict("records")
    ]
