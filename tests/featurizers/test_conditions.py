from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from ssepredict.columns import TABLES
from ssepredict.data.dataset import load_dataset
from ssepredict.featurizers.conditions import CONDITIONS, CategoryCondition, ConditionFeaturizer


def features_of(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return ConditionFeaturizer(columns).set_output(transform="pandas").fit_transform(table)


def test_temperature_enters_as_its_inverse():
    out = features_of(pd.DataFrame({"temperature_c": [25.0, 300.0, np.nan]}), "temperature_c")
    np.testing.assert_allclose(
        out["inverse_temperature_1000_per_k"], [1000 / 298.15, 1000 / 573.15, np.nan], rtol=1e-12
    )


def test_each_level_has_a_column_and_unknown_levels_have_none():
    table = pd.DataFrame({"contribution": ["total", "bulk", "grain_boundary", "unspecified", "", None, "?"]})
    out = features_of(table, "contribution")
    assert out.columns.tolist() == ["contribution_total", "contribution_bulk", "contribution_grain_boundary"]
    np.testing.assert_array_equal(out.to_numpy(), np.vstack([np.eye(3), np.zeros((4, 3))]))


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_texts_of_every_kind_of_column(dtype):
    table = pd.DataFrame({"contribution": pd.Series(["bulk", None, "total"], dtype=dtype)})
    assert features_of(table, "contribution")["contribution_bulk"].tolist() == [1.0, 0.0, 0.0]


def test_an_interface_counts_unless_it_is_pristine():
    table = pd.DataFrame({"interface": ["", "pristine", " pristine ", "Sn coating", None]})
    assert features_of(table, "interface")["interface_engineered"].tolist() == [0, 0, 0, 1, 0]


def test_what_is_not_stated_stays_missing():
    out = features_of(pd.DataFrame({"formula": ["Li3YCl6"]}), "sinter_time_h", "synthesis", "temperature_c")
    assert np.isnan(out[["sinter_time_h", "inverse_temperature_1000_per_k"]].to_numpy()).all()
    assert (out.filter(like="synthesis_") == 0.0).all(axis=None)


def test_no_conditions_make_no_columns():
    out = ConditionFeaturizer(()).fit_transform(pd.DataFrame({"temperature_c": [25.0, 60.0]}))
    assert out.shape == (2, 0)


def test_every_condition_is_a_column_of_the_dataset():
    known = {column.name for table in ("samples", "transport", "cells") for column in TABLES[table]}
    assert set(CONDITIONS) <= known


@pytest.mark.parametrize(
    "column", [name for name, entry in CONDITIONS.items() if isinstance(entry, CategoryCondition)]
)
def test_levels_are_written_as_the_dataset_writes_them(column):
    dataset = load_dataset()
    table = dataset.samples if column in dataset.samples else dataset.transport
    assert set(CONDITIONS[column].levels) & set(table[column])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("temperature",), r"condition 'temperature' is unknown; did you mean 'temperature_c'\?"),
        (("zzz",), "condition 'zzz' is unknown; expected some of"),
    ],
)
def test_unknown_conditions_are_named(columns, message):
    with pytest.raises(ValueError, match=message):
        ConditionFeaturizer(columns).fit(pd.DataFrame({"temperature_c": [25.0]}))


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="X is a list, expected a DataFrame with the condition columns"):
        ConditionFeaturizer().fit([[25.0, "bulk"]])
    with pytest.raises(NotFittedError, match="not fitted"):
        ConditionFeaturizer().transform(pd.DataFrame())
