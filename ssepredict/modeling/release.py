"""The model file: a skops archive from which only a fixed list of types is ever built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ssepredict.exceptions import ModelError
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.target_model import TargetModel

_FORMAT = 2
_TRUSTED = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMRegressor",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "ssepredict.modeling.blend.TreesAndProcess",
    "ssepredict.modeling.domain.Domain",
    "ssepredict.modeling.estimators.GroupMedianRegressor",
    "ssepredict.modeling.gaussian.SiteGaussianProcess",
    "ssepredict.modeling.intervals.GroupConformal",
)
"""The only types beyond numpy's and scikit-learn's that a model file may hold."""


def pack(name: str, domain: Domain, models: Mapping[str, TargetModel]) -> bytes:
    """Content of the model file."""
    from skops import io as skops_io

    content = {
        "format": _FORMAT,
        "name": name,
        "domain": domain,
        "models": [
            {
                "target": model.target,
                "status": model.status,
                "reason": model.reason,
                "reads": model.reads,
                "estimator": model.estimator,
                "conformal": model.conformal,
                "elements": list(model.elements),
                "feature_names": list(model.feature_names),
                "temperature_range_c": list(model.temperature_range_c),
            }
            for model in models.values()
        ],
    }
    return bytes(skops_io.dumps(content, compression=8))


def unpack(packed: bytes, path: str) -> tuple[str, Domain, dict[str, TargetModel]]:
    """Read a model file back.

    Parameters
    ----------
    packed : bytes
    path : str
        Where they were read, for messages.

    Raises
    ------
    ModelError
        When it is no skops file, is damaged, holds types that are not trusted, or has another format.
    """
    from skops import io as skops_io

    if packed[:2] != b"PK":
        raise ModelError(
            f"{path} is no skops file; pickles and other formats are never loaded: train or install again"
        )
    try:
        foreign = set(skops_io.get_untrusted_types(data=packed)) - set(_TRUSTED)
        if foreign:
            raise ModelError(f"{path} holds types that are not trusted: {', '.join(sorted(foreign))}")
        content = skops_io.loads(packed, trusted=list(_TRUSTED))
    except ModelError:
        raise
    except Exception as error:  # whatever a damaged archive makes skops raise
        raise ModelError(f"{path} cannot be read ({type(error).__name__}: {error}); install again") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ModelError(f"{path} has another format than {_FORMAT}, which this version reads; train again")
    models = {
        entry["target"]: TargetModel(
            **{
                **entry,
                "elements": tuple(entry["elements"]),
                "feature_names": tuple(entry["feature_names"]),
                "temperature_range_c": (entry["temperature_range_c"][0], entry["temperature_range_c"][1]),
            }
        )
        for entry in content["models"]
    }
    return content["name"], content["domain"], models


def without_nan(value: Any) -> Any:
    """Replace NaN by None, which JSON can say."""
    if isinstance(value, dict):
        return {str(key): without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(entry) for entry in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
