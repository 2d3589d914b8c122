"""What can be changed about one candidate: each amount that its space varies, and the ions themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.formula import CompositionMatrix
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.inference.spaces.plan import EntryPlan, PartPlan
from ssepredict.inference.spaces.space import CandidateBatch

SILICON, PHOSPHORUS = Ion("Si", 4), Ion("P", 5)

STEPS = (-2, -1, 1, 2)
"""Steps on the grid of an amount that count as neighbours."""

SAME_CHARGE, OTHER_CHARGE = 4, 1
"""Ions to exchange a dopant for, nearest in radius: so many of its charge, and of each charge beside it."""

Change = Mapping[Ion, int]
"""Ions to what is added to them (negative: taken away), in parts of the plan's unit."""


@dataclass(frozen=True)
class Axis:
    """One amount of a candidate that its space varies.

    Parameters
    ----------
    ion : Ion
        Whose amount varies, e.g. ``Sc3+``.
    replaces : Ion or None
        What takes up the room that the ion leaves, e.g. ``Zr4+``; None for an excess of mobile ions.
    site : {"A", "M", "T", "X"}
    amounts : tuple of int
        What the space lets the ion take, in parts of the unit, ascending.
    amount : int
        What the candidate holds.
    unit : int
        Parts per ion and formula unit.
    others : tuple of Ion
        Ions of the space that may stand in its place: elements that the candidate does not hold.
    optional : bool
        Whether the ion can be left out altogether, as a dopant can and Si on T cannot.
    """

    ion: Ion
    replaces: Ion | None
    site: str
    amounts: tuple[int, ...]
    amount: int
    unit: int
    others: tuple[Ion, ...] = ()
    optional: bool = False

    @property
    def drawn(self) -> tuple[int, ...]:
        """Amounts of a curve: those of the space, the candidate's own, and none where that is possible."""
        return tuple(sorted({*self.amounts, self.amount, *((0,) if self.optional else ())}))

    @property
    def range(self) -> tuple[float, float]:
        """Ends of the curve, in ions per formula unit."""
        return self.drawn[0] / self.unit, self.drawn[-1] / self.unit

    def to(self, amount: int) -> Change:
        """Change that brings the ion to another amount."""
        change = {self.ion: amount - self.amount}
        return change if self.replaces is None else change | {self.replaces: self.amount - amount}

    def swap(self, other: Ion) -> Change:
        """Change that puts another ion in its place, in the same amount."""
        return {self.ion: -self.amount, other: self.amount}

    def show(self, amount: int) -> str:
        """Write an amount per formula unit."""
        return f"{amount / self.unit:.6g}"


def axes_of(plan: PartPlan, batch: CandidateBatch) -> tuple[Axis, ...]:
    """List what can be changed about a candidate.

    Parameters
    ----------
    plan : PartPlan
        The candidate's host with its substitutions.
    batch : CandidateBatch
        The candidate, one row, decoded by the part.

    Returns
    -------
    tuple of Axis
        The dopants, site by site and the largest amount first, then Si and the excess of mobile ions where
        the space varies them.
    """
    held = {
        symbol
        for symbol, amount in zip(batch.composition.elements, batch.composition.amounts[0], strict=True)
        if amount > 0
    }
    axes: list[Axis] = []
    column, first = 0, 0
    for entry in plan.entries:
        here = slice(column, column + entry.together[-1])
        chosen = {
            entry.ions[place - first]: round(amount * plan.unit)
            for place, amount in zip(
                batch.dopants[0, here].tolist(), batch.fractions[0, here].tolist(), strict=True
            )
            if place >= 0
        }
        axes += sorted(_entry_axes(entry, plan, chosen, held), key=lambda axis: (-axis.amount, str(axis.ion)))
        column, first = here.stop, first + len(entry.ions)
    if len(plan.silicon) > 1:
        silicon = round(float(batch.silicon[0]) * plan.unit)
        axes.append(Axis(SILICON, PHOSPHORUS, "T", _scaled(plan.silicon, plan), silicon, plan.unit))
    if len(plan.excess) > 1:
        axes.append(_excess_axis(plan, batch))
    return tuple(axes)


def _entry_axes(
    entry: EntryPlan, plan: PartPlan, chosen: Mapping[Ion, int], held: set[str]
) -> Iterator[Axis]:
    """Amounts of the dopants of one entry."""
    others = tuple(ion for ion in entry.ions if ion.element not in held)
    for ion, amount in chosen.items():
        if entry.spread is None:
            grid, partner = _scaled(entry.fractions, plan), entry.replaces
        else:
            grid, partner = _trades(entry, plan, chosen, ion)
        yield Axis(ion, partner, entry.site, grid, amount, plan.unit, others, entry.spread is None)


