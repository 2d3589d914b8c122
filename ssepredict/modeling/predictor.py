"""The predictor: all targets, one `predict`, saved and loaded without running anybody's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray, Problem
from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import SiteTable, parse_sites, read_sites
from ssepredict.exceptions import FormulaError, SsePredictError
from ssepredict.featurizers.site import site_features
from ssepredict.modeling.evidence import EVIDENCE_COLUMNS
from ssepredict.modeling.release import Release, read_release, write_release
from ssepredict.modeling.requests import checked_conditions, screened
from ssepredict.modeling.target_model import PredictiveDistribution
from ssepredict.modeling.targets import TARGETS
from ssepredict.physics.checks import check_sites


@dataclass(frozen=True)
class Predictor(Release):
    """All targets of a release: `Release` and what it predicts.

    Parameters
    ----------
    name, models, domain, evidence_rows, cell_rows, metrics, digest
        As in `ssepredict.modeling.release.Release`.
    left_out : DataFrame
        Left-out predictions of the released models (empty when loaded).
    """

    left_out: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    @property
    def dataset_digest(self) -> str:
        """SHA-256 of the dataset that the release was trained on."""
        return str(self.metrics["dataset_digest"])

    @property
    def domain_threshold(self) -> float:
        """Distance beyond which a composition is outside the domain."""
        return float(self.domain.threshold_)

    @property
    def live_targets(self) -> tuple[str, ...]:
        """Targets that are not abstained from."""
        return tuple(name for name, model in self.models.items() if model.status == "ok")

    def screen(self, formulas: Sequence[str]) -> tuple[list[int], list[Problem]]:
        """Tell rows that can be predicted from rows that cannot.

        Returns
        -------
        list of int
            Usable row numbers.
        list of (int, str, str)
            Row, formula, problem: unreadable, no framework, no Li or Na, far from neutral.
        """
        return screened(read_sites(formulas), formulas)

    def predict(
        self,
        formulas: str | Sequence[str],
        temperature_c: float = 25.0,
        confidence: float = 0.9,
        **conditions: Any,
    ) -> pd.DataFrame:
        """Predict every target for every formula.

        Parameters
        ----------
        formulas : str or sequence of str, length n
        temperature_c : float
            Temperature of the conductivity (°C).
        confidence : float
            Coverage of the intervals on papers that training has not seen, above 0 and below 1.
        **conditions
            Columns of `ssepredict.featurizers.conditions.CONDITIONS`, e.g. ``contribution="bulk"``.

        Returns
        -------
        DataFrame
            `formula`, `family`, `framework`, `temperature_c`; per target the value, `_low`, `_high` and
            `_status` (``ok``, ``outside_domain``, ``abstained``); `carriers`, `vacancies`,
            `charge_residual`, `domain_distance`, `verdict`.

        Raises
        ------
        FormulaError
            When formulas cannot be used; every bad row is named.
        SsePredictError
            When a condition, the temperature or the confidence is not admissible.

        Examples
        --------
        >>> row = load_predictor().predict("Na3Zr2Si2PO12").iloc[0]
        >>> bool(row["conductivity_s_cm_low"] < row["conductivity_s_cm"] < row["conductivity_s_cm_high"])
        True
        """
        texts = [formulas] if isinstance(formulas, str) else list(formulas)
        read = read_sites(texts)
        _, problems = screened(read, texts)
        if problems:
            raise FormulaError(problems)
        sites = read[0]
        table = self.predict_sites(sites, temperature_c=temperature_c, confidence=confidence, **conditions)
        table.insert(0, "formula", texts)
        table.insert(1, "family", sites.family)
        table.insert(2, "framework", sites.framework)
        table.insert(3, "temperature_c", float(temperature_c))
        judged = {
            target: table[target].where(table[f"{target}_status"] != "abstained") for target in self.models
        }
        verdicts = check_sites(sites, {**judged, "temperature_c": np.full(len(sites), float(temperature_c))})
        table["verdict"] = verdicts.worst_names
        return table

    def predict_sites(
        self, sites: SiteTable, *, temperature_c: float = 25.0, confidence: float = 0.9, **conditions: Any
    ) -> pd.DataFrame:
        """Predict a batch whose sites are assigned; see `predict` for the columns (from the targets on).

        The verdict is left to the caller, who knows which rules have been applied already.
        """
        if not 0.0 < confidence < 1.0:
            raise SsePredictError(f"confidence is {confidence}, expected above 0 and below 1, e.g. 0.9")
        columns: dict[str, Any] = {}
        distance = self.domain_distance(sites)
        found = self.distributions(sites, temperature_c=temperature_c, distance=distance, **conditions)
        for name, distribution in found.items():
            low, high = distribution.interval(confidence)
            columns |= {name: distribution.median, f"{name}_low": low, f"{name}_high": high}
            columns[f"{name}_status"] = self._status(name, distance, temperature_c)
        columns |= {
            "carriers": sites.carriers,
            "vacancies": sites.vacancies,
            "charge_residual": sites.charge_residual,
            "domain_distance": distance,
        }
        return pd.DataFrame(columns)

    def distributions(
        self,
        sites: SiteTable,
        *,
        temperature_c: float = 25.0,
        targets: Sequence[str] | None = None,
        distance: FloatArray | None = None,
        **conditions: Any,
    ) -> dict[str, PredictiveDistribution]:
        """Predictive distribution of every target, or of those named, for a batch of assigned sites.

        `distance` is the batch's `domain_distance`, computed here when the caller does not hold it already.
        """
        given = checked_conditions(temperature_c, conditions)
        shared = site_features(sites)
        wanted = self.models if targets is None else targets
        far = self.domain_distance(sites) if distance is None else distance
        return {name: self.models[name].distribution(sites, shared, given, far) for name in wanted}

    def domain_distance(self, sites: SiteTable) -> FloatArray:
        """Distance to the measured compositions, shape (n,)."""
        return self.domain.distance(sites)

    def evidence(self, formulas: str | Sequence[str] | SiteTable, k: int = 3) -> list[list[dict[str, Any]]]:
        """Find the measured samples nearest to each composition.

        Returns
        -------
        list of list of dict
            Per row the k nearest measured compositions, nearest first: the columns of `EVIDENCE_COLUMNS`
            (the measurement nearest to room temperature) and `distance`.
        """
        if isinstance(formulas, SiteTable):
            sites = formulas
        else:
            sites = read_sites([formulas] if isinstance(formulas, str) else list(formulas))[0]
        rows, distances = self.domain.nearest(sites, k)
        lines = list(self.evidence_rows[list(EVIDENCE_COLUMNS)].itertuples(index=False, name=None))
        return [
            [
                dict(zip(EVIDENCE_COLUMNS, lines[int(row)], strict=True)) | {"distance": float(distance)}
                for row, distance in zip(near, far, strict=True)
            ]
            for near, far in zip(rows, distances, strict=True)
        ]

    def best_reported(self, formula: str, target: str, temperature_c: float = 25.0) -> dict[str, Any] | None:
        """Best reported value of a composition: largest conductivity or smallest activation energy.

        Bulk and grain-boundary values, limits, computed and suspect rows do not count; a conductivity counts
        within 10 K of the temperature.

        Returns
        -------
        dict or None
            `value`, `source_id`, `measurement_id`; None when nothing is reported.
        """
        if target not in ("conductivity_s_cm", "activation_energy_ev"):
            return None
        best = self.metrics["best_reported"][target]
        key = str(composition_keys(parse_sites([formula]))[0])
        rows = [row for row in best if row["composition_key"] == key]
        if target == "conductivity_s_cm":
            rows = [row for row in rows if abs(row["temperature_c"] - temperature_c) <= 10.0]
        if not rows:
            return None
        choose = max if target == "conductivity_s_cm" else min
        return dict(choose(rows, key=lambda row: (row["value"], row["measurement_id"])))

    def save(self, folder: str | Path) -> None:
        """Write the release, whole files or nothing: model, evidence.csv, cells.csv, metrics.json, card.md.

        Raises
        ------
        ModelError
            When the folder holds something that is no release, or cannot be written.
        """
        write_release(folder, self)

    def _status(self, name: str, distance: FloatArray, temperature_c: float) -> npt.NDArray[np.object_]:
        model = self.models[name]
        if model.status == "abstained":
            return np.full(len(distance), "abstained", dtype=object)
        outside = distance > self.domain_threshold
        low, high = model.temperature_range_c
        if TARGETS[name].needs_temperature and not low <= temperature_c <= high:
            outside = np.ones(len(distance), dtype=bool)
        return np.where(outside, "outside_domain", "ok").astype(object)


def load_predictor(path: str | Path | None = None) -> Predictor:
    """Read a release.

    Only the types of a fixed list are built; nothing in the file is executed, and a pickle is refused.

    Parameters
    ----------
    path : str or Path, optional
        Folder of a release; the shipped one when omitted.

    Returns
    -------
    Predictor

    Raises
    ------
    ModelError
        When files are missing, damaged, changed, or hold types that are not trusted.

    Examples
    --------
    >>> sorted(load_predictor().models)
    ['activation_energy_ev', 'ccd_ma_cm2', 'conductivity_s_cm', 'fade_pct_per_cycle']
    """
    return Predictor(**vars(read_release(path)))
