"""The columns that say why a candidate is suggested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.inference.suggestions.batch import Batch
from ssepredict.inference.suggestions.best import BestKnown
from ssepredict.inference.suggestions.measured import TARGET, Measured
from ssepredict.inference.suggestions.pool import UPPER_SCORE, Pool
from ssepredict.inference.suggestions.process import Residuals, Warp

_AFTER = "substitutions"


@dataclass(frozen=True, eq=False)
class Reasons:
    """What the reasons are read from.

    Parameters
    ----------
    pool : Pool
        n candidates.
    chosen : Batch
        k of them.
    sites : SiteTable, n rows
    warp : Warp
        Of the n candidates.
    residuals : Residuals
    own : Measured
    best : BestKnown
    """

    pool: Pool
    chosen: Batch
    sites: SiteTable
    warp: Warp
    residuals: Residuals
    own: Measured
    best: BestKnown

    def columns(self) -> dict[str, Any]:
        """Columns of k rows, by name."""
        rows = self.chosen.rows
        mean, sd = self.residuals.marginal(self.sites)
        middle, low, high = (self.warp.values(mean + end * sd) for end in (0.0, -UPPER_SCORE, UPPER_SCORE))
        near_formula, near_distance = self._nearest()
        return {
            "updated_conductivity_s_cm": TARGET.inverse(middle[rows]),
            "updated_conductivity_s_cm_low": TARGET.inverse(low[rows]),
            "updated_conductivity_s_cm_high": TARGET.inverse(high[rows]),
            "expected_improvement_decades": self.pool.expected[rows],
            "batch_gain_decades": self.chosen.gain,
            "chance_to_beat_best": self.pool.chance[rows],
            "best_known_s_cm": np.full(len(rows), self.best.value_s_cm),
            "diversity": self.chosen.diversity,
            "nearest_measured": near_formula,
            "nearest_measured_distance": near_distance,
            "why": [
                f"{chance:.0%} chance to beat {self.best.value_s_cm:.1e} S/cm; predicted higher than "
                f"{above:.0%} of the pool, less certain than {wider:.0%} of it; "
                f"{1.0 - apart:.0%} like a row above"
                for chance, above, wider, apart in zip(
                    self.pool.chance[rows],
                    _share_below(middle)[rows],
                    _share_below(high - low)[rows],
                    self.chosen.diversity,
                    strict=True,
                )
            ],
        }

    def _nearest(self) -> tuple[list[str], FloatArray]:
        """Find the user's own sample nearest to each row and its distance; empty and NaN without any."""
        sites = self.sites.take(self.chosen.rows)
        if not len(self.own):
            return [""] * len(sites), np.full(len(sites), np.nan)
        distance = self.residuals.domain.distances_to(sites, self.own.sites)
        near = distance.argmin(axis=1)
        return self.own.frame["formula"].iloc[near].tolist(), distance.min(axis=1)


def with_reasons(listed: pd.DataFrame, reasons: Reasons) -> pd.DataFrame:
    """Insert the reasons into rows as `list_candidates` gives them, after what was substituted."""
    place = listed.columns.tolist().index(_AFTER) + 1
    found = pd.DataFrame(reasons.columns())
    return pd.concat([listed.iloc[:, :place], found, listed.iloc[:, place:]], axis=1)


def _share_below(values: FloatArray) -> FloatArray:
    """Share of the values that are lower, for each, shape (n,).

    Examples
    --------
    >>> _share_below(np.array([1.0, 3.0, 2.0, 2.0])).tolist()
    [0.0, 0.75, 0.25, 0.25]
    """
    return np.searchsorted(np.sort(values), values) / len(values)
