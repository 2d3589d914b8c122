"""Folders of tables: made, opened and written whole or not at all.

Writing first puts every new file, complete, into a staging folder beside the old ones, then marks it complete
and moves the files into place, referred tables before those that refer to them. A failure while moving puts
the old files back; a process that is killed while moving leaves a readable dataset and a marked staging
folder, which the next opening for writing moves into place. A staging folder without the mark is discarded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from ssepredict.columns import TABLES
from ssepredict.data.datapackage import write_datapackage
from ssepredict.data.tables import read_tables
from ssepredict.exceptions import SsePredictError
from ssepredict.resources import shipped_folder

STAGING = ".ssepredict-incoming"
_COMPLETE = "complete"
_FILES = (*(f"{name}.csv" for name in TABLES), "datapackage.json")


def open_folder(
    path: str | Path, start: Literal["shipped", "empty"] = "shipped"
) -> tuple[dict[str, pd.DataFrame], bool]:
    """Read the tables of a folder to which rows are to be added.

    Parameters
    ----------
    path : str or Path
    start : {"shipped", "empty"}
        What a folder that does not exist begins with: a copy of the shipped tables, or no rows.

    Returns
    -------
    dict of str to DataFrame
        Every cell a text.
    bool
        Whether the folder is new; nothing is written yet.

    Raises
    ------
    SsePredictError
        When the folder is the shipped one or a file.
    TableError
        When the folder holds something else than a dataset.
    """
    folder = Path(path)
    refuse_shipped(folder)
    if folder.exists() and not folder.is_dir():
        raise SsePredictError(f"{str(folder)!r} is a file; name a folder for the dataset")
    if folder.is_dir():
        finish_writing(folder)
        if any(folder.iterdir()):
            return read_tables(folder), False
    if start == "empty":
        columns = {name: [column.name for column in table] for name, table in TABLES.items()}
        return {name: pd.DataFrame(columns=names, dtype=object) for name, names in columns.items()}, True
    return read_tables(shipped_folder("datasets")), True


def refuse_shipped(folder: Path) -> None:
    """Refuse to write into the dataset that travels with the package.

    Raises
    ------
    SsePredictError
    """
    shipped = shipped_folder("datasets").resolve()
    if shipped in (folder.resolve(), *folder.resolve().parents):
        raise SsePredictError(
            f"{str(folder)!r} is the dataset shipped with ssepredict, which is never changed; "
            "name a folder of your own, e.g. --dataset my-dataset (made as a copy when it does not exist)"
        )


def write_folder(path: str | Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables and ``datapackage.json`` into a folder, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Made when it does not exist.
    tables : mapping of str to DataFrame
        Every table, each cell a text.

    Raises
    ------
    OSError
        When a file cannot be written; the folder is as it was before.
    """
    folder = Path(path)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    staging = folder / STAGING
    try:
        finish_writing(folder)
        staging.mkdir()
        for name in TABLES:
            tables[name].to_csv(staging / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        write_datapackage(staging)
        for name in _FILES:
            _flush(staging / name)
        _keep_old(folder, staging)
        (staging / _COMPLETE).touch()
        _flush(staging)
        try:
            _move(staging, folder)
        except BaseException:
            (staging / _COMPLETE).unlink(missing_ok=True)
            _put_back(folder, staging)
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()  # only when nothing was written


def finish_writing(folder: Path) -> None:
    """Move a complete staging folder that a killed process left into place; discard an incomplete one."""
    staging = folder / STAGING
    if staging.is_dir():
        if (staging / _COMPLETE).exists():
            _move(staging, folder)
        shutil.rmtree(staging)


def _move(staging: Path, folder: Path) -> None:
    for name in _FILES:
        if (staging / name).exists():
            os.replace(staging / name, folder / name)
    _flush(folder)


def _keep_old(folder: Path, staging: Path) -> None:
    (staging / "old").mkdir()
    for name in _FILES:
        if (folder / name).exists():
            shutil.copy2(folder / name, staging / "old" / name)


def _put_back(folder: Path, staging: Path) -> None:
    for name in _FILES:
        if (staging / "old" / name).exists():
            os.replace(staging / "old" / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Have the disk hold a file or a folder before what depends on it is done."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
