"""PLY, the polygon file format of Stanford, with numbers and a colour for each polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polytope_lens._types import Floats, Ints


def to_ply(points: Floats, indptr: Ints, corners: Ints, numbers: dict[str, Ints], colors: Floats) -> str:
    """Polygons in space as text; every float is read back as it is.

    Parameters
    ----------
    points : (n_points, 3) array
    indptr, corners : int arrays
        Polygon j has the points ``corners[indptr[j]:indptr[j + 1]]``.
    numbers : dict of (n_polygons,) int arrays
        Further properties of polygons by name.
    colors : (n_polygons, 3) array
        In [0, 1].

    Notes
    -----
    Source: Turk 1994, *The PLY polygon file format*.

    Examples
    --------
    >>> print(to_ply(np.eye(3), np.array([0, 3]), np.array([0, 1, 2]), {"region": np.array([7])}, np.ones((1, 3))))
    ply
    format ascii 1.0
    element vertex 3
    property double x
    property double y
    property double z
    element face 1
    property list int int vertex_indices
    property int region
    property uchar red
    property uchar green
    property uchar blue
    end_header
    1.0 0.0 0.0
    0.0 1.0 0.0
    0.0 0.0 1.0
    3 0 1 2 7 255 255 255
    <BLANKLINE>
    """
    lines = ["ply", "format ascii 1.0", f"element vertex {len(points)}", *(f"property double {k}" for k in "xyz")]
    lines += [f"element face {len(colors)}", "property list int int vertex_indices"]
    lines += [f"property int {name}" for name in numbers]
    lines += [f"property uchar {name}" for name in ("red", "green", "blue")]
    lines.append("end_header")
    lines += [f"{x!r} {y!r} {z!r}" for x, y, z in points.tolist()]
    indices, starts = corners.tolist(), indptr.tolist()
    rest = np.column_stack([*numbers.values(), np.rint(255 * colors).astype(np.int64)]).tolist()
    for polygon, further in enumerate(rest):
        ring = indices[starts[polygon] : starts[polygon + 1]]
        lines.append(" ".join(map(str, [len(ring), *ring, *further])))
    return "\n".join(lines) + "\n"
