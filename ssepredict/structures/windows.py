"""The windows of anions through which mobile ions jump from site to site."""

from __future__ import annotations

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.structures.cells import Cell, Crystal, IndexArray

SAME_SITE_ANGSTROM = 0.5
"""Sites nearer to each other than this are one."""

REACH = 1.15
"""Jumps are counted up to this multiple of the shortest distance between two sites."""


def window_areas(crystal: Crystal, cell: Cell, sites: IndexArray) -> FloatArray:
    """Areas of the triangles of anions between neighbouring sites of the mobile ion.

    The three anions nearest to the middle of a jump in the ideal cell span its window; they are followed to
    where they relaxed. In NASICON that is the bottleneck between an A site on 6b and one on 18e; in a close
    packing the triangle that two octahedra share.

    Parameters
    ----------
    crystal : Crystal
        Relaxed, n ions.
    cell : Cell
        Its sites, vacant ones too, before relaxation.
    sites : ndarray of int, shape (n,)
        Site of every ion.

    Returns
    -------
    ndarray of float, shape (jumps,)
        Å2, in ascending order.
    """
    corners, images = _windows(cell)
    places = np.full(cell.fractional.shape, np.nan)
    places[sites] = crystal.fractional
    places += np.round(cell.fractional - places)  # relaxed places are wrapped into the cell
    first, second, third = np.moveaxis((places[corners] + images) @ crystal.lattice, 1, 0)
    normals = np.cross(second - first, third - first)
    return np.sort(0.5 * np.linalg.norm(normals, axis=1))


def _windows(cell: Cell) -> tuple[IndexArray, FloatArray]:
    """Find for every jump the sites of its three anions and the periodic images in which they stand."""
    from pymatgen.core.lattice import Lattice

    lattice = Lattice(cell.lattice)
    mobile, anions = cell.fractional[cell.sites("A")], cell.sites("X")
    distances = lattice.get_all_distances(mobile, mobile)
    between = distances > SAME_SITE_ANGSTROM
    corners, images = [], []
    if between.any():
        jumps = np.argwhere(np.triu(between & (distances <= REACH * distances[between].min())))
        for start, end in jumps:
            distance, image = lattice.get_distance_and_image(mobile[start], mobile[end])
            middle = lattice.get_cartesian_coords((mobile[start] + mobile[end] + image) / 2)
            near = lattice.get_points_in_sphere(cell.fractional[anions], middle, distance)
            three = sorted(near, key=lambda point: point[1])[:3]
            if len(three) == 3:
                corners.append([anions[point[2]] for point in three])
                images.append([point[3] for point in three])
    return np.array(corners, dtype=np.intp).reshape(-1, 3), np.array(images, dtype=float).reshape(-1, 3, 3)
