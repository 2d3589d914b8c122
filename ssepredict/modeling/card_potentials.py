"""The card's tables that put two potentials beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssepredict.modeling.card_parts import number_text, table_text


def p_text(value: float | None) -> str:
    """Write a p-value; nothing where there is none."""
    return "under 0.001" if value is not None and value < 0.001 else number_text(value)


def agreement_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Whether two potentials say the same; nothing where only one was used.

    Parameters
    ----------
    lines : sequence of dict
        As `potential_comparison.agreement` gives them.
    """
    if not lines:
        return ""
    body = [
        [
            f"{line['first']}, {line['second']}",
            f"{line['descriptor']} ({line['unit']})",
            line["host"],
            str(line["n"]),
            number_text(line["spearman"]),
            f"{line['mean_difference']:+.3f}",
            f"{line['scatter']:.3f}",
            f"{line['range']:.3f}",
        ]
        for line in lines
    ]
    head = ["potentials", "figure", "host", "n", "Spearman", "mean difference", "its scatter", "range"]
    return (
        "Whether two potentials say the same, on the compositions that both computed (rank correlation of "
        "their figures; second less first, and its standard deviation, beside the range of the first; a "
        "figure is the mean over the configurations that each computed):\n\n" + table_text(head, body)
    )


def common_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Both potentials against what is reported; nothing where no check could be made with both.

    Parameters
    ----------
    lines : sequence of dict
        As `potential_comparison.common_checks` gives them.
    """
    shown = [line for line in lines if line["p_value_first"] is not None]
    if not shown:
        return ""
    body = [
        [
            f"{line['first']}, {line['second']}",
            line["descriptor"],
            line["against"],
            line["host"],
            str(line["n"]),
            "rises" if line["expected"] > 0 else "falls",
            *(
                f"{number_text(line[f'spearman_{side}'])} (p {p_text(line[f'p_value_{side}'])})"
                for side in ("first", "second")
            ),
        ]
        for line in shown
    ]
    head = ["potentials", "descriptor", "against", "host", "n", "expected", "first", "second"]
    better = sum(
        line["expected"] * line["spearman_second"] > line["expected"] * line["spearman_first"]
        for line in shown
    )
    return (
        "Both potentials against what is reported, on the same compositions: the rank correlation lies "
        f"further in the expected direction with the second in {better} of {len(shown)} checks.\n\n"
        + table_text(head, body)
    )
