"""Commands about models: train and evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, DatasetOption, Folds, OutFile, Seed


def train(
    dataset: DatasetOption = None,
    name: Annotated[str, typer.Option(help="Name of the release.")] = "nasicon-halide",
    out: Annotated[Path, typer.Option("--out", help="Folder in which the release gets a folder.")] = Path(
        "models"
    ),
    targets: Annotated[
        list[str] | None,
        typer.Option("--target", help="Train this target only; may be repeated. All four when omitted."),
    ] = None,
    seed: Seed = 0,
    folds: Folds = 20,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", help="Public dataset to add, e.g. obelix; see `ssepredict data fetch`."),
    ] = None,
    tracking: Annotated[
        bool, typer.Option("--tracking/--no-tracking", help="Log to MLflow (mlflow.db, MLFLOW_TRACKING_URI).")
    ] = True,
    resend: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Train nothing; log the release that was written to this folder."),
    ] = None,
) -> None:
    """Train every target, measure it on left-out papers, write a release and log it to MLflow."""
    if resend is not None:
        if not tracking:
            raise typer.BadParameter("--resend logs to MLflow, --no-tracking forbids it; give one of the two")
        _log_release(resend)
        return
    from ssepredict.data.dataset import load_dataset
    from ssepredict.data.external import with_external
    from ssepredict.modeling.evaluation import check_names
    from ssepredict.modeling.targets import TARGETS
    from ssepredict.modeling.tracking import keep_left_out
    from ssepredict.modeling.training import train as train_models
    from ssepredict.report import tables

    wanted = tuple(targets or TARGETS)
    check_names("target", wanted, TARGETS)
    say = tables.console(stderr=True).print
    loaded = load_dataset(dataset)
    for extra in dict.fromkeys(with_ or ()):
        loaded, added = with_external(loaded, extra)
        say(f"{extra}: {added.measurements:,} measurements added, {added.left_out:,} were there already")
    loaded.validate()
    predictor = train_models(loaded, name=name, targets=wanted, seed=seed, folds=folds, progress=say)
    release = out / name
    predictor.save(release)
    keep_left_out(predictor, release)
    say(f"release: {release}")
    if tracking:
        _log_release(release)


def _log_release(release: Path) -> None:
    """Log a written release and say where it is and whether it became champion."""
    from ssepredict.modeling.tracking import log_release
    from ssepredict.report import tables

    say = tables.console(stderr=True).print
    sent = log_release(release)
    say(f"mlflow run: {sent.run_id}" + ("" if sent.created else " (complete already, nothing was sent)"))
    say(f"champion: {'yes' if sent.promoted else 'no'}, {sent.reason}")


def evaluate(
    protocol: Annotated[
        str,
        typer.Option(
            help="What is left out: paper, paper_purged (its compositions too), dopant, host, framework, "
            "time (later years), random, or within_host (the order of compositions inside one host); all "
            "runs every one."
        ),
    ] = "paper",
    dataset: DatasetOption = None,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--target", help="Target to predict; may be repeated. All with rows enough when omitted."
        ),
    ] = None,
    estimators: Annotated[
        list[str] | None,
        typer.Option("--estimator", help="Model, baseline or peer; may be repeated. All when omitted."),
    ] = None,
    leader: Annotated[
        str | None,
        typer.Option(help="Estimator to hold the others against; the best boosted one when omitted."),
    ] = None,
    before: Annotated[
        int, typer.Option("--before", help="Protocol time: train on what was published before this year.")
    ] = 2021,
    seed: Seed = 0,
    folds: Folds = 20,
    workers: Annotated[int, typer.Option(help="Processes; -1 for one per core.")] = -1,
    tracking: Annotated[
        bool | None,
        typer.Option(
            "--tracking/--no-tracking",
            help="Log to MLflow (mlflow.db, MLFLOW_TRACKING_URI); done for --protocol all when omitted.",
        ),
    ] = None,
    as_json: AsJson = False,
    out: OutFile = None,
) -> None:
    """Compare models, baselines and peers on what they have not seen, beside the noise floor of the data."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.modeling.evaluation import evaluate as evaluate_models
    from ssepredict.modeling.order_evaluation import WITHIN_HOST
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text, records
    from ssepredict.report.evaluation import evaluation_tables
    from ssepredict.report.files import check_table_path, write_table
    from ssepredict.report.within_host import order_tables

    check_table_path(out)
    say = tables.console(stderr=True).print
    loaded = load_dataset(dataset)
    found = evaluate_models(
        loaded,
        protocol,
        targets=targets,
        estimators=estimators,
        seed=seed,
        folds=folds,
        split_year=before,
        leader=leader,
        workers=workers,
        progress=say,
    )
    if out is not None:
        write_table(found.within_host if protocol == WITHIN_HOST else found.table, out)
    if as_json:
        results = {"results": records(found.table), "reliability": records(found.reliability)}
        results["within_host"] = records(found.within_host)
        results["order_agreement"] = records(found.order_agreement)
        print(json_text({"protocol": protocol, "seed": seed, "folds": folds, **results}))
    else:
        if protocol != WITHIN_HOST:
            tables.console().print(evaluation_tables(found.table))
        if len(found.within_host):
            tables.console().print(order_tables(found.within_host, found.order_agreement))
    if protocol == "all" if tracking is None else tracking:
        from ssepredict.modeling.tracking import log_evaluation

        say(f"mlflow run: {log_evaluation(found, loaded)}")
