"""Public datasets by name: fetched with a checksum, cached, converted into the project's tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ssepredict.columns import QUANTITIES, TABLES
from ssepredict.data.dataset import Dataset
from ssepredict.data.downloads import cache_folder, cached_files, fetch_files
from ssepredict.data.external_formats import unreadable
from ssepredict.data.ingest import as_text
from ssepredict.data.merge import Addition, add_chemistry, joined, prepare_addition, shaped
from ssepredict.data.public_datasets import ExternalDataset, external_dataset
from ssepredict.data.sources import SourceBook
from ssepredict.data.store import refuse_shipped, write_folder
from ssepredict.data.tables import type_tables
from ssepredict.exceptions import SsePredictError

STABILITY_FILE = "stability.csv"
"""Table beside the others: computed distances to the convex hull, which are no measurements."""


def fetch_external(
    name: str,
    *,
    cache: str | Path | None = None,
    url: str | None = None,
    sha256: Mapping[str, str] | None = None,
) -> dict[str, Path]:
    """Fetch the files of a public dataset into the cache.

    Parameters
    ----------
    name : str
        A name of `EXTERNAL`.
    cache : str or Path, optional
        Folder; ``SSEPREDICT_CACHE`` or the system's place for caches when omitted.
    url : str, optional
        Base address of a mirror.
    sha256 : mapping of str to str, optional
        File name to checksum, for files whose checksum is not declared.

    Returns
    -------
    dict of str to Path

    Raises
    ------
    SsePredictError
        When the name or a checksum is unknown, or the network fails; the cache stays as it was.
    """
    entry = external_dataset(name)
    return fetch_files(entry.files, cache_folder(cache) / name, base_url=url, sha256=sha256)


def load_external(name: str, cache: str | Path | None = None) -> Dataset:
    """Convert a public dataset from the cache, fetching it first when it is not there.

    Parameters
    ----------
    name : str
    cache : str or Path, optional

    Returns
    -------
    Dataset
        Formulas of no framework covered here are in `excluded`.

    Raises
    ------
    SsePredictError
        When it cannot be fetched or read.
    """
    return _dataset(external_dataset(name), _contents(name, cache))


def write_external(name: str, out: str | Path, cache: str | Path | None = None) -> Dataset:
    """Convert a public dataset and write its tables into a folder.

    The computed hull distances of ``nasicon-stability`` are no measurements: they are in a table of their
    own beside the others (`STABILITY_FILE`).

    Parameters
    ----------
    name : str
    out : str or Path
        New or empty folder.
    cache : str or Path, optional

    Returns
    -------
    Dataset

    Raises
    ------
    SsePredictError
        When the folder is not empty, or the dataset cannot be fetched or read.
    """
    folder = Path(out)
    refuse_shipped(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SsePredictError(f"{str(out)!r} is not empty; name a new folder")
    entry = external_dataset(name)
    contents = _contents(name, cache)
    dataset = _dataset(entry, contents)
    dataset.validate()
    write_folder(folder, {table: as_text(table, rows) for table, rows in dataset.tables.items()})
    if not entry.measured:
        _stability(entry, contents).to_csv(folder / STABILITY_FILE, index=False, lineterminator="\n")
    return dataset


def with_external(base: Dataset, name: str, cache: str | Path | None = None) -> tuple[Dataset, Addition]:
    """Add the measurements of a public dataset to another one, each figure once.

    Sources that both have become one, so that a paper is left out as a whole; a figure that repeats one of
    `base` is dropped.

    Parameters
    ----------
    base : Dataset
    name : str
    cache : str or Path, optional

    Returns
    -------
    Dataset
        `base` and the new rows.
    Addition
        What came and how many figures were dropped.

    Raises
    ------
    SsePredictError
        When it holds no measurement, cannot be fetched, or contradicts a source of `base`.
    """
    entry = external_dataset(name)
    if not entry.measured:
        raise SsePredictError(
            f"{name} holds computed hull distances and no measured target, so nothing can be trained on it; "
            f"`ssepredict data fetch {name} --out DIR` writes it as tables"
        )
    return merged(base, load_external(name, cache))


def merged(base: Dataset, other: Dataset) -> tuple[Dataset, Addition]:
    """Add the measurements of one dataset to another, each figure once.

    Parameters
    ----------
    base, other : Dataset

    Returns
    -------
    Dataset
    Addition

    Raises
    ------
    SsePredictError
        When a source says two things of itself.
    """
    figures = pd.concat([other.transport, other.cells], ignore_index=True)
    figures = figures.merge(other.samples, on="sample_id").merge(
        other.sources.drop(columns="work_id"), on="source_id"
    )
    figures = figures.drop(columns=["sample_id", "measurement_id"]).assign(line=0, header="")
    addition = prepare_addition(base, figures, duplicates="drop")
    if addition.refusals:
        raise SsePredictError("; ".join(refusal.problem for refusal in addition.refusals))
    return joined(base, addition), addition


def _contents(name: str, cache: str | Path | None) -> dict[str, bytes]:
    entry = external_dataset(name)
    folder = cache_folder(cache) / name
    paths = cached_files(entry.files, folder) or fetch_external(name, cache=cache)
    return {file: path.read_bytes() for file, path in paths.items()}


def _empty(folder: str) -> Dataset:
    columns = {name: [column.name for column in table] for name, table in TABLES.items()}
    frames = {name: pd.DataFrame(columns=names, dtype=object) for name, names in columns.items()}
    return Dataset(**type_tables(frames, folder), folder=folder)


def _dataset(entry: ExternalDataset, contents: Mapping[str, bytes]) -> Dataset:
    empty = _empty(entry.name)
    if not entry.measured:
        source = pd.DataFrame(
            [{**_origin(entry), "source_id": entry.doi, "work_id": entry.doi, "doi": entry.doi}]
        )
        return dataclasses.replace(empty, sources=shaped("sources", source))
    figures = entry.read(contents)
    figures = figures[figures["value"].notna()].reset_index(drop=True)
    figures = _described(entry, figures)
    figures, problems, _ = add_chemistry(figures)
    usable = figures["composition_key"] != ""
    addition = prepare_addition(empty, figures[usable], duplicates="drop")
    return _with_excluded(joined(empty, addition), figures[~usable], {text: why for _, text, why in problems})


def _origin(entry: ExternalDataset) -> dict[str, str]:
    return {
        "access": "compilation",
        "compiled_by": entry.title,
        "compiled_by_doi": entry.doi,
        "licence_note": entry.licence_note,
    }


def _described(entry: ExternalDataset, figures: pd.DataFrame) -> pd.DataFrame:
    """Give figures the columns of the tables that the public dataset does not have."""
    numbers = {
        c.name: np.nan
        for t in ("samples", "transport", "cells")
        for c in TABLES[t]
        if c.dtype in ("number", "integer")
    }
    others = {
        c.name: 0 if c.dtype == "flag" else "" for t in ("samples", "transport", "cells") for c in TABLES[t]
    }
    missing = {name: cell for name, cell in {**others, **numbers}.items() if name not in figures}
    named = [doi or f"{entry.name}/{key}" for doi, key in zip(figures["doi"], figures["entry"], strict=True)]
    return figures.assign(
        **missing,
        **_origin(entry),
        citation="",
        year=np.nan,
        line=np.arange(len(figures)),
        header="",
    ).assign(source_id=named, read_in=entry.read_in, read_as="compilation")


def _with_excluded(dataset: Dataset, figures: pd.DataFrame, why: Mapping[str, str]) -> Dataset:
    """List the figures on formulas that no framework covers."""
    if figures.empty:
        return dataset
    book = SourceBook(dataset.sources)
    figures = book.enter(figures)
    broken = unreadable(figures["formula"].unique().tolist())
    rows = figures.assign(
        measurement_id=[f"{name}-{row}" for row, name in enumerate(figures["entry"])],
        unit=figures["quantity"].map({name: quantity.unit for name, quantity in QUANTITIES.items()}),
        reason=["malformed_formula" if text in broken else "no_framework" for text in figures["formula"]],
        explanation=figures["formula"].map(why),
    )
    return dataclasses.replace(
        dataset,
        sources=pd.concat([dataset.sources, shaped("sources", book.table())], ignore_index=True),
        excluded=shaped("excluded", rows),
    )


def _stability(entry: ExternalDataset, contents: Mapping[str, bytes]) -> pd.DataFrame:
    """Distances to the hull with the chemistry of each formula; empty where no framework fits."""
    rows, _, _ = add_chemistry(entry.read(contents))
    chemistry = ["composition_key", "family", "framework", "host"]
    return rows.assign(source_id=entry.doi)[["formula", *chemistry, "hull_distance", "split", "source_id"]]
