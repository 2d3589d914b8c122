"""The folder of a ranking: its files are written whole or not at all, and nobody else's are touched."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.exceptions import RankingError
from ssepredict.inference.runs import checkpoint as checkpoints
from ssepredict.inference.runs.folder_lock import LOCK_FILE
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.screening.summary import SUMMARY_KIND

TABLE_FILE, PARQUET_FILE, FRONT_FILE, SUMMARY_FILE, REPORT_FILE = (
    "ranking.csv",
    "ranking.parquet",
    "front.csv",
    "summary.json",
    "report.html",
)
OWN_FILES = (TABLE_FILE, PARQUET_FILE, FRONT_FILE, SUMMARY_FILE, REPORT_FILE)
"""In the order in which they are put in place: the summary vouches for those before it."""
PARTIAL_FOLDER = "partial"
"""Where a partial ranking goes that would otherwise replace a complete one."""

_SCRATCH_PREFIX = ".writing-"
_RUN_FILES = (LOCK_FILE, checkpoints.CHECKPOINT_FILE, checkpoints.FORMER_FILE, checkpoints.FRESH_FILE)


def write_ranking(
    folder: Path, frame: pd.DataFrame, summary: dict[str, Any], front: pd.DataFrame | None = None
) -> None:
    """Write the files of a ranking, all of them or none.

    Everything is written under a temporary name first and then moved. When a move fails, the former ranking
    is put back; when the process is killed in between, summary.json, which vouches for the rest, is missing.

    Parameters
    ----------
    folder : Path
    frame : DataFrame
    summary : dict
    front : DataFrame, optional
        The front of the space, where one was asked for.

    Raises
    ------
    RankingError
        When the folder holds other files or cannot be written.
    """
    checked_folder(folder)
    packed = io.BytesIO()
    bare = frame.copy(deep=False)
    bare.attrs = {}  # the summary tells times; the tables of equal rankings are equal to the last byte
    bare.to_parquet(packed, index=False)
    files = {
        TABLE_FILE: frame.to_csv(index=False, lineterminator="\n").encode(),
        PARQUET_FILE: packed.getvalue(),
        SUMMARY_FILE: (json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    if front is not None:
        files[FRONT_FILE] = front.to_csv(index=False, lineterminator="\n").encode()
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX, dir=folder) as scratch:
            fresh, former = Path(scratch, "new"), Path(scratch, "old")
            fresh.mkdir()
            former.mkdir()
            for name, content in files.items():
                _write_synced(fresh / name, content)
            _exchange(folder, fresh, former)
    except OSError as error:
        if made and folder.exists():
            folder.rmdir()
        raise RankingError(
            f"ranking cannot be written to {folder} ({error.strerror or error}); "
            "name a folder that can be written"
        ) from error


def _write_synced(path: Path, content: bytes) -> None:
    """Write a file and bring it to the disk: the checkpoint is removed once it is there."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _exchange(folder: Path, fresh: Path, former: Path) -> None:
    """Move the former files out and the fresh ones in, or leave everything as it was.

    The former report goes too: it speaks about a table that is no longer there.
    """
    moved: list[tuple[Path, Path]] = []
    out = [(folder / name, former / name) for name in (SUMMARY_FILE, *OWN_FILES) if (folder / name).exists()]
    written = {path.name for path in fresh.iterdir()}
    into = [(fresh / name, folder / name) for name in OWN_FILES if name in written]
    try:
        for source, target in [*dict.fromkeys(out), *into]:
            os.replace(source, target)
            moved.append((source, target))
    except BaseException:  # an interruption too leaves all or nothing
        for source, target in reversed(moved):
            os.replace(target, source)
        raise


def checked_folder(folder: Path) -> Path:
    """Refuse a place that a ranking must not overwrite, before the work is done."""
    if folder.exists() and not folder.is_dir():
        raise RankingError(f"{folder} is a file; name a folder for the ranking")
    try:
        names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise RankingError(f"{folder} cannot be read ({error.strerror}); name another folder") from error
    foreign = sorted(
        name for name in names - {*OWN_FILES, *_RUN_FILES} if not name.startswith(_SCRATCH_PREFIX)
    )
    if foreign and read_summary(folder) is None:
        raise RankingError(
            f"{folder} holds {foreign[0]!r} and no ranking; expected an empty folder, a new one or a former "
            "ranking: name another folder"
        )
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise RankingError(f"{nearest} cannot be written; name a folder that can")
    return folder


def read_summary(folder: Path) -> dict[str, Any] | None:
    """Return the summary of the ranking that a folder holds; None where it holds none."""
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = isinstance(summary, dict) and summary.get("kind") == SUMMARY_KIND
    return summary if known else None


def read_best(folder: Path, front: Sequence[str] = ()) -> Screened | None:
    """Read which candidates a finished ranking lists, with their scores.

    Parameters
    ----------
    folder : Path
    front : sequence of str
        Columns of the front that the ranking has; none where it has no front.

    Returns
    -------
    Screened or None
        None where a file is missing, damaged or other than `write_ranking` writes it.
    """
    try:
        table = pd.read_parquet(folder / PARQUET_FILE, columns=["candidate", "score"])
        best = Screened(table["candidate"].to_numpy(), table["score"].to_numpy())
        if not front:
            return best
        rows = pd.read_csv(folder / FRONT_FILE, float_precision="round_trip")
        points = rows[list(front)].to_numpy(dtype=np.float64)
        return replace(best, front_indices=rows["candidate"].to_numpy(), front_points=points)
    except (OSError, ValueError, KeyError):
        return None


def remove_partial(folder: Path) -> None:
    """Remove what earlier runs left behind: a complete ranking is there now."""
    for scratch in folder.glob(f"{_SCRATCH_PREFIX}*"):
        shutil.rmtree(scratch, ignore_errors=True)
    place = folder / PARTIAL_FOLDER
    if (read_summary(place) or {}).get("partial") is True:
        for name in OWN_FILES:
            (place / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody put a file of theirs there
            place.rmdir()
