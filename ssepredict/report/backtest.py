"""Tables and documents of a backtest: what would have been found, and what would not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from ssepredict.report.documents import plain, records
from ssepredict.report.tables import table_of
from ssepredict.report.wording import show_number

if TYPE_CHECKING:
    from ssepredict.inference.backtest import Backtest

_ORDERS = {"conductivity": "by conductivity", "score": "by score", "carriers": "by carriers"}
_PLACES = {"candidate": "", "near": "off the grid"}


def backtest_tables(found: Backtest) -> RenderableType:
    """Show a backtest: a line per year, the named cases, and for a single year every later composition.

    Parameters
    ----------
    found : Backtest
    """
    years = records(found.years)
    parts: list[RenderableType] = [_years(years), *_reasons(years)]
    if len(found.cases):
        parts += [Text("\nNamed cases, percentile in the ranking of the space"), _cases(records(found.cases))]
    if len(years) == 1 and len(found.compositions):
        parts += [Text("\nCompositions published later"), _compositions(records(found.compositions))]
    return Group(*parts, Text(""), *(Text(note, style="dim") for note in _notes(found)))


def backtest_document(found: Backtest) -> dict[str, Any]:
    """Return a backtest as plain values: settings, years, named cases, later compositions."""
    return {
        "settings": plain(found.settings),
        "years": records(found.years),
        "cases": records(found.cases),
        "compositions": records(found.compositions),
    }


def _years(lines: list[dict[str, Any]]) -> RenderableType:
    orders = [name for name in _ORDERS if any(_known(line, f"winner_percentile_{name}") for line in lines)]
    orders = orders or ["conductivity", "score"]
    by_model = [name for name in orders if name != "carriers"]
    table = table_of(
        "before",
        "papers\n(rows)",
        "later\n(papers)",
        "winners\nfrom S/cm",
        *(f"winners / all later\n{_ORDERS[order]}" for order in orders),
        *(f"top 1 % / 5 %\n{_ORDERS[order]}" for order in by_model),
        *(f"Spearman\n{_ORDERS[order]}" for order in by_model),
        "outside\ndomain",
    )
    for line in lines:
        winners = f"{line['winners']}\n{show_number(line['winners_from_s_cm'], '.1e')}"
        table.add_row(
            str(line["before"]),
            f"{line['training_papers']}\n({line['training_rows']})",
            f"{line['later_compositions']}\n({line['later_papers']})",
            winners if line["winners"] else "–",
            *(_percentiles(line, order) for order in orders),
            *(_enrichment(line, order) for order in by_model),
            *(_with_interval(line, f"spearman_{order}", "+.2f") for order in by_model),
            _percent(line["outside_domain_pct"]),
        )
    return table


def _reasons(lines: list[dict[str, Any]]) -> list[Text]:
    """Say of every year without a ranking why it has none."""
    words = {"not_enough": "not enough data", "abstained": "the model abstains"}
    return [
        Text(f"before {line['before']}: {words[line['status']]} ({line['reason']})")
        for line in lines
        if line["status"] != "ok"
    ]


def _cases(lines: list[dict[str, Any]]) -> RenderableType:
    table = table_of(
        "before", "case", "formula", "published", "measured\nS/cm", *_ORDERS.values(), *_PREDICTED, "remarks"
    )
    for line in lines:
        table.add_row(
            str(line["before"]),
            str(line["case"]),
            str(line["formula"]),
            str(line["published"]),
            show_number(line["conductivity_s_cm"], ".1e"),
            *_placed(line),
            ", ".join(_remarks(line)),
        )
    return table


def _compositions(lines: list[dict[str, Any]]) -> RenderableType:
    table = table_of(
        "formula", "published", "work", "measured\nS/cm", *_ORDERS.values(), *_PREDICTED, "remarks"
    )
    for line in lines:
        table.add_row(
            str(line["formula"]),
            str(line["published"]),
            str(line["work_id"]),
            show_number(line["conductivity_s_cm"], ".1e"),
            *_placed(line),
            ", ".join(_remarks(line)),
        )
    return table


_PREDICTED = ("predicted\nS/cm", "90 % interval")


def _placed(line: Mapping[str, Any]) -> list[str]:
    ends = [show_number(line[f"predicted_{end}_s_cm"], ".1e") for end in ("low", "high")]
    return [
        *(show_number(line[f"percentile_{order}"], ".1f") for order in _ORDERS),
        show_number(line["predicted_s_cm"], ".1e"),
        " to ".join(ends) if "–" not in ends else "–",
    ]


def _remarks(line: Mapping[str, Any]) -> list[str]:
    marks = {
        "winner": line.get("winner"),
        "above the best before": line.get("above_best"),
        "already published: shows nothing": line.get("in_training"),
        _PLACES[line["place"]]: line["place"] == "near",
        "outside the domain": line["outside_domain"],
        f"refused by {line['rejected_by']}": bool(line["rejected_by"]),
        "also in a work without a year": line.get("also_undated"),
    }
    return [words for words, holds in marks.items() if holds]


def _with_interval(line: Mapping[str, Any], name: str, form: str) -> str:
    value, low, high = (show_number(line[name + end], form) for end in ("", "_low", "_high"))
    return value if "–" in (low, high) else f"{value}\n({low} to {high})"


def _percentiles(line: Mapping[str, Any], order: str) -> str:
    """Write the mean percentile of the winners and of all later compositions, the intervals below."""
    means, lows, highs = (
        [show_number(line[f"{group}_percentile_{order}{end}"], ".0f") for group in ("winner", "later")]
        for end in ("", "_low", "_high")
    )
    ends = ["–" if low == "–" else f"{low} to {high}" for low, high in zip(lows, highs, strict=True)]
    return " / ".join(means) + ("" if set(ends) == {"–"} else "\n" + "\n".join(ends))


def _enrichment(line: Mapping[str, Any], order: str) -> str:
    """Write the enrichment in both tops, each interval on a line below."""
    names = [f"enrichment_{top}pct_{order}" for top in (1, 5)]
    values, lows, highs = (
        [show_number(line[name + end], form) for name in names]
        for end, form in (("", ".1f"), ("_low", ".0f"), ("_high", ".0f"))
    )
    if "–" in (*lows, *highs):
        return " / ".join(values)
    ends = [f"{low} to {high}" for low, high in zip(lows, highs, strict=True)]
    return "\n".join([" / ".join(values), *ends])


def _known(line: Mapping[str, Any], name: str) -> bool:
    return line[name] is not None


def _percent(value: Any) -> str:
    text = show_number(value, ".0f")
    return text if text == "–" else f"{text} %"


def _notes(found: Backtest) -> list[str]:
    """Say what the numbers mean: definitions, sample, what was left out."""
    known, line = found.settings, records(found.years)[0]
    confidence = f"{100 * known['confidence']:g} %"
    return [
        f"Trained on dated sources alone: {line['undated_rows']} conductivities of {line['undated_papers']} "
        "papers without a year are never used, they may be later.",
        f"Percentile: share of the candidates below, among {known['candidates_ranked']:,} that the rules let "
        f"through of {known['candidates_drawn']:,} drawn from {known['space']['size']:,} (standard error at "
        f"most {known['percentile_error']:.2f} points). 50 is chance; by carriers: nearest 3.35 per formula "
        "unit, a rule of thumb of today's literature without a model, NASICON only.",
        "Score: the default objective of `ssepredict rank`, for the conductivity alone, without "
        f"the rules read off today's dataset ({', '.join(known['rules_left_out'])}).",
        "Later: compositions of the space first published from the year on, by their best total conductivity "
        f"at 15 to 35 °C. Winners: its top quarter. Below and in brackets {confidence} intervals over "
        f"papers, none with fewer than {known['fewest_papers_for_interval']} papers.",
        "Authors choose sensibly, so that later compositions tend to stand above 50: the model tells winners "
        "apart only where they stand above all later ones.",
        "Top 1 % / 5 %: enrichment, the share of the winners in it over 1 % (5 %), 1 by chance. A year needs "
        f"{known['fewest_training_papers']} dated papers and {known['fewest_later_compositions']} later "
        "compositions. Estimators and the other rules were chosen knowing today's literature.",
    ]
