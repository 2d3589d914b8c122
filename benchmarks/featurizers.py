"""Formulas per second of the Magpie statistics: matminer's preset beside ours, in one run and one thread.

matminer is timed as its users run it: ``featurize_many`` on pymatgen ``Composition`` objects in one process
(a pool is slower on few cores), once with and once without making the compositions from text. Its rate does
not depend on the number of formulas, so a spread sample of them is enough; ours runs on all.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from benchmarks.timing import Contender, Figure, median_ratio, rates
from ssepredict.chemistry.formula import CompositionMatrix, format_formulas, parse_formulas
from ssepredict.featurizers.elemental import ElementalFeaturizer, elemental_statistics

NAME = "elemental"
FORMULAS = 20_000
SAMPLE = 400

# Charge of the ions that replace Zr4+ in turn.
_DOPANTS = {
    "Mg": 2, "Ca": 2, "Zn": 2, "Sc": 3, "Y": 3, "La": 3, "Yb": 3, "Lu": 3, "Al": 3, "Ga": 3, "In": 3,
    "Fe": 3, "Cr": 3, "Hf": 4, "Ti": 4, "Ge": 4, "Sn": 4, "Nb": 5, "Ta": 5, "V": 5, "W": 6,
}  # fmt: skip


def co_doped(count: int, seed: int = 0) -> list[str]:
    """Distinct, charge-balanced Na3Zr2Si2PO12 and Li2ZrCl6 with two dopants each, half and half."""
    rng = np.random.default_rng(seed)
    symbols = list(_DOPANTS)
    elements = ("Na", "Li", "Zr", *symbols, "Si", "P", "O", "Cl")
    column = {symbol: index for index, symbol in enumerate(elements)}
    formulas: dict[str, None] = {}
    while len(formulas) < count:
        batch = count
        rows = np.arange(batch)
        amounts = np.zeros((batch, len(elements)))
        nasicon = rows % 2 == 0
        charge = np.full(batch, 4.0) * np.where(nasicon, 2, 1)
        amounts[:, column["Zr"]] = np.where(nasicon, 2.0, 1.0)
        pairs = np.array([rng.choice(len(symbols), size=2, replace=False) for _ in rows])
        for pair in pairs.T:
            fraction = rng.integers(1, 41, size=batch) / 100
            amounts[rows, 3 + pair] = fraction
            amounts[:, column["Zr"]] -= fraction
            charge += fraction * (np.array(list(_DOPANTS.values()))[pair] - 4)
        silicon = rng.integers(150, 251, size=batch) / 100
        amounts[nasicon, column["Si"]] = silicon[nasicon]
        amounts[nasicon, column["P"]] = 3 - silicon[nasicon]
        amounts[nasicon, column["O"]] = 12
        amounts[~nasicon, column["Cl"]] = 6
        amounts[:, column["Na"]] = np.where(nasicon, 24 - charge - 4 * silicon - 5 * (3 - silicon), 0.0)
        amounts[:, column["Li"]] = np.where(nasicon, 0.0, 6 - charge)
        real = amounts.min(axis=1) >= 0
        made = format_formulas(CompositionMatrix(elements, amounts[real].round(4)), order=elements)
        formulas.update(dict.fromkeys(made))
    return list(formulas)[:count]


def run() -> list[Figure]:
    """Measure, after making sure that both sides compute the same numbers."""
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core import Composition

    preset = ElementProperty.from_preset("magpie")
    preset.set_n_jobs(1)
    texts = co_doped(FORMULAS)
    arrays = parse_formulas(texts)
    sample = texts[:: FORMULAS // SAMPLE]
    compositions = [Composition(text) for text in sample]
    expected = np.array(preset.featurize_many(compositions, pbar=False), dtype=float)
    got = ElementalFeaturizer().transform(sample)
    deviation = float(np.max(np.abs(got - expected) / np.maximum(1.0, np.abs(expected))))

    def matminer_from_text() -> object:
        return preset.featurize_many([Composition(text) for text in sample], pbar=False)

    measured = rates(
        {
            "matminer, from text": Contender(matminer_from_text, len(sample)),
            "ours, from text": Contender(lambda: ElementalFeaturizer().transform(texts), FORMULAS),
            "matminer, from Composition": Contender(
                lambda: preset.featurize_many(compositions, pbar=False), len(sample)
            ),
            "ours, from arrays": Contender(lambda: elemental_statistics(arrays), FORMULAS),
        }
    )
    figures = [Figure(NAME, name, median(found), "formulas/s") for name, found in measured.items()]
    from_text = median_ratio(measured["ours, from text"], measured["matminer, from text"])
    from_arrays = median_ratio(measured["ours, from arrays"], measured["matminer, from Composition"])
    return [
        *figures,
        Figure(NAME, "ratio, from text", from_text, "x", ">= 100"),
        Figure(NAME, "ratio, from arrays", from_arrays, "x", ">= 1000"),
        Figure(NAME, f"largest deviation, {len(sample)} formulas", deviation, "relative", "<= 1e-9"),
    ]
