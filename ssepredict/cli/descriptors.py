"""Commands about computed descriptors: `ssepredict descriptors ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssepredict.cli.options import AsJson, DatasetFolder

descriptors = typer.Typer(help="Figures of relaxed doped crystals.", no_args_is_help=True)

PotentialName = Annotated[str, typer.Option("--potential", help="CHGNet, or SevenNet to compare.")]
WeightsName = Annotated[
    str,
    typer.Option(
        "--weights",
        help="Other weights of the potential: 0.2.0 or r2scan of CHGNet, 7net-l3i5, 7net-mf-0-pbe or "
        "7net-mf-0-r2scan of SevenNet.",
        show_default=False,
    ),
]
RunFile = Annotated[Path, typer.Option("--out", help="File to which every finished configuration is added.")]


@descriptors.command("compute")
def descriptors_compute(
    host: Annotated[str, typer.Option("--host", help="Undoped composition, e.g. Na3Zr2Si2PO12.")],
    ions: Annotated[str, typer.Option("--ions", help="Dopants, e.g. Sc3+,Zn2+,Mg2+.")],
    configurations: Annotated[int, typer.Option(min=1, help="Configurations of each dopant.")] = 3,
    count: Annotated[int, typer.Option(min=1, help="M ions to replace in the cell.")] = 2,
    potential: PotentialName = "CHGNet",
    weights: WeightsName = "",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the potential.")] = 1,
    out: RunFile = Path("descriptors.jsonl"),
) -> None:
    """Relax doped cells and compute their descriptors; run it again to go on where it was stopped."""
    from ssepredict.chemistry.ions import Ion
    from ssepredict.data.descriptors import append_record, read_records
    from ssepredict.report import tables
    from ssepredict.structures.campaign import finished, plan, run
    from ssepredict.structures.hosts import find_host
    from ssepredict.structures.potentials import find_potential

    found = find_host(host)
    dopants = [Ion.parse(text) for text in ions.split(",")]
    forces = find_potential(potential)(threads, weights)
    tasks = plan(found, dopants, count=count, configurations=configurations, potential=forces.name)
    done = read_records(out)
    left = sum(not finished(done.get(task.key)) for task in tasks)
    show = tables.console(stderr=True).print
    show(f"{len(tasks)} configurations, {len(tasks) - left} of them finished in {out}")
    for task, record in run(tasks, forces, done):
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


@descriptors.command("dynamics")
def descriptors_dynamics(
    host: Annotated[str, typer.Option("--host", help="Undoped composition, e.g. Li3YCl6.")],
    temperatures: Annotated[str, typer.Option("--temperatures", help="In K, e.g. 800,1000.")],
    picoseconds: Annotated[float, typer.Option(min=0.1, help="Length of every run.")] = 5.0,
    ion: Annotated[str, typer.Option("--ion", help="Dopant; none: the undoped host.")] = "",
    count: Annotated[int, typer.Option(min=1, help="M ions to replace in the cell.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the configuration and the velocities.")] = 0,
    timestep: Annotated[float, typer.Option(min=0.1, help="In fs.")] = 2.0,
    structures: Annotated[
        Path | None, typer.Option("--structures", help="File of `compute` that may hold the relaxed cell.")
    ] = None,
    potential: PotentialName = "CHGNet",
    weights: WeightsName = "",
    threads: Annotated[int, typer.Option(min=1, help="Threads of the potential.")] = 1,
    out: Annotated[Path, typer.Option("--out", help="File to which every chunk is added.")] = Path(
        "dynamics.jsonl"
    ),
) -> None:
    """Move the ions of a relaxed cell at given temperatures; run it again to go on where it was stopped."""
    from ssepredict.data.descriptors import append_record, read_records
    from ssepredict.report import tables
    from ssepredict.structures.campaign import Task, run
    from ssepredict.structures.dynamics import Run, simulate
    from ssepredict.structures.hosts import find_host
    from ssepredict.structures.potentials import find_potential

    metal = str(find_host(host).metal)
    kelvin = _numbers(temperatures, "--temperatures")
    dopant = _ion(ion) if ion else metal
    builder = find_potential(potential)
    whole = builder(threads, weights)
    task = Task("doped" if ion else "undoped", host, dopant, count if ion else 0, seed, whole.name)
    show = tables.console(stderr=True).print
    done = (read_records(structures) if structures else {}) | read_records(out)
    for relaxed, record in run([task.undoped, task] if ion else [task], whole, done):
        append_record(out, record)
        done[relaxed.key] = record
        show(f"relaxed {relaxed.kind} {relaxed.ion}: {record.get('problem') or record['steps']} steps")
    runs, forces = [Run(task, t, timestep) for t in kelvin], builder(threads, weights, stress=False)
    for moved, record in simulate(runs, picoseconds, forces, done):
        append_record(out, record)
        show(
            f"{moved.temperature_k:g} K, chunk {record['chunk'] + 1} of {moved.chunks(picoseconds)}: mean "
            f"{record['mean_temperature_k']} K, {record['seconds']} s"
        )


@descriptors.command("diffusivity")
def descriptors_diffusivity(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files that `dynamics` wrote.")],
    equilibration: Annotated[float, typer.Option(min=0.0, help="Time left out at the start (ps).")] = 0.5,
    lags: Annotated[str, typer.Option("--lags", help="Time lags of the fit (ps).")] = "0.4,1.0",
    out: Annotated[Path, typer.Option("--out", help="CSV file to write.")] = Path("dynamics.csv"),
) -> None:
    """Gather molecular dynamics to one diffusivity per crystal and temperature."""
    from ssepredict.data.descriptors import read_records, write_descriptors
    from ssepredict.exceptions import SsePredictError
    from ssepredict.report import tables
    from ssepredict.structures.mobility import arrhenius_table, mobility_table

    window = _numbers(lags, "--lags")
    if len(window) != 2 or window[0] >= window[1]:
        raise SsePredictError(f"--lags {lags!r}: expected a shorter and a longer time in ps, e.g. 0.4,1.0")
    records = [record for file in files for record in read_records(file).values()]
    table = mobility_table(records, equilibration_ps=equilibration, lags_ps=(window[0], window[1]))
    if table.empty:
        raise SsePredictError(f"{', '.join(map(str, files))}: no molecular dynamics; run dynamics first")
    tables.console(stderr=True).print(tables.any_table(arrhenius_table(table)))
    print(write_descriptors(out, table))


@descriptors.command("check")
def descriptors_check(folder: DatasetFolder = None, as_json: AsJson = False) -> None:
    """Hold the computed descriptors of a dataset against reported cells, energies and solubilities."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.data.descriptors import read_descriptors, read_lattice
    from ssepredict.exceptions import SsePredictError
    from ssepredict.modeling.descriptor_checks import check_descriptors, used_descriptors
    from ssepredict.modeling.potential_comparison import agreement, common_checks, potential_volume_errors
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text, records

    dataset = load_dataset(folder)
    table = read_descriptors(dataset.folder)
    if table.empty:
        raise SsePredictError(
            f"dataset {dataset.folder} has no descriptors.csv; make it with `ssepredict descriptors compute` "
            "and `ssepredict descriptors table`"
        )
    lattice = read_lattice(dataset.folder)
    checks, volumes = check_descriptors(table, dataset, lattice), potential_volume_errors(table, lattice)
    alike, common = agreement(table), common_checks(table, dataset, lattice)
    used = used_descriptors(checks)
    if as_json:
        content = {
            "checks": records(checks),
            "volumes": records(volumes),
            "agreement": records(alike),
            "common_checks": records(common),
            "used": used,
        }
        print(json_text(content))
        return
    show = tables.console().print
    for shown in (checks, volumes, alike, common):
        if len(shown):
            show(tables.any_table(shown))
    for potential, hosts in used.items():
        for host, names in hosts.items():
            show(f"{host}: models may use {', '.join(names)} ({potential})")
    if not used:
        show("no descriptor passes; models may use none")


def _numbers(text: str, option: str) -> list[float]:
    from ssepredict.exceptions import SsePredictError

    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < number < float("inf") for number in found):
        raise SsePredictError(f"{option} {text!r}: expected positive numbers with commas between them")
    return found


def _ion(text: str) -> str:
    from ssepredict.chemistry.ions import Ion

    return str(Ion.parse(text))
