"""Bounded problems that cover a domain."""

from __future__ import annotations

import numpy as np
import pytest

from families import generic
from polytope_lens import Lens
from polytope_lens.domain import Box
from polytope_lens.engines.charts import central_size, charts, whole
from polytope_lens.errors import DomainError
from polytope_lens.network.network import Network, from_arrays
from polytope_lens.polytope import Polytope


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_the_whole_space_has_2d_plus_1_charts_that_permute_coordinates(d):
    found = charts(None, d)
    assert len(found) == 2 * d + 1
    for chart in found:
        assert (chart.matrix @ chart.matrix.T == np.eye(d + 1)).all()
        assert set(np.unique(chart.matrix)) <= {-1, 0, 1}


@pytest.mark.parametrize("x", [[0.5, -0.25], [3, 1], [-3, 1], [1e9, -1e12], [0, 1e-300], [-1, -1]], ids=str)
@pytest.mark.parametrize("domain", [None, Polytope([[1, 1]], [10]), Polytope([[1, 0], [-1, 0]], [4, 4])])
def test_every_point_of_a_domain_lies_in_a_chart_of_it(x, domain):
    """And points elsewhere in none."""
    homogeneous = np.array([*x, 1.0])
    held = []
    for chart in charts(domain, 2):
        u = chart.matrix.T @ (homogeneous / np.abs(homogeneous).max())
        if u[-1] > 0:
            held.append(bool(Polytope(chart.A, chart.b).contains([u[:-1] / u[-1]])[0]))
    inside = domain is None or bool(domain.contains([x])[0])
    assert any(held) == inside


def test_bounded_domains_are_one_chart_of_their_own():
    box = Box([-1, 2], [1, 3])
    (chart,) = charts(box, 2)
    assert chart.box is box
    triangle = Polytope([[-1, 0], [0, -1], [3, 3]], [0, 0, 1])
    (chart,) = charts(triangle, 2)
    assert (chart.A == triangle.A).all()
    assert chart.box.lower.tolist() == [0, 0]
    assert chart.box.upper.tolist() == [np.nextafter(1 / 3, 1)] * 2


def test_pieces_without_interior_are_left_out():
    assert len(charts(Polytope([[-1, 0], [0, -1]], [-5, -5]), 2)) == 2


def test_engines_that_walk_to_infinity_take_a_domain_whole():
    chart = whole(generic(5, 3), None)
    assert (chart.matrix == np.eye(4)).all() and not chart.is_bounded and chart.is_input_space
    assert chart.A.shape == (0, 3) and chart.has_all_coordinates
    box = Box([-1, -1], [1, 1])
    assert whole(generic(5, 2), box).box is box and whole(generic(5, 2), box).is_bounded
    quadrant = Polytope([[-1, 0], [0, -1]], [0, 0])
    assert (whole(generic(5, 2), quadrant).A == quadrant.A).all()


def test_bounds_on_errors_are_stated_where_things_happen():
    for size in (2.0**-20, 1.0, 2.0**20):
        network = from_arrays([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[size, -size, size], [0]])
        assert whole(network, None).box.upper.tolist() == [size, size]
    assert whole(from_arrays([[[1, 0], [0, 0]], [[1, 1]]], [[0, 0], [0]]), None).box.upper.tolist() == [1]


@pytest.mark.parametrize(
    ("rows", "sides", "kept"),
    [
        ([[1, 2, 3], [2, 4, 6]], [], [0]),
        ([[0, 1, 0], [0, 1, 1]], [], [1, 2]),
        ([[0, 1, 0], [0, 2, 0]], [[0, 0, 1]], [1, 2]),
        ([[0.1, 0.3, 0], [0.1, 0.3, 2.0**-1000]], [], [0, 2]),
        ([[0, 0, 0]], [], [0]),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [], [0, 1, 2]),
    ],
)
def test_coordinates_that_change_nothing_are_left_out(rows, sides, kept):
    network = from_arrays([rows, np.ones((1, len(rows)))], [np.ones(len(rows)), [0]])
    domain = Polytope(sides, np.ones(len(sides))) if sides else None
    chart = whole(network, domain)
    assert [int(np.argmax(column)) for column in chart.matrix.T] == [*kept, 3]
    assert chart.has_all_coordinates == (len(kept) == 3) and chart.is_input_space
    assert chart.A.shape == (len(sides), len(kept))


@pytest.mark.parametrize("size", [1.0, 8.0])
@pytest.mark.parametrize("x", [[0.5, 0.25], [3, -7], [9, 1], [-1e9, 2]], ids=str)
def test_charts_of_any_size_cover_the_plane(x, size):
    held = []
    for chart in charts(None, 2, size):
        u = chart.matrix.T @ np.array([*x, 1.0])
        held.append(u[-1] > 0 and bool(chart.box.contains([u[:-1] / u[-1]])[0]))
    assert sum(held) == 1


def test_the_central_chart_is_as_large_as_the_network():
    assert central_size(Network((), [[1, 2]], [3])) == 1
    assert central_size(from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0.001, 0.002], [0]])) == 1
    assert central_size(from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[4, 4], [0]])) == 128
    assert central_size(from_arrays([np.eye(3), np.ones((1, 3))], [[4, 4, 4], [0]])) == 2.0**14


@pytest.mark.parametrize("engine", ["auto", "split", "brute"])
@pytest.mark.parametrize("slope", [2.0**-600, 2.0**-1000])
def test_bounded_domains_with_corners_beyond_floats_are_refused_for_what_they_are(engine, slope):
    lens = Lens.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
    far = np.array([[1, 0], [0, 1], [0, -1], [-slope, 0]]), np.array([1, 1, 1, 2.0**500])
    with pytest.raises(DomainError, match="its coordinate 0 goes beyond the largest float") as error:
        lens.count(Polytope(*far), engine)
    assert "lower" not in str(error.value)
    near = np.vstack([far[0], [[-1, 0]]]), np.append(far[1], 2.0**20)
    assert int(lens.count(Polytope(*near), engine)) == 4
