"""From the best candidates of a space to the list: variety by maximal marginal relevance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.inference.objectives.selection import Selection
from ssepredict.inference.screening.diversity import marginal_relevance
from ssepredict.inference.spaces.enumeration import IntArray
from ssepredict.inference.spaces.space import SubstitutionSpace


def listed_rows(
    space: SubstitutionSpace, indices: IntArray, scores: FloatArray, selection: Selection, top: int
) -> npt.NDArray[np.intp]:
    """Rows of a pool of the best candidates that are listed, in the order of the list.

    Parameters
    ----------
    space : SubstitutionSpace
    indices : ndarray of int, shape (n,)
        Positions in the space, the best first: `Selection.pool_size` of them, or all there are.
    scores : ndarray, shape (n,)
        Between 0 and 1.
    selection : Selection
    top : int

    Returns
    -------
    ndarray of int, at most `top`
        The first rows, or with a relevance below 1 those of `marginal_relevance`. The list is then not in the
        order of the scores.
    """
    if selection.relevance == 1.0:
        return np.arange(min(top, len(indices)))
    vectors = substitution_vectors(space, indices)
    return marginal_relevance(scores, vectors, top, selection.relevance)


def substitution_vectors(space: SubstitutionSpace, indices: npt.ArrayLike) -> FloatArray:
    """Exchanged amounts: the composition minus that of the host, per formula unit.

    Two candidates with the same dopants point the same way whatever the amounts.

    Parameters
    ----------
    space : SubstitutionSpace
    indices : array_like of int, shape (n,)

    Returns
    -------
    ndarray, shape (n, len(space.elements))

    Examples
    --------
    >>> space = SubstitutionSpace(
    ...     "Li2ZrCl6", [{"site": "M", "replaces": "Zr4+", "ions": ["Y3+"], "fractions": [0.1, 0.2]}]
    ... )
    >>> substitution_vectors(space, [0, 1]).round(1).tolist()
    [[0.1, 0.0, 0.1, -0.1], [0.2, 0.0, 0.2, -0.2]]
    """
    batch = space.decode(indices)
    elements = batch.composition.elements
    hosts = np.concatenate(
        [part.host_sites.composition.on_axis(elements).amounts for part in space.parts], axis=0
    )
    return np.asarray(batch.composition.amounts - hosts[batch.part], dtype=np.float64)
