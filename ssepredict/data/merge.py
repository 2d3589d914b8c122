"""Brings new figures into the tables of a dataset: sources, samples, keys, repeated figures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import Problem
from ssepredict.chemistry.hosts import composition_keys, hosts_of
from ssepredict.chemistry.sites import NEUTRAL_WITHIN, read_sites
from ssepredict.columns import QUANTITIES, TABLES
from ssepredict.data.dataset import Dataset
from ssepredict.data.duplicates import NOT_CONFLICTING, SAME, first_readings
from ssepredict.data.refusals import Refusal
from ssepredict.data.sources import SourceBook
from ssepredict.data.tables import type_tables

_SAMPLE_IDENTITY = (
    "source_id",
    "composition_key",
    "composite",
    "synthesis",
    "sinter_temperature_c",
    "sinter_time_h",
    "relative_density_pct",
    "phase",
)


@dataclass(frozen=True)
class Addition:
    """New rows for a dataset.

    Parameters
    ----------
    rows : mapping of str to DataFrame
        Typed rows to append, by table.
    completed : mapping of str to dict
        Source that is in the dataset already to the cells that were empty there and are known now.
    refusals : list of Refusal
        What forbids the addition.
    repeated : int
        Figures that repeat another one.
    left_out : int
        Repeated figures that were dropped.
    unbalanced : list of str
        Formulas that are not neutral as written.
    """

    rows: Mapping[str, pd.DataFrame]
    completed: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    repeated: int = 0
    left_out: int = 0
    unbalanced: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """New rows by table."""
        return {name: len(rows) for name, rows in self.rows.items()}

    @property
    def measurements(self) -> int:
        """New figures."""
        return sum(self.counts.get(name, 0) for name in ("transport", "cells"))


def add_chemistry(figures: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem], list[str]]:
    """Compute framework, family, host and composition key of every figure's formula.

    Parameters
    ----------
    figures : DataFrame
        n rows with the column `formula`.

    Returns
    -------
    DataFrame
        The same with `composition_key`, `family`, `framework`, `host`; empty where a formula has a problem.
    list of (int, str, str)
        Problems by the position of the row.
    list of str
        Formulas that are not neutral as written, in the order of the rows.
    """
    codes, formulas = pd.factorize(figures["formula"])
    texts = [str(text) for text in formulas]
    if not texts:
        return figures.assign(composition_key="", family="", framework="", host=""), [], []
    table, problems = read_sites(texts)
    if not table.elements:  # no formula can be read
        return (
            figures.assign(composition_key="", family="", framework="", host=""),
            [(row, texts[code], problems[code][2]) for row, code in enumerate(codes.tolist())],
            [],
        )
    hosts = hosts_of(table)
    bad = {row: text for row, _, text in problems}
    bad |= {
        row: "has no ion on its M site, so it has no host to dope; check the amounts"
        for row in np.flatnonzero(hosts == "").tolist()
        if row not in bad
    }
    computed = {
        "composition_key": composition_keys(table),
        "family": table.family,
        "framework": table.framework,
        "host": hosts,
    }
    usable = np.array([row not in bad for row in range(len(texts))])
    frame = figures.assign(
        **{name: np.where(usable, values, "").astype(object)[codes] for name, values in computed.items()}
    )
    named = [(row, texts[code], bad[code]) for row, code in enumerate(codes.tolist()) if code in bad]
    charged = usable & (np.abs(np.nan_to_num(table.charge_residual)) > NEUTRAL_WITHIN)
    return frame, named, [texts[row] for row in np.flatnonzero(charged).tolist()]


def prepare_addition(
    base: Dataset, figures: pd.DataFrame, *, duplicates: Literal["refuse", "keep", "drop"] = "refuse"
) -> Addition:
    """Turn figures into rows of the tables.

    Parameters
    ----------
    base : Dataset
        What the rows are added to.
    figures : DataFrame
        One row per figure with the columns of the tables, the chemistry of `add_chemistry`, `line` and
        `header`; `source_id` may be empty where `doi` or `citation` is not.
    duplicates : {"refuse", "keep", "drop"}
        What to do with figures that repeat one another or one of `base`.

    Returns
    -------
    Addition
        Without rows when there are refusals.
    """
    book = SourceBook(base.sources)
    figures = book.enter(figures.reset_index(drop=True))
    refusals = book.refusals
    known = _known_figures(base, set(figures["work_id"]))
    both = pd.concat([known, figures], ignore_index=True)
    first = first_readings(both)[len(known) :]
    repeats = first < np.arange(len(known), len(both))
    if duplicates == "refuse":
        refusals += _repeated(figures, both, first, repeats, len(known))
    if refusals:
        return Addition({}, refusals=refusals, repeated=int(repeats.sum()))
    if duplicates == "drop":
        figures = figures[~repeats].reset_index(drop=True)
    figures, samples = _samples(base, figures)
    figures["measurement_id"] = _measurement_ids(base, figures)
    table_of = figures["quantity"].map({name: quantity.table for name, quantity in QUANTITIES.items()})
    used = set(figures["source_id"])
    sources = book.table()
    rows = {
        "sources": shaped("sources", sources[sources["source_id"].isin(used)]),
        "samples": shaped("samples", samples),
        "transport": shaped("transport", figures[table_of == "transport"]),
        "cells": shaped("cells", figures[table_of == "cells"]),
    }
    return Addition(
        rows,
        {key: cells for key, cells in book.completed.items() if cells and key in used},
        repeated=int(repeats.sum()),
        left_out=int(repeats.sum()) if duplicates == "drop" else 0,
    )


def joined(base: Dataset, addition: Addition) -> Dataset:
    """Return a dataset with the rows of an addition."""
    tables = {
        name: pd.concat([table, addition.rows[name]], ignore_index=True)
        if len(addition.rows.get(name, ()))
        else table
        for name, table in base.tables.items()
    }
    tables["sources"] = completed_sources(tables["sources"], addition)
    return Dataset(**type_tables(tables, base.folder), folder=base.folder, folds=base.folds)


def completed_sources(sources: pd.DataFrame, addition: Addition) -> pd.DataFrame:
    """Fill cells of sources that were empty and are known now."""
    sources = sources.reset_index(drop=True)
    position = {key: index for index, key in enumerate(sources["source_id"])}
    for key, cells in addition.completed.items():
        for column, value in cells.items():
            sources.loc[position[key], column] = value
    return sources


def _known_figures(base: Dataset, works: set[str]) -> pd.DataFrame:
    """Figures of the dataset in the given works, with what `first_readings` compares."""
    sources = base.sources[base.sources["work_id"].isin(works)][["source_id", "work_id"]]
    samples = base.samples.merge(sources, on="source_id")
    rows = pd.concat([base.transport, base.cells], ignore_index=True)
    frame = rows.merge(samples, on="sample_id")
    wanted = ["measurement_id", "formula", *SAME, *NOT_CONFLICTING]
    return frame[wanted].assign(line=0)


def _repeated(
    figures: pd.DataFrame, both: pd.DataFrame, first: Any, repeats: Any, offset: int
) -> list[Refusal]:
    refusals = []
    for row in np.flatnonzero(repeats).tolist():
        at = figures.iloc[row]
        other = both.iloc[first[row]]
        where = (
            f"row {int(other['line'])}"
            if first[row] >= offset
            else f"{other['measurement_id']} of the dataset"
        )
        unit = QUANTITIES[at["quantity"]].unit
        degrees = "" if pd.isna(at["temperature_c"]) else f" at {at['temperature_c']:g} °C"
        problem = (
            f"repeats {where}: {at['formula']}, {at['quantity']} {at['bound']}{at['value']:g} {unit}"
            f"{degrees}, source {at['source_id']}; remove it, or keep it with --allow-duplicates"
        )
        refusals.append(Refusal(int(at["line"]), str(at["header"]), f"{at['value']:g}", problem))
    return refusals


def _samples(base: Dataset, figures: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every figure its sample; a sample of the dataset that agrees in everything is used again."""
    columns = list(_SAMPLE_IDENTITY)
    old = base.samples[base.samples["source_id"].isin(figures["source_id"])]
    both = pd.concat([old[["sample_id", *columns]], figures[columns]], ignore_index=True)
    codes = both.groupby(columns, sort=False, dropna=False).ngroup().to_numpy()
    of_old, of_new = codes[: len(old)], codes[len(old) :]
    names = dict(zip(of_old.tolist(), old["sample_id"], strict=True))
    fresh = figures[~np.isin(of_new, of_old)]
    fresh_codes = of_new[~np.isin(of_new, of_old)]
    heads = fresh.iloc[np.sort(np.unique(fresh_codes, return_index=True)[1])]
    head_codes = pd.unique(fresh_codes)
    prefix: pd.Series[Any] = heads["source_id"].map(
        {key: _prefix(key) for key in heads["source_id"].unique()}
    )
    last = _last_numbers(base.samples["sample_id"], set(prefix))
    number = heads.groupby(prefix.to_numpy()).cumcount().to_numpy() + 1
    ids = [f"{text}-s{last.get(text, 0) + n:02d}" for text, n in zip(prefix, number, strict=True)]
    names |= dict(zip(head_codes.tolist(), ids, strict=True))
    figures = figures.assign(sample_id=[names[code] for code in of_new.tolist()])
    return figures, heads.assign(sample_id=ids)


