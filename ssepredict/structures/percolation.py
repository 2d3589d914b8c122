"""At which level a periodic landscape is first crossed from cell to cell."""

from __future__ import annotations

from collections import deque
from itertools import product

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.structures.cells import IndexArray

TOLERANCE_EV = 1e-3
"""Levels are found to within this."""

# One of each two opposite directions to the 26 neighbours of a grid point.
_DIRECTIONS = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]


def percolation_levels(energies: FloatArray, limit_ev: float) -> tuple[float, float]:
    """Lowest levels, above the minimum, whose region joins its own periodic images.

    Parameters
    ----------
    energies : ndarray of float, shape (a, b, c)
        On a grid that covers one cell (eV).
    limit_ev : float
        Largest level that is searched for.

    Returns
    -------
    tuple of float
        Level at which images in one direction are joined, and in three; NaN above the limit. Points are
        neighbours along edges, diagonals of faces and of the body.

    Examples
    --------
    >>> import numpy as np
    >>> landscape = np.full((6, 6, 6), 2.0)
    >>> landscape[:, 3, 3] = 0.5
    >>> landscape[0, 3, 3] = 0.0
    >>> [round(float(level), 2) for level in percolation_levels(landscape, 8.0)]
    [0.5, 2.0]
    """
    above = energies - energies.min()
    crossing = _crossings(energies.shape)
    one, three = (_lowest_level(above, crossing, directions, limit_ev) for directions in (1, 3))
    return one, three


def joined_directions(region: npt.NDArray[np.bool_]) -> int:
    """Count the independent directions in which a connected part of a region joins its own images.

    Parameters
    ----------
    region : ndarray of bool, shape (a, b, c)
        Points of a grid that covers one cell.

    Returns
    -------
    int
        0 to 3, the most of any part.

    Examples
    --------
    >>> import numpy as np
    >>> diagonal = np.zeros((4, 4, 4), dtype=bool)
    >>> diagonal[range(4), range(4), range(4)] = True
    >>> joined_directions(diagonal)
    1
    """
    return _joined(region, _crossings(region.shape))


def _lowest_level(
    above: FloatArray, crossing: tuple[IndexArray, IndexArray], directions: int, limit_ev: float
) -> float:
    low, high = 0.0, limit_ev
    if _joined(above <= high, crossing) < directions:
        return float("nan")
    while high - low > TOLERANCE_EV:
        middle = (low + high) / 2
        if _joined(above <= middle, crossing) < directions:
            low = middle
        else:
            high = middle
    return high


def _joined(region: npt.NDArray[np.bool_], crossing: tuple[IndexArray, IndexArray]) -> int:
    from scipy.ndimage import label

    labels, _ = label(region, structure=np.ones((3, 3, 3)))
    pairs, images = crossing
    ends = labels.ravel()[pairs]
    both = ends.all(axis=1)
    links = np.unique(np.hstack([ends[both], images[both]]), axis=0)
    return max((_rank(loops) for loops in _loops(links)), default=0)


def _crossings(shape: tuple[int, ...]) -> tuple[IndexArray, IndexArray]:
    """Pairs of neighbours (numbers of points) across the faces of the cell, and the image of the second."""
    points = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=1)
    pairs, images = [], []
    for step in _DIRECTIONS:
        image, places = np.divmod(points + step, shape)
        out = image.any(axis=1)
        first, second = points[out], places[out]
        pairs.append(
            np.stack([np.ravel_multi_index(tuple(side.T), shape) for side in (first, second)], axis=1)
        )
        images.append(image[out])
    return np.concatenate(pairs).astype(np.intp), np.concatenate(images).astype(np.intp)


def _loops(links: IndexArray) -> list[list[tuple[int, ...]]]:
    """For every connected part the images of itself that it meets.

    Each label gets the image in which it is reached first; a link that leads to another image of a label
    already reached closes a loop through the crystal.
    """
    neighbours: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for start, end, *image in links.tolist():
        neighbours.setdefault(start, []).append((end, tuple(image)))
        neighbours.setdefault(end, []).append((start, tuple(-step for step in image)))
    reached: dict[int, tuple[int, ...]] = {}
    parts = []
    for first in neighbours:
        if first in reached:
            continue
        reached[first] = (0, 0, 0)
        found, queue = [], deque([first])
        while queue:
            here = queue.popleft()
            for there, image in neighbours[here]:
                place = tuple(a + b for a, b in zip(reached[here], image, strict=True))
                if there not in reached:
                    reached[there] = place
                    queue.append(there)
                elif place != reached[there]:
                    found.append(tuple(a - b for a, b in zip(place, reached[there], strict=True)))
        parts.append(found)
    return parts


def _rank(loops: list[tuple[int, ...]]) -> int:
    return int(np.linalg.matrix_rank(np.array(sorted(set(loops))))) if loops else 0
