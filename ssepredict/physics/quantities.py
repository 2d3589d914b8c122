"""What the rules measure: one function per quantity, over a batch whose intermediate results are shared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.chemistry.sites import SITES, SiteTable
from ssepredict.physics.relations import log10_prefactor, nernst_einstein_ceiling

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Predictions = pd.DataFrame | Mapping[str, npt.ArrayLike]

_PRESENT = 1e-9  # what floating-point sums leave behind is no ion

REDUCIBLE_IONS = tuple(map(Ion.parse, "Ti4+ Ge4+ Sn4+ In3+ Fe3+ V5+ Nb5+ Ta5+ Mo6+ W6+".split()))
"""Ions on M or T that an alkali-metal electrode reduces."""

HOPS: dict[tuple[str, str], tuple[float, float]] = {
    # (group, mobile ion): (hop length in Å, volume per formula unit in Å3)
    ("nasicon", "Na"): (3.5, 272.0),  # Na3Zr2Si2PO12, doi 10.1016/0025-5408(76)90073-8
    ("nasicon", "Li"): (3.4, 218.0),  # LiTi2(PO4)3, doi 10.3891/acta.chem.scand.22-1822
    ("halide", "Li"): (3.5, 218.0),  # Li3YCl6, doi 10.1002/adma.201803075
    ("halide", "Na"): (3.8, 256.0),  # Na3YCl6, doi 10.1038/s41467-021-21488-7
}
"""Typical geometry of a hop; half an ångström more or less moves the ceiling by 0.1 decades."""


@dataclass(frozen=True, eq=False)
class RuleContext:
    """A batch under the rules; what several rules need is computed once.

    Parameters
    ----------
    sites : SiteTable
        n compositions.
    predictions : DataFrame or mapping of str to array_like, optional
        Values under the project's column names (`conductivity_s_cm`, `activation_energy_ev`,
        `temperature_c`, `ccd_ma_cm2`, `fade_pct_per_cycle`), each a scalar or of length n.
    host_ion : Ion, optional
        The M ion that dopants replace; without it the majority M ion of each row.
    """

    sites: SiteTable
    predictions: Predictions | None = None
    host_ion: Ion | None = None

    def __len__(self) -> int:
        return len(self.sites)

    def prediction(self, name: str) -> FloatArray:
        """Return a predicted value per row, shape (n,); NaN where there is none.

        Raises
        ------
        ValueError
            When the values are neither one number nor as many as there are rows.
        """
        if self.predictions is None or name not in self.predictions:
            return np.full(len(self), np.nan)
        values = np.asarray(self.predictions[name], dtype=np.float64)
        if values.shape not in ((), (1,), (len(self),)):
            raise ValueError(
                f"predictions[{name!r}] have shape {values.shape}, expected ({len(self)},): one per formula"
            )
        return np.broadcast_to(values, (len(self),))

    @functools.cached_property
    def _frameworks_here(self) -> dict[str, BoolArray]:
        return {name: self.sites.framework == name for name in ("", *FRAMEWORKS)}

    def rows(self, frameworks: tuple[str, ...], mobile_ion: str = "") -> BoolArray:
        """Rows of some frameworks (and of one mobile ion, when named), shape (n,)."""
        mask = np.zeros(len(self), dtype=bool)
        for name in frameworks:
            mask |= self._frameworks_here[name]
        return mask & (self.sites.mobile_ion == mobile_ion) if mobile_ion else mask

    @functools.cached_property
    def site_totals(self) -> dict[str, FloatArray]:
        """Ions per site and formula unit, each of shape (n,)."""
        return {site: self.sites.site_total(site) for site in SITES}

    @functools.cached_property
    def majority(self) -> npt.NDArray[np.intp]:
        """Column of the most abundant M ion, shape (n,)."""
        return np.asarray(self.sites.occupancy["M"].argmax(axis=1), dtype=np.intp)

    @functools.cached_property
    def host_radius_angstrom(self) -> FloatArray:
        """Radius of the ion that dopants are held against, shape (n,); NaN where there is no M ion."""
        if self.host_ion is not None:
            radius = np.full(len(self), np.nan)
            for name, framework in FRAMEWORKS.items():
                known = shannon_radii(
                    [self.host_ion.element], [self.host_ion.charge], framework.coordination["M"]
                )
                radius[self._frameworks_here[name]] = known[0]
            return radius
        own = self.sites.radii("M")[np.arange(len(self)), self.majority]
        return np.where(self.site_totals["M"] > _PRESENT, own, np.nan)

    @functools.cached_property
    def mismatch(self) -> FloatArray:
        """Relative size difference of every M ion from the host ion, shape (n, m); 0 where absent."""
        off = np.abs(self.sites.radii("M") / self.host_radius_angstrom[:, None] - 1.0)
        return np.where(self.sites.occupancy["M"] > _PRESENT, off, 0.0)

    @functools.cached_property
    def reducible(self) -> FloatArray:
        """Ions per formula unit that an alkali metal reduces, shape (n, m); in halides all M ions."""
        found = np.zeros_like(self.sites.oxidation)
        for ion in REDUCIBLE_IONS:
            if ion.element in self.sites.elements:
                column = self.sites.elements.index(ion.element)
                on_sites = self.sites.occupancy["M"][:, column] + self.sites.occupancy["T"][:, column]
                found[:, column] += np.where(self.sites.oxidation[:, column] == ion.charge, on_sites, 0.0)
        halide = self.rows(tuple(name for name, entry in FRAMEWORKS.items() if entry.group == "halide"))
        found[halide] = self.sites.occupancy["M"][halide]
        return found


def _worst_mismatch(context: RuleContext) -> FloatArray:
    if not context.sites.elements:
        return np.full(len(context), np.nan)
    return np.asarray(context.mismatch.max(axis=1), dtype=np.float64) + 0.0 * context.host_radius_angstrom


def _mean_m_radius(context: RuleContext) -> FloatArray:
    return context.sites.site_mean("M", context.sites.radii("M"))


def _radius_ratio(context: RuleContext) -> FloatArray:
    sites = context.sites
    cation = sites.site_mean("M", sites.radii("M", "crystal"))
    return cation / sites.site_mean("X", sites.radii("X", "crystal"))


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


def _predicted(name: str) -> Callable[[RuleContext], FloatArray]:
    return lambda context: context.prediction(name)


def _ion(context: RuleContext, row: int, column: int) -> str:
    charge = context.sites.oxidation[row, column]
    element = context.sites.elements[column]
    return str(Ion(element, int(charge))) if np.isfinite(charge) else element


def _say_mismatch(context: RuleContext, row: int) -> str:
    """'M-site radius of Y3+ 0.900 Å is 25 % above Zr4+ 0.720 Å', for the ion that is furthest off."""
    column = int(context.mismatch[row].argmax())
    radius, host = context.sites.radii("M")[row, column], context.host_radius_angstrom[row]
    named = context.host_ion or _ion(context, row, int(context.majority[row]))
    if context.mismatch[row, column] == 0:
        return f"every M ion has the radius of {named}, {host:.3f} Å"
    size = f"{abs(radius / host - 1.0):.0%}".replace("%", " %")
    side = "above" if radius > host else "below"
    ion = _ion(context, row, column)
    return f"M-site radius of {ion} {radius:.3f} Å is {size} {side} {named} {host:.3f} Å"


def _say_reducible(context: RuleContext, row: int) -> str:
    ions = [_ion(context, row, int(column)) for column in np.flatnonzero(context.reducible[row] > _PRESENT)]
    return f"alkali metal reduces {', '.join(ions)}; an interlayer is needed" if ions else "no reducible ion"


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
    """

    label: str
    unit: str
    measure: Callable[[RuleContext], FloatArray]
    digits: str = ".3f"
    log: bool = False
    say: Callable[[RuleContext, int], str] | None = None

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
