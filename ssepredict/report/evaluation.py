"""An evaluation at a terminal: errors by protocol, estimator and family beside the noise floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ssepredict.columns import FAMILY_NAMES
from ssepredict.modeling.scopes import DISTANCE_QUARTILES
from ssepredict.modeling.targets import TARGETS
from ssepredict.report.documents import records
from ssepredict.report.tables import table_of
from ssepredict.report.wording import show_number

if TYPE_CHECKING:
    import pandas as pd

_FIGURES = {
    "spearman_within_host": ("in host", ".2f"),
    "concordance": ("pairs", ".2f"),
    "enrichment": ("top 10 %", ".1f"),
    "coverage": ("coverage", ".2f"),
    "mean_width": ("width", ".2f"),
    "crps": ("CRPS", ".3f"),
    "brier": ("Brier", ".3f"),
}
_NOTE = (
    "Mean absolute error with the processing withheld, over all scored rows and by family{room}; noise "
    "floor: error of the median of the other works on the same composition. In host: rank correlation inside "
    "hosts; pairs: compositions of one paper put in the right order; top 10 %: how often the best are among "
    "the best predicted, 1 by chance; coverage and width of 90 % intervals calibrated on left-out papers."
)
_GAIN_NOTE = (
    "positive: errs less; in brackets the 90 % interval by a bootstrap over papers, * where 0 is outside"
)


def evaluation_tables(found: pd.DataFrame) -> RenderableType:
    """Show the table of an `ssepredict.evaluate`, one part per target.

    Parameters
    ----------
    found : DataFrame
        `Evaluation.table`.
    """
    shown = found[found["processing"] == "withheld"]
    parts: list[RenderableType] = []
    for name, lines in shown.groupby("target", sort=False):
        target = TARGETS[str(name)]
        room = " at room temperature" if target.needs_temperature else ""
        parts += [Text(f"{target.label}, errors in {target.error_unit}", style="bold"), _table(lines)]
        parts += [Text(_NOTE.format(room=room), style="dim"), Text("")]
        parts += [Text("gain in error over another estimator", style="bold"), _gain_table(lines)]
        parts += [Text(_GAIN_NOTE, style="dim"), Text("")]
        parts += [
            Text("coverage and width of 90 % intervals", style="bold"),
            _interval_table(lines),
            Text(""),
        ]
    return Group(*parts)


def _table(lines: pd.DataFrame) -> Table:
    families = _families(lines)
    heads = [label for label, _ in _FIGURES.values()]
    table = table_of("protocol", "estimator", "all", *families, *heads)
    for protocol, here in lines.groupby("protocol", sort=False):
        overall = here[here["scope"] == "all"]
        scopes = [here[here["scope"] == name].set_index("estimator") for name in ("all", *families)]
        rows = [f"{int(part['rows'].max()):,}" if len(part) else "–" for part in scopes]
        table.add_row(str(protocol), "(rows)", *rows, style="dim")
        floors = [show_number(float(part["noise_floor"].max()), ".3f") for part in scopes]
        table.add_row("", "noise floor", *floors, style="cyan")
        for line in records(overall.sort_values("mae", ascending=False, kind="stable")):
            errors = [show_number(part["mae"].get(line["estimator"]), ".3f") for part in scopes]
            figures = [show_number(line[column], form) for column, (_, form) in _FIGURES.items()]
            table.add_row("", str(line["estimator"]), *errors, *figures)
        table.add_section()
    return table


def _gain_table(lines: pd.DataFrame) -> Table:
    """Show gains over the best baseline, and over the leader also by family."""
    families = _families(lines)
    heads = [f"over leader, {name}" for name in ("all", *families)]
    table = table_of("protocol", "estimator", "over baseline, all", *heads)
    decimals = 2 if TARGETS[str(lines["target"].iloc[0])].log10 else 3
    for protocol, here in lines.groupby("protocol", sort=False):
        for name, mine in here.groupby("estimator", sort=False):
            by_scope = {str(line["scope"]): line for line in records(mine)}
            asked = [("baseline", "all"), *(("leader", scope) for scope in ("all", *families))]
            cells = [_gain(by_scope.get(scope), what, decimals) for what, scope in asked]
            table.add_row(str(protocol), str(name), *cells)
    return table


def _interval_table(lines: pd.DataFrame) -> Table:
    """Show coverage and width by family and by distance, of the best baseline and the leader."""
    scopes = ["all", *_families(lines), *DISTANCE_QUARTILES]
    table = table_of("protocol", "estimator", *scopes)
    for protocol, here in lines.groupby("protocol", sort=False):
        overall = here[here["scope"] == "all"]
        for name in dict.fromkeys([overall["baseline"].iloc[0], overall["leader"].iloc[0]]):
            mine = here[here["estimator"] == name].set_index("scope")
            cells = [
                f"{show_number(mine['coverage'].get(scope), '.2f')} / "
                f"{show_number(mine['mean_width'].get(scope), '.2f')}"
                for scope in scopes
            ]
            if name:
                table.add_row(str(protocol), str(name), *cells)
    return table


def _families(lines: pd.DataFrame) -> list[str]:
    return [name for name in FAMILY_NAMES if (lines["scope"] == name).any()]


def _gain(line: dict[str, Any] | None, what: str, decimals: int) -> str:
    """Write a gain as ``+0.12 (0.05, 0.19)*``; the compared one itself gets its part as a name."""
    if line is None:
        return "–"
    mean, low, high = (line[f"gain_over_{what}{end}"] for end in ("", "_low", "_high"))
    if mean is None:
        return f"= {what}" if line[what] == line["estimator"] else "–"
    mark = "*" if low > 0 or high < 0 else ""
    return f"{mean:+.{decimals}f} ({low:.{decimals}f}, {high:.{decimals}f}){mark}"