def _trades(
    entry: EntryPlan, plan: PartPlan, chosen: Mapping[Ion, int], ion: Ion
) -> tuple[tuple[int, ...], Ion]:
    """Amounts that leave a filled site filled, and the ion that loses what this one gains.

    That is the one which leaves the most choices, of equals the most abundant one.
    """
    grid = entry.amounts(len(chosen), plan.divisor)
    possible = {
        other: tuple(amount for amount in grid if chosen[ion] + chosen[other] - amount in grid)
        for other in chosen
        if other != ion
    }
    partner = max(possible, key=lambda other: (len(possible[other]), chosen[other], str(other)))
    return possible[partner], partner


def _excess_axis(plan: PartPlan, batch: CandidateBatch) -> Axis:
    """Mobile ions themselves, as far as they do not follow from the charge."""
    own = round(float(batch.composition.amount(plan.mobile)[0]) * plan.unit)
    excess = round(float(batch.excess[0]) * plan.unit)
    amounts = tuple(own - excess + step for step in _scaled(plan.excess, plan))
    return Axis(Ion(plan.mobile, 1), None, "A", amounts, own, plan.unit)


def changed(plan: PartPlan, batch: CandidateBatch, changes: Sequence[Change]) -> CandidateBatch:
    """Apply changes to a candidate, each to the candidate itself; the charge goes where the space puts it.

    Amounts are whole parts of the unit throughout, so that a change that leads to a candidate of the space
    gives its composition to the last bit.

    Parameters
    ----------
    plan : PartPlan
    batch : CandidateBatch
        The candidate, one row, decoded by the part.
    changes : sequence of mapping, length n
        See `Change`.

    Returns
    -------
    CandidateBatch
        n rows with their own composition and oxidation states; what else they hold is the candidate's.
        Amounts below zero are left to the caller to see.
    """
    rows = batch.take(np.zeros(len(changes), dtype=np.int64))
    elements = batch.composition.elements
    column = {symbol: place for place, symbol in enumerate(elements)}
    counts = np.rint(rows.composition.amounts * plan.unit).astype(np.int64)
    states = rows.oxidation.copy()
    for row, change in enumerate(changes):
        for ion, amount in change.items():
            counts[row, column[ion.element]] += amount
            states[row, column[ion.element]] = ion.charge
        gained = sum(ion.charge * amount for ion, amount in change.items())
        for element, atoms in plan.balance.per_charge:
            counts[row, column[element]] += gained // plan.balance.divisor * atoms
    composition = CompositionMatrix(elements, counts / plan.unit)
    return dataclasses.replace(rows, composition=composition, oxidation=states)


def nearest_ions(axis: Axis, coordination: int) -> tuple[Ion, ...]:
    """Ions to put in a dopant's place: nearest in Shannon radius, of its charge and of those beside it.

    Parameters
    ----------
    axis : Axis
    coordination : int
        Coordination number of the site.

    Returns
    -------
    tuple of Ion
        `SAME_CHARGE` of the same charge, then `OTHER_CHARGE` of one less and of one more, each group the
        nearest first (on a tie by atomic number); fewer where the space holds fewer.

    Examples
    --------
    >>> ions = [Ion.parse(text) for text in ("In3+", "Lu3+", "Y3+", "Mg2+", "Ca2+", "Hf4+")]
    >>> axis = Axis(Ion("Sc", 3), Ion("Zr", 4), "M", (100000,), 100000, 1000000, tuple(ions))
    >>> [str(ion) for ion in nearest_ions(axis, 6)]
    ['In3+', 'Lu3+', 'Y3+', 'Mg2+', 'Hf4+']
    """
    own = _radius(axis.ion, coordination)
    found: list[Ion] = []
    for charge, most in ((0, SAME_CHARGE), (-1, OTHER_CHARGE), (1, OTHER_CHARGE)):
        group = [ion for ion in axis.others if ion.charge == axis.ion.charge + charge]
        group.sort(key=lambda ion: abs(_radius(ion, coordination) - own))
        found += group[:most]
    return tuple(found)


def _radius(ion: Ion, coordination: int) -> float:
    return float(shannon_radii([ion.element], [ion.charge], coordination)[0])


def steps(axis: Axis) -> list[int]:
    """Amounts of the space that count as neighbours of the candidate's own."""
    if axis.amount not in axis.amounts:  # ions that share a site may take no step of their own
        return []
    place = axis.amounts.index(axis.amount)
    return [axis.amounts[place + step] for step in STEPS if 0 <= place + step < len(axis.amounts)]


def _scaled(amounts: Sequence[int], plan: PartPlan) -> tuple[int, ...]:
    return tuple(amount * plan.divisor for amount in amounts)
