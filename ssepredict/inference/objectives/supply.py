"""What the supply of its elements costs a candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ssepredict.chemistry.formula import CompositionMatrix, FloatArray
from ssepredict.chemistry.supply import (
    HIGHLY_CONCENTRATED,
    contains_radioactive,
    contains_toxic,
    material_hhi,
    material_price,
)
from ssepredict.exceptions import SpaceError
from ssepredict.inference.objectives.schema import check_factor, check_keys, is_between


@dataclass(frozen=True)
class SupplyPenalties:
    """Factors for price, supply concentration, toxicity and radioactivity; none by default.

    Parameters
    ----------
    half_price_usd_per_kg : float, optional
        Price of the elements at which the score is halved: the factor is ``1 / (1 + price / half_price)``.
        Far above it the score is the probability per dollar, far below the price does not matter. A candidate
        with an element that is not traded gets the factor 0.
    concentrated_factor : float, default 1
        Factor where the mass-weighted Herfindahl-Hirschman index of production is above 2,500 or not known.
    toxic_factor : float, default 1
        Factor for an element that is flagged toxic (`ssepredict.chemistry.supply.TOXIC_MEANING`).
    radioactive_factor : float, default 1
        Factor for a radioactive element.

    Raises
    ------
    SpaceError
        When a factor is outside 0 to 1, or the price is not above 0.

    Examples
    --------
    >>> from ssepredict.chemistry.formula import parse_formulas
    >>> dear = parse_formulas(["Li3YCl6", "Li3ScCl6"])
    >>> SupplyPenalties(half_price_usd_per_kg=50.0).factor(dear).round(2).tolist()
    [0.78, 0.08]
    """

    half_price_usd_per_kg: float | None = None
    concentrated_factor: float = 1.0
    toxic_factor: float = 1.0
    radioactive_factor: float = 1.0

    def __post_init__(self) -> None:
        for name in ("concentrated_factor", "toxic_factor", "radioactive_factor"):
            check_factor(name, getattr(self, name))
        price = self.half_price_usd_per_kg
        if price is not None and not (is_between(price, 0.0, math.inf) and 0.0 < price < math.inf):
            raise SpaceError(
                f"objective: half_price_usd_per_kg is {price!r}; expected a price above 0, e.g. 50"
            )

    def factor(self, composition: CompositionMatrix) -> FloatArray:
        """Factor of the score, 0 to 1, shape (n,)."""
        factor = np.ones(len(composition))
        if self.half_price_usd_per_kg is not None:
            affordable = 1.0 / (1.0 + material_price(composition) / self.half_price_usd_per_kg)
            factor *= np.where(np.isnan(affordable), 0.0, affordable)
        if self.concentrated_factor != 1.0:
            spread = material_hhi(composition) <= HIGHLY_CONCENTRATED
            factor *= np.where(spread, 1.0, self.concentrated_factor)
        if self.toxic_factor != 1.0:
            factor *= np.where(contains_toxic(composition), self.toxic_factor, 1.0)
        if self.radioactive_factor != 1.0:
            factor *= np.where(contains_radioactive(composition), self.radioactive_factor, 1.0)
        return factor

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a file: what differs from the default."""
        return {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if getattr(self, entry.name) != entry.default
        }


def parse_supply(raw: object) -> SupplyPenalties:
    """Read penalties for supply from plain values.

    Raises
    ------
    SpaceError
        When it is no table, or a key or a value is impossible.
    """
    if isinstance(raw, SupplyPenalties):
        return raw
    if not isinstance(raw, Mapping):
        raise SpaceError(f"objective: supply is {raw!r}; expected a table, e.g. toxic_factor = 0.5")
    check_keys(raw, SupplyPenalties, "supply has ")
    return SupplyPenalties(**raw)
