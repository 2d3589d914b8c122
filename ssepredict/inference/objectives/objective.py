"""What "good" means: the probability of meeting the demands, and what lowers the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import CompositionMatrix, FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.exceptions import RankingError, SpaceError, did_you_mean
from ssepredict.inference.objectives.resolved import (
    RISKS,
    Attitude,
    Resolved,
    Risk,
    joint_probability,
    meaning_of,
    resolve_specification,
)
from ssepredict.inference.objectives.schema import (
    DIRECTIONS,
    HOST_BEST,
    Specification,
    check_factor,
    check_keys,
    is_between,
    parse_specifications,
)
from ssepredict.inference.objectives.selection import Selection, parse_selection
from ssepredict.inference.objectives.supply import SupplyPenalties, parse_supply
from ssepredict.inference.spaces.toml_file import read_toml
from ssepredict.resources import shipped_objectives

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

__all__ = [
    "DIRECTIONS",
    "HOST_BEST",
    "Objective",
    "Resolved",
    "Selection",
    "Specification",
    "SupplyPenalties",
    "shipped_objectives",
]


@dataclass(frozen=True)
class Objective:
    """Demands, and factors that lower the score of a doubtful or dear candidate.

    With equal weights and the risk taken as it is, the score is the probability of meeting every demand that
    is used, times the factors. The probabilities of the targets are multiplied as if their errors were
    independent. They are not quite: a conductivity that turns out higher than predicted tends to come with a
    lower activation energy, so the product is on the low side for the default demands. The order of
    candidates suffers little.

    - A demand with a threshold counts with the probability of meeting it.
    - A demand to maximise or minimise counts with the probability of meeting a threshold that lies, equally
      likely, anywhere from `threshold` to `reach`: the expected share of that way which is covered.
    - Weights raise the probabilities to powers that average to one: a weighted geometric mean, to the power
      of the number of demands. The score then orders candidates and is no probability any more.
    - A demand on a target from which the predictor abstains is not used, and the ranking says so.

    Parameters
    ----------
    specifications : tuple of Specification
        Default: conductivity above and activation energy below the best reported value of the host.
    temperature_c : float
        Temperature of the predictions (°C).
    warning_factor : float
        Factor for every rule that warns.
    unjudged_factor : float
        Factor for every rule on the composition that cannot be evaluated: never as good as a pass.
    outside_domain_factor : float
        Factor for a candidate outside the applicability domain.
    risk : {"mean", "lower_bound", "upper_bound"}
        Whether uncertainty counts against a candidate (lower bound of merit) or for it (upper bound), see
        `ssepredict.inference.objectives.resolved.Attitude`.
    risk_confidence : float
        Coverage of the interval whose bound is taken.
    supply : SupplyPenalties
        Price, supply concentration, toxicity, radioactivity; no penalty by default.
    selection : Selection
        Variety in the list, and the front that is marked in it.

    Raises
    ------
    SpaceError
        When a target is named twice or not at all, a factor is outside 0 to 1, or the temperature is below
        absolute zero.

    Examples
    --------
    >>> objective = Objective((Specification("conductivity_s_cm", "above", 1e-3),), temperature_c=60.0)
    >>> Objective.from_dict(objective.to_dict()) == objective
    True
    """

    specifications: tuple[Specification, ...] = (
        Specification("conductivity_s_cm", "above"),
        Specification("activation_energy_ev", "below"),
    )
    temperature_c: float = 25.0
    warning_factor: float = 0.8
    unjudged_factor: float = 0.8
    outside_domain_factor: float = 0.5
    risk: Risk = "mean"
    risk_confidence: float = 0.68
    supply: SupplyPenalties = field(default_factory=SupplyPenalties)
    selection: Selection = field(default_factory=Selection)

    def __post_init__(self) -> None:
        object.__setattr__(self, "specifications", tuple(self.specifications))
        targets = [specification.target for specification in self.specifications]
        if not targets or len(set(targets)) < len(targets):
            raise SpaceError(
                f"objective: specifications name {', '.join(targets) or 'nothing'}; expected one or more "
                "targets, each once"
            )
        for name in ("warning_factor", "unjudged_factor", "outside_domain_factor"):
            check_factor(name, getattr(self, name))
        if not is_between(self.temperature_c, -273.15, 2000.0) or self.temperature_c in (-273.15, 2000.0):
            raise SpaceError(f"objective: temperature_c is {self.temperature_c!r}; expected °C, e.g. 25")
        if self.risk not in RISKS:
            hint = did_you_mean(str(self.risk), RISKS)
            raise SpaceError(f"objective: risk is {self.risk!r}{hint}; expected one of {', '.join(RISKS)}")
        if not is_between(self.risk_confidence, 0.0, 1.0) or self.risk_confidence in (0.0, 1.0):
            raise SpaceError(
                f"objective: risk_confidence is {self.risk_confidence!r}; expected above 0 and below 1"
            )

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read an objective file, given by its path or by the name of a shipped objective.

        Raises
        ------
        SpaceError
            When the file is missing or unreadable, a key is unknown or a value impossible.

        Examples
        --------
        >>> Objective.from_toml("cautious").risk
        'lower_bound'
        """
        return cls.from_dict(read_toml(path, "objective", shipped_objectives()))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read an objective from plain values, as `to_dict` writes them.

        Raises
        ------
        SpaceError
            When a key is unknown or a value impossible.
        """
        check_keys(raw, Objective)
        values = dict(raw)
        if "specifications" in values:
            values["specifications"] = parse_specifications(values["specifications"])
        if "supply" in values:
            values["supply"] = parse_supply(values["supply"])
        if "selection" in values:
            values["selection"] = parse_selection(values["selection"])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a file; what is optional only where it differs from the default."""
        values: dict[str, Any] = {
            "specifications": [entry.to_dict() for entry in self.specifications],
            "temperature_c": self.temperature_c,
            "warning_factor": self.warning_factor,
            "unjudged_factor": self.unjudged_factor,
            "outside_domain_factor": self.outside_domain_factor,
        }
        if (self.risk, self.risk_confidence) != ("mean", Objective.risk_confidence):
            values |= {"risk": self.risk, "risk_confidence": self.risk_confidence}
        if self.supply != SupplyPenalties():
            values["supply"] = self.supply.to_dict()
        if self.selection != Selection():
            values["selection"] = self.selection.to_dict()
        return values

    @property
    def meaning(self) -> str:
        """What a score of this objective says, for people.

        Examples
        --------
        >>> Objective().meaning
        'probability of meeting every demand, times the factors'
        """
        return meaning_of(self.specifications, self.attitude)

    @property
    def attitude(self) -> Attitude:
        """Where predictions are taken from their intervals."""
        return Attitude(self.risk, self.risk_confidence)

    def resolve(self, host: SiteTable, formula: str, predictor: Predictor) -> tuple[Resolved, ...]:
        """Turn every threshold into a number.

        Parameters
        ----------
        host : SiteTable
            The host, one row.
        formula : str
            The host's formula.
        predictor : Predictor

        Returns
        -------
        tuple of Resolved
            In the order of the specifications.

        Raises
        ------
        RankingError
            When the predictor abstains from every target, or from one over which a front is asked for.
        SpaceError
            When a stated reach is no improvement on the host's best value.
        """
        distributions = predictor.distributions(host, temperature_c=self.temperature_c)
        live = set(predictor.live_targets)
        resolved = tuple(
            resolve_specification(
                specification,
                formula,
                predictor,
                distributions.get(specification.target),
                temperature_c=self.temperature_c,
                attitude=self.attitude,
            )
            for specification in self.specifications
        )
        if not any(entry.used for entry in resolved):
            names = ", ".join(entry.target for entry in resolved)
            raise RankingError(
                f"model {predictor.name} abstains from {names}, so no candidate can be scored; expected a "
                "predictor of at least one specified target: change the specifications or train on more data"
            )
        silent = [name for name in self.selection.pareto if name in set(predictor.models) - live]
        if silent:
            raise RankingError(
                f"model {predictor.name} abstains from {', '.join(silent)}, over which no front can be "
                f"drawn; expected targets among {', '.join(sorted(live))}: change pareto in the selection"
            )
        return resolved

    def score(
        self,
        probabilities: Mapping[str, FloatArray],
        *,
        warnings: npt.ArrayLike,
        unjudged: npt.ArrayLike,
        outside_domain: npt.ArrayLike,
        supply: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Score candidates.

        Parameters
        ----------
        probabilities : mapping of str to ndarray, shape (n,)
            Probability of meeting the specification of each target that is used.
        warnings, unjudged : array_like of int, shape (n,)
            Numbers of rules that warn and that cannot be evaluated.
        outside_domain : array_like of bool, shape (n,)
        supply : array_like, shape (n,), optional
            `supply_factor` of the candidates; 1 where it is left out.

        Returns
        -------
        ndarray, shape (n,)
            Between 0 and 1.

        Examples
        --------
        >>> two = {"conductivity_s_cm": np.array([0.5, 0.5]), "activation_energy_ev": np.array([0.8, 0.8])}
        >>> Objective().score(two, warnings=[0, 1], unjudged=[0, 0], outside_domain=[False, True]).round(6)
        array([0.4 , 0.16])
        """
        factor = self.factor(
            warnings=warnings, unjudged=unjudged, outside_domain=outside_domain, supply=supply
        )
        weights = {entry.target: entry.weight for entry in self.specifications}
        return np.asarray(joint_probability(probabilities, weights) * factor, dtype=np.float64)

    def factor(
        self,
        *,
        warnings: npt.ArrayLike,
        unjudged: npt.ArrayLike,
        outside_domain: npt.ArrayLike = False,
        supply: npt.ArrayLike | None = None,
    ) -> FloatArray:
        """Part of the score that needs no prediction: the score can never exceed it.

        What is not known yet may be left out. With the warnings of the rules on the composition alone, or
        without the domain or the supply, the bound is looser and still holds, also after rounding.

        Parameters
        ----------
        warnings, unjudged : array_like of int, shape (n,)
        outside_domain : array_like of bool, shape (n,)
        supply : array_like, shape (n,), optional

        Returns
        -------
        ndarray, shape (n,)

        Examples
        --------
        >>> Objective().factor(warnings=[0, 1], unjudged=[0, 0], outside_domain=[False, True])
        array([1. , 0.4])
        """
        factor = self.warning_factor ** np.asarray(warnings, dtype=np.float64)
        factor = factor * self.unjudged_factor ** np.asarray(unjudged, dtype=np.float64)
        factor = factor * np.where(np.asarray(outside_domain), self.outside_domain_factor, 1.0)
        if supply is not None:
            factor = factor * np.asarray(supply, dtype=np.float64)
        return np.asarray(factor, dtype=np.float64)

    def supply_factor(self, composition: CompositionMatrix) -> FloatArray | None:
        """Factor for price, concentration and toxicity, shape (n,); None where there are no penalties."""
        return None if self.supply == SupplyPenalties() else self.supply.factor(composition)
