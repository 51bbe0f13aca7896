"""Well-known text, the format of geographic programs and of shapely, for polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polytope_lens.polytope import Polytope


def to_wkt(poly: Polytope) -> str:
    """A bounded polygon as ``POLYGON ((...))``: the exact corners, each rounded once, which are read back as they are.

    Raises
    ------
    DimensionError, DomainError, UnboundedPolytopeError

    Source: *OpenGIS simple feature access*, part 1, section 7.

    Examples
    --------
    >>> from polytope_lens import Box
    >>> Box([0, 0], [0.1, 1]).to_polytope().export.wkt()
    'POLYGON ((0.1 0.0, 0.1 1.0, 0.0 1.0, 0.0 0.0, 0.1 0.0))'
    """
    # Not by shapely, which writes 16 digits, or else 17 where fewer would do.
    ring = list(poly.to_shapely().exterior.coords)
    return f"POLYGON (({', '.join(f'{x!r} {y!r}' for x, y in ring)}))"
