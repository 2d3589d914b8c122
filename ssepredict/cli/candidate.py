"""Command about one ranked candidate: open it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, DatasetOption, Release


def candidate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder that `ssepredict rank` wrote.")
    ] = None,
    rank: Annotated[int | None, typer.Argument(metavar="[RANK]", help="Row to open, from 1.")] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="Instead of a folder: TOML file or shipped space.")
    ] = None,
    index: Annotated[
        int | None, typer.Option("--index", help="With --space: position of the candidate, from 0.")
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            "--objective", help="With --space: TOML file or shipped objective; host's best when omitted."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the page to a .html file.")] = None,
    model: Release = None,
    dataset: DatasetOption = None,
    as_json: AsJson = False,
) -> None:
    """Open a row of a ranking: sites, rules, reasons, neighbours, what was published near and how made."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.inference.objectives.objective import Objective
    from ssepredict.inference.spaces.space import SubstitutionSpace
    from ssepredict.modeling.predictor import load_predictor
    from ssepredict.report import tables
    from ssepredict.report.candidate_folder import RankingRows, open_candidate
    from ssepredict.report.candidate_page import check_page_path, write_page
    from ssepredict.report.candidate_text import opened_row
    from ssepredict.report.documents import json_text

    check_page_path(out)
    of_space = (space, index, objective)
    if folder is not None and rank is not None and of_space == (None, None, None):
        opened = RankingRows.read(folder, load_predictor(model), load_dataset(dataset)).open(rank)
    elif folder is None and rank is None and space is not None and index is not None:
        chosen = SubstitutionSpace.from_toml(space)
        wanted = None if objective is None else Objective.from_toml(objective)
        opened = open_candidate(chosen, index, load_predictor(model), load_dataset(dataset), wanted)
    else:
        raise typer.BadParameter("give DIR and RANK, or --space and --index")
    page = write_page(out, opened) if out is not None else None
    if as_json:
        print(json_text(opened.to_dict()))
    elif page is None:
        tables.console().print(opened_row(opened))
    if page is not None:
        tables.console(stderr=True).print(f"page: {page}")
