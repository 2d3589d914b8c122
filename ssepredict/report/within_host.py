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
    "concordance_by_paper": "paper by paper",
    "concordance_doped": "both doped",
    "spearman_in_paper": "rank corr. in paper",
    "spearman_over_host": "over the host",
    "regret": "regret (decades)",
    "gain_over_rule": "over best rule",
}
_AT = {"room": "room temperature", "any": "any temperature"}
_NOTE = (
    "Papers left out with all their compositions, processing withheld. Pairs: compositions that one paper "
    "measured in the same way and that differ by more than 0.15 decades; 0.5 is chance. Paper by paper: mean "
    "of the papers' own shares. Both doped: pairs without the undoped host. Regret: how far the best-scored "
    "composition of a paper lies below its best. In brackets the 90 % interval by a bootstrap over papers; * "
    "where it is clear of the best rule."
)


def order_tables(found: pd.DataFrame, agreement: pd.DataFrame) -> RenderableType:
    """Show the `within_host` table of an `ssepredict.evaluate`, one part per group of hosts.

    Parameters
    ----------
    found : DataFrame
        `Evaluation.within_host`.
    agreement : DataFrame
        `Evaluation.order_agreement`.
    """
    parts: list[RenderableType] = []
    for (name, width, temperature), lines in found.groupby(
        ["host_group", "width", "temperature"], sort=False
    ):
        first = records(lines.iloc[:1])[0]
        group = HOST_GROUPS[str(name)]
        title = group.name if width == "narrow" else group.kind
        counts = (
            f"{title}, {_AT[str(temperature)]}: {first['pairs']:,} pairs ({first['pairs_doped']:,} both "
            f"doped) in {first['series']} series of {first['works']} papers"
        )
        parts.append(Text(counts, style="bold"))
        if first["pairs"]:
            parts.append(_table(lines))
        parts.append(Text(""))
    repeated = [_repeated(line) for line in records(agreement) if line["comparisons"] or line["known_pairs"]]
    if repeated:
        parts += [Text("How far an order repeats from paper to paper", style="bold"), *repeated, Text("")]
    return Group(*parts, Text(_NOTE, style="dim"))


def _repeated(line: dict[str, Any]) -> Text:
    return Text(
        f"{line['host_group']}: two papers that measured the same pair agree in "
        f"{_of(line, 'agreement')} of {line['comparisons']} comparisons; values of other papers for the same "
        f"compositions order {_of(line, 'known')} of {line['known_pairs']} pairs"
    )


def _of(line: dict[str, Any], name: str) -> str:
    value, low, high = (line[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return "–"
    return f"{show_number(value, '.2f')} ({show_number(low, '.2f')}, {show_number(high, '.2f')})"


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
