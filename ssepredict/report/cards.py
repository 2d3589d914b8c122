"""One composition understood: predictions, who sits where, what the rules say, what was measured near."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ssepredict.report.documents import Examination, records
from ssepredict.report.prediction_details import (
    Details,
    cell_tables,
    evidence_table,
    explanation_parts,
    reason_lines,
)
from ssepredict.report.tables import coloured, table_of
from ssepredict.report.wording import (
    SHOWN,
    SITE_NAMES,
    STATUS_NOTES,
    VERDICT_NOTES,
    show_charge,
    show_interval,
    show_ion,
    show_number,
    show_target,
    targets_of,
)

if TYPE_CHECKING:
    import pandas as pd

    from ssepredict.physics.claims import ClaimVerdict

CARDS_UP_TO = 5
"""So many compositions are described one by one; more go into one table with a line each."""

_OBJECTIONS = ("reject", "warn", "not_evaluable", "inform")


def predictions(
    frame: pd.DataFrame,
    verdicts: pd.DataFrame | None,
    details: Sequence[Details],
    confidence: float,
) -> RenderableType:
    """Show predictions: one card per composition, or one line each when there are many.

    Parameters
    ----------
    frame : DataFrame, n rows
        As `Predictor.predict` gives it.
    verdicts : DataFrame, optional
        As `ssepredict.check` gives it for the same rows; with it every composition gets a card.
    details : sequence of Details, length n
        What stands behind each prediction; empty without cards.
    confidence : float
        Coverage of the intervals, for the heading.
    """
    rows = records(frame)
    parts: list[RenderableType] = []
    if verdicts is None:
        parts.append(_prediction_lines(rows, confidence))
    else:
        said = _by_formula(verdicts)
        for row, behind in zip(rows, details, strict=True):
            parts += _prediction_card(row, said[row["formula"]], behind, confidence)
    seen = {value for row in rows for name, value in row.items() if name.endswith("_status")}
    parts += [Text(note, style="dim") for status, note in STATUS_NOTES.items() if status in seen]
    return Group(*parts)


def _prediction_card(
    row: Mapping[str, Any],
    said: Sequence[Mapping[str, Any]],
    behind: Details,
    confidence: float,
) -> Iterator[RenderableType]:
    yield _heading(
        str(row["formula"]), f"{row['family']}, {row['framework']}, {show_number(row['temperature_c'])} °C"
    )
    table = table_of("predicted", "value", f"{100 * confidence:g} % interval", "status")
    for target in targets_of(row):
        status = coloured(str(row[f"{target}_status"]))
        table.add_row(SHOWN[target].label, show_target(row, target), show_interval(row, target), status)
    yield table
    yield from reason_lines(behind)
    distance = show_number(row["domain_distance"], ".2f")
    yield Text(f"{_counts(row)}; distance to measured compositions {distance}")
    yield Text.assemble("verdict ", coloured(str(row["verdict"])))
    yield from (Text(f"  {line}") for line in _objections(said))
    yield from explanation_parts(behind)
    if behind.evidence:
        yield evidence_table(behind)
    yield from cell_tables(behind)
    yield Text("")


def _prediction_lines(rows: Sequence[Mapping[str, Any]], confidence: float) -> Table:
    targets = [
        target
        for target in targets_of(rows[0])
        if any(row[f"{target}_status"] != "abstained" for row in rows)
    ]
    table = table_of("formula", "framework")
    for target in targets:
        table.add_column(f"{SHOWN[target].label}\n({SHOWN[target].unit})", justify="right")
        table.add_column(f"{100 * confidence:g} % interval")
        table.add_column("status")
    table.add_column("verdict")
    for row in rows:
        cells: list[str | Text] = [str(row["formula"]), str(row["framework"])]
        for target in targets:
            cells += [show_target(row, target, unit=False), show_interval(row, target)]
            cells.append(coloured(str(row[f"{target}_status"])))
        table.add_row(*cells, coloured(str(row["verdict"])))
    return table


def verdicts(formulas: Sequence[str], found: Examination) -> RenderableType:
    """Show who sits where and what every rule says.

    Parameters
    ----------
    formulas : sequence of str, length n
    found : Examination
        Of the same formulas.
    """
    said = _by_formula(found.verdicts)
    parts: list[RenderableType] = []
    if len(formulas) <= CARDS_UP_TO:
        for formula, record, worst in zip(formulas, found.sites, found.worst, strict=True):
            parts += _check_card(formula, record, worst, said[formula])
    else:
        lines = table_of("formula", "framework", "carriers", "vacancies", "verdict", "reason")
        for formula, record, worst in zip(formulas, found.sites, found.worst, strict=True):
            known = record or {}
            lines.add_row(
                formula,
                str(known.get("framework") or "–"),
                show_number(known.get("carriers")),
                show_number(known.get("vacancies")),
                coloured(worst),
                "\n".join(_objections(said[formula])),
            )
        parts.append(lines)
    parts += [Text(note, style="dim") for name, note in VERDICT_NOTES.items() if name in found.worst]
    return Group(*parts)


def _check_card(
    formula: str, record: Mapping[str, Any] | None, worst: str, said: Sequence[Mapping[str, Any]]
) -> Iterator[RenderableType]:
    if record is None:
        yield _heading(formula, "")
    else:
        yield _heading(formula, f"{record['family']}, {record['framework']}")
        yield _site_table(record)
        yield Text(_counts(record))
        yield Text(_entropy(record))
        yield Text("")
    table = table_of("rule", "verdict", "what it says")
    for row in said:
        table.add_row(str(row["rule"]), coloured(str(row["verdict"])), str(row["message"]))
    yield table
    yield Text.assemble("verdict ", coloured(worst))
    yield Text("")


def _site_table(record: Mapping[str, Any]) -> Table:
    table = table_of("site", "ions per formula unit", "total", "mean radius (Å)", "entropy (k_B)")
    for site, content in record["sites"].items():
        ions = ", ".join(
            f"{show_ion(ion['element'], ion['oxidation_state'])} {show_number(ion['amount'], '.6g')}"
            for ion in content["ions"]
        )
        mean = show_number(content["mean_radius_angstrom"], ".3f")
        entropy = show_number(content["entropy_kb"], ".2f")
        table.add_row(SITE_NAMES[site], ions, show_number(content["total"], ".6g"), mean, entropy)
    return table


def _counts(row: Mapping[str, Any]) -> str:
    charge = show_charge(row["charge_residual"])
    vacancies = "not countable" if row["vacancies"] is None else show_number(row["vacancies"])
    carriers = show_number(row["carriers"])
    return f"carriers {carriers}, vacancies {vacancies} per formula unit; net charge {charge} e"


def _entropy(record: Mapping[str, Any]) -> str:
    known = record["entropy_kb"]
    if known is None:
        return "configurational entropy not countable: the framework does not tell the vacancies"
    return (
        f"configurational entropy {known:.2f} k_B per formula unit ({known:.2f} R per mole; ideal mixing on "
        "every site, vacancies with A)"
    )


def claims(said: Sequence[ClaimVerdict]) -> RenderableType:
    """Show stated mechanisms, or changes against a host, one line each.

    Parameters
    ----------
    said : sequence of ClaimVerdict
    """
    table = table_of("formula", "host", "claim", "verdict", "what the counts say")
    for claim in said:
        stated = f"{claim.quantity}={claim.claimed}" if claim.claimed else "–"
        table.add_row(claim.formula, claim.host or "–", stated, coloured(claim.verdict), claim.sentence)
    return table


def _by_formula(verdict_rows: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Lines per formula; a formula that was given twice is judged once."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in records(verdict_rows.drop_duplicates(["formula", "rule"])):
        lines.setdefault(str(row["formula"]), []).append(row)
    return lines


def _objections(said: Sequence[Mapping[str, Any]]) -> list[str]:
    """List what is not a pass, the worst first."""
    rows = [row for row in said if row["verdict"] in _OBJECTIONS]
    rows.sort(key=lambda row: _OBJECTIONS.index(row["verdict"]))
    return [f"{row['verdict']}: {row['message']}" for row in rows]


def _heading(name: str, detail: str) -> Text:
    return Text.assemble((name, "bold"), f"  ({detail})" if detail else "")
