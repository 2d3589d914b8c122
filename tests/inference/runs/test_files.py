"""What a finished ranking is read back from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.inference.objectives.objective import Objective, Selection, Specification
from ssepredict.inference.ranking import rank
from ssepredict.inference.runs.files import read_best, read_summary
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace

FRONT = ("conductivity_s_cm", "domain_distance")


@pytest.fixture(scope="module")
def frame(predictor, tmp_path_factory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("ranked")
    space = SubstitutionSpace("Li2ZrCl6", [Substitution("Zr4+", ["Nb5+", "Sc3+", "Y3+"], [0.1, 0.2])])
    wanted = Objective(
        (Specification("conductivity_s_cm", "above", 1e-4),), selection=Selection(pareto=FRONT)
    )
    frame = rank(space, predictor, wanted, top=4, out=folder)
    frame.attrs["folder"] = str(folder)
    return frame


@pytest.fixture
def folder(frame, tmp_path) -> Path:
    for path in Path(frame.attrs["folder"]).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_the_candidates_are_read_as_they_were_written(frame, folder):
    best = read_best(folder)
    assert best.indices.tolist() == frame["candidate"].tolist()
    assert best.scores.tolist() == frame["score"].tolist()
    assert not len(best.front_indices)


def test_the_front_is_read_exactly(frame, folder):
    best = read_best(folder, FRONT)
    front = frame.attrs["front"]
    assert best.front_indices.tolist() == front["candidate"]
    np.testing.assert_array_equal(best.front_points, np.column_stack([front[name] for name in FRONT]))


@pytest.mark.parametrize("name", ["ranking.parquet", "front.csv"])
def test_nothing_is_read_of_a_folder_that_lacks_a_file(folder, name):
    (folder / name).unlink()
    assert read_best(folder, FRONT) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ranking.parquet", b"PAR1 and then nothing"),
        ("front.csv", b""),
        ("front.csv", b"candidate\n1\n"),
        ("front.csv", b"candidate,conductivity_s_cm,domain_distance\n1,high,0.1\n"),
    ],
)
def test_nothing_is_read_of_a_damaged_file(folder, name, content):
    (folder / name).write_bytes(content)
    assert read_best(folder, FRONT) is None


def test_a_folder_of_something_else_has_no_summary(folder):
    assert read_summary(folder)["partial"] is False
    (folder / "summary.json").write_text('{"kind": "another"}', encoding="utf-8")
    assert read_summary(folder) is None
