"""Flats, and how slices through too few points are refused."""

from __future__ import annotations

import numpy as np
import pytest

from families import golden
from polytope_lens import Box, Flat, Lens
from polytope_lens.errors import DimensionError, DomainError, OptionError

LENS = Lens(golden((3, 6, 4), 1))
E0, E1, E2 = np.eye(3)


def test_a_slice_is_a_lens_with_fewer_inputs():
    plane = LENS.slice([1, 2, 3], [1, 2, 4], [2, 2, 3])
    assert isinstance(plane.flat, Flat)
    assert (plane.flat.dim, plane.flat.ambient_dim) == (2, 3)
    assert (plane.network.input_dim, plane.network.n_neurons) == (2, LENS.network.n_neurons)
    assert repr(plane).endswith("Flat(2-dimensional in R^3))")
    assert plane([0.5, 2.0]) == pytest.approx(LENS([3.0, 2.0, 3.5]))
    assert len(plane.partition(Box([-9, -9], [9, 9])).polygons()) > 3


def test_coordinates_there_and_back():
    plane = LENS.slice([1, 2, 3], [1, 2, 4], [2, 2, 3])
    assert plane.embed([[0, 0], [1, 0], [0, 1], [2, 3]]).tolist() == [[1, 2, 3], [1, 2, 4], [2, 2, 3], [4, 2, 5]]
    assert plane.embed([2, 3]).tolist() == [4, 2, 5]
    assert plane.project([[4, 2, 5], [1, 9, 4]]) == pytest.approx(np.array([[2, 3], [1, 0]]))
    assert plane.project([4, 2, 5]) == pytest.approx([2, 3])
    line = plane.slice(origin=[1, 0], basis=[[1, 1]])
    assert line.embed([[0], [2]]).tolist() == [[1, 2, 4], [3, 2, 6]]
    assert line.project([3, 7, 6]) == pytest.approx([2])


def test_a_lens_that_is_no_slice_embeds_as_itself():
    assert LENS.flat is None
    assert LENS.embed([1, 2, 3]).tolist() == LENS.project([1, 2, 3]).tolist() == [1, 2, 3]


def test_layers_of_the_flat_come_first():
    for plane in (LENS.slice(E0, E1, E2), LENS.slice(origin=E0, basis=[E1, E2])):
        first = len(plane.flat.layers)
        assert plane.network.layers[first:] == LENS.network.layers
        counts = plane.count(Box([-9, -9], [9, 9])).per_layer.tolist()
        assert counts[:first] == [1] * first and counts[first] > 1
        system = plane.at([0.25, 0.5]).inequalities()
        assert (system.layer >= first).all()
        assert plane.at([0.25, 0.5]).pattern.bits == LENS.at(plane.embed([0.25, 0.5])).pattern.bits


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([E0, E0, E1], "the 3 points of a slice should span a plane, but span only a line"),
        ([[0, 0, 0], [1, 2, 3], [-2, -4, -6]], "should span a plane, but span only a line"),
        ([E0, E0], "the 2 points of a slice should span a line, but span only a point"),
        ([E0, E0, E0], "should span a plane, but span only a point"),
        ([E0, E1, E2, [0.5, 0.25, 0.25]], "should span a flat of 3 dimensions, but span only a plane"),
    ],
    ids=["twice", "on a line", "two", "all", "four"],
)
def test_points_that_depend_on_each_other_are_refused(points, message):
    with pytest.raises(DomainError, match=message):
        LENS.slice(*points)


def test_dependence_is_decided_exactly():
    third = 1 / 3
    almost = [3 * third, np.nextafter(1, 2), 1.0]
    assert LENS.slice([0, 0, 0], [1, 1, 1], almost).network.input_dim == 2
    assert LENS.slice(origin=E0, basis=[[1, 1, 1], almost]).network.input_dim == 2
    with pytest.raises(DomainError, match="2 rows of the basis should be linearly independent, but span only 1 dim"):
        LENS.slice(origin=E0, basis=[[third, third, third], [third * 2.0**-900] * 3])


@pytest.mark.parametrize(
    "ask",
    [
        lambda: LENS.slice(),
        lambda: LENS.slice(E0),
        lambda: LENS.slice([1, 2], [3, 4], [5, 6]),
        lambda: LENS.slice(E0, E1, [0, 0, np.nan]),
        lambda: LENS.slice(origin=[0, 0], basis=[E0]),
        lambda: LENS.slice(origin=E0, basis=E1),
        lambda: LENS.slice(origin=E0, basis=[[1, 0]]),
        lambda: LENS.slice(origin=E0, basis=np.zeros((0, 3))),
        lambda: LENS.slice(origin=E0, basis=[[1, 0, np.inf]]),
    ],
    ids=["none", "one", "plane points", "nan", "origin", "1-D basis", "basis", "empty", "infinite"],
)
def test_wrong_shapes_are_refused(ask):
    with pytest.raises(DimensionError, match="slice"):
        ask()


@pytest.mark.parametrize(
    "options",
    [
        {"origin": E0},
        {"basis": [E0]},
        {"points": (E0, E1), "origin": E0, "basis": [E1]},
        {"points": (E0, E1), "origin": E0},
    ],
    ids=["origin", "basis", "both", "points and origin"],
)
def test_points_or_basis_but_not_both(options):
    with pytest.raises(OptionError, match="`slice` takes points that span the flat, or else both"):
        LENS.slice(*options.pop("points", ()), **options)


@pytest.mark.parametrize("what", ["embed", "project"])
def test_points_of_wrong_shape_are_refused(what):
    plane = LENS.slice(E0, E1, E2)
    with pytest.raises(DimensionError, match=f"`{what}` needs points with {2 if what == 'embed' else 3} coordinates"):
        getattr(plane, what)([1.0])
