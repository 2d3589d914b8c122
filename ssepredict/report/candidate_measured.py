"""What was published near a candidate: nearest samples, points along a curve, how samples were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.modeling.targets import TARGETS
from ssepredict.report.documents import records

if TYPE_CHECKING:
    from ssepredict.data.dataset import Dataset
    from ssepredict.inference.neighbours.axes import Axis
    from ssepredict.inference.neighbours.neighbourhood import Neighbourhood

NEAREST = 8
"""Published samples shown."""

HINT_COMPOSITIONS = 12
"""Nearest published compositions whose samples say how such a material was made."""

NEAR_CURVE = 0.2
"""Distance of a measured composition to the curve at its own amount: some 0.1 of a co-dopant, 0.2 of Si."""

WITHIN_K = 10.0
"""A measured conductivity is drawn when its temperature is that of the prediction within so many kelvin."""

HINTS = (
    ("sinter_temperature_c", "highest firing temperature", "°C"),
    ("sinter_time_h", "time at that temperature", "h"),
    ("relative_density_pct", "relative density", "%"),
)
"""Numbers of a sample that say how it was made: column, words, unit."""

MEASURED_TARGETS = ("conductivity_s_cm", "activation_energy_ev")
"""Targets that are measured on samples rather than in cells."""

_DECIMALS = 6
_SIGMA, _EA = MEASURED_TARGETS
_SHOWN = (
    "sample_id", "formula", _SIGMA, "temperature_c", "contribution", _EA, "synthesis",
    *(name for name, *_ in HINTS), "phase", "composite", "source_id", "doi", "citation", "year", "distance",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Published:
    """The published samples of a candidate's family.

    Parameters
    ----------
    dataset : Dataset
    around : Neighbourhood
        The candidate.
    """

    dataset: Dataset
    around: Neighbourhood

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Samples of the family, nearest first, with `distance`, `doi`, `citation` and `year`."""
        family = str(self.around.sites.family[0])
        samples = self.dataset.samples[self.dataset.samples["family"] == family]
        if samples.empty:
            return samples.assign(distance=[], doi=[], citation=[], year=[])
        sources = self.dataset.sources.set_index("source_id")
        named = {name: samples["source_id"].map(sources[name]) for name in ("doi", "citation", "year")}
        distance = self._distances(self.around.sites, samples["formula"].tolist())
        order = ["distance", "year", "sample_id"]
        return samples.assign(**named, distance=distance).sort_values(order, ignore_index=True)

    def nearest(self, most: int = NEAREST) -> list[dict[str, Any]]:
        """Nearest samples with a measured conductivity, nearest first.

        Returns
        -------
        list of dict
            The conductivity nearest to the temperature of the prediction (total before bulk and
            grain-boundary values), the activation energy, how the sample was made, its source and `distance`.
        """
        sigma = self._values[_SIGMA]
        off = (sigma["temperature_c"] - self.around.temperature_c).abs().fillna(np.inf)
        part = sigma["contribution"].isin(["bulk", "grain_boundary"])
        sigma = sigma.assign(part=part, off=off).sort_values(["part", "off", "measurement_id"])
        best = sigma.drop_duplicates("sample_id")[["sample_id", "value", "temperature_c", "contribution"]]
        energy = self._values[_EA].sort_values(["contribution", "measurement_id"])
        energy = energy.drop_duplicates("sample_id")[["sample_id", "value"]]
        table = self.samples.merge(best.rename(columns={"value": _SIGMA}), on="sample_id", how="inner")
        table = table.merge(energy.rename(columns={"value": _EA}), on="sample_id", how="left")
        return records(table.sort_values("distance", kind="stable").head(most)[list(_SHOWN)])

    def hints(self) -> dict[str, Any]:
        """How the nearest samples were made, route by route, as far as their sources say.

        Returns
        -------
        dict
            `samples` (of the `HINT_COMPOSITIONS` nearest compositions), `distance_high`, and `routes`, the
            most frequent first: `route` (empty where only numbers are stated), `samples`, `sources` and
            `numbers`, each with `name`, `label`, `unit`, `low`, `median`, `high`, `samples` that state it and
            their `sources`. What nobody states has no entry.
        """
        keys = self.samples["composition_key"].drop_duplicates().head(HINT_COMPOSITIONS)
        near = self.samples[self.samples["composition_key"].isin(keys)]
        told = near[(near["synthesis"] != "") | near[[name for name, *_ in HINTS]].notna().any(axis=1)]
        routes = [
            {
                "route": str(route),
                "samples": len(rows),
                "sources": _sources(rows),
                "numbers": [_stated(rows, *hint) for hint in HINTS if rows[hint[0]].notna().any()],
            }
            for route, rows in told.groupby("synthesis", sort=False)
        ]
        routes.sort(key=lambda line: (line["route"] == "", -int(str(line["samples"])), str(line["route"])))
        distance = float(near["distance"].max()) if len(near) else None
        return {"samples": len(near), "distance_high": distance, "routes": routes}

    def along(self, axis: Axis, target: str) -> list[dict[str, Any]]:
        """Measured points that lie near the curve of one amount.

        A sample counts when it holds no element besides those of the candidate, its amount of the ion lies
        on the curve's range, and its distance to the curve at that amount is at most `NEAR_CURVE`. Bulk,
        grain-boundary and composite values, limits and suspect rows do not count, nor conductivities
        `WITHIN_K` away from the temperature of the prediction.

        Parameters
        ----------
        axis : Axis
        target : {"conductivity_s_cm", "activation_energy_ev"}

        Returns
        -------
        list of dict
            `amount` (ions per formula unit), `value`, `formula`, `temperature_c`, `source_id`, `doi`,
            `year`, `distance` (to the curve), ascending by amount.
        """
        rows = self._values[target]
        rows = rows[~rows["contribution"].isin(["bulk", "grain_boundary"]) & (rows["composite"] == 0)]
        if target == _SIGMA:
            rows = rows[(rows["temperature_c"] - self.around.temperature_c).abs() <= WITHIN_K]
        if rows.empty:
            return []
        sites = parse_sites(rows["formula"].tolist())
        own = self.around.sites.composition
        held = {symbol for symbol in own.elements if own.amount(symbol)[0] > 0}
        foreign = [column for column, symbol in enumerate(sites.elements) if symbol not in held]
        amount = sites.composition.amount(axis.ion.element)
        low, high = axis.range
        within = (sites.composition.amounts[:, foreign] == 0).all(axis=1) & (amount >= low) & (amount <= high)
        kept = np.flatnonzero(within)
        if not kept.size:
            return []
        distance = self._off_curve(axis, amount[kept], sites.take(kept))
        table = rows.iloc[kept].assign(amount=amount[kept], distance=distance)
        table = table[table["distance"] <= NEAR_CURVE].drop_duplicates(
            ["work_id", "composition_key", "value"]
        )
        sources = self.dataset.sources.set_index("source_id")
        table = table.assign(doi=table["source_id"].map(sources["doi"]))
        names = ["amount", "value", "formula", "temperature_c", "source_id", "doi", "year", "distance"]
        return records(table.sort_values(["amount", "value"])[names])

    @cached_property
    def _values(self) -> dict[str, pd.DataFrame]:
        """Exact, unsuspected values of the samples of the family, per target."""
        frames = {target: TARGETS[target].frame(self.dataset) for target in MEASURED_TARGETS}
        kept = {
            target: (rows["computed"] == 0)
            & rows["sample_id"].isin(self.samples["sample_id"])
            & (rows["phase_range"] != "high_temperature")
            for target, rows in frames.items()
        }
        return {target: rows[kept[target]].reset_index(drop=True) for target, rows in frames.items()}

    def _off_curve(self, axis: Axis, amounts: FloatArray, sites: SiteTable) -> FloatArray:
        """Distance of each composition to the curve at its own amount, shape (n,)."""
        distinct, inverse = np.unique(np.round(amounts, 6), return_inverse=True)
        on_curve = self.around.sites_along(axis, distinct.tolist())
        matrix = self.around.predictor.domain.distances_to(on_curve, sites)
        return np.asarray(matrix[inverse.ravel(), np.arange(len(sites))].round(_DECIMALS))

    def _distances(self, sites: SiteTable, formulas: Sequence[str]) -> FloatArray:
        found = self.around.predictor.domain.distances_to(sites, parse_sites(list(formulas)))[0]
        # The same composition written in two ways may differ in the last bits.
        return np.asarray(found.round(_DECIMALS))


def _stated(rows: pd.DataFrame, name: str, label: str, unit: str) -> dict[str, Any]:
    """Range of a number over the samples that state it."""
    stated = rows[rows[name].notna()]
    return {
        "name": name,
        "label": label,
        "unit": unit,
        "low": float(stated[name].min()),
        "median": float(stated[name].median()),
        "high": float(stated[name].max()),
        "samples": len(stated),
        "sources": _sources(stated),
    }


def _sources(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Distinct sources of samples, the nearest sample's first."""
    pairs = rows[["source_id", "doi"]].drop_duplicates().itertuples(index=False, name=None)
    return [{"source_id": str(source), "doi": str(doi)} for source, doi in pairs]
