"""The command line: arguments in, calls out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ssepredict import __version__
from ssepredict.exceptions import SsePredictError, did_you_mean

if TYPE_CHECKING:
    from ssepredict.chemistry.formula import Problem
    from ssepredict.report.files import FormulaList

app = typer.Typer(
    name="ssepredict",
    help="Which dopants next? Property prediction and ranking for NASICON and halide solid electrolytes.",
    epilog="Exit status: 0 done, 1 the input or data is at fault, 2 wrong usage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="The dataset of published measurements.", no_args_is_help=True)
app.add_typer(data, name="data")

Formulas = Annotated[list[str] | None, typer.Argument(help="Formulas, e.g. Na3.4Zr1.7Sc0.2Zn0.1Si2PO12.")]
FormulaFile = Annotated[
    Path | None,
    typer.Option("--file", help="Text file with one formula per line, or CSV file with a column 'formula'."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", help="Write the table to a .csv, .json or .parquet file.")
]
Release = Annotated[
    Path | None, typer.Option("--model", help="Folder of a release; the shipped one when omitted.")
]
DatasetFolder = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="Folder of a dataset; the shipped one when omitted.")
]
DatasetOption = Annotated[
    Path | None, typer.Option("--dataset", help="Folder of a dataset; the shipped one when omitted.")
]
Folds = Annotated[int, typer.Option(min=0, help="Folds; 0 leaves one paper out at a time.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of folds and estimators.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; bad input ends with one message and exit status 1, never with a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks Å shows a question mark
    try:
        app(arguments)
    except SsePredictError as error:
        _fail(str(error))
    except OSError as error:
        place = f"{error.filename!r}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}; check that it exists, its rights and the space on the disk")


def _fail(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(1)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"ssepredict {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None: ...


def _asked(formulas: list[str] | None, file: Path | None) -> FormulaList:
    from ssepredict.report.files import formula_arguments, read_formula_file

    if bool(formulas) == (file is not None):
        raise typer.BadParameter("give formulas or --file FILE, one of the two")
    return read_formula_file(file) if file is not None else formula_arguments(formulas or [])


def _name_problems(asked: FormulaList, problems: Sequence[Problem]) -> None:
    from ssepredict.report.documents import SHOWN_PROBLEMS, problem_text

    _fail(problem_text(asked, problems, SHOWN_PROBLEMS if sys.stderr.isatty() else None))


def _level(names: Callable[[], Sequence[str]]) -> Callable[[str | None], str | None]:
    """Return a check that an option is one of some names."""

    def check_level(value: str | None) -> str | None:
        if value is not None and value not in names():
            hint = did_you_mean(value, names())
            raise typer.BadParameter(f"{value!r} is unknown{hint}; expected one of {', '.join(names())}")
        return value

    return check_level


def _levels(column: str) -> Callable[[], Sequence[str]]:
    def read() -> Sequence[str]:
        from ssepredict.featurizers.conditions import CONDITIONS, CategoryCondition

        condition = CONDITIONS[column]
        return condition.levels if isinstance(condition, CategoryCondition) else ()

    return read


@app.command()
def predict(
    formulas: Formulas = None,
    file: FormulaFile = None,
    temperature: Annotated[float, typer.Option(help="Temperature of the conductivity (°C).")] = 25.0,
    confidence: Annotated[float, typer.Option(help="Coverage of the intervals, above 0 and below 1.")] = 0.9,
    contribution: Annotated[
        str | None,
        typer.Option(
            callback=_level(_levels("contribution")), help="total (assumed), bulk or grain_boundary."
        ),
    ] = None,
    synthesis: Annotated[
        str | None,
        typer.Option(callback=_level(_levels("synthesis")), help="Route, e.g. solid_state, ball_mill."),
    ] = None,
    sinter_temperature: Annotated[float | None, typer.Option(help="Highest firing temperature (°C).")] = None,
    sinter_time: Annotated[float | None, typer.Option(help="Time at that temperature (h).")] = None,
    relative_density: Annotated[float | None, typer.Option(help="Share of the ideal density (%).")] = None,
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

    asked = _asked(formulas, file)
    check_table_path(out)
    predictor = load_predictor(model)
    usable, problems = predictor.screen(asked.formulas)
    conditions: dict[str, Any] = {
        "contribution": contribution,
        "synthesis": synthesis,
        "sinter_temperature_c": sinter_temperature,
        "sinter_time_h": sinter_time,
        "relative_density_pct": relative_density,
    }
    given = {name: value for name, value in conditions.items() if value is not None}
    good = [asked.formulas[row] for row in usable] if keep_going or not problems else []
    frame = predictor.predict(good, temperature, confidence, **given) if good else None
    if frame is not None and out is not None:
        write_table(frame, out)
    if as_json:
        print(json_text(prediction_document(asked, frame, problems, predictor, confidence, given)))
    elif frame is not None and out is not None:
        tables.console(stderr=True).print(f"wrote {len(frame):,} predictions to {out}")
    elif frame is not None:
        few = len(frame) <= cards.CARDS_UP_TO
        evidence = predictor.evidence(good) if few else []
        said = check_formulas(good, without_abstained(frame)) if few else None
        tables.console().print(cards.predictions(frame, said, evidence, confidence))
    if problems:
        _name_problems(asked, problems)


@app.command()
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

    asked = _asked(formulas, file)
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
        _name_problems(asked, found.problems)
    if "reject" in found.worst:
        raise typer.Exit(1)


@app.command()
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


@app.command()
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
) -> None:
    """Train every target, measure it on left-out papers, write a release and log it to MLflow."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.data.external import with_external
    from ssepredict.modeling.evaluation import check_names
    from ssepredict.modeling.targets import TARGETS
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
    say(f"release: {release}")
    if tracking:
        from ssepredict.modeling.tracking import log_training

        say(f"mlflow run: {log_training(predictor, loaded, release)}")


@app.command()
def evaluate(
    protocol: Annotated[
        str, typer.Option(help="What is left out: paper, paper_purged, dopant, time (later years) or random.")
    ] = "paper",
    dataset: DatasetOption = None,
    seed: Seed = 0,
    folds: Folds = 20,
    as_json: AsJson = False,
    out: OutFile = None,
) -> None:
    """Compare models and baselines on what they have not seen."""
    from ssepredict.data.dataset import load_dataset
    from ssepredict.modeling.evaluation import evaluate as evaluate_models
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text, records
    from ssepredict.report.files import check_table_path, write_table

    check_table_path(out)
    found = evaluate_models(load_dataset(dataset), protocol, seed=seed, folds=folds).table
    if out is not None:
        write_table(found, out)
    if as_json:
        print(json_text({"protocol": protocol, "seed": seed, "folds": folds, "results": records(found)}))
    else:
        tables.console().print(tables.any_table(found))


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


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `ssepredict rank` wrote.")],
) -> None:
    """Write report.html of a ranking again."""
    from ssepredict.report.html import write_report

    print(write_report(folder))
