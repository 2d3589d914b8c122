"""One chunk of candidates through decode, rules, predictions and score."""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.chemistry.supply_columns import supply_columns
from ssepredict.inference.objectives.objective import Objective, Resolved
from ssepredict.inference.objectives.pareto import Front, axes_of
from ssepredict.inference.screening.judging import check_parts, iter_parts
from ssepredict.inference.screening.screened import Screened, Tally
from ssepredict.inference.spaces.enumeration import IntArray
from ssepredict.inference.spaces.space import CandidateBatch, SubstitutionSpace
from ssepredict.physics.bounds import NOT_EVALUABLE, REJECT, Rule
from ssepredict.physics.checks import Verdicts
from ssepredict.physics.rules import PREDICTION_RULES, SITE_RULES

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor
    from ssepredict.modeling.target_model import PredictiveDistribution

SCORE_DECIMALS = 9
"""Scores are rounded before they are compared, so that the last bits of a sum never decide a tie."""

COMPILED_FROM = 50_000
"""Candidates from which compiled models pay: compiling takes about three seconds."""

_MARGIN = 1e-6
"""Compiled models agree with the original ones to 1e-9; what comes this near is scored by the original."""


@dataclass(frozen=True)
class Screen:
    """Everything that judges a candidate.

    Parameters
    ----------
    space : SubstitutionSpace
    predictor : Predictor
    objective : Objective
    resolved : tuple of Resolved
        The specifications of the objective, with numbers: those of the first host of the space, then those of
        the next. `Screen.of` resolves them.
    compiled : bool
        Whether compiled models tell which candidates come into question, and the original ones score those
        only. Results are the same, ten times sooner.

    Raises
    ------
    ValueError
        When `resolved` does not hold every specification once per host.
    """

    space: SubstitutionSpace
    predictor: Predictor
    objective: Objective
    resolved: tuple[Resolved, ...]
    compiled: bool = False

    def __post_init__(self) -> None:
        wanted = len(self.space.parts) * len(self.objective.specifications)
        if len(self.resolved) != wanted:
            raise ValueError(
                f"resolved holds {len(self.resolved)} specifications, expected {wanted}, those of every host "
                "of the space; build the screen by Screen.of(space, predictor, objective)"
            )

    @classmethod
    def of(
        cls, space: SubstitutionSpace, predictor: Predictor, objective: Objective, candidates: int = 0
    ) -> Screen:
        """Resolve the specifications for every host of a space.

        `candidates` is how many are to be screened: with many of them, models are compiled.

        Raises
        ------
        RankingError
            When the predictor abstains from every target.
        """
        resolved = [objective.resolve(part.host_sites, part.host, predictor) for part in space.parts]
        every = tuple(entry for one in resolved for entry in one)
        # A front needs the predictions of all, not of the best: nothing to gain from compiled models.
        many = candidates >= COMPILED_FROM and not objective.selection.pareto
        return cls(space, predictor, objective, every, many)

    def resolved_for(self, part: int) -> tuple[Resolved, ...]:
        """Specifications with the numbers of one host, in the order of the objective."""
        count = len(self.objective.specifications)
        return self.resolved[part * count : (part + 1) * count]

    @functools.cached_property
    def _quick(self) -> Predictor:
        """What every candidate is looked at with."""
        from ssepredict.modeling.fast_predictor import compiled_predictor

        return compiled_predictor(self.predictor) if self.compiled else self.predictor

    def run(self, indices: npt.ArrayLike, top: int, at_least: float = -np.inf) -> Screened:
        """Screen candidates.

        A candidate that breaks a constraint of the space is looked at no further: it counts under the name
        of the constraint and under no rule.

        Parameters
        ----------
        indices : array_like of int, shape (n,)
            Positions in the space.
        top : int
            How many of the best to keep.
        at_least : float
            Candidates below this score may be left out of the best (not out of the tally): whoever merges
            many chunks knows what it takes to be among the best of them so far.

        Returns
        -------
        Screened
        """
        clock = _Clock()
        whole = self.space.decode(indices)
        batch, rejected = self._constrained(whole)
        clock.stop("decode")
        sites = batch.sites()
        clock.stop("sites")
        composed = self._judge(batch.part, sites, None, SITE_RULES)
        homeless = (sites.framework == "") & ~composed.rejected
        alive = np.flatnonzero(~composed.rejected & ~homeless)
        clock.stop("rules")
        some = _Survivors(
            batch.part[alive], sites.take(alive), composed.warnings[alive], composed.unjudged[alive]
        )
        found = self._score(some, self._quick)
        clock.stop("predict")
        fit = np.flatnonzero(found.scored)
        best, scores = fit, found.scores[fit]
        if self.compiled:
            best = _close_to_best(fit, scores, top, at_least)
            exact = self._score(some.take(best), self.predictor)
            best, scores = best[exact.scored], exact.scores[exact.scored]
        clock.stop("score")
        tally = Tally(
            evaluated=len(whole),
            no_framework=int(homeless.sum()),
            rejected=len(whole) - len(batch) + int(composed.rejected.sum() + found.rejected.sum()),
            rejected_by_rule=rejected + composed.counts + found.counts,
            scored=len(fit),
            seconds=clock.seconds,
        )
        front = self._front(batch.indices[alive[fit]], some.take(fit), found.columns, fit)
        part = Screened().merge(Screened(batch.indices[alive[best]], scores, tally), top)
        return replace(part, front_indices=front.indices, front_points=front.points)

    def _front(
        self,
        indices: IntArray,
        some: _Survivors,
        columns: Mapping[str, FloatArray],
        rows: npt.NDArray[np.intp],
    ) -> Front:
        """Candidates of a chunk that may be on the front that the objective asks for."""
        selection = self.objective.selection
        if not selection.pareto or not len(indices):
            return Front(())
        supply = supply_columns(some.sites.composition)
        known = {name: values[rows] for name, values in columns.items()}
        points = {
            name: known[name] if name in known else supply[name].to_numpy(dtype=np.float64)
            for name in selection.pareto
        }
        return Front.of(axes_of(selection.pareto), indices, points, coarse=selection.coarse)

    def probabilities(
        self, distributions: Mapping[str, PredictiveDistribution], part: int = 0
    ) -> dict[str, FloatArray]:
        """Probability of meeting each specification that is used, shape (n,) each; all rows of one host."""
        return {
            entry.target: entry.probability(distributions[entry.target])
            for entry in self.resolved_for(part)
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

    def _constrained(self, batch: CandidateBatch) -> tuple[CandidateBatch, Counter[str]]:
        """Candidates that keep the constraints of the space, and how many break each."""
        refused = self.space.refused(batch)
        counts = Counter({name: int(rows.sum()) for name, rows in refused.items() if rows.any()})
        if not counts:
            return batch, counts
        return batch.take(~np.logical_or.reduce(list(refused.values()))), counts

    def _judge(
        self,
        part: IntArray,
        sites: SiteTable,
        values: Mapping[str, npt.ArrayLike] | None,
        rules: Mapping[str, Rule],
    ) -> _Judged:
        judged = _Judged(
            np.zeros(len(part), dtype=np.bool_),
            np.zeros(len(part), dtype=np.int64),
            np.zeros(len(part), dtype=np.int64),
            Counter(),
        )
        for _, rows, verdicts in check_parts(self.space, part, sites, values, rules):
            judged.rejected[rows] = verdicts.rejected
            judged.warnings[rows] = verdicts.warnings
            judged.unjudged[rows] = count_unjudged(verdicts)
            judged.counts.update(_rejections(verdicts))
        return judged

    def _score(self, some: _Survivors, predictor: Predictor) -> _Scored:
        """Predict, hold the predictions against the rules, and score."""
        if not len(some.part):
            return _Scored(np.empty(0), np.zeros(0, dtype=np.bool_), Counter(), {})
        distance = predictor.domain_distance(some.sites)
        distributions = predictor.distributions(
            some.sites,
            temperature_c=self.objective.temperature_c,
            targets=predictor.live_targets,
            distance=distance,
        )
        predicted = self._judge(some.part, some.sites, self.rule_values(distributions), PREDICTION_RULES)
        warnings = some.warnings + predicted.warnings
        outside = distance > predictor.domain_threshold
        supply = self.objective.supply_factor(some.sites.composition)
        scores = np.empty(len(some.part))
        for number, rows in iter_parts(some.part):
            here = {name: _rows_of(entry, rows, len(scores)) for name, entry in distributions.items()}
            scores[rows] = self.objective.score(
                self.probabilities(here, number),
                warnings=warnings[rows],
                unjudged=some.unjudged[rows],
                outside_domain=outside[rows],
                supply=None if supply is None else supply[rows],
            )
        scores = np.round(scores, SCORE_DECIMALS)
        columns = {name: np.asarray(entry.median) for name, entry in distributions.items()}
        columns |= {"score": scores, "domain_distance": distance}
        return _Scored(scores, predicted.rejected, predicted.counts, columns)


@dataclass(frozen=True, eq=False)
class _Survivors:
    """Candidates that no rule on the composition rejects; rules that warn and that cannot be judged."""

    part: IntArray
    sites: SiteTable
    warnings: IntArray
    unjudged: IntArray

    def take(self, rows: npt.NDArray[np.intp]) -> _Survivors:
        return _Survivors(self.part[rows], self.sites.take(rows), self.warnings[rows], self.unjudged[rows])


@dataclass(frozen=True, eq=False)
class _Scored:
    """Scores, who the rules on predictions reject, rejections by rule, and columns of a ranking."""

    scores: FloatArray
    rejected: npt.NDArray[np.bool_]
    counts: Counter[str]
    columns: Mapping[str, FloatArray]

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        return ~self.rejected & np.isfinite(self.scores)


def _close_to_best(
    rows: npt.NDArray[np.intp], scores: FloatArray, top: int, at_least: float
) -> npt.NDArray[np.intp]:
    """Rows whose true score can be among the best `top` and reach `at_least`."""
    if len(scores) > top:
        at_least = max(at_least, float(np.partition(scores, len(scores) - top)[len(scores) - top]))
    return rows[scores >= at_least - _MARGIN]


@dataclass(frozen=True, eq=False)
class _Judged:
    """What rules say: rows rejected; per row rules that warn, that cannot be judged; rejections by rule."""

    rejected: npt.NDArray[np.bool_]
    warnings: IntArray
    unjudged: IntArray
    counts: Counter[str]


def _rows_of(
    distribution: PredictiveDistribution, rows: npt.NDArray[np.intp], count: int
) -> PredictiveDistribution:
    if len(rows) == count:
        return distribution
    return replace(
        distribution,
        center=distribution.center[rows],
        scale=distribution.scale[rows],
        families=distribution.families[rows],
    )


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
