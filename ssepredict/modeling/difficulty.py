"""How hard a row is to predict, beyond its features: its prediction and the distance to measured rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable
from ssepredict.modeling.domain import Domain


def difficulty(center: FloatArray, distance: FloatArray) -> FloatArray:
    """Columns that the scale of `GroupConformal` reads beside the features, shape (n, 2).

    Measured on conductivity (benchmark ``intervals``): together they take 5 % off the width of an interval
    that covers 90 %; the prediction or the distance alone takes less.

    Parameters
    ----------
    center : ndarray, shape (n,)
        Prediction, as models see it.
    distance : ndarray, shape (n,)
        To the compositions that other papers measured; where nothing is known, NaN.

    Examples
    --------
    >>> difficulty(np.array([-3.0, -4.0]), np.array([0.5, np.nan])).tolist()
    [[-3.0, 0.5], [-4.0, 0.5]]
    """
    known = distance[np.isfinite(distance)]
    farthest = float(known.max()) if len(known) else 0.0
    return np.column_stack([center, np.where(np.isfinite(distance), distance, farthest)])


def distance_to_other_papers(
    domain: Domain, known_papers: npt.ArrayLike, sites: SiteTable, papers: npt.ArrayLike
) -> FloatArray:
    """Distance of each row to the compositions of a domain that papers other than its own report.

    This is what `Domain.distance` says of the row once its paper is left out, and works for the rows of any
    target, whether the domain was fitted on them or not.

    Parameters
    ----------
    domain : Domain
        Fitted on m rows.
    known_papers : array_like, shape (m,)
        Papers of the rows that the domain was fitted on.
    sites : SiteTable, n rows
    papers : array_like, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
        NaN where no other paper is left.
    """
    known, own = np.asarray(known_papers, dtype=object), np.asarray(papers, dtype=object)
    reporters: list[set[object]] = [set() for _ in domain.reference_]
    for reference, paper in zip(domain.reference_of_row_, known, strict=True):
        reporters[reference].add(paper)
    rows, distance = domain.nearest(sites, len(domain.reference_))
    nearest = domain.reference_of_row_[rows]
    found = np.full(len(sites), np.nan)
    for number, paper in enumerate(own):
        elsewhere = [
            length
            for reference, length in zip(nearest[number], distance[number], strict=True)
            if reporters[reference] != {paper}
        ][: domain.neighbours]
        if elsewhere:
            found[number] = np.mean(elsewhere)
    return found
