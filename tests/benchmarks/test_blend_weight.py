"""The blend of two parts: its ends are the parts, its middle lies between them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from benchmarks.blend_weight import as_table, by_weight
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import left_out_predictions
from ssepredict.modeling.protocols import prepare
from ssepredict.modeling.targets import TARGETS


def test_the_ends_are_the_parts(li_halides: Dataset) -> None:
    table = prepare(TARGETS["conductivity_s_cm"], li_halides)
    found = by_weight(table, (0.0, 0.5, 1.0), seeds=(7,), folds=3).set_index(["host_group", "weight"])
    errors = found.loc["Li3MX6", "error"]
    for weight, name in ((0.0, "lightgbm"), (1.0, "gaussian_process")):
        rows = left_out_predictions(table, ESTIMATORS[name], "paper_purged", seed=7, folds=3)
        rows = rows[table.scored[rows["row"]]]
        error = np.abs(rows["predicted_withheld"] - table.y[rows["row"]]).mean()
        assert errors[weight] == pytest.approx(error)
    assert errors[0.5] < errors.max()
    assert found["concordance"].between(0.0, 1.0).all()
    stream = io.StringIO()
    Console(file=stream, width=120).print(as_table(found.reset_index()))
    assert f"{errors[0.5]:.4f}" in stream.getvalue()
