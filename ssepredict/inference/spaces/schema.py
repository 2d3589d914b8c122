"""The rules of a space description: reads loosely typed values, collects every failure, raises once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ssepredict.chemistry.sites import NEUTRAL_WITHIN, SiteTable, read_sites
from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.balance import plan_balance, read_excess, varied_elements
from ssepredict.inference.spaces.constraints import check_host, read_constraints
from ssepredict.inference.spaces.entries import Entry, read_entries
from ssepredict.inference.spaces.grids import UNIT, check_keys, read_grid
from ssepredict.inference.spaces.plan import Balance, PartPlan, SpacePlan
from ssepredict.inference.spaces.resolve import applies, resolve_entries

SPACE_KEYS = ("title", "host", "hosts", "substitutions", "silicon", "neutral_by", "excess", "constraints")


def parse_space(raw: Mapping[str, object], heading: str) -> SpacePlan:
    """Read the description of a space.

    Parameters
    ----------
    raw : mapping
        Keys `SPACE_KEYS`; `substitutions` holds mappings with the keys `SUBSTITUTION_KEYS`.
    heading : str
        What the description is, for the message.

    Raises
    ------
    SpaceError
        When anything is missing, unknown or impossible; every failure is listed.
    """
    failures: list[str] = []
    required = ("substitutions",) if "hosts" in raw else ("host", "substitutions")
    check_keys(raw, SPACE_KEYS, required, "", failures)
    title = raw.get("title", "")
    if not isinstance(title, str):
        failures.append(f"title: got {title!r}; expected text")
    hosts = _hosts(raw, failures)
    silicon = read_grid(raw["silicon"], "silicon", failures, zero=True) if "silicon" in raw else ()
    if silicon and silicon[-1] > 3 * UNIT:
        failures.append(f"silicon: {silicon[-1] / UNIT:g} is beyond the T site; expected amounts from 0 to 3")
    excess = read_excess(raw, failures)
    constraints = read_constraints(raw.get("constraints", {}), failures)
    entries = read_entries(raw["substitutions"], failures) if "substitutions" in raw else []
    neutral_by = raw.get("neutral_by", "A")
    parts = []
    kept = _silicon_of(silicon, [table for _, table in hosts], failures)
    every = {symbol for _, table in hosts for symbol in table.elements} if len(hosts) > 1 else set()
    for (formula, table), grid in zip(hosts, kept, strict=True):
        bare = PartPlan(formula, table, (), grid, excess, Balance("A", ()))
        here = entries if len(hosts) == 1 else [entry for entry in entries if applies(entry, bare)]
        plans = resolve_entries(
            here, bare, sorted(every), varied_elements(neutral_by, bare), constraints, failures
        )
        part = replace(bare, entries=plans)
        part = replace(part, balance=plan_balance(neutral_by, part, failures))
        if entries and not here:
            failures.append(
                f"hosts: no entry replaces an ion of {formula}; add its ion to a replaces, e.g. "
                "replaces = ['Zr4+', 'Hf4+'], or leave the host out"
            )
        check_host(part, constraints, failures)
        parts.append(part)
    failures += _idle(entries, parts)
    if failures or not parts:
        listed = "\n  ".join(dict.fromkeys(failures))
        raise SpaceError(f"{heading} cannot be used\n  {listed}")
    return SpacePlan(str(title), tuple(parts), constraints.limits)


def _hosts(raw: Mapping[str, object], failures: list[str]) -> list[tuple[str, SiteTable]]:
    if "host" in raw and "hosts" in raw:
        failures.append("hosts: stands beside host; give one of the two")
    if "hosts" not in raw:
        read = [("host", raw["host"])] if "host" in raw else []
    else:
        value = raw["hosts"]
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            failures.append(
                f"hosts: got {value!r}; expected a list of formulas, e.g. ['Na3Zr2Si2PO12', 'Na3Hf2Si2PO12']"
            )
            value = []
        read = [("hosts", entry) for entry in value]
    found = [(str(value), _host(value, key, failures)) for key, value in read]
    return [(formula, table) for formula, table in found if table is not None]


def _host(value: object, key: str, failures: list[str]) -> SiteTable | None:
    if not isinstance(value, str):
        failures.append(f"{key}: got {value!r}; expected a formula as text, e.g. 'Na3Zr2Si2PO12'")
        return None
    table, problems = read_sites([value])
    if problems:
        failures.append(f"{key}: formula {value!r} {problems[0][2]}")
        return None
    residual = float(table.charge_residual[0])
    if not abs(residual) <= NEUTRAL_WITHIN:
        failures.append(
            f"{key}: {value} has a net charge of {residual:+.3g} e; expected a neutral formula, "
            "e.g. Na3Zr2Si2PO12: correct the amounts"
        )
        return None
    return table


def _silicon_of(
    grid: tuple[int, ...], hosts: Sequence[SiteTable], failures: list[str]
) -> list[tuple[int, ...]]:
    """Silicon of each host; in a run of several it varies in those whose T site holds Si and P alone."""
    reasons = [_no_silicon(host) for host in hosts]
    if grid and reasons and all(reasons):
        failures.append(f"silicon: {reasons[0]}")
    return [() if reason else grid for reason in reasons]


def _no_silicon(host: SiteTable) -> str:
    """Why Si cannot vary in a host, in words; empty where it can."""
    if host.framework[0] != "nasicon":
        return f"the host is a {host.framework[0]}, without Si and P on T; remove the key"
    on_t = {
        element: float(amount)
        for element, amount in zip(host.elements, host.occupancy["T"][0], strict=True)
        if amount > 0
    }
    if set(on_t) - {"Si", "P"} or abs(sum(on_t.values()) - 3.0) > 1e-9:
        held = ", ".join(f"{element} {amount:g}" for element, amount in on_t.items())
        return f"the T site of the host holds {held}; expected Si + P = 3 and nothing else"
    return ""


def _idle(entries: Sequence[Entry], parts: Sequence[PartPlan]) -> list[str]:
    """Messages on entries that name no host of the space, or of several hosts concern none."""
    formulas = [part.formula for part in parts]
    foreign = [
        f"{entry.where}hosts: {formula!r} is not a host of the space; expected one of {', '.join(formulas)}"
        for entry in entries
        for formula in entry.hosts
        if formula not in formulas
    ]
    if len(parts) < 2 or foreign:
        return foreign
    return [
        f"{entry.where}replaces: {' or '.join(map(str, entry.replaces))} is not on the {entry.site} site of "
        "any host that the entry is for; correct the ion or hosts"
        for entry in entries
        if not any(applies(entry, part) for part in parts)
    ]
