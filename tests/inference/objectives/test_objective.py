from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import RankingError, SpaceError
from ssepredict.inference.objectives.objective import Objective, Selection, Specification, SupplyPenalties
from ssepredict.inference.objectives.resolved import STEPS
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


def test_the_default_score_is_the_plain_product_bit_for_bit():
    generator = np.random.default_rng(0)
    chance = {
        name: generator.random(500) for name in ("conductivity_s_cm", "activation_energy_ev", "ccd_ma_cm2")
    }
    warnings, unjudged = generator.integers(0, 4, (2, 500))
    outside = generator.random(500) < 0.3
    product = np.prod(np.stack([chance[name] for name in sorted(chance)]), axis=0)
    factor = 0.8 ** warnings.astype(float)
    factor = factor * 0.8 ** unjudged.astype(float)
    factor = factor * np.where(outside, 0.5, 1.0)
    demands = tuple(Specification(name, "above", 0.1) for name in chance)
    for weight in (1.0, 3.0):  # equal weights change nothing
        weighted = tuple(dataclasses.replace(demand, weight=weight) for demand in demands)
        score = Objective(weighted).score(
            chance, warnings=warnings, unjudged=unjudged, outside_domain=outside
        )
        np.testing.assert_array_equal(score, product * factor)


def test_a_plain_objective_is_written_as_before():
    assert Objective().to_dict() == {
        "specifications": [
            {"target": "conductivity_s_cm", "direction": "above", "threshold": "host_best"},
            {"target": "activation_energy_ev", "direction": "below", "threshold": "host_best"},
        ],
        "temperature_c": 25.0,
        "warning_factor": 0.8,
        "unjudged_factor": 0.8,
        "outside_domain_factor": 0.5,
    }


@pytest.mark.parametrize(
    "objective",
    [
        Objective(),
        Objective(risk="upper_bound"),
        Objective(risk_confidence=0.5),
        Objective((Specification("ccd_ma_cm2", "maximise", 0.5, 2.0, 4.0),), supply=SupplyPenalties(50.0)),
        Objective(selection=Selection(per_dopants=2, pareto=("score", "hhi_reserve"))),
    ],
)
def test_writing_and_reading_gives_the_same_objective(objective):
    assert Objective.from_dict(json.loads(json.dumps(objective.to_dict()))) == objective


def test_weights_are_powers_that_average_to_one():
    demands = (
        Specification("conductivity_s_cm", "above", weight=3.0),
        Specification("activation_energy_ev", "below"),
    )
    chance = {"conductivity_s_cm": np.array([0.5, 1.0]), "activation_energy_ev": np.array([0.25, 0.25])}
    none = {"warnings": [0, 0], "unjudged": [0, 0], "outside_domain": [False, False]}
    expected = [0.5**1.5 * 0.25**0.5, 0.25**0.5]
    np.testing.assert_allclose(Objective(demands).score(chance, **none), expected, rtol=1e-12)
    # What is not used does not weigh either.
    alone = {"activation_energy_ev": chance["activation_energy_ev"]}
    np.testing.assert_array_equal(Objective(demands).score(alone, **none), [0.25, 0.25])


def test_the_factor_alone_is_never_below_the_score():
    generator = np.random.default_rng(1)
    objective = Objective(
        (
            Specification("conductivity_s_cm", "above", weight=2.5),
            Specification("activation_energy_ev", "below"),
        ),
        warning_factor=0.9999999999999999,
    )
    chance = {name: 1.0 - 1e-16 * generator.integers(0, 3, 400) for name in ("conductivity_s_cm",)}
    chance["activation_energy_ev"] = generator.choice([1.0, 0.999999999, 0.5], 400)
    first, later, unjudged = generator.integers(0, 4, (3, 400))
    outside, supply = generator.random(400) < 0.5, generator.random(400)
    score = objective.score(
        chance, warnings=first + later, unjudged=unjudged, outside_domain=outside, supply=supply
    )
    for bound in (
        objective.factor(warnings=first, unjudged=unjudged, outside_domain=outside, supply=supply),
        objective.factor(warnings=first, unjudged=unjudged, supply=supply),
        objective.factor(warnings=first, unjudged=unjudged),
    ):
        assert (np.round(bound, 9) >= np.round(score, 9)).all()


SITES = ["Li2ZrCl6", "Li2.2Zr0.8Y0.2Cl6", "Li1.8Zr0.8Nb0.2Cl6"]


def _probabilities(predictor, objective):
    (entry,) = objective.resolve(parse_sites([HOST]), HOST, _trusting(predictor))
    distribution = predictor.distributions(parse_sites(SITES))[entry.target]
    return entry, distribution, entry.probability(distribution)


