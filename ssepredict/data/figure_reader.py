"""A user's table to figures: one row per reported figure, in the columns and units of the dataset."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.columns import QUANTITIES
from ssepredict.data.cell_readers import (
    CellError,
    Limited,
    in_range,
    number_reader,
    read_c_rate,
    read_category,
    read_column,
    read_doi,
    read_flag,
)
from ssepredict.data.fields import FIELD_BY_WORDS, FIELDS
from ssepredict.data.headers import Header, parse_header
from ssepredict.data.mapping import ColumnMapping
from ssepredict.data.merge import add_chemistry
from ssepredict.data.refusals import Refusal
from ssepredict.data.unit_names import STORED_UNITS, Unit, parse_unit
from ssepredict.data.user_table import UserTable, understand_headers
from ssepredict.exceptions import SsePredictError, did_you_mean

_DIMENSION_OF_QUANTITY = {name: FIELDS[name].dimensions for name in QUANTITIES if name in FIELDS}
_NOT_OF_ACTIVATION_ENERGY = ("temperature_c",)
_TRANSPORT_ONLY = ("contribution", "phase_range", "electrodes")
_CELLS_ONLY = (
    "negative_electrode",
    "positive_electrode",
    "current_density_ma_cm2",
    "c_rate",
    "current_as_reported",
    "cycles",
)


class FigureReader:
    """Reads the columns of a user's table into figures and collects what is wrong.

    Parameters
    ----------
    table : UserTable
    mapping : ColumnMapping
        What headers mean and which cells every row has.
    given : mapping of str to str
        Source that holds for every row (`source_id`, `doi`, `year`, `citation`), where the file has none.
    """

    def __init__(
        self, table: UserTable, mapping: ColumnMapping, given: Mapping[str, str] | None = None
    ) -> None:
        self.table, self.mapping, self.given = table, mapping, dict(given or {})
        self.refusals: list[Refusal] = list(table.refusals)
        self.unsourced: set[int] = set()
        self._formulas = pd.Series([], dtype=object)
        self._formula_header = "formula"

    def figures(self) -> pd.DataFrame:
        """Return one row per figure that can be read; everything else is in `refusals`.

        Returns
        -------
        DataFrame
            Columns `line`, `header`, `quantity`, `value`, `bound` and everything that the row says.
        """
        headers, problems = understand_headers(self.table, self.mapping)
        self.refusals += problems
        rows = self._rows(headers)
        self._source_columns = {
            position
            for position, header in headers.items()
            if header.field.name in ("doi", "source_id", "citation")
        }
        wide = [position for position, header in headers.items() if header.field.kind == "quantity"]
        names = {header.field.name for header in headers.values()}
        long = "quantity" in names or "value" in names
        if not wide and not long and not problems:
            self._refuse(
                1, "", "", "no column holds a figure; expected e.g. 'conductivity (S/cm)' or 'Ea (eV)'"
            )
        names |= {"formula"} if (rows["formula"] != "").any() else set()
        if "formula" in names:
            self._formulas = rows["formula"]
            self._formula_header = next(
                (self.table.headers[at] for at, header in headers.items() if header.field.name == "formula"),
                "formula",
            )
        elif not problems:
            self._refuse(1, "", "", "no column 'formula'; add one, or name it in a mapping file (--mapping)")
        parts = [self._wide(position, headers[position], rows) for position in wide]
        if long:
            parts.append(self._long(headers, rows, names))
        figures = (
            pd.concat(parts)
            if parts
            else rows.iloc[:0].assign(quantity="", value=0.0, bound="", header="", order=0)
        )
        refused = {refusal.line for refusal in self.refusals}
        for line in sorted(set(rows.index) - set(figures["line"])):
            if line not in refused and not problems:
                self._refuse(int(line), "", "", "holds no figure; fill one in or remove the row")
        self._check_sources(rows)
        order = np.lexsort((figures["order"], figures["line"]))
        return figures.iloc[order].drop(columns="order").reset_index(drop=True)

    def _refuse(self, line: int, column: str, got: str, problem: str) -> None:
        self.refusals.append(Refusal(line, column, got, problem))

    def _refuse_cells(self, column: str, problems: Mapping[Hashable, tuple[str, str]]) -> None:
        for line, (got, problem) in problems.items():
            self._refuse(int(str(line)), column, got, problem)

    def _rows(self, headers: Mapping[int, Header]) -> pd.DataFrame:
        """Everything that rows say beside their figures; index and column `line` are the line."""
        index = self.table.cells.index
        columns: dict[str, Any] = {"line": index.to_numpy()}
        for position, header in headers.items():
            field_ = header.field
            if field_.kind == "quantity" or field_.name in ("value", "quantity", "unit", "bound"):
                continue
            columns[field_.name] = self._read(
                self.table.cells[position], self.table.headers[position], header
            )
        for text, cell in {**self.given, **self.mapping.constants}.items():
            try:
                header = parse_header(text)
            except SsePredictError as error:
                self._refuse(0, text, cell, f"{error}; correct [constants] in the mapping file")
                continue
            if header.field.name in columns and text in self.given:
                known = columns[header.field.name]
                cells = pd.Series(cell, index=index, dtype=object)
                empty = known.isna() | (known == "")
                columns[header.field.name] = known.where(~empty, self._read(cells, f"--{text}", header))
            elif header.field.name in columns or header.field.kind == "quantity":
                self._refuse(0, text, cell, "is a constant of the mapping file, but the table says it itself")
            else:
                place = f"--{text.replace('_', '-')}" if text in self.given else text
                columns[header.field.name] = self._read(
                    pd.Series(cell, index=index, dtype=object), place, header
                )
        return _completed(pd.DataFrame(columns, index=index))

    def _read(self, cells: pd.Series[str], column: str, header: Header) -> pd.Series[Any]:
        """Read a column that is no figure; a cell that cannot be read is refused and left empty."""
        name, unit = header.field.name, header.unit

        def number(text: str) -> float:
            value, bound = number_reader(header, unit)(text)
            if bound:
                raise CellError(f"got {text!r}, expected a number; only figures may be limits")
            if header.field.kind == "integer" and value % 1:
                raise CellError(f"got {text!r}, expected a whole number")
            in_range(name, value, text, unit)
            return value

        def rate(text: str) -> float:
            value = read_c_rate(text)
            in_range(name, value, text, None)
            return value

        readers: dict[str, Any] = {
            "number": number,
            "integer": number,
            "c_rate": rate,
            "category": lambda text: read_category(name, text),
            "flag": lambda text: read_flag(name, text),
            "doi": read_doi,
            "text": str,
        }
        values, problems = read_column(cells, readers[header.field.kind])
        self._refuse_cells(column, problems)
        if header.field.kind in ("number", "integer", "c_rate"):
            return values.astype(np.float64).reindex(cells.index)
        if header.field.kind == "flag":
            return values.reindex(cells.index, fill_value=0).astype(np.int64)
        return values.reindex(cells.index, fill_value="")

    def _wide(self, position: int, header: Header, rows: pd.DataFrame) -> pd.DataFrame:
        """Read the figures of one column that measures one quantity."""
        column = self.table.headers[position]
        read = self._value_reader(header, header.field.name, header.unit)
        values, problems = read_column(self.table.cells[position], read)
        self._refuse_cells(column, problems)
        return self._part(values, rows, header, position, column)

    def _long(self, headers: Mapping[int, Header], rows: pd.DataFrame, names: set[str]) -> pd.DataFrame:
        """Read the figures of a column `value` whose quantity, and perhaps unit, stand beside it."""
        where = {header.field.name: position for position, header in headers.items()}
        for needed in ("quantity", "value"):
            if needed not in names:
                self._refuse(1, "", "", f"no column {needed!r}; a table with one figure to a row needs both")
        empty = rows.iloc[:0].assign(quantity="", value=0.0, bound="", header="", order=0)
        if not {"quantity", "value"} <= names:
            return empty
        quantity, value = self.table.cells[where["quantity"]], self.table.cells[where["value"]]
        units = self.table.cells[where["unit"]] if "unit" in names else pd.Series("", index=rows.index)
        in_header = headers[where["value"]].unit
        parts = [empty]
        cells = pd.DataFrame({"quantity": quantity, "unit": units})
        for (name, unit_text), group in cells.groupby(["quantity", "unit"]):
            lines = group.index
            found = self._measured(str(name), str(unit_text), in_header)
            if isinstance(found, tuple):
                column, problem = found
                for line in lines:
                    self._refuse(
                        int(line),
                        self.table.headers[where.get(column, where["quantity"])],
                        str(name),
                        problem,
                    )
                continue
            read = self._value_reader(found, found.field.name, found.unit)
            values, problems = read_column(value.loc[lines], read)
            self._refuse_cells(self.table.headers[where["value"]], problems)
            parts.append(self._part(values, rows, found, where["value"], self.table.headers[where["value"]]))
        figures = pd.concat(parts)
        if "bound" in where:
            bound = self._read(self.table.cells[where["bound"]], self.table.headers[where["bound"]],
                               headers[where["bound"]])  # fmt: skip
            stated = bound.reindex(figures["line"]).to_numpy()
            figures["bound"] = np.where(figures["bound"] == "", stated, figures["bound"])
        return figures

    def _measured(self, name: str, unit_text: str, in_header: Unit | None) -> Header | tuple[str, str]:
        """Find what a cell of the column `quantity` names, or the column and what is wrong there."""
        known = sorted(_DIMENSION_OF_QUANTITY)
        try:
            dimensions = self._field_dimensions(name)
        except SsePredictError as error:
            hint = did_you_mean(name, [*known, *FIELD_BY_WORDS])
            return "quantity", f"got {name!r}, {error}expected one of {', '.join(known)}{hint}"
        stored = STORED_UNITS[dimensions[0]] if dimensions else ""
        unit_name = unit_text or (in_header.name if in_header is not None else stored)
        if not dimensions:
            unit_name = "" if unit_name in ("", "1", "-", "fraction") else unit_name
        try:
            if unit_name and dimensions:
                if dimensions[0] == "percent_per_cycle" and unit_name in ("%", "pct"):
                    unit_name = "%/cycle"
                parse_unit(unit_name, dimensions[0])
            header = parse_header(f"{name} ({unit_name})" if unit_name else name)
        except SsePredictError as error:
            return "unit", f"got {unit_text!r} for {name!r}: {error}"
        return header

    @staticmethod
    def _field_dimensions(name: str) -> tuple[str, ...]:
        for unit in ("", *STORED_UNITS.values()):
            try:
                found = parse_header(f"{name} ({unit})" if unit else name)
            except SsePredictError:
                continue
            if found.field.kind == "quantity":
                return found.field.dimensions
        raise SsePredictError("")

    def _value_reader(self, header: Header, name: str, unit: Unit | None) -> Any:
        read_number = number_reader(header, unit)

        def read(text: str) -> Limited:
            found = read_number(text)
            in_range(
                name, found.value, text, unit if unit is None or unit.name != QUANTITIES[name].unit else None
            )
            return found

        return read

    def _part(
        self, values: pd.Series[Any], rows: pd.DataFrame, header: Header, position: int, column: str
    ) -> pd.DataFrame:
        """Join figures of one column with what their rows say of them."""
        name = header.field.name
        part = rows.loc[values.index].copy()
        drop = _CELLS_ONLY if QUANTITIES[name].table == "transport" else _TRANSPORT_ONLY
        if name == "activation_energy":
            drop = (*drop, *_NOT_OF_ACTIVATION_ENERGY)
        for condition in drop:
            part[condition] = math.nan if part[condition].dtype.kind == "f" else ""
        part["quantity"] = name
        part["value"] = np.array([figure.value for figure in values], dtype=np.float64)
        part["bound"] = np.array([figure.bound for figure in values], dtype=object)
        part["header"], part["order"] = column, position
        for condition, cell in header.fixed:
            part[condition] = float(cell) if condition != "contribution" else cell
        return part

    def _check_sources(self, rows: pd.DataFrame) -> None:
        """Refuse rows that do not say where they come from."""
        missing = rows.index[(rows[["source_id", "doi", "citation"]] == "").all(axis=1)]
        self.unsourced = set(missing.tolist())
        refused = {(at.line, at.column) for at in self.refusals}
        sources = [
            text for position, text in enumerate(self.table.headers) if position in self._source_columns
        ]
        for line in missing:
            if not any((line, text) in refused for text in sources):
                problem = "has no source; fill in doi, source_id or citation, or give --source-id"
                self._refuse(int(line), "", "", problem)

    def refused_formulas(self) -> list[Refusal]:
        """Name every formula of the file that is empty, cannot be read or fits no framework."""
        lines = self._formulas.index.to_numpy()
        _, problems, _ = add_chemistry(pd.DataFrame({"formula": self._formulas.to_numpy()}))
        return [
            Refusal(int(lines[row]), self._formula_header, text, f"formula {text!r}: {problem}")
            for row, text, problem in problems
        ]


_ROW_NUMBERS = ("temperature_c", "sinter_temperature_c", "sinter_time_h", "relative_density_pct",
                "stack_pressure_mpa", "current_density_ma_cm2", "c_rate", "cycles", "year")  # fmt: skip
_ROW_FLAGS = ("secondary", "computed", "suspect", "composite")


def _completed(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that the user's table does not have, empty."""
    texts: Sequence[str] = [
        name
        for name, field_ in FIELDS.items()
        if field_.kind in ("text", "category", "doi") and name not in ("quantity", "unit", "bound")
    ]
    missing: dict[str, Any] = {name: "" for name in texts if name not in rows}
    missing |= {name: math.nan for name in _ROW_NUMBERS if name not in rows}
    missing |= {name: 0 for name in _ROW_FLAGS if name not in rows}
    return rows.assign(**missing)
