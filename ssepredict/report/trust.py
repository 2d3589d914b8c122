"""How far a ranking can be trusted: the measured errors of the model, said plainly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ssepredict.modeling.targets import TARGETS
from ssepredict.report.domain_plot import error_by_distance
from ssepredict.report.markup import Markup, section, table, tag
from ssepredict.report.plots import as_html
from ssepredict.report.wording import SHOWN, show_number
from ssepredict.resources import shipped_folder

_BASELINES = ("dummy_median", "family_median", "host_median")


def metrics_of(digest: str) -> Mapping[str, Any] | None:
    """Metrics of the shipped release with this digest, None when there is none."""
    for path in sorted(shipped_folder("models").glob("*/metrics.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("model_sha256") == digest:
            return found
    return None


def trust_section(metrics: Mapping[str, Any] | None) -> Markup:
    """Excerpt of the model card: errors by family against the baselines, coverage of the intervals.

    Parameters
    ----------
    metrics : mapping, optional
        `Predictor.metrics`; without them the section says that they are missing.
    """
    title = "How far this can be trusted"
    if metrics is None:
        return section(
            title,
            tag("p", "The measured errors of this model are not at hand; see the card of its release."),
        )
    targets: Mapping[str, Any] = metrics.get("targets", {})
    released = {target: targets[target] for target in SHOWN if target in targets}
    parts = [
        _target_part(target, figures, _floor_by_scope(metrics, target))
        for target, figures in released.items()
        if figures["status"] == "ok"
    ]
    abstained = [
        f"{SHOWN[target].label} ({str(figures.get('reason') or 'no reason recorded').replace('_', ' ')})"
        for target, figures in released.items()
        if figures["status"] != "ok"
    ]
    if abstained:
        parts.append(
            tag(
                "p",
                f"The model abstains from {' and '.join(abstained)}: it gives the median of the literature.",
            )
        )
    curve = metrics.get("domain") or {}
    if curve.get("bins"):
        parts.append(
            tag(
                "figure",
                Markup(as_html(error_by_distance(curve), with_library=False)),
                tag(
                    "figcaption",
                    "Error of the conductivity against the distance to what was trained on, with whole "
                    f"groups left out ({', '.join(curve['protocols']).replace('_', ' ')}). Beyond the line a "
                    "prediction tells no more than the median of the family.",
                ),
            )
        )
    return section(title, *parts)


def _floor_by_scope(metrics: Mapping[str, Any], target: str) -> dict[str, float]:
    """Error of the other works' median by family; empty for releases that do not know it."""
    lines = (metrics.get("noise_floor") or {}).get(TARGETS[target].quantity) or ()
    return {str(line["family"]): float(line["mae_from_other_works"]) for line in lines}


def _target_part(target: str, figures: Mapping[str, Any], floor: Mapping[str, float]) -> Markup:
    shown = SHOWN[target]
    unit = str(figures.get("error_unit", ""))
    estimator = str(figures["estimator"])
    rows = [row for row in figures["comparison"] if row["protocol"] == "paper"]
    error = {(row["scope"], row["estimator"]): row["mae"] for row in rows}
    size = {row["scope"]: row for row in rows if row["estimator"] == estimator}
    baselines = [name for name in _BASELINES if any(row["estimator"] == name for row in rows)]
    intervals = figures.get("intervals", {})
    lines = []
    for scope, row in size.items():
        covered = intervals.get(scope) if isinstance(intervals.get(scope), Mapping) else {}
        coverage = covered.get("coverage")
        lines.append(
            [
                scope.replace("_", " "),
                row["rows"],
                row["papers"],
                show_number(row["mae"], ".2f"),
                *(show_number(error.get((scope, name)), ".2f") for name in baselines),
                *([show_number(floor.get(scope), ".2f")] if floor else []),
                "–" if coverage is None else f"{100 * coverage:.0f} %",
                show_number(covered.get("mean_width"), ".2f"),
            ]
        )
    confidence = intervals.get("confidence", 0.9)
    head = ["rows of", "rows", "papers", f"{estimator.replace('_', ' ')}"]
    head += [name.replace("_", " ") for name in baselines]
    head += ["noise floor: other works' median on the same composition"] if floor else []
    head += [f"coverage of {100 * confidence:g} %", f"interval width ({unit})"]
    caption = (
        f"{shown.label.capitalize()}: mean absolute error ({unit}), whole papers left out, against medians"
    )
    return table(caption, head, lines, numeric=range(1, len(head)))