def test_to_maximise_is_the_mean_chance_over_thresholds_up_to_the_reach(predictor):
    objective = Objective((Specification("conductivity_s_cm", "maximise", 1e-4, reach=1e-2),))
    _, distribution, found = _probabilities(predictor, objective)
    levels = 10.0 ** (-4 + 2 * (np.arange(STEPS) + 0.5) / STEPS)
    expected = np.mean([distribution.probability_above(level) for level in levels], axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert (distribution.probability_above(1e-2) < found).all()
    assert (found < distribution.probability_above(1e-4)).all()


def test_to_minimise_rewards_lower_values(predictor):
    near = Objective((Specification("activation_energy_ev", "minimise", 0.4, reach=0.3),))
    far = Objective((Specification("activation_energy_ev", "minimise", 0.4, reach=0.1),))
    entry, distribution, found = _probabilities(predictor, near)
    assert (entry.threshold, entry.reach) == (0.4, 0.3)
    assert (found < distribution.probability_below(0.4)).all()
    assert (_probabilities(predictor, far)[2] < found).all()


@pytest.mark.parametrize(
    ("demand", "reach"),
    [
        (Specification("conductivity_s_cm", "maximise", 1e-3), 1e-2),
        (Specification("conductivity_s_cm", "maximise", 1.0), 3.0),
        (Specification("activation_energy_ev", "minimise", 0.35), 0.29),
        (Specification("activation_energy_ev", "minimise", 0.05), 0.03),
        (Specification("activation_energy_ev", "below", 0.35), None),
    ],
)
def test_an_unstated_reach_is_one_span_inside_the_admissible_range(predictor, demand, reach):
    entry, _, _ = _probabilities(predictor, Objective((demand,)))
    assert entry.reach == (None if reach is None else pytest.approx(reach))


def test_the_best_reported_value_is_where_an_improvement_starts(predictor):
    best = predictor.best_reported(HOST, "conductivity_s_cm", 25.0)["value"]
    entry, _, _ = _probabilities(predictor, Objective((Specification("conductivity_s_cm", "maximise"),)))
    assert (entry.threshold, entry.reach, entry.origin) == (best, 10 * best, "reported")
    stated = Objective((Specification("conductivity_s_cm", "maximise", reach=best / 2),))
    with pytest.raises(SpaceError, match=r"is to maximise from .* expected a reach above the threshold"):
        _probabilities(predictor, stated)


@pytest.mark.parametrize(
    ("target", "direction", "threshold"),
    [("conductivity_s_cm", "above", 5e-4), ("activation_energy_ev", "below", 0.35)],
)
def test_the_attitude_to_risk_moves_every_chance_its_way(predictor, target, direction, threshold):
    demand = Specification(target, direction, threshold)
    chances = {
        risk: _probabilities(predictor, Objective((demand,), risk=risk))[2]
        for risk in ("lower_bound", "mean", "upper_bound")
    }
    assert (chances["lower_bound"] < chances["mean"]).all()
    assert (chances["mean"] < chances["upper_bound"]).all()


def test_the_lower_bound_is_the_chance_under_the_worse_end_of_the_interval(predictor):
    demand = Specification("activation_energy_ev", "below", 0.35)
    _, distribution, found = _probabilities(
        predictor, Objective((demand,), risk="lower_bound", risk_confidence=0.5)
    )
    moved = dataclasses.replace(distribution, center=distribution.interval(0.5)[1])
    np.testing.assert_allclose(found, moved.probability_below(0.35), rtol=1e-12)


def test_what_a_score_means_is_said():
    assert "order" not in Objective().meaning
    odd = (
        Specification("conductivity_s_cm", "above", weight=2.0),
        Specification("activation_energy_ev", "minimise"),
    )
    text = Objective(odd, risk="lower_bound").meaning
    assert "an order only" in text
    assert "from the stated one to the reach" in text
    assert "worse end of their 68 % interval" in text


def test_a_penalised_ranking_multiplies_the_supply_factor():
    composition = parse_formulas(["Li3YCl6", "Li3ScCl6"])
    objective = Objective(supply=SupplyPenalties(half_price_usd_per_kg=50.0))
    chance = {"conductivity_s_cm": np.array([0.5, 0.5])}
    none = {"warnings": [0, 0], "unjudged": [0, 0], "outside_domain": [False, False]}
    supply = objective.supply_factor(composition)
    np.testing.assert_array_equal(
        objective.score(chance, supply=supply, **none), objective.score(chance, **none) * supply
    )
    assert Objective().supply_factor(composition) is None


def test_a_front_over_a_target_that_is_abstained_from_is_refused(predictor):
    objective = Objective(selection=Selection(pareto=("conductivity_s_cm", "ccd_ma_cm2")))
    model = _abstaining(predictor, "ccd_ma_cm2", "fade_pct_per_cycle")
    with pytest.raises(RankingError, match=r"abstains from ccd_ma_cm2, over which no front can be drawn"):
        objective.resolve(parse_sites([HOST]), HOST, model)
    supply = Objective(selection=Selection(pareto=("conductivity_s_cm", "price_usd_per_kg")))
    assert len(supply.resolve(parse_sites([HOST]), HOST, model)) == 2
