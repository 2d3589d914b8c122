from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from ssepredict.inference import suggestion_process as process

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shares() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        return importlib.import_module("benchmarks.shares")


def test_the_misfit_is_the_likelihood_of_the_process(shares):
    """The covariance is that of the package, the density that of SciPy."""
    generator = np.random.default_rng(0)
    places = [generator.normal(size=(size, 2)) for size in (1, 4)]
    distances = [np.linalg.norm(at[:, None] - at[None], axis=2) for at in places]
    scores = [generator.normal(size=size) for size in (1, 4)]
    own = [process.LATENT, process.LABORATORY, process.NOISE, process.LENGTH]
    expected = 0.0
    for score, distance in zip(scores, distances, strict=True):
        covariance = process.LATENT * process.kernel(distance) + process.LABORATORY
        covariance += process.NOISE * np.eye(len(score))
        constant = 0.5 * len(score) * np.log(2.0 * np.pi)
        expected -= multivariate_normal(cov=covariance).logpdf(score) + constant
    assert shares.misfit(np.log(own), scores, distances) == pytest.approx(expected)


def test_the_shares_are_a_whole():
    total = process.LATENT + process.LABORATORY + process.NOISE
    assert total == pytest.approx(1.0)
