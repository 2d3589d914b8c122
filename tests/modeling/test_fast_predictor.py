from __future__ import annotations

import sys

import numpy as np
import pytest

import ssepredict
from ssepredict.modeling.fast_kernels import kernels
from ssepredict.modeling.fast_predictor import compiled_predictor
from ssepredict.modeling.predictor import Predictor


@pytest.fixture(scope="module")
def pair() -> tuple[Predictor, Predictor]:
    plain = ssepredict.load_predictor()
    return plain, compiled_predictor(plain)


@pytest.mark.parametrize("name", ["na3zr2si2po12", "li2zrcl6"])
@pytest.mark.parametrize("temperature_c", [25.0, 120.0])
def test_the_released_models_predict_the_same(
    pair: tuple[Predictor, Predictor], name: str, temperature_c: float
) -> None:
    plain, fast = pair
    space = ssepredict.SubstitutionSpace.from_toml(name)
    sites = space.decode(np.linspace(0, len(space) - 1, 700).astype(np.int64)).sites()
    sites = sites.take(sites.framework != "")
    distance = plain.domain_distance(sites)
    np.testing.assert_allclose(fast.domain_distance(sites), distance, rtol=0.0, atol=1e-9)
    expected = plain.distributions(sites, temperature_c=temperature_c, distance=distance)
    found = fast.distributions(sites, temperature_c=temperature_c, distance=distance)
    for target in plain.models:
        np.testing.assert_allclose(found[target].center, expected[target].center, rtol=0.0, atol=1.1e-9)
        same = found[target].center == expected[target].center
        assert same.mean() > 0.9
        np.testing.assert_array_equal(found[target].scale[same], expected[target].scale[same])


def test_the_original_is_left_alone(pair: tuple[Predictor, Predictor]) -> None:
    plain, fast = pair
    for name, model in plain.models.items():
        assert model.estimator is not fast.models[name].estimator or model.status == "abstained"
    assert type(plain.domain).__name__ == "Domain"
    assert (fast.name, fast.digest, fast.live_targets) == (plain.name, plain.digest, plain.live_targets)


def test_without_numba_the_original_models_are_used(
    pair: tuple[Predictor, Predictor], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    try:
        assert compiled_predictor(pair[0]) is pair[0]
    finally:
        kernels.cache_clear()
