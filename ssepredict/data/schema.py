"""The rules of the tables: every failure is collected, with file, row and column, and raised once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.columns import DERIVED_TABLES, FOREIGN_KEYS, PRIMARY_KEYS, QUANTITIES, TABLES, Column
from ssepredict.data.folds import TABLE as FOLD_TABLE
from ssepredict.data.folds import fold_failures
from ssepredict.data.tables import (
    FIRST_LINE,
    Failure,
    in_unit,
    raise_failures,
    structure_failures,
    typed_columns,
)
from ssepredict.exceptions import did_you_mean


def validate_tables(tables: Mapping[str, pd.DataFrame], where: str | Path = "") -> None:
    """Check tables against `ssepredict.columns`: columns, numbers, categories, ranges and keys.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Every table of `ssepredict.columns.TABLES`, as text (`tables.read_tables`) or typed
        (`tables.type_tables`); ``folds`` too, where they are frozen: every work then needs one.
    where : str or Path
        Folder, for the message.

    Raises
    ------
    TableError
        Listing every failure.
    """
    failures = [
        Failure(name, 0, "", f"table is missing; expected the tables {', '.join(TABLES)}")
        for name in TABLES
        if name not in tables
    ]
    typed = {}
    for name in (*TABLES, FOLD_TABLE):
        if name in tables:
            failures += structure_failures(name, tables[name])
            typed[name], broken = typed_columns(name, tables[name])
            failures += broken
            failures += _pandera_failures(name, typed[name], {(f.line, f.column) for f in broken})
            failures += _quantity_ranges(name, typed[name])
    failures += _dangling(typed)
    failures += _repeated_measurements(typed)
    if FOLD_TABLE in typed and "work_id" in typed.get("sources", ()):
        failures += fold_failures(typed[FOLD_TABLE], typed["sources"])
    raise_failures(failures, where)


def _pandera_failures(name: str, table: pd.DataFrame, known: set[tuple[int, str]]) -> Iterator[Failure]:
    """Categories, ranges, empty cells and unique keys, checked by pandera."""
    import pandera.pandas as pa

    frame = table.reset_index(drop=True)
    try:
        _pandera_schema(name, list(frame.columns)).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        for case in error.failure_cases.itertuples():
            nowhere = case.index is None or pd.isna(case.index)
            line, column = 0 if nowhere else int(case.index) + FIRST_LINE, str(case.column)
            if (line, column) not in known:
                yield Failure(name, line, column, _expectation(name, column, case.failure_case))


def _pandera_schema(name: str, present: list[str]) -> Any:
    import pandera.pandas as pa

    columns = {}
    for column in _columns_of(name):
        if column.name not in present:
            continue
        checks = []
        if column.dtype == "category":
            # An empty cell is "missing"; whether it may be is the next check.
            checks.append(pa.Check.isin([*column.allowed, ""]))
        elif column.dtype == "flag":
            checks.append(pa.Check.isin([0, 1]))
        if column.minimum is not None:
            checks.append(pa.Check.ge(column.minimum))
        if column.maximum is not None:
            checks.append(pa.Check.le(column.maximum))
        if column.required and not column.is_numeric:
            checks.append(pa.Check.str_matches(r"\S"))
        columns[column.name] = pa.Column(
            checks=checks,
            nullable=column.is_numeric and not column.required and column.dtype != "flag",
            unique=column.name == PRIMARY_KEYS.get(name),
        )
    return pa.DataFrameSchema(columns)


def _columns_of(name: str) -> tuple[Column, ...]:
    return TABLES.get(name) or DERIVED_TABLES[name]


def _expectation(name: str, column_name: str, got: Any) -> str:
    column = next(column for column in _columns_of(name) if column.name == column_name)
    empty = got is None or got == "" or (isinstance(got, float) and np.isnan(got))
    if empty:
        return f"is empty; expected {column.meaning}"
    if column.dtype == "category":
        near = did_you_mean(str(got), column.allowed)
        return f"got {got!r}, expected one of {', '.join(column.allowed)}{near}"
    if column.dtype == "flag":
        return f"got {got!r}, expected 0 or 1"
    if column_name == PRIMARY_KEYS.get(name):
        return f"got {got!r} more than once, expected a unique key"
    low = "" if column.minimum is None else f"{column.minimum:g} <= "
    high = "" if column.maximum is None else f" <= {column.maximum:g}"
    return f"got {got!r}, expected {low}{column_name}{high}{in_unit(column)}"


def _quantity_ranges(name: str, table: pd.DataFrame) -> Iterator[Failure]:
    if not {"quantity", "value"} <= set(table.columns):
        return
    for quantity in QUANTITIES.values():
        values = table["value"].where(table["quantity"] == quantity.name).to_numpy(dtype=np.float64)
        for row in np.flatnonzero((values < quantity.minimum) | (values > quantity.maximum)).tolist():
            problem = (
                f"got {values[row]:g}, expected a {quantity.name} from {quantity.minimum:g} to "
                f"{quantity.maximum:g} {quantity.unit}; check the unit"
            )
            yield Failure(name, row + FIRST_LINE, "value", problem)


def _dangling(tables: Mapping[str, pd.DataFrame]) -> Iterator[Failure]:
    for key in FOREIGN_KEYS:
        if key.table not in tables or key.to_table not in tables:
            continue
        cells, targets = tables[key.table].get(key.column), tables[key.to_table].get(key.to_column)
        if cells is None or targets is None:
            continue
        known = set(targets)
        for row in np.flatnonzero((~cells.isin(known) & (cells != "")).to_numpy()).tolist():
            got = str(cells.iloc[row])
            problem = (
                f"got {got!r}, expected a {key.to_column} of {key.to_table}.csv{did_you_mean(got, known)}"
            )
            yield Failure(key.table, row + FIRST_LINE, key.column, problem)


def _repeated_measurements(tables: Mapping[str, pd.DataFrame]) -> Iterator[Failure]:
    """Find reported figures that are in more than one of transport, cells and excluded."""
    seen: dict[str, str] = {}
    for name in ("transport", "cells", "excluded"):
        if name not in tables or "measurement_id" not in tables[name]:
            continue
        ids = tables[name]["measurement_id"]
        for row, measurement in enumerate(ids.tolist()):
            if measurement and seen.get(measurement, name) != name:
                problem = (
                    f"got {measurement!r}, which is in {seen[measurement]}.csv already, expected it once"
                )
                yield Failure(name, row + FIRST_LINE, "measurement_id", problem)
        seen |= dict.fromkeys(ids, name)
