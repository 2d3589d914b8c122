"""Run every benchmark and print one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import campaign, engines, featurizers, imports, ranking
from benchmarks.timing import Figure

# A new benchmark joins by its module's name and run function.
BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    featurizers.NAME: featurizers.run,
    ranking.NAME: ranking.run,
    imports.NAME: imports.run,
    campaign.NAME: campaign.run,
    engines.NAME: engines.run,
}


def machine() -> dict[str, str]:
    """Name what the figures depend on."""
    libraries = {name: version(name) for name in ("numpy", "pandas", "scikit-learn", "pymatgen", "matminer")}
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    cores = str(os.cpu_count())
    return {"python": platform.python_version(), "cores": cores, "OMP_NUM_THREADS": threads, **libraries}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(BENCHMARKS)}; all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file as well")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        figures += BENCHMARKS[name]()
    Console().print(as_table(figures))
    if options.json:
        record = {"machine": machine(), "figures": [asdict(figure) for figure in figures]}
        options.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def as_table(figures: list[Figure]) -> Table:
    caption = ", ".join(f"{name} {value}" for name, value in machine().items())
    table = Table(title="Benchmarks (medians)", caption=caption)
    for heading in ("benchmark", "what", "value", "unit", "target"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for figure in figures:
        value = f"{figure.value:,.0f}" if figure.value >= 10 else f"{figure.value:.3g}"
        table.add_row(figure.benchmark, figure.name, value, figure.unit, figure.target)
    return table


if __name__ == "__main__":
    main()
