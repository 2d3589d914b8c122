"""A batch of compositions under the rules; what several rules need is computed once."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.hosts import number_hosts
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.chemistry.sites import SITES, SiteTable
from ssepredict.physics.mechanism import Claim

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Predictions = pd.DataFrame | Mapping[str, npt.ArrayLike]

PRESENT = 1e-9
"""What floating-point sums leave behind on a site is no ion."""

REDUCIBLE_IONS = tuple(map(Ion.parse, "Ti4+ Ge4+ Sn4+ In3+ Fe3+ V5+ Nb5+ Ta5+ Mo6+ W6+".split()))
"""Ions on M or T that an alkali-metal electrode reduces."""


@dataclass(frozen=True, eq=False)
class RuleContext:
    """A batch under the rules.

    Parameters
    ----------
    sites : SiteTable
        n compositions.
    predictions : DataFrame or mapping of str to array_like, optional
        Values under the project's column names (`conductivity_s_cm`, `activation_energy_ev`,
        `temperature_c`, `ccd_ma_cm2`, `fade_pct_per_cycle`), each a scalar or of length n.
    host_ion : Ion, optional
        The M ion that dopants replace; without it the majority M ion of each row.
    claim : Claim, optional
        A stated mechanism.
    """

    sites: SiteTable
    predictions: Predictions | None = None
    host_ion: Ion | None = None
    claim: Claim | None = None

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
    def hosts(self) -> npt.NDArray[np.str_]:
        """Undoped reference composition of every row, shape (n,); see `hosts_of`."""
        names, number = self.host_numbers
        return names[number]

    @functools.cached_property
    def host_numbers(self) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.intp]]:
        """Distinct hosts, and which of them each row has, shape (n,)."""
        return number_hosts(self.sites)

    def ion(self, row: int, column: int) -> str:
        """Name of an element with the oxidation state that it has in a row."""
        charge, element = self.sites.oxidation[row, column], self.sites.elements[column]
        return str(Ion(element, int(charge))) if np.isfinite(charge) else element

    @functools.cached_property
    def majority(self) -> npt.NDArray[np.intp]:
        """Column of the most abundant M ion, shape (n,)."""
        return np.asarray(self.sites.occupancy["M"].argmax(axis=1), dtype=np.intp)

    @functools.cached_property
    def host_radius_angstrom(self) -> FloatArray:
        """Radius that dopants are held against, shape (n,); NaN where there is none.

        That of the host ion; where no M ion outnumbers the others, the mean of the M ions.
        """
        if self.host_ion is not None:
            radius = np.full(len(self), np.nan)
            for name, framework in FRAMEWORKS.items():
                known = shannon_radii(
                    [self.host_ion.element], [self.host_ion.charge], framework.coordination["M"]
                )
                radius[self._frameworks_here[name]] = known[0]
            return radius
        own = self.sites.radii("M")[np.arange(len(self)), self.majority]
        mean = self.sites.site_mean("M", self.sites.radii("M"))
        reference = np.where(self.tied_majority, mean, own)
        return np.where(self.site_totals["M"] > PRESENT, reference, np.nan)

    @functools.cached_property
    def tied_majority(self) -> BoolArray:
        """Rows in which no M ion outnumbers the others, as in LiTiZr(PO4)3, shape (n,)."""
        on_m = np.sort(self.sites.occupancy["M"], axis=1)
        if on_m.shape[1] < 2:
            return np.zeros(len(self), dtype=np.bool_)
        return np.asarray(on_m[:, -1] - on_m[:, -2] < PRESENT, dtype=np.bool_)

    @functools.cached_property
    def mismatch(self) -> FloatArray:
        """Relative size difference of every M ion from the host ion, shape (n, m); 0 where absent."""
        off = np.abs(self.sites.radii("M") / self.host_radius_angstrom[:, None] - 1.0)
        return np.where(self.sites.occupancy["M"] > PRESENT, off, 0.0)

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
