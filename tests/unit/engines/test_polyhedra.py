"""Pieces of the engine that walks polyhedra."""

from __future__ import annotations

import numpy as np

from families import generic
from polytope_lens import Box, Polytope
from polytope_lens.engines import polyhedra
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record

CUBE = Box([-1] * 3, [1] * 3)


def test_sides_of_a_chart_are_those_of_its_box_and_then_others():
    corner = Polytope(np.vstack([CUBE.A, [[1, 1, 1]]]), np.append(CUBE.b, 2))
    (chart,) = charts(corner, 3)
    sides = polyhedra.chart_sides(chart)
    assert sides.tolist() == [*np.column_stack([CUBE.A, -CUBE.b]).tolist(), [1, 1, 1, -2]]
    assert polyhedra._rows_of_sides(chart).tolist() == list(range(7))


def test_sides_of_the_box_that_the_domain_has_not_belong_to_nobody():
    simplex = Polytope(np.vstack([-np.eye(3), np.ones((1, 3))]), [0, 0, 0, 1])
    (chart,) = charts(simplex, 3)
    assert polyhedra._rows_of_sides(chart).tolist() == [-1, -1, -1, 0, 1, 2, 3]


def test_bits_come_lowest_first():
    words = np.array([0b1011, 1], dtype=np.uint64)
    assert np.flatnonzero(polyhedra.unpack_low(words, 70)).tolist() == [0, 1, 3, 64]


def test_a_walk_that_starts_with_little_room_finds_the_same(monkeypatch):
    (chart,) = charts(Box([-1e6] * 3, [1e6] * 3), 3)

    def found():
        chunks = polyhedra.walk(generic(9, 3), chart, Record(), want_output=True, want_mesh=True)
        return np.concatenate([chunk.patterns for chunk in chunks])

    roomy = found()
    monkeypatch.setattr(polyhedra, "STACK", 16)
    monkeypatch.setattr(polyhedra, "CELL", 16)
    assert (found() == roomy).all()
    assert len(roomy) == 130
