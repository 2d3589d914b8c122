"""Numbers and names as a chemist writes them, shared by the terminal, the plots and the HTML report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shown:
    """How a target is shown: name in words, unit, format of the number."""

    label: str
    unit: str
    format: str


SHOWN = {
    "conductivity_s_cm": Shown("ionic conductivity", "S/cm", ".1e"),
    "activation_energy_ev": Shown("activation energy", "eV", ".2f"),
    "ccd_ma_cm2": Shown("critical current density", "mA/cm²", ".2g"),
    "fade_pct_per_cycle": Shown("cycling fade", "% per cycle", ".2g"),
}
"""The targets, in the order of printing."""

SITE_NAMES = {"A": "A (mobile)", "M": "M (octahedral)", "T": "T (tetrahedral)", "X": "X (anion)"}
"""The sites, in the order of printing."""

BALANCED_BY = {
    "A": "the mobile ion",
    "T": "the ratio of Si to P",
    "M": "the replaced M ion",
    "X": "the ratio of the anions",
}
"""What keeps a candidate neutral, by the site that takes up the charge."""

STATUS_NOTES = {
    "outside_domain": "outside_domain: so far from everything measured that, with such compositions left "
    "out, the error reached that of the family's median (or the temperature was never measured); the "
    "interval may not hold.",
    "abstained": "abstained: too few measurements, or no model beats the median of the literature on "
    "left-out papers; the number is that median, not a prediction for this composition.",
}

VERDICT_NOTES = {
    "inform": "inform: worth knowing, no objection.",
    "not_evaluable": "not_evaluable: a rule could not be judged from the formula; that is no pass.",
    "warn": "warn: outside what is usual; look at the sentence.",
    "reject": "reject: breaks a hard rule.",
}


def show_number(value: object, form: str = ".3g") -> str:
    """Write a number; a dash when it is missing.

    Examples
    --------
    >>> show_number(0.00123, ".1e"), show_number(float("nan")), show_number(3.4000000001)
    ('1.2e-3', '–', '3.4')
    """
    if value is None or not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    text = format(value, form)
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text


def show_target(row: Mapping[str, Any], target: str, unit: bool = True) -> str:
    """Write the value of a target with its unit.

    Examples
    --------
    >>> show_target({"conductivity_s_cm": 1.23e-3}, "conductivity_s_cm")
    '1.2e-3 S/cm'
    """
    shown = SHOWN[target]
    text = show_number(row.get(target), shown.format)
    return f"{text} {shown.unit}" if unit and text != "–" else text


def show_interval(row: Mapping[str, Any], target: str) -> str:
    """Write the interval of a target, without unit.

    Examples
    --------
    >>> show_interval({"activation_energy_ev_low": 0.2, "activation_energy_ev_high": 0.451},
    ...               "activation_energy_ev")
    '0.20 to 0.45'
    """
    form = SHOWN[target].format
    return f"{show_number(row.get(f'{target}_low'), form)} to {show_number(row.get(f'{target}_high'), form)}"


def targets_of(columns: Any) -> list[str]:
    """Targets that a table of predictions holds, in printing order."""
    return [target for target in SHOWN if target in columns]


def show_ion(element: str, state: float | None) -> str:
    """Write an ion.

    Examples
    --------
    >>> show_ion("Zr", 4.0), show_ion("Na", 1.0), show_ion("O", -2.0), show_ion("Pt", None)
    ('Zr4+', 'Na+', 'O2-', 'Pt')
    """
    if state is None or not math.isfinite(state):
        return element
    size = f"{abs(state):g}"
    return f"{element}{'' if size == '1' else size}{'+' if state > 0 else '-'}"


def show_effect(effect: float, unit: str) -> str:
    """Write what moved a prediction: a factor where the unit is decades.

    Examples
    --------
    >>> show_effect(0.2018, "decades"), show_effect(-0.388, "decades"), show_effect(-0.0091, "eV")
    ('× 1.59', '÷ 2.44', '-0.009 eV')
    """
    if unit != "decades":
        return f"{effect:+.3f} {unit}"
    return f"{'÷' if effect < 0 else '×'} {10 ** abs(effect):.3g}"


def show_charge(charge: float | None) -> str:
    """Write a net charge (e); what is zero up to rounding is zero.

    Examples
    --------
    >>> show_charge(-3e-16), show_charge(0.1), show_charge(None)
    ('0', '0.1', '–')
    """
    return "0" if charge is not None and abs(charge) < 1e-6 else show_number(charge)
