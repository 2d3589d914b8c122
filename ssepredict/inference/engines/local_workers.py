"""Worker processes on this machine: started anew, never forked; one that dies is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ssepredict.exceptions import RankingError
from ssepredict.inference.engines.job import RANGE, Job
from ssepredict.inference.engines.wire import Part, Range, screened_from_plain
from ssepredict.inference.screening.screened import Screened

ATTEMPTS = 3
"""Worker processes in a row that may die over one chunk before the run gives up."""

_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


@dataclass(frozen=True)
class LocalWorkers:
    """Processes on this machine, each with one thread.

    They are started as programs of their own, so a script needs no ``if __name__ == "__main__"`` for them.

    Parameters
    ----------
    count : int
        Processes.
    chunk : int
        Candidates that one is given at a time.

    Raises
    ------
    RankingError
        When the count is below one.
    """

    count: int
    chunk: int = RANGE

    def __post_init__(self) -> None:
        if self.count < 1:
            raise RankingError(f"workers is {self.count}; expected a whole number of 1 or more")

    def describe(self) -> str:
        """Say what it is."""
        return f"{self.count} local worker process{'' if self.count == 1 else 'es'}"

    def screen(self, job: Job, ranges: Iterable[Range]) -> Generator[Part, None, None]:
        """Screen ranges, each by whichever worker is free.

        Raises
        ------
        RankingError
            When workers die again and again, or one refuses the job.
        """
        pool = _Pool(self.count, json.dumps(job.to_dict()).encode() + b"\n", ranges)
        try:
            yield from pool.results()
        finally:
            pool.close()


class _Pool:
    """One thread per worker process: it hands out a range, waits for the answer, replaces a dead worker."""

    def __init__(self, count: int, description: bytes, ranges: Iterable[Range]) -> None:
        self._description = description
        self._ranges = iter(ranges)
        self._lock = threading.Lock()
        self._stopped = False
        self._workers: dict[int, _Worker] = {}
        # Bounded, so that workers wait for a slow reader instead of piling up results.
        self._found: queue.Queue[Part | BaseException | None] = queue.Queue(maxsize=2 * count)
        self._threads = [
            threading.Thread(target=self._serve, args=(slot,), name=f"ssepredict-worker-{slot}", daemon=True)
            for slot in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[Part]:
        running = len(self._threads)
        while running:
            found = self._found.get()
            if found is None:
                running -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found

    def close(self) -> None:
        """End every worker and wait for the threads."""
        with self._lock:
            self._stopped = True
            for worker in self._workers.values():
                worker.kill()
        for thread in self._threads:
            while thread.is_alive():
                try:  # a thread may be waiting to hand over a result that nobody wants any more
                    self._found.get(timeout=0.05)
                except queue.Empty:
                    thread.join(timeout=0.05)

    def _serve(self, slot: int) -> None:
        try:
            while (part := self._next()) is not None:
                self._found.put((*part, self._screened(slot, *part)))
        except BaseException as error:
            self._found.put(error)
        finally:
            if (worker := self._workers.get(slot)) is not None:
                worker.leave()
            self._found.put(None)

    def _next(self) -> Range | None:
        with self._lock:
            return None if self._stopped else next(self._ranges, None)

    def _screened(self, slot: int, start: int, stop: int) -> Screened:
        last = "nothing"
        for _ in range(ATTEMPTS):
            try:
                return self._worker(slot).ask(start, stop)
            except _DiedError as death:
                last = str(death)
                with self._lock:
                    self._workers.pop(slot, None)
                    if self._stopped:
                        break
        raise RankingError(
            f"{ATTEMPTS} worker processes in a row died over candidates {start:,} to {stop - 1:,} (the last: "
            f"{last}); expected workers that stay alive: look at the memory of this machine, or use fewer "
            "workers or smaller chunks"
        )

    def _worker(self, slot: int) -> _Worker:
        worker = self._workers.get(slot)
        if worker is None:
            with self._lock:  # not while the pool is closing: nobody would end it
                if self._stopped:
                    raise _DiedError("the pool is closed")
                try:
                    worker = self._workers[slot] = _Worker()
                except OSError as error:
                    raise _DiedError(f"it could not be started: {error}") from error
            worker.begin(self._description)
        return worker


class _DiedError(Exception):
    """A worker process ended."""


class _Worker:
    """One process, spoken to by lines."""

    def __init__(self) -> None:
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        environment["PYTHONPATH"] = os.pathsep.join(place or os.getcwd() for place in sys.path)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process lives)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ssepredict.inference.engines.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=environment,
                start_new_session=True,  # a terminal's Ctrl-C is for this process alone
            )
        except OSError:
            self._said.close()
            raise

    def begin(self, description: bytes) -> None:
        self._exchange(description)

    def ask(self, start: int, stop: int) -> Screened:
        answer = self._exchange(json.dumps([start, stop]).encode() + b"\n")
        return screened_from_plain(answer["part"])

    def kill(self) -> None:
        self._process.kill()

    def leave(self) -> None:
        """Let it end by itself, which it does at the end of its input, and clear up."""
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):  # what it did not read any more
                stream.close()
        self._process.wait()
        self._said.close()

    def _exchange(self, request: bytes) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise _DiedError(self._epitaph())
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise RankingError(answer["refused"])
        return answer

    def _epitaph(self) -> str:
        """Say how it ended, and its last words."""
        self._process.kill()
        status = self._process.wait()
        self._said.seek(0)
        words = self._said.read()[-2000:].decode(errors="replace").strip().splitlines()
        self.leave()
        end = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"{end}, {words[-1]!r}" if words else end
