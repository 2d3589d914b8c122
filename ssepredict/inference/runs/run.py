"""One ranking on its way: what is missing is screened, what is found is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from ssepredict.exceptions import RankingError
from ssepredict.inference.engines.engine import Engine
from ssepredict.inference.engines.job import Job
from ssepredict.inference.runs.checkpoint import Checkpoint, Progress, UnsavedError
from ssepredict.inference.screening.ranges import iter_ranges

__all__ = ["Run"]


class Run:
    """A job, how far it has come, and where that is kept.

    Parameters
    ----------
    job : Job
    checkpoint : Checkpoint, optional
        None keeps nothing.
    progress : Progress, optional
        Where an earlier run ended.

    Attributes
    ----------
    progress : Progress
        Always whole: a range is in it with everything it holds, or not at all, however the run ends.
    """

    def __init__(
        self, job: Job, checkpoint: Checkpoint | None = None, progress: Progress | None = None
    ) -> None:
        self.job = job
        self.checkpoint = checkpoint
        self.progress = Progress() if progress is None else progress

    @property
    def complete(self) -> bool:
        """Whether every candidate is done."""
        return self.progress.count == self.job.total

    def screen(self, engine: Engine, chunk: int, tell: Callable[[int, int], None] | None = None) -> None:
        """Screen what is missing.

        Parameters
        ----------
        engine : Engine
        chunk : int
            Candidates in one piece of work.
        tell : callable, optional
            Called with (candidates done, candidates in all) at the start of a resumed run and after every
            chunk.

        Raises
        ------
        RankingError
            When the engine gives up or the progress cannot be kept. What is done is in the checkpoint, if
            there is one, as after any other exception.
        """
        job, began, before = self.job, time.perf_counter(), self.progress.seconds
        if tell is not None and self.progress.done:
            tell(self.progress.count, job.total)
        ranges = iter_ranges(self.progress.missing(job.total), chunk)
        try:
            with closing(engine.screen(job, ranges)) as parts:
                for start, stop, part in parts:
                    wider = self.progress.add(start, stop, job.merge(self.progress.best, part))
                    self.progress = replace(wider, seconds=before + time.perf_counter() - began)
                    if self.checkpoint is not None:
                        self.checkpoint.save_if_due(self.progress)
                    if tell is not None:
                        tell(self.progress.count, job.total)
        except UnsavedError:
            raise
        except RankingError as error:
            self.keep()
            raise RankingError(f"{error}{self.kept}") from error
        except Exception:
            self.keep()
            raise

    def keep(self) -> None:
        """Write the checkpoint, where something is done.

        Raises
        ------
        UnsavedError
            When it cannot be written.
        """
        if self.checkpoint is not None and self.progress.done:
            self.checkpoint.save(self.progress)

    @property
    def kept(self) -> str:
        """Say what is kept, to end a message with; empty where nothing is."""
        if self.checkpoint is None or not self.checkpoint.written:
            return ""
        return (
            f". {self.progress.count:,} of {self.job.total:,} candidates are done and kept in "
            f"{self.checkpoint.path}: resume to go on from there"
        )
