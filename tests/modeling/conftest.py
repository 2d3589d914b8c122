from __future__ import annotations

import pytest

from ssepredict.modeling.predictor import Predictor, load_predictor


@pytest.fixture(scope="session")
def released() -> Predictor:
    return load_predictor()
