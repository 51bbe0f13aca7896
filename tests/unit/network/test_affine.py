from __future__ import annotations

import numpy as np
import pytest

from polytope_lens.errors import DimensionError
from polytope_lens.network.affine import AffineMap

F = AffineMap([[1, 2], [0, -1], [3, 0]], [1, 0, -1])


def test_values_at_points_and_rows_of_points():
    assert F([1, 1]).tolist() == [4, -1, 2]
    assert F([[1, 1], [0, 0]]).tolist() == [[4, -1, 2], [1, 0, -1]]


def test_the_augmented_matrix_does_the_same():
    assert (F.augmented @ [1, 1, 1]).tolist() == [4, -1, 2, 1]
    assert F.augmented[-1].tolist() == [0, 0, 1]


def test_maps_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        F.A[0, 0] = 5


def test_shapes_must_fit():
    with pytest.raises(DimensionError, match=r"needs b of shape \(1,\), but received \(2,\)"):
        AffineMap([[1, 2]], [1, 2])
    with pytest.raises(DimensionError, match="needs points with 2 coordinates"):
        F([1, 2, 3])
    with pytest.raises(DimensionError, match="finite"):
        AffineMap([[np.nan]], [0])


def test_repr_says_from_where_to_where():
    assert repr(F) == "AffineMap(R^2 -> R^3)"
