"""What the transformers share: reading formulas out of whatever scikit-learn passes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import CompositionMatrix
from ssepredict.exceptions import did_you_mean

_EXPECTED = "a DataFrame with a formula column, a Series, or a sequence of formula texts"


def formulas_of(X: object, column: str = "formula") -> list[str]:
    """Take the formula texts out of a table, a series or a sequence.

    Whether each text is a formula is the parser's business, which names every bad row at once.

    Parameters
    ----------
    X : DataFrame, Series, Index, ndarray of shape (n,) or (n, 1), list or tuple
    column : str, default "formula"
        Where a DataFrame keeps the formulas.

    Returns
    -------
    list of str, length n

    Raises
    ------
    TypeError
        When `X` is a single text, or nothing that holds formulas.
    ValueError
        When the DataFrame lacks `column` or holds it twice, or the array has more than one column.

    Examples
    --------
    >>> formulas_of(pd.DataFrame({"formula": ["Li3YCl6"], "temperature_c": [25.0]}))
    ['Li3YCl6']
    """
    if isinstance(X, pd.DataFrame):
        return _column_of(X, column)
    if isinstance(X, str):
        raise TypeError(f"X is the single text {X!r}, expected {_EXPECTED}; write [{X!r}]")
    if isinstance(X, pd.Series | pd.Index | list | tuple):
        return list(X)
    if isinstance(X, np.ndarray):
        if X.ndim == 1 or (X.ndim == 2 and X.shape[1] == 1):
            texts: list[str] = X.ravel().tolist()
            return texts
        raise ValueError(f"X is an array of shape {X.shape}, expected (n,) or (n, 1): one column of formulas")
    raise TypeError(f"X is a {type(X).__name__}, expected {_EXPECTED}")


def remember_columns(estimator: Any, X: object) -> None:
    """Set ``n_features_in_`` and, where the columns have names, ``feature_names_in_`` from what `fit` saw.

    Parameters
    ----------
    estimator : estimator
        Changed in place.
    X : as for `formulas_of`, or CompositionMatrix
        A DataFrame counts all its columns, everything else is one column; a CompositionMatrix is named by
        its elements.
    """
    names: Sequence[object] = []
    if isinstance(X, pd.DataFrame):
        names = X.columns.tolist()
    elif isinstance(X, CompositionMatrix):
        names = X.elements
    estimator.n_features_in_ = len(names) or 1
    if names and all(isinstance(name, str) for name in names):
        estimator.feature_names_in_ = np.array(names, dtype=object)
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_  # of an earlier fit


def check_input_features(estimator: Any, input_features: npt.ArrayLike | None) -> None:
    """Refuse names that differ from those seen in `fit`, as scikit-learn's own transformers do.

    Raises
    ------
    ValueError
        When `input_features` are not ``feature_names_in_``.
    """
    known = getattr(estimator, "feature_names_in_", None)
    if input_features is None or known is None:
        return
    given = np.asarray(input_features, dtype=object).tolist()
    if given != known.tolist():
        raise ValueError(f"input_features are {given}, expected feature_names_in_ {known.tolist()}")


def _column_of(table: pd.DataFrame, column: str) -> list[str]:
    found = int((table.columns == column).sum())
    if found == 1:
        return table[column].tolist()
    names = [str(name) for name in table.columns]
    if found:
        raise ValueError(f"X has {found} columns named {column!r}, expected one; drop or rename the others")
    hint = did_you_mean(column, names) or "; name the column in the transformer's column parameter"
    raise ValueError(f"X has columns {names}, expected {column!r} among them{hint}")
