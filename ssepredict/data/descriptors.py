"""Files of relaxed crystals: one line per finished computation, the tables made from them, reported cells."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ssepredict.columns import DERIVED_TABLES
from ssepredict.data.tables import raise_failures, structure_failures, typed_columns
from ssepredict.exceptions import TableError

TABLE = "descriptors"


def read_records(path: str | Path) -> dict[str, dict[str, Any]]:
    """Read the finished configurations.

    Parameters
    ----------
    path : str or Path
        File of JSON lines; none is the same as an empty one. A last line that a killed process left
        unfinished is passed over.

    Returns
    -------
    dict of str to dict
        By their `key`.

    Raises
    ------
    TableError
        When another line is no JSON object with a key.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    records, failures = {}, []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or number == len(lines):  # every finished line ends with a line feed
            continue
        try:
            record = json.loads(line)
            records[record["key"]] = record
        except (ValueError, KeyError, TypeError) as error:
            failures.append(f"line {number}: no finished configuration ({error})")
    if failures:
        raise TableError(f"{path} cannot be read; remove these lines", failures)
    return records


def append_record(path: str | Path, record: Mapping[str, Any]) -> None:
    """Append one finished configuration; it is on the disk when this returns.

    Parameters
    ----------
    path : str or Path
        What a killed process left behind the last line feed is cut off.
    record : mapping
    """
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    with place.open("ab+") as file:
        file.seek(0)
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def write_descriptors(path: str | Path, table: pd.DataFrame) -> Path:
    """Write the table of descriptors whole or not at all; return its path."""
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = place.with_name(f".{place.name}.part")
    table.to_csv(staged, index=False, lineterminator="\n", encoding="utf-8")
    staged.replace(place)
    return place


def read_descriptors(folder: str | Path) -> pd.DataFrame:
    """Read ``descriptors.csv`` of a dataset; an empty table where there is none.

    Raises
    ------
    TableError
        When the file is no UTF-8 CSV, a column is missing or unknown, or a cell breaks its rule.
    """
    return _read(TABLE, folder)


def read_dynamics(folder: str | Path) -> pd.DataFrame:
    """Read ``dynamics.csv`` of a dataset, as `read_descriptors` does."""
    return _read("dynamics", folder)


def read_lattice(folder: str | Path) -> pd.DataFrame:
    """Read ``lattice.csv`` of a dataset, as `read_descriptors` does."""
    return _read("lattice", folder)


def _read(table: str, folder: str | Path) -> pd.DataFrame:
    path = Path(folder) / f"{table}.csv"
    names = [column.name for column in DERIVED_TABLES[table]]
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raw = pd.DataFrame(columns=names, dtype=object)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError(
            f"dataset {folder} cannot be read", [f"{path.name}: no readable UTF-8 CSV ({str(error).strip()})"]
        ) from error
    raise_failures(list(structure_failures(table, raw)), folder)
    typed, failures = typed_columns(table, raw)
    raise_failures(failures, folder)
    return typed
