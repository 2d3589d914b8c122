"""What the rules measure: one function per quantity, over a batch whose intermediate results are shared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.physics.competitors import COMPETITORS, say_competitors
from ssepredict.physics.conduction import log10_prefactor, nernst_einstein_ceiling
from ssepredict.physics.context import PRESENT, FloatArray, RuleContext
from ssepredict.physics.substitution import (
    dopant_excess,
    monoclinic_distance,
    say_dopant_excess,
    say_polymorph,
    say_unreported,
)

HOPS: dict[tuple[str, str], tuple[float, float]] = {
    # (group, mobile ion): (hop length in Å, volume per formula unit in Å3)
    ("nasicon", "Na"): (3.5, 272.0),
    ("nasicon", "Li"): (3.4, 218.0),
    ("halide", "Li"): (3.5, 218.0),
    ("halide", "Na"): (3.8, 256.0),
}
"""Rounded geometry of a hop, an assumption of the rule: not read off a source.

Half an ångström more or less moves the ceiling by 0.1 decades; the rule's tolerance is 1.5 and 2.5 decades.
"""


def _worst_mismatch(context: RuleContext) -> FloatArray:
    sites = context.sites
    if not sites.elements:
        return np.full(len(context), np.nan)
    held, host = sites.held("M"), context.host_radius_angstrom
    off = np.abs(sites.held_radii("M") / host[held.rows] - 1.0)
    off = np.where(held.amounts > PRESENT, off, 0.0)
    return held.extreme(off, len(context), largest=True, empty=0.0) + 0.0 * host


def _mean_m_radius(context: RuleContext) -> FloatArray:
    return context.sites.mean_radius("M")


def _radius_ratio(context: RuleContext) -> FloatArray:
    return context.sites.mean_radius("M", "crystal") / context.sites.mean_radius("X", "crystal")


def _below_zero(context: RuleContext) -> FloatArray:
    """Return the most negative amount on any site; inf where none is negative, so that it never decides."""
    lowest = np.full(len(context), np.inf)
    for amounts in context.sites.occupancy.values():
        if (amounts < 0).any():
            lowest = np.minimum(lowest, np.where(amounts < 0, amounts, np.inf).min(axis=1))
    return lowest


def _log10(values: FloatArray) -> FloatArray:
    """Logarithm for bounds in decades; a value that is not positive is below every bound, not unknown."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(np.where(values <= 0, 0.0, values)), dtype=np.float64)


def _prefactor(context: RuleContext) -> FloatArray:
    sigma, energy_ev = context.prediction("conductivity_s_cm"), context.prediction("activation_energy_ev")
    return log10_prefactor(sigma, energy_ev, context.prediction("temperature_c"))


def _above_ceiling(context: RuleContext) -> FloatArray:
    hop, volume = np.full((2, len(context)), np.nan)
    for (group, ion), (length, size) in HOPS.items():
        names = tuple(name for name, entry in FRAMEWORKS.items() if entry.group == group)
        rows = context.rows(names, ion)
        hop[rows], volume[rows] = length, size
    ceiling = nernst_einstein_ceiling(
        context.sites.carriers,
        context.sites.vacancies,
        hop,
        volume,
        context.prediction("activation_energy_ev"),
        context.prediction("temperature_c"),
    )
    conductivity = context.prediction("conductivity_s_cm")
    with np.errstate(divide="ignore", invalid="ignore"):
        return _log10(conductivity) - _log10(ceiling)


def _change(context: RuleContext) -> FloatArray:
    """Change of the claimed count against the host, shape (n,); NaN without a claim."""
    if context.claim is None:
        return np.full(len(context), np.nan)
    values: FloatArray = getattr(context.sites, context.claim.quantity)
    return values - context.claim.host_values


def _claimed_change(context: RuleContext) -> FloatArray:
    direction = context.claim.direction if context.claim is not None else ""
    sign = {"up": 1.0, "down": -1.0}.get(direction, np.nan)
    return np.round(sign * _change(context), 9)


def _claimed_constancy(context: RuleContext) -> FloatArray:
    stays = context.claim is not None and context.claim.direction == "same"
    return np.abs(np.round(_change(context), 9)) if stays else np.full(len(context), np.nan)


def _predicted(name: str) -> Callable[[RuleContext], FloatArray]:
    return lambda context: context.prediction(name)


def _say_mismatch(context: RuleContext, row: int) -> str:
    """'M-site radius of Y3+ 0.900 Å is 25 % above Zr4+ 0.720 Å', for the ion that is furthest off."""
    column = int(context.mismatch[row].argmax())
    radius, host = context.sites.radii("M")[row, column], context.host_radius_angstrom[row]
    if context.host_ion is None and context.tied_majority[row]:
        named = "the mean of the M ions"
    else:
        named = str(context.host_ion or context.ion(row, int(context.majority[row])))
    if context.mismatch[row, column] == 0:
        return f"every M ion has the radius of {named}, {host:.3f} Å"
    size = f"{abs(radius / host - 1.0):.0%}".replace("%", " %")
    side = "above" if radius > host else "below"
    ion = context.ion(row, column)
    return f"M-site radius of {ion} {radius:.3f} Å is {size} {side} {named} {host:.3f} Å"


