"""A user's CSV file to figures: one row per reported figure, in the columns and units of the dataset."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ssepredict.data.headers import Header, parse_header
from ssepredict.data.mapping import ColumnMapping
from ssepredict.data.refusals import Refusal
from ssepredict.exceptions import SsePredictError, did_you_mean


@dataclass
class UserTable:
    """Cells of a CSV file as text, each with the line on which its row begins.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    headers : list of str
    cells : DataFrame
        n rows, one column per header (by position); the index is the line.
    refusals : list of Refusal
        Rows with too few or too many cells.
    """

    file: str
    headers: list[str]
    cells: pd.DataFrame
    refusals: list[Refusal] = field(default_factory=list)


def read_user_table(path: str | Path) -> UserTable:
    """Read a CSV file: UTF-8, separated by commas, semicolons or tabs.

    Raises
    ------
    SsePredictError
        When the file is missing, is no UTF-8 CSV or holds no row.
    """
    where = Path(path)
    if where.is_dir():
        raise SsePredictError(f"{str(where)!r} is a folder; give a CSV file inside it")
    try:
        text = where.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SsePredictError(f"{str(where)!r} does not exist; give the path of a CSV file") from None
    except UnicodeDecodeError as error:
        raise SsePredictError(
            f"{str(where)!r} is no UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        ) from None
    first = text.split("\n", 1)[0]
    separator = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    headers: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    refusals: list[Refusal] = []
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not headers:
                headers = [cell.strip() for cell in cells]
            elif len(cells) == len(headers) or not any(cell.strip() for cell in cells[len(headers) :]):
                filled = [cell.strip() for cell in cells[: len(headers)]]
                if len(filled) < len(headers):
                    refusals.append(_ragged(line, len(cells), len(headers), separator))
                    continue
                rows.append(filled)
                lines.append(line)
            else:
                refusals.append(_ragged(line, len(cells), len(headers), separator))
    except csv.Error as error:
        raise SsePredictError(
            f"{str(where)!r} is no readable CSV: {error} (row {reader.line_num}); close every quote"
        ) from None
    if not rows and not refusals:
        raise SsePredictError(
            f"{str(where)!r} holds no row; give a header and rows, see `ssepredict data template`"
        )
    index = pd.Index(lines, dtype=np.int64)
    cells_frame = pd.DataFrame(rows, index=index, columns=range(len(headers)), dtype=object)
    return UserTable(where.name, headers, cells_frame, refusals)


def _ragged(line: int, got: int, expected: int, separator: str) -> Refusal:
    problem = f"has {got} cells, expected {expected} as in the header; quote a cell that holds {separator!r}"
    return Refusal(line, "", str(got), problem)


def understand_headers(table: UserTable, mapping: ColumnMapping) -> tuple[dict[int, Header], list[Refusal]]:
    """Find what every column holds.

    Returns
    -------
    dict of int to Header
        By the position of the column; ignored columns are left out.
    list of Refusal
        Unknown and repeated headers, and names in the mapping that the file does not have.
    """
    refusals = [
        Refusal(
            0, name, name, f"is named in the mapping but not in the header{did_you_mean(name, table.headers)}"
        )
        for name in (*mapping.columns, *mapping.ignore)
        if name not in table.headers
    ]
    found: dict[int, Header] = {}
    meanings: dict[object, str] = {}
    for position, text in enumerate(table.headers):
        if text in mapping.ignore or (not text and not (table.cells[position] != "").any()):
            continue
        header, problem = _understood(text, mapping.columns.get(text))
        if header is None:
            refusals.append(Refusal(1, text, text, problem))
            continue
        meaning = (header.field.name, header.fixed)
        if meaning in meanings:
            problem = (
                f"says {header.field.words} as column {meanings[meaning]!r} does; remove one, tell them "
                "apart (e.g. 'bulk conductivity (S/cm)') or ignore it in the mapping"
            )
            refusals.append(Refusal(1, text, text, problem))
            continue
        meanings[meaning] = text
        found[position] = header
    return found, refusals


def _understood(text: str, mapped: str | None) -> tuple[Header | None, str]:
    try:
        return parse_header(text if mapped is None else mapped), ""
    except SsePredictError as error:
        if mapped is not None:
            return None, f"is mapped to {mapped!r}, which {error}"
        quoted = text.replace('"', "'")
        return None, (
            f'{error}; rename it, or say in a mapping file (--mapping) what it is: [columns] "{quoted}" = '
            f'"conductivity (mS/cm)", or leave it out: ignore = ["{quoted}"]'
        )
