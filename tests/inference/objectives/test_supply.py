from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.chemistry.supply import HIGHLY_CONCENTRATED, material_hhi, material_price
from ssepredict.inference.objectives.supply import SupplyPenalties

FORMULAS = ["Na3Zr2Si2PO12", "Li3YCl6", "Li3ScCl6", "Li2CdCl4", "Na3Th0.2Zr1.8Si2PO12"]
COMPOSITION = parse_formulas(FORMULAS)


def test_no_penalty_by_default():
    np.testing.assert_array_equal(SupplyPenalties().factor(COMPOSITION), 1.0)


def test_the_stated_price_halves_the_score():
    (price,) = material_price(parse_formulas(["Li3YCl6"]))
    assert SupplyPenalties(half_price_usd_per_kg=price).factor(COMPOSITION)[1] == pytest.approx(0.5)
    by_price = SupplyPenalties(half_price_usd_per_kg=50.0).factor(COMPOSITION)
    np.testing.assert_array_equal(np.argsort(-by_price), np.argsort(material_price(COMPOSITION)))


def test_what_is_not_traded_is_worth_nothing():
    assert SupplyPenalties(half_price_usd_per_kg=50.0).factor(parse_formulas(["Li2PmCl5"])) == [0.0]


def test_concentrated_supply_and_hazards_take_their_factors():
    concentrated = material_hhi(COMPOSITION) > HIGHLY_CONCENTRATED
    assert concentrated[:3].tolist() == [False, True, False]
    # Thorium has no index: what is not known is not taken for spread.
    expected = [1.0, 0.5, 1.0, 0.5 if concentrated[3] else 1.0, 0.5]
    np.testing.assert_array_equal(SupplyPenalties(concentrated_factor=0.5).factor(COMPOSITION), expected)
    np.testing.assert_array_equal(
        SupplyPenalties(toxic_factor=0.2, radioactive_factor=0.0).factor(COMPOSITION), [1, 1, 1, 0.2, 0]
    )


def test_factors_stay_inside_their_range():
    every = SupplyPenalties(20.0, 0.5, 0.5, 0.5).factor(COMPOSITION)
    assert ((every >= 0.0) & (every <= 1.0)).all()
