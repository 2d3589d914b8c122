"""Conditions of a measurement as features: temperature, contribution, synthesis, density, interface, cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.exceptions import did_you_mean
from ssepredict.featurizers.inputs import check_input_features, remember_columns
from ssepredict.units import celsius_to_kelvin


@dataclass(frozen=True)
class NumericCondition:
    """A number column; missing values stay missing (NaN) for the trees to split on."""

    column: str
    feature: str

    def names(self) -> list[str]:
        """Feature names."""
        return [self.feature]

    def compute(self, values: pd.Series[Any]) -> FloatArray:
        """Feature columns, shape (n, 1)."""
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
        return numbers[:, None]


@dataclass(frozen=True)
class InverseTemperature(NumericCondition):
    """1000 / T in 1/K, in which a thermally activated conductivity is linear."""

    def compute(self, values: pd.Series[Any]) -> FloatArray:
        """Feature columns, shape (n, 1)."""
        celsius = super().compute(values)
        return np.asarray(1000.0 / celsius_to_kelvin(celsius), dtype=np.float64)


@dataclass(frozen=True)
class CategoryCondition:
    """A text column as one indicator per level; a missing or unlisted value is zero everywhere."""

    column: str
    feature: str
    levels: tuple[str, ...]

    def names(self) -> list[str]:
        """Feature names."""
        return [f"{self.feature}_{level}" for level in self.levels]

    def compute(self, values: pd.Series[Any]) -> FloatArray:
        """Feature columns, shape (n, number of levels)."""
        text = _texts(values).to_numpy()
        indicators = [(text == level).astype(np.float64) for level in self.levels]
        return np.column_stack(indicators)


@dataclass(frozen=True)
class PresenceCondition:
    """1 when a text column says anything (an interlayer, a coating), else 0."""

    column: str
    feature: str

    def names(self) -> list[str]:
        """Feature names."""
        return [self.feature]

    def compute(self, values: pd.Series[Any]) -> FloatArray:
        """Feature columns, shape (n, 1)."""
        text = _texts(values).str.strip().to_numpy()
        engineered = (text != "") & (text != "pristine")
        return np.asarray(engineered, dtype=np.float64)[:, None]


def _texts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Cells as text, a missing one as ``""``; also of a categorical column, whose levels are fixed."""
    return values.astype(object).where(values.notna(), "").astype(str)


Condition = NumericCondition | CategoryCondition | PresenceCondition

CONDITIONS: dict[str, Condition] = {
    condition.column: condition
    for condition in (
        InverseTemperature("temperature_c", "inverse_temperature_1000_per_k"),
        CategoryCondition("contribution", "contribution", ("total", "bulk", "grain_boundary")),
        CategoryCondition("phase_range", "phase_range", ("low_temperature", "high_temperature")),
        CategoryCondition(
            "synthesis",
            "synthesis",
            (
                "solid_state", "sol_gel", "melt_quench", "ball_mill", "ball_mill_anneal", "solution",
                "cold_sinter", "tape", "hot_press", "spark_plasma", "thin_film", "single_crystal",
            ),
        ),
        NumericCondition("sinter_temperature_c", "sinter_temperature_c"),
        NumericCondition("sinter_time_h", "sinter_time_h"),
        NumericCondition("relative_density_pct", "relative_density_pct"),
        NumericCondition("composite", "composite"),
        PresenceCondition("interface", "interface_engineered"),
        NumericCondition("current_density_ma_cm2", "current_density_ma_cm2"),
        NumericCondition("c_rate", "c_rate"),
        NumericCondition("cycles", "cycles"),
        NumericCondition("stack_pressure_mpa", "stack_pressure_mpa"),
    )
}  # fmt: skip
"""Every condition a model can be given, by the column of the dataset that holds it."""


class ConditionFeaturizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Measurement conditions as a scikit-learn transformer.

    A column that the table lacks counts as not stated. Nothing is learned or imputed: what is not stated
    is NaN (numbers) or zero in every level (categories).

    Parameters
    ----------
    columns : sequence of str, default ("temperature_c", "contribution")
        Which of `CONDITIONS` to use.

    Examples
    --------
    >>> table = pd.DataFrame({"temperature_c": [25.0], "contribution": ["bulk"]})
    >>> ConditionFeaturizer().set_output(transform="pandas").fit_transform(table).round(3).iloc[0].tolist()
    [3.354, 0.0, 1.0, 0.0]
    """

    def __init__(self, columns: Sequence[str] = ("temperature_c", "contribution")) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Check the names; nothing is learned.

        Raises
        ------
        ValueError
            When a column is no known condition.
        TypeError
            When `X` is no DataFrame.
        """
        for column in self.columns:
            if column not in CONDITIONS:
                hint = did_you_mean(column, CONDITIONS) or f"; expected some of {sorted(CONDITIONS)}"
                raise ValueError(f"condition {column!r} is unknown{hint}")
        self._check_table(X)
        remember_columns(self, X)
        return self

    def transform(self, X: pd.DataFrame) -> FloatArray:
        """Features of every row, shape (n, k).

        Raises
        ------
        TypeError
            When `X` is no DataFrame.
        """
        check_is_fitted(self)
        self._check_table(X)
        missing = pd.Series([None] * len(X), dtype=object)
        blocks = [CONDITIONS[column].compute(X.get(column, missing)) for column in self.columns]
        return np.hstack(blocks) if blocks else np.zeros((len(X), 0))

    def get_feature_names_out(self, input_features: npt.ArrayLike | None = None) -> npt.NDArray[np.object_]:
        """Names of the columns that `transform` gives."""
        check_is_fitted(self)
        check_input_features(self, input_features)
        return np.array(
            [name for column in self.columns for name in CONDITIONS[column].names()], dtype=object
        )

    @staticmethod
    def _check_table(X: object) -> None:
        if not isinstance(X, pd.DataFrame):
            raise TypeError(f"X is a {type(X).__name__}, expected a DataFrame with the condition columns")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags
