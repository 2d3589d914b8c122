"""Commands about substitution spaces: rank and report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, Release


def rank(
    space: Annotated[str, typer.Argument(metavar="SPACE", help="TOML file, or na3zr2si2po12 or li2zrcl6.")],
    top: Annotated[int, typer.Option(min=1, help="Candidates to keep.")] = 100,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for ranking.csv, summary.json and report.html.")
    ] = None,
    model: Release = None,
    as_json: AsJson = False,
) -> None:
    """Rank the candidates of a substitution space: which dopants, on which site, at which fraction next."""
    from ssepredict.inference.ranking import rank as rank_space
    from ssepredict.inference.space import SubstitutionSpace
    from ssepredict.modeling.predictor import load_predictor
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text, ranking_document
    from ssepredict.report.html import write_report

    chosen = SubstitutionSpace.from_toml(space)
    predictor = load_predictor(model)
    with tables.progress_bar(f"{len(chosen):,} candidates") as advance:
        frame = rank_space(chosen, predictor, top=top, out=out, progress=advance)
    report = write_report(out, predictor.metrics) if out is not None else None
    if as_json:
        print(json_text(ranking_document(frame)))
        return
    tables.console().print(tables.ranking(frame))
    if report is not None:
        tables.console(stderr=True).print(f"report: {report}")


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `ssepredict rank` wrote.")],
) -> None:
    """Write report.html of a ranking again."""
    from ssepredict.report.html import write_report

    print(write_report(folder))
