"""A Dask cluster: any number of machines behind one scheduler."""

from __future__ import annotations

import logging
import pkgutil
import textwrap
import threading
import time
import uuid
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ssepredict
from ssepredict.exceptions import RankingError, SsePredictError
from ssepredict.inference.engines.job import RANGE, Job
from ssepredict.inference.engines.wire import Part, Range, screened_from_plain, screened_to_plain

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DaskCluster"]

IN_FLIGHT = 3
"""Chunks handed to the scheduler for every thread of its workers, so that none waits for this process."""

CONNECT_S = 15.0
"""Time within which a scheduler that is there answers (s)."""

_SCHEMES = ("tcp", "tls")


@dataclass(frozen=True)
class DaskCluster:
    """The workers behind a Dask scheduler, however the cluster was started.

    Workers may join, leave and die while it runs: Dask repeats what a dead one held.

    Parameters
    ----------
    scheduler : str or distributed.Client
        Address, ``tcp://host:port`` or ``tls://host:port``, or a connected client, which stays open.
    tls_ca, tls_cert, tls_key : str or Path, optional
        Files for TLS in PEM format: certificate authority, own certificate, its key. Dask's own configuration
        is used when none is given.
    chunk : int
        Candidates in one task.
    patience_s : float
        Time to wait for a first or a next worker when there is none (s).

    Raises
    ------
    RankingError
        When the address cannot be read, or TLS files are missing or of no use.
    """

    scheduler: str | Client
    tls_ca: str | Path | None = None
    tls_cert: str | Path | None = None
    tls_key: str | Path | None = None
    chunk: int = RANGE
    patience_s: float = 60.0

    def __post_init__(self) -> None:
        given = {name: file for name, file in self._files.items() if file is not None}
        if not isinstance(self.scheduler, str):
            return
        _check_address(self.scheduler)
        if given and not self.scheduler.startswith("tls://"):
            raise RankingError(
                f"TLS files are given for {self.scheduler}, which is not encrypted; expected tls://host:port"
            )
        for name, file in given.items():
            if not Path(file).is_file():
                raise RankingError(f"{name} {str(file)!r} does not exist; give a file in PEM format")

    @property
    def _files(self) -> dict[str, str | Path | None]:
        return {"tls_ca": self.tls_ca, "tls_cert": self.tls_cert, "tls_key": self.tls_key}

    def describe(self) -> str:
        """Say what it is."""
        address = self.scheduler if isinstance(self.scheduler, str) else self.scheduler.scheduler.address
        return f"Dask cluster {address}"

    def screen(self, job: Job, ranges: Iterable[Range]) -> Generator[Part, None, None]:
        """Screen ranges, a few per worker thread at a time.

        Raises
        ------
        RankingError
            When there is no such scheduler, it or a worker has another version of this package, no worker is
            left, or tasks kill one worker after the other.
        """
        with self._client() as client:
            _check_versions(client, self.describe())
            yield from _Tasks(client, job, self.patience_s).results(iter(ranges))

    @contextmanager
    def _client(self) -> Iterator[Client]:
        try:
            from distributed import Client
        except ImportError as error:
            raise RankingError(
                f"a Dask cluster needs the package distributed ({error}); install ssepredict[distributed]"
            ) from error
        if not isinstance(self.scheduler, str):
            yield self.scheduler
            return
        security = self._security()
        with _without_logs():
            try:
                client = Client(
                    self.scheduler,
                    timeout=min(self.patience_s, CONNECT_S),
                    security=security,
                    set_as_default=False,
                    name="ssepredict",
                )
            except (OSError, ValueError, TypeError) as error:  # no such host, no answer, no TLS
                raise RankingError(
                    f"no Dask scheduler answers at {self.scheduler} ({_cause(error)}); expected a running "
                    "one: look at its address, port, encryption and firewall"
                ) from error
            try:
                yield client
            finally:
                client.close(timeout=2)

    def _security(self) -> Any:
        from distributed import Security

        if not str(self.scheduler).startswith("tls://"):
            return None
        named = {"tls_ca_file": self.tls_ca, "tls_client_cert": self.tls_cert, "tls_client_key": self.tls_key}
        given = {name: str(file) for name, file in named.items() if file is not None}
        security = Security(**given, require_encryption=True)
        missing = [
            option
            for option, name in zip(("tls_ca", "tls_cert", "tls_key"), named, strict=True)
            if getattr(security, name) is None
        ]
        if missing:
            raise RankingError(
                f"{self.scheduler} needs {', '.join(missing)}; expected files in PEM format, given here or "
                "in Dask's configuration"
            )
        return security


