"""Which dopants next? Property prediction and ranking for NASICON and halide solid electrolytes.

The public names are imported when they are first used, so that ``import ssepredict`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssepredict.data.dataset import load_dataset
    from ssepredict.inference.backtest import backtest
    from ssepredict.inference.ranking import rank
    from ssepredict.inference.spaces.space import SubstitutionSpace
    from ssepredict.inference.suggestion import suggest
    from ssepredict.modeling.evaluation import evaluate
    from ssepredict.modeling.predictor import load_predictor
    from ssepredict.modeling.training import train
    from ssepredict.physics.checks import check

__version__ = "0.1.0"

__all__ = [
    "SubstitutionSpace",
    "backtest",
    "check",
    "evaluate",
    "load_dataset",
    "load_predictor",
    "rank",
    "suggest",
    "train",
]

_HOMES = {
    "SubstitutionSpace": "ssepredict.inference.spaces.space",
    "backtest": "ssepredict.inference.backtest",
    "check": "ssepredict.physics.checks",
    "evaluate": "ssepredict.modeling.evaluation",
    "load_dataset": "ssepredict.data.dataset",
    "load_predictor": "ssepredict.modeling.predictor",
    "rank": "ssepredict.inference.ranking",
    "suggest": "ssepredict.inference.suggestion",
    "train": "ssepredict.modeling.training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ssepredict' has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value  # the next access is a plain look-up
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