def _prefix(source_id: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", source_id.casefold()).strip("-")


def _last_numbers(sample_ids: pd.Series[str], prefixes: set[str]) -> dict[str, int]:
    last: dict[str, int] = {}
    for key in sample_ids:
        head, _, number = key.rpartition("-s")
        if head in prefixes and number.isdecimal():
            last[head] = max(last.get(head, 0), int(number))
    return last


def _measurement_ids(base: Dataset, figures: pd.DataFrame) -> list[str]:
    """Keys that follow from what a figure says, so that adding a file twice gives the same keys."""
    cells = sorted({c.name for t in ("transport", "cells") for c in TABLES[t]} - {"measurement_id"})
    present = [name for name in cells if name in figures and name not in ("sample_id", "read_in", "read_as")]
    parts = figures[["source_id", *_SAMPLE_IDENTITY[1:], *present]]
    columns = [[f"{value!r}" for value in parts[name].tolist()] for name in parts]
    heads = [
        "U" + hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:12]
        for cells in zip(*columns, strict=True)
    ]
    used: dict[str, int] = {}
    for table in (base.transport, base.cells, base.excluded):
        for key in table["measurement_id"]:
            if key.startswith("U"):
                head = key.partition("-")[0]
                used[head] = used.get(head, 0) + 1
    ids = []
    for head in heads:
        used[head] = used.get(head, 0) + 1
        ids.append(head if used[head] == 1 else f"{head}-{used[head]}")
    return ids


def shaped(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Give rows the columns of a table, in its order and with its types."""
    empty = {"number": np.nan, "integer": np.nan, "flag": 0}
    columns: dict[str, Any] = {}
    for column in TABLES[name]:
        cells: Any = rows[column.name] if column.name in rows else empty.get(column.dtype, "")
        values = pd.Series(cells, index=rows.index, dtype=object)
        if column.dtype in ("number", "integer"):
            columns[column.name] = values.astype(np.float64)
        elif column.dtype == "flag":
            columns[column.name] = values.astype(np.int64)
        else:
            columns[column.name] = values.where(values.notna(), "")
    return pd.DataFrame(columns).reset_index(drop=True)
