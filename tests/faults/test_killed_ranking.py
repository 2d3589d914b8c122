"""A ranking as a process of its own that is killed, ended, starved of disk, or run twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ssepredict.inference.ranking import rank
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.predictor import load_predictor

SPACE = """
host = "Na3Zr2Si2PO12"
[[substitutions]]
replaces = "Zr4+"
ions = ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+"]
together = [1, 2]
fractions = [0.1, 0.2, 0.3, 0.4]
"""
SIZE, TOP = 180, 25

# The command line as it is, only slower, in chunks of 3, and with a checkpoint after every chunk.
PROGRAM = """
import resource, signal, sys, time
from ssepredict import cli
from ssepredict.inference import engines
from ssepredict.inference.engines import job
from ssepredict.inference.runs import checkpoint

seconds, largest_file, full_at = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
whole = job.Job.run

def slow(self, start, stop):
    time.sleep(seconds)
    if start == full_at:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    return whole(self, start, stop)

job.Job.run, checkpoint.SECONDS = slow, 0.0
engines.as_engine = lambda given: engines.ThisProcess(chunk=3)
cli.main(["rank", "space.toml", "--out", "out", "--top", "25", *sys.argv[4:]])
"""

# The command line as it is, but it sends signals to itself at one place once every candidate is done.
SIGNALLED = """
import os, sys
from ssepredict import cli
from ssepredict.inference import engines, ranking
from ssepredict.inference.runs import checkpoint
from ssepredict.report import html

owner, name = {
    "merged": (checkpoint.Checkpoint, "save_if_due"),
    "listed": (ranking, "list_candidates"),
    "written": (ranking, "write_ranking"),
    "reported": (html, "write_report"),
}[sys.argv[1]]
signals = [int(sys.argv[2])] * int(sys.argv[3])
whole = getattr(owner, name)

def signalled(*arguments, **options):
    while signals and (name != "save_if_due" or arguments[1].count == 180):
        os.kill(os.getpid(), signals.pop())
    return whole(*arguments, **options)

