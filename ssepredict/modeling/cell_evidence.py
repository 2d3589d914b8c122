"""Measured cells to hold a composition against, where no model beats the median of the literature."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.sites import SiteTable, parse_sites, read_sites
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import temperature_band
from ssepredict.modeling.targets import TARGETS

CELL_TARGETS = ("ccd_ma_cm2", "fade_pct_per_cycle")
"""Targets that are measured on cells."""

CELL_COLUMNS = (
    "target",
    "measurement_id",
    "source_id",
    "doi",
    "citation",
    "year",
    "formula",
    "family",
    "value",
    "bound",
    "retention_pct",
    "cycles",
    "temperature_c",
    "negative_electrode",
    "positive_electrode",
    "interface",
    "interface_class",
    "current_density_ma_cm2",
    "c_rate",
    "stack_pressure_mpa",
)

_NUMBERS = (
    "year", "value", "retention_pct", "cycles", "temperature_c", "current_density_ma_cm2", "c_rate",
    "stack_pressure_mpa",
)  # fmt: skip

INTERFACE_CLASSES: tuple[tuple[str, str], ...] = (
    ("composite", r"composite|second phase|grain-boundary"),
    ("polymer", r"polymer|\bpeo\b|pvdf|pegda|pdol|pmma|ionogel|nanofiber|poly\w+"),
    ("alloy", r"alloy"),
    ("wetted", r"liquid"),
    ("interlayer", r"layer|coat|separator|film|glass|sputter"),
    ("pristine", r"pristine|bare\b|non-engineered|pressing"),
)
"""Class of an interface and the words that tell it, the most specific first."""

PER_SOURCE = 2
"""Rows that one source may give to a list of comparable cells: a paper with a series would fill it alone."""

NOT_STATED = "not_stated"
_ALLOY_ELECTRODE = re.compile(r"(Li|Na)\d*-?(In|Sn|Si|Au|Bi|Sb)|In/|In-", re.IGNORECASE)


def interface_class(interface: str, negative_electrode: str = "") -> str:
    """Class of an interface as a paper describes it.

    Returns
    -------
    str
        A name of `INTERFACE_CLASSES`, ``other`` for words that tell none of them, ``not_stated``. An
        alloy electrode counts as ``alloy`` where nothing is said of the interface.

    Examples
    --------
    >>> interface_class("Na-Sn alloy interface"), interface_class("PEO polymer coating"), interface_class("")
    ('alloy', 'polymer', 'not_stated')
    >>> interface_class("", "Li-In")
    'alloy'
    """
    text = interface.strip().lower()
    if not text:
        return "alloy" if _ALLOY_ELECTRODE.search(negative_electrode) else NOT_STATED
    for name, words in INTERFACE_CLASSES:
        if re.search(words, text):
            return name
    return "other"


def cell_evidence_table(dataset: Dataset) -> pd.DataFrame:
    """Measured critical current densities, retentions and fades, for a release to keep.

    Limits keep their sign in `bound`; suspect rows and fades that repeat a retention are left out.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    DataFrame
        Columns `CELL_COLUMNS`, in the order of `measurement_id`; `value` is in the unit of the target.
    """
    frames = [dataset.training_frame(TARGETS[name].quantity).assign(target=name) for name in CELL_TARGETS]
    table = pd.concat(frames, ignore_index=True)
    restated = table["restated"].fillna(0).to_numpy(dtype=np.float64)
    table = table[(table["suspect"] == 0).to_numpy() & (restated == 0)]
    reported = dataset.cells[dataset.cells["quantity"] == "capacity_retention"]
    retention = reported.set_index("measurement_id")["value"]
    sources = dataset.sources.set_index("source_id")
    known = table.assign(
        retention_pct=table["measurement_id"].map(retention),
        interface_class=[
            interface_class(interface, electrode)
            for interface, electrode in zip(table["interface"], table["negative_electrode"], strict=True)
        ],
        doi=table["source_id"].map(sources["doi"]).fillna(""),
        citation=table["source_id"].map(sources["citation"]).fillna(""),
    )
    chosen: pd.DataFrame = known[list(CELL_COLUMNS)].sort_values(["target", "measurement_id"])
    return chosen.reset_index(drop=True)


def type_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as numbers after a table was read from a file as text."""
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in _NUMBERS}
    return table.assign(**numbers)


def comparable_cells(
    cells: pd.DataFrame,
    domain: Domain,
    formulas: str | Sequence[str] | SiteTable,
    target: str,
    *,
    temperature_c: float = 25.0,
    interface: str = "",
    k: int = 5,
) -> list[list[dict[str, Any]]]:
    """Find the measured cells of the same family that are most like what is asked.

    Cells with the interface asked for come first, then those in the temperature band, then those whose
    composition is nearest; one source gives `PER_SOURCE` rows at most.

    Parameters
    ----------
    cells : DataFrame
        As `cell_evidence_table` gives it.
    domain : Domain
        Whose distance is used.
    formulas : str, sequence of str, or SiteTable
        n compositions.
    target : str
        One of `CELL_TARGETS`.
    temperature_c : float
    interface : str
        Class of `INTERFACE_CLASSES`; empty for any.
    k : int, default 5

    Returns
    -------
    list of list of dict, length n
        Columns `CELL_COLUMNS` with `distance`, `same_interface` (None when none was asked for) and
        `same_temperature_band` (None where the paper states no temperature); empty for a family without
        measured cells.
    """
    if isinstance(formulas, SiteTable):
        sites = formulas
    else:
        sites = read_sites([formulas] if isinstance(formulas, str) else list(formulas))[0]
    rows = cells[cells["target"] == target].reset_index(drop=True)
    if not len(rows):
        return [[] for _ in range(len(sites))]
    distance = domain.distances_to(sites, parse_sites(rows["formula"].tolist()))
    band = temperature_band(rows["temperature_c"])
    asked_band = temperature_band([temperature_c])[0]
    other_band = (band != asked_band).astype(int)
    other_interface = (rows["interface_class"] != interface).to_numpy() & bool(interface)
    records = [
        {str(name): value for name, value in row.items()}
        | {
            "same_interface": None if not interface else not other,
            "same_temperature_band": None if here < 0 else bool(here == asked_band),
        }
        for row, here, other in zip(
            rows.to_dict(orient="records"), band.tolist(), other_interface.tolist(), strict=True
        )
    ]
    found = []
    for row, family in enumerate(sites.family.tolist()):
        order = np.lexsort((np.arange(len(rows)), distance[row], other_band, other_interface))
        near = _at_most(order[(rows["family"] == family).to_numpy()[order]], rows["source_id"].tolist(), k)
        found.append([records[number] | {"distance": float(distance[row, number])} for number in near])
    return found


def _at_most(order: npt.NDArray[np.intp], sources: Sequence[str], k: int) -> list[int]:
    """First k rows; one source gives `PER_SOURCE` at most."""
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    for number in order.tolist():
        if taken[sources[number]] < PER_SOURCE and len(chosen) < k:
            taken[sources[number]] += 1
            chosen.append(number)
    return chosen
