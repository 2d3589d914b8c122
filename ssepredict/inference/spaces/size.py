"""How many candidates a space holds, and what to do when that is more than can be counted."""

from __future__ import annotations

from collections.abc import Sequence

from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.part import PartDecoder

MOST_CANDIDATES = 2**63 - 1
"""Largest size: positions are 64-bit whole numbers."""


def check_size(decoders: Sequence[PartDecoder], heading: str) -> None:
    """Refuse a space whose positions do not fit into 64 bits.

    Raises
    ------
    SpaceError
        It says the size, where it comes from and how to make it smaller.
    """
    size = sum(decoder.size for decoder in decoders)
    if size <= MOST_CANDIDATES:
        return
    largest = max(decoders, key=lambda decoder: decoder.size)
    plan = largest.plan
    factors = [
        f"{choices:,} choices for {entry.replaces} on {entry.site} ({len(entry.ions)} ions, "
        f"{_amounts(len(entry.fractions))}, {' or '.join(map(str, entry.together))} together)"
        for entry, choices in zip(plan.entries, largest.entry_sizes, strict=True)
    ]
    factors += [f"{len(plan.excess)} values of excess"] if plan.excess else []
    factors += [f"{len(plan.silicon)} values of silicon"] if plan.silicon else []
    raise SpaceError(
        f"{heading} holds {size:.3g} candidates, {size / MOST_CANDIDATES:.3g} times as many as 64 bits can "
        f"number ({MOST_CANDIDATES:,}). {plan.formula}: {' x '.join(factors)}. Make it smaller: coarsen the "
        "fractions, lower together, name fewer ions, or split it into several files"
    )


def _amounts(count: int) -> str:
    return f"{count} amounts" if count else "near-equal amounts"
