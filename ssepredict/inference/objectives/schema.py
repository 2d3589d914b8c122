"""What an objective may demand of targets; every value is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from ssepredict.exceptions import SpaceError, did_you_mean
from ssepredict.physics.rules import ADMISSIBLE_RANGES

HOST_BEST: Literal["host_best"] = "host_best"
"""Threshold that stands for the best value reported for the undoped host."""

DIRECTIONS = ("above", "below", "maximise", "minimise")
"""Demands: the first two end at a threshold, the others go on to `Specification.reach`."""

HIGHER_IS_BETTER = ("above", "maximise")
OPEN_ENDED = ("maximise", "minimise")


@dataclass(frozen=True)
class Span:
    """How far an improvement counts where no `reach` is stated.

    Parameters
    ----------
    size : float
        A factor, or a difference in the unit of the target.
    is_factor : bool
        Also says that the steps are even in the logarithm.
    """

    size: float
    is_factor: bool

    def beyond(self, threshold: float, higher: bool, low: float, high: float) -> float:
        """Value at this distance on the better side, kept between `low` and `high`."""
        if self.is_factor:
            value = threshold * self.size if higher else threshold / self.size
        else:
            value = threshold + self.size if higher else threshold - self.size
        return min(max(value, low), high)


SPANS: dict[str, Span] = {
    "conductivity_s_cm": Span(10.0, is_factor=True),
    "activation_energy_ev": Span(0.06, is_factor=False),
    "ccd_ma_cm2": Span(10.0, is_factor=True),
    "fade_pct_per_cycle": Span(0.1, is_factor=False),
}
"""A convention. 0.06 eV is what changes the conductivity by a decade at 25 °C (k T ln 10 = 0.059 eV), so the
two transport targets reach equally far."""


@dataclass(frozen=True)
class Specification:
    """One demand on one target.

    Parameters
    ----------
    target : str
        Column of the predictions, e.g. ``conductivity_s_cm``.
    direction : {"above", "below", "maximise", "minimise"}
        Meet a threshold, or do better than it the further the better.
    threshold : float or "host_best"
        In the unit of the target; for maximise and minimise the value from which an improvement counts.
    weight : float, default 1
        Importance beside the other demands; only the ratios matter.
    reach : float, optional
        For maximise and minimise the value beyond which nothing more is gained. Default: the threshold and
        `SPANS`.

    Raises
    ------
    SpaceError
        When the target is unknown, the direction is none of the four, or a number is impossible.

    Examples
    --------
    >>> str(Specification("conductivity_s_cm", "above", 1e-3))
    'conductivity_s_cm above 0.001'
    >>> str(Specification("activation_energy_ev", "minimise", 0.35, weight=2.0, reach=0.2))
    'activation_energy_ev minimise 0.35 to 0.2, weight 2'
    """

    target: str
    direction: str
    threshold: float | str = HOST_BEST
    weight: float = 1.0
    reach: float | None = None

    def __post_init__(self) -> None:
        if self.target not in ADMISSIBLE_RANGES:
            hint = did_you_mean(str(self.target), ADMISSIBLE_RANGES)
            names = ", ".join(ADMISSIBLE_RANGES)
            raise SpaceError(f"objective: unknown target {self.target!r}{hint}; expected one of {names}")
        if self.direction not in DIRECTIONS:
            raise SpaceError(
                f"objective: {self.target} has direction {self.direction!r}; expected 'above' or 'below' a "
                "threshold, 'maximise' or 'minimise'"
            )
        low, high = ADMISSIBLE_RANGES[self.target]
        if self.threshold != HOST_BEST and not is_between(self.threshold, low, high):
            raise SpaceError(
                f"objective: {self.target} has threshold {self.threshold!r}; expected a number from {low:g} "
                f"to {high:g}, or 'host_best' for the best value reported for the host"
            )
        if not (is_between(self.weight, 0.0, math.inf) and 0.0 < self.weight < math.inf):
            raise SpaceError(
                f"objective: {self.target} has weight {self.weight!r}; expected a number above 0, e.g. 1"
            )
        if self.direction in OPEN_ENDED and SPANS[self.target].is_factor and self.threshold == 0:
            raise SpaceError(
                f"objective: {self.target} is to {self.direction} from 0, which has no decades; expected a "
                "threshold above 0"
            )
        if self.reach is not None:
            self._check_reach(low, high)

    def _check_reach(self, low: float, high: float) -> None:
        if self.direction not in OPEN_ENDED:
            raise SpaceError(
                f"objective: {self.target} {self.direction} has a reach; expected one with 'maximise' or "
                "'minimise' only: remove it or change the direction"
            )
        if not is_between(self.reach, low, high) or (SPANS[self.target].is_factor and self.reach == 0):
            raise SpaceError(
                f"objective: {self.target} has reach {self.reach!r}; expected a number from {low:g} to "
                f"{high:g}, above 0 where decades count"
            )
        if not isinstance(self.threshold, str):
            check_order(self.target, self.direction, float(self.threshold), float(self.reach or 0.0))

    def __str__(self) -> str:
        shown = self.threshold if isinstance(self.threshold, str) else f"{self.threshold:g}"
        end = "" if self.reach is None else f" to {self.reach:g}"
        weight = "" if self.weight == 1.0 else f", weight {self.weight:g}"
        return f"{self.target} {self.direction} {shown}{end}{weight}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a file; weight and reach only where they are stated."""
        values: dict[str, Any] = {
            "target": self.target,
            "direction": self.direction,
            "threshold": self.threshold,
        }
        if self.weight != 1.0:
            values["weight"] = self.weight
        if self.reach is not None:
            values["reach"] = self.reach
        return values


