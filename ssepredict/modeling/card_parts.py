"""Tables of the model card that need figures of one target only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def gains_text(lines: Sequence[Mapping[str, Any]], estimator: str, unit: str) -> str:
    """How much less the released estimator errs than every other; nothing where it was not measured.

    Parameters
    ----------
    lines : sequence of dict
        As `ssepredict.modeling.gains.leader_gains` gives them.
    estimator : str
        The released one.
    unit : str
        Of the errors.
    """
    if not lines:
        return ""
    scopes = list(dict.fromkeys(line["scope"] for line in lines))
    body = []
    for protocol, other in dict.fromkeys((line["protocol"], line["other"]) for line in lines):
        found = {
            line["scope"]: f"{line['gain']:+.3f} ({line['low']:+.3f} to {line['high']:+.3f})"
            for line in lines
            if (line["protocol"], line["other"]) == (protocol, other)
        }
        body.append([protocol, other, *(found.get(scope, "") for scope in scopes)])
    return (
        f"Gain of {estimator} over the others ({unit}, all temperatures, processing withheld; positive: it "
        "errs less; 90 % interval of a paired bootstrap over papers):\n\n"
        + table_text(["protocol", "over", *scopes], body)
    )


def intervals_text(figures: Mapping[str, Any], view: str) -> str:
    """Coverage, width and CRPS by family and by quartile of the distance to other papers."""
    lines = [(scope, entry) for scope, entry in figures.items() if isinstance(entry, Mapping)]
    lines += [
        (f"distance about {entry['distance']:.2f}", entry) for entry in figures.get("by_distance") or ()
    ]
    body = [
        [
            scope,
            str(entry["rows"]),
            number_text(entry["coverage"]),
            number_text(entry["mean_width"]),
            number_text(entry.get("crps")),
        ]
        for scope, entry in lines
    ]
    head = ["scope", "rows", "coverage", f"mean width ({figures['unit']})", "CRPS"]
    title = f"Intervals at {figures['confidence']:.0%}, on left-out papers, calibrated on others, {view}:"
    return f"{title}\n\n{table_text(head, body)}"


def probabilities_text(figures: Mapping[str, Any], unit: str) -> str:
    """Whether a stated probability of exceeding a threshold comes true; nothing where it was not measured."""
    thresholds = figures.get("thresholds") or ()
    if not thresholds:
        return ""
    scores = "; ".join(
        f"above {line['threshold']:g} {unit}: Brier score {number_text(line['brier'])} "
        f"(always stating the share of {line['base_rate']:.0%}: {number_text(line['brier_of_base_rate'])})"
        for line in thresholds
    )
    body = [
        [str(line["rows"]), number_text(line["predicted"]), number_text(line["observed"])]
        for line in figures.get("reliability") or ()
    ]
    return (
        f"Probabilities on left-out papers, {scores}. Reliability over these thresholds together:\n\n"
        + table_text(["rows", "mean stated probability", "share that was above"], body)
    )


def table_text(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def number_text(value: float | None) -> str:
    """Three decimals; nothing for what was not measured."""
    return "" if value is None or not np.isfinite(value) else f"{value:.3f}"
