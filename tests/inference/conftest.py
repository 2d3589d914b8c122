from __future__ import annotations

import pytest

from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.modeling.predictor import Predictor, load_predictor


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    return load_predictor()


@pytest.fixture
def small_space() -> SubstitutionSpace:
    """A few hundred candidates; some have no vacancies left, some more ions than sites."""
    dopants = Substitution("Zr4+", ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+"], [0.1, 0.2, 0.4, 1.5], [1, 2])
    return SubstitutionSpace("Na3Zr2Si2PO12", [dopants], silicon=[1.6, 2.0, 2.3])
