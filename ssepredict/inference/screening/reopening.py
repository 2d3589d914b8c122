"""The screen of a finished ranking, built again from its summary with the numbers that it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ssepredict.inference.objectives.objective import Objective, Resolved
from ssepredict.inference.objectives.resolved import Attitude
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.spaces.space import SubstitutionSpace

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

_NOT_OF_THE_SPACE = ("size", "digest")
_NOT_OF_THE_OBJECTIVE = ("specifications", "not_used")


def space_of(summary: Mapping[str, Any], heading: str) -> SubstitutionSpace:
    """Read the space that was ranked.

    Parameters
    ----------
    summary : mapping
        Content of summary.json.
    heading : str
        What was read, for the message.

    Raises
    ------
    SpaceError
        When the description does not hold together.
    """
    described = {key: value for key, value in summary["space"].items() if key not in _NOT_OF_THE_SPACE}
    return SubstitutionSpace.from_dict(described, heading)


def screen_of(summary: Mapping[str, Any], space: SubstitutionSpace, predictor: Predictor) -> Screen:
    """Build what judged the candidates; thresholds are the written ones and not looked up again.

    Parameters
    ----------
    summary : mapping
        Content of summary.json.
    space : SubstitutionSpace
        As `space_of` reads it.
    predictor : Predictor
        The release that ranked.

    Returns
    -------
    Screen
        Scores of its candidates are those of the ranking.

    Raises
    ------
    SpaceError
        When the objective does not hold together.
    """
    written = summary["objective"]
    lines = written["specifications"]
    demands = [
        {"target": line["target"], "direction": line["direction"], "weight": line.get("weight", 1.0)}
        for line in lines[: len(lines) // len(space.parts)]
    ]
    rest = {key: value for key, value in written.items() if key not in _NOT_OF_THE_OBJECTIVE}
    objective = Objective.from_dict({**rest, "specifications": demands})
    return Screen(space, predictor, objective, tuple(map(_resolved, lines)))


def _resolved(line: Mapping[str, Any]) -> Resolved:
    known = {entry.name for entry in fields(Resolved)}
    values = {key: value for key, value in line.items() if key in known}
    values["threshold"] = float("nan") if line["threshold"] is None else float(line["threshold"])
    if "attitude" in values:
        values["attitude"] = Attitude(**values["attitude"])
    return Resolved(**values)
