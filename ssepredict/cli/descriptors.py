"""Commands about computed descriptors: `ssepredict descriptors ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, DatasetFolder

descriptors = typer.Typer(help="Figures of relaxed doped crystals.", no_args_is_help=True)

RunFile = Annotated[Path, typer.Option("--out", help="File to which every finished configuration is added.")]


@descriptors.command("compute")
def descriptors_compute(
    host: Annotated[str, typer.Option("--host", help="Undoped composition, e.g. Na3Zr2Si2PO12.")],
    ions: Annotated[str, typer.Option("--ions", help="Dopants, e.g. Sc3+,Zn2+,Mg2+.")],
    configurations: Annotated[int, typer.Option(min=1, help="Configurations of each dopant.")] = 3,
    count: Annotated[int, typer.Option(min=1, help="M ions to replace in the cell.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the potential.")] = 1,
    out: RunFile = Path("descriptors.jsonl"),
) -> None:
    """Relax doped cells and compute their descriptors; run it again to go on where it was stopped."""
    from ssepredict.chemistry.ions import Ion
    from ssepredict.data.descriptors import append_record, read_records
    from ssepredict.report import tables
    from ssepredict.structures.campaign import plan, run
    from ssepredict.structures.hosts import find_host
    from ssepredict.structures.relax import chgnet_potential

    found = find_host(host)
    dopants = [Ion.parse(text) for text in ions.split(",")]
    potential = chgnet_potential(threads)
    tasks = plan(found, dopants, count=count, configurations=configurations, potential=potential.name)
    done = read_records(out)
    left = sum(task.key not in done for task in tasks)
    show = tables.console(stderr=True).print
    show(f"{len(tasks)} configurations, {len(tasks) - left} of them finished in {out}")
    for task, record in run(tasks, potential, done):
        append_record(out, record)
        left -= 1
        result = record.get("problem") or f"{record['steps']} steps, {record['seconds']} s"
        show(f"{task.kind} {task.ion} seed {task.seed}: {result}; {left} left")


@descriptors.command("table")
def descriptors_table(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files that `compute` wrote.")],
    out: Annotated[Path, typer.Option("--out", help="CSV file to write.")] = Path("descriptors.csv"),
) -> None:
    """Gather finished configurations to one line per host, dopant, fraction and descriptor."""
    from ssepredict.data.descriptors import read_records, write_descriptors
    from ssepredict.exceptions import SsePredictError
    from ssepredict.structures.summary import descriptor_table

    records = {key: record for file in files for key, record in read_records(file).items()}
    if not records:
        raise SsePredictError(f"{', '.join(map(str, files))}: no finished configuration; run compute first")
    print(write_descriptors(out, descriptor_table(records.values())))


@descriptors.command("check")
def descriptors_check(folder: DatasetFolder = None, as_json: AsJson = False) -> None:
    """Hold the computed descriptors of a dataset against reported cells, energies and solubilities."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.data.descriptors import read_descriptors
    from ssepredict.exceptions import SsePredictError
    from ssepredict.modeling.descriptor_checks import check_descriptors, used_descriptors, volume_errors
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text, records

    dataset = load_dataset(folder)
    table = read_descriptors(dataset.folder)
    if table.empty:
        raise SsePredictError(
            f"dataset {dataset.folder} has no descriptors.csv; make it with `ssepredict descriptors compute` "
            "and `ssepredict descriptors table`"
        )
    checks, volumes = check_descriptors(table, dataset), volume_errors(table)
    used = used_descriptors(checks)
    if as_json:
        content = {"checks": records(checks), "volumes": records(volumes), "used": used}
        print(json_text(content))
        return
    show = tables.console().print
    show(tables.any_table(checks))
    show(tables.any_table(volumes))
    for host, names in used.items():
        show(f"{host}: models may use {', '.join(names)}")
    if not used:
        show("no descriptor passes; models may use none")
