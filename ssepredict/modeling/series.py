"""Series: the compositions that one paper measured in one way inside one host, and their pairs.

Only compositions of one series are compared: differences between papers are mostly differences of processing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.host_groups import HostGroup
from ssepredict.data.doping_gain import departures, isotherms
from ssepredict.modeling.metrics import MINIMUM_DIFFERENCE
from ssepredict.modeling.protocols import IndexArray, TrainingTable
from ssepredict.modeling.scopes import at_room_temperature

ORDER_PROTOCOL = "paper_purged"
"""Protocol whose left-out predictions are put in order."""

TEMPERATURES = ("room", "any")
"""Room: series measured at room temperature. Any: those at every temperature, one series for each."""


@dataclass(frozen=True)
class Points:
    """Compositions in series; one series is what one paper measured in one way inside one host.

    Parameters
    ----------
    frame : DataFrame, p rows
        `work_id`, `series` (number), `composition` (number), `contribution`, `departure` from the host (atoms
        per formula unit), `true`; several samples of one composition in a series are one point, their median.
    scores : dict of str to ndarray, shape (p,)
        What puts them in order, the highest first.
    """

    frame: pd.DataFrame
    scores: dict[str, FloatArray]

    @property
    def works(self) -> npt.NDArray[np.int64]:
        """Number of the work of each point, shape (p,)."""
        return np.asarray(pd.factorize(self.frame["work_id"])[0], dtype=np.int64)


def points_of(
    table: TrainingTable,
    scores: Mapping[str, FloatArray],
    group: HostGroup,
    width: str = "narrow",
    temperature: str = "room",
) -> Points:
    """Points of one group of hosts.

    A series shares work, contribution, synthesis and temperature (within 5 K); in the narrow group also the
    host, in the wide one it may run across hosts of the group. Composites, limits, suspect and extrapolated
    figures and grain boundaries are left out.

    Parameters
    ----------
    table : TrainingTable, n rows
    scores : dict of str to ndarray, shape (n,)
        Rows without a score (NaN) are left out for all.
    group : HostGroup
    width : {"narrow", "wide"}
    temperature : {"room", "any"}
        At any temperature, figures of one paper that were read in one place without their temperature are
        taken to share it.
    """
    frame = table.frame
    rows = (
        table.scored & at_room_temperature(table.target, frame)
        if temperature == "room"
        else table.scored | _shares_an_unstated_temperature(frame)
    )
    rows &= (frame["composite"] == 0).to_numpy() & (frame["contribution"] != "grain_boundary").to_numpy()
    rows &= group.holds(frame["host"].to_numpy(dtype=str), width)
    for values in scores.values():
        rows &= np.isfinite(values)
    here = frame[rows].reset_index(drop=True)
    keys = ["work_id", "contribution", "synthesis", *(["host"] if width == "narrow" else [])]
    here["isotherm"] = isotherms(here[keys], here["temperature_c"].to_numpy(dtype=np.float64))
    here["place"] = here["read_in"].where(here["temperature_c"].isna(), "")
    here["series"] = here.groupby([*keys, "isotherm", "place"], dropna=False).ngroup()
    here["true"] = table.y[rows]
    here["departure"] = departures(here["formula"].tolist(), here["host"].tolist()) if len(here) else 0.0
    columns = {name: np.asarray(values)[rows] for name, values in scores.items()}
    renamed = {name: f"score {name}" for name in columns}
    here = here.assign(**{renamed[name]: values for name, values in columns.items()})
    grouped = here.groupby(["series", "composition_key"], sort=True)
    points = grouped[["true", *renamed.values()]].median()
    first = ["work_id", "contribution", "departure"]
    points[first] = grouped[first].first()
    points = points.reset_index()
    points["composition"] = pd.factorize(points["composition_key"])[0]
    return Points(
        points[["work_id", "series", "composition", "contribution", "departure", "true"]],
        {name: points[column].to_numpy(dtype=np.float64) for name, column in renamed.items()},
    )


def _shares_an_unstated_temperature(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Exact own figures without a temperature, shape (n,); a compilation that names no papers is no paper."""
    own = (frame["bound"] == "") & (frame["suspect"] == 0) & (frame["computed"] == 0)
    nameless = (frame["access"] == "compilation") & frame["work_id"].str.startswith("text/")
    return np.asarray((frame["temperature_c"].isna() & own & ~nameless).to_numpy(), dtype=bool)


def pairs_of(points: Points, minimum_difference: float = MINIMUM_DIFFERENCE) -> tuple[IndexArray, IndexArray]:
    """Pairs of points of one series whose values differ by more than a minimum, the better one first."""
    series, true = points.frame["series"].to_numpy(), points.frame["true"].to_numpy()
    parts = []
    for number in np.unique(series):
        rows = np.flatnonzero(series == number)
        parts.append(rows[np.column_stack(np.triu_indices(len(rows), 1))])
    pairs = np.concatenate([np.zeros((0, 2), dtype=np.intp), *parts])
    gap = true[pairs[:, 0]] - true[pairs[:, 1]]
    pairs = np.where((gap < 0)[:, None], pairs[:, ::-1], pairs)[np.abs(gap) > minimum_difference]
    return pairs[:, 0], pairs[:, 1]


def rightness(points: Points, name: str, pairs: tuple[IndexArray, IndexArray]) -> FloatArray:
    """1 for a pair in the right order, 0 for the wrong one, 0.5 for a tie, shape (pairs,)."""
    better, worse = (points.scores[name][side] for side in pairs)
    return np.asarray((np.sign(better - worse) + 1.0) / 2.0, dtype=np.float64)
