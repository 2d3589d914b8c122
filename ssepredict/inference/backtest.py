"""Would it have been found? Train on what was published before a year, rank, place what came later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.inference.backtests.history import TARGET, WINNING_QUANTILE, History
from ssepredict.inference.backtests.placement import FEWEST_GROUPS, grouped_interval, top_enrichment
from ssepredict.inference.backtests.pool import HINDSIGHT_RULES, ORDERS, Pool, Ranking, unplaced
from ssepredict.inference.spaces.membership import ELSEWHERE, membership
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.calibration import CONFIDENCE
from ssepredict.modeling.metrics import spearman
from ssepredict.modeling.training import train

SAMPLE = 20_000
"""Candidates of a space that are ranked, drawn at random."""

FOLDS = 5
"""Folds of left-out papers in which the model of a year is chosen and calibrated."""

FEWEST_PAPERS = 20
FEWEST_LATER = 3
"""Dated papers to train on and later compositions that a year needs."""

TOPS = (0.01, 0.05)
"""Shares of the ranking in which the enrichment is counted."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class NamedCase:
    """A published discovery that the tables show for every space that covers it.

    Parameters
    ----------
    name, formula : str
    published : int
    doi : str
    """

    name: str
    formula: str
    published: int
    doi: str


NAMED_CASES = (
    NamedCase("Sc/Zn co-doped", "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", 2025, "10.1039/d5eb00075k"),
    NamedCase("Nb-doped", "Li1.8Zr0.8Nb0.2Cl6", 2025, "10.1039/d5cc02859k"),
)


@dataclass(frozen=True, eq=False)
class Backtest:
    """What `backtest` found.

    Parameters
    ----------
    years : DataFrame
        One line per year: `before`, `status` (``ok``, ``not_enough``, ``abstained``), `reason`, counts, and
        per order of `ORDERS` the mean percentile of the winners and of all later compositions, the enrichment
        of the winners in `TOPS` and the rank correlation over all, with intervals (`_low`, `_high`) over
        papers. Sensible authors lift all later compositions; only winners above the rest were told apart.
    cases : DataFrame
        One line per year and named case that the space covers; `in_training` is 1 where a paper before the
        year holds the composition, so that its percentile shows nothing.
    compositions : DataFrame
        One line per year and later composition: the columns of `History.later` and of `Ranking.place`.
    settings : dict
        Space, sample, seed and thresholds.
    """

    years: pd.DataFrame
    cases: pd.DataFrame = field(repr=False)
    compositions: pd.DataFrame = field(repr=False)
    settings: dict[str, Any] = field(repr=False)


def backtest(
    space: SubstitutionSpace,
    dataset: Dataset,
    before: Sequence[int] | None = None,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
    folds: int = FOLDS,
    progress: Progress | None = None,
) -> Backtest:
    """Train on what was published before a year, rank a space, and place what was published later.

    The model of a year is chosen, calibrated and fitted as `train` does it, on dated sources alone. That the
    estimators and the other rules were settled with today's literature in view cannot be undone; rules that
    read their bounds off the dataset (`HINDSIGHT_RULES`) are left out of the score.

    Parameters
    ----------
    space : SubstitutionSpace
    dataset : Dataset
    before : sequence of int, optional
        Years; every year in which a composition of the space was published when omitted.
    sample : int
        Candidates drawn from a larger space. What the rules refuse is not ranked.
    seed : int
        Of the sample, the folds, the estimators and the bootstrap.
    folds : int
        Folds of left-out papers, 2 or more.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Backtest

    Raises
    ------
    SsePredictError
        When there is no year, the sample or the folds are out of range, or no candidate passes the rules.
    """
    if folds < 2:
        raise SsePredictError(f"folds is {folds}; expected 2 or more")
    say = progress or (lambda sentence: None)
    history = History(dataset, space)
    wanted = sorted(set(history.years if before is None else before))
    if not wanted:
        raise SsePredictError(
            "the dataset holds no dated composition of the space, so there is no year to go back to; name "
            "years, or a space whose compositions were published"
        )
    pool = Pool.draw(space, sample, seed)
    say(f"{pool.drawn:,} of {len(space):,} candidates drawn, {len(pool.sites):,} pass the rules")
    lines, cases, compositions = [], [], []
    for year in wanted:
        line, ranking = _start_year(history, year, pool, seed, folds, say)
        later = history.later(year)
        found = pd.concat([later, _place(ranking, later["formula"].tolist())], axis=1)
        lines.append(line | _figures(found, seed))
        cases.append(_named_cases(history, year, ranking))
        compositions.append(_with_year(found, year))
    return Backtest(
        years=pd.DataFrame(lines),
        cases=pd.concat(cases, ignore_index=True),
        compositions=pd.concat(compositions, ignore_index=True),
        settings={
            "space": {"title": space.title, "host": space.host, "size": len(space), "digest": space.digest},
            "dataset_digest": dataset.digest,
            "candidates_drawn": pool.drawn,
            "candidates_ranked": len(pool.sites),
            "percentile_error": pool.percentile_error,
            "seed": seed,
            "folds": folds,
            "confidence": CONFIDENCE,
            "winning_quantile": WINNING_QUANTILE,
            "fewest_training_papers": FEWEST_PAPERS,
            "fewest_later_compositions": FEWEST_LATER,
            "fewest_papers_for_interval": FEWEST_GROUPS,
            "rules_left_out": list(HINDSIGHT_RULES),
        },
    )


