from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from ssepredict.exceptions import ModelError, RankingError
from ssepredict.inference.engines.job import Job, code_version, differences
from ssepredict.inference.objectives.objective import Objective, Selection, Specification
from ssepredict.inference.screening.ranges import iter_ranges
from ssepredict.inference.screening.screened import Screened


@pytest.fixture(scope="module")
def job(predictor) -> Job:
    from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace

    entry = Substitution("Zr4+", ["Nb5+", "Sc3+", "Y3+"], [0.1, 0.2, 0.3], [1, 2])
    objective = Objective((Specification("conductivity_s_cm", "above", 1e-4),), temperature_c=30.0)
    space = SubstitutionSpace("Li2ZrCl6", [entry])
    return Job(space, predictor, objective, top=7, total=len(space))


@pytest.fixture(scope="module")
def description(job) -> dict:
    return json.loads(json.dumps(job.to_dict()))


def test_another_process_scores_the_same_bits(job, description):
    there = Job.from_dict(description)
    found, expected = there.run(0, job.total), job.run(0, job.total)
    assert found.indices.tobytes() == expected.indices.tobytes()
    assert found.scores.tobytes() == expected.scores.tobytes()
    assert there.question["scores of a probe"] == job.question["scores of a probe"]


@pytest.mark.parametrize("name", ["ssepredict", "sources", "numpy", "lightgbm"])
def test_a_worker_with_other_code_refuses(description, name):
    other = {**description, "code": {**description["code"], name: "0.0.1"}}
    with pytest.raises(RankingError, match=rf"has other code \({name}: 0\.0\.1 here, .* there\); expected"):
        Job.from_dict(other)


def test_a_worker_that_scores_otherwise_refuses(description):
    with pytest.raises(RankingError, match="scores 64 probe candidates differently"):
        Job.from_dict({**description, "probe": "0" * 64})


def test_a_release_that_was_damaged_on_its_way_is_refused(description):
    files = dict(description["release"])
    files["model.skops"] = files["model.skops"][:-8] + "AAAAAAA="
    with pytest.raises(ModelError, match="SHA-256"):
        Job.from_dict({**description, "release": files})


def test_the_probe_sees_a_model_that_was_exchanged_in_memory(job):
    model = job.predictor.models["conductivity_s_cm"]
    abstains = dataclasses.replace(model, status="abstained")
    models = {**job.predictor.models, "conductivity_s_cm": job.predictor.models["activation_energy_ev"]}
    assert abstains.status != model.status
    other = dataclasses.replace(job, predictor=dataclasses.replace(job.predictor, models=models))
    changed = differences(job.question, other.question)
    assert len(changed) == 1
    assert changed[0].startswith("scores of a probe: ")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"top": 8}, ["top: 7 before, 8 now"]),
        ({"total": 5}, ["candidates: 36 before, 5 now"]),
    ],
)
def test_the_question_holds_what_the_result_depends_on(job, change, expected):
    assert differences(job.question, dataclasses.replace(job, **change).question) == expected


def test_a_changed_objective_changes_the_question(job):
    objective = dataclasses.replace(job.objective, temperature_c=60.0)
    changed = differences(job.question, dataclasses.replace(job, objective=objective).question)
    assert "objective, temperature_c: 30.0 before, 60.0 now" in changed


def test_the_code_is_told_by_its_sources():
    assert len(code_version()["sources"]) == 64
    assert {"ssepredict", "python", "numpy", "scikit-learn", "lightgbm"} <= set(code_version())


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_limit_per_dopants_is_exact_whatever_the_parts(job, size):
    selection = Selection(per_dopants=2, relevance=0.5, pool=3)
    limited = dataclasses.replace(
        job, objective=dataclasses.replace(job.objective, selection=selection), top=3
    )
    everything = job.screen.run(np.arange(job.total), job.total)
    dopants = [tuple(sorted(row)) for row in job.space.decode(everything.indices).dopants.tolist()]
    expected: list[int] = []
    for index, key in zip(everything.indices.tolist(), dopants, strict=True):
        listed = [dopants[everything.indices.tolist().index(one)] for one in expected]
        if listed.count(key) < 2 and len(expected) < 9:
            expected.append(index)
    found = Screened()
    for start, stop in reversed(list(iter_ranges([(0, job.total)], size))):
        found = limited.merge(found, limited.run(start, stop))
    assert found.indices.tolist() == expected
    assert limited.kept == 9


def test_a_part_in_blocks_is_the_part_in_one(job, monkeypatch):
    whole = job.run(0, job.total)
    monkeypatch.setattr("ssepredict.inference.engines.job.BLOCK", 5)
    blocks = job.run(0, job.total)
    np.testing.assert_array_equal(blocks.indices, whole.indices)
    np.testing.assert_array_equal(blocks.scores, whole.scores)
    assert blocks.tally.evaluated == whole.tally.evaluated == job.total
