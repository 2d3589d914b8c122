from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import chi2, multivariate_normal

from ssepredict import load_predictor
from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.inference.suggestions import process
from ssepredict.modeling.predictor import Predictor
from ssepredict.resources import shipped_folder

ROOT = Path(__file__).resolve().parents[2]
IN_USE = np.log([process.LATENT, process.LABORATORY, process.NOISE, process.LENGTH])


@pytest.fixture(scope="module")
def shares() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        return importlib.import_module("benchmarks.shares")


@pytest.fixture(scope="module")
def released() -> Predictor:
    return load_predictor()


def test_the_misfit_is_the_likelihood_of_the_process(shares):
    """The covariance is that of the package, the density that of SciPy."""
    generator = np.random.default_rng(0)
    places = [generator.normal(size=(size, 2)) for size in (1, 4)]
    distances = [np.linalg.norm(at[:, None] - at[None], axis=2) for at in places]
    scores = [generator.normal(size=size) for size in (1, 4)]
    expected = 0.0
    for score, distance in zip(scores, distances, strict=True):
        covariance = process.LATENT * process.kernel(distance) + process.LABORATORY
        covariance += process.NOISE * np.eye(len(score))
        constant = 0.5 * len(score) * np.log(2.0 * np.pi)
        expected -= multivariate_normal(cov=covariance).logpdf(score) + constant
    assert shares.misfit(IN_USE, scores, distances) == pytest.approx(expected)


def test_the_shares_are_a_whole():
    total = process.LATENT + process.LABORATORY + process.NOISE
    assert total == pytest.approx(1.0)


def test_those_in_use_fit_the_release_about_as_well_as_any(shares: ModuleType, released: Predictor) -> None:
    """Inside the 95 % region of the likelihood (S. S. Wilks, Ann. Math. Stat. 9 (1938) 60)."""
    rows = shares.left_out_rows(shipped_folder("models") / "nasicon-halide")
    parts = shares.by_paper(released, rows)
    behind = shares.misfit(IN_USE, *parts) - shares.misfit(shares.likeliest(*parts), *parts)
    assert 0.0 <= behind < chi2.ppf(0.95, len(IN_USE)) / 2.0


def test_another_dataset_than_that_of_the_release_is_refused(
    shares: ModuleType, released: Predictor, li_halides: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "load_dataset", lambda: li_halides)
    with pytest.raises(SsePredictError, match=r"trained on another dataset \(.*\) than .*: train it again"):
        shares.by_paper(released, shares.left_out_rows(shipped_folder("models") / "nasicon-halide"))
