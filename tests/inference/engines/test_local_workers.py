from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import ssepredict
from ssepredict.exceptions import RankingError
from ssepredict.inference.engines import LocalWorkers, ThisProcess, as_engine
from ssepredict.inference.engines.job import Job
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.ranking import rank

ROOT = Path(ssepredict.__file__).parent.parent


def _workers() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [
        process for process in found if "ssepredict.inference.engines.worker" in " ".join(process.cmdline())
    ]


@pytest.fixture
def job(small_space, predictor) -> Job:
    return Job(small_space, predictor, Objective(), top=40, total=len(small_space))


@pytest.fixture
def failing_interpreter(tmp_path, monkeypatch):
    """A program in place of the interpreter that ends before it can say anything."""

    def use(script: str) -> None:
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return use


@pytest.mark.slow
def test_killed_workers_are_replaced_and_the_ranking_is_the_same(job, small_space, predictor):
    """Two workers, every one of the first two killed in the middle, chunks of another size."""
    here = rank(small_space, predictor, top=40)
    merged, ranges, victims = None, [(start, start + 27) for start in range(0, 540, 27)], []
    for number, (_, _, part) in enumerate(LocalWorkers(2).screen(job, ranges)):
        merged = part if merged is None else merged.merge(part, 40)
        if number in (1, 4):
            (victim, *_) = _workers()
            victims.append(victim.pid)
            victim.send_signal(signal.SIGKILL)
    assert len(set(victims)) == 2
    assert merged is not None
    assert merged.tally.evaluated == len(small_space)
    assert merged.indices.tolist() == here["candidate"].tolist()
    assert merged.scores.tobytes() == here["score"].to_numpy().tobytes()
    assert _workers() == []


def test_the_same_frame_from_one_worker_and_small_chunks(small_space, predictor):
    here = rank(small_space, predictor, top=40)
    there = rank(small_space, predictor, top=40, engine=1, chunk=61)
    assert there.equals(here)
    assert there.attrs["summary"]["engine"] == "1 local worker process"
    counts = {**there.attrs["summary"]["candidates"]}
    assert counts == here.attrs["summary"]["candidates"]


def test_workers_that_die_at_once_end_the_run_with_their_last_words(
    small_space, predictor, failing_interpreter
):
    failing_interpreter("echo first >&2; echo cannot allocate memory >&2; kill -9 $$")
    message = (
        r"3 worker processes in a row died over candidates 0 to 539 \(the last: signal 9, 'cannot allocate "
        r"memory'\); expected workers that stay alive"
    )
    with pytest.raises(RankingError, match=message):
        rank(small_space, predictor, engine=2)


def test_workers_that_cannot_be_started_end_the_run(small_space, predictor, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(RankingError, match=r"it could not be started: .*No such file"):
        rank(small_space, predictor, engine=1)


def test_a_dead_pool_leaves_a_former_ranking_untouched(small_space, predictor, tmp_path, failing_interpreter):
    rank(small_space, predictor, top=5, out=tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    failing_interpreter("exit 3")
    with pytest.raises(RankingError, match="the last: exit status 3"):
        rank(small_space, predictor, top=5, out=tmp_path / "out", engine=1)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_worker_with_other_code_ends_the_run(small_space, predictor, monkeypatch):
    other = {**ssepredict.inference.engines.job.code_version(), "ssepredict": "99.0"}
    monkeypatch.setattr("ssepredict.inference.engines.job.code_version", lambda: other)
    with pytest.raises(RankingError, match=r"has other code \(ssepredict: 99\.0 here, .* there\)"):
        rank(small_space, predictor, engine=1)


def test_a_failure_inside_a_worker_is_told(job):
    parts = LocalWorkers(1).screen(job, [(0, 10), (len(job.space), len(job.space) + 5)])
    assert next(parts)[:2] == (0, 10)
    with pytest.raises(
        RankingError, match="a worker process failed with IndexError: candidates go from 0 to"
    ):
        next(parts)
    assert _workers() == []


def test_closing_early_ends_every_worker(job):
    drawn: list[int] = []

    def ranges() -> Iterator[tuple[int, int]]:
        for start in range(540):
            drawn.append(start)
            yield start, start + 1

    parts = LocalWorkers(2).screen(job, ranges())
    next(parts)
    time.sleep(0.5)
    assert len(drawn) <= 8  # as many as wait for the reader, and one in every hand
    processes = _workers()
    assert processes
    parts.close()
    assert _workers() == []
    assert not any(process.is_running() for process in processes)


def test_workers_end_with_a_killed_parent(tmp_path):
    program = (
        "import ssepredict, time\n"
        "from ssepredict.inference.spaces.space import SubstitutionSpace\n"
        "space = SubstitutionSpace.from_toml('li2zrcl6')\n"
        "show = lambda done, total: print(done, flush=True)\n"
        # No `if __name__ == '__main__'`: a script needs none.
        "ssepredict.rank(space, ssepredict.load_predictor(), engine=1, chunk=16, progress=show)\n"
    )
    (tmp_path / "script.py").write_text(program, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"16\n"
    workers = [child for child in _workers() if child.is_running()]
    assert len(workers) == 1
    process.kill()
    process.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=20)
    assert (len(gone), alive) == (1, [])


def test_every_worker_has_one_thread(job):
    parts = LocalWorkers(1).screen(job, ((start, start + 50) for start in range(0, 540, 50)))
    next(parts)
    (worker,) = _workers()
    environment = worker.environ()
    assert {environment[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == {"1"}
    parts.close()


def test_what_an_engine_may_be():
    assert as_engine(None) == ThisProcess()
    assert as_engine(3) == LocalWorkers(3)
    own = LocalWorkers(2, chunk=100)
    assert as_engine(own) is own


@pytest.mark.parametrize("engine", [1.5, True, object(), [2]])
def test_what_no_engine_is(small_space, predictor, engine):
    with pytest.raises(
        RankingError, match=r"engine is .*; expected None for this process, a number of local"
    ):
        rank(small_space, predictor, engine=engine)


@pytest.mark.parametrize("count", [0, -1])
def test_a_number_of_workers_below_one_is_refused(small_space, predictor, count):
    with pytest.raises(RankingError, match=f"workers is {count}; expected a whole number of 1 or more"):
        rank(small_space, predictor, engine=count)
