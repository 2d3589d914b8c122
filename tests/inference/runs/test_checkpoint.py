from __future__ import annotations

import itertools
import json
import random
import resource
import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssepredict.exceptions import RankingError
from ssepredict.inference.runs.checkpoint import Checkpoint, Progress, UnsavedError
from ssepredict.inference.screening.screened import Screened, Tally

QUESTION = {"space": "a" * 64, "top": 5, "code": {"numpy": "2.4.6"}}


def _part(start: int, stop: int) -> Screened:
    indices = np.arange(start, stop)
    return Screened(
        indices, np.sqrt(indices % 7) / 3, Tally(evaluated=stop - start, rejected_by_rule={"x": 1})
    )


def _grown(progress: Progress, start: int, stop: int, top: int = 5) -> Progress:
    return progress.add(start, stop, progress.best.merge(_part(start, stop), top))


@pytest.fixture
def progress() -> Progress:
    return _grown(_grown(Progress(seconds=1.25), 0, 40), 60, 90)


@given(cuts=st.sets(st.integers(1, 59), max_size=20), seed=st.integers(0, 99))
def test_ranges_in_any_order_join_and_the_rest_is_missing(cuts, seed):
    ends = [0, *sorted(cuts), 60]
    ranges = list(itertools.pairwise(ends))
    random.Random(seed).shuffle(ranges)
    progress = Progress()
    for number, (start, stop) in enumerate(ranges):
        progress = _grown(progress, start, stop)
        seen = {n for a, b in ranges[: number + 1] for n in range(a, b)}
        assert {n for a, b in progress.missing(60) for n in range(a, b)} == set(range(60)) - seen
        assert progress.count == len(seen) == progress.best.tally.evaluated
        assert all(before[1] < after[0] for before, after in itertools.pairwise(progress.done))
    assert progress.done == ((0, 60),)
    whole = _part(0, 60)
    order = np.lexsort((whole.indices, -whole.scores))[:5]
    np.testing.assert_array_equal(progress.best.indices, whole.indices[order])


@pytest.mark.parametrize("part", [(0, 40), (39, 41), (10, 20), (55, 61), (50, 50), (45, 70)])
def test_a_range_never_counts_twice(progress, part):
    with pytest.raises(ValueError, match="are done already, or none"):
        progress.add(*part, Screened())


def test_progress_comes_back_to_the_last_bit(progress, tmp_path):
    Checkpoint(tmp_path, QUESTION).save(progress)
    found = Checkpoint(tmp_path, QUESTION).load()
    assert found is not None
    assert (found.done, found.seconds) == (progress.done, 1.25)
    assert found.best.scores.tobytes() == progress.best.scores.tobytes()
    assert found.best.indices.tobytes() == progress.best.indices.tobytes()
    assert found.best.tally.rejected_by_rule == progress.best.tally.rejected_by_rule == {"x": 2}
    assert found.best.tally.evaluated == 70
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.json"]


def test_nothing_is_written_before_it_is_due(progress, tmp_path):
    checkpoint = Checkpoint(tmp_path, QUESTION, seconds=3600)
    checkpoint.save_if_due(progress)
    assert not checkpoint.written
    assert list(tmp_path.iterdir()) == []
    assert checkpoint.load() is None
    Checkpoint(tmp_path, QUESTION, seconds=0).save_if_due(progress)
    assert checkpoint.load() is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"top": 6},
            r"checkpoint\.json belongs to another run; these differ: top: 5 before, 6 now\. Expected",
        ),
        ({"space": "b" * 64}, r"differ: space: aaaaaaaaaaaa\.\.\. before, bbbbbbbbbbbb\.\.\. now"),
        ({"code": {"numpy": "3.0"}}, r"differ: code, numpy: 2\.4\.6 before, 3\.0 now"),
        ({"top": 6, "limit": 9}, r"differ: top: 5 before, 6 now; limit: null before, 9 now"),
    ],
)
def test_another_question_is_refused_with_what_differs(progress, tmp_path, change, message):
    Checkpoint(tmp_path, QUESTION).save(progress)
    before = (tmp_path / "checkpoint.json").read_bytes()
    with pytest.raises(RankingError, match=message):
        Checkpoint(tmp_path, {**QUESTION, **change}).load()
    assert (tmp_path / "checkpoint.json").read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-40], "is damaged: its SHA-256 differs"),
        (lambda content: content.replace(b"[[0, 40]", b"[[0, 90]"), "is damaged: its SHA-256 differs"),
        (lambda content: b"", "is no checkpoint of a ranking; remove it to start anew"),
        (lambda content: b"\x80\x04", "is no checkpoint of a ranking"),
        (lambda content: b"[1]\n", "is no checkpoint of a ranking"),
        (
            lambda content: content.replace(b'"format": 1', b'"format": 2'),
            "of format 2, expected 1; resume with",
        ),
    ],
)
def test_a_damaged_checkpoint_is_refused(progress, tmp_path, damage, message):
    Checkpoint(tmp_path, QUESTION).save(progress)
    file = tmp_path / "checkpoint.json"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(RankingError, match=message):
        Checkpoint(tmp_path, QUESTION).load()


def test_a_checkpoint_of_an_abandoned_run_is_set_aside_and_removed_at_the_end(progress, tmp_path):
    Checkpoint(tmp_path, QUESTION).save(progress)
    former = (tmp_path / "checkpoint.json").read_bytes()
    checkpoint = Checkpoint(tmp_path, {**QUESTION, "top": 6})
    checkpoint.save(progress)
    checkpoint.save(progress)
    assert (tmp_path / "checkpoint.former.json").read_bytes() == former
    assert checkpoint.load() is not None
    checkpoint.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_checkpoint_before(progress, tmp_path):
    """A file may not grow beyond some bytes, as on a disk that is full."""
    checkpoint = Checkpoint(tmp_path, QUESTION)
    checkpoint.save(progress)
    before = (tmp_path / "checkpoint.json").read_bytes()
    bigger = _grown(progress, 40, 60, top=5000)
    limits, action = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(UnsavedError, match=r"cannot be saved in .* \(File too large\); make room"):
            checkpoint.save(bigger)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, action)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"checkpoint.json": before}


def test_it_stays_small(tmp_path):
    """The size follows the length of the list, not the number of chunks."""
    progress = Progress()
    for start in range(0, 5000, 10):
        progress = _grown(progress, start, start + 10, top=100)
    Checkpoint(tmp_path, QUESTION).save(progress)
    content = (tmp_path / "checkpoint.json").read_bytes()
    assert len(content) < 6000
    assert json.loads(content.split(b"\n")[1])["done"] == [[0, 5000]]
