"""A finished ranking is judged again with the very numbers that it was made with."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ssepredict.inference.objectives.objective import Objective, Specification
from ssepredict.inference.ranking import rank
from ssepredict.inference.screening.reopening import screen_of, space_of
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.predictor import Predictor

OBJECTIVES = {
    "default": Objective(),
    "stated": Objective((Specification("conductivity_s_cm", "above", 1e-3),), 60.0, 0.7, 0.6, 0.3),
    "open-ended": Objective.from_dict(
        {
            "specifications": [
                {"target": "conductivity_s_cm", "direction": "maximise", "weight": 3.0},
                {"target": "activation_energy_ev", "direction": "below", "threshold": 0.4},
            ],
            "risk": "lower_bound",
            "supply": {"half_price_usd_per_kg": 50.0},
        }
    ),
    "abstained": Objective(
        (Specification("conductivity_s_cm", "above"), Specification("ccd_ma_cm2", "above", 1.0))
    ),
}


@pytest.fixture
def space() -> SubstitutionSpace:
    entry: dict[str, Any] = {"replaces": "Zr4+", "ions": ["Sc3+", "In3+", "Nb5+"], "fractions": [0.1, 0.3]}
    return SubstitutionSpace.from_dict({"host": "Li2ZrCl6", "substitutions": [entry]})


@pytest.mark.parametrize("name", OBJECTIVES)
def test_scores_come_out_again(name: str, space: SubstitutionSpace, predictor: Predictor) -> None:
    frame = rank(space, predictor, OBJECTIVES[name], top=4)
    summary = json.loads(json.dumps(frame.attrs["summary"]))
    again = space_of(summary, "the space")
    assert again.digest == space.digest
    found = screen_of(summary, again, predictor).run(np.arange(len(again)), 4)
    assert found.indices.tolist() == frame["candidate"].tolist()
    assert found.scores.tolist() == frame["score"].tolist()
