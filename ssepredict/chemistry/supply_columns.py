"""The supply of materials as columns of a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import CompositionMatrix, FloatArray
from ssepredict.chemistry.supply import (
    BoolArray,
    contains_radioactive,
    contains_toxic,
    material_hhi,
    material_price,
    present_elements,
    scarcest_abundance,
    supply_table,
)
from ssepredict.columns import SUPPLY_COLUMNS

__all__ = ["SUPPLY_COLUMNS", "supply_columns"]


def supply_columns(composition: CompositionMatrix) -> pd.DataFrame:
    """Supply of materials.

    Parameters
    ----------
    composition : CompositionMatrix
        n materials.

    Returns
    -------
    DataFrame
        n rows, the columns of `SUPPLY_COLUMNS`; what is not known is NaN, or empty text.

    Examples
    --------
    >>> from ssepredict.chemistry.formula import parse_formulas
    >>> row = supply_columns(parse_formulas(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"])).iloc[0]
    >>> round(row["price_usd_per_kg"]), row["dearest_element"], row["scarcest_element"]
    (70, 'Sc', 'Sc')
    """
    price, abundance = material_price(composition), scarcest_abundance(composition)
    table = supply_table().loc[list(composition.elements)]
    present = present_elements(composition)
    each = (table["atomic_weight"] * table["price_usd_per_kg"]).to_numpy()
    cost = np.where(present, composition.amounts * each, -np.inf)
    scarcity = np.where(present, -table["crustal_abundance_mg_per_kg"].to_numpy(), -np.inf)
    names = np.array([*composition.elements, ""])
    return pd.DataFrame(
        {
            "price_usd_per_kg": price,
            "dearest_element": _named(names, cost, np.isnan(price)),
            "scarcest_abundance_mg_per_kg": abundance,
            "scarcest_element": _named(names, scarcity, np.isnan(abundance)),
            "hhi_production": material_hhi(composition),
            "hhi_reserve": material_hhi(composition, "hhi_reserve"),
            "toxic": contains_toxic(composition).astype(np.int64),
            "radioactive": contains_radioactive(composition).astype(np.int64),
        }
    )


def _named(names: npt.NDArray[np.str_], worth: FloatArray, unknown: BoolArray) -> npt.NDArray[np.str_]:
    """Element with the largest figure of every row; empty where the row's figure is not known."""
    chosen = worth.argmax(axis=1) if worth.shape[1] else np.zeros(len(worth), dtype=np.intp)
    return names[np.where(unknown, len(names) - 1, chosen)]
