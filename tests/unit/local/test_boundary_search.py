"""The boundary as a search meets it: what is reached is across, and the nearest of it is that of fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings

import reference
from polytope_lens import Box, Lens
from polytope_lens.cells.search_space import space_of
from polytope_lens.errors import Status
from polytope_lens.local.boundary_search import FARTHER, BoundarySearch
from polytope_lens.local.margins import margin_network, margins_at
from polytope_lens.local.sign_search import search_signs
from polytope_lens.polyhedral_complex.locate import region_patterns
from polytope_lens.testing import networks

# Which of two coordinates is greater; from (3, 1) the boundary x = y is 2, sqrt(2) and 1 away.
TWO = Lens.from_arrays([np.eye(2)], [[0, 0]]).network
NORMS = [1.0, 2.0, np.inf]


def front_at(network, x, norm=2.0, domain=None):
    x = np.array(x, dtype=float)
    asked = margin_network(network, x)
    return BoundarySearch(asked, space_of(asked.network, x, domain, norm), domain)


@pytest.mark.parametrize(("norm", "exact"), [(1.0, 4), (2.0, 10), (np.inf, 3)])
def test_a_point_that_is_across_is_taken_with_its_distance_rounded_up(norm, exact):
    boundary = front_at(TWO, [3, 1], norm)
    assert boundary.radius() == boundary.lower() == np.inf
    assert boundary.reach(np.array([0.0, 2.0]))
    power = Fraction(boundary.upper) ** (2 if norm == 2 else 1)
    assert Fraction(exact) <= power <= Fraction(exact) * (1 + Fraction(1, 2**50))
    assert (boundary.point.tolist(), boundary.pair) == ([0, 2], (0, 1))
    # One that is farther away is across, too, and changes nothing.
    assert boundary.reach(np.array([-5.0, 9.0]))
    assert boundary.point.tolist() == [0, 2]


def test_points_on_this_side_outside_or_nowhere_are_not_taken():
    boundary = front_at(TWO, [3, 1], domain=Box([0, 0], [4, 1.5]))
    for point in ([2.5, 1], [1, 1.75], [-1, 1], [np.nan, 0]):
        assert not boundary.reach(np.array(point, dtype=float))
    assert boundary.upper == np.inf and boundary.point is None
    assert boundary.reach(np.array([1.0, 1.0]))


def test_a_point_just_before_the_boundary_is_moved_on():
    boundary = front_at(TWO, [3, 1])
    x, near = np.array([3.0, 1.0]), np.array([2.0, 2 - 2.0**-40])
    assert min(margins_at(boundary.asked, near)) < 0
    assert boundary.reach(near)
    assert min(margins_at(boundary.asked, boundary.point)) >= 0
    assert np.linalg.norm(boundary.point - near) <= max(FARTHER) * np.linalg.norm(near - x)


def test_without_pieces_nothing_is_nearest():
    assert front_at(TWO, [3, 1]).nearest_exactly() is None


def zeros_on_a_line(network):
    """Intervals, with ends that may be None, on which two outputs are equal; by every region in fractions."""
    found = []
    for bits in Lens(network).partition(None).patterns().tolist():
        *layers, (first, second) = reference.affine_rows(network, bits)
        rows = [row for layer, rows in zip(network.layers, layers, strict=True)
                for row, cuts in zip(rows, layer.cuts, strict=True) if cuts]  # fmt: skip
        low = high = None
        for (a, c), on in zip(rows, bits, strict=True):
            if a and (a > 0) == on:
                low = -c / a if low is None else max(low, -c / a)
            elif a:
                high = -c / a if high is None else min(high, -c / a)
        a, c = first[0] - second[0], first[1] - second[1]
        if a and (low is None or low <= -c / a) and (high is None or -c / a <= high):
            found.append((-c / a, -c / a))
        elif not a and not c:
            found.append((low, high))
    return found


@pytest.mark.parametrize("norm", NORMS)
@settings(max_examples=15)
@given(network=networks(1, max_depth=2, max_width=4, output_dim=2))
def test_the_nearest_point_of_a_line_is_that_of_fractions(norm, network):
    x = Fraction(1, 8)
    boundary = front_at(network, [float(x)], norm)
    assume(margins_at(boundary.asked, np.array([float(x)]))[0] < 0)
    bits = region_patterns(network, np.array([[float(x)]]), None)[0]
    outcome = search_signs(boundary, bits, None, lambda *_: None)
    assert outcome.status is Status.COMPLETE
    ends = [end for zeros in zeros_on_a_line(network) for end in zeros if end is not None]
    best = boundary.nearest_exactly()
    if not ends:
        assert best is None and boundary.upper == np.inf
        return
    distance = min(abs(end - x) for end in ends)
    power = Fraction(int(best.power.p), int(best.power.q))
    assert power == (distance**2 if norm == 2 else distance)
    assert abs(Fraction(int(best.point[0].p), int(best.point[0].q)) - x) == distance
    assert Fraction(boundary.lower()) <= distance
    assert boundary.upper == np.inf or distance <= Fraction(boundary.upper)
    assert boundary.lower() <= boundary.radius() <= boundary.upper
