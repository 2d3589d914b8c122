"""CSV files to typed tables: what is missing, unknown or no number is named with file, row and column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ssepredict.columns import DERIVED_TABLES, TABLES, Column
from ssepredict.exceptions import TableError, did_you_mean

FIRST_LINE = 2
"""Line of the first row in a file; the header is line 1."""


class Failure(NamedTuple):
    """One broken rule; `line` is 0 where a whole file or column is concerned."""

    table: str
    line: int
    column: str
    problem: str

    def __str__(self) -> str:
        place = f"{self.table}.csv"
        if self.line:
            place += f", row {self.line}"
        if self.column:
            place += f", column {self.column}"
        return f"{place}: {self.problem}"


def read_tables(folder: str | Path, optional: Collection[str] = ()) -> dict[str, pd.DataFrame]:
    """Read the CSV files of a folder as text.

    Parameters
    ----------
    folder : str or Path
    optional : collection of str
        Tables that are empty when their file is missing.

    Returns
    -------
    dict of str to DataFrame
        Every cell a text, a missing one ``""``.

    Raises
    ------
    TableError
        When the folder or a file is missing or is no UTF-8 CSV; every such file is named.
    """
    where = Path(folder)
    tables, failures = {}, []
    for name in TABLES:
        path = where / f"{name}.csv"
        try:
            tables[name] = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        except FileNotFoundError:
            if name in optional:
                tables[name] = pd.DataFrame(columns=[column.name for column in TABLES[name]], dtype=object)
                continue
            others = {other.name for other in where.glob("*")} - {f"{table}.csv" for table in TABLES}
            failures.append(f"{path.name}: file is missing{did_you_mean(path.name, others)}")
        except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            failures.append(f"{path.name}: no readable UTF-8 CSV ({str(error).strip()})")
    if failures:
        needed = ", ".join(f"{name}.csv" for name in TABLES)
        raise TableError(f"dataset {where} cannot be read; expected the files {needed}", failures)
    return tables


def type_tables(tables: Mapping[str, pd.DataFrame], where: str | Path = "") -> dict[str, pd.DataFrame]:
    """Give every column its type: text as it is, numbers float64 (NaN missing), flags int64.

    Raises
    ------
    TableError
        When a column is missing or unknown, or a cell is no number.
    """
    failures = [failure for name in TABLES for failure in structure_failures(name, tables[name])]
    typed = {}
    if not failures:
        for name in TABLES:
            typed[name], broken = typed_columns(name, tables[name])
            failures += broken
    raise_failures(failures, where)
    return typed


def raise_failures(failures: list[Failure], where: str | Path) -> None:
    """Raise one TableError that lists every failure in the order of the files; nothing when there is none."""
    if failures:
        order = {name: index for index, name in enumerate((*TABLES, *DERIVED_TABLES))}
        failures.sort(key=lambda failure: (order[failure.table], failure.line, failure.column))
        count = "1 failure" if len(failures) == 1 else f"{len(failures)} failures"
        raise TableError(f"dataset {where}: {count}", [str(failure) for failure in failures])


def structure_failures(name: str, table: pd.DataFrame) -> Iterator[Failure]:
    """Find columns that are missing or unknown."""
    expected = [column.name for column in TABLES.get(name) or DERIVED_TABLES[name]]
    for missing in sorted(set(expected) - set(table.columns)):
        yield Failure(name, 0, missing, f"column is missing; expected the columns {', '.join(expected)}")
    for unknown in sorted(set(map(str, table.columns)) - set(expected)):
        hint = did_you_mean(unknown, expected) or f"; expected the columns {', '.join(expected)}"
        yield Failure(name, 0, unknown, f"column is unknown{hint}")


def typed_columns(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, list[Failure]]:
    """Columns that are present, typed; a cell that is no number becomes NaN and is named."""
    columns: dict[str, Any] = {}
    failures = []
    for column in TABLES.get(name) or DERIVED_TABLES[name]:
        if column.name not in table:
            continue
        cells = table[column.name]
        if not column.is_numeric:
            columns[column.name] = cells.astype(object)
            continue
        text = cells.astype(str).str.strip()
        empty = cells.isna() | (text == "")
        numbers = pd.to_numeric(text.where(~empty), errors="coerce").astype(np.float64)
        # pandas reads seventeen characters of a number; Python's float reads all of it.
        readable = numbers.notna()
        numbers = numbers.where(~readable, text[readable].map(float))
        numbers = numbers.where(np.isfinite(numbers))
        broken = numbers.isna() & ~empty
        for row in np.flatnonzero(broken.to_numpy()).tolist():
            got = cells.iloc[row]
            problem = f"got {got!r}, expected a number{in_unit(column)}; write it as 0.0012 or 1.2e-3"
            failures.append(Failure(name, row + FIRST_LINE, column.name, problem))
        fraction = (numbers % 1 != 0) & numbers.notna() & (column.dtype != "number")
        for row in np.flatnonzero(fraction.to_numpy()).tolist():
            problem = f"got {cells.iloc[row]!r}, expected a whole number"
            failures.append(Failure(name, row + FIRST_LINE, column.name, problem))
        flag = column.dtype == "flag" and not numbers.isna().any()
        columns[column.name] = numbers.astype(np.int64) if flag else numbers
    return pd.DataFrame(columns, index=table.index), failures


def in_unit(column: Column) -> str:
    """Return the unit of a column as words for a message."""
    return f" in {column.unit}" if column.unit and column.unit != "by quantity" else ""
