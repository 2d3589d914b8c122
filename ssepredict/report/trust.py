"""How far a ranking can be trusted: the measured errors of the model, said plainly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ssepredict.modeling.targets import TARGETS
from ssepredict.report.markup import Markup, section, table, tag
from ssepredict.report.wording import SHOWN, show_number
from ssepredict.resources import shipped_folder

_BASELINES = ("dummy_median", "family_median", "host_median")
_FEW_PAIRS = 30


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
    return section(title, *parts)


def order_note(metrics: Mapping[str, Any] | None, host: str) -> Markup:
    """Say how well the order of compositions inside one host was met on left-out papers.

    Parameters
    ----------
    metrics : mapping, optional
        `Predictor.metrics`; `within_host_order` lists `host_group`, `concordance` (share of pairs in the
        right order), `pairs`, `series` and, where known, `low` and `high` (90 % interval of the share) and
        the `protocol`.
    host : str
        Host of the space.
    """
    lines: Sequence[Mapping[str, Any]] = (metrics or {}).get("within_host_order") or []
    own = [line for line in lines if host in str(line["host_group"]).split(" and ")]
    known = [line for line in own if line.get("concordance") is not None and line["pairs"]]
    if not known:
        heading = "Read the list as a shortlist, not as an order. "
        said = f"How well the model orders compositions of {host} has not been measured."
        return _note(heading, said)
    line = known[0]
    share, pairs, low = float(line["concordance"]), int(line["pairs"]), line.get("low")
    purged = " with all its compositions" if line.get("protocol") == "paper_purged" else ""
    spread = "" if low is None else f" (90 % interval {100 * low:.0f} to {100 * line['high']:.0f} %)"
    said = (
        f"Of {pairs:,} pairs of compositions of {line['host_group']} that one paper measured "
        f"({line['series']} series, each left out of training{purged}), the model puts "
        f"{100 * share:.0f} %{spread} "
        f"in the right order; 50 % is chance. {_judge(share if low is None else float(low), pairs)}"
    )
    return _note("Read the list as a shortlist, not as an order. ", said)


def _note(heading: str, said: str) -> Markup:
    return tag("div", tag("p", tag("strong", heading), said), class_="note")


def _judge(share: float, pairs: int) -> str:
    """Say what a share of pairs in the right order is worth; of an interval the lower end counts."""
    if pairs < _FEW_PAIRS:
        return "So few pairs say next to nothing about the order."
    if share < 0.55:
        return (
            "That is no better than a coin: the choice between candidates of this list has to come from the "
            "verdicts, the evidence and chemical judgement."
        )
    if share < 0.7:
        return (
            "That is little: the list as a whole is a better bet than a random choice, the order of two "
            "neighbours in it means next to nothing."
        )
    return "That is useful for coarse steps; the order of close neighbours still means little."


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
