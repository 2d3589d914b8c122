from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.chemistry.supply_columns import SUPPLY_COLUMNS, supply_columns
from ssepredict.exceptions import RankingError
from ssepredict.inference.engines.job import Job
from ssepredict.inference.engines.wire import screened_from_plain, screened_to_plain
from ssepredict.inference.objectives.objective import Objective, Selection, SupplyPenalties
from ssepredict.inference.objectives.pareto import CAP, front_flags
from ssepredict.inference.ranking import rank
from ssepredict.inference.screening.diversity import dopant_keys
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace


@pytest.fixture(scope="module")
def space() -> SubstitutionSpace:
    ions = ["Y3+", "In3+", "Sc3+", "Ta5+", "Cd2+"]
    return SubstitutionSpace("Li2ZrCl6", [Substitution("Zr4+", ions, [0.1, 0.2, 0.3], [1, 2])])


@pytest.fixture(scope="module")
def everything(space, predictor):
    return rank(space, predictor, top=len(space))


@pytest.mark.parametrize("per_dopants", [1, 2])
@pytest.mark.parametrize("chunk", [None, 7])
def test_so_many_per_choice_of_dopants_is_exact(space, predictor, everything, per_dopants, chunk):
    keys = [tuple(key) for key in dopant_keys(space.decode(everything["candidate"]).dopants).tolist()]
    expected: list[int] = []
    for place, candidate in enumerate(everything["candidate"]):
        if keys[:place].count(keys[place]) < per_dopants:
            expected.append(int(candidate))
    objective = Objective(selection=Selection(per_dopants=per_dopants))
    frame = rank(space, predictor, objective, top=6, chunk=chunk)
    assert frame["candidate"].tolist() == expected[:6]


def test_relevance_draws_the_list_from_a_pool_of_the_best(space, predictor, everything):
    objective = Objective(selection=Selection(relevance=0.3, pool=4))
    frame = rank(space, predictor, objective, top=5)
    assert len(frame) == 5
    assert frame["candidate"].iloc[0] == everything["candidate"].iloc[0]
    assert set(frame["candidate"]) <= set(everything["candidate"].head(20))
    plain = rank(space, predictor, top=5)
    assert frame["dearest_element"].nunique() >= plain["dearest_element"].nunique()


def test_the_list_says_what_the_elements_cost_and_marks_the_front(space, predictor):
    axes = ("conductivity_s_cm", "price_usd_per_kg")
    frame = rank(space, predictor, Objective(selection=Selection(pareto=axes)), top=40)
    expected = supply_columns(parse_formulas(frame["formula"].tolist()))
    for column in SUPPLY_COLUMNS:
        if column.is_numeric:
            np.testing.assert_allclose(frame[column.name], expected[column.name], rtol=1e-9)
        else:
            assert frame[column.name].tolist() == expected[column.name].tolist()
    assert frame["pareto"].any()
    assert "pareto" not in rank(space, predictor, top=3)


AXES = ("conductivity_s_cm", "activation_energy_ev", "price_usd_per_kg")


@pytest.mark.parametrize("engine", [None, 1])
@pytest.mark.parametrize("chunk", [None, 7])
def test_the_front_is_that_of_the_whole_space(space, predictor, everything, engine, chunk):
    """Against every candidate with its listed values; one stands for all of the same values."""
    on_front = everything[front_flags(everything, AXES) == 1].sort_values("candidate")
    expected = on_front.drop_duplicates(list(AXES))["candidate"].tolist()
    frame = rank(
        space, predictor, Objective(selection=Selection(pareto=AXES)), top=3, engine=engine, chunk=chunk
    )
    front = pd.DataFrame(frame.attrs["front"])
    assert sorted(front["candidate"]) == expected
    assert len(expected) > 3
    assert front["conductivity_s_cm"].is_monotonic_decreasing
    assert front["formula"].tolist() == space.formulas(front["candidate"])
    assert frame["pareto"].tolist() == frame["candidate"].isin(expected).astype(int).tolist()
    assert frame.attrs["summary"]["front"] == {
        "columns": list(AXES),
        "coarse": False,
        "candidates": len(expected),
    }


def test_a_coarse_front_is_smaller_and_lies_in_the_space(space, predictor):
    sizes = [
        len(rank(space, predictor, Objective(selection=selection), top=1).attrs["front"]["candidate"])
        for selection in (Selection(pareto=AXES), Selection(pareto=AXES, coarse=True))
    ]
    assert 1 <= sizes[1] <= sizes[0]


def test_the_front_is_a_file_that_a_finished_run_is_read_back_from(space, predictor, tmp_path):
    objective = Objective(selection=Selection(pareto=AXES))
    fresh = rank(space, predictor, objective, top=3, out=tmp_path / "out")
    again = rank(space, predictor, objective, top=3, out=tmp_path / "out", resume=True)
    assert again.attrs["front"] == fresh.attrs["front"]
    written = pd.read_csv(tmp_path / "out" / "front.csv", float_precision="round_trip")
    assert written.to_dict("list") == fresh.attrs["front"]
    rank(space, predictor, top=3, out=tmp_path / "out")
    assert not (tmp_path / "out" / "front.csv").exists()


def test_a_front_beyond_what_can_be_kept_is_refused(space, predictor):
    objective = Objective(selection=Selection(pareto=AXES))
    job = Job(space, predictor, objective, 3, len(space))
    count = CAP + 1
    points = np.column_stack([np.linspace(1e-4, 1e-3, count), np.full(count, 0.3), np.linspace(1, 2, count)])
    many = Screened(front_indices=np.arange(count), front_points=points)
    with pytest.raises(RankingError, match=r"holds more than 100,000 candidates; .*set coarse = true"):
        job.merge(many, Screened())


def test_a_penalty_on_toxicity_lowers_exactly_those_scores(space, predictor, everything):
    frame = rank(space, predictor, Objective(supply=SupplyPenalties(toxic_factor=0.5)), top=len(space))
    before = everything.set_index("candidate")["score"]
    after = frame.set_index("candidate")["score"].loc[before.index]
    toxic = frame.set_index("candidate")["toxic"].loc[before.index] == 1
    assert toxic.any()
    np.testing.assert_allclose(after[toxic], 0.5 * before[toxic], atol=1e-9)
    np.testing.assert_array_equal(after[~toxic], before[~toxic])


def test_so_many_per_choice_of_dopants_survive_the_way_to_another_process(space, predictor):
    objective = Objective(selection=Selection(per_dopants=1))
    job = Job(space, predictor, objective, 4, len(space))
    middle = len(space) // 2
    parts = [
        screened_from_plain(json.loads(json.dumps(screened_to_plain(job.run(*ends)))))
        for ends in ((0, middle), (middle, len(space)))
    ]
    merged = Screened()
    for part in reversed(parts):
        merged = job.merge(merged, part)
    assert merged.indices.tolist() == rank(space, predictor, objective, top=4)["candidate"].tolist()
