"""The neighbours of one candidate in its space: other amounts, other ions, and the curve through the grid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray, format_formulas
from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SiteTable
from ssepredict.inference.neighbours.axes import Axis, Change, axes_of, changed, nearest_ions, steps
from ssepredict.inference.screening.screen import SCORE_DECIMALS, Screen, count_unjudged
from ssepredict.inference.spaces.plan import PartPlan
from ssepredict.inference.spaces.space import CandidateBatch, SubstitutionSpace
from ssepredict.physics.bounds import NOT_EVALUABLE, REJECT, WARN
from ssepredict.physics.checks import Verdicts, check_sites

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

_NAMED_CODES = {"rejected": REJECT, "warnings": WARN, "unjudged": NOT_EVALUABLE}
_ELEMENT = re.compile(r"[A-Z][a-z]?")


@dataclass(frozen=True, eq=False)
class Curve:
    """Predictions along one amount of a candidate, everything else held.

    Parameters
    ----------
    axis : Axis
    table : DataFrame
        One row per amount that the space lets the ion take, and one without the ion where it can be left
        out, ascending. `amount` (per formula unit), `in_space` (0 for the row that the grid does not hold),
        `formula`, then the columns of `Neighbourhood.judge`.
    """

    axis: Axis
    table: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A candidate of a space and what lies around it.

    Parameters
    ----------
    screen : Screen
        The space, the predictor, and what judges a candidate.
    index : int
        Position of the candidate.
    confidence : float
        Coverage of the intervals.

    Raises
    ------
    IndexError
        When the position lies outside the space.
    """

    screen: Screen
    index: int
    confidence: float = 0.9

    @property
    def space(self) -> SubstitutionSpace:
        """The space, with one host or several."""
        return self.screen.space

    @property
    def predictor(self) -> Predictor:
        """The predictor."""
        return self.screen.predictor

    @property
    def temperature_c(self) -> float:
        """Temperature of the predictions (°C)."""
        return self.screen.objective.temperature_c

    @cached_property
    def number(self) -> int:
        """Position of the candidate's part in `SubstitutionSpace.parts`."""
        return int(self.space.part_of([self.index])[0])

    @property
    def part(self) -> SubstitutionSpace:
        """The part of the space, with one host, that holds the candidate."""
        return self.space.parts[self.number]

    @cached_property
    def batch(self) -> CandidateBatch:
        """The candidate itself, one row, as its part decodes it."""
        return self.part.decode([self.index - int(self.space.starts[self.number])])

    @cached_property
    def plan(self) -> PartPlan:
        """The host with its substitutions."""
        return self.part._plan.parts[0]

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """Amounts that the space varies."""
        return axes_of(self.plan, self.batch)

    @cached_property
    def formula(self) -> str:
        """The candidate's formula."""
        return self.space.formulas([self.index])[0]

    @cached_property
    def sites(self) -> SiteTable:
        """The candidate itself, one row."""
        return self.batch.sites()

    def sites_along(self, axis: Axis, amounts: Sequence[float]) -> SiteTable:
        """Compositions with other amounts of one ion, on the grid or off it.

        Parameters
        ----------
        axis : Axis
        amounts : sequence of float, length n
            Per formula unit.

        Returns
        -------
        SiteTable
            n rows.
        """
        return self._changed([axis.to(round(amount * axis.unit)) for amount in amounts]).sites()

    def curves(self) -> tuple[Curve, ...]:
        """Predict along every amount of the candidate over the whole grid.

        Returns
        -------
        tuple of Curve
            In the order of `axes`. Amounts for which the site has no room are left out, and so are curves
            with no other point than the candidate.
        """
        found = (self._curve(axis) for axis in self.axes)
        return tuple(curve for curve in found if len(curve.table) > 1)

    def neighbours(self) -> pd.DataFrame:
        """Predict the neighbours: one and two steps of every amount, and other ions in a dopant's place.

        Returns
        -------
        DataFrame
            `kind` (``step`` or ``exchange``), `ion` (whose amount or place changes), `change` in words,
            `formula`, then the columns of `judge`. No composition twice; no row where the candidate has no
            neighbour.
        """
        changes: list[tuple[str, Ion, str, Change]] = []
        for axis in self.axes:
            for amount in steps(axis):
                said = f"{axis.ion} {axis.show(axis.amount)} to {axis.show(amount)}"
                changes.append(("step", axis.ion, said, axis.to(amount)))
        for axis in self.axes:
            for other in nearest_ions(axis, self._coordination(axis.site)):
                said = f"{other} for {axis.ion} ({axis.show(axis.amount)})"
                changes.append(("exchange", axis.ion, said, axis.swap(other)))
        kept = self._possible([change for *_, change in changes])
        return self._described(
            {
                "kind": [changes[row][0] for row in kept],
                "ion": [str(changes[row][1]) for row in kept],
                "change": [changes[row][2] for row in kept],
            },
            [changes[row][3] for row in kept],
        )

    def judge(self, sites: SiteTable) -> pd.DataFrame:
        """Predict compositions and hold them against the rules.

        Parameters
        ----------
        sites : SiteTable
            n compositions.

        Returns
        -------
        DataFrame
            n rows: the columns of `Predictor.predict_sites`, `score` as the ranking gives it (NaN where a
            rule rejects or no framework fits), `status` (``ok``, ``outside_domain``), `verdict` (the worst),
            and `rejected`, `warnings`, `unjudged`: rules, joined by ``;``.
        """
        predictor = self.predictor
        table = predictor.predict_sites(sites, temperature_c=self.temperature_c, confidence=self.confidence)
        verdicts = self.verdicts(sites, table)
        distance = table["domain_distance"].to_numpy()
        outside = distance > predictor.domain_threshold
        return table.assign(
            score=self._scores(sites, verdicts, distance) if len(sites) else np.zeros(0),
            status=np.where(outside, "outside_domain", "ok"),
            verdict=verdicts.worst_names,
            **{name: _rules_with(verdicts, code) for name, code in _NAMED_CODES.items()},
        )

    def _scores(self, sites: SiteTable, verdicts: Verdicts, distance: FloatArray) -> FloatArray:
        """Scores as `Screen.run` gives them, shape (n,)."""
        screen, predictor = self.screen, self.predictor
        distributions = predictor.distributions(
            sites, temperature_c=self.temperature_c, targets=predictor.live_targets, distance=distance
        )
        scores = screen.objective.score(
            screen.probabilities(distributions, self.number),
            warnings=verdicts.warnings,
            unjudged=count_unjudged(verdicts),
            outside_domain=distance > predictor.domain_threshold,
            supply=screen.objective.supply_factor(sites.composition),
        )
        lost = verdicts.rejected | (sites.framework == "")
        return np.where(lost, np.nan, np.round(scores, SCORE_DECIMALS))

    def verdicts(self, sites: SiteTable, predictions: pd.DataFrame) -> Verdicts:
        """Hold compositions with their predictions against the rules; abstained targets have no value.

        Parameters
        ----------
        sites : SiteTable
            n compositions.
        predictions : DataFrame
            As `Predictor.predict_sites` gives them.
        """
        values: dict[str, npt.ArrayLike] = {
            target: predictions[target].to_numpy() for target in self.predictor.live_targets
        }
        values["temperature_c"] = self.temperature_c
        return check_sites(sites, values, host_ion=self.part.replaced_ion)

    def _curve(self, axis: Axis) -> Curve:
        amounts = axis.drawn
        kept = self._possible([axis.to(amount) for amount in amounts])
        words: dict[str, Sequence[object]] = {
            "amount": [amounts[row] / axis.unit for row in kept],
            "in_space": [int(amounts[row] in axis.amounts) for row in kept],
        }
        return Curve(axis, self._described(words, [axis.to(amounts[row]) for row in kept]))

    def _changed(self, changes: Sequence[Change]) -> CandidateBatch:
        return changed(self.plan, self.batch, changes)

    def _possible(self, changes: Sequence[Change]) -> list[int]:
        """Pick changes that leave no amount below zero, break no constraint and repeat no composition."""
        batch = self._changed(changes)
        fits = (batch.composition.amounts >= 0).all(axis=1)
        first = np.unique(batch.composition.amounts, axis=0, return_index=True)[1]
        fits &= np.isin(np.arange(len(changes)), first)
        for broken in self.part.refused(batch).values():
            fits &= ~broken
        found: list[int] = np.flatnonzero(fits).tolist()
        return found

    def _described(self, words: Mapping[str, Sequence[object]], changes: Sequence[Change]) -> pd.DataFrame:
        batch = self._changed(changes)
        table = pd.DataFrame(words)
        table["formula"] = [
            format_formulas(batch.composition.take([row]), self._printing_order(change))[0]
            for row, change in enumerate(changes)
        ]
        return pd.concat([table, self.judge(batch.sites())], axis=1)

    def _printing_order(self, change: Change) -> list[str]:
        """Elements as the candidate's formula has them; an exchanged ion stands where the former one did."""
        written = list(dict.fromkeys(_ELEMENT.findall(self.formula)))
        new = [ion.element for ion in change if ion.element not in written]
        left = [ion.element for ion, amount in change.items() if amount < 0 and ion.element in written]
        for symbol, former in zip(new, left, strict=False):
            written.insert(written.index(former), symbol)
        return written

    def _coordination(self, site: str) -> int:
        return FRAMEWORKS[str(self.plan.host.framework[0])].coordination[site]


def _rules_with(verdicts: Verdicts, code: np.int8) -> list[str]:
    """Names of the rules that gave a verdict, joined, per row."""
    given = {name: codes == code for name, codes in verdicts.codes.items()}
    return [";".join(name for name, rows in given.items() if rows[row]) for row in range(len(verdicts))]
