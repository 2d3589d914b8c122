"""Shares of the variance that suggestions are conditioned with: the likeliest for left-out errors.

Every scored room-temperature conductivity is a standard score in the distribution that the release would have
given it with its paper left out. Scores of different papers count as independent, those of one paper have the
covariance of the process; the shares and the length maximise the likelihood. `python -m benchmarks.shares`
prints them beside those in use.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import ndtri

from ssepredict import load_dataset, load_predictor
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.exceptions import SsePredictError
from ssepredict.featurizers.site import site_features
from ssepredict.inference.suggestions import process
from ssepredict.modeling.difficulty import difficulty, distance_to_other_papers
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.protocols import prepare
from ssepredict.modeling.requests import checked_conditions
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS
from ssepredict.resources import shipped_folder

Array = npt.NDArray[np.float64]
TARGET = TARGETS["conductivity_s_cm"]


def left_out_rows(folder: Path) -> pd.DataFrame:
    """Scored room-temperature rows of a release's left_out.csv."""
    rows = pd.read_csv(folder / "left_out.csv")
    rows = rows[(rows["target"] == TARGET.name) & (rows["scored"] == 1)]
    return rows[rows["temperature_c"].between(*ROOM_TEMPERATURE_C)].reset_index(drop=True)


def standard_scores(predictor: Predictor, rows: pd.DataFrame, sites: SiteTable) -> Array:
    """Return the standard score of each row, its paper left out."""
    model = predictor.models[TARGET.name]
    dataset = load_dataset()
    if dataset.digest != predictor.dataset_digest:
        raise SsePredictError(
            f"{predictor.name} was trained on another dataset ({predictor.dataset_digest[:16]}) than the one "
            f"at hand ({dataset.digest[:16]}); expected the same: train it again, or name another release"
        )
    table = prepare(TARGET, dataset)
    papers = rows["work_id"].to_numpy(dtype=object)
    far = distance_to_other_papers(predictor.domain, table.papers, sites, papers)
    center = rows["predicted"].to_numpy(dtype=np.float64)
    X = model.features(sites, site_features(sites), checked_conditions(25.0, {}))
    scale = model.conformal.scale(X, difficulty(center, far))
    below = [
        model.conformal.cumulative(center[[row]], scale[[row]], float(true), sites.family[[row]])[0]
        for row, true in enumerate(rows["true"])
    ]
    return np.asarray(np.clip(ndtri(below), -process.WIDEST, process.WIDEST))


def misfit(logarithms: Array, scores: list[Array], distances: list[Array]) -> float:
    """Negative log-likelihood of the papers; logarithms of latent, laboratory, noise and length."""
    latent, laboratory, noise, length = np.exp(logarithms)
    found = 0.0
    for score, distance in zip(scores, distances, strict=True):
        scaled = np.sqrt(3.0) * distance / length
        covariance = latent * (1.0 + scaled) * np.exp(-scaled) + laboratory + noise * np.eye(len(score))
        lower = np.linalg.cholesky(covariance)
        found += 0.5 * float((np.linalg.solve(lower, score) ** 2).sum()) + float(np.log(np.diag(lower)).sum())
    return found


def by_paper(predictor: Predictor, rows: pd.DataFrame) -> tuple[list[Array], list[Array]]:
    """Split the rows by paper: the standard scores of each, and the distances between them."""
    sites = parse_sites(rows["formula"].tolist())
    score = standard_scores(predictor, rows, sites)
    distance = predictor.domain.distances_to(sites, sites)
    papers = [np.flatnonzero(rows["work_id"] == work) for work in rows["work_id"].unique()]
    return [score[own] for own in papers], [distance[np.ix_(own, own)] for own in papers]


def likeliest(scores: list[Array], distances: list[Array]) -> Array:
    """Find the logarithms at which `misfit` is least; the shares may add up to anything."""
    start = np.log([0.3, 0.3, 0.4, 0.5])
    found = minimize(misfit, start, (scores, distances), method="Nelder-Mead", options={"maxiter": 600})
    return np.asarray(found.x)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shares", description=__doc__)
    default = shipped_folder("models") / "nasicon-halide"
    parser.add_argument("--model", type=Path, default=default, help="folder of a release with left_out.csv")
    folder = parser.parse_args().model
    predictor, rows = load_predictor(folder), left_out_rows(folder)
    scores, distances = by_paper(predictor, rows)
    best = np.exp(likeliest(scores, distances))
    shares = best[:3] / best[:3].sum()
    several = sum(len(score) > 1 for score in scores)
    print(f"{len(rows)} rows, {len(scores)} papers, {several} of two samples or more")
    for name, value in zip(("LATENT", "LABORATORY", "NOISE", "LENGTH"), [*shares, best[3]], strict=True):
        print(f"{name:<10} {value:.3f} likeliest, {getattr(process, name):.2f} in use")


if __name__ == "__main__":
    main()
