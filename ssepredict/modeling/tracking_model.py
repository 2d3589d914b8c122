"""The model that MLflow serves: formulas in, predictions out; code and a release, never a pickle."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict import __version__
from ssepredict.exceptions import SsePredictError
from ssepredict.featurizers.conditions import CONDITIONS, CategoryCondition, PresenceCondition
from ssepredict.modeling.predictor import Predictor, load_predictor

PROBLEM_COLUMN = "problem"
"""Column of the answer that says why a row could not be predicted; empty where it could."""

DEFAULT_TEMPERATURE_C = 25.0
DEFAULT_CONFIDENCE = 0.9

_CODE = (
    "from ssepredict.modeling.tracking_model import register_served_model\n\n"
    "# MLflow runs this file to build the model; the release beside it is read with skops.\n"
    "register_served_model()\n"
)
_EXAMPLE_FORMULAS = ["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Li1.8Zr0.8Nb0.2Cl6"]


def register_served_model() -> None:
    """Declare the model that MLflow serves; called by the code file that is logged with it."""
    import mlflow

    class ServedPredictor(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]  # lazy in mlflow
        """Formulas in, predictions out."""

        def load_context(self, context: Any) -> None:
            self.predictor = load_predictor(context.artifacts["release"])

        # A DataFrame is the one hint that MLflow does not hold against the signature that is logged.
        def predict(
            self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
        ) -> pd.DataFrame:
            confidence = float((params or {}).get("confidence", DEFAULT_CONFIDENCE))
            try:
                return _sayable(predict_table(self.predictor, model_input, confidence))
            except SsePredictError as error:
                raise mlflow.exceptions.MlflowException.invalid_parameter_value(str(error)) from error

    mlflow.models.set_model(ServedPredictor())


def predict_table(
    predictor: Predictor, table: pd.DataFrame, confidence: float = DEFAULT_CONFIDENCE
) -> pd.DataFrame:
    """Predict a table of formulas with conditions of their own; a bad formula costs its row, not the batch.

    Parameters
    ----------
    predictor : Predictor
    table : DataFrame, n rows
        `formula`; optionally `temperature_c` (°C, 25 where it is not given) and columns of `CONDITIONS`.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame, n rows
        The columns of `Predictor.predict` and `problem`: rows that cannot be predicted hold no values but
        say there what is wrong. The index is the table's.

    Raises
    ------
    SsePredictError
        When a condition, a temperature or the confidence is not admissible.

    Examples
    --------
    >>> table = pd.DataFrame({"formula": ["Li3YCl6", "Li3XyCl6"]})
    >>> [problem[:20] for problem in predict_table(load_predictor(), table)["problem"]]
    ['', "unknown element 'Xy'"]
    """
    formulas = table["formula"].astype(str).tolist()
    usable, found = predictor.screen(formulas)
    problems = {row: problem for row, _, problem in found}
    together: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    given = _conditions(table)
    for row in usable:
        together.setdefault(given[row], []).append(row)
    parts = []
    for stated, rows in together.items():
        wanted = dict(stated)
        temperature = wanted.pop("temperature_c", DEFAULT_TEMPERATURE_C)
        part = predictor.predict(
            [formulas[row] for row in rows], temperature_c=temperature, confidence=confidence, **wanted
        )
        parts.append(part.set_axis(rows))
    answer = pd.concat(parts) if parts else predictor.predict(_EXAMPLE_FORMULAS[:1]).iloc[:0]
    answer = answer.reindex(range(len(formulas)))
    texts = answer.select_dtypes(exclude="number").columns
    answer[texts] = answer[texts].fillna("")
    answer["formula"] = formulas
    answer[PROBLEM_COLUMN] = [problems.get(row, "") for row in range(len(formulas))]
    return answer.set_axis(table.index)


def log_served_model(release: Path) -> str:
    """Log the served model to the active run.

    Parameters
    ----------
    release : Path
        Folder of the release, which is copied into the model.

    Returns
    -------
    str
        The logged model's id.
    """
    import mlflow
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    example = pd.DataFrame({"formula": _EXAMPLE_FORMULAS, "temperature_c": DEFAULT_TEMPERATURE_C})
    answer = predict_table(load_predictor(release), example)
    # Whatever may be missing in one answer must not be required of all.
    found = infer_signature(None, answer).outputs.inputs
    outputs = Schema([ColSpec(column.type, column.name, required=False) for column in found])
    conditions = [ColSpec(_type(name), name, required=False) for name in CONDITIONS]
    signature = ModelSignature(
        inputs=Schema([ColSpec("string", "formula"), *conditions]),
        outputs=outputs,
        params=ParamSchema([ParamSpec("confidence", "double", DEFAULT_CONFIDENCE)]),
    )
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(scratch) / "served_model.py"
        code.write_text(_CODE, encoding="utf-8")
        logged = mlflow.pyfunc.log_model(
            name="predictor",
            python_model=str(code),
            artifacts={"release": str(release)},
            signature=signature,
            input_example=example,
            pip_requirements=[f"ssepredict=={__version__}"],
        )
    return str(logged.model_id)


def _type(condition: str) -> str:
    text = isinstance(CONDITIONS[condition], CategoryCondition | PresenceCondition)
    return "string" if text else "double"


def _conditions(table: pd.DataFrame) -> list[tuple[tuple[str, Any], ...]]:
    """Read what each row states as pairs of name and value; what is empty is not stated."""
    names = [str(name) for name in table.columns if name not in ("formula", PROBLEM_COLUMN)]
    lines = zip(*(table[name] for name in names), strict=True) if names else [()] * len(table)
    return [
        tuple((name, value) for name, value in zip(names, line, strict=True) if not _is_empty(value))
        for line in lines
    ]


def _sayable(answer: pd.DataFrame) -> pd.DataFrame:
    """Replace NaN, which JSON cannot say and MLflow writes all the same, by None."""
    holes = [str(name) for name in answer if answer[name].isna().any()]
    return answer.assign(
        **{name: answer[name].astype(object).where(answer[name].notna(), None) for name in holes}
    )


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float | np.floating) and bool(np.isnan(value)))
