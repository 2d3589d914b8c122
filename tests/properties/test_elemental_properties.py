"""What no formula may change: its scale, the order of its elements, its company in the batch."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ssepredict.chemistry.formula import ELEMENTS, CompositionMatrix, parse_formulas
from ssepredict.featurizers.elemental import elemental_statistics

# Hundredths, as papers print; ties are frequent, near-ties inside matminer's tolerance cannot occur.
amounts = st.integers(min_value=1, max_value=1200).map(lambda hundredths: hundredths / 100)
contents = st.dictionaries(st.sampled_from(ELEMENTS), amounts, min_size=1, max_size=12)


def text(content: dict[str, float] | list[tuple[str, float]]) -> str:
    return "".join(f"{symbol}{amount:.2f}" for symbol, amount in dict(content).items())


@given(content=contents, scale=st.sampled_from([0.5, 2.0, 3.0, 4.0, 10.0, 24.0]))
def test_scaling_changes_nothing(content, scale):
    composition = parse_formulas([text(content)])
    scaled = CompositionMatrix(composition.elements, composition.amounts * scale)
    np.testing.assert_allclose(
        elemental_statistics(scaled), elemental_statistics(composition), rtol=1e-12, atol=1e-10
    )


@given(data=st.data(), content=contents)
def test_the_order_of_the_elements_changes_nothing(data, content):
    shuffled = data.draw(st.permutations(list(content.items())))
    np.testing.assert_array_equal(
        elemental_statistics(parse_formulas([text(shuffled)])),
        elemental_statistics(parse_formulas([text(content)])),
    )


@given(data=st.data(), content=contents)
def test_the_order_of_the_axis_changes_nothing(data, content):
    composition = parse_formulas([text(content)])
    axis = data.draw(st.permutations(composition.elements))
    np.testing.assert_allclose(
        elemental_statistics(composition.on_axis(axis)),
        elemental_statistics(composition),
        rtol=1e-12,
        atol=1e-10,
    )


@given(batch=st.lists(contents, min_size=1, max_size=8))
def test_a_batch_equals_its_rows(batch):
    formulas = [text(content) for content in batch]
    rows = [elemental_statistics(parse_formulas([formula]))[0] for formula in formulas]
    np.testing.assert_array_equal(elemental_statistics(parse_formulas(formulas)), np.array(rows))


@given(content=contents)
def test_statistics_lie_where_they_must(content):
    lowest, highest, spread, mean, deviation, mode = (
        elemental_statistics(parse_formulas([text(content)])).reshape(22, 6).T
    )
    slack = 1e-12 * (1.0 + np.abs(highest))
    assert np.all((lowest - slack <= mean) & (mean <= highest + slack))
    assert np.all((lowest <= mode) & (mode <= highest))
    assert np.all((deviation >= 0.0) & (deviation <= spread / 2 + slack))
    np.testing.assert_array_equal(spread, highest - lowest)
