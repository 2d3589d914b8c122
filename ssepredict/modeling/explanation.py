"""What moved a prediction: exact Shapley values of a chemist's groups of features, against a known compound.

References
----------
S. M. Lundberg, S.-I. Lee, NeurIPS 30 (2017) 4765, arXiv:1705.07874 (SHAP). D. Janzing et al., AISTATS 108
(2020) 2907, arXiv:1910.13413 (interventional values against a reference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.hosts import composition_keys, hosts_of
from ssepredict.chemistry.sites import SiteTable, parse_sites, read_sites
from ssepredict.featurizers.site import site_features
from ssepredict.modeling.feature_groups import columns_by_group, differing, sentence
from ssepredict.modeling.requests import checked_conditions, screened
from ssepredict.modeling.target_model import TargetModel
from ssepredict.modeling.targets import TARGETS
from ssepredict.units import ROOM_TEMPERATURE_C

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor


@dataclass(frozen=True)
class Effect:
    """Contribution of one group of features.

    Parameters
    ----------
    group : str
        Label of the group.
    difference : str
        How the composition differs from the reference, in words.
    effect : float
        In the unit of the explanation.
    """

    group: str
    difference: str
    effect: float


@dataclass(frozen=True)
class Explanation:
    """Why a prediction differs from that of a reference composition.

    Parameters
    ----------
    target, formula : str
    reference : str
        Formula that it is compared with, at 25 °C and with nothing stated.
    reference_is_host : bool
        Otherwise it is the host of the family that was measured most.
    unit : str
        Of the effects: decades for a logarithmic target.
    value, reference_value : float
        Predictions in the unit of the target.
    center, reference_center : float
        The same in the unit of the effects; the effects add up to their difference.
    effects : tuple of Effect
        Largest first; groups that do not differ are left out.
    """

    target: str
    formula: str
    reference: str
    reference_is_host: bool
    unit: str
    value: float
    reference_value: float
    center: float
    reference_center: float
    effects: tuple[Effect, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def shapley_values(
    predict: Callable[[FloatArray], FloatArray],
    x: FloatArray,
    reference: FloatArray,
    groups: Sequence[npt.NDArray[np.intp]],
) -> FloatArray:
    """Exact Shapley values of groups of features against one reference.

    The value of a coalition is the prediction for a row that takes the coalition's columns from `x` and all
    others from the reference; with g groups that are 2^g rows, predicted in one batch.

    Parameters
    ----------
    predict : callable
        Rows of shape (m, k) to predictions of shape (m,).
    x, reference : ndarray, shape (k,)
    groups : sequence of ndarray of int, length g
        Columns of each group, disjoint; columns in no group stay those of the reference.

    Returns
    -------
    ndarray, shape (g,)
        They add up to the prediction for `x` minus that for the reference when the groups hold every column
        in which the two differ.

    Examples
    --------
    >>> groups = [np.array([0]), np.array([1])]
    >>> shapley_values(lambda rows: rows[:, 0] * rows[:, 1], np.array([3.0, 5.0]), np.zeros(2), groups)
    array([7.5, 7.5])
    """
    count = len(groups)
    if not count:
        return np.zeros(0)
    coalitions = np.arange(2**count)
    member = (coalitions[:, None] >> np.arange(count)) & 1 == 1
    rows = np.repeat(reference[None, :], len(coalitions), axis=0)
    for number, columns in enumerate(groups):
        rows[np.ix_(member[:, number], columns)] = x[columns]
    value = np.asarray(predict(rows), dtype=np.float64)
    weight = np.array(
        [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]
    )
    size = member.sum(axis=1)
    found = np.empty(count)
    for number in range(count):
        without = coalitions[~member[:, number]]
        found[number] = weight[size[without]] @ (value[without | (1 << number)] - value[without])
    return found


def explain(
    predictor: Predictor,
    formulas: str | Sequence[str],
    temperature_c: float = ROOM_TEMPERATURE_C,
    *,
    host: str | None = None,
    **conditions: Any,
) -> list[list[Explanation]]:
    """Explain the predictions of every target that is not abstained from.

    Each composition is compared with its undoped host at 25 °C, total conductivity and nothing else stated;
    a host itself with the other host of its family that was measured most.

    Parameters
    ----------
    predictor : Predictor
    formulas : str or sequence of str, length n
    temperature_c : float
    host : str, optional
        The undoped composition that all are compared with; otherwise the one that each is named after, which
        a heavily doped composition shares with its major M ion.
    **conditions
        As for `Predictor.predict`.

    Returns
    -------
    list of list of Explanation
        Per formula one for each live target; none where nothing in the family can be compared with.

    Raises
    ------
    FormulaError
        When formulas cannot be used; every bad row is named.
    SsePredictError
        When a condition or the temperature is not admissible.
    """
    texts = [formulas] if isinstance(formulas, str) else list(formulas)
    sites = parse_sites(texts)
    asked = checked_conditions(temperature_c, conditions)
    plain = checked_conditions(ROOM_TEMPERATURE_C, {})
    measured = predictor.evidence_rows.groupby(["family", "host"]).size().sort_values(ascending=False)
    found: list[list[Explanation]] = []
    for row, text in enumerate(texts):
        alone = sites.take([row])
        reference = _reference(alone, measured, host)
        found.append([])
        if reference is not None:
            found[-1] = [
                _explain(predictor.models[target], text, (alone, asked), reference, plain)
                for target in predictor.live_targets
            ]
    return found


@dataclass(frozen=True)
class _Reference:
    formula: str
    sites: SiteTable
    is_host: bool


def _reference(alone: SiteTable, measured: pd.Series[int], stated: str | None) -> _Reference | None:
    """Host of a composition, else the family's most measured host that is another composition."""
    host, family = stated or str(hosts_of(alone)[0]), str(alone.family[0])
    others = [str(name) for kind, name in measured.index if kind == family]
    own = composition_keys(alone)[0]
    for name in dict.fromkeys([host, *others]):
        read = read_sites([name])
        if screened(read, [name])[0] and composition_keys(read[0])[0] != own:
            return _Reference(name, read[0], name == host)
    return None


