"""The literature as tables: load, validate, select, pivot to a training frame."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.columns import PRIMARY_KEYS, QUANTITIES, TABLES
from ssepredict.data.fade import cycling_fade
from ssepredict.data.folds import TABLE as FOLD_TABLE
from ssepredict.data.folds import no_folds, read_folds
from ssepredict.data.schema import validate_tables
from ssepredict.data.tables import read_tables, type_tables
from ssepredict.exceptions import SsePredictError, did_you_mean
from ssepredict.resources import shipped_folder

_SAMPLE_COLUMNS = [column.name for column in TABLES["samples"]]
_SOURCE_COLUMNS = ["source_id", "work_id", "year", "access"]
MEASURED_TABLES = ("sources", "samples", "transport", "cells")
_LEADING = [
    "measurement_id",
    "source_id",
    "work_id",
    "sample_id",
    "formula",
    "family",
    "framework",
    "host",
    "composition_key",
    "value",
    "bound",
    "temperature_c",
]


@dataclass(frozen=True, eq=False)
class Dataset:
    """The published measurements, in normal form.

    Text columns hold ``""`` for a missing cell, number columns NaN, flags 0 or 1.

    Parameters
    ----------
    sources, samples, transport, cells, discrepancies, excluded : DataFrame
        The tables of `ssepredict.columns.TABLES`.
    folder : str
        Where they were read, for messages.
    folds : DataFrame
        Frozen folds (``folds.csv``); empty where none were frozen.
    """

    sources: pd.DataFrame
    samples: pd.DataFrame
    transport: pd.DataFrame
    cells: pd.DataFrame
    discrepancies: pd.DataFrame
    excluded: pd.DataFrame
    folder: str = ""
    folds: pd.DataFrame = field(default_factory=no_folds, repr=False)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name, in the order of `ssepredict.columns.TABLES`."""
        return {name: getattr(self, name) for name in TABLES}

    def __len__(self) -> int:
        return len(self.transport) + len(self.cells)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what a model is trained on, whatever the order of the rows.

        Findings and exclusions are about the data; where they change it, a flag or a row changes too.
        """
        sha = hashlib.sha256()
        for name in MEASURED_TABLES:
            ordered = self.tables[name].sort_values(PRIMARY_KEYS[name], kind="stable")
            sha.update(f"{name}\n".encode())
            sha.update(ordered.to_csv(index=False, lineterminator="\n").encode())
        return sha.hexdigest()

    def validate(self) -> None:
        """Check every table and key.

        Raises
        ------
        TableError
            Naming every failure with file, row and column.
        """
        validate_tables(self.tables, self.folder)

    def select(
        self,
        *,
        quantity: str | Collection[str] | None = None,
        family: str | Collection[str] | None = None,
        secondary: bool | None = None,
        computed: bool | None = None,
        suspect: bool | None = None,
        composite: bool | None = None,
    ) -> Dataset:
        """Return the measurements that meet every condition, with their samples and sources.

        Parameters
        ----------
        quantity, family : str or collection of str, optional
            Names to keep.
        secondary, computed, suspect, composite : bool, optional
            Value the flag must have; None keeps both.

        Returns
        -------
        Dataset
            A dataset that stands on its own; it has no excluded rows.

        Raises
        ------
        SsePredictError
            When a quantity or a family is unknown.
        """
        samples = self.samples
        if family is not None:
            samples = samples[samples["family"].isin(_names("family", family, set(self.samples["family"])))]
        if composite is not None:
            samples = samples[samples["composite"] == int(composite)]
        flags = {"secondary": secondary, "computed": computed, "suspect": suspect}
        kept: dict[str, pd.DataFrame] = {}
        for name in ("transport", "cells"):
            table: pd.DataFrame = getattr(self, name)
            rows = table["sample_id"].isin(samples["sample_id"])
            if quantity is not None:
                rows &= table["quantity"].isin(_names("quantity", quantity, set(QUANTITIES)))
            for flag, wanted in flags.items():
                if wanted is not None:
                    rows &= table[flag] == int(wanted)
            kept[name] = table[rows].reset_index(drop=True)
        used = set(kept["transport"]["sample_id"]) | set(kept["cells"]["sample_id"])
        samples = samples[samples["sample_id"].isin(used)].reset_index(drop=True)
        direct = self.sources["source_id"].isin(samples["source_id"])
        works = set(self.sources.loc[direct, "work_id"])
        sources = self.sources[direct | self.sources["source_id"].isin(works)].reset_index(drop=True)
        findings = self.discrepancies["source_id"].isin({"", *sources["source_id"]})
        return dataclasses.replace(
            self,
            sources=sources,
            samples=samples,
            discrepancies=self.discrepancies[findings].reset_index(drop=True),
            excluded=self.excluded.iloc[:0],
            transport=kept["transport"],
            cells=kept["cells"],
        )

    def training_frame(self, quantity: str) -> pd.DataFrame:
        """One row per measurement of a quantity, joined with its sample and source.

        Parameters
        ----------
        quantity : str
            A name of `ssepredict.columns.QUANTITIES`. ``"fade_per_cycle"`` holds the fades that sources
            state and those that follow from a retention (`cycling_fade`).

        Returns
        -------
        DataFrame
            `measurement_id`, keys, `formula`, `family`, `framework`, `host`, `composition_key`, `value` (unit
            of the quantity), `bound`, `temperature_c`, then everything else known of measurement, sample
            and source.

        Raises
        ------
        SsePredictError
            When the quantity is unknown.

        Examples
        --------
        >>> frame = load_dataset().training_frame("conductivity")
        >>> bool((frame["value"] > 0).all()), "host" in frame
        (True, True)
        """
        (name,) = _names("quantity", quantity, set(QUANTITIES))
        if name == "fade_per_cycle":
            return self._joined(cycling_fade(self.cells))
        table: pd.DataFrame = getattr(self, QUANTITIES[name].table)
        return self._joined(table[table["quantity"] == name])

    def _joined(self, rows: pd.DataFrame) -> pd.DataFrame:
        frame = rows.merge(self.samples[_SAMPLE_COLUMNS], on="sample_id", how="left", validate="m:1")
        frame = frame.merge(self.sources[_SOURCE_COLUMNS], on="source_id", how="left", validate="m:1")
        rest = [column for column in frame.columns if column not in _LEADING]
        return frame[_LEADING + rest].reset_index(drop=True)

    def summary(self) -> dict[str, Any]:
        """Count what the dataset holds, ready for JSON.

        Returns
        -------
        dict
            `tables`, `measurements_by_quantity`, `measurements_by_family`, `samples_by_family`,
            `samples_by_framework`, `sources_by_decade`, `sources_by_access`, `measurements_by_flag`,
            `excluded_by_reason`, `discrepancies_by_rule`, `digest`.
        """
        both = pd.concat([self.transport, self.cells], ignore_index=True)
        families = both["sample_id"].map(self.samples.set_index("sample_id")["family"])
        year = self.sources["year"]
        decade = pd.Series(
            [f"{int(value) // 10 * 10}s" if np.isfinite(value) else "unknown" for value in year], dtype=object
        )
        return {
            "tables": {name: len(table) for name, table in self.tables.items()},
            "works": int(self.sources["work_id"].nunique()),
            "measurements_by_quantity": _counts(both["quantity"], QUANTITIES),
            "measurements_by_family": _counts(families),
            "samples_by_family": _counts(self.samples["family"]),
            "samples_by_framework": _counts(self.samples["framework"]),
            "sources_by_decade": dict(sorted(_counts(decade).items())),
            "sources_by_access": _counts(self.sources["access"]),
            "measurements_by_flag": {
                flag: int(both[flag].sum()) for flag in ("secondary", "computed", "suspect")
            },
            "excluded_by_reason": _counts(self.excluded["reason"]),
            "discrepancies_by_rule": _counts(self.discrepancies["rule"]),
            "digest": self.digest,
        }


def load_dataset(path: str | Path | None = None) -> Dataset:
    """Read the tables of a folder.

    Files, columns and numbers are checked; `Dataset.validate` checks everything else.

    Parameters
    ----------
    path : str or Path, optional
        Folder with the CSV files; the shipped dataset when omitted.

    Returns
    -------
    Dataset

    Raises
    ------
    TableError
        When a file or a column is missing or unknown, or a cell is no number; every failure is named.

    Examples
    --------
    >>> dataset = load_dataset()
    >>> sorted(dataset.samples["family"].unique())
    ['li_halide', 'li_nasicon', 'na_halide', 'na_nasicon']
    """
    folder = shipped_folder("datasets") if path is None else Path(path)
    tables = type_tables(read_tables(folder), folder)
    return Dataset(**tables, folder=str(folder), folds=read_folds(folder))


def validate_folder(path: str | Path | None = None) -> Dataset:
    """Read a folder and check every rule at once, numbers that cannot be read included.

    Parameters
    ----------
    path : str or Path, optional
        Folder with the CSV files; the shipped dataset when omitted.

    Returns
    -------
    Dataset
        The tables, when nothing is wrong.

    Raises
    ------
    TableError
        Naming every failure with file, row and column.
    """
    folder = shipped_folder("datasets") if path is None else Path(path)
    raw = read_tables(folder)
    folds = read_folds(folder)
    validate_tables({**raw, FOLD_TABLE: folds} if len(folds) else raw, folder)
    return Dataset(**type_tables(raw, folder), folder=str(folder), folds=folds)


def _names(what: str, wanted: str | Collection[str], known: set[str]) -> set[str]:
    names = {wanted} if isinstance(wanted, str) else set(wanted)
    for name in sorted(names - known):
        raise SsePredictError(
            f"unknown {what} {name!r}{did_you_mean(name, known)}; expected one of {', '.join(sorted(known))}"
        )
    return names


def _counts(values: pd.Series[Any], order: Mapping[str, Any] | None = None) -> dict[str, int]:
    counts = {str(name): int(count) for name, count in values.value_counts().items()}
    return {name: counts.get(name, 0) for name in order} if order is not None else counts
