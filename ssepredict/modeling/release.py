"""The folder of a release, whose model file is a skops archive: only a fixed list of types is ever built."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.exceptions import ModelError
from ssepredict.modeling.card import render_card
from ssepredict.modeling.cell_evidence import CELL_COLUMNS, type_cells
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.evidence import EVIDENCE_COLUMNS
from ssepredict.modeling.target_model import TargetModel
from ssepredict.resources import shipped_folder

_MODEL_FILE, _EVIDENCE_FILE, _CELLS_FILE, _METRICS_FILE, _CARD_FILE = (
    "model.skops",
    "evidence.csv",
    "cells.csv",
    "metrics.json",
    "card.md",
)

_FORMAT = 2
_TRUSTED = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMRegressor",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "ssepredict.modeling.blend.TreesAndProcess",
    "ssepredict.modeling.domain.Domain",
    "ssepredict.modeling.estimators.GroupMedianRegressor",
    "ssepredict.modeling.gaussian.SiteGaussianProcess",
    "ssepredict.modeling.intervals.GroupConformal",
)
"""The only types beyond numpy's and scikit-learn's that a model file may hold."""


@dataclass(frozen=True)
class Release:
    """What a release folder holds.

    Parameters
    ----------
    name : str
    models : dict of str to TargetModel
    domain : Domain
    evidence_rows : DataFrame
        Measured conductivities, one line each; columns `EVIDENCE_COLUMNS`.
    cell_rows : DataFrame
        Measured cells, as `cell_evidence_table` gives them.
    metrics : dict
        Everything that was measured in training.
    digest : str
        SHA-256 of the model file; empty before saving.
    """

    name: str
    models: dict[str, TargetModel]
    domain: Domain
    evidence_rows: pd.DataFrame = field(repr=False)
    cell_rows: pd.DataFrame = field(repr=False)
    metrics: dict[str, Any] = field(repr=False)
    digest: str = ""


def write_release(folder: str | Path, release: Release) -> None:
    """Write a release, whole files or nothing: model, evidence.csv, cells.csv, metrics.json, card.md.

    Raises
    ------
    ModelError
        When the folder holds something that is no release, or cannot be written.
    """
    place = Path(folder)
    if place.exists() and any(place.iterdir()) and not (place / _MODEL_FILE).exists():
        raise ModelError(f"{place} holds other files and no release; name an empty or a new folder")
    packed = pack(release.name, release.domain, release.models)
    metrics = {**release.metrics, "model_sha256": hashlib.sha256(packed).hexdigest()}
    files = {
        _MODEL_FILE: packed,
        _EVIDENCE_FILE: release.evidence_rows.to_csv(index=False, lineterminator="\n").encode(),
        _CELLS_FILE: release.cell_rows.to_csv(index=False, lineterminator="\n").encode(),
        _METRICS_FILE: (json.dumps(without_nan(metrics), indent=1, sort_keys=True) + "\n").encode(),
        _CARD_FILE: render_card(metrics).encode(),
    }
    try:
        place.mkdir(parents=True, exist_ok=True)
        _write_whole(place, files)
    except OSError as error:
        raise ModelError(f"release cannot be written to {place}: {error.strerror or error}") from error


def read_release(path: str | Path | None = None) -> Release:
    """Read a release folder back, the shipped one when no path is given.

    Raises
    ------
    ModelError
        When files are missing, damaged, changed, or hold types that are not trusted.
    """
    folder = _shipped_release() if path is None else Path(path)
    for file in (_MODEL_FILE, _EVIDENCE_FILE, _CELLS_FILE, _METRICS_FILE):
        if not (folder / file).is_file():
            raise ModelError(f"{folder} lacks {file}, expected a release written by `ssepredict train`")
    packed = (folder / _MODEL_FILE).read_bytes()
    digest = hashlib.sha256(packed).hexdigest()
    try:
        metrics = json.loads((folder / _METRICS_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{folder / _METRICS_FILE} is no JSON ({error}); train or install again") from error
    if not isinstance(metrics, dict):
        raise ModelError(f"{folder / _METRICS_FILE} holds no metrics of a release; train or install again")
    if metrics.get("model_sha256") != digest:
        raise ModelError(
            f"{folder / _MODEL_FILE} has SHA-256 {digest[:12]}..., {_METRICS_FILE} states "
            f"{str(metrics.get('model_sha256'))[:12]}...; it was changed or is incomplete: install again"
        )
    name, domain, models = unpack(packed, str(folder / _MODEL_FILE))
    evidence = _read_evidence(folder / _EVIDENCE_FILE, rows=int(domain.rows_.max()) + 1)
    cells = _read_cells(folder / _CELLS_FILE)
    return Release(name, models, domain, evidence, cells, metrics, digest)


def pack(name: str, domain: Domain, models: Mapping[str, TargetModel]) -> bytes:
    """Content of the model file."""
    from skops import io as skops_io

    content = {
        "format": _FORMAT,
        "name": name,
        "domain": domain,
        "models": [
            {
                "target": model.target,
                "status": model.status,
                "reason": model.reason,
                "reads": model.reads,
                "estimator": model.estimator,
                "conformal": model.conformal,
                "elements": list(model.elements),
                "feature_names": list(model.feature_names),
                "temperature_range_c": list(model.temperature_range_c),
            }
            for model in models.values()
        ],
    }
    return bytes(skops_io.dumps(content, compression=8))


def unpack(packed: bytes, path: str) -> tuple[str, Domain, dict[str, TargetModel]]:
    """Read a model file back.

    Parameters
    ----------
    packed : bytes
    path : str
        Where they were read, for messages.

    Raises
    ------
    ModelError
        When it is no skops file, is damaged, holds types that are not trusted, or has another format.
    """
    from skops import io as skops_io

    if packed[:2] != b"PK":
        raise ModelError(
            f"{path} is no skops file; pickles and other formats are never loaded: train or install again"
        )
    try:
        foreign = set(skops_io.get_untrusted_types(data=packed)) - set(_TRUSTED)
        if foreign:
            raise ModelError(f"{path} holds types that are not trusted: {', '.join(sorted(foreign))}")
        content = skops_io.loads(packed, trusted=list(_TRUSTED))
    except ModelError:
        raise
    except Exception as error:  # whatever a damaged archive makes skops raise
        raise ModelError(f"{path} cannot be read ({type(error).__name__}: {error}); install again") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ModelError(f"{path} has another format than {_FORMAT}, which this version reads; train again")
    models = {
        entry["target"]: TargetModel(
            **{
                **entry,
                "elements": tuple(entry["elements"]),
                "feature_names": tuple(entry["feature_names"]),
                "temperature_range_c": (entry["temperature_range_c"][0], entry["temperature_range_c"][1]),
            }
        )
        for entry in content["models"]
    }
    return content["name"], content["domain"], models


def without_nan(value: Any) -> Any:
    """Replace NaN by None, which JSON can say."""
    if isinstance(value, dict):
        return {str(key): without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(entry) for entry in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def _read_evidence(path: Path, rows: int) -> pd.DataFrame:
    """Lines that the domain points to; ModelError when columns or lines are missing."""
    try:
        evidence = pd.read_csv(path, keep_default_na=False, na_values={"conductivity_s_cm": [""]})
    except ValueError as error:  # pandas' parser errors are among them
        raise ModelError(f"{path} is no table ({error}); train or install again") from error
    missing = [name for name in EVIDENCE_COLUMNS if name not in evidence]
    if missing or len(evidence) < rows:
        raise ModelError(
            f"{path} has {len(evidence)} lines and lacks columns {missing}, expected at least {rows} lines "
            "and every column; train or install again"
        )
    for column in ("year", "temperature_c", "sinter_temperature_c"):
        evidence[column] = pd.to_numeric(evidence[column], errors="coerce")
    return evidence


def _read_cells(path: Path) -> pd.DataFrame:
    """Measured cells; ModelError when columns are missing."""
    try:
        cells = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:
        raise ModelError(f"{path} is no table ({error}); train or install again") from error
    missing = [name for name in CELL_COLUMNS if name not in cells]
    if missing:
        raise ModelError(f"{path} lacks columns {missing}, expected every column; train or install again")
    return type_cells(cells)


def _shipped_release() -> Path:
    releases = sorted(path.parent for path in shipped_folder("models").glob(f"*/{_MODEL_FILE}"))
    if not releases:
        raise ModelError("no release is installed; run `ssepredict train` or install ssepredict again")
    return releases[0]


def _write_whole(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write every file under a temporary name first, then move all into place."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as scratch:
        for name, content in files.items():
            (Path(scratch) / name).write_bytes(content)
        for name in files:
            os.replace(Path(scratch) / name, folder / name)
