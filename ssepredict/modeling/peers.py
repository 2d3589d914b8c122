"""What others use, to be held against: nearest measured compositions, a forest on Magpie, ElMD.

References
----------
L. Ward et al., npj Comput. Mater. 2 (2016) 16028, doi 10.1038/npjcompumats.2016.28 (Magpie).
C. J. Hargreaves et al., Chem. Mater. 32 (2020) 10610, doi 10.1021/acs.chemmater.0c03381 (ElMD).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ssepredict.chemistry.formula import FloatArray, parse_formulas
from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import SsePredictError
from ssepredict.featurizers.elemental import elemental_statistics
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import EstimatorSpec, temperature_band

Order = Callable[[pd.DataFrame], npt.NDArray[np.intp]]
"""Rows of the known compositions, the nearest first, for every row of a frame: shape (n, r)."""


class NearestComposition(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Mean over the nearest compositions that training has measured in the same temperature band.

    A composition counts once per band, with its median. Where training has measured nothing in the band of
    a row, the medians over all bands take its place.

    Parameters
    ----------
    space : {"sites", "elmd"}
        What is near: `ssepredict.modeling.domain.Domain` on sites, or the element mover's distance.
    neighbours : int, default 5

    Examples
    --------
    >>> formulas = ["Li3YCl6", "Li3InCl6", "Na3Zr2Si2PO12"]
    >>> frame = pd.DataFrame({"formula": formulas, "composition_key": formulas, "temperature_c": 25.0})
    >>> model = NearestComposition("sites", neighbours=1).fit(frame, [-3.3, -2.8, -3.2])
    >>> model.predict(frame.iloc[[1]]).tolist()
    [-2.8]
    """

    def __init__(self, space: str = "sites", neighbours: int = 5) -> None:
        self.space = space
        self.neighbours = neighbours

    def fit(self, X: pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Remember every composition of a frame with `formula`, `composition_key` and `temperature_c`."""
        keys, first = np.unique(X["composition_key"].to_numpy(dtype=str), return_index=True)
        rows = pd.DataFrame(
            {
                "key": X["composition_key"].to_numpy(dtype=str),
                "band": temperature_band(X["temperature_c"]),
                "value": np.asarray(y, dtype=np.float64),
            }
        )
        medians = rows.groupby(["key", "band"])["value"].median().reset_index()
        by_band = medians.pivot_table(index="key", columns="band", values="value").loc[keys]
        self.bands_ = by_band.columns.to_numpy()
        overall = rows.groupby("key")["value"].median().loc[keys]
        self.values_ = np.column_stack([by_band.to_numpy(dtype=np.float64), overall.to_numpy()])
        self.order_ = SPACES[self.space](X.iloc[first])
        return self

    def predict(self, X: pd.DataFrame) -> FloatArray:
        """Mean of the nearest, shape (n,)."""
        check_is_fitted(self)
        band = temperature_band(X["temperature_c"])
        known = np.isin(band, self.bands_)
        column = np.where(known, np.searchsorted(self.bands_, band), len(self.bands_))
        values = self.values_[self.order_(X), column[:, None]]
        measured = np.isfinite(values)
        chosen = measured & (measured.cumsum(axis=1) <= self.neighbours)
        return np.asarray(np.where(chosen, values, 0.0).sum(axis=1) / chosen.sum(axis=1), dtype=np.float64)


def _by_sites(known: pd.DataFrame) -> Order:
    sites = parse_sites(known["formula"].tolist())
    domain = Domain().fit(sites, np.arange(len(known)))
    return lambda frame: domain.nearest(parse_sites(frame["formula"].tolist()), len(known))[0]


def _by_elmd(known: pd.DataFrame) -> Order:
    from scipy.spatial.distance import cdist

    vectors = _elmd_vectors(known)
    return lambda frame: np.argsort(cdist(_elmd_vectors(frame), vectors, "cityblock"), axis=1, kind="stable")


def _elmd_vectors(frame: pd.DataFrame) -> FloatArray:
    """Cumulated fractions along the modified Pettifor scale; their city-block distance is ElMD's."""
    return np.cumsum([_elmd_vector(key.replace(" ", "")) for key in frame["composition_key"]], axis=1)


@cache
def _elmd_vector(formula: str) -> FloatArray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ElMD imports pkg_resources, which warns of its own end
            from ElMD import ElMD
    except ImportError as error:
        raise SsePredictError(
            f"the estimator elmd_nearest_5 needs the package ElMD, which cannot be imported ({error}); "
            "install the extra: pip install 'ssepredict[peers]'"
        ) from error
    return np.asarray(ElMD(formula).ratio_vector, dtype=np.float64)


def has_elmd() -> bool:
    """Whether the package of the extra `peers` is installed."""
    return find_spec("ElMD") is not None and find_spec("pkg_resources") is not None


SPACES: dict[str, Callable[[pd.DataFrame], Order]] = {"sites": _by_sites, "elmd": _by_elmd}
"""What is near, by name: the known compositions to an order of them."""


def _magpie_and_temperature(frame: pd.DataFrame) -> FloatArray:
    statistics = elemental_statistics(parse_formulas(frame["formula"].tolist()))
    return np.column_stack([statistics, frame["temperature_c"].to_numpy(dtype=np.float64)])


def _magpie_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    return make_pipeline(
        FunctionTransformer(_magpie_and_temperature),
        SimpleImputer(strategy="median", keep_empty_features=True),
        RandomForestRegressor(n_estimators=300, random_state=seed, n_jobs=1),
    )


PEERS: dict[str, EstimatorSpec] = {
    spec.name: spec
    for spec in (
        EstimatorSpec("nearest_1", "reference", "frame", lambda seed: NearestComposition("sites", 1)),
        EstimatorSpec("nearest_5", "reference", "frame", lambda seed: NearestComposition("sites", 5)),
        EstimatorSpec("elmd_nearest_5", "reference", "frame", lambda seed: NearestComposition("elmd", 5)),
        EstimatorSpec("random_forest_magpie", "reference", "frame", _magpie_forest),
    )
}
"""Never released; an evaluation holds every model against them."""
