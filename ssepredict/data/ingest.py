"""A researcher's own measurements into a dataset folder, in one step and whole or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ssepredict.columns import TABLES
from ssepredict.data.dataset import Dataset
from ssepredict.data.figure_reader import FigureReader
from ssepredict.data.mapping import ColumnMapping, load_mapping
from ssepredict.data.merge import Addition, add_chemistry, completed_sources, prepare_addition
from ssepredict.data.refusals import IngestError
from ssepredict.data.schema import validate_tables
from ssepredict.data.store import open_folder, refuse_shipped, write_folder
from ssepredict.data.tables import type_tables
from ssepredict.data.user_table import read_user_table

TEMPLATE = (
    "formula,doi,citation,year,synthesis,sintering temperature (°C),sintering time (h),relative density (%),"
    "temperature (°C),contribution,conductivity (S/cm),activation energy (eV),"
    "critical current density (mA/cm2),capacity retention (%),cycles,current density (mA/cm2),"
    "negative electrode,positive electrode,interface\n"
    'Li3YBr6,10.1002/adma.201803075,"Asano et al., Adv. Mater. 30 (2018) 1803075",2018,ball_mill_anneal,,,,'
    "25,total,0.0017,,,,,,,,\n"
)
"""A header with units and one row as an example, printed by ``ssepredict data template``."""


@dataclasses.dataclass(frozen=True)
class Added:
    """What an addition did.

    Parameters
    ----------
    file, dataset : str
        The user's file and the folder that was written.
    made : bool
        Whether the folder is new.
    rows : dict of str to int
        Rows added, by table.
    repeated : int
        Figures that repeat another one and were kept because that was asked for.
    unbalanced : list of str
        Formulas that are not neutral as written; kept, but worth a look.
    """

    file: str
    dataset: str
    made: bool
    rows: dict[str, int]
    repeated: int
    unbalanced: list[str]

    def document(self) -> dict[str, Any]:
        """Return the same for a machine."""
        return {**dataclasses.asdict(self), "measurements_added": self.measurements, "failures": []}

    @property
    def measurements(self) -> int:
        """Figures added."""
        return self.rows["transport"] + self.rows["cells"]

    def __str__(self) -> str:
        lines = [
            f"{self.dataset}{' (new)' if self.made else ''}: added from {self.file}: {self.measurements:,} "
            f"measurements, {self.rows['samples']:,} samples, {self.rows['sources']:,} sources"
        ]
        if self.repeated:
            lines.append(f"  {self.repeated:,} of them repeat another measurement (--allow-duplicates)")
        if self.unbalanced:
            shown = ", ".join(self.unbalanced[:5]) + (", ..." if len(self.unbalanced) > 5 else "")
            lines.append(
                f"  {len(self.unbalanced):,} formulas are not neutral as written, check them: {shown}"
            )
        return "\n".join(lines)


def add_file(
    file: str | Path,
    dataset: str | Path,
    *,
    mapping: str | Path | ColumnMapping | None = None,
    allow_duplicates: bool = False,
    source: Mapping[str, str] | None = None,
    start: Literal["shipped", "empty"] = "shipped",
) -> Added:
    """Add the figures of a CSV file to a dataset folder.

    Parameters
    ----------
    file : str or Path
        Wide (a column per quantity) or long (columns `quantity`, `value` and perhaps `unit`); headers name
        their unit. See `headers.parse_header`.
    dataset : str or Path
        Folder of tables; made when it does not exist.
    mapping : str, Path or ColumnMapping, optional
        What headers mean that are not understood by themselves.
    allow_duplicates : bool
        Keep figures that repeat one another or one of the dataset.
    source : mapping of str to str, optional
        `source_id`, `doi`, `year`, `citation` of rows that do not say it themselves.
    start : {"shipped", "empty"}
        What a new folder begins with.

    Returns
    -------
    Added

    Raises
    ------
    IngestError
        Naming every failure with row and column; nothing is written.
    SsePredictError
        When the file, the mapping or the folder cannot be used.
    OSError
        When the folder cannot be written; it is as it was before.
    """
    refuse_shipped(Path(dataset))
    if not isinstance(mapping, ColumnMapping):
        mapping = ColumnMapping() if mapping is None else load_mapping(mapping)
    table = read_user_table(file)
    raw, made = open_folder(dataset, start)
    base = Dataset(**type_tables(raw, dataset), folder=str(dataset))
    reader = FigureReader(table, mapping, source)
    figures, _, unbalanced = add_chemistry(_with_origin(reader.figures(), table.file))
    usable = figures[(figures["composition_key"] != "") & ~figures["line"].isin(reader.unsourced)]
    addition = prepare_addition(base, usable, duplicates="keep" if allow_duplicates else "refuse")
    refusals = [*reader.refusals, *reader.refused_formulas(), *addition.refusals]
    if refusals:
        raise IngestError(table.file, refusals)
    tables = appended(raw, addition)
    validate_tables(tables, dataset)
    write_folder(dataset, tables)
    return Added(table.file, str(dataset), made, addition.counts, addition.repeated, unbalanced)


def appended(raw: Mapping[str, pd.DataFrame], addition: Addition) -> dict[str, pd.DataFrame]:
    """Append rows to tables of text; cells that are there already stay as they are written.

    Parameters
    ----------
    raw : mapping of str to DataFrame
        Every table, each cell a text.
    addition : Addition

    Returns
    -------
    dict of str to DataFrame
    """
    tables = {}
    for name, table in raw.items():
        rows = addition.rows.get(name)
        if rows is None or rows.empty:
            tables[name] = table
        else:
            tables[name] = pd.concat([table, as_text(name, rows)], ignore_index=True)
    filled = {
        key: {column: _text(int(cell) if column == "year" else cell) for column, cell in cells.items()}
        for key, cells in addition.completed.items()
    }
    tables["sources"] = completed_sources(tables["sources"], dataclasses.replace(addition, completed=filled))
    return tables


def as_text(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Write the typed rows of a table as text."""
    columns = {}
    for column in TABLES[name]:
        cells = rows[column.name].tolist()
        columns[column.name] = [
            _text(int(cell) if column.dtype == "integer" and cell == cell else cell) for cell in cells
        ]
    return pd.DataFrame(columns, dtype=object)


def _text(cell: Any) -> str:
    """Write a cell; a float in the shortest form that reads back as the same number."""
    if isinstance(cell, float):
        return "" if cell != cell else repr(cell)
    return str(cell)


def _with_origin(figures: pd.DataFrame, file: str) -> pd.DataFrame:
    """Say where figures were read when the table does not: in the user's file, as a table."""
    return figures.assign(
        read_in=figures["read_in"].where(figures["read_in"] != "", file),
        read_as=figures["read_as"].where(figures["read_as"] != "", "table"),
        access=figures["read_as"].where(figures["read_as"] != "", "table"),
        compiled_by="",
        compiled_by_doi="",
        licence_note=f"added by the user from {file}; terms not stated",
    )
