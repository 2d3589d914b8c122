"""What stands behind predictions: nearest measurements, comparable cells, reasons, and what moved them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ssepredict.report.documents import plain
from ssepredict.report.tables import table_of
from ssepredict.report.wording import SHOWN, show_number

if TYPE_CHECKING:
    from ssepredict.modeling.explanation import Explanation
    from ssepredict.modeling.predictor import Predictor

_LEAST_SHOWN = 0.005
"""Effects below half a hundredth (decades, eV) are added up in one line."""

_HOW_TO_READ = (
    "Each line is the share of the model's difference that falls to a group of features (Shapley value); the "
    "lines add up. They explain the model, not the material."
)

_UNITS = {"decades": ("decades", ".2f"), "eV": ("eV", ".3f")}


@dataclass(frozen=True)
class Details:
    """What stands behind the prediction of one composition.

    Parameters
    ----------
    evidence : tuple of dict
        As `Predictor.evidence` gives it.
    cells : dict of str to tuple of dict
        Abstained target to the comparable measured cells.
    reasons : dict of str to str
        Abstained target to why.
    explanations : tuple of Explanation
        Empty unless they were asked for.
    """

    evidence: tuple[Mapping[str, Any], ...]
    cells: Mapping[str, tuple[Mapping[str, Any], ...]]
    reasons: Mapping[str, str]
    explanations: tuple[Explanation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `explanations` only when they were asked for."""
        content: dict[str, Any] = {
            "evidence": plain(self.evidence),
            "abstained": {
                target: {"reason": reason, "comparable_cells": plain(self.cells.get(target, ()))}
                for target, reason in self.reasons.items()
            },
        }
        if self.explanations:
            content["explanations"] = [plain(entry.to_dict()) for entry in self.explanations]
        return content


def details_of(
    predictor: Predictor,
    formulas: Sequence[str],
    temperature_c: float,
    conditions: Mapping[str, Any],
    explained: bool = False,
) -> list[Details]:
    """Look up what stands behind the predictions.

    Parameters
    ----------
    predictor : Predictor
    formulas : sequence of str, length n
    temperature_c : float
    conditions : mapping
        As for `Predictor.predict`; the class of the interface chooses among the cells.
    explained : bool, default False
        Whether to compute what moved the predictions.

    Returns
    -------
    list of Details, length n
    """
    from ssepredict.chemistry.sites import parse_sites
    from ssepredict.modeling.cell_evidence import CELL_TARGETS, comparable_cells
    from ssepredict.modeling.explanation import explain

    sites = parse_sites(list(formulas))
    evidence = predictor.evidence(sites)
    reasons = {name: model.reason for name, model in predictor.models.items() if model.status == "abstained"}
    cells = {
        target: comparable_cells(
            predictor.cell_rows,
            predictor.domain,
            sites,
            target,
            temperature_c=temperature_c,
            interface=str(conditions.get("interface") or ""),
        )
        for target in CELL_TARGETS
        if target in reasons
    }
    said = explain(predictor, formulas, temperature_c, **conditions) if explained else [[]] * len(formulas)
    return [
        Details(
            tuple(near),
            {target: tuple(found[row]) for target, found in cells.items()},
            reasons,
            tuple(said[row]),
        )
        for row, near in enumerate(evidence)
    ]


def reason_lines(details: Details) -> Iterator[Text]:
    """Say of every abstained target why."""
    for target, reason in details.reasons.items():
        yield Text(f"{SHOWN[target].label} abstained: {reason}")


def evidence_table(details: Details) -> Table:
    """Show the nearest measured samples."""
    table = table_of("nearest measured", "S/cm", "°C", "distance", "year", "source")
    for entry in details.evidence:
        table.add_row(
            str(entry["formula"]),
            show_number(entry["conductivity_s_cm"], ".1e"),
            show_number(entry["temperature_c"]),
            show_number(entry["distance"], ".2f"),
            show_number(entry["year"], ".0f"),
            _source(entry),
        )
    return table


def cell_tables(details: Details) -> Iterator[RenderableType]:
    """Show the measured cells to compare with, one table per abstained target."""
    for target, rows in details.cells.items():
        label = SHOWN[target].label
        if not rows:
            yield Text(f"no measured {label} in this family")
            continue
        table = table_of("measured " + label, SHOWN[target].unit, "°C", "electrodes", "interface", "test")
        table.add_column("distance")
        table.add_column("source", overflow="fold")
        for row in rows:
            electrodes = f"{row['negative_electrode'] or '–'} | {row['positive_electrode'] or '–'}"
            interface = str(row["interface"] or row["interface_class"].replace("_", " "))
            table.add_row(
                str(row["formula"]),
                f"{row['bound']}{show_number(row['value'], SHOWN[target].format)}",
                show_number(row["temperature_c"]),
                electrodes,
                interface,
                _test(row),
                show_number(row["distance"], ".2f"),
                _source(row),
            )
        yield table


def _test(row: Mapping[str, Any]) -> str:
    parts = []
    for name, form in (
        ("retention_pct", "{} % kept"),
        ("cycles", "{} cycles"),
        ("current_density_ma_cm2", "{} mA/cm²"),
        ("c_rate", "{} C"),
        ("stack_pressure_mpa", "{} MPa"),
    ):
        text = show_number(row[name], ".4g")
        if text != "–":
            parts.append(form.format(text))
    return ", ".join(parts) or "–"


def _source(row: Mapping[str, Any]) -> str:
    return str(row["doi"] or row.get("citation") or row["source_id"])


def explanation_parts(details: Details) -> Iterator[RenderableType]:
    """Show what moved each prediction away from that of the reference, the largest effect first."""
    for entry in details.explanations:
        shown = SHOWN[entry.target]
        unit, form = _UNITS.get(entry.unit, (entry.unit, ".3g"))
        kind = "the undoped host" if entry.reference_is_host else "the most measured other host"
        here, there = (show_number(value, shown.format) for value in (entry.value, entry.reference_value))
        yield Text(
            f"{shown.label} {here} {shown.unit} against {there} predicted for {kind} "
            f"{entry.reference} at 25 °C"
        )
        table = table_of("because of", unit, "difference")
        rest = 0.0
        for effect in entry.effects:
            if abs(effect.effect) < _LEAST_SHOWN:
                rest += effect.effect
            else:
                table.add_row(effect.group, format(effect.effect, f"+{form}"), effect.difference)
        if rest:
            table.add_row("everything else", format(rest, f"+{form}"), "")
        table.add_row("together", format(entry.center - entry.reference_center, f"+{form}"), "")
        yield table
    if details.explanations:
        yield Text(_HOW_TO_READ, style="dim")
