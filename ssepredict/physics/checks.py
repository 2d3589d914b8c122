"""Applies the table of rules to a batch: columns of codes and margins first, sentences only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import format_formulas
from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SiteTable, read_sites
from ssepredict.physics.bounds import (
    NOT_APPLICABLE,
    NOT_EVALUABLE,
    REJECT,
    VERDICTS,
    WARN,
    Bound,
    CodeArray,
    Judgement,
    Rule,
)
from ssepredict.physics.context import FloatArray, Predictions, RuleContext
from ssepredict.physics.mechanism import Claim
from ssepredict.physics.rules import RULES

VERDICT_COLUMNS = ("formula", "rule", "verdict", "margin", "unit", "value", "bound", "severity", "message")


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What the rules say about n compositions.

    Parameters
    ----------
    context : RuleContext
        The batch.
    rules : dict of str to Rule
        The rules that were applied.
    judgements : dict of str to Judgement
        Codes, margins and deciding bounds per rule.
    """

    context: RuleContext
    rules: Mapping[str, Rule]
    judgements: Mapping[str, Judgement]

    def __len__(self) -> int:
        return len(self.context)

    @property
    def codes(self) -> dict[str, CodeArray]:
        """Positions in `VERDICTS` per rule, each of shape (n,); -1 where a rule does not apply."""
        return {name: judgement.codes for name, judgement in self.judgements.items()}

    @property
    def margins(self) -> dict[str, FloatArray]:
        """Distance to the deciding bound per rule, shape (n,): positive satisfied, NaN not evaluable."""
        return {name: judgement.margins for name, judgement in self.judgements.items()}

    @property
    def worst(self) -> CodeArray:
        """Overall verdict, shape (n,): the last of `VERDICTS` that any rule gave.

        The order is pass, inform, not_evaluable, warn, reject: a row with a rule that could not be judged
        is never a pass, and a warning or a rejection outweighs what could not be judged. A row that no rule
        applies to is not_evaluable.
        """
        codes = [judgement.codes for judgement in self.judgements.values()]
        worst = np.maximum.reduce([np.full(len(self), NOT_APPLICABLE), *codes])
        return np.where(worst == NOT_APPLICABLE, NOT_EVALUABLE, worst)

    @property
    def worst_names(self) -> npt.NDArray[np.str_]:
        """Overall verdict in words, shape (n,)."""
        return np.array(VERDICTS, dtype=np.str_)[self.worst]

    @property
    def rejected(self) -> npt.NDArray[np.bool_]:
        """Rows that at least one rule rejects, shape (n,)."""
        return np.asarray(self.worst == REJECT, dtype=np.bool_)

    @property
    def warnings(self) -> npt.NDArray[np.int64]:
        """Number of rules that warn, shape (n,)."""
        count = np.zeros(len(self), dtype=np.int64)
        for judgement in self.judgements.values():
            count += judgement.codes == WARN
        return count

    def counts(self) -> pd.DataFrame:
        """Rows per rule and verdict; rules as index, verdicts as columns."""
        table = {
            name: np.bincount(judgement.codes[judgement.codes >= 0], minlength=len(VERDICTS))
            for name, judgement in self.judgements.items()
        }
        return pd.DataFrame.from_dict(table, orient="index", columns=list(VERDICTS)).rename_axis("rule")

    def to_frame(
        self, formulas: Sequence[str] | None = None, problems: Mapping[int, str] | None = None
    ) -> pd.DataFrame:
        """One line per formula and applicable rule, with a sentence in the row's own numbers.

        Parameters
        ----------
        formulas : sequence of str, length n, optional
            Names of the rows; otherwise written from the composition.
        problems : mapping of int to str, optional
            Rows that could not be used and why; each gets a single line, rejected by the rule ``formula``.

        Returns
        -------
        DataFrame
            Columns `VERDICT_COLUMNS`; `value` in the unit of the quantity, `margin` in `unit`.
        """
        names = format_formulas(self.context.sites.composition) if formulas is None else list(formulas)
        refused = problems or {}
        values = {
            name: [bound.measured.measure(self.context) for bound in rule.bounds]
            for name, rule in self.rules.items()
        }
        lines: list[tuple[object, ...]] = []
        for row, formula in enumerate(names):
            if row in refused:
                lines.append(_refusal(formula, refused[row]))
                continue
            lines += [
                (formula, *_line(self.context, row, rule, self.judgements[name], values[name]))
                for name, rule in self.rules.items()
                if self.judgements[name].codes[row] != NOT_APPLICABLE
            ]
        return pd.DataFrame(lines, columns=list(VERDICT_COLUMNS))


