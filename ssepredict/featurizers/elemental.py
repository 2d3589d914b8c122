"""Magpie statistics of the elements in a formula, numerically equal to matminer's, for whole batches."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from ssepredict.chemistry.formula import ATOMIC_INDEX, CompositionMatrix, parse_formulas
from ssepredict.featurizers.inputs import check_input_features, formulas_of, remember_columns
from ssepredict.featurizers.magpie import MAGPIE, PROPERTIES

FloatArray = npt.NDArray[np.float64]

STATISTICS: tuple[str, ...] = ("minimum", "maximum", "range", "mean", "avg_dev", "mode")
"""Statistics of each property, in matminer's order."""

FEATURE_NAMES: tuple[str, ...] = tuple(
    f"MagpieData_{statistic}_{name}" for name in PROPERTIES for statistic in STATISTICS
)
"""matminer's 132 feature labels with underscores for spaces, which LightGBM refuses in names."""

_PRESENT = 1e-8  # pymatgen's Composition.amount_tolerance: smaller amounts are rounding residue
_TIE_ABSOLUTE, _TIE_RELATIVE = 1e-8, 1e-5  # numpy.isclose's defaults, by which matminer finds the mode
_BLOCK = 1024  # rows whose intermediate values (elements x rows x 22 numbers) stay in the cache


def elemental_statistics(composition: CompositionMatrix) -> FloatArray:
    """Magpie statistics of many compositions.

    Statistics run over the elements present. Mean and average deviation weigh by atomic fraction; minimum,
    maximum and range do not weigh; the mode is the property of the most abundant element, the smallest value
    where several are equally abundant. Each row depends on itself alone, to the last bit.

    Parameters
    ----------
    composition : CompositionMatrix
        n compositions.

    Returns
    -------
    ndarray of float, shape (n, 132)
        Columns as in ``FEATURE_NAMES``: six statistics of each of 22 properties.

    Raises
    ------
    ValueError
        When an element is unknown, an amount is negative or not finite, or a row holds no atoms.

    References
    ----------
    L. Ward et al., npj Comput. Mater. 2 (2016) 16028, doi:10.1038/npjcompumats.2016.28.

    Examples
    --------
    >>> row = elemental_statistics(parse_formulas(["Li3YCl6"]))[0]
    >>> round(float(row[FEATURE_NAMES.index("MagpieData_mean_Electronegativity")]), 3)
    2.312
    """
    _check(composition)
    table = MAGPIE[[ATOMIC_INDEX[symbol] for symbol in composition.elements]]
    amounts = composition.amounts
    features = np.empty((len(amounts), len(PROPERTIES), len(STATISTICS)))
    for start in range(0, len(amounts), _BLOCK):
        rows = slice(start, start + _BLOCK)
        _fill_block(amounts[rows], table, features[rows])
    return features.reshape(len(amounts), len(FEATURE_NAMES))


class ElementalFeaturizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Magpie statistics as a scikit-learn transformer.

    Nothing is learned: `transform` works without `fit`, which only records the columns it saw. A table may
    carry further columns; they are not read.

    Parameters
    ----------
    column : str, default "formula"
        Where a DataFrame keeps the formulas.

    Attributes
    ----------
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str, shape (n_features_in_,)
        Their names, when all have one.

    Examples
    --------
    >>> ElementalFeaturizer().fit_transform(["Na3Zr2Si2PO12", "Li2ZrCl6"]).shape
    (2, 132)
    """

    def __init__(self, column: str = "formula") -> None:
        self.column = column

    def fit(self, X: object, y: object = None) -> Self:
        """Record the columns of `X`; formulas are read in `transform`.

        Raises
        ------
        TypeError, ValueError
            When `X` holds no formulas; see `transform`.
        """
        if not isinstance(X, CompositionMatrix):
            formulas_of(X, self.column)
        remember_columns(self, X)
        return self

    def transform(self, X: object) -> FloatArray:
        """Statistics of every formula.

        Parameters
        ----------
        X : DataFrame with the formula column, Series, sequence of str, or CompositionMatrix
            n formulas.

        Returns
        -------
        ndarray of float, shape (n, 132)
            A DataFrame after ``set_output(transform="pandas")``.

        Raises
        ------
        TypeError, ValueError
            When `X` holds no formulas.
        FormulaError
            When formulas cannot be read; every one is named.
        """
        if isinstance(X, CompositionMatrix):
            return elemental_statistics(X)
        return elemental_statistics(parse_formulas(formulas_of(X, self.column)))

    def get_feature_names_out(self, input_features: npt.ArrayLike | None = None) -> npt.NDArray[np.object_]:
        """Names of the 132 columns; `input_features`, if given, must be the columns seen in `fit`.

        Raises
        ------
        ValueError
            When `input_features` are other columns.
        """
        check_input_features(self, input_features)
        return np.array(FEATURE_NAMES, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _fill_block(amounts: FloatArray, table: FloatArray, features: FloatArray) -> None:
    """Write the statistics of a block of rows, shape (b, 22, 6).

    A formula holds few of the elements that a batch holds, so the work runs over slots: slot j of a row is
    its j-th element. The sums run over the slots one by one, because numpy's own reductions order the terms
    by the shape of the block, and a row must not depend on its neighbours.
    """
    positions, weights = _slots(amounts)
    largest = weights.max(axis=0)
    abundant = largest - weights <= _TIE_ABSOLUTE + _TIE_RELATIVE * largest
    fractions = (weights / _weighted_sum(weights, np.ones(len(weights))))[:, :, None]
    values = table[positions]  # (slots, b, 22)
    lowest, highest = values.min(axis=0), values.max(axis=0)
    mode = table[np.take_along_axis(positions, abundant.argmax(axis=0)[None], axis=0)[0]]
    tied = np.flatnonzero(abundant.sum(axis=0) > 1)
    mode[tied] = np.where(abundant[:, tied, None], values[:, tied], np.inf).min(axis=0)
    mean = _weighted_sum(values, fractions)
    values -= mean
    deviation = _weighted_sum(np.abs(values, out=values), fractions)
    for index, statistic in enumerate((lowest, highest, highest - lowest, mean, deviation, mode)):
        features[:, :, index] = statistic


def _slots(amounts: FloatArray) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Element positions and amounts of the elements present, each of shape (slots, b).

    Slots that a row does not need repeat its first element with amount zero: neutral in every statistic.
    """
    present = amounts >= _PRESENT
    flat = np.flatnonzero(present)  # several times faster than nonzero on two axes
    rows, columns = np.divmod(flat, amounts.shape[1])
    counts = np.bincount(rows, minlength=len(amounts))
    first = np.cumsum(counts) - counts
    slots = np.arange(len(rows)) - np.repeat(first, counts)
    positions = np.empty((int(counts.max()), len(amounts)), dtype=np.intp)
    positions[:] = columns[first]
    positions[slots, rows] = columns
    weights = np.zeros(positions.shape)
    weights[slots, rows] = amounts.ravel()[flat]
    return positions, weights


def _weighted_sum(terms: FloatArray, factors: FloatArray) -> FloatArray:
    """Sum of terms times factors over the first axis, in its order."""
    total: FloatArray = terms[0] * factors[0]
    product = np.empty_like(total)
    for term, factor in zip(terms[1:], factors[1:], strict=True):
        total += np.multiply(term, factor, out=product)
    return total


def _check(composition: CompositionMatrix) -> None:
    unknown = [symbol for symbol in composition.elements if symbol not in ATOMIC_INDEX]
    if unknown:
        raise ValueError(f"composition has the elements {unknown}, expected symbols from H to Lr")
    amounts = composition.amounts
    if amounts.size and not (amounts.min() >= -_PRESENT and amounts.max() < np.inf):
        bad = np.flatnonzero(~((amounts >= -_PRESENT) & (amounts < np.inf)).all(axis=1)).tolist()
        raise ValueError(f"rows {bad[:10]} of the composition hold amounts below zero or not finite")
    empty = np.flatnonzero(~(amounts >= _PRESENT).any(axis=1)).tolist()
    if empty:
        raise ValueError(
            f"rows {empty[:10]} of the composition hold no atoms; leave them out with composition.take"
        )
