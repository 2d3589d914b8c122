"""The next experiments: a batch that promises most together, given what has been measured already."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.sites import SiteTable
from ssepredict.exceptions import RankingError, did_you_mean
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.screening.listing import list_candidates
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.screening.summary import explain_empty, summarise
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.inference.suggestions.batch import (
    STRATEGIES,
    Batch,
    Strategy,
    choose_by_improvement,
    choose_by_thompson,
    joint_draws,
)
from ssepredict.inference.suggestions.best import BestKnown, best_known, demands_on_conductivity
from ssepredict.inference.suggestions.measured import (
    TARGET,
    VALUES,
    Measured,
    held_against,
    of_families,
    read_measured,
)
from ssepredict.inference.suggestions.pool import (
    POOL,
    Gatherer,
    Pool,
    Progress,
    Taken,
    with_threshold,
)
from ssepredict.inference.suggestions.process import NOISE, Residuals, Warp, kernel
from ssepredict.inference.suggestions.reasons import Reasons, with_reasons

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

SUMMARY_KIND = "ssepredict suggestion"

SCREENED = 50_000
"""Candidates of a larger space that are looked at, spread evenly."""

DIVERSITY = 0.8
"""Default weight of the diversity term."""


def suggest(
    space: SubstitutionSpace,
    predictor: Predictor,
    objective: Objective | None = None,
    batch: int = 8,
    *,
    measured: str | Path | pd.DataFrame | None = None,
    strategy: Strategy = "expected_improvement",
    diversity: float = DIVERSITY,
    seed: int = 0,
    limit: int = SCREENED,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Suggest the next experiments.

    The space is screened as for a ranking; what the rules reject, and what has been measured (by the user or
    in the evidence of the release), is left out. The predictions are conditioned on the user's own values
    (`Residuals`), and a batch is chosen that promises most as a whole: by what each candidate adds to the
    expected improvement over the best known conductivity, or by Thompson sampling. The gain is multiplied
    by the probability of meeting the other demands of the objective and by its factors.

    Parameters
    ----------
    space : SubstitutionSpace
    predictor : Predictor
    objective : Objective, optional
        Default: that of `rank`. A stated threshold on the conductivity is the value to beat; otherwise it is
        the best value reported for any composition of the same framework and elements. A better value of
        one's own replaces it.
    batch : int
        Experiments to suggest.
    measured : str, Path or DataFrame, optional
        What has been measured: see `ssepredict.inference.suggestions.measured.read_measured`.
    strategy : {"expected_improvement", "thompson"}
    diversity : float
        0 to 1: share of the similarity to those chosen before by which a gain is lowered. Even at 0 two
        candidates that would teach the same are not both chosen by expected improvement.
    seed : int
        Of the draws; the same seed gives the same suggestions.
    limit : int
        Candidates of a larger space to look at, spread evenly.
    progress : callable, optional
        Called with (candidates done, candidates in all).

    Returns
    -------
    DataFrame
        At most `batch` rows, the first the most wanted: the columns of `list_candidates`, and after
        `substitutions` why each is suggested: `updated_conductivity_s_cm` with `_low` and `_high` (90 %; the
        prediction after conditioning, for a sample of the user's), `expected_improvement_decades` (alone),
        `batch_gain_decades` (on top of the rows before it), `chance_to_beat_best`, `best_known_s_cm`,
        `diversity` (1 minus the largest similarity to the rows before it), `nearest_measured` and
        `nearest_measured_distance` (of the user's own), `why`. ``attrs["summary"]`` says how it came about,
        ``attrs["measured"]`` holds the rows of `suggestions.measured.held_against`, a dict each.

    Raises
    ------
    RankingError
        When an argument is out of range, no candidate is left, or the objective or the model has no
        conductivity to improve.
    TableError
        When the measured values cannot be used; every cell is named.
    """
    _check(batch, limit, strategy, diversity)
    started = time.perf_counter()
    wanted = Objective() if objective is None else objective
    families = {str(part.host_sites.family[0]) for part in space.parts}
    own = of_families(read_measured(measured, predictor), families)
    table = held_against(own, predictor)
    screen = Screen.of(space, predictor, wanted)
    demands = demands_on_conductivity(screen.resolved, predictor.name)
    best = best_known(predictor, space, demands, table, wanted.temperature_c)
    residuals = _conditioned(own, table, predictor, wanted.temperature_c)
    level = float(TARGET.forward(np.array([best.value_s_cm]))[0])
    gatherer = Gatherer(with_threshold(screen, best.value_s_cm), residuals, level, Taken.of(predictor, own))
    pool = gatherer.gather(min(limit, len(space)), POOL, progress)
    if not len(pool):
        raise RankingError(_explain(pool))
    sites = space.decode(pool.indices).sites()
    options = (strategy, batch, diversity, seed)
    warp = gatherer.warp(sites)
    chosen = _choose(gatherer, pool, sites, warp, options)
    listed = _listed(screen, pool, chosen)
    frame = with_reasons(listed, Reasons(pool, chosen, sites, warp, residuals, own, best))
    summary = summarise(screen, pool.tally, len(frame), time.perf_counter() - started)
    frame.attrs["summary"] = summary | {
        "kind": SUMMARY_KIND,
        "seeds": f"{seed}: the draws of the joint step",
        "suggestion": _how(options, pool, best, own, table),
    }
    # Plain rows: pandas compares attrs when it joins tables, and a table in them has no truth value.
    frame.attrs["measured"] = table.to_dict(orient="records")
    return frame


