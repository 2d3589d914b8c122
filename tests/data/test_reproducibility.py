from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from ssepredict.columns import DERIVED_TABLES
from ssepredict.data.dataset import load_dataset
from ssepredict.data.reproducibility import (
    load_noise_floor,
    noise_floor,
    noise_floor_of,
    quoted_noise_floor,
)
from ssepredict.exceptions import SsePredictError
from ssepredict.modeling.card import _noise_floor


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


def line_of(table, **wanted):
    rows = table[np.logical_and.reduce([table[name] == value for name, value in wanted.items()])]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_shipped_table_is_the_computed_one(dataset):
    pd.testing.assert_frame_equal(load_noise_floor(), noise_floor(dataset))


def test_figures_agree_with_a_loop_over_one_composition(dataset):
    """Closed form: Li3InCl6 alone, by hand."""
    samples = dataset.samples[dataset.samples["composition_key"] == "Cl6 In1 Li3"]
    alone = dataclasses.replace(
        dataset, transport=dataset.transport[dataset.transport["sample_id"].isin(samples["sample_id"])]
    )
    frame = alone.training_frame("conductivity")
    frame = frame[(frame["bound"] == "") & (frame["suspect"] == 0) & (frame["computed"] == 0)]
    frame = frame[(frame["composite"] == 0) & frame["temperature_c"].between(15, 45)]
    works = [float(np.median(np.log10(group["value"]))) for _, group in frame.groupby("work_id")]
    assert len(works) > 3
    pairs = [abs(a - b) for i, a in enumerate(works) for b in works[i + 1 :]]
    errors = [abs(a - np.median(works[:i] + works[i + 1 :])) for i, a in enumerate(works)]
    line = noise_floor_of("li_halide", table=noise_floor(alone))
    assert line["pairs"] == len(pairs)
    assert line["works"] == len(works)
    assert line["median_abs_difference"] == pytest.approx(np.median(pairs), abs=1e-4)
    assert line["mae_from_other_works"] == pytest.approx(np.mean(errors), abs=1e-4)
    assert np.isnan(line["mae_low"])


def test_suspect_and_computed_values_do_not_count(dataset):
    doubted = dataclasses.replace(dataset, transport=dataset.transport.assign(suspect=1))
    assert noise_floor(doubted).empty
    extrapolated = dataclasses.replace(dataset, transport=dataset.transport.assign(computed=1))
    assert noise_floor(extrapolated).empty


def test_a_work_with_many_values_counts_once(dataset):
    doubled = dataset.transport.assign(measurement_id=dataset.transport["measurement_id"] + "x")
    twice = dataclasses.replace(dataset, transport=pd.concat([dataset.transport, doubled]))
    pd.testing.assert_frame_equal(noise_floor(twice), noise_floor(dataset))


def test_the_floor_lies_where_the_literature_lies():
    line = noise_floor_of()
    assert line["compositions"] > 50
    assert 0.4 < line["median_abs_difference"] < 0.65
    assert line["mae_low"] < line["mae_from_other_works"] < line["mae_high"]
    assert noise_floor_of(quantity="activation_energy")["unit"] == "eV"
    assert noise_floor_of("na_halide", "activation_energy") is None


def test_columns_are_declared():
    assert load_noise_floor().columns.tolist() == [
        column.name for column in DERIVED_TABLES["reproducibility"]
    ]


def test_an_unknown_quantity_is_named():
    with pytest.raises(SsePredictError, match="did you mean 'conductivity'"):
        noise_floor_of(quantity="conductivty")


def test_a_card_quotes_the_floor_and_does_without(dataset):
    quoted = json.loads(json.dumps(quoted_noise_floor(dataset), allow_nan=False))
    text = _noise_floor(quoted["conductivity"])
    assert "| na_nasicon |" in text
    assert f"{quoted['conductivity'][0]['mae_from_other_works']:.3f}" in text
    assert _noise_floor(()) == ""
