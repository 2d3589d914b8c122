"""The first stage: a space is streamed as for a ranking, and what may pay off is kept for the joint step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.inference.screening.ranges import iter_chunks
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Tally
from ssepredict.inference.suggestions.measured import TARGET, Measured
from ssepredict.inference.suggestions.process import Residuals, Warp, improvement
from ssepredict.physics.rules import ADMISSIBLE_RANGES

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

CHUNK = 8192
POOL = 1024
"""Candidates that the joint step looks at; three quarters of them by expected improvement."""

WHOLE_UP_TO = 20_000
"""Up to so many candidates each is conditioned on what was measured; of more, the best part of each chunk."""

KEPT_OF_CHUNK = 1024

SAME_WITHIN = 0.02
"""Atoms per formula unit by which no element may differ for two compositions to count as one sample."""

UPPER_SCORE = 1.645
"""Standard score of the upper end of a 90 % interval, by which uncertain candidates are kept."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Pool:
    """Candidates worth a closer look, in the order of the space.

    Parameters
    ----------
    indices : ndarray of int, shape (n,)
        Positions in the space.
    expected : ndarray, shape (n,)
        Expected improvement of each alone (decades).
    chance : ndarray, shape (n,)
        Chance that its measured value beats the best known.
    worth : ndarray, shape (n,)
        Probability of meeting the other demands, times the factors of the objective.
    upper : ndarray, shape (n,)
        Upper end of what it may reach (decades), lowered by the worth.
    tally : Tally
        Of everything that was screened.
    made : int
        Candidates left out because they have been made.
    """

    indices: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    expected: FloatArray = field(default_factory=lambda: np.empty(0))
    chance: FloatArray = field(default_factory=lambda: np.empty(0))
    worth: FloatArray = field(default_factory=lambda: np.empty(0))
    upper: FloatArray = field(default_factory=lambda: np.empty(0))
    tally: Tally = field(default_factory=Tally)
    made: int = 0

    def __len__(self) -> int:
        return len(self.indices)

    def merge(self, other: Pool, size: int) -> Pool:
        """Keep the best of both: three quarters by expected improvement, the rest by the upper end."""
        both = Pool(
            np.concatenate([self.indices, other.indices]),
            np.concatenate([self.expected, other.expected]),
            np.concatenate([self.chance, other.chance]),
            np.concatenate([self.worth, other.worth]),
            np.concatenate([self.upper, other.upper]),
            self.tally.merge(other.tally),
            self.made + other.made,
        )
        gain = both.expected * both.worth
        by_gain = np.lexsort((both.indices, -both.upper, -gain))[: 3 * size // 4]
        rest = np.setdiff1d(np.arange(len(both)), by_gain)
        by_upper = rest[np.lexsort((both.indices[rest], -both.upper[rest]))][: size - len(by_gain)]
        rows = np.concatenate([by_gain, by_upper])
        return both.take(rows[np.argsort(both.indices[rows], kind="stable")])

    def take(self, rows: npt.NDArray[np.intp]) -> Pool:
        """Return the given rows, with the counts of the whole."""
        return dataclasses.replace(
            self,
            indices=self.indices[rows],
            expected=self.expected[rows],
            chance=self.chance[rows],
            worth=self.worth[rows],
            upper=self.upper[rows],
        )


@dataclass(frozen=True, eq=False)
class Gatherer:
    """Everything that a chunk goes through.

    Parameters
    ----------
    screen : Screen
        With the value to beat for the threshold on the conductivity.
    residuals : Residuals
    best : float
        Value to beat (decades).
    taken : Taken
        What has been measured.
    """

    screen: Screen
    residuals: Residuals
    best: float
    taken: Taken

    def gather(self, total: int, size: int = POOL, progress: Progress | None = None) -> Pool:
        """Stream `total` candidates, spread evenly over the space, and keep at most `size`."""
        space = self.screen.space
        pool, done = Pool(), 0
        for indices in iter_chunks(len(space), total, CHUNK):
            pool = pool.merge(self._chunk(indices, whole=total <= WHOLE_UP_TO), size)
            done += len(indices)
            if progress is not None:
                progress(done, total)
        return pool

    def _chunk(self, indices: npt.NDArray[np.int64], whole: bool) -> Pool:
        if whole:
            screened = self._undemanding.run(indices, len(indices))
            tally = screened.tally
        else:
            promising = self.screen.run(indices, KEPT_OF_CHUNK)
            tally = promising.tally
            screened = self._undemanding.run(np.sort(promising.indices), len(promising.indices))
        order = np.argsort(screened.indices, kind="stable")
        kept, worth = screened.indices[order], screened.scores[order]
        sites = self.screen.space.decode(kept).sites()
        free = ~self.taken.holds(sites)
        kept, worth, sites = kept[free], worth[free], sites.take(np.flatnonzero(free))
        made = int((~free).sum())
        if not len(kept):
            return Pool(tally=tally, made=made)
        warp = self.warp(sites)
        mean, sd = self.residuals.marginal(sites)
        expected, chance = improvement(warp, mean, sd, self.best)
        upper = warp.values(mean + UPPER_SCORE * sd) + np.log10(np.maximum(worth, 1e-12))
        return Pool(kept, expected, chance, worth, upper, tally, made)

    def warp(self, sites: SiteTable) -> Warp:
        """Calibrated distributions of compositions at the temperature of the objective."""
        screen = self.screen
        found = screen.predictor.distributions(
            sites, temperature_c=screen.objective.temperature_c, targets=(TARGET.name,)
        )
        return Warp.of(found[TARGET.name])

    @property
    def _undemanding(self) -> Screen:
        """The same screen with a conductivity that every candidate reaches: its score is the worth."""
        lowest = ADMISSIBLE_RANGES[TARGET.name][0]
        return with_threshold(self.screen, lowest)


def with_threshold(screen: Screen, value_s_cm: float) -> Screen:
    """Return a screen with another demand on the conductivity."""
    resolved = tuple(
        dataclasses.replace(entry, threshold=value_s_cm, reach=None) if entry.target == TARGET.name else entry
        for entry in screen.resolved
    )
    return dataclasses.replace(screen, resolved=resolved)


@dataclass(frozen=True, eq=False)
class Taken:
    """Compositions that have been made: by the user, or in the evidence of the release.

    Parameters
    ----------
    sites : SiteTable
    """

    sites: SiteTable

    @classmethod
    def of(cls, predictor: Predictor, measured: Measured) -> Taken:
        """Collect them."""
        texts = [*predictor.evidence_rows["formula"], *measured.frame["formula"]]
        return cls(parse_sites(list(dict.fromkeys(texts))))

    def holds(self, sites: SiteTable) -> npt.NDArray[np.bool_]:
        """Which compositions lie within `SAME_WITHIN` of one of them, shape (n,)."""
        if not len(sites):
            return np.zeros(0, dtype=bool)
        axis = [symbol for symbol in sites.elements if sites.composition.amount(symbol).any()]
        known, own = (
            np.column_stack([table.composition.amount(symbol) for symbol in axis])
            for table in (self.sites, sites)
        )
        foreign = self.sites.composition.amounts.sum(axis=1) - known.sum(axis=1)
        near = known[foreign <= SAME_WITHIN]
        if not len(near):
            return np.zeros(len(sites), dtype=bool)
        reach = SAME_WITHIN + 1e-9  # a difference of exactly that much, in floating point
        distance, _ = KDTree(near).query(own, p=np.inf, distance_upper_bound=reach)
        return np.asarray(np.isfinite(distance))
