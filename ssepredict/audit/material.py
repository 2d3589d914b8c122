"""What the audit looks at: every figure with its sample and work; compositions are read from the formulas.

Flags that an earlier audit left (`suspect`) and earlier findings are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import SiteTable, read_sites
from ssepredict.data.dataset import Dataset

_OF_SAMPLE = ["sample_id", "source_id", "work_id", "formula", "key", "family", "site_row", "composite"]


@dataclass(frozen=True, eq=False)
class Material:
    """The tables of a dataset, ready to be held against each other.

    Parameters
    ----------
    samples : DataFrame
        The table `samples` with `work_id`, `key` (composition, empty where the formula cannot be placed),
        `site_row` (row of `sites`, -1 where there is none) and `problem`.
    sites : SiteTable
        The distinct formulas that can be placed.
    transport, cells : DataFrame
        The tables joined with the columns of the sample.
    excluded : DataFrame
        The table.
    """

    samples: pd.DataFrame
    sites: SiteTable
    transport: pd.DataFrame
    cells: pd.DataFrame
    excluded: pd.DataFrame

    @cached_property
    def conductivity(self) -> pd.DataFrame:
        """Exact positive conductivities of placed samples without additives, with `log10` and `kelvin`."""
        table = self._exact("conductivity")
        table = table[table["value"] > 0]
        return table.assign(
            log10=np.log10(table["value"].to_numpy(dtype=np.float64)), kelvin=table["temperature_c"] + 273.15
        )

    @cached_property
    def energy(self) -> pd.DataFrame:
        """Exact activation energies of placed samples without additives, except of grain boundaries."""
        table = self._exact("activation_energy")
        return table[table["contribution"] != "grain_boundary"]

    def _exact(self, quantity: str) -> pd.DataFrame:
        table = self.transport
        exact = (table["quantity"] == quantity) & (table["bound"] == "") & table["value"].notna()
        return table[exact & (table["key"] != "") & (table["composite"] == 0)]


def material(dataset: Dataset) -> Material:
    """Join and read what the rules need.

    Parameters
    ----------
    dataset : Dataset
        Its keys may dangle: such rows are left out here and named by `Dataset.validate`.
    """
    samples = dataset.samples.drop_duplicates("sample_id").reset_index(drop=True)
    works = _works(dataset.sources)
    samples["work_id"] = samples["source_id"].map(works).fillna(samples["source_id"])
    distinct, of_sample = np.unique(samples["formula"].to_numpy(dtype=str), return_inverse=True)
    formulas = [str(text) for text in distinct]
    _, problems = read_sites(formulas)
    broken = {row: problem for row, _, problem in problems}
    good = [row for row in range(len(formulas)) if row not in broken]
    sites, _ = read_sites([formulas[row] for row in good])
    row_of = np.full(len(formulas), -1)
    row_of[good] = np.arange(len(good))
    samples["site_row"] = row_of[of_sample] if len(samples) else np.array([], dtype=np.int64)
    keys = np.append(composition_keys(sites), "") if len(sites) else np.array([""])
    samples["key"] = keys[samples["site_row"].to_numpy(dtype=np.int64)].astype(object)
    samples["problem"] = [broken.get(int(row), "") for row in of_sample.ravel()]
    columns = samples[_OF_SAMPLE]
    return Material(
        samples,
        sites,
        dataset.transport.merge(columns, on="sample_id", how="inner"),
        dataset.cells.merge(columns, on="sample_id", how="inner"),
        dataset.excluded,
    )


def rows_of(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows as dictionaries."""
    for row in table.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _works(sources: pd.DataFrame) -> pd.Series[str]:
    """Work of every source; sources with one DOI are one work whatever the table says."""
    table = sources.drop_duplicates("source_id").reset_index(drop=True)
    work = table["work_id"].where(table["work_id"] != "", table["source_id"])
    first = work[table["doi"] != ""].groupby(table["doi"].str.lower()).first()
    merged = table["doi"].str.lower().map(first).fillna(work)
    return pd.Series(merged.to_numpy(), index=table["source_id"].to_numpy(), dtype=object)
