"""Commands about single compositions: predict and check."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ssepredict.cli.options import (
    AsJson,
    FormulaFile,
    Formulas,
    OutFile,
    Release,
    asked_formulas,
    interfaces,
    levels,
    name_problems,
    one_of,
)


def predict(
    formulas: Formulas = None,
    file: FormulaFile = None,
    temperature: Annotated[float, typer.Option(help="Temperature of the conductivity (°C).")] = 25.0,
    confidence: Annotated[float, typer.Option(help="Coverage of the intervals, above 0 and below 1.")] = 0.9,
    contribution: Annotated[
        str | None,
        typer.Option(
            callback=one_of(levels("contribution")), help="total (assumed), bulk or grain_boundary."
        ),
    ] = None,
    synthesis: Annotated[
        str | None,
        typer.Option(callback=one_of(levels("synthesis")), help="Route, e.g. solid_state, ball_mill."),
    ] = None,
    sinter_temperature: Annotated[float | None, typer.Option(help="Highest firing temperature (°C).")] = None,
    sinter_time: Annotated[float | None, typer.Option(help="Time at that temperature (h).")] = None,
    relative_density: Annotated[float | None, typer.Option(help="Share of the ideal density (%).")] = None,
    interface: Annotated[
        str | None,
        typer.Option(callback=one_of(interfaces), help="Of the cell: pristine, interlayer, alloy, ..."),
    ] = None,
    current_density: Annotated[float | None, typer.Option(help="Of the cell test (mA/cm²).")] = None,
    c_rate: Annotated[float | None, typer.Option(help="Of the cell test.")] = None,
    stack_pressure: Annotated[float | None, typer.Option(help="On the cell (MPa).")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what moved each prediction away from the undoped host's.")
    ] = False,
    model: Release = None,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going", help="Predict good rows although others are bad; the exit status stays 1."
        ),
    ] = False,
    as_json: AsJson = False,
    out: OutFile = None,
) -> None:
    """Predict conductivity, activation energy, critical current density and fade, with intervals."""
    from ssepredict.modeling.predictor import load_predictor
    from ssepredict.physics.checks import check as check_formulas
    from ssepredict.report import cards, tables
    from ssepredict.report.documents import json_text, prediction_document, without_abstained
    from ssepredict.report.files import check_table_path, write_table
    from ssepredict.report.prediction_details import details_of

    asked = asked_formulas(formulas, file)
    check_table_path(out)
    predictor = load_predictor(model)
    usable, problems = predictor.screen(asked.formulas)
    conditions: dict[str, Any] = {
        "contribution": contribution,
        "synthesis": synthesis,
        "sinter_temperature_c": sinter_temperature,
        "sinter_time_h": sinter_time,
        "relative_density_pct": relative_density,
        "interface": interface,
        "current_density_ma_cm2": current_density,
        "c_rate": c_rate,
        "stack_pressure_mpa": stack_pressure,
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    good = [asked.formulas[row] for row in usable] if keep_going or not problems else []
    frame = predictor.predict(good, temperature, confidence, **given) if good else None
    if frame is not None and out is not None:
        write_table(frame, out)
    few = explain or len(good) <= cards.CARDS_UP_TO
    shown = as_json or (out is None and few)
    details = details_of(predictor, good, temperature, given, explain) if good and shown else []
    if as_json:
        print(json_text(prediction_document(asked, frame, problems, predictor, confidence, given, details)))
    elif frame is not None and out is not None:
        tables.console(stderr=True).print(f"wrote {len(frame):,} predictions to {out}")
    elif frame is not None:
        said = check_formulas(good, without_abstained(frame)) if few else None
        tables.console().print(cards.predictions(frame, said, details, confidence))
    if problems:
        name_problems(asked, problems)


def check(
    formulas: Formulas = None,
    file: FormulaFile = None,
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", help="Stated mechanism, e.g. vacancies=up (down, same) or carriers=up."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Host of the claim; alone it asks for the change of the counts."),
    ] = None,
    as_json: AsJson = False,
    out: OutFile = None,
) -> None:
    """Show who sits on which site and hold formulas against the rules of physics.

    A claim is held against the counts of the composition and of its host; a contradicted one is no failure.
    The exit status is 1 when a formula or a claim cannot be used or a rule rejects a formula.
    """
    from ssepredict.physics.claims import check_claims
    from ssepredict.report import cards, tables
    from ssepredict.report.documents import check_document, examine, json_text
    from ssepredict.report.files import check_table_path, write_table

    asked = asked_formulas(formulas, file)
    check_table_path(out)
    said = check_claims(asked.formulas, claim or (), host) if claim or host is not None else []
    found = examine(asked)
    if out is not None:
        write_table(found.verdicts, out)
    if as_json:
        print(json_text(check_document(asked, found, said)))
    elif out is not None:
        tables.console(stderr=True).print(f"wrote {len(found.verdicts):,} verdicts to {out}")
    else:
        tables.console().print(cards.verdicts(asked.formulas, found))
    if said and not as_json:
        tables.console(stderr=out is not None).print(cards.claims(said))
    if found.problems:
        name_problems(asked, found.problems)
    if "reject" in found.worst:
        raise typer.Exit(1)