setattr(owner, name, signalled)
engines.as_engine = lambda given: engines.ThisProcess(chunk=60)
cli.main(["rank", "space.toml", "--out", "out", "--top", "25"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of a run that nothing disturbs."""
    place = tmp_path_factory.mktemp("undisturbed")
    (place / "space.toml").write_text(SPACE, encoding="utf-8")
    return _resumed(place)


def _resumed(folder: Path) -> bytes:
    """Go on inside this process; return the table."""
    space = SubstitutionSpace.from_toml(folder / "space.toml")
    rank(space, load_predictor(), top=TOP, out=folder / "out", resume=True)
    return (folder / "out" / "ranking.csv").read_bytes()


def _start(
    folder: Path, *options: str, seconds: float = 0.05, largest_file: int = 0, full_at: int = -1
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-c", PROGRAM),
            *(str(seconds), str(largest_file), str(full_at), *options),
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _done(folder: Path) -> int:
    """Candidates in the checkpoint."""
    try:
        content = (folder / "out" / "checkpoint.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return 0
    return sum(stop - start for start, stop in json.loads(content.splitlines()[1])["done"])


def _wait_for(process: subprocess.Popen[str], folder: Path, candidates: int) -> None:
    deadline = time.monotonic() + 120
    while _done(folder) < candidates:
        assert time.monotonic() < deadline, "no checkpoint was written"
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_and_ends_the_same(folder: Path, expected: bytes) -> None:
    moments = random.Random()
    reached = 0
    for goal in (30, 100):
        process = _start(folder, "--resume")
        _wait_for(process, folder, goal)
        time.sleep(moments.uniform(0.0, 0.2))
        process.kill()
        process.communicate()
        assert _done(folder) >= max(goal, reached)
        reached = _done(folder)
        assert not (folder / "out" / "ranking.csv").exists()
    assert reached < SIZE
    assert _resumed(folder) == expected
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"ranking.csv", "ranking.parquet", "summary.json"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_ending_signal_leaves_a_partial_ranking(folder: Path, expected: bytes, number: int) -> None:
    # A busy machine may deliver the signal seconds later: enough must be left to do then.
    process = _start(folder, seconds=0.2)
    _wait_for(process, folder, 60)
    process.send_signal(number)
    out, messages = process.communicate(timeout=120)
    assert process.returncode == 128 + number, messages
    assert "Traceback" not in messages
    told = " ".join(messages.split())
    assert f"of {SIZE} candidates; what was found is ranked in out. " in told
    assert "resume to go on from there" in told
    summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["partial"] is True
    assert 60 <= summary["candidates"]["evaluated"] < summary["candidates"]["asked_for"] == SIZE
    first = (folder / "out" / "ranking.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[2]
    assert first in out
    assert (folder / "out" / "report.html").exists()
    assert _done(folder) == summary["candidates"]["evaluated"]
    assert _resumed(folder) == expected


def _signalled(folder: Path, place: str, number: int, times: int = 1) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", SIGNALLED, place, str(number), str(times)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("place", "number", "times"),
    [
        ("merged", signal.SIGINT, 1),
        ("listed", signal.SIGTERM, 1),
        ("listed", signal.SIGINT, 2),
        ("written", signal.SIGINT, 1),
        ("reported", signal.SIGTERM, 1),
    ],
)
def test_a_signal_after_the_last_candidate_changes_nothing(
    folder: Path, expected: bytes, place: str, number: int, times: int
) -> None:
    done = _signalled(folder, place, number, times)
    assert done.returncode == 0, done.stderr
    assert "interrupted" not in done.stderr
    assert "report: out/report.html" in done.stderr
    assert (folder / "out" / "ranking.csv").read_bytes() == expected
    assert json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))["partial"] is False
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"ranking.csv", "ranking.parquet", "summary.json", "report.html"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_even_then(folder: Path, expected: bytes, number: int) -> None:
    done = _signalled(folder, "reported", number, times=2)
    assert done.returncode == 128 + number, done.stderr
    told = "interrupted: while the ranking was shown; out holds it, `ssepredict report out` writes its report"
    assert done.stderr.splitlines()[-1] == told
    assert "Traceback" not in done.stderr
    assert (folder / "out" / "ranking.csv").read_bytes() == expected


def test_a_full_disk_ends_with_one_message_and_it_goes_on(folder: Path, expected: bytes) -> None:
    """No file may grow beyond 5 kB: the checkpoint fits, the ranking does not."""
    process = _start(folder, seconds=0.0, largest_file=5000, full_at=0)
    out, messages = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert "error: ranking cannot be written to out (File too large)" in messages
    assert f"{SIZE} of {SIZE} candidates are done and kept in out/checkpoint.json" in messages
    assert "Traceback" not in messages
    assert [path.name for path in (folder / "out").iterdir()] == ["checkpoint.json"]
    assert _resumed(folder) == expected


def test_a_disk_too_full_for_progress_ends_with_one_message(folder: Path, expected: bytes) -> None:
    process = _start(folder, seconds=0.0, largest_file=500, full_at=90)
    _, messages = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "error: progress cannot be saved in out (File too large); make room" in messages
    assert "Traceback" not in messages
    assert 0 < _done(folder) <= 90
    assert _resumed(folder) == expected


@pytest.mark.slow
def test_two_runs_into_one_folder(folder: Path, expected: bytes) -> None:
    first = _start(folder, seconds=2.0)
    _wait_for(first, folder, 3)
    second = _start(folder)
    out, messages = second.communicate(timeout=120)
    assert (second.returncode, out) == (1, "")
    assert f"error: out is being written by another run (process {first.pid} on " in messages
    assert first.poll() is None
    first.kill()
    first.communicate()
    assert os.path.exists(folder / "out" / ".running.json")
    assert _resumed(folder) == expected


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write")
def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    process = _start(folder, "--out", "/proc/ranking")
    out, messages = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "")
    assert "cannot be written" in messages
    assert "name a folder that can" in messages
    assert "Traceback" not in messages
