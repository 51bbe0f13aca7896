"""Well-known text, which shapely reads."""

from __future__ import annotations

import pytest

from families import golden
from polytope_lens import Box, Lens
from polytope_lens.errors import DimensionError, UnboundedPolytopeError
from written import DEEP, DOUBLED, ODD


def test_wkt_is_read_by_shapely():
    import shapely

    partition = Lens(golden((2, 8, 8), 2)).partition(Box([-1, -1], [1, 1]))
    for region, polygon in zip(partition, partition.polygons(), strict=True):
        read = shapely.from_wkt(region.export.wkt())
        exact = [
            tuple(map(float, corner))
            for corner in partition.vertices(int(partition.locate(region.point)[0]), exact=True)
        ]
        corners = list(read.exterior.coords)[:-1]
        turn = corners.index(exact[0])
        assert corners[turn:] + corners[:turn] == exact
        assert read.equals_exact(polygon, 1e-9, normalize=True)
        assert region.polytope.to_shapely().equals_exact(shapely.from_wkt(region.polytope.export.wkt()), 0)


def test_wkt_is_for_bounded_polygons():
    with pytest.raises(DimensionError, match="R\\^3"):
        DEEP.export.wkt()
    with pytest.raises(DimensionError, match="R\\^3"):
        ODD.export.wkt()
    with pytest.raises(UnboundedPolytopeError):
        DOUBLED.export.wkt()
