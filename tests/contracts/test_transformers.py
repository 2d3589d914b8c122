"""What every transformer on a column of formulas promises to scikit-learn.

A new transformer joins by its line in ``TRANSFORMERS``, and in the shorter lists where it belongs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.exceptions import FormulaError
from ssepredict.featurizers.conditions import ConditionFeaturizer
from ssepredict.featurizers.elemental import ElementalFeaturizer
from ssepredict.featurizers.site import SiteFeaturizer

# What makes one, a parameter of its constructor, a value other than the default.
TRANSFORMERS: list[tuple[Callable[[], BaseEstimator], str, object]] = [
    (ElementalFeaturizer, "column", "composition"),
    (SiteFeaturizer, "elements", ("Zr",)),
    (ConditionFeaturizer, "columns", ("temperature_c", "synthesis")),
]
# Those that read nothing but the formulas: they also take a series or a list, and one named column.
FORMULA_TRANSFORMERS: list[Callable[[], BaseEstimator]] = [ElementalFeaturizer, SiteFeaturizer]
# Those that learn nothing in fit and need none.
STATELESS: list[Callable[[], BaseEstimator]] = [ElementalFeaturizer]

FORMULAS = ["Na3Zr2Si2PO12", "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Li2ZrCl6", "Li3YCl6"]

makers = pytest.mark.parametrize("make", [make for make, _, _ in TRANSFORMERS])
stateless_makers = pytest.mark.parametrize("make", STATELESS)
formula_makers = pytest.mark.parametrize("make", FORMULA_TRANSFORMERS)


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {"temperature_c": [25.0, 25.0, 25.0, 60.0], "formula": FORMULAS}, index=["a", "b", "c", "d"]
    )


@pytest.mark.parametrize(("make", "parameter", "value"), TRANSFORMERS)
def test_parameters_are_stored_and_cloned(make, parameter, value):
    changed = make().set_params(**{parameter: value})
    copy = clone(changed)
    assert copy is not changed
    assert copy.get_params() == changed.get_params()
    assert copy.get_params()[parameter] == value
    assert make().get_params()[parameter] != value


@makers
def test_constructing_learns_nothing(make):
    assert [name for name in vars(make()) if name.endswith("_")] == []


@makers
def test_names_match_the_columns(make, table):
    transformer = make().fit(table)
    names = transformer.get_feature_names_out()
    assert names.dtype == object
    assert len(set(names)) == len(names)
    assert np.asarray(transformer.transform(table)).shape == (len(table), len(names))
    assert not any(" " in name for name in names)  # LightGBM refuses whitespace


@makers
def test_fit_returns_self_and_records_the_columns(make, table):
    transformer = make()
    assert transformer.fit(table) is transformer
    assert transformer.n_features_in_ == 2
    assert transformer.feature_names_in_.tolist() == ["temperature_c", "formula"]
    assert transformer.get_feature_names_out(["temperature_c", "formula"]).size > 0
    with pytest.raises(ValueError, match="expected feature_names_in_"):
        transformer.get_feature_names_out(["other", "formula"])


@makers
def test_pandas_output_keeps_index_and_names(make, table):
    plain = make().fit(table)
    framed = make().set_output(transform="pandas").fit(table)
    out = framed.transform(table)
    assert isinstance(out, pd.DataFrame)
    assert out.index.tolist() == table.index.tolist()
    assert out.columns.tolist() == framed.get_feature_names_out().tolist()
    np.testing.assert_array_equal(out.to_numpy(dtype=float), np.asarray(plain.transform(table), dtype=float))


@makers
def test_the_input_is_left_as_it_was(make, table):
    before = table.copy(deep=True)
    make().fit(table).transform(table)
    pd.testing.assert_frame_equal(table, before)


@makers
def test_rows_do_not_depend_on_their_neighbours(make, table):
    transformer = make().fit(table)
    whole = np.asarray(transformer.transform(table), dtype=float)
    for row in range(len(table)):
        alone = np.asarray(transformer.transform(table.iloc[[row]]), dtype=float)
        np.testing.assert_array_equal(alone[0], whole[row])


@formula_makers
def test_a_missing_column_is_named(make, table):
    with pytest.raises(ValueError, match=r"expected 'formula' among them; did you mean 'formulae'\?"):
        make().fit(table.rename(columns={"formula": "formulae"}))


@formula_makers
def test_every_unreadable_formula_is_named(make, table):
    table["formula"] = ["Na3Zr2Si2PO12", "Xy2", "Li2ZrCl6", "Li3+xYCl6"]
    with pytest.raises(FormulaError, match="2 formulas cannot be used") as caught:
        make().fit(table).transform(table)
    assert [row for row, _, _ in caught.value.problems] == [1, 3]


@formula_makers
@pytest.mark.parametrize(
    "wrap",
    [
        list,
        tuple,
        pd.Series,
        pd.Index,
        lambda formulas: np.array(formulas, dtype=object),
        lambda formulas: np.array(formulas)[:, None],
        lambda formulas: pd.Series(formulas, dtype="string"),
        parse_formulas,
    ],
    ids=["list", "tuple", "Series", "Index", "objects", "one column", "string Series", "CompositionMatrix"],
)
def test_every_kind_of_input_gives_the_same(make, wrap, table):
    expected = np.asarray(make().fit_transform(table), dtype=float)
    got = np.asarray(make().fit(wrap(FORMULAS)).transform(wrap(FORMULAS)), dtype=float)
    np.testing.assert_array_equal(got, expected)


@formula_makers
def test_a_series_has_one_unnamed_column(make, table):
    transformer = make().fit(table)
    transformer.fit(table["formula"])
    assert transformer.n_features_in_ == 1
    assert not hasattr(transformer, "feature_names_in_")


@formula_makers
def test_pandas_output_keeps_the_index_of_a_series(make, table):
    out = make().set_output(transform="pandas").fit_transform(table["formula"])
    assert out.index.tolist() == table.index.tolist()


@formula_makers
def test_what_holds_no_formulas_is_refused(make):
    with pytest.raises(TypeError, match=r"single text 'Li3YCl6'.*write \['Li3YCl6'\]"):
        make().fit("Li3YCl6")
    with pytest.raises(TypeError, match="X is a int, expected a DataFrame"):
        make().fit_transform(3)
    with pytest.raises(ValueError, match=r"shape \(2, 2\), expected \(n,\) or \(n, 1\)"):
        make().fit_transform(np.array([["Li", "Na"], ["K", "Rb"]]))
    with pytest.raises(ValueError, match="2 columns named 'formula'"):
        make().fit_transform(pd.DataFrame([["Li", "Na"]], columns=["formula", "formula"]))
    with pytest.raises(FormulaError, match="is not text but float"):
        make().fit_transform(pd.DataFrame({"formula": ["Li3YCl6", np.nan]}))


@stateless_makers
def test_nothing_is_learned_from_the_rows(make, table):
    assert not get_tags(make()).requires_fit
    np.testing.assert_array_equal(make().transform(table), make().fit(table.head(1)).transform(table))


@formula_makers
def test_works_inside_pipelines_and_column_transformers(make, table):
    pipeline = make_pipeline(make(), StandardScaler()).set_output(transform="pandas")
    out = pipeline.fit_transform(table)
    assert out.columns.tolist() == pipeline[0].get_feature_names_out().tolist()
    columns = make_column_transformer((make(), ["formula"]), ("passthrough", ["temperature_c"]))
    assert columns.fit_transform(table).shape == (len(table), out.shape[1] + 1)
    assert columns.get_feature_names_out()[-1].endswith("temperature_c")
