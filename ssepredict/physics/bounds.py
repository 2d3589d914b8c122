"""What a rule is: bounds on measured quantities, and how rows are judged against them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.physics.context import FloatArray, RuleContext
from ssepredict.physics.quantities import QUANTITIES, Quantity

CodeArray = npt.NDArray[np.int8]

NOT_APPLICABLE = np.int8(-1)
PASS, INFORM, NOT_EVALUABLE, WARN, REJECT = (np.int8(code) for code in range(5))
VERDICTS = ("pass", "inform", "not_evaluable", "warn", "reject")
"""Verdicts from best to worst; a code is the position here. What cannot be judged ranks behind a pass."""

ROUNDING = 1e-9
"""A value on its bound satisfies it; floating-point sums may miss it by this much."""


@dataclass(frozen=True)
class Bound:
    """A range that a quantity has to stay in, ends included, and what leaving it means.

    Parameters
    ----------
    quantity : str
        Name in `QUANTITIES`.
    severity : {"inform", "warn", "reject"}
        Verdict of a row outside.
    low, high : float
        Range, in the unit of the quantity (decades where that is a logarithm).
    frameworks : tuple of str
        Where the bound holds; empty means wherever its rule does.
    mobile_ion : str
        The mobile ion that the bound holds for; empty means any.
    """

    quantity: str
    severity: str
    low: float = -np.inf
    high: float = np.inf
    frameworks: tuple[str, ...] = ()
    mobile_ion: str = ""

    @property
    def measured(self) -> Quantity:
        """The quantity's record."""
        return QUANTITIES[self.quantity]

    @property
    def text(self) -> str:
        """The range in words, with its unit: ``at most 0.02 e``."""
        low, high, unit = self.measured.show(self.low), self.measured.show(self.high), self.measured.unit
        if np.isinf(self.low):
            range_text = f"at most {high}"
        elif np.isinf(self.high):
            range_text = f"at least {low}"
        else:
            range_text = f"{low} to {high}"
        return f"{range_text} {unit}".rstrip()


@dataclass(frozen=True)
class Judgement:
    """What one rule says about n rows.

    Parameters
    ----------
    codes : ndarray of int8, shape (n,)
        Positions in `VERDICTS`; -1 where the rule does not apply to the framework.
    margins : ndarray, shape (n,)
        Distance to the deciding bound, in the rule's unit: positive satisfied, NaN not evaluable.
    deciding : ndarray of int8, shape (n,)
        Index of the bound that decided (the worst one broken, or the nearest); -1 where there is none.
    """

    codes: CodeArray
    margins: FloatArray
    deciding: CodeArray


@dataclass(frozen=True)
class Rule:
    """A check of physics.

    Parameters
    ----------
    id : str
        Name of the rule.
    template : str
        The statement; ``{0}`` stands for the text of the first bound, and so on.
    bounds : tuple of Bound
        A row takes the worst verdict of the bounds that it breaks.
    unit : str
        Unit of the margin.
    reference : str
        Source, with DOI where one was seen.
    needs : {"sites", "prediction", "claim"}
        What the rule looks at.
    frameworks : tuple of str
        Where the rule applies; a row of another framework gets no verdict, a row that fits no framework
        is not evaluable.
    measured_on : str
        How bounds that come from data were computed.
    any_suffices : bool
        Bounds on missing values are skipped, unless all are missing. Otherwise one missing value makes the
        row not evaluable, unless another bound is broken badly enough to warn.
    relative : bool
        Margins are fractions of the width of the range, where the bounds of a rule differ in unit.
    """

    id: str
    template: str
    bounds: tuple[Bound, ...]
    unit: str
    reference: str
    needs: str = "sites"
    frameworks: tuple[str, ...] = tuple(FRAMEWORKS)
    measured_on: str = ""
    any_suffices: bool = False
    relative: bool = False

    @property
    def statement(self) -> str:
        """The rule in words, rendered from its bounds."""
        return self.template.format(*(bound.text for bound in self.bounds))

    @property
    def severity(self) -> str:
        """The worst verdict that the rule can give."""
        return max((bound.severity for bound in self.bounds), key=VERDICTS.index)

    def judge(self, context: RuleContext) -> Judgement:
        """Hold every row against every bound.

        Parameters
        ----------
        context : RuleContext
            n rows.

        Returns
        -------
        Judgement
        """
        size = len(context)
        codes = np.full(size, NOT_APPLICABLE)
        margins, deciding = np.full(size, np.nan), np.full(size, NOT_APPLICABLE)
        # A row that fits no framework is in nobody's range: it stays without a verdict until the end.
        applies = context.rows(self.frameworks)
        if not applies.any():
            unjudged = np.where(context.rows(("",)), NOT_EVALUABLE, NOT_APPLICABLE)
            return Judgement(unjudged, margins, deciding)
        values = {bound.quantity: bound.measured.measure(context) for bound in self.bounds}
        for number, bound in enumerate(self.bounds):
            margin, code = self._hold(bound, values[bound.quantity])
            held = applies if not bound.frameworks else context.rows(bound.frameworks)
            held = held & context.rows(self.frameworks, bound.mobile_ion)
            if self.any_suffices:
                held &= ~np.isnan(margin)
            worse = held & ((code > codes) | ((code == codes) & (margin < margins)))
            codes = np.where(worse, code, codes)
            margins = np.where(worse, margin, margins)
            deciding = np.where(worse, np.int8(number), deciding)
        unjudged = (applies | context.rows(("",))) & (codes == NOT_APPLICABLE)
        return Judgement(np.where(unjudged, NOT_EVALUABLE, codes), margins, deciding)

    def margin(self, context: RuleContext) -> FloatArray:
        """Distance to the deciding bound, shape (n,): positive satisfied, NaN not evaluable."""
        return self.judge(context).margins

    def _hold(self, bound: Bound, value: FloatArray) -> tuple[FloatArray, CodeArray]:
        # An open end constrains nothing; subtracting it from an infinite value would give NaN.
        above = value - bound.low if np.isfinite(bound.low) else np.where(np.isnan(value), np.nan, np.inf)
        below = bound.high - value if np.isfinite(bound.high) else np.inf
        margin: FloatArray = np.minimum(above, below)
        if self.relative:
            margin = margin / (bound.high - bound.low)
        broken = np.where(margin < -ROUNDING, np.int8(VERDICTS.index(bound.severity)), PASS)
        return margin, np.where(np.isnan(margin), NOT_EVALUABLE, broken)
