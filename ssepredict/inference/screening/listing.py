"""The ranked list: one row per kept candidate, with predictions, verdicts and the evidence it leans on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import SiteTable, read_sites
from ssepredict.chemistry.supply_columns import supply_columns
from ssepredict.inference.objectives.pareto import axes_of
from ssepredict.inference.screening.judging import check_parts, iter_parts
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.spaces.enumeration import IntArray
from ssepredict.physics.bounds import INFORM, NOT_EVALUABLE, WARN
from ssepredict.physics.checks import Verdicts

if TYPE_CHECKING:
    from ssepredict.modeling.target_model import PredictiveDistribution

EVIDENCE_FIELDS = ("formula", "source_id", "doi", "conductivity_s_cm", "temperature_c", "distance")
"""What of the nearest measured sample stands in columns of its own, each named ``evidence_...``."""

NEIGHBOURS = 3


def list_candidates(screen: Screen, best: Screened) -> pd.DataFrame:
    """Describe kept candidates in full.

    Parameters
    ----------
    screen : Screen
    best : Screened
        k candidates, the best first; at least one.

    Returns
    -------
    DataFrame
        k rows. `rank` (from 1), `candidate` (position in the space), `formula`, `substitutions`, `host` (in a
        space of several), `score`, `probability_<target>` for every specification that is used,
        `temperature_c`, the prediction columns of every target with intervals, `carriers`, `vacancies`,
        `charge_residual`, `domain_distance`, the columns of `SUPPLY_COLUMNS` (price, abundance, concentration
        of supply, toxicity), `pareto` (1 on the front of the space, where the objective asks for one),
        `status` (``ok`` or ``outside_domain``), `verdict` (the worst), `warnings`, `unjudged` and `remarks`
        (rules that warn, cannot be evaluated, or inform, joined by ``;``), `known` (1 when the composition
        has been measured), `evidence` (the nearest measured samples in words), `evidence_formula` and other
        fields of the nearest one.
    """
    space, predictor, temperature = screen.space, screen.predictor, screen.objective.temperature_c
    sites = space.decode(best.indices).sites()
    distributions = predictor.distributions(sites, temperature_c=temperature)
    part = space.part_of(best.indices)
    found = list(check_parts(space, part, sites, screen.rule_values(distributions)))
    evidence = predictor.evidence(sites, k=NEIGHBOURS)
    predictions = predictor.predict_sites(sites, temperature_c=temperature)
    identity: dict[str, Any] = {
        "rank": np.arange(1, len(sites) + 1),
        "candidate": best.indices,
        "formula": space.formulas(best.indices),
        "substitutions": space.describe(best.indices),
        **({"host": np.array(space.hosts)[part]} if len(space.parts) > 1 else {}),
        "score": best.scores,
        **_probabilities(screen, part, distributions),
        "temperature_c": np.full(len(sites), float(temperature)),
    }
    judged: dict[str, Any] = {
        "status": np.where(
            predictions["domain_distance"] > predictor.domain_threshold, "outside_domain", "ok"
        ),
        **_verdicts(len(sites), found),
        "known": _known(sites, evidence),
        "evidence": ["; ".join(map(_in_words, near)) for near in evidence],
    }
    nearest = {
        f"evidence_{name}": [near[0].get(name) if near else None for near in evidence]
        for name in EVIDENCE_FIELDS
    }
    left = pd.concat([pd.DataFrame(identity), predictions, supply_columns(sites.composition)], axis=1)
    marked: dict[str, Any] = {}
    if len(best.front_indices):
        marked["pareto"] = np.isin(best.indices, best.front_indices).astype(np.int64)
    return pd.concat([left, pd.DataFrame({**marked, **judged, **nearest})], axis=1)


def list_front(screen: Screen, found: Screened) -> pd.DataFrame:
    """Describe the front of a space in short: position, formula, substitutions and the values on its axes.

    Returns
    -------
    DataFrame
        One row per candidate of the front, the best on the first axis first.
    """
    names = screen.objective.selection.pareto
    points = dict(zip(names, found.front_points.T, strict=True))
    first = axes_of(names)[0]
    order = np.lexsort((found.front_indices, -first.oriented(points[first.name])))
    indices = found.front_indices[order]
    return pd.DataFrame(
        {
            "candidate": indices,
            "formula": screen.space.formulas(indices),
            "substitutions": screen.space.describe(indices),
            **{name: values[order] for name, values in points.items()},
        }
    )


def _probabilities(
    screen: Screen, part: IntArray, distributions: Mapping[str, PredictiveDistribution]
) -> dict[str, FloatArray]:
    """Columns ``probability_<target>``, shape (k,); NaN where the specification is not used for a host."""
    columns: dict[str, FloatArray] = {}
    for number, rows in iter_parts(part):
        for target, values in screen.probabilities(distributions, number).items():
            column = columns.setdefault(f"probability_{target}", np.full(len(part), np.nan))
            column[rows] = values[rows]
    return columns


def _verdicts(
    count: int, found: Sequence[tuple[int, npt.NDArray[np.intp], Verdicts]]
) -> dict[str, npt.NDArray[np.object_]]:
    """Columns on the rules, shape (k,): the worst verdict, and the rules that gave each of the others."""
    columns = {
        name: np.full(count, "", dtype=object) for name in ("verdict", "warnings", "unjudged", "remarks")
    }
    for _, rows, verdicts in found:
        columns["verdict"][rows] = verdicts.worst_names
        for name, code in (("warnings", WARN), ("unjudged", NOT_EVALUABLE), ("remarks", INFORM)):
            columns[name][rows] = _rules_with(verdicts, code)
    return columns


def _rules_with(verdicts: Verdicts, code: np.int8) -> list[str]:
    """Names of the rules that gave a verdict, joined, per row."""
    given = {name: codes == code for name, codes in verdicts.codes.items()}
    return [";".join(name for name, rows in given.items() if rows[row]) for row in range(len(verdicts))]


def _known(sites: SiteTable, evidence: list[list[dict[str, Any]]]) -> npt.NDArray[np.int64]:
    """1 where the composition itself is among its nearest measured samples, shape (n,)."""
    texts = sorted({str(entry["formula"]) for near in evidence for entry in near})
    if not texts:
        return np.zeros(len(sites), dtype=np.int64)
    key = dict(zip(texts, composition_keys(read_sites(texts)[0]).tolist(), strict=True))
    return np.array(
        [
            int(any(key[str(entry["formula"])] == own for entry in near))
            for own, near in zip(composition_keys(sites).tolist(), evidence, strict=True)
        ],
        dtype=np.int64,
    )


def _in_words(entry: dict[str, Any]) -> str:
    return f"{entry['formula']} ({entry['source_id']}, distance {entry['distance']:.2f})"
