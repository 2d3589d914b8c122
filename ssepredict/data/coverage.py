"""What the dataset covers: dopants per host, measurements per year, repeated compositions."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ssepredict.columns import FAMILY_NAMES, QUANTITIES, TEMPERATURE_BANDS
from ssepredict.data.dataset import Dataset

FAMILY_HOSTS = 8
"""Hosts that a summary names."""

_PERIODS = ((1900, 1989), (1990, 1999), (2000, 2009), (2010, 2014), (2015, 2019), (2020, 2022), (2023, 2100))


def dopants_by_host(dataset: Dataset) -> pd.DataFrame:
    """Count samples and works per host and element that is not the host's own.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    DataFrame
        `host`, `element`, `samples`, `works`; the host with the most samples first.

    Examples
    --------
    >>> from ssepredict.data.dataset import load_dataset
    >>> table = dopants_by_host(load_dataset())
    >>> {"Sc", "Zn"} <= set(table.loc[table["host"] == "Na3Zr2Si2PO12", "element"])
    True
    """
    samples = dataset.samples[["sample_id", "source_id", "host", "composition_key"]]
    works = dataset.sources.drop_duplicates("source_id").set_index("source_id")["work_id"]
    table = samples.assign(
        element=samples["composition_key"].str.findall(r"[A-Z][a-z]?"),
        work_id=samples["source_id"].map(works),
    ).explode("element")
    table = table[table["element"].notna()]
    own = table["host"].map({host: _elements(host) for host in table["host"].unique()})
    foreign = [element not in known for element, known in zip(table["element"], own, strict=True)]
    counted = (
        table[np.array(foreign, dtype=bool)]
        .groupby(["host", "element"], as_index=False)
        .agg(samples=("sample_id", "nunique"), works=("work_id", "nunique"))
    )
    size = samples["host"].value_counts()
    counted["of_host"] = counted["host"].map(size)
    order = ["of_host", "host", "samples", "element"]
    ordered = counted.sort_values(order, ascending=[False, True, False, True])
    return ordered.drop(columns="of_host").reset_index(drop=True)


def largest_hosts(dataset: Dataset, number: int = FAMILY_HOSTS) -> pd.Series[int]:
    """Return the hosts with the most samples and how many each has."""
    size = dataset.samples.groupby("host")["sample_id"].nunique()
    return size.sort_values(ascending=False, kind="stable").head(number)


def measurements_by_year(dataset: Dataset) -> pd.DataFrame:
    """Count measurements by quantity and year of the source.

    Returns
    -------
    DataFrame
        `quantity`, `year` (NaN: not known), `measurements`.
    """
    both = _measurements(dataset)
    counted = both.groupby(["quantity", "year"], dropna=False)["measurement_id"].nunique()
    return counted.rename("measurements").reset_index()


def measurements_by_period(dataset: Dataset) -> pd.DataFrame:
    """Count measurements by quantity (rows) and span of years (columns, ``unknown`` last)."""
    by_year = measurements_by_year(dataset)
    columns = {_span(first, last): by_year["year"].between(first, last) for first, last in _PERIODS} | {
        "unknown": by_year["year"].isna()
    }
    table = {name: by_year[rows].groupby("quantity")["measurements"].sum() for name, rows in columns.items()}
    return pd.DataFrame(table).reindex(list(QUANTITIES)).fillna(0).astype(np.int64)


def measurements_by_family(dataset: Dataset) -> pd.DataFrame:
    """Count measurements by quantity (rows) and family (columns)."""
    both = _measurements(dataset)
    table = pd.crosstab(both["quantity"], both["family"])
    return table.reindex(index=list(QUANTITIES), columns=list(FAMILY_NAMES)).fillna(0).astype(np.int64)


def repeated_conductivities(dataset: Dataset, works: int = 2) -> pd.DataFrame:
    """Return room-temperature conductivities of compositions that several works report, a median per work.

    Parameters
    ----------
    dataset : Dataset
    works : int
        Fewest works per composition.

    Returns
    -------
    DataFrame
        `composition_key`, `formula`, `family`, `work_id`, `value` (S/cm); most repeated composition first.
    """
    frame = dataset.training_frame("conductivity")
    low, high = TEMPERATURE_BANDS["room"]
    keep = frame["temperature_c"].between(low, high) & (frame["bound"] == "") & (frame["value"] > 0)
    keep &= (frame["suspect"] == 0) & (frame["computed"] == 0) & (frame["composite"] == 0)
    frame = frame[keep & (frame["contribution"] != "grain_boundary")]
    typical = frame.groupby(["composition_key", "work_id"], as_index=False).agg(
        formula=("formula", "first"), family=("family", "first"), value=("value", "median")
    )
    typical["formula"] = typical.groupby("composition_key")["formula"].transform("first")
    typical["works"] = typical.groupby("composition_key")["work_id"].transform("size")
    chosen = typical[typical["works"] >= works]
    return chosen.sort_values(["works", "composition_key", "value"], ascending=[False, True, True])


def _measurements(dataset: Dataset) -> pd.DataFrame:
    both = pd.concat([dataset.transport, dataset.cells], ignore_index=True)[
        ["measurement_id", "sample_id", "quantity"]
    ]
    samples = dataset.samples.drop_duplicates("sample_id").set_index("sample_id")
    year = dataset.sources.drop_duplicates("source_id").set_index("source_id")["year"]
    source = both["sample_id"].map(samples["source_id"])
    return both.assign(family=both["sample_id"].map(samples["family"]), year=source.map(year))


def _elements(formula: str) -> set[str]:
    return set(re.findall(r"[A-Z][a-z]?", formula))


def _span(first: int, last: int) -> str:
    if first == _PERIODS[0][0]:
        return f"to {last}"
    return f"from {first}" if last == _PERIODS[-1][1] else f"{first} to {last}"
