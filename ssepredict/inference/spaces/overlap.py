"""Whether two hosts of one space can come to the same composition."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.enumeration import IntArray
from ssepredict.inference.spaces.part import PartDecoder
from ssepredict.inference.spaces.text import write_formulas

_MOST_AMOUNTS = 200_000
"""Distinct amounts of one element that are listed; with more, nothing is concluded from that element."""

_MOST_COMPARED = 200_000
"""Candidates of two hosts that are compared one by one where no element tells them apart."""

_Amounts = dict[str, IntArray | None]
"""Amounts that each element can have, increasing; None where they are not known."""


def check_overlap(decoders: Sequence[PartDecoder], heading: str) -> None:
    """Refuse hosts that could hold the same composition.

    Two hosts are told apart by an element of which they never hold the same amount; where there is none,
    small parts are compared candidate by candidate.

    Raises
    ------
    SpaceError
        It names both hosts and, where it was found, the composition.
    """
    unit = math.lcm(*(decoder.plan.unit for decoder in decoders))
    amounts = (
        [_amounts(decoder, unit // decoder.plan.unit) for decoder in decoders] if len(decoders) > 1 else []
    )
    for (one, first), (other, second) in itertools.combinations(zip(decoders, amounts, strict=False), 2):
        if _told_apart(first, second):
            continue
        names = f"{heading}: hosts {one.plan.formula} and {other.plan.formula}"
        remedy = (
            "leave one of the hosts out, lower the fractions, or keep an element of one host out of the ions "
            "of the other (a second entry with exclude and hosts)"
        )
        if one.size + other.size > _MOST_COMPARED:
            raise SpaceError(
                f"{names} may reach the same composition, no element tells their candidates apart; {remedy}"
            )
        shared = _shared(one, other)
        if shared:
            raise SpaceError(f"{names} reach the same composition, {shared}; {remedy}")


def _told_apart(first: _Amounts, second: _Amounts) -> bool:
    none = np.zeros(1, dtype=np.int64)
    for symbol in {*first, *second}:
        one, other = first.get(symbol, none), second.get(symbol, none)
        if one is not None and other is not None and not np.intersect1d(one, other).size:
            return True
    return False


def _amounts(decoder: PartDecoder, factor: int) -> _Amounts:
    """Amounts of every element, in parts of a unit that all parts share."""
    plan, base = decoder.plan, decoder.base[0]
    found: _Amounts = {
        symbol: None if symbol in plan.balance.elements else base[[column]]
        for column, symbol in enumerate(decoder.elements)
    }

    def add(symbol: str, options: Sequence[int] | IntArray) -> None:
        held = found[symbol]
        choices = np.unique(np.asarray(options, dtype=np.int64))
        if held is not None:
            known = len(held) * len(choices) <= _MOST_AMOUNTS
            found[symbol] = np.unique(held[:, None] + choices) if known else None

    for entry in plan.entries:
        none = [0] if entry.optional else []
        taken = {count: np.array(entry.amounts(count, plan.divisor)) for count in entry.together}
        absent = [0] if entry.optional or len(entry.elements) > entry.together[0] else []
        for symbol in entry.elements:
            add(symbol, [*absent, *np.concatenate(list(taken.values())).tolist()])
        if entry.spread is not None:
            removed = [*none, -entry.room * plan.divisor]
        else:
            removed = none + [-total for count, grid in taken.items() for total in _sums(grid, count)]
        if not removed or len(removed) > _MOST_AMOUNTS:
            found[entry.replaces.element] = None
        else:
            add(entry.replaces.element, removed)
    if plan.excess:
        add(plan.mobile, [amount * plan.divisor for amount in plan.excess])
    if plan.silicon:
        silicon = np.array(plan.silicon, dtype=np.int64) * plan.divisor - base[decoder.elements.index("Si")]
        add("Si", silicon)
        add("P", -silicon)
    return {symbol: None if values is None else values * factor for symbol, values in found.items()}


def _sums(grid: IntArray, count: int) -> list[int]:
    """List the sums of so many amounts; one more than may be listed where there are too many."""
    sums = np.zeros(1, dtype=np.int64)
    for _ in range(count):
        if len(sums) * len(grid) > 25 * _MOST_AMOUNTS:
            return [0] * (_MOST_AMOUNTS + 1)
        sums = np.unique(sums[:, None] + grid)
    return [int(value) for value in sums]


def _shared(one: PartDecoder, other: PartDecoder) -> str:
    """Write a composition that both hold, or nothing."""
    axis = sorted({*one.elements, *other.elements})
    unit = math.lcm(one.plan.unit, other.plan.unit)
    batches = [decoder.decode(np.arange(decoder.size)) for decoder in (one, other)]
    rows = [np.rint(batch.composition.on_axis(axis).amounts * unit).astype(np.int64) for batch in batches]
    # Rows as bytes: equal compositions are equal bytes.
    known = {row.tobytes() for row in rows[1]}
    places = [place for place, row in enumerate(rows[0]) if row.tobytes() in known]
    if not places:
        return ""
    return write_formulas(one, batches[0].take(places[:1]))[0]
