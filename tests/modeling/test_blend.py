"""The released estimator: a weighted mean of its two parts, monotone and reproducible."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ssepredict.modeling.blend import TreesAndProcess
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import fit_estimator, left_out_predictions
from ssepredict.modeling.metrics import mean_absolute_error
from ssepredict.modeling.protocols import prepare
from ssepredict.modeling.settings import settings_of
from ssepredict.modeling.targets import TARGETS
from ssepredict.resources import shipped_folder


@pytest.fixture(scope="module")
def table(li_halides):
    return prepare(TARGETS["conductivity_s_cm"], li_halides)


@pytest.fixture(scope="module")
def fitted(table) -> TreesAndProcess:
    return fit_estimator(table, ESTIMATORS["trees_and_process"], np.arange(len(table.y)), seed=0)


def test_it_is_the_weighted_mean_of_its_parts(table, fitted):
    share = settings_of("conductivity_s_cm").process_weight
    expected = (1 - share) * fitted.trees_.predict(table.X) + share * fitted.process_.predict(table.X)
    np.testing.assert_allclose(fitted.predict(table.X), expected, rtol=1e-12)


def test_heat_never_lowers_the_conductivity(table, fitted):
    column = table.feature_names.index("inverse_temperature_1000_per_k")
    found = []
    for temperature_c in (0.0, 25.0, 60.0, 100.0, 200.0, 400.0):
        X = table.X_withheld.copy()
        X[:, column] = 1000.0 / (temperature_c + 273.15)
        found.append(fitted.predict(X))
    assert (np.diff(found, axis=0) >= -1e-12).all()


def test_the_unit_of_the_target_does_not_matter(table):
    rows = np.arange(len(table.y))
    X, names = table.X_withheld, table.feature_names
    once = TreesAndProcess(columns=names).fit(X, table.y, groups=table.papers)
    scaled = TreesAndProcess(columns=names).fit(X, 8.0 * table.y, groups=table.papers)
    np.testing.assert_allclose(scaled.predict(X[rows]), 8.0 * once.predict(X[rows]), rtol=1e-3, atol=0.05)


@pytest.mark.slow
def test_retraining_reproduces_the_shipped_metrics(dataset):
    """The activation energy under left-out papers, within the 0.001 eV that another machine may differ by."""
    path = shipped_folder("models") / "nasicon-halide" / "metrics.json"
    lines = json.loads(path.read_text(encoding="utf-8"))["targets"]["activation_energy_ev"]["comparison"]
    stated = {
        line["estimator"]: line["mae"]
        for line in lines
        if line["protocol"] == "paper" and line["scope"] == "all"
    }
    table = prepare(TARGETS["activation_energy_ev"], dataset)
    for name in ("host_median", "gaussian_process", "trees_and_process"):
        found = left_out_predictions(table, ESTIMATORS[name], "paper")
        rows = found[table.scored[found["row"].to_numpy()]]
        error = mean_absolute_error(
            true=table.y[rows["row"].to_numpy()], predicted=rows["predicted_withheld"].to_numpy()
        )
        assert error == pytest.approx(stated[name], abs=0.001)
