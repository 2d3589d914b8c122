from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ssepredict.chemistry.formula import ELEMENTS
from ssepredict.exceptions import FormulaError, SsePredictError
from ssepredict.featurizers.conditions import CONDITIONS
from ssepredict.featurizers.site import SITE_FEATURES
from ssepredict.modeling.explanation import explain, shapley_values
from ssepredict.modeling.feature_groups import GROUPS, OTHER, columns_by_group, group_of, sentence

NB = "Li1.8Zr0.8Nb0.2Cl6"


def _singletons(count: int) -> list[np.ndarray]:
    return [np.array([column]) for column in range(count)]


def test_a_linear_model_gives_weight_times_difference():
    weights, x, reference = np.array([2.0, -1.0, 0.5]), np.array([1.0, 4.0, 2.0]), np.array([0.0, 1.0, 2.0])
    found = shapley_values(lambda rows: rows @ weights, x, reference, _singletons(3))
    np.testing.assert_allclose(found, weights * (x - reference), rtol=0, atol=1e-12)


def test_the_definition_over_all_orders():
    """Mean marginal contribution over every order in which the groups can join."""
    rng = np.random.default_rng(0)
    x, reference = rng.normal(size=(2, 6))
    groups = [np.array([0, 3]), np.array([1]), np.array([2, 5]), np.array([4])]

    def predict(rows):
        return np.sin(rows[:, 0] * rows[:, 1]) + np.maximum(rows[:, 2], rows[:, 3]) * rows[:, 4] + rows[:, 5]

    expected = np.zeros(len(groups))
    orders = list(permutations(range(len(groups))))
    for order in orders:
        row = reference.copy()
        for number in order:
            before = predict(row[None])[0]
            row[groups[number]] = x[groups[number]]
            expected[number] += (predict(row[None])[0] - before) / len(orders)
    np.testing.assert_allclose(shapley_values(predict, x, reference, groups), expected, rtol=0, atol=1e-12)


def test_agrees_with_the_tree_values_of_lightgbm_where_both_are_defined():
    """On trees of one split a model is a sum over features.

    There the path-dependent values of TreeSHAP and those against a reference differ by a constant per
    feature, which drops out of the difference of two rows. On deeper trees the two answer other questions.
    """
    from lightgbm import LGBMRegressor

    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 5))
    model = LGBMRegressor(num_leaves=2, n_estimators=60, verbose=-1, n_jobs=1)
    model.fit(X, np.sin(X[:, 0]) + X[:, 1] ** 2 - X[:, 3])
    shares = np.asarray(model.booster_.predict(X[:2], pred_contrib=True))[:, :-1]
    found = shapley_values(model.booster_.predict, X[0], X[1], _singletons(5))
    np.testing.assert_allclose(found, shares[0] - shares[1], rtol=0, atol=1e-9)


def test_nothing_to_explain_is_nothing():
    assert shapley_values(lambda rows: rows.sum(axis=1), np.ones(2), np.ones(2), []).shape == (0,)


def test_effects_add_up_to_the_difference_of_the_predictions(reduced):
    asked = {"synthesis": "ball_mill", "contribution": "bulk"}
    ((entry,),) = explain(reduced, NB, 60.0, **asked)
    assert sum(effect.effect for effect in entry.effects) == pytest.approx(
        entry.center - entry.reference_center, abs=1e-9
    )
    predicted = reduced.predict(NB, 60.0, **asked).iloc[0]["conductivity_s_cm"]
    host = reduced.predict("Li2ZrCl6").iloc[0]["conductivity_s_cm"]
    assert (entry.value, entry.reference_value) == (pytest.approx(predicted), pytest.approx(host))
    assert np.log10(predicted) == pytest.approx(entry.center, abs=1e-9)


def test_the_reference_is_the_undoped_host(reduced):
    ((entry,),) = explain(reduced, NB)
    assert (entry.reference, entry.reference_is_host) == ("Li2ZrCl6", True)
    said = {effect.group: effect.difference for effect in entry.effects}
    assert said["carriers and vacancies"].startswith("more vacancies (3.2 against 3 per formula unit)")
    assert "temperature" not in said


def test_a_host_is_compared_with_another_host(reduced):
    ((entry,),) = explain(reduced, "Li2ZrCl6")
    assert entry.reference != "Li2ZrCl6"
    assert not entry.reference_is_host
    assert entry.effects


def test_a_batch_equals_its_rows(reduced):
    together = explain(reduced, [NB, "Li3YCl6"])
    assert together == [explain(reduced, text)[0] for text in (NB, "Li3YCl6")]


def test_bad_input_is_refused(reduced):
    with pytest.raises(FormulaError, match="Al2O3"):
        explain(reduced, "Al2O3")
    with pytest.raises(SsePredictError, match="temperature_c"):
        explain(reduced, NB, float("nan"))


def test_every_feature_belongs_to_a_named_group():
    names = [feature.name for feature in SITE_FEATURES]
    names += [f"amount_{symbol}" for symbol in ELEMENTS]
    names += [name for condition in CONDITIONS.values() for name in condition.names()]
    assert [name for name in names if group_of(name) is OTHER] == []
    assert sorted(np.concatenate(list(columns_by_group(names).values()))) == list(range(len(names)))


def test_what_is_told_belongs_to_its_group():
    for group in GROUPS:
        assert all(group_of(quantity.feature) is group for quantity in group.told), group.name


@pytest.mark.parametrize(
    ("feature", "here", "there", "expected"),
    [
        ("inverse_temperature_1000_per_k", 1000 / 333.15, 1000 / 298.15, "warmer (60 against 25 °C)"),
        ("sinter_temperature_c", 1200.0, np.nan, "sinter temperature (1200 against unknown °C)"),
        ("amount_Nb", 0.2, 0.0, "Nb 0.2 against 0"),
        ("synthesis_ball_mill", 1.0, 0.0, "ball mill against nothing stated"),
        ("m_radius_mean", 0.72, 0.7451, "smaller M ions on average (0.720 against 0.745 Å)"),
        ("m_radius_mean", 0.72, 0.7201, ""),
    ],
)
def test_differences_are_put_into_words(feature, here, there, expected):
    assert sentence(group_of(feature), {feature: here}, {feature: there}) == expected


def test_a_heavily_doped_composition_is_compared_with_the_host_that_is_stated(released):
    doped = "Li2.7Zr0.3Sc0.4In0.3Cl6"
    named = explain(released, doped)[0][0]
    stated = explain(released, doped, host="Li2ZrCl6")[0][0]
    assert named.reference == "Li3ScCl6"
    assert stated.reference == "Li2ZrCl6"
    assert stated.reference_is_host
