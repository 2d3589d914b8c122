"""Frozen folds: what is left out together stays in one fold for ever, so that errors stay comparable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ssepredict.columns import DERIVED_TABLES, FOLD_PROTOCOLS, FOLDS
from ssepredict.data.tables import FIRST_LINE, Failure, raise_failures, structure_failures, typed_columns
from ssepredict.exceptions import TableError

TABLE = "folds"
_COLUMNS = [column.name for column in DERIVED_TABLES[TABLE]]


def no_folds() -> pd.DataFrame:
    """Return the table of a dataset whose folds were never frozen."""
    return typed_columns(TABLE, pd.DataFrame(columns=_COLUMNS, dtype=object))[0]


def read_folds(folder: str | Path) -> pd.DataFrame:
    """Read ``folds.csv`` of a folder; an empty table where there is none.

    Raises
    ------
    TableError
        When the file is no UTF-8 CSV, a column is missing or unknown, or a fold is no number.
    """
    path = Path(folder) / f"{TABLE}.csv"
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        return no_folds()
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(
            f"dataset {folder} cannot be read", [f"{path.name}: no readable UTF-8 CSV ({str(error).strip()})"]
        ) from error
    failures = list(structure_failures(TABLE, raw))
    raise_failures(failures, folder)
    typed, failures = typed_columns(TABLE, raw)
    raise_failures(failures, folder)
    return typed


def write_folds(folder: str | Path, tables: Mapping[str, pd.DataFrame]) -> Path:
    """Complete ``folds.csv`` in a folder, or make it, and return its path.

    Parameters
    ----------
    folder : str or Path
    tables : mapping of str to DataFrame
        Typed tables `sources`, `samples`, `transport` and `cells` of the dataset in the folder.
    """
    table = complete_folds(read_folds(folder), tables).astype({"fold": np.int64})
    path = Path(folder) / f"{TABLE}.csv"
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path


def complete_folds(known: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give a fold to everything in a dataset that has none; what has one keeps it.

    Parameters
    ----------
    known : DataFrame
        The folds so far, in the columns of ``folds.csv``; may be empty.
    tables : mapping of str to DataFrame
        Typed tables `sources`, `samples`, `transport` and `cells`.

    Returns
    -------
    DataFrame
        All lines of `known`, also those of works that have left the dataset, and the new ones; by protocol,
        then by key.
    """
    lines = []
    for protocol, rows in _rows_by_key(tables).items():
        mine = known[known["protocol"] == protocol]
        folds = assign_folds(rows, dict(zip(mine["key"], mine["fold"].astype(int), strict=True)))
        lines += [(protocol, key, float(folds[key])) for key in sorted(folds)]
    return pd.DataFrame(lines, columns=_COLUMNS).astype({"protocol": object, "key": object})


def assign_folds(rows: Mapping[str, int], known: Mapping[str, int], folds: int = FOLDS) -> dict[str, int]:
    """Put new keys, the largest first, each into the fold that holds the fewest rows by then.

    Parameters
    ----------
    rows : mapping of str to int
        Rows of every key of the dataset.
    known : mapping of str to int
        Folds that stand; they may name keys that are gone.
    folds : int

    Returns
    -------
    dict of str to int
        Fold of every key of both.

    Examples
    --------
    >>> assign_folds({"a": 5, "b": 3, "c": 2, "d": 1}, known={"d": 1}, folds=2)
    {'d': 1, 'a': 0, 'b': 1, 'c': 1}
    """
    found = dict(known)
    held = np.zeros(folds, dtype=np.int64)
    for key, fold in known.items():
        held[fold] += rows.get(key, 0)
    for key in sorted(rows.keys() - known.keys(), key=lambda name: (-rows[name], name)):
        smallest = int(held.argmin())
        found[key] = smallest
        held[smallest] += rows[key]
    return found


def fold_failures(folds: pd.DataFrame, sources: pd.DataFrame) -> Iterator[Failure]:
    """Find keys that stand twice, and works without a fold."""
    twice = folds.duplicated(["protocol", "key"]).to_numpy()
    for row in np.flatnonzero(twice).tolist():
        protocol, key = folds["protocol"].iloc[row], folds["key"].iloc[row]
        problem = f"got {key!r} of {protocol} more than once, expected one fold for each"
        yield Failure(TABLE, row + FIRST_LINE, "key", problem)
    known = set(folds.loc[folds["protocol"] == "paper", "key"])
    for work in sorted(set(sources["work_id"]) - known):
        problem = f"has no fold for the work {work!r} of sources.csv; run `ssepredict data refresh DIR`"
        yield Failure(TABLE, 0, "key", problem)


def _rows_by_key(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, int]]:
    columns = ["measurement_id", "sample_id"]
    figures = pd.concat([tables["transport"][columns], tables["cells"][columns]], ignore_index=True)
    samples = tables["samples"].set_index("sample_id")
    source = figures["sample_id"].map(samples["source_id"])
    works = tables["sources"].set_index("source_id")["work_id"]
    keys = {
        "paper": source.map(works),
        "host": figures["sample_id"].map(samples["host"]),
        "random": figures["measurement_id"],
    }
    rows = {name: {str(k): int(n) for k, n in keys[name].value_counts().items()} for name in FOLD_PROTOCOLS}
    rows["paper"] = dict.fromkeys(map(str, works), 0) | rows["paper"]
    return rows
