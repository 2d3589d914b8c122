"""One fitted target: from assigned sites and conditions to a predictive distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.hosts import hosts_of
from ssepredict.chemistry.sites import SiteTable
from ssepredict.featurizers.conditions import ConditionFeaturizer
from ssepredict.modeling.difficulty import difficulty
from ssepredict.modeling.intervals import GroupConformal
from ssepredict.modeling.targets import TARGETS, Target


@dataclass(frozen=True)
class PredictiveDistribution:
    """What a target's model says about n compositions, as a distribution.

    Parameters
    ----------
    target : Target
    status : {"ok", "abstained"}
    center, scale : ndarray, shape (n,)
        In the space that models see (decades for a conductivity).
    families : ndarray of str, shape (n,)
    conformal : GroupConformal
    """

    target: Target
    status: str
    center: FloatArray
    scale: FloatArray
    families: npt.NDArray[np.str_]
    conformal: GroupConformal

    @property
    def median(self) -> FloatArray:
        """Predicted value in the unit of the target, shape (n,)."""
        return self.target.inverse(self.center)

    def interval(self, confidence: float = 0.9) -> tuple[FloatArray, FloatArray]:
        """Central interval in the unit of the target, two arrays of shape (n,)."""
        low, high = self.conformal.interval(self.center, self.scale, confidence, self.families)
        return self.target.inverse(low), self.target.inverse(high)

    def probability_below(self, threshold: float) -> FloatArray:
        """Probability of a value below `threshold` (unit of the target), shape (n,)."""
        level = float(self.target.forward(np.array([threshold]))[0])
        return self.conformal.cumulative(self.center, self.scale, level, self.families)

    def probability_above(self, threshold: float) -> FloatArray:
        """Probability of a value above `threshold` (unit of the target), shape (n,)."""
        return 1.0 - self.probability_below(threshold)


@dataclass(frozen=True)
class TargetModel:
    """A fitted target.

    Parameters
    ----------
    target : str
        Name in `TARGETS`.
    status : {"ok", "abstained"}
        Abstained when no model beats the medians on left-out papers; the estimator then is the median.
    reason : str
        Why it is abstained.
    reads : {"features", "frame"}
        What the estimator is given.
    estimator : fitted regressor
    conformal : GroupConformal
    elements : tuple of str
        Elements with a column of their own.
    feature_names : tuple of str
    temperature_range_c : tuple of float
        Of the training rows.
    """

    target: str
    status: str
    reason: str
    reads: Literal["features", "frame"]
    estimator: Any
    conformal: GroupConformal
    elements: tuple[str, ...]
    feature_names: tuple[str, ...]
    temperature_range_c: tuple[float, float]

    def distribution(
        self, sites: SiteTable, shared: FloatArray, conditions: Mapping[str, Any], distance: FloatArray
    ) -> PredictiveDistribution:
        """Predict a batch.

        Parameters
        ----------
        sites : SiteTable, n rows
        shared : ndarray, shape (n, len(SITE_FEATURES))
            Site features without element amounts, which all targets share.
        conditions : mapping
            Columns of `CONDITIONS` and `temperature_c`, one value for the batch.
        distance : ndarray, shape (n,)
            To the measured compositions (`Domain.distance`).
        """
        target = TARGETS[self.target]
        if not len(sites):  # scikit-learn refuses tables without rows
            none = np.zeros(0)
            return PredictiveDistribution(target, self.status, none, none, sites.family, self.conformal)
        X = self.features(sites, shared, conditions)
        if self.reads == "features":
            center = np.asarray(self.estimator.predict(X), dtype=np.float64)
        else:
            center = self.estimator.predict(_frame(sites, conditions))
        scale = self.conformal.scale(X, difficulty(center, distance))
        return PredictiveDistribution(target, self.status, center, scale, sites.family, self.conformal)

    def features(self, sites: SiteTable, shared: FloatArray, conditions: Mapping[str, Any]) -> FloatArray:
        """Matrix that the estimator and the interval scale read, shape (n, len(feature_names))."""
        used = TARGETS[self.target].conditions
        one = pd.DataFrame({name: [conditions.get(name)] for name in used})
        row = ConditionFeaturizer(used).fit(one).transform(one)
        amounts = [sites.composition.amount(symbol) for symbol in self.elements]
        return np.hstack(
            [
                shared,
                np.column_stack(amounts or [np.zeros((len(sites), 0))]),
                np.repeat(row, len(sites), axis=0),
            ]
        )


def _frame(sites: SiteTable, conditions: Mapping[str, Any]) -> pd.DataFrame:
    """Columns that the median estimators read."""
    return pd.DataFrame(
        {
            "family": sites.family,
            "host": hosts_of(sites),
            "temperature_c": np.full(len(sites), float(conditions["temperature_c"])),
        }
    )
