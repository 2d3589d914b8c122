from __future__ import annotations

import numpy as np
import pytest

from ssepredict.inference.objectives.selection import Selection
from ssepredict.inference.screening.selecting import listed_rows, substitution_vectors
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace


@pytest.fixture(scope="module")
def space() -> SubstitutionSpace:
    return SubstitutionSpace("Li2ZrCl6", [Substitution("Zr4+", ["Y3+", "In3+", "Ta5+"], [0.1, 0.2, 0.3])])


def test_the_same_dopants_point_the_same_way(space):
    vectors = substitution_vectors(space, np.arange(len(space)))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = units @ units.T > 1 - 1e-9
    assert alike.sum() == 3 * 3 * 3  # three ions, three amounts each


def test_relevance_alone_keeps_the_order_and_novelty_brings_other_dopants(space):
    indices, scores = np.arange(len(space)), np.linspace(0.5, 0.4, len(space))
    assert listed_rows(space, indices, scores, Selection(), 3).tolist() == [0, 1, 2]
    rows = listed_rows(space, indices, scores, Selection(relevance=0.5), 3)
    dopants = space.decode(indices[rows]).dopants[:, 0]
    assert rows[0] == 0
    assert len(set(dopants.tolist())) == 3


def test_the_pool_holds_several_lists_only_where_novelty_counts():
    assert Selection().pool_size(7) == 7
    assert Selection(relevance=0.9, pool=3).pool_size(7) == 21
