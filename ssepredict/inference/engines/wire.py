"""Results of screening as plain values, exact to the last bit: for files and for other processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from ssepredict.inference.screening.screened import Screened, Tally

__all__ = ["Part", "Range", "screened_from_plain", "screened_to_plain"]

Range = tuple[int, int]
"""Candidates by number: the first, and one past the last."""

Part = tuple[int, int, Screened]
"""A range and what it holds."""


def screened_to_plain(found: Screened) -> dict[str, Any]:
    """Return a result as plain values that JSON keeps exactly.

    Every array becomes its type and its values; Python writes a double with as many digits as tell it from
    its neighbours, so that reading it back gives the same bits.

    Examples
    --------
    >>> screened_to_plain(Screened(np.array([7]), np.array([0.1])))["scores"]
    {'dtype': 'float64', 'values': [0.1]}
    """
    plain: dict[str, Any] = {}
    for entry in fields(found):
        value = getattr(found, entry.name)
        if isinstance(value, np.ndarray):
            plain[entry.name] = {"dtype": value.dtype.name, "values": value.tolist()}
        else:
            plain[entry.name] = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return plain


def screened_from_plain(plain: Mapping[str, Any]) -> Screened:
    """Read back what `screened_to_plain` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        When something else is given.

    Examples
    --------
    >>> part = Screened(np.array([7]), np.array([0.1]))
    >>> screened_from_plain(screened_to_plain(part)).scores
    array([0.1])
    """
    values: dict[str, Any] = {}
    for entry in fields(Screened):
        content = plain[entry.name]
        if entry.name == "tally":
            values[entry.name] = Tally(**content)
        else:
            values[entry.name] = np.array(content["values"], dtype=np.dtype(content["dtype"]))
    return Screened(**values)


def _plain(content: Any) -> Any:
    return dict(content) if isinstance(content, Mapping) else content
