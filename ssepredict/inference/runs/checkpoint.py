"""How far a ranking has come, on the disk, so that a run that ends early can be continued."""

from __future__ import annotations

import bisect
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssepredict.exceptions import RankingError
from ssepredict.inference.engines.job import differences
from ssepredict.inference.engines.wire import Range, screened_from_plain, screened_to_plain
from ssepredict.inference.screening.screened import Screened

__all__ = [
    "CHECKPOINT_FILE",
    "FORMER_FILE",
    "FRESH_FILE",
    "SECONDS",
    "Checkpoint",
    "Progress",
    "UnsavedError",
    "refuse_other_question",
]

CHECKPOINT_FILE = "checkpoint.json"
FORMER_FILE = "checkpoint.former.json"
"""The checkpoint of an unfinished run that another run began over."""

SECONDS = 5.0
"""Time between two checkpoints (s); longer where writing one takes more than a twentieth of it."""

FRESH_FILE = ".checkpoint.json.part"
"""A checkpoint that is being written."""

_KIND, _FORMAT = "ssepredict checkpoint", 1


class UnsavedError(RankingError):
    """The progress cannot be written."""


@dataclass(frozen=True, eq=False)
class Progress:
    """What has been screened of the candidates of a run, and the best of it.

    Parameters
    ----------
    done : tuple of (int, int)
        Finished ranges of candidates, first and one past the last, in order and apart.
    best : Screened
    seconds : float
        Wall time spent (s), over all runs that contributed.
    """

    done: tuple[Range, ...] = ()
    best: Screened = field(default_factory=Screened)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Candidates that are done."""
        return sum(stop - start for start, stop in self.done)

    def add(self, start: int, stop: int, best: Screened) -> Progress:
        """Return the progress with one more range, and the best of all.

        Raises
        ------
        ValueError
            When some of the range is done already: its candidates would count twice.

        Examples
        --------
        >>> Progress(((0, 4), (8, 9))).add(4, 8, Screened()).done
        ((0, 9),)
        """
        place = bisect.bisect(self.done, (start, stop))
        before, after = list(self.done[:place]), list(self.done[place:])
        if not start < stop or (before and before[-1][1] > start) or (after and after[0][0] < stop):
            raise ValueError(f"candidates {start} to {stop - 1} are done already, or none")
        if before and before[-1][1] == start:
            start = before.pop()[0]
        if after and after[0][0] == stop:
            stop = after.pop(0)[1]
        return Progress((*before, (start, stop), *after), best, self.seconds)

    def missing(self, total: int) -> list[Range]:
        """Ranges that are left of `total` candidates.

        Examples
        --------
        >>> Progress(((2, 4), (8, 9))).missing(10)
        [(0, 2), (4, 8), (9, 10)]
        """
        ends = [0, *(stop for _, stop in self.done)]
        starts = [*(start for start, _ in self.done), total]
        return [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]


class Checkpoint:
    """The file that keeps the progress of one run.

    It is replaced as a whole: written under another name, brought to the disk, then moved, so that a kill or
    a full disk leaves the one before. A run of a few seconds never writes one.

    Parameters
    ----------
    folder : Path
        Exists; nobody else writes there.
    question : mapping
        `Job.question` of the run.
    seconds : float
        Time between two checkpoints (s).
    """

    def __init__(self, folder: Path, question: Mapping[str, Any], seconds: float = SECONDS) -> None:
        self._folder = folder
        self._question = dict(question)
        self._pause = seconds
        self._due = time.monotonic() + seconds
        self._own = False

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._folder / CHECKPOINT_FILE

    def load(self) -> Progress | None:
        """Read how far an earlier run of the same question has come; None where none left a checkpoint.

        Raises
        ------
        RankingError
            When it is damaged or belongs to another question, with what differs.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RankingError(f"{self.path} cannot be read ({error.strerror}); check its rights") from error
        question, progress = _parse(content, self.path)
        refuse_other_question(question, self._question, self.path)
        self._own = True
        return progress

    def save_if_due(self, progress: Progress) -> None:
        """Write the progress when the last time is long enough ago.

        Raises
        ------
        UnsavedError
            When it cannot be written; what was written before stays.
        """
        if time.monotonic() >= self._due:
            self.save(progress)

    def save(self, progress: Progress) -> None:
        """Write the progress.

        Raises
        ------
        UnsavedError
            When it cannot be written; what was written before stays.
        """
        began = time.monotonic()
        fresh = self._folder / FRESH_FILE
        try:
            with fresh.open("wb") as file:
                file.write(_content(self._question, progress))
                file.flush()
                os.fsync(file.fileno())
            if not self._own and self.path.exists():
                os.replace(self.path, self._folder / FORMER_FILE)
            os.replace(fresh, self.path)
            _sync_folder(self._folder)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise UnsavedError(
                f"progress cannot be saved in {self._folder} ({error.strerror or error}); "
                "make room or restore the rights there, then resume"
            ) from error
        self._own = True
        ended = time.monotonic()
        self._due = ended + max(self._pause, 20.0 * (ended - began))

    @property
    def written(self) -> bool:
        """Whether this run, or the one that it continues, has written it."""
        return self._own

    def remove(self) -> None:
        """Remove it, and what an abandoned run left beside it: the ranking is complete."""
        for name in (CHECKPOINT_FILE, FORMER_FILE, FRESH_FILE):
            (self._folder / name).unlink(missing_ok=True)


def refuse_other_question(old: Mapping[str, Any], new: Mapping[str, Any], path: Path) -> None:
    """Refuse to continue what was asked differently.

    Raises
    ------
    RankingError
        With every entry that differs.
    """
    changed = differences(old, new)
    if changed:
        raise RankingError(
            f"{path} belongs to another run; these differ: {'; '.join(changed)}. Expected the same space, "
            "objective, model, code, top and limit to resume: repeat the former call, or start anew without "
            "resuming or in another folder"
        )


def _content(question: Mapping[str, Any], progress: Progress) -> bytes:
    body = json.dumps(
        {
            "question": question,
            "seconds": progress.seconds,
            "done": progress.done,
            "best": screened_to_plain(progress.best),
        }
    )
    head = {"kind": _KIND, "format": _FORMAT, "sha256": hashlib.sha256(body.encode()).hexdigest()}
    return f"{json.dumps(head)}\n{body}\n".encode()


def _parse(content: bytes, path: Path) -> tuple[dict[str, Any], Progress]:
    remedy = "remove it to start anew"
    head_line, _, body = content.partition(b"\n")
    try:
        head = json.loads(head_line)
        known = head["kind"] == _KIND and head["format"] == _FORMAT
    except (ValueError, TypeError, KeyError):
        raise RankingError(f"{path} is no checkpoint of a ranking; {remedy}") from None
    if not known:
        raise RankingError(
            f"{path} is a checkpoint of format {head['format']}, expected {_FORMAT}; resume with the version "
            f"that wrote it, or {remedy}"
        )
    if hashlib.sha256(body.removesuffix(b"\n")).hexdigest() != head.get("sha256"):
        raise RankingError(f"{path} is damaged: its SHA-256 differs from the one it states; {remedy}")
    raw = json.loads(body)
    done = tuple((start, stop) for start, stop in raw["done"])
    return raw["question"], Progress(done, screened_from_plain(raw["best"]), raw["seconds"])


def _sync_folder(folder: Path) -> None:
    """Bring the move itself to the disk, where folders can be opened for that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
