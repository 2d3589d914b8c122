"""Gradient-boosted regressors, the reference they are held against and the baselines they must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.blend import TreesAndProcess, randomized_boosting
from ssepredict.modeling.gaussian import SiteGaussianProcess
from ssepredict.modeling.settings import settings_of

TEMPERATURE_BANDS_C = (-273.15, 15.0, 35.0, 75.0, 150.0, 250.0, 350.0)
"""Lower edges of the bands in which the baselines take their medians."""


def temperature_band(temperature_c: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Index of the temperature band, shape (n,); -1 where the temperature is not stated.

    Examples
    --------
    >>> temperature_band([25.0, 300.0, float("nan")]).tolist()
    [1, 5, -1]
    """
    values = np.asarray(temperature_c, dtype=np.float64)
    bands = np.digitize(np.nan_to_num(values, nan=25.0), TEMPERATURE_BANDS_C) - 1
    return np.where(np.isnan(values), -1, bands).astype(np.int64)


class GroupMedianRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Median of the training values in the same group and temperature band.

    A group that training has not seen in that band falls back to the group, then to the next key, then to
    all rows of the band, then to all rows.

    Parameters
    ----------
    keys : sequence of str, default ()
        Columns of the frame from the coarsest to the finest (``("family", "host")``).
    minimum_rows : int, default 1
        Rows a group needs for a median of its own.

    Examples
    --------
    >>> frame = pd.DataFrame({"family": ["a", "a", "b"], "temperature_c": [25.0] * 3})
    >>> GroupMedianRegressor(["family"]).fit(frame, [1.0, 3.0, 9.0]).predict(frame).tolist()
    [2.0, 2.0, 9.0]
    """

    def __init__(self, keys: Sequence[str] = (), minimum_rows: int = 1) -> None:
        self.keys = keys
        self.minimum_rows = minimum_rows

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Learn the medians of every group, shape of y (n,)."""
        values = np.asarray(y, dtype=np.float64)
        self.medians_: dict[str, float] = {}
        for level in range(len(self.keys) + 1):
            for banded in (False, True):
                table = pd.DataFrame({"label": self._labels(X, level, banded), "value": values})
                groups = table.groupby("label")["value"].agg(["median", "size"])
                enough = groups[groups["size"] >= (self.minimum_rows if level or banded else 1)]
                self.medians_.update({str(label): float(value) for label, value in enough["median"].items()})
        return self

    def predict(self, X: pd.DataFrame) -> FloatArray:
        """Median of the finest group that training knows, shape (n,)."""
        check_is_fitted(self)
        found = np.full(len(X), np.nan)
        for level in range(len(self.keys), -1, -1):
            for banded in (True, False):
                labels = self._labels(X, level, banded)
                known = np.array([self.medians_.get(label, np.nan) for label in labels])
                found = np.where(np.isnan(found), known, found)
        return found

    def _labels(self, X: pd.DataFrame, level: int, banded: bool) -> list[str]:
        columns = [X[key].astype(str).to_list() for key in self.keys[:level]]
        if banded:
            columns.append([str(band) for band in temperature_band(X["temperature_c"])])
        head = f"{level}{'b' if banded else 'a'}"
        return ["|".join((head, *row)) for row in zip(*columns, strict=True)] if columns else [head] * len(X)


def fill_empty_columns(X: FloatArray) -> FloatArray:
    """Put zeros into columns without any value, shape (n, k); call it on what an estimator is fitted on.

    A fold or a single family can leave a condition unstated throughout, and scikit-learn's
    HistGradientBoosting cannot bin such a column. No split can come of a constant, so it stays unused.

    Examples
    --------
    >>> fill_empty_columns(np.array([[np.nan, 1.0], [np.nan, np.nan]])).tolist()
    [[0.0, 1.0], [0.0, nan]]
    """
    return np.where(np.isnan(X).all(axis=0), 0.0, X)


@dataclass(frozen=True)
class EstimatorSpec:
    """An entry of `ESTIMATORS`.

    Parameters
    ----------
    name : str
    kind : {"boosted", "reference", "baseline"}
        Only boosted ones are released; the others are what they are held against.
    reads : {"features", "frame"}
        Whether it is fitted on the feature matrix or on the columns of the training frame.
    build : callable
        Seed to unfitted estimator.
    monotone : str
        Its parameter for the direction of each feature's effect; empty when it has none. LightGBM keeps
        it exactly, HistGradientBoosting nearly: after growing a tree it resets the leaves to medians.
    by_paper : bool
        Whether it has a parameter `columns` for the names of the features and its `fit` takes the papers as
        `groups`.
    tuned : callable, optional
        Name of a target to the parameters that were chosen for it.
    """

    name: str
    kind: Literal["boosted", "reference", "baseline"]
    reads: Literal["features", "frame"]
    build: Callable[[int], Any]
    monotone: str = ""
    by_paper: bool = False
    tuned: Callable[[str], dict[str, Any]] | None = None


def _hist_gradient_boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        loss="absolute_error",
        learning_rate=0.05,
        max_iter=300,
        max_leaf_nodes=15,
        min_samples_leaf=8,
        l2_regularization=1.0,
        max_features=0.4,
        random_state=seed,
    )


def _extra_trees(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(
        n_estimators=300, min_samples_leaf=2, max_features=0.4, random_state=seed, n_jobs=1
    )


ESTIMATORS: dict[str, EstimatorSpec] = {
    spec.name: spec
    for spec in (
        EstimatorSpec("dummy_median", "baseline", "frame", lambda seed: GroupMedianRegressor()),
        EstimatorSpec("family_median", "baseline", "frame", lambda seed: GroupMedianRegressor(("family",))),
        EstimatorSpec(
            "host_median", "baseline", "frame", lambda seed: GroupMedianRegressor(("family", "host"))
        ),
        EstimatorSpec("extra_trees", "reference", "features", _extra_trees),
        EstimatorSpec(
            "hist_gradient_boosting", "boosted", "features", _hist_gradient_boosting, "monotonic_cst"
        ),
        EstimatorSpec(
            "lightgbm",
            "boosted",
            "features",
            randomized_boosting,
            "monotone_constraints",
            tuned=lambda target: settings_of(target).for_trees(),
        ),
        EstimatorSpec(
            "gaussian_process",
            "reference",
            "features",
            lambda seed: SiteGaussianProcess(),
            by_paper=True,
            tuned=lambda target: settings_of(target).for_process(),
        ),
        EstimatorSpec(
            "trees_and_process",
            "boosted",
            "features",
            lambda seed: TreesAndProcess(seed=seed),
            "monotone_constraints",
            by_paper=True,
            tuned=lambda target: settings_of(target).for_both(),
        ),
    )
}
"""Everything that is compared, by name. The temperature enters the baselines as a band."""