def _explain(
    model: TargetModel,
    formula: str,
    asked: tuple[SiteTable, Mapping[str, Any]],
    reference: _Reference,
    plain: Mapping[str, Any],
) -> Explanation:
    x = _features(model, *asked)
    base = _features(model, reference.sites, plain)
    differs = differing(x, base)
    groups = {
        group: columns
        for group, columns in columns_by_group(model.feature_names).items()
        if differs[columns].any()
    }
    predict = model.estimator.predict
    effects = shapley_values(predict, x, base, list(groups.values()))
    ends = np.asarray(predict(np.vstack([x, base])), dtype=np.float64)
    values = TARGETS[model.target].inverse(ends)
    told = [
        Effect(group.label, sentence(group, _named(model, x, columns), _named(model, base, columns)), effect)
        for (group, columns), effect in zip(groups.items(), effects.tolist(), strict=True)
    ]
    return Explanation(
        target=model.target,
        formula=formula,
        reference=reference.formula,
        reference_is_host=reference.is_host,
        unit=TARGETS[model.target].error_unit,
        value=float(values[0]),
        reference_value=float(values[1]),
        center=float(ends[0]),
        reference_center=float(ends[1]),
        effects=tuple(sorted(told, key=lambda effect: -abs(effect.effect))),
    )


def _features(model: TargetModel, sites: SiteTable, conditions: Mapping[str, Any]) -> FloatArray:
    """Feature row of one composition, as the estimator reads it, shape (k,)."""
    row: FloatArray = model.features(sites, site_features(sites), conditions)[0]
    return row


def _named(model: TargetModel, row: FloatArray, columns: npt.NDArray[np.intp]) -> dict[str, float]:
    return {model.feature_names[column]: float(row[column]) for column in columns}
