"""What a description of a space comes to: whole numbers, ions and site tables, everything decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SiteTable
from ssepredict.inference.spaces.enumeration import Block, count_choices
from ssepredict.inference.spaces.grids import UNIT


@dataclass(frozen=True)
class Spread:
    """Near-equal amounts that fill a site.

    Parameters
    ----------
    width : int
        Largest difference from the equal share (millionths).
    step : int
        Between neighbouring amounts (millionths).
    """

    width: int
    step: int


@dataclass(frozen=True)
class EntryPlan:
    """One substitution on one host; amounts in millionths per formula unit.

    Parameters
    ----------
    site : {"A", "M", "T", "X"}
    replaces : Ion
        The ion of the host that dopants replace.
    ions : tuple of Ion
        The dopants, in the order of `sort_ions`.
    together : tuple of int
        Numbers of dopant ions in one candidate.
    fractions : tuple of int
        Amounts of each dopant ion; empty with a spread.
    room : int
        The replaced ion in the host.
    optional : bool
        Whether none at all is a choice.
    spread : Spread, optional
        Instead of `fractions`: near-equal amounts that replace all of the ion.
    """

    site: str
    replaces: Ion
    ions: tuple[Ion, ...]
    together: tuple[int, ...]
    fractions: tuple[int, ...]
    room: int
    optional: bool = False
    spread: Spread | None = None

    @property
    def divisor(self) -> int:
        """Parts into which a millionth is cut so that equal shares are whole numbers."""
        if self.spread is None:
            return 1
        parts: list[int] = [members // math.gcd(self.room, members) for members in self.together]
        return math.lcm(*parts)

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the dopants."""
        return frozenset(ion.element for ion in self.ions)

    @property
    def multivalent(self) -> tuple[str, ...]:
        """Elements of the dopants that are listed in several oxidation states."""
        states: dict[str, int] = {}
        for ion in self.ions:
            states[ion.element] = states.get(ion.element, 0) + 1
        return tuple(element for element, count in states.items() if count > 1)

    def blocks(self, divisor: int) -> tuple[Block, ...]:
        """Choices per number of dopants, amounts in millionths over `divisor`."""
        return tuple(
            count_choices(
                self.ions,
                self.amounts(members, divisor),
                members,
                None if self.spread is None else self.room * divisor,
            )
            for members in self.together
        )

    def amounts(self, members: int, divisor: int) -> list[int]:
        """Amounts that each of so many dopants may take, in millionths over `divisor`."""
        if self.spread is None:
            return [amount * divisor for amount in self.fractions]
        share = self.room * divisor // members
        count = self.spread.width // self.spread.step if self.spread.width else 0
        return [share + number * self.spread.step * divisor for number in range(-count, count + 1)]


@dataclass(frozen=True)
class Balance:
    """Who takes up the charge.

    Parameters
    ----------
    site : {"A", "M", "T", "X"}
    per_charge : tuple of (str, int)
        Atoms of each element added for every `divisor` elementary charges that the rest of the formula has
        gained.
    divisor : int
    """

    site: str
    per_charge: tuple[tuple[str, int], ...]
    divisor: int = 1

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements whose amount follows from the charge."""
        return tuple(element for element, _ in self.per_charge)


@dataclass(frozen=True)
class PartPlan:
    """One host with its substitutions; amounts in millionths per formula unit.

    Parameters
    ----------
    formula : str
        The host as written.
    host : SiteTable
        One row.
    entries : tuple of EntryPlan
    silicon : tuple of int
        Amounts of Si on T; empty leaves T as in the host.
    excess : tuple of int
        Mobile ions more than in the host; empty where they follow from the charge.
    balance : Balance
    """

    formula: str
    host: SiteTable
    entries: tuple[EntryPlan, ...]
    silicon: tuple[int, ...]
    excess: tuple[int, ...]
    balance: Balance

    @cached_property
    def divisor(self) -> int:
        """Parts into which a millionth is cut so that every amount is a whole number."""
        divisors: list[int] = [entry.divisor for entry in self.entries]
        return self.balance.divisor * math.lcm(*divisors)

    @property
    def unit(self) -> int:
        """Whole numbers per atom."""
        return int(UNIT * self.divisor)

    @property
    def mobile(self) -> str:
        """The mobile ion of the host."""
        return str(self.host.mobile_ion[0])

    def held(self, site: str) -> dict[Ion, float]:
        """Ions on a site of the host with their amounts."""
        return {
            Ion(element, int(self.host.oxidation[0, column])): float(self.host.occupancy[site][0, column])
            for column, element in enumerate(self.host.elements)
            if self.host.occupancy[site][0, column] > 0
        }


@dataclass(frozen=True)
class Limits:
    """What a candidate as a whole may hold.

    Parameters
    ----------
    price_usd_per_kg : float, optional
        Highest price of the elements (USD per kg of material).
    most_elements : int, optional
        Largest number of elements.
    """

    price_usd_per_kg: float | None = None
    most_elements: int | None = None


@dataclass(frozen=True)
class SpacePlan:
    """A description that holds together."""

    title: str
    parts: tuple[PartPlan, ...]
    limits: Limits
