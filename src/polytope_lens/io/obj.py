"""Wavefront OBJ, which every program for solids reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


def to_obj(points: Floats, indptr: Ints, corners: Ints, groups: Ints) -> str:
    """Polygons in space, one object for each group; every float is read back as it is.

    Parameters
    ----------
    points : (n_points, 3) array
    indptr, corners : int arrays
        Polygon j has the points ``corners[indptr[j]:indptr[j + 1]]``.
    groups : (n_polygons,) int array
        Ascending.

    Notes
    -----
    Source: Wavefront Technologies 1992, *Advanced Visualizer manual*, appendix B1: points count from 1, and objects
    share one list of them.

    Examples
    --------
    >>> import numpy as np
    >>> print(to_obj(np.eye(3), np.array([0, 3]), np.array([0, 1, 2]), np.array([7])), end="")
    # 3 points, 1 polygons
    v 1.0 0.0 0.0
    v 0.0 1.0 0.0
    v 0.0 0.0 1.0
    o region_7
    f 1 2 3
    """
    lines = [f"# {len(points)} points, {len(groups)} polygons"]
    lines += [f"v {x!r} {y!r} {z!r}" for x, y, z in points.tolist()]
    numbers, starts, last = (corners + 1).tolist(), indptr.tolist(), None
    for polygon, group in enumerate(groups.tolist()):
        if group != last:
            lines.append(f"o region_{group}")
            last = group
        lines.append("f " + " ".join(map(str, numbers[starts[polygon] : starts[polygon + 1]])))
    return "\n".join(lines) + "\n"
