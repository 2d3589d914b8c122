"""Documents for machines: plain values, one valid JSON text, NaN as null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ssepredict.exceptions import FormulaError
from ssepredict.report.files import FormulaList

if TYPE_CHECKING:
    import pandas as pd

    from ssepredict.chemistry.formula import Problem
    from ssepredict.chemistry.sites import SiteTable
    from ssepredict.modeling.predictor import Predictor
    from ssepredict.physics.claims import ClaimVerdict
    from ssepredict.report.prediction_details import Details

SHOWN_PROBLEMS = 20
"""Problems printed to a terminal; a redirected stream and ``--json`` hold all of them."""


def plain(value: Any) -> Any:
    """Turn numpy values and containers into what JSON knows; NaN and infinities become None.

    Examples
    --------
    >>> plain({"a": float("nan"), "b": (1, 2.5)})
    {'a': None, 'b': [1, 2.5]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def json_text(value: Any) -> str:
    """Return one JSON document, ASCII only, so that no terminal can break it.

    Examples
    --------
    >>> print(json_text({"radius": float("nan")}))
    {
      "radius": null
    }
    """
    return json.dumps(plain(value), indent=2, allow_nan=False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as plain dictionaries."""
    return [{str(key): plain(value) for key, value in row.items()} for row in frame.to_dict(orient="records")]


def problem_records(asked: FormulaList, problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Formulas that cannot be used: row (from 1), place, formula as given, what is wrong and what to do."""
    return [
        {"row": row + 1, "place": asked.places[row], "formula": text, "problem": problem}
        for row, text, problem in problems
    ]


def problem_text(asked: FormulaList, problems: Sequence[Problem], most: int | None = None) -> str:
    """Return the same as sentences, one line per formula.

    Parameters
    ----------
    asked : FormulaList
    problems : sequence of (int, str, str)
    most : int, optional
        Lines to print; the rest is counted. All when omitted.

    Returns
    -------
    str
    """
    if len(asked) == 1:
        return str(FormulaError(problems))
    shown = problems if most is None else problems[:most]
    lines = [f"{len(problems):,} of {len(asked):,} formulas cannot be used"]
    lines += [f"  {asked.places[row]}, {text!r}: {problem}" for row, text, problem in shown]
    if len(shown) < len(problems):
        lines.append(
            f"  ... and {len(problems) - len(shown):,} more; redirect stderr (2> problems.txt) or use --json "
            "to see them all"
        )
    return "\n".join(lines)


def site_records(sites: SiteTable) -> list[dict[str, Any]]:
    """Who sits where, per composition: ions with oxidation state and amount, carriers, vacancies, radii.

    Parameters
    ----------
    sites : SiteTable
        n compositions.

    Returns
    -------
    list of dict, length n
        `family`, `framework`, `mobile_ion`, `carriers`, `vacancies`, `charge_residual`, `entropy_kb`
        (configurational, ideal mixing, in k_B per formula unit) and `sites`: per occupied site its `ions`
        (`element`, `oxidation_state`, `amount`, `radius_angstrom`), `total`, `mean_radius_angstrom` and
        `entropy_kb`.
    """
    from ssepredict.chemistry.entropy import configurational_entropy

    families, entropy = sites.family, configurational_entropy(sites)
    return [
        {
            "family": str(families[row]),
            "framework": str(sites.framework[row]),
            "mobile_ion": str(sites.mobile_ion[row]),
            "carriers": plain(sites.carriers[row]),
            "vacancies": plain(sites.vacancies[row]),
            "charge_residual": plain(sites.charge_residual[row]),
            "entropy_kb": plain(entropy["total"][row]),
            "sites": {
                site: {**_site_record(sites, row, site), "entropy_kb": plain(entropy[site][row])}
                for site in sites.occupancy
                if sites.occupancy[site][row].any()
            },
        }
        for row in range(len(sites))
    ]


def _site_record(sites: SiteTable, row: int, site: str) -> dict[str, Any]:
    amounts, states, radii = sites.occupancy[site][row], sites.oxidation[row], sites.radii(site)[row]
    present = [column for column in amounts.argsort()[::-1].tolist() if amounts[column] > 0]
    ions = [
        {
            "element": sites.elements[column],
            "oxidation_state": plain(states[column]),
            "amount": plain(round(float(amounts[column]), 9)),
            "radius_angstrom": plain(radii[column]),
        }
        for column in present
    ]
    total = float(amounts.sum())
    mean = float((amounts[present] * radii[present]).sum()) / total
    return {"ions": ions, "total": plain(round(total, 9)), "mean_radius_angstrom": plain(mean)}


@dataclass(frozen=True)
class Examination:
    """What chemistry and rules say about n formulas.

    Parameters
    ----------
    sites : tuple of dict or None, length n
        As `site_records` gives them; None where a formula cannot be used.
    worst : tuple of str, length n
        Overall verdicts; ``reject`` where a formula cannot be used.
    verdicts : DataFrame
        As `ssepredict.check` gives it.
    problems : tuple of (int, str, str)
        Formulas that cannot be used.
    """

    sites: tuple[dict[str, Any] | None, ...]
    worst: tuple[str, ...]
    verdicts: pd.DataFrame
    problems: tuple[Problem, ...]


def examine(asked: FormulaList) -> Examination:
    """Assign sites and apply every rule that needs no prediction."""
    from ssepredict.chemistry.sites import read_sites
    from ssepredict.physics.checks import check_sites

    sites, problems = read_sites(asked.formulas)
    refused = {row: problem for row, _, problem in problems}
    judged = check_sites(sites)
    described = site_records(sites)
    names = judged.worst_names.tolist()
    rows = range(len(asked))
    return Examination(
        tuple(None if row in refused else described[row] for row in rows),
        tuple("reject" if row in refused else names[row] for row in rows),
        judged.to_frame(asked.formulas, refused),
        tuple(problems),
    )


def check_document(
    asked: FormulaList, found: Examination, claims: Sequence[ClaimVerdict] = ()
) -> dict[str, Any]:
    """Everything `ssepredict check` found: formulas with sites and verdict, verdicts, claims, problems."""
    return {
        "formulas": [
            {"formula": formula, "verdict": worst, **(record or {})}
            for formula, worst, record in zip(asked.formulas, found.worst, found.sites, strict=True)
        ],
        "verdicts": records(found.verdicts),
        "claims": [{**asdict(claim), "agrees": claim.agrees} for claim in claims],
        "problems": problem_records(asked, found.problems),
    }


def prediction_document(
    asked: FormulaList,
    frame: pd.DataFrame | None,
    problems: Sequence[Problem],
    predictor: Predictor,
    confidence: float,
    conditions: Mapping[str, Any],
    details: Sequence[Details] = (),
) -> dict[str, Any]:
    """Everything `ssepredict predict` found; `predictions` is empty when nothing was predicted.

    Each prediction carries what stands behind it: `evidence`, `abstained` (reason and comparable cells by
    target) and, when they were asked for, `explanations`.
    """
    rows = [] if frame is None else records(frame)
    return {
        "model": {"name": predictor.name, "digest": predictor.digest},
        "confidence": confidence,
        "conditions": dict(conditions),
        "predictions": [{**row, **behind.to_dict()} for row, behind in zip(rows, details, strict=True)],
        "problems": problem_records(asked, problems),
    }


def ranking_document(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a ranking: the content of summary.json and the candidates."""
    return {"summary": frame.attrs["summary"], "candidates": records(frame)}


def without_abstained(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions as the rules may judge them: a target that was abstained from has no value."""
    judged = frame.copy()
    for status in [column for column in frame if str(column).endswith("_status")]:
        target = str(status).removesuffix("_status")
        judged[target] = frame[target].where(frame[status] != "abstained")
    return judged
