"""Screening with compiled models gives what the original models give, in every case."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssepredict.inference.engines.job import Job
from ssepredict.inference.objectives.objective import Objective, Selection, Specification
from ssepredict.inference.screening.screen import COMPILED_FROM, Screen
from ssepredict.inference.screening.screened import STAGES, Screened
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.predictor import Predictor

IONS = {
    "Na3Zr2Si2PO12": ("Zr4+", ["Mg2+", "Zn2+", "Sc3+", "Y3+", "La3+", "Ti4+", "Nb5+"]),
    "LiTi2P3O12": ("Ti4+", ["Al3+", "Ge4+", "Y3+", "Ta5+", "Ca2+"]),
    "Li2ZrCl6": ("Zr4+", ["Mg2+", "Yb3+", "Nb5+", "Hf4+", "Fe3+"]),
}
OBJECTIVES = (
    Objective(),
    Objective(temperature_c=150.0, outside_domain_factor=0.0),
    Objective((Specification("conductivity_s_cm", "above", 1e-3),), temperature_c=60.0, warning_factor=1.0),
)


@st.composite
def spaces(draw: st.DrawFn) -> SubstitutionSpace:
    """Spaces of one to some hundreds of candidates; large fractions overfill M or leave no vacancies."""
    host = draw(st.sampled_from(sorted(IONS)))
    replaced, known = IONS[host]
    grid = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0]
    return SubstitutionSpace(
        host,
        [
            {
                "site": "M",
                "replaces": replaced,
                "ions": draw(st.lists(st.sampled_from(known), min_size=2, max_size=4, unique=True)),
                "fractions": sorted(draw(st.sets(st.sampled_from(grid), min_size=1, max_size=4))),
                "together": draw(st.sampled_from([[1], [2], [1, 2]])),
            }
        ],
    )


def counts(found: Screened) -> dict[str, object]:
    return {name: value for name, value in asdict(found.tally).items() if name != "seconds"}


def assert_same(found: Screened, expected: Screened) -> None:
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert counts(found) == counts(expected)
    assert list(found.tally.seconds) == list(STAGES)


@settings(max_examples=15, deadline=None)
@given(spaces(), st.sampled_from(OBJECTIVES), st.integers(1, 40))
def test_compiled_models_change_nothing(
    predictor: Predictor, space: SubstitutionSpace, objective: Objective, top: int
) -> None:
    plain = Screen.of(space, predictor, objective)
    quick = replace(plain, compiled=True)
    everything = np.arange(len(space))
    expected = plain.run(everything, top)
    assert_same(quick.run(everything, top), expected)
    if len(expected.scores):
        # What could not have been among the best may be missing; what could is there, and in its place.
        bound = float(expected.scores[len(expected.scores) // 2])
        reached = expected.scores >= bound
        found = quick.run(everything, top, at_least=bound)
        np.testing.assert_array_equal(found.indices[: reached.sum()], expected.indices[reached])
        np.testing.assert_array_equal(found.scores[: reached.sum()], expected.scores[reached])
        assert counts(found) == counts(expected)


@pytest.mark.parametrize("chunk", [37, 200, 5000])
def test_a_floor_that_rises_from_chunk_to_chunk_loses_nothing(
    predictor: Predictor, small_space: SubstitutionSpace, chunk: int
) -> None:
    plain = Screen.of(small_space, predictor, Objective())
    quick = replace(plain, compiled=True)
    best, top = Screened(), 25
    for start in range(0, len(small_space), chunk):
        floor = float(best.scores[-1]) if len(best.scores) == top else -np.inf
        indices = np.arange(start, min(start + chunk, len(small_space)))
        best = best.merge(quick.run(indices, top, floor), top)
    expected = plain.run(np.arange(len(small_space)), top)
    assert expected.tally.rejected > 0
    assert_same(best, expected)


def test_a_part_without_survivors(predictor: Predictor, small_space: SubstitutionSpace) -> None:
    quick = replace(Screen.of(small_space, predictor, Objective()), compiled=True)
    refused = quick.run(np.arange(len(small_space)), len(small_space)).indices
    others = np.setdiff1d(np.arange(len(small_space)), refused)
    found = quick.run(others, 5)
    assert not len(found.indices)
    assert (found.tally.evaluated, found.tally.scored) == (len(others), 0)
    assert quick.run([], 5).tally.evaluated == 0


def test_models_are_compiled_for_many_candidates_only(
    predictor: Predictor, small_space: SubstitutionSpace
) -> None:
    assert not Screen.of(small_space, predictor, Objective()).compiled
    assert not Screen.of(small_space, predictor, Objective(), COMPILED_FROM - 1).compiled
    assert Screen.of(small_space, predictor, Objective(), COMPILED_FROM).compiled


@pytest.mark.parametrize("selection", [Selection(), Selection(per_dopants=2)])
def test_a_job_of_many_blocks_keeps_what_the_plain_one_keeps(
    predictor: Predictor,
    small_space: SubstitutionSpace,
    selection: Selection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objective = Objective(selection=selection)
    plain = Job(small_space, predictor, objective, top=20, total=len(small_space))
    expected = plain.run(0, plain.total)
    assert not plain.screen.compiled
    monkeypatch.setattr("ssepredict.inference.engines.job.BLOCK", 64)
    monkeypatch.setattr("ssepredict.inference.screening.screen.COMPILED_FROM", 1)
    quick = replace(plain)
    assert quick.screen.compiled
    assert_same(quick.run(0, quick.total), expected)
    assert quick.probe == plain.probe
