"""Candidates per second on local workers and on a Dask cluster, and the time to resume.

Every engine ranks the same even sample of a shipped space. The rate counts the candidates after the first
chunk alone, when every process has loaded the model; the time until then stands apart.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ssepredict
from benchmarks.timing import Figure
from ssepredict.inference.engines import DaskCluster, Engine, LocalWorkers, ThisProcess
from ssepredict.inference.ranking import RankingInterrupted
from ssepredict.inference.runs import checkpoint

NAME = "engines"
SPACE = "na3zr2si2po12"
CANDIDATES = 131_072
CHUNK = 8192
COUNTS = (1, 2)


def run() -> list[Figure]:
    figures = _measure("this process", ThisProcess())
    for count in COUNTS:
        figures += _measure(f"{count} local worker{'s' * (count > 1)}", LocalWorkers(count))
    for count in COUNTS:
        with _cluster(count) as address:
            figures += _measure(f"Dask, {count} worker{'s' * (count > 1)}", DaskCluster(address))
    return [*figures, *_resuming()]


def _measure(name: str, engine: Engine) -> list[Figure]:
    space, predictor = ssepredict.SubstitutionSpace.from_toml(SPACE), ssepredict.load_predictor()
    began, seen = time.perf_counter(), []
    ssepredict.rank(
        space,
        predictor,
        engine=engine,
        limit=CANDIDATES,
        chunk=CHUNK,
        progress=lambda done, _: seen.append((done, time.perf_counter())),
    )
    (first, start), (last, end) = seen[0], seen[-1]
    return [
        Figure(NAME, f"{name}: after the first chunk", (last - first) / (end - start), "/s"),
        Figure(NAME, f"{name}: start to first chunk", start - began, "s"),
    ]


def _resuming() -> list[Figure]:
    """Interrupt a run half-way; time from the call that resumes it to its first word, and what it keeps."""
    space, predictor = ssepredict.SubstitutionSpace.from_toml(SPACE), ssepredict.load_predictor()
    with tempfile.TemporaryDirectory() as folder:

        def stop(done: int, total: int) -> None:
            if done >= total / 2:
                raise KeyboardInterrupt

        asked = {"limit": CANDIDATES, "chunk": CHUNK, "out": folder}
        try:
            ssepredict.rank(space, predictor, **asked, progress=stop)
        except RankingInterrupted:
            size = (Path(folder) / checkpoint.CHECKPOINT_FILE).stat().st_size
        began, seen = time.perf_counter(), []
        ssepredict.rank(
            space,
            predictor,
            **asked,
            resume=True,
            progress=lambda done, _: seen.append((done, time.perf_counter())),
        )
    done, at = seen[0]
    return [
        Figure(NAME, f"resuming at {done:,} candidates", at - began, "s"),
        Figure(NAME, "checkpoint of 100 candidates", size / 1000, "kB"),
    ]


@contextmanager
def _cluster(workers: int) -> Iterator[str]:
    """Start a scheduler and worker processes of one thread each, on loopback."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        options = ["--scheduler-file", str(file), "--no-dashboard"]
        commands = [["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show"]]
        commands += [["worker", "--nthreads", "1", "--no-nanny"]] * workers
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, *options],
                cwd=folder,
                stderr=subprocess.DEVNULL,
            )
            for kind, *arguments in commands
        ]
        try:
            yield _address(file, workers)
        finally:
            for process in processes:
                process.kill()
            for process in processes:
                process.wait()


def _address(file: Path, workers: int) -> str:
    from distributed import Client

    while not file.exists():
        time.sleep(0.1)
    with Client(scheduler_file=str(file), set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)
        return str(client.scheduler.address)
