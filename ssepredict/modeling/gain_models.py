"""Models of the doping gain, fitted to differences inside a paper: candidates, held against the plain models.

None of them is released: an evaluation under `within_host` measures them beside the models of absolute values
and the rules that need no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.doping_gain import isotherms
from ssepredict.featurizers.site import SiteFeaturizer
from ssepredict.modeling.blend import randomized_boosting
from ssepredict.modeling.estimators import EstimatorSpec
from ssepredict.modeling.gaussian import SiteGaussianProcess
from ssepredict.modeling.informed_process import InformedProcess
from ssepredict.modeling.settings import settings_of

_TREES = 300
_BEND = 0.3
_FEWEST = 2
_SERIES = ("work_id", "host", "contribution", "synthesis")


def _series(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Give each row the number of its series: one work, host, contribution, synthesis and temperature."""
    keys = frame[list(_SERIES)].assign(
        isotherm=isotherms(frame[list(_SERIES)], frame["temperature_c"].to_numpy(dtype=np.float64))
    )
    return np.asarray(keys.groupby(list(keys.columns), dropna=False).ngroup().to_numpy(), dtype=np.int64)


class _SeriesModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """What models of differences inside series share: site features of a frame, missing ones as 0."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def _fit_features(self, frame: pd.DataFrame) -> FloatArray:
        sites = parse_sites(frame["formula"].tolist())
        self.featurizer_ = SiteFeaturizer().fit(sites)
        return np.nan_to_num(self.featurizer_.transform(sites))

    def _features(self, formulas: Sequence[str]) -> FloatArray:
        return np.nan_to_num(self.featurizer_.transform(list(formulas)))

    def _fit_trees(self, X: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> Any:
        """Fit trees; None where no series holds two compositions and no difference was ever seen."""
        if len(y) < _FEWEST:
            return None
        trees = randomized_boosting(self.seed).set_params(alpha=_BEND, n_estimators=_TREES)
        return trees.fit(X, y, sample_weight=weights)

    def _differences(self, X: FloatArray) -> FloatArray:
        """Predicted differences, shape (n,); 0 from what never saw any."""
        return np.zeros(len(X)) if self.trees_ is None else np.asarray(self.trees_.predict(X), np.float64)


class CentredTrees(_SeriesModel):
    """Boosted trees on the value less the mean of its series (work, host, contribution, temperature).

    Parameters
    ----------
    seed : int, default 0
    """

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Fit on the frame of a `TrainingTable`; series of one row teach nothing and are left out."""
        values, series = pd.Series(np.asarray(y, dtype=np.float64)), _series(X)
        centred = (values - values.groupby(series).transform("mean")).to_numpy()
        several = values.groupby(series).transform("size").to_numpy() > 1
        self.trees_ = self._fit_trees(self._fit_features(X)[several], centred[several])
        return self

    def predict(self, X: pd.DataFrame) -> FloatArray:
        """Value above the mean of a series (decades), shape (n,)."""
        check_is_fitted(self)
        return self._differences(self._features(X["formula"].tolist()))


class PairDifference(_SeriesModel):
    """Boosted trees on pairs of a series: from the difference of features to the difference of values.

    A pair is shown in both directions, and a prediction is half the difference of both directions against
    the host, so that it changes its sign with the direction.

    Parameters
    ----------
    seed : int, default 0
    """

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Fit on the frame of a `TrainingTable`; all pairs of a series weigh as the root of their number."""
        values, features = np.asarray(y, dtype=np.float64), self._fit_features(X)
        first, second, weights = self._pairs(features, _series(X))
        shown = np.vstack([self._shown(features, first, second), self._shown(features, second, first)])
        gap = values[first] - values[second]
        self.trees_ = self._fit_trees(shown, np.concatenate([gap, -gap]), np.concatenate([weights, weights]))
        return self

    def predict(self, X: pd.DataFrame) -> FloatArray:
        """Gain over the host (decades), shape (n,)."""
        check_is_fitted(self)
        sites = parse_sites(X["formula"].tolist())
        # LaCl3 and its like have no mobile ion to be counted: there the composition is held against itself.
        hosts = X["host"].where(X["framework"] != "ucl3_halide", X["formula"])
        both = np.vstack([np.nan_to_num(self.featurizer_.transform(sites)), self._features(hosts.tolist())])
        rows = np.arange(len(X))
        there = self._differences(self._shown(both, rows, rows + len(X)))
        back = self._differences(self._shown(both, rows + len(X), rows))
        return np.asarray((there - back) / 2.0, dtype=np.float64)

    @staticmethod
    def _shown(features: FloatArray, first: npt.NDArray[np.intp], second: npt.NDArray[np.intp]) -> FloatArray:
        """Difference of a pair beside its second half, shape (pairs, 2 k)."""
        return np.hstack([features[first] - features[second], features[second]])

    @staticmethod
    def _pairs(
        features: FloatArray, series: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
        found, weights = [np.zeros((0, 2), dtype=np.intp)], [np.zeros(0)]
        for number in np.unique(series):
            rows = np.flatnonzero(series == number)
            pairs = rows[np.column_stack(np.triu_indices(len(rows), 1))]
            differ = (features[pairs[:, 0]] != features[pairs[:, 1]]).any(axis=1)
            found.append(pairs[differ])
            weights.append(np.full(int(differ.sum()), 1.0 / np.sqrt(max(len(pairs), 1))))
        joined = np.concatenate(found)
        return joined[:, 0], joined[:, 1], np.concatenate(weights)


GAIN_MODELS: dict[str, EstimatorSpec] = {
    spec.name: spec
    for spec in (
        EstimatorSpec("centred_trees", "reference", "frame", lambda seed: CentredTrees(seed)),
        EstimatorSpec("pair_difference", "reference", "frame", lambda seed: PairDifference(seed)),
        EstimatorSpec(
            "paper_contrasts",
            "reference",
            "features",
            lambda seed: SiteGaussianProcess(),
            by_paper=True,
            tuned=lambda target: {**settings_of(target).for_process(), "paper": 25.0},
        ),
        EstimatorSpec(
            "informed_process",
            "reference",
            "features",
            lambda seed: InformedProcess(),
            by_paper=True,
            tuned=lambda target: {"process": settings_of(target).for_process()},
        ),
    )
}
"""Candidates by name. `paper_contrasts` gives every paper a level of its own, so that only differences inside
papers inform; `informed_process` puts the process around a mean from transport theory, with slopes from
differences inside papers."""
