from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ssepredict.inference.screening.diversity import (
    best_rows,
    dopant_keys,
    marginal_relevance,
)


def _one_by_one(indices, scores, keys, top, per_key):
    """Walk down the ranking and take what its key still allows."""
    seen: Counter[tuple[int, ...]] = Counter()
    taken = []
    for row in sorted(range(len(indices)), key=lambda row: (-scores[row], indices[row])):
        key = tuple(keys[row])
        if seen[key] < per_key and len(taken) < top:
            seen[key] += 1
            taken.append(row)
    return taken


@pytest.mark.parametrize("seed", range(25))
def test_the_choice_is_that_of_walking_down_the_ranking(seed):
    generator = np.random.default_rng(seed)
    count, top, per_key = 80, int(generator.integers(1, 30)), int(generator.integers(1, 5))
    indices = generator.permutation(1000)[:count]
    scores = generator.integers(0, 12, count) / 12.0  # many ties
    keys = dopant_keys(generator.integers(-1, 4, (count, 2)))
    expected = _one_by_one(indices, scores, keys, top, per_key)
    assert best_rows(indices, scores, top, keys, per_key).tolist() == expected


@pytest.mark.parametrize("seed", range(25))
def test_merging_pieces_in_any_order_gives_the_choice_of_the_whole(seed):
    generator = np.random.default_rng(100 + seed)
    count, top, per_key = 120, int(generator.integers(1, 25)), int(generator.integers(1, 4))
    scores = generator.integers(0, 20, count) / 20.0
    keys = generator.integers(0, 9, (count, 1))
    expected = _one_by_one(np.arange(count), scores, keys, top, per_key)
    order = generator.permutation(count)
    pieces = np.split(order, np.sort(generator.integers(0, count, 7)))

    def merged(*parts: np.ndarray) -> np.ndarray:
        rows = np.concatenate(parts)
        return rows[best_rows(rows, scores[rows], top, keys[rows], per_key)]

    one_by_one = np.empty(0, dtype=np.int64)
    for piece in pieces:
        one_by_one = merged(one_by_one, piece)
    middle = len(pieces) // 2
    halves = merged(*(merged(piece) for piece in pieces[middle:])), merged(*pieces[:middle])
    assert one_by_one.tolist() == expected
    assert merged(*halves).tolist() == expected


def test_without_a_limit_keys_do_not_matter():
    scores, keys = np.array([0.1, 0.9, 0.9]), np.zeros((3, 1), dtype=np.int64)
    assert best_rows([7, 6, 5], scores, 2).tolist() == [2, 1]
    assert best_rows([7, 6, 5], scores, 2, keys).tolist() == [2, 1]
    assert best_rows([], [], 2, np.empty((0, 1), dtype=np.int64), 1).tolist() == []


def test_keys_ignore_the_order_and_know_the_host():
    dopants = [[5, 2, -1], [2, 5, -1], [2, -1, -1]]
    assert len(np.unique(dopant_keys(dopants), axis=0)) == 2
    assert len(np.unique(dopant_keys(dopants, part=[0, 1, 0]), axis=0)) == 3


def test_scores_alone_keep_the_order():
    scores = np.linspace(1.0, 0.1, 10)
    vectors = np.ones((10, 3))
    assert marginal_relevance(scores, vectors, 4, relevance=1.0).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_relevance_agrees_with_the_definition(seed):
    generator = np.random.default_rng(seed)
    scores = np.sort(generator.random(30))[::-1]
    vectors = generator.normal(size=(30, 4))
    vectors[3] = 0.0
    taken: list[int] = []
    for _ in range(8):

        def worth(row):
            alike = [
                float(vectors[row] @ vectors[other])
                / (np.linalg.norm(vectors[row]) * np.linalg.norm(vectors[other]) or 1.0)
                for other in taken
            ]
            return 0.6 * scores[row] - 0.4 * max([0.0, *alike])

        taken.append(max((row for row in range(30) if row not in taken), key=worth))
    assert marginal_relevance(scores, vectors, 8, relevance=0.6).tolist() == taken


def test_equal_rows_are_taken_in_their_order_and_only_once():
    assert marginal_relevance([0.5] * 3, np.ones((3, 2)), 9, relevance=0.5).tolist() == [0, 1, 2]


def test_an_impossible_relevance_is_refused():
    with pytest.raises(ValueError, match=r"relevance is 1.5; expected a number from 0 to 1"):
        marginal_relevance([0.5], [[1.0]], 1, relevance=1.5)