def _say_reducible(context: RuleContext, row: int) -> str:
    ions = [context.ion(row, int(column)) for column in np.flatnonzero(context.reducible[row] > PRESENT)]
    return f"alkali metal reduces {', '.join(ions)}; an interlayer is needed" if ions else "no reducible ion"


def _say_change(context: RuleContext, row: int) -> str:
    claim = context.claim
    if claim is None:
        return "nothing is claimed"
    return claim.judge(row, float(getattr(context.sites, claim.quantity)[row]))[2]


@dataclass(frozen=True)
class Quantity:
    """Something a rule measures.

    Parameters
    ----------
    label : str
        Name in messages.
    unit : str
        Unit in messages; empty for a pure number.
    measure : callable
        Value per row, shape (n,); NaN where it cannot be evaluated.
    digits : str
        Format of a value in messages.
    log : bool
        The measured value is a log10; messages show the number itself.
    say : callable, optional
        Sentence about one row, instead of ``label value unit``.
    missing : callable, optional
        Why one row cannot be evaluated, where more is known than that its formula does not tell.
    """

    label: str
    unit: str
    measure: Callable[[RuleContext], FloatArray]
    digits: str = ".3f"
    log: bool = False
    say: Callable[[RuleContext, int], str] | None = None
    missing: Callable[[RuleContext, int], str] | None = None

    def natural(self, value: float) -> float:
        """Return the number itself, where bounds are kept in decades."""
        return float(10.0**value) if self.log else float(value)

    def scaled(self, value: float) -> float:
        """Bring a number to the scale that is measured: decades where `log` is set."""
        return float(np.log10(value)) if self.log else float(value)

    def show(self, value: float) -> str:
        """Write a value or a bound as text, without the unit."""
        text = format(self.natural(value), self.digits)
        return text.replace("%", " %") if self.digits.endswith("%") else text


QUANTITIES: dict[str, Quantity] = {
    "net_charge": Quantity("net charge", "e", lambda c: np.abs(np.round(c.sites.charge_residual, 9)), ".3g"),
    "m_ions": Quantity("M ions", "per formula unit", lambda c: c.site_totals["M"], ".4g"),
    "t_ions": Quantity("T ions", "per formula unit", lambda c: c.site_totals["T"], ".4g"),
    "a_ions": Quantity("A ions", "per formula unit", lambda c: c.site_totals["A"], ".4g"),
    "octahedral_ions": Quantity(
        "octahedral ions", "per formula unit", lambda c: c.site_totals["A"] + c.site_totals["M"], ".4g"
    ),
    "negative_ions": Quantity("smallest amount on any site", "per formula unit", _below_zero, ".4g"),
    "carriers": Quantity("carriers", "per formula unit", lambda c: c.sites.carriers, ".3g"),
    "vacancies": Quantity("vacancies", "per formula unit", lambda c: c.sites.vacancies, ".3g"),
    "radius_mismatch": Quantity("radius mismatch", "", _worst_mismatch, ".0%", say=_say_mismatch),
    "mean_m_radius": Quantity("mean M-site radius", "Å", _mean_m_radius),
    "radius_ratio": Quantity("radius ratio of M to X (crystal radii)", "", _radius_ratio),
    "reducible_ions": Quantity(
        "reducible ions", "per formula unit", lambda c: c.reducible.sum(axis=1), ".3g", say=_say_reducible
    ),
    "monoclinic_distance": Quantity(
        "distance to the monoclinic field", "per formula unit", monoclinic_distance, ".3g", say=say_polymorph
    ),
    "dopant_excess": Quantity(
        "share beyond the largest one reported",
        "of the site beyond it",
        dopant_excess,
        ".3g",
        say=say_dopant_excess,
        missing=say_unreported,
    ),
    **{
        entry.quantity: Quantity(
            f"{entry.feeds} (feeds {entry.phase})",
            "per formula unit",
            entry.amount,
            ".3g",
            say=say_competitors,
        )
        for entry in COMPETITORS
    },
    "claimed_change": Quantity(
        "change in the claimed direction", "per formula unit", _claimed_change, ".3g", say=_say_change
    ),
    "claimed_constancy": Quantity(
        "change of a count that is said to stay",
        "per formula unit",
        _claimed_constancy,
        ".3g",
        say=_say_change,
    ),
    "prefactor": Quantity("Arrhenius pre-exponential", "S K/cm", _prefactor, ".1e", log=True),
    "above_ceiling": Quantity(
        "conductivity over the Nernst-Einstein ceiling", "decades", _above_ceiling, ".1f"
    ),
    "conductivity_s_cm": Quantity(
        "conductivity", "S/cm", lambda c: _log10(c.prediction("conductivity_s_cm")), ".3g", log=True
    ),
    "activation_energy_ev": Quantity("activation energy", "eV", _predicted("activation_energy_ev"), ".3g"),
    "ccd_ma_cm2": Quantity("critical current density", "mA/cm2", _predicted("ccd_ma_cm2"), ".3g"),
    "fade_pct_per_cycle": Quantity("fade", "% per cycle", _predicted("fade_pct_per_cycle"), ".3g"),
}
"""What the bounds of the rules refer to, by name."""
