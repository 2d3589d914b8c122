"""Orders inside one host at a terminal: every model beside the rules that need none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ssepredict.chemistry.host_groups import HOST_GROUPS
from ssepredict.report.documents import records
from ssepredict.report.tables import table_of
from ssepredict.report.wording import show_number

if TYPE_CHECKING:
    import pandas as pd

_HEADS = {
    "concordance": "pairs in order",
    "concordance_doped": "both doped",
    "spearman_in_paper": "rank corr. in paper",
    "spearman_over_host": "over the host",
    "regret": "regret (decades)",
    "gain_over_rule": "over best rule",
}
_NOTE = (
    "Papers left out with all their compositions, processing withheld, room temperature. Pairs: compositions "
    "that one paper measured in the same way and that differ by more than 0.15 decades; 0.5 is chance. Both "
    "doped: pairs without the undoped host. Regret: how far the best-scored composition of a paper lies "
    "below its best. In brackets the 90 % interval by a bootstrap over papers; * where it is clear of the "
    "best rule."
)


def order_tables(found: pd.DataFrame) -> RenderableType:
    """Show the `within_host` table of an `ssepredict.evaluate`, one part per group of hosts.

    Parameters
    ----------
    found : DataFrame
        `Evaluation.within_host`.
    """
    parts: list[RenderableType] = []
    for (name, width), lines in found.groupby(["host_group", "width"], sort=False):
        first = records(lines.iloc[:1])[0]
        group = HOST_GROUPS[str(name)]
        title = group.name if width == "narrow" else group.kind
        counts = (
            f"{title}: {first['pairs']:,} pairs ({first['pairs_doped']:,} both doped) in {first['series']} "
            f"series of {first['works']} papers"
        )
        parts.append(Text(counts, style="bold"))
        if first["pairs"]:
            parts.append(_table(lines))
        parts.append(Text(""))
    return Group(*parts, Text(_NOTE, style="dim"))


def _table(lines: pd.DataFrame) -> Table:
    table = table_of("order by", *_HEADS.values())
    for line in records(lines.sort_values("concordance", kind="stable")):
        table.add_row(str(line["estimator"]).replace("_", " "), *(_cell(line, name) for name in _HEADS))
    return table


def _cell(line: dict[str, Any], name: str) -> str:
    """Write a figure as ``0.73 (0.43, 0.89)``."""
    value, low, high = (line[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    if name == "gain_over_rule" and line["estimator"] == line["best_rule"]:
        return "= best rule"
    mark = "*" if name == "gain_over_rule" and low is not None and low > 0 else ""
    form = "+.2f" if name == "gain_over_rule" else ".2f"
    return f"{show_number(value, form)} ({show_number(low, '.2f')}, {show_number(high, '.2f')}){mark}"
