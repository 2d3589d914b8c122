"""The ranked list: one row per kept candidate, with predictions, verdicts and the evidence it leans on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import SiteTable, read_sites
from ssepredict.inference.screening import Screen, Screened
from ssepredict.physics.bounds import INFORM, NOT_EVALUABLE, WARN
from ssepredict.physics.checks import Verdicts, check_sites

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
        k rows. `rank` (from 1), `candidate` (position in the space), `formula`, `substitutions`, `score`,
        `probability_<target>` for every specification that is used, `temperature_c`, the prediction columns
        of every target with intervals, `carriers`, `vacancies`, `charge_residual`, `domain_distance`,
        `status` (``ok`` or ``outside_domain``), `verdict` (the worst), `warnings`, `unjudged` and `remarks`
        (rules that warn, cannot be evaluated, or inform, joined by ``;``), `known` (1 when the composition
        has been measured), `evidence` (the nearest measured samples in words), `evidence_formula` and other
        fields of the nearest one.
    """
    space, predictor, temperature = screen.space, screen.predictor, screen.objective.temperature_c
    sites = space.decode(best.indices).sites()
    distributions = predictor.distributions(sites, temperature_c=temperature)
    verdicts = check_sites(sites, screen.rule_values(distributions), host_ion=space.replaced_ion)
    evidence = predictor.evidence(sites, k=NEIGHBOURS)
    predictions = predictor.predict_sites(sites, temperature_c=temperature)
    identity: dict[str, Any] = {
        "rank": np.arange(1, len(sites) + 1),
        "candidate": best.indices,
        "formula": space.formulas(best.indices),
        "substitutions": space.describe(best.indices),
        "score": best.scores,
        **{f"probability_{name}": value for name, value in screen.probabilities(distributions).items()},
        "temperature_c": np.full(len(sites), float(temperature)),
    }
    judged: dict[str, Any] = {
        "status": np.where(
            predictions["domain_distance"] > predictor.domain_threshold, "outside_domain", "ok"
        ),
        "verdict": verdicts.worst_names,
        "warnings": _rules_with(verdicts, WARN),
        "unjudged": _rules_with(verdicts, NOT_EVALUABLE),
        "remarks": _rules_with(verdicts, INFORM),
        "known": _known(sites, evidence),
        "evidence": ["; ".join(map(_in_words, near)) for near in evidence],
    }
    nearest = {
        f"evidence_{name}": [near[0].get(name) if near else None for near in evidence]
        for name in EVIDENCE_FIELDS
    }
    return pd.concat([pd.DataFrame(identity), predictions, pd.DataFrame({**judged, **nearest})], axis=1)


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
