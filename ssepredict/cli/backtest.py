"""Command that goes back in time: backtest."""

from __future__ import annotations

from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, DatasetOption, OutFile, Seed


def backtest(
    space: Annotated[
        str, typer.Argument(metavar="SPACE", help="TOML file, or a shipped space as na3zr2si2po12.")
    ],
    before: Annotated[
        list[int] | None,
        typer.Option("--before", metavar="YEAR", help="Train on what was published before; may be repeated."),
    ] = None,
    all_years: Annotated[
        bool, typer.Option("--all-years", help="Every year in which something of the space was published.")
    ] = False,
    dataset: DatasetOption = None,
    sample: Annotated[
        int, typer.Option(min=1, help="Candidates to rank, drawn at random from a larger space.")
    ] = 20_000,
    seed: Seed = 0,
    folds: Annotated[int, typer.Option(min=2, help="Folds in which each model is chosen.")] = 5,
    as_json: AsJson = False,
    out: OutFile = None,
) -> None:
    """Train on what was published before a year, rank a space, and show where later winners stand.

    Each year trains a model, which takes a minute or two. A poor result is printed as it is.
    """
    from ssepredict.data.dataset import load_dataset
    from ssepredict.inference.backtest import backtest as run_backtest
    from ssepredict.inference.spaces.space import SubstitutionSpace
    from ssepredict.report import tables
    from ssepredict.report.backtest import backtest_document, backtest_tables
    from ssepredict.report.documents import json_text
    from ssepredict.report.files import check_table_path, write_table

    if bool(before) == all_years:
        raise typer.BadParameter("give --before YEAR (as often as you like) or --all-years, one of the two")
    check_table_path(out)
    found = run_backtest(
        SubstitutionSpace.from_toml(space),
        load_dataset(dataset),
        before or None,
        sample=sample,
        seed=seed,
        folds=folds,
        progress=tables.console(stderr=True).print,
    )
    if out is not None:
        write_table(found.years, out)
    if as_json:
        print(json_text(backtest_document(found)))
    else:
        tables.console().print(backtest_tables(found))
