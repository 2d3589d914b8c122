"""Grids of amounts as people write them, read into exact whole numbers; keys of a description."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from ssepredict.exceptions import did_you_mean

RANGE_KEYS = ("start", "stop", "step")

DECIMALS = 6
UNIT = 10**DECIMALS
"""Amounts are counted in whole millionths, so that sums and charges are exact."""


def check_keys(
    table: Mapping[str, object],
    known: Sequence[str],
    required: Sequence[str],
    where: str,
    failures: list[str],
) -> None:
    """Add a message for every key that is unknown (with the nearest known one) or missing."""
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f"; expected one of {', '.join(known)}"
            failures.append(f"{where}{key}: unknown key{hint}")
    failures += [f"{where}{key}: is missing; add it" for key in required if key not in table]


def read_grid(
    value: object, where: str, failures: list[str], zero: bool = False, negative: bool = False
) -> tuple[int, ...]:
    """Read amounts that increase, given as a list or as start, stop and step.

    Parameters
    ----------
    value : object
        As found in a description.
    where : str
        Name of the key, for messages.
    failures : list of str
        Takes one message for everything that is wrong.
    zero : bool
        Whether an amount may be 0.
    negative : bool
        Whether an amount may be any number: a difference.

    Returns
    -------
    tuple of int
        Millionths; empty when something is wrong.

    Examples
    --------
    >>> read_grid({"start": 0.1, "stop": 0.3, "step": 0.1}, "fractions", [])
    (100000, 200000, 300000)
    """
    numbers = _range(value, where, failures) if isinstance(value, Mapping) else value
    if numbers is None:
        return ()
    if not isinstance(numbers, Sequence) or isinstance(numbers, str) or not numbers:
        got = "an empty list" if numbers in ([], ()) else repr(numbers)
        failures.append(
            f"{where}: got {got}; expected amounts such as [0.1, 0.2] or "
            "{start = 0.1, stop = 0.5, step = 0.1}"
        )
        return ()
    amounts = [_millionths(number, where, failures) for number in numbers]
    read = [amount for amount in amounts if amount is not None]
    if len(read) < len(amounts):
        return ()
    if not negative and (min(read) < 0 or (min(read) == 0 and not zero)):
        least = "at least 0" if zero else "above 0"
        failures.append(f"{where}: {min(read) / UNIT:g} is not an amount; expected numbers {least}")
    if any(after <= before for before, after in itertools.pairwise(read)):
        shown = ", ".join(f"{amount / UNIT:g}" for amount in read)
        failures.append(f"{where}: {shown} do not increase; write each amount once, the smallest first")
    return tuple(read)


def _millionths(value: object, where: str, failures: list[str]) -> int | None:
    number = Decimal("NaN")
    if isinstance(value, int | float | Decimal | np.number) and not isinstance(value, bool):
        number = Decimal(str(value))
    if not number.is_finite():
        failures.append(f"{where}: {value!r} is not a number; expected ions per formula unit, e.g. 0.2")
        return None
    scaled = number * UNIT
    if scaled != scaled.to_integral_value():
        failures.append(f"{where}: {value} has more than {DECIMALS} decimals; write {number:.{DECIMALS}f}")
        return None
    return int(scaled)


def _range(value: Mapping[str, object], where: str, failures: list[str]) -> list[Decimal] | None:
    before = len(failures)
    check_keys(value, RANGE_KEYS, RANGE_KEYS, where + ".", failures)
    read = [_millionths(value[key], f"{where}.{key}", failures) for key in RANGE_KEYS if key in value]
    if len(failures) > before:
        return None
    start, stop, step = (int(number) for number in read if number is not None)
    if step <= 0 or stop < start:
        failures.append(
            f"{where}: start {start / UNIT:g}, stop {stop / UNIT:g}, step {step / UNIT:g} hold no amount; "
            "expected start <= stop and a step above 0"
        )
        return None
    if (stop - start) % step:
        failures.append(
            f"{where}: stop {stop / UNIT:g} is no whole number of steps of {step / UNIT:g} from "
            f"{start / UNIT:g}; write {(stop - (stop - start) % step) / UNIT:g}"
        )
        return None
    return [Decimal(amount) / UNIT for amount in range(start, stop + step, step)]
