"""Questions to regions as cones: whether two touch, where rows are zero, and how many questions there may be."""

from __future__ import annotations

import numpy as np
from flint import fmpq

from families import grid
from polytope_lens import Lens
from polytope_lens.polyhedral_complex.region_cones import RegionCones


def test_regions_touch_where_they_share_a_point():
    partition = Lens(grid()).partition()  # 3 columns by 4 rows
    cones = RegionCones(partition, 1000)
    column, row = np.floor(partition.witnesses).T
    column, row = np.searchsorted(np.unique(column), column), np.searchsorted(np.unique(row), row)
    for i in range(len(partition)):
        for j in range(len(partition)):
            beside = abs(column[i] - column[j]) <= 1 and abs(row[i] - row[j]) <= 1
            assert cones.touch(i, j) is bool(beside)
    assert RegionCones(partition, 0).touch(0, 1) is None


def test_only_where_rows_are_zero():
    partition = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]]).partition()
    cones = RegionCones(partition, 1000)
    below, left = partition.locate([[-1, -1], [-1, 1]]).tolist()
    line = [fmpq(1), fmpq(0), fmpq(2)]  # x = -2
    assert cones.touch(below, left, [line])
    assert not cones.touch(below, left, [[fmpq(1), fmpq(0), fmpq(-2)]])
    assert not cones.touch(below, left, [line, [fmpq(0), fmpq(1), fmpq(1)]])
    assert not cones.touch(below, left, [[fmpq(0), fmpq(0), fmpq(1)]])  # only at infinity
    assert [int(v) for v in cones.hyperplane(below, [(0, 1)])] == [0, 1, 0]
    assert [int(v) for v in cones.hyperplane(left, [(0, 1)])] == [0, -1, 0]
