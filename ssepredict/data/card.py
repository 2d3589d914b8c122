"""The numbers in the dataset card, written from the tables so that they cannot go stale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ssepredict.columns import DECISIONS, TABLE_TITLES
from ssepredict.data.coverage import (
    dopants_by_host,
    largest_hosts,
    measurements_by_family,
    measurements_by_period,
)
from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.data.reproducibility import noise_floor
from ssepredict.exceptions import TableError

BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"
_SHOWN_DOPANTS = 30

_SECTIONS = {
    "measurements_by_quantity": "Measurements by quantity",
    "measurements_by_family": "Measurements by family",
    "samples_by_framework": "Samples by framework",
    "sources_by_decade": "Sources by decade",
    "sources_by_access": "Sources by the best way they were read",
    "measurements_by_flag": "Measurements with a flag",
    "excluded_by_reason": "Excluded figures by reason",
    "discrepancies_by_rule": "Discrepancies by rule",
}


def counts_markdown(dataset: Dataset) -> str:
    """Render the counts of a dataset as Markdown, markers included.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    str

    Examples
    --------
    >>> counts_markdown(load_dataset()).splitlines()[2]
    '| table | rows | holds |'
    """
    summary = dataset.summary()
    rows = [f"| {name} | {count} | {TABLE_TITLES[name]} |" for name, count in summary["tables"].items()]
    lines = [BEGIN, "", "| table | rows | holds |", "|---|---|---|", *rows]
    lines += ["", f"The sources are {summary['works']} distinct works.", ""]
    lines += [f"- {title}: {_listed(summary[key])}." for key, title in _SECTIONS.items()]
    return "\n".join([*lines, "", END])


def coverage_markdown(dataset: Dataset) -> str:
    """Render dopants per host, quantities by family and quantities by year as Markdown."""
    hosts = largest_hosts(dataset)
    dopants = dopants_by_host(dataset)
    lines = []
    for host, samples in hosts.items():
        mine = dopants[dopants["host"] == host]
        listed = ", ".join(
            f"{element} {count}"
            for element, count in zip(mine["element"][:_SHOWN_DOPANTS], mine["samples"], strict=False)
        )
        lines.append([str(host), str(samples), str(len(mine)), listed])
    return "\n\n".join(
        [
            "Elements beside those of the host, with the number of samples that hold them (the hosts with "
            "most samples):",
            _table(["host", "samples", "elements", "samples by element"], lines),
            "Measurements by quantity and family:",
            _counts_table(measurements_by_family(dataset)),
            "Measurements by quantity and year of the source:",
            _counts_table(measurements_by_period(dataset)),
        ]
    )


def noise_markdown(dataset: Dataset) -> str:
    """Render the noise floor, whatever the contribution, as Markdown."""
    table = noise_floor(dataset)
    chosen = table[(table["contribution"] == "all") & (table["compositions"] >= 3)]
    lines = [
        [
            str(row.quantity),
            str(row.family),
            str(row.temperature_band),
            f"{row.compositions:.0f}",
            f"{row.works:.0f}",
            f"{row.pairs:.0f}",
            f"{row.median_abs_difference:.2f}",
            f"{row.mae_from_other_works:.2f} ({row.mae_low:.2f} to {row.mae_high:.2f})",
            str(row.unit),
        ]
        for row in chosen.itertuples()
    ]
    head = ["quantity", "family", "temperature", "compositions", "works", "pairs", "median difference"]
    return _table([*head, "error of the other works' median (90 %)", "unit"], lines)


def biases_markdown(dataset: Dataset) -> str:
    """State the biases that can be counted."""
    both = pd.concat([dataset.transport, dataset.cells])
    sources = dataset.sources
    conductivity = dataset.transport[dataset.transport["quantity"] == "conductivity"]
    host, number = next(iter(largest_hosts(dataset, 1).items()), ("", 0))
    findings = dataset.discrepancies
    decided = ", ".join(f"{name} {int((findings['decision'] == name).sum())}" for name in DECISIONS)
    lines = [
        f"{_share(both['read_as'].isin(['compilation', 'figure']))} of the figures were read in a "
        f"compilation ({_share(both['read_as'] == 'figure')} in one that read them off plots) and "
        f"{_share(both['secondary'] == 1)} in another work that cites them.",
        f"{_share(sources['year'].isna())} of the sources have no known year, "
        f"{_share(sources['doi'] == '')} no known DOI.",
        f"{_share(conductivity['temperature_c'].isna())} of the conductivities state no temperature, "
        f"{_share(conductivity['contribution'].isin(['', 'unspecified']))} no contribution.",
        f"{_share(dataset.samples['relative_density_pct'].isna())} of the samples state no density, "
        f"{_share(dataset.samples['synthesis'] == '')} no synthesis.",
        f"The most common host, {host}, has {number} of {len(dataset.samples)} samples.",
        f"Findings by decision: {decided}.",
    ]
    return "\n".join(f"- {line}" for line in lines)


BLOCKS: dict[str, Callable[[Dataset], str]] = {
    "coverage": coverage_markdown,
    "noise floor": noise_markdown,
    "biases": biases_markdown,
}
"""Name of a pair of markers in the card to what stands between them; `counts` must be there as well."""


def write_counts(folder: str | Path, extra: Mapping[str, str] | None = None) -> None:
    """Renew what stands between the markers of a folder's README.md.

    Parameters
    ----------
    folder : str or Path
    extra : mapping of str to str, optional
        Further blocks by the name in their markers, as Markdown.

    Raises
    ------
    TableError
        When the card lacks the markers of the counts.
    """
    path = Path(folder) / "README.md"
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise TableError(f"{path} cannot be renewed", [f"expected the lines {BEGIN} and {END}"])
    path.write_text(renewed(text, load_dataset(folder), extra), encoding="utf-8")


def renewed(text: str, dataset: Dataset, extra: Mapping[str, str] | None = None) -> str:
    """Return the text of a card with every marked block renewed; a block without markers is left out."""
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    text = head + counts_markdown(dataset) + tail
    blocks = {name: render(dataset) for name, render in BLOCKS.items() if _markers(name)[0] in text}
    for name, block in {**blocks, **(extra or {})}.items():
        begin, end = _markers(name)
        if begin in text and end in text:
            head, tail = text.split(begin)[0], text.split(end)[1]
            text = f"{head}{begin}\n\n{block}\n\n{end}{tail}"
    return text


def _markers(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def _counts_table(table: pd.DataFrame) -> str:
    body = [[str(cell) for cell in line] for line in table.itertuples(name=None)]
    return _table(["quantity", *map(str, table.columns)], body)


def _share(rows: pd.Series[bool]) -> str:
    share = float(np.mean(rows)) if len(rows) else 0.0
    return f"{100 * share:.0f} %"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
