"""What predictions lean on: the measured samples, and the best that is reported of a composition."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.targets import TARGETS
from ssepredict.physics.checks import check_sites
from ssepredict.physics.rules import RULES

EVIDENCE_COLUMNS = (
    "measurement_id",
    "source_id",
    "doi",
    "citation",
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
    sources = dataset.sources.set_index("source_id")
    table = sites_rows.rename(columns={"value": "conductivity_s_cm"})
    table = table.assign(
        **{name: table["source_id"].map(sources[name]).fillna("") for name in ("doi", "citation")}
    )
    distance = (table["temperature_c"] - 25.0).abs().fillna(1e3)
    first = (
        table.assign(distance=distance)
        .sort_values(["composition_key", "work_id", "distance", "measurement_id"])
        .groupby(["composition_key", "work_id"], sort=False)["measurement_id"]
        .first()
    )
    first.name = "evidence_id"
    chosen = table[["composition_key", "work_id"]].join(first, on=["composition_key", "work_id"])[
        "evidence_id"
    ]
    by_id = table.set_index("measurement_id", drop=False)
    return by_id.loc[chosen.to_list(), list(EVIDENCE_COLUMNS)].reset_index(drop=True)


def best_reported_table(dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """List the reported values by composition that `Predictor.best_reported` chooses from.

    Bulk, grain-boundary, composite and high-temperature-phase values do not count, nor do values of a
    sample whose conductivity and activation energy contradict each other (rule arrhenius_consistency): the
    best of many reports is where misprints gather.
    """
    frames = {name: TARGETS[name].frame(dataset) for name in ("conductivity_s_cm", "activation_energy_ev")}
    frames = {name: rows[rows["phase_range"] != "high_temperature"] for name, rows in frames.items()}
    doubtful = _inconsistent_samples(frames["conductivity_s_cm"], frames["activation_energy_ev"])
    tables: dict[str, list[dict[str, Any]]] = {}
    for name, rows in frames.items():
        kept = TARGETS[name].scored(rows) & rows["contribution"].isin(["", "total", "unspecified"])
        kept &= (rows["composite"] == 0) & ~rows["sample_id"].isin(doubtful)
        columns = ["composition_key", "value", "temperature_c", "source_id", "measurement_id"]
        tables[name] = [
            {str(key): value for key, value in row.items()}
            for row in rows.loc[kept, columns].to_dict(orient="records")
        ]
    return tables


def _inconsistent_samples(conductivity: pd.DataFrame, activation_energy: pd.DataFrame) -> set[str]:
    """Find samples whose conductivity (15 to 45 °C) and activation energy the rule warns about."""
    near_room = conductivity[conductivity["temperature_c"].between(15.0, 45.0)]
    columns = ["sample_id", "formula", "value", "temperature_c"]
    pairs = near_room[columns].merge(
        activation_energy[["sample_id", "value"]], on="sample_id", suffixes=("", "_ev")
    )
    verdicts = check_sites(
        parse_sites(pairs["formula"].tolist()),
        {
            "conductivity_s_cm": pairs["value"].to_numpy(),
            "activation_energy_ev": pairs["value_ev"].to_numpy(),
            "temperature_c": pairs["temperature_c"].to_numpy(),
        },
        rules={"arrhenius_consistency": RULES["arrhenius_consistency"]},
    )
    return set(pairs.loc[verdicts.warnings > 0, "sample_id"])
