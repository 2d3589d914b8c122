"""Where chunks of candidates are screened: this process, processes of this machine, a Dask cluster.

Every engine is given the same job and the same ranges of candidates and gives back what each range holds, in
any order. What a range holds does not depend on who screens it, so the ranking does not either.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ssepredict.exceptions import RankingError
from ssepredict.inference.engines.dask_cluster import DaskCluster
from ssepredict.inference.engines.job import RANGE, Job
from ssepredict.inference.engines.local_workers import LocalWorkers
from ssepredict.inference.engines.wire import Part, Range


@runtime_checkable
class Engine(Protocol):
    """What `rank` needs of a place where chunks are screened."""

    @property
    def chunk(self) -> int:
        """Candidates in one chunk, when the caller does not say."""

    def describe(self) -> str:
        """Say in words what it is, for the summary of a ranking."""

    def screen(self, job: Job, ranges: Iterable[Range]) -> Generator[Part, None, None]:
        """Screen ranges of candidates and yield each with what it holds, in any order, each once.

        `ranges` may be very long: it is drawn from as results are taken. Closing the iterator ends the work.
        """


@dataclass(frozen=True)
class ThisProcess:
    """One range after the other, here, with one thread: what `rank` does unless it is told otherwise."""

    chunk: int = RANGE

    def describe(self) -> str:
        """Say what it is."""
        return "this process"

    def screen(self, job: Job, ranges: Iterable[Range]) -> Generator[Part, None, None]:
        """Screen ranges in their order."""
        from threadpoolctl import threadpool_limits

        # More threads may sum in another order; workers have one, and results are to be the same bits.
        with threadpool_limits(1):
            for start, stop in ranges:
                yield start, stop, job.run(start, stop)


def as_engine(given: Engine | int | str | None) -> Engine:
    """Read what a caller names as an engine.

    Parameters
    ----------
    given : Engine, int, str or None
        None is this process, a number so many worker processes, a text the address of a Dask scheduler.

    Raises
    ------
    RankingError
        When it names no engine.

    Examples
    --------
    >>> as_engine(2).describe(), as_engine("tcp://10.0.0.1:8786").describe()
    ('2 local worker processes', 'Dask cluster tcp://10.0.0.1:8786')
    """
    if given is None:
        return ThisProcess()
    if isinstance(given, int) and not isinstance(given, bool):
        return LocalWorkers(given)
    if isinstance(given, str):
        return DaskCluster(given)
    if isinstance(given, Engine):
        return given
    raise RankingError(
        f"engine is {given!r}; expected None for this process, a number of local workers, the address of a "
        "Dask scheduler, or an engine of ssepredict.inference.engines"
    )