class _Tasks:
    """The tasks of one run on a cluster."""

    def __init__(self, client: Client, job: Job, patience_s: float) -> None:
        import dask

        self._client = client
        self._patience = patience_s
        self._name = f"ssepredict-{uuid.uuid4().hex}"
        # A task of its own: Dask moves its result to every worker, and computes it again where all died.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"}):  # it goes once
            self._job = client.submit(_as_it_is, job.to_dict(), key=f"{self._name}-job", pure=False)
        self._threads = 1
        self._asked = self._seen = time.monotonic()

    def results(self, ranges: Iterator[Range]) -> Generator[Part, None, None]:
        from distributed import CancelledError, wait

        waiting: dict[Future, Range] = {}
        try:
            while True:
                self._look_at_workers()
                while len(waiting) < IN_FLIGHT * self._threads and (part := next(ranges, None)) is not None:
                    waiting[self._submit(*part)] = part
                if not waiting:
                    return
                try:
                    with self._client.as_current():
                        done = wait(list(waiting), timeout=1.0, return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    continue
                for future in done:
                    start, stop = waiting.pop(future)
                    yield start, stop, screened_from_plain(self._result(future, start, stop))
                    future.release()
        except (CancelledError, OSError) as error:
            raise RankingError(
                f"the Dask scheduler is lost ({_cause(error)}); start it and its workers again"
            ) from error
        finally:
            self._client.cancel([*waiting, self._job])

    def _submit(self, start: int, stop: int) -> Future:
        key = f"{self._name}-{start}-{stop}"
        return self._client.submit(_screen_part, self._job, self._name, start, stop, key=key, pure=False)

    def _result(self, future: Future, start: int, stop: int) -> dict[str, Any]:
        from distributed import KilledWorker

        if future.status != "error":
            found: dict[str, Any] = future.result()
            return found
        error = future.exception()
        if isinstance(error, SsePredictError):
            raise error
        if isinstance(error, KilledWorker):
            raise RankingError(
                f"one Dask worker after the other died over candidates {start:,} to {stop - 1:,} "
                f"({_cause(error)}); expected workers that stay alive: look at their memory and logs, or use "
                "smaller chunks"
            )
        raise RankingError(
            f"a Dask worker failed on candidates {start:,} to {stop - 1:,} with {type(error).__name__}: "
            f"{_cause(error)}; look at its log"
        )

    def _look_at_workers(self) -> None:
        """Count the threads of the workers now and then; give up when there have been none for long."""
        now = time.monotonic()
        if now - self._asked < 1.0 and self._threads:
            return
        self._asked = now
        self._threads = sum(self._client.nthreads().values())
        if self._threads:
            self._seen = now
        elif now - self._seen > self._patience:
            raise RankingError(
                f"the Dask scheduler has had no worker for {self._patience:g} s; expected at least one: "
                "start workers that connect to it"
            )


@contextmanager
def _without_logs() -> Iterator[None]:
    """Silence what Dask itself prints: a lost scheduler is told in one message, not in tracebacks."""
    own = [logging.getLogger(name) for name in ("distributed", "distributed.client")]  # both have handlers
    former = [logger.handlers for logger in own]
    for logger in own:
        logger.handlers = [logging.NullHandler()]
    try:
        yield
    finally:
        for logger, handlers in zip(own, former, strict=True):
            logger.handlers = handlers


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port is not None
    except ValueError:
        good = False
    if not good:
        raise RankingError(
            f"scheduler address {address!r} cannot be read; expected tcp://host:port or tls://host:port, "
            "e.g. tcp://127.0.0.1:8786"
        )


def _check_versions(client: Client, name: str) -> None:
    """Refuse a cluster where the scheduler or a worker has another version of this package, or none."""
    asked = (pkgutil.resolve_name, "ssepredict:__version__")
    found: dict[str, str] = {}
    for place, ask in (("scheduler", client.run_on_scheduler), ("workers", client.run)):
        try:
            answer = ask(*asked)
        except ImportError as error:
            raise RankingError(
                f"the {place} of {name} cannot import ssepredict ({error}); expected version "
                f"{ssepredict.__version__} everywhere: install it there"
            ) from error
        found |= {place: answer} if place == "scheduler" else answer
    for place, version in found.items():
        if version != ssepredict.__version__:
            raise RankingError(
                f"{place} of {name} has ssepredict {version}, this side has {ssepredict.__version__}; "
                "expected the same everywhere: install the same version there"
            )


def _cause(error: BaseException) -> str:
    """Return what an error says, in one line of bearable length."""
    return textwrap.shorten(str(error), 160, placeholder=" ...") or type(error).__name__


# What follows runs on the workers.

_BUILDING = threading.Lock()
_JOBS: dict[str, Job] = {}
_JOBS_HELD = 4
"""Runs that one worker can take part in without building a job twice."""


def _as_it_is(description: dict[str, Any]) -> dict[str, Any]:
    return description


def _screen_part(description: dict[str, Any], name: str, start: int, stop: int) -> dict[str, Any]:
    """Screen a range with the job of this run, which is built once in a process."""
    with _BUILDING:
        if name not in _JOBS:
            while len(_JOBS) >= _JOBS_HELD:
                _JOBS.pop(next(iter(_JOBS)))
            _JOBS[name] = Job.from_dict(description)
        job = _JOBS[name]
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return screened_to_plain(job.run(start, stop))
