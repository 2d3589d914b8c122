"""Small datasets, written row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ssepredict.columns import TABLES
from ssepredict.data.dataset import Dataset
from ssepredict.data.tables import type_tables

_SOURCE = {"access": "full_text", "licence_note": "facts"}
_FLAGS = {"secondary": 0, "computed": 0, "suspect": 0}


class Builder:
    """Collects rows; what is not given is empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def source(self, name: str, work: str = "", **given: Any) -> None:
        self.rows["sources"].append({**_SOURCE, "source_id": name, "work_id": work or name, **given})

    def sample(self, name: str, source: str, formula: str, **given: Any) -> str:
        if source not in [row["source_id"] for row in self.rows["sources"]]:
            self.source(source)
        self.rows["samples"].append(
            {"sample_id": name, "source_id": source, "formula": formula, "composite": 0, **given}
        )
        return name

    def figure(self, sample: str, value: float, temperature_c: float | None = 25.0, **given: Any) -> str:
        name = f"M{len(self.rows['transport']) + 1}"
        row = {"quantity": "conductivity", "read_as": "full_text", "read_in": "a", **_FLAGS, **given}
        self.rows["transport"].append(
            {
                **row,
                "measurement_id": name,
                "sample_id": sample,
                "value": value,
                "temperature_c": temperature_c,
            }
        )
        return name

    def energy(self, sample: str, value: float, **given: Any) -> str:
        return self.figure(sample, value, None, quantity="activation_energy", **given)

    def cell(self, sample: str, quantity: str, value: float, **given: Any) -> str:
        name = f"C{len(self.rows['cells']) + 1}"
        row = {"quantity": quantity, "read_as": "full_text", **_FLAGS, **given}
        self.rows["cells"].append({**row, "measurement_id": name, "sample_id": sample, "value": value})
        return name

    def dataset(self) -> Dataset:
        tables = {}
        for name, columns in TABLES.items():
            rows = [
                ["" if row.get(c.name) is None else str(row[c.name]) for c in columns]
                for row in self.rows[name]
            ]
            tables[name] = pd.DataFrame(rows, columns=[column.name for column in columns], dtype=object)
        return Dataset(**type_tables(tables))


@pytest.fixture
def build() -> Callable[[], Builder]:
    return Builder