def _start_year(
    history: History, year: int, pool: Pool, seed: int, folds: int, say: Progress
) -> tuple[dict[str, Any], Ranking | None]:
    """Train the model of a year; the line says why where there is none."""
    line: dict[str, Any] = {"before": year, "status": "ok", "reason": "", **history.counts(year)}
    line |= {"estimator": "", "outside_domain_pct": np.nan}
    reason = _shortage(line["training_papers"], line["later_compositions"])
    if reason:
        return line | {"status": "not_enough", "reason": reason}, None
    predictor = train(
        history.before(year),
        name=f"before-{year}",
        targets=(TARGET.name,),
        seed=seed,
        folds=folds,
        protocols=("paper",),
        progress=lambda sentence: say(f"before {year}: {sentence}"),
    )
    model = predictor.models[TARGET.name]
    line["estimator"] = predictor.metrics["targets"][TARGET.name]["estimator"]
    if model.status != "ok":
        return line | {"status": "abstained", "reason": model.reason}, None
    ranking = Ranking(pool, predictor)
    return line | {"outside_domain_pct": ranking.outside_domain_pct}, ranking


def _shortage(papers: int, later: int) -> str:
    said = []
    if papers < FEWEST_PAPERS:
        said.append(f"{papers} dated papers to train on, expected {FEWEST_PAPERS} or more")
    if later < FEWEST_LATER:
        said.append(f"{later} new compositions published later, expected {FEWEST_LATER} or more")
    return "; ".join(said)


def _place(ranking: Ranking | None, formulas: list[str]) -> pd.DataFrame:
    return unplaced(len(formulas)) if ranking is None or not formulas else ranking.place(formulas)


def _with_year(table: pd.DataFrame, year: int) -> pd.DataFrame:
    table.insert(0, "before", year)
    return table


def _named_cases(history: History, year: int, ranking: Ranking | None) -> pd.DataFrame:
    """Named cases that the space covers, a line each."""
    sites = parse_sites([case.formula for case in NAMED_CASES])
    places, keys = membership(history.space, sites), composition_keys(sites)
    known = history.known(year)
    lines = [
        {
            "case": case.name,
            "formula": case.formula,
            "place": str(place),
            "published": case.published,
            "doi": case.doi,
            "conductivity_s_cm": history.best_of(str(key)),
            "in_training": int(key in known),
        }
        for case, place, key in zip(NAMED_CASES, places, keys, strict=True)
        if place != ELSEWHERE
    ]
    if not lines:
        return pd.DataFrame()
    table = pd.DataFrame(lines)
    return _with_year(pd.concat([table, _place(ranking, table["formula"].tolist())], axis=1), year)


def _figures(found: pd.DataFrame, seed: int) -> dict[str, float]:
    """Percentiles and enrichment of the winners, rank correlation over all, with intervals over papers."""
    papers = found["work_id"].to_numpy(dtype=object)
    value = np.log10(found["conductivity_s_cm"].to_numpy(dtype=np.float64))
    won = (found["winner"] == 1).to_numpy()
    above = (found["above_best"] == 1).to_numpy()
    figures = {}
    for order in ORDERS:
        at = found[f"percentile_{order}"].to_numpy(dtype=np.float64)
        figures[f"above_best_percentile_{order}"] = float(at[above].mean()) if above.any() else np.nan
        of_winners = {"winner_percentile": _mean}
        of_winners |= {f"enrichment_{100 * top:g}pct": partial(top_enrichment, share=top) for top in TOPS}
        for name, measure in of_winners.items():
            figures |= _with_interval(f"{name}_{order}", measure, (at[won],), papers[won], seed)
        figures |= _with_interval(f"later_percentile_{order}", _mean, (at,), papers, seed)
        figures |= _with_interval(f"spearman_{order}", _rank_correlation, (value, at), papers, seed)
    return figures


def _with_interval(
    name: str,
    measure: Callable[..., float],
    columns: tuple[FloatArray, ...],
    papers: npt.NDArray[np.object_],
    seed: int,
) -> dict[str, float]:
    """Return a figure over papers with its interval; NaN without a model, or an order of this framework."""
    if not papers.size or any(np.isnan(column).any() for column in columns):
        return {name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan}

    def measured(rows: npt.NDArray[np.intp]) -> float:
        return measure(*(column[rows] for column in columns))

    low, high = grouped_interval(measured, papers, seed=seed, confidence=CONFIDENCE)
    return {name: measured(np.arange(len(papers))), f"{name}_low": low, f"{name}_high": high}


def _mean(values: FloatArray) -> float:
    return float(values.mean())


def _rank_correlation(true: FloatArray, predicted: FloatArray) -> float:
    return spearman(true=true, predicted=predicted)
