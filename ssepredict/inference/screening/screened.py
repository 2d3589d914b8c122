"""What screening a part of a space gives: the best candidates and a tally; parts merge in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.inference.spaces.enumeration import IntArray

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
    front_indices : ndarray of int, shape (m,)
        Where a front is asked for: positions of the candidates that may be on it, whatever their score.
    front_points : ndarray, shape (m, axes)
        Their values on its axes, in the units of the columns.
    """

    indices: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    scores: FloatArray = field(default_factory=lambda: np.empty(0))
    tally: Tally = field(default_factory=Tally)
    front_indices: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    front_points: FloatArray = field(default_factory=lambda: np.empty((0, 0)))

    def merge(self, other: Screened, top: int) -> Screened:
        """Keep the best `top` of both: the higher score, then the lower position.

        Fronts are left out: `ssepredict.inference.engines.job.Job.merge` knows their axes.

        Merging is associative and commutative, so neither the size nor the order of chunks matters.

        Examples
        --------
        >>> left = Screened(np.array([4, 9]), np.array([0.5, 0.1]))
        >>> left.merge(Screened(np.array([2]), np.array([0.5])), top=2).indices
        array([2, 4])
        """
        indices = np.concatenate([self.indices, other.indices])
        scores = np.concatenate([self.scores, other.scores])
        tally = self.tally.merge(other.tally)
        best = np.lexsort((indices, -scores))[:top]
        return Screened(indices[best], scores[best], tally)
