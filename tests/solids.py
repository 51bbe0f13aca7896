"""Polytopes whose measures are known, and strategies that draw others."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import strategies as st

import reference
from polytope_lens.polytope import Polytope


def cube(d, side=1.0):
    return Polytope(np.vstack([np.eye(d), -np.eye(d)]), np.r_[np.full(d, side), np.zeros(d)])


def simplex(d):
    return Polytope(np.vstack([-np.eye(d), np.ones((1, d))]), np.r_[np.zeros(d), 1.0])


def cross_polytope(d):
    return Polytope(np.array(list(product([-1.0, 1.0], repeat=d))), np.ones(2**d))


def sliver(d, width):
    """A box, thin in its first coordinate, sheared so that no row but those along it is a multiple of a unit vector."""
    A = np.vstack([np.eye(d), -np.eye(d)])
    A[1:d, 0] = 0.5
    A[d + 1 :, 0] = -0.5
    return Polytope(A, np.r_[width, np.ones(d - 1), np.zeros(d)])


def scattered(d, m, seed=0):
    """Random halfspaces around the origin, within a box."""
    rng = np.random.default_rng([d, m, seed])
    A, b = rng.standard_normal((m, d)), rng.random(m) + 0.1
    return Polytope(np.vstack([A, np.eye(d), -np.eye(d)]), np.concatenate([b, np.full(2 * d, 3.0)]))


def small_rows(d):
    return st.lists(st.integers(-3, 3).map(float), min_size=d + 1, max_size=d + 1)


@st.composite
def bounded_polytopes(draw, d, extra=4):
    """A box and some integer halfspaces, often redundant, repeated, or touching it in a face; some flat or empty."""
    rows = [draw(small_rows(d)) for _ in range(draw(st.integers(0, extra)))]
    rows += [[2 * v for v in rows[0]]] if rows and draw(st.booleans()) else []
    sides = np.column_stack([np.vstack([np.eye(d), -np.eye(d)]), np.full(2 * d, 2.0)])
    table = np.vstack([np.array(rows).reshape(-1, d + 1), sides])
    return Polytope(table[:, :-1], table[:, -1])


@st.composite
def polytopes(draw, d, most=6):
    """Any integer halfspaces: bounded or not, flat, empty, with lines."""
    table = np.array([draw(small_rows(d)) for _ in range(draw(st.integers(1, most)))]).reshape(-1, d + 1)
    return Polytope(table[:, :-1], table[:, -1])


def fraction_rows(poly):
    """Rows ``[a, c]`` of ``a . x + c <= 0``."""
    return [[*reference.fractions(a), -Fraction(float(b))] for a, b in zip(poly.A, poly.b, strict=True)]
