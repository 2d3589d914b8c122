"""What "good" means: specifications, the probability of meeting them, and what lowers the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.exceptions import RankingError, SpaceError, did_you_mean
from ssepredict.physics.rules import ADMISSIBLE_RANGES

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor
    from ssepredict.modeling.target_model import PredictiveDistribution

HOST_BEST: Literal["host_best"] = "host_best"
"""Threshold that stands for the best value reported for the undoped host."""

DIRECTIONS = ("above", "below")
Origin = Literal["stated", "reported", "predicted"]


@dataclass(frozen=True)
class Specification:
    """One demand on one target.

    Parameters
    ----------
    target : str
        Column of the predictions, e.g. ``conductivity_s_cm``.
    direction : {"above", "below"}
    threshold : float or "host_best"
        In the unit of the target.

    Raises
    ------
    SpaceError
        When the target is unknown, the direction is neither, or the threshold is no possible value.

    Examples
    --------
    >>> str(Specification("conductivity_s_cm", "above", 1e-3))
    'conductivity_s_cm above 0.001'
    """

    target: str
    direction: str
    threshold: float | str = HOST_BEST

    def __post_init__(self) -> None:
        if self.target not in ADMISSIBLE_RANGES:
            hint = did_you_mean(str(self.target), ADMISSIBLE_RANGES)
            names = ", ".join(ADMISSIBLE_RANGES)
            raise SpaceError(f"objective: unknown target {self.target!r}{hint}; expected one of {names}")
        if self.direction not in DIRECTIONS:
            raise SpaceError(
                f"objective: {self.target} has direction {self.direction!r}; expected 'above' or 'below'"
            )
        low, high = ADMISSIBLE_RANGES[self.target]
        number = isinstance(self.threshold, int | float) and not isinstance(self.threshold, bool)
        if self.threshold != HOST_BEST and not (number and low <= float(self.threshold) <= high):
            raise SpaceError(
                f"objective: {self.target} has threshold {self.threshold!r}; expected a number from {low:g} "
                f"to {high:g}, or 'host_best' for the best value reported for the host"
            )

    def __str__(self) -> str:
        shown = self.threshold if isinstance(self.threshold, str) else f"{self.threshold:g}"
        return f"{self.target} {self.direction} {shown}"


@dataclass(frozen=True)
class Resolved:
    """A specification whose threshold is a number.

    Parameters
    ----------
    target, direction : str
    threshold : float
        In the unit of the target.
    origin : {"stated", "reported", "predicted"}
        Given by the user, the best reported value of the host, or the predicted median of the host where
        no value is reported.
    source_id : str
        Who reported it; empty otherwise.
    used : bool
        False where the predictor abstains from the target: the score then says nothing about it.
    """

    target: str
    direction: str
    threshold: float
    origin: Origin
    source_id: str
    used: bool

    def probability(self, distribution: PredictiveDistribution) -> FloatArray:
        """Probability of meeting the specification, shape (n,)."""
        meets = (
            distribution.probability_above if self.direction == "above" else distribution.probability_below
        )
        return np.asarray(meets(self.threshold), dtype=np.float64)


@dataclass(frozen=True)
class Objective:
    """Specifications, and factors that lower the score of a doubtful candidate.

    The score is the probability of meeting every specification that is used, times the factors. The
    probabilities of the targets are multiplied as if their errors were independent. They are not quite: a
    conductivity that turns out higher than predicted tends to come with a lower activation energy, so the
    product is on the low side for the default specifications. The order of candidates suffers little.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "specifications", tuple(self.specifications))
        targets = [specification.target for specification in self.specifications]
        if not targets or len(set(targets)) < len(targets):
            raise SpaceError(
                f"objective: specifications name {', '.join(targets) or 'nothing'}; expected one or more "
                "targets, each once"
            )
        for name in ("warning_factor", "unjudged_factor", "outside_domain_factor"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise SpaceError(
                    f"objective: {name} is {getattr(self, name)!r}; expected a number from 0 to 1"
                )
        if not -273.15 < self.temperature_c < 2000.0:
            raise SpaceError(f"objective: temperature_c is {self.temperature_c!r}; expected °C, e.g. 25")

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Objective:
        """Read an objective from plain values, as `to_dict` writes them.

        Raises
        ------
        SpaceError
            When a key is unknown or a value impossible.
        """
        known = [entry.name for entry in fields(cls)]
        for key in raw:
            if key not in known:
                hint = did_you_mean(key, known) or f"; expected one of {', '.join(known)}"
                raise SpaceError(f"objective: unknown key {key!r}{hint}")
        values = dict(raw)
        if "specifications" in values:
            values["specifications"] = tuple(_specification(entry) for entry in values["specifications"])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return asdict(self) | {"specifications": [asdict(entry) for entry in self.specifications]}

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
            When the predictor abstains from every target.
        """
        distributions = predictor.distributions(host, temperature_c=self.temperature_c)
        resolved = tuple(
            self._resolve(specification, formula, predictor, distributions.get(specification.target))
            for specification in self.specifications
        )
        if not any(entry.used for entry in resolved):
            names = ", ".join(entry.target for entry in resolved)
            raise RankingError(
                f"model {predictor.name} abstains from {names}, so no candidate can be scored; expected a "
                "predictor of at least one specified target: change the specifications or train on more data"
            )
        return resolved

    def _resolve(
        self,
        specification: Specification,
        formula: str,
        predictor: Predictor,
        distribution: PredictiveDistribution | None,
    ) -> Resolved:
        target, direction = specification.target, specification.direction
        used = distribution is not None and distribution.status != "abstained"
        if not isinstance(specification.threshold, str):
            return Resolved(target, direction, float(specification.threshold), "stated", "", used)
        best = predictor.best_reported(formula, target, self.temperature_c)
        if best is not None:
            return Resolved(
                target, direction, float(best["value"]), "reported", str(best.get("source_id", "")), used
            )
        median = float(distribution.median[0]) if used and distribution is not None else float("nan")
        return Resolved(target, direction, median, "predicted", "", used and bool(np.isfinite(median)))

    def score(
        self,
        probabilities: Mapping[str, FloatArray],
        *,
        warnings: npt.ArrayLike,
        unjudged: npt.ArrayLike,
        outside_domain: npt.ArrayLike,
    ) -> FloatArray:
        """Score candidates.

        Parameters
        ----------
        probabilities : mapping of str to ndarray, shape (n,)
            Probability of meeting the specification of each target that is used.
        warnings, unjudged : array_like of int, shape (n,)
            Numbers of rules that warn and that cannot be evaluated.
        outside_domain : array_like of bool, shape (n,)

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
        joint = np.prod(np.stack([probabilities[target] for target in sorted(probabilities)]), axis=0)
        factor = self.warning_factor ** np.asarray(warnings, dtype=np.float64)
        factor = factor * self.unjudged_factor ** np.asarray(unjudged, dtype=np.float64)
        factor = factor * np.where(np.asarray(outside_domain), self.outside_domain_factor, 1.0)
        return np.asarray(joint * factor, dtype=np.float64)


def _specification(raw: object) -> Specification:
    if isinstance(raw, Specification):
        return raw
    known = [entry.name for entry in fields(Specification)]
    if not isinstance(raw, Mapping) or not {"target", "direction"} <= set(raw) <= set(known):
        raise SpaceError(
            f"objective: specification {raw!r} cannot be read; expected the keys target, direction and, "
            "unless it is 'host_best', threshold"
        )
    return Specification(**raw)
