"""What a ranking says about itself: the space, what became of the candidates, model, time, versions."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import Any

import numpy as np

from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Tally
from ssepredict.modeling.release import without_nan
from ssepredict.modeling.skill import is_better_than_chance, skill_of

SUMMARY_KIND = "ssepredict ranking"
SUMMARY_FORMAT = 1

_PACKAGES = ("ssepredict", "numpy", "pandas", "scikit-learn", "lightgbm", "pyarrow")


def summarise(screen: Screen, tally: Tally, listed: int, seconds: float) -> dict[str, Any]:
    """Everything that says how a ranking came about, as plain values.

    Parameters
    ----------
    screen : Screen
    tally : Tally
    listed : int
        Rows of the ranking.
    seconds : float
        Wall time (s).

    Returns
    -------
    dict
    """
    space, predictor = screen.space, screen.predictor
    resolved = [
        ({"host": part.host} if len(space.parts) > 1 else {})
        | asdict(entry)
        | {"threshold": entry.threshold if np.isfinite(entry.threshold) else None}
        for number, part in enumerate(space.parts)
        for entry in screen.resolved_for(number)
    ]
    return {
        "kind": SUMMARY_KIND,
        "format": SUMMARY_FORMAT,
        "space": {"size": len(space), "digest": space.digest, **space.to_dict()},
        "candidates": {
            "evaluated": tally.evaluated,
            "rejected": tally.rejected,
            "rejected_by_rule": dict(sorted(tally.rejected_by_rule.items())),
            "no_framework": tally.no_framework,
            "scored": tally.scored,
            "listed": listed,
        },
        "objective": {
            **screen.objective.to_dict(),
            "specifications": resolved,
            "not_used": list(dict.fromkeys(entry.target for entry in screen.resolved if not entry.used)),
        },
        "score_meaning": screen.objective.meaning,
        "order_inside_host": _order_inside_hosts(screen),
        "model": {
            "name": predictor.name,
            "digest": predictor.digest,
            "dataset_digest": predictor.dataset_digest,
        },
        "time": {
            "seconds": round(seconds, 3),
            "candidates_per_second": round(tally.evaluated / seconds, 1),
            "seconds_by_stage": {name: round(value, 3) for name, value in tally.seconds.items()},
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "seeds": "none: nothing in a ranking is random",
    }


def _order_inside_hosts(screen: Screen) -> dict[str, Any]:
    """Say how far an order among candidates of one host can be trusted; of several the least trusted one.

    Measured host by host: nothing is known of how well candidates of different hosts are told apart beyond
    what the whole model is measured by.
    """
    skills = {part.host: skill_of(screen.predictor.metrics, part.host) for part in screen.space.parts}
    told = {
        host: {"better_than_chance": is_better_than_chance(skill), "measured": without_nan(skill)}
        for host, skill in skills.items()
    }
    least = next((one for one in told.values() if not one["better_than_chance"]), next(iter(told.values())))
    return least | ({"by_host": told} if len(told) > 1 else {})


def _versions() -> dict[str, str]:
    from ssepredict import __version__

    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a checkout on the path, not installed
            found[name] = __version__ if name == "ssepredict" else "not installed"
    return found


def explain_empty(tally: Tally) -> str:
    """Say why no candidate is left, and what to do."""
    parts = sorted(tally.rejected_by_rule.items(), key=lambda pair: (-pair[1], pair[0]))
    reasons = [f"{name} refuses {count:,}" for name, count in parts]
    if tally.no_framework:
        reasons.append(f"{tally.no_framework:,} fit no framework")
    return (
        f"none of {tally.evaluated:,} candidates is left ({', '.join(reasons) or 'no score is finite'}); "
        "expected at least one: widen the fractions or the ions of the space, or loosen its constraints"
    )
