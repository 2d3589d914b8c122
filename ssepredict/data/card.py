"""The counts in the dataset card, written from the tables so that they cannot go stale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ssepredict.columns import TABLE_TITLES
from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.exceptions import TableError

BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"

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


def write_counts(folder: str | Path) -> None:
    """Renew the counts between the markers of a folder's README.md.

    Raises
    ------
    TableError
        When the card lacks the markers.
    """
    path = Path(folder) / "README.md"
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise TableError(f"{path} cannot be renewed", [f"expected the lines {BEGIN} and {END}"])
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(head + counts_markdown(load_dataset(folder)) + tail, encoding="utf-8")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
