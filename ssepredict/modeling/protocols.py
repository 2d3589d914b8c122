"""What a model is trained on, and how it is left out: papers, dopants, hosts, frameworks, later years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.columns import FOLDS as FOLDS
from ssepredict.data.dataset import Dataset
from ssepredict.data.folds import complete_folds, no_folds
from ssepredict.exceptions import SsePredictError
from ssepredict.featurizers.conditions import ConditionFeaturizer
from ssepredict.featurizers.site import SiteFeaturizer
from ssepredict.modeling.targets import PROCESSING, Target

IndexArray = npt.NDArray[np.intp]
Fold = tuple[IndexArray, IndexArray]

FROZEN_SEED = 0
"""With this seed and `FOLDS` folds the frozen folds of the dataset are used, where it has them."""

SPLIT_YEAR = 2021
"""The protocol `time` trains on what was published before and tests on the rest."""

FEWEST_ROWS_LEFT_OUT = 5
FEWEST_PAPERS_LEFT_OUT = 2
"""A dopant or a framework is left out when it has this many scored rows and papers."""

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
    folds : DataFrame
        Frozen folds of the dataset, in the columns of ``folds.csv``; empty where none were frozen.
    """

    target: Target
    frame: pd.DataFrame
    sites: SiteTable
    X: FloatArray
    X_withheld: FloatArray
    y: FloatArray
    feature_names: tuple[str, ...]
    elements: tuple[str, ...]
    folds: pd.DataFrame = field(default_factory=no_folds, repr=False)

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
        folds=complete_folds(dataset.folds, dataset.tables) if len(dataset.folds) else dataset.folds,
    )


def _frequent_elements(sites: SiteTable, papers: pd.Series[str]) -> list[str]:
    held = pd.DataFrame(sites.composition.amounts > 0, columns=list(sites.elements))
    count = held.groupby(papers.to_numpy()).any().sum()
    return [str(symbol) for symbol in count.index[count >= MINIMUM_PAPERS_PER_ELEMENT]]


class Splitter(Protocol):
    """Rows to train on and rows to test on, fold by fold."""

    def __call__(
        self, table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /
    ) -> Iterator[Fold]:
        """Yield (train, test), arrays of row numbers."""


def _in_groups(
    table: TrainingTable, protocol: str, groups: npt.NDArray[Any], seed: int, folds: int
) -> Iterator[Fold]:
    """Leave groups out whole: in the frozen folds of a protocol, or in folds of the moment.

    With no more groups than folds each group is a fold, and nothing is left to freeze.
    """
    found, inverse = np.unique(groups.astype(str), return_inverse=True)
    count = min(folds, len(found)) if folds else len(found)
    known = table.folds[table.folds["protocol"] == protocol]
    if len(known) and (folds, seed) == (FOLDS, FROZEN_SEED) and count < len(found):
        fold = known.set_index("key")["fold"].loc[found].to_numpy()[inverse]
        for number in range(FOLDS):
            if (fold == number).any():
                yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
    elif count > 1:
        yield from GroupKFold(count, shuffle=True, random_state=seed).split(table.X, table.y, groups)


def _by_paper(table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /) -> Iterator[Fold]:
    return _in_groups(table, "paper", table.papers, seed, folds)


def _by_paper_purged(
    table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /
) -> Iterator[Fold]:
    keys = table.frame["composition_key"].to_numpy(dtype=object)
    for train, test in _by_paper(table, seed, folds):
        yield train[~np.isin(keys[train], keys[test])], test


def _by_dopant(
    table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /
) -> Iterator[Fold]:
    on_m = table.sites.occupancy["M"]
    total = on_m.sum(axis=1, keepdims=True)
    share = np.divide(on_m, total, out=np.zeros_like(on_m), where=total > 0)
    for column in range(on_m.shape[1]):
        test = (share[:, column] > 0) & (share[:, column] < 0.5) & table.scored
        if _is_enough(table, test):
            holds = table.sites.composition.amounts[:, column] > 0
            yield np.flatnonzero(~holds), np.flatnonzero(test)


def _by_host(table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /) -> Iterator[Fold]:
    return _in_groups(table, "host", table.frame["host"].to_numpy(dtype=object), seed, folds)


def _by_framework(
    table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /
) -> Iterator[Fold]:
    kind = (table.frame["framework"] + "|" + table.frame["family"]).to_numpy(dtype=object)
    for name in np.unique(kind):
        test = (kind == name) & table.scored
        if _is_enough(table, test) and (kind != name).any():
            yield np.flatnonzero(kind != name), np.flatnonzero(test)


def _by_year(table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /) -> Iterator[Fold]:
    year = table.frame["year"].to_numpy(dtype=np.float64)
    yield np.flatnonzero(year < split_year), np.flatnonzero(year >= split_year)


def _at_random(
    table: TrainingTable, seed: int, folds: int, split_year: int = SPLIT_YEAR, /
) -> Iterator[Fold]:
    rows = table.frame["measurement_id"].to_numpy(dtype=object)
    return _in_groups(table, "random", rows, seed, folds or FOLDS)


def _is_enough(table: TrainingTable, test: npt.NDArray[np.bool_]) -> bool:
    papers = len(np.unique(table.papers[test]))
    return int(test.sum()) >= FEWEST_ROWS_LEFT_OUT and papers >= FEWEST_PAPERS_LEFT_OUT


PROTOCOLS: dict[str, Splitter] = {
    "paper": _by_paper,
    "paper_purged": _by_paper_purged,
    "dopant": _by_dopant,
    "host": _by_host,
    "framework": _by_framework,
    "time": _by_year,
    "random": _at_random,
}
"""Protocol to folds. `paper_purged` also removes the left-out compositions from training; `dopant` leaves
out every composition with an ion that is a minority on M; `host` leaves out all compositions derived from
a host; `framework` leaves out a framework of one mobile ion; `time` trains on what was published before a
year, rows without a year in neither part; `random` is for comparison only: it flatters."""
