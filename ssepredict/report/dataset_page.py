"""The page about a dataset: what it covers, how far it agrees with itself, what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ssepredict import __version__
from ssepredict.audit.audit import Audit, audit
from ssepredict.columns import DECISIONS
from ssepredict.data.coverage import (
    dopants_by_host,
    largest_hosts,
    measurements_by_family,
    measurements_by_year,
    repeated_conductivities,
)
from ssepredict.data.dataset import Dataset
from ssepredict.data.reproducibility import noise_floor
from ssepredict.report.dataset_plots import (
    coverage_plot,
    dopant_plot,
    finding_plot,
    spread_plot,
    year_plot,
)
from ssepredict.report.files import write_whole
from ssepredict.report.markup import Markup, join, section, source_link, table, tag
from ssepredict.report.page import page
from ssepredict.report.plots import as_html

SHOWN_FINDINGS = 400
_HOSTS = 20


def write_dataset_report(dataset: Dataset, out: str | Path) -> Path:
    """Write the page about a dataset; it needs nothing else, online or offline.

    Parameters
    ----------
    dataset : Dataset
    out : str or Path
        File to write, whole or not at all.

    Returns
    -------
    Path

    Raises
    ------
    SsePredictError
        When the file cannot be written.
    """
    return write_whole(out, render_dataset_report(dataset, audit(dataset)))


def render_dataset_report(dataset: Dataset, found: Audit) -> str:
    """Return the page.

    Parameters
    ----------
    dataset : Dataset
        Of any size.
    found : Audit
        Of the same dataset; findings entered by hand are taken from the dataset.
    """
    by_hand = dataset.discrepancies[dataset.discrepancies["origin"] == "hand"]
    findings = pd.concat([by_hand, found.findings], ignore_index=True)
    body = join(
        [
            tag(
                "header",
                tag("h1", "The dataset of published measurements"),
                tag("p", "What it covers, how far works agree, what is wrong in it.", class_="lead"),
            ),
            tag(
                "main",
                _tiles(dataset, findings),
                _coverage(dataset),
                _agreement(dataset),
                _findings(findings, found, dataset),
                _provenance(dataset),
            ),
            tag("footer", tag("p", "Written by ssepredict ", __version__, ".")),
        ]
    )
    return page("The dataset of published measurements", body)


def _tiles(dataset: Dataset, findings: pd.DataFrame) -> Markup:
    conductivities = int((dataset.transport["quantity"] == "conductivity").sum())
    suspects = int(dataset.transport["suspect"].sum() + dataset.cells["suspect"].sum())
    figures = [
        (len(dataset), "measurements"),
        (conductivities, "conductivities"),
        (len(dataset.samples), "samples"),
        (dataset.samples["composition_key"].nunique(), "compositions"),
        (dataset.sources["work_id"].nunique(), "works"),
        (len(findings), "findings"),
        (suspects, "measurements flagged"),
    ]
    return tag(
        "div",
        *(
            tag("div", tag("strong", f"{count:,}"), tag("span", name), class_="tile")
            for count, name in figures
        ),
        class_="tiles",
    )


def _coverage(dataset: Dataset) -> Markup:
    dopants = dopants_by_host(dataset)
    hosts = [str(host) for host in largest_hosts(dataset, _HOSTS).index]
    undated = float(dataset.sources["year"].isna().mean()) if len(dataset.sources) else 0.0
    return section(
        "Coverage",
        _figure(
            as_html(dopant_plot(dopants, hosts), with_library=True),
            "Elements beside the host's own, by number of samples; the menu chooses the host. Where no "
            "number stands, nobody in this dataset put the element.",
        ),
        _figure(
            as_html(year_plot(measurements_by_year(dataset)), with_library=False),
            f"Measurements by year of the source. {100 * undated:.0f} % of the sources have no known year "
            "and are not shown.",
        ),
        _figure(
            as_html(coverage_plot(measurements_by_family(dataset)), with_library=False),
            "Number of measurements by quantity and family.",
        ),
    )


def _agreement(dataset: Dataset) -> Markup:
    repeated = repeated_conductivities(dataset)
    floor = noise_floor(dataset)
    chosen = floor[floor["contribution"] == "all"]
    lines = [
        [
            str(row.quantity).replace("_", " "),
            str(row.family).replace("_", " "),
            str(row.temperature_band),
            f"{row.compositions:.0f}",
            f"{row.works:.0f}",
            f"{row.pairs:,.0f}",
            f"{row.median_abs_difference:.2f}",
            f"{row.mae_from_other_works:.2f}",
            f"{row.mae_low:.2f} to {row.mae_high:.2f}".replace("nan to nan", "–"),
            row.unit,
        ]
        for row in chosen.itertuples()
    ]
    head = ["quantity", "family", "temperature", "compositions", "works", "pairs", "median difference"]
    head += ["error of the other works' median", "90 % interval", "unit"]
    return section(
        "How far independent works agree",
        _figure(
            as_html(spread_plot(repeated), with_library=False),
            "Conductivity of the compositions that most works report; a mark is a work. A model cannot "
            "predict a work better than the works predict each other.",
        ),
        table("The noise floor, whatever the contribution", head, lines, numeric=range(3, 9)),
    )


def _findings(findings: pd.DataFrame, found: Audit, dataset: Dataset) -> Markup:
    doi = dataset.sources.drop_duplicates("source_id").set_index("source_id")["doi"]
    by_rule = [
        [str(rule).replace("_", " "), *(f"{count:,}" for count in counts)]
        for rule, *counts in found.counts[["rows", "warn", "reject", "findings"]].itertuples(name=None)
    ]
    gravity = {name: -place for place, name in enumerate(DECISIONS)}
    ordered = findings.sort_values("decision", key=lambda names: names.map(gravity), kind="stable")
    lines = [
        [
            str(row.rule).replace("_", " "),
            source_link(str(row.source_id), str(doi.get(row.source_id, ""))),
            row.subject,
            row.reported,
            row.expected,
            join([str(row.decision), tag("div", str(row.origin), class_="small")]),
        ]
        for row in ordered.head(SHOWN_FINDINGS).itertuples()
    ]
    head = ["rule", "source", "subject", "reported", "expected", "decision"]
    return section(
        "What is wrong or contradictory",
        _figure(
            as_html(finding_plot(findings), with_library=False), "Findings by rule and what was decided."
        ),
        table(
            "Rules over rows: samples, figures or pairs of figures judged",
            ["rule", "judged", "warned", "rejected", "findings"],
            by_rule,
            numeric=range(1, 5),
        ),
        table(f"{len(lines)} of {len(findings)} findings, the gravest decisions first", head, lines),
        tag("ul", *(tag("li", tag("strong", name), f": {text}") for name, text in DECISIONS.items())),
    )


def _provenance(dataset: Dataset) -> Markup:
    pairs: Iterable[tuple[str, Any]] = (("dataset", f"SHA-256 {dataset.digest}"), ("version", __version__))
    return section(
        "Provenance", tag("dl", *(join([tag("dt", name), tag("dd", value)]) for name, value in pairs))
    )


def _figure(plot: str, caption: str) -> Markup:
    return tag("figure", Markup(plot), tag("figcaption", caption))
