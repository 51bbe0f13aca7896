"""Ellipsoids inside and around: containment in fractions, known ones, optimality against others."""

from __future__ import annotations

from fractions import Fraction
from math import gamma, pi, sqrt

import numpy as np
import pytest

import reference
from polytope_lens import Polytope, errors
from polytope_lens.errors import DimensionError, DomainError, MissingExtraError, UnboundedPolytopeError
from solids import cross_polytope, cube, fraction_rows, scattered, simplex, sliver

cvxpy = pytest.importorskip("cvxpy")

SOLIDS = [
    cube(1),
    cube(3),
    simplex(2),
    simplex(4),
    cross_polytope(3),
    scattered(2, 6),
    scattered(3, 6),
    sliver(3, 1e-9),
]


@pytest.mark.parametrize("poly", SOLIDS)
def test_the_inner_one_is_inside(poly):
    found = poly.max_volume_ellipsoid()
    columns = [reference.fractions(column) for column in found.matrix.T]
    center = [*reference.fractions(found.center), Fraction(1)]
    for row in fraction_rows(poly):
        slack = -reference.dot(row, center)
        assert slack >= 0
        assert sum(reference.dot(row[:-1], column) ** 2 for column in columns) <= slack**2


@pytest.mark.parametrize("poly", SOLIDS)
def test_the_outer_one_is_around(poly):
    found = poly.min_volume_ellipsoid()
    rows = [reference.fractions(row) for row in found.matrix]
    for vertex in poly.vertices(exact=True):
        away = [v - c for v, c in zip(vertex, reference.fractions(found.center), strict=True)]
        u = reference.solve([[*row, -v] for row, v in zip(rows, away, strict=True)])
        assert sum(v * v for v in u) <= 1


@pytest.mark.parametrize("poly", SOLIDS)
def test_john_and_loewner(poly):
    """The inner one, blown up d times, is around; the outer one, shrunk d times, is inside (John 1948)."""
    d, corners = poly.dim, poly.vertices()
    inner, outer = poly.max_volume_ellipsoid(), poly.min_volume_ellipsoid()
    assert np.linalg.norm(np.linalg.solve(inner.matrix, (corners - inner.center).T), axis=0).max() <= d * (1 + 1e-5)
    slack = poly.b - poly.A @ outer.center
    assert (np.linalg.norm(poly.A @ outer.matrix, axis=1) <= d * slack * (1 + 1e-5)).all()
    assert inner.volume <= poly.volume() <= outer.volume


def unit_ball(d):
    return pi ** (d / 2) / gamma(d / 2 + 1)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_known_volumes(d):
    assert cube(d).max_volume_ellipsoid().volume == pytest.approx(unit_ball(d) / 2**d, rel=1e-6)
    assert cube(d).min_volume_ellipsoid().volume == pytest.approx(unit_ball(d) * (sqrt(d) / 2) ** d, rel=1e-6)
    # Affine images of a regular simplex with its balls, whose radii are in the ratio d.
    simple = simplex(d)
    assert simple.min_volume_ellipsoid().volume == pytest.approx(d**d * simple.max_volume_ellipsoid().volume, rel=1e-5)
    assert simple.max_volume_ellipsoid().center == pytest.approx(np.full(d, 1 / (d + 1)), abs=1e-6)


@pytest.mark.parametrize("side", [1e-100, 1e100])
def test_sizes_do_not_matter(side):
    assert cube(2, side).max_volume_ellipsoid().volume == pytest.approx(pi / 4 * side**2, rel=1e-6)
    assert cube(2, side).min_volume_ellipsoid().volume == pytest.approx(pi / 2 * side**2, rel=1e-6)


def test_axes_are_at_right_angles_longest_first():
    box = Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, 3, 3])
    found = box.max_volume_ellipsoid()
    lengths = np.linalg.norm(found.axes, axis=1)
    assert lengths == pytest.approx([3, 1], rel=1e-6)
    assert found.axes[0] @ found.axes[1] == pytest.approx(0, abs=1e-9)
    assert "half axes" in repr(found)


def test_constraints_of_a_program():
    x = cvxpy.Variable(2)
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.norm(x - [3, 3])), simplex(2).cvxpy_constraints(x))
    assert problem.solve(solver="CLARABEL") == pytest.approx(simplex(2).distance([3, 3]), rel=1e-6)
    column = cvxpy.Variable((2, 1))
    assert cvxpy.Problem(cvxpy.Maximize(column[0, 0]), cube(2).cvxpy_constraints(column)).solve(
        solver="CLARABEL"
    ) == pytest.approx(1)
    with pytest.raises(DimensionError, match="variable with 2 entries"):
        cube(2).cvxpy_constraints(cvxpy.Variable(3))


def test_refusals(monkeypatch):
    flat = Polytope([[1, 0], [-1, 0], [0, 1], [0, -1]], [1, -1, 1, 1])
    strip = Polytope([[1, 0], [-1, 0]], [1, 1])
    for question in ("max_volume_ellipsoid", "min_volume_ellipsoid"):
        with pytest.raises(DomainError, match=r"without interior|flat"):
            getattr(flat, question)()
        with pytest.raises(UnboundedPolytopeError, match="ray"):
            getattr(strip, question)()
        with pytest.raises(DomainError, match="empty"):
            getattr(Polytope([[1], [-1]], [0, -1]), question)()
    monkeypatch.setattr(errors.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(MissingExtraError, match=r"polytope-lens\[convex\]"):
        cube(2).max_volume_ellipsoid()
