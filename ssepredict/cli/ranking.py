"""Commands about substitution spaces: rank and report."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Self

import typer

from ssepredict.cli.options import AsJson, Release

if TYPE_CHECKING:
    from ssepredict.inference.engines import Engine

Pem = Annotated[Path | None, typer.Option(help="With a tls:// scheduler: file in PEM format.")]


def rank(
    space: Annotated[
        str, typer.Argument(metavar="SPACE", help="TOML file, or a shipped space as na3zr2si2po12.")
    ],
    top: Annotated[int, typer.Option(min=1, help="Candidates to keep.")] = 100,
    objective: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="TOML file, or affordable, best_conductor or cautious."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for ranking.csv, summary.json and report.html.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an unfinished run into --out ended.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes on this machine; none when omitted.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Dask scheduler, tcp://host:port or tls://host:port."),
    ] = None,
    tls_ca: Pem = None,
    tls_cert: Pem = None,
    tls_key: Pem = None,
    model: Release = None,
    as_json: AsJson = False,
) -> None:
    """Rank the candidates of a substitution space: which dopants, on which site, at which fraction next.

    Ctrl-C keeps what was found as a partial ranking; --resume goes on from there. When the last candidate
    is done it no longer stops what is left to write.
    """
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("give --workers or --scheduler, one of the two")
    if scheduler is None and (tls_ca or tls_cert or tls_key):
        raise typer.BadParameter("--tls-ca, --tls-cert and --tls-key go with --scheduler tls://host:port")
    if resume and out is None:
        raise typer.BadParameter("--resume needs --out, the folder of the run")
    from ssepredict.inference.engines import DaskCluster, as_engine
    from ssepredict.inference.objectives.objective import Objective
    from ssepredict.inference.ranking import RankingInterrupted
    from ssepredict.inference.ranking import rank as rank_space
    from ssepredict.inference.spaces.space import SubstitutionSpace
    from ssepredict.modeling.predictor import load_predictor
    from ssepredict.report import tables
    from ssepredict.report.documents import json_text, ranking_document
    from ssepredict.report.html import write_report

    engine: Engine = (
        as_engine(workers) if scheduler is None else DaskCluster(scheduler, tls_ca, tls_cert, tls_key)
    )
    chosen = SubstitutionSpace.from_toml(space)
    wanted = None if objective is None else Objective.from_toml(objective)
    predictor = load_predictor(model)
    interruption: RankingInterrupted | None = None
    with _EndingSignals() as signals:
        try:
            with tables.progress_bar(f"{len(chosen):,} candidates") as advance:

                def tell(done: int, total: int) -> None:
                    signals.finishing = done == total
                    advance(done, total)

                frame = rank_space(
                    chosen, predictor, wanted, top, engine=engine, out=out, resume=resume, progress=tell
                )
        except RankingInterrupted as stop:
            if stop.frame is None:
                signals.end(str(stop))
            interruption = None if stop.complete else stop
            frame = stop.frame
        except KeyboardInterrupt:
            signals.end("interrupted before anything was found")
        place = out if interruption is None else interruption.folder
        try:
            report = write_report(place, predictor=predictor) if place is not None else None
            if as_json:
                print(json_text(ranking_document(frame)))
            else:
                tables.console().print(tables.ranking(frame))
                if report is not None:
                    tables.console(stderr=True).print(f"report: {report}")
        except KeyboardInterrupt:
            known = (
                "" if place is None else f"; {place} holds it, `ssepredict report {place}` writes its report"
            )
            signals.end(f"interrupted while the ranking was shown{known}")
        if interruption is not None:
            signals.end(str(interruption))


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that `ssepredict rank` wrote.")],
) -> None:
    """Write report.html of a ranking again."""
    from ssepredict.report.html import write_report

    print(write_report(folder))


class _EndingSignals:
    """Ctrl-C and a request to end, as KeyboardInterrupt.

    Attributes
    ----------
    finishing : bool
        Every candidate is done: the first signal of all then interrupts nothing.
    """

    def __init__(self) -> None:
        self.finishing = False
        self._received: list[int] = []
        self._former: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._former[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        self._received.append(number)
        if not self.finishing or len(self._received) > 1:
            raise KeyboardInterrupt

    def end(self, message: str) -> NoReturn:
        """End with the exit status that shells give to a command that a signal ended."""
        print(f"interrupted: {message.removeprefix('interrupted ')}", file=sys.stderr)
        raise SystemExit(128 + (self._received[0] if self._received else signal.SIGINT))
