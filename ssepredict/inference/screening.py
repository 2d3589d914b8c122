"""One chunk of candidates through decode, rules, predictions and score; results merge in any order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.inference.enumeration import IntArray
from ssepredict.inference.objective import Objective, Resolved
from ssepredict.inference.space import SubstitutionSpace
from ssepredict.physics.bounds import NOT_EVALUABLE, REJECT
from ssepredict.physics.checks import Verdicts, check_sites
from ssepredict.physics.rules import PREDICTION_RULES, SITE_RULES

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor
    from ssepredict.modeling.target_model import PredictiveDistribution

SCORE_DECIMALS = 9
"""Scores are rounded before they are compared, so that the last bits of a sum never decide a tie."""

STAGES = ("decode", "sites", "rules", "predict", "score")


@dataclass(frozen=True, eq=False)
class Tally:
    """What became of the candidates.

    Parameters
    ----------
    evaluated : int
        Candidates looked at.
    no_framework : int
        Those that fit no framework, so that nothing can be predicted.
    rejected : int
        Those that a rule rejects.
    rejected_by_rule : Counter of str
        Rejections per rule; a candidate that breaks several rules counts in each.
    scored : int
        Those that were scored.
    seconds : Counter of str
        Time per stage (s).
    """

    evaluated: int = 0
    no_framework: int = 0
    rejected: int = 0
    rejected_by_rule: Mapping[str, int] = field(default_factory=Counter)
    scored: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    def merge(self, other: Tally) -> Tally:
        """Add two tallies."""
        return Tally(
            self.evaluated + other.evaluated,
            self.no_framework + other.no_framework,
            self.rejected + other.rejected,
            Counter(self.rejected_by_rule) + Counter(other.rejected_by_rule),
            self.scored + other.scored,
            {name: self.seconds.get(name, 0.0) + other.seconds.get(name, 0.0) for name in STAGES},
        )


@dataclass(frozen=True, eq=False)
class Screened:
    """The best candidates of some part of a space, and the tally of that part.

    Parameters
    ----------
    indices : ndarray of int, shape (k,)
        Positions in the space, the best first.
    scores : ndarray, shape (k,)
    tally : Tally
    """

    indices: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    scores: FloatArray = field(default_factory=lambda: np.empty(0))
    tally: Tally = field(default_factory=Tally)

    def merge(self, other: Screened, top: int) -> Screened:
        """Keep the best `top` of both: the higher score, then the lower position.

        Merging is associative and commutative, so neither the size nor the order of chunks matters.

        Examples
        --------
        >>> left = Screened(np.array([4, 9]), np.array([0.5, 0.1]))
        >>> left.merge(Screened(np.array([2]), np.array([0.5])), top=2).indices
        array([2, 4])
        """
        indices = np.concatenate([self.indices, other.indices])
        scores = np.concatenate([self.scores, other.scores])
        best = np.lexsort((indices, -scores))[:top]
        return Screened(indices[best], scores[best], self.tally.merge(other.tally))


@dataclass(frozen=True)
class Screen:
    """Everything that judges a candidate.

    Parameters
    ----------
    space : SubstitutionSpace
    predictor : Predictor
    objective : Objective
    resolved : tuple of Resolved
        The specifications of the objective, with numbers.
    """

    space: SubstitutionSpace
    predictor: Predictor
    objective: Objective
    resolved: tuple[Resolved, ...]

    def run(self, indices: npt.ArrayLike, top: int) -> Screened:
        """Screen candidates.

        Parameters
        ----------
        indices : array_like of int, shape (n,)
            Positions in the space.
        top : int
            How many of the best to keep.

        Returns
        -------
        Screened
        """
        clock = _Clock()
        batch = self.space.decode(indices)
        clock.stop("decode")
        sites = batch.sites()
        clock.stop("sites")
        composed = check_sites(sites, None, SITE_RULES, self.space.replaced_ion)
        homeless = (sites.framework == "") & ~composed.rejected
        alive = np.flatnonzero(~composed.rejected & ~homeless)
        rejected = _rejections(composed)
        clock.stop("rules")
        kept = sites.take(alive)
        distance = self.predictor.domain_distance(kept) if alive.size else np.zeros(0)
        distributions = (
            self.predictor.distributions(
                kept,
                temperature_c=self.objective.temperature_c,
                targets=self.predictor.live_targets,
                distance=distance,
            )
            if alive.size
            else {}
        )
        outside = distance > self.predictor.domain_threshold
        clock.stop("predict")
        predicted = check_sites(
            kept, self.rule_values(distributions), PREDICTION_RULES, self.space.replaced_ion
        )
        scores = self._scores(distributions, composed, predicted, alive, outside)
        fit = np.flatnonzero(~predicted.rejected & np.isfinite(scores))
        clock.stop("score")
        tally = Tally(
            evaluated=len(batch),
            no_framework=int(homeless.sum()),
            rejected=int(composed.rejected.sum() + predicted.rejected.sum()),
            rejected_by_rule=rejected + _rejections(predicted),
            scored=len(fit),
            seconds=clock.seconds,
        )
        return Screened().merge(Screened(batch.indices[alive[fit]], scores[fit], tally), top)

    def probabilities(self, distributions: Mapping[str, PredictiveDistribution]) -> dict[str, FloatArray]:
        """Probability of meeting each specification that is used, shape (n,) each."""
        return {
            entry.target: entry.probability(distributions[entry.target])
            for entry in self.resolved
            if entry.used
        }

    def rule_values(self, distributions: Mapping[str, PredictiveDistribution]) -> dict[str, npt.ArrayLike]:
        """Predicted medians as the rules take them; a target that was abstained from is absent."""
        medians: dict[str, npt.ArrayLike] = {
            target: distribution.median
            for target, distribution in distributions.items()
            if distribution.status != "abstained"
        }
        return medians | {"temperature_c": self.objective.temperature_c}

    def _scores(
        self,
        distributions: Mapping[str, PredictiveDistribution],
        composed: Verdicts,
        predicted: Verdicts,
        alive: npt.NDArray[np.intp],
        outside: npt.NDArray[np.bool_],
    ) -> FloatArray:
        if not alive.size:
            return np.empty(0)
        scores = self.objective.score(
            self.probabilities(distributions),
            warnings=composed.warnings[alive] + predicted.warnings,
            unjudged=count_unjudged(composed)[alive],
            outside_domain=outside,
        )
        return np.round(scores, SCORE_DECIMALS)


def count_unjudged(verdicts: Verdicts) -> IntArray:
    """Rules on the composition that cannot be evaluated, per row, shape (n,)."""
    count = np.zeros(len(verdicts), dtype=np.int64)
    for name, codes in verdicts.codes.items():
        if name in SITE_RULES:
            count += codes == NOT_EVALUABLE
    return count


def _rejections(verdicts: Verdicts) -> Counter[str]:
    counts = {name: int((codes == REJECT).sum()) for name, codes in verdicts.codes.items()}
    return Counter({name: count for name, count in counts.items() if count})


class _Clock:
    """Seconds per stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
