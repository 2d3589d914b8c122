"""Substitution entries on one host: ions that fit its sites, amounts that it has room for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from ssepredict.chemistry.frameworks import FRAMEWORKS, Framework
from ssepredict.chemistry.ions import Ion
from ssepredict.inference.spaces.constraints import Constraints
from ssepredict.inference.spaces.dopants import (
    COMMON,
    common_states,
    misplaced,
    site_ions,
    sort_ions,
    unlisted,
)
from ssepredict.inference.spaces.entries import Entry
from ssepredict.inference.spaces.grids import UNIT
from ssepredict.inference.spaces.plan import EntryPlan, PartPlan

_CLAIM_ORDER = ("T", "X", "A", "M")
"""Which of two words keeps an element: the site that fewer ions can sit on."""


def applies(entry: Entry, part: PartPlan) -> bool:
    """Whether an entry speaks of an ion that the host has on that site."""
    return (not entry.hosts or part.formula in entry.hosts) and any(
        ion in part.held(entry.site) for ion in entry.replaces
    )


def resolve_entries(
    entries: Sequence[Entry], part: PartPlan, others: Sequence[str], varied: Mapping[str, str],
    constraints: Constraints, failures: list[str],
) -> tuple[EntryPlan, ...]:  # fmt: skip
    """Turn entries that apply to a host into plans.

    Parameters
    ----------
    entries : sequence of Entry
    part : PartPlan
        The host, without entries.
    others : sequence of str
        Elements of other hosts of the space: ions of those may be named and are passed over here where this
        host holds them.
    varied : mapping of str to str
        Elements that cannot be dopants since another key varies them, with that key.
    constraints : Constraints
    failures : list of str
        Takes one message for everything that is wrong.
    """
    replaced = {entry.where: _replaced(entry, part, failures) for entry in entries}
    listed = {
        entry.where: _listed(entry, ion, part, others, varied, failures)
        for entry in entries
        if (ion := replaced[entry.where])
    }
    listed = _claim(entries, listed, failures)
    plans = []
    for entry in entries:
        ion = replaced[entry.where]
        if ion is None:
            continue
        ions = tuple(dopant for dopant in listed[entry.where] if dopant.element not in constraints.refused)
        if listed[entry.where] and not ions:
            every = listed[entry.where]
            names = ", ".join(map(str, every)) if len(every) <= 8 else f"the {len(every)} that fit"
            failures.append(f"{entry.where}ions: constraints leave no ion of {names}; change the constraints")
        room = round(part.held(entry.site)[ion] * UNIT)
        _check_together(entry, ions, failures)
        _check_amounts(entry, ion, room, part, failures)
        plans.append(
            EntryPlan(
                entry.site, ion, ions, entry.together, entry.fractions, room, entry.optional, entry.spread
            )
        )
    _check_exchange(list(zip(entries, plans, strict=False)), failures)
    _check_shared_ion(list(zip(entries, plans, strict=False)), failures)
    return tuple(plans)


def _framework(part: PartPlan) -> Framework:
    return FRAMEWORKS[str(part.host.framework[0])]


def _replaced(entry: Entry, part: PartPlan, failures: list[str]) -> Ion | None:
    held = part.held(entry.site)
    found = [ion for ion in entry.replaces if ion in held]
    if len(found) == 1:
        return found[0]
    wanted = " or ".join(map(str, entry.replaces))
    if found:
        failures.append(
            f"{entry.where}replaces: {part.formula} holds {' and '.join(map(str, found))} on {entry.site}; "
            "expected one of them per entry"
        )
    else:
        names = ", ".join(map(str, held)) or f"none, a {part.host.framework[0]} has no {entry.site} site"
        failures.append(
            f"{entry.where}replaces: {wanted} is not on the {entry.site} site of the host; expected one of "
            f"{names}"
        )
    return None


def _listed(
    entry: Entry, replaced: Ion, part: PartPlan, others: Sequence[str], varied: Mapping[str, str],
    failures: list[str],
) -> tuple[Ion, ...]:  # fmt: skip
    """Ions of an entry that fit the host, its own elements and the excluded ones left out."""
    framework, held = _framework(part), part.host.elements
    own = (replaced,) if entry.spread is not None else ()
    if isinstance(entry.ions, str):
        every = site_ions(entry.ions, entry.site, framework, replaced)
        ions = common_states(every) if entry.states == COMMON else every
        left = sort_ions([*own, *(ion for ion in ions if ion.element not in (*held, *varied))])
        left = tuple(ion for ion in left if ion.element not in entry.exclude)
        if not left:
            failures.append(
                f"{entry.where}ions: {entry.ions!r} less exclude leaves no ion; exclude fewer elements"
            )
        return left
    coordination = framework.coordination[entry.site]
    kept = []
    for ion in entry.ions:
        if ion in own:
            kept.append(ion)
            continue
        if ion.element in held:
            if ion.element not in others:
                failures.append(
                    f"{entry.where}ions: {ion} is an element of the host already; name other elements"
                )
            continue
        if ion.element in varied:
            failures.append(
                f"{entry.where}ions: {varied[ion.element]} varies {ion.element} already, so that one "
                "composition could be reached in two ways; leave one of them out"
            )
            continue
        reason = misplaced(ion, entry.site, framework) or unlisted(ion, coordination)
        if reason:
            failures.append(f"{entry.where}ions: {ion} {reason}")
        kept.append(ion)
    left = sort_ions([ion for ion in kept if ion.element not in entry.exclude])
    if kept and not left:
        failures.append(f"{entry.where}ions: exclude leaves no ion; exclude fewer elements")
    elif not kept and others:
        failures.append(
            f"{entry.where}ions: {part.formula} holds every ion of the list itself; name others or say in "
            "hosts which hosts the entry is for"
        )
    return left


def _claim(
    entries: Sequence[Entry], listed: dict[str, tuple[Ion, ...]], failures: list[str]
) -> dict[str, tuple[Ion, ...]]:
    """Give every element to one entry, so that no composition is reached by two.

    An entry that names an element keeps it. Of two words the one on the site with fewer possible ions does
    (T, X, A, then M), then the earlier one.
    """
    present = [entry for entry in entries if entry.where in listed]
    words = [entry for entry in present if isinstance(entry.ions, str)]
    ranked = [entry for entry in present if entry not in words]
    ranked += sorted(words, key=lambda entry: _CLAIM_ORDER.index(entry.site))
    owner: dict[str, Entry] = {}
    kept: dict[str, tuple[Ion, ...]] = {}
    for entry in ranked:
        word = isinstance(entry.ions, str)
        taken = {ion.element: owner[ion.element] for ion in listed[entry.where] if ion.element in owner}
        if taken and not word:
            symbol, other = next(iter(taken.items()))
            failures.append(
                f"{entry.where}ions: {symbol} is in {other.where}ions too, so that one composition could be "
                "reached by both; name it in one of them"
            )
        kept[entry.where] = tuple(ion for ion in listed[entry.where] if ion.element not in taken)
        if word and listed[entry.where] and not kept[entry.where]:
            names = ", ".join(sorted({other.where.rstrip(".") for other in taken.values()}))
            failures.append(
                f"{entry.where}ions: {names} holds every ion of {entry.ions!r} already; name the ions of one "
                "of them"
            )
        owner |= {ion.element: entry for ion in kept[entry.where]}
    return kept


def _check_together(entry: Entry, ions: Sequence[Ion], failures: list[str]) -> None:
    elements = len({ion.element for ion in ions})
    if ions and entry.together[-1] > elements:
        key = "together" if entry.spread is None else "high_entropy.members"
        failures.append(
            f"{entry.where}{key}: {entry.together[-1]} dopants together need as many elements, ions holds "
            f"{elements}; add ions or lower {key.rpartition('.')[2]}"
        )


def _check_amounts(entry: Entry, replaced: Ion, room: int, part: PartPlan, failures: list[str]) -> None:
    beyond = [amount for amount in entry.fractions if amount > room]
    if beyond:
        failures.append(
            f"{entry.where}fractions: {beyond[0] / UNIT:g} is beyond the site, {replaced} has "
            f"{room / UNIT:g} per formula unit of the host; expected amounts above 0 and at most "
            f"{room / UNIT:g}"
        )
    if entry.spread is not None and entry.spread.width * entry.together[-1] >= room:
        share = room / entry.together[-1] / UNIT
        failures.append(
            f"{entry.where}high_entropy.spread: {entry.spread.width / UNIT:g} is beyond the equal share of "
            f"{entry.together[-1]} ions in {room / UNIT:g} {replaced} of {part.formula}; expected less than "
            f"{share:g}"
        )


def _check_exchange(pairs: Sequence[tuple[Entry, EntryPlan]], failures: list[str]) -> None:
    """Refuse two entries whose multivalent ions could exchange charges: the composition would be the same."""
    several = [(entry, plan) for entry, plan in pairs if plan.multivalent]
    for (first, one), (second, other) in itertools.pairwise(several):
        failures.append(
            f"{second.where}ions: {', '.join(other.multivalent)} and, in {first.where}ions, "
            f"{', '.join(one.multivalent)} stand in several oxidation states, so that charges exchanged "
            "between the two entries give one composition twice; name one state per element in one of them "
            "(states = 'common')"
        )


def _check_shared_ion(pairs: Sequence[tuple[Entry, EntryPlan]], failures: list[str]) -> None:
    """Refuse a second entry on an ion of which a high-entropy entry replaces all."""
    for entry, plan in pairs:
        for other, second in pairs:
            if plan.spread is not None and other is not entry and second.replaces == plan.replaces:
                failures.append(
                    f"{other.where}replaces: {entry.where}high_entropy replaces all of {plan.replaces} "
                    "already; leave one of the two entries out"
                )