def check_sites(
    sites: SiteTable,
    predictions: Predictions | None = None,
    rules: Mapping[str, Rule] = RULES,
    host_ion: Ion | None = None,
    claim: Claim | None = None,
) -> Verdicts:
    """Hold a batch of compositions against the rules.

    Parameters
    ----------
    sites : SiteTable
        n compositions.
    predictions : DataFrame or mapping of str to array_like, optional
        Values under the project's column names (`conductivity_s_cm`, `activation_energy_ev`,
        `temperature_c`, `ccd_ma_cm2`, `fade_pct_per_cycle`), each a scalar or of length n. Without them the
        rules that need a prediction are left out.
    rules : mapping of str to Rule
        Which rules; `SITE_RULES` for those that need no prediction.
    host_ion : Ion, optional
        The M ion that dopants replace; otherwise the majority M ion of each row.
    claim : Claim, optional
        A stated mechanism, from `make_claim`; without one the rules that need it are left out.

    Returns
    -------
    Verdicts

    Raises
    ------
    ValueError
        When a column of predictions has another length than the batch.

    Examples
    --------
    >>> from ssepredict.chemistry.sites import parse_sites
    >>> verdicts = check_sites(parse_sites(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Na3Zr2P3O12", "NaTaCl6"]))
    >>> verdicts.worst_names.tolist()
    ['pass', 'reject', 'not_evaluable']
    """
    context = RuleContext(sites, predictions, host_ion, claim)
    stated = claim is not None and bool(claim.direction)
    given = {"sites": True, "prediction": predictions is not None, "claim": stated}
    applied = {name: rule for name, rule in rules.items() if given[rule.needs]}
    return Verdicts(context, applied, {name: rule.judge(context) for name, rule in applied.items()})


def check(formulas: str | Sequence[str], predictions: Predictions | None = None) -> pd.DataFrame:
    """Hold formulas, and values predicted or measured for them, against the rules of physics.

    Bad chemistry never raises: a formula that cannot be used gets one line with the rule ``formula``, the
    verdict ``reject`` and what to do.

    Parameters
    ----------
    formulas : str or sequence of str, length n
    predictions : DataFrame or mapping of str to array_like, optional
        See `check_sites`, one value per formula.

    Returns
    -------
    DataFrame
        Columns `VERDICT_COLUMNS`, one line per formula and applicable rule.

    Raises
    ------
    ValueError
        When a column of predictions has another length than `formulas`.

    Examples
    --------
    >>> verdicts = check(["Na3.2Zr1.8Y0.2Si2PO12", "Na3Xy"]).set_index("rule")
    >>> verdicts.loc["radius_mismatch", "message"]
    'M-site radius of Y3+ 0.900 Å is 25 % above Zr4+ 0.720 Å; expected at most 15 %'
    >>> verdicts.loc["formula", "verdict"]
    'reject'
    """
    texts = [formulas] if isinstance(formulas, str) else list(formulas)
    sites, problems = read_sites(texts)
    refused = {row: problem for row, _, problem in problems}
    return check_sites(sites, predictions).to_frame([str(text) for text in texts], refused)


def _refusal(formula: str, problem: str) -> tuple[object, ...]:
    return (formula, "formula", "reject", np.nan, "", np.nan, "a readable formula", "reject", problem)


def _line(
    context: RuleContext, row: int, rule: Rule, judgement: Judgement, values: Sequence[FloatArray]
) -> tuple[object, ...]:
    """Verdict, margin, unit, value, bound, severity and message of one rule about one row."""
    verdict = VERDICTS[judgement.codes[row]]
    number = int(judgement.deciding[row])
    if number < 0:
        message = _not_evaluable(context, row, rule)
        return rule.id, verdict, np.nan, rule.unit, np.nan, "", rule.severity, message
    bound, value = rule.bounds[number], float(values[number][row])
    message = (
        _not_evaluable(context, row, rule, bound)
        if np.isnan(value)
        else _sentence(context, row, bound, value)
    )
    margin = float(judgement.margins[row])
    shown = bound.measured.natural(value)
    return rule.id, verdict, margin, rule.unit, shown, bound.text, bound.severity, message


def _sentence(context: RuleContext, row: int, bound: Bound, value: float) -> str:
    quantity = bound.measured
    said = (
        quantity.say(context, row)
        if quantity.say is not None
        else f"{quantity.label} {quantity.show(value)} {quantity.unit}".rstrip()
    )
    return said if bound.severity == "inform" else f"{said}; expected {bound.text}"


def _not_evaluable(context: RuleContext, row: int, rule: Rule, bound: Bound | None = None) -> str:
    framework = str(context.sites.framework[row])
    if not framework:
        return f"{rule.id} needs a framework and this formula fits none"
    if rule.needs == "prediction" and (bound is not None or rule.any_suffices):
        return f"{rule.id} needs values that were not given or were abstained from, with their temperature"
    if bound is not None and bound.measured.missing is not None:
        return bound.measured.missing(context, row)
    if rule.needs == "claim" and context.claim is not None:
        value = float(getattr(context.sites, context.claim.quantity)[row])
        return context.claim.judge(row, value)[2]
    what = bound.measured.label if bound is not None else rule.id
    return f"{what} cannot be evaluated for {framework} from the formula alone; judge it by structure data"
