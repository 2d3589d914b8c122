"""The same job with stock parts, a candidate at a time: pymatgen, matminer, the released models; SMACT.

What these parts can do of the job is done with them: reading the formula (pymatgen), 132 Magpie features
(matminer), the released models with intervals, the score. Stock parts assign no sites and know none of the
rules, so that part of the job is missing here, and the features that the models read are handed to them.

Neutrality has a row of its own: pymatgen's search for oxidation states refuses fractional amounts, and
SMACT's validity check tries every combination of the listed states of all elements.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence

import numpy as np

from ssepredict.featurizers.site import site_features
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.requests import checked_conditions


def usual_way(screen: Screen, indices: np.ndarray) -> Callable[[], list[float]]:
    """Return the job on some candidates of the first host; it gives their scores."""
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core import Composition

    preset = ElementProperty.from_preset("magpie")
    texts = screen.space.formulas(indices)
    sites = screen.space.decode(indices).sites()
    features, distance = site_features(sites), screen.predictor.domain_distance(sites)
    conditions = checked_conditions(screen.objective.temperature_c, {})
    models = {name: screen.predictor.models[name] for name in screen.predictor.live_targets}
    rows = [sites.take([row]) for row in range(len(sites))]

    def run() -> list[float]:
        scores = []
        for row, text in enumerate(texts):
            preset.featurize(Composition(text))
            one = slice(row, row + 1)
            found = {
                name: model.distribution(rows[row], features[one], conditions, distance[one])
                for name, model in models.items()
            }
            for distribution in found.values():
                distribution.interval()
            score = screen.objective.score(
                screen.probabilities(found), warnings=[0], unjudged=[0], outside_domain=[False]
            )
            scores.append(float(score[0]))
        return scores

    return run


def writable(space: SubstitutionSpace, indices: np.ndarray) -> np.ndarray:
    """Candidates without negative amounts, which pymatgen refuses."""
    return indices[(space.decode(indices).composition.amounts >= 0).all(axis=1)]


def has_smact() -> bool:
    return importlib.util.find_spec("smact") is not None


def neutrality_filter(texts: Sequence[str]) -> Callable[[], list[bool]]:
    """Return SMACT's validity check on some formulas."""
    from pymatgen.core import Composition
    from smact.screening import smact_validity

    smact_validity(Composition(texts[0]))  # reads its tables
    return lambda: [bool(smact_validity(Composition(text))) for text in texts]
