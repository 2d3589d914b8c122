"""Phases that compete with a NASICON, and the part of a composition that feeds them.

The conditions are coarse: a composition beyond one says where to look in a diffraction pattern, not that the
phase is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.frameworks import LARGE_LANTHANIDES
from ssepredict.physics.context import FloatArray, RuleContext

ZIRCONIA_SILICON = 1.5
"""Si per formula unit from which a Zr NASICON counts as a silicophosphate, where ZrO2 is met."""


@dataclass(frozen=True)
class Competitor:
    """A phase and the amount beyond which it is looked for.

    Parameters
    ----------
    phase : str
        Formula, with the structure type where that helps.
    feeds : str
        What feeds it, in words.
    quantity : str
        Key among the quantities of the rules.
    amount : callable
        Ions per formula unit that feed it, shape (n,).
    above : float
        Amount per formula unit beyond which the phase is to be expected.
    mobile_ion : str
        The mobile ion that it belongs to; empty means either.
    """

    phase: str
    feeds: str
    quantity: str
    amount: Callable[[RuleContext], FloatArray]
    above: float
    mobile_ion: str = ""


def _monazite_formers(context: RuleContext) -> FloatArray:
    sites = context.sites
    total = np.zeros(len(context))
    for symbol in LARGE_LANTHANIDES:
        if symbol in sites.elements:
            column = sites.elements.index(symbol)
            here = sites.occupancy["M"][:, column] + sites.occupancy["A"][:, column]
            total += np.where(sites.oxidation[:, column] == 3, here, 0.0)
    return total


def _on_site(context: RuleContext, site: str, symbol: str) -> FloatArray:
    sites = context.sites
    if symbol not in sites.elements:
        return np.zeros(len(context))
    return np.asarray(sites.occupancy[site][:, sites.elements.index(symbol)], dtype=np.float64)


def _zirconium_of_silicophosphates(context: RuleContext) -> FloatArray:
    silicate = _on_site(context, "T", "Si") >= ZIRCONIA_SILICON - 1e-9
    return np.where(silicate, _on_site(context, "M", "Zr"), 0.0)


COMPETITORS = (
    Competitor("monazite LnPO4", "La3+ to Gd3+", "monazite_formers", _monazite_formers, 0.0),
    Competitor(
        "ZrO2",
        f"Zr4+ beside at least {ZIRCONIA_SILICON:g} Si4+",
        "zirconia_former",
        _zirconium_of_silicophosphates,
        1.9,
        "Na",
    ),
    Competitor("Na3PO4", "Na+", "sodium_phosphate_former", lambda c: _on_site(c, "A", "Na"), 3.5, "Na"),
    Competitor("Li3PO4", "Li+", "lithium_phosphate_former", lambda c: _on_site(c, "A", "Li"), 2.0, "Li"),
    Competitor("AlPO4", "Al3+ on M", "aluminium_phosphate_former", lambda c: _on_site(c, "M", "Al"), 0.4),
)
"""The competitors; a bound of the rule `secondary_phase` is made from each."""


def say_competitors(context: RuleContext, row: int) -> str:
    """Name every competitor that a row feeds, with the amounts: ``La3+ to Gd3+ 0.2: monazite LnPO4``."""
    met = [
        f"{entry.feeds} {amount:.3g} (above {entry.above:g}) for {entry.phase}"
        for entry in COMPETITORS
        if entry.mobile_ion in ("", str(context.sites.mobile_ion[row]))
        and (amount := float(entry.amount(context)[row])) > entry.above + 1e-9
    ]
    if not met:
        return "feeds none of the known competitors"
    return f"look for a second phase: {'; '.join(met)} per formula unit"
