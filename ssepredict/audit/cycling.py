"""Cell tests: stated fade against retention, and retention that grows with the cycles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ssepredict.audit.finding import Finding, shown
from ssepredict.audit.material import Material, rows_of

FADE_TOLERANCE = 0.10
"""Relative difference that passes: sources round a fade to one or two digits."""

ROUNDING_PCT = 0.0005
"""Absolute difference (% per cycle) that passes: fades are printed to the third decimal."""

REGAIN_PCT = 2.0
"""Retention may be higher at more cycles by this (%): activation, temperature of the room."""

_TEXTS = ["negative_electrode", "positive_electrode", "interface", "current_as_reported"]
_NUMBERS = ["c_rate", "current_density_ma_cm2", "temperature_c"]


def fade_findings(given: Material) -> tuple[list[Finding], int]:
    """Hold the fade per cycle that a source states against the retention of the same test.

    A test is the same when nothing that both rows state differs. Both conventions are tried, linear
    ``(100 - retention) / cycles`` and compound ``100 (1 - (retention/100)^(1/cycles))``; a finding disagrees
    with both.

    Parameters
    ----------
    given : Material

    Returns
    -------
    list of Finding
    int
        Pairs that could be judged.
    """
    cells = given.cells[given.cells["bound"] == ""]
    retention = cells[(cells["quantity"] == "capacity_retention") & (cells["cycles"] > 0)]
    fade = cells[cells["quantity"] == "fade_per_cycle"]
    pairs = fade.merge(retention, on="sample_id", suffixes=("_1", "_2"))
    pairs = pairs[_same_test(pairs, [*_NUMBERS, "cycles"])] if len(pairs) else pairs
    findings = []
    for pair in rows_of(pairs):
        left, cycles = float(pair["value_2"]), float(pair["cycles_2"])
        linear = (100.0 - left) / cycles
        compound = 100.0 * (1.0 - (left / 100.0) ** (1.0 / cycles))
        stated = float(pair["value_1"])
        if any(abs(stated - v) <= max(FADE_TOLERANCE * abs(v), ROUNDING_PCT) for v in (linear, compound)):
            continue
        findings.append(
            _finding(
                pair,
                f"{shown(stated, '%')} per cycle",
                f"{linear:.3g} % per cycle (compound {compound:.3g}): {shown(left, '%')} after "
                f"{cycles:.0f} cycles",
                "(100 - retention) / cycles; the two figures of one test contradict each other",
            )
        )
    return findings, len(pairs)


def regain_findings(given: Material) -> tuple[list[Finding], int]:
    """Find tests whose retention is higher after more cycles.

    Parameters
    ----------
    given : Material

    Returns
    -------
    list of Finding
    int
        Pairs that could be judged.
    """
    cells = given.cells[(given.cells["bound"] == "") & (given.cells["quantity"] == "capacity_retention")]
    pairs = cells.merge(cells, on="sample_id", suffixes=("_1", "_2"))
    pairs = pairs[pairs["cycles_1"] < pairs["cycles_2"]]
    pairs = pairs[_same_test(pairs, _NUMBERS)] if len(pairs) else pairs
    findings = [
        _finding(
            pair,
            f"{shown(pair['value_2'], '%')} after {pair['cycles_2']:.0f} cycles",
            f"at most {shown(pair['value_1'], '%')}, that after {pair['cycles_1']:.0f} cycles",
            "a cell does not regain what it lost: two tests, or a figure of another cell",
        )
        for pair in rows_of(pairs[pairs["value_2"] > pairs["value_1"] + REGAIN_PCT])
    ]
    return findings, len(pairs)


def _same_test(pairs: pd.DataFrame, numbers: list[str]) -> pd.Series[bool]:
    same = pd.Series(True, index=pairs.index)
    for name in _TEXTS:
        first, second = pairs[f"{name}_1"], pairs[f"{name}_2"]
        same &= (first == second) | (first == "") | (second == "")
    for name in numbers:
        first, second = pairs[f"{name}_1"], pairs[f"{name}_2"]
        same &= first.isna() | second.isna() | np.isclose(first, second)
    return same


def _finding(pair: dict[str, Any], reported: str, expected: str, note: str) -> Finding:
    first, second = sorted((str(pair["measurement_id_1"]), str(pair["measurement_id_2"])))
    return Finding(
        "fade_consistency",
        str(pair["source_id_1"]),
        f"{pair['formula_1']}, {first} and {second}",
        reported,
        expected,
        f"{note}; the rows are kept",
        "kept",
        (first, second),
    )
