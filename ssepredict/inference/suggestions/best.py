"""The value to beat: the best conductivity that is known of what a space is made of, reported or measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.sites import read_sites
from ssepredict.exceptions import RankingError
from ssepredict.inference.objectives.objective import Resolved
from ssepredict.inference.objectives.schema import HIGHER_IS_BETTER
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.inference.suggestions.measured import TARGET

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

SAME_TEMPERATURE_C = 10.0
"""Values count within this many degrees of the temperature of the objective."""

_TOTAL = ("", "total", "unspecified")
_NOTHING = 1e-6


@dataclass(frozen=True)
class BestKnown:
    """A value to beat.

    Parameters
    ----------
    value_s_cm : float
    origin : {"stated", "reported", "measured", "predicted"}
        By the objective, in the evidence of the release, by the user, or the prediction for the host where
        nothing is known.
    formula : str
        Whose it is; empty where the objective states it.
    source : str
        Source or place of the row.
    """

    value_s_cm: float
    origin: str
    formula: str
    source: str


def best_known(
    predictor: Predictor,
    space: SubstitutionSpace,
    demands: Sequence[Resolved],
    measured: pd.DataFrame,
    temperature_c: float,
) -> BestKnown:
    """Find the value to beat.

    The threshold where the objective states one, else the best value reported of any composition of the
    space's elements in the framework and with the mobile ion of one of its hosts: where a dopant may
    outnumber what it replaces, the host that it then makes counts too. A better value of the user's own takes
    its place.

    Parameters
    ----------
    predictor : Predictor
    space : SubstitutionSpace
    demands : sequence of Resolved
        On the conductivity, one per host.
    measured : DataFrame
        As `suggestion_measured.held_against` gives it.
    temperature_c : float

    Returns
    -------
    BestKnown
    """
    highest = max(range(len(demands)), key=lambda part: demands[part].threshold)
    demand = demands[highest]
    if demand.origin == "stated":
        found = BestKnown(demand.threshold, "stated", "", "")
    else:
        found = _best_reported(predictor, space, temperature_c) or BestKnown(
            demand.threshold, demand.origin, space.parts[highest].host, demand.source_id
        )
    near = _near(measured["temperature_c"], temperature_c) & measured["contribution"].isin(_TOTAL).to_numpy()
    own = measured[near & (measured["bound"] != "<").to_numpy()]
    if len(own):
        top = own.iloc[int(np.argmax(own["conductivity_s_cm"].to_numpy(dtype=np.float64)))]
        if top["conductivity_s_cm"] > found.value_s_cm:
            return BestKnown(
                float(top["conductivity_s_cm"]), "measured", str(top["formula"]), str(top["place"])
            )
    return found


def _best_reported(predictor: Predictor, space: SubstitutionSpace, temperature_c: float) -> BestKnown | None:
    rows = pd.DataFrame(predictor.metrics["best_reported"][TARGET.name])
    if rows.empty:
        return None
    rows = rows[_near(rows["temperature_c"], temperature_c)].reset_index(drop=True)
    keys = rows["composition_key"].drop_duplicates().tolist()
    kin = dict(zip(keys, _of_the_kind(keys, space).tolist(), strict=True)) if keys else {}
    rows = rows[rows["composition_key"].map(kin).astype(bool)]
    if rows.empty:
        return None
    top = rows.sort_values(["value", "measurement_id"], ascending=[False, True]).iloc[0]
    return BestKnown(
        float(top["value"]),
        "reported",
        _written(predictor, str(top["measurement_id"]), str(top["composition_key"])),
        str(top["source_id"]),
    )


def _of_the_kind(keys: Sequence[str], space: SubstitutionSpace) -> npt.NDArray[np.bool_]:
    """Which compositions hold nothing but elements of the space, in a framework of its hosts, shape (n,)."""
    sites = read_sites(keys)[0]
    foreign = sites.composition.amounts.sum(axis=1) - sites.composition.total(space.elements)
    kinds = {(str(part.host_sites.framework[0]), str(part.host_sites.mobile_ion[0])) for part in space.parts}
    own = zip(sites.framework.tolist(), sites.mobile_ion.tolist(), strict=True)
    found: npt.NDArray[np.bool_] = np.array([kind in kinds for kind in own], dtype=np.bool_)
    found &= foreign < _NOTHING
    return found


def _written(predictor: Predictor, measurement_id: str, key: str) -> str:
    """Return the formula as its source writes it, where the evidence holds that row."""
    evidence = predictor.evidence_rows
    texts = evidence.loc[evidence["measurement_id"] == measurement_id, "formula"]
    return str(texts.iloc[0]) if len(texts) else key


def _near(celsius: pd.Series[float], temperature_c: float) -> npt.NDArray[np.bool_]:
    near: npt.NDArray[np.bool_] = (celsius - temperature_c).abs().to_numpy() <= SAME_TEMPERATURE_C
    return near


def demands_on_conductivity(resolved: Sequence[Resolved], model: str) -> list[Resolved]:
    """Find the demand that suggestions improve on, for every host.

    Raises
    ------
    RankingError
        When the objective makes none, wants less conductivity, or the model abstains from it.
    """
    demands = [entry for entry in resolved if entry.target == TARGET.name]
    if not demands or demands[0].direction not in HIGHER_IS_BETTER:
        raise RankingError(
            f"the objective demands {', '.join(dict.fromkeys(map(_in_words, resolved)))}; "
            f"suggestions improve the conductivity, expected a demand on {TARGET.name}: above a threshold, "
            "or to maximise it"
        )
    if not all(entry.used for entry in demands):
        raise RankingError(
            f"model {model} abstains from {TARGET.name}, so nothing can be expected of a candidate; expected "
            "a predictor of the conductivity: train on more data"
        )
    return demands


def _in_words(entry: Resolved) -> str:
    return f"{entry.target} {entry.direction}"
