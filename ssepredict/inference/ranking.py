"""Ranks a space: one run on some engine, kept on its way, listed and written at its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ssepredict.exceptions import RankingError
from ssepredict.inference.engines.engine import Engine, as_engine
from ssepredict.inference.engines.job import Job
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.runs import checkpoint as checkpoints
from ssepredict.inference.runs.files import (
    PARQUET_FILE,
    PARTIAL_FOLDER,
    REPORT_FILE,
    SUMMARY_FILE,
    TABLE_FILE,
    checked_folder,
    read_best,
    read_summary,
    remove_partial,
    write_ranking,
)
from ssepredict.inference.runs.folder_lock import locked
from ssepredict.inference.runs.run import Run
from ssepredict.inference.screening.listing import list_candidates, list_front
from ssepredict.inference.screening.ranges import BLOCK
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.screening.selecting import listed_rows
from ssepredict.inference.screening.summary import SUMMARY_FORMAT, explain_empty, summarise
from ssepredict.inference.spaces.space import SubstitutionSpace

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

__all__ = [
    "PARQUET_FILE",
    "PARTIAL_FOLDER",
    "REPORT_FILE",
    "SUMMARY_FILE",
    "SUMMARY_FORMAT",
    "TABLE_FILE",
    "RankingInterrupted",
    "rank",
    "write_ranking",
]

MOST_CHUNKS = 100_000
"""Chunks of a run, unless the caller says otherwise: a scheduler hands out some dozens in a second."""

Tell = Callable[[int, int], None]
"""Called with the candidates done and the candidates in all."""


class RankingInterrupted(KeyboardInterrupt):
    """A ranking was interrupted; what was found so far was kept.

    Parameters
    ----------
    message : str
    frame : DataFrame or None
        The ranking of what was found, as `rank` gives it; None where no candidate was found yet, or a second
        interruption left no time to list them.
    folder : Path or None
        Where it was written.
    """

    def __init__(self, message: str, frame: pd.DataFrame | None, folder: Path | None) -> None:
        self.frame = frame
        self.folder = folder
        super().__init__(message)

    @property
    def complete(self) -> bool:
        """Whether `frame` is the whole ranking all the same: every candidate was done already."""
        return self.frame is not None and not self.frame.attrs["summary"]["partial"]


def rank(
    space: SubstitutionSpace,
    predictor: Predictor,
    objective: Objective | None = None,
    top: int = 100,
    *,
    engine: Engine | int | str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    chunk: int | None = None,
    progress: Tell | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """Rank the candidates of a space.

    The space is streamed in chunks: decode, sites, rules that need no prediction, predictions for what
    passes, score, rules on the predictions, and the best are kept. Memory does not grow with the space,
    and the result does not depend on the engine, the number of workers or the size of the chunks. Ties go to
    the lower position in the space.

    Parameters
    ----------
    space : SubstitutionSpace
    predictor : Predictor
    objective : Objective, optional
        Default: at 25 °C a conductivity above and an activation energy below the host's best reported values.
    top : int
        Rows to keep.
    engine : Engine, int or str, optional
        Where it runs: this process when omitted, so many worker processes of this machine, the address of a
        Dask scheduler, or an engine of `ssepredict.inference.engines`.
    out : str or Path, optional
        Folder for ranking.csv, ranking.parquet and summary.json. A former ranking there is replaced, its
        report.html removed; a folder with other files is refused. A run of more than a few seconds keeps its
        progress there until it is complete.
    resume : bool
        Go on where an earlier run with the same arguments into `out` ended, however it ended; the engine and
        the chunk may be others. Where there is none, start.
    chunk : int, optional
        Candidates in one piece of work; when omitted the engine's own, larger where a run would have more
        than 100,000 pieces.
    progress : callable, optional
        Called with (candidates done, candidates in all) after every chunk.
    limit : int, optional
        Look at so many candidates only, spread evenly over the space.

    Returns
    -------
    DataFrame
        At most `top` rows, the best first; columns as in `list_candidates`. ``frame.attrs["summary"]`` holds
        the content of summary.json, ``frame.attrs["front"]`` the columns of front.csv where the objective
        asks for a front.

    Raises
    ------
    RankingError
        When an argument is out of range, the engine cannot be used or gives up, every candidate is rejected,
        the predictor can score nothing, the folder cannot be written or is in use, or an unfinished run there
        was asked something else.
    RankingInterrupted
        On Ctrl-C, with the partial ranking; `out` holds it too, marked partial, and the run can be resumed.
        Once every candidate is done the ranking is finished first: the exception is `complete`, and `out`
        holds what it would hold otherwise. Plain KeyboardInterrupt when no chunk was done.
    """
    for name, value in (("top", top), ("chunk", chunk), ("limit", limit)):
        if value is not None and value < 1:
            raise RankingError(f"{name} is {value}; expected a whole number of 1 or more")
    if resume and out is None:
        raise RankingError("resume is asked for without a folder; name the folder of the run as `out`")
    chosen = as_engine(engine)
    folder = None if out is None else checked_folder(Path(out))
    total = len(space) if limit is None else min(limit, len(space))
    job = Job(space, predictor, Objective() if objective is None else objective, top, total)
    _ = job.screen  # refuses what cannot be scored before anything is touched
    with ExitStack() as stack:
        checkpoint = earlier = None
        if folder is not None:
            stack.enter_context(locked(folder))
            checkpoint = checkpoints.Checkpoint(folder, job.question, checkpoints.SECONDS)
            earlier = checkpoint.load() if resume else None
            if resume and earlier is None and (frame := _finished(folder, job)) is not None:
                return frame
        run = Run(job, checkpoint, earlier)
        try:
            run.screen(chosen, chunk or _chunk_size(chosen, total), progress)
            return _finish(run, chosen, folder)
        except KeyboardInterrupt:
            if not run.progress.done:
                raise
            raise _interrupted(run, chosen, folder) from None


def _chunk_size(engine: Engine, total: int) -> int:
    """Candidates in a chunk: the engine's own number, or more whole blocks where chunks would be too many."""
    fewest = -(-total // MOST_CHUNKS)
    return engine.chunk if fewest <= engine.chunk else -(-fewest // BLOCK) * BLOCK


def _listed(run: Run, engine: Engine) -> pd.DataFrame:
    """Describe the best candidates of a run, with the summary."""
    job, found = run.job, run.progress
    if not len(found.best.indices):
        if run.checkpoint is not None:
            run.checkpoint.remove()
        raise RankingError(explain_empty(found.best.tally))
    rows = listed_rows(job.space, found.best.indices, found.best.scores, job.objective.selection, job.top)
    best = replace(found.best, indices=found.best.indices[rows], scores=found.best.scores[rows])
    frame = _described(job, best)
    summary = summarise(job.screen, found.best.tally, len(frame), found.seconds)
    summary["candidates"]["asked_for"] = job.total
    if "front" in frame.attrs:
        selection = job.objective.selection
        summary["front"] = {
            "columns": list(selection.pareto),
            "coarse": selection.coarse,
            "candidates": len(best.front_indices),
        }
    frame.attrs["summary"] = {
        **summary,
        "partial": not run.complete,
        "engine": engine.describe(),
        "question": job.question,
    }
    return frame


def _described(job: Job, best: Screened) -> pd.DataFrame:
    """List the candidates, and hold the front of the space as plain values: pandas compares attributes."""
    frame = list_candidates(job.screen, best)
    if len(best.front_indices):
        frame.attrs["front"] = list_front(job.screen, best).to_dict("list")
    return frame


def _front_of(frame: pd.DataFrame) -> pd.DataFrame | None:
    return pd.DataFrame(frame.attrs["front"]) if "front" in frame.attrs else None


def _finish(run: Run, engine: Engine, folder: Path | None) -> pd.DataFrame:
    """List and write the ranking of a run that is done, and remove what it kept on its way."""
    frame = _listed(run, engine)
    if folder is None:
        return frame
    if run.checkpoint is not None and run.checkpoint.written:
        run.keep()
    try:
        write_ranking(folder, frame, frame.attrs["summary"], _front_of(frame))
    except RankingError as error:
        raise RankingError(f"{error}{run.kept}") from error
    if run.checkpoint is not None:
        run.checkpoint.remove()
    remove_partial(folder)
    return frame


def _interrupted(run: Run, engine: Engine, folder: Path | None) -> RankingInterrupted:
    """Keep what an interrupted run has found, and say what was kept."""
    run.keep()
    said = f"interrupted after {run.progress.count:,} of {run.job.total:,} candidates"
    try:
        if run.complete:
            frame = _finish(run, engine, folder)
            place = "" if folder is None else f" in {folder}"
            return RankingInterrupted(f"{said}; the ranking{place} is complete", frame, folder)
        return _partial(run, engine, folder, said)
    except KeyboardInterrupt:
        return RankingInterrupted(f"{said}, and again before they were ranked{run.kept}", None, None)


def _partial(run: Run, engine: Engine, folder: Path | None, said: str) -> RankingInterrupted:
    """List what a run has found that is not done, and write it where it replaces nothing complete."""
    frame = _listed(run, engine) if len(run.progress.best.indices) else None
    if frame is None or folder is None:
        return RankingInterrupted(f"{said}{run.kept}", frame, None)
    former = read_summary(folder)
    beside = former is not None and not former.get("partial")
    place = folder / PARTIAL_FOLDER if beside else folder
    write_ranking(place, frame, frame.attrs["summary"], _front_of(frame))
    return RankingInterrupted(f"{said}; what was found is ranked in {place}{run.kept}", frame, place)


def _finished(folder: Path, job: Job) -> pd.DataFrame | None:
    """Return the complete ranking that a folder holds already; None where it holds none."""
    summary = read_summary(folder)
    if summary is None or summary.get("partial") is not False:
        return None
    checkpoints.refuse_other_question(summary.get("question", {}), job.question, folder / SUMMARY_FILE)
    best = read_best(folder, job.objective.selection.pareto)
    if best is None:
        return None
    frame = _described(job, best)
    frame.attrs["summary"] = summary
    return frame
