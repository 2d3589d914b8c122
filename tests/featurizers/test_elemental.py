"""The element table and the statistics are matminer's own; the rest is refused by name."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from ssepredict.chemistry.formula import ELEMENTS, CompositionMatrix, parse_formulas, read_formulas
from ssepredict.featurizers.elemental import FEATURE_NAMES, elemental_statistics
from ssepredict.featurizers.magpie import IMPUTED, MAGPIE, PROPERTIES
from ssepredict.resources import shipped_folder

REAL_FORMULAS = 500


@pytest.fixture(scope="module")
def preset():
    from matminer.featurizers.composition import ElementProperty

    return ElementProperty.from_preset("magpie")


@pytest.fixture(scope="module")
def real_formulas() -> list[str]:
    """Distinct formulas of the shipped dataset that can be read, in the order of the file."""
    with (shipped_folder("datasets") / "samples.csv").open(encoding="utf-8", newline="") as file:
        texts = list(dict.fromkeys(row["formula"] for row in csv.DictReader(file)))
    _, problems = read_formulas(texts)
    unreadable = {row for row, _, _ in problems}
    return [text for row, text in enumerate(texts) if row not in unreadable]


def by_matminer(preset, composition: CompositionMatrix) -> np.ndarray:
    from pymatgen.core import Composition

    rows = [dict(zip(composition.elements, row, strict=True)) for row in composition.amounts.tolist()]
    return np.array([preset.featurize(Composition(row)) for row in rows])


def test_the_table_is_what_matminer_uses(preset):
    from pymatgen.core import Element

    source = preset.data_source
    expected = [
        [source.get_elemental_property(Element(symbol), name) for name in preset.features]
        for symbol in ELEMENTS
    ]
    assert tuple(preset.features) == PROPERTIES
    np.testing.assert_array_equal(MAGPIE, np.array(expected), strict=True)


def test_imputed_names_what_magpie_lacks(preset):
    from pymatgen.core import Element

    tabulated = type(preset.data_source)(impute_nan=False)
    missing = {
        name: tuple(s for s in ELEMENTS if np.isnan(tabulated.get_elemental_property(Element(s), name)))
        for name in PROPERTIES
    }
    assert {name: symbols for name, symbols in missing.items() if symbols} == IMPUTED


def test_the_table_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        MAGPIE[0, 0] = 0.0


def test_names_are_matminer_labels_with_underscores(preset):
    assert [label.replace(" ", "_") for label in preset.feature_labels()] == list(FEATURE_NAMES)


def test_equals_matminer_from_text_on_real_formulas(preset, real_formulas):
    from pymatgen.core import Composition

    assert len(real_formulas) >= REAL_FORMULAS
    expected = np.array([preset.featurize(Composition(text)) for text in real_formulas])
    got = elemental_statistics(parse_formulas(real_formulas))
    assert np.max(np.abs(got - expected) / np.maximum(1.0, np.abs(expected))) <= 1e-9


@pytest.mark.parametrize(
    "formula",
    [
        "Na",  # one element: no range, no deviation
        "NaCl",  # a tie of two
        "LiCoO2",  # no tie, two smaller ones equal
        "LaCoFeO",  # a tie of four
        "LiHeLr",  # imputed values
        "Li1.000001F1",  # inside the tolerance of a tie
        "Li1.00002F1",  # outside
        "HLiBeBCNOFNaMgAlSiPSClK",  # many elements
        "Zr0.0001Sc0.0001",  # small amounts
    ],
)
def test_equals_matminer_in_corner_cases(preset, formula):
    composition = parse_formulas([formula])
    np.testing.assert_allclose(
        elemental_statistics(composition), by_matminer(preset, composition), rtol=1e-12, atol=1e-12
    )


def test_every_element_equals_matminer(preset):
    composition = CompositionMatrix(ELEMENTS, np.eye(len(ELEMENTS)))
    np.testing.assert_allclose(
        elemental_statistics(composition), by_matminer(preset, composition), rtol=1e-15
    )


def test_rounding_residue_is_no_element():
    exact = CompositionMatrix(("Li", "O", "Zr"), np.array([[2.0, 1.0, 0.0]]))
    residue = CompositionMatrix(("Li", "O", "Zr"), np.array([[2.0, 1.0, -4e-17]]))
    np.testing.assert_array_equal(elemental_statistics(residue), elemental_statistics(exact))


def test_blocks_leave_no_seam():
    amounts = np.random.default_rng(7).uniform(0.0, 3.0, size=(2_500, 12)).round(1)
    amounts[:, 0] += 0.1
    composition = CompositionMatrix(ELEMENTS[:12], amounts)
    whole = elemental_statistics(composition)
    for row in (0, 1023, 1024, 2047, 2048, 2499):
        np.testing.assert_array_equal(whole[[row]], elemental_statistics(composition.take([row])))


def test_no_formulas_make_no_rows():
    assert elemental_statistics(parse_formulas([])).shape == (0, 132)


@pytest.mark.parametrize(
    ("elements", "amounts", "match"),
    [
        (("Li", "Xx"), [[1.0, 1.0]], r"elements \['Xx'\], expected symbols"),
        (("Li", "O"), [[1.0, 1.0], [0.0, 0.0]], r"rows \[1\].*no atoms"),
        (("Li", "O"), [[1.0, -0.5]], r"rows \[0\].*below zero"),
        (("Li", "O"), [[1.0, 1.0], [1.0, np.nan]], r"rows \[1\].*not finite"),
        (("Li", "O"), [[np.inf, 1.0]], r"rows \[0\].*not finite"),
        ((), [[]], r"rows \[0\].*no atoms"),
    ],
)
def test_unusable_compositions_are_named(elements, amounts, match):
    with pytest.raises(ValueError, match=match):
        elemental_statistics(CompositionMatrix(elements, np.array(amounts, dtype=float)))
