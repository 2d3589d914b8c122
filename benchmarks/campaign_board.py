"""What is known of a group of hosts in a simulated campaign, and what a process makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve

from ssepredict.chemistry.host_groups import HostGroup
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.featurizers.site import site_features
from ssepredict.modeling.gaussian import SiteGaussianProcess
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS

Array = npt.NDArray[np.float64]

# Stated in full: the results that are kept belong to these numbers, whatever the released model has.
PROCESS = SiteGaussianProcess(
    site_length=1.0, element_length=3.4, level=1.0, slope=0.4, paper=0.25, noise=0.2, reference=2.5
)

_TOTAL = ("", "total", "unspecified")
_TARGET = TARGETS["conductivity_s_cm"]


@dataclass(frozen=True, eq=False)
class Board:
    """What one group of hosts holds.

    Parameters
    ----------
    formulas : list of str, length n
    logs : ndarray, shape (n,)
        log10 of the conductivity (S/cm), the median over works.
    composition, work : ndarray of int, shape (m,)
        Of every pair of a composition and a work that reports it.
    reported : ndarray, shape (m,)
        log10 of what that work reports.
    mean, covariance : ndarray, shape (n,) and (n, n)
        Of the compositions, from the other hosts' works; without the effect of a paper and noise.
    unit : float
        Variance that the parameters of the process are multiples of.
    """

    formulas: list[str]
    logs: Array
    composition: npt.NDArray[np.int64]
    work: npt.NDArray[np.int64]
    reported: Array
    mean: Array
    covariance: Array
    unit: float

    def after(self, revealed: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
        """Mean and covariance of all compositions, given everything that is reported of some of them."""
        seen = np.flatnonzero(revealed[self.composition])
        at, work = self.composition[seen], self.work[seen]
        own = self.covariance[np.ix_(at, at)] + self.unit * (
            PROCESS.paper * (work[:, None] == work[None, :]) + PROCESS.noise * np.eye(len(at))
        )
        factor = cho_factor(own, lower=True)
        cross = self.covariance[:, at]
        mean = self.mean + cross @ cho_solve(factor, self.reported[seen] - self.mean[at])
        return mean, self.covariance - cross @ cho_solve(factor, cross.T)

    def only(self, works: npt.NDArray[np.int64]) -> Board:
        """Return the board of a literature that lacks all other works of the group."""
        kept = np.isin(self.work, works)
        known = np.unique(self.composition[kept])
        composition = np.searchsorted(known, self.composition[kept])
        reported = pd.Series(self.reported[kept])
        return Board(
            [self.formulas[row] for row in known],
            reported.groupby(composition).median().to_numpy(),
            composition,
            self.work[kept],
            self.reported[kept],
            self.mean[known],
            self.covariance[np.ix_(known, known)],
            self.unit,
        )


def comparable_rows(dataset: Dataset) -> pd.DataFrame:
    """One line per work and composition: exact room-temperature conductivities, medians of logarithms."""
    frame = _TARGET.frame(dataset)
    room = frame["temperature_c"].between(*ROOM_TEMPERATURE_C)
    kept = room & frame["contribution"].isin(_TOTAL) & (frame["composite"] == 0)
    kept &= (frame["phase_range"] != "high_temperature") & _TARGET.scored(frame)
    rows = frame[kept].assign(log=lambda own: np.log10(own["value"]))
    found = rows.groupby(["composition_key", "work_id"], sort=True).agg(
        formula=("formula", "first"), host=("host", "first"), log=("log", "median")
    )
    return found.reset_index()


def board_of(rows: pd.DataFrame, group: HostGroup) -> Board:
    """Set up the campaign of one group; other hosts' works that report a candidate are left out."""
    here = group.holds(rows["host"].to_numpy(dtype=str), "wide")
    own = rows[here].reset_index(drop=True)
    other = rows[~here & ~rows["work_id"].isin(own["work_id"]).to_numpy()].reset_index(drop=True)
    codes, keys = pd.factorize(own["composition_key"])
    first = own.drop_duplicates("composition_key")["formula"].tolist()
    values = own.groupby("composition_key")["log"].median().loc[keys].to_numpy()
    inputs = _inputs(parse_sites([*other["formula"], *first]))
    known, asked = inputs[: len(other)], inputs[len(other) :]
    level = other["log"].mean()
    left = other["log"].to_numpy() - level
    unit = float(left @ left / len(left))
    works = pd.factorize(other["work_id"])[0]
    share = PROCESS.level + PROCESS.slope * (1000.0 / 298.15 - PROCESS.reference) ** 2
    seen = share * _kernel(known, known) + PROCESS.paper * (works[:, None] == works[None, :])
    factor = cho_factor(unit * (seen + PROCESS.noise * np.eye(len(seen))), lower=True)
    cross = unit * share * _kernel(asked, known)
    return Board(
        first,
        values,
        codes.astype(np.int64),
        pd.factorize(own["work_id"])[0].astype(np.int64),
        own["log"].to_numpy(),
        level + cross @ cho_solve(factor, left),
        unit * share * _kernel(asked, asked) - cross @ cho_solve(factor, cross.T),
        unit,
    )


def _inputs(sites: SiteTable) -> Array:
    """Compositions as `SiteGaussianProcess` sees them: standardised site features, then element amounts."""
    features = site_features(sites)
    standard = np.nan_to_num((features - np.nanmean(features, axis=0)) / _spread(features))
    scale = PROCESS.site_length * np.sqrt(features.shape[1])
    return np.hstack([standard / scale, sites.composition.amounts / PROCESS.element_length])


def _spread(features: Array) -> Array:
    spread = np.nanstd(features, axis=0)
    return np.where(spread > 1e-9, spread, 1.0)


def _kernel(left: Array, right: Array) -> Array:
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2.0 * left @ right.T
    scaled = np.sqrt(3.0 * np.maximum(squared, 0.0))
    return (1.0 + scaled) * np.exp(-scaled)
