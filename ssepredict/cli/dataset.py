"""Commands about the dataset: `ssepredict data ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ssepredict.cli.options import AsJson, DatasetFolder, OutFile

data = typer.Typer(help="The dataset of published measurements.", no_args_is_help=True)


@data.command("validate")
def data_validate(folder: DatasetFolder = None) -> None:
    """Check every table, column and key of a dataset; every failure is named."""
    from ssepredict.data.dataset import validate_folder

    found = validate_folder(folder)
    print(f"{found.folder}: {len(found):,} measurements, every rule and key holds")


@data.command("summary")
def data_summary(folder: DatasetFolder = None, as_json: AsJson = False) -> None:
    """Count measurements by family, quantity, decade and source access."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text

    content = load_dataset(folder).summary()
    if as_json:
        print(json_text(content))
    else:
        tables.console().print(tables.summary(content))


@data.command("audit")
def data_audit(
    folder: DatasetFolder = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Renew DIR/discrepancies.csv and the flag suspect; DIR must be given."),
    ] = False,
    as_json: AsJson = False,
    out: OutFile = None,
) -> None:
    """Hold every row against every rule and every figure against the others; findings are no failure."""
    from ssepredict.audit.audit import audit
    from ssepredict.audit.rendering import audit_document
    from ssepredict.data.findings import load_for_audit, write_findings
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text
    from ssepredict.report.files import check_table_path, write_table
    from ssepredict.report.findings import audit_summary

    if write and folder is None:
        raise typer.BadParameter("--write needs DIR: the dataset whose discrepancies.csv is to be renewed")
    check_table_path(out)
    loaded = load_for_audit(folder)
    found = audit(loaded)
    if write and folder is not None:
        kept = write_findings(folder, found.findings, found.flagged)
        tables.console(stderr=True).print(f"wrote {len(kept):,} findings to {folder / 'discrepancies.csv'}")
    if out is not None:
        write_table(found.findings, out)
    if as_json:
        print(json_text(audit_document(found, loaded.folder)))
    else:
        tables.console().print(audit_summary(found))


@data.command("report")
def data_report(
    folder: DatasetFolder = None,
    out: Annotated[Path, typer.Option("--out", help="HTML file to write.")] = Path("dataset.html"),
) -> None:
    """Write a page about a dataset: dopants per host, years, coverage, agreement between works, findings."""
    from ssepredict.data.findings import load_for_audit
    from ssepredict.report.dataset_page import write_dataset_report

    print(write_dataset_report(load_for_audit(folder), out))


@data.command("refresh")
def data_refresh(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a dataset.")],
) -> None:
    """Audit a dataset and rewrite all its generated files: findings, noise floor, descriptions, card."""
    from ssepredict.audit.refresh import refresh

    found = refresh(folder)
    print(
        f"{folder}: {len(found.findings):,} computed findings, {len(found.suspects):,} doubtful measurements"
    )


@data.command("template")
def data_template() -> None:
    """Print a CSV table with headers that `data add` understands and one row as an example."""
    from ssepredict.data.ingest import TEMPLATE

    print(TEMPLATE, end="")


@data.command("add")
def data_add(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Your table; headers name their units.")],
    dataset: Annotated[
        Path, typer.Option("--dataset", help="Folder of your dataset; made when it does not exist.")
    ],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="TOML file that says what your headers mean.")
    ] = None,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Keep figures that repeat one another.")
    ] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="Start a new folder without the shipped measurements.")
    ] = False,
    source_id: Annotated[str | None, typer.Option(help="Source of rows that name none.")] = None,
    doi: Annotated[str | None, typer.Option(help="DOI of rows that name none.")] = None,
    year: Annotated[str | None, typer.Option(help="Year of rows that name none.")] = None,
    citation: Annotated[str | None, typer.Option(help="Citation of rows that name none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add your measurements to a dataset of your own; every failure is named, and then nothing is written."""
    from ssepredict.data.ingest import add_file
    from ssepredict.data.refusals import IngestError
    from ssepredict.report.documents import json_text

    stated = {"source_id": source_id, "doi": doi, "year": year, "citation": citation}
    source = {name: text for name, text in stated.items() if text}
    start: Literal["shipped", "empty"] = "empty" if empty else "shipped"
    try:
        added = add_file(
            file, dataset, mapping=mapping, allow_duplicates=allow_duplicates, source=source, start=start
        )
    except IngestError as error:
        if as_json:
            print(json_text(error.document()))
        raise
    print(json_text(added.document()) if as_json else added)


@data.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="obelix, liverpool or nasicon-stability.")],
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Folder of the cache; SSEPREDICT_CACHE or the system's.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="New folder for the dataset as tables of this project.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Base address of a mirror; SSEPREDICT_DATA_URL does the same.")
    ] = None,
    sha256: Annotated[
        list[str] | None, typer.Option("--sha256", help="[FILE=]HEX, checksum that you vouch for.")
    ] = None,
) -> None:
    """Fetch a public dataset by name, check it and convert it into the project's tables."""
    from ssepredict.data.external import fetch_external, write_external
    from ssepredict.data.public_datasets import stated_checksums

    paths = fetch_external(name, cache=cache, url=url, sha256=stated_checksums(name, sha256 or []))
    for path in paths.values():
        print(path)
    if out is not None:
        written = write_external(name, out, cache)
        print(f"{out}: {len(written):,} measurements, {len(written.excluded):,} figures excluded")


@data.command("fit-impedance")
def data_fit_impedance(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Nyquist table: frequency_hz, z_real_ohm, z_imag_ohm.")
    ],
    thickness_mm: Annotated[float, typer.Option("--thickness-mm", help="Thickness of the pellet (mm).")],
    area_cm2: Annotated[float, typer.Option("--area-cm2", help="Area of one electrode (cm²).")],
    thickness_error_mm: Annotated[float, typer.Option(help="Standard error of the thickness (mm).")] = 0.0,
    area_error_cm2: Annotated[float, typer.Option(help="Standard error of the area (cm²).")] = 0.0,
    formula: Annotated[str, typer.Option(help="Composition of the pellet, for the row.")] = "",
    temperature: Annotated[float | None, typer.Option(help="Temperature (°C), for the row.")] = None,
    citation: Annotated[str, typer.Option(help="Source that the row names; the file when omitted.")] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for nyquist.png, fit.json and row.csv (for `data add`)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit the arcs of an impedance spectrum: bulk, grain boundaries, conductivity (needs the extra eis)."""
    from ssepredict.chemistry.sites import parse_sites
    from ssepredict.data.impedance import fit_impedance
    from ssepredict.data.nyquist import read_nyquist
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text
    from ssepredict.report.impedance import fit_document, fit_table, write_fit

    if formula:
        parse_sites([formula])
    fit = fit_impedance(read_nyquist(file))
    document = fit_document(
        fit,
        thickness_mm,
        area_cm2,
        thickness_error_mm,
        area_error_cm2,
        formula,
        temperature,
        citation or f"own impedance measurement, {file.name}",
    )
    if as_json:
        print(json_text(document))
    else:
        tables.console().print(fit_table(document))
    for path in write_fit(out, fit, document) if out is not None else ():
        tables.console(stderr=True).print(f"wrote {path}")
