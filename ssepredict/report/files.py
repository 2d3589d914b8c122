"""Formulas from the command line or a file, and files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ssepredict.exceptions import SsePredictError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_COLUMN = "formula"


@dataclass(frozen=True)
class FormulaList:
    """Formulas and where each of them stands.

    Parameters
    ----------
    formulas : tuple of str, length n
    places : tuple of str, length n
        ``argument 2`` or ``line 17``, for messages.
    """

    formulas: tuple[str, ...]
    places: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.formulas)


def formula_arguments(formulas: Sequence[str]) -> FormulaList:
    """Formulas as typed on the command line.

    Examples
    --------
    >>> formula_arguments(["Li3YCl6"]).places
    ('argument 1',)
    """
    places = tuple(f"argument {number}" for number in range(1, len(formulas) + 1))
    return FormulaList(tuple(formulas), places)


def read_formula_file(path: str | Path) -> FormulaList:
    """Read formulas from a text file, one per line, or from the column ``formula`` of a CSV file.

    In a text file blank lines and what follows a ``#`` are skipped. A file is a CSV table when its name ends
    in ``.csv``. Other columns of the table are left alone.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    FormulaList

    Raises
    ------
    SsePredictError
        When the file is missing, a folder, not UTF-8, without the column, or holds no formula.
    """
    text = _read_text(Path(path))
    is_table = Path(path).suffix.lower() == ".csv"
    found = list(_table_lines(text, path) if is_table else _text_lines(text))
    if not found:
        raise SsePredictError(f"file {str(path)!r} holds no formula; write one per line, e.g. Na3Zr2Si2PO12")
    return FormulaList(tuple(formula for _, formula in found), tuple(f"line {line}" for line, _ in found))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        hint = did_you_mean(path.name, [other.name for other in path.parent.glob("*")])
        hint = hint or "; give the path of a file"
        raise SsePredictError(f"file {str(path)!r} does not exist{hint}") from None
    except IsADirectoryError:
        raise SsePredictError(f"{str(path)!r} is a folder; give a file inside it") from None
    except UnicodeDecodeError as error:
        raise SsePredictError(
            f"file {str(path)!r} is no UTF-8 text (byte {error.start}); save it as UTF-8 text or CSV"
        ) from None
    except OSError as error:
        raise SsePredictError(
            f"file {str(path)!r} cannot be read: {error.strerror}; check its rights"
        ) from None


def _text_lines(text: str) -> Iterable[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        formula = line.split("#", 1)[0].strip()
        if formula:
            yield number, formula


def _table_lines(text: str, path: str | Path) -> Iterable[tuple[int, str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if _COLUMN not in header:
            hint = did_you_mean(_COLUMN, header) or f"; name the column of formulas {_COLUMN!r}"
            raise SsePredictError(
                f"file {str(path)!r} has no column {_COLUMN!r} but {', '.join(header) or 'nothing'}{hint}"
            )
        column = header.index(_COLUMN)
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row[column].strip() if column < len(row) else ""
    except csv.Error as error:
        raise SsePredictError(f"file {str(path)!r}, line {reader.line_num}: no CSV ({error})") from None


def write_whole(path: str | Path, content: str | bytes) -> Path:
    """Write a file under a temporary name and move it into place, so that no reader ever sees half of it.

    Parameters
    ----------
    path : str or Path
    content : str or bytes
        Text is written as UTF-8.

    Returns
    -------
    Path

    Raises
    ------
    SsePredictError
        When the place cannot be written; nothing is left behind.
    """
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    if target.is_dir():
        raise SsePredictError(f"{str(target)!r} is a folder; give the name of a file to write")
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise _unwritable(target, error) from None
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(target: Path, error: OSError) -> SsePredictError:
    folder = str(target.parent)
    remedy = (
        "check the rights and the space on the disk"
        if target.parent.is_dir()
        else f"folder {folder!r} is missing: make it first"
    )
    return SsePredictError(f"{str(target)!r} cannot be written: {error.strerror}; {remedy}")


def _as_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _as_json(frame: pd.DataFrame) -> bytes:
    from ssepredict.report.documents import json_text, records

    return (json_text(records(frame)) + "\n").encode()


def _as_parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


TABLE_FORMATS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    ".csv": _as_csv,
    ".json": _as_json,
    ".parquet": _as_parquet,
}
"""Suffix of a file to how a table is written into it."""


def check_table_path(path: str | Path | None) -> None:
    """Refuse a suffix that `write_table` does not know, before any work is done.

    Raises
    ------
    SsePredictError
        When the suffix is unknown.
    """
    suffix = None if path is None else Path(path).suffix.lower()
    if suffix is not None and suffix not in TABLE_FORMATS:
        raise SsePredictError(
            f"{str(path)!r} has the suffix {suffix!r}; expected one of {', '.join(TABLE_FORMATS)}"
        )


def write_table(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as CSV, JSON or Parquet, by the suffix, whole or not at all.

    Raises
    ------
    SsePredictError
        When the suffix is unknown or the place cannot be written.
    """
    check_table_path(path)
    return write_whole(path, TABLE_FORMATS[Path(path).suffix.lower()](frame))
