"""Well-known text, the format of geographic programs and of shapely, for polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def to_wkt(corners: NDArray[np.float64]) -> str:
    """A polygon, given by its corners in order, (n, 2), as ``POLYGON ((...))``; every float is read back as it is.

    Source: *OpenGIS simple feature access*, part 1, section 7.

    Examples
    --------
    >>> from polytope_lens import Box
    >>> Box([0, 0], [0.1, 1]).to_polytope().to_wkt()
    'POLYGON ((0.1 0.0, 0.1 1.0, 0.0 1.0, 0.0 0.0, 0.1 0.0))'
    """
    # Not by shapely, which writes 16 digits, or else 17 where fewer would do.
    ring = np.vstack([corners, corners[:1]]).tolist()
    return f"POLYGON (({', '.join(f'{x!r} {y!r}' for x, y in ring)}))"
