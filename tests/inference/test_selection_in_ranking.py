from __future__ import annotations

import json

import numpy as np
import pytest

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.chemistry.supply_columns import SUPPLY_COLUMNS, supply_columns
from ssepredict.inference.diversity import dopant_keys
from ssepredict.inference.job import Job
from ssepredict.inference.objective import Objective, Selection, SupplyPenalties
from ssepredict.inference.pareto import front_flags
from ssepredict.inference.ranking import rank
from ssepredict.inference.screening import Screened
from ssepredict.inference.space import Substitution, SubstitutionSpace
from ssepredict.inference.wire import screened_from_plain, screened_to_plain


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
    assert frame["pareto"].tolist() == front_flags(frame, axes).tolist()
    assert frame["pareto"].any()
    assert "pareto" not in rank(space, predictor, top=3)


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
