"""The literature as it stood before a year, and what was published of a space from that year on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.hosts import hosts_of
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.inference.spaces.membership import ELSEWHERE, membership
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS, Target

TARGET: Target = TARGETS["conductivity_s_cm"]

WINNING_QUANTILE = 0.75
"""A later composition wins when it reaches this quantile of the later compositions."""

_TOTAL = ("", "total", "unspecified")


@dataclass(frozen=True, eq=False)
class History:
    """What was published when.

    Parameters
    ----------
    dataset : Dataset
    space : SubstitutionSpace

    Notes
    -----
    A row is dated by its own source. A work with several years (online and in print) counts as earlier only
    when all of them are, and as later only when all of them are. Rows without a year are in neither part:
    they may be later.
    """

    dataset: Dataset
    space: SubstitutionSpace
    measured: pd.DataFrame = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured", self._measured())

    def _measured(self) -> pd.DataFrame:
        """Rows of the conductivity, with the years of their work and their place in the space."""
        years = self.dataset.sources.groupby("work_id")["year"].agg(first="min", last="max")
        rows = TARGET.frame(self.dataset).join(years, on="work_id")
        keys = rows.drop_duplicates("composition_key")
        place = membership(self.space, parse_sites(keys["formula"].tolist()))
        rows["place"] = rows["composition_key"].map(dict(zip(keys["composition_key"], place, strict=True)))
        celsius = rows["temperature_c"].to_numpy(dtype=np.float64)
        room = (celsius >= ROOM_TEMPERATURE_C[0]) & (celsius <= ROOM_TEMPERATURE_C[1])
        comparable = TARGET.scored(rows) & room & rows["contribution"].isin(_TOTAL).to_numpy()
        comparable &= ((rows["composite"] == 0) & (rows["phase_range"] != "high_temperature")).to_numpy()
        return rows.assign(comparable=comparable)

    @property
    def years(self) -> tuple[int, ...]:
        """Years in which a composition of the space was published, the earliest first."""
        rows = self.measured[(self.measured["place"] != ELSEWHERE) & self.measured["comparable"]]
        return tuple(sorted({int(year) for year in rows["year"].dropna()}))

    def before(self, year: int) -> Dataset:
        """Everything that was published before a year, on its own."""
        dataset = self.dataset
        last = dataset.sources["work_id"].map(dataset.sources.groupby("work_id")["year"].max())
        dated = dataset.sources.loc[(dataset.sources["year"] < year) & (last < year), "source_id"]
        samples = dataset.samples.loc[dataset.samples["source_id"].isin(dated), "sample_id"]
        return dataclasses.replace(
            dataset,
            transport=dataset.transport[dataset.transport["sample_id"].isin(samples)],
            cells=dataset.cells[dataset.cells["sample_id"].isin(samples)],
        ).select()

    def counts(self, year: int) -> dict[str, float]:
        """Conductivities and papers before a year, those used in neither part, and what came later."""
        rows, later = self.measured, self.later(year)
        earlier = (rows["year"] < year) & (rows["last"] < year)
        undated = rows["year"].isna()
        return {
            "training_papers": int(rows.loc[earlier, "work_id"].nunique()),
            "training_rows": int(earlier.sum()),
            "undated_papers": int(rows.loc[undated, "work_id"].nunique()),
            "undated_rows": int(undated.sum()),
            "straddling_rows": int(((rows["first"] < year) & (rows["last"] >= year) & ~undated).sum()),
            "later_compositions": len(later),
            "later_papers": int(later["work_id"].nunique()),
            "winners": int(later["winner"].sum()),
            "winners_from_s_cm": float(later.loc[later["winner"] == 1, "conductivity_s_cm"].min()),
            "best_before_s_cm": self.best_before(year),
            "above_best": int(later["above_best"].sum()),
        }

    def known(self, year: int) -> frozenset[str]:
        """Keys of the compositions in dated works before a year, at any temperature."""
        rows = self.measured[self.measured["first"] < year]
        return frozenset(rows["composition_key"])

    def best_before(self, year: int) -> float:
        """Best conductivity (S/cm) of the host and the space before a year; NaN without any."""
        rows = self._comparable()
        values = rows.loc[(rows["year"] < year) & (rows["last"] < year), "value"]
        return float(values.max()) if len(values) else float("nan")

    def best_of(self, key: str) -> float:
        """Best conductivity (S/cm) of a composition in any year; NaN without any."""
        values = self._comparable().loc[lambda rows: rows["composition_key"] == key, "value"]
        return float(values.max()) if len(values) else float("nan")

    def later(self, year: int) -> pd.DataFrame:
        """Compositions of the space that were published from a year on and not before.

        Returns
        -------
        DataFrame
            One line per composition, the best conductor first: `formula`, `composition_key`, `place`
            (`membership`), `published` (year of its best sample), `work_id`, `source_id`, `conductivity_s_cm`
            (its best sample at room temperature, total or not specified), `winner` (1 in the top quartile of
            these compositions), `above_best` (1 above the best known before), `also_undated` (1 when a work
            without a year holds it too: it may be older).
        """
        rows = self._comparable()
        rows = rows[(rows["year"] >= year) & (rows["first"] >= year) & (rows["place"] != ELSEWHERE)]
        rows = rows[~rows["composition_key"].isin(self.known(year))]
        ordered = rows.sort_values(["value", "measurement_id"], ascending=[False, True])
        best = ordered.drop_duplicates("composition_key").reset_index(drop=True)
        value: FloatArray = best["value"].to_numpy(dtype=np.float64)
        edge = np.quantile(value, WINNING_QUANTILE) if len(value) else np.nan
        undated = set(self.measured.loc[self.measured["year"].isna(), "composition_key"])
        return pd.DataFrame(
            {
                "formula": best["formula"],
                "composition_key": best["composition_key"],
                "place": best["place"],
                "published": best["year"].astype(int),
                "work_id": best["work_id"],
                "source_id": best["source_id"],
                "conductivity_s_cm": value,
                "winner": (value >= edge).astype(int),
                "above_best": (value > self.best_before(year)).astype(int),
                "also_undated": best["composition_key"].isin(undated).astype(int),
            }
        )

    def _comparable(self) -> pd.DataFrame:
        """Return the rows of the space and of its host that can be compared with each other."""
        host = self.measured["host"] == hosts_of(self.space.host_sites)[0]
        chosen = self.measured["comparable"] & (host | (self.measured["place"] != ELSEWHERE))
        rows: pd.DataFrame = self.measured[chosen]
        return rows
