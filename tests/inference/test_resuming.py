"""A ranking that is interrupted inside this process: what it leaves, and how it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ssepredict.exceptions import RankingError
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.ranking import RankingInterrupted, rank
from ssepredict.inference.runs import checkpoint
from ssepredict.inference.spaces.space import SubstitutionSpace

CHUNK = 45


@pytest.fixture
def frequent(monkeypatch):
    """A checkpoint after every chunk."""
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)


@pytest.fixture(scope="module")
def expected(predictor) -> pd.DataFrame:
    return rank(_space(), predictor, top=25)


@pytest.fixture
def space() -> SubstitutionSpace:
    return _space()


def _space() -> SubstitutionSpace:
    from ssepredict.inference.spaces.space import Substitution

    ions = ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+"]
    return SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ions, [0.1, 0.2, 0.3, 0.4], [1, 2])])


def _stop_after(chunks: int, error: type[BaseException] = KeyboardInterrupt):
    def tell(done: int, total: int) -> None:
        if done >= chunks * CHUNK:
            raise error

    return tell


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def test_an_interrupted_ranking_is_usable_marked_and_resumed(space, predictor, expected, tmp_path):
    with pytest.raises(
        RankingInterrupted, match=r"interrupted after 90 of 180 candidates; .* resume to go"
    ) as stop:
        rank(space, predictor, top=25, out=tmp_path, chunk=CHUNK, progress=_stop_after(2))
    assert stop.value.folder == tmp_path
    partial = pd.read_csv(tmp_path / "ranking.csv")
    assert stop.value.frame["candidate"].tolist() == partial["candidate"].tolist()
    assert partial["candidate"].max() < 90
    assert _summary(tmp_path)["partial"] is True
    assert _summary(tmp_path)["candidates"]["evaluated"] == 90
    assert _summary(tmp_path)["candidates"]["asked_for"] == 180
    calls: list[int] = []
    frame = rank(
        space,
        predictor,
        top=25,
        out=tmp_path,
        resume=True,
        chunk=7,
        progress=lambda done, total: calls.append(done),
    )
    assert calls[:2] == [90, 91]
    assert frame.equals(expected)
    assert _summary(tmp_path)["partial"] is False
    assert _names(tmp_path) == {"ranking.csv", "ranking.parquet", "summary.json"}
    counts = dict(expected.attrs["summary"]["candidates"])
    assert _summary(tmp_path)["candidates"] == counts


def test_a_partial_ranking_does_not_replace_a_complete_one(space, predictor, expected, tmp_path):
    rank(space, predictor, top=3, out=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RankingInterrupted, match=r"what was found is ranked in .*partial") as stop:
        rank(space, predictor, top=25, out=tmp_path, chunk=CHUNK, progress=_stop_after(1))
    assert stop.value.folder == tmp_path / "partial"
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert _summary(tmp_path / "partial")["partial"] is True
    frame = rank(space, predictor, top=25, out=tmp_path, resume=True)
    assert frame.equals(expected)
    assert _names(tmp_path) == set(before)


def test_interrupted_before_the_first_chunk_it_leaves_nothing(space, predictor, tmp_path):
    class Never:
        chunk = 10

        def describe(self) -> str:
            return "an engine that is interrupted"

        def screen(self, job, ranges):
            raise KeyboardInterrupt
            yield

    with pytest.raises(KeyboardInterrupt) as stop:
        rank(space, predictor, engine=Never(), out=tmp_path / "out")
    assert not isinstance(stop.value, RankingInterrupted)
    assert not (tmp_path / "out").exists()


def test_without_a_folder_the_interruption_carries_the_partial_ranking(space, predictor):
    with pytest.raises(RankingInterrupted, match=r"^interrupted after 45 of 180 candidates$") as stop:
        rank(space, predictor, top=4, chunk=CHUNK, progress=_stop_after(1))
    assert stop.value.folder is None
    assert len(stop.value.frame) == 4
    assert stop.value.frame.attrs["summary"]["partial"] is True


def test_interrupted_after_the_last_chunk_it_is_finished_first(space, predictor, expected, tmp_path):
    with pytest.raises(
        RankingInterrupted, match=r"interrupted after 180 of 180 candidates; the ranking in .* is complete$"
    ) as stop:
        rank(space, predictor, top=25, out=tmp_path, chunk=CHUNK, progress=_stop_after(4))
    assert stop.value.complete
    assert stop.value.folder == tmp_path
    assert stop.value.frame.equals(expected)
    assert _summary(tmp_path)["partial"] is False
    assert _names(tmp_path) == {"ranking.csv", "ranking.parquet", "summary.json"}
    with pytest.raises(RankingInterrupted, match=r"180 candidates; the ranking is complete$") as stop:
        rank(space, predictor, top=25, chunk=CHUNK, progress=_stop_after(4))
    assert stop.value.frame.equals(expected)


@pytest.mark.parametrize("step", ["list_candidates", "write_ranking", "remove_partial"])
def test_interrupted_while_it_is_written_it_is_finished_first(
    space, predictor, expected, tmp_path, monkeypatch, step
):
    _interrupt_in(monkeypatch, step, times=1)
    with pytest.raises(RankingInterrupted, match=r"is complete$") as stop:
        rank(space, predictor, top=25, out=tmp_path)
    assert stop.value.complete
    assert stop.value.frame.equals(expected)
    assert _names(tmp_path) == {"ranking.csv", "ranking.parquet", "summary.json"}


def test_interrupted_twice_while_it_is_written_everything_is_kept(
    space, predictor, expected, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        _interrupt_in(patched, "write_ranking", times=2)
        with pytest.raises(
            RankingInterrupted, match=r"180 candidates, and again before they were ranked\. .* resume to go"
        ) as stop:
            rank(space, predictor, top=25, out=tmp_path)
    assert stop.value.frame is None
    assert not stop.value.complete
    assert _names(tmp_path) == {"checkpoint.json"}
    calls: list[int] = []
    frame = rank(
        space,
        predictor,
        top=25,
        out=tmp_path,
        resume=True,
        progress=lambda done, total: calls.append(done),
    )
    assert calls == [180]
    assert frame.equals(expected)


def _interrupt_in(monkeypatch: pytest.MonkeyPatch, step: str, times: int) -> None:
    from ssepredict.inference import ranking

    whole, left = getattr(ranking, step), [KeyboardInterrupt] * times

    def interrupted(*arguments, **options):
        if left:
            raise left.pop()
        return whole(*arguments, **options)

    monkeypatch.setattr(ranking, step, interrupted)


def test_any_other_error_keeps_what_is_done(space, predictor, expected, tmp_path):
    with pytest.raises(MemoryError):
        rank(space, predictor, top=25, out=tmp_path, chunk=CHUNK, progress=_stop_after(3, MemoryError))
    assert _names(tmp_path) == {"checkpoint.json"}
    assert rank(space, predictor, top=25, out=tmp_path, resume=True).equals(expected)


def test_resuming_where_nothing_was_begun_begins(space, predictor, expected, tmp_path):
    assert rank(space, predictor, top=25, out=tmp_path / "new", resume=True).equals(expected)


def test_resuming_what_is_complete_looks_at_nothing(space, predictor, expected, tmp_path):
    rank(space, predictor, top=25, out=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls: list[int] = []
    frame = rank(
        space,
        predictor,
        top=25,
        out=tmp_path,
        resume=True,
        progress=lambda done, total: calls.append(done),
    )
    assert calls == []
    pd.testing.assert_frame_equal(frame, expected)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(
        RankingError, match=r"summary\.json belongs to another run; these differ: top: 25 before"
    ):
        rank(space, predictor, top=24, out=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"top": 24}, "differ: top: 25 before, 24 now. Expected the same space, objective, model, code"),
        ({"limit": 100}, "differ: candidates: 180 before, 100 now"),
        (
            {"objective": Objective(temperature_c=60.0)},
            "differ: objective, temperature_c: 25.0 before, 60.0 now",
        ),
        ({"space": "li2zrcl6"}, "differ: space: .* before, .* now; "),
    ],
)
def test_another_question_is_refused_and_the_checkpoint_stays(
    space, predictor, expected, tmp_path, change, message
):
    with pytest.raises(RankingInterrupted):
        rank(space, predictor, top=25, out=tmp_path, chunk=CHUNK, progress=_stop_after(1))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = dict(change)
    asked = SubstitutionSpace.from_toml(other.pop("space")) if "space" in change else space
    with pytest.raises(RankingError, match=message):
        rank(asked, predictor, **{"top": 25, **other}, out=tmp_path, resume=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert rank(space, predictor, top=25, out=tmp_path, resume=True).equals(expected)


def test_changed_code_is_refused(space, predictor, tmp_path, monkeypatch):
    with pytest.raises(RankingInterrupted):
        rank(space, predictor, out=tmp_path, chunk=CHUNK, progress=_stop_after(1))
    from ssepredict.inference.engines import job

    other = {**job.code_version(), "sources": "c" * 64, "ssepredict": "99.0"}
    monkeypatch.setattr(job, "code_version", lambda: other)
    with pytest.raises(
        RankingError, match=r"code, ssepredict: 0\..* before, 99\.0 now; code, sources: .* now\."
    ):
        rank(space, predictor, out=tmp_path, resume=True)


def test_starting_anew_sets_the_former_checkpoint_aside(space, predictor, expected, tmp_path, frequent):
    for _ in range(2):
        with pytest.raises(RankingInterrupted):
            rank(space, predictor, top=25, out=tmp_path, chunk=CHUNK, progress=_stop_after(1))
    assert {"checkpoint.json", "checkpoint.former.json"} < _names(tmp_path)
    assert rank(space, predictor, top=25, out=tmp_path, resume=True).equals(expected)
    assert _names(tmp_path) == {"ranking.csv", "ranking.parquet", "summary.json"}


def test_a_space_without_survivors_leaves_no_checkpoint(predictor, tmp_path, frequent):
    from ssepredict.inference.spaces.space import Substitution

    empty = SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ["Mg2+", "Zn2+"], [0.5])])
    with pytest.raises(RankingError, match="none of 2 candidates is left"):
        rank(empty, predictor, out=tmp_path / "out", chunk=1)
    assert not (tmp_path / "out").exists()


def test_resume_needs_a_folder(space, predictor):
    with pytest.raises(
        RankingError, match="resume is asked for without a folder; name the folder of the run"
    ):
        rank(space, predictor, resume=True)


@pytest.mark.parametrize(
    ("total", "chunk"),
    [(180, 65_536), (6_553_600_000, 65_536), (6_553_600_001, 73_728), (10**12, 10_002_432)],
)
def test_chunks_grow_with_the_space_in_whole_blocks(total, chunk):
    from ssepredict.inference.engines import ThisProcess
    from ssepredict.inference.ranking import _chunk_size

    assert _chunk_size(ThisProcess(), total) == chunk
    assert _chunk_size(ThisProcess(chunk=3), 300_000) == 3
    assert -(-total // chunk) <= 100_000
