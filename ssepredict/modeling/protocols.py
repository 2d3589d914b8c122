"""What a model is trained on, and how it is left out: whole papers, whole dopants, hosts, later years."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.featurizers.conditions import ConditionFeaturizer
from ssepredict.featurizers.site import SiteFeaturizer
from ssepredict.modeling.targets import PROCESSING, Target

IndexArray = npt.NDArray[np.intp]
Fold = tuple[IndexArray, IndexArray]

FOLDS = 20
"""Folds of the protocols that leave papers out; every paper is left out once, whole."""

SPLIT_YEAR = 2021
"""The protocol `time` trains on what was published before and tests on the rest."""

MINIMUM_PAPERS_PER_ELEMENT = 15
"""Papers that must hold an element before its amount becomes a feature.

Measured on conductivity with LightGBM, mean absolute error in decades for 15 papers / any paper / no element
columns: papers left out 0.691 / 0.696 / 0.697, purged 0.740 / 0.739 / 0.758, dopants left out 0.834 / 0.854 /
0.845. Rarer elements are learned by heart.
"""


@dataclass(frozen=True)
class TrainingTable:
    """One target's rows, ready to fit.

    Parameters
    ----------
    target : Target
    frame : DataFrame, n rows
        As the dataset gives it; `work_id` groups the rows of one paper, however it was found.
    sites : SiteTable, n rows
    X : ndarray, shape (n, k)
    X_withheld : ndarray, shape (n, k)
        The same with the processing (`PROCESSING`) not stated, as it is for every candidate.
    y : ndarray, shape (n,)
        Transformed values.
    feature_names : tuple of str, length k
    elements : tuple of str
        Elements with a column of their own.
    """

    target: Target
    frame: pd.DataFrame
    sites: SiteTable
    X: FloatArray
    X_withheld: FloatArray
    y: FloatArray
    feature_names: tuple[str, ...]
    elements: tuple[str, ...]

    @property
    def papers(self) -> npt.NDArray[np.object_]:
        """The work each row was published in, shape (n,)."""
        return self.frame["work_id"].to_numpy(dtype=object)

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Rows on which errors are measured, shape (n,)."""
        return self.target.scored(self.frame)


def prepare(target: Target, dataset: Dataset) -> TrainingTable:
    """Features and transformed values of every usable row of a target.

    Raises
    ------
    SsePredictError
        When fewer than two papers hold usable rows: nothing could be left out.
    """
    frame = target.frame(dataset)
    papers = frame["work_id"].nunique()
    if papers < 2:
        raise SsePredictError(
            f"{target.name} has {len(frame)} usable rows from {papers} papers in this dataset, expected two "
            "papers or more; name other targets or select more of the dataset"
        )
    sites = parse_sites(frame["formula"].tolist())
    site = SiteFeaturizer(elements=_frequent_elements(sites, frame["work_id"])).fit(sites)
    condition = ConditionFeaturizer(target.conditions).fit(frame)
    names = (*site.get_feature_names_out(), *condition.get_feature_names_out())
    features = site.transform(sites)
    hidden = frame.assign(**{name: None for name in PROCESSING if name in frame})
    return TrainingTable(
        target=target,
        frame=frame,
        sites=sites,
        X=np.hstack([features, condition.transform(frame)]),
        X_withheld=np.hstack([features, condition.transform(hidden)]),
        y=target.forward(frame["value"]),
        feature_names=names,
        elements=site.elements_,
    )


def _frequent_elements(sites: SiteTable, papers: pd.Series[str]) -> list[str]:
    held = pd.DataFrame(sites.composition.amounts > 0, columns=list(sites.elements))
    count = held.groupby(papers.to_numpy()).any().sum()
    return [str(symbol) for symbol in count.index[count >= MINIMUM_PAPERS_PER_ELEMENT]]


def _by_paper(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    count = min(folds, len(np.unique(table.papers))) if folds else len(np.unique(table.papers))
    yield from GroupKFold(count, shuffle=True, random_state=seed).split(table.X, table.y, table.papers)


def _by_paper_purged(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    keys = table.frame["composition_key"].to_numpy(dtype=object)
    for train, test in _by_paper(table, seed, folds):
        yield train[~np.isin(keys[train], keys[test])], test


def _by_dopant(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    on_m = table.sites.occupancy["M"]
    total = on_m.sum(axis=1, keepdims=True)
    share = np.divide(on_m, total, out=np.zeros_like(on_m), where=total > 0)
    for column in range(on_m.shape[1]):
        test = np.flatnonzero((share[:, column] > 0) & (share[:, column] < 0.5) & table.scored)
        if len(test) >= 5 and len(np.unique(table.papers[test])) >= 2:
            holds = table.sites.composition.amounts[:, column] > 0
            yield np.flatnonzero(~holds), test


def _by_host(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    hosts = table.frame["host"].to_numpy(dtype=object)
    count = min(folds, len(np.unique(hosts))) if folds else len(np.unique(hosts))
    if count > 1:
        yield from GroupKFold(count, shuffle=True, random_state=seed).split(table.X, table.y, hosts)


def _by_year(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    year = table.frame["year"].to_numpy(dtype=np.float64)
    yield np.flatnonzero(year < SPLIT_YEAR), np.flatnonzero(year >= SPLIT_YEAR)


def _at_random(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    count = min(folds or FOLDS, len(table.y))
    yield from KFold(count, shuffle=True, random_state=seed).split(table.X)


PROTOCOLS: dict[str, Callable[[TrainingTable, int, int], Iterator[Fold]]] = {
    "paper": _by_paper,
    "paper_purged": _by_paper_purged,
    "dopant": _by_dopant,
    "host": _by_host,
    "time": _by_year,
    "random": _at_random,
}
"""Protocol to folds. `paper_purged` also removes the left-out compositions from training; `dopant` leaves
out every composition with an ion that is a minority on M; `host` leaves out all compositions derived from
a host; `random` is for comparison only: it flatters."""
