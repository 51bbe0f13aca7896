"""Pieces of the engine that walks polygons."""

from __future__ import annotations

import numpy as np

from families import generic
from polytope_lens import Box, Polytope
from polytope_lens.arithmetic.rational import integer_rows
from polytope_lens.engines import subdivide
from polytope_lens.engines.charts import charts
from polytope_lens.engines.chunks import Record


def test_a_box_starts_as_a_polygon_counter_clockwise():
    (chart,) = charts(Box([-1, 0], [2, 5]), 2)
    edges, corners = subdivide._polygon(chart)
    assert corners.tolist() == [[2, 0], [2, 5], [-1, 5], [-1, 0]]
    # Each edge holds the corner at which it starts, and the one at which it ends.
    for edge, start, stop in zip(edges, corners, np.roll(corners, -1, axis=0), strict=True):
        assert chart.A[edge] @ start == chart.A[edge] @ stop == chart.b[edge]


def test_so_does_a_triangle_whose_box_has_other_sides():
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    (chart,) = charts(triangle, 2)
    edges, corners = subdivide._polygon(chart)
    assert sorted(edges) == [0, 1, 2]
    assert sorted(corners.tolist()) == [[0, 0], [0, 1], [1, 0]]
    x, y = corners.T
    assert x @ np.roll(y, -1) - y @ np.roll(x, -1) == 1.0


def test_signs_where_lines_meet_are_exact():
    x_axis, y_axis, diagonal = integer_rows(np.array([[0, 1, 0], [1, 0, 0], [1, 1, -(2.0**-1000)]]))
    assert subdivide._sign_at_crossing(diagonal, x_axis, y_axis) == -1
    assert subdivide._sign_at_crossing(x_axis, y_axis, diagonal) == 1
    assert subdivide._sign_at_crossing(x_axis, x_axis, y_axis) == 0


def test_a_walk_that_starts_with_little_room_finds_the_same(monkeypatch):
    """The stack is doubled where it is too small for cells or points."""
    (chart,) = charts(Box([-1e6] * 2, [1e6] * 2), 2)

    def patterns():
        chunks = subdivide.walk(generic(40, 2), chart, Record(), want_output=True)
        return np.concatenate([chunk.patterns for chunk in chunks])

    roomy, larger = patterns(), []
    monkeypatch.setattr(subdivide, "MOST_NUMBERS", 1)
    monkeypatch.setattr(subdivide, "enlarged", lambda state: larger.append(1) or honest(state))
    assert (patterns() == roomy).all()
    assert larger


honest = subdivide.enlarged
