"""Fade per cycle from the table of cell tests."""

from __future__ import annotations

import pandas as pd

_CELL_IDENTITY = [
    "sample_id",
    "negative_electrode",
    "positive_electrode",
    "interface",
    "cycles",
    "c_rate",
    "current_as_reported",
    "temperature_c",
]


def cycling_fade(cells: pd.DataFrame) -> pd.DataFrame:
    """Fade per cycle: as stated, and (100 - retention) / cycles where cycles are given.

    Parameters
    ----------
    cells : DataFrame
        Rows of the table `cells`.

    Returns
    -------
    DataFrame
        The same columns with `value` in % per cycle, and two more: `value_origin` (``"reported"`` or
        ``"from_retention"``) and `restated` (1 where a reported fade repeats a retention of the same test,
        so that a fit may drop it). A limit turns round: a retention above a bound is a fade below one.

    References
    ----------
    The convention of the sources, e.g. doi 10.1007/s40820-024-01474-6: (100 - 86.4) / 650 = 0.0209.
    """
    reported = cells[cells["quantity"] == "fade_per_cycle"].assign(value_origin="reported", restated=0)
    known = (cells["quantity"] == "capacity_retention") & (cells["cycles"] > 0)
    derived = cells[known].assign(value_origin="from_retention", restated=0, quantity="fade_per_cycle")
    tests = set(derived[_CELL_IDENTITY].astype(str).itertuples(index=False, name=None))
    reported["restated"] = [
        int(row in tests) for row in reported[_CELL_IDENTITY].astype(str).itertuples(index=False, name=None)
    ]
    derived["value"] = (100.0 - derived["value"]) / derived["cycles"]
    derived["bound"] = derived["bound"].map({"<": ">", ">": "<", "": ""})
    return pd.concat([reported, derived]).sort_values("measurement_id").reset_index(drop=True)
