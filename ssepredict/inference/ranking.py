"""Streams a space, keeps the best candidates, writes the ranking whole or not at all."""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ssepredict.exceptions import RankingError
from ssepredict.inference.enumeration import IntArray
from ssepredict.inference.listing import list_candidates
from ssepredict.inference.objective import Objective
from ssepredict.inference.screening import Screen, Screened
from ssepredict.inference.space import SubstitutionSpace
from ssepredict.inference.summary import SUMMARY_FORMAT, SUMMARY_KIND, explain_empty, summarise

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

__all__ = [
    "CHUNK",
    "PARQUET_FILE",
    "REPORT_FILE",
    "SUMMARY_FILE",
    "SUMMARY_FORMAT",
    "TABLE_FILE",
    "iter_chunks",
    "rank",
    "write_ranking",
]

TABLE_FILE, PARQUET_FILE, SUMMARY_FILE, REPORT_FILE = (
    "ranking.csv",
    "ranking.parquet",
    "summary.json",
    "report.html",
)
OWN_FILES = (TABLE_FILE, PARQUET_FILE, SUMMARY_FILE, REPORT_FILE)
CHUNK = 8192
"""Candidates held at a time: a few dozen MB of arrays."""

_SCRATCH_PREFIX = ".writing-"

Progress = Callable[[int, int], None]
"""Called with the candidates done and the candidates in all."""


def rank(
    space: SubstitutionSpace,
    predictor: Predictor,
    objective: Objective | None = None,
    top: int = 100,
    *,
    out: str | Path | None = None,
    chunk: int = CHUNK,
    progress: Progress | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """Rank the candidates of a space.

    The space is streamed in chunks: decode, sites, rules that need no prediction, predictions for what
    passes, score, rules on the predictions, and the best are kept. Memory does not grow with the space,
    and the result does not depend on the size of the chunks. Ties go to the lower position in the space.

    Parameters
    ----------
    space : SubstitutionSpace
    predictor : Predictor
    objective : Objective, optional
        Default: at 25 °C a conductivity above and an activation energy below the host's best reported values.
    top : int
        Rows to keep.
    out : str or Path, optional
        Folder for ranking.csv, ranking.parquet and summary.json. A former ranking there is replaced, its
        report.html removed; a folder with other files is refused.
    chunk : int
        Candidates held at a time.
    progress : callable, optional
        Called with (candidates done, candidates in all) after every chunk.
    limit : int, optional
        Look at so many candidates only, spread evenly over the space.

    Returns
    -------
    DataFrame
        At most `top` rows, the best first; columns as in `list_candidates`. ``frame.attrs["summary"]`` holds
        the content of summary.json.

    Raises
    ------
    RankingError
        When an argument is out of range, every candidate is rejected, the predictor can score nothing, or the
        folder cannot be written.
    """
    for name, value in (("top", top), ("chunk", chunk), ("limit", 1 if limit is None else limit)):
        if value < 1:
            raise RankingError(f"{name} is {value}; expected a whole number of 1 or more")
    folder = None if out is None else _checked_folder(Path(out))
    started = time.perf_counter()
    wanted = Objective() if objective is None else objective
    resolved = wanted.resolve(space.host_sites, space.host, predictor)
    screen = Screen(space, predictor, wanted, resolved)
    total = len(space) if limit is None else min(limit, len(space))
    best = Screened()
    done = 0
    for indices in iter_chunks(len(space), total, chunk):
        best = best.merge(screen.run(indices, top), top)
        done += len(indices)
        if progress is not None:
            progress(done, total)
    if not len(best.indices):
        raise RankingError(explain_empty(best.tally))
    frame = list_candidates(screen, best)
    summary = summarise(screen, best.tally, len(frame), time.perf_counter() - started)
    if folder is not None:
        write_ranking(folder, frame, summary)
    frame.attrs["summary"] = summary
    return frame


def iter_chunks(size: int, total: int, chunk: int) -> Iterator[IntArray]:
    """Yield positions in chunks: all of a space, or `total` of them spread evenly.

    Examples
    --------
    >>> [part.tolist() for part in iter_chunks(9, 3, 2)]
    [[0, 3], [6]]
    """
    for start in range(0, total, chunk):
        numbers = range(start, min(start + chunk, total))
        # Whole numbers of any size in Python: number * size may not fit into 64 bits.
        yield np.fromiter(
            (number * size // total for number in numbers) if total < size else numbers,
            dtype=np.int64,
            count=len(numbers),
        )


def write_ranking(folder: Path, frame: pd.DataFrame, summary: dict[str, Any]) -> None:
    """Write the files of a ranking, all of them or none.

    Everything is written under a temporary name first and then moved. When a move fails, the former ranking
    is put back; when the process is killed in between, summary.json, which vouches for the rest, is missing.

    Parameters
    ----------
    folder : Path
    frame : DataFrame
    summary : dict

    Raises
    ------
    RankingError
        When the folder holds other files or cannot be written.
    """
    _checked_folder(folder)
    packed = io.BytesIO()
    frame.to_parquet(packed, index=False)
    files = {
        TABLE_FILE: frame.to_csv(index=False, lineterminator="\n").encode(),
        PARQUET_FILE: packed.getvalue(),
        SUMMARY_FILE: (json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
    }
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX, dir=folder) as scratch:
            fresh, former = Path(scratch, "new"), Path(scratch, "old")
            fresh.mkdir()
            former.mkdir()
            for name, content in files.items():
                (fresh / name).write_bytes(content)
            _exchange(folder, fresh, former)
    except OSError as error:
        if made and folder.exists():
            folder.rmdir()
        raise RankingError(
            f"ranking cannot be written to {folder} ({error.strerror or error}); "
            "name a folder that can be written"
        ) from error


def _exchange(folder: Path, fresh: Path, former: Path) -> None:
    """Move the former files out and the fresh ones in, or leave everything as it was.

    The former report goes too: it speaks about a table that is no longer there.
    """
    moved: list[tuple[Path, Path]] = []
    out = [(folder / name, former / name) for name in (SUMMARY_FILE, *OWN_FILES) if (folder / name).exists()]
    into = [(fresh / name, folder / name) for name in (TABLE_FILE, PARQUET_FILE, SUMMARY_FILE)]
    try:
        for source, target in [*dict.fromkeys(out), *into]:
            os.replace(source, target)
            moved.append((source, target))
    except OSError:
        for source, target in reversed(moved):
            os.replace(target, source)
        raise


def _checked_folder(folder: Path) -> Path:
    """Refuse a place that a ranking must not overwrite, before the work is done."""
    if folder.exists() and not folder.is_dir():
        raise RankingError(f"{folder} is a file; name a folder for the ranking")
    try:
        names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise RankingError(f"{folder} cannot be read ({error.strerror}); name another folder") from error
    foreign = sorted(name for name in names - set(OWN_FILES) if not name.startswith(_SCRATCH_PREFIX))
    if foreign and not _is_ranking(folder):
        raise RankingError(
            f"{folder} holds {foreign[0]!r} and no ranking; expected an empty folder, a new one or a former "
            "ranking: name another folder"
        )
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise RankingError(f"{nearest} cannot be written; name a folder that can")
    return folder


def _is_ranking(folder: Path) -> bool:
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and summary.get("kind") == SUMMARY_KIND
