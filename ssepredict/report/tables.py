"""Tables for people at a terminal; plain text wherever the output is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ssepredict.report.documents import plain, records
from ssepredict.report.order import order_text
from ssepredict.report.wording import SHOWN, show_interval, show_number, show_target

if TYPE_CHECKING:
    import pandas as pd

_WIDTH_WITHOUT_TERMINAL = 180
_COLOURS = {
    "pass": "green",
    "ok": "green",
    "inform": "cyan",
    "not_evaluable": "yellow",
    "outside_domain": "yellow",
    "warn": "yellow",
    "abstained": "dim",
    "reject": "bold red",
}
_UNBROKEN = ("formula", "estimator", "nearest measured", "rule", "interval", "status", "verdict", "source")
"""Columns that are never broken over lines: above all a formula has to survive copy and paste."""


def console(stderr: bool = False) -> Console:
    """Return a console on stdout or stderr, wide enough for a table when the output is redirected."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def coloured(word: str) -> Text:
    """Return a verdict or a status in its colour."""
    return Text(word, style=_COLOURS.get(word, ""))


def table_of(*columns: str) -> Table:
    """Return an empty table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column in _UNBROKEN, overflow="fold")
    return table


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr; yields what to call with (done, in all)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console(stderr=True), transient=False) as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def ranking(frame: pd.DataFrame, most: int = 20) -> RenderableType:
    """Show the best candidates of a ranking, as `ssepredict.rank` gives it.

    Parameters
    ----------
    frame : DataFrame
    most : int
        Lines to print.
    """
    targets = ("conductivity_s_cm", "activation_energy_ev")
    columns = [column for target in targets for column in (f"({SHOWN[target].unit})", "interval")]
    columns[0], columns[2] = f"conductivity\n{columns[0]}", f"energy\n{columns[2]}"
    table = table_of("rank", "formula", "score", *columns, "status", "verdict", "rules to look at")
    for row in records(frame.head(most)):
        cells: list[str | Text] = [str(row["rank"]), str(row["formula"]), show_number(row["score"], ".3f")]
        for target in targets:
            cells += [show_target(row, target, unit=False), show_interval(row, target)]
        rules = ", ".join(str(row[name]).replace(";", ", ") for name in ("warnings", "unjudged") if row[name])
        table.add_row(*cells, coloured(str(row["status"])), coloured(str(row["verdict"])), rules)
    parts: list[RenderableType] = [table]
    if len(frame) > most:
        parts.append(Text(f"... and {len(frame) - most:,} more in the table", style="dim"))
    summary = frame.attrs.get("summary")
    if summary is not None:
        order, space = summary["order_inside_host"], summary["space"]
        by_host = order.get("by_host") or {str(space.get("host", "")): order}
        parts += [
            Text(""),
            *(Text(order_text(found["measured"], host)) for host, found in by_host.items()),
        ]
    return Group(*parts)


def any_table(frame: pd.DataFrame) -> Table:
    """Show a table as it is, numbers with three digits."""
    table = table_of(*map(str, frame.columns))
    for row in records(frame):
        table.add_row(
            *(
                str(value) if isinstance(value, str | int) else show_number(value, ".3g")
                for value in row.values()
            )
        )
    return table


def summary(content: Mapping[str, Any]) -> RenderableType:
    """Show the counts of `Dataset.summary`: one small table per count, totals and digest at the end."""
    parts: list[RenderableType] = []
    totals: list[str] = []
    for name, value in content.items():
        title = name.replace("_", " ")
        if isinstance(value, Mapping):
            table = table_of(title)
            table.add_column("count", justify="right")
            for entry, count in value.items():
                table.add_row(str(entry) or "not stated", show_number(plain(count), ",.0f"))
            parts += [table, Text("")]
        else:
            totals.append(f"{title}: {value}")
    return Group(*parts, *(Text(line) for line in totals))
