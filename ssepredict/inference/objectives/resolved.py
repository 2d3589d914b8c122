"""Demands with numbers in place of words, and the probability of meeting them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.inference.objectives.schema import (
    HIGHER_IS_BETTER,
    OPEN_ENDED,
    SPANS,
    Specification,
    check_order,
)
from ssepredict.physics.rules import ADMISSIBLE_RANGES

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor
    from ssepredict.modeling.target_model import PredictiveDistribution
    from ssepredict.modeling.targets import Target

Origin = Literal["stated", "reported", "predicted"]
Risk = Literal["lower_bound", "mean", "upper_bound"]

RISKS: tuple[Risk, ...] = ("lower_bound", "mean", "upper_bound")
"""Attitudes: the bound is that of merit, so that the lower bound of an activation energy is its upper end."""

STEPS = 8
"""Thresholds over which the probability is averaged where a target is to be maximised or minimised."""


@dataclass(frozen=True)
class Attitude:
    """Where a prediction is taken from its interval.

    Parameters
    ----------
    risk : {"lower_bound", "mean", "upper_bound"}
        With a bound the whole distribution is moved until its prediction stands at the worse (lower bound) or
        the better end (upper bound) of the central interval: uncertainty then counts against or for a
        candidate, and the probability is that under a prediction so wrong.
    confidence : float
        Coverage of that interval, above 0 and below 1.
    """

    risk: Risk = "mean"
    confidence: float = 0.68

    def applied(self, distribution: PredictiveDistribution, higher: bool) -> PredictiveDistribution:
        """Move a distribution; `higher` says whether higher values are better."""
        if self.risk == "mean":
            return distribution
        low, high = distribution.conformal.interval(
            distribution.center, distribution.scale, self.confidence, distribution.families
        )
        worse_first = (low, high) if higher else (high, low)
        return dataclasses.replace(distribution, center=worse_first[self.risk == "upper_bound"])


NEUTRAL = Attitude()


@dataclass(frozen=True)
class Resolved:
    """A specification whose threshold is a number.

    Parameters
    ----------
    target, direction : str
    threshold : float
        In the unit of the target.
    origin : {"stated", "reported", "predicted"}
        Given by the user, the best reported value of the host, or the predicted median of the host where
        no value is reported.
    source_id : str
        Who reported it; empty otherwise.
    used : bool
        False where the predictor abstains from the target: the score then says nothing about it.
    weight : float
    reach : float, optional
        Value beyond which nothing more is gained, for maximise and minimise.
    attitude : Attitude
    """

    target: str
    direction: str
    threshold: float
    origin: Origin
    source_id: str
    used: bool
    weight: float = 1.0
    reach: float | None = None
    attitude: Attitude = NEUTRAL

    def probability(self, distribution: PredictiveDistribution) -> FloatArray:
        """Probability of meeting the specification, shape (n,).

        For maximise and minimise that of meeting a threshold that lies, equally likely, at any of `STEPS`
        steps between threshold and reach (evenly spaced in what the model sees: decades for a conductivity).
        That is the expected share of the way from threshold to reach which the candidate covers.
        """
        higher = self.direction in HIGHER_IS_BETTER
        moved = self.attitude.applied(distribution, higher)
        meets = moved.probability_above if higher else moved.probability_below
        if self.reach is None:
            return np.asarray(meets(self.threshold), dtype=np.float64)
        total = np.zeros(len(distribution.center))
        for level in self._levels(distribution.target):
            total += meets(float(level))
        return np.asarray(total / STEPS, dtype=np.float64)

    def _levels(self, target: Target) -> FloatArray:
        ends = (self.threshold, self.threshold if self.reach is None else self.reach)
        start, end = target.forward(ends)
        return target.inverse(start + (end - start) * (np.arange(STEPS) + 0.5) / STEPS)


def resolve_specification(
    specification: Specification,
    formula: str,
    predictor: Predictor,
    distribution: PredictiveDistribution | None,
    *,
    temperature_c: float,
    attitude: Attitude = NEUTRAL,
) -> Resolved:
    """Turn a threshold into a number.

    Parameters
    ----------
    specification : Specification
    formula : str
        The host's formula.
    predictor : Predictor
    distribution : PredictiveDistribution or None
        What the predictor says of the host, one row.
    temperature_c : float
        Temperature of the predictions (°C).
    attitude : Attitude

    Returns
    -------
    Resolved

    Raises
    ------
    SpaceError
        When the stated reach is no improvement on the host's best value.
    """
    target, direction = specification.target, specification.direction
    used = distribution is not None and distribution.status != "abstained"
    threshold, origin, source_id = _threshold(specification, formula, predictor, distribution, temperature_c)
    if origin == "predicted":
        used = used and bool(np.isfinite(threshold))
    reach = _reach(specification, threshold) if direction in OPEN_ENDED and used else None
    return Resolved(
        target, direction, threshold, origin, source_id, used, specification.weight, reach, attitude
    )


def _threshold(
    specification: Specification,
    formula: str,
    predictor: Predictor,
    distribution: PredictiveDistribution | None,
    temperature_c: float,
) -> tuple[float, Origin, str]:
    if not isinstance(specification.threshold, str):
        return float(specification.threshold), "stated", ""
    best = predictor.best_reported(formula, specification.target, temperature_c)
    if best is not None:
        return float(best["value"]), "reported", str(best.get("source_id", ""))
    if distribution is None or distribution.status == "abstained":
        return float("nan"), "predicted", ""
    return float(distribution.median[0]), "predicted", ""


def _reach(specification: Specification, threshold: float) -> float:
    target, direction = specification.target, specification.direction
    if specification.reach is not None:
        check_order(target, direction, threshold, specification.reach)
        return specification.reach
    return SPANS[target].beyond(threshold, direction in HIGHER_IS_BETTER, *ADMISSIBLE_RANGES[target])


def joint_probability(probabilities: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """Product of the probabilities, each to the power of its weight.

    The weights are scaled so that their mean over the given targets is one: equal weights give the plain
    product, and only their ratios matter.

    Parameters
    ----------
    probabilities : mapping of str to ndarray, shape (n,)
        By target, at least one.
    weights : mapping of str to float
        By target, above 0.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> chance = {"a": np.array([0.25]), "b": np.array([0.5])}
    >>> joint_probability(chance, {"a": 1.0, "b": 1.0}), joint_probability(chance, {"a": 3.0, "b": 1.0})
    (array([0.125]), array([0.08838835]))
    """
    targets = sorted(probabilities)
    stacked = np.stack([probabilities[target] for target in targets])
    given = np.array([weights[target] for target in targets], dtype=np.float64)
    if np.any(given != given[0]):
        stacked = stacked ** (given * len(given) / given.sum())[:, None]
    return np.asarray(np.prod(stacked, axis=0), dtype=np.float64)


def meaning_of(specifications: Sequence[Specification], attitude: Attitude = NEUTRAL) -> str:
    """Say what a score over such demands means.

    Examples
    --------
    >>> meaning_of([Specification("ccd_ma_cm2", "above", 1.0)], Attitude("lower_bound"))
    'probability of meeting every demand, times the factors; predictions taken at the worse end of their 68 %
    interval'
    """
    text = "probability of meeting every demand, times the factors"
    if len({entry.weight for entry in specifications}) > 1:
        text = "weighted product of the probabilities of the demands, times the factors: an order only"
    if any(entry.direction in OPEN_ENDED for entry in specifications):
        text += "; to maximise or minimise is to meet a threshold anywhere from the stated one to the reach"
    if attitude.risk != "mean":
        end = "worse" if attitude.risk == "lower_bound" else "better"
        text += f"; predictions taken at the {end} end of their {100 * attitude.confidence:g} % interval"
    return text
