"""The command line: arguments in, calls out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ssepredict import __version__
from ssepredict.cli.backtest import backtest
from ssepredict.cli.candidate import candidate
from ssepredict.cli.dataset import data
from ssepredict.cli.descriptors import descriptors
from ssepredict.cli.options import fail
from ssepredict.cli.predicting import check, predict
from ssepredict.cli.ranking import rank, report
from ssepredict.cli.suggesting import suggest
from ssepredict.cli.training import evaluate, train
from ssepredict.exceptions import SsePredictError

app = typer.Typer(
    name="ssepredict",
    help="Which dopants next? Property prediction and ranking for NASICON and halide solid electrolytes.",
    epilog="Exit status: 0 done, 1 the input or data is at fault, 2 wrong usage, 130 interrupted (Ctrl-C).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data, name="data")
app.add_typer(descriptors, name="descriptors")
for _command in (predict, check, rank, candidate, suggest, train, evaluate, backtest, report):
    app.command()(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; bad input ends with one message and exit status 1, never with a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks Å shows a question mark
    try:
        app(arguments)
    except SsePredictError as error:
        fail(str(error))
    except OSError as error:
        place = f"{error.filename!r}: " if error.filename else ""
        fail(f"{place}{error.strerror or error}; check that it exists, its rights and the space on the disk")


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
