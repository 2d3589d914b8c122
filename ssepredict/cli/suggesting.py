"""Command that says what to make next: suggest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, Release, Seed


class StrategyName(StrEnum):
    """Ways to choose a batch."""

    expected_improvement = "expected_improvement"
    thompson = "thompson"


def suggest(
    space: Annotated[str, typer.Argument(metavar="SPACE", help="TOML file, or the name of a shipped space.")],
    batch: Annotated[int, typer.Option(min=1, help="Experiments to suggest.")] = 8,
    measured: Annotated[
        Path | None,
        typer.Option(
            "--measured",
            help="What you have measured: a CSV file (formula, conductivity, temperature, perhaps "
            "contribution), or the dataset folder that `data add` keeps.",
        ),
    ] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", help="TOML file, or the name of a shipped objective.")
    ] = None,
    strategy: Annotated[
        StrategyName, typer.Option(help="How the batch is chosen.")
    ] = StrategyName.expected_improvement,
    diversity: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How much likeness inside the batch counts against a row.")
    ] = 0.8,
    limit: Annotated[
        int, typer.Option(min=1, help="Candidates of a larger space to look at, spread evenly.")
    ] = 50_000,
    seed: Seed = 0,
    model: Release = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for suggestions.csv, measured.csv and summary.json.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Suggest the next experiments, given what you have measured.

    Nothing is trained: the predictions are conditioned on your values in seconds. Measure, add the values to
    your table, and ask again.
    """
    from ssepredict.inference.objectives.objective import Objective
    from ssepredict.inference.spaces.space import SubstitutionSpace
    from ssepredict.inference.suggestion import suggest as suggest_next
    from ssepredict.modeling.predictor import load_predictor
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text
    from ssepredict.report.suggestions import (
        check_suggestion_folder,
        suggestion_document,
        suggestion_table,
        write_suggestions,
    )

    check_suggestion_folder(out)
    chosen = SubstitutionSpace.from_toml(space)
    wanted = None if objective is None else Objective.from_toml(objective)
    predictor = load_predictor(model)
    with tables.progress_bar(f"{min(limit, len(chosen)):,} of {len(chosen):,} candidates") as advance:
        frame = suggest_next(
            chosen,
            predictor,
            wanted,
            batch,
            measured=measured,
            strategy=strategy.value,
            diversity=diversity,
            seed=seed,
            limit=limit,
            progress=advance,
        )
    written = write_suggestions(out, frame) if out is not None else []
    if as_json:
        print(json_text(suggestion_document(frame)))
    else:
        tables.console().print(suggestion_table(frame))
    for path in written:
        tables.console(stderr=True).print(f"wrote {path}")
