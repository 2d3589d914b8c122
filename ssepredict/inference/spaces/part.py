"""From positions within one host to compositions: digits of a position are choices, choices are amounts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ssepredict.chemistry.formula import ATOMIC_INDEX, CompositionMatrix, FloatArray
from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.ions import COMMON_OXIDATION_STATES, Ion
from ssepredict.inference.spaces.batch import CandidateBatch
from ssepredict.inference.spaces.entry import Change, EntryDecoder
from ssepredict.inference.spaces.exchange import IntArray
from ssepredict.inference.spaces.plan import PartPlan


@dataclass(frozen=True, eq=False)
class PartDecoder:
    """The candidates of one host.

    A position is a number of mixed base: the choice of the first entry is its slowest digit, then come the
    other entries, the excess of mobile ions and, fastest, the silicon.

    Parameters
    ----------
    plan : PartPlan
    axis : tuple of str
        Element axis to decode on, where the part is one of several; empty for its own elements.
    """

    plan: PartPlan
    axis: tuple[str, ...] = ()

    @cached_property
    def ions(self) -> tuple[Ion, ...]:
        """The dopant ions, which `CandidateBatch.dopants` counts."""
        return tuple(ion for entry in self.plan.entries for ion in entry.ions)

    @property
    def elements(self) -> tuple[str, ...]:
        """The element axis, in the order of the atomic number."""
        return self.axis or self.own_elements

    @cached_property
    def own_elements(self) -> tuple[str, ...]:
        """Elements that a candidate of this host may hold, in the order of the atomic number."""
        plan = self.plan
        tetrahedral = {"Si", "P"} if plan.silicon else set()
        present = {*plan.host.elements, *tetrahedral, *plan.balance.elements, *(i.element for i in self.ions)}
        return tuple(sorted(present, key=ATOMIC_INDEX.__getitem__))

    @cached_property
    def size(self) -> int:
        """Number of candidates, however large."""
        size = max(len(self.plan.silicon), 1) * max(len(self.plan.excess), 1)
        for entry in self._entries:
            size *= entry.size
        return size

    @property
    def width(self) -> int:
        """Columns of `CandidateBatch.dopants`."""
        return sum(entry.together[-1] for entry in self.plan.entries)

    @cached_property
    def entry_sizes(self) -> tuple[int, ...]:
        """Choices of each entry."""
        return tuple(entry.size for entry in self._entries)

    def decode(self, positions: IntArray) -> CandidateBatch:
        """Turn positions within this part, all of them valid, into compositions."""
        plan, rest = self.plan, positions
        count = len(positions)
        rest, silicon_step = _digit(rest, len(plan.silicon))
        rest, excess_step = _digit(rest, len(plan.excess))
        numbers: list[IntArray] = []
        for entry in reversed(self._entries):
            rest, number = _digit(rest, entry.size)
            numbers.insert(0, number)
        base, states = self.base
        amounts = np.tile(base / plan.unit, (count, 1))
        # Where every element has one state, one row serves all: half the memory of a batch.
        oxidation = (
            np.tile(states, (count, 1))
            if self._has_unusual_states
            else np.broadcast_to(states, amounts.shape)
        )
        change = Change(count, np.zeros(count, dtype=np.int64), {})
        drawn = [
            entry.apply(number, amounts, oxidation, change)
            for entry, number in zip(self._entries, numbers, strict=True)
        ]
        excess = np.zeros(count, dtype=np.int64)
        if plan.excess:
            excess = np.array(plan.excess, dtype=np.int64)[excess_step] * plan.divisor
            change.add(self._column[plan.mobile], excess)
            change.charge[:] += excess
        if plan.silicon:
            more = np.array(plan.silicon, dtype=np.int64)[silicon_step] * plan.divisor
            more -= base[self._column["Si"]]
            change.add(self._column["Si"], more)
            change.add(self._column["P"], -more)
            change.charge[:] -= more
        for element, atoms in plan.balance.per_charge:
            change.add(self._column[element], change.charge // plan.balance.divisor * atoms)
        # Whole numbers over the unit are the doubles nearest to the decimals: 1.7 is 1.7 to the last bit.
        for column, gained in change.gained.items():
            amounts[:, column] = (base[column] + gained) / plan.unit
        silicon = (
            amounts[:, self._column["Si"]].copy()
            if "Si" in self._column and np.isfinite(self._t_sites)
            else np.zeros(count)
        )
        return CandidateBatch(
            positions,
            CompositionMatrix(self.elements, amounts),
            oxidation,
            np.hstack([members for members, _ in drawn]),
            np.hstack([fractions for _, fractions in drawn]),
            silicon,
            excess / plan.unit,
            np.zeros(count, dtype=np.int64),
        )

    @cached_property
    def base(self) -> tuple[IntArray, FloatArray]:
        """Host amounts in parts of the unit and oxidation states (e) on the axis, exactly neutral."""
        host, plan = self.plan.host, self.plan
        amounts = host.composition.on_axis(self.elements).amounts[0]
        counts = np.rint(amounts * (plan.unit // plan.divisor)).astype(np.int64) * plan.divisor
        known = dict(zip(host.elements, host.oxidation[0], strict=True))
        first = {ion.element: float(ion.charge) for ion in reversed(self.ions)} | {"Si": 4.0, "P": 5.0}
        states = np.array(
            [
                known.get(symbol, first.get(symbol, COMMON_OXIDATION_STATES[symbol][0]))
                for symbol in self.elements
            ],
            dtype=np.float64,
        )
        # Rounded amounts of the host (Na1.333) may leave a thousandth of a charge: the mobile ion takes it.
        residual = int(np.rint((counts * states).sum()))
        counts[self.elements.index(plan.mobile)] -= residual
        return counts, states

    @cached_property
    def _has_unusual_states(self) -> bool:
        return any(bool(entry.unusual.any()) for entry in self._entries)

    @cached_property
    def _column(self) -> dict[str, int]:
        return {symbol: index for index, symbol in enumerate(self.elements)}

    @property
    def _t_sites(self) -> float:
        return FRAMEWORKS[str(self.plan.host.framework[0])].t_sites

    @cached_property
    def _entries(self) -> tuple[EntryDecoder, ...]:
        found, start = [], 0
        for entry in self.plan.entries:
            found.append(
                EntryDecoder(
                    entry, entry.blocks(self.plan.divisor), start, self.plan.unit, self.elements, self.base
                )
            )
            start += len(entry.ions)
        return tuple(found)


def _digit(numbers: IntArray, base: int) -> tuple[IntArray, IntArray]:
    """Split off the fastest digit; nothing where there is no choice."""
    if base <= 1:
        return numbers, np.zeros(len(numbers), dtype=np.int64)
    quotient, remainder = np.divmod(numbers, base)
    return quotient, remainder
