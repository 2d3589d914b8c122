"""Candidates of a space drawn at random, and where compositions stand among them by a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.exceptions import SsePredictError
from ssepredict.inference.backtests.history import TARGET
from ssepredict.inference.backtests.placement import percentiles, sampling_error
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.screening.ranges import BLOCK
from ssepredict.inference.screening.screen import SCORE_DECIMALS, Screen, count_unjudged
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.calibration import CONFIDENCE
from ssepredict.physics.bounds import REJECT
from ssepredict.physics.checks import Verdicts, check_sites
from ssepredict.physics.rules import PREDICTION_RULES, SITE_RULES

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

ORDERS = ("conductivity", "score", "carriers")
"""What a space is ordered by: the predicted median at 25 °C, the score of the default objective, and for
NASICONs the nearness of the carriers to `BEST_CARRIERS`, which needs no model."""

BEST_CARRIERS = 3.35
"""Carriers per formula unit at which Na NASICONs conduct best, as a chemist would guess."""

HINDSIGHT_RULES = ("dopant_fraction",)
"""Rules whose bounds are read off today's dataset: a score that used them would know the later papers."""

PLACE_COLUMNS = (
    *(f"percentile_{order}" for order in ORDERS),
    "predicted_s_cm",
    "predicted_low_s_cm",
    "predicted_high_s_cm",
    "outside_domain",
)


@dataclass(frozen=True, eq=False)
class Pool:
    """Candidates that stand for a space.

    Parameters
    ----------
    space : SubstitutionSpace
    drawn : int
        Candidates drawn, all of them when the space is no larger.
    sites : SiteTable
        Those of them that no rule on the composition refuses.
    composed : Verdicts
        What those rules say of them.
    """

    space: SubstitutionSpace
    drawn: int
    sites: SiteTable
    composed: Verdicts = field(repr=False)

    @classmethod
    def draw(cls, space: SubstitutionSpace, sample: int, seed: int) -> Pool:
        """Draw candidates uniformly, without replacement.

        Raises
        ------
        SsePredictError
            When the sample is below 1, or the rules refuse all that was drawn.
        """
        if sample < 1:
            raise SsePredictError(f"sample is {sample}; expected a number of candidates, 1 or more")
        if sample < len(space):
            generator = np.random.default_rng(seed)
            chosen = np.sort(generator.choice(len(space), size=sample, replace=False, shuffle=False))
        else:
            chosen = np.arange(len(space))
        sites = space.decode(chosen).sites()
        kept = np.flatnonzero(~_compose(sites, space).rejected & (sites.framework != ""))
        if not kept.size:
            raise SsePredictError(
                f"the rules refuse all {len(chosen):,} candidates that were drawn; expected some to rank: "
                "draw a larger sample or widen the space"
            )
        ranked = sites.take(kept)
        return cls(space, len(chosen), ranked, _compose(ranked, space))

    @property
    def percentile_error(self) -> float:
        """Largest standard error (points) of a percentile among these candidates instead of all."""
        passing = round(len(self.sites) * len(self.space) / self.drawn)
        return sampling_error(len(self.sites), passing)


@dataclass(frozen=True, eq=False)
class Ranking:
    """A pool in the orders of a predictor.

    Parameters
    ----------
    pool : Pool
    predictor : Predictor
        Must not abstain from the conductivity.
    """

    pool: Pool
    predictor: Predictor

    @cached_property
    def outside_domain_pct(self) -> float:
        """Share of the candidates that lie outside the applicability domain (%)."""
        return float(100.0 * self._pooled["outside_domain"].mean())

    def place(self, formulas: Sequence[str]) -> pd.DataFrame:
        """Predict compositions and place them among the candidates, whether or not they are candidates.

        Parameters
        ----------
        formulas : sequence of str, length n

        Returns
        -------
        DataFrame
            n rows, columns `PLACE_COLUMNS` and `rejected_by`: percentiles (%) among the candidates that no
            rule refuses, predicted conductivity at 25 °C with its interval. What a rule refuses has the
            percentile 0 by score, because no ranking lists it.
        """
        sites = parse_sites(list(formulas))
        composed = _compose(sites, self.pool.space)
        table = self._values(sites, composed)
        pooled = self._pooled[self._pooled["rejected"] == 0]
        for order in ORDERS:
            table[f"percentile_{order}"] = percentiles(table[order], pooled[order].to_numpy())
        table.loc[(table["rejected"] == 1) | composed.rejected, "percentile_score"] = 0.0
        table["rejected_by"] = [
            ";".join(name for name, codes in composed.codes.items() if codes[row] == REJECT)
            for row in range(len(sites))
        ]
        return table[[*PLACE_COLUMNS, "rejected_by"]]

    @cached_property
    def _pooled(self) -> pd.DataFrame:
        return self._values(self.pool.sites, self.pool.composed)

    @cached_property
    def _screen(self) -> Screen:
        objective, space = Objective(), self.pool.space
        resolved = objective.resolve(space.host_sites, space.host, self.predictor)
        return Screen(space, self.predictor, objective, resolved)

    def _values(self, sites: SiteTable, composed: Verdicts) -> pd.DataFrame:
        """Orders, prediction and verdict of every row, worked out in chunks."""
        unjudged = count_unjudged(composed)
        parts = []
        for start in range(0, len(sites), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(sites)))
            parts.append(self._block(sites.take(rows), composed.warnings[rows], unjudged[rows]))
        return pd.concat(parts, ignore_index=True)

    def _block(
        self, sites: SiteTable, warnings: npt.NDArray[np.int64], unjudged: npt.NDArray[np.int64]
    ) -> pd.DataFrame:
        screen, predictor = self._screen, self.predictor
        temperature = screen.objective.temperature_c
        found = predictor.distributions(sites, temperature_c=temperature, targets=predictor.live_targets)
        outside = predictor.domain_distance(sites) > predictor.domain_threshold
        predicted = check_sites(
            sites, screen.rule_values(found), PREDICTION_RULES, self.pool.space.replaced_ion
        )
        scores = screen.objective.score(
            screen.probabilities(found),
            warnings=warnings + predicted.warnings,
            unjudged=unjudged,
            outside_domain=outside,
        )
        distribution = found[TARGET.name]
        low, high = distribution.interval(CONFIDENCE)
        return pd.DataFrame(
            {
                "conductivity": distribution.median,
                "score": np.round(scores, SCORE_DECIMALS),
                "carriers": _nearness(sites),
                "predicted_s_cm": distribution.median,
                "predicted_low_s_cm": low,
                "predicted_high_s_cm": high,
                "outside_domain": outside.astype(np.int64),
                "rejected": predicted.rejected.astype(np.int64),
            }
        )


def unplaced(count: int) -> pd.DataFrame:
    """Return the columns of `Ranking.place` for compositions that no model places, shape (count,)."""
    return pd.DataFrame({name: np.full(count, np.nan) for name in PLACE_COLUMNS}).assign(rejected_by="")


def _compose(sites: SiteTable, space: SubstitutionSpace) -> Verdicts:
    rules = {name: rule for name, rule in SITE_RULES.items() if name not in HINDSIGHT_RULES}
    return check_sites(sites, None, rules, space.replaced_ion)


def _nearness(sites: SiteTable) -> FloatArray:
    """Nearness of the carriers to the best, higher is better; NaN outside NASICON."""
    near = -np.round(np.abs(sites.carriers - BEST_CARRIERS), SCORE_DECIMALS)
    return np.where(sites.framework == "nasicon", near, np.nan)