def parse_specifications(raw: object) -> tuple[Specification, ...]:
    """Read demands from plain values.

    Raises
    ------
    SpaceError
        When it is no list of tables, or a demand cannot be read.
    """
    if not isinstance(raw, list | tuple):
        raise SpaceError(
            f"objective: specifications are {raw!r}; expected a list, in TOML [[specifications]]"
        )
    return tuple(_specification(entry) for entry in raw)


def check_keys(raw: Mapping[str, Any], described: type, where: str = "") -> None:
    """Refuse a key that is no field of the dataclass; SpaceError offers the nearest one."""
    known = [entry.name for entry in fields(described)]
    for key in raw:
        if key not in known:
            hint = did_you_mean(str(key), known) or f"; expected one of {', '.join(known)}"
            raise SpaceError(f"objective: {where}unknown key {key!r}{hint}")


def check_factor(name: str, value: object) -> None:
    """Refuse what is no number from 0 to 1 with a SpaceError."""
    if not is_between(value, 0.0, 1.0):
        raise SpaceError(f"objective: {name} is {value!r}; expected a number from 0 to 1")


def check_order(target: str, direction: str, threshold: float, reach: float) -> None:
    """Refuse a reach that is no improvement on the threshold with a SpaceError."""
    if (reach > threshold) is not (direction in HIGHER_IS_BETTER) or reach == threshold:
        wanted = "above" if direction in HIGHER_IS_BETTER else "below"
        raise SpaceError(
            f"objective: {target} is to {direction} from {threshold:g} to {reach:g}; expected a reach "
            f"{wanted} the threshold: change one of them"
        )


def _specification(raw: object) -> Specification:
    if isinstance(raw, Specification):
        return raw
    known = [entry.name for entry in fields(Specification)]
    if not isinstance(raw, Mapping) or not {"target", "direction"} <= set(raw) <= set(known):
        raise SpaceError(
            f"objective: specification {raw!r} cannot be read; expected the keys target, direction and, "
            "unless it is 'host_best', threshold; weight and reach are optional"
        )
    return Specification(**raw)


def is_between(value: object, low: float, high: float) -> bool:
    """Whether something is a number, and no flag, inside a closed range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= float(value) <= high
