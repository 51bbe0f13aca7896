from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytope_lens import Lens, Property
from polytope_lens.domain import Box, check_domain
from polytope_lens.errors import DimensionError, DomainError
from polytope_lens.polytope import Polytope
from polytope_lens.testing import boxes, points_in


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        ([0, 0], [1], r"shapes \(2,\) and \(1,\)"),
        ([], [], "at least one"),
        ([0, 1], [1, 0.5], "coordinate 1 runs from 1.0 to 0.5: it is empty"),
        ([2], [1], "lower <= upper"),
        ([0], [np.inf], "finite"),
        ([np.nan], [1], "finite"),
        ([[0]], [[1]], "1-D array"),
        (["a"], [1], "real numbers"),
    ],
)
def test_what_is_no_box_is_refused(lower, upper, message):
    with pytest.raises(DomainError, match=message):
        Box(lower, upper)


@given(data=st.data(), d=st.integers(1, 3))
def test_a_box_and_its_polytope_hold_the_same_points(data, d):
    box, around = data.draw(boxes(d)), data.draw(boxes(d))
    X = data.draw(points_in(around, 3))
    assert (box.contains(X) == box.to_polytope().contains(X)).all()
    assert box.contains(data.draw(points_in(box, 3))).all()


def test_boxes_are_closed_to_the_last_bit():
    box = Box([0.1, -1], [0.3, 1])
    above = np.nextafter(0.3, 1)
    assert box.contains([[0.1, -1], [0.3, 1], [above, 0], [0.2, np.nextafter(-1, -2)]]).tolist() == [
        True, True, False, False,
    ]  # fmt: skip


def test_boxes_know_their_volume_and_sides():
    box = Box([-1, 0, 2], [1, 0.5, 6])
    assert (box.dim, box.volume) == (3, 4.0)
    assert box.A.tolist() == np.vstack([np.eye(3), -np.eye(3)]).tolist()
    assert box.b.tolist() == [1, 0.5, 6, 1, 0, -2]
    assert repr(box) == "Box([-1.0, 0.0, 2.0], [1.0, 0.5, 6.0])"


SQUARE = Box([0, 0], [1, 1])
HALF_PLANE = Polytope([[1, 0]], [0])


def test_flat_boxes_know_which_coordinates_are_free():
    box = Box([-1, 0.1, -0.0], [1, 0.1, 0.0])
    assert (box.is_flat, box.free.tolist(), box.volume) == (True, [0], 2.0)
    assert not SQUARE.is_flat and SQUARE.free.tolist() == [0, 1]
    assert box.contains([[0, 0.1, 0], [0, np.nextafter(0.1, 1), 0], [2, 0.1, 0]]).tolist() == [True, False, False]
    assert not box.to_polytope().has_interior and not box.to_polytope().is_empty
    assert box == Box([-1, 0.1, 0], [1, 0.1, 0]) and box != Box([-1, 0.1, 0], [1, 0.1, 1])


@pytest.mark.parametrize("domain", [None, SQUARE, HALF_PLANE, SQUARE.to_polytope(), Box([0, 1], [2, 1])])
def test_domains_with_regions_pass(domain):
    assert check_domain(domain, 2) is domain


@pytest.mark.parametrize(
    ("domain", "error", "message"),
    [
        (([0, 0], [1, 1]), DomainError, "a Box, a Polytope, or None .* but received tuple"),
        ("box", DomainError, "received str"),
        (Box([0], [1]), DimensionError, r"has 2 inputs, so its domain should live in R\^2"),
        (Polytope([[1.0, 0, 0]], [0]), DimensionError, r"in R\^3"),
        (Polytope([[1, 0], [-1, 0]], [0, 0]), DomainError, "empty or flat"),
        (Polytope([[1, 0], [-1, 0]], [0, -1]), DomainError, "empty or flat"),
        (Polytope([[1, 0], [-1, 0]], [1, -1 - 2.0**-52]), DomainError, "empty or flat"),
        (Polytope([[0, 0]], [-1]), DomainError, "empty or flat"),
        (Box([1, 2], [1, 2]), DomainError, r"is a single point: .* ask `lens.at\(x\)`"),
    ],
)
def test_domains_without_interior_or_elsewhere_are_refused(domain, error, message):
    with pytest.raises(error, match=message):
        check_domain(domain, 2)


def test_bounds_that_no_float_is_are_meant_as_they_are():
    third, tenth = Fraction(1, 3), Decimal("0.1")
    box = Box([third, 0], [1, tenth])
    assert box.fractions() == ((third, 0), (1, Fraction(1, 10)))
    assert box.lower.tolist() == [float(third), 0.0]
    assert repr(box) == "Box([Fraction(1, 3), 0.0], [1.0, Fraction(1, 10)])"
    assert box == Box([Fraction(2, 6), 0], [1, Fraction(1, 10)])
    assert box != Box(box.lower, box.upper)
    # The nearest float to a third is less than it.
    assert box.contains([[1 / 3, 0], [np.nextafter(1 / 3, 1), 0]]).tolist() == [False, True]
    assert not box.has_float_corners
    assert Box([Fraction(1, 2)], [Decimal("0.75")]).has_float_corners
    assert Box([third], [third]).is_flat
    assert not Box([third], [third + Fraction(1, 10**40)]).is_flat
    with pytest.raises(DomainError, match="coordinate 0 runs from 1/3 to 1/4"):
        Box([third], [Fraction(1, 4)])


def test_properties_take_such_boxes_and_regions_need_floats():
    line = Lens.from_arrays([[[1]], [[1]]], [[0], [0]])
    box = Box([0], [Fraction(1, 3)])
    assert line.maximum([1], box).value == Fraction(1, 3)
    assert line.check(Property.of(box, ([[-1]], [Fraction(-1, 3)]))).point == (Fraction(1, 3),)
    for ask in (line.partition, line.count, lambda domain: line.at([0.1], domain), line.image):
        with pytest.raises(DomainError, match=r"boxes of floats.*take it as it is"):
            ask(box)
    assert len(line.partition(Box(box.lower, box.upper))) == 1
