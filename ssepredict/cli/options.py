"""Arguments and options that commands share, their checks, and how a command refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ssepredict.exceptions import did_you_mean

if TYPE_CHECKING:
    from ssepredict.chemistry.formula import Problem
    from ssepredict.report.files import FormulaList

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


def fail(message: str) -> NoReturn:
    """End with one message and exit status 1."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(1)


def asked_formulas(formulas: list[str] | None, file: Path | None) -> FormulaList:
    """Return the formulas of the arguments or of the file, one of the two."""
    from ssepredict.report.files import formula_arguments, read_formula_file

    if bool(formulas) == (file is not None):
        raise typer.BadParameter("give formulas or --file FILE, one of the two")
    return read_formula_file(file) if file is not None else formula_arguments(formulas or [])


def name_problems(asked: FormulaList, problems: Sequence[Problem]) -> NoReturn:
    """Name the formulas that cannot be used and end with exit status 1."""
    from ssepredict.report.documents import SHOWN_PROBLEMS, problem_text

    fail(problem_text(asked, problems, SHOWN_PROBLEMS if sys.stderr.isatty() else None))


def one_of(names: Callable[[], Sequence[str]]) -> Callable[[str | None], str | None]:
    """Return a check that an option is one of some names."""

    def check_level(value: str | None) -> str | None:
        if value is not None and value not in names():
            hint = did_you_mean(value, names())
            raise typer.BadParameter(f"{value!r} is unknown{hint}; expected one of {', '.join(names())}")
        return value

    return check_level


def levels(column: str) -> Callable[[], Sequence[str]]:
    """Return a reader of the levels of a condition; the featurizers are imported when it is called."""

    def read() -> Sequence[str]:
        from ssepredict.featurizers.conditions import CONDITIONS, CategoryCondition

        condition = CONDITIONS[column]
        return condition.levels if isinstance(condition, CategoryCondition) else ()

    return read


def interfaces() -> Sequence[str]:
    """Classes of interfaces of cells."""
    from ssepredict.modeling.cell_evidence import INTERFACE_CLASSES

    return [name for name, _ in INTERFACE_CLASSES]