def _check(batch: int, limit: int, strategy: str, diversity: float) -> None:
    for name, value in (("batch", batch), ("limit", limit)):
        if value < 1:
            raise RankingError(f"{name} is {value}; expected a whole number of 1 or more")
    if batch > POOL // 2:
        raise RankingError(f"batch is {batch}; expected at most {POOL // 2}: use rank for a longer list")
    if strategy not in STRATEGIES:
        raise RankingError(
            f"strategy is {strategy!r}; expected one of {', '.join(STRATEGIES)}"
            f"{did_you_mean(strategy, STRATEGIES)}"
        )
    if not 0.0 <= diversity <= 1.0:
        raise RankingError(f"diversity is {diversity!r}; expected a number from 0 to 1")


def _conditioned(own: Measured, table: pd.DataFrame, predictor: Predictor, temperature_c: float) -> Residuals:
    used = np.flatnonzero(table["used"].to_numpy() == 1)
    rows = table.iloc[used]
    return Residuals(
        predictor.domain,
        temperature_c,
        own.sites.take(used),
        rows["standard_score"].to_numpy(dtype=np.float64),
        rows["temperature_c"].to_numpy(dtype=np.float64),
    )


def _choose(
    gatherer: Gatherer, pool: Pool, sites: SiteTable, warp: Warp, options: tuple[Strategy, int, float, int]
) -> Batch:
    """Run the joint step on a pool."""
    strategy, batch, diversity, seed = options
    mean, covariance = gatherer.residuals.joint(sites)
    common = joint_draws(mean, covariance, seed)
    # The noise of each sample comes from draws of its own, whatever the strategy.
    noise = np.sqrt(NOISE) * np.random.default_rng([seed, 1]).standard_normal(common.shape)
    values = warp.values(common + noise)
    similarity = kernel(gatherer.residuals.domain.distances_to(sites, sites))
    judged: dict[str, Any] = {"worth": pool.worth, "similarity": similarity, "diversity": diversity}
    if strategy == "thompson":
        return choose_by_thompson(warp.values(common), values, gatherer.best, batch, **judged)
    return choose_by_improvement(values, gatherer.best, batch, **judged, reserve=pool.upper)


def _listed(screen: Screen, pool: Pool, chosen: Batch) -> pd.DataFrame:
    """Rows as a ranking has them, in the order in which they were chosen."""
    indices = pool.indices[chosen.rows]
    scored = screen.run(np.sort(indices), len(indices))
    score_of = dict(zip(scored.indices.tolist(), scored.scores.tolist(), strict=True))
    scores = np.array([score_of[index] for index in indices.tolist()])
    return list_candidates(screen, Screened(indices, scores, pool.tally))


def _how(
    options: tuple[Strategy, int, float, int], pool: Pool, best: BestKnown, own: Measured, table: pd.DataFrame
) -> dict[str, Any]:
    """Tell about a suggestion what a ranking does not tell about itself."""
    strategy, _, diversity, seed = options
    columns = ["place", "formula", "temperature_c", *VALUES, "standard_score", "surprising"]
    return {
        "strategy": strategy,
        "diversity": diversity,
        "seed": seed,
        "pool": len(pool),
        "already_made": pool.made,
        "best_known": asdict(best),
        "measured": {
            "used": int(table["used"].sum()),
            "limits_met_anyhow": int((table["used"] == 0).sum()),
            "ignored": own.ignored,
            "surprising": [
                {str(name): value for name, value in row.items()}
                for row in table.loc[table["surprising"] == 1, columns].to_dict(orient="records")
            ],
        },
    }


def _explain(pool: Pool) -> str:
    if pool.made:
        return (
            f"all {pool.made:,} candidates that the rules let pass have been made already (by you, or in the "
            "evidence of the release); expected at least one new: widen the fractions or ions of the space"
        )
    return explain_empty(pool.tally)
