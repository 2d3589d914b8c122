from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import RankingError
from ssepredict.inference.objective import Objective, Specification
from ssepredict.modeling.predictor import Predictor

HOST = "Li2ZrCl6"


def _abstaining(predictor: Predictor, *targets: str) -> Predictor:
    models = {
        name: dataclasses.replace(model, status="abstained" if name in targets else "ok")
        for name, model in predictor.models.items()
    }
    return dataclasses.replace(predictor, models=models)


def _trusting(predictor: Predictor) -> Predictor:
    return _abstaining(predictor, "ccd_ma_cm2", "fade_pct_per_cycle")


def test_the_default_takes_the_best_reported_values_of_the_host(predictor):
    resolved = Objective().resolve(parse_sites([HOST]), HOST, predictor)
    assert [entry.target for entry in resolved] == ["conductivity_s_cm", "activation_energy_ev"]
    for entry in resolved:
        best = predictor.best_reported(HOST, entry.target, 25.0)
        assert (entry.threshold, entry.origin, entry.source_id) == (
            best["value"],
            "reported",
            best["source_id"],
        )


def test_a_host_without_reported_values_is_compared_with_its_own_prediction(predictor):
    formula = "Na3.03Zr1.93Hf0.04Sc0.03Si2PO12"
    sites = parse_sites([formula])
    model = _trusting(predictor)
    for entry in Objective().resolve(sites, formula, model):
        assert entry.origin == "predicted"
        assert entry.threshold == model.distributions(sites)[entry.target].median[0]


def test_stated_thresholds_are_taken_as_they_are(predictor):
    objective = Objective((Specification("conductivity_s_cm", "above", 2e-3),))
    (entry,) = objective.resolve(parse_sites([HOST]), HOST, _trusting(predictor))
    assert (entry.threshold, entry.origin, entry.used) == (2e-3, "stated", True)


def test_an_abstained_target_is_not_used(predictor):
    model = _abstaining(predictor, "activation_energy_ev", "ccd_ma_cm2", "fade_pct_per_cycle")
    resolved = Objective().resolve(parse_sites([HOST]), HOST, model)
    assert [entry.used for entry in resolved] == [True, False]


def test_a_predictor_that_abstains_from_everything_is_refused(predictor):
    objective = Objective((Specification("ccd_ma_cm2", "above", 1.0),))
    with pytest.raises(RankingError, match=r"abstains from ccd_ma_cm2, so no candidate can be scored"):
        objective.resolve(parse_sites([HOST]), HOST, _abstaining(predictor, "ccd_ma_cm2"))


def test_probabilities_of_both_directions_add_up(predictor):
    sites = parse_sites(["Li2ZrCl6", "Li2.2Zr0.8Y0.2Cl6", "Li1.8Zr0.8Nb0.2Cl6"])
    distribution = predictor.distributions(sites)["conductivity_s_cm"]
    chances = []
    for direction in ("above", "below"):
        objective = Objective((Specification("conductivity_s_cm", direction, 5e-4),))
        (entry,) = objective.resolve(parse_sites([HOST]), HOST, _trusting(predictor))
        chances.append(entry.probability(distribution))
    np.testing.assert_allclose(chances[0] + chances[1], 1.0, atol=1e-12)


def test_doubts_lower_the_score_by_their_factors():
    objective = Objective(warning_factor=0.7, unjudged_factor=0.6, outside_domain_factor=0.5)
    chance = {"conductivity_s_cm": np.full(5, 0.5), "activation_energy_ev": np.full(5, 0.4)}
    score = objective.score(
        chance, warnings=[0, 2, 0, 0, 1], unjudged=[0, 0, 1, 0, 1], outside_domain=[False] * 3 + [True] * 2
    )
    np.testing.assert_allclose(
        score, [0.2, 0.2 * 0.49, 0.2 * 0.6, 0.2 * 0.5, 0.2 * 0.7 * 0.6 * 0.5], rtol=1e-12
    )
