"""Walkers stay inside, and in coordinates in which the polytope is about round."""

from __future__ import annotations

import numpy as np
import pytest

from polytope_lens import Polytope
from polytope_lens.errors import DomainError, IntractableError, UnboundedPolytopeError
from polytope_lens.polytope.metric.hit_and_run import Walkers, raise_flat
from solids import cross_polytope, cube, scattered, simplex, sliver

CASES = {
    "cube": cube(3), "simplex": simplex(4), "cross": cross_polytope(3), "scattered": scattered(3, 8),
    "interval": cube(1), "sliver": sliver(2, 2.0**-30), "far away": Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]],
                                                                            [1001, -1000, -999, 1000]),
}  # fmt: skip


def walkers(poly, seed=0):
    return Walkers(poly, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CASES)
def test_points_stay_inside(name):
    poly = CASES[name]
    found = walkers(poly)
    for _ in range(20):
        before = found.points.copy()
        found.step(1)
        assert (found.points @ found.normals.T <= found.slack + 1e-9 * np.abs(found.slack)).all()
        assert (found.points != before).any()
    X, size = found.original(found.points), np.abs(poly.A).max(axis=1)
    assert ((X @ poly.A.T - poly.b) / size <= 1e-12 * np.abs(X).max()).all()


@pytest.mark.parametrize("name", CASES)
def test_the_ball_of_room_is_inside_and_no_vertex_out_of_reach(name):
    poly = CASES[name]
    found = walkers(poly)
    way = np.random.default_rng(1).standard_normal((500, poly.dim))
    ball = found.room() * (1 - 1e-12) * way / np.linalg.norm(way, axis=1, keepdims=True)
    assert (ball @ found.normals.T <= found.slack).all()
    corners = np.linalg.solve(found.shape, (poly.vertices() - found.center).T).T
    assert found.room() <= np.linalg.norm(corners, axis=1).max() * (1 + 1e-12) <= found.reach() * (1 + 1e-9)
    # However thin the polytope is, it is not thin here.
    assert np.linalg.norm(corners, axis=1).max() < 20 * poly.dim * found.room()


@pytest.mark.parametrize("name", CASES)
def test_volumes_here_times_the_scale_are_volumes_there(name):
    """The determinant of corners of a simplex, in both coordinates."""
    found = walkers(CASES[name])
    d = CASES[name].dim
    corner = np.vstack([np.zeros(d), np.eye(d)])
    there = found.original(corner)
    assert abs(np.linalg.det(there[1:] - there[0])) == pytest.approx(found.scale, rel=1e-3)


def test_steps_within_a_ball_stay_in_it():
    found = walkers(cube(4))
    radius = found.room() / 2
    found.points[:] = 0
    found.step(50, radius)
    sizes = np.linalg.norm(found.points, axis=1)
    assert sizes.max() <= radius * (1 + 1e-12)
    assert sizes.max() > 0.8 * radius


def test_equal_generators_walk_alike():
    assert (walkers(simplex(3), 5).points == walkers(simplex(3), 5).points).all()


def within_a_box(poly):
    sides = np.vstack([np.eye(poly.dim), -np.eye(poly.dim)])
    return Polytope(np.vstack([poly.A, sides]), [*poly.b, *[1] * (2 * poly.dim)])


def test_many_coordinates_are_walked_along_one_at_a_time():
    """A simplex has its corners' mean, and the mean of squares 2 / ((d + 1) (d + 2)); halves of a cube are as many."""
    d = 26
    found = walkers(within_a_box(simplex(d)))
    drawn = []
    for _ in range(30):
        found.wander(1)
        drawn.append(found.original(found.points))
    X = np.concatenate(drawn)
    assert X.mean(axis=0) == pytest.approx(1 / (d + 1), rel=0.25)
    assert (X**2).mean() == pytest.approx(2 / ((d + 1) * (d + 2)), rel=0.1)
    assert X.mean() == pytest.approx(1 / (d + 1), rel=0.02)
    box = walkers(cube(d))
    box.wander(4)
    assert np.abs(np.mean(box.original(box.points) > box.original(np.zeros((1, d))), axis=0) - 0.5).max() < 0.3


def test_boxes_of_many_coordinates_have_to_be_given():
    with pytest.raises(IntractableError, match=r"in R\^26 are found .* Intersect it with a box"):
        walkers(simplex(26))
    walkers(within_a_box(simplex(26)))
    with pytest.raises(UnboundedPolytopeError, match="contains the ray"):
        walkers(Polytope(np.eye(26)[:3], [1] * 3))


def test_refusals():
    with pytest.raises(UnboundedPolytopeError, match=r"contains the ray \[0.0, -?1.0\]"):
        walkers(Polytope([[1, 0], [-1, 0]], [1, 0]))
    with pytest.raises(DomainError, match="without interior"):
        walkers(Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, -1, 1, 1]))
    with pytest.raises(DomainError, match="without interior"):
        raise_flat()
    with pytest.raises(DomainError, match="too thin for floats"):
        walkers(Polytope([[3], [-7]], [3 + 2.0**-51, -7 - 2.0**-50]))
