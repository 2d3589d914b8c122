"""What is asked of a predictor: which formulas can be used, which conditions are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ssepredict.chemistry.formula import Problem
from ssepredict.chemistry.sites import SiteTable
from ssepredict.exceptions import SsePredictError, did_you_mean
from ssepredict.featurizers.conditions import CONDITIONS, CategoryCondition, NumericCondition

FAR_FROM_NEUTRAL = 0.5
"""Net charge (e per formula unit) beyond which a formula is taken for a misprint and not predicted."""

DEFAULT_CONDITIONS: dict[str, Any] = {"contribution": "total", "composite": 0}
"""Conditions that are assumed unless stated otherwise; everything else counts as not stated."""


def checked_conditions(temperature_c: float, conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the conditions of a request.

    Parameters
    ----------
    temperature_c : float
    conditions : mapping
        Columns of `CONDITIONS`.

    Raises
    ------
    SsePredictError
        When a name, a level, a number or the temperature is not admissible.
    """
    if not np.isfinite(temperature_c) or temperature_c <= -273.15:
        raise SsePredictError(f"temperature_c is {temperature_c}, expected a number above -273.15 (°C)")
    for name, value in conditions.items():
        if name not in CONDITIONS or name == "temperature_c":
            known = sorted(set(CONDITIONS) - {"temperature_c"})
            hint = did_you_mean(name, known) or f"; expected some of {', '.join(known)}"
            raise SsePredictError(f"condition {name!r} is unknown{hint}")
        condition = CONDITIONS[name]
        if isinstance(condition, CategoryCondition) and value not in ("", None, *condition.levels):
            hint = did_you_mean(str(value), condition.levels)
            raise SsePredictError(f"{name} is {value!r}, expected one of {', '.join(condition.levels)}{hint}")
        if isinstance(condition, NumericCondition) and not isinstance(value, int | float | np.number | None):
            raise SsePredictError(f"{name} is {value!r}, expected a number; leave it out if unknown")
    return {**DEFAULT_CONDITIONS, **conditions, "temperature_c": float(temperature_c)}


def screened(
    read: tuple[SiteTable, list[Problem]], formulas: Sequence[str]
) -> tuple[list[int], list[Problem]]:
    """Tell usable rows from the others.

    Parameters
    ----------
    read : (SiteTable, list of Problem)
        What `read_sites` gave.
    formulas : sequence of str

    Returns
    -------
    list of int
        Usable row numbers.
    list of Problem
        What is wrong with the others; rows far from neutral are among them.
    """
    sites, problems = read
    named = {row for row, _, _ in problems}
    charged = np.flatnonzero(np.abs(np.nan_to_num(sites.charge_residual)) > FAR_FROM_NEUTRAL).tolist()
    problems = list(problems)
    for row in charged:
        if row not in named:
            charge = float(sites.charge_residual[row])
            problems.append(
                (
                    row,
                    str(formulas[row]),
                    f"has a net charge of {charge:+.3g} e per formula unit with the best common oxidation "
                    f"states, expected at most {FAR_FROM_NEUTRAL}; check the amounts",
                )
            )
    bad = {row for row, _, _ in problems}
    return [row for row in range(len(formulas)) if row not in bad], sorted(problems)
