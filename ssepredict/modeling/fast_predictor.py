"""A predictor for millions of candidates: the same models in the same frame, compiled."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ssepredict.exceptions import ModelError
from ssepredict.modeling.blend import TreesAndProcess
from ssepredict.modeling.fast_kernels import kernels
from ssepredict.modeling.fast_process import FastDomain, FastProcess
from ssepredict.modeling.fast_trees import FlatTrees
from ssepredict.modeling.gaussian import SiteGaussianProcess
from ssepredict.modeling.intervals import GroupConformal

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor


def compiled_predictor(predictor: Predictor) -> Predictor:
    """Return a predictor that predicts the same with compiled models.

    Sums over trees are the same bit for bit. Those of the Gaussian process are taken in another order and,
    like the originals, rounded to nine decimals: now and then a value differs by one in the ninth. Distances
    to the domain agree to 1e-9. Whoever needs more takes the few rows that matter from the original.

    A model of another kind stays as it is, and so do all where numba cannot be used (it may lag behind a new
    numpy). The first prediction in a process takes about three seconds more.

    Parameters
    ----------
    predictor : Predictor

    Returns
    -------
    Predictor
    """
    try:
        kernels()
    except ImportError:
        return predictor
    return replace(
        predictor,
        domain=FastDomain.of(predictor.domain),
        models={
            name: replace(
                model,
                estimator=_compiled(model.estimator),
                conformal=_compiled_conformal(model.conformal),
            )
            for name, model in predictor.models.items()
        },
    )


def _compiled(model: Any) -> Any:
    from lightgbm import LGBMRegressor

    if isinstance(model, TreesAndProcess):
        found = copy.copy(model)
        found.trees_, found.process_ = _compiled(model.trees_), _compiled(model.process_)
        return found
    if isinstance(model, SiteGaussianProcess):
        return FastProcess.of(model)
    if isinstance(model, LGBMRegressor):
        try:
            return FlatTrees.of(model)
        except ModelError:
            return model
    return model


def _compiled_conformal(conformal: GroupConformal) -> GroupConformal:
    found = copy.copy(conformal)
    found.scale_model_ = _compiled(conformal.scale_model_)
    return found
