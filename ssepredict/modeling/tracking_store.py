"""The tracking store: which one, how to talk to it without noise, and what to say when it fails."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ssepredict.exceptions import ModelError

DEFAULT_FILE = "mlflow.db"
"""Where runs go unless MLFLOW_TRACKING_URI says otherwise: a SQLite file in the working folder."""

DIGEST_LENGTH = 36
"""Characters of a dataset digest that MLflow keeps."""

_SETTINGS = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_UNLESS_SET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # MLflow's own seven retries keep a person waiting for four minutes on a server that is gone.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
}
_LABELS = ("target", "protocol", "estimator", "processing", "scope", "host_group")


@contextlib.contextmanager
def tracking_store(experiment: str, *, lost: str, remedy: str) -> Iterator[str]:
    """Use the store that MLFLOW_TRACKING_URI names, or the default, inside the block.

    Parameters
    ----------
    experiment : str
        Runs of the block belong to it; created when it does not exist.
    lost : str
        What is not logged when the store fails, e.g. ``"the run"``.
    remedy : str
        What is safe, and what to do once the store answers.

    Yields
    ------
    str
        The store's address, without a password.

    Raises
    ------
    ModelError
        When the store cannot be reached or written.
    """
    settings = _SETTINGS | {name: value for name, value in _UNLESS_SET.items() if name not in os.environ}
    with _environment(settings), _quiet():
        import mlflow
        from sqlalchemy.exc import SQLAlchemyError

        # MLflow keeps one store per address: a relative one would stay in the first folder it was used in.
        store = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path.cwd() / DEFAULT_FILE}"
        shown = _without_password(store)
        try:
            mlflow.set_tracking_uri(store)
            mlflow.set_experiment(experiment)
            yield shown
        except (mlflow.exceptions.MlflowException, SQLAlchemyError, OSError) as error:
            said = _without_password(str(error)).strip().splitlines() or [type(error).__name__]
            raise ModelError(f"{lost} cannot be logged to {shown}: {said[0]}; {remedy}") from error


def flat_metrics(figures: Mapping[str, Any]) -> dict[str, float]:
    """Every finite figure of a nested mapping under a name that MLflow takes.

    Lines of a list take part when they carry labels (protocol, estimator, scope ...); a curve without labels
    is a plot's business.

    Examples
    --------
    >>> line = {"protocol": "paper", "estimator": "lightgbm", "scope": "all", "mae": 0.7, "rows": 3}
    >>> flat_metrics({"comparison": [line], "intervals": {"all": {"coverage": 0.9}}, "reason": ""})
    {'comparison.paper.lightgbm.all.mae': 0.7, 'comparison.paper.lightgbm.all.rows': 3.0, \
'intervals.all.coverage': 0.9}
    """
    flat: dict[str, float] = {}
    for name, value in figures.items():
        head = re.sub(r"[^\w\-. /]", "_", str(name))
        if isinstance(value, Mapping):
            flat |= {f"{head}.{key}": number for key, number in flat_metrics(value).items()}
        elif isinstance(value, list):
            for line in value:
                if isinstance(line, Mapping) and (labels := _labels(line)):
                    flat |= {f"{head}.{labels}.{key}": number for key, number in flat_metrics(line).items()}
        elif _is_number(value):
            flat[head] = float(value)
    return flat


def _without_password(text: str) -> str:
    return re.sub(r"://[^@/\s]*@", "://***@", text)


def _labels(line: Mapping[str, Any]) -> str:
    """Name that tells a line from its neighbours; empty when it carries no label."""
    texts = [str(line[name]) for name in _LABELS if line.get(name)]
    return ".".join(re.sub(r"[^\w\- ]", "_", text) for text in texts)


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's progress chatter and its advice to other tools out of the user's terminal."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3.connectionpool")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
