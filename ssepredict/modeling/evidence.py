"""What predictions lean on: the measured samples, and the best that is reported of a composition."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ssepredict.data.dataset import Dataset
from ssepredict.modeling.targets import TARGETS

EVIDENCE_COLUMNS = (
    "measurement_id",
    "source_id",
    "doi",
    "year",
    "formula",
    "family",
    "host",
    "conductivity_s_cm",
    "temperature_c",
    "contribution",
    "synthesis",
    "sinter_temperature_c",
)


def evidence_table(dataset: Dataset, sites_rows: pd.DataFrame) -> pd.DataFrame:
    """Lines of evidence in the order of the training rows of the domain.

    Parameters
    ----------
    dataset : Dataset
    sites_rows : DataFrame
        Training rows of the conductivity, as `Target.frame` gives them.

    Returns
    -------
    DataFrame
        Columns `EVIDENCE_COLUMNS`, one line per training row; the line is that of the row's composition
        measured nearest to room temperature.
    """
    doi = dataset.sources.set_index("source_id")["doi"]
    table = sites_rows.rename(columns={"value": "conductivity_s_cm"})
    table = table.assign(doi=table["source_id"].map(doi).fillna(""))
    distance = (table["temperature_c"] - 25.0).abs().fillna(1e3)
    first = (
        table.assign(distance=distance)
        .sort_values(["composition_key", "work_id", "distance", "measurement_id"])
        .groupby(["composition_key", "work_id"], sort=False)["measurement_id"]
        .first()
    )
    chosen = pd.MultiIndex.from_frame(table[["composition_key", "work_id"]]).map(first)
    return table.set_index("measurement_id").loc[chosen].reset_index()[list(EVIDENCE_COLUMNS)]


def best_reported_table(dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """Reported values by composition that `Predictor.best_reported` chooses from."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for name in ("conductivity_s_cm", "activation_energy_ev"):
        target = TARGETS[name]
        rows = target.frame(dataset)
        rows = rows[target.scored(rows) & rows["contribution"].isin(["", "total", "unspecified"])]
        rows = rows[rows["composite"] == 0]
        columns = ["composition_key", "value", "temperature_c", "source_id", "measurement_id"]
        tables[name] = [
            {str(key): value for key, value in row.items()} for row in rows[columns].to_dict(orient="records")
        ]
    return tables
