"""What a space may hold: elements left out of every list of ions, and limits on the whole candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import ATOMIC_INDEX, ELEMENTS, CompositionMatrix
from ssepredict.exceptions import did_you_mean
from ssepredict.inference.spaces.grids import check_keys
from ssepredict.inference.spaces.plan import EntryPlan, Limits, PartPlan

CONSTRAINT_KEYS = ("only", "exclude", "toxic", "radioactive", "price_usd_per_kg", "most_elements")

_PRESENT = 1e-9


@dataclass(frozen=True)
class Constraints:
    """Demands on elements and on whole candidates.

    Parameters
    ----------
    refused : mapping of str to str
        Why an element is left out, in words, by its symbol.
    limits : Limits
    """

    refused: Mapping[str, str]
    limits: Limits


def read_elements(value: object, where: str, failures: list[str]) -> tuple[str, ...]:
    """Read a list of element symbols; messages for everything that is none."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        failures.append(f"{where}: got {value!r}; expected a list of elements, e.g. ['Cd', 'Hg']")
        return ()
    for symbol in value:
        if symbol not in ATOMIC_INDEX:
            hint = did_you_mean(str(symbol), ELEMENTS) or "; expected element symbols, e.g. 'Cd'"
            failures.append(f"{where}: unknown element {symbol!r}{hint}")
    return tuple(map(str, value))


def read_constraints(value: object, failures: list[str]) -> Constraints:
    """Read the table ``[constraints]``.

    Parameters
    ----------
    value : object
        Mapping with the keys `CONSTRAINT_KEYS`, all of them optional.
    failures : list of str
        Takes one message for everything that is wrong.
    """
    if not isinstance(value, Mapping):
        failures.append(f"constraints: got {value!r}; expected a table, e.g. {{toxic = false}}")
        return Constraints({}, Limits())
    check_keys(value, CONSTRAINT_KEYS, (), "constraints.", failures)
    refused: dict[str, str] = {}
    if "only" in value:
        only = read_elements(value["only"], "constraints.only", failures)
        refused |= {symbol: "is not among constraints.only" for symbol in ELEMENTS if symbol not in only}
    excluded = read_elements(value.get("exclude", ()), "constraints.exclude", failures)
    refused |= dict.fromkeys(excluded, "is in constraints.exclude")
    for name in ("toxic", "radioactive"):
        allowed = value.get(name, True)
        if not isinstance(allowed, bool):
            failures.append(
                f"constraints.{name}: got {allowed!r}; expected false to leave such elements out, or true"
            )
        elif not allowed:
            refused |= dict.fromkeys(_flagged(name), f"is {name} and constraints.{name} is false")
    return Constraints(refused, _limits(value, failures))


def check_host(part: PartPlan, constraints: Constraints, failures: list[str]) -> None:
    """Add a message where every candidate of a host breaks a constraint: the space would be empty."""
    replaced = {entry.replaces.element for entry in part.entries if entry.spread is not None}
    kept = [symbol for symbol in part.host.elements if symbol not in replaced]
    for symbol in kept:
        if symbol in constraints.refused:
            failures.append(
                f"constraints: host {part.formula} holds {symbol}, which {constraints.refused[symbol]}, so "
                "that no candidate is left; change the constraint or the host"
            )
    most = constraints.limits.most_elements
    # Silicon, phosphorus and the replaced ions may run out: only the rest is in every candidate.
    movable = {"Si", "P", part.mobile, *(entry.replaces.element for entry in part.entries)}
    movable |= set(part.balance.elements)
    least = len(set(kept) - movable) + sum(map(_fewest, part.entries))
    if most is not None and least > most:
        failures.append(
            f"constraints.most_elements: every candidate of {part.formula} holds at least {least} elements, "
            f"got {most}; allow more elements or fewer dopants"
        )


def refuse_candidates(limits: Limits, composition: CompositionMatrix) -> dict[str, npt.NDArray[np.bool_]]:
    """Tell which candidates break a limit, by its name, shape (n,) each.

    A candidate whose price is not known (an element without a price) breaks the limit on the price.
    """
    refused: dict[str, npt.NDArray[np.bool_]] = {}
    if limits.most_elements is not None:
        refused["most_elements"] = (composition.amounts > _PRESENT).sum(axis=1) > limits.most_elements
    if limits.price_usd_per_kg is not None:
        from ssepredict.chemistry.supply import material_price

        refused["price_usd_per_kg"] = ~(material_price(composition) <= limits.price_usd_per_kg)
    return refused


def _fewest(entry: EntryPlan) -> int:
    return 0 if entry.optional else entry.together[0]


def _flagged(name: str) -> list[str]:
    from ssepredict.chemistry.supply import supply_table

    table = supply_table()
    return [str(symbol) for symbol in table.index[table[name].astype(bool)]]


def _limits(value: Mapping[str, object], failures: list[str]) -> Limits:
    price, most = value.get("price_usd_per_kg"), value.get("most_elements")
    if price is not None and (
        not isinstance(price, int | float) or isinstance(price, bool) or not 0 < price < np.inf
    ):
        failures.append(
            f"constraints.price_usd_per_kg: got {price!r}; expected a price above 0 in USD per kg, e.g. 50"
        )
        price = None
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        failures.append(f"constraints.most_elements: got {most!r}; expected a whole number, e.g. 7")
        most = None
    return Limits(None if price is None else float(price), most)
